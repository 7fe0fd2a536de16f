//! Collations: what is found and how it is sorted, counted, told apart and changed, with and without indexes.

use bson::{Bson, Document, doc};
use conformance::strategy::{
    collated, collation_of_text, text_documents, text_filter, text_path, text_update,
};
use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;

use crate::property::{Bench, Property};
use crate::round::{Counts, Order};

pub(crate) const PROPERTIES: &[Property] = &[Property { name: "collation", test: collations }];

fn index() -> impl Strategy<Value = Document> {
    let key = (text_path(), prop_oneof![Just(1), Just(-1)]);
    (key, weighted(0.7, collation_of_text()), proptest::bool::weighted(0.15)).prop_map(
        |((path, direction), collation, unique)| {
            let mut index = doc! { "key": { path: direction }, "name": "hinted" };
            if unique {
                index.insert("unique", true);
            }
            collated(index, collation.clone())
        },
    )
}

fn collations(bench: &Bench, counts: &Counts) -> Result<u32, String> {
    let query = (
        weighted(0.8, text_filter()),
        text_path(),
        any::<bool>(),
        weighted(0.6, collation_of_text()),
    );
    let change = (text_filter(), text_update(), any::<bool>(), weighted(0.6, collation_of_text()));
    let strategy = (
        weighted(0.4, collation_of_text()),
        weighted(0.6, index()),
        text_documents(),
        vec(query, 1..16),
        vec(change, 0..5),
    );
    bench.check(
        "collation",
        counts,
        &strategy,
        |round, (default, index, docs, queries, changes)| {
            round.reset()?;
            round.same(collated(doc! { "create": "c" }, default.clone()))?;
            let hint = match &index {
                Some(index) => {
                    let create = doc! { "createIndexes": "c", "indexes": [index.clone()] };
                    round.same(create)?.map(|_| "hinted")
                }
                None => None,
            };
            round.same(doc! { "insert": "c", "documents": docs, "ordered": false })?;
            let mut reads = Vec::new();
            for (filter, path, descending, collation) in queries {
                let filter = filter.unwrap_or_default();
                let with = |command| collated(command, collation.clone());
                let find = with(doc! { "find": "c", "filter": filter.clone() });
                let direction = if descending { -1 } else { 1 };
                let mut sorted = find.clone();
                sorted.insert("sort", doc! { path.as_str(): direction, "_id": direction });
                let count = with(doc! { "count": "c", "query": filter.clone() });
                if let Some(hint) = hint {
                    let mut hinted = find.clone();
                    hinted.insert("hint", hint);
                    reads.push((hinted, Order::IsFree));
                    let mut hinted = sorted.clone();
                    hinted.insert("hint", hint);
                    reads.push((hinted, Order::Matters));
                } else {
                    // Which of equal values is handed out depends on the index.
                    let key = path.as_str();
                    let distinct = with(doc! { "distinct": "c", "key": key, "query": filter });
                    reads.push((distinct, Order::Matters));
                }
                reads.extend([
                    (find, Order::IsFree),
                    (sorted, Order::Matters),
                    (count, Order::Matters),
                ]);
            }
            round.same_reads(reads)?;
            for (q, u, multi, collation) in changes {
                // Of several, an index decides which is the first, and so what was done before one failed.
                let multi = multi && index.is_none();
                let q = if multi {
                    q
                } else {
                    doc! { "_id": 1, "$and": [q] }
                };
                let update = doc! { "q": q, "u": u, "multi": multi };
                let update = Bson::Document(collated(update, collation.clone()));
                round.same(doc! { "update": "c", "updates": [update] })?;
            }
            round.same_state()
        },
    )
}
