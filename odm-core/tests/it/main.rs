//! Tests of the crate from outside.

mod filter;
mod recorded;
