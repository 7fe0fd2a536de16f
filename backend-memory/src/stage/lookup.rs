//! `$lookup`.

use std::collections::VecDeque;
use std::sync::Arc;

use bson::{Bson, Document};
use odm_core::{Error, ErrorCode, Namespace, Result};

use super::fields::overlap;
use super::join::{Foreign, values_at};
use super::unwind::{parts, with_field};
use super::{
    Changes, Doc, Fields, Input, Pipeline, Ready, Run, Spec, Stage, Stream, Within, add_named,
    sub_pipeline,
};
use crate::deadline;
use crate::expression::{
    ArrayBuilder, Compiler, Globals, Node, Path, Scope, check_bound_variable, refused,
};
use crate::value::{FieldPath, MAX_DOCUMENT_SIZE, RawVal};

pub(super) const STAGES: &[Spec] =
    &[Spec::new("$lookup", lookup).involving(|spec, found| add_named(spec, "from", found))];

/// `$lookup`: puts into an array the documents of another collection or view whose field equals one of each document
/// (null and missing are equal), or what comes out of a pipeline, or both.
///
/// # Errors
///
/// 9 for its options, 14 for a pipeline that is no array; what its pipeline refuses.
fn lookup(compiler: &mut Compiler<'_>, spec: &Bson, _: Within) -> Result<Vec<Arc<dyn Stage>>> {
    let failed = |message: String| refused(ErrorCode::FAILED_TO_PARSE.0, message);
    let Bson::Document(spec) = spec else {
        return failed(format!("the $lookup stage specification must be an object, found {spec}"));
    };
    let (mut from, mut into, mut local, mut foreign) = (None, None, None, None);
    let (mut bindings, mut pipeline) = (None, None);
    for (name, value) in spec {
        match (name.as_str(), value) {
            ("pipeline", value) => pipeline = Some(sub_pipeline("pipeline", value)?),
            ("let", Bson::Document(vars)) => bindings = Some(vars),
            ("let", _) => {
                return failed(format!("$lookup argument 'let' must be an object, found {value}"));
            }
            ("from", Bson::String(text)) => from = Some(text.as_str()),
            ("from", Bson::Document(_)) => {
                return failed("$lookup from another database is not supported".to_owned());
            }
            (_, Bson::String(text)) => match name.as_str() {
                "as" => into = Some(text.as_str()),
                "localField" => local = Some(text.as_str()),
                "foreignField" => foreign = Some(text.as_str()),
                _ => return failed(format!("unknown argument to $lookup: {name}")),
            },
            _ => {
                return failed(format!(
                    "$lookup argument '{name}' must be a string, found {value}"
                ));
            }
        }
    }
    let Some(into) = into.filter(|into| !into.is_empty()) else {
        return failed("must specify 'as' field for a $lookup".to_owned());
    };
    let into = parts(into)?;
    let path = |text: Option<&str>| -> Result<Option<FieldPath>> {
        let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
        Path::parse(text)?;
        Ok(Some(FieldPath::new(text)))
    };
    let join = match (path(local)?, path(foreign)?) {
        (Some(local), Some(foreign)) => Some(Join { local, foreign }),
        (None, None) if pipeline.is_some() => None,
        _ => {
            let message = "$lookup requires either 'pipeline' or both 'localField' and 'foreignField' to be specified";
            return failed(message.to_owned());
        }
    };
    if bindings.is_some() && pipeline.is_none() {
        return failed("$lookup with a 'let' argument must also specify 'pipeline'".to_owned());
    }
    let from = match from {
        Some("") => {
            return refused(ErrorCode::INVALID_NAMESPACE.0, "invalid $lookup namespace: ''");
        }
        Some(from) => Some(from.to_owned()),
        None => {
            let begins_with_documents = pipeline
                .as_ref()
                .and_then(|pipeline| pipeline.0.first())
                .is_some_and(|stage| stage.name() == "$documents");
            if !begins_with_documents {
                let message = "$lookup stage without explicit collection must have a pipeline with $documents as first stage";
                return failed(message.to_owned());
            }
            None
        }
    };
    let view = from.as_deref().map(|from| compiler.view(from)).transpose()?.flatten();
    let (from, view) = match view {
        Some(view) => (Some(view.base.collection().to_owned()), view.pipeline),
        None => (from, odm_core::Pipeline::default()),
    };
    let (names, values) = match bindings {
        Some(vars) => bind(compiler, vars)?,
        None => (Vec::new(), Vec::new()),
    };
    // As on the server, what is evaluated beforehand in the pipeline refuses the first document that comes.
    let (read, refused) = compiler.apart(|compiler| {
        compiler.sub_pipeline(|compiler| {
            // What is joined is what comes out of a view; without a join, its stages are the pipeline's first ones.
            let (seen, before) = match join {
                Some(_) => (Pipeline::compile(compiler, &view, Within::Lookup)?, Vec::new()),
                None => (Pipeline::default(), view.0),
            };
            let pipeline = match pipeline {
                None => None,
                Some(mut pipeline) => {
                    pipeline.0.splice(..0, before);
                    let outer = compiler.outer().iter().cloned().chain(names).collect();
                    let compile = |compiler: &mut Compiler<'_>| {
                        Pipeline::compile(compiler, &pipeline, Within::Lookup)
                    };
                    Some(compiler.with_outer(outer, compile)?)
                }
            };
            Ok((seen, pipeline))
        })
    });
    let (seen, pipeline) = read?;
    let from = from.map(Into::into);
    Ok(vec![Arc::new(Lookup { from, seen, join, variables: values, pipeline, refused, into })])
}

/// Compiles variables that a pipeline sees.
fn bind(compiler: &mut Compiler<'_>, vars: &Document) -> Result<(Vec<Box<str>>, Vec<Node>)> {
    let (mut names, mut values) = (Vec::new(), Vec::new());
    for (name, value) in vars {
        check_bound_variable(name)?;
        names.push(name.as_str().into());
        values.push(compiler.unfolded_operand(value)?);
    }
    Ok((names, values))
}

#[derive(Debug)]
struct Lookup {
    /// The collection; `None` if the pipeline has documents of its own.
    from: Option<Box<str>>,
    /// What of the collection is joined: that of a view, or all as it is.
    seen: Pipeline,
    join: Option<Join>,
    /// The values of the variables that the pipeline sees beside those from outside.
    variables: Vec<Node>,
    pipeline: Option<Pipeline>,
    /// What is refused as soon as there is a document.
    refused: Option<Error>,
    into: Vec<Box<str>>,
}

#[derive(Debug)]
struct Join {
    local: FieldPath,
    foreign: FieldPath,
}

impl Stage for Lookup {
    fn open(self: Arc<Self>, input: Input, run: &Arc<Run>) -> Result<Input> {
        let ns = Namespace::new(
            run.ns.database().to_owned(),
            self.from.as_deref().unwrap_or_default().to_owned(),
        );
        let run = Arc::new(Run { ns, ..Run::clone(run) });
        Ok(Box::new(Looking { stage: self, input, run, foreign: None, same: None, count: 0 }))
    }

    fn needs(&self, mut later: Fields) -> Fields {
        if let Some(join) = &self.join {
            later.add(join.local.as_str());
        }
        self.variables.iter().for_each(|node| later.add_node(node));
        self.into.first().into_iter().for_each(|name| later.add(name));
        later
    }

    fn may_follow_sort(&self, paths: &[String]) -> bool {
        let path = self.into.join(".");
        !paths.iter().any(|other| overlap(other, &path))
    }

    fn changes(&self) -> Changes {
        Changes::at([self.into.as_slice()])
    }

    fn is_one_to_one(&self) -> bool {
        true
    }
}

struct Looking {
    stage: Arc<Lookup>,
    input: Input,
    /// On the other collection.
    run: Arc<Run>,
    foreign: Option<Foreign>,
    /// What a pipeline gives that is the same for all documents.
    same: Option<Vec<Doc>>,
    count: u64,
}

impl Stream for Looking {
    fn next(&mut self) -> Result<Option<Doc>> {
        let Some(doc) = self.input.next()? else { return Ok(None) };
        self.count += 1;
        if self.run.deadline.has_passed(self.count) {
            return Err(deadline::expired());
        }
        let stage = self.stage.clone();
        if let Some(refused) = &stage.refused {
            return Err(refused.clone());
        }
        let mut array = ArrayBuilder::new();
        let mut add = |found: &Doc| {
            array.push(found.as_raw());
            if array.size() > MAX_DOCUMENT_SIZE {
                let message =
                    "the documents that match the $lookup exceed the maximum document size";
                return refused(4_568, message);
            }
            Ok(())
        };
        match (&stage.join, &stage.pipeline) {
            (Some(join), None) => {
                self.joined(join, &doc)?.iter().try_for_each(&mut add)?;
            }
            (Some(join), Some(pipeline)) => {
                let joined = self.joined(join, &doc)?;
                let run = self.run_for(&stage, &doc)?;
                let ready = Ready(VecDeque::from(joined));
                let mut results = pipeline.open(Box::new(ready), &run)?;
                while let Some(found) = results.next()? {
                    add(&found)?;
                }
            }
            (None, Some(pipeline)) if stage.variables.is_empty() => {
                if self.same.is_none() {
                    let mut results = self.run.open(pipeline)?;
                    let mut same = Vec::new();
                    while let Some(found) = results.next()? {
                        same.push(found);
                    }
                    self.same = Some(same);
                }
                self.same.iter().flatten().try_for_each(&mut add)?;
            }
            (None, Some(pipeline)) => {
                let mut results = self.run_for(&stage, &doc)?.open(pipeline)?;
                while let Some(found) = results.next()? {
                    add(&found)?;
                }
            }
            (None, None) => {}
        }
        let array = array.finish();
        Ok(Some(Doc::Made(with_field(doc.as_raw(), &stage.into, array.or_null()))))
    }
}

impl Looking {
    /// The documents of the other collection that equal this one.
    fn joined(&mut self, join: &Join, doc: &Doc) -> Result<Vec<Doc>> {
        let foreign = match &mut self.foreign {
            Some(foreign) => foreign,
            none => none.insert(Foreign::new(&self.run, &self.stage.seen, &join.foreign)?),
        };
        let mut values = values_at(doc.as_raw(), &join.local);
        if values.is_empty() {
            values.push(RawVal::NULL);
        }
        foreign.find(&values, &self.run)
    }

    /// The run of the pipeline for a document: with its variables.
    fn run_for(&self, stage: &Lookup, doc: &Doc) -> Result<Arc<Run>> {
        if stage.variables.is_empty() {
            return Ok(self.run.clone());
        }
        let outer: &Globals = &self.run.globals;
        let scope = Scope::new(outer, doc.as_root());
        let mut variables = outer.variables.clone();
        for node in &stage.variables {
            variables.push(node.eval(&scope)?.into_owned());
        }
        let globals = Arc::new(Globals { variables, ..outer.clone() });
        Ok(Arc::new(Run { globals, ..Run::clone(&self.run) }))
    }
}
