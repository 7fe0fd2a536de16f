//! Command documents: what a shell or another language's driver sends, and the server's replies.

mod capped;
mod explain;
mod info;
mod stats;

use std::sync::Arc;
use std::time::Duration;

use odm_core::bson::{Document, doc};
use odm_core::reply;
use odm_core::{
    Command, CommandKind, CommandOptions, DropIndexes, Error, ErrorCode, GetMore, Modification,
    Namespace, OpCx, Operation, RawDoc, Result,
};

use crate::backend::options::TimeLimit;
use crate::backend::{Engine, concern, unsupported};
use crate::cursor::{FIRST_BATCH, Results};
use crate::deadline::Deadline;
use crate::stage;
use crate::storage::Dropped;

/// How long a cursor that waits does so unless it is told.
const AWAIT: Duration = Duration::from_secs(1);

impl Engine {
    /// Runs a command document, and gives the reply.
    ///
    /// # Errors
    ///
    /// What the server would answer with `ok: 0`; 59 for commands that there are none of;
    /// [`Error::Unsupported`] for those that the engine lacks.
    pub(crate) async fn run_command(
        self: &Arc<Self>,
        database: &str,
        document: &Document,
        cx: &OpCx,
    ) -> Result<Document> {
        let Command { namespace, kind, options, .. } = Command::parse(database, document)?;
        check_options(&options)?;
        let is_batch = matches!(&kind, CommandKind::Operation(operation) if matches!(
            **operation,
            Operation::Insert(_) | Operation::UpdateBatch(_) | Operation::DeleteBatch(_)
        ));
        let writes = !matches!(&kind, CommandKind::Operation(operation) if matches!(
            operation.as_ref(),
            Operation::Aggregate(request) if !stage::writes(&request.pipeline)
        ));
        let mut reply = self.answer(&namespace, kind, document, cx).await?;
        let concern = document.get_document("writeConcern").ok().filter(|_| writes);
        if is_batch && concern.is_some_and(concern::is_unacknowledged) {
            return Ok(reply::unacknowledged(&reply));
        }
        if let Some(error) = concern.and_then(concern::not_met) {
            let ok = reply.remove("ok");
            reply.insert("writeConcernError", reply::write_concern_error(&error));
            reply.extend(ok.map(|ok| ("ok".to_owned(), ok)));
        }
        Ok(reply)
    }

    async fn answer(
        self: &Arc<Self>,
        namespace: &Namespace,
        kind: CommandKind,
        document: &Document,
        cx: &OpCx,
    ) -> Result<Document> {
        match kind {
            CommandKind::Operation(mut operation) => {
                let limit = TimeLimit::set_for(cx, &mut operation);
                limit.name(self.run_operation(namespace, *operation))
            }
            CommandKind::GetMore(request) => self.get_more(namespace, &request).await,
            CommandKind::KillCursors(ids) => {
                let (killed, not_found) = ids.into_iter().partition(|id| self.cursors.kill(*id));
                Ok(reply::kill_cursors(killed, not_found))
            }
            CommandKind::Explain(verbosity, operation) if self.is_view(namespace) => {
                let request = self.as_pipeline(namespace, &operation)?;
                let (base, request) = match self.expanded(namespace, &request)? {
                    Some(expanded) => expanded,
                    None => (namespace.clone(), request),
                };
                self.explain(&base, &Operation::Aggregate(request), verbosity, document)
            }
            CommandKind::Explain(verbosity, operation) => {
                self.explain(namespace, &operation, verbosity, document)
            }
            CommandKind::ModifyCollection(request) => {
                self.modify_collection(namespace, &request)?;
                Ok(reply::ok())
            }
            CommandKind::Other(name) => self.other(name, namespace, document),
            other => Err(unsupported(format!("the command {other:?}"))),
        }
    }

    fn run_operation(self: &Arc<Self>, ns: &Namespace, operation: Operation) -> Result<Document> {
        Ok(match operation {
            Operation::Find(find) => {
                let results = self.results(ns, &find)?;
                if results.collection().is_none() && results.base().is_none() {
                    return reply::first_listed(&ns.to_string(), 0, &[]);
                }
                let first = find.batch_size.map_or(FIRST_BATCH, |size| size as usize);
                // Of a view, the server keeps even the cursor that it is asked to close.
                let single_batch = find.single_batch && results.base().is_none();
                let (batch, id) = self.open(ns.to_string(), results, first, single_batch)?;
                reply::first_batch(&ns.to_string(), id, &batch)?
            }
            Operation::ListIndexes(request) => {
                let results = self.index_results(ns, &request)?;
                let first = request.batch_size.map_or(FIRST_BATCH, |size| size as usize);
                let (batch, id) = self.open_listing(ns.to_string(), results, first)?;
                reply::first_listed(&ns.to_string(), id, &batch)?
            }
            Operation::ListCollections(request) => {
                let listed = Results::documents(self.list_collections(ns.database(), &request)?);
                let ns = reply::list_collections_namespace(ns.database());
                let first = request.batch_size.map_or(FIRST_BATCH, |size| size as usize);
                let (batch, id) = self.open_listing(ns.clone(), listed, first)?;
                reply::first_listed(&ns, id, &batch)?
            }
            Operation::ListDatabases(request) => {
                reply::list_databases(self.list_databases(&request)?, request.name_only)
            }
            Operation::Count(request) => reply::count(self.count(ns, &request)?),
            Operation::Distinct(request) => reply::distinct(self.distinct(ns, &request)?),
            Operation::Insert(request) => reply::insert(self.insert(ns, &request))?,
            Operation::UpdateBatch(request) => reply::update(self.update(ns, &request))?,
            Operation::DeleteBatch(request) => reply::delete(self.delete(ns, &request))?,
            Operation::FindAndModify(request) => {
                let removed = matches!(request.modification, Modification::Remove);
                reply::find_and_modify(&self.find_and_modify(ns, &request)?, removed)?
            }
            Operation::CreateIndexes(request) => {
                reply::create_indexes(&self.create_indexes(ns, &request)?)
            }
            Operation::DropIndexes(request) => {
                let before = self.drop_indexes(ns, &request)?;
                reply::drop_indexes(count_of(before), matches!(request, DropIndexes::All))
            }
            Operation::CreateCollection(request) => {
                self.create_collection(ns, &request)?;
                reply::ok()
            }
            Operation::DropCollection(_) => match self.drop_collection(ns)? {
                Some(Dropped::Collection { indexes }) => reply::drop(ns, count_of(indexes)),
                Some(Dropped::View) => doc! { "ns": ns.to_string(), "ok": 1.0 },
                None => {
                    return Err(Error::command(ErrorCode::NAMESPACE_NOT_FOUND, "ns not found"));
                }
            },
            Operation::RenameCollection(request) => {
                self.rename_collection(ns, &request)?;
                reply::ok()
            }
            Operation::DropDatabase(_) => {
                self.drop_database(ns.database())?;
                reply::ok()
            }
            Operation::Aggregate(request) => {
                let results = self.pipeline_results(ns, &request)?;
                let ns = reply::aggregate_namespace(ns);
                let first = request.batch_size.map_or(FIRST_BATCH, |size| size as usize);
                let (batch, id) = self.open(ns.clone(), results, first, false)?;
                reply::first_batch(&ns, id, &batch)?
            }
            other => return Err(unsupported(format!("the command `{}`", other.name()))),
        })
    }

    /// The first batch of some results, and the id of the cursor for the rest of them.
    fn open(
        &self,
        ns: String,
        mut results: Results,
        first: usize,
        single_batch: bool,
    ) -> Result<(Vec<RawDoc>, i64)> {
        let (batch, more) = results.batch(first)?;
        let keep = more && !single_batch;
        let id = if keep { self.cursors.keep(ns, results, self.now()) } else { 0 };
        Ok((batch, id))
    }

    /// The same of a listing, whose end is known before it is asked for more.
    fn open_listing(
        &self,
        ns: String,
        mut results: Results,
        first: usize,
    ) -> Result<(Vec<RawDoc>, i64)> {
        let (batch, more) = results.batch(first)?;
        let keep = more && !results.is_at_end();
        let id = if keep { self.cursors.keep(ns, results, self.now()) } else { 0 };
        Ok((batch, id))
    }

    /// The next batch of a cursor. If that is empty and the cursor is one that waits, the next one
    /// within `maxTimeMS`, or a second.
    async fn get_more(&self, ns: &Namespace, request: &GetMore) -> Result<Document> {
        let id = request.cursor_id;
        let size =
            request.batch_size.filter(|size| *size > 0).map_or(usize::MAX, |size| size as usize);
        if request.max_time.is_some() && self.cursors.awaits(id) == Some(false) {
            let message = "cannot set maxTimeMS on getMore command for a non-awaitData cursor";
            return Err(Error::command(ErrorCode::BAD_VALUE, message));
        }
        let name = ns.to_string();
        let base = self.cursors.base(id);
        let ns = base.as_ref().unwrap_or(ns);
        let deadline = Deadline::after(Some(request.max_time.unwrap_or(AWAIT)));
        let mut has_waited = false;
        loop {
            let signal = self.catalog.signal();
            let given = signal.given();
            let cell = self.catalog.find(ns);
            let next = self.cursors.next(id, &name, cell.as_deref(), size, self.now());
            let next = next.map_err(|error| match error.code() {
                Some(code) if has_waited && code == ErrorCode::CURSOR_NOT_FOUND.0 => {
                    Error::command(ErrorCode(237), "the cursor was killed")
                }
                _ => error,
            })?;
            let left = deadline.left().unwrap_or_default();
            if !next.awaits || !next.more || !next.batch.is_empty() || left.is_zero() {
                return reply::next_batch(&name, if next.more { id } else { 0 }, &next.batch);
            }
            drop(cell);
            has_waited = true;
            signal.after_or(given, left).await;
        }
    }
}

/// Transactions are refused; that a command names its session is not.
fn check_options(options: &CommandOptions) -> Result<()> {
    if options.start_transaction || options.autocommit == Some(false) {
        return Err(unsupported("transactions"));
    }
    Ok(())
}

fn count_of(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
