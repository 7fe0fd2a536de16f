//! Object operators.

mod field;

use odm_core::Result;
use rustc_hash::FxHashMap;

use super::{ANY, ArrayBuilder, Globals, Node, Operator, Scope, Value, check_size, refused};
use crate::value::write::{append, begin, finish};
use crate::value::{ElementType, RawVal, ValueBuf};

pub(super) const OPERATORS: &[Operator] = &[
    Operator::custom("$getField", field::get_field),
    Operator::lazy("$mergeObjects", 0, ANY, merge_objects),
    Operator::unary("$objectToArray", object_to_array).null_to_null(),
    Operator::custom("$setField", field::set_field),
    Operator::custom("$unsetField", field::unset_field),
];

/// `$mergeObjects`: one document of the fields of all, or of those in the array that is the only operand; the last value
/// of a field is taken, in the place of the first.
///
/// Null and missing count as documents without fields. 40400 if one is anything else.
fn merge_objects<'a>(operands: &'a [Node], scope: &Scope<'a>) -> Result<Value<'a>> {
    let mut values = Vec::with_capacity(operands.len());
    for operand in operands {
        let value = operand.eval(scope)?;
        if operands.len() > 1 {
            check_mergeable(&value)?;
        }
        values.push(value);
    }
    let mut fields = Fields::new();
    for value in &values {
        let value = value.or_null();
        if value.is_array() {
            for (_, element) in value.elements() {
                check_mergeable(&Value::Raw(element))?;
                fields.set_all(element)?;
            }
        } else {
            check_mergeable(&Value::Raw(value))?;
            fields.set_all(value)?;
        }
    }
    Ok(fields.finish())
}

fn check_mergeable(value: &Value<'_>) -> Result<()> {
    if value.is_nullish() || value.as_raw().is_some_and(RawVal::is_object) {
        return Ok(());
    }
    let found = value.type_name();
    refused(40_400, format!("$mergeObjects requires object inputs, not {found}"))
}

/// `$objectToArray`: `[{k: name, v: value}, …]`. Null of null; 40390 if it is no document.
fn object_to_array<'a>(_: &Globals, operands: &[Value<'a>]) -> Result<Value<'a>> {
    let [object] = operands else { return Ok(Value::NULL) };
    let Some(fields) = object.as_raw().filter(|object| object.is_object()) else {
        let found = object.type_name();
        return refused(40_390, format!("$objectToArray requires an object input, found: {found}"));
    };
    let mut out = ArrayBuilder::new();
    let (mut field, mut text) = (Vec::new(), Vec::new());
    for (name, value) in fields.elements() {
        text.clear();
        let len = i32::try_from(name.len() + 1).unwrap_or(i32::MAX);
        text.extend_from_slice(&len.to_le_bytes());
        text.extend_from_slice(name);
        text.push(0);
        field.clear();
        let start = begin(&mut field);
        append(&mut field, b"k", RawVal::new(ElementType::String, &text));
        append(&mut field, b"v", value);
        finish(&mut field, start);
        out.try_push(RawVal::document(&field))?;
    }
    Ok(out.finish())
}

/// The fields of a document that is being put together.
pub(super) struct Fields<'v> {
    fields: Vec<(&'v [u8], RawVal<'v>)>,
    places: FxHashMap<&'v [u8], usize>,
    size: usize,
}

impl<'v> Fields<'v> {
    pub(super) fn new() -> Self {
        Fields { fields: Vec::new(), places: FxHashMap::default(), size: 0 }
    }

    /// Sets a field, in its place if it is there.
    ///
    /// # Errors
    ///
    /// 10334 if the document becomes too large.
    pub(super) fn set(&mut self, name: &'v [u8], value: RawVal<'v>) -> Result<()> {
        let place = *self.places.entry(name).or_insert(self.fields.len());
        match self.fields.get_mut(place) {
            Some((_, old)) => *old = value,
            None => self.fields.push((name, value)),
        }
        // What is replaced counts too: it does not matter so far below memory's end.
        self.size += name.len() + 2 + value.bytes().len();
        check_size(self.size)
    }

    /// Sets all fields of a document; anything else has none.
    fn set_all(&mut self, document: RawVal<'v>) -> Result<()> {
        if document.is_object() {
            for (name, value) in document.elements() {
                self.set(name, value)?;
            }
        }
        Ok(())
    }

    pub(super) fn finish(self) -> Value<'static> {
        let mut out = Vec::with_capacity(self.size + 5);
        let start = begin(&mut out);
        for (name, value) in self.fields {
            append(&mut out, name, value);
        }
        finish(&mut out, start);
        Value::Owned(ValueBuf::from_vec(ElementType::EmbeddedDocument, out))
    }
}
