//! `returnKey` and `showRecordId`: not only what is found, but where.

use std::ops::ControlFlow;

use odm_core::{RawDoc, Result};

use super::read::needs_matching;
use super::unsupported;
use crate::collation;
use crate::cursor::raw_doc;
use crate::deadline::Deadline;
use crate::filter::Matcher;
use crate::plan::{Plan, Position};
use crate::projection::Projector;
use crate::sort::Sorter;
use crate::storage::{CollState, RecordId};
use crate::value::write::{append, begin, finish};
use crate::value::{KeyBytes, RawVal, Record, ValueBuf};

/// A search that remembers where it finds what.
pub(super) struct Located<'s> {
    pub(super) state: &'s CollState,
    pub(super) plan: &'s Plan,
    pub(super) matcher: &'s Matcher,
    pub(super) deadline: Deadline,
}

/// A match, and where it was found.
pub(super) struct Place {
    id: RecordId,
    record: Record,
    /// The index, and the stored key in it.
    entry: Option<(usize, KeyBytes)>,
}

const RECORD_ID: &[u8] = b"$recordId";

impl Located<'_> {
    /// The first `last` matches (0: all), in the order of the plan or, if there is one, of the sorter.
    ///
    /// # Errors
    ///
    /// 50 if the time is over; as [`Sorter::key`].
    pub(super) fn find(&self, sorter: Option<&Sorter>, last: u64) -> Result<Vec<Place>> {
        let needs_matching = needs_matching(self.plan, self.matcher);
        let mut position = Position::with_keys(self.deadline);
        let mut found = Vec::new();
        loop {
            // One at a time, to see where each was found.
            let mut next = None;
            let stopped = self.plan.run(self.state, &mut position, |id, record| {
                if needs_matching && !self.matcher.matches(record) {
                    return self.matcher.pass_over();
                }
                next = Some((id, record.clone()));
                ControlFlow::Break(())
            });
            position.check()?;
            self.matcher.check()?;
            if let Some((id, record)) = next {
                found.push(Place { id, record, entry: position.found().cloned() });
            }
            let enough = sorter.is_none() && last > 0 && found.len() as u64 >= last;
            if stopped.is_continue() || enough {
                break;
            }
        }
        let Some(sorter) = sorter else { return Ok(found) };
        let mut keyed = Vec::with_capacity(found.len());
        for place in found {
            keyed.push((sorter.key(&place.record)?, place));
        }
        keyed.sort_by(|left, right| left.0.cmp(&right.0));
        self.deadline.check()?;
        if last > 0 {
            keyed.truncate(usize::try_from(last).unwrap_or(usize::MAX));
        }
        Ok(keyed.into_iter().map(|(_, place)| place).collect())
    }
}

impl Place {
    /// The key of the index by which it was found: nothing if it was by none.
    pub(super) fn key(&self, state: &CollState) -> Result<RawDoc> {
        let mut out = Vec::new();
        let start = begin(&mut out);
        if let Some((index, key)) = &self.entry {
            let index = &state.indexes[*index];
            for (name, value) in &index.key_values(&self.record, &index.without_id(key)) {
                // The server hands out the bytes of its own tables.
                if index.spec.collator().is_some() && collation::matters_to(value.element_type()) {
                    return Err(unsupported(
                        "`returnKey` with strings in an index with a collation",
                    ));
                }
                append(&mut out, name.as_bytes(), ValueBuf::from_bson(value)?.as_raw());
            }
        }
        finish(&mut out, start);
        RawDoc::from_bytes(out)
    }

    /// The document with its `$recordId`.
    pub(super) fn shown(&self, projector: Option<&Projector>) -> Result<RawDoc> {
        let doc = match projector {
            Some(projector) => projector.project(&self.record)?,
            None => raw_doc(&self.record)?,
        };
        with_record_id(&doc, self.id)
    }
}

/// The document with a `$recordId`, in place of a field of that name or at the end.
pub(crate) fn with_record_id(doc: &RawDoc, id: RecordId) -> Result<RawDoc> {
    let id = odm_core::bson::Bson::Int64(i64::try_from(id.0).unwrap_or(i64::MAX));
    let id = ValueBuf::from_bson(&id)?;
    let mut out = Vec::with_capacity(doc.as_bytes().len() + 20);
    let start = begin(&mut out);
    let mut is_there = false;
    for (name, value) in RawVal::document(doc.as_bytes()).elements() {
        let is_id = name == RECORD_ID;
        append(&mut out, name, if is_id { id.as_raw() } else { value });
        is_there |= is_id;
    }
    if !is_there {
        append(&mut out, RECORD_ID, id.as_raw());
    }
    finish(&mut out, start);
    RawDoc::from_bytes(out)
}
