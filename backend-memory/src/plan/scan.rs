//! Running a plan: visiting its candidates, and going on later where it stopped.

use std::borrow::Cow;
use std::ops::ControlFlow;

use odm_core::Error;
use rustc_hash::FxHashSet;

use super::{Access, IndexScan, Plan};
use crate::deadline::{self, Deadline};
use crate::storage::{CollState, KeyRange, RecordId};
use crate::value::{KeyBytes, Record};

/// How far a scan has got.
#[derive(Debug, Default)]
pub(crate) struct Position {
    /// The index scan that is going on, of several.
    scan: usize,
    /// Its stretch that is going on.
    range: usize,
    /// The key that was visited last in that stretch.
    key: Option<KeyBytes>,
    /// Where the scan of the collection goes on: from here or, backward, below here.
    record: Option<RecordId>,
    /// The documents that were visited, where an index may have one more than once.
    seen: FxHashSet<RecordId>,
    /// How many keys of indexes were looked at.
    pub(crate) keys_examined: u64,
    /// How many documents were looked at.
    pub(crate) docs_examined: u64,
    /// When to stop.
    deadline: Deadline,
    is_late: bool,
    /// Whether [`found`](Position::found) is kept.
    keeps_keys: bool,
    found: Option<(usize, KeyBytes)>,
}

impl Position {
    /// At the beginning of a scan that has to be over in time.
    pub(crate) fn until(deadline: Deadline) -> Self {
        Position { deadline, ..Position::default() }
    }

    /// At the beginning of a scan that remembers where in an index its last candidate was found.
    pub(crate) fn with_keys(deadline: Deadline) -> Self {
        Position { deadline, keeps_keys: true, ..Position::default() }
    }

    /// Sets when the scan has to be over.
    pub(crate) fn set_deadline(&mut self, deadline: Deadline) {
        self.deadline = deadline;
    }

    /// The index and the stored key by which the last candidate was found, if by one.
    pub(crate) fn found(&self) -> Option<&(usize, KeyBytes)> {
        self.found.as_ref()
    }

    /// The document that a scan of the collection looked at last.
    pub(crate) fn last_seen(&self, backward: bool) -> Option<RecordId> {
        self.record.map(|record| if backward { record } else { record.previous() })
    }

    /// Fails if the scan ended because it was late, or is late now that it has ended.
    ///
    /// # Errors
    ///
    /// `MaxTimeMSExpired` (50).
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.is_late { Err(deadline::expired()) } else { self.deadline.check() }
    }

    /// Counts a key of an index that is looked at; breaks if it is too late for that.
    #[inline]
    pub(super) fn examine_key(&mut self) -> ControlFlow<()> {
        self.keys_examined += 1;
        self.stop_if_late(self.keys_examined)
    }

    /// The same for a document of the collection.
    #[inline]
    fn examine_document(&mut self) -> ControlFlow<()> {
        self.docs_examined += 1;
        self.stop_if_late(self.docs_examined)
    }

    #[inline]
    fn stop_if_late(&mut self, counted: u64) -> ControlFlow<()> {
        if self.deadline.has_passed(counted) {
            self.is_late = true;
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }
}

impl Plan {
    /// Visits candidates until there are no more or `visit` breaks. Says which it was: after a
    /// break, another run with the same position goes on after that candidate.
    pub(crate) fn run<'s>(
        &self,
        state: &'s CollState,
        position: &mut Position,
        mut visit: impl FnMut(RecordId, &'s Record) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        match &self.access {
            Access::Id(key) => {
                if position.record.replace(RecordId::ZERO).is_some() {
                    return ControlFlow::Continue(());
                }
                if let Some((id, record)) = state.find_by_id(key) {
                    position.keys_examined += 1;
                    position.docs_examined += 1;
                    if position.keeps_keys {
                        position.found = Some((0, key.clone()));
                    }
                    // There is no other one, so this is the end whatever the visitor says.
                    let _ = visit(id, record);
                }
                ControlFlow::Continue(())
            }
            Access::Collection { backward: false } => {
                let from = position.record.unwrap_or(RecordId::ZERO);
                let mut last = None;
                for (id, record) in state.records.range(from, RecordId::MAX) {
                    position.examine_document()?;
                    last = Some(id);
                    if visit(id, record).is_break() {
                        position.record = Some(id.next());
                        return ControlFlow::Break(());
                    }
                }
                // Behind the last one more may come, for a scan that looks again.
                position.record = last.map(RecordId::next).or(position.record);
                ControlFlow::Continue(())
            }
            Access::Collection { backward: true } => {
                let below = position.record.unwrap_or(RecordId::MAX);
                let mut last = None;
                for (id, record) in state.records.range_backward(below) {
                    position.examine_document()?;
                    last = Some(id);
                    if visit(id, record).is_break() {
                        position.record = Some(id);
                        return ControlFlow::Break(());
                    }
                }
                position.record = last.or(position.record);
                ControlFlow::Continue(())
            }
            Access::Index(scan) => {
                let repeats = state.indexes[scan.index].is_multikey();
                run_scan(scan, state, position, repeats, &mut visit)
            }
            Access::Or(scans) => {
                while let Some(scan) = scans.get(position.scan) {
                    run_scan(scan, state, position, true, &mut visit)?;
                    position.scan += 1;
                    position.range = 0;
                }
                ControlFlow::Continue(())
            }
        }
    }
}

impl Plan {
    /// How many documents there are, up to `last`, out of the keys of one index alone; for plans
    /// whose candidates all match. `None` if it does not read one index.
    pub(crate) fn count_keys(
        &self,
        state: &CollState,
        position: &mut Position,
        last: u64,
    ) -> Option<u64> {
        let Access::Index(scan) = &self.access else { return None };
        let index = &state.indexes[scan.index];
        let repeats = index.is_multikey();
        let mut found = 0;
        for range in &scan.ranges {
            for (_, id) in index.entries.range(range, false) {
                if found >= last || position.examine_key().is_break() {
                    return Some(found);
                }
                found += u64::from(!repeats || position.seen.insert(id));
            }
        }
        Some(found)
    }
}

fn run_scan<'s>(
    scan: &IndexScan,
    state: &'s CollState,
    position: &mut Position,
    repeats: bool,
    visit: &mut impl FnMut(RecordId, &'s Record) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let entries = &state.indexes[scan.index].entries;
    while position.range < scan.ranges.len() {
        let at =
            if scan.backward { scan.ranges.len() - 1 - position.range } else { position.range };
        let range = &scan.ranges[at];
        if scan.is_lookup {
            position.range += 1;
            let Some(id) = entries.get(&range.from) else { continue };
            position.examine_key()?;
            if repeats && !position.seen.insert(id) {
                continue;
            }
            let Some(record) = state.records.get(id) else { continue };
            position.docs_examined += 1;
            if position.keeps_keys {
                position.found = Some((scan.index, range.from.clone()));
            }
            visit(id, record)?;
            continue;
        }
        let rest = rest_of(range, position.key.take(), scan.backward);
        for (key, id) in entries.range(&rest, scan.backward) {
            position.examine_key()?;
            if repeats && !position.seen.insert(id) {
                continue;
            }
            let Some(record) = state.records.get(id) else { continue };
            position.docs_examined += 1;
            if position.keeps_keys {
                position.found = Some((scan.index, key.clone()));
            }
            if visit(id, record).is_break() {
                position.key = Some(key.clone());
                return ControlFlow::Break(());
            }
        }
        position.range += 1;
    }
    ControlFlow::Continue(())
}

/// What is left of a stretch after the key that was visited last.
fn rest_of(range: &KeyRange, last: Option<KeyBytes>, backward: bool) -> Cow<'_, KeyRange> {
    let Some(mut last) = last else { return Cow::Borrowed(range) };
    let mut rest = range.clone();
    if backward {
        rest.to = last;
    } else {
        // Nothing lies between a key and itself with a zero.
        last.push_bytes(&[0]);
        rest.from = last;
    }
    Cow::Owned(rest)
}
