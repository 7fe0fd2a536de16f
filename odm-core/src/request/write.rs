//! `insert`, `update`, `delete`, `findAndModify`.

use std::borrow::Cow;
use std::time::Duration;

use bson::{Bson, Document, RawDocumentBuf};

use crate::collation::Collation;
use crate::error::{Error, ErrorCode, Result};
use crate::filter::Filter;
use crate::index::Hint;
use crate::projection::Projection;
use crate::sort::Sort;
use crate::update::{ArrayFilters, Update};

/// `insert`.
#[derive(Debug, Clone, PartialEq)]
pub struct Insert {
    /// Encoded documents; one without `_id` gets an `ObjectId`, as the first field.
    pub documents: Vec<RawDocumentBuf>,
    /// Whether to stop at the first failure.
    pub ordered: bool,
    /// Whether to pass by the collection's validator.
    pub bypass_document_validation: bool,
    /// A note for logs and profiles.
    pub comment: Option<Bson>,
}

impl Insert {
    /// Inserts in order, until one fails.
    #[must_use]
    pub fn new(documents: Vec<RawDocumentBuf>) -> Self {
        Insert { documents, ordered: true, bypass_document_validation: false, comment: None }
    }
}

/// `update`: statements, run in order.
#[derive(Debug, Clone, PartialEq)]
pub struct UpdateBatch {
    /// What to change, and how.
    pub statements: Vec<UpdateStatement>,
    /// Whether to stop at the first failure.
    pub ordered: bool,
    /// Whether to pass by the collection's validator.
    pub bypass_document_validation: bool,
    /// `let`: variables for `$expr` and pipelines.
    pub let_vars: Option<Document>,
    /// How long the server may work.
    pub max_time: Option<Duration>,
    /// A note for logs and profiles.
    pub comment: Option<Bson>,
}

impl UpdateBatch {
    /// Runs in order, until one fails.
    #[must_use]
    pub fn new(statements: Vec<UpdateStatement>) -> Self {
        UpdateBatch {
            statements,
            ordered: true,
            bypass_document_validation: false,
            let_vars: None,
            max_time: None,
            comment: None,
        }
    }
}

/// One statement of an [`UpdateBatch`].
#[derive(Debug, Clone, PartialEq)]
pub struct UpdateStatement {
    /// Which documents.
    pub filter: Filter,
    /// What happens to them.
    pub update: Update,
    /// Whether all matches change, or only the first.
    pub multi: bool,
    /// Whether to insert a document when none matches.
    pub upsert: bool,
    /// Which elements `$[identifier]` means.
    pub array_filters: Vec<Document>,
    /// How strings compare.
    pub collation: Option<Collation>,
    /// The index to use.
    pub hint: Option<Hint>,
}

impl UpdateStatement {
    /// Updates the first match.
    pub fn one(filter: impl Into<Filter>, update: impl Into<Update>) -> Self {
        UpdateStatement {
            filter: filter.into(),
            update: update.into(),
            multi: false,
            upsert: false,
            array_filters: Vec::new(),
            collation: None,
            hint: None,
        }
    }

    /// Updates every match.
    pub fn many(filter: impl Into<Filter>, update: impl Into<Update>) -> Self {
        UpdateStatement { multi: true, ..UpdateStatement::one(filter, update) }
    }

    /// The update and its array filters as an evaluator needs them: without raw documents, and
    /// checked for what is refused whatever the documents are.
    ///
    /// # Errors
    ///
    /// As [`Update::parse`] and [`ArrayFilters::parse`]; `FailedToParse` (9) for a replacement of
    /// several documents.
    pub fn normalized(&self) -> Result<(Cow<'_, Update>, ArrayFilters)> {
        let update = self.update.normalized()?;
        let array_filters = ArrayFilters::parse(&self.array_filters, &update)?;
        if self.multi && matches!(*update, Update::Replacement(_)) {
            return Err(Error::command(
                ErrorCode::FAILED_TO_PARSE,
                "multi update is not supported for replacement-style update",
            ));
        }
        Ok((update, array_filters))
    }
}

/// `delete`: statements, run in order.
#[derive(Debug, Clone, PartialEq)]
pub struct DeleteBatch {
    /// What to delete.
    pub statements: Vec<DeleteStatement>,
    /// Whether to stop at the first failure.
    pub ordered: bool,
    /// `let`: variables for `$expr`.
    pub let_vars: Option<Document>,
    /// How long the server may work.
    pub max_time: Option<Duration>,
    /// A note for logs and profiles.
    pub comment: Option<Bson>,
}

impl DeleteBatch {
    /// Runs in order, until one fails.
    #[must_use]
    pub fn new(statements: Vec<DeleteStatement>) -> Self {
        DeleteBatch { statements, ordered: true, let_vars: None, max_time: None, comment: None }
    }
}

/// One statement of a [`DeleteBatch`].
#[derive(Debug, Clone, PartialEq)]
pub struct DeleteStatement {
    /// Which documents.
    pub filter: Filter,
    /// Whether all matches go, or only the first.
    pub multi: bool,
    /// How strings compare.
    pub collation: Option<Collation>,
    /// The index to use.
    pub hint: Option<Hint>,
}

impl DeleteStatement {
    /// Deletes the first match.
    pub fn one(filter: impl Into<Filter>) -> Self {
        DeleteStatement { filter: filter.into(), multi: false, collation: None, hint: None }
    }

    /// Deletes every match.
    pub fn many(filter: impl Into<Filter>) -> Self {
        DeleteStatement { multi: true, ..DeleteStatement::one(filter) }
    }
}

/// `findAndModify`: changes one document and hands it out.
#[derive(Debug, Clone, PartialEq)]
pub struct FindAndModify {
    /// What must match.
    pub filter: Filter,
    /// Which of several matches: the first in this order.
    pub sort: Sort,
    /// What happens to it.
    pub modification: Modification,
    /// Which of its fields to hand out.
    pub projection: Option<Projection>,
    /// How strings compare.
    pub collation: Option<Collation>,
    /// The index to use.
    pub hint: Option<Hint>,
    /// Whether to pass by the collection's validator.
    pub bypass_document_validation: bool,
    /// `let`: variables for `$expr` and pipelines.
    pub let_vars: Option<Document>,
    /// `maxTimeMS`.
    pub max_time: Option<Duration>,
    /// A note for logs and profiles.
    pub comment: Option<Bson>,
}

impl FindAndModify {
    /// Updates the first match and hands out what it was before.
    pub fn update(filter: impl Into<Filter>, update: impl Into<Update>) -> Self {
        FindAndModify::new(
            filter.into(),
            Modification::Update {
                update: update.into(),
                array_filters: Vec::new(),
                upsert: false,
                return_new: false,
            },
        )
    }

    /// Deletes the first match and hands it out.
    pub fn remove(filter: impl Into<Filter>) -> Self {
        FindAndModify::new(filter.into(), Modification::Remove)
    }

    fn new(filter: Filter, modification: Modification) -> Self {
        FindAndModify {
            filter,
            sort: Sort::default(),
            modification,
            projection: None,
            collation: None,
            hint: None,
            bypass_document_validation: false,
            let_vars: None,
            max_time: None,
            comment: None,
        }
    }
}

/// What [`FindAndModify`] does to the document.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Modification {
    /// Deletes it.
    Remove,
    /// Updates or replaces it.
    Update {
        /// The update.
        update: Update,
        /// Which elements `$[identifier]` means.
        array_filters: Vec<Document>,
        /// Whether to insert a document when none matches.
        upsert: bool,
        /// Whether to hand out the document as it is afterwards, rather than before.
        return_new: bool,
    },
}
