//! Indexes.

use bson::{Bson, Document, doc};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::distinct;

/// Paths that lead to keys. None leads to a position: the server's own answers change when such a path is indexed.
const PATHS: [&str; 8] = ["a", "b", "c", "a.b", "a.c", "b.a", "a.b.c", "_id"];

/// An index on one to three fields, as `createIndexes` takes it: `{key, name, unique}`.
pub fn index() -> impl Strategy<Value = Document> {
    let direction = select([1, -1].as_slice()).prop_map(Bson::Int32);
    let key = (select(PATHS.as_slice()).prop_map(str::to_owned), direction);
    (vec(key, 1..4).prop_map(distinct), proptest::bool::weighted(0.3)).prop_map(
        |(mut key, unique)| {
            if key.keys().eq(["_id"]) {
                // There is one already, which cannot be had otherwise.
                key.extend(doc! { "a": 1 });
            }
            let name: Vec<_> = key.iter().map(|(path, order)| format!("{path}_{order}")).collect();
            let mut index = doc! { "key": key, "name": name.join("_") };
            if unique {
                index.insert("unique", true);
            }
            index
        },
    )
}
