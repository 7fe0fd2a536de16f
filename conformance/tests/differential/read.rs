//! What is found: filters, sorts, projections, counts, distinct values. Each case asks much of the same documents.

use bson::{Bson, Document, doc};
use conformance::strategy::{
    Template, collated, collation, documents, filter_template, keys, path, projection, sort,
};
use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;

use crate::property::{Bench, Property};
use crate::round::{Counts, Order};

pub(crate) const PROPERTIES: &[Property] = &[
    Property { name: "filter", test: filters },
    Property { name: "sort", test: sorts },
    Property { name: "projection", test: projections },
    Property { name: "positional", test: positionals },
    Property { name: "distinct", test: distinct_and_count },
];

/// Filters to choose from: the first that tells documents apart is asked.
fn choice() -> impl Strategy<Value = Vec<Template>> {
    vec(filter_template(), 1..4)
}

/// The same, or often none.
fn some_filter() -> impl Strategy<Value = Vec<Template>> {
    weighted(0.4, choice()).prop_map(Option::unwrap_or_default)
}

fn filters(bench: &Bench, counts: &Counts) -> Result<u32, String> {
    let strategy = (documents(1..40), vec((choice(), weighted(0.15, collation())), 1..60));
    bench.check("filter", counts, &strategy, |round, (docs, filters)| {
        round.fill(&docs)?;
        let find = |(filters, collation): (Vec<Template>, Option<Document>)| {
            let find = doc! { "find": "c", "filter": round.most_telling(&filters, &docs) };
            (collated(find, collation), Order::Matters)
        };
        let reads = filters.into_iter().map(find).collect();
        round.same_reads(reads)
    })
}

fn has_symbol(value: &Bson) -> bool {
    match value {
        Bson::Symbol(_) => true,
        Bson::Document(doc) => doc.values().any(has_symbol),
        Bson::Array(items) => items.iter().any(has_symbol),
        _ => false,
    }
}

fn sorts(bench: &Bench, counts: &Counts) -> Result<u32, String> {
    let order = prop_oneof![2 => sort().boxed(), 1 => keys().boxed()];
    let query = (some_filter(), order, 0_i32..4, 0_i32..8, weighted(0.15, collation()));
    let strategy = (documents(1..40), vec(query, 1..50));
    bench.check("sort", counts, &strategy, |round, (docs, queries)| {
        round.fill(&docs)?;
        let symbols = docs.iter().any(|doc| doc.values().any(has_symbol));
        type Query = (Vec<Template>, Document, i32, i32, Option<Document>);
        let find = |(filters, sort, skip, limit, collation): Query| {
            // Of documents that tie, a limit leaves any.
            let limit = if sort.contains_key("_id") { limit } else { 0 };
            let filter = round.most_telling(&filters, &docs);
            let find =
                doc! { "find": "c", "filter": filter, "sort": sort, "skip": skip, "limit": limit };
            // Where symbols meet a collation, which of several refusals is told is nobody's promise.
            (collated(find, collation.filter(|_| !symbols)), Order::Matters)
        };
        let reads = queries.into_iter().map(find).collect();
        round.same_reads(reads)
    })
}

fn projections(bench: &Bench, counts: &Counts) -> Result<u32, String> {
    let strategy = (documents(1..20), vec((some_filter(), projection()), 1..50));
    bench.check("projection", counts, &strategy, |round, (docs, queries)| {
        round.fill(&docs)?;
        let find = |(filters, projection): (Vec<Template>, Document)| {
            let filter = round.most_telling(&filters, &docs);
            (doc! { "find": "c", "filter": filter, "projection": projection }, Order::Matters)
        };
        let reads = queries.into_iter().map(find).collect();
        round.same_reads(reads)
    })
}

/// The element that a filter matched, of each document and of the first one: all fail where one has none.
fn positionals(bench: &Bench, counts: &Counts) -> Result<u32, String> {
    let query = (choice(), weighted(0.5, filter_template()), path(), 0_i32..3);
    let strategy = (documents(1..20), vec(query, 1..50));
    bench.check("positional", counts, &strategy, |round, (docs, queries)| {
        round.fill(&docs)?;
        let find =
            |(filters, more, path, limit): (Vec<Template>, Option<Template>, String, i32)| {
                let mut filter = round.most_telling(&filters, &docs);
                if let Some(more) = more {
                    filter.insert("$and", [Bson::Document(more.on(&docs))]);
                }
                let projection = doc! { format!("{path}.$"): 1 };
                let find = doc! { "find": "c", "filter": filter, "projection": projection };
                (find.into_iter().chain(doc! { "limit": limit }).collect(), Order::Matters)
            };
        let reads = queries.into_iter().map(find).collect();
        round.same_reads(reads)
    })
}

fn distinct_and_count(bench: &Bench, counts: &Counts) -> Result<u32, String> {
    let query = (path(), some_filter(), 0_i32..4, -3_i32..8);
    let strategy = (documents(1..40), vec(query, 1..25));
    bench.check("distinct", counts, &strategy, |round, (docs, queries)| {
        round.fill(&docs)?;
        let both = |(key, filters, skip, limit): (String, Vec<Template>, i32, i32)| {
            let query = round.most_telling(&filters, &docs);
            let distinct = doc! { "distinct": "c", "key": key, "query": query.clone() };
            let count = doc! { "count": "c", "query": query, "skip": skip, "limit": limit };
            [(distinct, Order::Matters), (count, Order::Matters)]
        };
        let reads = queries.into_iter().flat_map(both).collect();
        round.same_reads(reads)
    })
}
