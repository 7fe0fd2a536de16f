//! Schemas of `$jsonSchema`.

use bson::{Bson, Document, bson, doc};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::distinct;
use super::value::value;

/// A schema for documents, with at most three schemas in one another. It says little of each field,
/// so that often something fits.
pub fn json_schema() -> impl Strategy<Value = Document> {
    nested(3)
}

fn nested(depth: u32) -> BoxedStrategy<Document> {
    vec(keywords(depth), 0..3).prop_map(|keywords| distinct(keywords.into_iter().flatten())).boxed()
}

/// Names of properties: also one that is a path, one without a character, and one of arrays' elements.
fn name() -> impl Strategy<Value = String> {
    select(["a", "b", "c", "a", "b", "0", "_id", "a.b", "b.0", ""].as_slice())
        .prop_map(str::to_owned)
}

fn names() -> impl Strategy<Value = Vec<String>> {
    prop_oneof![6 => vec(name(), 1..2), 1 => vec(name(), 0..3)]
}

/// One keyword, or several that belong together.
fn keywords(depth: u32) -> BoxedStrategy<Document> {
    let plain = prop_oneof![
        4 => types(),
        2 => bounds(),
        1 => select(vec![Bson::Int32(2), 0.5.into(), Bson::Int64(3), 0.1.into()])
            .prop_map(|by| doc! { "multipleOf": by }),
        2 => lengths(),
        1 => select(["a", "^a", "b$", "", "^.$", "(?i)A"].as_slice())
            .prop_map(|pattern| doc! { "pattern": pattern }),
        1 => any::<bool>().prop_map(|unique| doc! { "uniqueItems": unique }),
        1 => names().prop_map(|names| doc! { "required": names }),
        2 => enumeration(),
        1 => malformed(),
    ];
    if depth == 0 {
        return plain.boxed();
    }
    let schema = || nested(depth - 1);
    let named = || vec((name(), schema().prop_map(Bson::Document)), 1..4).prop_map(distinct);
    let list = move || vec(nested(depth - 1), 1..3);
    let additional = move || {
        prop_oneof![
            any::<bool>().prop_map(Bson::Boolean),
            nested(depth - 1).prop_map(Bson::Document)
        ]
    };
    prop_oneof![
        6 => plain,
        5 => named().prop_map(|named| doc! { "properties": named }),
        2 => (named(), additional()).prop_map(|(named, others)| {
            doc! { "properties": named, "additionalProperties": others }
        }),
        1 => (select(["a", "^b", "[ab]", "", "0$"].as_slice()), schema(), additional())
            .prop_map(|(pattern, schema, others)| {
                doc! { "patternProperties": { pattern: schema }, "additionalProperties": others }
            }),
        1 => (name(), schema()).prop_map(|(name, schema)| doc! { "dependencies": { name: schema } }),
        1 => (name(), names()).prop_map(|(name, names)| doc! { "dependencies": { name: names } }),
        2 => schema().prop_map(|schema| doc! { "items": schema }),
        1 => (list(), additional())
            .prop_map(|(list, others)| doc! { "items": list, "additionalItems": others }),
        2 => (select(["allOf", "anyOf", "oneOf"].as_slice()), list())
            .prop_map(|(keyword, list)| doc! { keyword: list }),
        1 => schema().prop_map(|schema| doc! { "not": schema }),
    ]
    .boxed()
}

/// Distinct values: when equal ones are found among other mistakes is nobody's promise.
fn enumeration() -> impl Strategy<Value = Document> {
    (value(), any::<bool>()).prop_map(|(value, several)| {
        let mut values = vec![value];
        if several {
            values.extend([Bson::from("one more"), bson!({ "one": "more" })]);
        }
        doc! { "enum": values }
    })
}

fn types() -> impl Strategy<Value = Document> {
    const JSON: [&str; 6] = ["number", "string", "object", "array", "boolean", "null"];
    const BSON: [&str; 9] =
        ["int", "long", "double", "decimal", "number", "string", "object", "array", "bool"];
    let one = prop_oneof![
        select(JSON.as_slice()).prop_map(|ty| doc! { "type": ty }),
        select(BSON.as_slice()).prop_map(|ty| doc! { "bsonType": ty }),
    ];
    let several = vec(select(BSON.as_slice()), 1..4).prop_map(|types| doc! { "bsonType": types });
    prop_oneof![2 => one, 1 => several]
}

fn bounds() -> impl Strategy<Value = Document> {
    let bound = select(vec![
        Bson::Int32(0),
        Bson::Int32(1),
        Bson::Double(1.5),
        Bson::Int64(2),
        Bson::Double(f64::NAN),
        Bson::Double(-0.0),
    ]);
    let exclusive = proptest::option::of(any::<bool>());
    (any::<bool>(), bound, exclusive).prop_map(|(upper, bound, exclusive)| {
        let (keyword, how) =
            if upper { ("maximum", "exclusiveMaximum") } else { ("minimum", "exclusiveMinimum") };
        let mut doc = doc! { keyword: bound };
        doc.extend(exclusive.map(|exclusive| (how.to_owned(), Bson::Boolean(exclusive))));
        doc
    })
}

fn lengths() -> impl Strategy<Value = Document> {
    const KEYWORDS: [&str; 6] =
        ["minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"];
    (select(KEYWORDS.as_slice()), 0_i32..4).prop_map(|(keyword, n)| doc! { keyword: n })
}

/// What the server refuses. No bad pattern, as in filters.
fn malformed() -> impl Strategy<Value = Document> {
    prop_oneof![
        30 => Just(doc! { "title": "t", "description": "d" }),
        1 => select(vec![
            doc! { "type": "integer" },
            doc! { "bsonType": "unknown" },
            doc! { "unknown": 1 },
            doc! { "minItems": -1 },
            doc! { "required": [] },
            doc! { "allOf": [] },
            doc! { "items": 1 },
            doc! { "enum": bson!([1]), "not": 1 },
            doc! { "title": 1 },
        ]),
    ]
}
