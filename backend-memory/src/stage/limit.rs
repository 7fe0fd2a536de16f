//! `$limit` and `$skip`.

use std::sync::Arc;

use bson::Bson;
use odm_core::Result;

use super::{Doc, Fields, Input, Role, Run, Spec, Stage, Stream, Within};
use crate::expression::{Compiler, refused};
use crate::value::{Number, ValueBuf};

pub(super) const STAGES: &[Spec] = &[Spec::new("$limit", limit), Spec::new("$skip", skip)];

fn limit(_: &mut Compiler<'_>, spec: &Bson, _: Within) -> Result<Vec<Arc<dyn Stage>>> {
    match whole(spec)? {
        Ok(n) if n > 0 => Ok(vec![limit_to(n.unsigned_abs())]),
        Ok(0) => refused(15_958, "the limit must be positive"),
        Ok(n) => refused(5_107_201, format!("invalid argument to $limit stage: {n} is negative")),
        Err(what) => refused(5_107_201, format!("invalid argument to $limit stage: {what}")),
    }
}

fn skip(_: &mut Compiler<'_>, spec: &Bson, _: Within) -> Result<Vec<Arc<dyn Stage>>> {
    match whole(spec)? {
        Ok(n) if n >= 0 => Ok(vec![skip_over(n.unsigned_abs())]),
        Ok(n) => refused(5_107_200, format!("invalid argument to $skip stage: {n} is negative")),
        Err(what) => refused(5_107_200, format!("invalid argument to $skip stage: {what}")),
    }
}

/// `$limit`.
pub(super) fn limit_to(n: u64) -> Arc<dyn Stage> {
    Arc::new(Limit(n))
}

/// `$skip`.
pub(super) fn skip_over(n: u64) -> Arc<dyn Stage> {
    Arc::new(Skip(n))
}

/// A whole number of any type, or what is wrong with it.
fn whole(spec: &Bson) -> Result<std::result::Result<i64, String>> {
    let value = ValueBuf::from_bson(spec)?;
    let number = Number::of(value.as_raw()).and_then(Number::to_exact_integer);
    Ok(number.ok_or_else(|| format!("expected a whole number, found {spec}")))
}

#[derive(Debug)]
struct Limit(u64);

impl Stage for Limit {
    fn open(self: Arc<Self>, input: Input, _: &Arc<Run>) -> Result<Input> {
        Ok(Box::new(Limited { input, left: self.0 }))
    }

    fn role(&self) -> Role<'_> {
        Role::Limit(self.0)
    }

    fn needs(&self, later: Fields) -> Fields {
        later
    }
}

struct Limited {
    input: Input,
    left: u64,
}

impl Stream for Limited {
    fn next(&mut self) -> Result<Option<Doc>> {
        let Some(left) = self.left.checked_sub(1) else { return Ok(None) };
        self.left = left;
        self.input.next()
    }
}

#[derive(Debug)]
struct Skip(u64);

impl Stage for Skip {
    fn open(self: Arc<Self>, input: Input, _: &Arc<Run>) -> Result<Input> {
        Ok(Box::new(Skipped { input, left: self.0 }))
    }

    fn role(&self) -> Role<'_> {
        Role::Skip(self.0)
    }

    fn needs(&self, later: Fields) -> Fields {
        later
    }
}

struct Skipped {
    input: Input,
    left: u64,
}

impl Stream for Skipped {
    fn next(&mut self) -> Result<Option<Doc>> {
        while self.left > 0 {
            self.left -= 1;
            if self.input.next()?.is_none() {
                self.left = 0;
                return Ok(None);
            }
        }
        self.input.next()
    }
}
