//! MongoDB behind [`odm_core::Backend`], through the official driver.
//!
//! ```no_run
//! # async fn connect() -> odm_core::Result<()> {
//! use backend_mongo::MongoBackend;
//!
//! let backend = MongoBackend::connect("mongodb://localhost:27017/shop").await?;
//! let db = backend.default_database()?; // or backend.database("shop")
//! let names = db.list_collection_names().await?;
//! # Ok(())
//! # }
//! ```
//!
//! What it adds to the driver:
//!
//! - Every option of a request reaches the server as it was given, and every refusal comes back with
//!   the server's code, labels and details: operations are sent as command documents, not through
//!   the driver's typed actions. Reads and single-document writes, also in batches, are still tried
//!   once more after a network error, as the driver does.
//! - Results stay encoded, in the buffer of the server's reply.
//! - A future that is dropped half way (a timeout, `select!`) leaves no half-done operation behind:
//!   it goes on in the background until the server has answered.
//! - Sessions can be shared; operations in one run one after the other.

mod backend;
mod batch;
mod change_stream;
mod command;
mod complete;
mod concern;
mod cursor;
mod duplicate_key;
mod error;
mod insert;
mod options;
mod run;
mod session;
mod single;

pub use backend::MongoBackend;
pub use mongodb;
pub use options::MongoOptions;

/// The backend's name in messages.
const NAME: &str = "mongo";
