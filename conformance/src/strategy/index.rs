//! Indexes.

use bson::{Bson, Document, doc};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::distinct;

/// Paths that lead to keys. None leads to a position: the server's own answers change when such a path is indexed.
const PATHS: [&str; 8] = ["a", "b", "c", "a.b", "a.c", "b.a", "a.b.c", "_id"];

/// An index on one to three fields, as `createIndexes` takes it: `{key, name}` and options.
pub fn index() -> impl Strategy<Value = Document> {
    let direction = select([1, -1].as_slice()).prop_map(Bson::Int32);
    let key = (select(PATHS.as_slice()).prop_map(str::to_owned), direction);
    (vec(key, 1..4).prop_map(distinct), proptest::bool::weighted(0.3), kind()).prop_map(
        |(mut key, unique, kind)| {
            if key.keys().eq(["_id"]) {
                // There is one already, which cannot be had otherwise.
                key.extend(doc! { "a": 1 });
            }
            let name: Vec<_> = key.iter().map(|(path, order)| format!("{path}_{order}")).collect();
            let mut index = doc! { "key": key, "name": name.join("_") };
            if unique {
                index.insert("unique", true);
            }
            index.extend(kind);
            index
        },
    )
}

/// Mostly an index of all documents; sometimes a sparse or partial one.
fn kind() -> impl Strategy<Value = Document> {
    let partial = select(vec![
        doc! { "a": { "$exists": true } },
        doc! { "a": { "$gt": 0 } },
        doc! { "b": { "$lte": 2 } },
        doc! { "a": 1, "b": { "$gte": 0 } },
        doc! { "a": { "$type": "int" } },
        doc! { "a.b": 1 },
    ]);
    prop_oneof![
        5 => Just(doc! {}),
        1 => Just(doc! { "sparse": true }),
        2 => partial.prop_map(|filter| doc! { "partialFilterExpression": filter }),
    ]
}

/// Whether MongoDB may answer otherwise if such an index is on the path.
///
/// - It loses matches: an array is not looked for below the first element of an operand of `$gt` and `$gte`, but below
///   the operand itself if that element is an array. So `{a: {$gte: [[0]]}}` finds `{a: [[0]]}` only without an index:
///   the key is `[0]`.
/// - It loses matches: what a missing field satisfies as well, but for equality with null, is looked for in sparse
///   indexes, and in partial ones of what exists: `{a: {$gte: null}}`, `{a: {$gt: MinKey}}`, `{a: {$lt: MaxKey}}`.
/// - It fails (4457011): the bounds of a comparison with a symbol cannot be inverted: `{a: {$not: {$gt: symbol}}}`.
pub fn index_misleads(indexes: &[Document], filter: &Document) -> bool {
    let lacks = |index: &Document| {
        index.contains_key("sparse") || index.contains_key("partialFilterExpression")
    };
    misleads(filter, indexes.iter().any(lacks), false)
}

/// The same, by whether an index lacks documents, and whether the filter is negated.
fn misleads(filter: &Document, lacks: bool, negated: bool) -> bool {
    filter.iter().any(|(name, operand)| {
        let negated = negated || matches!(name.as_str(), "$not" | "$nor");
        match (name.as_str(), operand) {
            ("$gt" | "$gte" | "$lt" | "$lte", Bson::Symbol(_)) => negated,
            ("$gt" | "$gte", Bson::MinKey) | ("$lt" | "$lte", Bson::MaxKey) => lacks,
            ("$gte" | "$lte", Bson::Null) => lacks,
            ("$gt" | "$gte", Bson::Array(items)) => matches!(items.first(), Some(Bson::Array(_))),
            (_, Bson::Document(inner)) => misleads(inner, lacks, negated),
            (_, Bson::Array(parts)) => parts
                .iter()
                .filter_map(Bson::as_document)
                .any(|part| misleads(part, lacks, negated)),
            _ => false,
        }
    })
}
