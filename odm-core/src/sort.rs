//! Sort orders.

use bson::{Bson, Document};

use crate::error::Result;
use crate::namespace::FieldPath;

mod parse;

/// The order of results: keys, the most significant first.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sort {
    /// Path (or `$natural`) and direction.
    pub keys: Vec<(FieldPath, SortOrder)>,
}

/// The direction of one sort key.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SortOrder {
    /// 1: the least first.
    Ascending,
    /// -1: the greatest first.
    Descending,
    /// `{$meta: …}`: by `textScore`, `randVal`, ….
    Meta(String),
}

impl Sort {
    /// Ascending by `path`.
    pub fn asc(path: impl Into<FieldPath>) -> Self {
        Sort { keys: vec![(path.into(), SortOrder::Ascending)] }
    }

    /// Descending by `path`.
    pub fn desc(path: impl Into<FieldPath>) -> Self {
        Sort { keys: vec![(path.into(), SortOrder::Descending)] }
    }

    /// Among equals, this order.
    #[must_use]
    pub fn then(mut self, next: impl Into<Sort>) -> Self {
        self.keys.extend(next.into().keys);
        self
    }

    /// Whether no order is asked for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The same keys, each in the other direction; `$meta` keys stay as they are.
    #[must_use]
    pub fn reverse(mut self) -> Self {
        for (_, order) in &mut self.keys {
            *order = match std::mem::replace(order, SortOrder::Ascending) {
                SortOrder::Ascending => SortOrder::Descending,
                SortOrder::Descending => SortOrder::Ascending,
                meta @ SortOrder::Meta(_) => meta,
            };
        }
        self
    }

    /// Reads a sort document.
    ///
    /// # Errors
    ///
    /// The server's: 15975 for a number that is neither 1 nor -1, 15974 for a value that is no
    /// number, 17312 for an expression other than `$meta`, 13103 for more than 32 keys, `BadValue`
    /// (2) for `$natural` beside other keys, and those of [`FieldPath::parse`].
    pub fn parse(doc: &Document) -> Result<Self> {
        parse::parse(doc)
    }

    /// The order as a document.
    #[must_use]
    pub fn to_document(&self) -> Document {
        self.keys.iter().map(|(path, order)| (path.to_string(), order.to_bson())).collect()
    }
}

impl SortOrder {
    fn to_bson(&self) -> Bson {
        match self {
            SortOrder::Ascending => Bson::Int32(1),
            SortOrder::Descending => Bson::Int32(-1),
            SortOrder::Meta(keyword) => Bson::Document(bson::doc! { "$meta": keyword }),
        }
    }
}
