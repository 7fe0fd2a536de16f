//! Writes of several kinds in one request, and the commands that they are for a server.

use bson::{Bson, Document, RawDocumentBuf};

use super::{DeleteStatement, UpdateStatement};
use crate::namespace::Namespace;

/// Writes of several kinds, on several collections, in order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct BulkWrite {
    /// The writes.
    pub writes: Vec<(Namespace, BulkOp)>,
    /// Whether to stop at the first failure.
    pub ordered: bool,
    /// Whether to pass by validators.
    pub bypass_document_validation: bool,
    /// `let`: variables for `$expr` and pipelines.
    pub let_vars: Option<Document>,
    /// A note for logs and profiles.
    pub comment: Option<Bson>,
}

impl BulkWrite {
    /// The writes in groups that are one command each.
    ///
    /// Ordered writes keep their order; of unordered ones, all of a kind on a collection are one group.
    #[must_use]
    pub fn into_groups(self) -> Vec<BulkGroup> {
        let mut groups: Vec<BulkGroup> = Vec::new();
        for (position, (ns, op)) in self.writes.into_iter().enumerate() {
            let candidates = if self.ordered {
                let last = groups.len().saturating_sub(1);
                &mut groups[last..]
            } else {
                &mut groups[..]
            };
            match (candidates.iter_mut().find(|group| group.takes(&ns, &op)), op) {
                (Some(BulkGroup::Insert(_, positions, docs)), BulkOp::Insert(doc)) => {
                    positions.push(position);
                    docs.push(doc);
                }
                (Some(BulkGroup::Update(_, positions, updates)), BulkOp::Update(update)) => {
                    positions.push(position);
                    updates.push(update);
                }
                (Some(BulkGroup::Delete(_, positions, deletes)), BulkOp::Delete(delete)) => {
                    positions.push(position);
                    deletes.push(delete);
                }
                (_, BulkOp::Insert(doc)) => {
                    groups.push(BulkGroup::Insert(ns, vec![position], vec![doc]));
                }
                (_, BulkOp::Update(update)) => {
                    groups.push(BulkGroup::Update(ns, vec![position], vec![update]));
                }
                (_, BulkOp::Delete(delete)) => {
                    groups.push(BulkGroup::Delete(ns, vec![position], vec![delete]));
                }
            }
        }
        groups
    }
}

/// One write of a [`BulkWrite`].
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum BulkOp {
    /// Inserts an encoded document.
    Insert(RawDocumentBuf),
    /// Updates or replaces.
    Update(UpdateStatement),
    /// Deletes.
    Delete(DeleteStatement),
}

/// Groups consecutive writes of one kind on one collection, the way servers before 8.0 take them.
///
/// Each group has the positions of its writes in the whole request.
#[derive(Debug)]
#[non_exhaustive]
pub enum BulkGroup {
    /// Consecutive inserts.
    Insert(Namespace, Vec<usize>, Vec<RawDocumentBuf>),
    /// Consecutive updates.
    Update(Namespace, Vec<usize>, Vec<UpdateStatement>),
    /// Consecutive deletes.
    Delete(Namespace, Vec<usize>, Vec<DeleteStatement>),
}

impl BulkGroup {
    /// The most writes that a server takes in one command.
    const MAX_WRITES: usize = 100_000;

    fn takes(&self, ns: &Namespace, op: &BulkOp) -> bool {
        match (self, op) {
            (BulkGroup::Insert(at, positions, _), BulkOp::Insert(_))
            | (BulkGroup::Update(at, positions, _), BulkOp::Update(_))
            | (BulkGroup::Delete(at, positions, _), BulkOp::Delete(_)) => {
                at == ns && positions.len() < Self::MAX_WRITES
            }
            _ => false,
        }
    }
}
