//! `find`, `count` and `distinct`.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use odm_core::bson::Bson;
use odm_core::{
    Count, Cursor, Distinct, Error, ErrorCode, Filter, Find, Hint, Namespace, RawDoc, Result, Sort,
};

use super::{Engine, options};
use crate::cursor::{FIRST_BATCH, Results, raw_doc};
use crate::filter::Matcher;
use crate::plan::{self, Plan, Position, Wanted};
use crate::projection::Projector;
use crate::sort::Sorter;
use crate::storage::{CollState, RecordId, check_name};
use crate::value::{KeyBytes, RawVal, Record};

impl Engine {
    pub(crate) fn find(&self, ns: &Namespace, find: &Find) -> Result<Cursor> {
        if let Some(found) = self.find_by_id(ns, find)? {
            return Ok(Cursor::new(found.into_iter().collect(), None));
        }
        let first = find.batch_size.map_or(FIRST_BATCH, |size| size as usize);
        let single_batch = find.single_batch;
        let mut results = self.results(ns, find)?;
        let (batch, more) = results.batch(first)?;
        let rest = (more && !single_batch).then(|| Box::new(results) as _);
        Ok(Cursor::new(batch, rest))
    }

    /// The short way for what point reads ask for: one document by `_id`, as it is. `None` if
    /// this is not such a read.
    fn find_by_id(&self, ns: &Namespace, find: &Find) -> Result<Option<Option<RawDoc>>> {
        let simple = find.projection.is_none()
            && find.sort.is_empty()
            && find.skip == 0
            && find.hint.is_none()
            && find.batch_size != Some(0);
        if !simple {
            return Ok(None);
        }
        let Some(key) = plan::id_lookup(&find.filter) else { return Ok(None) };
        options::check_find(find)?;
        let Some(cell) = self.catalog.find(ns) else {
            check_name(ns)?;
            return Ok(Some(None));
        };
        let found = cell.read(|state| state.find_by_id(&key).map(|(_, record)| raw_doc(record)));
        Ok(Some(found.transpose()?))
    }

    /// The results of a find, none of them fetched yet.
    pub(crate) fn results(&self, ns: &Namespace, find: &Find) -> Result<Results> {
        options::check_find(find)?;
        check_name(ns)?;
        let filter = find.filter.normalized()?;
        let matcher = Matcher::compile(&filter)?;
        let sorter = Sorter::compile(&find.sort)?;
        let projector = match &find.projection {
            Some(projection) => Some(Projector::compile(projection, &filter)?),
            None => None,
        };
        let Some(cell) = self.catalog.find(ns) else { return Ok(Results::documents(Vec::new())) };
        let state = cell.snapshot();
        let last = if find.limit == 0 { 0 } else { find.skip.saturating_add(find.limit) };
        let wanted = Wanted {
            filter: &filter,
            sort: &find.sort,
            hint: find.hint.as_ref(),
            limit: last,
            explain: false,
        };
        let plan = Plan::choose(&state, wanted)?;
        let results = match sorter.filter(|_| !plan.is_sorted) {
            Some(sorter) => {
                let records = sorted(&state, &plan, &matcher, &sorter, last)?;
                Results::sorted(records)
            }
            None => {
                let matcher = needs_matching(&plan, &matcher).then_some(matcher);
                Results::scan(state, plan, matcher)
            }
        };
        let results = results.projected(projector).of_collection(cell.uuid);
        Ok(results.slice(find.skip, find.limit).batches_of(find.batch_size))
    }

    pub(crate) fn count(&self, ns: &Namespace, count: &Count) -> Result<u64> {
        options::check_collation(count.collation.as_ref())?;
        check_name(ns)?;
        let filter = count.filter.normalized()?;
        let matcher = Matcher::compile(&filter)?;
        let Some(cell) = self.catalog.find(ns) else { return Ok(0) };
        let state = cell.snapshot();
        let plan = Plan::choose(&state, Wanted::all(&filter, count.hint.as_ref()))?;
        let last = if count.limit == 0 { u64::MAX } else { count.skip.saturating_add(count.limit) };
        let everything = matcher.is_always_true() && count.hint.is_none();
        let found = if everything {
            (state.records.len() as u64).min(last)
        } else {
            counted(&state, &plan, &matcher, last, &mut Position::default())
        };
        Ok(found.saturating_sub(count.skip))
    }

    pub(crate) fn distinct(&self, ns: &Namespace, distinct: &Distinct) -> Result<Vec<Bson>> {
        options::check_collation(distinct.collation.as_ref())?;
        check_name(ns)?;
        let path = distinct.key.as_str();
        if path.is_empty() {
            let message = "FieldPath cannot be constructed with empty string";
            return Err(Error::command(ErrorCode(40_352), message));
        }
        let filter = distinct.filter.normalized()?;
        let matcher = Matcher::compile(&filter)?;
        let Some(cell) = self.catalog.find(ns) else { return Ok(Vec::new()) };
        let state = cell.snapshot();
        let plan = Plan::choose(&state, Wanted::all(&filter, None))?;
        // The server hands them out in the order of values, and of equal ones the first that it found.
        let mut values = BTreeMap::new();
        each_match(&state, &plan, &matcher, |_, record| {
            each_value(record.as_raw(), path, &mut |value| {
                values.entry(KeyBytes::of(value)).or_insert_with(|| value.to_bson());
            });
            ControlFlow::Continue(())
        });
        Ok(values.into_values().collect())
    }
}

/// Whether a plan's candidates have to be matched.
pub(crate) fn needs_matching(plan: &Plan, matcher: &Matcher) -> bool {
    !plan.is_exact && !matcher.is_always_true()
}

/// Calls back with each match of a plan until told to stop.
pub(crate) fn each_match<'s>(
    state: &'s CollState,
    plan: &Plan,
    matcher: &Matcher,
    mut found: impl FnMut(RecordId, &'s Record) -> ControlFlow<()>,
) {
    let needs_matching = needs_matching(plan, matcher);
    let _ = plan.run(state, &mut Position::default(), |id, record| {
        if needs_matching && !matcher.matches(record) {
            return ControlFlow::Continue(());
        }
        found(id, record)
    });
}

/// How many documents match, up to `last`.
pub(crate) fn counted(
    state: &CollState,
    plan: &Plan,
    matcher: &Matcher,
    last: u64,
    position: &mut Position,
) -> u64 {
    let needs_matching = needs_matching(plan, matcher);
    let mut found = 0;
    let _ = plan.run(state, position, |_, record| {
        if !needs_matching || matcher.matches(record) {
            found += 1;
        }
        if found < last { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    found
}

/// The first `last` matches (0: all) in an order that the plan does not give.
pub(crate) fn sorted(
    state: &CollState,
    plan: &Plan,
    matcher: &Matcher,
    sorter: &Sorter,
    last: u64,
) -> Result<Vec<Record>> {
    let mut records = Vec::new();
    each_match(state, plan, matcher, |_, record| {
        records.push(record);
        ControlFlow::Continue(())
    });
    match usize::try_from(last) {
        Ok(last) if last > 0 && last < records.len() => sorter.top(records, last),
        _ => sorter.sort(records),
    }
}

/// The first match in an order, or in any.
pub(crate) fn first_match(
    state: &CollState,
    filter: &Filter,
    matcher: &Matcher,
    sort: &Sort,
    hint: Option<&Hint>,
) -> Result<Option<(RecordId, Record)>> {
    let sorter = Sorter::compile(sort)?;
    let plan = Plan::choose(state, Wanted::first(filter, sort, hint))?;
    let mut first = None;
    let Some(sorter) = sorter.filter(|_| !plan.is_sorted) else {
        each_match(state, &plan, matcher, |id, record| {
            first = Some((id, record.clone()));
            ControlFlow::Break(())
        });
        return Ok(first);
    };
    let mut least = None;
    let mut failed: Option<Error> = None;
    each_match(state, &plan, matcher, |id, record| match sorter.key(record) {
        Ok(key) => {
            if least.as_ref().is_none_or(|least| key < *least) {
                least = Some(key);
                first = Some((id, record.clone()));
            }
            ControlFlow::Continue(())
        }
        Err(error) => {
            failed = Some(error);
            ControlFlow::Break(())
        }
    });
    match failed {
        Some(error) => Err(error),
        None => Ok(first),
    }
}

/// The values that `distinct` finds on a path: arrays count by their elements. A field whose name
/// is the whole rest of the path, dots included, comes first; a number is a position in an array.
fn each_value<'a>(document: RawVal<'a>, path: &str, found: &mut impl FnMut(RawVal<'a>)) {
    let get = |name: &str| {
        document.elements().find(|(key, _)| *key == name.as_bytes()).map(|(_, value)| value)
    };
    match get(path) {
        Some(array) if array.is_array() => array.elements().for_each(|(_, value)| found(value)),
        Some(value) => found(value),
        None => {
            let Some((first, rest)) = path.split_once('.') else { return };
            match get(first) {
                Some(inner) if inner.is_object() => each_value(inner, rest, found),
                Some(array) if array.is_array() => {
                    let next = rest.split('.').next().unwrap_or_default();
                    if !next.is_empty() && next.bytes().all(|byte| byte.is_ascii_digit()) {
                        return each_value(array, rest, found);
                    }
                    for (_, element) in array.elements() {
                        if element.is_object() || element.is_array() {
                            each_value(element, rest, found);
                        }
                    }
                }
                _ => {}
            }
        }
    }
}
