use odm_core::aggregation::from;
use odm_core::bson::DateTime;
use odm_core::{Document, Embedded};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Document)]
struct Order {
    #[serde(rename = "_id")]
    #[odm(id)]
    id: i64,
    customer: i64,
    status: String,
    total: f64,
    at: DateTime,
    lines: Vec<Line>,
}

#[derive(Serialize, Deserialize, Embedded)]
struct Line {
    article: String,
    price: f64,
}

#[derive(Serialize, Deserialize, Document)]
struct Customer {
    #[serde(rename = "_id")]
    #[odm(id)]
    id: i64,
    name: String,
}

#[derive(Serialize, Deserialize, Embedded)]
struct Totals {
    #[serde(rename = "_id")]
    status: String,
    orders: i64,
    mean: f64,
}

fn main() {
    // The field does not hold customers; a number is never equal to a text; a text is handed to no pipeline.
    let _ =
        Order::aggregate().lookup(from::<Customer>(), |o| o.customer(), |c| c.id(), |o| o.lines());
    let lines = || from::<Customer>().pipeline(|c| c.reshape::<Line>());
    let _ = Order::aggregate().lookup(lines(), |o| o.customer(), |c| c.name(), |o| o.lines());
    let _ = Order::aggregate().lookup_pipeline(
        |o| vec![o.status()],
        |_| Customer::aggregate().reshape::<Line>(),
        |o| o.lines(),
    );
    // A place for distances.
    let near = odm_core::GeoNear::lon_lat(10.0, 60.0);
    let _ = Order::aggregate().geo_near(near, |o| o.status(), Default::default());
    // What follows is of the same shape.
    let _ = Order::aggregate().union_with(Customer::aggregate());
}
