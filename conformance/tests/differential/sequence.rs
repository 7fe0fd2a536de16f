//! Sequences of writes on the same documents: after each, the same was answered, and the same is there.

use bson::{Bson, Document, doc};
use conformance::strategy::{
    document, documents, filter, index, projection, replacement, sort, update,
};
use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;

use crate::property::{Bench, Property};
use crate::round::{Counts, Round, encoded};

pub(crate) const PROPERTIES: &[Property] = &[Property { name: "sequence", test: sequences }];

/// A sequence is much shorter than a case of the other properties: so many for one of theirs.
const FACTOR: u32 = 40;

/// A step of a sequence.
#[derive(Clone, Debug)]
enum Step {
    Command(Document),
    Bulk { ops: Vec<Document>, ordered: bool },
}

impl Step {
    /// What is counted.
    fn kind(&self) -> &'static str {
        let Step::Command(command) = self else { return "bulk" };
        match command.keys().next().map_or("", String::as_str) {
            "insert" => "insert",
            "update" if is_replacement(command) => "replace",
            "update" => "update",
            "delete" => "delete",
            "findAndModify" => "findAndModify",
            "createIndexes" => "createIndexes",
            _ => "dropIndexes",
        }
    }

    /// Whether it writes all or nothing: not where the first of several writes may succeed, nor where the server
    /// projects what it has written.
    fn is_atomic(&self) -> bool {
        let Step::Command(command) = self else { return false };
        if command.contains_key("fields") {
            return false;
        }
        statements(command).is_none_or(|statements| match statements {
            [statement] => !statement
                .as_document()
                .is_some_and(|statement| statement.get_bool("multi").unwrap_or_default()),
            _ => false,
        })
    }

    /// What the memory engine replied, if it did not refuse.
    fn run(self, round: &mut Round<'_>) -> Result<Option<Document>, String> {
        match self {
            Step::Command(command) => round.same(command),
            Step::Bulk { ops, ordered } => round.same_bulk(&ops, ordered),
        }
    }
}

/// What the command has several of.
fn statements(command: &Document) -> Option<&[Bson]> {
    let lists = ["updates", "deletes", "documents"];
    lists.iter().find_map(|name| command.get_array(name).ok()).map(Vec::as_slice)
}

fn is_replacement(command: &Document) -> bool {
    let first = statements(command).and_then(|statements| statements.first()?.as_document());
    first
        .and_then(|statement| statement.get_document("u").ok())
        .is_some_and(odm_core::Update::is_replacement)
}

fn sequences(bench: &Bench, counts: &Counts) -> Result<u32, String> {
    let strategy = || (documents(1..10), vec(step(), 1..12));
    bench.check_many("sequence", FACTOR, counts, strategy, |round, (docs, steps)| {
        round.drop_indexes()?;
        round.fill(&docs)?;
        let mut before = docs;
        for step in steps {
            counts.step(step.kind());
            let is_atomic = step.is_atomic();
            let reply = step.run(round)?;
            let after = round.same_documents()?;
            let failed = reply.is_none_or(|reply| reply.contains_key("writeErrors"));
            if is_atomic && failed && encoded(&after) != encoded(&before) {
                return Err(round.report("  what failed has changed something"));
            }
            before = after;
        }
        Ok(())
    })
}

/// One step. Documents are looked for in natural order: of several, an index would decide which is the first.
fn step() -> BoxedStrategy<Step> {
    let (document, filter) = (document().boxed(), filter().boxed());
    let (update, replacement) = (update().boxed(), replacement().boxed());
    let insert = (id(), document).prop_map(|(id, mut doc)| {
        doc.insert("_id", id);
        doc
    });
    let insert = insert.boxed();
    let updated = statement(filter.clone(), update.clone(), any::<bool>().boxed());
    let replaced = statement(filter.clone(), replacement, Just(false).boxed());
    let deleted = (filter.clone(), 0_i32..2)
        .prop_map(|(q, limit)| doc! { "q": q, "limit": limit, "hint": natural() })
        .boxed();
    let op = prop_oneof![
        3 => insert.clone().prop_map(|doc| doc! { "insert": doc }),
        4 => updated.clone(),
        2 => replaced.clone(),
        1 => deleted.clone(),
    ];
    let bulk =
        (vec(op, 1..6), any::<bool>()).prop_map(|(ops, ordered)| Step::Bulk { ops, ordered });
    let command = prop_oneof![
        8 => several("update", "updates", updated, 1..4),
        3 => several("update", "updates", replaced, 1..3),
        2 => several("delete", "deletes", deleted, 1..3),
        4 => several("insert", "documents", insert, 1..4),
        6 => find_and_modify(filter, update),
        1 => index().prop_map(|index| doc! { "createIndexes": "c", "indexes": [index] }),
    ];
    prop_oneof![20 => command.prop_map(Step::Command), 4 => bulk].boxed()
}

/// Few, so that they meet.
fn id() -> std::ops::Range<i32> {
    0..14
}

fn natural() -> Document {
    doc! { "$natural": 1 }
}

/// A command on several documents or statements.
fn several(
    command: &'static str,
    field: &'static str,
    part: BoxedStrategy<Document>,
    count: std::ops::Range<usize>,
) -> BoxedStrategy<Document> {
    (vec(part, count), any::<bool>())
        .prop_map(move |(parts, ordered)| doc! { command: "c", field: parts, "ordered": ordered })
        .boxed()
}

fn statement(
    filter: BoxedStrategy<Document>,
    update: BoxedStrategy<Document>,
    multi: BoxedStrategy<bool>,
) -> BoxedStrategy<Document> {
    (filter, update, multi, weighted(0.2, id()))
        .prop_map(|(mut q, u, multi, upsert)| {
            // An `_id` that is made would not be the same on both.
            q.extend(upsert.map(|id| ("_id".to_owned(), Bson::Int32(id))));
            doc! { "q": q, "u": u, "multi": multi, "upsert": upsert.is_some(), "hint": natural() }
        })
        .boxed()
}

fn find_and_modify(
    filter: BoxedStrategy<Document>,
    update: BoxedStrategy<Document>,
) -> BoxedStrategy<Document> {
    let modification = weighted(0.8, (update, any::<bool>(), weighted(0.2, id())));
    (filter, sort(), modification, weighted(0.3, projection()))
        .prop_map(|(mut query, sort, modification, fields)| {
            let mut command = doc! { "findAndModify": "c", "sort": sort, "hint": natural() };
            match modification {
                Some((update, new, upsert)) => {
                    query.extend(upsert.map(|id| ("_id".to_owned(), Bson::Int32(id))));
                    let upsert = upsert.is_some();
                    command.extend(doc! { "update": update, "new": new, "upsert": upsert });
                }
                None => command.extend(doc! { "remove": true }),
            }
            command.insert("query", query);
            command.extend(fields.map(|fields| ("fields".to_owned(), Bson::Document(fields))));
            command
        })
        .boxed()
}
