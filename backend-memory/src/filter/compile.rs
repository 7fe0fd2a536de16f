//! From the tree of a filter to conditions that can be asked.

use std::sync::Arc;

use bson::Bson;
use odm_core::{ElemMatch, Error, ErrorCode, Filter, Predicate};

use super::array::Elements;
use super::bitwise::{Bits, Quantifier};
use super::comparison::{Comparison, Operator, Set};
use super::element::Types;
use super::evaluation::Remainder;
use super::json_schema::Schema;
use super::regex::Pattern;
use super::{Condition, Node, Test, logical};
use crate::collation::Collator;
use crate::expression;
use crate::value::path::FieldPath;

/// How deeply conditions may be nested. The server's limit of the filter document itself is below.
const MAX_FILTER_DEPTH: usize = 200;

/// What strings compare by, if not by their bytes.
type Strings<'c> = Option<&'c Arc<Collator>>;

/// Compiles expressions, where there may be some.
type Expressions<'c> = Option<&'c dyn Fn(&Bson) -> Result<expression::Node, Error>>;

pub(super) fn filter(
    filter: &Filter,
    strings: Strings<'_>,
    expressions: Expressions<'_>,
) -> Result<Node, Error> {
    node(filter.normalized()?.as_ref(), strings, expressions, 0)
}

pub(super) fn predicates(
    predicates: &[Predicate],
    strings: Strings<'_>,
) -> Result<Vec<Condition>, Error> {
    conditions(predicates, strings, 0)
}

fn unsupported<T>(feature: &str) -> Result<T, Error> {
    Err(Error::Unsupported { backend: "memory", feature: feature.to_owned() })
}

fn deeper(depth: usize) -> Result<usize, Error> {
    if depth >= MAX_FILTER_DEPTH {
        return Err(Error::command(
            ErrorCode::OVERFLOW,
            format!("the filter exceeds {MAX_FILTER_DEPTH} levels of nesting"),
        ));
    }
    Ok(depth + 1)
}

fn node(
    filter: &Filter,
    strings: Strings<'_>,
    expressions: Expressions<'_>,
    depth: usize,
) -> Result<Node, Error> {
    let depth = deeper(depth)?;
    let nodes = |parts: &[Filter]| {
        let each = |part| node(part, strings, expressions, depth);
        parts.iter().map(each).collect::<Result<Vec<Node>, Error>>()
    };
    Ok(match filter {
        Filter::And(parts) => logical::and(nodes(parts)?),
        Filter::Or(parts) => match equalities(parts, strings)? {
            Some(either) => either,
            None => logical::or(nodes(parts)?),
        },
        Filter::Nor(parts) => logical::not(logical::or(nodes(parts)?)),
        Filter::Field(path, predicate) => {
            condition(predicate, strings, depth)?.at(&FieldPath::new(path.as_str()))
        }
        Filter::Comment(_) | Filter::AlwaysTrue => Node::Always(true),
        Filter::AlwaysFalse => Node::Always(false),
        Filter::Expr(expr) => {
            let Some(compile) = expressions else {
                return Err(Error::command(
                    ErrorCode::BAD_VALUE,
                    "$expr can only be applied to the top-level document",
                ));
            };
            match compile(&expr.0)? {
                expression::Node::Constant(value) => Node::Always(value.is_true()),
                expression => Node::Expression(Box::new(expression)),
            }
        }
        Filter::Where(_) => return unsupported("$where"),
        Filter::Text(_) => return unsupported("$text"),
        Filter::JsonSchema(schema) => Node::Schema(Schema::compile(schema)?),
        Filter::SampleRate(rate) if *rate <= 0.0 => Node::Always(false),
        Filter::SampleRate(rate) if *rate >= 1.0 => Node::Always(true),
        Filter::SampleRate(rate) => {
            let Some(compile) = expressions else { return unsupported("$sampleRate") };
            let sampled = bson::doc! { "$lt": [{ "$rand": {} }, rate] };
            Node::Expression(Box::new(compile(&sampled.into())?))
        }
        other => return unsupported(&format!("the filter {other:?}")),
    })
}

/// Alternatives that are equalities (or regular expressions) on one path: an `$in`, as which the
/// server evaluates them, too.
fn equalities(parts: &[Filter], strings: Strings<'_>) -> Result<Option<Node>, Error> {
    let Some((Filter::Field(path, _), [_, ..])) = parts.split_first() else { return Ok(None) };
    let mut values = Vec::with_capacity(parts.len());
    for part in parts {
        match part {
            Filter::Field(other, predicate) if other == path => match predicate {
                // A regular expression that a value equals is not one that it matches.
                Predicate::Eq(Bson::RegularExpression(_)) => return Ok(None),
                Predicate::Eq(value) => values.push(value.clone()),
                Predicate::In(only) if only.len() == 1 => values.extend_from_slice(only),
                Predicate::Regex(regex) => values.push(Bson::RegularExpression(regex.clone())),
                _ => return Ok(None),
            },
            _ => return Ok(None),
        }
    }
    let set = Test::In(Set::new(&values, strings)?);
    Ok(Some(Condition::Test(set).at(&FieldPath::new(path.as_str()))))
}

fn conditions(
    predicates: &[Predicate],
    strings: Strings<'_>,
    depth: usize,
) -> Result<Vec<Condition>, Error> {
    predicates.iter().map(|predicate| condition(predicate, strings, depth)).collect()
}

fn condition(
    predicate: &Predicate,
    strings: Strings<'_>,
    depth: usize,
) -> Result<Condition, Error> {
    let depth = deeper(depth)?;
    let compare = |operator, operand| {
        Comparison::new(operator, operand, strings).map(|test| Condition::Test(Test::Compare(test)))
    };
    let bits = |quantifier, mask| Condition::Test(Test::Bits(Bits::new(quantifier, mask)));
    Ok(match predicate {
        Predicate::Eq(value) => compare(Operator::Eq, value)?,
        Predicate::Ne(Bson::RegularExpression(_)) => {
            return Err(Error::command(ErrorCode::BAD_VALUE, "cannot have a regex as arg to $ne"));
        }
        Predicate::Ne(value) => Condition::Not(vec![compare(Operator::Eq, value)?]),
        Predicate::Gt(value) => compare(Operator::Gt, value)?,
        Predicate::Gte(value) => compare(Operator::Gte, value)?,
        Predicate::Lt(value) => compare(Operator::Lt, value)?,
        Predicate::Lte(value) => compare(Operator::Lte, value)?,
        Predicate::In(values) => in_(values, strings)?,
        Predicate::Nin(values) => Condition::Not(vec![in_(values, strings)?]),
        Predicate::Exists(true) => Condition::Test(Test::Exists),
        Predicate::Exists(false) => Condition::Not(vec![Condition::Test(Test::Exists)]),
        Predicate::Type(types) => Condition::Test(Test::Type(Types::new(types))),
        Predicate::Mod { divisor, remainder } => {
            Condition::Test(Test::Mod(Remainder::new(*divisor, *remainder)?))
        }
        Predicate::Regex(regex) => Condition::Test(Test::Regex(Pattern::new(regex)?)),
        Predicate::All(values) if values.is_empty() => Condition::Never,
        Predicate::All(values) => {
            let each = |value| equal_or_matching(value, strings);
            Condition::All(values.iter().map(each).collect::<Result<_, _>>()?)
        }
        Predicate::AllElemMatch(elements) if elements.is_empty() => Condition::Never,
        Predicate::AllElemMatch(elements) => Condition::All(
            elements
                .iter()
                .map(|element| elem_match(element, strings, depth))
                .collect::<Result<_, _>>()?,
        ),
        Predicate::ElemMatch(element) => elem_match(element, strings, depth)?,
        Predicate::Size(size) => Condition::Test(Test::Size(*size)),
        Predicate::BitsAllSet(mask) => bits(Quantifier::AllSet, mask),
        Predicate::BitsAnySet(mask) => bits(Quantifier::AnySet, mask),
        Predicate::BitsAllClear(mask) => bits(Quantifier::AllClear, mask),
        Predicate::BitsAnyClear(mask) => bits(Quantifier::AnyClear, mask),
        Predicate::Not(predicates) => Condition::Not(conditions(predicates, strings, depth)?),
        Predicate::GeoIntersects(_) => return unsupported("$geoIntersects"),
        Predicate::GeoWithin(_) => return unsupported("$geoWithin"),
        Predicate::Near(near) => {
            return unsupported(if near.sphere { "$nearSphere" } else { "$near" });
        }
        other => return unsupported(&format!("the predicate {other:?}")),
    })
}

fn in_(values: &[Bson], strings: Strings<'_>) -> Result<Condition, Error> {
    match values {
        [only] => equal_or_matching(only, strings),
        [first, rest @ ..] if rest.iter().all(|value| is_same(value, first)) => {
            equal_or_matching(first, strings)
        }
        values => Ok(Condition::Test(Test::In(Set::new(values, strings)?))),
    }
}

/// Whether two values are the same to the byte, of the types for which that is easily told.
fn is_same(a: &Bson, b: &Bson) -> bool {
    match (a, b) {
        (Bson::Int32(a), Bson::Int32(b)) => a == b,
        (Bson::Int64(a), Bson::Int64(b)) => a == b,
        (Bson::String(a), Bson::String(b)) => a == b,
        (Bson::ObjectId(a), Bson::ObjectId(b)) => a == b,
        _ => false,
    }
}

/// What a value in a list stands for: itself, or the strings that it matches.
fn equal_or_matching(value: &Bson, strings: Strings<'_>) -> Result<Condition, Error> {
    Ok(Condition::Test(match value {
        Bson::RegularExpression(regex) => Test::Regex(Pattern::new(regex)?),
        value => Test::Compare(Comparison::new(Operator::Eq, value, strings)?),
    }))
}

fn elem_match(element: &ElemMatch, strings: Strings<'_>, depth: usize) -> Result<Condition, Error> {
    elements(element, strings, depth).map(|elements| Condition::Test(Test::ElemMatch(elements)))
}

pub(super) fn elements(
    element: &ElemMatch,
    strings: Strings<'_>,
    depth: usize,
) -> Result<Elements, Error> {
    Ok(match element {
        ElemMatch::Fields(filter) => {
            Elements::Fields(Box::new(node(filter, strings, None, depth)?))
        }
        ElemMatch::Value(predicates) => Elements::Value(conditions(predicates, strings, depth)?),
        other => return unsupported(&format!("the predicate {other:?}")),
    })
}
