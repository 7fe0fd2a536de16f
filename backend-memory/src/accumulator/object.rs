//! Objects put together.

use std::collections::HashMap;

use odm_core::Result;

use super::{Accumulate, Held, Operator, first};
use crate::expression::{Value, refused};
use crate::value::ValueBuf;

pub(super) const OPERATORS: &[Operator] =
    &[Operator::unary("$mergeObjects", |_| Box::new(MergeObjects::default()))];

/// `$mergeObjects`: the fields of all objects, each at its first place with its last value. Null and
/// missing count for nothing.
///
/// # Errors
///
/// 40400 for anything else.
#[derive(Debug)]
struct MergeObjects {
    fields: Vec<(Box<[u8]>, ValueBuf)>,
    places: HashMap<Box<[u8]>, usize>,
    held: Held,
}

impl Default for MergeObjects {
    fn default() -> Self {
        let held = Held::nothing("$mergeObjects");
        MergeObjects { fields: Vec::new(), places: HashMap::new(), held }
    }
}

impl Accumulate for MergeObjects {
    fn add(&mut self, values: &[Value<'_>]) -> Result<()> {
        let value = first(values);
        let Some(object) = value.as_raw().filter(|_| !value.is_nullish()) else { return Ok(()) };
        if !object.is_object() {
            let message = format!(
                "$mergeObjects requires object inputs, but input {object:?} is of type {}",
                object.type_name()
            );
            return refused(40_400, message);
        }
        for (name, value) in object.elements() {
            match self.places.get(name).and_then(|place| self.fields.get_mut(*place)) {
                Some((_, old)) => {
                    self.held.leave(old.as_raw().bytes().len());
                    *old = value.into();
                }
                None => {
                    self.places.insert(name.into(), self.fields.len());
                    self.fields.push((name.into(), value.into()));
                }
            }
            self.held.take(value.bytes().len())?;
        }
        Ok(())
    }

    fn result(&self) -> Value<'static> {
        Value::object(self.fields.iter().map(|(name, value)| (&**name, value.as_raw())))
    }

    fn size(&self) -> usize {
        self.held.bytes
    }
}
