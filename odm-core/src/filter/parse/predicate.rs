//! Reading the operators of one field.

use bson::{Bson, Document, Regex};

use super::{Level, bad_value, geo, is_operator_document, parse_document};
use crate::error::{Error, ErrorCode, Result};
use crate::filter::{BitMask, BsonType, ElemMatch, Predicate, TypeSpec};
use crate::{number, value};

/// An operator of fields.
struct Operator {
    name: &'static str,
    /// Reads the operand, which stands among its siblings. `None` for `$options`, which belongs to
    /// `$regex`.
    parse: fn(&str, &Bson, &Document) -> Result<Option<Predicate>>,
}

/// Every operator of fields, sorted.
const OPERATORS: &[Operator] = &[
    row("$all", |_, operand, _| some(parse_all_operator(operand))),
    row("$bitsAllClear", |name, operand, _| {
        some_of(Predicate::BitsAllClear, parse_bits(name, operand))
    }),
    row("$bitsAllSet", |name, operand, _| {
        some_of(Predicate::BitsAllSet, parse_bits(name, operand))
    }),
    row("$bitsAnyClear", |name, operand, _| {
        some_of(Predicate::BitsAnyClear, parse_bits(name, operand))
    }),
    row("$bitsAnySet", |name, operand, _| {
        some_of(Predicate::BitsAnySet, parse_bits(name, operand))
    }),
    row("$elemMatch", |_, operand, _| some_of(Predicate::ElemMatch, parse_elem_match(operand))),
    row("$eq", |_, operand, _| some_of(Predicate::Eq, comparable(operand))),
    row("$exists", |_, operand, _| Ok(Some(Predicate::Exists(value::is_truthy(operand))))),
    row("$geoIntersects", |_, operand, siblings| {
        some_of(Predicate::GeoIntersects, geo::parse_shapes(siblings, operand))
    }),
    row("$geoNear", misplaced_near),
    row("$geoWithin", geo_within),
    row("$gt", |_, operand, _| some_of(Predicate::Gt, ordered(operand))),
    row("$gte", |_, operand, _| some_of(Predicate::Gte, ordered(operand))),
    row("$in", |name, operand, _| some_of(Predicate::In, parse_in(name, operand))),
    row("$lt", |_, operand, _| some_of(Predicate::Lt, ordered(operand))),
    row("$lte", |_, operand, _| some_of(Predicate::Lte, ordered(operand))),
    row("$mod", |_, operand, _| some(parse_mod(operand))),
    row("$ne", |_, operand, _| some_of(Predicate::Ne, ordered(operand))),
    row("$near", misplaced_near),
    row("$nearSphere", misplaced_near),
    row("$nin", |name, operand, _| some_of(Predicate::Nin, parse_in(name, operand))),
    row(NOT, |_, operand, _| some_of(Predicate::Not, parse_not(operand))),
    row("$options", |_, _, siblings| match siblings.contains_key("$regex") {
        true => Ok(None),
        false => Err(bad_value("$options needs a $regex")),
    }),
    row("$regex", |_, _, siblings| some_of(Predicate::Regex, parse_regex(siblings))),
    row("$size", |_, operand, _| some_of(Predicate::Size, parse_size(operand))),
    row("$type", |_, operand, _| some_of(Predicate::Type, parse_type(operand))),
    row("$within", geo_within),
];

const NOT: &str = "$not";

const fn row(
    name: &'static str,
    parse: fn(&str, &Bson, &Document) -> Result<Option<Predicate>>,
) -> Operator {
    Operator { name, parse }
}

fn some(predicate: Result<Predicate>) -> Result<Option<Predicate>> {
    predicate.map(Some)
}

fn some_of<T>(predicate: fn(T) -> Predicate, operand: Result<T>) -> Result<Option<Predicate>> {
    operand.map(|operand| Some(predicate(operand)))
}

fn geo_within(_: &str, operand: &Bson, siblings: &Document) -> Result<Option<Predicate>> {
    some_of(Predicate::GeoWithin, geo::parse_shapes(siblings, operand))
}

fn misplaced_near(_: &str, _: &Bson, _: &Document) -> Result<Option<Predicate>> {
    Err(bad_value("near must be first in its document, with a point"))
}

fn find(name: &str) -> Option<&'static Operator> {
    OPERATORS.binary_search_by(|row| row.name.cmp(name)).ok().and_then(|at| OPERATORS.get(at))
}

/// The names of the operators of fields.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    OPERATORS.iter().map(|row| row.name)
}

/// Whether a document that begins with `name`, in `$all` and `$pull`, is a condition on an element.
/// There the server takes `$not`, as unknown operators, for the name of a field.
pub(crate) fn begins_condition(name: &str) -> bool {
    name != NOT && find(name).is_some()
}

/// Reads all operators of a field, in order.
pub(super) fn parse_all(operators: &Document) -> Result<Vec<Predicate>> {
    if geo::begins_with_near(operators) {
        return Ok(vec![Predicate::Near(Box::new(geo::parse_near(operators)?))]);
    }
    let mut predicates = Vec::with_capacity(operators.len());
    for (name, operand) in operators {
        predicates.extend(parse(name, operand, operators)?);
    }
    Ok(predicates)
}

fn parse(name: &str, operand: &Bson, siblings: &Document) -> Result<Option<Predicate>> {
    match find(name) {
        Some(operator) => (operator.parse)(name, operand, siblings),
        None if name == "$where" => Err(bad_value("$where cannot be applied to a field")),
        None => Err(bad_value(format!("unknown operator: {name}"))),
    }
}

/// The operand of an equality: anything but undefined.
pub(super) fn comparable(operand: &Bson) -> Result<Bson> {
    match operand {
        Bson::Undefined => Err(bad_value("cannot compare to undefined")),
        value => Ok(value.clone()),
    }
}

/// The operand of the other comparisons: no regular expression either.
fn ordered(operand: &Bson) -> Result<Bson> {
    match operand {
        Bson::RegularExpression(_) => {
            Err(bad_value("a regular expression can only be compared with $eq"))
        }
        value => comparable(value),
    }
}

fn parse_in(name: &str, operand: &Bson) -> Result<Vec<Bson>> {
    let Bson::Array(values) = operand else {
        return Err(bad_value(format!("{name} needs an array")));
    };
    for value in values {
        match value {
            Bson::Document(doc) if is_operator_document(doc) => {
                return Err(bad_value(format!("cannot nest $ under {name}")));
            }
            Bson::RegularExpression(regex) => check_regex(regex)?,
            Bson::Undefined => {
                return Err(bad_value(format!("{name} cannot compare to undefined")));
            }
            _ => {}
        }
    }
    Ok(values.clone())
}

fn parse_type(operand: &Bson) -> Result<Vec<TypeSpec>> {
    let Bson::Array(types) = operand else {
        return Ok(vec![parse_one_type(operand)?]);
    };
    if types.is_empty() {
        return Err(Error::command(
            ErrorCode::FAILED_TO_PARSE,
            "$type must match at least one type",
        ));
    }
    types.iter().map(parse_one_type).collect()
}

fn parse_one_type(operand: &Bson) -> Result<TypeSpec> {
    match operand {
        Bson::String(alias) if alias == "number" => Ok(TypeSpec::Number),
        Bson::String(alias) if alias == "missing" => Err(bad_value(
            "'missing' is not a legal type name. To query for non-existence of a field, use {$exists:false}",
        )),
        Bson::String(alias) => BsonType::from_alias(alias)
            .map(TypeSpec::Type)
            .ok_or_else(|| bad_value(format!("unknown type name alias: {alias}"))),
        number if number::is_number(number) => number::exact_i64(number)
            .and_then(BsonType::from_number)
            .map(TypeSpec::Type)
            .ok_or_else(|| bad_value(format!("invalid numerical type code: {number}"))),
        _ => Err(Error::command(
            ErrorCode::TYPE_MISMATCH,
            "type must be represented as a number or a string",
        )),
    }
}

fn parse_mod(operand: &Bson) -> Result<Predicate> {
    let malformed = |why: &str| bad_value(format!("malformed mod, {why}"));
    let Bson::Array(operands) = operand else {
        return Err(malformed("needs to be an array"));
    };
    let [divisor, remainder] = operands.as_slice() else {
        return Err(malformed("needs exactly a divisor and a remainder"));
    };
    let integer = |operand: &Bson, what: &str| {
        number::truncated_i64(operand)
            .ok_or_else(|| malformed(&format!("{what} {operand} is not a number that fits a long")))
    };
    let divisor = integer(divisor, "divisor")?;
    let remainder = integer(remainder, "remainder")?;
    if divisor == 0 {
        return Err(bad_value("divisor cannot be 0"));
    }
    Ok(Predicate::Mod { divisor, remainder })
}

/// Reads `$regex` and `$options`, in either order; options in both places are refused.
fn parse_regex(operators: &Document) -> Result<Regex> {
    let mut pattern = "";
    let mut options = "";
    for (name, operand) in operators {
        match (name.as_str(), operand) {
            ("$regex", Bson::String(text)) => pattern = text,
            ("$regex", Bson::RegularExpression(regex)) => {
                pattern = regex.pattern.as_str();
                if !regex.options.is_empty() {
                    if !options.is_empty() {
                        return Err(options_twice(51_074));
                    }
                    options = regex.options.as_str();
                }
            }
            ("$regex", _) => return Err(bad_value("$regex has to be a string")),
            ("$options", Bson::String(text)) => {
                if !options.is_empty() {
                    return Err(options_twice(51_075));
                }
                options = text;
            }
            ("$options", _) => return Err(bad_value("$options has to be a string")),
            _ => {}
        }
    }
    check_regex_options(options)?;
    let c_string = |text: &str| {
        text.try_into()
            .map_err(|_| bad_value("regular expression cannot contain an embedded null byte"))
    };
    Ok(Regex { pattern: c_string(pattern)?, options: c_string(options)? })
}

fn options_twice(code: i32) -> Error {
    Error::command(ErrorCode(code), "options set in both $regex and $options")
}

/// Checks a regular expression that is to match strings.
pub(super) fn check_regex(regex: &Regex) -> Result<()> {
    check_regex_options(regex.options.as_str())
}

fn check_regex_options(options: &str) -> Result<()> {
    match options.chars().find(|flag| !"imsxu".contains(*flag)) {
        Some(flag) => Err(Error::command(
            ErrorCode(51_108),
            format!("invalid flag in regex options: {flag:?}"),
        )),
        None => Ok(()),
    }
}

fn parse_all_operator(operand: &Bson) -> Result<Predicate> {
    let Bson::Array(values) = operand else {
        return Err(bad_value("$all needs an array"));
    };
    if values.first().is_some_and(|first| elem_match_operand(first).is_some()) {
        let element = |value: &Bson| match elem_match_operand(value) {
            Some(operand) => parse_elem_match(operand),
            None => Err(bad_value("$all/$elemMatch has to be consistent")),
        };
        return values.iter().map(element).collect::<Result<_>>().map(Predicate::AllElemMatch);
    }
    for value in values {
        match value {
            Bson::RegularExpression(regex) => check_regex(regex)?,
            Bson::Document(doc) if doc.keys().next().is_some_and(|name| begins_condition(name)) => {
                return Err(bad_value("no $ expressions in $all"));
            }
            other => {
                comparable(other)?;
            }
        }
    }
    Ok(Predicate::All(values.clone()))
}

/// The operand of the `$elemMatch` with which a document begins; the server ignores what follows it.
fn elem_match_operand(value: &Bson) -> Option<&Bson> {
    let Bson::Document(doc) = value else { return None };
    doc.iter().next().filter(|(name, _)| *name == "$elemMatch").map(|(_, operand)| operand)
}

fn parse_elem_match(operand: &Bson) -> Result<ElemMatch> {
    match operand {
        Bson::Document(doc) => parse_elem_match_document(doc),
        _ => Err(bad_value("$elemMatch needs an Object")),
    }
}

pub(super) fn parse_elem_match_document(doc: &Document) -> Result<ElemMatch> {
    if is_about_value(doc) {
        parse_all(doc).map(ElemMatch::Value)
    } else {
        parse_document(doc, Level::Element).map(|filter| ElemMatch::Fields(Box::new(filter)))
    }
}

/// Whether the document holds operators on the element itself. One that begins with an operator
/// of whole documents, or holds any field of a `DBRef`, is about the element's fields.
fn is_about_value(doc: &Document) -> bool {
    let Some(first) = doc.keys().next() else { return false };
    first.starts_with('$')
        && !super::is_top_level(first)
        && !["$ref", "$id", "$db"].iter().any(|name| doc.contains_key(name))
}

fn parse_size(operand: &Bson) -> Result<i64> {
    number::exact_i64(operand)
        .filter(|size| (0..=i64::from(i32::MAX)).contains(size))
        .ok_or_else(|| bad_value(format!("$size needs a non-negative integer, found {operand}")))
}

fn parse_bits(name: &str, operand: &Bson) -> Result<BitMask> {
    match operand {
        Bson::Array(positions) => {
            positions.iter().map(parse_bit_position).collect::<Result<_>>().map(BitMask::Positions)
        }
        Bson::Binary(bytes) => Ok(BitMask::Binary(bytes.clone())),
        number if number::is_number(number) => number::exact_i64(number)
            .filter(|mask| *mask >= 0)
            .map(BitMask::Number)
            .ok_or_else(|| {
                Error::command(
                    ErrorCode::FAILED_TO_PARSE,
                    format!("{name} needs a non-negative integer, found {number}"),
                )
            }),
        _ => Err(bad_value(format!("{name} takes an array, a number, or a BinData"))),
    }
}

fn parse_bit_position(operand: &Bson) -> Result<u32> {
    number::exact_i64(operand)
        .and_then(|position| i32::try_from(position).ok())
        .and_then(|position| u32::try_from(position).ok())
        .ok_or_else(|| {
            bad_value(format!("a bit position must be a non-negative integer, found {operand}"))
        })
}

fn parse_not(operand: &Bson) -> Result<Vec<Predicate>> {
    match operand {
        Bson::RegularExpression(regex) => {
            check_regex(regex)?;
            Ok(vec![Predicate::Regex(regex.clone())])
        }
        Bson::Document(operators) if operators.is_empty() => Err(bad_value("$not cannot be empty")),
        Bson::Document(operators) => parse_all(operators),
        _ => Err(bad_value("$not needs a regex or a document")),
    }
}

#[cfg(test)]
mod tests {
    use super::OPERATORS;

    #[test]
    fn operators_are_sorted_and_named_once() {
        assert!(OPERATORS.is_sorted_by(|one, next| one.name < next.name));
    }
}
