use odm_core::bson::oid::ObjectId;
use odm_core::{Document, Embedded};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Document)]
struct User {
    #[serde(rename = "_id")]
    #[odm(id)]
    id: ObjectId,
    name: String,
    age: Option<i32>,
    tags: Vec<String>,
    role: Role,
    address: Address,
}

#[derive(Serialize, Deserialize, Embedded)]
enum Role {
    Admin,
}

#[derive(Serialize, Deserialize, Embedded)]
struct Address {
    city: String,
}

fn main() {
    let u = User::f();
    let _ = u.role().gt(Role::Admin);
    let _ = u.age().contains("1");
    let _ = u.age().current_date();
}
