//! What requests give when they succeed.

use bson::Bson;

use crate::error::Upserted;
use crate::raw_doc::RawDoc;

/// What [`Insert`](super::Insert) did.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct InsertOutcome {
    /// The `_id` of each document, in request order.
    pub inserted_ids: Vec<Bson>,
}

/// What [`UpdateBatch`](super::UpdateBatch) did.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct UpdateOutcome {
    /// Documents that matched, not counting upserts.
    pub matched: u64,
    /// Documents that changed.
    pub modified: u64,
    /// Documents that upserts inserted.
    pub upserted: Vec<Upserted>,
}

/// What [`DeleteBatch`](super::DeleteBatch) did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DeleteOutcome {
    /// Documents deleted.
    pub deleted: u64,
}

/// What [`FindAndModify`](super::FindAndModify) did.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FindAndModifyOutcome {
    /// The document before or afterwards, as asked; none if nothing matched (or, before, for an upsert).
    pub value: Option<RawDoc>,
    /// Whether a document that was there changed or was deleted, or one was upserted.
    pub n: u64,
    /// Whether a document that was there matched an update.
    pub updated_existing: bool,
    /// The `_id` of the document that an upsert inserted.
    pub upserted: Option<Bson>,
}

/// What [`BulkWrite`](super::BulkWrite) did.
pub type BulkWriteOutcome = crate::error::WriteSummary;

/// What [`CreateIndexes`](super::CreateIndexes) did.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CreateIndexesOutcome {
    /// The names of the indexes asked for, in order.
    pub names: Vec<String>,
    /// How many indexes there were before.
    pub indexes_before: u32,
    /// How many there are now.
    pub indexes_after: u32,
    /// Whether the collection had to be created first.
    pub created_collection: bool,
}
