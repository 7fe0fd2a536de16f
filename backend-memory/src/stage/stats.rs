//! `$collStats`, `$indexStats` and `$planCacheStats`: what is known of a collection.

use std::collections::VecDeque;
use std::sync::Arc;

use bson::{Bson, DateTime, Document, doc};
use odm_core::{Error, ErrorCode, Result};

use super::{Doc, Input, Ready, Role, Run, Spec, Stage, Within};
use crate::backend::unsupported;
use crate::expression::{Compiler, refused};
use crate::value::Record;

pub(super) const STAGES: &[Spec] = &[
    Spec::new("$collStats", coll_stats).first().not_within(&[Within::Facet]),
    Spec::new("$indexStats", index_stats).first().not_within(&[Within::Facet]),
    Spec::new("$planCacheStats", plan_cache_stats).first().not_within(&[Within::Facet]),
];

/// What stands for the name of the server.
const HOST: &str = "memory:0";

/// `$collStats`: one document with `count` and `storageStats`, as they are asked for.
///
/// # Errors
///
/// 5447000 if it is no document, 40415 for what is unknown, 14 and 31170 for wrong options; 26 if the collection does
/// not exist; [`Error::Unsupported`] for `latencyStats` and `queryExecStats`, which nobody counts here.
fn coll_stats(_: &mut Compiler<'_>, spec: &Bson, _: Within) -> Result<Vec<Arc<dyn Stage>>> {
    let Some(spec) = spec.as_document() else {
        return refused(5_447_000, format!("$collStats must take a nested object, found {spec}"));
    };
    let (mut stats, mut lacking) = (CollStats::default(), None);
    for (name, value) in spec {
        if matches!(value, Bson::Null | Bson::Undefined) {
            continue;
        }
        if !matches!(name.as_str(), "latencyStats" | "storageStats" | "count" | "queryExecStats") {
            return refused(40_415, format!("'$collStats.{name}' is an unknown field"));
        }
        let Bson::Document(options) = value else {
            let message = format!("'$collStats.{name}' must be an object, found {value}");
            return refused(ErrorCode::TYPE_MISMATCH.0, message);
        };
        if matches!(name.as_str(), "count" | "queryExecStats") && !options.is_empty() {
            return refused(31_170, format!("expected an empty object, but got {options}"));
        }
        match name.as_str() {
            "count" => stats.count = true,
            "storageStats" => stats.storage = Some(options.clone()),
            _ => lacking = Some(name),
        }
        if name == "latencyStats"
            && !matches!(options.get("histograms"), None | Some(Bson::Boolean(_)))
        {
            let message = "'histograms' should be a boolean value";
            return refused(ErrorCode::TYPE_MISMATCH.0, message);
        }
    }
    match lacking {
        Some(name) => Err(unsupported(format!("{name} of $collStats"))),
        None => Ok(vec![Arc::new(stats)]),
    }
}

#[derive(Debug, Default)]
struct CollStats {
    count: bool,
    /// The options, of which `scale` is one.
    storage: Option<Document>,
}

impl Stage for CollStats {
    fn open(self: Arc<Self>, _: Input, run: &Arc<Run>) -> Result<Input> {
        let ns = &run.ns;
        let mut stats = doc! { "ns": ns.to_string(), "host": HOST, "localTime": run.engine.now() };
        // Wrong options are told before that there is no collection.
        let storage = self.storage.as_ref().map(|options| run.engine.coll_stats(ns, options));
        let storage = storage.transpose()?;
        // A view has a name, and nothing to count.
        let cell = match self.count || storage.is_some() {
            true => run.engine.catalog.collection(ns)?,
            false => None,
        };
        if cell.is_none() && (self.count || storage.is_some()) {
            let message = format!("unable to tell of a collection in $collStats: [{ns}] not found");
            return Err(Error::command(ErrorCode::NAMESPACE_NOT_FOUND, message));
        }
        if let Some(mut storage) = storage {
            storage.remove("ns");
            storage.remove("ok");
            stats.insert("storageStats", storage);
        }
        if let Some(cell) = cell.filter(|_| self.count) {
            let count = cell.read(|state| state.records.len());
            stats.insert("count", number(count));
        }
        ready([stats])
    }

    fn role(&self) -> Role<'_> {
        Role::Source
    }
}

fn number(n: usize) -> Bson {
    i32::try_from(n).map_or(Bson::Int64(i64::try_from(n).unwrap_or(i64::MAX)), Bson::Int32)
}

/// `$indexStats`: a document for each index. Its uses are not counted: there have been none since this very moment.
///
/// # Errors
///
/// 28803 unless it is an empty document.
fn index_stats(_: &mut Compiler<'_>, spec: &Bson, _: Within) -> Result<Vec<Arc<dyn Stage>>> {
    if !spec.as_document().is_some_and(Document::is_empty) {
        return refused(28_803, "the $indexStats stage specification must be an empty object");
    }
    Ok(vec![Arc::new(IndexStats)])
}

#[derive(Debug)]
struct IndexStats;

impl Stage for IndexStats {
    fn open(self: Arc<Self>, _: Input, run: &Arc<Run>) -> Result<Input> {
        let Some(cell) = run.engine.catalog.find(&run.ns) else {
            return Ok(Box::new(Ready::default()));
        };
        let now = run.engine.now();
        let specs = cell.read(|state| {
            state.indexes.iter().map(|index| index.spec.to_document()).collect::<Vec<_>>()
        });
        ready(specs.into_iter().map(|spec| index_document(spec, now)))
    }

    fn role(&self) -> Role<'_> {
        Role::Source
    }
}

fn index_document(spec: Document, now: DateTime) -> Document {
    let of = |name: &str| spec.get(name).cloned().unwrap_or_default();
    doc! {
        "name": of("name"),
        "key": of("key"),
        "host": HOST,
        "accesses": { "ops": 0_i64, "since": now },
        "spec": spec,
    }
}

/// `$planCacheStats`: nothing, for plans are not kept.
///
/// # Errors
///
/// 9 unless it is an empty document; 50933 if the collection does not exist.
fn plan_cache_stats(_: &mut Compiler<'_>, spec: &Bson, _: Within) -> Result<Vec<Arc<dyn Stage>>> {
    if !spec.as_document().is_some_and(Document::is_empty) {
        let message = "$planCacheStats must be an empty object";
        return refused(ErrorCode::FAILED_TO_PARSE.0, message);
    }
    Ok(vec![Arc::new(PlanCacheStats)])
}

#[derive(Debug)]
struct PlanCacheStats;

impl Stage for PlanCacheStats {
    fn open(self: Arc<Self>, _: Input, run: &Arc<Run>) -> Result<Input> {
        if run.engine.catalog.find(&run.ns).is_none() {
            return refused(50_933, format!("collection '{}' does not exist", run.ns));
        }
        Ok(Box::new(Ready::default()))
    }

    fn role(&self) -> Role<'_> {
        Role::Source
    }
}

fn ready(docs: impl IntoIterator<Item = Document>) -> Result<Input> {
    let docs = docs.into_iter().map(|doc| Record::from_document(&doc).map(Doc::Record));
    Ok(Box::new(Ready(docs.collect::<Result<VecDeque<_>>>()?)))
}
