//! Tests of the crate from outside.
#![allow(clippy::unwrap_used)]

mod filter;
mod models;
mod recorded;
mod typed_filter;
mod typed_schema;
mod typed_update;
mod update;
