//! The backend against a real MongoDB: `MONGODB_URI` says which. Without it these tests say that
//! they did not run; with `ODM_REQUIRE_MONGODB=1` they fail then.

#![allow(clippy::unwrap_used)]

mod cancel;
mod change_stream;
mod connect;
mod crud;
mod cursor;
mod duplicate_key;
mod options;
mod proxy;
mod retry;
mod session;
mod support;
