//! Where the documents of a pipeline come from.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::sync::Arc;

use odm_core::Result;

use super::{Doc, Stream};
use crate::deadline::Deadline;
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
    is_at_end: bool,
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
        Records { state, plan, position, matcher, fetched, fetch: FETCH.0, is_at_end: false }
    }

    fn fetch(&mut self) -> Result<()> {
        let Records { state, plan, position, matcher, fetched, fetch, .. } = self;
        let stopped = plan.run(state, position, |_, record| {
            if matcher.as_ref().is_none_or(|matcher| matcher.matches(record)) {
                fetched.push_back(record.clone());
            }
            if fetched.len() < *fetch { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        position.check()?;
        self.is_at_end = stopped.is_continue();
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
}

/// Documents that are ready.
#[derive(Debug, Default)]
pub(crate) struct Ready(pub(crate) VecDeque<Doc>);

impl Stream for Ready {
    fn next(&mut self) -> Result<Option<Doc>> {
        Ok(self.0.pop_front())
    }
}
