//! A backend-agnostic object-document mapper for MongoDB.

pub mod aggregation;
mod backend;
mod bulk;
mod codec;
mod collation;
mod collection;
mod command;
mod crud;
mod database;
mod document;
mod error;
mod executor;
mod field;
mod filter;
mod index;
pub mod lookup;
mod namespace;
mod number;
mod operand;
mod pipeline;
mod plugin;
mod projection;
mod query;
pub mod query_string;
mod raw_doc;
mod request;
pub mod schema;
mod sort;
mod update;
mod value;

pub use aggregation::Aggregation;
pub use backend::{
    Acknowledgment, Backend, Capabilities, ChangeStream, Cursor, OpCx, RawChangeStream, RawCursor,
    ReadConcern, ReadPreference, Session, SessionOptions, SessionRef, TransactionOptions,
    WriteConcern,
};
pub use bson;
pub use bulk::Bulk;
pub use collation::Collation;
pub use collection::{Collection, CollectionStats};
pub use command::{Command, CommandKind, CommandOptions, GetMore, Verbosity, reply};
pub use database::Database;
pub use document::{Document, DocumentId, Embedded};
pub use error::{
    CommandError, DecodeError, DuplicateKey, Error, ErrorCode, RETRYABLE_WRITE_ERROR, Result,
    TRANSIENT_TRANSACTION_ERROR, UNKNOWN_TRANSACTION_COMMIT_RESULT, Upserted, WriteError,
    WriteFailure, WriteSummary,
};
pub use executor::{Executor, Scope, Target, Tx};
pub use field::{
    ArrayOf, AsField, AsIs, Bits, Codec, Field, FieldType, FilterOf, Flattened, GeoNear, Geometry,
    Integer, MapField, Numeric, Ordered, PushOptions, SortOf, Stored, Temporal, Text, UpdateOf,
};
pub use filter::{
    Additional, BitMask, BsonType, Dependency, ElemMatch, Filter, JsonSchema, Keyword, Near,
    Predicate, SchemaTypes, TextSearch, TypeSpec,
};
pub use index::{Hint, Index, IndexKind};
pub use lookup::LookupError;
pub use namespace::{FieldPath, Namespace};
pub use odm_core_derive::{Document, Embedded};
pub use operand::{Comparand, Operand};
pub use pipeline::{Expr, Pipeline, Stage};
pub use plugin::{Call, Done, Plugin};
pub use projection::{ExpressionReader, Projection, ProjectionItem};
pub use query::{FindAndUpdate, Query, ReturnDocument, TypedCursor, UpdateQuery};
pub use query_string::{QueryString, QueryStringRules};
pub use raw_doc::RawDoc;
pub use request::*;
pub use schema::{FieldSchema, Schema, TypeSchema};
pub use sort::{Sort, SortOrder};
pub use update::{
    ArrayFilters, BitOp, Change, CurrentDate, Pop, Pull, Push, PushOrder, PushSort, Update,
};

/// What the code that the derives write needs.
#[doc(hidden)]
pub mod __private {
    pub use crate::field::path_of;
    pub use serde;
}
