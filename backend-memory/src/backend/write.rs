//! `insert`, `update`, `delete` and `findAndModify`.

mod insert;

use std::ops::ControlFlow;
use std::sync::Arc;

use odm_core::bson::{Bson, Document};
use odm_core::{
    DeleteBatch, DeleteOutcome, DeleteStatement, Error, ErrorCode, Filter, FindAndModify,
    FindAndModifyOutcome, Modification, Namespace, RawDoc, Result, UpdateBatch, UpdateOutcome,
    UpdateStatement, Upserted, WriteError, WriteFailure, WriteSummary,
};

use super::read::{Search, first_match};
use super::{Engine, options};
use crate::collation::Collator;
use crate::cursor::raw_doc;
use crate::deadline::Deadline;
use crate::expression::Environment;
use crate::filter::{Matched, Matcher};
use crate::plan::{self, Plan, Wanted};
use crate::projection::{Image, Projector};
use crate::storage::{Cell, IndexSpec, RecordId, Turn, Writing, check_changeable};
use crate::update::{Applied, ApplyCx, Updater};
use crate::value::Record;

/// The most writes that a command may have.
const MAX_BATCH: usize = 100_000;

/// What an update statement did.
#[derive(Default)]
struct Updated {
    matched: u64,
    modified: u64,
    upserted: Option<Bson>,
}

impl Engine {
    pub(crate) fn update(&self, ns: &Namespace, batch: &UpdateBatch) -> Result<UpdateOutcome> {
        let deadline = Deadline::after(batch.max_time);
        check_batch(batch.statements.len())?;
        check_changeable(ns)?;
        let (validates, variables) = (!batch.bypass_document_validation, batch.let_vars.as_ref());
        let mut outcome = UpdateOutcome::default();
        let mut errors = Vec::new();
        for (index, statement) in batch.statements.iter().enumerate() {
            match self.update_statement(ns, statement, validates, variables, deadline) {
                Ok(done) => {
                    outcome.matched += done.matched;
                    outcome.modified += done.modified;
                    outcome.upserted.extend(done.upserted.map(|id| Upserted { index, id }));
                }
                // As on the server, what a statement did before it failed is not counted.
                Err(error) => {
                    errors.push(write_error(index, error)?);
                    if batch.ordered {
                        break;
                    }
                }
            }
        }
        if errors.is_empty() {
            return Ok(outcome);
        }
        let UpdateOutcome { matched, modified, upserted } = outcome;
        let done = WriteSummary { matched, modified, upserted, ..WriteSummary::default() };
        Err(WriteFailure::new(errors, done).into())
    }

    /// Runs a statement of `$merge`; whether a document matches. What a pipeline sees are `variables`.
    ///
    /// # Errors
    ///
    /// The server's, for what it refuses.
    pub(crate) fn update_one(
        &self,
        ns: &Namespace,
        statement: &UpdateStatement,
        validates: bool,
        variables: Option<&Document>,
        deadline: Deadline,
    ) -> Result<bool> {
        let done = self.update_statement(ns, statement, validates, variables, deadline)?;
        Ok(done.matched > 0)
    }

    fn update_statement(
        &self,
        ns: &Namespace,
        statement: &UpdateStatement,
        validates: bool,
        variables: Option<&Document>,
        deadline: Deadline,
    ) -> Result<Updated> {
        let writing = self.catalog.start_write();
        // As on the server, an upsert creates the collection even if it is refused.
        let cell = match statement.upsert {
            true => Some(self.cell_to_write(&writing, ns)?),
            false => writing.find(ns)?,
        };
        let collator = options::collator(statement.collation.as_ref(), cell.as_deref())?;
        let environment = Environment::new(self, collator, variables)?;
        // The server reads the update before the filter.
        let updater = Updater::compile(&statement.update, &statement.array_filters, &environment)?;
        if statement.multi && updater.is_replacement() {
            return Err(Error::command(
                ErrorCode::FAILED_TO_PARSE,
                "multi update is not supported for replacement-style update",
            ));
        }
        let filter = statement.filter.normalized()?;
        let matcher = match statement.upsert {
            true => Matcher::of_upsert(&filter, &environment)?,
            false => Matcher::with(&filter, &environment)?,
        };
        let mut done = Updated::default();
        let change = ChangeOf { engine: self, ns, matcher: &matcher, updater: &updater, validates };
        if let Some(cell) = cell {
            let turn = cell.turn();
            let wanted =
                Wanted::all(&filter, statement.hint.as_ref()).collated(environment.collator());
            for (id, record) in matches(&turn, wanted, &matcher, statement.multi, deadline)? {
                deadline.check()?;
                done.matched += 1;
                if change.apply(&turn, id, &record)?.is_some() {
                    done.modified += 1;
                }
            }
            // The server finds and changes by turns, so that those before have changed.
            matcher.check()?;
        }
        if done.matched == 0 && statement.upsert {
            let record = change.upsert(&writing, &filter)?;
            done.upserted = record.id().map(|id| id.to_bson());
        }
        Ok(done)
    }

    pub(crate) fn delete(&self, ns: &Namespace, batch: &DeleteBatch) -> Result<DeleteOutcome> {
        let deadline = Deadline::after(batch.max_time);
        check_batch(batch.statements.len())?;
        check_changeable(ns)?;
        let mut deleted = 0;
        let mut errors = Vec::new();
        for (index, statement) in batch.statements.iter().enumerate() {
            match self.delete_statement(ns, statement, batch.let_vars.as_ref(), deadline) {
                Ok(count) => deleted += count,
                Err(error) => {
                    errors.push(write_error(index, error)?);
                    if batch.ordered {
                        break;
                    }
                }
            }
        }
        if errors.is_empty() {
            return Ok(DeleteOutcome { deleted });
        }
        let done = WriteSummary { deleted, ..WriteSummary::default() };
        Err(WriteFailure::new(errors, done).into())
    }

    fn delete_statement(
        &self,
        ns: &Namespace,
        statement: &DeleteStatement,
        variables: Option<&Document>,
        deadline: Deadline,
    ) -> Result<u64> {
        let writing = self.catalog.start_write();
        let cell = writing.find(ns)?;
        let collator = options::collator(statement.collation.as_ref(), cell.as_deref())?;
        let environment = Environment::new(self, collator, variables)?;
        let filter = statement.filter.normalized()?;
        let matcher = Matcher::with(&filter, &environment)?;
        let Some(cell) = cell else { return Ok(0) };
        let turn = cell.turn();
        let wanted = Wanted::all(&filter, statement.hint.as_ref()).collated(environment.collator());
        let matches = matches(&turn, wanted, &matcher, statement.multi, deadline)?;
        let mut deleted = 0;
        for (id, _) in matches {
            deadline.check()?;
            deleted += u64::from(turn.write(|state| state.remove(id)).is_some());
        }
        matcher.check()?;
        Ok(deleted)
    }

    pub(crate) fn find_and_modify(
        &self,
        ns: &Namespace,
        request: &FindAndModify,
    ) -> Result<FindAndModifyOutcome> {
        check_changeable(ns)?;
        let writing = self.catalog.start_write();
        // That it is a view is told after what is wrong with the request.
        let found = writing.find(ns);
        let cell = found.as_ref().ok().cloned().flatten();
        let collator = options::collator(request.collation.as_ref(), cell.as_deref())?;
        let environment = Environment::new(self, collator, request.let_vars.as_ref())?;
        let collator = environment.collator();
        let deadline = Deadline::after(request.max_time);
        // The server reads the update before the filter.
        let updater = match &request.modification {
            Modification::Update { update, array_filters, .. } => {
                Some(Updater::compile(update, array_filters, &environment)?)
            }
            _ => None,
        };
        let filter = request.filter.normalized()?;
        let matcher = match &request.modification {
            Modification::Update { upsert: true, .. } => Matcher::of_upsert(&filter, &environment)?,
            _ => Matcher::with(&filter, &environment)?,
        };
        found?;
        let cell = match &request.modification {
            Modification::Update { upsert: true, .. } => Some(self.cell_to_write(&writing, ns)?),
            _ => cell,
        };
        let projector = match &request.projection {
            Some(projection) if cell.is_some() => {
                let image = match request.modification {
                    Modification::Update { return_new: true, .. } => Image::New,
                    _ => Image::Matched,
                };
                Some(Projector::compile_for(image, projection, &filter, &environment)?)
            }
            _ => None,
        };
        let shown = |record: &Record| -> Result<RawDoc> {
            match &projector {
                Some(projector) => projector.project(record),
                None => raw_doc(record),
            }
        };
        let wanted = Wanted::first(&filter, &request.sort, request.hint.as_ref());
        let first = |turn: &Turn<'_>| first(turn, wanted, &matcher, collator, deadline);
        match (&request.modification, &updater) {
            (Modification::Remove, _) => {
                let Some(cell) = cell else {
                    return Ok(FindAndModifyOutcome::default());
                };
                let turn = cell.turn();
                let Some((id, record)) = first(&turn)? else {
                    return Ok(FindAndModifyOutcome::default());
                };
                // A projection that fails does not bring the document back.
                turn.write(|state| state.remove(id));
                let value = Some(shown(&record)?);
                Ok(FindAndModifyOutcome { value, n: 1, ..FindAndModifyOutcome::default() })
            }
            (Modification::Update { upsert, return_new, .. }, Some(updater)) => {
                let validates = !request.bypass_document_validation;
                let change = ChangeOf { engine: self, ns, matcher: &matcher, updater, validates };
                if let Some(cell) = cell {
                    let turn = cell.turn();
                    if let Some((id, before)) = first(&turn)? {
                        let after = change.apply(&turn, id, &before)?;
                        let wanted = if *return_new { after.unwrap_or(before) } else { before };
                        // A projection that fails does not undo the change.
                        return Ok(FindAndModifyOutcome {
                            value: Some(shown(&wanted)?),
                            n: 1,
                            updated_existing: true,
                            upserted: None,
                        });
                    }
                }
                if !upsert {
                    return Ok(FindAndModifyOutcome::default());
                }
                let record = change.upsert(&writing, &filter)?;
                Ok(FindAndModifyOutcome {
                    value: if *return_new { Some(shown(&record)?) } else { None },
                    n: 1,
                    updated_existing: false,
                    upserted: record.id().map(|id| id.to_bson()),
                })
            }
            _ => Err(super::unsupported("this kind of findAndModify")),
        }
    }
}

/// A compiled update, and where it goes.
struct ChangeOf<'a> {
    engine: &'a Engine,
    ns: &'a Namespace,
    matcher: &'a Matcher,
    updater: &'a Updater,
    /// Whether the collection's validator has a say.
    validates: bool,
}

impl ChangeOf<'_> {
    fn context(&self, matched_index: Option<usize>, inserting: bool) -> ApplyCx {
        ApplyCx {
            now: self.engine.now(),
            timestamp: self.engine.timestamp(),
            matched_index,
            inserting,
        }
    }

    /// Changes a document; gives the new version if it differs.
    fn apply(&self, turn: &Turn<'_>, id: RecordId, record: &Record) -> Result<Option<Record>> {
        let matched_index = match self.updater.is_positional() {
            true => self.matcher.matched_index(record, Matched::BySorted),
            false => None,
        };
        let cx = self.context(matched_index, false);
        let bytes = match self.updater.apply(record, &cx)? {
            Applied::Unchanged => return Ok(None),
            Applied::Rewritten(paths) => {
                let depends = |spec: &IndexSpec| paths.iter().any(|path| spec.depends_on(path));
                let counts = turn.read(|state| state.indexes.iter().any(|one| depends(&one.spec)));
                return Ok(counts.then(|| record.clone()));
            }
            Applied::Changed(bytes) => bytes,
        };
        let changed = Record::from_bytes(&bytes)?;
        if let Some(validator) = turn.validator().filter(|_| self.validates) {
            validator.check_change(record, &changed)?;
        }
        let touched = self.updater.touched_paths();
        let affects = |spec: &IndexSpec| {
            spec.partial.is_some()
                || spec.fields().iter().any(|(path, _)| touched.may_change(path.as_str()))
        };
        turn.write(|state| state.update(id, changed.clone(), self.ns, affects))?;
        Ok(Some(changed))
    }

    /// Inserts the document that the filter and the update describe.
    fn upsert(&self, writing: &Writing<'_>, filter: &Filter) -> Result<Record> {
        let cx = self.context(None, true);
        let bytes = self.updater.upsert(filter, &cx, || self.engine.ids.object_id())?;
        let record = Record::from_bytes(&bytes)?;
        let cell = self.engine.cell_to_write(writing, self.ns)?;
        if let Some(validator) = cell.validator.as_ref().filter(|_| self.validates) {
            validator.check(&record)?;
        }
        cell.turn().write(|state| state.insert(record.clone(), self.ns))?;
        Ok(record)
    }
}

impl Engine {
    /// The collection, created if it is not there.
    fn cell_to_write(&self, writing: &Writing<'_>, ns: &Namespace) -> Result<Arc<Cell>> {
        writing.find_or_create(ns, || self.ids.uuid())
    }
}

/// The documents that a statement is about: all that match, or the first one. If an expression refuses
/// a document, those before it, and the matcher tells of it.
fn matches(
    turn: &Turn<'_>,
    wanted: Wanted<'_>,
    matcher: &Matcher,
    multi: bool,
    deadline: Deadline,
) -> Result<Vec<(RecordId, Record)>> {
    if wanted.hint.is_none() && plan::is_id_lookup(wanted.filter) {
        let found = turn.read(|state| {
            let own = state.collator().map(Arc::as_ref);
            let key = plan::id_lookup(wanted.filter, wanted.collator, own)?;
            let found = state.find_by_id(&key).map(|(id, record)| (id, record.clone()));
            Some(found.into_iter().collect())
        });
        if let Some(found) = found {
            return Ok(found);
        }
    }
    let state = turn.snapshot();
    let wanted = Wanted { limit: u64::from(!multi), ..wanted };
    let plan = Plan::choose(&state, wanted)?;
    let mut found = Vec::new();
    let search = Search { state: &state, plan: &plan, matcher, deadline };
    search.until_refused(|id, record| {
        found.push((id, record.clone()));
        if multi { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    Ok(found)
}

/// The first match in an order, or in any.
fn first(
    turn: &Turn<'_>,
    wanted: Wanted<'_>,
    matcher: &Matcher,
    collator: Option<&Arc<Collator>>,
    deadline: Deadline,
) -> Result<Option<(RecordId, Record)>> {
    if wanted.sort.is_empty() {
        let found = matches(turn, wanted.collated(collator), matcher, false, deadline)?.pop();
        matcher.check()?;
        return Ok(found);
    }
    let Wanted { filter, sort, hint, .. } = wanted;
    first_match(&turn.snapshot(), filter, matcher, sort, hint, collator, deadline)
}

fn check_batch(len: usize) -> Result<()> {
    if (1..=MAX_BATCH).contains(&len) {
        return Ok(());
    }
    Err(Error::command(
        ErrorCode::INVALID_LENGTH,
        format!("Write batch sizes must be between 1 and {MAX_BATCH}. Got {len} operations."),
    ))
}

/// The error of one write of a command. What the engine lacks refuses the whole command.
fn write_error(index: usize, error: Error) -> Result<WriteError> {
    match error {
        // That is the end of the whole command.
        Error::Command(error) if error.code == ErrorCode::MAX_TIME_MS_EXPIRED => {
            Err(Error::Command(error))
        }
        Error::Command(error) => {
            Ok(WriteError::new(index, error.code, error.message).with_details(error.details))
        }
        other => Err(other),
    }
}
