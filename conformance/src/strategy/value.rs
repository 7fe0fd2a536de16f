//! Values and documents.

use bson::{Bson, Document};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::distinct;
use crate::value::{bin, date, dec, js, js_scope, oid, re, ts};

/// The names of fields.
const NAMES: [&str; 4] = ["a", "b", "c", "0"];

/// The paths of queries.
const PATHS: [&str; 14] =
    ["a", "b", "c", "a", "b", "a.b", "a.c", "b.a", "a.a", "a.0", "b.0", "a.b.c", "a.0.b", "a.1"];

/// The path of a field, of an element, of a field of elements.
pub fn path() -> impl Strategy<Value = String> {
    select(PATHS.as_slice()).prop_map(str::to_owned)
}

/// One value of every type, from the least to the greatest in the server's order of types.
pub fn one_of_each_type() -> Vec<Bson> {
    crate::value::one_of_each_type()
}

thread_local! {
    // Made once: a filter has hundreds of places for a value.
    static VALUE: BoxedStrategy<Bson> = nested(3);
    static SCALAR: BoxedStrategy<Bson> = scalar().boxed();
}

/// A value of any type.
pub fn value() -> BoxedStrategy<Bson> {
    VALUE.with(BoxedStrategy::clone)
}

/// A value with at most `depth` arrays and documents in one another.
fn nested(depth: u32) -> BoxedStrategy<Bson> {
    let scalar = SCALAR.with(BoxedStrategy::clone);
    if depth == 0 {
        return scalar;
    }
    prop_oneof![
        6 => scalar,
        2 => vec(nested(depth - 1), 0..4).prop_map(Bson::Array),
        2 => fields(depth - 1).prop_map(Bson::Document),
    ]
    .boxed()
}

fn fields(depth: u32) -> impl Strategy<Value = Document> {
    let field = (select(NAMES.as_slice()).prop_map(str::to_owned), nested(depth));
    vec(field, 0..4).prop_map(distinct)
}

fn scalar() -> impl Strategy<Value = Bson> {
    prop_oneof![
        4 => number(),
        2 => select(["", "a", "b", "ab", "A", "1", "é"].as_slice()).prop_map(Bson::from),
        1 => awkward(),
        1 => Just(Bson::Null),
        1 => any::<bool>().prop_map(Bson::Boolean),
        1 => select(vec![date(0), date(1), ts(0, 1), ts(1, 0), oid(0), oid(1)]),
        1 => select(vec![
            bin(0, &[]), bin(0, &[1]), bin(5, &[1]), bin(0, &[0, 1]), js("a"), re("a", ""), re("^a", "i"),
            Bson::MinKey, Bson::MaxKey, Bson::Symbol("a".to_owned()), Bson::Undefined, js_scope("a", bson::doc! { "a": 1 }),
        ]),
    ]
}

/// What is at the edge of its type, or of a type that nobody uses any more.
fn awkward() -> impl Strategy<Value = Bson> {
    select(vec![
        date(-1),
        date(i64::MIN),
        date(i64::MAX),
        // `Timestamp(0, 0)` is the clock, on insertion.
        ts(u32::MAX, u32::MAX),
        bin(2, &[1, 2]),
        bin(0, &[255]),
        bin(0, &[1, 0, 0, 0, 0, 0, 0, 0, 0]),
        bin(128, b"ab"),
        oid(255),
        db_pointer(),
        js(""),
        js_scope("", bson::doc! {}),
        re("a", "im"),
        re("", ""),
        Bson::Symbol(String::new()),
        Bson::from("a\nb"),
        Bson::from("a\0b"),
        Bson::from("\u{1F600}"),
        Bson::from("É"),
        Bson::from("10"),
        Bson::from("b a"),
        Bson::from("Ab"),
    ])
}

/// `DBPointer`, which the crate reads but does not make.
fn db_pointer() -> Bson {
    let mut bytes = vec![28, 0, 0, 0, 0x0C, b'p', 0, 2, 0, 0, 0, b'c', 0];
    bytes.extend([7; 12]);
    bytes.extend([0, 0]);
    bytes[0] = u8::try_from(bytes.len()).unwrap_or_default();
    let doc = bson::deserialize_from_slice::<Document>(&bytes).unwrap_or_default();
    doc.get("p").cloned().unwrap_or(Bson::Undefined)
}

/// Few numbers, each in every type that can hold it, and the odd ones.
fn number() -> impl Strategy<Value = Bson> {
    let small = (-1_i32..4).prop_flat_map(|n| {
        select(vec![
            Bson::Int32(n),
            Bson::Int32(n),
            Bson::Int64(n.into()),
            Bson::Double(n.into()),
            dec(&n.to_string()),
            dec(&format!("{n}.0")),
        ])
    });
    let odd = select(vec![
        Bson::Double(1.5),
        dec("1.5"),
        Bson::Double(-0.0),
        dec("-0"),
        Bson::Double(f64::NAN),
        dec("NaN"),
        Bson::Double(f64::INFINITY),
        dec("-Infinity"),
        Bson::Double(0.1),
        dec("0.1"),
        Bson::Int32(i32::MAX),
        Bson::Int64(i64::MAX),
        Bson::Int64((1 << 53) + 1),
        Bson::Double(9_007_199_254_740_992.0),
        dec("1E+30"),
        Bson::Double(1e30),
        Bson::Double(f64::MIN_POSITIVE / 2.0),
        Bson::Double(f64::MAX),
        Bson::Double(-1.5),
        Bson::Int32(i32::MIN),
        Bson::Int64(i64::MIN),
        Bson::Int64(i64::MAX - 1),
        Bson::Double(9_223_372_036_854_775_808.0),
        Bson::Int64(1 << 53),
        dec("9007199254740993"),
        dec("9223372036854775807"),
        dec("1E-6176"),
        dec("9.999999999999999999999999999999999E+6144"),
        dec("0E+6111"),
        dec("1.50"),
        dec("-NaN"),
        dec("Infinity"),
        Bson::Double(f64::NEG_INFINITY),
    ]);
    prop_oneof![4 => small, 1 => odd]
}

/// A document without `_id`.
pub fn document() -> impl Strategy<Value = Document> {
    fields(3)
}

/// So many documents, with `_id`s from 0.
pub fn documents(count: std::ops::Range<usize>) -> impl Strategy<Value = Vec<Document>> {
    vec(document(), count).prop_map(|docs| {
        (0_i32..)
            .zip(docs)
            .map(|(id, fields)| {
                let mut doc = bson::doc! { "_id": id };
                doc.extend(fields);
                doc
            })
            .collect()
    })
}
