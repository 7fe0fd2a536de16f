//! What is found: filters, sorts, projections, counts, distinct values. Each case asks much of the same documents.

use bson::{Document, doc};
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
    Property { name: "distinct", test: distinct_and_count },
];

/// A filter, or often none.
fn some_filter() -> impl Strategy<Value = Option<Template>> {
    weighted(0.4, filter_template())
}

fn on(filter: Option<&Template>, docs: &[Document]) -> Document {
    filter.map(|filter| filter.on(docs)).unwrap_or_default()
}

fn filters(bench: &Bench, counts: &Counts) -> Result<u32, String> {
    let strategy = (documents(1..40), vec((filter_template(), weighted(0.15, collation())), 1..80));
    bench.check("filter", counts, &strategy, |round, (docs, filters)| {
        round.fill(&docs)?;
        let find = |(filter, collation): (Template, Option<Document>)| {
            let find = doc! { "find": "c", "filter": filter.on(&docs) };
            (collated(find, collation), Order::Matters)
        };
        round.same_reads(filters.into_iter().map(find).collect())
    })
}

fn sorts(bench: &Bench, counts: &Counts) -> Result<u32, String> {
    let order = prop_oneof![2 => sort().boxed(), 1 => keys().boxed()];
    let query = (some_filter(), order, 0_i32..4, 0_i32..8, weighted(0.15, collation()));
    let strategy = (documents(1..40), vec(query, 1..50));
    bench.check("sort", counts, &strategy, |round, (docs, queries)| {
        round.fill(&docs)?;
        type Query = (Option<Template>, Document, i32, i32, Option<Document>);
        let find = |(filter, sort, skip, limit, collation): Query| {
            // Of documents that tie, a limit leaves any.
            let limit = if sort.contains_key("_id") { limit } else { 0 };
            let filter = on(filter.as_ref(), &docs);
            let find =
                doc! { "find": "c", "filter": filter, "sort": sort, "skip": skip, "limit": limit };
            (collated(find, collation), Order::Matters)
        };
        round.same_reads(queries.into_iter().map(find).collect())
    })
}

fn projections(bench: &Bench, counts: &Counts) -> Result<u32, String> {
    let strategy = (documents(1..20), vec((some_filter(), projection()), 1..50));
    bench.check("projection", counts, &strategy, |round, (docs, queries)| {
        round.fill(&docs)?;
        let find = |(filter, projection): (Option<Template>, Document)| {
            let filter = on(filter.as_ref(), &docs);
            (doc! { "find": "c", "filter": filter, "projection": projection }, Order::Matters)
        };
        round.same_reads(queries.into_iter().map(find).collect())
    })
}

fn distinct_and_count(bench: &Bench, counts: &Counts) -> Result<u32, String> {
    let query = (path(), some_filter(), 0_i32..4, -3_i32..8);
    let strategy = (documents(1..40), vec(query, 1..40));
    bench.check("distinct", counts, &strategy, |round, (docs, queries)| {
        round.fill(&docs)?;
        let both = |(key, filter, skip, limit): (String, Option<Template>, i32, i32)| {
            let query = on(filter.as_ref(), &docs);
            let distinct = doc! { "distinct": "c", "key": key, "query": query.clone() };
            let count = doc! { "count": "c", "query": query, "skip": skip, "limit": limit };
            [(distinct, Order::Matters), (count, Order::Matters)]
        };
        round.same_reads(queries.into_iter().flat_map(both).collect())
    })
}
