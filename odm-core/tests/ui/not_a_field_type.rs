use odm_core::bson::oid::ObjectId;
use odm_core::Document;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Address {
    city: String,
}

#[derive(Serialize, Deserialize, Document)]
struct User {
    #[serde(rename = "_id")]
    id: ObjectId,
    address: Option<Address>,
}

fn main() {}
