//! Keywords about objects.

use super::super::regex::Pattern;
use super::{At, Schema};
use crate::value::RawVal;
use crate::value::path::{FieldPath, LeafArray};

#[derive(Debug)]
pub(super) enum ObjectRule {
    Required(Vec<FieldPath>),
    Properties(Vec<Property>),
    Allowed(Box<Allowed>),
    MinProperties(usize),
    MaxProperties(usize),
}

/// A property and what it must look like, if it is there.
#[derive(Debug)]
pub(super) struct Property {
    pub(super) name: FieldPath,
    /// What the server takes for a schema of the object itself: the one of a property without a name.
    pub(super) of_object: bool,
    pub(super) schema: Schema,
}

/// `patternProperties` and `additionalProperties`.
#[derive(Debug)]
pub(super) struct Allowed {
    /// Sorted.
    pub(super) named: Vec<Box<[u8]>>,
    pub(super) patterns: Vec<(Pattern, Schema)>,
    pub(super) others: Others,
}

/// What becomes of a field with neither a known name nor one that matches a pattern.
#[derive(Debug)]
pub(super) enum Others {
    Allowed,
    Refused,
    Checked(Schema),
}

/// What a field brings with it.
#[derive(Debug)]
pub(super) enum Dependent {
    Fields(Vec<FieldPath>),
    Schema(Schema),
}

/// Whether an object has a field. A name with dots is a path.
pub(super) fn has(object: RawVal<'_>, name: &FieldPath) -> bool {
    match name.components() {
        [only] => object.get(only.name.as_bytes()).is_some(),
        _ => name.any_in(object, LeafArray::Whole, |found| found.value.is_some()),
    }
}

impl ObjectRule {
    /// Whether an object passes; or an array, whose positions count as its fields.
    pub(super) fn accepts(&self, object: RawVal<'_>) -> bool {
        match self {
            ObjectRule::Required(names) => names.iter().all(|name| has(object, name)),
            ObjectRule::Properties(properties) => {
                properties.iter().all(|property| property.accepts(object))
            }
            ObjectRule::Allowed(allowed) => {
                object.elements().all(|(name, value)| allowed.accepts(name, value))
            }
            ObjectRule::MinProperties(least) => object.elements().take(*least).count() == *least,
            ObjectRule::MaxProperties(most) => object.elements().nth(*most).is_none(),
        }
    }
}

impl Property {
    fn accepts(&self, object: RawVal<'_>) -> bool {
        if self.of_object {
            return !has(object, &self.name) || self.schema.accepts(object);
        }
        match self.name.components() {
            [only] => object
                .get(only.name.as_bytes())
                .is_none_or(|value| self.schema.accepts_at(At::Value(value))),
            _ => !has(object, &self.name) || self.schema.accepts_at(At::Path(object, &self.name)),
        }
    }
}

impl Allowed {
    fn accepts(&self, name: &[u8], value: RawVal<'_>) -> bool {
        let mut is_known = self.named.binary_search_by(|known| (**known).cmp(name)).is_ok();
        for (pattern, schema) in &self.patterns {
            if pattern.matches_text(name) {
                is_known = true;
                if !schema.accepts_at(At::Value(value)) {
                    return false;
                }
            }
        }
        is_known
            || match &self.others {
                Others::Allowed => true,
                Others::Refused => false,
                Others::Checked(schema) => schema.accepts_at(At::Value(value)),
            }
    }
}

impl Dependent {
    /// `at` has an object with the field that this depends on.
    pub(super) fn accepts(&self, at: At<'_>) -> bool {
        match self {
            Dependent::Fields(names) => {
                names.iter().all(|name| at.any(|value| value.is_object() && has(value, name)))
            }
            Dependent::Schema(schema) => schema.accepts_at(at),
        }
    }
}
