//! `$jsonSchema`.

use bson::doc;
use odm_core::Database;

use crate::case::{Outcome, cases};
use crate::check::{check_filters, check_refused_filters};
use crate::value::dec;

cases! { "filter::json_schema":
    types needs(json_schema),
    numbers needs(json_schema),
    strings needs(json_schema),
    arrays needs(json_schema),
    objects needs(json_schema),
    whole_documents needs(json_schema),
    logic needs(json_schema),
    enums needs(json_schema),
    names_with_dots needs(json_schema),
    paths_that_end_with_a_dot needs(json_schema),
    beside_other_conditions needs(json_schema),
    encrypted needs(json_schema),
    malformed_keywords needs(json_schema),
}

/// Each type by its name; a field that is not there passes.
async fn types(db: Database) -> Outcome {
    let docs = [
        doc! { "_id": 1, "a": 1 },
        doc! { "_id": 2, "a": 1_i64 },
        doc! { "_id": 3, "a": 1.0 },
        doc! { "_id": 4, "a": dec("1") },
        doc! { "_id": 5, "a": "x" },
        doc! { "_id": 6, "a": {} },
        doc! { "_id": 7, "a": [] },
        doc! { "_id": 8, "a": true },
        doc! { "_id": 9, "a": null },
        doc! { "_id": 10, "b": 1 },
    ];
    check_filters(&db, &docs, &[
        (doc! { "$jsonSchema": { "properties": { "a": { "bsonType": "int" } } } }, &[1, 10]),
        (doc! { "$jsonSchema": { "properties": { "a": { "bsonType": "long" } } } }, &[2, 10]),
        (doc! { "$jsonSchema": { "properties": { "a": { "bsonType": "double" } } } }, &[3, 10]),
        (doc! { "$jsonSchema": { "properties": { "a": { "bsonType": "decimal" } } } }, &[4, 10]),
        (doc! { "$jsonSchema": { "properties": { "a": { "bsonType": "number" } } } }, &[1, 2, 3, 4, 10]),
        (doc! { "$jsonSchema": { "properties": { "a": { "bsonType": "string" } } } }, &[5, 10]),
        (doc! { "$jsonSchema": { "properties": { "a": { "bsonType": "object" } } } }, &[6, 10]),
        (doc! { "$jsonSchema": { "properties": { "a": { "bsonType": "array" } } } }, &[7, 10]),
        (doc! { "$jsonSchema": { "properties": { "a": { "bsonType": "bool" } } } }, &[8, 10]),
        (doc! { "$jsonSchema": { "properties": { "a": { "bsonType": "null" } } } }, &[9, 10]),
        (doc! { "$jsonSchema": { "properties": { "a": { "type": "number" } } } }, &[1, 2, 3, 4, 10]),
        (doc! { "$jsonSchema": { "properties": { "a": { "type": "string" } } } }, &[5, 10]),
        (doc! { "$jsonSchema": { "properties": { "a": { "type": "object" } } } }, &[6, 10]),
        (doc! { "$jsonSchema": { "properties": { "a": { "type": "array" } } } }, &[7, 10]),
        (doc! { "$jsonSchema": { "properties": { "a": { "type": "boolean" } } } }, &[8, 10]),
        (doc! { "$jsonSchema": { "properties": { "a": { "type": "null" } } } }, &[9, 10]),
        (doc! { "$jsonSchema": { "properties": { "a": { "bsonType": ["int", "string"] } } } }, &[1, 5, 10]),
        (doc! { "$jsonSchema": { "properties": { "a": { "type": ["null", "number"] } } } }, &[1, 2, 3, 4, 9, 10]),
        (doc! { "$jsonSchema": { "type": "object" } }, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]),
        (doc! { "$jsonSchema": { "bsonType": "int" } }, &[]),
        (doc! { "$jsonSchema": { "type": ["string", "object"] } }, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]),
    ]).await
}

/// Of numbers, and of nothing else; in decimal arithmetic.
async fn numbers(db: Database) -> Outcome {
    let docs = [
        doc! { "_id": 1, "a": 1 },
        doc! { "_id": 2, "a": 2.0 },
        doc! { "_id": 3, "a": dec("2.50") },
        doc! { "_id": 4, "a": 6_i64 },
        doc! { "_id": 5, "a": 0.3 },
        doc! { "_id": 6, "a": f64::NAN },
        doc! { "_id": 7, "a": "2" },
        doc! { "_id": 8, "a": [1, 9] },
        doc! { "_id": 9, "a": null },
        doc! { "_id": 10, "b": 1 },
        doc! { "_id": 11, "a": 0 },
    ];
    check_filters(&db, &docs, &[
        (doc! { "$jsonSchema": { "properties": { "a": { "minimum": 2 } } } }, &[2, 3, 4, 7, 8, 9, 10]),
        (doc! { "$jsonSchema": { "properties": { "a": { "minimum": 2, "exclusiveMinimum": true } } } }, &[3, 4, 7, 8, 9, 10]),
        (doc! { "$jsonSchema": { "properties": { "a": { "maximum": 2.5 } } } }, &[1, 2, 3, 5, 7, 8, 9, 10, 11]),
        (doc! { "$jsonSchema": { "properties": { "a": { "maximum": 2.5, "exclusiveMaximum": true } } } }, &[1, 2, 5, 7, 8, 9, 10, 11]),
        (doc! { "$jsonSchema": { "properties": { "a": { "minimum": 1, "maximum": 2 } } } }, &[1, 2, 7, 8, 9, 10]),
        (doc! { "$jsonSchema": { "properties": { "a": { "minimum": f64::NAN } } } }, &[6, 7, 8, 9, 10]),
        (doc! { "$jsonSchema": { "properties": { "a": { "multipleOf": 2 } } } }, &[2, 4, 7, 8, 9, 10, 11]),
        (doc! { "$jsonSchema": { "properties": { "a": { "multipleOf": 0.1 } } } }, &[1, 2, 3, 4, 5, 7, 8, 9, 10, 11]),
        (doc! { "$jsonSchema": { "properties": { "a": { "multipleOf": dec("0.5") } } } }, &[1, 2, 3, 4, 7, 8, 9, 10, 11]),
        (doc! { "$jsonSchema": { "properties": { "a": { "type": "number", "minimum": 2 } } } }, &[2, 3, 4, 10]),
        (doc! { "$jsonSchema": { "properties": { "a": { "bsonType": ["int", "string"], "minimum": 2 } } } }, &[7, 10]),
        (doc! { "$jsonSchema": { "minimum": 5 } }, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]),
    ]).await
}

/// Lengths are in code points.
async fn strings(db: Database) -> Outcome {
    let docs = [
        doc! { "_id": 1, "a": "" },
        doc! { "_id": 2, "a": "ab" },
        doc! { "_id": 3, "a": "日本語" },
        doc! { "_id": 4, "a": "😀" },
        doc! { "_id": 5, "a": "A" },
        doc! { "_id": 6, "a": ["a"] },
        doc! { "_id": 7, "a": 3 },
        doc! { "_id": 8, "b": 1 },
    ];
    check_filters(&db, &docs, &[
        (doc! { "$jsonSchema": { "properties": { "a": { "minLength": 1 } } } }, &[2, 3, 4, 5, 6, 7, 8]),
        (doc! { "$jsonSchema": { "properties": { "a": { "maxLength": 1 } } } }, &[1, 4, 5, 6, 7, 8]),
        (doc! { "$jsonSchema": { "properties": { "a": { "minLength": 2, "maxLength": 3 } } } }, &[2, 3, 6, 7, 8]),
        (doc! { "$jsonSchema": { "properties": { "a": { "pattern": "^a" } } } }, &[2, 6, 7, 8]),
        (doc! { "$jsonSchema": { "properties": { "a": { "pattern": "" } } } }, &[1, 2, 3, 4, 5, 6, 7, 8]),
        (doc! { "$jsonSchema": { "properties": { "a": { "pattern": "^.$" } } } }, &[4, 5, 6, 7, 8]),
        (doc! { "$jsonSchema": { "properties": { "a": { "pattern": "(?i)a" } } } }, &[2, 5, 6, 7, 8]),
        (doc! { "$jsonSchema": { "properties": { "a": { "type": "string", "pattern": "b" } } } }, &[2, 8]),
        (doc! { "$jsonSchema": { "properties": { "a": { "maxLength": 10000000000.0 } } } }, &[1, 2, 3, 4, 5, 6, 7, 8]),
    ]).await
}

/// Of arrays as a whole: no element stands for its array.
async fn arrays(db: Database) -> Outcome {
    let docs = [
        doc! { "_id": 1, "a": [] },
        doc! { "_id": 2, "a": [1] },
        doc! { "_id": 3, "a": [1, "x"] },
        doc! { "_id": 4, "a": ["x", 1, 2] },
        doc! { "_id": 5, "a": [[1], [1.0]] },
        doc! { "_id": 6, "a": [{ "x": 1, "y": 2 }, { "y": 2, "x": 1 }] },
        doc! { "_id": 7, "a": [null, null] },
        doc! { "_id": 8, "a": 1 },
        doc! { "_id": 9, "a": "x" },
        doc! { "_id": 10, "b": 1 },
    ];
    check_filters(&db, &docs, &[
        (doc! { "$jsonSchema": { "properties": { "a": { "type": "number" } } } }, &[8, 10]),
        (doc! { "$jsonSchema": { "properties": { "a": { "minItems": 1 } } } }, &[2, 3, 4, 5, 6, 7, 8, 9, 10]),
        (doc! { "$jsonSchema": { "properties": { "a": { "maxItems": 1 } } } }, &[1, 2, 8, 9, 10]),
        (doc! { "$jsonSchema": { "properties": { "a": { "uniqueItems": true } } } }, &[1, 2, 3, 4, 8, 9, 10]),
        (doc! { "$jsonSchema": { "properties": { "a": { "uniqueItems": false } } } }, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]),
        (doc! { "$jsonSchema": { "properties": { "a": { "items": { "type": "number" } } } } }, &[1, 2, 8, 9, 10]),
        (doc! { "$jsonSchema": { "properties": { "a": { "items": { "minItems": 1 } } } } }, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]),
        (doc! { "$jsonSchema": { "properties": { "a": { "items": [{ "type": "number" }] } } } }, &[1, 2, 3, 8, 9, 10]),
        (doc! { "$jsonSchema": { "properties": { "a": { "items": [{}, { "type": "string" }] } } } }, &[1, 2, 3, 8, 9, 10]),
        (doc! { "$jsonSchema": { "properties": { "a": { "items": [{ "type": "number" }], "additionalItems": false } } } }, &[1, 2, 8, 9, 10]),
        (doc! { "$jsonSchema": { "properties": { "a": { "items": [{}], "additionalItems": { "type": "number" } } } } }, &[1, 2, 4, 8, 9, 10]),
        (doc! { "$jsonSchema": { "properties": { "a": { "items": [{}], "additionalItems": true } } } }, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]),
        (doc! { "$jsonSchema": { "properties": { "a": { "items": { "type": "number" }, "additionalItems": false } } } }, &[1, 2, 8, 9, 10]),
        (doc! { "$jsonSchema": { "properties": { "a": { "items": [], "additionalItems": false } } } }, &[1, 8, 9, 10]),
        (doc! { "$jsonSchema": { "properties": { "a": { "type": "array", "items": { "type": "string" } } } } }, &[1, 10]),
    ]).await
}

/// Of sub-documents.
async fn objects(db: Database) -> Outcome {
    let docs = [
        doc! { "_id": 1, "a": {} },
        doc! { "_id": 2, "a": { "x": 1 } },
        doc! { "_id": 3, "a": { "x": 1, "y": "s" } },
        doc! { "_id": 4, "a": { "y": "s" } },
        doc! { "_id": 5, "a": { "x": "s", "xx": 2 } },
        doc! { "_id": 6, "a": [{ "x": 1 }] },
        doc! { "_id": 7, "a": 1 },
        doc! { "_id": 8, "b": 1 },
    ];
    check_filters(&db, &docs, &[
        (doc! { "$jsonSchema": { "properties": { "a": { "required": ["x"] } } } }, &[2, 3, 5, 6, 7, 8]),
        (doc! { "$jsonSchema": { "properties": { "a": { "required": ["x", "y"] } } } }, &[3, 6, 7, 8]),
        (doc! { "$jsonSchema": { "properties": { "a": { "minProperties": 1 } } } }, &[2, 3, 4, 5, 6, 7, 8]),
        (doc! { "$jsonSchema": { "properties": { "a": { "maxProperties": 1 } } } }, &[1, 2, 4, 6, 7, 8]),
        (doc! { "$jsonSchema": { "properties": { "a": { "properties": { "x": { "type": "number" } } } } } }, &[1, 2, 3, 4, 6, 7, 8]),
        (doc! { "$jsonSchema": { "properties": { "a": { "properties": { "x": {} }, "additionalProperties": false } } } }, &[1, 2, 6, 7, 8]),
        (doc! { "$jsonSchema": { "properties": { "a": { "properties": { "x": {} }, "additionalProperties": { "type": "string" } } } } }, &[1, 2, 3, 4, 6, 7, 8]),
        (doc! { "$jsonSchema": { "properties": { "a": { "additionalProperties": false } } } }, &[1, 6, 7, 8]),
        (doc! { "$jsonSchema": { "properties": { "a": { "additionalProperties": { "type": "number" } } } } }, &[1, 2, 6, 7, 8]),
        (doc! { "$jsonSchema": { "properties": { "a": { "patternProperties": { "^x": { "type": "number" } } } } } }, &[1, 2, 3, 4, 6, 7, 8]),
        (doc! { "$jsonSchema": { "properties": { "a": { "patternProperties": { "^x": { "type": "number" } }, "additionalProperties": false } } } }, &[1, 2, 6, 7, 8]),
        (doc! { "$jsonSchema": { "properties": { "a": { "properties": { "y": {} }, "patternProperties": { "^x$": {} }, "additionalProperties": false } } } }, &[1, 2, 3, 4, 6, 7, 8]),
        (doc! { "$jsonSchema": { "properties": { "a": { "dependencies": { "x": ["y"] } } } } }, &[1, 3, 4, 6, 7, 8]),
        (doc! { "$jsonSchema": { "properties": { "a": { "dependencies": { "x": { "properties": { "y": { "type": "number" } } } } } } } }, &[1, 2, 4, 5, 6, 7, 8]),
        (doc! { "$jsonSchema": { "properties": { "a": { "type": "object", "required": ["x"], "properties": { "x": { "type": "number" } } } } } }, &[2, 3, 8]),
    ]).await
}

/// The outermost schema is for the document, `_id` and all.
async fn whole_documents(db: Database) -> Outcome {
    let docs = [
        doc! { "_id": 1 },
        doc! { "_id": 2, "a": 1 },
        doc! { "_id": 3, "a": "x", "b": 1 },
        doc! { "_id": 4, "b": 1, "c": 2 },
    ];
    check_filters(&db, &docs, &[
        (doc! { "$jsonSchema": { "required": ["a"] } }, &[2, 3]),
        (doc! { "$jsonSchema": { "required": ["_id", "b"] } }, &[3, 4]),
        (doc! { "$jsonSchema": { "minProperties": 2 } }, &[2, 3, 4]),
        (doc! { "$jsonSchema": { "maxProperties": 2 } }, &[1, 2]),
        (doc! { "$jsonSchema": { "properties": { "_id": {}, "a": {} }, "additionalProperties": false } }, &[1, 2]),
        (doc! { "$jsonSchema": { "additionalProperties": false } }, &[]),
        (doc! { "$jsonSchema": { "additionalProperties": { "type": "number" } } }, &[1, 2, 4]),
        (doc! { "$jsonSchema": { "patternProperties": { "[ab]": { "type": "number" } } } }, &[1, 2, 4]),
        (doc! { "$jsonSchema": { "dependencies": { "a": ["b"] } } }, &[1, 3, 4]),
        (doc! { "$jsonSchema": { "dependencies": { "b": { "required": ["c"] } } } }, &[1, 2, 4]),
        (doc! { "$jsonSchema": { "enum": [{ "a": 1.0, "_id": 2 }] } }, &[2]),
        (doc! { "$jsonSchema": { "enum": [1] } }, &[]),
        (doc! { "$jsonSchema": { "pattern": "(", "minLength": 3, "items": { "type": "null" } } }, &[1, 2, 3, 4]),
        (doc! { "$jsonSchema": { "title": "t", "description": "d" } }, &[1, 2, 3, 4]),
        (doc! { "$jsonSchema": {} }, &[1, 2, 3, 4]),
    ]).await
}

/// Schemas of schemas.
async fn logic(db: Database) -> Outcome {
    let docs = [
        doc! { "_id": 1, "a": 1 },
        doc! { "_id": 2, "a": 5 },
        doc! { "_id": 3, "a": "x" },
        doc! { "_id": 4, "a": [] },
        doc! { "_id": 5, "b": 1 },
    ];
    check_filters(&db, &docs, &[
        (doc! { "$jsonSchema": { "properties": { "a": { "allOf": [{ "minimum": 2 }, { "type": "number" }] } } } }, &[2, 5]),
        (doc! { "$jsonSchema": { "properties": { "a": { "anyOf": [{ "type": "string" }, { "minimum": 5 }] } } } }, &[2, 3, 4, 5]),
        (doc! { "$jsonSchema": { "properties": { "a": { "anyOf": [{ "type": "string" }, { "type": "number", "minimum": 5 }] } } } }, &[2, 3, 5]),
        (doc! { "$jsonSchema": { "properties": { "a": { "oneOf": [{ "type": "number" }, { "minimum": 2 }] } } } }, &[1, 3, 4, 5]),
        (doc! { "$jsonSchema": { "properties": { "a": { "oneOf": [{}, {}] } } } }, &[5]),
        (doc! { "$jsonSchema": { "properties": { "a": { "not": { "type": "number" } } } } }, &[3, 4, 5]),
        (doc! { "$jsonSchema": { "properties": { "a": { "not": {} } } } }, &[5]),
        (doc! { "$jsonSchema": { "properties": { "a": { "not": { "minimum": 2 } } } } }, &[1, 5]),
        (doc! { "$jsonSchema": { "properties": { "a": { "not": { "not": { "type": "array" } } } } } }, &[4, 5]),
        (doc! { "$jsonSchema": { "not": { "required": ["a"] } } }, &[5]),
        (doc! { "$jsonSchema": { "oneOf": [{ "required": ["a"] }, { "required": ["b"] }] } }, &[1, 2, 3, 4, 5]),
        (doc! { "$jsonSchema": { "anyOf": [{ "properties": { "a": { "type": "string" } }, "required": ["a"] }, { "required": ["b"] }] } }, &[3, 5]),
        (doc! { "$jsonSchema": { "allOf": [{ "required": ["a"] }, { "properties": { "a": { "type": "number" } } }] } }, &[1, 2]),
    ]).await
}

/// Numbers are equal by value, documents in any order of their fields, arrays as a whole.
async fn enums(db: Database) -> Outcome {
    let docs = [
        doc! { "_id": 1, "a": 1 },
        doc! { "_id": 2, "a": 1.0 },
        doc! { "_id": 3, "a": "x" },
        doc! { "_id": 4, "a": null },
        doc! { "_id": 5, "a": [1] },
        doc! { "_id": 6, "a": { "x": 1, "y": [{ "p": 1, "q": 2 }] } },
        doc! { "_id": 7, "a": { "y": [{ "q": 2.0, "p": 1 }], "x": dec("1") } },
        doc! { "_id": 8, "b": 1 },
    ];
    check_filters(&db, &docs, &[
        (doc! { "$jsonSchema": { "properties": { "a": { "enum": [1] } } } }, &[1, 2, 8]),
        (doc! { "$jsonSchema": { "properties": { "a": { "enum": [dec("1.0"), "x"] } } } }, &[1, 2, 3, 8]),
        (doc! { "$jsonSchema": { "properties": { "a": { "enum": [null] } } } }, &[4, 8]),
        (doc! { "$jsonSchema": { "properties": { "a": { "enum": [[1]] } } } }, &[5, 8]),
        (doc! { "$jsonSchema": { "properties": { "a": { "enum": [[]] } } } }, &[8]),
        (doc! { "$jsonSchema": { "properties": { "a": { "enum": [{ "x": 1, "y": [{ "q": 2, "p": 1 }] }] } } } }, &[6, 7, 8]),
    ]).await
}

/// A dotted name is a path, which may lead to several values of which one must fit; but not to `additionalProperties`.
async fn names_with_dots(db: Database) -> Outcome {
    let docs = [
        doc! { "_id": 1, "a": { "b": 1 } },
        doc! { "_id": 2, "a": { "b": "x" } },
        doc! { "_id": 3, "a": [{ "b": 1 }, { "b": "x" }] },
        doc! { "_id": 4, "a": [{ "b": "x" }] },
        doc! { "_id": 5, "a": [1] },
        doc! { "_id": 6, "a": { "b": [1] } },
        doc! { "_id": 7, "a": { "0": 1 } },
    ];
    check_filters(&db, &docs, &[
        (doc! { "$jsonSchema": { "properties": { "a.b": { "type": "number" } } } }, &[1, 3, 5, 7]),
        (doc! { "$jsonSchema": { "properties": { "a.b": { "type": "string" } } } }, &[2, 3, 4, 5, 7]),
        (doc! { "$jsonSchema": { "properties": { "a.b": { "type": "array" } } } }, &[5, 6, 7]),
        (doc! { "$jsonSchema": { "properties": { "a.b": { "minimum": 2 } } } }, &[2, 4, 5, 6, 7]),
        (doc! { "$jsonSchema": { "properties": { "a.b": { "not": { "type": "number" } } } } }, &[2, 4, 5, 6, 7]),
        (doc! { "$jsonSchema": { "required": ["a.b"] } }, &[1, 2, 3, 4, 6]),
        (doc! { "$jsonSchema": { "required": ["a.0"] } }, &[3, 4, 5, 7]),
        (doc! { "$jsonSchema": { "properties": { "a.0": { "type": "number" } } } }, &[1, 2, 5, 6, 7]),
        (doc! { "$jsonSchema": { "dependencies": { "a.b": ["c"] } } }, &[5, 7]),
        (doc! { "$jsonSchema": { "properties": { "_id": {}, "a.b": {} }, "additionalProperties": false } }, &[]),
    ]).await
}

/// The array before the dot is the end of the path.
async fn paths_that_end_with_a_dot(db: Database) -> Outcome {
    let docs = [
        doc! { "_id": 1, "a": [1] },
        doc! { "_id": 2, "a": [1, 2] },
        doc! { "_id": 3, "a": [{ "": [1, 2] }] },
        doc! { "_id": 4, "a": { "": [1, 2] } },
        doc! { "_id": 5, "a": [{ "": 3 }, { "": 4 }] },
        doc! { "_id": 6, "a": [[1, 2]] },
        doc! { "_id": 7, "a": { "b": [1, 2] } },
    ];
    check_filters(
        &db,
        &docs,
        &[
            (doc! { "a.": { "$size": 2 } }, &[2, 4, 5]),
            (doc! { "a.": { "$exists": true } }, &[1, 2, 3, 4, 5, 6]),
            (doc! { "a.": { "$type": "array" } }, &[1, 2, 3, 4, 5, 6]),
            (doc! { "a.": 1 }, &[1, 2, 4]),
            (doc! { "a..": { "$size": 2 } }, &[3, 4]),
            (doc! { "a.b.": { "$size": 2 } }, &[7]),
            (doc! { "$jsonSchema": { "properties": { "a.": { "type": "number" } } } }, &[7]),
        ],
    )
    .await
}

async fn beside_other_conditions(db: Database) -> Outcome {
    let docs = [
        doc! { "_id": 1, "a": 1, "l": [{ "x": 1 }, { "y": 1 }] },
        doc! { "_id": 2, "a": "x", "l": [[1, 2], { "x": 2 }] },
        doc! { "_id": 3, "b": 1, "l": [] },
    ];
    check_filters(&db, &docs, &[
        (doc! { "$jsonSchema": { "required": ["a"] }, "a": { "$type": "number" } }, &[1]),
        (doc! { "$nor": [{ "$jsonSchema": { "required": ["a"] } }] }, &[3]),
        (doc! { "$or": [{ "$jsonSchema": { "required": ["b"] } }, { "a": 1 }] }, &[1, 3]),
        (doc! { "$and": [{ "$jsonSchema": { "required": ["a"] } }, { "$jsonSchema": { "properties": { "a": { "type": "string" } } } }] }, &[2]),
        (doc! { "l": { "$elemMatch": { "$jsonSchema": { "required": ["y"] } } } }, &[1]),
        (doc! { "l": { "$elemMatch": { "$jsonSchema": { "required": ["0"] } } } }, &[2]),
        (doc! { "l": { "$elemMatch": { "$jsonSchema": { "type": "array" } } } }, &[]),
        (doc! { "l": { "$elemMatch": { "$jsonSchema": { "properties": { "a": {} } } } } }, &[1, 2]),
    ]).await
}

/// Without encryption, `encrypt` still tells what is stored.
async fn encrypted(db: Database) -> Outcome {
    let docs = [doc! { "_id": 1, "a": 1 }, doc! { "_id": 2, "b": 1 }];
    check_filters(&db, &docs, &[
        (doc! { "$jsonSchema": { "properties": { "a": { "encrypt": {} } } } }, &[2]),
        (doc! { "$jsonSchema": { "properties": { "a": { "encrypt": { "keyId": "/k", "algorithm": "AEAD_AES_256_CBC_HMAC_SHA_512-Random" } } } } }, &[2]),
        (doc! { "$jsonSchema": { "encrypt": {} } }, &[]),
        (doc! { "$jsonSchema": { "encryptMetadata": { "keyId": "/k" } } }, &[1, 2]),
    ]).await
}

/// What no schema may hold.
async fn malformed_keywords(db: Database) -> Outcome {
    check_refused_filters(&db, &[
        (doc! { "$jsonSchema": 1 }, 14),
        (doc! { "$jsonSchema": { "unknown": 1 } }, 9),
        (doc! { "$jsonSchema": { "$ref": "#" } }, 9),
        (doc! { "$jsonSchema": { "default": 1 } }, 9),
        (doc! { "$jsonSchema": { "format": "date" } }, 9),
        (doc! { "$jsonSchema": { "id": "x" } }, 9),
        (doc! { "$jsonSchema": { "type": "integer" } }, 9),
        (doc! { "$jsonSchema": { "type": "int" } }, 2),
        (doc! { "$jsonSchema": { "bsonType": "boolean" } }, 2),
        (doc! { "$jsonSchema": { "bsonType": 1 } }, 14),
        (doc! { "$jsonSchema": { "bsonType": [] } }, 9),
        (doc! { "$jsonSchema": { "type": ["string", "string"] } }, 9),
        (doc! { "$jsonSchema": { "type": "string", "bsonType": "string" } }, 9),
        (doc! { "$jsonSchema": { "title": 1 } }, 14),
        (doc! { "$jsonSchema": { "required": [] } }, 9),
        (doc! { "$jsonSchema": { "required": ["a", "a"] } }, 9),
        (doc! { "$jsonSchema": { "required": "a" } }, 14),
        (doc! { "$jsonSchema": { "properties": 1 } }, 14),
        (doc! { "$jsonSchema": { "properties": { "a": 1 } } }, 14),
        (doc! { "$jsonSchema": { "properties": { "a": { "unknown": 1 } } } }, 9),
        (doc! { "$jsonSchema": { "minLength": -1 } }, 9),
        (doc! { "$jsonSchema": { "maxItems": 1.5 } }, 9),
        (doc! { "$jsonSchema": { "properties": { "a": { "multipleOf": 0 } } } }, 9),
        (doc! { "$jsonSchema": { "properties": { "a": { "multipleOf": f64::NAN } } } }, 2),
        (doc! { "$jsonSchema": { "properties": { "a": { "minimum": "1" } } } }, 14),
        (doc! { "$jsonSchema": { "properties": { "a": { "exclusiveMinimum": true } } } }, 9),
        (doc! { "$jsonSchema": { "properties": { "a": { "minimum": 1, "exclusiveMinimum": 1 } } } }, 14),
        (doc! { "$jsonSchema": { "properties": { "a": { "pattern": "(" } } } }, 51091),
        (doc! { "$jsonSchema": { "patternProperties": { "(": {} } } }, 2),
        (doc! { "$jsonSchema": { "additionalProperties": 1 } }, 14),
        (doc! { "$jsonSchema": { "items": 1 } }, 14),
        (doc! { "$jsonSchema": { "items": [1] } }, 14),
        (doc! { "$jsonSchema": { "uniqueItems": 1 } }, 14),
        (doc! { "$jsonSchema": { "dependencies": { "a": [] } } }, 9),
        (doc! { "$jsonSchema": { "dependencies": { "a": 1 } } }, 14),
        (doc! { "$jsonSchema": { "allOf": [] } }, 2),
        (doc! { "$jsonSchema": { "anyOf": [1] } }, 14),
        (doc! { "$jsonSchema": { "oneOf": {} } }, 14),
        (doc! { "$jsonSchema": { "not": [] } }, 14),
        (doc! { "$jsonSchema": { "enum": [] } }, 9),
        (doc! { "$jsonSchema": { "properties": { "a": { "enum": [1, 1.0] } } } }, 9),
        (doc! { "$jsonSchema": { "properties": { "a": { "enum": [{ "a": 1, "b": 2 }, { "b": 2, "a": 1 }] } } } }, 9),
        (doc! { "$jsonSchema": { "encrypt": 1 } }, 14),
        (doc! { "$jsonSchema": { "encrypt": { "x": 1 } } }, 40415),
        (doc! { "$jsonSchema": { "encryptMetadata": {} } }, 9),
        (doc! { "$jsonSchema": { "encrypt": { "keyId": "x" } } }, 51065),
        (doc! { "a": { "$jsonSchema": {} } }, 2),
        (doc! { "a": { "$not": { "$jsonSchema": {} } } }, 2),
    ]).await
}
