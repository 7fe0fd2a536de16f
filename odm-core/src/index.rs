//! Indexes.

mod parse;
mod print;

use std::time::Duration;

use bson::{Bson, Document};

use crate::collation::Collation;
use crate::filter::Filter;
use crate::namespace::FieldPath;
use crate::number;

/// An index: its keys and options.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Index {
    /// The fields, the most significant first, and how each is indexed.
    pub keys: Vec<(FieldPath, IndexKind)>,
    /// The name; by default made of the keys, as the server does: `borough_1_cuisine_-1`.
    pub name: Option<String>,
    /// Whether two documents may not have the same key.
    pub unique: bool,
    /// Whether documents without any of the fields are left out.
    pub sparse: bool,
    /// `partialFilterExpression`: only documents that match are indexed.
    pub partial_filter: Option<Filter>,
    /// `expireAfterSeconds`: documents vanish this long after the date in the field.
    pub expire_after: Option<Duration>,
    /// How strings compare in this index.
    pub collation: Option<Collation>,
    /// Whether the planner must not use it.
    pub hidden: bool,
    /// `wildcardProjection`: which fields a wildcard index covers.
    pub wildcard_projection: Option<Document>,
    /// `weights` of a text index.
    pub weights: Option<Document>,
    /// `default_language` of a text index.
    pub default_language: Option<String>,
    /// `language_override` of a text index.
    pub language_override: Option<String>,
    /// Options with no field here (`bits`, `min`, `max`, `storageEngine`, …), passed on as they are.
    pub extra: Document,
}

/// How a field is indexed.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum IndexKind {
    /// 1.
    Ascending,
    /// -1.
    Descending,
    /// Another number, as written: its sign is the direction.
    Number(Bson),
    /// `"hashed"`.
    Hashed,
    /// `"text"`.
    Text,
    /// `"2d"`.
    Geo2d,
    /// `"2dsphere"`.
    Geo2dSphere,
    /// A kind that this crate does not know, as written.
    Other(Bson),
}

/// An index named by its name or by its keys.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Hint {
    /// By name.
    Name(String),
    /// By keys; also `{$natural: ±1}`.
    Keys(Document),
}

impl Index {
    /// An index ascending by `path`; more keys by [`Index::then`].
    pub fn asc(path: impl Into<FieldPath>) -> Self {
        Index::default().then(path, IndexKind::Ascending)
    }

    /// An index descending by `path`; more keys by [`Index::then`].
    pub fn desc(path: impl Into<FieldPath>) -> Self {
        Index::default().then(path, IndexKind::Descending)
    }

    /// Adds a less significant key.
    #[must_use]
    pub fn then(mut self, path: impl Into<FieldPath>, kind: IndexKind) -> Self {
        self.keys.push((path.into(), kind));
        self
    }

    /// Refuses a second document with the same key.
    #[must_use]
    pub fn unique(mut self) -> Self {
        self.unique = true;
        self
    }

    /// Leaves out documents that have none of the fields.
    #[must_use]
    pub fn sparse(mut self) -> Self {
        self.sparse = true;
        self
    }

    /// Names the index.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }
}

impl IndexKind {
    /// Whether the greatest comes first; `None` for kinds without an order.
    #[must_use]
    pub fn is_descending(&self) -> Option<bool> {
        match self {
            IndexKind::Ascending => Some(false),
            IndexKind::Descending => Some(true),
            IndexKind::Number(number) => number::as_f64(number).map(|n| n < 0.0),
            _ => None,
        }
    }
}

impl From<&str> for Hint {
    fn from(name: &str) -> Self {
        Hint::Name(name.to_owned())
    }
}

impl From<Document> for Hint {
    fn from(keys: Document) -> Self {
        Hint::Keys(keys)
    }
}

impl Hint {
    /// The hint as a command takes it.
    #[must_use]
    pub fn to_bson(&self) -> Bson {
        match self {
            Hint::Name(name) => Bson::String(name.clone()),
            Hint::Keys(keys) => Bson::Document(keys.clone()),
        }
    }
}
