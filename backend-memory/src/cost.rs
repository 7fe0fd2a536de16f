//! What reading costs, in elements scanned: at most a constant times the size of what is asked times the size of the
//! document, whatever the two are. Documents and requests here are built to be searched twice at every level: arrays in
//! arrays, and positions that are names of fields as well.

use odm_core::bson::{Bson, Document, bson, doc};
use odm_core::{Filter, Projection, Sort};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::expression::Environment;
use crate::filter::{Matched, Matcher};
use crate::projection::Projector;
use crate::sort::Sorter;
use crate::value::Record;
use crate::value::raw::STEPS;

/// Elements scanned for each pair of an element of the request and one of the document.
const FACTOR: u64 = 6;

/// How often the levels are repeated: anything exponential is far over the bound by then.
const MAX_LEVELS: usize = 24;

const PATHS: [&str; 9] = ["0", "0.0", "a", "a.0", "0.a", "a.0.0", "a.a", "0.0.0", "1.0"];

/// How one level of a document holds the next.
fn held(level: usize, inner: Bson) -> Bson {
    match level {
        0 => bson!([inner]),
        1 => bson!({ "0": inner }),
        2 => bson!([{ "0": inner }]),
        3 => bson!([[inner]]),
        4 => bson!({ "a": inner }),
        5 => bson!([inner, { "a": 1 }]),
        6 => bson!([{ "0": [inner] }]),
        7 => bson!([{ "a": inner }, [1]]),
        8 => bson!([{ "0": inner, "a": [2] }]),
        _ => bson!([1, [{ "a": inner }]]),
    }
}

/// How one level of a filter holds the next.
fn asked(level: usize, path: &str, inner: Document) -> Document {
    match level {
        0 => doc! { path: { "$elemMatch": inner } },
        1 => doc! { path: { "$not": { "$elemMatch": inner } } },
        2 => doc! { path: { "$all": [{ "$elemMatch": inner }] } },
        3 => doc! { "$and": [inner, { path: { "$exists": true } }] },
        4 => doc! { "$nor": [inner] },
        5 => doc! { "$or": [{ path: -1 }, inner] },
        _ => doc! { path: { "$elemMatch": inner, "$size": 1 } },
    }
}

fn document() -> impl Strategy<Value = Document> {
    (vec(0_usize..10, 1..3), 1..MAX_LEVELS).prop_map(|(levels, count)| {
        let levels = levels.iter().cycle().take(count);
        let value = levels.fold(Bson::Int32(1), |inner, level| held(*level, inner));
        doc! { "_id": 1, "a": value.clone(), "0": value }
    })
}

fn filter() -> impl Strategy<Value = Document> {
    let level = (0_usize..7, select(PATHS.as_slice()));
    (vec(level, 1..3), 1..MAX_LEVELS, select(PATHS.as_slice())).prop_map(|(levels, count, path)| {
        let levels = levels.iter().cycle().take(count);
        let innermost = doc! { path: { "$gt": 1 } };
        levels.fold(innermost, |inner, (level, path)| asked(*level, path, inner))
    })
}

fn long_path() -> impl Strategy<Value = String> {
    (vec(select(["0", "0", "a", "1"].as_slice()), 1..3), 1..MAX_LEVELS).prop_map(
        |(names, count)| names.into_iter().cycle().take(count).collect::<Vec<_>>().join("."),
    )
}

/// The elements of a value, and the names in its dotted ones.
fn size(value: &Bson) -> u64 {
    let names = |name: &str| name.split('.').count() as u64;
    1 + match value {
        Bson::Document(doc) => doc.iter().map(|(name, value)| names(name) + size(value)).sum(),
        Bson::Array(items) => items.iter().map(size).sum(),
        _ => 0,
    }
}

/// Fails if `read` scans more than the bound.
fn check(
    request: &Document,
    doc: &Document,
    read: impl FnOnce(&Record),
) -> Result<(), TestCaseError> {
    let record = Record::from_document(doc).expect("documents are not nested too deeply");
    let before = STEPS.get();
    read(&record);
    let steps = STEPS.get() - before;
    let bound = FACTOR * size(&request.clone().into()) * size(&doc.clone().into());
    prop_assert!(steps <= bound, "{steps} steps, more than {bound}: {request} of {doc}");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn filters(filter in filter(), doc in document()) {
        if let Ok(parsed) = Filter::parse(&filter)
            && let Ok(matcher) = Matcher::compile(&parsed)
        {
            check(&filter, &doc, |record| {
                matcher.matches(record);
                matcher.matched_index(record, Matched::BySorted);
            })?;
        }
    }

    #[test]
    fn long_paths(path in long_path(), doc in document()) {
        let filter = doc! { path: { "$in": [-1, -2] } };
        let matcher = Matcher::compile(&filter.clone().into()).expect("a filter on any path");
        check(&filter, &doc, |record| {
            matcher.matches(record);
        })?;
    }

    #[test]
    fn sorts(paths in vec(long_path(), 1..4), doc in document()) {
        let sort: Document = paths.into_iter().map(|path| (path, Bson::Int32(1))).collect();
        let parsed = Sort::parse(&sort).expect("a sort on any paths");
        let sorter = Sorter::compile(&parsed, None).expect("a sort on any paths").expect("an order");
        // What it refuses must cost no more.
        check(&sort, &doc, |record| drop(sorter.key(record)))?;
    }

    #[test]
    fn projections(paths in vec(long_path(), 1..4), keep in any::<bool>(), doc in document()) {
        let projection: Document =
            paths.into_iter().map(|path| (path, Bson::Boolean(keep))).collect();
        if let Ok(parsed) = Projection::parse(&projection) {
            let projector = Projector::compile(&parsed, &Filter::AlwaysTrue, &Environment::now(None)).expect("flags only");
            check(&projection, &doc, |record| drop(projector.project(record)))?;
        }
    }
}
