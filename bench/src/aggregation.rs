//! The pipelines that are measured, and what comes out of them.

use bson::oid::ObjectId;
use bson::{Document, doc};
use serde::{Deserialize, Serialize};

use crate::model::Account;

/// How many documents are looked up.
pub(crate) const LOGINS: usize = 1_000;

/// Who logged in: the local side of the `$lookup`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, odm_core::Document)]
#[odm(collection = "logins")]
pub(crate) struct Login {
    #[serde(rename = "_id")]
    pub(crate) id: i32,
    pub(crate) email: String,
}

#[derive(Debug, PartialEq, Deserialize)]
pub(crate) struct Total {
    #[serde(rename = "_id")]
    pub(crate) group: i32,
    pub(crate) accounts: i64,
    pub(crate) visits: i64,
    pub(crate) best: f64,
}

#[derive(Debug, PartialEq, Deserialize)]
pub(crate) struct TagTotal {
    #[serde(rename = "_id")]
    pub(crate) tag: String,
    pub(crate) accounts: i64,
    pub(crate) visits: i64,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Joined {
    #[serde(rename = "_id")]
    pub(crate) id: i32,
    pub(crate) email: String,
    pub(crate) accounts: Vec<Account>,
}

#[derive(Debug, PartialEq, Deserialize)]
pub(crate) struct Computed {
    #[serde(rename = "_id")]
    pub(crate) id: ObjectId,
    pub(crate) label: String,
    pub(crate) city: String,
    pub(crate) decade: i32,
    pub(crate) is_older: bool,
    pub(crate) per_visit: f64,
    pub(crate) rounded: f64,
    pub(crate) tags: i32,
    pub(crate) first_tag: String,
    pub(crate) is_tagged: bool,
    pub(crate) year: i32,
    pub(crate) idle: i64,
    pub(crate) plan: String,
}

#[derive(Debug, PartialEq, Deserialize)]
pub(crate) struct Windowed {
    #[serde(rename = "_id")]
    pub(crate) id: ObjectId,
    pub(crate) rank: i64,
    pub(crate) average: f64,
}

#[derive(Debug, PartialEq, Deserialize)]
pub(crate) struct Facets {
    pub(crate) cities: Vec<City>,
    pub(crate) ages: Vec<Ages>,
    pub(crate) top: Vec<Visits>,
}

#[derive(Debug, PartialEq, Deserialize)]
pub(crate) struct City {
    #[serde(rename = "_id")]
    pub(crate) city: String,
    pub(crate) accounts: i64,
}

#[derive(Debug, PartialEq, Deserialize)]
pub(crate) struct Ages {
    #[serde(rename = "_id")]
    pub(crate) from: i32,
    pub(crate) accounts: i64,
    pub(crate) visits: i64,
}

#[derive(Debug, PartialEq, Deserialize)]
pub(crate) struct Visits {
    #[serde(rename = "_id")]
    pub(crate) id: ObjectId,
    pub(crate) visits: i64,
}

/// The boundaries of the buckets of ages.
pub(crate) const AGES: [i32; 5] = [0, 30, 50, 70, 100];

/// How many documents before and after each one its average is of.
pub(crate) const AROUND: usize = 5;

pub(crate) fn totals() -> Vec<Document> {
    vec![
        doc! { "$match": { "age": { "$gte": 30 }, "active": true } },
        doc! { "$group": {
            "_id": "$group",
            "accounts": { "$sum": 1 },
            "visits": { "$sum": "$visits" },
            "best": { "$max": "$balance" },
        } },
        doc! { "$sort": { "visits": -1, "_id": 1 } },
        doc! { "$limit": 10 },
    ]
}

pub(crate) fn tag_totals() -> Vec<Document> {
    vec![
        doc! { "$unwind": "$tags" },
        doc! { "$group": {
            "_id": "$tags", "accounts": { "$sum": 1 }, "visits": { "$sum": "$visits" },
        } },
        doc! { "$sort": { "accounts": -1, "_id": 1 } },
    ]
}

pub(crate) fn joined() -> Vec<Document> {
    vec![doc! { "$lookup": {
        "from": "accounts", "localField": "email", "foreignField": "email", "as": "accounts",
    } }]
}

pub(crate) fn computed() -> Vec<Document> {
    vec![doc! { "$project": {
        "label": { "$concat": ["$name", " <", "$email", ">"] },
        "city": { "$toUpper": "$address.city" },
        "decade": { "$subtract": ["$age", { "$mod": ["$age", 10] }] },
        "is_older": { "$gte": ["$age", 40] },
        "per_visit": { "$cond": [
            { "$eq": ["$visits", 0] }, 0.0, { "$divide": ["$balance", "$visits"] },
        ] },
        "rounded": { "$round": ["$balance", 0] },
        "tags": { "$size": "$tags" },
        "first_tag": { "$arrayElemAt": ["$tags", 0] },
        "is_tagged": { "$in": ["tag-10", "$tags"] },
        "year": { "$year": "$created" },
        "idle": { "$subtract": ["$updated", "$created"] },
        "plan": { "$ifNull": ["$plan", "none"] },
    } }]
}

pub(crate) fn windows() -> Vec<Document> {
    let around = AROUND as i32;
    vec![
        doc! { "$setWindowFields": {
            "partitionBy": "$group",
            "sortBy": { "balance": 1 },
            "output": {
                "rank": { "$rank": {} },
                "average": { "$avg": "$score", "window": { "documents": [-around, around] } },
            },
        } },
        doc! { "$project": { "rank": 1, "average": 1 } },
    ]
}

pub(crate) fn facets() -> Vec<Document> {
    vec![doc! { "$facet": {
        "cities": [
            { "$group": { "_id": "$address.city", "accounts": { "$sum": 1 } } },
            { "$sort": { "_id": 1 } },
        ],
        "ages": [{ "$bucket": {
            "groupBy": "$age",
            "boundaries": &AGES[..],
            "output": { "accounts": { "$sum": 1 }, "visits": { "$sum": "$visits" } },
        } }],
        "top": [
            { "$sort": { "visits": -1, "_id": 1 } },
            { "$limit": 10 },
            { "$project": { "visits": 1 } },
        ],
    } }]
}

/// The year of a moment, by the calendar of every day.
pub(crate) fn year(millis: i64) -> i32 {
    // Years begin in March here, so that the leap day is a year's last.
    let days = millis.div_euclid(86_400_000) + 719_468;
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day_of_year = day - (365 * year + year / 4 - year / 100);
    let is_after_december = day_of_year >= 306;
    (era * 400 + year) as i32 + i32::from(is_after_december)
}

/// Whose account, and where it belongs, of everything that a window is of.
pub(crate) struct Placed {
    pub(crate) id: ObjectId,
    pub(crate) group: i32,
    pub(crate) balance: f64,
    pub(crate) score: i32,
}

/// Ranks, and averages of the scores around, in each group by balance.
pub(crate) fn window(mut placed: Vec<Placed>) -> Vec<Windowed> {
    placed.sort_by(|a, b| a.group.cmp(&b.group).then(a.balance.total_cmp(&b.balance)));
    let mut all = Vec::with_capacity(placed.len());
    for part in placed.chunk_by(|a, b| a.group == b.group) {
        let mut rank = 1;
        let (mut from, mut to, mut sum) = (0, 0, 0_i64);
        for (at, one) in part.iter().enumerate() {
            if at > 0 && part[at - 1].balance != one.balance {
                rank = at as i64 + 1;
            }
            while to < part.len().min(at + AROUND + 1) {
                sum += i64::from(part[to].score);
                to += 1;
            }
            while from + AROUND < at {
                sum -= i64::from(part[from].score);
                from += 1;
            }
            all.push(Windowed { id: one.id, rank, average: sum as f64 / (to - from) as f64 });
        }
    }
    all
}
