use odm_core::bson::oid::ObjectId;
use odm_core::{Document, Embedded};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Embedded)]
struct Page<T> {
    items: Vec<T>,
}

#[derive(Serialize, Deserialize, Document)]
enum Shape {
    Circle,
}

#[derive(Serialize, Deserialize, Embedded)]
#[serde(rename_all = "camelCase")]
struct Names {
    first_name: String,
    #[serde(rename = "firstName")]
    other: String,
    #[serde(rename = "a.b")]
    dotted: String,
    #[serde(rename(serialize = "x", deserialize = "y"))]
    two: String,
}

#[derive(Serialize, Deserialize, Embedded)]
struct Dotted {
    #[serde(rename = "a.b")]
    dotted: String,
    #[serde(rename = "dotted")]
    one: String,
    #[serde(rename = "dotted")]
    other: String,
}

#[derive(Serialize, Deserialize, Document)]
#[odm(collection = "a$b")]
struct Dollar {
    #[serde(rename = "_id")]
    id: ObjectId,
}

fn main() {}
