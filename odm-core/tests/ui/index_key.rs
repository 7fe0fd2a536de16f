use odm_core::bson::oid::ObjectId;
use odm_core::{Document, Embedded};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Document)]
#[odm(index(keys("nmae")), index(keys("name", "-address.cty")))]
struct User {
    #[serde(rename = "_id")]
    id: ObjectId,
    name: String,
    address: Address,
}

#[derive(Serialize, Deserialize, Embedded)]
struct Address {
    city: String,
}

fn main() {}
