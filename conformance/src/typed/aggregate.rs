//! Typed pipelines, as a user writes them: the models of a shop, and what each pipeline makes of its orders.

pub(super) mod expression;
pub(super) mod fields;
pub(super) mod group;
pub(super) mod join;
pub(super) mod options;
pub(super) mod query;
pub(super) mod source;
pub(super) mod window;

use bson::DateTime;
use odm_core::{Database, Document, Embedded};
use serde::{Deserialize, Serialize};

use crate::case::Outcome;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Document)]
#[odm(collection = "orders", index(keys("city")))]
struct Order {
    #[serde(rename = "_id")]
    id: i64,
    customer: i64,
    city: String,
    status: Status,
    at: DateTime,
    total: f64,
    discount: Option<f64>,
    lines: Vec<Line>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Embedded)]
#[serde(rename_all = "lowercase")]
enum Status {
    New,
    Paid,
    Void,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Embedded)]
struct Line {
    article: String,
    price: f64,
    quantity: i32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Document)]
#[odm(collection = "customers")]
struct Customer {
    #[serde(rename = "_id")]
    id: i64,
    name: String,
    city: String,
    /// Who brought this one.
    friend: Option<i64>,
}

/// A day of 2024, from 0: the 1st of January.
fn day(n: i64) -> DateTime {
    DateTime::from_millis(1_704_067_200_000 + n * 86_400_000)
}

fn line(article: &str, price: f64, quantity: i32) -> Line {
    Line { article: article.to_owned(), price, quantity }
}

/// Orders of January (4, 19), February (33, 33) and March (69, 90).
fn orders() -> Vec<Order> {
    let order = |id, customer, city: &str, status, at, total, discount, lines| Order {
        id,
        customer,
        city: city.to_owned(),
        status,
        at: day(at),
        total,
        discount,
        lines,
    };
    let pens = |quantity| line("pen", 1.5, quantity);
    let ink = |quantity| line("ink", 4.0, quantity);
    let paper = |quantity| line("paper", 2.0, quantity);
    vec![
        order(1, 1, "Oslo", Status::Paid, 4, 19.0, Some(1.0), vec![pens(10), ink(1)]),
        order(2, 1, "Oslo", Status::New, 19, 3.0, None, vec![pens(2)]),
        order(3, 2, "Rome", Status::Paid, 33, 22.0, Some(2.0), vec![ink(3), paper(5)]),
        order(4, 2, "Rome", Status::Void, 33, 0.0, None, vec![]),
        order(5, 3, "Oslo", Status::Paid, 69, 8.0, Some(0.0), vec![paper(4)]),
        order(6, 4, "Lima", Status::Paid, 90, 8.0, None, vec![ink(2)]),
    ]
}

/// The customers 1 to 3; that of order 6 is unknown.
fn customers() -> Vec<Customer> {
    let customer = |id, name: &str, city: &str, friend| Customer {
        id,
        name: name.to_owned(),
        city: city.to_owned(),
        friend,
    };
    vec![
        customer(1, "Ada", "Oslo", None),
        customer(2, "Bob", "Rome", Some(1)),
        customer(3, "Cid", "Oslo", Some(2)),
    ]
}

async fn shop(db: &Database) -> Outcome {
    Order::insert_many(&mut orders(), db).await?;
    Customer::insert_many(&mut customers(), db).await?;
    Ok(())
}

fn texts<const N: usize>(texts: [&str; N]) -> Vec<String> {
    texts.map(str::to_owned).to_vec()
}
