//! Stages as `explain` shows them.

use std::fmt;
use std::sync::Arc;

use bson::{Bson, Document, doc};

use super::{Changes, Role, Stage, wanted};

/// The stages of a pipeline as they are written.
#[derive(Default)]
pub(crate) struct Shown {
    is_wanted: bool,
    /// Kept, so that no other stage comes to be where one of them was.
    stages: Vec<(Arc<dyn Stage>, Vec<Document>)>,
}

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.stages.iter().map(|(_, shown)| shown)).finish()
    }
}

impl Shown {
    /// Nobody wants to see them.
    pub(crate) fn nothing() -> Self {
        Shown::default()
    }

    /// They are to be remembered.
    pub(crate) fn all() -> Self {
        Shown { is_wanted: true, stages: Vec::new() }
    }

    /// What a stage was compiled to. Of several, what is written belongs to the first.
    pub(super) fn add(&mut self, written: &odm_core::Stage, compiled: &[Arc<dyn Stage>]) {
        if let Some(first) = compiled.first().filter(|_| self.is_wanted) {
            self.stages.push((first.clone(), as_run(written.name(), written.spec())));
        }
    }

    fn of(&self, stage: &Arc<dyn Stage>) -> Vec<Document> {
        let is_it = |(known, _): &&(Arc<dyn Stage>, _)| Arc::ptr_eq(known, stage);
        self.stages.iter().find(is_it).map(|(_, shown)| shown.clone()).unwrap_or_default()
    }

    /// The stages, each with its position in the pipeline; some are shown as two. A limit that a sort
    /// knows of is not shown again.
    pub(crate) fn describe(&self, stages: &[Arc<dyn Stage>]) -> Vec<(usize, Document)> {
        let mut described = Vec::with_capacity(stages.len());
        let mut known_limit = false;
        for (at, stage) in stages.iter().enumerate() {
            let shown = match stage.role() {
                Role::Match(filter) | Role::Filter(filter) => {
                    vec![doc! { "$match": filter.to_document() }]
                }
                Role::Sort(sort) => {
                    let mut spec = doc! { "sortKey": sort.to_document() };
                    if let Some(limit) = wanted(stages.get(at + 1..).unwrap_or_default()) {
                        known_limit = true;
                        spec.insert("limit", number(limit));
                    }
                    vec![doc! { "$sort": spec }]
                }
                Role::Limit(_) if known_limit => {
                    known_limit = false;
                    Vec::new()
                }
                Role::Limit(n) => vec![doc! { "$limit": number(n) }],
                Role::Skip(n) => vec![doc! { "$skip": number(n) }],
                Role::Source | Role::Other => self.of(stage),
            };
            described.extend(shown.into_iter().map(|shown| (at, shown)));
        }
        described
    }

    /// The fields of a stage that hands on none but those that it names.
    pub(crate) fn projection(&self, stage: &Arc<dyn Stage>) -> Option<Document> {
        if !matches!(stage.changes(), Changes::AllBut(_)) {
            return None;
        }
        let [shown] = self.of(stage).try_into().ok()?;
        shown.get_document("$project").ok().cloned()
    }
}

fn number(n: u64) -> Bson {
    Bson::Int64(i64::try_from(n).unwrap_or(i64::MAX))
}

/// What the server makes of a stage before it runs.
fn as_run(name: &str, spec: &Bson) -> Vec<Document> {
    let one = || doc! { "$sum": { "$const": 1 } };
    match (name, spec) {
        ("$unset", spec) => {
            let paths = spec.as_array().map_or(std::slice::from_ref(spec), Vec::as_slice);
            let mut fields: Document = paths
                .iter()
                .filter_map(|path| Some((path.as_str()?.to_owned(), Bson::Boolean(false))))
                .collect();
            fields.entry("_id".to_owned()).or_insert(Bson::Boolean(true));
            vec![doc! { "$project": fields }]
        }
        ("$replaceWith", spec) => vec![doc! { "$replaceRoot": { "newRoot": spec.clone() } }],
        ("$sortByCount", spec) => {
            vec![doc! { "$group": { "_id": spec.clone(), "count": one() } }]
        }
        ("$count", Bson::String(field)) => {
            let group = doc! { "_id": { "$const": null }, field: one() };
            let project = doc! { field: true, "_id": false };
            vec![doc! { "$group": group }, doc! { "$project": project }]
        }
        ("$unwind", Bson::String(path)) => vec![doc! { "$unwind": { "path": path } }],
        ("$setWindowFields", spec) => vec![doc! { "$_internalSetWindowFields": spec.clone() }],
        ("$densify", spec) => vec![doc! { "$_internalDensify": spec.clone() }],
        (name, spec) => vec![doc! { name: spec.clone() }],
    }
}
