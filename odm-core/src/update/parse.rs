//! Reading updates.

use bson::{Bson, Document, RawDocumentBuf};

use super::{BitOp, Change, CurrentDate, Pop, Push, PushOrder, PushSort, Update, check, pull};
use crate::error::{Error, ErrorCode, Result};
use crate::filter::BsonType;
use crate::namespace::FieldPath;
use crate::number::exact_i64;
use crate::pipeline::Pipeline;
use crate::sort::{Sort, SortOrder};

impl Update {
    /// Reads an update: a document of operators, a replacement document or a pipeline.
    ///
    /// Checked is what shows without a stored document and without array filters (those are
    /// [`ArrayFilters::parse`](super::ArrayFilters::parse)'s). The specifications of pipeline stages
    /// are the evaluator's to check.
    ///
    /// # Errors
    ///
    /// The server's code for what is malformed:
    ///
    /// - `FailedToParse` (9): an unknown operator, an operand that is no document, `$pop` by other than ±1.
    /// - `BadValue` (2): the operand of an operator, a misplaced `$` or `$[…]`.
    /// - `TypeMismatch` (14): `$inc` or `$mul` by what is no number, `$each` of `$addToSet` that is no array.
    /// - `ConflictingUpdateOperators` (40): two changes of one field, or of a field and a part of it.
    /// - `EmptyFieldName` (56): an empty part of a path.
    /// - 40323, 40324, `InvalidOptions` (72): pipeline stages.
    pub fn parse(update: &Bson) -> Result<Self> {
        match update {
            Bson::Document(doc) => document(doc),
            Bson::Array(stages) => {
                let pipeline = Pipeline::parse(stages)?;
                check::pipeline(&pipeline)?;
                Ok(Update::Pipeline(pipeline))
            }
            _ => Err(failed_to_parse("update argument must be either an object or an array")),
        }
    }

    /// The names of the update operators, sorted: `$addToSet`, `$bit`, ….
    pub fn operators() -> impl Iterator<Item = &'static str> {
        OPERATORS.iter().map(|(name, _)| *name)
    }
}

pub(super) fn document(doc: &Document) -> Result<Update> {
    if Update::is_replacement(doc) {
        let encoded = RawDocumentBuf::try_from(doc)
            .map_err(|error| bad_value(format!("cannot encode the replacement: {error}")))?;
        return Ok(Update::Replacement(encoded));
    }
    let mut changes = Vec::new();
    let mut checked = check::Fields::default();
    for (name, operand) in doc {
        let parse = operator(name)?;
        let Bson::Document(fields) = operand else {
            return Err(failed_to_parse(format!(
                "modifiers operate on fields but we found type {} instead, in {name}",
                alias(operand)
            )));
        };
        for (name, operand) in fields {
            let path = FieldPath::from(name.as_str());
            check::path_parts(&path)?;
            let change = parse(operand)?;
            // A conflict comes before what is wrong with a later field.
            checked.add(name, &change, operand.as_str())?;
            changes.push((path, change));
        }
    }
    Ok(Update::Operators(changes))
}

type Parse = fn(&Bson) -> Result<Change>;

/// The update operators, each with what reads the operand of one field.
const OPERATORS: &[(&str, Parse)] = &[
    ("$addToSet", add_to_set),
    ("$bit", bit),
    ("$currentDate", current_date),
    ("$inc", |by| Ok(Change::Inc(by.clone()))),
    ("$max", |value| Ok(Change::Max(value.clone()))),
    ("$min", |value| Ok(Change::Min(value.clone()))),
    ("$mul", |by| Ok(Change::Mul(by.clone()))),
    ("$pop", pop),
    ("$pull", |operand| pull::parse(operand).map(Change::Pull)),
    ("$pullAll", pull_all),
    ("$push", |operand| push(operand).map(Change::Push)),
    ("$rename", rename),
    ("$set", |value| Ok(Change::Set(value.clone()))),
    ("$setOnInsert", |value| Ok(Change::SetOnInsert(value.clone()))),
    ("$unset", |_| Ok(Change::Unset)),
];

fn operator(name: &str) -> Result<Parse> {
    match OPERATORS.iter().find(|(known, _)| *known == name) {
        Some((_, parse)) => Ok(*parse),
        None => Err(failed_to_parse(format!(
            "unknown modifier: {name}; expected a valid update modifier or a pipeline"
        ))),
    }
}

fn rename(operand: &Bson) -> Result<Change> {
    match operand {
        Bson::String(to) if to.contains('\0') => {
            Err(bad_value("the 'to' field for $rename cannot contain an embedded null byte"))
        }
        Bson::String(to) => Ok(Change::Rename(FieldPath::from(to.as_str()))),
        other => Err(bad_value(format!("the 'to' field for $rename must be a string: {other}"))),
    }
}

fn current_date(operand: &Bson) -> Result<Change> {
    match operand {
        Bson::Boolean(_) => Ok(Change::CurrentDate(CurrentDate::Date)),
        Bson::Document(options) => {
            if let Some(unknown) = options.keys().find(|option| *option != "$type") {
                return Err(bad_value(format!("unrecognized $currentDate option: {unknown}")));
            }
            match options.get("$type").and_then(Bson::as_str) {
                Some("date") => Ok(Change::CurrentDate(CurrentDate::Date)),
                Some("timestamp") => Ok(Change::CurrentDate(CurrentDate::Timestamp)),
                _ => Err(bad_value("the $type of $currentDate must be 'date' or 'timestamp'")),
            }
        }
        other => Err(bad_value(format!(
            "{} is not valid type for $currentDate; use true or {{$type: 'date' | 'timestamp'}}",
            alias(other)
        ))),
    }
}

fn pop(operand: &Bson) -> Result<Change> {
    match exact_i64(operand) {
        Some(1) => Ok(Change::Pop(Pop::Last)),
        Some(-1) => Ok(Change::Pop(Pop::First)),
        _ => Err(failed_to_parse(format!("$pop expects 1 or -1, found: {operand}"))),
    }
}

fn pull_all(operand: &Bson) -> Result<Change> {
    match operand {
        Bson::Array(values) => Ok(Change::PullAll(values.clone())),
        other => Err(bad_value(format!(
            "$pullAll requires an array argument but was given a {}",
            alias(other)
        ))),
    }
}

fn bit(operand: &Bson) -> Result<Change> {
    let Bson::Document(operations) = operand else {
        return Err(bad_value(format!(
            "the $bit modifier is not compatible with a {}; it takes {{field: {{and/or/xor: #}}}}",
            alias(operand)
        )));
    };
    let operation = |(name, by): (&String, &Bson)| {
        let op = match name.as_str() {
            "and" => BitOp::And,
            "or" => BitOp::Or,
            "xor" => BitOp::Xor,
            other => {
                return Err(bad_value(format!(
                    "the $bit modifier only supports 'and', 'or' and 'xor', not '{other}'"
                )));
            }
        };
        Ok((op, by.clone()))
    };
    operations.iter().map(operation).collect::<Result<_>>().map(Change::Bit)
}

/// Only a document that begins with `$each` has modifiers here; `$push` takes it anywhere.
fn add_to_set(operand: &Bson) -> Result<Change> {
    let Bson::Document(modifiers) = operand else {
        return Ok(Change::AddToSet(vec![operand.clone()]));
    };
    let mut fields = modifiers.iter();
    match fields.next() {
        Some((first, each)) if first == "$each" => {
            let Bson::Array(values) = each else {
                return Err(Error::command(
                    ErrorCode::TYPE_MISMATCH,
                    format!(
                        "the argument to $each in $addToSet must be an array but it was of type {}",
                        alias(each)
                    ),
                ));
            };
            if fields.next().is_some() {
                return Err(bad_value(format!(
                    "found unexpected fields after $each in $addToSet: {modifiers}"
                )));
            }
            Ok(Change::AddToSet(values.clone()))
        }
        _ => Ok(Change::AddToSet(vec![operand.clone()])),
    }
}

fn push(operand: &Bson) -> Result<Push> {
    let modifiers = match operand {
        Bson::Document(doc) if doc.contains_key("$each") => doc,
        value => return Ok(Push { each: vec![value.clone()], ..Push::default() }),
    };
    let mut push = Push::default();
    for (name, value) in modifiers {
        match name.as_str() {
            "$each" => match value {
                Bson::Array(values) => push.each.clone_from(values),
                other => {
                    return Err(bad_value(format!(
                        "the argument to $each in $push must be an array but it was of type {}",
                        alias(other)
                    )));
                }
            },
            "$slice" => push.slice = Some(whole_modifier(name, value)?),
            "$position" => push.position = Some(whole_modifier(name, value)?),
            "$sort" => push.sort = Some(push_sort(value)?),
            other => return Err(bad_value(format!("unrecognized clause in $push: {other}"))),
        }
    }
    Ok(push)
}

fn whole_modifier(name: &str, value: &Bson) -> Result<i64> {
    exact_i64(value).ok_or_else(|| {
        bad_value(format!("the value for {name} must be an integer value, not {value}"))
    })
}

fn push_sort(operand: &Bson) -> Result<PushSort> {
    let direction = |value: &Bson| match exact_i64(value) {
        Some(1) => Ok(PushOrder::Ascending),
        Some(-1) => Ok(PushOrder::Descending),
        _ => Err(bad_value("the $sort element value must be either 1 or -1")),
    };
    match operand {
        Bson::Document(fields) if fields.is_empty() => {
            Err(bad_value("the sort pattern is empty when it should be a set of fields"))
        }
        Bson::Document(fields) => {
            let key = |(path, value): (&String, &Bson)| {
                if path.split('.').any(str::is_empty) {
                    return Err(bad_value(format!("the sort field has an empty part: '{path}'")));
                }
                let order = match direction(value)? {
                    PushOrder::Ascending => SortOrder::Ascending,
                    PushOrder::Descending => SortOrder::Descending,
                };
                Ok((FieldPath::from(path.as_str()), order))
            };
            let keys = fields.iter().map(key).collect::<Result<_>>()?;
            Ok(PushSort::Fields(Sort { keys }))
        }
        value if crate::number::is_number(value) => direction(value).map(PushSort::Value),
        _ => Err(bad_value(
            "the $sort is invalid: use 1/-1 to sort the whole element, or {field: 1/-1} to sort \
             embedded fields",
        )),
    }
}

pub(super) fn alias(value: &Bson) -> &'static str {
    BsonType::of(value).alias()
}

pub(super) fn bad_value(message: impl Into<String>) -> Error {
    Error::command(ErrorCode::BAD_VALUE, message)
}

pub(super) fn failed_to_parse(message: impl Into<String>) -> Error {
    Error::command(ErrorCode::FAILED_TO_PARSE, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_are_sorted() {
        assert!(OPERATORS.is_sorted_by_key(|(name, _)| *name));
    }
}
