//! Tests of the crate from outside.

#![allow(clippy::unwrap_used)]

mod aggregation;
mod aggregation_accumulators;
mod aggregation_names;
mod aggregation_operators;
mod arbitrary;
mod arbitrary_write;
mod command;
mod database;
mod filter;
mod index;
mod lookup;
mod models;
mod projection;
mod property;
mod property_write;
mod query;
mod query_string;
mod recorded;
mod shapes;
mod sort;
mod typed_filter;
mod typed_schema;
mod typed_update;
mod ui;
mod update;
