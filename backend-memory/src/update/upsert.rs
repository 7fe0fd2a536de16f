//! What an upsert inserts.

use std::collections::BTreeMap;
use std::sync::Arc;

use bson::Bson;
use bson::oid::ObjectId;
use odm_core::{Error, ErrorCode, Filter, Predicate};

use super::plan::Plan;
use super::replacement::{Replacement, check_id_names, check_id_type};
use super::write::{New, write_object};
use super::{ApplyCx, Kind, Updater, check_depth};
use crate::collation::Collator;
use crate::value::write::{append, begin, finish};
use crate::value::{RawVal, Record, ValueBuf, compare_collated};

/// How deeply the conditions of a filter are looked into.
const MAX_FILTER_DEPTH: usize = 200;

pub(super) fn upsert(
    updater: &Updater,
    filter: &Filter,
    cx: &ApplyCx,
    new_id: impl FnOnce() -> ObjectId,
) -> Result<Vec<u8>, Error> {
    let collator = updater.collator.clone();
    let mut equalities = Equalities { collator, ..Equalities::default() };
    equalities.collect(filter.normalized()?.as_ref(), 0)?;
    let document = match &updater.kind {
        Kind::Operators(tree) => {
            let seed = Record::from_bytes(&equalities.document()?)?;
            let resolved = tree.resolve(cx.matched_index)?;
            let document = match Plan::new(resolved.as_ref(), &seed, cx)? {
                Some(plan) => plan.write(),
                None => seed.bytes().to_vec(),
            };
            if tree.may_exceed_depth() {
                check_depth(RawVal::document(&document))?;
            }
            let id = RawVal::document(&document).get(b"_id");
            if tree.adds_to_id() && id.is_some_and(|id| id.is_array() && !id.is_empty()) {
                return Err(super::replacement::array_id());
            }
            // Of the filter, only a whole `_id` is looked at.
            if updater.touched.may_change("_id") || equalities.values.contains_key("_id") {
                check_id_names(id)?;
            }
            document
        }
        Kind::Replacement(replacement) => replace(replacement, &equalities, cx)?,
        Kind::Pipeline(stages) => {
            let document = stages.upsert(&Record::from_bytes(&equalities.document()?)?)?;
            check_depth(RawVal::document(&document))?;
            document
        }
    };
    let document = with_id_first(RawVal::document(&document), new_id)?;
    super::check_size(&document, ErrorCode(17_420))?;
    Ok(document)
}

/// Of the filter, a replacement takes the `_id` alone.
fn replace(
    replacement: &Replacement,
    equalities: &Equalities,
    cx: &ApplyCx,
) -> Result<Vec<u8>, Error> {
    if let Some(path) = equalities.values.keys().find(|path| path.starts_with("_id.")) {
        return Err(Error::command(
            ErrorCode(111),
            format!("field at '_id' must be exactly specified, field at sub-path '{path}' found"),
        ));
    }
    if equalities.repeated.as_deref() == Some("_id") {
        return Err(matched_twice("_id"));
    }
    let id = equalities.values.get("_id").map(ValueBuf::from_bson).transpose()?;
    check_id_names(replacement.id().or(id.as_ref().map(ValueBuf::as_raw)))?;
    replacement.apply(id.as_ref().map(ValueBuf::as_raw), cx)
}

fn with_id_first(
    document: RawVal<'_>,
    new_id: impl FnOnce() -> ObjectId,
) -> Result<Vec<u8>, Error> {
    let mut out = Vec::with_capacity(document.bytes().len() + 24);
    let start = begin(&mut out);
    let found = document.get(b"_id");
    match found {
        Some(id) => {
            check_id_type(id)?;
            append(&mut out, b"_id", id);
        }
        None => append(&mut out, b"_id", ValueBuf::from(new_id()).as_raw()),
    }
    let mut rest = document.elements().collect::<Vec<_>>();
    if let Some(place) = rest.iter().position(|(name, _)| *name == b"_id") {
        rest.remove(place);
    }
    for (name, value) in rest {
        append(&mut out, name, value);
    }
    finish(&mut out, start);
    Ok(out)
}

/// What a filter says by equality, by path.
#[derive(Default)]
struct Equalities {
    values: BTreeMap<String, Bson>,
    /// A path that is there twice, which operators refuse.
    repeated: Option<String>,
    collator: Option<Arc<Collator>>,
}

impl Equalities {
    fn collect(&mut self, filter: &Filter, depth: usize) -> Result<(), Error> {
        if depth > MAX_FILTER_DEPTH {
            return Err(Error::command(ErrorCode::OVERFLOW, "the filter is nested too deeply"));
        }
        match filter {
            // The server simplifies a filter first: what can never match says nothing, and one
            // alternative is none.
            filter if is_never(filter) => Ok(()),
            Filter::And(parts) => parts.iter().try_for_each(|part| self.collect(part, depth + 1)),
            Filter::Or(parts) => {
                let mut possible = parts.iter().filter(|part| !is_never(part));
                match (possible.next(), possible.next()) {
                    (Some(only), None) => self.collect(only, depth + 1),
                    _ => Ok(()),
                }
            }
            Filter::Field(path, predicate) => {
                match predicate {
                    Predicate::Eq(value) => self.add(path.as_str(), value),
                    Predicate::In(values) => {
                        if let Some(only) = only_value(values, self.collator.as_deref())? {
                            self.add(path.as_str(), only);
                        }
                    }
                    Predicate::All(values) => {
                        let is_value = |value: &&Bson| !matches!(value, Bson::RegularExpression(_));
                        values.iter().filter(is_value).for_each(|v| self.add(path.as_str(), v));
                    }
                    _ => {}
                }
                Ok(())
            }
            Filter::Expr(_) => Err(Error::command(
                ErrorCode(224),
                "$expr is not allowed in the query predicate for an upsert",
            )),
            _ => Ok(()),
        }
    }

    fn add(&mut self, path: &str, value: &Bson) {
        if self.values.insert(path.to_owned(), value.clone()).is_some() {
            self.repeated.get_or_insert_with(|| path.to_owned());
        }
    }

    /// The document of all paths, in their order as strings.
    fn document(&self) -> Result<Vec<u8>, Error> {
        if let Some(path) = &self.repeated {
            return Err(matched_twice(path));
        }
        let mut fields = Vec::new();
        for (path, value) in &self.values {
            if path.is_empty() {
                return Err(Error::command(
                    ErrorCode::ILLEGAL_OPERATION,
                    "cannot call setValue on the root object",
                ));
            }
            for (dot, _) in path.match_indices('.') {
                if let Some(outer) = path.get(..dot)
                    && self.values.contains_key(outer)
                {
                    return Err(Error::command(
                        ErrorCode::NOT_SINGLE_VALUE_FIELD,
                        format!(
                            "cannot infer query fields to set, both paths '{path}' and '{outer}' \
                             are matched"
                        ),
                    ));
                }
            }
            let parts: Vec<&str> = path.split('.').collect();
            if parts.len() > MAX_FILTER_DEPTH {
                return Err(Error::command(ErrorCode::OVERFLOW, "the path is nested too deeply"));
            }
            insert(&mut fields, &parts, ValueBuf::from_bson(value)?);
        }
        let mut out = Vec::new();
        write_object(fields, &mut out);
        Ok(out)
    }
}

/// Whether a filter matches nothing, as far as the server sees by simplifying it.
fn is_never(filter: &Filter) -> bool {
    match filter {
        Filter::AlwaysFalse => true,
        Filter::And(parts) => parts.iter().any(is_never),
        Filter::Or(parts) => parts.iter().all(is_never),
        Filter::Field(_, Predicate::All(values)) => values.is_empty(),
        Filter::Field(_, Predicate::AllElemMatch(elements)) => elements.is_empty(),
        _ => false,
    }
}

/// The value of a list that holds no other.
fn only_value<'v>(
    values: &'v [Bson],
    collator: Option<&Collator>,
) -> Result<Option<&'v Bson>, Error> {
    let Some((first, rest)) = values.split_first() else { return Ok(None) };
    if values.iter().any(|value| matches!(value, Bson::RegularExpression(_))) {
        return Ok(None);
    }
    let encoded = ValueBuf::from_bson(first)?;
    for value in rest {
        let value = ValueBuf::from_bson(value)?;
        if compare_collated(collator, value.as_raw(), encoded.as_raw()).is_ne() {
            return Ok(None);
        }
    }
    Ok(Some(first))
}

/// Puts a value at a path; no other path leads through it.
fn insert<'a>(fields: &mut Vec<(Arc<str>, New<'a>)>, path: &[&str], value: ValueBuf) {
    let Some((first, rest)) = path.split_first() else { return };
    if rest.is_empty() {
        fields.push(((*first).into(), New::Computed(value)));
        return;
    }
    let is_there = |(name, _): &(Arc<str>, New<'_>)| **name == **first;
    let place = match fields.iter().position(is_there) {
        Some(place) => place,
        None => {
            fields.push(((*first).into(), New::Object(Vec::new())));
            fields.len() - 1
        }
    };
    if let Some((_, New::Object(inner))) = fields.get_mut(place) {
        insert(inner, rest, value);
    }
}

fn matched_twice(path: &str) -> Error {
    Error::command(
        ErrorCode::NOT_SINGLE_VALUE_FIELD,
        format!("cannot infer query fields to set, path '{path}' is matched twice"),
    )
}
