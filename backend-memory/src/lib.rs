//! MongoDB's engine in memory, behind `odm-core`'s [`Backend`](odm_core::Backend): for unit tests
//! and tools. No server, no port, no files; a fresh database costs microseconds, and a
//! [fork](MemoryBackend::fork) of a filled one as well.
//!
//! It answers as MongoDB 6.0 does, refusals and their codes included. What it cannot do it refuses
//! with [`Error::Unsupported`](odm_core::Error::Unsupported); see
//! [`Backend::capabilities`](odm_core::Backend::capabilities).
//!
//! ```
//! use backend_memory::MemoryBackend;
//! use odm_core::bson::doc;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> odm_core::Result<()> {
//! let db = MemoryBackend::new().database("app");
//! db.run_command(doc! { "insert": "users", "documents": [{ "_id": 1, "name": "Ada" }] }).await?;
//! let reply = db.run_command(doc! { "count": "users", "query": { "name": "Ada" } }).await?;
//! assert_eq!(reply, doc! { "n": 1, "ok": 1.0 });
//! # Ok(())
//! # }
//! ```

mod accumulator;
mod backend;
mod clock;
mod collation;
mod command;
#[cfg(test)]
mod cost;
mod cursor;
mod deadline;
mod expression;
mod filter;
mod plan;
mod projection;
#[cfg(test)]
mod replay;
#[expect(dead_code)]
mod sort;
mod stage;
mod storage;
pub mod testing;
mod update;
mod validation;
#[expect(dead_code, unused_imports)]
mod value;
mod window;

pub use backend::{Builder, MemoryBackend};
pub use clock::{Clock, IdSource, ManualClock, RandomIds, SeededIds, SystemClock};
