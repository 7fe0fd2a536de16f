//! `aggregate`.

use std::sync::Arc;

use odm_core::bson::Uuid;
use odm_core::{
    Aggregate, Cursor, Error, ErrorCode, Filter, Hint, Namespace, RawCursor, Result, Sort,
};

use super::{Engine, options};
use crate::collation::{self, Collator};
use crate::cursor::{FIRST_BATCH, Results};
use crate::deadline::Deadline;
use crate::expression::{Compiler, Globals, bind_variables};
use crate::filter::Matcher;
use crate::plan::{Plan, Wanted};
use crate::stage::{self, Input, Pipeline, Ready, Records, Role, Run, Shown, Within};
use crate::storage::{Cell, CollState, Seen, check_name, other_collation};

impl Engine {
    pub(crate) fn aggregate(
        self: &Arc<Self>,
        ns: &Namespace,
        request: &Aggregate,
    ) -> Result<Cursor> {
        let first = request.batch_size.map_or(FIRST_BATCH, |size| size as usize);
        let mut results = self.pipeline_results(ns, request)?;
        let (batch, more) = results.batch(first)?;
        let rest = more.then(|| -> Box<dyn RawCursor> { Box::new(results) });
        Ok(Cursor::new(batch, rest))
    }

    /// The results of a pipeline, none of them fetched yet.
    pub(crate) fn pipeline_results(
        self: &Arc<Self>,
        ns: &Namespace,
        request: &Aggregate,
    ) -> Result<Results> {
        if let Some((base, request)) = self.expanded(ns, request)? {
            return Ok(self.pipeline_results(&base, &request)?.through(base));
        }
        let (input, collection) = self.open_pipeline(ns, request)?;
        let results = Results::stream(input).batches_of(request.batch_size);
        Ok(match collection {
            Some(uuid) => results.of_collection(uuid),
            None => results,
        })
    }

    /// What a pipeline gives, and the collection that it reads. It is not on a view.
    pub(crate) fn open_pipeline(
        self: &Arc<Self>,
        ns: &Namespace,
        request: &Aggregate,
    ) -> Result<(Input, Option<Uuid>)> {
        let (run, pipeline, cell) = self.compile_pipeline(ns, request, &mut Shown::nothing())?;
        let input = run.open_hinted(&pipeline, request.hint.as_ref())?;
        Ok((input, cell.map(|cell| cell.uuid)))
    }

    /// Compiles a pipeline, with what it runs with and the collection that it reads. It is not on a view.
    pub(crate) fn compile_pipeline(
        self: &Arc<Self>,
        ns: &Namespace,
        request: &Aggregate,
        shown: &mut Shown,
    ) -> Result<(Arc<Run>, Pipeline, Option<Arc<Cell>>)> {
        let deadline = Deadline::after(request.max_time);
        let cell = if ns.collection().is_empty() {
            None
        } else {
            check_name(ns)?;
            self.catalog.find(ns)
        };
        let collator = options::collator(request.collation.as_ref(), cell.as_deref())?;
        check_source(&request.pipeline, ns)?;
        let views = Seen::new(&self.catalog, ns.database());
        for name in stage::involved(&request.pipeline) {
            let view = views.collator(&name);
            if view.is_some_and(|own| !collation::same(own.as_deref(), collator.as_deref())) {
                return Err(other_collation());
            }
        }
        let mut globals = self.globals(collator);
        let mut names = Vec::new();
        if let Some(variables) = &request.let_vars {
            bind_variables(&mut globals, &mut names, variables)?;
        }
        let mut compiler = Compiler::new(&globals, names).seeing(views);
        let (pipeline, within) = (&request.pipeline, Within::Command);
        let pipeline = Pipeline::compile_shown(&mut compiler, pipeline, within, shown)?;
        compiler.check()?;
        let run = Arc::new(Run {
            engine: self.clone(),
            ns: ns.clone(),
            globals: Arc::new(globals),
            deadline,
            allow_disk_use: request.allow_disk_use != Some(false),
            bypass_document_validation: request.bypass_document_validation,
        });
        Ok((run, pipeline, cell))
    }

    /// What is the same for all documents of a command.
    pub(crate) fn globals(&self, collator: Option<Arc<Collator>>) -> Globals {
        let (now, cluster_time) = (self.now(), self.timestamp());
        Globals { now, cluster_time, collator, variables: Vec::new() }
    }
}

/// Checks that a pipeline has documents to read.
///
/// # Errors
///
/// 73 for `$documents` on a collection, for other stages without one, and for stages of another namespace.
fn check_source(pipeline: &odm_core::Pipeline, ns: &Namespace) -> Result<()> {
    let refuse = |message: String| Err(Error::command(ErrorCode::INVALID_NAMESPACE, message));
    let first = pipeline.0.first().map(odm_core::Stage::name);
    for stage in &pipeline.0 {
        stage::check_namespace(stage.name(), ns)?;
    }
    match (first, ns.collection().is_empty()) {
        (Some("$documents"), false) => {
            refuse("'$documents' can only be run with {aggregate: 1}".to_owned())
        }
        (None, true) => refuse("{aggregate: 1} is not valid for an empty pipeline".to_owned()),
        (Some(name), true) if stage::needs_collection(name) => {
            let message =
                format!("{{aggregate: 1}} is not valid for '{name}'; a collection is required");
            refuse(message)
        }
        _ => Ok(()),
    }
}

impl Run {
    /// The documents of the collection, worked on by a pipeline.
    ///
    /// # Errors
    ///
    /// The server's, for what a stage refuses.
    pub(crate) fn open(self: &Arc<Self>, pipeline: &Pipeline) -> Result<Input> {
        self.open_hinted(pipeline, None)
    }

    /// The same, by an index that is asked for.
    fn open_hinted(self: &Arc<Self>, pipeline: &Pipeline, hint: Option<&Hint>) -> Result<Input> {
        let mut pipeline = pipeline.clone();
        let input: Input = match self.source(&mut pipeline, hint, false)? {
            Some(source) => Box::new(source.records(self.deadline)),
            None => Box::new(Ready::default()),
        };
        pipeline.open(input, self)
    }

    /// How the documents of the collection are found, if there is one to be read; what the first stages
    /// ask for, the plan does, and they are taken off the pipeline.
    ///
    /// # Errors
    ///
    /// As [`Plan::choose`].
    pub(crate) fn source(
        &self,
        pipeline: &mut Pipeline,
        hint: Option<&Hint>,
        explain: bool,
    ) -> Result<Option<Source>> {
        if matches!(pipeline.stages.first().map(|stage| stage.role()), Some(Role::Source)) {
            return Ok(None);
        }
        let Some(cell) = self.engine.catalog.find(&self.ns) else { return Ok(None) };
        let state = cell.snapshot();
        let matched: Vec<Filter> = pipeline
            .stages
            .iter()
            .map_while(|stage| match stage.role() {
                Role::Match(filter) => Some(filter.clone()),
                _ => None,
            })
            .collect();
        pipeline.stages.drain(..matched.len());
        let filter = match matched.len() {
            0 => Filter::default(),
            1 => matched.into_iter().next().unwrap_or_default(),
            _ => Filter::And(matched),
        };
        let collator = self.globals.collator.as_ref();
        let matcher = Matcher::collated(&filter, collator)?;
        // Filters by expressions leave the order as it is.
        let is_filter = |stage: &Arc<dyn stage::Stage>| matches!(stage.role(), Role::Filter(_));
        let filters = pipeline.stages.iter().take_while(|stage| is_filter(stage)).count();
        let sort = match pipeline.stages.get(filters).map(|stage| stage.role()) {
            Some(Role::Sort(sort)) => sort.clone(),
            _ => Sort::default(),
        };
        let limit = match pipeline.stages.get(usize::from(!sort.is_empty())..) {
            Some(rest) if filters == 0 => stage::wanted(rest).unwrap_or(0),
            _ => 0,
        };
        let wanted = Wanted::all(&filter, hint).collated(collator);
        let wanted = Wanted { sort: &sort, limit, explain, ..wanted };
        let plan = Plan::choose(&state, wanted)?;
        if plan.is_sorted && !sort.is_empty() {
            pipeline.stages.remove(filters);
        }
        let limit = if plan.is_sorted { limit } else { 0 };
        let matcher = super::needs_matching(&plan, &matcher).then_some(matcher);
        Ok(Some(Source { state, plan, matcher, sort, limit }))
    }
}

/// How the documents of a pipeline are found.
pub(crate) struct Source {
    pub(crate) state: Arc<CollState>,
    pub(crate) plan: Plan,
    /// What of the filter the plan does not see to.
    matcher: Option<Matcher>,
    /// The order that the first stages ask for; the plan need not have it.
    pub(crate) sort: Sort,
    /// How many are asked for; 0 for all.
    limit: u64,
}

impl Source {
    /// The documents.
    pub(crate) fn records(self, deadline: Deadline) -> Records {
        Records::new(self.state, self.plan, self.matcher, deadline).limited(self.limit)
    }
}
