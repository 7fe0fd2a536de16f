//! Projections and sorts.

use bson::{Bson, Document, doc};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::distinct;
use super::filter::operand_filter;
use super::value::path;

/// Inclusions or exclusions, sometimes mixed (which is refused), sometimes with `$slice` or `$elemMatch`.
pub fn projection() -> impl Strategy<Value = Document> {
    (any::<bool>(), vec((path(), item()), 1..4), proptest::option::of(any::<bool>())).prop_map(
        |(include, items, id)| {
            let items =
                items.into_iter().map(|(path, item)| (path, item.unwrap_or(include.into())));
            let id = id.map(|id| ("_id".to_owned(), Bson::Boolean(id)));
            distinct(items.chain(id))
        },
    )
}

/// `None` for what the projection mostly does.
fn item() -> BoxedStrategy<Option<Bson>> {
    let flag = select(vec![Bson::Int32(1), Bson::Int32(0), true.into(), 0.0.into()]);
    let slice = select(vec![
        Bson::Int32(1),
        Bson::Int32(-1),
        Bson::Int32(0),
        bson::bson!([1, 1]),
        bson::bson!([-2, 1]),
    ]);
    prop_oneof![
        20 => Just(None),
        1 => flag.prop_map(Some),
        1 => slice.prop_map(|slice| Some(bson::bson!({ "$slice": slice }))),
        1 => operand_filter(0).prop_map(|filter| Some(bson::bson!({ "$elemMatch": filter }))),
    ]
    .boxed()
}

/// A sort that leaves no ties: `_id` is its last key.
pub fn sort() -> impl Strategy<Value = Document> {
    let key = (path(), select([1, -1].as_slice()).prop_map(Bson::Int32));
    (vec(key, 1..4), select([1, -1].as_slice())).prop_map(|(keys, last)| {
        let mut sort = distinct(keys);
        sort.extend(doc! { "_id": last });
        sort
    })
}
