//! A round: the same commands on two databases, and whether the answers are the same.

use std::cell::Cell;
use std::fmt::Write;

use backend_memory::MemoryBackend;
use bson::{Bson, Document, RawDocumentBuf, doc};
use conformance::show;
use conformance::strategy::Template;
use futures_util::{StreamExt, stream};
use odm_core::{Database, Error};
use tokio::runtime::Runtime;

/// What a property has done so far.
#[derive(Default)]
pub(crate) struct Counts {
    pub(crate) cases: Cell<u64>,
    pub(crate) compared: Cell<u64>,
    pub(crate) unsupported: Cell<u64>,
    pub(crate) refused: Cell<u64>,
    /// Of those compared, the ones that read.
    pub(crate) reads: Cell<u64>,
    /// Filters that found some documents and left others, of those that were accepted.
    pub(crate) selective: Cell<u64>,
    pub(crate) filters: Cell<u64>,
}

/// One more.
fn count(cell: &Cell<u64>) {
    cell.set(cell.get() + 1);
}

/// Two databases that start out empty and are given the same commands.
pub(crate) struct Round<'a> {
    runtime: &'a Runtime,
    engine: MemoryBackend,
    memory: Database,
    server: &'a Database,
    counts: &'a Counts,
    /// What was done so far, to be printed with a difference.
    history: Vec<String>,
}

/// How many commands the server is given at once.
const AT_ONCE: usize = 16;

/// Whether the order of the documents found is compared.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Order {
    Matters,
    /// Without a sort, an index gives the order, and which index is the planner's choice.
    IsFree,
}

impl<'a> Round<'a> {
    /// Empties the server's database; the memory engine's is a new one.
    pub(crate) fn new(runtime: &'a Runtime, server: &'a Database, counts: &'a Counts) -> Self {
        let engine = MemoryBackend::new();
        let memory = engine.database("differential");
        Round { runtime, engine, memory, server, counts, history: Vec::new() }
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

    /// Starts without collections: slower than emptying them, but free of indexes.
    pub(crate) fn reset(&mut self) -> Result<(), String> {
        self.on_server(doc! { "drop": "c" }).map(drop).or_else(|error| match error.code() {
            Some(26) => Ok(()),
            _ => Err(error.to_string()),
        })
    }

    /// Starts without indexes, if the collection is there.
    pub(crate) fn drop_indexes(&mut self) -> Result<(), String> {
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
        self.write(command)
    }

    /// All documents are the same, in natural order, and the memory engine's indexes hold what they should.
    pub(crate) fn same_state(&mut self) -> Result<(), String> {
        self.same(doc! { "find": "c" })?;
        self.engine.check_consistency().map_err(|why| self.report(&format!("  memory {why}")))
    }

    /// Runs commands that change nothing on both, and fails unless both answer alike to each.
    pub(crate) fn same_reads(&mut self, commands: Vec<(Document, Order)>) -> Result<(), String> {
        let total = self.on_memory(doc! { "count": "c" }).and_then(|reply| reply.get_i32("n").ok());
        let mut asked = Vec::with_capacity(commands.len());
        for (command, order) in commands {
            let memory = self.runtime.block_on(self.memory.run_command(command.clone()));
            match memory {
                Err(Error::Unsupported { .. }) => count(&self.counts.unsupported),
                memory => asked.push((command, Answer::new(memory, order), order)),
            }
        }
        let server = stream::iter(&asked)
            .map(|(command, _, _)| self.server.run_command(command.clone()))
            .buffered(AT_ONCE)
            .collect::<Vec<_>>();
        let server = self.runtime.block_on(server);
        for ((command, memory, order), server) in asked.iter().zip(server) {
            self.compare(command, memory, &Answer::new(server, *order))?;
            count(&self.counts.reads);
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
        count(&self.counts.filters);
        if found.is_some_and(|n| n > 0) && found < total {
            count(&self.counts.selective);
        }
    }

    fn on_memory(&self, command: Document) -> Option<Document> {
        self.runtime.block_on(self.memory.run_command(command)).ok()
    }

    fn write(&mut self, command: Document) -> Result<Option<Document>, String> {
        let memory = self.runtime.block_on(self.memory.run_command(command.clone()));
        if let Err(Error::Unsupported { .. }) = memory {
            count(&self.counts.unsupported);
            return Ok(None);
        }
        let server = self.on_server(command.clone());
        let memory = Answer::new(memory, Order::Matters);
        self.compare(&command, &memory, &Answer::new(server, Order::Matters))?;
        self.history.push(show(&command));
        Ok(match memory {
            Answer::Reply(reply) => Some(reply),
            _ => None,
        })
    }

    fn compare(&self, command: &Document, memory: &Answer, server: &Answer) -> Result<(), String> {
        count(&self.counts.compared);
        if memory.is_same(server) {
            if let Answer::Refused(..) = memory {
                count(&self.counts.refused);
            }
            return Ok(());
        }
        let run = show(command);
        Err(self.report(&format!("  run    {run}\n  memory {memory}\n  server {server}")))
    }

    /// What was done, and what came of it.
    fn report(&self, difference: &str) -> String {
        let mut report = String::from("the answers differ\n");
        for earlier in &self.history {
            let _ = writeln!(report, "  after  {earlier}");
        }
        report + difference
    }

    fn on_server(&self, mut command: Document) -> odm_core::Result<Document> {
        // By default a write waits until it is in the journal of most members: most of the time of a test.
        const READS: [&str; 3] = ["find", "count", "distinct"];
        if !command.keys().next().is_some_and(|name| READS.contains(&name.as_str())) {
            command.insert("writeConcern", doc! { "w": 1 });
        }
        self.runtime.block_on(self.server.run_command(command))
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

    fn is_same(&self, other: &Answer) -> bool {
        match (self, other) {
            (Answer::Reply(left), Answer::Reply(right)) => encoded(left) == encoded(right),
            (Answer::Refused(left, _), Answer::Refused(right, _)) => left == right,
            _ => false,
        }
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Answer::Reply(reply) => f.write_str(&show(reply)),
            Answer::Refused(_, message) | Answer::Broken(message) => f.write_str(message),
        }
    }
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
                ("firstBatch", Bson::Array(docs)) if order == Order::IsFree => by_id(docs),
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
        Bson::Document(doc) if matches!(doc.get("_id"), Some(Bson::ObjectId(_))) => {
            let mut doc = doc.clone();
            doc.insert("_id", "generated");
            doc.into()
        }
        other => other.clone(),
    }
}

/// The documents in the order of their `_id`s, which are integers.
fn by_id(docs: &[Bson]) -> Bson {
    let mut docs = docs.to_vec();
    docs.sort_by_key(|doc| doc.as_document().and_then(|doc| doc.get_i32("_id").ok()));
    Bson::Array(docs)
}

fn encoded(doc: &Document) -> Vec<u8> {
    RawDocumentBuf::try_from(doc).map(RawDocumentBuf::into_bytes).unwrap_or_default()
}
