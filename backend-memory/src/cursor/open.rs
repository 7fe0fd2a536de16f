//! The cursors of commands, which are known by their ids.

use std::sync::Arc;

use bson::{DateTime, Uuid};
use odm_core::{Error, ErrorCode, Namespace, RawDoc, Result};
use parking_lot::Mutex;
use rustc_hash::FxHashMap;

use super::Results;
use crate::storage::{Cell, IndexSpec};

/// How long a cursor may be idle, in milliseconds.
const IDLE: i64 = 10 * 60 * 1000;

/// How often idle cursors are looked for, in milliseconds.
const SWEEP: i64 = 4000;

/// The open cursors of commands, by id.
///
/// One that is not asked for anything in ten minutes of the backend's clock is closed, unless its
/// command said `noCursorTimeout`. An id is never given out twice.
#[derive(Default)]
pub(crate) struct Cursors {
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    cursors: FxHashMap<i64, OpenCursor>,
    /// How many there have been.
    count: u32,
    swept: i64,
}

struct OpenCursor {
    ns: String,
    results: Results,
    indexes: Vec<Arc<IndexSpec>>,
    used: i64,
}

impl OpenCursor {
    fn is_idle(&self, now: i64) -> bool {
        !self.results.never_idle && now.saturating_sub(self.used) >= IDLE
    }
}

/// What became of a cursor that was asked for more.
pub(crate) struct Next {
    pub(crate) batch: Vec<RawDoc>,
    pub(crate) more: bool,
    /// Whether who asked waits for more if there is nothing.
    pub(crate) awaits: bool,
}

impl Cursors {
    /// Keeps what is left of some results, and gives the id to ask for it.
    pub(crate) fn keep(&self, ns: String, results: Results, now: DateTime) -> i64 {
        let now = now.timestamp_millis();
        let indexes = results.indexes();
        let mut open = self.open.lock();
        if now.saturating_sub(open.swept) >= SWEEP {
            open.swept = now;
            open.cursors.retain(|_, cursor| !cursor.is_idle(now));
        }
        open.count = open.count.wrapping_add(1).max(1);
        // Random, so that nobody relies on them; counted, so that none comes twice.
        let id = i64::from(fastrand::u32(..) >> 2) << 32 | i64::from(open.count);
        open.cursors.insert(id, OpenCursor { ns, results, indexes, used: now });
        id
    }

    /// The next batch of a cursor; its last one closes it, and so does an error.
    ///
    /// # Errors
    ///
    /// 43 if there is none, 13 if it is of another namespace; 175 if `cell` is not the collection
    /// that it reads any more, or an index that it reads is gone; as [`Results::refresh`] and
    /// [`Results::batch`].
    pub(crate) fn next(
        &self,
        id: i64,
        ns: &str,
        cell: Option<&Cell>,
        size: usize,
        now: DateTime,
    ) -> Result<Next> {
        let now = now.timestamp_millis();
        let mut cursor = self.take(id, ns, now)?;
        cursor.check(cell)?;
        let (batch, more) = cursor.results.batch(size)?;
        let awaits = cursor.results.awaits();
        if more {
            cursor.used = now;
            self.open.lock().cursors.insert(id, cursor);
        }
        Ok(Next { batch, more, awaits })
    }

    fn take(&self, id: i64, ns: &str, now: i64) -> Result<OpenCursor> {
        let mut open = self.open.lock();
        match open.cursors.remove(&id) {
            Some(cursor) if cursor.is_idle(now) => Err(not_found(id)),
            Some(cursor) if cursor.ns == ns => Ok(cursor),
            Some(cursor) => {
                let message = format!(
                    "Requested getMore on namespace '{ns}', but cursor belongs to a different namespace {}",
                    cursor.ns
                );
                open.cursors.insert(id, cursor);
                Err(Error::command(ErrorCode::UNAUTHORIZED, message))
            }
            None => Err(not_found(id)),
        }
    }

    /// Whether who asks the cursor for more waits for it; `None` if there is no such cursor.
    pub(crate) fn awaits(&self, id: i64) -> Option<bool> {
        self.open.lock().cursors.get(&id).map(|cursor| cursor.results.awaits())
    }

    /// The name of the collection that the cursor reads, if that is not its own.
    pub(crate) fn base(&self, id: i64) -> Option<Namespace> {
        self.open.lock().cursors.get(&id).and_then(|cursor| cursor.results.base().cloned())
    }

    /// Closes a cursor, of whatever namespace; whether it was there.
    pub(crate) fn kill(&self, id: i64) -> bool {
        self.open.lock().cursors.remove(&id).is_some()
    }

    /// Closes them all.
    pub(crate) fn clear(&self) {
        self.open.lock().cursors.clear();
    }
}

/// What is said to a reader whose collection is gone.
pub(super) fn dropped(ns: &str, uuid: Option<Uuid>) -> Error {
    let uuid = uuid.map(|uuid| uuid.to_string()).unwrap_or_default();
    let message = format!("collection dropped or renamed: '{ns}'. UUID {uuid}");
    Error::command(ErrorCode::QUERY_PLAN_KILLED, message)
}

fn not_found(id: i64) -> Error {
    Error::command(ErrorCode::CURSOR_NOT_FOUND, format!("cursor id {id} not found"))
}

impl OpenCursor {
    /// Fails if what it reads was dropped.
    fn check(&mut self, cell: Option<&Cell>) -> Result<()> {
        let killed = |message: String| Err(Error::command(ErrorCode::QUERY_PLAN_KILLED, message));
        let Some(uuid) = self.results.collection() else { return Ok(()) };
        let Some(cell) = cell.filter(|cell| cell.uuid == uuid) else {
            return Err(dropped(&self.ns, Some(uuid)));
        };
        self.results.refresh(cell)?;
        if self.indexes.is_empty() {
            return Ok(());
        }
        let is_there = |spec: &&Arc<IndexSpec>| {
            cell.read(|state| state.indexes.iter().any(|index| Arc::ptr_eq(&index.spec, spec)))
        };
        match self.indexes.iter().find(|spec| !is_there(spec)) {
            Some(gone) => killed(format!("query plan killed :: index '{}' dropped", gone.name)),
            None => Ok(()),
        }
    }
}
