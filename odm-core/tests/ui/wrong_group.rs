use odm_core::aggregation::{avg, by, count, rank, sum};
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
    // A sum of texts, a key of another document, more values than there are.
    let _ = Order::aggregate().group(|o| by(o.status()), |o| sum(o.status()));
    let _ = Order::aggregate().group(|_| by(Customer::f().name()), |_| count());
    let _ = Order::aggregate().group(|o| by(o.status()), |o| o.total());
    let groups = Order::aggregate().group(|o| by(o.status()), |o| (count(), sum(o.total())));
    let _ = groups.sort(|g| g.value::<2>().desc());
    // A mean may be null; a text is no count; a count is no expression.
    let _ = Order::aggregate()
        .group_into::<Totals, _>(|o| by(o.status()), |o, t| t.mean().is(avg(o.total())));
    let _ = Order::aggregate().project::<Totals>(|o, t| t.orders().is(o.status()));
    let _ = Order::aggregate().set(|o| o.total().is(sum(o.total())));
    let _ = Order::aggregate().set(|o| o.customer().is(rank()));
}
