//! From the keywords of a schema to rules.

use bson::{Bson, Document, Regex};
use odm_core::{
    Additional, BsonType, Dependency, Error, ErrorCode, JsonSchema, Keyword, SchemaTypes, TypeSpec,
};

use super::super::comparison::{Comparison, Operator};
use super::super::element::Types;
use super::super::regex::Pattern;
use super::array::ArrayRule;
use super::multiple::Divisor;
use super::object::{Allowed, Dependent, ObjectRule, Others, Property};
use super::unordered::Values;
use super::{NumberRule, Rule, Schema, TextRule};
use crate::value::ValueBuf;
use crate::value::path::FieldPath;

/// Whether a schema is about a whole document or about a value in it. In a schema for documents the
/// server ignores the keywords about other types, malformed regular expressions and all.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Of {
    Document,
    Value,
}

impl Schema {
    /// Compiles a schema for whole documents.
    ///
    /// # Errors
    ///
    /// Those of [`JsonSchema::parse`]; 51091 for a malformed `pattern`, 2 for one of
    /// `patternProperties` and for a `multipleOf` that is not finite, 9 for values that are twice in
    /// an `enum`; [`Error::Unsupported`] for types of encrypted values.
    pub(in super::super) fn compile(schema: &Document) -> Result<Self, Error> {
        schema_of(&JsonSchema::parse(schema)?, Of::Document)
    }
}

pub(super) fn schema_of(schema: &JsonSchema, of: Of) -> Result<Schema, Error> {
    let stated = schema.types();
    let mut rules = Vec::with_capacity(schema.keywords().len() + 1);
    for keyword in schema.keywords() {
        rules.extend(rule(keyword, stated, of)?);
    }
    match of {
        Of::Document if !schema.allows_objects() => rules = vec![Rule::Never],
        Of::Document => {}
        Of::Value => rules.extend(stated.map(|stated| Rule::Types(Types::new(&stated.types)))),
    }
    Ok(Schema { rules })
}

fn schemas_of(schemas: &[JsonSchema], of: Of) -> Result<Vec<Schema>, Error> {
    schemas.iter().map(|schema| schema_of(schema, of)).collect()
}

/// What a rule about one type is for a schema that states types itself.
enum Guard {
    /// The schema allows that type only.
    Needless,
    /// Values of other types must be let pass.
    Needed,
    /// The schema allows one type only, and it is another one.
    Irrelevant,
}

fn guard(stated: Option<&SchemaTypes>, is_meant: impl Fn(&TypeSpec) -> bool) -> Guard {
    match stated.map(|stated| stated.types.as_slice()) {
        Some([only]) if is_meant(only) => Guard::Needless,
        Some([_]) => Guard::Irrelevant,
        _ => Guard::Needed,
    }
}

pub(super) fn rule(
    keyword: &Keyword,
    stated: Option<&SchemaTypes>,
    of: Of,
) -> Result<Option<Rule>, Error> {
    Ok(match keyword {
        Keyword::Pattern(_)
        | Keyword::MaxLength(_)
        | Keyword::MinLength(_)
        | Keyword::MultipleOf(_)
        | Keyword::Maximum { .. }
        | Keyword::Minimum { .. }
            if of == Of::Document =>
        {
            None
        }
        Keyword::Pattern(_) | Keyword::MaxLength(_) | Keyword::MinLength(_) => {
            let rule = text_rule(keyword)?;
            let guard = guard(stated, |ty| *ty == TypeSpec::Type(BsonType::String));
            rule.and_then(|rule| guarded(guard, |guarded| Rule::Text { guarded, rule }))
        }
        Keyword::MultipleOf(_) | Keyword::Maximum { .. } | Keyword::Minimum { .. } => {
            let rule = number_rule(keyword)?;
            let guard = guard(stated, is_number);
            rule.and_then(|rule| guarded(guard, |guarded| Rule::Number { guarded, rule }))
        }
        Keyword::Encrypt { of: Some(_) } if of == Of::Value => {
            return Err(Error::Unsupported {
                backend: "memory",
                feature: "$jsonSchema keyword 'encrypt' with 'bsonType'".to_owned(),
            });
        }
        Keyword::Encrypt { .. } => (of == Of::Value).then_some(Rule::Encrypted),
        Keyword::Dependencies(dependencies) => Some(Rule::AllOf(
            dependencies
                .iter()
                .map(|(name, dependency)| dependency_schema(name, dependency, of))
                .collect::<Result<_, _>>()?,
        )),
        Keyword::AllOf(schemas) => Some(Rule::AllOf(schemas_of(schemas, of)?)),
        Keyword::AnyOf(schemas) => Some(Rule::AnyOf(schemas_of(schemas, of)?)),
        Keyword::OneOf(schemas) => Some(Rule::OneOf(schemas_of(schemas, of)?)),
        Keyword::Not(schema) => Some(Rule::Not(schema_of(schema, of)?)),
        Keyword::Enum(values) => Some(Rule::Enum(Values::new(values)?)),
        keyword => match (array_rule(keyword)?, object_rule(keyword)?) {
            (Some(rule), _) if of == Of::Value => {
                let guard = guard(stated, |ty| *ty == TypeSpec::Type(BsonType::Array));
                guarded(guard, |guarded| Rule::Array { guarded, rule })
            }
            (Some(_), _) => None,
            (None, Some(rule)) => {
                let guard = guard(stated, |ty| *ty == TypeSpec::Type(BsonType::Object));
                guarded(guard, |guarded| Rule::Object { guarded, rule })
            }
            (None, None) => return unsupported(keyword),
        },
    })
}

fn unsupported<T>(keyword: &Keyword) -> Result<T, Error> {
    Err(Error::Unsupported {
        backend: "memory",
        feature: format!("the $jsonSchema keyword {keyword:?}"),
    })
}

fn guarded(guard: Guard, rule: impl FnOnce(bool) -> Rule) -> Option<Rule> {
    match guard {
        Guard::Needless => Some(rule(false)),
        Guard::Needed => Some(rule(true)),
        Guard::Irrelevant => None,
    }
}

fn is_number(ty: &TypeSpec) -> bool {
    use BsonType::{Decimal, Double, Int, Long};
    match ty {
        TypeSpec::Type(ty) => [Decimal, Double, Int, Long].contains(ty),
        other => *other == TypeSpec::Number,
    }
}

/// A number of elements, fields or code points that may be more than there can be.
fn size(n: i64) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}

fn text_rule(keyword: &Keyword) -> Result<Option<TextRule>, Error> {
    Ok(Some(match keyword {
        Keyword::Pattern(pattern) => TextRule::Pattern(Pattern::new(&regex(pattern)?)?),
        Keyword::MaxLength(most) => TextRule::MaxLength(size(*most)),
        Keyword::MinLength(least) => TextRule::MinLength(size(*least)),
        _ => return Ok(None),
    }))
}

fn regex(pattern: &str) -> Result<Regex, Error> {
    let pattern = pattern.to_owned().try_into().map_err(|_| {
        Error::command(ErrorCode::BAD_VALUE, "a regular expression cannot contain a null byte")
    })?;
    let options = String::new().try_into().expect("no null byte");
    Ok(Regex { pattern, options })
}

fn number_rule(keyword: &Keyword) -> Result<Option<NumberRule>, Error> {
    let bound =
        |operator, bound: &Bson| Comparison::new(operator, bound, None).map(NumberRule::Bound);
    Ok(Some(match keyword {
        Keyword::MultipleOf(operand) => {
            NumberRule::MultipleOf(Divisor::new(ValueBuf::from_bson(operand)?.as_raw())?)
        }
        Keyword::Maximum { bound: most, exclusive: true } => bound(Operator::Lt, most)?,
        Keyword::Maximum { bound: most, exclusive: false } => bound(Operator::Lte, most)?,
        Keyword::Minimum { bound: least, exclusive: true } => bound(Operator::Gt, least)?,
        Keyword::Minimum { bound: least, exclusive: false } => bound(Operator::Gte, least)?,
        _ => return Ok(None),
    }))
}

fn array_rule(keyword: &Keyword) -> Result<Option<ArrayRule>, Error> {
    Ok(Some(match keyword {
        Keyword::MinItems(least) => ArrayRule::MinItems(size(*least)),
        Keyword::MaxItems(most) => ArrayRule::MaxItems(size(*most)),
        Keyword::UniqueItems => ArrayRule::UniqueItems,
        Keyword::Items(schema) => ArrayRule::From(0, Some(schema_of(schema, Of::Value)?)),
        Keyword::ItemList(schemas) => ArrayRule::Each(schemas_of(schemas, Of::Value)?),
        Keyword::AdditionalItems { after, rest } => match rest {
            Additional::None => ArrayRule::From(*after, None),
            Additional::Schema(schema) => {
                ArrayRule::From(*after, Some(schema_of(schema, Of::Value)?))
            }
            _ => ArrayRule::From(*after, Some(Schema { rules: Vec::new() })),
        },
        _ => return Ok(None),
    }))
}

fn object_rule(keyword: &Keyword) -> Result<Option<ObjectRule>, Error> {
    Ok(Some(match keyword {
        Keyword::Required(names) => ObjectRule::Required(paths(names)),
        Keyword::Properties(properties) => ObjectRule::Properties(
            properties
                .iter()
                .map(|(name, schema)| property(name, schema))
                .collect::<Result<_, _>>()?,
        ),
        Keyword::AllowedProperties { named, patterns, additional } => {
            let mut named: Vec<Box<[u8]>> =
                named.iter().map(|name| name.as_bytes().into()).collect();
            named.sort_unstable();
            let patterns = patterns
                .iter()
                .map(|(pattern, schema)| {
                    Ok((name_pattern(pattern)?, schema_of(schema, Of::Value)?))
                })
                .collect::<Result<_, Error>>()?;
            let others = match additional {
                Additional::None => Others::Refused,
                Additional::Schema(schema) => Others::Checked(schema_of(schema, Of::Value)?),
                _ => Others::Allowed,
            };
            ObjectRule::Allowed(Box::new(Allowed { named, patterns, others }))
        }
        Keyword::MinProperties(least) => ObjectRule::MinProperties(size(*least)),
        Keyword::MaxProperties(most) => ObjectRule::MaxProperties(size(*most)),
        _ => return Ok(None),
    }))
}

fn paths(names: &[String]) -> Vec<FieldPath> {
    names.iter().map(|name| FieldPath::new(name)).collect()
}

fn property(name: &str, schema: &JsonSchema) -> Result<Property, Error> {
    let of_object = name.is_empty();
    let of = if of_object { Of::Document } else { Of::Value };
    Ok(Property { name: FieldPath::new(name), of_object, schema: schema_of(schema, of)? })
}

/// A malformed one has another code here than in `pattern`.
pub(super) fn name_pattern(pattern: &str) -> Result<Pattern, Error> {
    Pattern::new(&regex(pattern)?).map_err(|error| match error {
        Error::Unsupported { .. } => error,
        error => Error::command(ErrorCode::BAD_VALUE, error.to_string()),
    })
}

fn dependency_schema(name: &str, dependency: &Dependency, of: Of) -> Result<Schema, Error> {
    let name = FieldPath::new(name);
    let dependent = match dependency {
        Dependency::Fields(names) => Dependent::Fields(paths(names)),
        Dependency::Schema(schema) => Dependent::Schema(schema_of(schema, of)?),
        other => {
            return Err(Error::Unsupported {
                backend: "memory",
                feature: format!("the $jsonSchema dependency {other:?}"),
            });
        }
    };
    Ok(Schema { rules: vec![Rule::Dependency { name, dependent }] })
}
