//! The update between two versions of a document.

use bson::{Bson, Document};

use super::{Change, Update};
use crate::error::{Error, ErrorCode, Result};
use crate::namespace::FieldPath;

/// Documents deeper in one another than this are set as a whole.
const MAX_DEPTH: usize = 100;

impl Update {
    /// The `$set` and `$unset` that make `after` of `before`: [`Update::empty`] if nothing differs.
    ///
    /// Applied to `before`, it gives a document with the fields of `after`, and each with the value that it has there, to
    /// the byte: types of numbers and the order of fields in embedded documents included. Only the document's own fields
    /// may be in another order: those of `before` stay where they are, new ones come last, in the order of their names.
    ///
    /// Embedded documents are changed field by field where `$set` and `$unset` can say so, and set as a whole where a
    /// field's name has no path (it is empty, contains a dot or begins with `$`) or the fields would end up in another
    /// order. Of an array, elements are set if its length stays and at most half of them differ.
    ///
    /// # Errors
    ///
    /// `ImmutableField` (66) if `_id` differs. If a field differs of the document itself whose name has no path:
    /// `EmptyFieldName` (56), `DottedFieldName` (57), `DollarPrefixedFieldName` (52).
    pub fn between(before: &Document, after: &Document) -> Result<Update> {
        let mut edits = Vec::new();
        fields(None, before, after, &mut edits).map_err(refused)?;
        let change = |(path, edit): (String, Edit<'_>)| {
            let change = match edit {
                Edit::Set(value) => Change::Set(value.clone()),
                Edit::Unset => Change::Unset,
            };
            (FieldPath::from(path), change)
        };
        Ok(Update::Operators(edits.into_iter().map(change).collect()))
    }
}

/// What happens at a path.
enum Edit<'a> {
    Set(&'a Bson),
    Unset,
}

/// Why a field of the document itself cannot be changed.
fn refused(name: &str) -> Error {
    let code = match name {
        "_id" => ErrorCode::IMMUTABLE_FIELD,
        "" => ErrorCode::EMPTY_FIELD_NAME,
        name if name.starts_with('$') => ErrorCode::DOLLAR_PREFIXED_FIELD_NAME,
        _ => ErrorCode::DOTTED_FIELD_NAME,
    };
    Error::command(code, format!("the field '{name}' differs, but no update can change it"))
}

/// Where an embedded value is.
#[derive(Clone, Copy)]
struct Place<'a> {
    path: &'a str,
    /// How many documents and arrays it is in.
    depth: usize,
}

/// Adds the edits of the fields of a document, which is the whole one or embedded somewhere.
///
/// Fails with the name of a field that differs and cannot be named in a path.
fn fields<'a>(
    place: Option<Place<'_>>,
    before: &'a Document,
    after: &'a Document,
    edits: &mut Vec<(String, Edit<'a>)>,
) -> Result<(), &'a str> {
    let has_path = |name: &str| {
        let immutable = place.is_none() && name == "_id";
        !(immutable || name.is_empty() || name.contains('.') || name.starts_with('$'))
    };
    for name in before.keys().filter(|name| !after.contains_key(name)) {
        if !has_path(name) {
            return Err(name);
        }
        edits.push((join(place, name), Edit::Unset));
    }
    for (name, new) in after {
        let edits_before = edits.len();
        match before.get(name) {
            Some(old) => value(place, name, old, new, edits),
            None => edits.push((join(place, name), Edit::Set(new))),
        }
        if edits.len() > edits_before && !has_path(name) {
            return Err(name);
        }
    }
    Ok(())
}

/// Adds the edits of a field or element: none if it stays the same.
fn value<'a>(
    parent: Option<Place<'_>>,
    name: &str,
    old: &'a Bson,
    new: &'a Bson,
    edits: &mut Vec<(String, Edit<'a>)>,
) {
    let path = join(parent, name);
    let place = Place { path: &path, depth: parent.map_or(0, |parent| parent.depth) + 1 };
    let edits_before = edits.len();
    let is_said = match (old, new) {
        _ if place.depth > MAX_DEPTH => false,
        (Bson::Document(old), Bson::Document(new)) => {
            keeps_order(old, new) && fields(Some(place), old, new, edits).is_ok()
        }
        (Bson::Array(old), Bson::Array(new)) => {
            old.len() == new.len() && elements(place, old, new, edits)
        }
        (old, new) => is_same_scalar(old, new),
    };
    if !is_said {
        edits.truncate(edits_before);
        edits.push((path, Edit::Set(new)));
    }
}

/// Adds the edits of the elements of an array; false if most of them differ.
fn elements<'a>(
    array: Place<'_>,
    old: &'a [Bson],
    new: &'a [Bson],
    edits: &mut Vec<(String, Edit<'a>)>,
) -> bool {
    let mut changed = 0;
    for (position, (old, new)) in old.iter().zip(new).enumerate() {
        let edits_before = edits.len();
        value(Some(array), &position.to_string(), old, new, edits);
        changed += usize::from(edits.len() > edits_before);
    }
    changed * 2 <= old.len()
}

fn join(parent: Option<Place<'_>>, name: &str) -> String {
    parent.map_or_else(|| name.to_owned(), |parent| format!("{}.{name}", parent.path))
}

/// Whether the fields are in the order of `new` after those that go are unset and the others set: those that stay, then the
/// new ones by name. Documents that have no field in common are not worth it.
fn keeps_order(old: &Document, new: &Document) -> bool {
    let mut staying = old.keys().filter(|name| new.contains_key(name)).peekable();
    if staying.peek().is_none() {
        return old.is_empty() && new.is_empty();
    }
    let mut added: Option<&str> = None;
    for name in new.keys() {
        let in_order = if old.contains_key(name) {
            added.is_none() && staying.next() == Some(name)
        } else {
            // Names that are numbers have an order of their own.
            let is_number = |name: &str| name.bytes().all(|byte| byte.is_ascii_digit());
            let last = added.replace(name);
            last.is_none_or(|last| last < name.as_str() && !is_number(last) && !is_number(name))
        };
        if !in_order {
            return false;
        }
    }
    true
}

/// Whether the values, of which at most one is a document or an array, are the same to the byte.
fn is_same_scalar(old: &Bson, new: &Bson) -> bool {
    match (old, new) {
        (Bson::Double(old), Bson::Double(new)) => old.to_bits() == new.to_bits(),
        (Bson::JavaScriptCodeWithScope(old), Bson::JavaScriptCodeWithScope(new)) => {
            // The order of a scope's fields counts.
            let scopes = bson::serialize_to_vec(&old.scope)
                .ok()
                .zip(bson::serialize_to_vec(&new.scope).ok());
            old.code == new.code && scopes.is_some_and(|(old, new)| old == new)
        }
        (old, new) => old == new,
    }
}

#[cfg(test)]
mod tests;
