use odm_core::aggregation::if_;
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
    let o = Order::f();
    // Numbers, texts, dates and arrays have operators of their own.
    let _ = o.total().expr() + o.status();
    let _ = o.status().expr().round(2);
    let _ = o.total().expr().to_upper();
    let _ = o.status().expr().year(None);
    let _ = o.total().expr().size();
    // Both branches are of one type.
    let _ = if_(o.total().expr().gt(5), o.total(), "none");
    // Fields of one document are no expressions on another.
    let _ = Order::aggregate().match_expr(|o| o.status().expr().eq(Customer::f().name()));
    let _ = Order::aggregate().set(|o| o.status().is(Customer::f().name()));
    // A misspelt field of an element.
    let _ = o.lines().expr().map(|line| line.get(|l| l.prize()));
}
