use odm_core::bson::oid::ObjectId;
use odm_core::Document;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Document)]
struct User {
    #[odm(id)]
    id: ObjectId,
}

fn main() {}
