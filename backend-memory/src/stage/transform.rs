//! Stages that make one document of each.

use std::fmt;
use std::sync::Arc;

use odm_core::Result;

use super::{Changes, Doc, Fields, Input, Run, Stage, Stream};
use crate::expression::Globals;

/// What makes one document of each. Updates by pipeline are made of these alone.
pub(crate) trait Transform: fmt::Debug + Send + Sync {
    /// The document in place of this one.
    ///
    /// # Errors
    ///
    /// The server's, for what it refuses.
    fn transform(&self, doc: Doc, globals: &Globals) -> Result<Doc>;

    /// As [`Stage::needs`].
    fn needs(&self, later: Fields) -> Fields;

    /// As [`Stage::narrow`].
    fn narrow(&mut self, fields: &Fields) {
        let _ = fields;
    }

    /// As [`Stage::changes`].
    fn changes(&self) -> Changes {
        Changes::Any
    }
}

/// The stage that does so.
#[derive(Debug)]
pub(super) struct Each<T>(pub(super) T);

impl<T: Transform + 'static> Stage for Each<T> {
    fn open(self: Arc<Self>, input: Input, run: &Arc<Run>) -> Result<Input> {
        Ok(Box::new(Transformed { input, stage: self, run: run.clone() }))
    }

    fn as_transform(&self) -> Option<&dyn Transform> {
        Some(&self.0)
    }

    fn needs(&self, later: Fields) -> Fields {
        self.0.needs(later)
    }

    fn narrow(&mut self, fields: &Fields) {
        self.0.narrow(fields);
    }

    fn changes(&self) -> Changes {
        self.0.changes()
    }
}

struct Transformed<T> {
    input: Input,
    stage: Arc<Each<T>>,
    run: Arc<Run>,
}

impl<T: Transform> Stream for Transformed<T> {
    fn next(&mut self) -> Result<Option<Doc>> {
        let Some(doc) = self.input.next()? else { return Ok(None) };
        self.stage.0.transform(doc, &self.run.globals).map(Some)
    }
}
