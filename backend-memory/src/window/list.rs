//! The values of a window, in order.

use std::collections::VecDeque;

use odm_core::Result;

use super::sliding::Slide;
use crate::expression::Value;
use crate::value::ValueBuf;

/// What a value takes besides its bytes.
const VALUE_OVERHEAD: usize = 40;

/// `$push`, `$firstN`, `$lastN`.
#[derive(Debug)]
pub(super) struct List {
    /// One for each document; `None` where a value is left out.
    values: VecDeque<Option<ValueBuf>>,
    /// Whether missing values are left out, or else null.
    skips_missing: bool,
    /// How many are wanted, of which end.
    first: usize,
    last: usize,
    bytes: usize,
}

impl List {
    /// All but missing ones.
    pub(super) fn all() -> Self {
        List { skips_missing: true, ..List::first(usize::MAX) }
    }

    /// The first `n`.
    pub(super) const fn first(n: usize) -> Self {
        let values = VecDeque::new();
        List { values, skips_missing: false, first: n, last: usize::MAX, bytes: 0 }
    }

    /// The last `n`.
    pub(super) const fn last(n: usize) -> Self {
        let values = VecDeque::new();
        List { values, skips_missing: false, first: usize::MAX, last: n, bytes: 0 }
    }
}

fn size(value: Option<&ValueBuf>) -> usize {
    VALUE_OVERHEAD + value.map_or(0, |value| value.as_raw().bytes().len())
}

impl Slide for List {
    fn add(&mut self, values: &[Value<'_>]) -> Result<()> {
        let value = values.first().unwrap_or(&Value::Missing);
        let value = match value.as_raw() {
            None if self.skips_missing => None,
            _ => Some(ValueBuf::from(value.or_null())),
        };
        self.bytes += size(value.as_ref());
        self.values.push_back(value);
        Ok(())
    }

    fn remove(&mut self) {
        if let Some(value) = self.values.pop_front() {
            self.bytes = self.bytes.saturating_sub(size(value.as_ref()));
        }
    }

    fn result(&mut self) -> Result<Value<'static>> {
        let skipped = self.values.len().saturating_sub(self.last);
        let values = self.values.iter().skip(skipped).take(self.first).flatten();
        Ok(Value::array(values.map(ValueBuf::as_raw)))
    }

    fn size(&self) -> usize {
        self.bytes
    }
}
