//! Where the documents of a pipeline come from.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use odm_core::Result;

use super::{Doc, Stream, Visit};
use crate::deadline::Deadline;
use crate::expression::Root;
use crate::filter::Matcher;
use crate::plan::{Plan, Position};
use crate::storage::CollState;
use crate::value::Record;

/// How many records are fetched at first, and at most, before they are asked for.
const FETCH: (usize, usize) = (16, 1024);

/// The records of a collection that a plan finds and a filter matches, from a snapshot.
pub(crate) struct Records {
    state: Arc<CollState>,
    plan: Plan,
    position: Position,
    matcher: Option<Matcher>,
    fetched: VecDeque<Record>,
    fetch: usize,
    /// How many more of them are asked for.
    left: usize,
    is_at_end: bool,
    examined: Option<Arc<Examined>>,
}

/// What it took to find documents, for `explain`.
#[derive(Debug, Default)]
pub(crate) struct Examined {
    keys: AtomicU64,
    docs: AtomicU64,
}

impl Examined {
    /// How many keys of indexes were looked at, and how many documents.
    pub(crate) fn figures(&self) -> (u64, u64) {
        (self.keys.load(Ordering::Relaxed), self.docs.load(Ordering::Relaxed))
    }
}

impl Records {
    /// The candidates of a plan that match, or all of them without a matcher.
    pub(crate) fn new(
        state: Arc<CollState>,
        plan: Plan,
        matcher: Option<Matcher>,
        deadline: Deadline,
    ) -> Self {
        let position = Position::until(deadline);
        let fetched = VecDeque::new();
        Records {
            state,
            plan,
            position,
            matcher,
            fetched,
            fetch: FETCH.0,
            left: usize::MAX,
            is_at_end: false,
            examined: None,
        }
    }

    /// The same, of which no more than `limit` are asked for; 0 for all.
    pub(crate) fn limited(mut self, limit: u64) -> Self {
        if limit > 0 {
            self.left = usize::try_from(limit).unwrap_or(usize::MAX);
        }
        self
    }

    /// The same, telling what it takes to find them.
    pub(crate) fn examined_by(mut self, examined: Arc<Examined>) -> Self {
        self.examined = Some(examined);
        self
    }

    fn tell(&self) {
        if let Some(examined) = &self.examined {
            examined.keys.store(self.position.keys_examined, Ordering::Relaxed);
            examined.docs.store(self.position.docs_examined, Ordering::Relaxed);
        }
    }

    fn fetch(&mut self) -> Result<()> {
        let Records { state, plan, position, matcher, fetched, .. } = self;
        let fetch = self.fetch.min(self.left);
        let stopped = plan.run(state, position, |_, record| {
            if matcher.as_ref().is_none_or(|matcher| matcher.matches(record)) {
                fetched.push_back(record.clone());
            }
            if fetched.len() < fetch { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        position.check()?;
        self.left = self.left.saturating_sub(fetched.len());
        self.tell();
        self.is_at_end = stopped.is_continue() || self.left == 0;
        self.fetch = (self.fetch * 4).min(FETCH.1);
        Ok(())
    }
}

impl Stream for Records {
    fn next(&mut self) -> Result<Option<Doc>> {
        if self.fetched.is_empty() && !self.is_at_end {
            self.fetch()?;
        }
        Ok(self.fetched.pop_front().map(Doc::Record))
    }

    fn each(&mut self, visit: &mut Visit<'_>) -> Result<()> {
        while let Some(record) = self.fetched.pop_front() {
            visit(Root::Record(&record))?;
        }
        if std::mem::replace(&mut self.is_at_end, true) {
            return Ok(());
        }
        let Records { state, plan, position, matcher, left, .. } = self;
        let mut outcome = Ok(());
        let _ = plan.run(state, position, |_, record| {
            if matcher.as_ref().is_some_and(|matcher| !matcher.matches(record)) {
                return ControlFlow::Continue(());
            }
            outcome = visit(Root::Record(record));
            *left -= 1;
            if outcome.is_err() || *left == 0 {
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        });
        outcome?;
        self.position.check()?;
        self.tell();
        Ok(())
    }
}

/// Documents that are ready.
#[derive(Debug, Default)]
pub(crate) struct Ready(pub(crate) VecDeque<Doc>);

impl Stream for Ready {
    fn next(&mut self) -> Result<Option<Doc>> {
        Ok(self.0.pop_front())
    }
}
