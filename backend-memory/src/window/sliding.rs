//! Functions on windows: documents are added at one end and, if the window moves on, removed at the other.

use std::ops::Range;
use std::sync::Arc;

use odm_core::Result;
use smallvec::SmallVec;

use super::bounds::{Bounds, Frame};
use super::{Function, Part, Running};
use crate::accumulator::Accumulate;
use crate::expression::{Globals, Scope, Value};

/// The state of a function in a window that moves on.
pub(super) trait Slide: Send {
    /// Takes in the values of one more document.
    ///
    /// # Errors
    ///
    /// What the function refuses.
    fn add(&mut self, values: &[Value<'_>]) -> Result<()>;

    /// Takes out the document that was added first.
    fn remove(&mut self);

    /// What it makes of those that are in.
    ///
    /// # Errors
    ///
    /// What the function refuses.
    fn result(&mut self) -> Result<Value<'static>>;

    /// How many bytes it holds besides itself.
    fn size(&self) -> usize {
        0
    }
}

/// A function on a window.
pub(super) trait Windowed: std::fmt::Debug + Send + Sync + 'static {
    /// Its values on a document.
    ///
    /// # Errors
    ///
    /// What expressions refuse.
    fn values<'a>(&'a self, scope: &Scope<'a>) -> Result<SmallVec<[Value<'a>; 1]>>;

    /// Its state in a window that moves on.
    ///
    /// # Errors
    ///
    /// What its constant arguments are refused for.
    fn slide(&self, globals: &Globals) -> Result<Box<dyn Slide>>;

    /// Its state in a window that only grows, if that is another one.
    ///
    /// # Errors
    ///
    /// As [`slide`](Windowed::slide).
    fn grow(&self, globals: &Globals) -> Result<Option<Box<dyn Accumulate>>> {
        let _ = globals;
        Ok(None)
    }
}

/// A function with its window.
#[derive(Debug)]
pub(super) struct On<W> {
    pub(super) function: W,
    pub(super) bounds: Bounds,
}

impl<W: Windowed> Function for On<W> {
    fn start(self: Arc<Self>, globals: &Globals) -> Result<Box<dyn Running>> {
        let grown = if self.bounds.only_grows() { self.function.grow(globals)? } else { None };
        let state = match grown {
            Some(state) => State::Growing(state),
            None => State::Sliding(self.function.slide(globals)?),
        };
        let frame = Frame::default();
        Ok(Box::new(Windows { function: self, frame, state, within: None, whole: None }))
    }
}

enum State {
    Growing(Box<dyn Accumulate>),
    Sliding(Box<dyn Slide>),
}

struct Windows<W> {
    function: Arc<On<W>>,
    frame: Frame,
    state: State,
    /// The documents that are in the state.
    within: Option<Range<usize>>,
    /// What it makes of the whole partition.
    whole: Option<Value<'static>>,
}

impl<W: Windowed> Running for Windows<W> {
    fn next(&mut self, part: &Part<'_>, at: usize) -> Result<Value<'static>> {
        let window = self.frame.window(&self.function.bounds, part, at)?;
        if let Some(whole) = &self.whole {
            return Ok(whole.clone());
        }
        let slides = matches!(self.state, State::Sliding(_));
        if slides && window.is_empty() && self.function.bounds.is_range() {
            self.state = State::Sliding(self.function.function.slide(&part.run.globals)?);
            self.within = None;
        } else {
            self.move_to(window, part)?;
        }
        let result = match &mut self.state {
            State::Growing(state) => state.result(),
            State::Sliding(state) => state.result()?,
        };
        if self.function.bounds.is_whole() {
            self.whole = Some(result.clone());
        }
        Ok(result)
    }
}

impl<W: Windowed> Windows<W> {
    fn move_to(&mut self, window: Range<usize>, part: &Part<'_>) -> Result<()> {
        let mut within = self.within.take().unwrap_or(window.start..window.start);
        while within.end < window.end {
            if let Some(scope) = part.scope(within.end) {
                let values = self.function.function.values(&scope)?;
                let size = match &mut self.state {
                    State::Growing(state) => {
                        state.add(&values)?;
                        state.size()
                    }
                    State::Sliding(state) => {
                        state.add(&values)?;
                        state.size()
                    }
                };
                part.run.check_window_memory(size)?;
            }
            within.end += 1;
            part.check_deadline(within.end)?;
        }
        if let State::Sliding(state) = &mut self.state {
            while within.start < window.start && within.start < within.end {
                state.remove();
                within.start += 1;
            }
        }
        if within.is_empty() {
            within = window.start..window.start;
        }
        self.within = Some(within);
        Ok(())
    }
}
