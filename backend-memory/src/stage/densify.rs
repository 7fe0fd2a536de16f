//! `$densify`.

mod generate;
mod range;

use std::collections::BTreeMap;
use std::sync::Arc;

use bson::{Bson, Document};
use odm_core::{ErrorCode, Result};

use super::fill::{strings, wrong_type};
use super::set_window_fields::object;
use super::sort::Sorted;
use super::{Doc, Input, Run, Spec, Stage, Stream, Within};
use crate::deadline;
use crate::expression::{Compiler, Node, Path, Scope, refused};
use crate::value::{KeyBytes, RawVal, ValueBuf};
use generate::Generator;
use range::{Bounds, Point, Range};

pub(super) const STAGES: &[Spec] = &[Spec::new("$densify", densify)];

/// How many documents may be generated.
const MAX_GENERATED: usize = 500_000;

/// `$densify`: documents for the values that are missing from a sequence of numbers or dates.
///
/// It is a `$sort` by the fields of the partitions, unless the bounds are `full`, and the field; then the
/// generation proper.
///
/// # Errors
///
/// 9 if it is no document, 14, 10065, 40414 and 40415 for its options, 5733408 for the bounds `partition`
/// without partitions; as [`Range::parse`] and, for paths, as [`Path::parse`].
fn densify(compiler: &mut Compiler<'_>, spec: &Bson, _: Within) -> Result<Vec<Arc<dyn Stage>>> {
    let Bson::Document(spec) = spec else {
        return refused(
            ErrorCode::FAILED_TO_PARSE.0,
            format!("The $densify stage specification must be an object, found {spec}"),
        );
    };
    let known = ["field", "partitionByFields", "range"];
    if let Some(name) = spec.keys().find(|name| !known.contains(&name.as_str())) {
        return refused(40_415, format!("BSON field '$densify.{name}' is an unknown field."));
    }
    let missing = |name: &str| {
        let message = format!("BSON field '$densify.{name}' is missing but a required field");
        refused(40_414, message)
    };
    let field = match spec.get("field") {
        Some(Bson::String(field)) => Some(field.as_str()),
        None | Some(Bson::Null | Bson::Undefined) => None,
        Some(other) => return wrong_type("$densify.field", other, "string"),
    };
    let partitions = match spec.get("partitionByFields") {
        Some(Bson::Null | Bson::Undefined) => {
            return refused(10_065, "invalid parameter: expected an object (partitionByFields)");
        }
        fields => strings("$densify.partitionByFields", fields)?.unwrap_or_default(),
    };
    let range = object("$densify.range", spec.get("range"))?.map(Range::read).transpose()?;
    let Some(field) = field else { return missing("field") };
    let Some(range) = range else { return missing("range") };
    let range = range.parse()?;
    for path in &partitions {
        Path::parse(path)?;
    }
    Path::parse(field)?;
    if matches!(range.bounds, Bounds::Partition) && partitions.is_empty() {
        return refused(
            5_733_408,
            "One cannot specify the bounds as 'partition' without specifying a non-empty array of partitionByFields. You may have meant to specify 'full' bounds.",
        );
    }
    let mut order = Document::new();
    if !matches!(range.bounds, Bounds::Full) {
        order.extend(partitions.iter().map(|path| ((*path).to_owned(), Bson::Int32(1))));
    }
    order.insert(field, 1);
    let sorted = Sorted::compile(compiler, &order)?;
    let partition = match partitions.is_empty() {
        true => None,
        false => Some(compiler.object(&object_of(&partitions))?),
    };
    let path = field.split('.').map(Box::from).collect();
    // The partitions of `full` bounds take turns.
    let sorted_by = match (partition.is_some(), &range.bounds) {
        (true, Bounds::Full) => Vec::new(),
        _ => order.keys().cloned().collect(),
    };
    Ok(vec![Arc::new(sorted), Arc::new(Densify { path, partition, range, sorted_by })])
}

/// The expression of an object with these fields of a document.
fn object_of(paths: &[&str]) -> Document {
    let mut object = Document::new();
    for path in paths {
        insert(&mut object, path, format!("${path}"));
    }
    object
}

/// Paths have a bounded number of parts.
fn insert(object: &mut Document, path: &str, value: String) {
    let Some((first, rest)) = path.split_once('.') else {
        object.insert(path, value);
        return;
    };
    let mut inner = match object.remove(first) {
        Some(Bson::Document(inner)) => inner,
        _ => Document::new(),
    };
    insert(&mut inner, rest, value);
    object.insert(first, inner);
}

/// The stage without its sort.
#[derive(Debug)]
struct Densify {
    path: Vec<Box<str>>,
    /// The object of the fields that a document shares with its partition.
    partition: Option<Node>,
    range: Range,
    sorted_by: Vec<String>,
}

impl Stage for Densify {
    /// So the server has it; but where the partitions have their bounds from elsewhere, the last documents
    /// of all of them come together at the end.
    fn sorted_by(&self) -> &[String] {
        &self.sorted_by
    }

    fn open(self: Arc<Self>, input: Input, run: &Arc<Run>) -> Result<Input> {
        Ok(Box::new(Densifying {
            stage: self,
            run: run.clone(),
            input,
            state: State::Below,
            current: None,
            least: None,
            greatest: None,
            is_partitioned: false,
            partitions: BTreeMap::new(),
            generator: None,
            generated: 0,
            is_at_end: false,
        }))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// No value was in the range so far.
    Below,
    /// Between two documents.
    Between,
    /// The input is at its end, but partitions are not.
    Finishing,
    Done,
}

/// The last value of a partition, and the object that its documents share.
struct Partition {
    last: Point,
    object: ValueBuf,
}

struct Densifying {
    stage: Arc<Densify>,
    run: Arc<Run>,
    input: Input,
    state: State,
    /// The last value on the way.
    current: Option<Point>,
    /// Of all partitions.
    least: Option<Point>,
    greatest: Option<Point>,
    /// Whether a document with a value has come, where there are partitions.
    is_partitioned: bool,
    partitions: BTreeMap<KeyBytes, Partition>,
    generator: Option<Generator>,
    generated: usize,
    is_at_end: bool,
}

impl Stream for Densifying {
    fn next(&mut self) -> Result<Option<Doc>> {
        if self.generated > MAX_GENERATED {
            let count = self.generated;
            return refused(
                5_897_900,
                format!(
                    "Generated {count} documents in $densify, which is over the limit of {MAX_GENERATED}."
                ),
            );
        }
        if self.run.deadline.has_passed(self.generated as u64) {
            return Err(deadline::expired());
        }
        if let Some(generator) = self.generator.take() {
            return self.go_on(generator).map(Some);
        }
        match self.state {
            State::Done if self.is_at_end => Ok(None),
            State::Done => self.input.next(),
            State::Finishing => self.finish(),
            State::Below | State::Between => {
                let next = if self.is_at_end { None } else { self.input.next()? };
                match next {
                    None => self.at_end(),
                    Some(doc) => self.take(doc).map(Some),
                }
            }
        }
    }
}

impl Densifying {
    /// The value of a document; `None` if it has none.
    fn point_of(&self, doc: RawVal<'_>) -> Result<Option<Point>> {
        let mut value = doc;
        for name in &self.stage.path {
            let inner = value.is_object().then(|| value.get(name.as_bytes())).flatten();
            let Some(inner) = inner else { return Ok(None) };
            value = inner;
        }
        if value.is_null() || value.is_undefined() {
            return Ok(None);
        }
        self.stage.range.point(value).map(Some)
    }

    /// The partition of a document: its key, and the object.
    fn partition_of(&self, doc: &Doc) -> Result<Option<(KeyBytes, ValueBuf)>> {
        let Some(node) = self.stage.partition.as_ref().filter(|_| self.is_partitioned) else {
            return Ok(None);
        };
        let value = node.eval(&Scope::new(&self.run.globals, doc.as_root()))?;
        let key = KeyBytes::collated(self.run.globals.collator.as_deref(), value.or_null());
        Ok(Some((key, value.or_null().into())))
    }

    /// Remembers the last value of a document's partition.
    fn remember(&mut self, doc: &Doc, last: Point) -> Result<()> {
        if let Some((key, object)) = self.partition_of(doc)? {
            self.partitions.insert(key, Partition { last, object });
        }
        Ok(())
    }

    /// The last value of a document's partition, if that is not a new one.
    fn last_of(&self, doc: &Doc) -> Result<Option<Point>> {
        let found = self.partition_of(doc)?;
        Ok(found.and_then(|(key, _)| self.partitions.get(&key)).map(|partition| partition.last))
    }

    /// The next document of the input.
    fn take(&mut self, doc: Doc) -> Result<Doc> {
        let Some(value) = self.point_of(doc.as_raw())? else { return Ok(doc) };
        let stage = self.stage.clone();
        let range = &stage.range;
        if self.state == State::Below {
            if self.stage.partition.is_some() && !self.is_partitioned {
                self.is_partitioned = true;
                self.remember(&doc, value)?;
            }
            return match range.bounds {
                Bounds::Full => {
                    self.current = Some(value);
                    (self.least, self.greatest) = (self.current, self.current);
                    self.state = State::Between;
                    Ok(doc)
                }
                Bounds::Partition => {
                    self.state = State::Between;
                    Ok(doc)
                }
                Bounds::Explicit(first, second) => self.take_first(doc, value, first, second),
            };
        }
        if !self.is_partitioned {
            return match range.bounds {
                Bounds::Explicit(first, second) => self.take_explicit(doc, value, first, second),
                _ => self.take_next(doc, value),
            };
        }
        let last = self.last_of(&doc)?;
        match (range.bounds, last) {
            (Bounds::Full, last) => {
                self.greatest = Some(value);
                self.current = match (last, self.least) {
                    (None, Some(least)) => {
                        self.remember(&doc, value)?;
                        Some(range.before(least)?)
                    }
                    (last, _) => last,
                };
                self.take_next(doc, value)
            }
            (Bounds::Partition, None) => {
                self.remember(&doc, value)?;
                Ok(doc)
            }
            (Bounds::Partition, last) => {
                self.current = last;
                self.take_next(doc, value)
            }
            (Bounds::Explicit(first, second), None) => {
                self.remember(&doc, value)?;
                self.current = None;
                self.take_first(doc, value, first, second)
            }
            (Bounds::Explicit(first, second), last) => {
                self.current = last;
                self.take_explicit(doc, value, first, second)
            }
        }
    }

    /// A document after another one; without explicit bounds.
    fn take_next(&mut self, doc: Doc, value: Point) -> Result<Doc> {
        let Some(current) = self.current else { return Ok(doc) };
        let next = self.stage.range.after(current)?;
        if value == next {
            self.remember(&doc, value)?;
            self.current = Some(value);
        }
        if value <= next {
            return Ok(doc);
        }
        self.generate(next, value, doc)
    }

    /// The first document of a partition; with explicit bounds.
    fn take_first(&mut self, doc: Doc, value: Point, first: Point, second: Point) -> Result<Doc> {
        if self.current.is_none() {
            self.current = Some(self.stage.range.before(first)?);
        }
        if value < first {
            self.state = State::Below;
            return Ok(doc);
        }
        if value == first {
            self.state = State::Between;
            self.current = Some(value);
            return Ok(doc);
        }
        self.take_above(doc, value, second)
    }

    /// A document after another one; with explicit bounds.
    fn take_explicit(
        &mut self,
        doc: Doc,
        value: Point,
        first: Point,
        second: Point,
    ) -> Result<Doc> {
        if value <= first {
            self.remember(&doc, value)?;
            if value < first {
                self.state = State::Below;
            } else {
                self.current = Some(value);
            }
            return Ok(doc);
        }
        let Some(current) = self.current else { return self.take_above(doc, value, second) };
        let next = self.stage.range.after(current)?;
        if value < second {
            if value == next {
                self.current = Some(value);
                self.remember(&doc, value)?;
            }
            if value <= next {
                return Ok(doc);
            }
        } else if next >= second {
            self.current = Some(next);
            self.remember(&doc, value)?;
            if !self.is_partitioned {
                self.state = State::Done;
            }
            return Ok(doc);
        }
        self.take_above(doc, value, second)
    }

    /// A document above the lower bound.
    fn take_above(&mut self, doc: Doc, value: Point, second: Point) -> Result<Doc> {
        let Some(current) = self.current else { return Ok(doc) };
        let next = self.stage.range.after(current)?;
        if value == next {
            self.remember(&doc, value)?;
            self.current = Some(next);
            return Ok(doc);
        }
        let upper = if value < second { value } else { second };
        self.generate(next, upper, doc)
    }

    /// The first of the documents that come before this one.
    fn generate(&mut self, first: Point, upper: Point, last: Doc) -> Result<Doc> {
        let object = self.partition_of(&last)?.map(|(_, object)| object);
        let generator = Generator::new(&self.stage.path, object, first, upper, Some(last))?;
        self.state = State::Between;
        self.current = Some(first);
        let doc = self.advance(generator)?;
        self.remember(&doc, first)?;
        Ok(doc)
    }

    /// The next document of a generator, which stays if it has more.
    fn advance(&mut self, mut generator: Generator) -> Result<Doc> {
        let stage = self.stage.clone();
        let (doc, is_generated) = generator.next(&stage.path, &stage.range)?;
        self.generated += usize::from(is_generated);
        if !generator.is_done() {
            self.generator = Some(generator);
        }
        Ok(doc)
    }

    /// The next document of a generator that has begun.
    fn go_on(&mut self, generator: Generator) -> Result<Doc> {
        let doc = self.advance(generator)?;
        let stage = self.stage.clone();
        let range = &stage.range;
        let explicit = match range.bounds {
            Bounds::Explicit(_, second) => Some(second),
            Bounds::Full | Bounds::Partition => None,
        };
        if let (Some(value), Some(current)) = (self.point_of(doc.as_raw())?, self.current) {
            // The document at the end may be beside the steps.
            let is_on_step = match explicit {
                Some(_) => range.is_on_step(value, current)?,
                None => value == range.after(current)?,
            };
            if is_on_step {
                self.current = Some(value);
                self.remember(&doc, value)?;
            }
        }
        if self.generator.is_none() {
            let is_above = match (explicit, self.current) {
                (Some(second), Some(current)) => current >= second,
                _ => false,
            };
            self.state = match (is_above && !self.is_partitioned, self.is_partitioned) {
                (true, _) => State::Done,
                (_, true) if self.is_at_end => State::Finishing,
                _ => State::Between,
            };
        }
        Ok(doc)
    }

    /// What comes behind the last document.
    fn at_end(&mut self) -> Result<Option<Doc>> {
        self.is_at_end = true;
        if self.is_partitioned && !matches!(self.stage.range.bounds, Bounds::Partition) {
            return self.finish();
        }
        let Bounds::Explicit(first, second) = self.stage.range.bounds else {
            self.state = State::Done;
            return Ok(None);
        };
        let next = match self.current {
            None => first,
            Some(current) => {
                let next = self.stage.range.after(current)?;
                if next >= second {
                    self.state = State::Done;
                    return Ok(None);
                }
                next
            }
        };
        self.current.get_or_insert(first);
        let generator = Generator::new(&self.stage.path, None, next, second, None)?;
        let doc = self.advance(generator)?;
        if self.generator.is_none() {
            self.state = State::Done;
        }
        Ok(Some(doc))
    }

    /// What comes behind the last documents of partitions.
    fn finish(&mut self) -> Result<Option<Doc>> {
        let stage = self.stage.clone();
        let range = &stage.range;
        let (upper, least) = match (range.bounds, self.greatest, self.current) {
            (Bounds::Explicit(first, second), ..) => (second, Some(first)),
            (_, Some(greatest), Some(current)) if range.is_on_step(greatest, current)? => {
                (range.after(greatest)?, None)
            }
            (_, Some(greatest), _) => (greatest, None),
            _ => {
                self.state = State::Done;
                return Ok(None);
            }
        };
        while let Some((_, partition)) = self.partitions.pop_first() {
            let mut next = range.after(partition.last)?;
            if next >= upper {
                continue;
            }
            if let Some(least) = least.filter(|least| next < *least) {
                next = least;
            }
            let object = Some(partition.object);
            let generator = Generator::new(&stage.path, object, next, upper, None)?;
            self.state = State::Finishing;
            return self.advance(generator).map(Some);
        }
        self.state = State::Done;
        Ok(None)
    }
}
