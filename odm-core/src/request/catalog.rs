//! Indexes, collections and databases.

use bson::{Bson, Document};

use crate::collation::Collation;
use crate::filter::Filter;
use crate::index::Index;
use crate::namespace::Namespace;
use crate::pipeline::Pipeline;

/// `createIndexes`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CreateIndexes {
    /// The indexes; those that exist already in the same form stay.
    pub indexes: Vec<Index>,
    /// A note for logs and profiles.
    pub comment: Option<Bson>,
}

/// `dropIndexes`.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum DropIndexes {
    /// All but the one on `_id`.
    All,
    /// These, by name.
    Names(Vec<String>),
    /// The one with these keys.
    Keys(Document),
}

/// `listIndexes`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ListIndexes {
    /// How many specifications the cursor fetches at a time.
    pub batch_size: Option<u32>,
    /// A note for logs and profiles.
    pub comment: Option<Bson>,
}

/// `create`: a collection or a view, with its options.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CreateCollection {
    /// Whether the oldest documents make room for new ones.
    pub capped: bool,
    /// The size of a capped collection in bytes.
    pub size: Option<i64>,
    /// The number of documents of a capped collection.
    pub max: Option<i64>,
    /// What documents must match.
    pub validator: Option<Document>,
    /// `off`, `strict` or `moderate`.
    pub validation_level: Option<String>,
    /// `error` or `warn`.
    pub validation_action: Option<String>,
    /// How strings compare by default.
    pub collation: Option<Collation>,
    /// The collection that a view looks at.
    pub view_on: Option<String>,
    /// What a view makes of it.
    pub pipeline: Option<Pipeline>,
    /// Options with no field here (`timeseries`, `clusteredIndex`, …), passed on as they are.
    pub extra: Document,
}

/// `collMod`: changes of a collection's validator and of how it is applied, or of a view.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ModifyCollection {
    /// What documents must match from now on; if empty, anything.
    pub validator: Option<Document>,
    /// `off`, `strict` or `moderate`.
    pub validation_level: Option<String>,
    /// `error` or `warn`.
    pub validation_action: Option<String>,
    /// The collection that a view looks at from now on.
    pub view_on: Option<String>,
    /// What a view makes of it from now on.
    pub pipeline: Option<Pipeline>,
    /// Options with no field here (`index`, `cappedSize`, …), as they are.
    pub extra: Document,
}

/// `drop`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DropCollection {
    /// A note for logs and profiles.
    pub comment: Option<Bson>,
}

/// `renameCollection`.
#[derive(Debug, Clone, PartialEq)]
pub struct RenameCollection {
    /// The new name.
    pub to: Namespace,
    /// Whether a collection of that name is dropped.
    pub drop_target: bool,
}

/// `listCollections`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ListCollections {
    /// Which of them, by a filter on the listed documents.
    pub filter: Filter,
    /// Whether only names and types are listed.
    pub name_only: bool,
    /// How many of them the cursor fetches at a time.
    pub batch_size: Option<u32>,
    /// A note for logs and profiles.
    pub comment: Option<Bson>,
}

/// `dropDatabase`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DropDatabase {
    /// A note for logs and profiles.
    pub comment: Option<Bson>,
}

/// `listDatabases`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ListDatabases {
    /// Which of them, by a filter on the listed documents.
    pub filter: Filter,
    /// Whether only names are listed.
    pub name_only: bool,
    /// A note for logs and profiles.
    pub comment: Option<Bson>,
}
