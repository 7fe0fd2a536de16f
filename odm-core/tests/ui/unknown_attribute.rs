use odm_core::bson::oid::ObjectId;
use odm_core::{Document, Embedded};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Document)]
#[odm(colection = "users")]
struct User {
    #[serde(rename = "_id")]
    id: ObjectId,
    #[odm(uniqe)]
    name: String,
}

#[derive(Serialize, Deserialize, Document)]
#[odm(index(keys("name", ascending("age")), uniqe))]
struct Post {
    #[serde(rename = "_id")]
    id: ObjectId,
}

#[derive(Serialize, Deserialize, Embedded)]
struct Address {
    #[serde(getter = "x")]
    city: String,
    #[odm(unique)]
    zip: String,
}

fn main() {}
