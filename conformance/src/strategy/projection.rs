//! Projections and sorts.

use bson::{Bson, Document, doc};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::distinct;
use super::filter::operand_filter;
use super::value::path;
use crate::value::dec;

/// Inclusions or exclusions, sometimes mixed (which is refused), sometimes with `$slice` or `$elemMatch`.
pub fn projection() -> impl Strategy<Value = Document> {
    let path = || prop_oneof![30 => path(), 1 => path().prop_map(|path| format!("{path}.$"))];
    // Of paths that collide, mostly one is left.
    let collide = proptest::bool::weighted(0.1);
    let items = vec((path(), item()), 1..4);
    (any::<bool>(), items, proptest::option::of(any::<bool>()), collide).prop_map(
        |(include, mut items, id, collide)| {
            if !collide {
                let mut taken: Vec<String> = Vec::new();
                items.retain(|(path, _)| {
                    let path = path.trim_end_matches(".$");
                    let within = |inner: &str, outer: &str| {
                        inner
                            .strip_prefix(outer)
                            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
                    };
                    let free =
                        !taken.iter().any(|other| within(path, other) || within(other, path));
                    taken.push(path.to_owned());
                    free
                });
            }
            let items =
                items.into_iter().map(|(path, item)| (path, item.unwrap_or(include.into())));
            let id = id.map(|id| ("_id".to_owned(), Bson::Boolean(id)));
            distinct(items.chain(id))
        },
    )
}

/// `None` for what the projection mostly does.
fn item() -> BoxedStrategy<Option<Bson>> {
    let flag = select(vec![
        Bson::Int32(1),
        Bson::Int32(0),
        true.into(),
        0.0.into(),
        (-1_i64).into(),
        dec("0"),
        f64::NAN.into(),
        bson::bson!({}),
    ]);
    let slice = select(vec![
        Bson::Int32(1),
        Bson::Int32(-1),
        Bson::Int32(0),
        bson::bson!([1, 1]),
        bson::bson!([-2, 1]),
        bson::bson!([1, 5]),
        bson::bson!([1, 0]),
        bson::bson!([-5, 2]),
        Bson::Double(1.9),
        Bson::Int64(i64::MIN),
        dec("2"),
    ]);
    let part = (path(), any::<bool>()).prop_map(|(path, include)| {
        let flag = Bson::Boolean(include);
        match path.split_once('.') {
            Some((first, rest)) if include => bson::bson!({ first: { rest: flag } }),
            _ => bson::bson!({ path: flag }),
        }
    });
    prop_oneof![
        40 => Just(None),
        1 => part.prop_map(Some),
        1 => flag.prop_map(Some),
        1 => slice.prop_map(|slice| Some(bson::bson!({ "$slice": slice }))),
        1 => operand_filter(0).prop_map(|filter| Some(bson::bson!({ "$elemMatch": filter }))),
    ]
    .boxed()
}

/// A sort that leaves no ties: `_id` is its last key.
pub fn sort() -> impl Strategy<Value = Document> {
    (keys(), select([1, -1].as_slice())).prop_map(|(mut sort, last)| {
        sort.extend(doc! { "_id": last });
        sort
    })
}

/// The keys of a sort; documents may tie.
pub fn keys() -> impl Strategy<Value = Document> {
    let key = (path(), select([1, -1].as_slice()).prop_map(Bson::Int32));
    vec(key, 1..4).prop_map(distinct)
}
