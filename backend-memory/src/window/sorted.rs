//! The values of a window by their order.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use odm_core::Result;

use super::sliding::Slide;
use crate::accumulator::{Order, Setup};
use crate::collation::Collator;
use crate::expression::Value;
use crate::value::{KeyBytes, ValueBuf};

/// What a value takes besides its bytes and its key.
const VALUE_OVERHEAD: usize = 64;

/// Which end of an order is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    First,
    Last,
}

/// What values are sorted by.
#[derive(Debug)]
enum By {
    /// By themselves. Null counts for nothing.
    Value(Option<Arc<Collator>>),
    /// By what `sortBy` says.
    Order(Option<Arc<Order>>),
}

/// A place in the order: by key and, among equals, by when it came.
type Place = (KeyBytes, u64);

/// `$min`, `$max`, `$top`, `$bottom` and those of them that give several.
///
/// Unlike the accumulators of these names, the last of equal values is the greatest one.
#[derive(Debug)]
pub(super) struct Sorted {
    by: By,
    side: Side,
    /// How many are wanted; without, it is one, and no array.
    n: Option<usize>,
    kept: BTreeMap<Place, ValueBuf>,
    /// Where the values of the documents are, in the order in which these came.
    places: VecDeque<Option<Place>>,
    count: u64,
    bytes: usize,
}

impl Sorted {
    /// The least or greatest values.
    pub(super) fn values(setup: &Setup, side: Side) -> Self {
        Sorted::new(By::Value(setup.collator.clone()), setup, side)
    }

    /// What the first or last documents of an order give.
    pub(super) fn ordered(setup: &Setup, side: Side) -> Self {
        Sorted::new(By::Order(setup.order.clone()), setup, side)
    }

    fn new(by: By, setup: &Setup, side: Side) -> Self {
        let (kept, places) = (BTreeMap::new(), VecDeque::new());
        Sorted { by, side, n: Some(setup.n), kept, places, count: 0, bytes: 0 }
    }

    /// Only one, which is null if there is none.
    pub(super) fn single(self) -> Self {
        Sorted { n: None, ..self }
    }
}

fn size(place: &Place, value: &ValueBuf) -> usize {
    2 * place.0.len() + value.as_raw().bytes().len() + VALUE_OVERHEAD
}

impl Slide for Sorted {
    fn add(&mut self, values: &[Value<'_>]) -> Result<()> {
        let (value, by) = values.split_first().unwrap_or((&Value::Missing, &[]));
        let key = match &self.by {
            By::Value(_) if value.is_nullish() => None,
            By::Value(collator) => Some(KeyBytes::collated(collator.as_deref(), value.or_null())),
            By::Order(Some(order)) => Some(order.key(by)?),
            By::Order(None) => None,
        };
        self.count += 1;
        let place = key.map(|key| (key, self.count));
        if let Some(place) = &place {
            let value = ValueBuf::from(value.or_null());
            self.bytes += size(place, &value);
            self.kept.insert(place.clone(), value);
        }
        self.places.push_back(place);
        Ok(())
    }

    fn remove(&mut self) {
        if let Some(Some(place)) = self.places.pop_front()
            && let Some(value) = self.kept.remove(&place)
        {
            self.bytes = self.bytes.saturating_sub(size(&place, &value));
        }
    }

    fn result(&mut self) -> Result<Value<'static>> {
        let Some(n) = self.n else {
            let found = match self.side {
                Side::First => self.kept.first_key_value(),
                Side::Last => self.kept.last_key_value(),
            };
            return Ok(found.map_or(Value::NULL, |(_, value)| value.clone().into()));
        };
        let values = self.kept.values().map(ValueBuf::as_raw);
        Ok(match (self.side, &self.by) {
            (Side::First, _) => Value::array(values.take(n)),
            (Side::Last, By::Value(_)) => Value::array(values.rev().take(n)),
            (Side::Last, By::Order(_)) => {
                Value::array(values.skip(self.kept.len().saturating_sub(n)))
            }
        })
    }

    fn size(&self) -> usize {
        self.bytes
    }
}

/// `$addToSet`: of equal values in the window the one that came first.
#[derive(Debug)]
pub(super) struct Set {
    collator: Option<Arc<Collator>>,
    /// Equal values in the order in which they came, each with its number.
    kept: HashMap<KeyBytes, VecDeque<(u64, ValueBuf)>>,
    keys: VecDeque<Option<KeyBytes>>,
    count: u64,
    bytes: usize,
}

impl Set {
    pub(super) fn new(setup: &Setup) -> Self {
        let (kept, keys) = (HashMap::new(), VecDeque::new());
        Set { collator: setup.collator.clone(), kept, keys, count: 0, bytes: 0 }
    }
}

impl Slide for Set {
    fn add(&mut self, values: &[Value<'_>]) -> Result<()> {
        let value = values.first().and_then(Value::as_raw);
        let key = value.map(|value| KeyBytes::collated(self.collator.as_deref(), value));
        if let (Some(value), Some(key)) = (value, &key) {
            self.bytes += key.len() + value.bytes().len() + VALUE_OVERHEAD;
            self.count += 1;
            self.kept.entry(key.clone()).or_default().push_back((self.count, value.into()));
        }
        self.keys.push_back(key);
        Ok(())
    }

    fn remove(&mut self) {
        let Some(Some(key)) = self.keys.pop_front() else { return };
        let Some(equal) = self.kept.get_mut(&key) else { return };
        if let Some((_, value)) = equal.pop_front() {
            let size = key.len() + value.as_raw().bytes().len() + VALUE_OVERHEAD;
            self.bytes = self.bytes.saturating_sub(size);
        }
        if equal.is_empty() {
            self.kept.remove(&key);
        }
    }

    fn result(&mut self) -> Result<Value<'static>> {
        let mut first: Vec<_> = self.kept.values().filter_map(VecDeque::front).collect();
        first.sort_unstable_by_key(|(number, _)| *number);
        Ok(Value::array(first.into_iter().map(|(_, value)| value.as_raw())))
    }

    fn size(&self) -> usize {
        self.bytes
    }
}
