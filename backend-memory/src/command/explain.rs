//! `explain`: how an operation would run, in the server's words.

mod pipeline;

use std::ops::ControlFlow;
use std::sync::Arc;

use odm_core::bson::{Bson, Document, doc};
use odm_core::{
    Collation, Error, ErrorCode, Filter, Hint, Modification, Namespace, Operation, Projection,
    Result, Sort, Verbosity,
};

use crate::backend::{Engine, counted, needs_matching, options, tail};
use crate::collation::Collator;
use crate::cursor::Tail;
use crate::expression::Environment;
use crate::filter::Matcher;
use crate::plan::{DistinctScan, Plan, Position, Stage, Wanted, number};
use crate::storage::CollState;

/// What is explained: how documents are found, and what happens to them.
struct Explained<'a> {
    filter: &'a Filter,
    sort: Sort,
    hint: Option<&'a Hint>,
    min: Option<&'a Document>,
    max: Option<&'a Document>,
    collation: Option<&'a Collation>,
    skip: u64,
    limit: u64,
    projection: Option<&'a Projection>,
    /// `let`.
    variables: Option<&'a Document>,
    shown: Shown,
    purpose: Purpose,
}

/// What is handed out of a match.
#[derive(Clone, Copy, PartialEq)]
enum Shown {
    Document,
    Key,
    RecordId,
}

#[derive(Clone, Copy, PartialEq)]
enum Purpose {
    Find,
    Count,
    Distinct,
    Update,
    Delete,
    /// `findAndModify`, which hands out what it changes.
    UpdateOne,
    DeleteOne,
}

impl<'a> Explained<'a> {
    fn new(filter: &'a Filter, hint: Option<&'a Hint>, purpose: Purpose) -> Self {
        Explained {
            filter,
            sort: Sort::default(),
            hint,
            min: None,
            max: None,
            collation: None,
            skip: 0,
            limit: 0,
            projection: None,
            variables: None,
            shown: Shown::Document,
            purpose,
        }
    }

    fn of(operation: &'a Operation) -> Result<Self> {
        Ok(match operation {
            Operation::Find(find) => Explained {
                sort: find.sort.clone(),
                collation: find.collation.as_ref(),
                skip: find.skip,
                limit: find.limit,
                projection: find.projection.as_ref(),
                variables: find.let_vars.as_ref(),
                min: find.min.as_ref(),
                max: find.max.as_ref(),
                shown: match (find.return_key, find.show_record_id) {
                    (true, _) => Shown::Key,
                    (false, true) => Shown::RecordId,
                    (false, false) => Shown::Document,
                },
                ..Explained::new(&find.filter, find.hint.as_ref(), Purpose::Find)
            },
            Operation::Count(count) => Explained {
                collation: count.collation.as_ref(),
                skip: count.skip,
                limit: count.limit,
                ..Explained::new(&count.filter, count.hint.as_ref(), Purpose::Count)
            },
            Operation::Distinct(distinct) => Explained {
                collation: distinct.collation.as_ref(),
                ..Explained::new(&distinct.filter, None, Purpose::Distinct)
            },
            Operation::UpdateBatch(batch) => {
                let [one] = batch.statements.as_slice() else { return Err(not_one()) };
                let found = Explained::new(&one.filter, one.hint.as_ref(), Purpose::Update);
                let collation = one.collation.as_ref();
                let variables = batch.let_vars.as_ref();
                Explained { limit: u64::from(!one.multi), collation, variables, ..found }
            }
            Operation::DeleteBatch(batch) => {
                let [one] = batch.statements.as_slice() else { return Err(not_one()) };
                let found = Explained::new(&one.filter, one.hint.as_ref(), Purpose::Delete);
                let collation = one.collation.as_ref();
                let variables = batch.let_vars.as_ref();
                Explained { limit: u64::from(!one.multi), collation, variables, ..found }
            }
            Operation::FindAndModify(request) => {
                let purpose = match request.modification {
                    Modification::Remove => Purpose::DeleteOne,
                    _ => Purpose::UpdateOne,
                };
                Explained {
                    sort: request.sort.clone(),
                    collation: request.collation.as_ref(),
                    limit: 1,
                    projection: request.projection.as_ref(),
                    variables: request.let_vars.as_ref(),
                    ..Explained::new(&request.filter, request.hint.as_ref(), purpose)
                }
            }
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
        self: &Arc<Self>,
        ns: &Namespace,
        operation: &Operation,
        verbosity: Verbosity,
        command: &Document,
    ) -> Result<Document> {
        if let Operation::Aggregate(request) = operation {
            return self.explain_pipeline(ns, request, verbosity, command);
        }
        let explained = Explained::of(operation)?;
        if let Operation::Find(find) = operation {
            find.check()?;
        }
        let filter = explained.filter.normalized()?;
        let cell = self.catalog.find(ns);
        let collator = options::collator(explained.collation, cell.as_deref())?;
        let environment = Environment::new(self, collator, explained.variables)?;
        let collator = environment.collator();
        let matcher = Matcher::with(&filter, &environment)?;
        let (stage, run) = match cell {
            None if explained.purpose == Purpose::Count => {
                (Stage::end_of_file().under("COUNT", Document::new()), Run::default())
            }
            None => (Stage::end_of_file(), Run::default()),
            Some(cell) => {
                let state = cell.snapshot();
                if let Operation::Distinct(distinct) = operation
                    && collator.is_none()
                    && let Some(scan) = DistinctScan::explained(&state, &distinct.key, &filter)?
                {
                    let mut run = Run::default();
                    scan.run(&state, &mut run.position, &matcher, |_| {
                        run.returned += 1;
                        Ok(())
                    })?;
                    return Ok(reply(
                        ns,
                        command,
                        &filter,
                        None,
                        &scan.stage(&state),
                        run,
                        verbosity,
                    ));
                }
                let wanted = Wanted {
                    filter: &filter,
                    sort: &explained.sort,
                    hint: explained.hint,
                    min: explained.min,
                    max: explained.max,
                    collator: collator.map(Arc::as_ref),
                    limit: last(explained.skip, explained.limit),
                    explain: true,
                };
                let plan = match operation {
                    Operation::Find(find) if tail(find, &state)? != Tail::Closed => {
                        Plan::tailing(wanted)?
                    }
                    _ => Plan::choose(&state, wanted)?,
                };
                let stage = stages(&explained, &filter, &matcher, &state, &plan);
                (stage, run(&explained, &matcher, &state, &plan)?)
            }
        };
        Ok(reply(ns, command, &filter, collator.map(Arc::as_ref), &stage, run, verbosity))
    }
}

fn reply(
    ns: &Namespace,
    command: &Document,
    filter: &Filter,
    collator: Option<&Collator>,
    stage: &Stage,
    run: Run,
    verbosity: Verbosity,
) -> Document {
    let planner = planner(ns, filter, collator, stage);
    let mut reply = doc! { "explainVersion": "1", "queryPlanner": planner };
    if verbosity != Verbosity::QueryPlanner {
        let mut stats = run.position.figures(run.returned);
        let mut stages = stage.to_execution(run.returned);
        stages.extend(run.figures);
        stats.insert("executionStages", stages);
        if verbosity == Verbosity::AllPlansExecution {
            stats.insert("allPlansExecution", Bson::Array(Vec::new()));
        }
        reply.insert("executionStats", stats);
    }
    reply_to(reply, ns, command)
}

/// What all replies end with.
fn reply_to(mut reply: Document, ns: &Namespace, command: &Document) -> Document {
    let mut shown = command.get_document("explain").unwrap_or(command).clone();
    shown.insert("$db", ns.database());
    reply.insert("command", shown);
    reply.insert("serverInfo", doc! { "host": "memory", "port": 0, "version": "6.0.5" });
    reply.insert("ok", 1.0);
    reply
}

/// The plan, and what it is for.
fn planner(
    ns: &Namespace,
    filter: &Filter,
    collator: Option<&Collator>,
    stage: &Stage,
) -> Document {
    let mut planner = doc! {
        "namespace": ns.to_string(),
        "indexFilterSet": false,
        "parsedQuery": filter.to_document(),
    };
    if let Some(collator) = collator {
        planner.insert("collation", collator.to_document());
    }
    planner.extend(doc! {
        "maxIndexedOrSolutionsReached": false,
        "maxIndexedAndSolutionsReached": false,
        "maxScansToExplodeReached": false,
        "winningPlan": stage.to_plan(),
        // The choice is made by counting keys, so that no other plan is tried.
        "rejectedPlans": [],
    });
    planner
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
    let purpose = explained.purpose;
    if purpose == Purpose::Count && matcher.is_always_true() && explained.hint.is_none() {
        return Stage::fast_count();
    }
    if purpose == Purpose::Count
        && !needs_matching(plan, matcher)
        && let Some(scan) = plan.count_scan(state)
    {
        return scan.under("COUNT", Document::new());
    }
    let limit = last(explained.skip, explained.limit);
    let mut stage = plan.stages(state, filter, &explained.sort, limit);
    if matches!(filter, Filter::Or(_)) && !plan.is_point() {
        stage = stage.under("SUBPLAN", Document::new());
    }
    let is_find = purpose == Purpose::Find;
    if is_find && explained.skip > 0 {
        stage = stage.under("SKIP", doc! { "skipAmount": number(explained.skip) });
    }
    if is_find && explained.limit > 0 && plan.is_sorted && !plan.is_point() {
        stage = stage.under("LIMIT", doc! { "limitAmount": number(explained.limit) });
    }
    stage = match purpose {
        Purpose::Find | Purpose::Distinct => stage,
        Purpose::Count => stage.under("COUNT", Document::new()),
        Purpose::Update | Purpose::UpdateOne => stage.under("UPDATE", Document::new()),
        Purpose::Delete | Purpose::DeleteOne => stage.under("DELETE", Document::new()),
    };
    let projection = explained.projection.filter(|projection| !projection.is_empty());
    let mut transform = projection.map(Projection::to_document).unwrap_or_default();
    match explained.shown {
        Shown::Key => stage.under("RETURN_KEY", Document::new()),
        Shown::RecordId => {
            transform.insert("$recordId", doc! { "$meta": "recordId" });
            stage.under("PROJECTION_DEFAULT", doc! { "transformBy": transform })
        }
        Shown::Document if transform.is_empty() => stage,
        Shown::Document => stage.under("PROJECTION_SIMPLE", doc! { "transformBy": transform }),
    }
}

#[derive(Default)]
struct Run {
    position: Position,
    returned: u64,
    /// What the topmost stage tells beside that.
    figures: Document,
}

/// Finds what the operation would find, and changes nothing.
fn run(
    explained: &Explained<'_>,
    matcher: &Matcher,
    state: &CollState,
    plan: &Plan,
) -> Result<Run> {
    let mut run = Run::default();
    let limit = last(explained.skip, explained.limit);
    if explained.purpose == Purpose::Count {
        if matcher.is_always_true() && explained.hint.is_none() {
            return Ok(run);
        }
        let last = if limit == 0 { u64::MAX } else { limit };
        let found = counted(state, plan, matcher, last, &mut run.position)?;
        run.figures = doc! {
            "nCounted": number(found.saturating_sub(explained.skip)),
            "nSkipped": number(found.min(explained.skip)),
        };
        return Ok(run);
    }
    let needs_matching = needs_matching(plan, matcher);
    let mut found = 0_u64;
    let _ = plan.run(state, &mut run.position, |_, record| {
        if needs_matching && !matcher.matches(record) {
            return matcher.pass_over();
        }
        found += 1;
        // A sort has to see them all.
        let enough = plan.is_sorted && limit > 0 && found == limit;
        if enough { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    matcher.check()?;
    let left = found.saturating_sub(explained.skip);
    let shown = if explained.limit == 0 { left } else { left.min(explained.limit) };
    match explained.purpose {
        Purpose::Find | Purpose::Distinct => run.returned = shown,
        Purpose::Delete | Purpose::DeleteOne => {
            run.figures = doc! { "nWouldDelete": number(shown) };
        }
        _ => run.figures = doc! { "nMatched": number(shown) },
    }
    if matches!(explained.purpose, Purpose::UpdateOne | Purpose::DeleteOne) {
        run.returned = shown;
    }
    Ok(run)
}
