//! `$bucket`.

use std::cmp::Ordering;
use std::sync::Arc;

use bson::{Bson, doc};
use odm_core::{Error, ErrorCode, Result};

use super::group::{Group, Id};
use super::sort::Sorted;
use super::{Spec, Stage, Within};
use crate::accumulator::Accumulator;
use crate::expression::conditional::no_branch;
use crate::expression::{Compiler, Evaluate, Node, Root, Scope, Value, refused};
use crate::value::{RawVal, canonical_type};

pub(super) const STAGES: &[Spec] = &[Spec::new("$bucket", bucket)];

/// `$bucket`: documents grouped by the two boundaries that a value is between, in order. The lower one is the
/// group's `_id`. What is outside is in the group `default`.
///
/// # Errors
///
/// 40191 to 40202 for its options. While it runs: 40066 for a value outside of all buckets, without a `default`.
fn bucket(compiler: &mut Compiler<'_>, spec: &Bson, _: Within) -> Result<Vec<Arc<dyn Stage>>> {
    let Bson::Document(spec) = spec else {
        return refused(40_201, "argument to $bucket stage must be an object");
    };
    let (mut group_by, mut boundaries, mut default, mut output) = (None, None, None, None);
    for (option, value) in spec {
        match (option.as_str(), value) {
            ("groupBy", value) if is_expression(value) => {
                group_by = Some(compiler.operand(value)?);
            }
            ("groupBy", value) => {
                return refused(
                    40_202,
                    format!(
                        "the $bucket 'groupBy' field must be defined as a $-prefixed path or an expression, \
                         but found: {value}"
                    ),
                );
            }
            ("boundaries", Bson::Array(values)) => {
                boundaries = Some(read_boundaries(compiler, values)?);
            }
            ("boundaries", _) => {
                return refused(40_200, "the $bucket 'boundaries' field must be an array");
            }
            ("default", value) => {
                let message = "the $bucket 'default' field must be a constant expression";
                default = Some(constant(compiler, value, 40_195, message)?);
            }
            ("output", Bson::Document(fields)) => {
                output = Some(read_output(compiler, fields)?);
            }
            ("output", _) => {
                return refused(40_196, "the $bucket 'output' field must be an object");
            }
            _ => return refused(40_197, format!("unrecognized option to $bucket: {option}")),
        }
    }
    let (Some(group_by), Some(boundaries)) = (group_by, boundaries) else {
        return refused(40_198, "$bucket requires 'groupBy' and 'boundaries' to be specified");
    };
    let collator = compiler.globals().collator.as_deref();
    if let (Some(default), [lowest, .., highest]) = (&default, boundaries.as_slice())
        && default.compare(lowest, collator).is_ge()
        && default.compare(highest, collator).is_lt()
    {
        return refused(
            40_199,
            "the $bucket 'default' field must be less than the lowest boundary or greater than or equal to the \
             highest boundary",
        );
    }
    let default = match default {
        // The server reads it again, so that the text of a path is one.
        Some(value) => Some(compiler.operand(&value.or_null().to_bson())?),
        None => None,
    };
    let fields = match output {
        Some(fields) => fields,
        None => vec![count(compiler)?],
    };
    if fields.iter().any(|(name, _)| name == "_id") {
        return refused(15_948, "a group's _id may only be specified once");
    }
    let bucket = Bucket { group_by, boundaries, default };
    if bucket.group_by.as_constant().is_some() {
        let scope = Scope::new(compiler.globals(), Root::Value(RawVal::EMPTY_OBJECT));
        if let Err(error) = bucket.eval(&scope) {
            // The server sees at once that no branch is left of the `$switch` that it makes of this.
            compiler.fail(Error::command(ErrorCode(40_069), error.to_string()));
        }
    }
    let id = Id::Value(compiler.custom(bucket)?);
    let sorted = Sorted::compile(compiler, &doc! { "_id": 1 })?;
    Ok(vec![Arc::new(Group::new(id, fields)), Arc::new(sorted)])
}

/// `count: {$sum: 1}`, unless other fields are asked for.
pub(super) fn count(compiler: &mut Compiler<'_>) -> Result<(String, Accumulator)> {
    let count = Accumulator::parse(compiler, "$sum", &Bson::Int32(1))?;
    Ok(("count".to_owned(), count))
}

/// The fields of each bucket.
pub(super) fn read_output(
    compiler: &mut Compiler<'_>,
    fields: &bson::Document,
) -> Result<Vec<(String, Accumulator)>> {
    let field = |(name, value): (&String, &Bson)| {
        Ok((name.clone(), Accumulator::compile(compiler, name, value)?))
    };
    fields.iter().map(field).collect()
}

/// Whether it is a path or an operator.
pub(super) fn is_expression(value: &Bson) -> bool {
    match value {
        Bson::String(text) => text.starts_with('$'),
        Bson::Document(fields) => fields.keys().next().is_some_and(|name| name.starts_with('$')),
        _ => false,
    }
}

fn constant(
    compiler: &mut Compiler<'_>,
    value: &Bson,
    code: i32,
    message: &str,
) -> Result<Value<'static>> {
    let node = compiler.operand(value)?;
    // The server evaluates these at once.
    compiler.check()?;
    match node.as_constant() {
        Some(constant) => Ok(constant.clone()),
        None => refused(code, format!("{message}, but found: {value}")),
    }
}

/// # Errors
///
/// 40191 for what is not constant, 40192 for less than two, 40193 for several types, 40194 if they are not in order.
fn read_boundaries(compiler: &mut Compiler<'_>, values: &[Bson]) -> Result<Vec<Value<'static>>> {
    let message = "the $bucket 'boundaries' field must be an array of constant values";
    let mut boundaries = Vec::with_capacity(values.len());
    for value in values {
        boundaries.push(constant(compiler, value, 40_191, message)?);
    }
    if boundaries.len() < 2 {
        return refused(40_192, "the $bucket 'boundaries' field must have at least 2 values");
    }
    let collator = compiler.globals().collator.as_deref();
    for pair in boundaries.windows(2) {
        let [lower, upper] = pair else { continue };
        if lower.as_raw().map(canonical_type) != upper.as_raw().map(canonical_type) {
            return refused(
                40_193,
                "all values in the 'boundaries' option to $bucket must have the same type",
            );
        }
        if lower.compare(upper, collator) != Ordering::Less {
            return refused(40_194, "the 'boundaries' option to $bucket must be sorted");
        }
    }
    Ok(boundaries)
}

/// The lower boundary of the bucket that a value is in.
#[derive(Debug)]
struct Bucket {
    group_by: Node,
    boundaries: Vec<Value<'static>>,
    default: Option<Node>,
}

impl Evaluate for Bucket {
    fn eval<'a>(&'a self, scope: &Scope<'a>) -> Result<Value<'a>> {
        let value = self.group_by.eval(scope)?;
        let collator = scope.globals.collator.as_deref();
        let above =
            self.boundaries.partition_point(|lower| lower.compare(&value, collator).is_le());
        if let Some(lower) = above.checked_sub(1)
            && above < self.boundaries.len()
            && let Some(lower) = self.boundaries.get(lower)
        {
            return Ok(lower.as_raw().into());
        }
        match &self.default {
            Some(default) => default.eval(scope),
            // The server makes a `$switch` of the buckets.
            None => no_branch(),
        }
    }

    fn visit<'n>(&'n self, visit: &mut dyn FnMut(&'n Node)) {
        visit(&self.group_by);
        self.default.iter().for_each(visit);
    }
}
