//! Any request, any outcome, and which belong together.

use bson::{Bson, Document};

use super::{
    Aggregate, BulkWrite, BulkWriteOutcome, Count, CreateCollection, CreateIndexes,
    CreateIndexesOutcome, DeleteBatch, DeleteOutcome, Distinct, DropCollection, DropDatabase,
    DropIndexes, Find, FindAndModify, FindAndModifyOutcome, Insert, InsertOutcome, ListCollections,
    ListDatabases, ListIndexes, RenameCollection, UpdateBatch, UpdateOutcome, Watch,
};
use crate::backend::{ChangeStream, Cursor};

/// A command document, as a shell would send it.
#[derive(Debug, Clone, PartialEq)]
pub struct RunCommand(pub Document);

/// A request together with the outcome that belongs to it.
pub trait Request: Sized {
    /// What the request gives when it succeeds.
    type Outcome;

    /// The request as what plugins see.
    fn into_operation(self) -> Operation;

    /// The outcome out of what plugins saw; `None` if one of them swapped its kind.
    fn outcome(outcome: Outcome) -> Option<Self::Outcome>;
}

macro_rules! operations {
    ($($(#[$doc:meta])* $request:ident -> $outcome:ident($type:ty) $name:literal,)*) => {
        /// Any request: what [plugins](crate::Plugin) see and may rewrite.
        #[derive(Debug, Clone, PartialEq)]
        #[non_exhaustive]
        pub enum Operation {
            $(#[doc = concat!("`", $name, "`.")] $request($request),)*
        }

        impl Operation {
            /// The name of the server's command.
            #[must_use]
            pub const fn name(&self) -> &'static str {
                match self { $(Operation::$request(_) => $name,)* }
            }
        }

        $(impl Request for $request {
            type Outcome = $type;

            fn into_operation(self) -> Operation {
                Operation::$request(self)
            }

            fn outcome(outcome: Outcome) -> Option<$type> {
                match outcome {
                    Outcome::$outcome(value) => Some(value),
                    _ => None,
                }
            }
        })*
    };
}

operations! {
    Find -> Cursor(Cursor) "find",
    Aggregate -> Cursor(Cursor) "aggregate",
    Count -> Count(u64) "count",
    Distinct -> Values(Vec<Bson>) "distinct",
    Insert -> Insert(InsertOutcome) "insert",
    UpdateBatch -> Update(UpdateOutcome) "update",
    DeleteBatch -> Delete(DeleteOutcome) "delete",
    FindAndModify -> FindAndModify(FindAndModifyOutcome) "findAndModify",
    BulkWrite -> BulkWrite(BulkWriteOutcome) "bulkWrite",
    CreateIndexes -> CreateIndexes(CreateIndexesOutcome) "createIndexes",
    DropIndexes -> Done(()) "dropIndexes",
    ListIndexes -> Cursor(Cursor) "listIndexes",
    CreateCollection -> Done(()) "create",
    DropCollection -> Done(()) "drop",
    RenameCollection -> Done(()) "renameCollection",
    ListCollections -> Cursor(Cursor) "listCollections",
    DropDatabase -> Done(()) "dropDatabase",
    ListDatabases -> Documents(Vec<Document>) "listDatabases",
    Watch -> ChangeStream(ChangeStream) "watch",
    RunCommand -> Reply(Document) "command",
}

/// Any outcome: what [plugins](crate::Plugin) see after the backend.
#[derive(Debug)]
#[non_exhaustive]
pub enum Outcome {
    /// Of `find`, `aggregate`, `listIndexes`, `listCollections`.
    Cursor(Cursor),
    /// Of `count`.
    Count(u64),
    /// Of `distinct`.
    Values(Vec<Bson>),
    /// Of `insert`.
    Insert(InsertOutcome),
    /// Of `update`.
    Update(UpdateOutcome),
    /// Of `delete`.
    Delete(DeleteOutcome),
    /// Of `findAndModify`.
    FindAndModify(FindAndModifyOutcome),
    /// Of a bulk write.
    BulkWrite(BulkWriteOutcome),
    /// Of `createIndexes`.
    CreateIndexes(CreateIndexesOutcome),
    /// Of `listDatabases`.
    Documents(Vec<Document>),
    /// Of a change stream.
    ChangeStream(ChangeStream),
    /// Of a command document.
    Reply(Document),
    /// Of operations that have nothing to tell.
    Done(()),
}
