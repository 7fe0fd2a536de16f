//! `find` and `count`.

use std::ops::ControlFlow;
use std::sync::Arc;

use odm_core::{
    Count, Cursor, Error, ErrorCode, Filter, Find, Hint, Namespace, RawCursor, RawDoc, Result, Sort,
};

use super::located::Located;
use super::{Engine, options};
use crate::collation::Collator;
use crate::cursor::{FIRST_BATCH, LiveCursor, Results, Shown, Tail, raw_doc};
use crate::deadline::Deadline;
use crate::expression::Environment;
use crate::filter::Matcher;
use crate::plan::{self, Access, Plan, Position, Wanted};
use crate::projection::Projector;
use crate::sort::Sorter;
use crate::storage::{CollState, RecordId, check_name};
use crate::value::Record;

impl Engine {
    pub(crate) fn find(self: &Arc<Self>, ns: &Namespace, find: &Find) -> Result<Cursor> {
        if let Some(found) = self.find_by_id(ns, find)? {
            return Ok(Cursor::new(found.into_iter().collect(), None));
        }
        let first = find.batch_size.map_or(FIRST_BATCH, |size| size as usize);
        let single_batch = find.single_batch;
        let mut results = self.results(ns, find)?;
        let (batch, more) = results.batch(first)?;
        let rest = (more && !single_batch).then(|| -> Box<dyn RawCursor> {
            if results.is_live() {
                Box::new(LiveCursor::new(self.clone(), ns.clone(), results))
            } else {
                Box::new(results)
            }
        });
        Ok(Cursor::new(batch, rest))
    }

    /// The short way for what point reads ask for: one document by `_id`, as it is. `None` if
    /// this is not such a read.
    fn find_by_id(&self, ns: &Namespace, find: &Find) -> Result<Option<Option<RawDoc>>> {
        let simple = find.projection.is_none()
            && find.sort.is_empty()
            && find.skip == 0
            && find.hint.is_none()
            && find.min.is_none()
            && find.max.is_none()
            && !find.return_key
            && !find.show_record_id
            && !find.tailable
            && find.let_vars.is_none()
            && find.batch_size != Some(0);
        if !simple {
            return Ok(None);
        }
        if !plan::is_id_lookup(&find.filter) {
            return Ok(None);
        }
        find.check()?;
        let asked = find.collation.as_ref().map(Collator::new).transpose()?;
        let Some(cell) = self.catalog.find(ns) else {
            check_name(ns)?;
            return Ok(if self.is_view(ns) { None } else { Some(None) });
        };
        // One look at the state, for a point read is little more than that.
        cell.read(|state| {
            let own = state.collator().map(Arc::as_ref);
            let collator = asked.as_ref().map_or(own, Option::as_deref);
            let Some(key) = plan::id_lookup(&find.filter, collator, own) else {
                return Ok(None);
            };
            let found = state.find_by_id(&key).map(|(_, record)| raw_doc(record));
            Ok(Some(found.transpose()?))
        })
    }

    /// The results of a find, none of them fetched yet.
    pub(crate) fn results(self: &Arc<Self>, ns: &Namespace, find: &Find) -> Result<Results> {
        find.check()?;
        check_name(ns)?;
        let deadline = Deadline::after(find.max_time);
        let cell = self.catalog.find(ns);
        let collator = options::collator(find.collation.as_ref(), cell.as_deref())?;
        let environment = Environment::new(self, collator, find.let_vars.as_ref())?;
        let collator = environment.collator();
        let filter = find.filter.normalized()?;
        let matcher = Matcher::with(&filter, &environment)?;
        let sorter = Sorter::compile(&find.sort, collator)?;
        let projector = match &find.projection {
            Some(projection) => Some(Projector::compile(projection, &filter, &environment)?),
            None => None,
        };
        let Some(cell) = cell else {
            return match self.is_view(ns) {
                true => self.find_in_view(ns, find),
                false => Ok(Results::documents(Vec::new())),
            };
        };
        let state = cell.snapshot();
        let tail = tail(find, &state)?;
        let last = if find.limit == 0 { 0 } else { find.skip.saturating_add(find.limit) };
        let wanted = Wanted {
            filter: &filter,
            sort: &find.sort,
            hint: find.hint.as_ref(),
            min: find.min.as_ref(),
            max: find.max.as_ref(),
            collator: collator.map(Arc::as_ref),
            limit: last,
            explain: false,
        };
        let plan = match tail {
            Tail::Closed => Plan::choose(&state, wanted)?,
            _ => Plan::tailing(wanted)?,
        };
        if tail != Tail::Closed && state.records.len() == 0 {
            return Ok(Results::documents(Vec::new()).of_collection(cell.uuid).ended());
        }
        let sorter = sorter.filter(|_| !plan.is_sorted);
        // A sort gives no more than the limit, and the server does not count after it.
        let limit = if sorter.is_some() { 0 } else { find.limit };
        let shown = match find {
            Find { return_key: true, .. } => Shown::Key,
            Find { show_record_id: true, .. } => Shown::DocumentAndRecordId,
            _ => Shown::Document,
        };
        let is_scan = sorter.is_none() && matches!(plan.access, Access::Collection { .. });
        let results = match sorter {
            sorter if shown != Shown::Document && !is_scan => {
                let located = Located { state: &state, plan: &plan, matcher: &matcher, deadline };
                let found = located.find(sorter.as_ref(), last)?;
                let documents = if shown == Shown::Key {
                    found.iter().map(|one| one.key(&state)).collect::<Result<_>>()?
                } else {
                    found.iter().map(|one| one.shown(projector.as_ref())).collect::<Result<_>>()?
                };
                Results::found(documents, &state, &plan)
            }
            Some(sorter) => {
                let search = Search { state: &state, plan: &plan, matcher: &matcher, deadline };
                let is_limited = find.allow_disk_use == Some(false);
                let most = is_limited.then_some(self.max_memory);
                let records = search.sorted(&sorter, last, most)?;
                Results::sorted(records, &state, &plan)
            }
            None => {
                let matcher = needs_matching(&plan, &matcher).then_some(matcher);
                Results::scan(state, plan, matcher).shown(shown)
            }
        };
        let results = results.projected(projector).of_collection(cell.uuid);
        let results = results.time_left(deadline.left()).never_idle(find.no_cursor_timeout);
        Ok(results.slice(find.skip, limit).batches_of(find.batch_size).tail(tail))
    }

    pub(crate) fn count(self: &Arc<Self>, ns: &Namespace, count: &Count) -> Result<u64> {
        check_name(ns)?;
        let deadline = Deadline::after(count.max_time);
        let cell = self.catalog.find(ns);
        let collator = options::collator(count.collation.as_ref(), cell.as_deref())?;
        let environment = Environment::new(self, collator, None)?;
        let filter = count.filter.normalized()?;
        let matcher = Matcher::with(&filter, &environment)?;
        let Some(cell) = cell else {
            return if self.is_view(ns) { self.count_in_view(ns, count) } else { Ok(0) };
        };
        let state = cell.snapshot();
        let wanted = Wanted::all(&filter, count.hint.as_ref()).collated(environment.collator());
        let plan = Plan::choose(&state, wanted)?;
        let last = if count.limit == 0 { u64::MAX } else { count.skip.saturating_add(count.limit) };
        let everything = matcher.is_always_true() && count.hint.is_none();
        let found = if everything {
            (state.records.len() as u64).min(last)
        } else {
            counted(&state, &plan, &matcher, last, &mut Position::until(deadline))?
        };
        Ok(found.saturating_sub(count.skip))
    }
}

/// What happens at the end of a find's results.
///
/// # Errors
///
/// 2 if it is to stay open, but the collection is not capped.
pub(crate) fn tail(find: &Find, state: &CollState) -> Result<Tail> {
    if !find.tailable {
        return Ok(Tail::Closed);
    }
    if !state.is_capped() {
        let message = "tailable cursor requested on non capped collection";
        return Err(Error::command(ErrorCode::BAD_VALUE, message));
    }
    Ok(if find.await_data { Tail::Awaiting } else { Tail::Open })
}

/// Whether a plan's candidates have to be matched.
pub(crate) fn needs_matching(plan: &Plan, matcher: &Matcher) -> bool {
    !plan.is_exact && !matcher.is_always_true()
}

/// A search for the matches among the candidates of a plan.
#[derive(Clone, Copy)]
pub(crate) struct Search<'s> {
    pub(crate) state: &'s CollState,
    pub(crate) plan: &'s Plan,
    pub(crate) matcher: &'s Matcher,
    pub(crate) deadline: Deadline,
}

impl<'s> Search<'s> {
    /// Calls back with each match until told to stop.
    ///
    /// # Errors
    ///
    /// 50 if the time is over; what an expression refuses.
    pub(crate) fn each(
        self,
        found: impl FnMut(RecordId, &'s Record) -> ControlFlow<()>,
    ) -> Result<()> {
        self.until_refused(found)?;
        self.matcher.check()
    }

    /// The same; when an expression refuses a document, it is over, and the matcher tells of it.
    ///
    /// # Errors
    ///
    /// 50 if the time is over.
    pub(crate) fn until_refused(
        self,
        mut found: impl FnMut(RecordId, &'s Record) -> ControlFlow<()>,
    ) -> Result<()> {
        let needs_matching = needs_matching(self.plan, self.matcher);
        let mut position = Position::until(self.deadline);
        let _ = self.plan.run(self.state, &mut position, |id, record| {
            if needs_matching && !self.matcher.matches(record) {
                return self.matcher.pass_over();
            }
            found(id, record)
        });
        position.check()
    }

    /// The first `last` matches (0: all) in an order that the plan does not give.
    ///
    /// # Errors
    ///
    /// 50 if the time is over; 292 if they have more bytes than a sort may hold, where that is limited.
    fn sorted(self, sorter: &Sorter, last: u64, most: Option<usize>) -> Result<Vec<Record>> {
        let mut records = Vec::new();
        self.each(|_, record| {
            records.push(record);
            ControlFlow::Continue(())
        })?;
        let sorted = match usize::try_from(last) {
            Ok(last) if last > 0 && last < records.len() => sorter.top(records, last)?,
            _ => sorter.sort(records)?,
        };
        if let Some(most) = most {
            let size: usize = sorted.iter().map(|record| record.bytes().len()).sum();
            if size > most {
                let message = format!(
                    "Sort exceeded memory limit of {most} bytes, but did not opt in to external sorting."
                );
                return Err(Error::command(ErrorCode(292), message));
            }
        }
        self.deadline.check()?;
        Ok(sorted)
    }
}

/// How many documents match, up to `last`.
///
/// # Errors
///
/// 50 if the time is over.
pub(crate) fn counted(
    state: &CollState,
    plan: &Plan,
    matcher: &Matcher,
    last: u64,
    position: &mut Position,
) -> Result<u64> {
    let needs_matching = needs_matching(plan, matcher);
    if !needs_matching && let Some(found) = plan.count_keys(state, position, last) {
        position.check()?;
        return Ok(found);
    }
    let mut found = 0;
    let _ = plan.run(state, position, |_, record| {
        if !needs_matching || matcher.matches(record) {
            found += 1;
            if found < last { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        } else {
            matcher.pass_over()
        }
    });
    position.check()?;
    matcher.check()?;
    Ok(found)
}

/// The first match in an order, or in any.
pub(crate) fn first_match(
    state: &CollState,
    filter: &Filter,
    matcher: &Matcher,
    sort: &Sort,
    hint: Option<&Hint>,
    collator: Option<&Arc<Collator>>,
    deadline: Deadline,
) -> Result<Option<(RecordId, Record)>> {
    let sorter = Sorter::compile(sort, collator)?;
    let plan = Plan::choose(state, Wanted::first(filter, sort, hint).collated(collator))?;
    let search = Search { state, plan: &plan, matcher, deadline };
    let mut first = None;
    let Some(sorter) = sorter.filter(|_| !plan.is_sorted) else {
        search.each(|id, record| {
            first = Some((id, record.clone()));
            ControlFlow::Break(())
        })?;
        return Ok(first);
    };
    let mut least = None;
    let mut failed: Option<Error> = None;
    search.each(|id, record| match sorter.key(record) {
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
    })?;
    match failed {
        Some(error) => Err(error),
        None => Ok(first),
    }
}
