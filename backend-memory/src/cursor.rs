//! The results of a query, in batches: from a snapshot, so that later writes do not show. And the
//! cursors of commands, which are known by their ids.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::vec;

use async_trait::async_trait;
use bson::Uuid;
use odm_core::{Error, ErrorCode, RawCursor, RawDoc, Result};
use parking_lot::Mutex;
use rustc_hash::FxHashMap;

use crate::filter::Matcher;
use crate::plan::{Plan, Position};
use crate::projection::Projector;
use crate::storage::CollState;
use crate::value::Record;

/// How many documents the first batch has unless the caller says.
pub(crate) const FIRST_BATCH: usize = 101;

/// How many documents later batches have unless the caller says.
pub(crate) const NEXT_BATCH: usize = 4096;

/// How many bytes a batch may have, but for its last document: what fits into a reply.
const MAX_BATCH_BYTES: usize = 16 * 1024 * 1024;

/// The results that are still to come.
pub(crate) struct Results {
    source: Source,
    /// Of find: what to hand out of each match.
    projector: Option<Projector>,
    /// How many matches to pass over.
    skip: u64,
    /// How many documents to hand out at most.
    left: u64,
    batch_size: Option<u32>,
    /// The collection that they come from.
    collection: Option<Uuid>,
}

enum Source {
    Scan(Box<Scan>),
    Sorted(vec::IntoIter<Record>),
    Documents(vec::IntoIter<RawDoc>),
}

struct Scan {
    state: Arc<CollState>,
    plan: Plan,
    position: Position,
    matcher: Option<Matcher>,
}

/// Hands out a record without copying it.
pub(crate) fn raw_doc(record: &Record) -> Result<RawDoc> {
    let (buffer, range) = record.shared();
    RawDoc::new(buffer.clone(), range.start as usize, range.end as usize)
}

impl Results {
    /// The candidates of a plan that match, or all of them without a matcher.
    pub(crate) fn scan(state: Arc<CollState>, plan: Plan, matcher: Option<Matcher>) -> Self {
        let position = Position::default();
        let scan = Scan { state, plan, position, matcher };
        Results::new(Source::Scan(Box::new(scan)))
    }

    /// Records in the order that was asked for.
    pub(crate) fn sorted(records: Vec<Record>) -> Self {
        Results::new(Source::Sorted(records.into_iter()))
    }

    /// Documents that are no records: listings.
    pub(crate) fn documents(documents: Vec<RawDoc>) -> Self {
        Results::new(Source::Documents(documents.into_iter()))
    }

    fn new(source: Source) -> Self {
        Results {
            source,
            projector: None,
            skip: 0,
            left: u64::MAX,
            batch_size: None,
            collection: None,
        }
    }

    /// Hands out parts of the matches.
    pub(crate) fn projected(mut self, projector: Option<Projector>) -> Self {
        self.projector = projector;
        self
    }

    /// Passes over the first `skip` and ends after `limit`; 0 for no end.
    pub(crate) fn slice(mut self, skip: u64, limit: u64) -> Self {
        self.skip = skip;
        self.left = if limit == 0 { u64::MAX } else { limit };
        self
    }

    /// Says which collection they come from.
    pub(crate) fn of_collection(mut self, uuid: Uuid) -> Self {
        self.collection = Some(uuid);
        self
    }

    /// The collection that they come from; listings come from none.
    pub(crate) fn collection(&self) -> Option<Uuid> {
        self.collection
    }

    /// How many documents later batches have.
    pub(crate) fn batches_of(mut self, size: Option<u32>) -> Self {
        self.batch_size = size;
        self
    }

    /// The next documents, up to `size`, and whether more may come.
    pub(crate) fn batch(&mut self, size: usize) -> Result<(Vec<RawDoc>, bool)> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX);
        let mut batch = Batch {
            docs: Vec::new(),
            bytes: 0,
            most: size.min(most),
            skip: self.skip,
            projector: self.projector.as_ref(),
            error: None,
        };
        let stopped = if batch.is_full() {
            ControlFlow::Break(())
        } else {
            match &mut self.source {
                Source::Scan(scan) => {
                    let Scan { state, plan, position, matcher } = &mut **scan;
                    plan.run(state, position, |_, record| match matcher {
                        Some(matcher) if !matcher.matches(record) => ControlFlow::Continue(()),
                        _ => batch.add(record),
                    })
                }
                Source::Sorted(records) => records.try_for_each(|record| batch.add(&record)),
                Source::Documents(documents) => documents.try_for_each(|doc| batch.push(doc)),
            }
        };
        self.skip = batch.skip;
        if let Some(error) = batch.error {
            return Err(error);
        }
        let docs = batch.docs;
        if self.left != u64::MAX {
            self.left -= docs.len() as u64;
        }
        Ok((docs, stopped.is_break() && self.left > 0))
    }
}

/// A batch that is being filled.
struct Batch<'a> {
    docs: Vec<RawDoc>,
    bytes: usize,
    most: usize,
    skip: u64,
    projector: Option<&'a Projector>,
    error: Option<Error>,
}

impl Batch<'_> {
    fn is_full(&self) -> bool {
        self.docs.len() >= self.most || self.bytes >= MAX_BATCH_BYTES
    }

    fn add(&mut self, record: &Record) -> ControlFlow<()> {
        if self.skip > 0 {
            self.skip -= 1;
            return ControlFlow::Continue(());
        }
        let doc = match self.projector {
            Some(projector) => projector.project(record),
            None => raw_doc(record),
        };
        match doc {
            Ok(doc) => self.push(doc),
            Err(error) => {
                self.error = Some(error);
                ControlFlow::Break(())
            }
        }
    }

    fn push(&mut self, doc: RawDoc) -> ControlFlow<()> {
        self.bytes += doc.as_bytes().len();
        self.docs.push(doc);
        if self.is_full() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

#[async_trait]
impl RawCursor for Results {
    async fn next_batch(&mut self) -> Result<Option<Vec<RawDoc>>> {
        let size = self.batch_size.map_or(NEXT_BATCH, |size| size.max(1) as usize);
        if self.left == 0 {
            return Ok(None);
        }
        let (docs, more) = self.batch(size)?;
        if !more {
            // The scan is at its end, and would find nothing again.
            self.left = 0;
        }
        Ok((more || !docs.is_empty()).then_some(docs))
    }
}

/// How long a cursor of a command may be idle.
const IDLE: Duration = Duration::from_secs(10 * 60);

/// The open cursors of commands, by id.
#[derive(Default)]
pub(crate) struct Cursors {
    open: Mutex<FxHashMap<i64, OpenCursor>>,
}

struct OpenCursor {
    ns: String,
    results: Results,
    used: Instant,
}

impl Cursors {
    /// Keeps what is left of some results, and gives the id to ask for it.
    pub(crate) fn keep(&self, ns: String, results: Results) -> i64 {
        let mut open = self.open.lock();
        open.retain(|_, cursor| cursor.used.elapsed() < IDLE);
        let mut id = fastrand::i64(1..);
        while open.contains_key(&id) {
            id = fastrand::i64(1..);
        }
        open.insert(id, OpenCursor { ns, results, used: Instant::now() });
        id
    }

    /// Takes a cursor out, to read from it.
    ///
    /// # Errors
    ///
    /// 43 if there is none, 13 if it is of another namespace.
    pub(crate) fn take(&self, id: i64, ns: &str) -> Result<Results> {
        let mut open = self.open.lock();
        match open.remove(&id) {
            Some(cursor) if cursor.ns == ns && cursor.used.elapsed() < IDLE => Ok(cursor.results),
            Some(cursor) if cursor.ns != ns => {
                let message = format!(
                    "Requested getMore on namespace '{ns}', but cursor belongs to a different namespace {}",
                    cursor.ns
                );
                open.insert(id, cursor);
                Err(Error::command(ErrorCode::UNAUTHORIZED, message))
            }
            _ => Err(Error::command(
                ErrorCode::CURSOR_NOT_FOUND,
                format!("cursor id {id} not found"),
            )),
        }
    }

    /// Puts a cursor back that has more.
    pub(crate) fn put_back(&self, id: i64, ns: String, results: Results) {
        self.open.lock().insert(id, OpenCursor { ns, results, used: Instant::now() });
    }

    /// Closes a cursor; whether it was there.
    pub(crate) fn kill(&self, id: i64, ns: &str) -> bool {
        let mut open = self.open.lock();
        let is_there = open.get(&id).is_some_and(|cursor| cursor.ns == ns);
        is_there && open.remove(&id).is_some()
    }

    /// Closes them all.
    pub(crate) fn clear(&self) {
        self.open.lock().clear();
    }
}
