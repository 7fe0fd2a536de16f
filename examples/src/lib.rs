//! What the examples share: the model of a restaurant, its data, arguments, and a table on the screen.
#![allow(clippy::print_stdout)]

pub mod cli;
pub mod data;
pub mod table;

use bson::DateTime;
use bson::oid::ObjectId;
use odm_core::{Document, Embedded};
use serde::{Deserialize, Serialize};

/// The README's samples, compiled and run as documentation tests.
#[cfg(all(doctest, feature = "mongo"))]
#[doc = include_str!("../../README.md")]
pub struct Readme;

/// A restaurant with its inspections.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Document)]
#[odm(
    collection = "restaurants",
    index(keys("borough", "-cuisine")),
    index(keys("address.zipcode"))
)]
pub struct Restaurant {
    /// Made on this side when the struct is.
    #[serde(rename = "_id")]
    #[odm(id)]
    pub id: ObjectId,
    /// The city's own number: no two restaurants share one.
    #[odm(unique)]
    pub restaurant_id: String,
    /// As on the sign.
    pub name: String,
    /// What it serves.
    pub cuisine: String,
    /// Where it is, roughly.
    pub borough: Borough,
    /// Where it is, exactly.
    pub address: Address,
    /// Its inspections, the latest first.
    pub grades: Vec<Grade>,
}

/// A part of the city.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Embedded)]
pub enum Borough {
    /// The Bronx.
    Bronx,
    /// Brooklyn.
    Brooklyn,
    /// Manhattan.
    Manhattan,
    /// Queens.
    Queens,
    /// Staten Island.
    #[serde(rename = "Staten Island")]
    StatenIsland,
}

/// A postal address.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Embedded)]
pub struct Address {
    /// The number of the house.
    pub building: String,
    /// Longitude and latitude; empty if unknown.
    pub coord: Vec<f64>,
    /// The street.
    pub street: String,
    /// The postal code.
    pub zipcode: String,
}

/// The result of an inspection.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Embedded)]
pub struct Grade {
    /// When it was.
    pub date: DateTime,
    /// `A` is best.
    pub grade: String,
    /// Points for violations: the fewer, the better.
    pub score: i32,
}
