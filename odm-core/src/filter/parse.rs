//! Reading filter documents.

mod geo;
mod predicate;
mod query;

pub(crate) use predicate::begins_condition;

use std::borrow::Cow;

use bson::{Bson, Document};

use super::{ElemMatch, Filter, JsonSchema, Predicate, TextSearch};
use crate::error::{Error, ErrorCode, Result};
use crate::namespace::FieldPath;
use crate::pipeline::Expr;
use crate::{number, value};

impl Filter {
    /// Reads a filter document.
    ///
    /// Not judged here, but by whoever evaluates: the expression of `$expr`, the syntax of a regular
    /// expression, JavaScript, the shapes of `$geoWithin` and `$geoIntersects`, and what
    /// [`JsonSchema::parse`] leaves to evaluators.
    ///
    /// # Errors
    ///
    /// The server's code for what is malformed: mostly `BadValue` (2), `Overflow` (15) for documents
    /// nested deeper than 200, 51108 for options of a regular expression, ….
    pub fn parse(doc: &Document) -> Result<Self> {
        value::check_depth(doc)?;
        let filter = parse_document(doc, Level::Top)?;
        query::check(&filter)?;
        Ok(filter)
    }

    /// The same filter without any [`Filter::Raw`] in it, for evaluators.
    ///
    /// # Errors
    ///
    /// As [`Filter::parse`], if a raw part is malformed.
    pub fn normalized(&self) -> Result<Cow<'_, Filter>> {
        match self {
            Filter::Raw(doc) => Filter::parse(doc).map(Cow::Owned),
            filter if !filter.has_raw() => Ok(Cow::Borrowed(filter)),
            filter => {
                let filter = filter.clone().without_raw(Level::Top)?;
                query::check(&filter)?;
                Ok(Cow::Owned(filter))
            }
        }
    }

    /// The names of the operators that stand where field names do, sorted: `$and`, `$expr`, ….
    pub fn operators() -> impl Iterator<Item = &'static str> {
        OPERATORS.iter().map(|(name, _)| *name)
    }

    fn has_raw(&self) -> bool {
        match self {
            Filter::Raw(_) => true,
            Filter::And(parts) | Filter::Or(parts) | Filter::Nor(parts) => {
                parts.iter().any(Filter::has_raw)
            }
            Filter::Field(_, predicate) => predicate.has_raw(),
            _ => false,
        }
    }

    fn without_raw(self, level: Level) -> Result<Self> {
        let all = |parts: Vec<Filter>| -> Result<Vec<Filter>> {
            parts.into_iter().map(|part| part.without_raw(level)).collect()
        };
        Ok(match self {
            Filter::Raw(doc) => {
                value::check_depth(&doc)?;
                parse_document(&doc, level)?
            }
            Filter::And(parts) => Filter::And(all(parts)?),
            Filter::Or(parts) => Filter::Or(all(parts)?),
            Filter::Nor(parts) => Filter::Nor(all(parts)?),
            Filter::Field(path, predicate) => Filter::Field(path, predicate.without_raw()?),
            other => other,
        })
    }
}

impl Predicate {
    /// Reads the operators of one field: `{$gt: 1, $lt: 5}`.
    ///
    /// # Errors
    ///
    /// As [`Filter::parse`].
    pub fn parse(operators: &Document) -> Result<Vec<Self>> {
        value::check_depth(operators)?;
        predicate::parse_all(operators)
    }

    /// The names of the operators of fields, sorted: `$all`, `$bitsAllClear`, ….
    pub fn operators() -> impl Iterator<Item = &'static str> {
        predicate::names()
    }

    fn has_raw(&self) -> bool {
        match self {
            Predicate::Not(parts) => parts.iter().any(Predicate::has_raw),
            Predicate::ElemMatch(element) => element.has_raw(),
            Predicate::AllElemMatch(elements) => elements.iter().any(ElemMatch::has_raw),
            _ => false,
        }
    }

    fn without_raw(self) -> Result<Self> {
        Ok(match self {
            Predicate::Not(parts) => Predicate::Not(all_without_raw(parts)?),
            Predicate::ElemMatch(element) => Predicate::ElemMatch(element.without_raw()?),
            Predicate::AllElemMatch(elements) => Predicate::AllElemMatch(
                elements.into_iter().map(ElemMatch::without_raw).collect::<Result<_>>()?,
            ),
            other => other,
        })
    }
}

fn all_without_raw(parts: Vec<Predicate>) -> Result<Vec<Predicate>> {
    parts.into_iter().map(Predicate::without_raw).collect()
}

impl ElemMatch {
    /// Reads the operand of `$elemMatch`: operators, or conditions on fields.
    ///
    /// # Errors
    ///
    /// As [`Filter::parse`].
    pub fn parse(operand: &Document) -> Result<Self> {
        value::check_depth(operand)?;
        predicate::parse_elem_match_document(operand)
    }

    pub(crate) fn has_raw(&self) -> bool {
        match self {
            ElemMatch::Fields(filter) => filter.has_raw(),
            ElemMatch::Value(parts) => parts.iter().any(Predicate::has_raw),
        }
    }

    fn without_raw(self) -> Result<Self> {
        Ok(match self {
            ElemMatch::Fields(filter) => match *filter {
                // A user's document may be conditions on fields or on the element itself.
                Filter::Raw(doc) => {
                    value::check_depth(&doc)?;
                    predicate::parse_elem_match_document(&doc)?
                }
                other => ElemMatch::Fields(Box::new(other.without_raw(Level::Element)?)),
            },
            ElemMatch::Value(parts) => ElemMatch::Value(all_without_raw(parts)?),
        })
    }
}

/// Whether a document is operators rather than a value: its first field begins with `$`, and it is
/// not a `DBRef`.
pub(crate) fn is_operator_document(doc: &Document) -> bool {
    doc.keys().next().is_some_and(|name| name.starts_with('$'))
        && !(doc.contains_key("$ref") && doc.contains_key("$id"))
}

/// Whether fields of the stored document are meant, or those of an array's element.
#[derive(Clone, Copy, PartialEq)]
enum Level {
    Top,
    Element,
}

pub(super) fn bad_value(message: impl Into<String>) -> Error {
    Error::command(ErrorCode::BAD_VALUE, message)
}

fn parse_document(doc: &Document, level: Level) -> Result<Filter> {
    let mut parts = Vec::with_capacity(doc.len());
    for (name, value) in doc {
        if name.starts_with('$') {
            parts.push(parse_top_level(name, value, level)?);
        } else {
            parse_field(name, value, &mut parts)?;
        }
    }
    Ok(match parts.len() {
        1 => parts.remove(0),
        _ => Filter::And(parts),
    })
}

fn parse_field(name: &str, operand: &Bson, parts: &mut Vec<Filter>) -> Result<()> {
    let path = parse_path(name)?;
    match operand {
        Bson::Document(operators) if is_operator_document(operators) => {
            let predicates = predicate::parse_all(operators)?;
            parts.extend(predicates.into_iter().map(|one| Filter::Field(path.clone(), one)));
        }
        Bson::RegularExpression(regex) => {
            predicate::check_regex(regex)?;
            parts.push(Filter::Field(path, Predicate::Regex(regex.clone())));
        }
        value => parts.push(Filter::Field(path, Predicate::Eq(predicate::comparable(value)?))),
    }
    Ok(())
}

fn parse_path(name: &str) -> Result<FieldPath> {
    /// The server's longest path.
    const MAX_COMPONENTS: usize = 180;
    if name.split('.').count() > MAX_COMPONENTS {
        return Err(Error::command(ErrorCode(5_729_100), "the field path is too long"));
    }
    Ok(name.into())
}

/// Reads the operand of an operator that stands where field names do.
type Parse = fn(&str, &Bson, Level) -> Result<Filter>;

/// Every operator that stands where field names do, sorted.
const OPERATORS: &[(&str, Parse)] = &[
    ("$alwaysFalse", |name, operand, _| parse_always(name, operand).map(|()| Filter::AlwaysFalse)),
    ("$alwaysTrue", |name, operand, _| parse_always(name, operand).map(|()| Filter::AlwaysTrue)),
    ("$and", |name, operand, level| parse_list(name, operand, level).map(Filter::And)),
    ("$comment", |_, operand, _| Ok(Filter::Comment(operand.clone()))),
    ("$expr", |name, operand, level| {
        check_top(name, level)?;
        Ok(Filter::Expr(Expr(operand.clone())))
    }),
    ("$jsonSchema", |_, operand, _| parse_json_schema(operand)),
    ("$nor", |name, operand, level| parse_list(name, operand, level).map(Filter::Nor)),
    ("$or", |name, operand, level| parse_list(name, operand, level).map(Filter::Or)),
    ("$sampleRate", |name, operand, level| {
        check_top(name, level)?;
        parse_sample_rate(operand)
    }),
    ("$text", |name, operand, level| {
        check_top(name, level)?;
        parse_text(operand)
    }),
    ("$where", |name, operand, level| {
        check_top(name, level)?;
        parse_where(operand)
    }),
];

fn is_top_level(name: &str) -> bool {
    OPERATORS.iter().any(|(known, _)| *known == name)
}

/// Reads what stands where field names do, and begins with `$`.
fn parse_top_level(name: &str, operand: &Bson, level: Level) -> Result<Filter> {
    if let Some((_, parse)) = OPERATORS.iter().find(|(known, _)| *known == name) {
        return parse(name, operand, level);
    }
    match name {
        // The fields of a DBRef are fields like any other, but their values are never operators.
        "$ref" | "$id" | "$db" => {
            Ok(Filter::Field(name.into(), Predicate::Eq(predicate::comparable(operand)?)))
        }
        "$not" => Err(bad_value(
            "unknown top level operator: $not. If you are trying to negate an entire expression, use $nor",
        )),
        _ => Err(bad_value(format!(
            "unknown top level operator: {name}. If you have a field name that starts with a '$' symbol, \
             consider using $getField or $setField"
        ))),
    }
}

fn check_top(name: &str, level: Level) -> Result<()> {
    match level {
        Level::Top => Ok(()),
        Level::Element => {
            Err(bad_value(format!("{name} can only be applied to the top-level document")))
        }
    }
}

fn parse_list(name: &str, operand: &Bson, level: Level) -> Result<Vec<Filter>> {
    let Bson::Array(entries) = operand else {
        return Err(bad_value(format!("{name} must be an array")));
    };
    if entries.is_empty() {
        return Err(bad_value(format!("{name} must be a nonempty array")));
    }
    let entry = |entry: &Bson| match entry {
        Bson::Document(doc) => parse_document(doc, level),
        _ => Err(bad_value(format!("{name} entries need to be full objects"))),
    };
    entries.iter().map(entry).collect()
}

fn parse_where(operand: &Bson) -> Result<Filter> {
    match operand {
        Bson::String(code) | Bson::JavaScriptCode(code) if code.is_empty() => {
            Err(bad_value("code for $where cannot be empty"))
        }
        Bson::String(_) | Bson::JavaScriptCode(_) => Ok(Filter::Where(operand.clone())),
        Bson::JavaScriptCodeWithScope(_) => Err(Error::command(
            ErrorCode(4_649_201),
            "$where no longer supports deprecated BSON type CodeWScope",
        )),
        _ => Err(bad_value("$where got bad type")),
    }
}

fn parse_text(operand: &Bson) -> Result<Filter> {
    let Bson::Document(spec) = operand else {
        return Err(bad_value("$text expects an object"));
    };
    let Some(search) = text_string(spec, "$search")? else {
        return Err(Error::command(ErrorCode::NO_SUCH_KEY, "missing expected field \"$search\""));
    };
    let text = TextSearch {
        search,
        language: text_string(spec, "$language")?,
        case_sensitive: text_bool(spec, "$caseSensitive")?,
        diacritic_sensitive: text_bool(spec, "$diacriticSensitive")?,
    };
    const KNOWN: [&str; 4] = ["$search", "$language", "$caseSensitive", "$diacriticSensitive"];
    if let Some(unknown) = spec.keys().find(|key| !KNOWN.contains(&key.as_str())) {
        return Err(bad_value(format!("extra field in $text: {unknown}")));
    }
    Ok(Filter::Text(text))
}

fn text_string(spec: &Document, name: &str) -> Result<Option<String>> {
    match spec.get(name) {
        None => Ok(None),
        Some(Bson::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(wrong_type(name, "string")),
    }
}

fn text_bool(spec: &Document, name: &str) -> Result<Option<bool>> {
    match spec.get(name) {
        None => Ok(None),
        Some(Bson::Boolean(flag)) => Ok(Some(*flag)),
        Some(_) => Err(wrong_type(name, "bool")),
    }
}

fn wrong_type(name: &str, expected: &str) -> Error {
    Error::command(
        ErrorCode::TYPE_MISMATCH,
        format!("\"{name}\" had the wrong type: expected {expected}"),
    )
}

fn parse_sample_rate(operand: &Bson) -> Result<Filter> {
    let Some(rate) = number::as_f64(operand) else {
        return Err(bad_value("argument to $sampleRate must be a numeric type"));
    };
    if !(0.0..=1.0).contains(&rate) {
        return Err(bad_value("numeric argument to $sampleRate must be in [0, 1]"));
    }
    Ok(Filter::SampleRate(rate))
}

fn parse_always(name: &str, operand: &Bson) -> Result<()> {
    if number::exact_i64(operand) == Some(1) {
        return Ok(());
    }
    Err(Error::command(ErrorCode::FAILED_TO_PARSE, format!("{name} must be an integer value of 1")))
}

fn parse_json_schema(operand: &Bson) -> Result<Filter> {
    let Bson::Document(schema) = operand else {
        return Err(Error::command(ErrorCode::TYPE_MISMATCH, "$jsonSchema must be an object"));
    };
    JsonSchema::parse(schema)?;
    Ok(Filter::JsonSchema(schema.clone()))
}
