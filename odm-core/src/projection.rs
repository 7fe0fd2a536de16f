//! Projections: which fields of a document a query hands out.

mod parse;
mod print;

use bson::Document;

use crate::filter::ElemMatch;
use crate::namespace::FieldPath;
use crate::pipeline::Expr;

pub use parse::ExpressionReader;

/// Which fields a query hands out.
///
/// [`Projection::parse`] writes nested documents as dotted paths, which mean the same:
/// `{a: {b: 1}}` is `{"a.b": 1}`.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Projection {
    /// Fields, in the order they were written.
    Fields(Vec<(FieldPath, ProjectionItem)>),
    /// A user's document, untouched until somebody has to understand it.
    Raw(Document),
}

/// What happens to one field of a projection.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum ProjectionItem {
    /// `{field: 1}`.
    Include,
    /// `{field: 0}`.
    Exclude,
    /// `{"field.$": 1}`: the first element that the filter matched. The path has no `.$`.
    Positional,
    /// `$slice`: `limit` elements after `skip`, or from the start or end.
    Slice {
        /// How many elements to pass over; negative counts from the end.
        skip: Option<i32>,
        /// How many elements at most; negative (without `skip`) takes the last ones.
        limit: i32,
    },
    /// `$elemMatch`: the first element that matches.
    ElemMatch(ElemMatch),
    /// `$meta`.
    Meta(String),
    /// A computed field.
    Expr(Expr),
}

impl Projection {
    /// Only these fields, and `_id`.
    pub fn include<P: Into<FieldPath>>(paths: impl IntoIterator<Item = P>) -> Self {
        Projection::Fields(
            paths.into_iter().map(|path| (path.into(), ProjectionItem::Include)).collect(),
        )
    }

    /// All but these fields.
    pub fn exclude<P: Into<FieldPath>>(paths: impl IntoIterator<Item = P>) -> Self {
        Projection::Fields(
            paths.into_iter().map(|path| (path.into(), ProjectionItem::Exclude)).collect(),
        )
    }

    /// Whether every field is handed out.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match self {
            Projection::Fields(fields) => fields.is_empty(),
            Projection::Raw(doc) => doc.is_empty(),
        }
    }
}

impl From<Document> for Projection {
    fn from(doc: Document) -> Self {
        Projection::Raw(doc)
    }
}
