//! `$bucketAuto`.

mod granularity;

use std::sync::Arc;
use std::vec;

use bson::Bson;
use odm_core::Result;

use super::bucket::{count, is_expression, read_output};
use super::{Doc, Fields, Input, Run, Spec, Stage, Stream, Within};
use crate::accumulator::{Accumulate, Accumulator};
use crate::deadline;
use crate::expression::{Compiler, Node, Scope, refused};
use crate::value::write::{append, begin, begin_nested, finish};
use crate::value::{ElementType, KeyBytes, Number, RawVal, ValueBuf};
use granularity::Granularity;

pub(super) const STAGES: &[Spec] = &[Spec::new("$bucketAuto", bucket_auto)];

/// `$bucketAuto`: documents in order of a value, in so many groups of about the same size. Equal values are in one
/// group, unless a granularity rounds the boundaries.
///
/// # Errors
///
/// 40239 to 40246, 40257 and 40261 for its options; 4544714 if an accumulator's `n` depends on the group. While it
/// runs, with a granularity: 40258 to 40260 for what is no number, NaN, or negative.
fn bucket_auto(compiler: &mut Compiler<'_>, spec: &Bson, _: Within) -> Result<Vec<Arc<dyn Stage>>> {
    let Bson::Document(spec) = spec else {
        return refused(40_240, "the argument to $bucketAuto must be an object");
    };
    let (mut group_by, mut buckets, mut output, mut granularity) = (None, None, Vec::new(), None);
    for (option, value) in spec {
        match (option.as_str(), value) {
            ("groupBy", value) if is_expression(value) => {
                group_by = Some(compiler.operand(value)?);
            }
            ("groupBy", value) => {
                return refused(
                    40_239,
                    format!(
                        "the $bucketAuto 'groupBy' field must be defined as a $-prefixed path or an expression \
                         object, but found: {value}"
                    ),
                );
            }
            ("buckets", value) => buckets = Some(read_buckets(value)?),
            ("output", Bson::Document(fields)) => output = read_output(compiler, fields)?,
            ("output", _) => {
                return refused(40_244, "the $bucketAuto 'output' field must be an object");
            }
            ("granularity", Bson::String(name)) => granularity = Some(Granularity::parse(name)?),
            ("granularity", _) => {
                return refused(40_261, "the $bucketAuto 'granularity' field must be a string");
            }
            _ => return refused(40_245, format!("unrecognized option to $bucketAuto: {option}")),
        }
    }
    let (Some(group_by), Some(buckets)) = (group_by, buckets) else {
        return refused(40_246, "$bucketAuto requires 'groupBy' and 'buckets' to be specified");
    };
    let Some(buckets) = usize::try_from(buckets).ok().filter(|buckets| *buckets > 0) else {
        let message = "the $bucketAuto 'buckets' field must be greater than 0, but found";
        return refused(40_243, format!("{message}: {buckets}"));
    };
    if output.iter().any(|(_, field)| field.needs_group()) {
        return refused(4_544_714, "can't refer to the group key in $bucketAuto");
    }
    if output.is_empty() {
        output.push(count(compiler)?);
    }
    Ok(vec![Arc::new(BucketAuto { group_by, buckets, output, granularity })])
}

/// # Errors
///
/// 40241 if it is no number, 40242 if it is no 32-bit integer.
fn read_buckets(value: &Bson) -> Result<i32> {
    let value = ValueBuf::from_bson(value)?;
    let Some(number) = Number::of(value.as_raw()) else {
        return refused(40_241, "the $bucketAuto 'buckets' field must be a numeric value");
    };
    match number.to_exact_integer().map(i32::try_from) {
        Some(Ok(buckets)) => Ok(buckets),
        _ => refused(
            40_242,
            "the $bucketAuto 'buckets' field must be representable as a 32-bit integer",
        ),
    }
}

#[derive(Debug)]
struct BucketAuto {
    group_by: Node,
    buckets: usize,
    output: Vec<(String, Accumulator)>,
    granularity: Option<Granularity>,
}

impl Stage for BucketAuto {
    fn open(self: Arc<Self>, input: Input, run: &Arc<Run>) -> Result<Input> {
        let bucketing =
            Bucketing { stage: self, run: run.clone(), input: Some(input), buckets: None };
        Ok(Box::new(bucketing))
    }

    fn needs(&self, _: Fields) -> Fields {
        let mut fields = Fields::none();
        fields.add_node(&self.group_by);
        for (_, field) in &self.output {
            field.operands().iter().for_each(|node| fields.add_node(node));
        }
        fields
    }
}

/// A document with the value that it is in order of.
struct Valued {
    key: KeyBytes,
    value: ValueBuf,
    doc: Doc,
}

struct Bucket {
    min: ValueBuf,
    max: ValueBuf,
    fields: Vec<Box<dyn Accumulate>>,
}

struct Bucketing {
    stage: Arc<BucketAuto>,
    run: Arc<Run>,
    input: Option<Input>,
    buckets: Option<vec::IntoIter<Bucket>>,
}

impl Bucketing {
    /// All documents, in order.
    fn read(&self, input: &mut Input) -> Result<Vec<Valued>> {
        let globals = &*self.run.globals;
        let mut docs = Vec::new();
        let (mut bytes, mut count) = (0, 0);
        while let Some(doc) = input.next()? {
            count += 1;
            if self.run.deadline.has_passed(count) {
                return Err(deadline::expired());
            }
            let scope = Scope::new(globals, doc.as_root());
            let value: ValueBuf = self.stage.group_by.eval(&scope)?.or_null().into();
            let key = KeyBytes::collated(globals.collator.as_deref(), value.as_raw());
            bytes += doc.size() + value.as_raw().bytes().len();
            self.run.check_memory("$bucketAuto", bytes)?;
            docs.push(Valued { key, value, doc });
        }
        docs.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(docs)
    }

    /// Puts documents into buckets: about as many into each, and then those that belong with the last of them.
    fn fill(&self, docs: Vec<Valued>) -> Result<Vec<Bucket>> {
        let (stage, globals) = (&*self.stage, &*self.run.globals);
        let size = ((docs.len() as f64 / stage.buckets as f64).round() as usize).max(1);
        let mut buckets: Vec<Bucket> = Vec::new();
        let mut docs = docs.into_iter().peekable();
        while let Some(first) = docs.next() {
            let start =
                |(_, field): &(String, Accumulator)| field.start(globals, RawVal::EMPTY_OBJECT);
            let fields = stage.output.iter().map(start).collect::<Result<_>>()?;
            let (min, max) = (first.value.clone(), first.value.clone());
            let mut bucket = Bucket { min, max, fields };
            let mut last = self.add(&mut bucket, first)?;
            let is_last = buckets.len() + 1 == stage.buckets;
            let mut len = 1;
            while len < size || is_last {
                let Some(next) = docs.next() else { break };
                last = self.add(&mut bucket, next)?;
                len += 1;
            }
            let boundary = match &stage.granularity {
                Some(granularity) => Some(granularity.round_up(bucket.max.as_raw())?),
                None => None,
            };
            let boundary_key = boundary.as_ref().map(|boundary| KeyBytes::of(boundary.as_raw()));
            while let Some(next) = docs.next_if(|next| match &boundary_key {
                Some(boundary) => next.key < *boundary,
                None => next.key == last,
            }) {
                last = self.add(&mut bucket, next)?;
            }
            if let (Some(granularity), Some(boundary), Some(next)) =
                (&stage.granularity, boundary, docs.peek())
            {
                // Nothing is between zero and what is rounded from it.
                let is_zero = Number::of(boundary.as_raw()).is_some_and(Number::is_zero);
                bucket.max =
                    if is_zero { granularity.round_down(next.value.as_raw())? } else { boundary };
            }
            if let Some(previous) = buckets.last_mut() {
                if stage.granularity.is_some() {
                    bucket.min = previous.max.clone();
                } else {
                    previous.max = bucket.min.clone();
                }
            }
            buckets.push(bucket);
        }
        if let Some(granularity) = &stage.granularity {
            if let Some(first) = buckets.first_mut() {
                first.min = granularity.round_down(first.min.as_raw())?;
            }
            if let Some(last) = buckets.last_mut() {
                last.max = granularity.round_up(last.max.as_raw())?;
            }
        }
        Ok(buckets)
    }

    /// Adds a document, the greatest so far; gives its key.
    fn add(&self, bucket: &mut Bucket, next: Valued) -> Result<KeyBytes> {
        let scope = Scope::new(&self.run.globals, next.doc.as_root());
        for ((_, field), state) in self.stage.output.iter().zip(&mut bucket.fields) {
            state.add(&field.values(&scope)?)?;
        }
        bucket.max = next.value;
        Ok(next.key)
    }
}

impl Stream for Bucketing {
    fn next(&mut self) -> Result<Option<Doc>> {
        if let Some(mut input) = self.input.take() {
            let docs = self.read(&mut input)?;
            self.buckets = Some(self.fill(docs)?.into_iter());
        }
        let Some(bucket) = self.buckets.as_mut().and_then(Iterator::next) else { return Ok(None) };
        let fields = || self.stage.output.iter().map(|(name, _)| name).zip(&bucket.fields);
        let mut out = Vec::with_capacity(64);
        let start = begin(&mut out);
        // An output called `_id` takes the place of the boundaries.
        match fields().find(|(name, _)| *name == "_id") {
            Some((_, field)) => append(&mut out, b"_id", field.result().or_null()),
            None => {
                let id = begin_nested(&mut out, b"_id", ElementType::EmbeddedDocument);
                append(&mut out, b"min", bucket.min.as_raw());
                append(&mut out, b"max", bucket.max.as_raw());
                finish(&mut out, id);
            }
        }
        for (name, field) in fields().filter(|(name, _)| *name != "_id") {
            append(&mut out, name.as_bytes(), field.result().or_null());
        }
        finish(&mut out, start);
        Ok(Some(Doc::Made(out)))
    }
}
