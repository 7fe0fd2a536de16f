//! What is changed: updates, upserts, and indexes, which must not change the answers.

use bson::{Document, doc};
use conformance::strategy::{
    document, documents, filter, filter_template, index, index_misleads, sort, update,
};
use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;

use crate::property::{Bench, Property};
use crate::round::{Counts, Order, Round};

pub(crate) const PROPERTIES: &[Property] = &[
    Property { name: "update", test: updates },
    Property { name: "upsert", test: upserts },
    Property { name: "index", test: indexes },
];

fn updates(bench: &Bench, counts: &Counts) -> Result<u32, String> {
    let pairs = vec((document(), update(), weighted(0.2, filter())), 1..20);
    bench.check("update", counts, &pairs, |round, pairs| {
        let docs = numbered(pairs.iter().map(|(doc, _, _)| doc));
        round.fill(&docs)?;
        for (id, (_, update, filter)) in (0_i32..).zip(pairs) {
            // A filter on arrays gives the positional operator something to stand for.
            let mut q = doc! { "_id": id };
            q.extend(filter.unwrap_or_default());
            round.same(doc! { "update": "c", "updates": [{ "q": q, "u": update }] })?;
        }
        round.same_state()
    })
}

fn numbered<'a>(docs: impl Iterator<Item = &'a Document>) -> Vec<Document> {
    let number = |(id, fields): (i32, &Document)| {
        let mut doc = doc! { "_id": id };
        doc.extend(fields.clone());
        doc
    };
    (0_i32..).zip(docs).map(number).collect()
}

fn upserts(bench: &Bench, counts: &Counts) -> Result<u32, String> {
    let pairs = vec((filter(), update()), 1..20);
    bench.check("upsert", counts, &pairs, |round, pairs| {
        round.fill(&[])?;
        for (id, (filter, update)) in (0_i32..).zip(pairs) {
            let mut q = doc! { "_id": id };
            q.extend(filter);
            round.same(
                doc! { "update": "c", "updates": [{ "q": q, "u": update, "upsert": true }] },
            )?;
        }
        round.same_state()
    })
}

fn indexes(bench: &Bench, counts: &Counts) -> Result<u32, String> {
    let strategy = (
        vec(index(), 1..3),
        documents(1..20),
        vec((vec(filter_template(), 1..4), sort(), 0_i32..6), 1..9),
        vec(update(), 0..6),
        any::<bool>(),
    );
    bench.check("index", counts, &strategy, |round, (indexes, docs, queries, updates, first)| {
        round.reset()?;
        let create: Vec<_> = indexes
            .iter()
            .map(|index| doc! { "createIndexes": "c", "indexes": [index.clone()] })
            .collect();
        let insert = doc! { "insert": "c", "documents": docs.clone(), "ordered": false };
        // Either the index refuses documents, or documents refuse the index.
        let (before, after) = if first { (create, vec![insert]) } else { (vec![insert], create) };
        for command in before.into_iter().chain(after) {
            round.same(command)?;
        }
        let queries: Vec<_> = queries
            .into_iter()
            .map(|(filters, sort, limit)| (round.most_telling(&filters, &docs), sort, limit))
            .filter(|(filter, _, _)| !index_misleads(&indexes, filter))
            .collect();
        find_by_indexes(round, &indexes, &queries)?;
        // Each on one document: of several, an index decides which is the first.
        for (id, update) in (0_i32..).zip(updates) {
            round.same(doc! { "update": "c", "updates": [{ "q": { "_id": id }, "u": update }] })?;
        }
        find_by_indexes(round, &indexes, &queries)
    })
}

/// Finds by whichever index the planners choose, and by one that they are told to use.
fn find_by_indexes(
    round: &mut Round<'_>,
    indexes: &[Document],
    queries: &[(Document, Document, i32)],
) -> Result<(), String> {
    let mut reads = Vec::new();
    for ((filter, sort, limit), index) in queries.iter().zip(indexes.iter().cycle()) {
        let find = doc! { "find": "c", "filter": filter.clone() };
        let mut hinted = find.clone();
        hinted.extend(doc! { "hint": index.get_document("key").cloned().unwrap_or_default() });
        let mut sorted = find.clone();
        sorted.extend(doc! { "sort": sort.clone(), "limit": *limit });
        let count = doc! { "count": "c", "query": filter.clone() };
        let key = sort.keys().next().map_or("a", String::as_str);
        let distinct = doc! { "distinct": "c", "key": key, "query": filter.clone() };
        reads.extend([find, hinted, distinct].map(|read| (read, Order::IsFree)));
        reads.extend([sorted, count].map(|read| (read, Order::Matters)));
    }
    round.same_reads(reads)?;
    round.same_state()
}
