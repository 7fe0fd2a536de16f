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

#[derive(Serialize, Deserialize, Document)]
struct Post {
    #[serde(rename = "_id")]
    id: i64,
    title: String,
}

fn main() {
    let p = Post::f();
    let _ = User::find().filter(|u| u.name().eq("x") & p.title().eq("y"));
    let _ = User::find().sort(|_| p.title().asc());
    let _ = User::find().update(|_| p.title().set("z"));
}
