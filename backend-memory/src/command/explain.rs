//! `explain`: how an operation would run, in the server's words.

use std::ops::ControlFlow;

use odm_core::bson::{Document, doc};
use odm_core::{
    Error, ErrorCode, Filter, Hint, Modification, Namespace, Operation, Projection, Result, Sort,
    Verbosity,
};

use crate::backend::{Engine, needs_matching, unsupported};
use crate::filter::Matcher;
use crate::plan::{Plan, Position, Stage, Wanted};
use crate::storage::CollState;

/// What is explained: how documents are found, and what happens to them.
struct Explained<'a> {
    filter: &'a Filter,
    sort: Sort,
    hint: Option<&'a Hint>,
    skip: u64,
    limit: u64,
    projection: Option<&'a Projection>,
    purpose: Purpose,
}

#[derive(Clone, Copy, PartialEq)]
enum Purpose {
    Find,
    Count,
    Update,
    Delete,
}

impl<'a> Explained<'a> {
    fn new(filter: &'a Filter, hint: Option<&'a Hint>, purpose: Purpose) -> Self {
        Explained {
            filter,
            sort: Sort::default(),
            hint,
            skip: 0,
            limit: 0,
            projection: None,
            purpose,
        }
    }

    fn of(operation: &'a Operation) -> Result<Self> {
        Ok(match operation {
            Operation::Find(find) => Explained {
                sort: find.sort.clone(),
                skip: find.skip,
                limit: find.limit,
                projection: find.projection.as_ref(),
                ..Explained::new(&find.filter, find.hint.as_ref(), Purpose::Find)
            },
            Operation::Count(count) => Explained {
                skip: count.skip,
                limit: count.limit,
                ..Explained::new(&count.filter, count.hint.as_ref(), Purpose::Count)
            },
            Operation::Distinct(distinct) => Explained::new(&distinct.filter, None, Purpose::Find),
            Operation::UpdateBatch(batch) => {
                let [one] = batch.statements.as_slice() else { return Err(not_one()) };
                let found = Explained::new(&one.filter, one.hint.as_ref(), Purpose::Update);
                Explained { limit: u64::from(!one.multi), ..found }
            }
            Operation::DeleteBatch(batch) => {
                let [one] = batch.statements.as_slice() else { return Err(not_one()) };
                let found = Explained::new(&one.filter, one.hint.as_ref(), Purpose::Delete);
                Explained { limit: u64::from(!one.multi), ..found }
            }
            Operation::FindAndModify(request) => {
                let purpose = match request.modification {
                    Modification::Remove => Purpose::Delete,
                    _ => Purpose::Update,
                };
                Explained {
                    sort: request.sort.clone(),
                    limit: 1,
                    projection: request.projection.as_ref(),
                    ..Explained::new(&request.filter, request.hint.as_ref(), purpose)
                }
            }
            Operation::Aggregate(_) => return Err(unsupported("aggregation")),
            other => {
                return Err(Error::command(
                    ErrorCode::ILLEGAL_OPERATION,
                    format!("Cannot explain cmd: {}", other.name()),
                ));
            }
        })
    }
}

fn not_one() -> Error {
    Error::command(ErrorCode::INVALID_LENGTH, "explained write batches must be of size 1")
}

impl Engine {
    pub(super) fn explain(
        &self,
        ns: &Namespace,
        operation: &Operation,
        verbosity: Verbosity,
        command: &Document,
    ) -> Result<Document> {
        let explained = Explained::of(operation)?;
        let filter = explained.filter.normalized()?;
        let matcher = Matcher::compile(&filter)?;
        let (stage, run) = match self.catalog.find(ns) {
            None => (Stage::end_of_file(), Run::default()),
            Some(cell) => {
                let state = cell.snapshot();
                let plan = Plan::choose(
                    &state,
                    Wanted {
                        filter: &filter,
                        sort: &explained.sort,
                        hint: explained.hint,
                        limit: last(explained.skip, explained.limit),
                        explain: true,
                    },
                )?;
                let stage = stages(&explained, &filter, &matcher, &state, &plan);
                (stage, run(&explained, &matcher, &state, &plan))
            }
        };
        let mut reply = doc! {
            "explainVersion": "1",
            "queryPlanner": {
                "namespace": ns.to_string(),
                "indexFilterSet": false,
                "parsedQuery": filter.to_document(),
                "maxIndexedOrSolutionsReached": false,
                "maxIndexedAndSolutionsReached": false,
                "maxScansToExplodeReached": false,
                "winningPlan": stage.to_plan(),
                "rejectedPlans": [],
            },
        };
        if verbosity != Verbosity::QueryPlanner {
            let mut stats = run.position.figures(run.returned);
            stats.insert("executionStages", stage.to_execution(run.returned));
            reply.insert("executionStats", stats);
        }
        let mut shown = command.get_document("explain").unwrap_or(command).clone();
        shown.insert("$db", ns.database());
        reply.insert("command", shown);
        reply.insert("serverInfo", doc! { "host": "memory", "port": 0, "version": "6.0.5" });
        reply.insert("ok", 1.0);
        Ok(reply)
    }
}

/// How many matches have to be found for `limit` of them after `skip`; 0 for all.
fn last(skip: u64, limit: u64) -> u64 {
    if limit == 0 { 0 } else { skip.saturating_add(limit) }
}

fn stages(
    explained: &Explained<'_>,
    filter: &Filter,
    matcher: &Matcher,
    state: &CollState,
    plan: &Plan,
) -> Stage {
    use crate::plan::number;
    let purpose = explained.purpose;
    if purpose == Purpose::Count && matcher.is_always_true() && explained.hint.is_none() {
        return Stage::fast_count();
    }
    let limit = last(explained.skip, explained.limit);
    let mut stage = plan.stages(state, filter, &explained.sort, limit);
    if matches!(filter, Filter::Or(_)) && !plan.is_point() {
        stage = stage.under("SUBPLAN", Document::new());
    }
    if explained.skip > 0 {
        stage = stage.under("SKIP", doc! { "skipAmount": number(explained.skip) });
    }
    let reads = matches!(purpose, Purpose::Find | Purpose::Count);
    if reads && explained.limit > 0 && plan.is_sorted && !plan.is_point() {
        stage = stage.under("LIMIT", doc! { "limitAmount": number(explained.limit) });
    }
    stage = match purpose {
        Purpose::Find => stage,
        Purpose::Count => stage.under("COUNT", Document::new()),
        Purpose::Update => stage.under("UPDATE", Document::new()),
        Purpose::Delete => stage.under("DELETE", Document::new()),
    };
    match explained.projection.filter(|projection| !projection.is_empty()) {
        Some(projection) => {
            let shown = doc! { "transformBy": projection.to_document() };
            stage.under("PROJECTION_SIMPLE", shown)
        }
        None => stage,
    }
}

#[derive(Default)]
struct Run {
    position: Position,
    returned: u64,
}

/// Finds what the operation would find, and changes nothing.
fn run(explained: &Explained<'_>, matcher: &Matcher, state: &CollState, plan: &Plan) -> Run {
    let mut run = Run::default();
    let limit = last(explained.skip, explained.limit);
    let fast_count = explained.purpose == Purpose::Count && matcher.is_always_true();
    if fast_count && explained.hint.is_none() {
        return run;
    }
    let needs_matching = needs_matching(plan, matcher);
    let mut found = 0_u64;
    let _ = plan.run(state, &mut run.position, |_, record| {
        if !needs_matching || matcher.matches(record) {
            found += 1;
        }
        // A sort has to see them all.
        let enough = plan.is_sorted && limit > 0 && found == limit;
        if enough { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    if explained.purpose == Purpose::Find {
        let after_skip = found.saturating_sub(explained.skip);
        run.returned =
            if explained.limit == 0 { after_skip } else { after_skip.min(explained.limit) };
    }
    run
}
