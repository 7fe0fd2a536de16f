//! Reading schemas: the keywords in the server's order, so that of several mistakes the same one is told.

use bson::{Bson, Document};

use super::{
    Additional, BsonType, Dependency, JsonSchema, Keyword, SchemaTypes, TypeSpec, encrypt,
};
use crate::error::{Error, ErrorCode, Result};
use crate::{number, value};

/// The keywords that the server knows.
const KEYWORDS: [&str; 31] = [
    "additionalItems",
    "additionalProperties",
    "allOf",
    "anyOf",
    "bsonType",
    "dependencies",
    "description",
    "encrypt",
    "encryptMetadata",
    "enum",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "items",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "multipleOf",
    "not",
    "oneOf",
    "pattern",
    "patternProperties",
    "properties",
    "required",
    "title",
    "type",
    "uniqueItems",
];

/// Keywords of JSON Schema that the server knows but does not support.
const UNSUPPORTED: [&str; 6] = ["$ref", "$schema", "default", "definitions", "format", "id"];

impl JsonSchema {
    /// Reads a schema.
    ///
    /// Not judged here, but by whoever evaluates: the syntax of regular expressions, values that
    /// are twice in an `enum`, and a `multipleOf` that is not finite.
    ///
    /// # Errors
    ///
    /// - `FailedToParse` (9) for keywords that the server does not know or support, and for operands
    ///   that are out of range;
    /// - `TypeMismatch` (14) for operands of the wrong type;
    /// - `BadValue` (2) for unknown types and for empty lists;
    /// - `Overflow` (15) for schemas nested deeper than 200.
    pub fn parse(schema: &Document) -> Result<Self> {
        value::check_depth(schema)?;
        parse_schema(schema)
    }
}

pub(super) fn failed(message: impl Into<String>) -> Error {
    Error::command(ErrorCode::FAILED_TO_PARSE, message)
}

pub(super) fn mismatch(keyword: &str, expected: &str) -> Error {
    Error::command(
        ErrorCode::TYPE_MISMATCH,
        format!("$jsonSchema keyword '{keyword}' must be {expected}"),
    )
}

fn bad_value(message: impl Into<String>) -> Error {
    Error::command(ErrorCode::BAD_VALUE, message)
}

/// The caller has checked how deep it is nested.
fn parse_schema(schema: &Document) -> Result<JsonSchema> {
    for name in schema.keys() {
        if UNSUPPORTED.contains(&name.as_str()) {
            return Err(failed(format!("$jsonSchema keyword '{name}' is not currently supported")));
        }
        if !KEYWORDS.contains(&name.as_str()) {
            return Err(failed(format!("unknown $jsonSchema keyword: {name}")));
        }
    }
    for name in ["title", "description"] {
        if schema.get(name).is_some_and(|text| text.as_str().is_none()) {
            return Err(mismatch(name, "of type string"));
        }
    }
    let types = parse_types(schema)?;
    let mut keywords = Vec::new();
    parse_scalar_keywords(schema, &mut keywords)?;
    parse_array_keywords(schema, &mut keywords)?;
    parse_encryption_keywords(schema, &mut keywords)?;
    parse_object_keywords(schema, &mut keywords)?;
    parse_logical_keywords(schema, &mut keywords)?;
    Ok(JsonSchema { source: schema.clone(), types, keywords })
}

fn parse_types(schema: &Document) -> Result<Option<SchemaTypes>> {
    const EXCLUSIVE: [(&str, &str); 4] = [
        ("type", "bsonType"),
        ("type", "encrypt"),
        ("bsonType", "encrypt"),
        ("encrypt", "encryptMetadata"),
    ];
    for (one, other) in EXCLUSIVE {
        if schema.contains_key(one) && schema.contains_key(other) {
            return Err(failed(format!(
                "cannot specify both $jsonSchema keywords '{one}' and '{other}'"
            )));
        }
    }
    let read = |keyword: &'static str, of_alias: fn(&str) -> Result<TypeSpec>| {
        let Some(operand) = schema.get(keyword) else { return Ok(None) };
        let types = parse_type_list(keyword, operand, of_alias)?;
        if types.is_empty() {
            return Err(failed(format!(
                "$jsonSchema keyword '{keyword}' must name at least one type"
            )));
        }
        Ok(Some(SchemaTypes { keyword, types }))
    };
    if let Some(types) = read("type", json_type)? {
        return Ok(Some(types));
    }
    if let Some(types) = read("bsonType", bson_type)? {
        return Ok(Some(types));
    }
    let binary =
        || SchemaTypes { keyword: "encrypt", types: vec![TypeSpec::Type(BsonType::BinData)] };
    Ok(schema.contains_key("encrypt").then(binary))
}

/// One type or a list of types, each once.
pub(super) fn parse_type_list(
    keyword: &str,
    operand: &Bson,
    of_alias: fn(&str) -> Result<TypeSpec>,
) -> Result<Vec<TypeSpec>> {
    let aliases = match operand {
        Bson::String(alias) => vec![alias.as_str()],
        Bson::Array(values) => strings(values)
            .ok_or_else(|| mismatch(keyword, "either a string or an array of strings"))?,
        _ => return Err(mismatch(keyword, "either a string or an array of strings")),
    };
    check_unique(keyword, &aliases)?;
    let of_alias = |alias| match alias {
        "integer" => Err(failed("$jsonSchema type 'integer' is not currently supported")),
        alias => of_alias(alias),
    };
    aliases.into_iter().map(of_alias).collect()
}

/// The names of `type`.
fn json_type(alias: &str) -> Result<TypeSpec> {
    Ok(TypeSpec::Type(match alias {
        "array" => BsonType::Array,
        "boolean" => BsonType::Bool,
        "null" => BsonType::Null,
        "number" => return Ok(TypeSpec::Number),
        "object" => BsonType::Object,
        "string" => BsonType::String,
        _ => return Err(bad_value(format!("unknown type name alias: {alias}"))),
    }))
}

/// The names of `bsonType`: those of `$type`.
pub(super) fn bson_type(alias: &str) -> Result<TypeSpec> {
    if alias == "number" {
        return Ok(TypeSpec::Number);
    }
    BsonType::from_alias(alias)
        .map(TypeSpec::Type)
        .ok_or_else(|| bad_value(format!("unknown type name alias: {alias}")))
}

fn parse_scalar_keywords(schema: &Document, keywords: &mut Vec<Keyword>) -> Result<()> {
    if let Some(operand) = schema.get("pattern") {
        let pattern = operand.as_str().ok_or_else(|| mismatch("pattern", "a string"))?;
        keywords.push(Keyword::Pattern(pattern.to_owned()));
    }
    keywords.extend(parse_length(schema, "maxLength")?.map(Keyword::MaxLength));
    keywords.extend(parse_length(schema, "minLength")?.map(Keyword::MinLength));
    if let Some(operand) = parse_number(schema, "multipleOf")? {
        if !is_positive(operand) {
            return Err(failed("$jsonSchema keyword 'multipleOf' must have a positive value"));
        }
        keywords.push(Keyword::MultipleOf(operand.clone()));
    }
    if let Some((bound, exclusive)) = parse_bound(schema, "maximum", "exclusiveMaximum")? {
        keywords.push(Keyword::Maximum { bound, exclusive });
    }
    if let Some((bound, exclusive)) = parse_bound(schema, "minimum", "exclusiveMinimum")? {
        keywords.push(Keyword::Minimum { bound, exclusive });
    }
    Ok(())
}

/// A whole number that is not negative.
fn parse_length(schema: &Document, keyword: &str) -> Result<Option<i64>> {
    let Some(operand) = schema.get(keyword) else { return Ok(None) };
    match number::exact_i64(operand) {
        Some(length @ 0..) => Ok(Some(length)),
        _ => Err(failed(format!("{keyword} must be a whole number that is not negative"))),
    }
}

fn parse_number<'s>(schema: &'s Document, keyword: &str) -> Result<Option<&'s Bson>> {
    match schema.get(keyword) {
        Some(operand) if !number::is_number(operand) => Err(mismatch(keyword, "a number")),
        operand => Ok(operand),
    }
}

/// Above zero, or NaN.
fn is_positive(operand: &Bson) -> bool {
    match operand {
        Bson::Int32(n) => *n > 0,
        Bson::Int64(n) => *n > 0,
        Bson::Double(n) => *n > 0.0 || n.is_nan(),
        Bson::Decimal128(n) => !number::is_zero(operand) && !n.to_string().starts_with('-'),
        _ => false,
    }
}

fn parse_bound(
    schema: &Document,
    keyword: &str,
    exclusive_keyword: &str,
) -> Result<Option<(Bson, bool)>> {
    let exclusive = schema.get(exclusive_keyword);
    if !schema.contains_key(keyword) {
        return match exclusive {
            None => Ok(None),
            Some(_) => Err(failed(format!(
                "$jsonSchema keyword '{keyword}' must be present if {exclusive_keyword} is"
            ))),
        };
    }
    let exclusive = match exclusive {
        None => false,
        Some(Bson::Boolean(exclusive)) => *exclusive,
        Some(_) => return Err(mismatch(exclusive_keyword, "a boolean")),
    };
    Ok(parse_number(schema, keyword)?.map(|bound| (bound.clone(), exclusive)))
}

fn parse_array_keywords(schema: &Document, keywords: &mut Vec<Keyword>) -> Result<()> {
    keywords.extend(parse_length(schema, "minItems")?.map(Keyword::MinItems));
    keywords.extend(parse_length(schema, "maxItems")?.map(Keyword::MaxItems));
    match schema.get("uniqueItems") {
        None | Some(Bson::Boolean(false)) => {}
        Some(Bson::Boolean(true)) => keywords.push(Keyword::UniqueItems),
        Some(_) => return Err(mismatch("uniqueItems", "a boolean")),
    }
    let mut listed = None;
    match schema.get("items") {
        None => {}
        Some(Bson::Document(items)) => {
            keywords.push(Keyword::Items(Box::new(parse_schema(items)?)));
        }
        Some(Bson::Array(items)) => {
            let parse_item = |item: &Bson| match item {
                Bson::Document(item) => parse_schema(item),
                _ => Err(mismatch("items", "an object or an array of objects")),
            };
            listed = Some(items.len());
            keywords.push(Keyword::ItemList(items.iter().map(parse_item).collect::<Result<_>>()?));
        }
        Some(_) => return Err(mismatch("items", "an object or an array of objects")),
    }
    let rest = parse_additional(schema, "additionalItems")?;
    if let (Some(after), Some(rest)) = (listed, rest) {
        keywords.push(Keyword::AdditionalItems { after, rest });
    }
    Ok(())
}

fn parse_additional(schema: &Document, keyword: &str) -> Result<Option<Additional>> {
    Ok(Some(match schema.get(keyword) {
        None => return Ok(None),
        Some(Bson::Boolean(true)) => Additional::Any,
        Some(Bson::Boolean(false)) => Additional::None,
        Some(Bson::Document(schema)) => Additional::Schema(Box::new(parse_schema(schema)?)),
        Some(_) => return Err(mismatch(keyword, "an object or a boolean")),
    }))
}

fn parse_encryption_keywords(schema: &Document, keywords: &mut Vec<Keyword>) -> Result<()> {
    match schema.get("encryptMetadata") {
        None => {}
        Some(Bson::Document(metadata)) => encrypt::check_metadata(metadata)?,
        Some(_) => return Err(mismatch("encryptMetadata", "an object")),
    }
    match schema.get("encrypt") {
        None => {}
        Some(Bson::Document(info)) => {
            keywords.push(Keyword::Encrypt { of: encrypt::parse(info)? });
        }
        Some(_) => return Err(mismatch("encrypt", "an object")),
    }
    Ok(())
}

fn parse_object_keywords(schema: &Document, keywords: &mut Vec<Keyword>) -> Result<()> {
    if let Some(operand) = schema.get("required") {
        let names = parse_names("required", operand)?;
        keywords.push(Keyword::Required(names));
    }
    let mut named = Vec::new();
    if let Some(operand) = schema.get("properties") {
        let properties = parse_schemas("properties", operand)?;
        named.extend(properties.iter().map(|(name, _)| name.clone()));
        keywords.push(Keyword::Properties(properties));
    }
    let patterns = match schema.get("patternProperties") {
        Some(operand) => parse_schemas("patternProperties", operand)?,
        None => Vec::new(),
    };
    let additional = parse_additional(schema, "additionalProperties")?;
    if additional.is_some() || schema.contains_key("patternProperties") {
        let additional = additional.unwrap_or(Additional::Any);
        keywords.push(Keyword::AllowedProperties { named, patterns, additional });
    }
    keywords.extend(parse_length(schema, "minProperties")?.map(Keyword::MinProperties));
    keywords.extend(parse_length(schema, "maxProperties")?.map(Keyword::MaxProperties));
    if let Some(operand) = schema.get("dependencies") {
        let Bson::Document(operand) = operand else {
            return Err(mismatch("dependencies", "an object"));
        };
        let dependencies = operand.iter().map(|(name, operand)| {
            let dependency = match operand {
                Bson::Document(schema) => Dependency::Schema(Box::new(parse_schema(schema)?)),
                names => Dependency::Fields(parse_names("dependencies", names)?),
            };
            Ok((name.clone(), dependency))
        });
        keywords.push(Keyword::Dependencies(dependencies.collect::<Result<_>>()?));
    }
    Ok(())
}

/// Names of fields: at least one, each once.
fn parse_names(keyword: &str, operand: &Bson) -> Result<Vec<String>> {
    let Some(names) = operand.as_array().and_then(|values| strings(values)) else {
        return Err(mismatch(keyword, "an array of strings"));
    };
    if names.is_empty() {
        return Err(failed(format!("$jsonSchema keyword '{keyword}' cannot be an empty array")));
    }
    check_unique(keyword, &names)?;
    Ok(names.into_iter().map(str::to_owned).collect())
}

/// Schemas by the names of fields, or patterns of names.
fn parse_schemas(keyword: &str, operand: &Bson) -> Result<Vec<(String, JsonSchema)>> {
    let Bson::Document(operand) = operand else {
        return Err(mismatch(keyword, "an object"));
    };
    let parse_one = |(name, schema): (&String, &Bson)| match schema {
        Bson::Document(schema) => Ok((name.clone(), parse_schema(schema)?)),
        _ => Err(mismatch(keyword, "an object of objects")),
    };
    operand.iter().map(parse_one).collect()
}

fn parse_logical_keywords(schema: &Document, keywords: &mut Vec<Keyword>) -> Result<()> {
    type OfList = fn(Vec<JsonSchema>) -> Keyword;
    const LISTS: [(&str, OfList); 3] =
        [("allOf", Keyword::AllOf), ("anyOf", Keyword::AnyOf), ("oneOf", Keyword::OneOf)];
    for (keyword, of_list) in LISTS {
        if let Some(operand) = schema.get(keyword) {
            keywords.push(of_list(parse_list(keyword, operand)?));
        }
    }
    match schema.get("not") {
        None => {}
        Some(Bson::Document(schema)) => {
            keywords.push(Keyword::Not(Box::new(parse_schema(schema)?)));
        }
        Some(_) => return Err(mismatch("not", "an object")),
    }
    match schema.get("enum") {
        None => {}
        Some(Bson::Array(values)) if values.is_empty() => {
            return Err(failed("$jsonSchema keyword 'enum' cannot be an empty array"));
        }
        Some(Bson::Array(values)) => keywords.push(Keyword::Enum(values.clone())),
        Some(_) => return Err(mismatch("enum", "an array")),
    }
    Ok(())
}

fn parse_list(keyword: &str, operand: &Bson) -> Result<Vec<JsonSchema>> {
    let Bson::Array(schemas) = operand else {
        return Err(mismatch(keyword, "an array"));
    };
    if schemas.is_empty() {
        return Err(bad_value(format!(
            "$jsonSchema keyword '{keyword}' must be a non-empty array"
        )));
    }
    let parse_one = |schema: &Bson| match schema {
        Bson::Document(schema) => parse_schema(schema),
        _ => Err(mismatch(keyword, "an array of objects")),
    };
    schemas.iter().map(parse_one).collect()
}

fn strings(values: &[Bson]) -> Option<Vec<&str>> {
    values.iter().map(Bson::as_str).collect()
}

fn check_unique(keyword: &str, names: &[&str]) -> Result<()> {
    let mut sorted = names.to_vec();
    sorted.sort_unstable();
    let all = sorted.len();
    sorted.dedup();
    if sorted.len() < all {
        return Err(failed(format!("$jsonSchema keyword '{keyword}' cannot contain duplicates")));
    }
    Ok(())
}
