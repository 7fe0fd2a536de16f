//! Whether a field could have the value of a lookup.

use bson::Bson;

use super::operator::{NUMBERS, Operator, leaf};
use super::{LookupError, Takes};
use crate::filter::BsonType;
use crate::schema::TypeSchema;

/// The type of the elements, if it is an array; those of a value of any type may be anything.
pub(crate) fn element(ty: &TypeSchema) -> Option<TypeSchema> {
    match ty {
        TypeSchema::Array(element) => Some((**element).clone()),
        TypeSchema::Optional(some) => element(some),
        TypeSchema::Any => Some(TypeSchema::Any),
        _ => None,
    }
}

/// Refuses values that a field of this type never has.
pub(super) fn check(
    lookup: &str,
    ty: &TypeSchema,
    operator: &Operator,
    value: &Bson,
) -> Result<(), LookupError> {
    let check = |value: &Bson| {
        let null_is_a_value = operator.takes != Takes::Bound && operator.takes != Takes::Range;
        if (null_is_a_value && *value == Bson::Null) || could_be(ty, value) {
            return Ok(());
        }
        Err(LookupError::of_value(lookup, value, &describe(ty)))
    };
    match (operator.takes, value) {
        (Takes::Equal | Takes::Bound, value) => check(value),
        (Takes::Values | Takes::Range, Bson::Array(values)) => values.iter().try_for_each(check),
        _ => Ok(()),
    }
}

fn could_be(ty: &TypeSchema, value: &Bson) -> bool {
    let found = BsonType::of(value);
    match leaf(ty) {
        TypeSchema::Choice(choices) if found == BsonType::String => {
            matches!(value, Bson::String(text) if choices.contains(&text.as_str()))
        }
        leaf => {
            let mut types = leaf.bson_types();
            if element(ty).is_some() {
                types.push(BsonType::Array);
            }
            let is_number = |types: &[BsonType]| types.iter().any(|ty| NUMBERS.contains(ty));
            types.contains(&found)
                || (is_number(&types) && is_number(&[found]))
                || leaf.bson_types().is_empty()
        }
    }
}

/// The values that a field can have, in words.
pub(crate) fn describe(ty: &TypeSchema) -> String {
    match leaf(ty) {
        TypeSchema::Choice(choices) => format!("one of {}", choices.join(", ")),
        leaf => {
            let types: Vec<_> = leaf.bson_types().into_iter().map(BsonType::alias).collect();
            if types.is_empty() { "a value".to_owned() } else { types.join(" or ") }
        }
    }
}
