//! Validators: what they refuse, and what is told about it.

use bson::{Bson, Document, doc};
use conformance::strategy::{documents, filter, json_schema, update};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::property::{Bench, Property};
use crate::round::Counts;

pub(crate) const PROPERTIES: &[Property] = &[Property { name: "validator", test: validators }];

fn validator() -> impl Strategy<Value = Document> {
    prop_oneof![
        filter(),
        json_schema().prop_map(|schema| doc! { "$jsonSchema": schema }),
        (json_schema(), filter()).prop_map(|(schema, beside)| {
            doc! { "$or": [{ "$jsonSchema": schema }, { "$nor": [beside] }] }
        }),
    ]
}

fn validators(bench: &Bench, counts: &Counts) -> Result<u32, String> {
    let level = select(["strict", "moderate", "strict", "off"].as_slice());
    let settings = (validator(), level, any::<bool>());
    let strategy = (documents(1..10), vec((settings, update()), 1..6), documents(1..10));
    bench.check("validator", counts, &strategy, |round, (docs, changes, more)| {
        round.reset()?;
        round.same(doc! { "create": "c" })?;
        round.same(doc! { "insert": "c", "documents": &docs })?;
        for ((validator, level, replaces), update) in changes {
            let change = doc! { "collMod": "c", "validator": validator, "validationLevel": level };
            round.same(change)?;
            let inserted: Vec<Document> = more.iter().map(renamed).collect();
            round.same(doc! { "insert": "c", "documents": inserted, "ordered": false })?;
            let statement = if replaces {
                doc! { "q": { "_id": 0 }, "u": { "a": 1, "b": [1, "x"] } }
            } else {
                doc! { "q": {}, "u": update, "multi": true }
            };
            round.same(doc! { "update": "c", "updates": [statement] })?;
            round.same(doc! { "find": "c" })?;
            round.same(doc! { "delete": "c", "deletes": [{ "q": { "_id": { "$gte": 100 } }, "limit": 0 }] })?;
        }
        Ok(())
    })
}

/// The document with another `_id`.
fn renamed(doc: &Document) -> Document {
    let mut doc = doc.clone();
    let id = doc.get_i32("_id").unwrap_or_default();
    doc.insert("_id", Bson::Int32(id + 100));
    doc
}
