//! `$unionWith`.

use std::sync::Arc;

use bson::Bson;
use odm_core::{ErrorCode, Namespace, Result};

use super::{Doc, Input, Pipeline, Run, Spec, Stage, Stream, Within, add_named, sub_pipeline};
use crate::expression::{Compiler, refused};

pub(super) const STAGES: &[Spec] =
    &[Spec::new("$unionWith", union_with).involving(|spec, found| match spec {
        Bson::String(name) => found.push(name.clone()),
        spec => add_named(spec, "coll", found),
    })];

/// `$unionWith`: the documents, then those of another collection or view, or what comes out of a pipeline on it.
///
/// # Errors
///
/// 9 if it is neither a string nor a document, or names no collection; 14 and 40415 for its options; what its
/// pipeline refuses.
fn union_with(compiler: &mut Compiler<'_>, spec: &Bson, _: Within) -> Result<Vec<Arc<dyn Stage>>> {
    let (mut from, mut pipeline) = (None, None);
    match spec {
        Bson::String(text) => from = Some(text.as_str()),
        Bson::Document(spec) => {
            for (name, value) in spec {
                match (name.as_str(), value) {
                    ("coll", Bson::String(text)) => from = Some(text.as_str()),
                    ("coll", Bson::Null) => {}
                    ("coll", _) => {
                        let message = format!("'$unionWith.coll' must be a string, found {value}");
                        return refused(ErrorCode::TYPE_MISMATCH.0, message);
                    }
                    ("pipeline", Bson::Null) => {
                        let message = "invalid parameter: expected an object (pipeline)";
                        return refused(10_065, message);
                    }
                    ("pipeline", value) => pipeline = Some(sub_pipeline(name, value)?),
                    _ => {
                        let message = format!("'$unionWith.{name}' is an unknown field");
                        return refused(40_415, message);
                    }
                }
            }
        }
        _ => {
            let message = format!(
                "the $unionWith stage specification must be an object or string, found {spec}"
            );
            return refused(ErrorCode::FAILED_TO_PARSE.0, message);
        }
    }
    let mut pipeline = pipeline.unwrap_or_default();
    let has_documents = pipeline.0.first().is_some_and(|stage| stage.name() == "$documents");
    match from {
        Some("") => {
            return refused(ErrorCode::INVALID_NAMESPACE.0, "invalid $unionWith namespace: ''");
        }
        None if !has_documents => {
            let message = "$unionWith stage without explicit collection must have a pipeline with $documents as first stage";
            return refused(ErrorCode::FAILED_TO_PARSE.0, message);
        }
        _ => {}
    }
    let mut from = from.unwrap_or_default().to_owned();
    if let Some(view) = compiler.view(&from)? {
        from = view.base.collection().to_owned();
        pipeline.0.splice(..0, view.pipeline.0);
    }
    let pipeline = compiler
        .sub_pipeline(|compiler| Pipeline::compile(compiler, &pipeline, Within::UnionWith))?;
    Ok(vec![Arc::new(UnionWith { from: from.into(), pipeline })])
}

#[derive(Debug)]
struct UnionWith {
    from: Box<str>,
    pipeline: Pipeline,
}

impl Stage for UnionWith {
    fn open(self: Arc<Self>, input: Input, run: &Arc<Run>) -> Result<Input> {
        let ns = Namespace::new(run.ns.database().to_owned(), self.from.to_string());
        let run = Arc::new(Run { ns, ..Run::clone(run) });
        Ok(Box::new(Union { input, then: Some((self, run)) }))
    }
}

struct Union {
    input: Input,
    /// What comes after the input.
    then: Option<(Arc<UnionWith>, Arc<Run>)>,
}

impl Stream for Union {
    fn next(&mut self) -> Result<Option<Doc>> {
        loop {
            if let Some(doc) = self.input.next()? {
                return Ok(Some(doc));
            }
            let Some((stage, run)) = self.then.take() else { return Ok(None) };
            self.input = run.open(&stage.pipeline)?;
        }
    }
}
