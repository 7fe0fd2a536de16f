//! Any request, any outcome, and which belong together.

use std::future::Future;
use std::pin::Pin;

use bson::{Bson, Document};

use super::{
    Aggregate, BulkWrite, BulkWriteOutcome, Count, CreateCollection, CreateIndexes,
    CreateIndexesOutcome, DeleteBatch, DeleteOutcome, Distinct, DropCollection, DropDatabase,
    DropIndexes, Find, FindAndModify, FindAndModifyOutcome, Insert, InsertOutcome, ListCollections,
    ListDatabases, ListIndexes, RenameCollection, UpdateBatch, UpdateOutcome, Watch,
};
use crate::backend::{Backend, ChangeStream, Cursor, OpCx};
use crate::error::Result;
use crate::namespace::Namespace;

/// A request that a backend works on.
pub type Running<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

/// A command document, as a shell would send it.
#[derive(Debug, Clone, PartialEq)]
pub struct RunCommand(pub Document);

/// A request together with the outcome that belongs to it.
pub trait Request: Sized {
    /// What the request gives when it succeeds.
    type Outcome;

    /// The name of the server's command.
    const NAME: &'static str;

    /// The request as what plugins see.
    fn into_operation(self) -> Operation;

    /// The outcome out of what plugins saw; `None` if one of them swapped its kind.
    fn outcome(outcome: Outcome) -> Option<Self::Outcome>;

    /// Runs the request on a backend, past all plugins: [`Database::execute`](crate::Database::execute)
    /// is what users call.
    fn run<'a>(
        self,
        backend: &'a dyn Backend,
        ns: &'a Namespace,
        cx: OpCx,
    ) -> Running<'a, Self::Outcome>;
}

macro_rules! operations {
    (($backend:ident, $ns:ident, $cx:ident) $(
        $request:ident($r:ident) -> $outcome:ident($type:ty) $name:literal $call:expr;
    )*) => {
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
                match self { $(Operation::$request(_) => $request::NAME,)* }
            }

            /// Past all plugins.
            pub(crate) async fn run(
                self,
                $backend: &dyn Backend,
                $ns: &Namespace,
                $cx: OpCx,
            ) -> Result<Outcome> {
                match self {
                    $(Operation::$request($r) => $call.await.map(Outcome::$outcome),)*
                }
            }
        }

        $(impl Request for $request {
            type Outcome = $type;

            const NAME: &'static str = $name;

            fn into_operation(self) -> Operation {
                Operation::$request(self)
            }

            fn outcome(outcome: Outcome) -> Option<$type> {
                match outcome {
                    Outcome::$outcome(value) => Some(value),
                    _ => None,
                }
            }

            fn run<'a>(
                self,
                $backend: &'a dyn Backend,
                $ns: &'a Namespace,
                $cx: OpCx,
            ) -> Running<'a, $type> {
                // Not every request is about a namespace.
                let ($r, _) = (self, $ns);
                $call
            }
        })*
    };
}

operations! {
    (backend, ns, cx)
    Find(r) -> Cursor(Cursor) "find" backend.find(ns, r, cx);
    Aggregate(r) -> Cursor(Cursor) "aggregate" backend.aggregate(ns, r, cx);
    Count(r) -> Count(u64) "count" backend.count(ns, r, cx);
    Distinct(r) -> Values(Vec<Bson>) "distinct" backend.distinct(ns, r, cx);
    Insert(r) -> Insert(InsertOutcome) "insert" backend.insert(ns, r, cx);
    UpdateBatch(r) -> Update(UpdateOutcome) "update" backend.update(ns, r, cx);
    DeleteBatch(r) -> Delete(DeleteOutcome) "delete" backend.delete(ns, r, cx);
    FindAndModify(r) -> FindAndModify(FindAndModifyOutcome) "findAndModify" backend.find_and_modify(ns, r, cx);
    BulkWrite(r) -> BulkWrite(BulkWriteOutcome) "bulkWrite" backend.bulk_write(r, cx);
    CreateIndexes(r) -> CreateIndexes(CreateIndexesOutcome) "createIndexes" backend.create_indexes(ns, r, cx);
    DropIndexes(r) -> Done(()) "dropIndexes" backend.drop_indexes(ns, r, cx);
    ListIndexes(r) -> Cursor(Cursor) "listIndexes" backend.list_indexes(ns, r, cx);
    CreateCollection(r) -> Done(()) "create" backend.create_collection(ns, r, cx);
    DropCollection(r) -> Done(()) "drop" backend.drop_collection(ns, r, cx);
    RenameCollection(r) -> Done(()) "renameCollection" backend.rename_collection(ns, r, cx);
    ListCollections(r) -> Cursor(Cursor) "listCollections" backend.list_collections(ns, r, cx);
    DropDatabase(r) -> Done(()) "dropDatabase" backend.drop_database(ns, r, cx);
    ListDatabases(r) -> Documents(Vec<Document>) "listDatabases" backend.list_databases(r, cx);
    Watch(r) -> ChangeStream(ChangeStream) "watch" backend.watch(ns, r, cx);
    RunCommand(r) -> Reply(Document) "command" backend.run_command(ns.database(), r, cx);
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
