//! Running a plan: visiting its candidates, and going on later where it stopped.

use std::borrow::Cow;
use std::ops::ControlFlow;

use rustc_hash::FxHashSet;

use super::{Access, IndexScan, Plan};
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
                    // There is no other one, so this is the end whatever the visitor says.
                    let _ = visit(id, record);
                }
                ControlFlow::Continue(())
            }
            Access::Collection { backward: false } => {
                let from = position.record.unwrap_or(RecordId::ZERO);
                for (id, record) in state.records.range(from, RecordId::MAX) {
                    position.docs_examined += 1;
                    if visit(id, record).is_break() {
                        position.record = Some(id.next());
                        return ControlFlow::Break(());
                    }
                }
                position.record = Some(RecordId::MAX);
                ControlFlow::Continue(())
            }
            Access::Collection { backward: true } => {
                let below = position.record.unwrap_or(RecordId::MAX);
                for (id, record) in state.records.range_backward(below) {
                    position.docs_examined += 1;
                    if visit(id, record).is_break() {
                        position.record = Some(id);
                        return ControlFlow::Break(());
                    }
                }
                position.record = Some(RecordId::ZERO);
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
            position.keys_examined += 1;
            if repeats && !position.seen.insert(id) {
                continue;
            }
            let Some(record) = state.records.get(id) else { continue };
            position.docs_examined += 1;
            visit(id, record)?;
            continue;
        }
        let rest = rest_of(range, position.key.take(), scan.backward);
        for (key, id) in entries.range(&rest, scan.backward) {
            position.keys_examined += 1;
            if repeats && !position.seen.insert(id) {
                continue;
            }
            let Some(record) = state.records.get(id) else { continue };
            position.docs_examined += 1;
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
