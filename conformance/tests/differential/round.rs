//! A round: the same commands on two databases, and whether the answers are the same.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt::{self, Display, Write};
use std::sync::Mutex;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use backend_memory::MemoryBackend;
use bson::{Bson, Document, RawDocumentBuf, doc};
use conformance::strategy::Template;
use conformance::{show, show_all};
use futures_util::{StreamExt, stream};
use odm_core::{
    Acknowledgment, Bulk, BulkOp, BulkWriteOutcome, Database, DeleteStatement, Error, Hint,
    UpdateStatement, Upserted, WriteConcern, WriteError,
};
use tokio::runtime::Runtime;

/// A number that workers count up.
#[derive(Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    pub(crate) fn add(&self, n: u64) {
        self.0.fetch_add(n, Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// What a property has done so far.
#[derive(Default)]
pub(crate) struct Counts {
    pub(crate) cases: Count,
    pub(crate) compared: Count,
    pub(crate) unsupported: Count,
    refused: Count,
    /// Refusals that were not compared.
    passed_over: Count,
    /// Of those compared, the ones that read.
    pub(crate) reads: Count,
    /// Filters that found some documents and left others, of those that were accepted.
    selective: Count,
    filters: Count,
    /// The steps of sequences, by kind.
    steps: Mutex<BTreeMap<&'static str, u64>>,
}

impl Counts {
    pub(crate) fn step(&self, kind: &'static str) {
        *self.steps.lock().expect("no worker panics here").entry(kind).or_default() += 1;
    }
}

impl Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = [
            ("cases", &self.cases),
            ("comparisons", &self.compared),
            ("reads", &self.reads),
            ("unsupported", &self.unsupported),
            ("refused", &self.refused),
            ("passed_over", &self.passed_over),
            ("filters", &self.filters),
            ("selective", &self.selective),
        ];
        for (at, (name, count)) in named.iter().enumerate() {
            let separator = if at == 0 { "" } else { " " };
            write!(f, "{separator}{name}={}", count.get())?;
        }
        let compared = self.compared.get().max(1);
        write!(f, " accepted={}%", (compared - self.refused.get()) * 100 / compared)?;
        let steps = self.steps.lock().expect("no worker panics here");
        steps.iter().try_for_each(|(kind, count)| write!(f, " {kind}={count}"))
    }
}

/// A database on the server, which a worker uses for one round after the other.
pub(crate) struct Server {
    pub(crate) db: Database,
    /// Whether its collection may have indexes.
    indexed: Cell<bool>,
    /// Whether others might have to vote for an index.
    in_replica_set: bool,
}

impl Server {
    pub(crate) fn new(runtime: &Runtime, db: Database) -> Self {
        let hello = runtime.block_on(db.run_command(doc! { "hello": 1 }));
        let in_replica_set = hello.is_ok_and(|hello| hello.contains_key("setName"));
        Server { db, indexed: Cell::new(false), in_replica_set }
    }
}

/// Two databases that start out empty and are given the same commands.
pub(crate) struct Round<'a> {
    runtime: &'a Runtime,
    engine: MemoryBackend,
    memory: Database,
    server: &'a Server,
    counts: &'a Counts,
    /// What was done so far, to be printed with a difference.
    history: Vec<Done>,
    /// Whether NaNs are compared with their signs.
    signed_nans: bool,
}

/// What both databases were asked to do.
enum Done {
    Command(Document),
    Bulk { ops: Vec<Document>, ordered: bool },
}

impl Display for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Done::Command(command) => f.write_str(&show(command)),
            Done::Bulk { ops, ordered: true } => write!(f, "ordered bulk {}", show_all(ops)),
            Done::Bulk { ops, ordered: false } => write!(f, "unordered bulk {}", show_all(ops)),
        }
    }
}

/// How many commands the server is given at once.
const AT_ONCE: usize = 16;

/// Whether the order of the documents found is compared.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Order {
    Matters,
    /// Without a sort, an index gives the order, and which index is the planner's choice; groups have none.
    IsFree,
}

impl<'a> Round<'a> {
    /// Empties the server's database; the memory engine's is a new one.
    pub(crate) fn new(runtime: &'a Runtime, server: &'a Server, counts: &'a Counts) -> Self {
        let engine = MemoryBackend::new();
        let memory = engine.database("differential");
        Round { runtime, engine, memory, server, counts, history: Vec::new(), signed_nans: true }
    }

    /// From here on a NaN is like another: which sign it has that comes of arithmetic is the processor's choice.
    pub(crate) fn ignore_signs_of_nan(&mut self) {
        self.signed_nans = false;
    }

    /// Starts with these documents in the collection `c`, in place of what was there.
    pub(crate) fn fill(&mut self, docs: &[Document]) -> Result<(), String> {
        let delete = doc! { "delete": "c", "deletes": [{ "q": {}, "limit": 0 }] };
        self.on_server(delete).map_err(|error| error.to_string())?;
        if docs.is_empty() {
            return Ok(());
        }
        self.same(doc! { "insert": "c", "documents": docs }).map(drop)
    }

    /// Starts with these documents in another collection.
    pub(crate) fn fill_other(&mut self, name: &str, docs: &[Document]) -> Result<(), String> {
        let delete = doc! { "delete": name, "deletes": [{ "q": {}, "limit": 0 }] };
        self.on_server(delete).map_err(|error| error.to_string())?;
        if docs.is_empty() {
            return Ok(());
        }
        self.same(doc! { "insert": name, "documents": docs }).map(drop)
    }

    /// Starts without collections: slower than emptying them, but free of indexes.
    pub(crate) fn reset(&mut self) -> Result<(), String> {
        self.on_server(doc! { "drop": "c" }).map(drop).or_else(|error| match error.code() {
            Some(26) => Ok(()),
            _ => Err(error.to_string()),
        })
    }

    /// Starts without indexes, if the collection is there.
    pub(crate) fn drop_indexes(&mut self) -> Result<(), String> {
        if !self.server.indexed.get() {
            return Ok(());
        }
        let drop_all = doc! { "dropIndexes": "c", "index": "*" };
        self.on_server(drop_all).map(drop).or_else(|error| match error.code() {
            Some(26) => Ok(()),
            _ => Err(error.to_string()),
        })
    }

    /// Runs the command on both, and fails unless they answer alike. Gives the memory engine's reply, if there is one.
    ///
    /// What the memory engine does not support is counted, and not run on the server.
    pub(crate) fn same(&mut self, command: Document) -> Result<Option<Document>, String> {
        let reply = self.compared(&command)?;
        self.history.push(Done::Command(command));
        Ok(reply)
    }

    /// Runs writes together, as a [`Bulk`], on both, and fails unless the same was done and refused.
    ///
    /// Gives what the memory engine did, unless it does not support it.
    pub(crate) fn same_bulk(
        &mut self,
        ops: &[Document],
        ordered: bool,
    ) -> Result<Option<Document>, String> {
        let collect = || {
            let mut bulk = if ordered { Bulk::new() } else { Bulk::new().unordered() };
            for op in ops {
                bulk.raw("c", bulk_op(op));
            }
            bulk
        };
        let memory = self.runtime.block_on(collect().run(&self.memory));
        if let Err(Error::Unsupported { .. }) = memory {
            self.counts.unsupported.add(1);
            return Ok(None);
        }
        let concern = WriteConcern { w: Some(Acknowledgment::Nodes(1)), ..WriteConcern::default() };
        let server = self.server.db.scope().write_concern(concern);
        let server = self.runtime.block_on(collect().run(&server));
        let memory = Answer::of_bulk(memory);
        let done = Done::Bulk { ops: ops.to_vec(), ordered };
        self.compare(|| done.to_string(), &memory, &Answer::of_bulk(server))?;
        self.history.push(done);
        Ok(memory.into_reply())
    }

    /// As [`Round::same_documents`].
    pub(crate) fn same_state(&mut self) -> Result<(), String> {
        self.same_documents().map(drop)
    }

    /// All documents are the same, in natural order, and the memory engine's indexes hold what they should. Gives the
    /// documents.
    pub(crate) fn same_documents(&mut self) -> Result<Vec<Document>, String> {
        let find = doc! { "find": "c", "batchSize": 1000 };
        let reply = self.compared(&find)?;
        let consistent = self.engine.check_consistency();
        consistent.map_err(|why| self.report(&format!("  memory {why}")))?;
        let cursor = reply.as_ref().and_then(|reply| reply.get_document("cursor").ok());
        let batch = cursor.and_then(|cursor| cursor.get_array("firstBatch").ok());
        Ok(batch.into_iter().flatten().filter_map(|doc| doc.as_document().cloned()).collect())
    }

    /// Runs commands that change nothing on both, and fails unless both answer alike to each.
    pub(crate) fn same_reads(&mut self, commands: Vec<(Document, Order)>) -> Result<(), String> {
        self.same_pipelines(
            commands.into_iter().map(|(command, order)| (command, order, true)).collect(),
        )
    }

    /// The same for commands of which some may be refused by one, and not by the other.
    pub(crate) fn same_pipelines(
        &mut self,
        commands: Vec<(Document, Order, bool)>,
    ) -> Result<(), String> {
        let total = self.on_memory(doc! { "count": "c" }).and_then(|reply| reply.get_i32("n").ok());
        let mut asked = Vec::with_capacity(commands.len());
        for (command, order, refusals) in commands {
            let memory = self.runtime.block_on(self.memory.run_command(command.clone()));
            match memory {
                Err(Error::Unsupported { .. }) => self.counts.unsupported.add(1),
                memory => asked.push((command, Answer::new(memory, order), order, refusals)),
            }
        }
        let server = stream::iter(&asked)
            .map(|(command, ..)| self.server.db.run_command(command.clone()))
            .buffered(AT_ONCE)
            .collect::<Vec<_>>();
        let server = self.runtime.block_on(server);
        for ((command, memory, order, refusals), server) in asked.iter().zip(server) {
            let server = Answer::new(server, *order);
            let is_refused = |answer: &Answer| matches!(answer, Answer::Refused(..));
            if !refusals && (is_refused(memory) || is_refused(&server)) {
                self.counts.passed_over.add(1);
                continue;
            }
            self.compare(|| show(command), memory, &server)?;
            self.counts.reads.add(1);
            self.count_filter(command, memory, total);
        }
        Ok(())
    }

    /// The first of the filters that finds some of the documents but not all, or that is refused; else
    /// the last one.
    pub(crate) fn most_telling(&self, filters: &[Template], docs: &[Document]) -> Document {
        let total = i32::try_from(docs.len()).unwrap_or(i32::MAX);
        let mut last = Document::new();
        for filter in filters {
            last = filter.on(docs);
            let reply = self.on_memory(doc! { "count": "c", "query": last.clone() });
            let found = reply.and_then(|reply| reply.get_i32("n").ok());
            if found.is_none_or(|n| 0 < n && n < total) {
                break;
            }
        }
        last
    }

    fn count_filter(&self, command: &Document, answer: &Answer, total: Option<i32>) {
        let Some(filter) = command.get("filter").or_else(|| command.get("query")) else { return };
        let asks = filter.as_document().is_some_and(|filter| !filter.is_empty());
        if !asks || !matches!(answer, Answer::Reply(_)) {
            return;
        }
        let found = self
            .on_memory(doc! { "count": "c", "query": filter.clone() })
            .and_then(|reply| reply.get_i32("n").ok());
        self.counts.filters.add(1);
        if found.is_some_and(|n| n > 0) && found < total {
            self.counts.selective.add(1);
        }
    }

    fn on_memory(&self, command: Document) -> Option<Document> {
        self.runtime.block_on(self.memory.run_command(command)).ok()
    }

    fn compared(&self, command: &Document) -> Result<Option<Document>, String> {
        let memory = self.runtime.block_on(self.memory.run_command(command.clone()));
        if let Err(Error::Unsupported { .. }) = memory {
            self.counts.unsupported.add(1);
            return Ok(None);
        }
        let server = self.on_server(command.clone());
        let memory = Answer::new(memory, Order::Matters);
        self.compare(|| show(command), &memory, &Answer::new(server, Order::Matters))?;
        Ok(memory.into_reply())
    }

    fn compare(
        &self,
        run: impl FnOnce() -> String,
        memory: &Answer,
        server: &Answer,
    ) -> Result<(), String> {
        self.counts.compared.add(1);
        let is_same = match (memory, server) {
            (Answer::Reply(left), Answer::Reply(right)) if !self.signed_nans => {
                encoded([&without_signs(left)]) == encoded([&without_signs(right)])
            }
            (left, right) => left.is_same(right),
        };
        if is_same {
            if let Answer::Refused(..) = memory {
                self.counts.refused.add(1);
            }
            return Ok(());
        }
        let run = run();
        let only = differences(memory, server);
        Err(self.report(&format!("  run    {run}\n  memory {memory}\n  server {server}{only}")))
    }

    /// What was done, and what came of it.
    pub(crate) fn report(&self, difference: &str) -> String {
        let mut report = String::from("the answers differ\n");
        for earlier in &self.history {
            let _ = writeln!(report, "  after  {earlier}");
        }
        report + difference
    }

    fn on_server(&self, mut command: Document) -> odm_core::Result<Document> {
        // By default a write waits until it is in the journal of most members, and an index for the votes of the
        // others: most of the time of a test.
        let name = command.keys().next().cloned().unwrap_or_default();
        match name.as_str() {
            "createIndexes" => {
                if self.server.in_replica_set {
                    command.insert("commitQuorum", 0);
                }
                self.server.indexed.set(true);
            }
            "drop" | "dropIndexes" => self.server.indexed.set(false),
            _ => {}
        }
        if !matches!(name.as_str(), "find" | "count" | "distinct") {
            command.insert("writeConcern", doc! { "w": 1 });
        }
        self.runtime.block_on(self.server.db.run_command(command))
    }
}

/// What is compared of an answer.
enum Answer {
    Reply(Document),
    Refused(i32, String),
    /// Neither a reply nor a refusal: always a difference.
    Broken(String),
}

impl Answer {
    fn new(result: odm_core::Result<Document>, order: Order) -> Self {
        match result {
            Ok(reply) => Answer::Reply(comparable(&reply, order)),
            Err(error) => match error.code() {
                Some(code) => Answer::Refused(code, error.to_string()),
                None => Answer::Broken(error.to_string()),
            },
        }
    }

    /// What was done, and the failures, by position.
    fn of_bulk(result: odm_core::Result<BulkWriteOutcome>) -> Self {
        let (done, failures) = match result {
            Ok(done) => (done, Vec::new()),
            Err(Error::Write(failure)) => (failure.done, failure.write_errors),
            Err(error) => return Answer::new(Err(error), Order::Matters),
        };
        let number = |n: u64| Bson::Int64(i64::try_from(n).unwrap_or(i64::MAX));
        let position = |index: usize| number(index as u64);
        let upserted = |upserted: &Upserted| {
            without_generated_id(
                &doc! { "index": position(upserted.index), "_id": &upserted.id }.into(),
            )
        };
        let failed = |error: &WriteError| {
            let (index, code) = (position(error.index), error.code.0);
            doc! { "index": index, "code": code, "details": &error.details }
        };
        Answer::Reply(doc! {
            "inserted": number(done.inserted),
            "matched": number(done.matched),
            "modified": number(done.modified),
            "deleted": number(done.deleted),
            "upserted": done.upserted.iter().map(upserted).collect::<Vec<_>>(),
            "writeErrors": failures.iter().map(failed).collect::<Vec<_>>(),
        })
    }

    fn into_reply(self) -> Option<Document> {
        match self {
            Answer::Reply(reply) => Some(reply),
            Answer::Refused(..) | Answer::Broken(_) => None,
        }
    }

    fn is_same(&self, other: &Answer) -> bool {
        match (self, other) {
            (Answer::Reply(left), Answer::Reply(right)) => encoded([left]) == encoded([right]),
            (Answer::Refused(left, _), Answer::Refused(right, _)) => left == right,
            // The server cuts the texts of some refusals within a character, which its driver cannot read.
            (Answer::Refused(..), Answer::Broken(why)) => why.contains("Invalid UTF-8"),
            _ => false,
        }
    }
}

impl Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Answer::Reply(reply) => f.write_str(&show(reply)),
            Answer::Refused(_, message) | Answer::Broken(message) => f.write_str(message),
        }
    }
}

/// Which documents only one of the answers has, where there are many.
fn differences(memory: &Answer, server: &Answer) -> String {
    fn batch(answer: &Answer) -> Vec<Document> {
        let Answer::Reply(reply) = answer else { return Vec::new() };
        let cursor = reply.get_document("cursor").ok();
        let batch = cursor.and_then(|cursor| cursor.get_array("firstBatch").ok());
        batch.into_iter().flatten().filter_map(|doc| doc.as_document().cloned()).collect()
    }
    let (memory, server) = (batch(memory), batch(server));
    if memory.len() + server.len() < 4 {
        return String::new();
    }
    let without = |docs: &[Document], others: &[Document]| {
        let mut others = encoded(others);
        let is_other = |doc: &&Document| {
            let bytes = encoded([*doc]);
            let found = others.iter().position(|other| bytes.first() == Some(other));
            found.map(|at| others.swap_remove(at)).is_none()
        };
        show_all(docs.iter().filter(is_other).collect::<Vec<_>>())
    };
    let (left, right) = (without(&memory, &server), without(&server, &memory));
    format!("\n  only in memory {left}\n  only on server {right}")
}

/// A write of a bulk: `{insert: document}`, or a statement as the commands `update` and `delete` have it.
fn bulk_op(op: &Document) -> BulkOp {
    let part = |name: &str| op.get_document(name).cloned().unwrap_or_default();
    let flag = |name: &str| op.get_bool(name).unwrap_or_default();
    let hint = op.get_document("hint").ok().cloned().map(Hint::Keys);
    if op.contains_key("insert") {
        return BulkOp::Insert(RawDocumentBuf::try_from(&part("insert")).unwrap_or_default());
    }
    if !op.contains_key("u") {
        let multi = op.get_i32("limit").is_ok_and(|limit| limit == 0);
        return BulkOp::Delete(DeleteStatement { multi, hint, ..DeleteStatement::one(part("q")) });
    }
    let statement = UpdateStatement::one(part("q"), part("u"));
    let (multi, upsert) = (flag("multi"), flag("upsert"));
    BulkOp::Update(UpdateStatement { multi, upsert, hint, ..statement })
}

/// The reply without what only a deployment has to say, without messages, its own fields in alphabetical order.
fn comparable(reply: &Document, order: Order) -> Document {
    const LEFT_OUT: [&str; 7] =
        ["$clusterTime", "operationTime", "electionId", "opTime", "errmsg", "ns", "commitQuorum"];
    let mut fields: Vec<(String, Bson)> = reply
        .iter()
        .filter(|(name, _)| !LEFT_OUT.contains(&name.as_str()))
        .map(|(name, value)| {
            let value = match (name.as_str(), value) {
                ("cursor", Bson::Document(cursor)) => comparable(cursor, order).into(),
                ("writeErrors", Bson::Array(errors)) => {
                    errors.iter().map(without_message).collect()
                }
                ("firstBatch", Bson::Array(docs)) if order == Order::IsFree => sorted(docs),
                // Who has to number them decides about the numbers.
                ("id", Bson::Int64(id)) if *id != 0 => "open".into(),
                ("firstBatch" | "upserted", Bson::Array(docs)) => {
                    docs.iter().map(without_generated_id).collect()
                }
                ("value", value) => without_generated_id(value),
                ("lastErrorObject", Bson::Document(last)) => match last.get("upserted") {
                    Some(Bson::ObjectId(_)) => doc! { "upserted": "generated" }.into(),
                    _ => value.clone(),
                },
                _ => value.clone(),
            };
            (name.clone(), value)
        })
        .collect();
    fields.sort_by(|(left, _), (right, _)| left.cmp(right));
    fields.into_iter().collect()
}

fn without_message(error: &Bson) -> Bson {
    let Bson::Document(error) = error else { return error.clone() };
    // An index with a collation has keys that only its own tables can make.
    let has_own_keys = error.contains_key("collation");
    let is_key = |name: &str| has_own_keys && matches!(name, "keyValue" | "hexEncoded");
    let kept = error.iter().filter(|(name, _)| *name != "errmsg" && !is_key(name));
    Bson::Document(kept.map(|(name, value)| (name.clone(), value.clone())).collect())
}

/// The document without an `_id` that the engine or the server made: the strategies give integers.
fn without_generated_id(value: &Bson) -> Bson {
    match value {
        Bson::Document(doc) if doc.contains_key("$recordId") => {
            let mut doc = doc.clone();
            doc.insert("$recordId", "generated");
            doc.into()
        }
        Bson::Document(doc) if matches!(doc.get("_id"), Some(Bson::ObjectId(_))) => {
            let mut doc = doc.clone();
            doc.insert("_id", "generated");
            doc.into()
        }
        other => other.clone(),
    }
}

/// The document with one NaN of each type.
fn without_signs(doc: &Document) -> Document {
    fn without(value: &Bson) -> Bson {
        match value {
            Bson::Double(n) if n.is_nan() => f64::NAN.into(),
            Bson::Decimal128(n) if n.to_string() == "NaN" => {
                let mut bytes = n.bytes();
                bytes[15] &= 0x7F;
                Bson::Decimal128(bson::Decimal128::from_bytes(bytes))
            }
            Bson::Array(items) => items.iter().map(without).collect(),
            Bson::Document(doc) => without_signs(doc).into(),
            other => other.clone(),
        }
    }
    doc.iter().map(|(name, value)| (name.clone(), without(value))).collect()
}

/// The documents in an order of their own.
fn sorted(docs: &[Bson]) -> Bson {
    let mut docs: Vec<Bson> = docs.iter().map(without_generated_id).collect();
    docs.sort_by_cached_key(|doc| encoded(doc.as_document()));
    Bson::Array(docs)
}

/// The bytes of documents: types and the order of fields count.
pub(crate) fn encoded<'a>(docs: impl IntoIterator<Item = &'a Document>) -> Vec<Vec<u8>> {
    let bytes = |doc| RawDocumentBuf::try_from(doc).map(RawDocumentBuf::into_bytes);
    docs.into_iter().map(|doc| bytes(doc).unwrap_or_default()).collect()
}
