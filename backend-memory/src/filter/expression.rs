//! `$expr`.

use std::cell::OnceCell;
use std::sync::{Arc, OnceLock};

use odm_core::Error;

use super::Source;
use crate::expression::{Globals, Node, Root, Scope};

/// What the expressions of a filter are evaluated with, and what the first one refused.
#[derive(Debug)]
pub(super) struct Expressions {
    globals: Arc<Globals>,
    refused: OnceLock<Error>,
}

impl Expressions {
    pub(super) fn new(globals: Arc<Globals>) -> Self {
        Expressions { globals, refused: OnceLock::new() }
    }

    pub(super) fn globals(&self) -> &Globals {
        &self.globals
    }

    /// Whether a document matches; a refusal is remembered.
    pub(super) fn remember(&self, outcome: Result<bool, Error>) -> bool {
        outcome.unwrap_or_else(|error| {
            self.refused.get_or_init(|| error);
            false
        })
    }

    pub(super) fn have_refused(&self) -> bool {
        self.refused.get().is_some()
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        self.refused.get().map_or(Ok(()), |error| Err(error.clone()))
    }
}

/// The evaluation of a filter's expressions on one document.
pub(super) struct Evaluation<'g> {
    globals: &'g Globals,
    refused: OnceCell<Error>,
}

impl<'g> Evaluation<'g> {
    pub(super) fn new(globals: &'g Globals) -> Self {
        Evaluation { globals, refused: OnceCell::new() }
    }

    /// Whether an expression is true of a document.
    pub(super) fn holds(&self, expression: &Node, source: Source<'_>) -> bool {
        if self.refused.get().is_some() {
            return false;
        }
        let root = match source {
            Source::Record(record) => Root::Record(record),
            Source::Value(value) => Root::Value(value),
        };
        match expression.eval(&Scope::new(self.globals, root)) {
            Ok(value) => value.is_true(),
            Err(error) => {
                self.refused.get_or_init(|| error);
                false
            }
        }
    }

    /// What the filter makes of the document, unless an expression refused it.
    pub(super) fn outcome(self, matches: bool) -> Result<bool, Error> {
        self.refused.into_inner().map_or(Ok(matches), Err)
    }
}
