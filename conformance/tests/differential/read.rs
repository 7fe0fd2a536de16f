//! What is found: filters, sorts, projections, counts, distinct values.

use bson::{Document, doc};
use conformance::strategy::{documents, filter, path, projection, sort};
use proptest::collection::vec;
use proptest::option::weighted;
use proptest::strategy::Strategy;

use crate::property::{Bench, Property};
use crate::round::Counts;

pub(crate) const PROPERTIES: &[Property] = &[
    Property { name: "filter", test: filters },
    Property { name: "sort", test: sorts },
    Property { name: "projection", test: projections },
    Property { name: "distinct", test: distinct_and_count },
];

/// A filter, or often none.
fn some_filter() -> impl Strategy<Value = Document> {
    weighted(0.4, filter()).prop_map(Option::unwrap_or_default)
}

fn filters(bench: &Bench, counts: &Counts) -> Result<u32, String> {
    let strategy = (documents(1..20), vec(filter(), 1..30));
    bench.check("filter", counts, &strategy, |round, (docs, filters)| {
        round.fill(&docs)?;
        for filter in filters {
            round.same(doc! { "find": "c", "filter": filter })?;
        }
        Ok(())
    })
}

fn sorts(bench: &Bench, counts: &Counts) -> Result<u32, String> {
    let query = (some_filter(), sort(), 0_i32..4, 0_i32..8);
    let strategy = (documents(1..20), vec(query, 1..15));
    bench.check("sort", counts, &strategy, |round, (docs, queries)| {
        round.fill(&docs)?;
        for (filter, sort, skip, limit) in queries {
            round.same(doc! {
                "find": "c", "filter": filter, "sort": sort, "skip": skip, "limit": limit,
            })?;
        }
        Ok(())
    })
}

fn projections(bench: &Bench, counts: &Counts) -> Result<u32, String> {
    let strategy = (documents(1..12), vec((some_filter(), projection()), 1..20));
    bench.check("projection", counts, &strategy, |round, (docs, queries)| {
        round.fill(&docs)?;
        for (filter, projection) in queries {
            round.same(doc! { "find": "c", "filter": filter, "projection": projection })?;
        }
        Ok(())
    })
}

fn distinct_and_count(bench: &Bench, counts: &Counts) -> Result<u32, String> {
    let query = (path(), some_filter(), 0_i32..4, -3_i32..8);
    let strategy = (documents(1..20), vec(query, 1..15));
    bench.check("distinct", counts, &strategy, |round, (docs, queries)| {
        round.fill(&docs)?;
        for (key, filter, skip, limit) in queries {
            round.same(doc! { "distinct": "c", "key": key, "query": filter.clone() })?;
            round.same(doc! { "count": "c", "query": filter, "skip": skip, "limit": limit })?;
        }
        Ok(())
    })
}
