//! Updates: how documents change.

mod array_filters;
mod check;
mod diff;
mod parse;
mod print;
mod pull;

use std::borrow::Cow;

use bson::{Bson, Document, RawDocumentBuf};

pub use self::array_filters::ArrayFilters;
use crate::error::Result;
use crate::filter::{Filter, Predicate};
use crate::namespace::FieldPath;
use crate::pipeline::Pipeline;
use crate::sort::Sort;

/// A change of documents in MongoDB's update language, as a tree.
///
/// [`Update::parse`] reads an update with the server's error codes, [`Update::to_bson`] prints
/// one; parsing what was printed gives the same tree, with the changes grouped by operator.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Update {
    /// Update operators. Their order means nothing: no two of them may touch the same field.
    Operators(Vec<(FieldPath, Change)>),
    /// A whole new document; only `_id` stays.
    Replacement(RawDocumentBuf),
    /// An aggregation pipeline.
    Pipeline(Pipeline),
    /// A user's update or replacement document, untouched until somebody has to understand it.
    Raw(Document),
}

/// What an update operator does to one field.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Change {
    /// `$set`.
    Set(Bson),
    /// `$setOnInsert`.
    SetOnInsert(Bson),
    /// `$unset`.
    Unset,
    /// `$inc`.
    Inc(Bson),
    /// `$mul`.
    Mul(Bson),
    /// `$min`.
    Min(Bson),
    /// `$max`.
    Max(Bson),
    /// `$rename`, to this path.
    Rename(FieldPath),
    /// `$currentDate`.
    CurrentDate(CurrentDate),
    /// `$push`.
    Push(Push),
    /// `$addToSet`, each of these.
    AddToSet(Vec<Bson>),
    /// `$pop`.
    Pop(Pop),
    /// `$pull`: all elements that look like this.
    Pull(Pull),
    /// `$pullAll`.
    PullAll(Vec<Bson>),
    /// `$bit`: operations in order.
    Bit(Vec<(BitOp, Bson)>),
}

/// The type that `$currentDate` writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CurrentDate {
    /// A date.
    Date,
    /// A timestamp.
    Timestamp,
}

/// The end that `$pop` takes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pop {
    /// -1.
    First,
    /// 1.
    Last,
}

/// The operand of `$push`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Push {
    /// What to add: several by `$each`.
    pub each: Vec<Bson>,
    /// `$position`: where to add; negative counts from the end. At the end by default.
    pub position: Option<i64>,
    /// `$sort`: the order of the whole array afterwards.
    pub sort: Option<PushSort>,
    /// `$slice`: how many elements to keep; negative keeps the last ones.
    pub slice: Option<i64>,
}

/// The `$sort` of a `$push`.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum PushSort {
    /// By the elements themselves.
    Value(PushOrder),
    /// By fields of the elements.
    Fields(Sort),
}

/// A direction of a `$push` sort by value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PushOrder {
    /// 1.
    Ascending,
    /// -1.
    Descending,
}

/// The operand of `$pull`: what the elements to remove look like.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Pull {
    /// Elements equal to a value that is no document (a regular expression matches strings).
    Value(Bson),
    /// Elements that satisfy operators: `{$gte: 5}`.
    Predicates(Vec<Predicate>),
    /// Elements that are documents matching a filter: `{score: 8, item: "B"}`.
    Fields(Box<Filter>),
}

/// An operation of `$bit`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BitOp {
    /// `and`.
    And,
    /// `or`.
    Or,
    /// `xor`.
    Xor,
}

impl Update {
    /// No operators: changes nothing.
    #[must_use]
    pub const fn empty() -> Self {
        Update::Operators(Vec::new())
    }

    /// `$set` of one field.
    pub fn set(path: impl Into<FieldPath>, value: impl Into<Bson>) -> Self {
        Update::Operators(vec![(path.into(), Change::Set(value.into()))])
    }

    /// `$unset` of one field.
    pub fn unset(path: impl Into<FieldPath>) -> Self {
        Update::Operators(vec![(path.into(), Change::Unset)])
    }

    /// `$inc` of one field.
    pub fn inc(path: impl Into<FieldPath>, by: impl Into<Bson>) -> Self {
        Update::Operators(vec![(path.into(), Change::Inc(by.into()))])
    }

    /// Whether `doc` replaces a document as a whole rather than operating on its fields: its first
    /// field is no operator. The empty document is a replacement.
    #[must_use]
    pub fn is_replacement(doc: &Document) -> bool {
        doc.keys().next().is_none_or(|name| !name.starts_with('$'))
    }

    /// The update in a form that can be evaluated: a user's raw document is parsed, a tree is
    /// checked for what parsing refuses.
    ///
    /// # Errors
    ///
    /// As [`Update::parse`].
    pub fn normalized(&self) -> Result<Cow<'_, Update>> {
        match self {
            Update::Raw(doc) => parse::document(doc).map(Cow::Owned),
            Update::Operators(changes) => check::operators(changes).map(|()| Cow::Borrowed(self)),
            Update::Pipeline(pipeline) => check::pipeline(pipeline).map(|()| Cow::Borrowed(self)),
            Update::Replacement(_) => Ok(Cow::Borrowed(self)),
        }
    }
}

impl From<Document> for Update {
    fn from(doc: Document) -> Self {
        Update::Raw(doc)
    }
}

impl From<Pipeline> for Update {
    fn from(pipeline: Pipeline) -> Self {
        Update::Pipeline(pipeline)
    }
}
