//! The first or last so many values of an order.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use odm_core::Result;

use super::Held;
use crate::value::{KeyBytes, RawVal, ValueBuf};

/// At most `n` values, those with the least or the greatest keys; of equal ones, those that came first.
#[derive(Debug)]
pub(super) struct Best {
    /// What a key is to the one it takes the place of.
    better: Ordering,
    n: usize,
    /// By key and, among equals, by when they came.
    kept: BTreeMap<(KeyBytes, u64), ValueBuf>,
    count: u64,
    held: Held,
}

impl Best {
    /// For the accumulator `name`.
    pub(super) const fn new(name: &'static str, better: Ordering, n: usize) -> Self {
        Best { better, n, kept: BTreeMap::new(), count: 0, held: Held::nothing(name) }
    }

    pub(super) const fn better(&self) -> Ordering {
        self.better
    }

    /// # Errors
    ///
    /// If it would hold more than an accumulator may.
    pub(super) fn add(&mut self, key: KeyBytes, value: RawVal<'_>) -> Result<()> {
        if self.kept.len() >= self.n {
            let worst = match self.better {
                Ordering::Less => self.kept.last_entry(),
                _ => self.kept.first_entry(),
            };
            let Some(worst) = worst else { return Ok(()) };
            // Equal ones stay.
            if key.cmp(&worst.key().0) != self.better {
                return Ok(());
            }
            let left = worst.remove();
            self.held.leave(left.as_raw().bytes().len());
        }
        self.count += 1;
        self.kept.insert((key, self.count), value.into());
        self.held.take(value.bytes().len())
    }

    /// In the order of their keys.
    pub(super) fn values(&self) -> impl DoubleEndedIterator<Item = RawVal<'_>> {
        self.kept.values().map(ValueBuf::as_raw)
    }

    /// In bytes.
    pub(super) const fn size(&self) -> usize {
        self.held.bytes
    }
}
