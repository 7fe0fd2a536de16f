//! The positional operators: `$`, `$[]`, `$[identifier]`.

use bson::{Document, doc};
use odm_core::{Database, UpdateBatch, UpdateStatement};

use crate::case::{Failure, Outcome, cases};
use crate::check::{expect_code, expect_docs, filled, show};

cases! { "update::positional":
    the_first_match needs(positional_updates),
    all_elements needs(positional_updates),
    filtered_elements needs(positional_updates),
}

/// A document, a filter, an update, its array filters, and what comes of it.
type Row = (Document, Document, Document, Vec<Document>, Result<Document, i32>);

async fn check(db: &Database, rows: Vec<Row>) -> Outcome {
    let mut failures = Vec::new();
    for (number, (before, filter, update, array_filters, expected)) in rows.into_iter().enumerate()
    {
        let what = format!("{} where {} with {}", show(&before), show(&filter), show(&update));
        let collection = db.collection(format!("c{number}"));
        let mut doc = doc! { "_id": 1 };
        doc.extend(before.clone());
        collection.insert_one(&doc).await?;
        let statement = UpdateStatement { array_filters, ..UpdateStatement::one(filter, update) };
        let result = collection.execute(UpdateBatch::new(vec![statement])).await;
        let mut after = collection.find_one(doc! {}).await?.unwrap_or_default();
        after.remove("_id");
        let outcome = match expected {
            Ok(expected) => result
                .map_err(|error| Failure::new(format!("{what}\n  {error}")))
                .and_then(|_| expect_docs(&what, &[after], &[expected])),
            Err(code) => expect_code(&what, result, code)
                .and_then(|_| expect_docs(&what, &[after], &[before])),
        };
        if let Err(failure) = outcome {
            failures.push(failure.to_string());
        }
    }
    Failure::unless_empty(&failures)
}

async fn the_first_match(db: Database) -> Outcome {
    filled(&db, &[]).await?;
    let set = |path: &str| doc! { "$set": { path: 9 } };
    check(
        &db,
        vec![
            (
                doc! { "a": [1, 5, 5] },
                doc! { "a": 5 },
                set("a.$"),
                vec![],
                Ok(doc! { "a": [1, 9, 5] }),
            ),
            (
                doc! { "a": [{ "x": 1 }, { "x": 2 }] },
                doc! { "a.x": { "$gt": 1 } },
                set("a.$.x"),
                vec![],
                Ok(doc! { "a": [{ "x": 1 }, { "x": 9 }] }),
            ),
            (
                doc! { "a": [{ "x": 1, "y": 1 }, { "x": 1, "y": 2 }] },
                doc! { "a": { "$elemMatch": { "x": 1, "y": 2 } } },
                set("a.$.x"),
                vec![],
                Ok(doc! { "a": [{ "x": 1, "y": 1 }, { "x": 9, "y": 2 }] }),
            ),
            (
                doc! { "a": [1, 2] },
                doc! { "a": 2 },
                doc! { "$unset": { "a.$": 1 } },
                vec![],
                Ok(doc! { "a": [1, null] }),
            ),
            (doc! { "a": [1, 2] }, doc! { "_id": 1 }, set("a.$"), vec![], Err(2)),
            (doc! { "a": [1, 2] }, doc! { "a": { "$ne": 7 } }, set("a.$"), vec![], Err(2)),
            (doc! { "a": [[1]] }, doc! { "a": [1] }, set("a.$.$"), vec![], Err(2)),
        ],
    )
    .await
}

async fn all_elements(db: Database) -> Outcome {
    let all = doc! {};
    check(
        &db,
        vec![
            (
                doc! { "a": [1, 2] },
                all.clone(),
                doc! { "$inc": { "a.$[]": 1 } },
                vec![],
                Ok(doc! { "a": [2, 3] }),
            ),
            (
                doc! { "a": [{ "b": [1, 2] }, { "b": [3] }] },
                all.clone(),
                doc! { "$mul": { "a.$[].b.$[]": 2 } },
                vec![],
                Ok(doc! { "a": [{ "b": [2, 4] }, { "b": [6] }] }),
            ),
            (
                doc! { "a": [] },
                all.clone(),
                doc! { "$inc": { "a.$[]": 1 } },
                vec![],
                Ok(doc! { "a": [] }),
            ),
            (doc! { "a": 1 }, all.clone(), doc! { "$inc": { "a.$[]": 1 } }, vec![], Err(2)),
            (doc! {}, all, doc! { "$inc": { "a.$[]": 1 } }, vec![], Err(2)),
        ],
    )
    .await
}

async fn filtered_elements(db: Database) -> Outcome {
    let all = doc! {};
    let set = doc! { "$set": { "a.$[e]": 0 } };
    check(
        &db,
        vec![
            (
                doc! { "a": [1, 5, 9] },
                all.clone(),
                set.clone(),
                vec![doc! { "e": { "$gte": 5 } }],
                Ok(doc! { "a": [1, 0, 0] }),
            ),
            (
                doc! { "a": [{ "x": 1, "b": [1, 2] }, { "x": 2, "b": [1, 2] }] },
                all.clone(),
                doc! { "$inc": { "a.$[e].b.$[f]": 10 } },
                vec![doc! { "e.x": 2 }, doc! { "f": 1 }],
                Ok(doc! { "a": [{ "x": 1, "b": [1, 2] }, { "x": 2, "b": [11, 2] }] }),
            ),
            (
                doc! { "a": [1] },
                all.clone(),
                set.clone(),
                vec![doc! { "e": 7 }],
                Ok(doc! { "a": [1] }),
            ),
            (doc! { "a": [1] }, all.clone(), set.clone(), vec![], Err(2)),
            (
                doc! { "a": [1] },
                all.clone(),
                set.clone(),
                vec![doc! { "e": 1 }, doc! { "f": 1 }],
                Err(9),
            ),
            (
                doc! { "a": [1] },
                all.clone(),
                set.clone(),
                vec![doc! { "e": 1 }, doc! { "e": 2 }],
                Err(9),
            ),
            (doc! { "a": [1] }, all, set, vec![doc! { "E": 1 }], Err(2)),
        ],
    )
    .await
}
