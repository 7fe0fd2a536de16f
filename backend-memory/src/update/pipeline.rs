//! Updates by the stages of a pipeline.

use std::sync::Arc;

use odm_core::{Error, ErrorCode, Pipeline, Result};

use super::{check_id_names, check_id_type};
use crate::expression::{Environment, Globals, refused};
use crate::stage::{self, Doc, Within};
use crate::value::write::{append, begin, finish};
use crate::value::{RawVal, Record, equal};

/// Stages that make a new document of the old one.
#[derive(Debug)]
pub(super) struct Stages {
    stages: stage::Pipeline,
    globals: Arc<Globals>,
}

impl Stages {
    /// Compiles a pipeline.
    ///
    /// # Errors
    ///
    /// 72 for stages that do more than to make one document of another; what stages refuse.
    pub(super) fn compile(pipeline: &Pipeline, environment: &Environment<'_>) -> Result<Self> {
        // The server does not optimize the pipeline of an update: what constants refuse is seen where a document is.
        let mut compiler = environment.compiler().unfolding();
        let stages = stage::Pipeline::compile(&mut compiler, pipeline, Within::Update)?;
        compiler.check()?;
        if stages.stages.iter().any(|stage| stage.as_transform().is_none()) {
            let message = "a stage is not allowed to be used within an update";
            return refused(ErrorCode::INVALID_OPTIONS.0, message);
        }
        Ok(Stages { stages, globals: environment.globals().clone() })
    }

    /// The new document, with the `_id` of the old one in front; `None` if nothing changes.
    ///
    /// # Errors
    ///
    /// What stages refuse; 52 or 53 if the `_id` cannot be stored, 66 if it is another one.
    pub(super) fn apply(&self, doc: &Record) -> Result<Option<Vec<u8>>> {
        let new = self.run(doc)?;
        let new = new.as_raw();
        if new.bytes() == doc.bytes() {
            return Ok(None);
        }
        let id = new.get(b"_id");
        check_id_names(id)?;
        if let Some(id) = id {
            check_id_type(id)?;
        }
        with_id(new, doc.id()).map(Some)
    }

    /// The document that an upsert inserts, if it has an `_id`.
    ///
    /// # Errors
    ///
    /// What stages refuse; 52 or 54 if the `_id` cannot be stored, 66 if it is not that of the filter.
    pub(super) fn upsert(&self, seed: &Record) -> Result<Vec<u8>> {
        let new = self.run(seed)?;
        let id = new.as_raw().get(b"_id");
        if id.is_some_and(RawVal::is_array) {
            return Err(super::replacement::array_id());
        }
        check_id_names(id)?;
        with_id(new.as_raw(), seed.id())
    }

    fn run(&self, doc: &Record) -> Result<Doc> {
        let mut transforms = self.stages.stages.iter().filter_map(|stage| stage.as_transform());
        transforms
            .try_fold(Doc::Record(doc.clone()), |doc, stage| stage.transform(doc, &self.globals))
    }
}

/// The document with an `_id` in front: its own, or that of the old one.
fn with_id(new: RawVal<'_>, old: Option<RawVal<'_>>) -> Result<Vec<u8>> {
    let own = new.get(b"_id");
    if let (Some(own), Some(old)) = (own, old)
        && !equal(own, old)
    {
        return Err(Error::command(
            ErrorCode::IMMUTABLE_FIELD,
            "after applying the update, the (immutable) field '_id' was found to have been altered",
        ));
    }
    let mut out = Vec::with_capacity(new.bytes().len() + 24);
    let start = begin(&mut out);
    if let Some(id) = own.or(old) {
        append(&mut out, b"_id", id);
    }
    for (name, value) in new.elements().filter(|(name, _)| *name != b"_id") {
        append(&mut out, name, value);
    }
    finish(&mut out, start);
    Ok(out)
}
