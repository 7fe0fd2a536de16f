//! `$setWindowFields`.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use bson::{Bson, Document};
use odm_core::{ErrorCode, Result, SortOrder};

use super::{Doc, Fields, Input, Run, Spec, Stage, Stream, Within};
use crate::deadline;
use crate::expression::{Compiler, Node, Path, Scope, Value, refused};
use crate::projection::{Computed, Tree};
use crate::sort::{self, SortKey, Sorter};
use crate::value::KeyBytes;
use crate::window::{self, Function, Order, Part, Running};

pub(super) const STAGES: &[Spec] = &[Spec::new("$setWindowFields", set_window_fields)];

/// `$setWindowFields`: fields whose values depend on the documents around. Documents come out by partition,
/// and in the order of `sortBy`.
///
/// # Errors
///
/// 9 if it is no document, 14, 40414 and 40415 for its options, 6307900 for outputs that are in each other's
/// way, 14 for a partition that is an array; what orders, window functions and expressions refuse.
fn set_window_fields(
    compiler: &mut Compiler<'_>,
    spec: &Bson,
    _: Within,
) -> Result<Vec<Arc<dyn Stage>>> {
    let Bson::Document(spec) = spec else {
        return refused(
            ErrorCode::FAILED_TO_PARSE.0,
            format!("the $setWindowFields stage specification must be an object, found {spec}"),
        );
    };
    compile(compiler, spec).map(|stage| vec![stage])
}

/// Compiles the stage.
///
/// # Errors
///
/// As [`set_window_fields`].
pub(super) fn compile(compiler: &mut Compiler<'_>, spec: &Document) -> Result<Arc<dyn Stage>> {
    let known = ["partitionBy", "sortBy", "output"];
    if let Some(name) = spec.keys().find(|name| !known.contains(&name.as_str())) {
        let message = format!("BSON field '$setWindowFields.{name}' is an unknown field.");
        return refused(40_415, message);
    }
    let Some(outputs) = object("$setWindowFields.output", spec.get("output"))? else {
        let message = "BSON field '$setWindowFields.output' is missing but a required field";
        return refused(40_414, message);
    };
    let order = object("$setWindowFields.sortBy", spec.get("sortBy"))?;
    let order = order.filter(|order| !order.is_empty());
    let partition = match spec.get("partitionBy") {
        None | Some(Bson::Null) => None,
        Some(partition) => Some(compiler.operand(partition)?),
    };
    if let Some(constant) = partition.as_ref().and_then(Node::as_constant) {
        partition_key(constant, None)?;
    }
    let (sorter, order) = match order {
        None => (None, None),
        Some(order) => {
            let sort = sort::parse(order)?;
            if let Some((_, SortOrder::Meta(keyword))) =
                sort.keys.iter().find(|(_, order)| matches!(order, SortOrder::Meta(_)))
            {
                return sort::refuse_meta(keyword);
            }
            let key = |(path, order): &(_, SortOrder)| {
                let path: &odm_core::FieldPath = path;
                (path.as_str().to_owned(), *order == SortOrder::Descending)
            };
            let keys = sort.keys.iter().map(key).collect();
            let sorter = Sorter::compile(&sort, compiler.globals().collator.as_ref())?;
            (sorter, Some(Order { keys }))
        }
    };
    let (mut tree, mut functions) = (Tree::new(true), Vec::with_capacity(outputs.len()));
    for (index, (path, function)) in outputs.iter().enumerate() {
        functions.push(window::compile(compiler, path, function, order.as_ref())?);
        Path::parse(path)?;
        let value = Computed::Expression(Node::Variable { hops: 0, index, path: None });
        if tree.compute(path, value).is_err() {
            let message = "$setWindowFields 'output' specification contains two conflicting paths";
            return refused(6_307_900, message);
        }
    }
    Ok(Arc::new(SetWindowFields { partition, sorter, functions, tree }))
}

/// An option that has to be a document.
///
/// # Errors
///
/// 14 if it is something else.
pub(super) fn object<'s>(name: &str, value: Option<&'s Bson>) -> Result<Option<&'s Document>> {
    match value {
        None | Some(Bson::Null | Bson::Undefined) => Ok(None),
        Some(Bson::Document(document)) => Ok(Some(document)),
        Some(value) => {
            let found = Value::from_bson(value)?.type_name();
            refused(
                ErrorCode::TYPE_MISMATCH.0,
                format!("BSON field '{name}' is the wrong type '{found}', expected type 'object'"),
            )
        }
    }
}

/// The key of a partition; missing is null.
fn partition_key(
    value: &Value<'_>,
    collator: Option<&crate::collation::Collator>,
) -> Result<KeyBytes> {
    let value = value.or_null();
    if value.is_array() {
        return refused(
            ErrorCode::TYPE_MISMATCH.0,
            "An expression used to partition cannot evaluate to value of type array",
        );
    }
    Ok(KeyBytes::collated(collator, value))
}

#[derive(Debug)]
struct SetWindowFields {
    partition: Option<Node>,
    sorter: Option<Sorter>,
    functions: Vec<Arc<dyn Function>>,
    /// The fields; each is a variable, whose values are those of the functions.
    tree: Tree,
}

impl Stage for SetWindowFields {
    fn open(self: Arc<Self>, input: Input, run: &Arc<Run>) -> Result<Input> {
        Ok(Box::new(Windowing {
            stage: self,
            run: run.clone(),
            input: Some(input),
            docs: Vec::new(),
            ends: VecDeque::new(),
            part: 0..0,
            at: 0,
            running: Vec::new(),
        }))
    }

    fn narrow(&mut self, fields: &Fields) {
        self.tree.narrow(fields);
    }
}

struct Windowing {
    stage: Arc<SetWindowFields>,
    run: Arc<Run>,
    input: Option<Input>,
    /// All documents, in order.
    docs: Vec<Doc>,
    /// Where the partitions end that are still to come.
    ends: VecDeque<usize>,
    /// The partition that is worked on.
    part: Range<usize>,
    at: usize,
    running: Vec<Box<dyn Running>>,
}

impl Windowing {
    /// Begins with a partition.
    fn start(&mut self) -> Result<()> {
        let globals = &self.run.globals;
        if self.running.is_empty() {
            let start = |function: &Arc<dyn Function>| function.clone().start(globals);
            self.running = self.stage.functions.iter().map(start).collect::<Result<_>>()?;
            return Ok(());
        }
        for (function, running) in self.stage.functions.iter().zip(&mut self.running) {
            if !running.restart() {
                *running = function.clone().start(globals)?;
            }
        }
        Ok(())
    }

    /// Reads all documents.
    fn read(&mut self, mut input: Input) -> Result<()> {
        let (stage, run) = (&*self.stage, &*self.run);
        let collator = run.globals.collator.as_deref();
        let mut sorted: Vec<(KeyBytes, Option<SortKey>, Doc)> = Vec::new();
        let mut bytes = 0;
        while let Some(doc) = input.next()? {
            if run.deadline.has_passed(sorted.len() as u64) {
                return Err(deadline::expired());
            }
            let key = match &stage.partition {
                None => KeyBytes::new(),
                Some(node) => {
                    let scope = Scope::new(&run.globals, doc.as_root());
                    partition_key(&node.eval(&scope)?, collator)?
                }
            };
            let order =
                stage.sorter.as_ref().map(|sorter| sorter.key_of(doc.as_root())).transpose()?;
            bytes += doc.size();
            match &stage.sorter {
                None if stage.partition.is_none() => run.check_partition_memory(bytes)?,
                _ => run.check_memory("Sort", bytes)?,
            }
            sorted.push((key, order, doc));
        }
        if stage.partition.is_some() || stage.sorter.is_some() {
            sorted.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| a.1.cmp(&b.1)));
        }
        let mut end = 0;
        for part in sorted.chunk_by(|a, b| a.0 == b.0) {
            end += part.len();
            self.ends.push_back(end);
        }
        self.docs = sorted.into_iter().map(|(_, _, doc)| doc).collect();
        Ok(())
    }
}

impl Stream for Windowing {
    fn next(&mut self) -> Result<Option<Doc>> {
        if let Some(input) = self.input.take() {
            self.read(input)?;
        }
        if self.at >= self.part.end {
            let Some(end) = self.ends.pop_front() else { return Ok(None) };
            self.part = self.part.end..end;
            self.start()?;
        }
        if self.run.deadline.has_passed(self.at as u64) {
            return Err(deadline::expired());
        }
        let docs = self.docs.get(self.part.clone()).unwrap_or_default();
        let part = Part { docs, run: &self.run };
        let place = self.at - self.part.start;
        self.at += 1;
        let mut values = Vec::with_capacity(self.running.len());
        for running in &mut self.running {
            values.push(running.next(&part, place)?);
        }
        let Some(doc) = docs.get(place) else { return Ok(None) };
        if values.is_empty() {
            return Ok(Some(doc.clone()));
        }
        let scope = Scope::new(&self.run.globals, doc.as_root());
        let frame = scope.frame(&values);
        let mut out = Vec::with_capacity(doc.size() + 64);
        self.stage.tree.write(doc.as_raw(), &scope.within(&frame), &mut out)?;
        Ok(Some(Doc::Made(out)))
    }
}
