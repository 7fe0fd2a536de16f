//! `$jsonSchema`: compiled once, asked about encoded values.

mod array;
mod compile;
pub(super) mod details;
mod multiple;
mod object;
#[cfg(test)]
mod tests;
mod unordered;

use super::comparison::Comparison;
use super::element::Types;
use super::regex::Pattern;
use crate::value::path::{FieldPath, LeafArray};
use crate::value::{ElementType, RawVal};

use array::ArrayRule;
use multiple::Divisor;
use object::{Dependent, ObjectRule};
use unordered::Values;

/// A compiled schema.
#[derive(Debug)]
pub(super) struct Schema {
    rules: Vec<Rule>,
}

/// A rule of a schema; a value must pass all.
#[derive(Debug)]
enum Rule {
    /// No value passes.
    Never,
    /// `type`, `bsonType`.
    Types(Types),
    /// `encrypt`: encrypted binary data.
    Encrypted,
    /// A rule about numbers.
    Number {
        guarded: bool,
        rule: NumberRule,
    },
    /// A rule about strings.
    Text {
        guarded: bool,
        rule: TextRule,
    },
    /// A rule about arrays.
    Array {
        guarded: bool,
        rule: ArrayRule,
    },
    /// A rule about objects.
    Object {
        guarded: bool,
        rule: ObjectRule,
    },
    /// `dependencies`: if there is an object with this field.
    Dependency {
        name: FieldPath,
        dependent: Dependent,
    },
    /// `enum`.
    Enum(Values),
    AllOf(Vec<Schema>),
    AnyOf(Vec<Schema>),
    OneOf(Vec<Schema>),
    Not(Schema),
}

#[derive(Debug)]
enum NumberRule {
    MultipleOf(Divisor),
    /// `maximum`, `minimum`.
    Bound(Comparison),
}

#[derive(Debug)]
enum TextRule {
    Pattern(Pattern),
    /// In code points.
    MaxLength(usize),
    MinLength(usize),
}

/// What a schema is asked about.
///
/// Mostly one value. But a property's name with dots in it is a path for the server, and a path
/// through arrays may lead to several values, of which one must pass each rule.
#[derive(Clone, Copy, Debug)]
enum At<'a> {
    Value(RawVal<'a>),
    Path(RawVal<'a>, &'a FieldPath),
}

impl<'a> At<'a> {
    fn any(self, mut accept: impl FnMut(RawVal<'a>) -> bool) -> bool {
        match self {
            At::Value(value) => accept(value),
            At::Path(object, path) => {
                path.any_in(object, LeafArray::Whole, |found| found.value.is_some_and(&mut accept))
            }
        }
    }

    /// [`any`](At::any), but at the end of a path the elements of an array are asked, too.
    fn any_element(self, mut accept: impl FnMut(RawVal<'a>) -> bool) -> bool {
        match self {
            At::Value(value) => accept(value),
            At::Path(object, path) => path
                .any_in(object, LeafArray::Traverse, |found| found.value.is_some_and(&mut accept)),
        }
    }
}

impl Schema {
    /// Whether a whole document fits; or an array, whose positions count as its fields.
    pub(super) fn accepts(&self, document: RawVal<'_>) -> bool {
        self.accepts_at(At::Value(RawVal::document(document.bytes())))
    }

    fn accepts_at(&self, at: At<'_>) -> bool {
        self.rules.iter().all(|rule| rule.accepts(at))
    }

    /// Roughly what asking costs.
    pub(super) fn cost(&self) -> u32 {
        let len = u32::try_from(self.rules.len()).unwrap_or(u32::MAX);
        len.saturating_mul(40)
    }
}

impl Rule {
    fn accepts(&self, at: At<'_>) -> bool {
        /// A rule about other types has nothing to say about this value.
        fn passes<'a>(guarded: bool, at: At<'a>, is_meant: fn(RawVal<'a>) -> bool) -> bool {
            guarded && !at.any(is_meant)
        }
        match self {
            Rule::Never => false,
            Rule::Types(types) => at.any(|value| types.contains(value)),
            Rule::Encrypted => at.any(|value| value.as_binary().is_some_and(|(kind, _)| kind == 6)),
            Rule::Number { guarded, rule } => {
                passes(*guarded, at, RawVal::is_number) || rule.accepts(at)
            }
            Rule::Text { guarded, rule } => passes(*guarded, at, is_text) || rule.accepts(at),
            Rule::Array { guarded, rule } => {
                passes(*guarded, at, RawVal::is_array)
                    || at.any(|value| value.is_array() && rule.accepts(value))
            }
            Rule::Object { guarded, rule } => {
                passes(*guarded, at, RawVal::is_object)
                    || at.any(|value| value.is_object() && rule.accepts(value))
            }
            Rule::Dependency { name, dependent } => {
                !at.any(|value| value.is_object() && object::has(value, name))
                    || dependent.accepts(at)
            }
            Rule::Enum(values) => at.any(|value| values.contains(value)),
            Rule::AllOf(schemas) => schemas.iter().all(|schema| schema.accepts_at(at)),
            Rule::AnyOf(schemas) => schemas.iter().any(|schema| schema.accepts_at(at)),
            Rule::OneOf(schemas) => {
                schemas.iter().filter(|schema| schema.accepts_at(at)).take(2).count() == 1
            }
            Rule::Not(schema) => !schema.accepts_at(at),
        }
    }
}

impl NumberRule {
    fn accepts(&self, at: At<'_>) -> bool {
        match self {
            NumberRule::MultipleOf(divisor) => at.any(|value| divisor.divides(value)),
            NumberRule::Bound(bound) => at.any_element(|value| bound.holds(Some(value))),
        }
    }
}

impl TextRule {
    fn accepts(&self, at: At<'_>) -> bool {
        let length = |value: RawVal<'_>| {
            // Each code point has one byte that does not continue another.
            let text = value.as_string_bytes().filter(|_| is_text(value))?;
            Some(text.iter().filter(|byte| **byte & 0xc0 != 0x80).count())
        };
        match self {
            TextRule::Pattern(pattern) => at.any_element(|value| pattern.matches(value)),
            TextRule::MaxLength(most) => at.any(|value| length(value).is_some_and(|n| n <= *most)),
            TextRule::MinLength(least) => {
                at.any(|value| length(value).is_some_and(|n| n >= *least))
            }
        }
    }
}

fn is_text(value: RawVal<'_>) -> bool {
    value.kind() == ElementType::String
}
