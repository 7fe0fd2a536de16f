//! Documents of many shapes, for the tests of typed fields and of the derives.

use std::collections::{BTreeMap, HashMap};

use odm_core::bson::{self, Bson, DateTime, Decimal128, Uuid, oid::ObjectId};
use odm_core::{Document, Embedded};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Document)]
#[odm(
    collection = "restaurants",
    index(keys("borough", "-cuisine", "address.zip"), name = "place", sparse),
    index(keys("grades.score")),
    index(keys("seen"), expire_after_seconds = 60),
    index(keys(hashed("name"))),
    index(keys(geo_2dsphere("address.location"), "audit.created_by"), unique, hidden)
)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Restaurant {
    #[serde(rename = "_id")]
    #[odm(id)]
    pub(crate) id: ObjectId,
    #[odm(unique)]
    pub(crate) restaurant_id: String,
    pub(crate) name: String,
    pub(crate) cuisine: Option<String>,
    #[odm(index)]
    pub(crate) borough: Borough,
    pub(crate) address: Address,
    pub(crate) second_address: Option<Box<Address>>,
    #[serde(default)]
    pub(crate) grades: Vec<Grade>,
    pub(crate) tags: Vec<String>,
    pub(crate) scores: Option<Vec<i32>>,
    pub(crate) matrix: Vec<Vec<i32>>,
    pub(crate) visits: i64,
    pub(crate) rating: f64,
    pub(crate) price: Decimal128,
    pub(crate) open: bool,
    pub(crate) seen: DateTime,
    pub(crate) owner: Option<Uuid>,
    pub(crate) email: Option<Email>,
    pub(crate) by_year: BTreeMap<String, i32>,
    pub(crate) reviews: HashMap<String, Vec<Grade>>,
    pub(crate) extra: Bson,
    #[serde(rename = "type")]
    pub(crate) r#type: u32,
    #[serde(flatten)]
    pub(crate) audit: Audit,
    #[serde(with = "as_hex")]
    pub(crate) color: u32,
    #[odm(opaque)]
    pub(crate) ip: std::net::IpAddr,
    #[serde(skip)]
    pub(crate) cached: Option<Vec<ObjectId>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) note: Option<String>,
    pub(crate) shape: Option<Shape>,
    pub(crate) event: Event,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Embedded)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Borough {
    Queens,
    StatenIsland,
    #[serde(rename = "BX")]
    Bronx,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Embedded)]
pub(crate) struct Address {
    pub(crate) street: String,
    #[serde(rename = "zipcode")]
    pub(crate) zip: String,
    pub(crate) location: Vec<f64>,
    /// Recursive.
    pub(crate) previous: Option<Box<Address>>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Embedded)]
pub(crate) struct Grade {
    pub(crate) score: i32,
    pub(crate) grade: String,
    /// Named like an operator of fields.
    pub(crate) size: i32,
    pub(crate) by: Option<Email>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Embedded)]
pub(crate) struct Email(pub(crate) String);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Embedded)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Audit {
    pub(crate) created_by: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) changed_by: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Embedded)]
pub(crate) enum Shape {
    Point,
    Circle { radius: f64 },
    Square(f64),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Embedded)]
#[serde(tag = "type")]
pub(crate) enum Event {
    Opened { at: DateTime },
    Closed,
}

/// The id is an `Option`, and something else than an `ObjectId`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Document)]
pub(crate) struct AccountLog {
    #[serde(rename = "_id")]
    pub(crate) key: Option<AccountId>,
    #[serde(flatten)]
    pub(crate) rest: bson::Document,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Embedded)]
pub(crate) struct AccountId(pub(crate) Uuid);

mod as_hex {
    use serde::{Deserialize, Deserializer, Serializer};

    #[allow(clippy::trivially_copy_pass_by_ref)]
    pub(crate) fn serialize<S: Serializer>(value: &u32, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&format!("{value:06x}"))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
        let text = String::deserialize(deserializer)?;
        u32::from_str_radix(&text, 16).map_err(serde::de::Error::custom)
    }
}

impl Restaurant {
    pub(crate) fn sample() -> Self {
        let address = Address {
            street: "Morris Park Ave".into(),
            zip: "10462".into(),
            location: vec![-73.8, 40.8],
            previous: None,
        };
        let grade = Grade { score: 2, grade: "A".into(), size: 1, by: Some(Email("a@b.c".into())) };
        Restaurant {
            id: ObjectId::from_bytes([7; 12]),
            restaurant_id: "30075445".into(),
            name: "Morris Park Bake Shop".into(),
            cuisine: Some("Bakery".into()),
            borough: Borough::Bronx,
            second_address: Some(Box::new(address.clone())),
            address: Address { previous: Some(Box::new(address.clone())), ..address },
            grades: vec![grade.clone()],
            tags: vec!["sweet".into()],
            scores: Some(vec![1]),
            matrix: vec![vec![1, 2], vec![]],
            visits: 1,
            rating: 4.5,
            price: "9.99".parse().unwrap(),
            open: true,
            seen: DateTime::from_millis(0),
            owner: Some(Uuid::from_bytes([1; 16])),
            email: Some(Email("x@y.z".into())),
            by_year: [("2024".to_owned(), 3)].into(),
            reviews: [("times".to_owned(), vec![grade])].into(),
            extra: Bson::Int32(1),
            r#type: 5,
            audit: Audit { created_by: "me".into(), changed_by: None },
            color: 255,
            ip: std::net::Ipv4Addr::LOCALHOST.into(),
            cached: None,
            note: None,
            shape: Some(Shape::Circle { radius: 1.0 }),
            event: Event::Closed,
        }
    }
}
