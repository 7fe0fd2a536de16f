//! The engine as its users see it: what only it can do, beyond what `conformance` asks of every
//! backend.

#![allow(clippy::unwrap_used, reason = "helpers of tests, too, may unwrap")]

mod capped;
mod concurrency;
mod cursors;
mod deadline;
mod fork;
mod hostile;
mod ids;
mod known_differences;
mod memory;
mod support;
mod views;
mod writes;
