//! Whether serde writes what a schema says.

use bson::{RawBsonRef, RawDocument};

use crate::error::{Error, Result};
use crate::filter::BsonType;
use crate::schema::{Schema, TypeSchema};

/// The server stores no deeper documents: what lies deeper need not be looked at.
const MAX_DEPTH: usize = 200;

/// Compares what serde wrote with what the schema says: a debugging aid.
///
/// They differ only if a `Serialize` was written by hand, or if the derive misunderstood serde's
/// attributes; then typed filters would ask for fields that are not there.
///
/// # Errors
///
/// [`Error::Config`] that names the field.
pub fn check_encoded(schema: &Schema, doc: &RawDocument) -> Result<()> {
    check_document(schema, doc, "", 0)
}

fn check_document(schema: &Schema, doc: &RawDocument, path: &str, depth: usize) -> Result<()> {
    if depth > MAX_DEPTH {
        return Ok(());
    }
    let differs = |name: &str, what: &str| {
        Error::Config(format!(
            "`{}` is not stored as its schema says: field `{path}{name}` {what}",
            schema.model
        ))
    };
    for element in doc.iter() {
        let (name, value) = element.map_err(|error| Error::Config(error.to_string()))?;
        let name = name.as_str();
        match schema.field_stored_as(name) {
            Some(field) => {
                check_value(&field.ty, value, &differs, (path, name), depth)?;
            }
            None if schema.open => {}
            None => return Err(differs(name, "is written by serde, but is not in the schema")),
        }
    }
    for field in &schema.fields {
        if !field.skippable && !field.id && !matches!(doc.get(field.stored), Ok(Some(_))) {
            return Err(differs(field.stored, "is in the schema, but serde does not write it"));
        }
    }
    Ok(())
}

fn check_value(
    ty: &TypeSchema,
    value: RawBsonRef<'_>,
    differs: &dyn Fn(&str, &str) -> Error,
    (path, name): (&str, &str),
    depth: usize,
) -> Result<()> {
    if depth > MAX_DEPTH {
        return Ok(());
    }
    let found = type_of(value);
    let expected = ty.bson_types();
    if !expected.is_empty() && !found.is_some_and(|found| expected.contains(&found)) {
        let found = found.map_or("an unknown type", BsonType::alias);
        let expected: Vec<_> = expected.into_iter().map(BsonType::alias).collect();
        return Err(differs(
            name,
            &format!("is written as {found}, and the schema says {}", expected.join(" or ")),
        ));
    }
    match (ty, value) {
        (TypeSchema::Optional(some), value) if !matches!(value, RawBsonRef::Null) => {
            check_value(some, value, differs, (path, name), depth)
        }
        (TypeSchema::Choice(choices), RawBsonRef::String(text)) if !choices.contains(&text) => {
            Err(differs(name, &format!("is written as {text:?}, and the schema says {choices:?}")))
        }
        (TypeSchema::Embedded(schema), RawBsonRef::Document(doc)) => {
            check_document(schema(), doc, &format!("{path}{name}."), depth + 1)
        }
        (TypeSchema::Array(element), RawBsonRef::Array(array)) => {
            for value in array {
                let value = value.map_err(|error| Error::Config(error.to_string()))?;
                check_value(element, value, differs, (path, name), depth + 1)?;
            }
            Ok(())
        }
        (TypeSchema::Map(inner), RawBsonRef::Document(doc)) => {
            for entry in doc.iter() {
                let (_, value) = entry.map_err(|error| Error::Config(error.to_string()))?;
                check_value(inner, value, differs, (path, name), depth + 1)?;
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

fn type_of(value: RawBsonRef<'_>) -> Option<BsonType> {
    BsonType::from_number(i64::from(value.element_type() as u8 as i8))
}
