//! `$arrayToObject`.

use odm_core::Result;

use crate::expression::object::Fields;
use crate::expression::variable::array_or_null;
use crate::expression::{Globals, Value, refused};
use crate::value::{ElementType, RawVal};

/// `$arrayToObject`: a document of `[[name, value], …]` or `[{k: name, v: value}, …]`. The last of several values of one
/// name is taken, in the place of the first.
///
/// Null of null. 40386 if it is no array, 40398 if its first element is of neither form. Of the first form, 40396 for an
/// element of another, 40397 if it has not two elements, 40395 if the name is no string, 4940400 if it holds a NUL. Of the
/// second, 40391, 40392, 40394 and 4940401, and 40393 if it lacks `k` or `v`.
pub(super) fn array_to_object<'a>(_: &Globals, operands: &[Value<'a>]) -> Result<Value<'a>> {
    let [array] = operands else { return Ok(Value::NULL) };
    let Some(array) = array_or_null("$arrayToObject", array, 40_386)? else {
        return Ok(Value::NULL);
    };
    let mut fields = Fields::new();
    let read = match array.at(0).map(RawVal::kind) {
        None => return Ok(fields.finish()),
        Some(ElementType::Array) => pair,
        Some(ElementType::EmbeddedDocument) => key_and_value,
        Some(_) => {
            return refused(40_398, "$arrayToObject needs arrays or objects as its elements");
        }
    };
    for (_, element) in array.elements() {
        let (name, value) = read(element)?;
        fields.set(name, value)?;
    }
    Ok(fields.finish())
}

/// The field of `[name, value]`.
fn pair(element: RawVal<'_>) -> Result<(&[u8], RawVal<'_>)> {
    if !element.is_array() {
        let found = element.type_name();
        return refused(
            40_396,
            format!("$arrayToObject: expected an array like the first element, found: {found}"),
        );
    }
    let mut values = element.elements().map(|(_, value)| value);
    let (Some(name), Some(value), None) = (values.next(), values.next(), values.next()) else {
        return refused(40_397, "$arrayToObject requires an array of size 2 arrays");
    };
    Ok((checked_name(name, 40_395, 4_940_400)?, value))
}

/// The field of `{k: name, v: value}`.
fn key_and_value(element: RawVal<'_>) -> Result<(&[u8], RawVal<'_>)> {
    if !element.is_object() {
        let found = element.type_name();
        return refused(
            40_391,
            format!("$arrayToObject: expected an object like the first element, found: {found}"),
        );
    }
    if element.elements().take(3).count() != 2 {
        return refused(40_392, "$arrayToObject requires objects of two fields, 'k' and 'v'");
    }
    let (Some(name), Some(value)) = (element.get(b"k"), element.get(b"v")) else {
        return refused(40_393, "$arrayToObject requires objects with the fields 'k' and 'v'");
    };
    Ok((checked_name(name, 40_394, 4_940_401)?, value))
}

fn checked_name(name: RawVal<'_>, not_a_string: i32, nul: i32) -> Result<&[u8]> {
    let text = match name.kind() {
        ElementType::String => name.as_string_bytes(),
        _ => None,
    };
    let Some(text) = text else {
        let found = name.type_name();
        return refused(
            not_a_string,
            format!("$arrayToObject requires keys of type string, found: {found}"),
        );
    };
    if text.contains(&0) {
        return refused(nul, "$arrayToObject: a key must not contain an embedded null byte");
    }
    Ok(text)
}
