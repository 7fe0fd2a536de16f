//! Printing updates.

use bson::{Bson, Document, doc};

use super::{BitOp, Change, CurrentDate, Pop, Push, PushOrder, PushSort, Update, pull};
use crate::error::{Error, ErrorCode, Result};
use crate::namespace::FieldPath;

impl Update {
    /// The update as a command takes it. [`Update::Raw`] is printed as it is.
    ///
    /// # Errors
    ///
    /// `InvalidBSON` (22) if the bytes of a replacement are not a document.
    pub fn to_bson(&self) -> Result<Bson> {
        match self {
            Update::Operators(changes) => Ok(Bson::Document(operators(changes))),
            Update::Replacement(encoded) => {
                Document::try_from(encoded.as_ref()).map(Bson::Document).map_err(|error| {
                    let message = format!("cannot decode the replacement: {error}");
                    Error::command(ErrorCode::INVALID_BSON, message)
                })
            }
            Update::Pipeline(pipeline) => Ok(Bson::Array(pipeline.to_array())),
            Update::Raw(doc) => Ok(Bson::Document(doc.clone())),
        }
    }
}

fn operators(changes: &[(FieldPath, Change)]) -> Document {
    if changes.is_empty() {
        // An empty document would replace.
        return doc! { "$set": {} };
    }
    let mut printed = Document::new();
    for (path, change) in changes {
        let (name, operand) = operator(change);
        if !add(&mut printed, name, path, operand) {
            // A document cannot say twice what to do with a field. The server refuses two changes of
            // one field whatever they are, so the second is printed as another operator: it is not
            // lost, and the answer is the right refusal (40).
            let other = if name == "$unset" { "$set" } else { "$unset" };
            add(&mut printed, other, path, Bson::Boolean(true));
        }
    }
    printed
}

/// Adds `path: operand` to the fields of operator `name`; false if it has that path already.
fn add(printed: &mut Document, name: &str, path: &FieldPath, operand: Bson) -> bool {
    let fields = printed.entry(name.to_owned()).or_insert_with(|| Bson::Document(Document::new()));
    let Bson::Document(fields) = fields else { return false };
    if fields.contains_key(path.as_str()) {
        return false;
    }
    fields.insert(path.as_str(), operand);
    true
}

fn operator(change: &Change) -> (&'static str, Bson) {
    match change {
        Change::Set(value) => ("$set", value.clone()),
        Change::SetOnInsert(value) => ("$setOnInsert", value.clone()),
        Change::Unset => ("$unset", Bson::Boolean(true)),
        Change::Inc(by) => ("$inc", by.clone()),
        Change::Mul(by) => ("$mul", by.clone()),
        Change::Min(value) => ("$min", value.clone()),
        Change::Max(value) => ("$max", value.clone()),
        Change::Rename(to) => ("$rename", Bson::String(to.to_string())),
        Change::CurrentDate(CurrentDate::Date) => ("$currentDate", Bson::Boolean(true)),
        Change::CurrentDate(CurrentDate::Timestamp) => {
            ("$currentDate", doc! { "$type": "timestamp" }.into())
        }
        Change::Push(operand) => ("$push", push(operand)),
        Change::AddToSet(values) => ("$addToSet", each(values)),
        Change::Pop(Pop::First) => ("$pop", Bson::Int32(-1)),
        Change::Pop(Pop::Last) => ("$pop", Bson::Int32(1)),
        Change::Pull(operand) => ("$pull", pull::print(operand)),
        Change::PullAll(values) => ("$pullAll", Bson::Array(values.clone())),
        Change::Bit(operations) => ("$bit", bit(operations).into()),
    }
}

/// One value is printed as it is, unless it could be taken for modifiers.
fn each(values: &[Bson]) -> Bson {
    match values {
        [value] if !matches!(value, Bson::Document(_)) => value.clone(),
        [Bson::Document(value)] if !value.contains_key("$each") => value.clone().into(),
        _ => doc! { "$each": values.to_vec() }.into(),
    }
}

fn push(push: &Push) -> Bson {
    let Push { each: values, position, sort, slice } = push;
    if position.is_none() && sort.is_none() && slice.is_none() {
        return each(values);
    }
    let mut printed = doc! { "$each": values.clone() };
    if let Some(position) = position {
        printed.insert("$position", whole(*position));
    }
    if let Some(slice) = slice {
        printed.insert("$slice", whole(*slice));
    }
    if let Some(sort) = sort {
        let sort = match sort {
            PushSort::Value(PushOrder::Ascending) => Bson::Int32(1),
            PushSort::Value(PushOrder::Descending) => Bson::Int32(-1),
            PushSort::Fields(fields) => Bson::Document(fields.to_document()),
        };
        printed.insert("$sort", sort);
    }
    printed.into()
}

fn whole(n: i64) -> Bson {
    i32::try_from(n).map_or(Bson::Int64(n), Bson::Int32)
}

fn bit(operations: &[(BitOp, Bson)]) -> Document {
    let mut printed = Document::new();
    for (op, by) in operations {
        if printed.insert(name(*op), by.clone()).is_some() {
            return folded(operations);
        }
    }
    printed
}

fn name(op: BitOp) -> &'static str {
    match op {
        BitOp::And => "and",
        BitOp::Or => "or",
        BitOp::Xor => "xor",
    }
}

/// A document names each operation once, but any sequence of them is one `and` followed by one `xor`.
fn folded(operations: &[(BitOp, Bson)]) -> Document {
    let (mut and, mut xor) = (-1_i64, 0_i64);
    let mut long = false;
    for (op, by) in operations {
        let by = match by {
            Bson::Int32(by) => i64::from(*by),
            Bson::Int64(by) => {
                long = true;
                *by
            }
            // Not an operand of `$bit`: printed alone, it is refused for what it is.
            other => return doc! { name(*op): other.clone() },
        };
        match op {
            BitOp::And => (and, xor) = (and & by, xor & by),
            BitOp::Or => (and, xor) = (and & !by, (xor & !by) | by),
            BitOp::Xor => xor ^= by,
        }
    }
    // Of 32-bit operands all results are within 32 bits.
    let number = |n: i64| match i32::try_from(n) {
        Ok(n) if !long => Bson::Int32(n),
        _ => Bson::Int64(n),
    };
    doc! { "and": number(and), "xor": number(xor) }
}
