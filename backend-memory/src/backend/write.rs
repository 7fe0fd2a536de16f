//! `insert` and `delete`.

mod insert;

use std::ops::ControlFlow;
use std::sync::Arc;

use odm_core::{
    DeleteBatch, DeleteOutcome, DeleteStatement, Error, ErrorCode, Filter, Hint, Namespace, Result,
    WriteError, WriteFailure, WriteSummary,
};

use super::{Engine, options, read};
use crate::filter::Matcher;
use crate::plan::{self, Plan, Wanted};
use crate::storage::{Cell, RecordId, Turn, Writing, check_name};
use crate::value::Record;

/// The most writes that a command may have.
const MAX_BATCH: usize = 100_000;

impl Engine {
    pub(crate) fn delete(&self, ns: &Namespace, batch: &DeleteBatch) -> Result<DeleteOutcome> {
        check_batch(batch.statements.len())?;
        check_name(ns)?;
        let mut deleted = 0;
        let mut errors = Vec::new();
        for (index, statement) in batch.statements.iter().enumerate() {
            match self.delete_statement(ns, statement) {
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

    fn delete_statement(&self, ns: &Namespace, statement: &DeleteStatement) -> Result<u64> {
        options::check_collation(statement.collation.as_ref())?;
        let filter = statement.filter.normalized()?;
        let matcher = Matcher::compile(&filter)?;
        let writing = self.catalog.start_write();
        let Some(cell) = writing.find(ns) else { return Ok(0) };
        let turn = cell.turn();
        let matches = matches(&turn, &filter, &matcher, statement.hint.as_ref(), statement.multi)?;
        let mut deleted = 0;
        for (id, _) in matches {
            deleted += u64::from(turn.write(|state| state.remove(id)).is_some());
        }
        Ok(deleted)
    }
}

impl Engine {
    /// The collection, created if it is not there.
    fn cell_to_write(&self, writing: &Writing<'_>, ns: &Namespace) -> Result<Arc<Cell>> {
        writing.find_or_create(ns, || self.ids.uuid())
    }
}

/// The documents that a statement is about: all that match, or the first one.
fn matches(
    turn: &Turn<'_>,
    filter: &Filter,
    matcher: &Matcher,
    hint: Option<&Hint>,
    multi: bool,
) -> Result<Vec<(RecordId, Record)>> {
    if hint.is_none()
        && let Some(key) = plan::id_lookup(filter)
    {
        let found =
            turn.read(|state| state.find_by_id(&key).map(|(id, record)| (id, record.clone())));
        return Ok(found.into_iter().collect());
    }
    let state = turn.snapshot();
    let wanted = Wanted { limit: u64::from(!multi), ..Wanted::all(filter, hint) };
    let plan = Plan::choose(&state, wanted)?;
    let mut found = Vec::new();
    read::each_match(&state, &plan, matcher, |id, record| {
        found.push((id, record.clone()));
        if multi { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    Ok(found)
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
        Error::Command(error) => {
            Ok(WriteError::new(index, error.code, error.message).with_details(error.details))
        }
        other => Err(other),
    }
}
