//! Values by where they came: first or last.

use std::collections::VecDeque;

use odm_core::Result;

use super::{Accumulate, Argument, Held, Operator, Setup, first};
use crate::expression::Value;
use crate::value::ValueBuf;

pub(super) const OPERATORS: &[Operator] = &[
    Operator::unary("$first", |_| Box::new(First::default())),
    Operator::new("$firstN", Argument::several, |setup| Box::new(FirstN::new(setup))),
    Operator::unary("$last", |_| Box::new(Last::default())),
    Operator::new("$lastN", Argument::several, |setup| Box::new(LastN::new(setup))),
];

/// `$first`: the first value; null if that is missing.
#[derive(Debug, Default)]
struct First(Option<ValueBuf>);

impl Accumulate for First {
    fn add(&mut self, values: &[Value<'_>]) -> Result<()> {
        if self.0.is_some() {
            return Ok(());
        }
        self.0 = Some(first(values).or_null().into());
        Ok(())
    }

    fn wants_more(&self) -> bool {
        self.0.is_none()
    }

    fn size(&self) -> usize {
        self.0.as_ref().map_or(0, |value| value.as_raw().bytes().len())
    }

    fn result(&self) -> Value<'static> {
        self.0.clone().map_or(Value::NULL, Value::Owned)
    }
}

/// `$last`: the last value; null if that is missing.
#[derive(Debug, Default)]
struct Last(Option<ValueBuf>);

impl Accumulate for Last {
    fn add(&mut self, values: &[Value<'_>]) -> Result<()> {
        self.0 = Some(first(values).or_null().into());
        Ok(())
    }

    fn size(&self) -> usize {
        self.0.as_ref().map_or(0, |value| value.as_raw().bytes().len())
    }

    fn result(&self) -> Value<'static> {
        self.0.clone().map_or(Value::NULL, Value::Owned)
    }
}

/// `$firstN`: the first `n` values, null for missing ones.
#[derive(Debug)]
struct FirstN {
    n: usize,
    values: Vec<ValueBuf>,
    /// As on the server, it is told only by a value that there is no room for.
    is_full: bool,
    held: Held,
}

impl FirstN {
    fn new(setup: &Setup) -> Self {
        let held = Held::nothing("$firstN");
        FirstN { n: setup.n, values: Vec::new(), is_full: false, held }
    }
}

impl Accumulate for FirstN {
    fn add(&mut self, values: &[Value<'_>]) -> Result<()> {
        if self.values.len() >= self.n {
            self.is_full = true;
            return Ok(());
        }
        let value = first(values).or_null();
        self.values.push(value.into());
        self.held.take(value.bytes().len())
    }

    fn wants_more(&self) -> bool {
        !self.is_full
    }

    fn result(&self) -> Value<'static> {
        Value::array(self.values.iter().map(ValueBuf::as_raw))
    }

    fn size(&self) -> usize {
        self.held.bytes
    }
}

/// `$lastN`: the last `n` values, null for missing ones.
#[derive(Debug)]
struct LastN {
    n: usize,
    values: VecDeque<ValueBuf>,
    held: Held,
}

impl LastN {
    fn new(setup: &Setup) -> Self {
        LastN { n: setup.n, values: VecDeque::new(), held: Held::nothing("$lastN") }
    }
}

impl Accumulate for LastN {
    fn add(&mut self, values: &[Value<'_>]) -> Result<()> {
        if self.values.len() >= self.n
            && let Some(left) = self.values.pop_front()
        {
            self.held.leave(left.as_raw().bytes().len());
        }
        let value = first(values).or_null();
        self.values.push_back(value.into());
        self.held.take(value.bytes().len())
    }

    fn result(&self) -> Value<'static> {
        Value::array(self.values.iter().map(ValueBuf::as_raw))
    }

    fn size(&self) -> usize {
        self.held.bytes
    }
}
