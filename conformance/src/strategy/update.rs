//! Updates.

use bson::{Bson, Document};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::filter::{filter, operand_filter};
use super::value::{document, path, value};
use crate::value::{dec, re};

/// One to three update operators on one or more paths, or a replacement.
pub fn update() -> impl Strategy<Value = Document> {
    prop_oneof![9 => operators(), 1 => replacement()]
}

/// A document for the place of another.
pub fn replacement() -> impl Strategy<Value = Document> {
    document()
}

fn operators() -> impl Strategy<Value = Document> {
    vec((target(), change()), 1..4).prop_map(|changes| {
        let mut update = Document::new();
        for (path, (operator, operand)) in changes {
            // When a moved `_id` is refused, among other errors, is nobody's promise.
            let path = if operator == "$rename" && path == "_id" { "c".to_owned() } else { path };
            let operands =
                update.entry(operator.to_owned()).or_insert_with(|| Document::new().into());
            if let Bson::Document(operands) = operands {
                operands.insert(path, operand);
            }
        }
        update
    })
}

/// Mostly a path; sometimes one with a positional operator, or one that the server refuses.
fn target() -> impl Strategy<Value = String> {
    prop_oneof![
        20 => path(),
        1 => select(["a.$[]", "a.$[].b", "a.$", "_id", "a.2", "a.5", "a..b", "", "a.", "$a"].as_slice())
            .prop_map(str::to_owned),
    ]
}

fn change() -> BoxedStrategy<(&'static str, Bson)> {
    let with = |name: &'static str, operand: BoxedStrategy<Bson>| {
        operand.prop_map(move |operand| (name, operand)).boxed()
    };
    prop_oneof![
        5 => with("$set", value()),
        2 => with("$unset", Just(Bson::Int32(1)).boxed()),
        3 => with("$inc", number()),
        2 => with("$mul", number()),
        2 => with("$min", value()),
        2 => with("$max", value()),
        2 => with("$rename", path().prop_map(Bson::String).boxed()),
        1 => with("$setOnInsert", value()),
        3 => with("$push", push()),
        3 => with("$addToSet", added()),
        2 => with("$pop", select(vec![Bson::Int32(1), Bson::Int32(-1), 1.0.into(), Bson::Int32(2)]).boxed()),
        3 => with("$pull", pulled()),
        2 => with("$pullAll", vec(value(), 0..3).prop_map(Bson::Array).boxed()),
        1 => with("$bit", bit()),
        1 => Just(("$unknown", Bson::Int32(1))),
    ]
    .boxed()
}

fn number() -> BoxedStrategy<Bson> {
    select(vec![
        Bson::Int32(1),
        Bson::Int32(-2),
        Bson::Int32(0),
        Bson::Int64(1),
        Bson::Int64(i64::MAX),
        0.5.into(),
        1.0.into(),
        dec("0.1"),
        dec("2"),
        f64::NAN.into(),
        Bson::Int32(i32::MAX),
        "1".into(),
        Bson::Null,
    ])
    .boxed()
}

fn push() -> BoxedStrategy<Bson> {
    let number = || proptest::option::weighted(0.3, -2_i32..4);
    let order = proptest::option::weighted(
        0.3,
        select(vec![
            Bson::Int32(1),
            Bson::Int32(-1),
            bson::bson!({ "a": 1 }),
            bson::bson!({ "b": -1, "a": 1 }),
        ]),
    );
    let each = (vec(value(), 0..3), number(), number(), order).prop_map(
        |(each, position, slice, sort)| {
            let mut push = bson::doc! { "$each": each };
            push.extend(position.map(|n| ("$position".to_owned(), n.into())));
            push.extend(slice.map(|n| ("$slice".to_owned(), n.into())));
            push.extend(sort.map(|sort| ("$sort".to_owned(), sort)));
            Bson::Document(push)
        },
    );
    prop_oneof![value(), each].boxed()
}

fn added() -> BoxedStrategy<Bson> {
    let each = vec(value(), 0..3).prop_map(|each| bson::bson!({ "$each": each }));
    prop_oneof![value(), each].boxed()
}

fn pulled() -> BoxedStrategy<Bson> {
    prop_oneof![
        3 => value(),
        2 => operand_filter(1).prop_map(Bson::Document),
        1 => filter().prop_map(Bson::Document),
        1 => Just(re("^a", "")),
    ]
    .boxed()
}

fn bit() -> BoxedStrategy<Bson> {
    let operation = select(["and", "or", "xor", "not"].as_slice());
    let operand = select(vec![Bson::Int32(1), Bson::Int64(6), Bson::Int32(-1), 1.0.into()]);
    (operation, operand)
        .prop_map(|(operation, operand)| bson::bson!({ operation: operand }))
        .boxed()
}
