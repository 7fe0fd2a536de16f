//! Field paths of expressions, which lead through arrays and collect what their documents have.

use odm_core::{Error, ErrorCode, Result};
use smallvec::SmallVec;

use super::{ArrayBuilder, Root, Value};
use crate::value::{Name, RawVal};

/// How many parts a path may have.
const MAX_PARTS: usize = 200;

/// A field path, without its `$`.
#[derive(Clone, Debug)]
pub(crate) struct Path {
    parts: SmallVec<[Name; 2]>,
}

impl Path {
    /// Reads a path.
    ///
    /// # Errors
    ///
    /// 40352 if it is empty, 40353 if it ends with a dot, 15 if it is too long; of a part: 15998 if it
    /// is empty, 16410 if it begins with `$`, 16411 if it holds a NUL.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let refuse = |code, message: &str| Err(Error::command(ErrorCode(code), message));
        if text.is_empty() {
            return refuse(40_352, "a field path cannot be made of an empty string");
        }
        if text.ends_with('.') {
            return refuse(40_353, "a field path must not end with a '.'");
        }
        let mut parts = SmallVec::new();
        for part in text.split('.') {
            check_name(part)?;
            parts.push(Name::new(part));
        }
        if parts.len() > MAX_PARTS {
            return Err(too_long());
        }
        Ok(Path { parts })
    }

    /// Reads what follows a `$` or `$$variable.`, which counts as one more part.
    ///
    /// # Errors
    ///
    /// As [`parse`](Path::parse).
    pub(super) fn parse_reference(text: &str) -> Result<Self> {
        let path = Path::parse(text)?;
        if path.parts.len() == MAX_PARTS { Err(too_long()) } else { Ok(path) }
    }

    /// The path as it is written.
    pub(crate) fn to_text(&self) -> String {
        let names: SmallVec<[&str; 4]> = self.parts.iter().map(Name::as_str).collect();
        names.join(".")
    }

    /// What it leads to in a document.
    #[inline]
    pub(crate) fn of_root<'a>(&self, root: Root<'a>) -> Value<'a> {
        let Some((first, rest)) = self.parts.split_first() else { return Value::Missing };
        let Some(value) = root.get(first) else { return Value::Missing };
        if rest.is_empty() { Value::Raw(value) } else { follow(value, rest) }
    }

    /// What it leads to in any value; in one that has no fields, nothing.
    pub(crate) fn of_value<'a>(&self, value: RawVal<'a>) -> Value<'a> {
        follow(value, &self.parts)
    }
}

fn too_long() -> Error {
    Error::command(ErrorCode::OVERFLOW, "the field path is too long")
}

/// Checks the name of a field that is written on its own: it has no dots either.
///
/// # Errors
///
/// As [`Path::parse`], of a part; 16412 for a dot.
pub(crate) fn check_field_name(name: &str) -> Result<()> {
    check_name(name)?;
    if name.contains('.') {
        let message = format!("the field name '{name}' may not contain '.'");
        return Err(Error::command(ErrorCode(16_412), message));
    }
    Ok(())
}

/// Checks the name of a field.
///
/// # Errors
///
/// As [`Path::parse`], of a part.
pub(super) fn check_name(name: &str) -> Result<()> {
    let refuse = |code, message: &str| Err(Error::command(ErrorCode(code), message));
    if name.is_empty() {
        return refuse(15_998, "field names in a path may not be empty strings");
    }
    if name.starts_with('$') {
        return refuse(16_410, &format!("the field name '{name}' may not begin with '$'"));
    }
    if name.contains('\0') {
        return refuse(16_411, "field names may not contain a null byte");
    }
    Ok(())
}

fn follow<'a>(mut value: RawVal<'a>, mut parts: &[Name]) -> Value<'a> {
    while let Some((first, rest)) = parts.split_first() {
        if value.is_array() {
            return through_array(value, parts);
        }
        if !value.is_object() {
            return Value::Missing;
        }
        let Some(next) = value.get(first.as_bytes()) else { return Value::Missing };
        (value, parts) = (next, rest);
    }
    Value::Raw(value)
}

/// What the documents of an array have; its other elements, arrays among them, have nothing.
fn through_array(array: RawVal<'_>, parts: &[Name]) -> Value<'static> {
    let mut found = ArrayBuilder::new();
    for (_, element) in array.elements().filter(|(_, element)| element.is_object()) {
        if let Some(value) = follow(element, parts).as_raw() {
            found.push(value);
        }
    }
    found.finish()
}
