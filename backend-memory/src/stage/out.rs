//! `$out`.

use std::sync::Arc;

use bson::{Bson, Document};
use odm_core::{ErrorCode, Namespace, Result};

use super::target::{Batches, Target, is_internal};
use super::{Doc, Input, Run, Spec, Stage, Stream, Within};
use crate::deadline;
use crate::expression::{Compiler, refused};
use crate::storage::CollState;

pub(super) const STAGES: &[Spec] = &[Spec::new("$out", out).last().not_within(&[
    Within::Facet,
    Within::Lookup,
    Within::UnionWith,
    Within::View,
    Within::Update,
])];

/// `$out`: the documents take the place of all those of a collection, whose indexes and options stay. If one of them
/// cannot be stored, nothing has changed.
///
/// # Errors
///
/// 16990, 16994 and 13111 for what names no collection, 73, 17385 and 31321 for one that cannot be written to, 17152 for a
/// capped one; what the collection refuses of a document.
fn out(_: &mut Compiler<'_>, spec: &Bson, _: Within) -> Result<Vec<Arc<dyn Stage>>> {
    let target = match spec {
        Bson::String(collection) => Target { database: None, collection: collection.clone() },
        Bson::Document(spec) => named(spec)?,
        _ => {
            let message = format!("$out only supports a string or object argument, found {spec}");
            return refused(16_990, message);
        }
    };
    Ok(vec![Arc::new(Out { target })])
}

/// What `{db, coll}` names.
fn named(spec: &Document) -> Result<Target> {
    if spec.len() != 2 {
        return refused(16_994, "an object for $out must have exactly the fields 'db' and 'coll'");
    }
    let text = |name: &str| match spec.get(name) {
        Some(Bson::String(text)) => Ok(text.clone()),
        None => refused(16_994, format!("an object for $out must have the field '{name}'")),
        Some(_) => refused(13_111, format!("wrong type for field ({name}): not a string")),
    };
    // In this order, as the server.
    let collection = text("coll")?;
    Ok(Target { database: Some(text("db")?), collection })
}

#[derive(Debug)]
struct Out {
    target: Target,
}

impl Stage for Out {
    fn open(self: Arc<Self>, input: Input, run: &Arc<Run>) -> Result<Input> {
        let ns = self.target.namespace(run)?;
        if ns.collection().starts_with("system.") {
            let message = format!("can't $out to special collection: {}", ns.collection());
            return refused(17_385, message);
        }
        if is_internal(&ns) {
            let message = format!("can't $out to internal database: {}", ns.database());
            return refused(31_321, message);
        }
        Ok(Box::new(Outgoing { documents: Some(Batches::of(input)), ns, run: run.clone() }))
    }

    fn writes(&self) -> bool {
        true
    }
}

struct Outgoing {
    /// Until they are written.
    documents: Option<Batches<Doc>>,
    ns: Namespace,
    run: Arc<Run>,
}

impl Stream for Outgoing {
    fn next(&mut self) -> Result<Option<Doc>> {
        if let Some(documents) = self.documents.take() {
            self.write(documents)?;
        }
        Ok(None)
    }
}

impl Outgoing {
    fn write(&self, mut documents: Batches<Doc>) -> Result<()> {
        let Outgoing { ns, run, .. } = self;
        let engine = &run.engine;
        let target = engine.catalog.collection(ns)?;
        let (options, mut state) = match &target {
            None => (Document::new(), CollState::new(None)),
            Some(cell) => (cell.options.clone(), cell.read(CollState::emptied)),
        };
        if state.is_capped() {
            let message = format!("namespace '{ns}' is capped so it can't be used for $out");
            return refused(17_152, message);
        }
        let validator = target.as_ref().and_then(|cell| cell.validator.as_ref());
        let validator = validator.filter(|_| !run.bypass_document_validation);
        let mut count = 0;
        while let Some(batch) = documents.next(|doc| {
            let size = doc.size();
            Ok((doc, size))
        })? {
            for doc in batch {
                count += 1;
                if run.deadline.has_passed(count) {
                    return Err(deadline::expired());
                }
                let record = engine.prepare(doc.as_raw().bytes())?;
                if let Some(validator) = validator {
                    validator.check(&record)?;
                }
                state.insert(record, ns)?;
            }
        }
        let writing = engine.catalog.start_write();
        writing.replace(ns, engine.ids.uuid(), options, state).map_err(|error| match error.code() {
            Some(code) if code == ErrorCode::INVALID_NAMESPACE.0 => odm_core::Error::command(
                ErrorCode::ILLEGAL_OPERATION,
                format!("error with target namespace: {error}"),
            ),
            _ => error,
        })
    }
}
