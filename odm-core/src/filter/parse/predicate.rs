//! Reading the operators of one field.

use bson::{Bson, Document, Regex};

use super::{Level, bad_value, geo, is_operator_document, parse_document};
use crate::error::{Error, ErrorCode, Result};
use crate::filter::{BitMask, BsonType, ElemMatch, Predicate, TypeSpec};
use crate::{number, value};

/// The operators that `$all` refuses among its values; others it takes for plain field names.
const OPERATORS: [&str; 26] = [
    "$all",
    "$bitsAllClear",
    "$bitsAllSet",
    "$bitsAnyClear",
    "$bitsAnySet",
    "$elemMatch",
    "$eq",
    "$exists",
    "$geoIntersects",
    "$geoNear",
    "$geoWithin",
    "$gt",
    "$gte",
    "$in",
    "$lt",
    "$lte",
    "$mod",
    "$ne",
    "$near",
    "$nearSphere",
    "$nin",
    "$options",
    "$regex",
    "$size",
    "$type",
    "$within",
];

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

/// Reads one operator among its siblings; `None` for `$options`, which belongs to `$regex`.
fn parse(name: &str, operand: &Bson, siblings: &Document) -> Result<Option<Predicate>> {
    let predicate = match name {
        "$eq" => Predicate::Eq(comparable(operand)?),
        "$ne" => Predicate::Ne(ordered(operand)?),
        "$gt" => Predicate::Gt(ordered(operand)?),
        "$gte" => Predicate::Gte(ordered(operand)?),
        "$lt" => Predicate::Lt(ordered(operand)?),
        "$lte" => Predicate::Lte(ordered(operand)?),
        "$in" => Predicate::In(parse_in(name, operand)?),
        "$nin" => Predicate::Nin(parse_in(name, operand)?),
        "$exists" => Predicate::Exists(value::is_truthy(operand)),
        "$type" => Predicate::Type(parse_type(operand)?),
        "$mod" => parse_mod(operand)?,
        "$regex" => Predicate::Regex(parse_regex(siblings)?),
        "$options" => {
            return if siblings.contains_key("$regex") {
                Ok(None)
            } else {
                Err(bad_value("$options needs a $regex"))
            };
        }
        "$all" => parse_all_operator(operand)?,
        "$elemMatch" => Predicate::ElemMatch(parse_elem_match(operand)?),
        "$size" => Predicate::Size(parse_size(operand)?),
        "$bitsAllSet" => Predicate::BitsAllSet(parse_bits(name, operand)?),
        "$bitsAnySet" => Predicate::BitsAnySet(parse_bits(name, operand)?),
        "$bitsAllClear" => Predicate::BitsAllClear(parse_bits(name, operand)?),
        "$bitsAnyClear" => Predicate::BitsAnyClear(parse_bits(name, operand)?),
        "$not" => Predicate::Not(parse_not(operand)?),
        "$geoIntersects" => Predicate::GeoIntersects(geo::parse_shapes(siblings, operand)?),
        "$geoWithin" | "$within" => Predicate::GeoWithin(geo::parse_shapes(siblings, operand)?),
        "$near" | "$nearSphere" | "$geoNear" => {
            return Err(bad_value("near must be first in its document, with a point"));
        }
        "$where" => return Err(bad_value("$where cannot be applied to a field")),
        _ => return Err(bad_value(format!("unknown operator: {name}"))),
    };
    Ok(Some(predicate))
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
            Bson::Document(doc)
                if doc.keys().next().is_some_and(|name| OPERATORS.contains(&name.as_str())) =>
            {
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
    const OF_DOCUMENTS: [&str; 11] = [
        "$alwaysFalse",
        "$alwaysTrue",
        "$and",
        "$comment",
        "$expr",
        "$jsonSchema",
        "$nor",
        "$or",
        "$sampleRate",
        "$text",
        "$where",
    ];
    let Some(first) = doc.keys().next() else { return false };
    first.starts_with('$')
        && !OF_DOCUMENTS.contains(&first.as_str())
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
