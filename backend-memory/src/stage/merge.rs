//! `$merge`.

mod spec;

use std::sync::Arc;

use bson::{Bson, Document, doc};
use odm_core::{Error, ErrorCode, Filter, Namespace, Result, Update, UpdateStatement};

use super::target::{Batches, Target, is_internal};
use super::{Doc, Input, Run, Spec, Stage, Stream, Within};
use crate::collation::Collator;
use crate::deadline;
use crate::expression::{Node, Scope, refused};
use crate::value::write::{append, begin, finish};
use crate::value::{RawVal, ValueBuf};

pub(super) const STAGES: &[Spec] = &[Spec::new("$merge", spec::merge).last().not_within(&[
    Within::Facet,
    Within::Lookup,
    Within::UnionWith,
    Within::View,
    Within::Update,
])];

/// `$merge`: writes each document into a collection, by what is there already with the same fields.
///
/// # Errors
///
/// 31319, 31320 and 73 for a collection that cannot be written to; 51183 without a unique index on the fields; 51132 and
/// 51185 for a document that has no single value there; 11000 and 13113 for what must not match, or must; 66 if
/// another `_id` would be needed; what the collection refuses. What was written before stays.
#[derive(Debug)]
struct Merge {
    into: Target,
    /// The fields by which documents match; `_id` if it is not said.
    on: Option<Vec<String>>,
    when_matched: WhenMatched,
    when_not_matched: WhenNotMatched,
    /// The names of the command's variables, which a pipeline sees too.
    outer: Vec<Box<str>>,
}

#[derive(Debug)]
enum WhenMatched {
    Merge,
    Replace,
    KeepExisting,
    Fail,
    Pipeline {
        stages: odm_core::Pipeline,
        /// What `let` says, and `$$new`.
        variables: Vec<(String, Node)>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum WhenNotMatched {
    Insert,
    Discard,
    Fail,
}

impl Stage for Merge {
    fn open(self: Arc<Self>, input: Input, run: &Arc<Run>) -> Result<Input> {
        let ns = self.into.namespace(run)?;
        if let Some(on) = &self.on
            && !has_unique_index(run, &ns, on)
        {
            return refused(51_183, "cannot find index to verify that join fields will be unique");
        }
        if ns.collection().starts_with("system.") {
            let message = format!("cannot $merge to special collection: {}", ns.collection());
            return refused(31_319, message);
        }
        if is_internal(&ns) {
            let message = format!("cannot $merge to internal database: {}", ns.database());
            return refused(31_320, message);
        }
        let variables = self.outer.iter().zip(&run.globals.variables);
        let outer = variables
            .filter_map(|(name, value)| Some((name.to_string(), literal(value.as_raw()?))))
            .collect();
        let documents = Some(Batches::of(input));
        Ok(Box::new(Merging { stage: self, documents, ns, run: run.clone(), outer }))
    }

    fn writes(&self) -> bool {
        true
    }
}

/// Whether no two documents of a collection can have the same values in these fields.
fn has_unique_index(run: &Run, ns: &Namespace, on: &[String]) -> bool {
    let Some(cell) = run.engine.catalog.find(ns) else { return on == ["_id"] };
    let shown = |collator: Option<&Arc<Collator>>| collator.map(|collator| collator.to_document());
    let collation = shown(run.globals.collator.as_ref());
    cell.read(|state| {
        state.indexes.iter().any(|index| {
            let spec = &index.spec;
            let fields = spec.fields();
            (spec.unique || spec.is_id())
                && spec.partial.is_none()
                && fields.len() == on.len()
                && fields.iter().all(|(path, _)| on.iter().any(|field| field == path.as_str()))
                && shown(spec.collator()) == collation
        })
    })
}

struct Merging {
    stage: Arc<Merge>,
    /// Until they are written.
    documents: Option<Batches<Entry>>,
    ns: Namespace,
    run: Arc<Run>,
    /// The command's variables, as literals.
    outer: Document,
}

/// A document to write.
struct Entry {
    doc: Doc,
    /// What a document that matches it has.
    filter: Document,
    /// What the pipeline sees.
    variables: Option<Document>,
}

impl Stream for Merging {
    fn next(&mut self) -> Result<Option<Doc>> {
        let Some(mut documents) = self.documents.take() else { return Ok(None) };
        let mut count = 0;
        while let Some(batch) = documents.next(|doc| self.entry(doc))? {
            self.write(batch, &mut count)?;
        }
        Ok(None)
    }
}

impl Merging {
    /// What is to be written of a document, and how large it is.
    fn entry(&self, doc: Doc) -> Result<(Entry, usize)> {
        let by_id = ["_id".to_owned()];
        let on = self.stage.on.as_deref().unwrap_or(&by_id);
        let doc = match on.iter().any(|field| field == "_id") {
            true if doc.as_raw().get(b"_id").is_none() => self.with_id(&doc),
            _ => doc,
        };
        let mut filter = Document::new();
        for field in on {
            let value = value_at(doc.as_raw(), field);
            if value.is_some_and(RawVal::is_array) {
                return refused(
                    51_185,
                    format!("$merge write error: 'on' field '{field}' is an array"),
                );
            }
            let Some(value) = value.filter(|value| !value.is_null() && !value.is_undefined())
            else {
                let message = format!(
                    "$merge write error: 'on' field '{field}' cannot be missing, null, undefined or an array"
                );
                return refused(51_132, message);
            };
            filter.insert(field.clone(), value.to_bson());
        }
        let variables = match &self.stage.when_matched {
            WhenMatched::Pipeline { variables, .. } => Some(self.variables(variables, &doc)?),
            _ => None,
        };
        let size = doc.size();
        Ok((Entry { doc, filter, variables }, size))
    }

    fn with_id(&self, doc: &Doc) -> Doc {
        let mut out = Vec::with_capacity(doc.size() + 17);
        let start = begin(&mut out);
        append(&mut out, b"_id", ValueBuf::from(self.run.engine.ids.object_id()).as_raw());
        for (name, value) in doc.as_raw().elements() {
            append(&mut out, name, value);
        }
        finish(&mut out, start);
        Doc::Made(out)
    }

    /// The variables that the pipeline sees; those without a value it does not know.
    fn variables(&self, nodes: &[(String, Node)], doc: &Doc) -> Result<Document> {
        let scope = Scope::new(&self.run.globals, doc.as_root());
        let mut variables = self.outer.clone();
        for (name, node) in nodes {
            if let Some(value) = node.eval(&scope)?.as_raw() {
                variables.insert(name.clone(), literal(value));
            }
        }
        Ok(variables)
    }

    /// Writes a batch: all of it that can be, and then tells what could not.
    fn write(&self, batch: Vec<Entry>, count: &mut u64) -> Result<()> {
        let (mut first_error, mut is_missed) = (None, false);
        for entry in batch {
            *count += 1;
            if self.run.deadline.has_passed(*count) {
                return Err(deadline::expired());
            }
            match self.write_one(entry) {
                Ok(has_matched) => is_missed |= !has_matched,
                Err(Error::Command(error)) if error.code != ErrorCode::MAX_TIME_MS_EXPIRED => {
                    first_error.get_or_insert(error);
                }
                Err(error) => return Err(error),
            }
        }
        if let Some(error) = first_error {
            return Err(Error::Command(error));
        }
        if is_missed && self.stage.when_not_matched == WhenNotMatched::Fail {
            let message = "$merge could not find a matching document in the target collection for at least one document in the source collection";
            return refused(13_113, message);
        }
        Ok(())
    }

    /// Writes a document; whether there was one that matches.
    fn write_one(&self, entry: Entry) -> Result<bool> {
        let Merging { stage, ns, run, .. } = self;
        let (engine, validates) = (&run.engine, !run.bypass_document_validation);
        let Entry { doc, filter, variables } = entry;
        let inserts = stage.when_not_matched == WhenNotMatched::Insert;
        let raw = || doc.as_raw().to_document();
        let (update, upsert) = match &stage.when_matched {
            WhenMatched::Fail => {
                return engine.insert_one(ns, doc.as_raw().bytes(), validates).map(|()| false);
            }
            WhenMatched::Merge => (Update::Raw(doc! { "$set": raw() }), inserts),
            WhenMatched::KeepExisting => (Update::Raw(doc! { "$setOnInsert": raw() }), inserts),
            WhenMatched::Replace => (Update::Raw(raw()), inserts),
            // What is inserted is the document itself, not what the pipeline makes.
            WhenMatched::Pipeline { stages, .. } => (Update::Pipeline(stages.clone()), false),
        };
        let mut statement = UpdateStatement::one(Filter::Raw(filter), update);
        statement.upsert = upsert;
        let has_matched =
            engine.update_one(ns, &statement, validates, variables.as_ref(), run.deadline)?;
        if !has_matched && !upsert && inserts {
            engine.insert_one(ns, doc.as_raw().bytes(), validates)?;
        }
        Ok(has_matched)
    }
}

/// The value of a field, not looking into arrays.
fn value_at<'d>(doc: RawVal<'d>, path: &str) -> Option<RawVal<'d>> {
    path.split('.').try_fold(
        doc,
        |value, name| {
            if value.is_object() { value.get(name.as_bytes()) } else { None }
        },
    )
}

fn literal(value: RawVal<'_>) -> Bson {
    Bson::Document(doc! { "$literal": value.to_bson() })
}
