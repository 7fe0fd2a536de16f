//! `$count` and `$sortByCount`.

use std::sync::Arc;

use bson::{Bson, doc};
use odm_core::Result;

use super::group::{Group, Id};
use super::sort::Sorted;
use super::{Doc, Fields, Input, Run, Spec, Stage, Stream, Within};
use crate::accumulator::Accumulator;
use crate::expression::{Compiler, refused};
use crate::value::ValueBuf;
use crate::value::write::{append, begin, finish};

pub(super) const STAGES: &[Spec] =
    &[Spec::new("$count", count), Spec::new("$sortByCount", sort_by_count)];

/// `$count`: one document that says how many there are; none if there are none.
///
/// # Errors
///
/// 40156 to 40160 for a name that no field can have, 15948 for `_id`.
fn count(_: &mut Compiler<'_>, spec: &Bson, _: Within) -> Result<Vec<Arc<dyn Stage>>> {
    let Bson::String(name) = spec else {
        return refused(40_156, "the count field must be a non-empty string");
    };
    if name.is_empty() {
        return refused(40_157, "the count field must be a non-empty string");
    }
    if name.starts_with('$') {
        return refused(40_158, "the count field cannot be a $-prefixed path");
    }
    if name.contains('\0') {
        return refused(40_159, "the count field cannot contain a null byte");
    }
    if name.contains('.') {
        return refused(40_160, "the count field cannot contain '.'");
    }
    if name == "_id" {
        return refused(15_948, "a group's _id may only be specified once");
    }
    Ok(vec![Arc::new(Count(name.clone()))])
}

#[derive(Debug)]
struct Count(String);

impl Stage for Count {
    fn open(self: Arc<Self>, input: Input, _: &Arc<Run>) -> Result<Input> {
        Ok(Box::new(Counting { stage: self, input: Some(input) }))
    }

    fn needs(&self, _: Fields) -> Fields {
        Fields::none()
    }
}

struct Counting {
    stage: Arc<Count>,
    input: Option<Input>,
}

impl Stream for Counting {
    fn next(&mut self) -> Result<Option<Doc>> {
        let Some(mut input) = self.input.take() else { return Ok(None) };
        let mut count = 0_i64;
        while input.next()?.is_some() {
            count += 1;
        }
        if count == 0 {
            return Ok(None);
        }
        let count = i32::try_from(count).map_or_else(|_| count.into(), ValueBuf::from);
        let mut out = Vec::new();
        let start = begin(&mut out);
        append(&mut out, self.stage.0.as_bytes(), count.as_raw());
        finish(&mut out, start);
        Ok(Some(Doc::Made(out)))
    }
}

/// `$sortByCount`: how many documents there are for each value, the most frequent first.
///
/// # Errors
///
/// 40147 to 40149 for what is no expression.
fn sort_by_count(
    compiler: &mut Compiler<'_>,
    spec: &Bson,
    _: Within,
) -> Result<Vec<Arc<dyn Stage>>> {
    match spec {
        Bson::Document(spec) if spec.keys().next().is_some_and(|key| key.starts_with('$')) => {}
        Bson::Document(_) => {
            return refused(40_147, "the sortByCount field must be an expression inside an object");
        }
        Bson::String(text) if text.starts_with('$') => {}
        Bson::String(_) => {
            return refused(40_148, "the sortByCount field must be a $-prefixed path");
        }
        _ => {
            return refused(40_149, "the sortByCount field must be a string or an object");
        }
    }
    let id = Id::compile(compiler, spec)?;
    let count = Accumulator::parse(compiler, "$sum", &Bson::Int32(1))?;
    let group = Group::new(id, vec![("count".to_owned(), count)]);
    let sorted = Sorted::compile(compiler, &doc! { "count": -1 })?;
    Ok(vec![Arc::new(group), Arc::new(sorted)])
}
