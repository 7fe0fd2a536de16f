//! The different values of a field out of an index: one look for each of them.

use std::ops::ControlFlow;

use odm_core::bson::Bson;
use odm_core::{Error, FieldPath, Filter};

use super::choose::distinct;
use super::{IndexScan, Position};
use crate::filter::Matcher;
use crate::storage::{CollState, KeyRange};

/// A scan of an index that visits each value of one of its fields once.
///
/// Like the server's, it cannot tell a missing field from null, nor an empty array from
/// `undefined`: it hands out what the index has.
#[derive(Debug)]
pub(crate) struct DistinctScan {
    pub(super) scan: IndexScan,
    /// The position of the field in the index.
    pub(super) field: usize,
    /// Whether the scan visits what does not match, too.
    pub(super) checks: bool,
}

impl DistinctScan {
    /// The scan for a field of the matches, if there is an index for it.
    ///
    /// # Errors
    ///
    /// As [`Plan::choose`](super::Plan::choose).
    pub(crate) fn choose(
        state: &CollState,
        key: &FieldPath,
        filter: &Filter,
    ) -> Result<Option<Self>, Error> {
        distinct(state, key, filter, false)
    }

    /// As [`choose`](DistinctScan::choose), with its bounds in words.
    ///
    /// # Errors
    ///
    /// As there.
    pub(crate) fn explained(
        state: &CollState,
        key: &FieldPath,
        filter: &Filter,
    ) -> Result<Option<Self>, Error> {
        distinct(state, key, filter, true)
    }

    /// Calls back with each value of the matches. Of equal ones, the first in natural order is handed out.
    ///
    /// # Errors
    ///
    /// 50 if the time is over; what `found` gives.
    pub(crate) fn run(
        &self,
        state: &CollState,
        position: &mut Position,
        matcher: &Matcher,
        mut found: impl FnMut(Bson) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let index = &state.indexes[self.scan.index];
        for range in &self.scan.ranges {
            let mut rest = range.clone();
            loop {
                let next = index.entries.range(&rest, false).next();
                let Some((stored, id)) = next else { break };
                if position.examine_key() == ControlFlow::Break(()) {
                    return position.check();
                }
                let key = index.without_id(stored);
                let Some(record) = state.records.get(id) else { break };
                if self.checks && !matcher.matches(record) {
                    // Nothing lies between a key and itself with a zero.
                    let mut from = stored.clone();
                    from.push_bytes(&[0]);
                    rest.from = from;
                    continue;
                }
                let Some((prefix, value)) = index.key_prefix(record, &key, self.field) else {
                    break;
                };
                found(value)?;
                rest = KeyRange { from: prefix.after_prefix(), to: rest.to };
            }
        }
        position.check()
    }
}
