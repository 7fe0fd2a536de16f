//! The results of a query, in batches: from a snapshot, so that later writes do not show.
//!
//! What a caller of the trait holds reads on even when the collection is dropped: the snapshot is its
//! own. The cursors of commands end then, as on the server.
//!
//! Scans of capped collections are the exception: they read the collection as it is, and fail when the
//! document is gone that they read last.

mod live;
mod open;

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;
use std::vec;

use async_trait::async_trait;
use bson::Uuid;
use odm_core::{Error, ErrorCode, Namespace, RawCursor, RawDoc, Result};

use crate::backend::located::with_record_id;
use crate::deadline::Deadline;
use crate::filter::Matcher;
use crate::plan::{Access, Plan, Position};
use crate::projection::Projector;
use crate::stage::Input;
use crate::storage::{Cell, CollState, IndexSpec, RecordId};
use crate::value::{EMPTY_DOCUMENT, Record};

/// How many documents the first batch has unless the caller says.
pub(crate) const FIRST_BATCH: usize = 101;

/// How many documents later batches have unless the caller says.
pub(crate) const NEXT_BATCH: usize = 4096;

/// How many bytes a batch may have, unless it is a single document.
const MAX_BATCH_BYTES: usize = 16 * 1024 * 1024;

/// How many of them the server keeps for what a reply has around its documents.
const REPLY_BYTES: usize = 53;

pub(crate) use live::LiveCursor;
pub(crate) use open::Cursors;

/// The results that are still to come.
pub(crate) struct Results {
    source: Source,
    /// Of find: what to hand out of each match.
    projector: Option<Projector>,
    shown: Shown,
    /// How many matches to pass over.
    skip: u64,
    /// How many documents to hand out at most.
    left: u64,
    batch_size: Option<u32>,
    /// The collection that they come from.
    collection: Option<Uuid>,
    /// The name of that collection, where they come through a view.
    base: Option<Namespace>,
    /// The document that did not fit into the last batch.
    pending: Option<RawDoc>,
    /// How much longer the search may take.
    time_left: Option<Duration>,
    /// Whether they may be left alone for long.
    never_idle: bool,
    tail: Tail,
}

/// What is handed out of each match of a scan of a collection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    Document,
    /// `showRecordId`.
    DocumentAndRecordId,
    /// `returnKey`: nothing, for no index was used.
    Key,
}

/// What happens at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tail {
    /// The cursor is closed.
    Closed,
    /// It stays open, for what will be added to the capped collection.
    Open,
    /// The same, and who asks for more waits for it.
    Awaiting,
}

enum Source {
    Scan(Box<Scan>),
    /// In order, found through these indexes.
    Sorted(vec::IntoIter<Record>, Vec<Arc<IndexSpec>>),
    /// Ready, found through these indexes.
    Documents(vec::IntoIter<RawDoc>, Vec<Arc<IndexSpec>>),
    /// What a pipeline gives.
    Stream(Input),
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
    pub(crate) fn sorted(records: Vec<Record>, state: &CollState, plan: &Plan) -> Self {
        Results::new(Source::Sorted(records.into_iter(), plan.indexes(state)))
    }

    /// Documents that are no records: listings.
    pub(crate) fn documents(documents: Vec<RawDoc>) -> Self {
        Results::new(Source::Documents(documents.into_iter(), Vec::new()))
    }

    /// Documents that were made of records.
    pub(crate) fn found(documents: Vec<RawDoc>, state: &CollState, plan: &Plan) -> Self {
        Results::new(Source::Documents(documents.into_iter(), plan.indexes(state)))
    }

    /// What a pipeline gives.
    pub(crate) fn stream(stream: Input) -> Self {
        Results::new(Source::Stream(stream))
    }

    fn new(source: Source) -> Self {
        Results {
            source,
            projector: None,
            shown: Shown::Document,
            skip: 0,
            left: u64::MAX,
            batch_size: None,
            collection: None,
            base: None,
            pending: None,
            time_left: None,
            never_idle: false,
            tail: Tail::Closed,
        }
    }

    /// Hands out parts of the matches.
    pub(crate) fn projected(mut self, projector: Option<Projector>) -> Self {
        self.projector = projector;
        self
    }

    /// Says what to hand out of each match, unless it is the document.
    pub(crate) fn shown(mut self, shown: Shown) -> Self {
        self.shown = shown;
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

    /// Says that they come through a view, and from which collection.
    pub(crate) fn through(mut self, base: Namespace) -> Self {
        self.base = Some(base);
        self
    }

    /// The name of the collection that they come from, if they come through a view.
    pub(crate) fn base(&self) -> Option<&Namespace> {
        self.base.as_ref()
    }

    /// The collection that they come from; listings come from none.
    pub(crate) fn collection(&self) -> Option<Uuid> {
        self.collection
    }

    /// The indexes that they are found through: without them, the server would not go on.
    pub(crate) fn indexes(&self) -> Vec<Arc<IndexSpec>> {
        match &self.source {
            Source::Scan(scan) => scan.plan.indexes(&scan.state),
            Source::Sorted(_, indexes) | Source::Documents(_, indexes) => indexes.clone(),
            Source::Stream(_) => Vec::new(),
        }
    }

    /// Sets how much longer the search may take, over all batches.
    pub(crate) fn time_left(mut self, left: Option<Duration>) -> Self {
        self.time_left = left;
        self
    }

    /// Says whether a cursor of a command may be left alone for long.
    pub(crate) fn never_idle(mut self, never: bool) -> Self {
        self.never_idle = never;
        self
    }

    /// Says what happens at the end.
    pub(crate) fn tail(mut self, tail: Tail) -> Self {
        self.tail = tail;
        self
    }

    /// Whether who asks for more waits for it.
    pub(crate) fn awaits(&self) -> bool {
        self.tail == Tail::Awaiting
    }

    /// Nothing, and the cursor is closed.
    pub(crate) fn ended(mut self) -> Self {
        self.left = 0;
        self
    }

    /// Whether they are read from the collection as it is, rather than as it was.
    pub(crate) fn is_live(&self) -> bool {
        match &self.source {
            Source::Scan(scan) => scan.is_live(),
            _ => false,
        }
    }

    /// Looks at the collection as it is, if they are read from that.
    ///
    /// # Errors
    ///
    /// 136 if the document is gone that was read last.
    pub(crate) fn refresh(&mut self, cell: &Cell) -> Result<()> {
        let Source::Scan(scan) = &mut self.source else { return Ok(()) };
        let Access::Collection { backward } = scan.plan.access else { return Ok(()) };
        if !scan.is_live() {
            return Ok(());
        }
        scan.state = cell.snapshot();
        match scan.position.last_seen(backward) {
            Some(id) if scan.state.records.get(id).is_none() => {
                let message = format!(
                    "CollectionScan died due to position in capped collection being deleted. Last seen record id: {id:?}"
                );
                Err(Error::command(ErrorCode::CAPPED_POSITION_LOST, message))
            }
            _ => Ok(()),
        }
    }

    /// Whether it is known that no more come.
    pub(crate) fn is_at_end(&self) -> bool {
        match &self.source {
            Source::Documents(documents, _) => documents.len() == 0 && self.pending.is_none(),
            _ => false,
        }
    }

    /// How many documents later batches have.
    pub(crate) fn batches_of(mut self, size: Option<u32>) -> Self {
        self.batch_size = size;
        self
    }

    /// The next documents, up to `size`, and whether more may come.
    ///
    /// # Errors
    ///
    /// 50 if the time is over; what an expression refuses, or a projection.
    pub(crate) fn batch(&mut self, size: usize) -> Result<(Vec<RawDoc>, bool)> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX);
        let deadline = Deadline::after(self.time_left);
        let mut batch = Batch {
            docs: Vec::new(),
            bytes: REPLY_BYTES,
            most: size.min(most),
            skip: self.skip,
            projector: self.projector.as_ref(),
            shown: self.shown,
            pending: None,
            error: None,
        };
        let is_full = batch.is_full()
            || self.pending.take().is_some_and(|doc| batch.push_found(doc).is_break());
        let stopped = if is_full {
            ControlFlow::Break(())
        } else {
            match &mut self.source {
                Source::Scan(scan) => {
                    let Scan { state, plan, position, matcher } = &mut **scan;
                    position.set_deadline(deadline);
                    let stopped = plan.run(state, position, |id, record| match matcher {
                        Some(matcher) if !matcher.matches(record) => matcher.pass_over(),
                        _ => batch.add_found(id, record),
                    });
                    position.check()?;
                    matcher.as_ref().map_or(Ok(()), Matcher::check)?;
                    stopped
                }
                Source::Sorted(records, _) => records.try_for_each(|record| batch.add(&record)),
                Source::Documents(documents, _) => documents.try_for_each(|doc| batch.push(doc)),
                Source::Stream(stream) => loop {
                    let Some(doc) = stream.next()? else { break ControlFlow::Continue(()) };
                    if batch.push(doc.into_raw_doc()?).is_break() {
                        break ControlFlow::Break(());
                    }
                },
            }
        };
        self.skip = batch.skip;
        if let Some(error) = batch.error {
            return Err(error);
        }
        if batch.pending.is_some() {
            self.pending = batch.pending;
        }
        let docs = batch.docs;
        if self.left != u64::MAX {
            self.left -= docs.len() as u64;
        }
        let more = match self.tail {
            Tail::Closed => stopped.is_break() && self.left > 0,
            // Where nothing was read yet, there is no place to go on from.
            _ => stopped.is_break() || self.has_begun(),
        };
        // Who waits says how long each time.
        self.time_left = if self.awaits() { None } else { deadline.left() };
        Ok((docs, more))
    }
}

impl Results {
    fn has_begun(&self) -> bool {
        match &self.source {
            Source::Scan(scan) => scan.position.last_seen(false).is_some(),
            _ => false,
        }
    }
}

impl Scan {
    fn is_live(&self) -> bool {
        self.state.is_capped() && matches!(self.plan.access, Access::Collection { .. })
    }
}

/// A batch that is being filled.
struct Batch<'a> {
    docs: Vec<RawDoc>,
    bytes: usize,
    most: usize,
    skip: u64,
    projector: Option<&'a Projector>,
    shown: Shown,
    /// A document that does not fit any more.
    pending: Option<RawDoc>,
    error: Option<Error>,
}

impl Batch<'_> {
    fn is_full(&self) -> bool {
        self.docs.len() >= self.most
    }

    fn add(&mut self, record: &Record) -> ControlFlow<()> {
        self.add_made(|batch| batch.projected(record))
    }

    /// The same, of a scan that knows where the record is.
    fn add_found(&mut self, id: RecordId, record: &Record) -> ControlFlow<()> {
        match self.shown {
            Shown::Document => self.add(record),
            Shown::DocumentAndRecordId => {
                self.add_made(|batch| with_record_id(&batch.projected(record)?, id))
            }
            Shown::Key => self.add_made(|_| RawDoc::from_bytes(EMPTY_DOCUMENT)),
        }
    }

    fn projected(&self, record: &Record) -> Result<RawDoc> {
        match self.projector {
            Some(projector) => projector.project(record),
            None => raw_doc(record),
        }
    }

    fn add_made(&mut self, make: impl FnOnce(&Self) -> Result<RawDoc>) -> ControlFlow<()> {
        if self.skip > 0 {
            self.skip -= 1;
            return ControlFlow::Continue(());
        }
        match make(self) {
            Ok(doc) => self.push_found(doc),
            Err(error) => {
                self.error = Some(error);
                ControlFlow::Break(())
            }
        }
    }

    /// Adds a document that is no record.
    fn push(&mut self, doc: RawDoc) -> ControlFlow<()> {
        if self.skip > 0 {
            self.skip -= 1;
            return ControlFlow::Continue(());
        }
        self.push_found(doc)
    }

    fn push_found(&mut self, doc: RawDoc) -> ControlFlow<()> {
        let size = doc.as_bytes().len();
        if !self.docs.is_empty() && self.bytes + size > MAX_BATCH_BYTES {
            self.pending = Some(doc);
            return ControlFlow::Break(());
        }
        // As an element of an array, it has a type, a position for a name, and the name's end.
        let digits = self.docs.len().checked_ilog10().unwrap_or(0) as usize + 1;
        self.bytes += size + digits + 2;
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
