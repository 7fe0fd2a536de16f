//! Updates: compiled once from the tree of an [`Update`], then applied to many records.
//!
//! Applying is a pure function from a document to a document. It first plans: the update, itself a
//! tree of paths, is laid over the document, and only what it touches is looked at, in the order in
//! which the server would. Then the document is copied once with the planned edits. If anything is
//! refused, nothing was changed.

mod array;
mod bitwise;
mod fields;
mod pipeline;
mod plan;
mod replacement;
mod tree;
mod upsert;
mod write;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use bson::oid::ObjectId;
use bson::{DateTime, Document, Timestamp};
use odm_core::{ArrayFilters, Error, ErrorCode, Filter, Update};

use crate::collation::Collator;
use crate::expression::Environment;
use crate::value::{MAX_DOCUMENT_SIZE, RawVal, Record};

use pipeline::Stages;
use plan::Plan;
use replacement::Replacement;
pub(crate) use replacement::{check_id_names, check_id_type};
use tree::Tree;

/// A compiled update.
#[derive(Debug)]
pub(crate) struct Updater {
    kind: Kind,
    touched: TouchedPaths,
    collator: Option<Arc<Collator>>,
}

#[derive(Debug)]
enum Kind {
    Operators(Tree),
    Replacement(Replacement),
    Pipeline(Stages),
}

/// What an update needs to know beside the document.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ApplyCx {
    /// What `$currentDate` writes.
    pub(crate) now: DateTime,
    /// What `$currentDate` writes as a timestamp, and what becomes of `Timestamp(0, 0)` in a
    /// replacement.
    pub(crate) timestamp: Timestamp,
    /// What the positional `$` stands for.
    pub(crate) matched_index: Option<usize>,
    /// Whether the document is being inserted by an upsert.
    pub(crate) inserting: bool,
}

/// What applying an update gives.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Applied {
    /// The document is what it was: it counts as matched, not as modified.
    Unchanged,
    /// The document is what it was, but counts as modified if an index depends on one of these paths.
    Rewritten(Vec<Arc<str>>),
    /// The new document.
    Changed(Vec<u8>),
}

/// The top-level fields that an update may change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TouchedPaths {
    /// Any.
    Everything,
    /// These alone.
    Fields(Vec<Box<str>>),
}

impl TouchedPaths {
    /// Whether the value at the dotted `path` may change.
    pub(crate) fn may_change(&self, path: &str) -> bool {
        match self {
            TouchedPaths::Everything => true,
            TouchedPaths::Fields(fields) => {
                let field = path.split('.').next().unwrap_or_default();
                fields.iter().any(|touched| **touched == *field)
            }
        }
    }
}

impl Updater {
    /// Compiles an update. What it compares, it compares as the collation has it.
    ///
    /// # Errors
    ///
    /// The server's code for what is malformed.
    pub(crate) fn compile(
        update: &Update,
        array_filters: &[Document],
        environment: &Environment<'_>,
    ) -> Result<Self, Error> {
        let collator = environment.collator();
        let normalized = update.normalized()?;
        let filters = ArrayFilters::parse(array_filters, &normalized)?;
        let (kind, touched) = match normalized.as_ref() {
            Update::Operators(changes) => {
                let tree = Tree::new(changes, &filters, collator)?;
                let touched = TouchedPaths::Fields(tree.top_level_names());
                (Kind::Operators(tree), touched)
            }
            Update::Replacement(doc) => {
                let replacement = Replacement::new(doc.as_bytes());
                (Kind::Replacement(replacement), TouchedPaths::Everything)
            }
            Update::Pipeline(pipeline) => {
                let stages = Stages::compile(pipeline, environment)?;
                (Kind::Pipeline(stages), TouchedPaths::Everything)
            }
            other => return Err(unsupported(&format!("the update {other:?}"))),
        };
        Ok(Updater { kind, touched, collator: collator.cloned() })
    }

    /// The fields that may change: what indexes must be looked at.
    pub(crate) fn touched_paths(&self) -> &TouchedPaths {
        &self.touched
    }

    /// Whether the update names an element by the positional `$`, so that
    /// [`ApplyCx::matched_index`] is needed.
    pub(crate) fn is_positional(&self) -> bool {
        matches!(&self.kind, Kind::Operators(tree) if tree.is_positional())
    }

    /// Whether a whole document replaces the old one; such an update is not for several.
    pub(crate) fn is_replacement(&self) -> bool {
        matches!(self.kind, Kind::Replacement(_))
    }

    /// Applies the update to a document.
    ///
    /// # Errors
    ///
    /// The server's codes:
    ///
    /// - 2: an operator cannot act on what it finds, a positional operator finds nothing.
    /// - 14: `$inc`, `$mul` or `$pop` meet a value of another type.
    /// - 15: the result is nested too deeply.
    /// - 17419: it is larger than 16 MiB; 10334, if by more than 16 KiB.
    /// - 28: a path leads through a value that has no fields.
    /// - 40: two operators meet in one element of an array.
    /// - 52, 55: a name begins with `$`.
    /// - 66: the `_id` would change.
    pub(crate) fn apply(&self, doc: &Record, cx: &ApplyCx) -> Result<Applied, Error> {
        let changed = match &self.kind {
            Kind::Operators(tree) => {
                let resolved = tree.resolve(cx.matched_index)?;
                match Plan::new(resolved.as_ref(), doc, cx)? {
                    Some(plan) => match plan.rewritten() {
                        Some(paths) => return Ok(Applied::Rewritten(paths)),
                        None => plan.write(),
                    },
                    None => return Ok(Applied::Unchanged),
                }
            }
            Kind::Replacement(replacement) => {
                replacement.check_names()?;
                let replaced = replacement.apply(doc.id(), cx)?;
                if replacement.is(doc.bytes()) {
                    return Ok(Applied::Unchanged);
                }
                replaced
            }
            Kind::Pipeline(stages) => match stages.apply(doc)? {
                Some(changed) => changed,
                None => return Ok(Applied::Unchanged),
            },
        };
        check_size(&changed, ErrorCode(17_419))?;
        let may_exceed_depth = match &self.kind {
            Kind::Operators(tree) => tree.may_exceed_depth(),
            Kind::Replacement(_) => false,
            Kind::Pipeline(_) => true,
        };
        if may_exceed_depth {
            check_depth(RawVal::document(&changed))?;
        }
        Ok(Applied::Changed(changed))
    }

    /// The document that an upsert inserts if nothing matches `filter`: what the filter says by
    /// equality, then the update. The `_id` comes first; `new_id` makes it if neither names one.
    ///
    /// # Errors
    ///
    /// As [`apply`](Updater::apply), and:
    ///
    /// - 53: the `_id` is an array or regular expression.
    /// - 54: the filter says twice what a field is.
    /// - 111: the filter names a part of the `_id` of a replacement.
    /// - 224: the filter holds `$expr`.
    pub(crate) fn upsert(
        &self,
        filter: &Filter,
        cx: &ApplyCx,
        new_id: impl FnOnce() -> ObjectId,
    ) -> Result<Vec<u8>, Error> {
        let cx = ApplyCx { inserting: true, ..*cx };
        upsert::upsert(self, filter, &cx, new_id)
    }
}

fn unsupported(feature: &str) -> Error {
    Error::Unsupported { backend: "memory", feature: feature.to_owned() }
}

/// Refuses a document whose values are nested more deeply than operators may make them.
fn check_depth(document: RawVal<'_>) -> Result<(), Error> {
    const MAX_UPDATED_DEPTH: usize = crate::value::MAX_STORED_DEPTH - 1;
    if write::depth(document, 0) > MAX_UPDATED_DEPTH {
        return Err(Error::command(
            ErrorCode::OVERFLOW,
            format!("document exceeds maximum nesting depth of {}", MAX_UPDATED_DEPTH + 1),
        ));
    }
    Ok(())
}

/// The server builds a document with some room above the limit, and refuses it by `code`;
/// what does not even fit into that room cannot be built.
fn check_size(document: &[u8], code: ErrorCode) -> Result<(), Error> {
    const ROOM: usize = 16 * 1024;
    let code = match document.len() {
        0..=MAX_DOCUMENT_SIZE => return Ok(()),
        size if size <= MAX_DOCUMENT_SIZE + ROOM => code,
        _ => ErrorCode::BSON_OBJECT_TOO_LARGE,
    };
    let message = format!("resulting document after update is larger than {MAX_DOCUMENT_SIZE}");
    Err(Error::command(code, message))
}
