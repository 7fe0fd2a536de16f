//! The documents that are measured: 15 fields, about 600 bytes.

use bson::DateTime;
use bson::oid::ObjectId;
use fastrand::Rng;
use odm_core::{Document, Embedded};
use serde::{Deserialize, Serialize};

/// How many groups there are: one group is 1 % of the documents.
pub(crate) const GROUPS: i32 = 100;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Document)]
#[odm(collection = "accounts", index(keys("group")), index(keys("balance")))]
pub(crate) struct Account {
    #[serde(rename = "_id")]
    pub(crate) id: ObjectId,
    #[odm(unique)]
    pub(crate) email: String,
    pub(crate) name: String,
    pub(crate) age: i32,
    pub(crate) active: bool,
    pub(crate) score: i32,
    pub(crate) group: i32,
    pub(crate) balance: f64,
    pub(crate) visits: i64,
    pub(crate) address: Address,
    pub(crate) tags: Vec<String>,
    pub(crate) created: DateTime,
    pub(crate) updated: DateTime,
    pub(crate) plan: String,
    pub(crate) note: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Embedded)]
pub(crate) struct Address {
    pub(crate) street: String,
    pub(crate) city: String,
    pub(crate) zip: String,
    pub(crate) country: String,
}

const CITIES: [&str; 8] = ["Oslo", "Bergen", "Lisbon", "Porto", "Lyon", "Paris", "Graz", "Vienna"];
const PLANS: [&str; 3] = ["free", "team", "business"];

/// `n` documents, the same ones for the same `seed`; e-mail addresses and ids are unique.
pub(crate) fn accounts(n: usize, seed: u64) -> Vec<Account> {
    let mut rng = Rng::with_seed(seed);
    (0..n).map(|i| account(&mut rng, i as u64, seed)).collect()
}

fn account(rng: &mut Rng, i: u64, seed: u64) -> Account {
    let mut id = [0; 12];
    id[..4].copy_from_slice(&(seed as u32).to_be_bytes());
    id[4..].copy_from_slice(&i.to_be_bytes());
    let city = CITIES[rng.usize(..CITIES.len())];
    let created = 1_600_000_000_000 + rng.i64(0..100_000_000_000);
    Account {
        id: ObjectId::from_bytes(id),
        email: format!("user.{seed}.{i}@example.org"),
        name: format!("Name{} Surname{}", rng.u16(..1000), rng.u16(..)),
        age: rng.i32(18..90),
        active: rng.bool(),
        score: rng.i32(0..1000),
        group: rng.i32(0..GROUPS),
        balance: f64::from(rng.i32(0..1_000_000)) / 100.0,
        visits: rng.i64(0..5000),
        address: Address {
            street: format!("{} Long Example Street", rng.u16(1..999)),
            city: city.to_owned(),
            zip: format!("{:05}", rng.u32(..100_000)),
            country: "Norway or elsewhere".to_owned(),
        },
        tags: (0..4).map(|_| format!("tag-{}", rng.u8(..50))).collect(),
        created: DateTime::from_millis(created),
        updated: DateTime::from_millis(created + rng.i64(0..10_000_000_000)),
        plan: PLANS[rng.usize(..PLANS.len())].to_owned(),
        note: "Some text that nobody queries, ".repeat(3),
    }
}

/// The four-part filter of the scans.
pub(crate) fn scanned(account: &Account) -> bool {
    account.age >= 50 && account.address.city == "Oslo" && account.active && account.score < 250
}
