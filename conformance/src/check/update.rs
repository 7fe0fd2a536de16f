//! Checks of what is changed.

use bson::{Bson, Document, doc};
use odm_core::{Collection, Database, Error, UpdateBatch, UpdateOutcome, UpdateStatement};

use super::{collection, encode, expect_docs, expect_eq, note, show};
use crate::case::{Failure, Outcome};

/// What an update does to the document.
#[derive(Debug, Clone)]
pub(crate) enum Effect {
    /// This comes of it, and it counts as modified. Without `_id`.
    Becomes(Document),
    /// It matches, but nothing is modified.
    Stays,
    /// The update is refused with this code, and the document stays.
    Refuses(i32),
}

/// What each update does to its own document (given without `_id`).
pub(crate) async fn check_updates(db: &Database, rows: &[(Document, Document, Effect)]) -> Outcome {
    let collection = collection(db);
    let mut failures = Vec::new();
    for (id, (before, update, effect)) in rows.iter().enumerate() {
        let row = check_update(&collection, id as i64, before, update, effect).await;
        note(&mut failures, row);
    }
    Failure::unless_empty(&failures)
}

async fn check_update(
    collection: &Collection,
    id: i64,
    before: &Document,
    update: &Document,
    effect: &Effect,
) -> Outcome {
    let what = format!("update {} with {}", show(before), show(update));
    let with_id = |doc: &Document| {
        let mut all = doc! { "_id": id };
        all.extend(doc.clone());
        all
    };
    collection.insert_raw(vec![encode(&with_id(before))]).await?;
    let result = collection.update_one(doc! { "_id": id }, update.clone()).await;
    check_result(&what, result, effect)?;
    let after = collection.find_one(doc! { "_id": id }).await?;
    let expected = match effect {
        Effect::Becomes(doc) => doc,
        Effect::Stays | Effect::Refuses(_) => before,
    };
    expect_docs(&what, &Vec::from_iter(after), &[with_id(expected)])
}

fn check_result(what: &str, result: Result<UpdateOutcome, Error>, effect: &Effect) -> Outcome {
    let modified = match effect {
        Effect::Becomes(_) => 1,
        Effect::Stays => 0,
        Effect::Refuses(code) => return super::expect_code(what, result, *code).map(drop),
    };
    let outcome = result.map_err(|error| Failure::new(format!("{what}\n  {error}")))?;
    let expected = UpdateOutcome { matched: 1, modified, upserted: Vec::new() };
    expect_eq(what, &outcome, &expected)
}

/// What an upsert with each filter and update inserts (expected whole; an `_id` that the server makes is
/// [`Bson::Undefined`]), or the code that refuses it.
pub(crate) async fn check_upserts(
    db: &Database,
    rows: &[(Document, Document, Result<Document, i32>)],
) -> Outcome {
    let mut failures = Vec::new();
    for (number, (filter, update, expected)) in rows.iter().enumerate() {
        let collection = db.collection(format!("upsert{number}"));
        note(&mut failures, check_upsert(&collection, filter, update, expected).await);
    }
    Failure::unless_empty(&failures)
}

async fn check_upsert(
    collection: &Collection,
    filter: &Document,
    update: &Document,
    expected: &Result<Document, i32>,
) -> Outcome {
    let what = format!("upsert where {} with {}", show(filter), show(update));
    let statement =
        UpdateStatement { upsert: true, ..UpdateStatement::one(filter.clone(), update.clone()) };
    let result = collection.execute(UpdateBatch::new(vec![statement])).await;
    let after = super::trees(&collection.find(doc! {}).await?.collect().await?)?;
    let expected = match expected {
        Ok(doc) => doc,
        Err(code) => {
            super::expect_code(&what, result, *code)?;
            return expect_docs(&what, &after, &[]);
        }
    };
    let outcome = result.map_err(|error| Failure::new(format!("{what}\n  {error}")))?;
    let [after] = after.as_slice() else {
        return Err(Failure::new(format!("{what}\n  left {} documents", after.len())));
    };
    let id = after.get("_id").cloned().unwrap_or(Bson::Undefined);
    let ids: Vec<_> = outcome.upserted.iter().map(|upserted| upserted.id.clone()).collect();
    expect_eq(&what, &(outcome.matched, outcome.modified, ids), &(0, 0, vec![id.clone()]))?;
    let mut expected = expected.clone();
    if expected.get("_id") == Some(&Bson::Undefined) && matches!(id, Bson::ObjectId(_)) {
        expected.insert("_id", id);
    }
    expect_docs(&what, std::slice::from_ref(after), &[expected])
}
