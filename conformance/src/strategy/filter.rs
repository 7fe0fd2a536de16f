//! Filters.

use bson::{Bson, Document, doc};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::distinct;
use super::pattern::{options, pattern};
use super::pick::{Source, Template};
use crate::value::{bin, dec, re};

/// A filter with at most three logical operators or `$elemMatch`es in one another.
pub fn filter() -> impl Strategy<Value = Document> {
    nested(Source::Strategy, 3)
}

/// The same, but asking for what is in the documents that are searched.
pub fn filter_template() -> impl Strategy<Value = Template> {
    nested(Source::Documents, 3).prop_map(Template)
}

fn nested(source: Source, depth: u32) -> BoxedStrategy<Document> {
    let field = (source.path(), condition(source, depth.min(2))).boxed();
    let fields = prop_oneof![3 => vec(field.clone(), 1), 1 => vec(field, 2)].prop_map(distinct);
    if depth == 0 {
        return fields.boxed();
    }
    let logical = (
        select(["$and", "$or", "$or", "$nor"].as_slice()),
        vec(nested(source, depth - 1), 1..4),
        proptest::option::weighted(0.3, (source.path(), condition(source, 1))),
    )
        .prop_map(|(operator, parts, beside)| {
            let mut doc: Document = beside.into_iter().collect();
            doc.insert(operator, parts);
            doc
        });
    prop_oneof![4 => fields, 1 => logical].boxed()
}

/// What is asked of one field.
fn condition(source: Source, depth: u32) -> BoxedStrategy<Bson> {
    prop_oneof![
        2 => source.value(),
        5 => operators(source, depth).prop_map(Bson::Document),
        1 => regex(),
    ]
    .boxed()
}

fn regex() -> impl Strategy<Value = Bson> {
    (pattern(), options()).prop_map(|(pattern, options)| re(&pattern, options))
}

/// Operators on one value: `{$gt: 1, $lt: 5}`, ….
pub fn operand_filter(depth: u32) -> BoxedStrategy<Document> {
    operators(Source::Strategy, depth)
}

fn operators(source: Source, depth: u32) -> BoxedStrategy<Document> {
    let operator = operator(source, depth);
    prop_oneof![3 => vec(operator.clone(), 1), 1 => vec(operator, 2)]
        .prop_map(|operators| distinct(operators.into_iter().flatten()))
        .boxed()
}

/// One operator with its operand (for `$regex`, with its options).
fn operator(source: Source, depth: u32) -> BoxedStrategy<Vec<(String, Bson)>> {
    let one = |name: &'static str, operand: BoxedStrategy<Bson>| {
        operand.prop_map(move |operand| vec![(name.to_owned(), operand)]).boxed()
    };
    let compared = |name| one(name, source.value());
    let list =
        || vec(prop_oneof![6 => source.value(), 1 => regex()], 0..4).prop_map(Bson::Array).boxed();
    let plain = prop_oneof![
        4 => compared("$eq"),
        2 => compared("$ne"),
        4 => compared("$gt"),
        4 => compared("$gte"),
        4 => compared("$lt"),
        4 => compared("$lte"),
        4 => one("$in", list()),
        2 => one("$nin", list()),
        1 => one("$all", list()),
        1 => one("$exists", exists()),
        1 => one("$type", types()),
        1 => one("$size", size()),
        1 => one("$mod", modulus()),
        1 => select(["$bitsAllSet", "$bitsAnySet", "$bitsAllClear", "$bitsAnyClear"].as_slice())
            .prop_flat_map(move |name| one(name, mask())),
        1 => regex_operator(),
        1 => malformed(),
    ];
    if depth == 0 {
        return plain.boxed();
    }
    let inner = operators(source, depth - 1).prop_map(Bson::Document);
    let fields = nested(source, depth - 1).prop_map(Bson::Document);
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

fn exists() -> BoxedStrategy<Bson> {
    let odd = select(vec![
        Bson::Int32(0),
        Bson::Double(f64::NAN),
        Bson::Null,
        "".into(),
        Bson::Undefined,
        dec("0"),
        bson::bson!([]),
    ]);
    prop_oneof![4 => any::<bool>().prop_map(Bson::Boolean), 1 => odd].boxed()
}

fn size() -> BoxedStrategy<Bson> {
    let odd = select(vec![Bson::Double(2.0), Bson::Int64(1), dec("2"), Bson::Int64(i64::MAX)]);
    prop_oneof![6 => (0_i32..4).prop_map(Bson::Int32), 1 => odd].boxed()
}

fn types() -> BoxedStrategy<Bson> {
    const NAMES: [&str; 22] = [
        "number",
        "string",
        "array",
        "object",
        "null",
        "int",
        "bool",
        "double",
        "binData",
        "undefined",
        "objectId",
        "date",
        "regex",
        "dbPointer",
        "javascript",
        "symbol",
        "javascriptWithScope",
        "timestamp",
        "long",
        "decimal",
        "minKey",
        "maxKey",
    ];
    let name = prop_oneof![
        3 => select(["number", "string", "array", "object", "null", "int", "bool"].as_slice()).prop_map(Bson::from),
        2 => select(NAMES.as_slice()).prop_map(Bson::from),
        2 => (1_i32..20).prop_map(Bson::Int32),
        1 => select(vec![Bson::Int32(-1), Bson::Int32(127), Bson::Double(4.0), Bson::Int64(2), dec("16")]),
    ];
    prop_oneof![3 => name.clone(), 1 => vec(name, 1..4).prop_map(Bson::Array)].boxed()
}

fn modulus() -> BoxedStrategy<Bson> {
    let number = || {
        select(vec![
            Bson::Int32(1),
            Bson::Int32(2),
            3.0.into(),
            Bson::Int64(-2),
            1.5.into(),
            dec("2.9"),
            Bson::Int64(i64::MAX),
            Bson::Int64(i64::MIN),
            Bson::Int32(-1),
        ])
    };
    let rest = select(vec![
        Bson::Int32(0),
        Bson::Int32(0),
        Bson::Int32(1),
        Bson::Int32(-1),
        0.5.into(),
        dec("-1.5"),
        Bson::Int64(i64::MIN),
    ]);
    (number(), rest).prop_map(|(by, rest)| bson::bson!([by, rest])).boxed()
}

fn mask() -> BoxedStrategy<Bson> {
    select(vec![
        Bson::Int32(0),
        Bson::Int32(1),
        Bson::Int64(3),
        Bson::Double(2.0),
        dec("1"),
        bson::bson!([0, 1]),
        bson::bson!([1]),
        bson::bson!([70]),
        bson::bson!([]),
        bson::bson!([0_i64, 1.0]),
        bin(0, &[1]),
        bin(0, &[]),
        bin(5, &[0, 1]),
        bin(0, &[0, 0, 0, 0, 0, 0, 0, 0, 1]),
        Bson::Int64(i64::MAX),
    ])
    .boxed()
}

/// `$regex` with a pattern or a regular expression, perhaps with `$options`, in either order.
fn regex_operator() -> BoxedStrategy<Vec<(String, Bson)>> {
    let regex = prop_oneof![3 => pattern().prop_map(Bson::String), 1 => regex()];
    (regex, proptest::option::of(options()), any::<bool>())
        .prop_map(|(regex, options, options_first)| {
            let mut operators = vec![("$regex".to_owned(), regex)];
            operators.extend(options.map(|options| ("$options".to_owned(), options.into())));
            if options_first {
                operators.reverse();
            }
            operators
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
