//! The least and the greatest values.

use std::cmp::Ordering;
use std::sync::Arc;

use odm_core::Result;

use super::best::Best;
use super::{Accumulate, Argument, Operator, Setup, first};
use crate::collation::Collator;
use crate::expression::Value;
use crate::value::{KeyBytes, ValueBuf, compare_collated};

pub(super) const OPERATORS: &[Operator] = &[
    Operator::unary("$max", |setup| Box::new(Extreme::new(Ordering::Greater, setup))),
    Operator::new("$maxN", Argument::several, |setup| {
        Box::new(Extremes::new("$maxN", Ordering::Greater, setup))
    }),
    Operator::unary("$min", |setup| Box::new(Extreme::new(Ordering::Less, setup))),
    Operator::new("$minN", Argument::several, |setup| {
        Box::new(Extremes::new("$minN", Ordering::Less, setup))
    }),
];

/// `$min`, `$max`: of all values but null and missing, in the order of all types; null without any.
/// Of equal ones, the first.
#[derive(Debug)]
pub(crate) struct Extreme {
    /// What a value is to the one it takes the place of.
    better: Ordering,
    collator: Option<Arc<Collator>>,
    best: Option<ValueBuf>,
}

impl Extreme {
    fn new(better: Ordering, setup: &Setup) -> Self {
        Extreme::of(better, setup.collator.clone())
    }

    pub(crate) const fn of(better: Ordering, collator: Option<Arc<Collator>>) -> Self {
        Extreme { better, collator, best: None }
    }
}

impl Accumulate for Extreme {
    fn add(&mut self, values: &[Value<'_>]) -> Result<()> {
        let value = first(values);
        let Some(raw) = value.as_raw().filter(|_| !value.is_nullish()) else { return Ok(()) };
        let is_better = match &self.best {
            None => true,
            Some(best) => {
                compare_collated(self.collator.as_deref(), raw, best.as_raw()) == self.better
            }
        };
        if !is_better {
            return Ok(());
        }
        self.best = Some(raw.into());
        Ok(())
    }

    fn size(&self) -> usize {
        self.best.as_ref().map_or(0, |best| best.as_raw().bytes().len())
    }

    fn result(&self) -> Value<'static> {
        self.best.clone().map_or(Value::NULL, Value::Owned)
    }
}

/// `$minN`, `$maxN`: the `n` least or greatest of all values but null and missing, the most extreme
/// first.
#[derive(Debug)]
struct Extremes {
    collator: Option<Arc<Collator>>,
    best: Best,
}

impl Extremes {
    fn new(name: &'static str, better: Ordering, setup: &Setup) -> Self {
        Extremes { collator: setup.collator.clone(), best: Best::new(name, better, setup.n) }
    }
}

impl Accumulate for Extremes {
    fn add(&mut self, values: &[Value<'_>]) -> Result<()> {
        let value = first(values);
        let Some(raw) = value.as_raw().filter(|_| !value.is_nullish()) else { return Ok(()) };
        self.best.add(KeyBytes::collated(self.collator.as_deref(), raw), raw)
    }

    fn result(&self) -> Value<'static> {
        match self.best.better() {
            Ordering::Less => Value::array(self.best.values()),
            _ => Value::array(self.best.values().rev()),
        }
    }

    fn size(&self) -> usize {
        self.best.size()
    }
}
