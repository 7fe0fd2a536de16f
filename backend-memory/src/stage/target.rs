//! What `$out` and `$merge` write to.

use odm_core::{Namespace, Result};

use super::{Doc, Input, Run, check_result_size};
use crate::storage::check_name;
use crate::value::MAX_DOCUMENT_SIZE;

/// The most documents that are written at once.
const MAX_BATCH: usize = 100_000;

/// A collection as it is named in a stage.
#[derive(Debug)]
pub(super) struct Target {
    /// That of the command if it is not said.
    pub(super) database: Option<String>,
    pub(super) collection: String,
}

impl Target {
    /// The collection that it names.
    ///
    /// # Errors
    ///
    /// 73 for a name that cannot be.
    pub(super) fn namespace(&self, run: &Run) -> Result<Namespace> {
        let database = self.database.clone().unwrap_or_else(|| run.ns.database().to_owned());
        let ns = Namespace::new(database, self.collection.clone());
        check_name(&ns)?;
        Ok(ns)
    }
}

/// Whether a collection is in a database of the server's own.
pub(super) fn is_internal(ns: &Namespace) -> bool {
    matches!(ns.database(), "admin" | "config" | "local")
}

/// Documents in the portions in which the server writes them: what goes wrong with one of them, or before it, is told
/// before any of its batch is written.
pub(super) struct Batches<T> {
    input: Input,
    /// The first of the next batch, and its size.
    next: Option<(T, usize)>,
}

impl<T> Batches<T> {
    pub(super) fn of(input: Input) -> Self {
        Batches { input, next: None }
    }

    /// The next batch, of what `make` makes of the documents and how large it says that is; `None` at the end.
    ///
    /// # Errors
    ///
    /// Those of the documents and of `make`; 10334 for documents that are too large.
    pub(super) fn next(
        &mut self,
        mut make: impl FnMut(Doc) -> Result<(T, usize)>,
    ) -> Result<Option<Vec<T>>> {
        let (mut batch, mut bytes) = (Vec::new(), 0_usize);
        if let Some((first, size)) = self.next.take() {
            batch.push(first);
            bytes = size;
        }
        while let Some(doc) = self.input.next()? {
            check_result_size(doc.size())?;
            let (made, size) = make(doc)?;
            let is_full =
                bytes.saturating_add(size) > MAX_DOCUMENT_SIZE || batch.len() >= MAX_BATCH;
            if is_full && !batch.is_empty() {
                self.next = Some((made, size));
                return Ok(Some(batch));
            }
            bytes = bytes.saturating_add(size);
            batch.push(made);
        }
        Ok((!batch.is_empty()).then_some(batch))
    }
}
