//! `explain` of pipelines: the plan that finds the documents, and the stages behind it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use odm_core::bson::{Bson, Document, doc};
use odm_core::{Aggregate, Filter, Namespace, Result, Verbosity};

use super::{planner, reply_to};
use crate::backend::{Engine, Source};
use crate::plan::{self, number};
use crate::stage::{Doc, Examined, Input, Pipeline, Ready, Role, Run, Shown, Stream};

impl Engine {
    /// How a pipeline would run. Nothing is written.
    ///
    /// # Errors
    ///
    /// As of the pipeline itself; while it runs only if that is asked for.
    pub(super) fn explain_pipeline(
        self: &Arc<Self>,
        ns: &Namespace,
        request: &Aggregate,
        verbosity: Verbosity,
        command: &Document,
    ) -> Result<Document> {
        let mut shown = Shown::all();
        let (run, mut pipeline, _) = self.compile_pipeline(ns, request, &mut shown)?;
        let has_source =
            matches!(pipeline.stages.first().map(|stage| stage.role()), Some(Role::Source));
        let written = pipeline.clone();
        let source = run.source(&mut pipeline, request.hint.as_ref(), true)?;
        let cursor = Cursor::new(&written, &pipeline, source.as_ref(), &shown);
        let examined = Arc::new(Examined::default());
        let counts = match verbosity {
            Verbosity::QueryPlanner => None,
            _ => Some(count(&run, &pipeline, source, &examined)?),
        };
        let rest = pipeline.stages.get(cursor.stages..).unwrap_or_default();
        let mut reply = doc! { "explainVersion": "1" };
        if rest.is_empty() && !has_source {
            let mut planner = cursor.planner(&run);
            planner.insert("optimizedPipeline", true);
            reply.insert("queryPlanner", planner);
            if let Some(counts) = &counts {
                reply.insert("executionStats", cursor.figures(counts, &examined, verbosity));
            }
            return Ok(reply_to(reply, ns, command));
        }
        let mut stages = Vec::new();
        let mut add = |mut stage: Document, returned: Option<u64>| {
            if let Some(returned) = returned {
                stage.insert("nReturned", number(returned));
                stage.insert("executionTimeMillisEstimate", 0);
            }
            stages.push(Bson::Document(stage));
        };
        if !has_source {
            let mut found = doc! { "queryPlanner": cursor.planner(&run) };
            if let Some(counts) = &counts {
                found.insert("executionStats", cursor.figures(counts, &examined, verbosity));
            }
            let returned = counts.as_ref().map(|counts| cursor.returned(counts));
            add(doc! { "$cursor": found }, returned);
        }
        for (at, stage) in shown.describe(rest) {
            let returned = |counts: &Vec<u64>| counts.get(cursor.stages + at + 1).copied();
            add(stage, counts.as_ref().and_then(returned));
        }
        reply.insert("stages", stages);
        Ok(reply_to(reply, ns, command))
    }
}

/// What finds the documents: the plan, and the first stages, as far as a plan has such stages too.
struct Cursor {
    /// How many of the stages it does that the planner left.
    stages: usize,
    filter: Filter,
    plan: plan::Stage,
}

impl Cursor {
    fn new(
        written: &Pipeline,
        pipeline: &Pipeline,
        source: Option<&Source>,
        shown: &Shown,
    ) -> Self {
        let mut filters: Vec<Filter> = written
            .stages
            .iter()
            .map_while(|stage| match stage.role() {
                Role::Match(filter) | Role::Filter(filter) => Some(filter.clone()),
                _ => None,
            })
            .filter(|filter| !filter.is_empty())
            .collect();
        let filter = match filters.len() {
            1 => filters.swap_remove(0),
            _ => Filter::And(filters),
        };
        let mut cursor = Cursor { stages: 0, filter, plan: plan::Stage::end_of_file() };
        let stages = &pipeline.stages;
        let role = |at: usize| stages.get(at).map_or(Role::Other, |stage| stage.role());
        while let Role::Filter(_) = role(cursor.stages) {
            cursor.stages += 1;
        }
        let is_sorted = !matches!(role(cursor.stages), Role::Sort(_));
        cursor.stages += usize::from(!is_sorted);
        let limit = crate::stage::wanted(stages.get(cursor.stages..).unwrap_or_default());
        if let Some(source) = source {
            let (state, sort) = (&source.state, &source.sort);
            cursor.plan = source.plan.stages(state, &cursor.filter, sort, limit.unwrap_or(0));
        }
        let mut under = |name, details| {
            if source.is_some() {
                let plan = std::mem::replace(&mut cursor.plan, plan::Stage::end_of_file());
                cursor.plan = plan.under(name, details);
            }
        };
        loop {
            match role(cursor.stages) {
                Role::Skip(n) => under("SKIP", doc! { "skipAmount": number(n) }),
                Role::Limit(n) if is_sorted => {
                    under("LIMIT", doc! { "limitAmount": number(n) });
                }
                Role::Limit(_) => {}
                _ => break,
            }
            cursor.stages += 1;
        }
        while let Some(fields) = stages.get(cursor.stages).and_then(|stage| shown.projection(stage))
        {
            let is_simple = fields.iter().all(|(path, value)| {
                !path.contains('.') && !matches!(value, Bson::Document(_) | Bson::String(_))
            });
            let name = if is_simple { "PROJECTION_SIMPLE" } else { "PROJECTION_DEFAULT" };
            under(name, doc! { "transformBy": fields });
            cursor.stages += 1;
        }
        cursor
    }

    fn planner(&self, run: &Run) -> Document {
        let collator = run.globals.collator.as_deref();
        planner(&run.ns, &self.filter, collator, &self.plan)
    }

    /// How many documents it gave.
    fn returned(&self, counts: &[u64]) -> u64 {
        counts.get(self.stages).copied().unwrap_or(0)
    }

    fn figures(&self, counts: &[u64], examined: &Examined, verbosity: Verbosity) -> Document {
        let (keys, docs) = examined.figures();
        let returned = self.returned(counts);
        let mut figures = doc! {
            "executionSuccess": true,
            "nReturned": number(returned),
            "executionTimeMillis": 0,
            "totalKeysExamined": number(keys),
            "totalDocsExamined": number(docs),
            "executionStages": self.plan.to_execution(returned),
        };
        if verbosity == Verbosity::AllPlansExecution {
            figures.insert("allPlansExecution", Bson::Array(Vec::new()));
        }
        figures
    }
}

/// Runs a pipeline, except for what would write: how many documents came out of the source, and of each stage.
fn count(
    run: &Arc<Run>,
    pipeline: &Pipeline,
    source: Option<Source>,
    examined: &Arc<Examined>,
) -> Result<Vec<u64>> {
    let mut counts: Vec<Arc<AtomicU64>> = Vec::with_capacity(pipeline.stages.len() + 1);
    let mut counted = |input: Input| -> Input {
        let count = Arc::new(AtomicU64::new(0));
        counts.push(count.clone());
        Box::new(Counted { input, count })
    };
    let input: Input = match source {
        Some(source) => Box::new(source.records(run.deadline).examined_by(examined.clone())),
        None => Box::new(Ready::default()),
    };
    let mut input = counted(input);
    for stage in pipeline.stages.iter().filter(|stage| !stage.writes()) {
        input = counted(stage.clone().open(input, run)?);
    }
    while input.next()?.is_some() {}
    let mut counts: Vec<u64> = counts.iter().map(|count| count.load(Ordering::Relaxed)).collect();
    counts.resize(pipeline.stages.len() + 1, 0);
    Ok(counts)
}

/// Documents that are counted on their way.
struct Counted {
    input: Input,
    count: Arc<AtomicU64>,
}

impl Stream for Counted {
    fn next(&mut self) -> Result<Option<Doc>> {
        let doc = self.input.next()?;
        if doc.is_some() {
            self.count.fetch_add(1, Ordering::Relaxed);
        }
        Ok(doc)
    }
}
