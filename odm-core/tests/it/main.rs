//! Tests of the crate from outside.
#![allow(clippy::unwrap_used)]

mod filter;
mod models;
mod recorded;
mod typed_schema;
