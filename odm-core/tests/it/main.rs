//! Tests of the crate from outside.

#![allow(clippy::unwrap_used)]

mod command;
mod filter;
mod index;
mod models;
mod projection;
mod recorded;
mod shapes;
mod sort;
mod typed_filter;
mod typed_schema;
mod typed_update;
mod ui;
mod update;
