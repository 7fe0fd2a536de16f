//! Filters.

use bson::{Bson, Document, doc};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::distinct;
use super::value::{path, value};
use crate::value::re;

/// A filter with at most three logical operators or `$elemMatch`es in one another.
pub fn filter() -> impl Strategy<Value = Document> {
    nested(3)
}

fn nested(depth: u32) -> BoxedStrategy<Document> {
    let field = (path(), condition(depth.min(2)));
    let fields = vec(field, 1..3).prop_map(distinct);
    if depth == 0 {
        return fields.boxed();
    }
    let logical = (
        select(["$and", "$or", "$nor"].as_slice()),
        vec(nested(depth - 1), 1..3),
        proptest::option::weighted(0.3, (path(), condition(1))),
    )
        .prop_map(|(operator, parts, beside)| {
            let mut doc: Document = beside.into_iter().collect();
            doc.insert(operator, parts);
            doc
        });
    prop_oneof![4 => fields, 1 => logical].boxed()
}

/// What is asked of one field.
fn condition(depth: u32) -> BoxedStrategy<Bson> {
    prop_oneof![
        2 => value(),
        5 => operand_filter(depth).prop_map(Bson::Document),
        1 => regex(),
    ]
    .boxed()
}

fn regex() -> impl Strategy<Value = Bson> {
    (
        select(["a", "^a", "b$", "", "^.$", "A", "^ab", "a|b"].as_slice()),
        select(["", "i"].as_slice()),
    )
        .prop_map(|(pattern, options)| re(pattern, options))
}

/// Operators on one value: `{$gt: 1, $lt: 5}`, ….
pub fn operand_filter(depth: u32) -> BoxedStrategy<Document> {
    vec(operator(depth), 1..3)
        .prop_map(|operators| distinct(operators.into_iter().flatten()))
        .boxed()
}

/// One operator with its operand (for `$regex`, with its options).
fn operator(depth: u32) -> BoxedStrategy<Vec<(String, Bson)>> {
    let one = |name: &'static str, operand: BoxedStrategy<Bson>| {
        operand.prop_map(move |operand| vec![(name.to_owned(), operand)]).boxed()
    };
    let compared = |name| one(name, value());
    let list = || vec(prop_oneof![6 => value(), 1 => regex()], 0..4).prop_map(Bson::Array).boxed();
    let plain = prop_oneof![
        2 => compared("$eq"),
        2 => compared("$ne"),
        2 => compared("$gt"),
        2 => compared("$gte"),
        2 => compared("$lt"),
        2 => compared("$lte"),
        2 => one("$in", list()),
        2 => one("$nin", list()),
        1 => one("$all", list()),
        1 => one("$exists", any::<bool>().prop_map(Bson::Boolean).boxed()),
        1 => one("$type", types()),
        1 => one("$size", (0_i32..4).prop_map(Bson::Int32).boxed()),
        1 => one("$mod", modulus()),
        1 => select(["$bitsAllSet", "$bitsAnySet", "$bitsAllClear", "$bitsAnyClear"].as_slice())
            .prop_flat_map(move |name| one(name, mask())),
        1 => pattern(),
        1 => malformed(),
    ];
    if depth == 0 {
        return plain.boxed();
    }
    let inner = operand_filter(depth - 1).prop_map(Bson::Document);
    let fields = nested(depth - 1).prop_map(Bson::Document);
    let negated = prop_oneof![4 => inner.clone(), 1 => regex()].boxed();
    let matched = prop_oneof![inner, fields];
    let all = vec(matched.clone().prop_map(|inner| bson::bson!({ "$elemMatch": inner })), 1..3);
    prop_oneof![
        20 => plain,
        3 => one("$not", negated),
        4 => one("$elemMatch", matched.boxed()),
        1 => one("$all", all.prop_map(Bson::Array).boxed()),
    ]
    .boxed()
}

fn types() -> BoxedStrategy<Bson> {
    let name = select(vec![
        Bson::from("number"),
        "string".into(),
        "array".into(),
        "object".into(),
        "null".into(),
        "int".into(),
        "bool".into(),
        1.into(),
        18.into(),
        19.into(),
        10.into(),
        (-1).into(),
        127.into(),
    ]);
    prop_oneof![3 => name.clone(), 1 => vec(name, 1..3).prop_map(Bson::Array)].boxed()
}

fn modulus() -> BoxedStrategy<Bson> {
    let number =
        || select(vec![Bson::Int32(1), Bson::Int32(2), 3.0.into(), Bson::Int64(-2), 1.5.into()]);
    let rest = select(vec![Bson::Int32(0), Bson::Int32(1), Bson::Int32(-1), 0.5.into()]);
    (number(), rest).prop_map(|(by, rest)| bson::bson!([by, rest])).boxed()
}

fn mask() -> BoxedStrategy<Bson> {
    select(vec![
        Bson::Int32(0),
        Bson::Int32(1),
        Bson::Int64(3),
        bson::bson!([0, 1]),
        bson::bson!([70]),
    ])
    .boxed()
}

fn pattern() -> BoxedStrategy<Vec<(String, Bson)>> {
    let options = proptest::option::of(select(["i", "", "m", "s"].as_slice()));
    (select(["a", "^a", "b$", ".", "^A", "[ab]+"].as_slice()), options)
        .prop_map(|(pattern, options)| {
            let regex = [("$regex".to_owned(), Bson::from(pattern))];
            regex
                .into_iter()
                .chain(options.map(|options| ("$options".to_owned(), options.into())))
                .collect()
        })
        .boxed()
}

/// What the server refuses. No bad pattern: when those are found among other errors is nobody's promise.
fn malformed() -> BoxedStrategy<Vec<(String, Bson)>> {
    select(vec![
        doc! { "$in": 1 },
        doc! { "$size": -1 },
        doc! { "$size": "a" },
        doc! { "$mod": [0, 1] },
        doc! { "$type": "unknown" },
        doc! { "$unknown": 1 },
        doc! { "$elemMatch": 1 },
        doc! { "$not": 1 },
        doc! { "$options": "i" },
        doc! { "$all": 1 },
    ])
    .prop_map(|doc| doc.into_iter().collect())
    .boxed()
}
