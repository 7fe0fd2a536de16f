//! Arrays of the values.

use std::collections::HashSet;
use std::sync::Arc;

use odm_core::Result;

use super::{Accumulate, Held, Operator, Setup, first};
use crate::collation::Collator;
use crate::expression::Value;
use crate::value::write::append_at;
use crate::value::{KeyBytes, RawVal, ValueBuf};

pub(super) const OPERATORS: &[Operator] = &[
    Operator::unary("$addToSet", |setup| Box::new(AddToSet::new(setup))),
    Operator::unary("$push", |_| Box::new(Push::default())),
];

/// The elements of an array that grows, encoded.
#[derive(Debug, Default)]
struct Elements {
    bytes: Vec<u8>,
    len: usize,
}

impl Elements {
    fn push(&mut self, value: RawVal<'_>) {
        append_at(&mut self.bytes, self.len, value);
        self.len += 1;
    }

    fn to_array(&self) -> Value<'static> {
        let mut out = Vec::with_capacity(self.bytes.len() + 5);
        let start = crate::value::write::begin(&mut out);
        out.extend_from_slice(&self.bytes);
        crate::value::write::finish(&mut out, start);
        ValueBuf::array(&out).into()
    }
}

/// `$push`: all values but missing ones, in order.
#[derive(Debug)]
struct Push {
    elements: Elements,
    held: Held,
}

impl Default for Push {
    fn default() -> Self {
        Push { elements: Elements::default(), held: Held::nothing("$push") }
    }
}

impl Accumulate for Push {
    fn add(&mut self, values: &[Value<'_>]) -> Result<()> {
        let Some(value) = first(values).as_raw() else { return Ok(()) };
        self.held.take(value.bytes().len())?;
        self.elements.push(value);
        Ok(())
    }

    fn result(&self) -> Value<'static> {
        self.elements.to_array()
    }

    fn size(&self) -> usize {
        self.held.bytes
    }
}

/// `$addToSet`: all values but missing ones, each once. Of equal ones, the first. The order is that
/// in which they came; the server's is any.
#[derive(Debug)]
struct AddToSet {
    elements: Elements,
    keys: HashSet<KeyBytes>,
    collator: Option<Arc<Collator>>,
    held: Held,
}

impl AddToSet {
    fn new(setup: &Setup) -> Self {
        AddToSet {
            elements: Elements::default(),
            keys: HashSet::new(),
            collator: setup.collator.clone(),
            held: Held::nothing("$addToSet"),
        }
    }
}

impl Accumulate for AddToSet {
    fn add(&mut self, values: &[Value<'_>]) -> Result<()> {
        let Some(value) = first(values).as_raw() else { return Ok(()) };
        if !self.keys.insert(KeyBytes::collated(self.collator.as_deref(), value)) {
            return Ok(());
        }
        self.elements.push(value);
        self.held.take(value.bytes().len())
    }

    fn result(&self) -> Value<'static> {
        self.elements.to_array()
    }

    fn size(&self) -> usize {
        self.held.bytes
    }
}
