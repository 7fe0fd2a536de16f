use odm_core::bson::oid::ObjectId;
use odm_core::{Document, Embedded, GeoNear};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Document)]
struct User {
    #[serde(rename = "_id")]
    #[odm(id)]
    id: ObjectId,
    name: String,
    age: Option<i32>,
    height: f64,
    active: bool,
    address: Address,
}

#[derive(Serialize, Deserialize, Embedded)]
struct Address {
    city: String,
}

fn main() {
    let u = User::f();
    let _ = u.age().icontains("4");
    let _ = u.active().istarts_with("t");
    let _ = u.name().mod_(2, 1);
    let _ = u.height().bits_any_set([1]);
    let _ = u.name().all(["x"]);
    let _ = u.name().all_match(|n| [n]);
    let _ = u.address().gt("Oslo");
    let _ = u.name().near(GeoNear::lon_lat(1.0, 2.0));
    let _ = u.address().geo_within(odm_core::bson::doc! {});
}
