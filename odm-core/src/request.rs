//! Requests and their outcomes: one struct per operation, with every option of the server's command.
//!
//! An option left at its default is not sent. Times are durations, sizes are counts of documents
//! unless a field says bytes.

mod bulk;
mod catalog;
mod operation;
mod outcome;
mod read;
mod write;

pub use bulk::{BulkGroup, BulkOp, BulkWrite};
pub use catalog::{
    CreateCollection, CreateIndexes, DropCollection, DropDatabase, DropIndexes, ListCollections,
    ListDatabases, ListIndexes, ModifyCollection, RenameCollection,
};
pub use operation::{Operation, Outcome, Request, RunCommand, Running};
pub use outcome::{
    BulkWriteOutcome, CreateIndexesOutcome, DeleteOutcome, FindAndModifyOutcome, InsertOutcome,
    UpdateOutcome,
};
pub use read::{Aggregate, Count, Distinct, Find, Watch, check_variables};
pub use write::{
    DeleteBatch, DeleteStatement, FindAndModify, Insert, Modification, UpdateBatch, UpdateStatement,
};
