//! `$graphLookup`.

use std::sync::Arc;

use bson::Bson;
use odm_core::{Error, ErrorCode, Filter, Namespace, Result};
use rustc_hash::FxHashSet;

use super::join::{Foreign, values_at};
use super::unwind::{parts, with_field};
use super::{Changes, Doc, Fields, Input, Pipeline, Run, Spec, Stage, Stream, Within, add_named};
use crate::deadline;
use crate::expression::{ArrayBuilder, Compiler, Node, Path, Scope, refused};
use crate::filter::Matcher;
use crate::value::path::LeafArray;
use crate::value::{FieldPath, Found, KeyBytes, Number, RawVal, ValueBuf};

pub(super) const STAGES: &[Spec] =
    &[Spec::new("$graphLookup", graph_lookup)
        .involving(|spec, found| add_named(spec, "from", found))];

/// How many bytes of documents one walk may come upon.
const MAX_VISITED: usize = 100 * 1024 * 1024;

/// `$graphLookup`: puts into an array the documents of a collection that can be reached from a value: those whose
/// `connectToField` equals it, then those whose `connectToField` equals the `connectFromField` of these, and so on. Each
/// comes once, the nearest first.
///
/// # Errors
///
/// 9 if it is no document, or for `from`; 40100 to 40105 and 40185 for its options; 40099 if it comes upon too much.
fn graph_lookup(
    compiler: &mut Compiler<'_>,
    spec: &Bson,
    _: Within,
) -> Result<Vec<Arc<dyn Stage>>> {
    let Bson::Document(spec) = spec else {
        let message =
            format!("the $graphLookup stage specification must be an object, found {spec}");
        return refused(ErrorCode::FAILED_TO_PARSE.0, message);
    };
    // Before anything else is looked at.
    let from = match spec.get("from") {
        Some(Bson::String(from)) => from.as_str(),
        Some(other) => {
            let message = format!("$graphLookup 'from' must be a string, found {other}");
            return refused(ErrorCode::FAILED_TO_PARSE.0, message);
        }
        None => {
            let message = "missing 'from' option to $graphLookup stage specification";
            return refused(ErrorCode::FAILED_TO_PARSE.0, message);
        }
    };
    let (mut start, mut into, mut connect_from, mut connect_to) = (None, None, None, None);
    let (mut max_depth, mut depth_field, mut restrict) = (None, None, None);
    // As on the server, what the restriction refuses beforehand waits for a document.
    let mut refusal = None;
    for (name, value) in spec {
        match (name.as_str(), value) {
            ("startWith", value) => start = Some(compiler.unfolded_operand(value)?),
            ("maxDepth", value) => max_depth = Some(depth(value)?),
            ("restrictSearchWithMatch", Bson::Document(filter)) => {
                let filter = Filter::Raw(filter.clone()).normalized()?.into_owned();
                let (read, refused) = compiler.apart(|compiler| Matcher::within(&filter, compiler));
                (restrict, refusal) = (Some(read?), refused);
            }
            ("restrictSearchWithMatch", _) => {
                let message = format!("restrictSearchWithMatch must be an object, found {value}");
                return refused(40_185, message);
            }
            ("from", _) => {}
            ("as" | "connectFromField" | "connectToField" | "depthField", Bson::String(text)) => {
                let path = text.as_str();
                if !path.is_empty() {
                    Path::parse(path)?;
                }
                let path = Some(path).filter(|path| !path.is_empty());
                match name.as_str() {
                    "as" => into = path,
                    "connectFromField" => connect_from = path,
                    "connectToField" => connect_to = path,
                    _ => depth_field = path,
                }
            }
            ("as" | "connectFromField" | "connectToField" | "depthField", _) => {
                return refused(40_103, format!("expected a string for {name}, found {value}"));
            }
            _ => return refused(40_104, format!("unknown argument to $graphLookup: {name}")),
        }
    }
    let (Some(start), Some(into), Some(connect_from), Some(connect_to)) =
        (start, into, connect_from, connect_to)
    else {
        let message = "$graphLookup requires 'from', 'as', 'startWith', 'connectFromField', and 'connectToField' to be specified";
        return refused(40_105, message);
    };
    let (from, seen) = match compiler.view(from)? {
        Some(view) => {
            let seen = Pipeline::compile(compiler, &view.pipeline, Within::Lookup)?;
            (view.base.collection().to_owned(), seen)
        }
        None => (from.to_owned(), Pipeline::default()),
    };
    Ok(vec![Arc::new(GraphLookup {
        from: from.into(),
        seen,
        start,
        connect_from: FieldPath::new(connect_from),
        connect_to: FieldPath::new(connect_to),
        into: parts(into)?,
        max_depth,
        depth_field: depth_field.map(parts).transpose()?,
        restrict,
        refused: refusal,
    })])
}

fn depth(value: &Bson) -> Result<i64> {
    let value = ValueBuf::from_bson(value)?;
    let Some(number) = Number::of(value.as_raw()) else {
        let message = format!("maxDepth must be numeric, found {}", value.as_raw().type_name());
        return refused(40_100, message);
    };
    match number.to_exact_integer() {
        Some(depth) if depth >= 0 => Ok(depth),
        None if number.truncate().is_none_or(|depth| depth >= 0) => {
            refused(40_102, "maxDepth could not be represented as a long long")
        }
        _ => refused(40_101, "maxDepth requires a nonnegative argument"),
    }
}

#[derive(Debug)]
struct GraphLookup {
    from: Box<str>,
    /// What of the collection is walked over: that of a view, or all as it is.
    seen: Pipeline,
    start: Node,
    connect_from: FieldPath,
    connect_to: FieldPath,
    into: Vec<Box<str>>,
    max_depth: Option<i64>,
    depth_field: Option<Vec<Box<str>>>,
    restrict: Option<Matcher>,
    /// What is refused as soon as there is a document.
    refused: Option<Error>,
}

impl Stage for GraphLookup {
    fn open(self: Arc<Self>, input: Input, run: &Arc<Run>) -> Result<Input> {
        let ns = Namespace::new(run.ns.database().to_owned(), self.from.to_string());
        let run = Arc::new(Run { ns, ..Run::clone(run) });
        Ok(Box::new(Walking { stage: self, input, run, foreign: None }))
    }

    fn needs(&self, mut later: Fields) -> Fields {
        later.add_node(&self.start);
        self.into.first().into_iter().for_each(|name| later.add(name));
        later
    }

    fn changes(&self) -> Changes {
        Changes::at([self.into.as_slice()])
    }
}

struct Walking {
    stage: Arc<GraphLookup>,
    input: Input,
    /// On the collection of the graph.
    run: Arc<Run>,
    foreign: Option<Foreign>,
}

impl Stream for Walking {
    fn next(&mut self) -> Result<Option<Doc>> {
        let Some(doc) = self.input.next()? else { return Ok(None) };
        let stage = self.stage.clone();
        if let Some(refused) = &stage.refused {
            return Err(refused.clone());
        }
        let foreign = match &mut self.foreign {
            Some(foreign) => foreign,
            none => none.insert(Foreign::new(&self.run, &stage.seen, &stage.connect_to)?),
        };
        let start = stage.start.eval(&Scope::new(&self.run.globals, doc.as_root()))?;
        let reached = stage.walk(start.as_raw(), foreign, &self.run)?;
        let mut array = ArrayBuilder::new();
        for (found, depth) in &reached {
            match &stage.depth_field {
                None => array.push(found.as_raw()),
                Some(field) => {
                    let depth = ValueBuf::from(*depth);
                    let found = with_field(found.as_raw(), field, depth.as_raw());
                    array.push(RawVal::document(&found));
                }
            }
            super::check_result_size(array.size())?;
        }
        let array = array.finish();
        Ok(Some(Doc::Made(with_field(doc.as_raw(), &stage.into, array.or_null()))))
    }
}

impl GraphLookup {
    /// The documents that can be reached, with how far they are.
    fn walk(
        &self,
        start: Option<RawVal<'_>>,
        foreign: &mut Foreign,
        run: &Arc<Run>,
    ) -> Result<Vec<(Doc, i64)>> {
        let collator = run.globals.collator.as_deref();
        let mut frontier: Vec<ValueBuf> = match start {
            Some(start) if start.is_array() => {
                start.elements().map(|(_, element)| element.into()).collect()
            }
            start => start.map(ValueBuf::from).into_iter().collect(),
        };
        let mut asked: FxHashSet<KeyBytes> = FxHashSet::default();
        let mut visited: FxHashSet<KeyBytes> = FxHashSet::default();
        let (mut reached, mut size, mut depth) = (Vec::new(), 0, 0);
        while !frontier.is_empty() && self.max_depth.is_none_or(|max| depth <= max) {
            if run.deadline.has_passed(0) {
                return Err(deadline::expired());
            }
            frontier.retain(|value| asked.insert(KeyBytes::collated(collator, value.as_raw())));
            let values: Vec<RawVal<'_>> = frontier.iter().map(ValueBuf::as_raw).collect();
            let found = if values.is_empty() { Vec::new() } else { foreign.find(&values, run)? };
            let asks_for_null = values.iter().any(|value| value.is_null() || value.is_undefined());
            let mut next = Vec::new();
            for doc in found {
                // Unlike `$lookup`, it does not take what is missing for null.
                let is_there = |found: Found<'_>| found.value.is_some();
                if asks_for_null
                    && !self.connect_to.any_in(doc.as_raw(), LeafArray::Whole, is_there)
                {
                    continue;
                }
                let id = KeyBytes::of(doc.as_raw().get(b"_id").unwrap_or(RawVal::NULL));
                let may_be_reached = match &self.restrict {
                    None => true,
                    Some(restrict) => restrict.decide(doc.as_root(), &run.globals)?,
                };
                if !may_be_reached || !visited.insert(id) {
                    continue;
                }
                size += doc.size();
                if size > MAX_VISITED {
                    return refused(40_099, "$graphLookup reached maximum memory consumption");
                }
                let values = values_at(doc.as_raw(), &self.connect_from);
                next.extend(values.into_iter().map(ValueBuf::from));
                reached.push((doc, depth));
            }
            frontier = next;
            depth += 1;
        }
        Ok(reached)
    }
}
