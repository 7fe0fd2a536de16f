//! The positional operators: `$`, `$[]`, `$[identifier]`.

use bson::{Bson, Document, doc};
use odm_core::{Database, Find, Projection, UpdateBatch, UpdateStatement};

use crate::case::{Failure, Outcome, cases};
use crate::check::{expect_code, expect_docs, expect_eq, filled, show, trees};

cases! { "update::positional":
    the_first_match needs(positional_updates),
    all_elements needs(positional_updates),
    filtered_elements needs(positional_updates),
    the_last_condition_decides needs(positional_updates, projection_operators),
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

/// Of several conditions on arrays, the last one that MongoDB evaluates decides what `$` stands for. In a projection that
/// is the last as written, what is in an `$and` or `$all` after the rest; in an update it sorts them by operator first.
async fn the_last_condition_decides(db: Database) -> Outcome {
    let rows = [
        (doc! { "a": { "$lte": 0, "$gte": 5 } }, 5, 5_i32),
        (doc! { "a": { "$gte": 5, "$lte": 0 } }, 0, 5),
        (doc! { "a": { "$lt": 1, "$gt": 4 } }, 5, 5),
        (doc! { "a": { "$gt": 4, "$lt": 1 } }, 0, 5),
        (doc! { "a": { "$lt": 1, "$eq": 3 } }, 3, 0),
        (doc! { "a": { "$mod": [4, 3], "$gt": 4 } }, 5, 3),
        (doc! { "a": { "$type": "int", "$gt": 3 } }, 4, 0),
        (doc! { "a": { "$gt": 3, "$type": "int" } }, 0, 0),
        (doc! { "a": { "$exists": true, "$gt": 3 } }, 4, 0),
        (doc! { "a": { "$gt": 3, "$bitsAllSet": 1 } }, 1, 1),
        (doc! { "a": { "$bitsAllSet": 1, "$gt": 3 } }, 4, 1),
        (doc! { "a": { "$gt": 3, "$size": 6 } }, 4, 4),
        (doc! { "a": { "$lt": 1, "$not": { "$gt": 9 } } }, 0, 0),
        (doc! { "a": { "$gt": 3, "$nin": [9] } }, 4, 4),
        (doc! { "a": { "$lt": 1, "$elemMatch": { "$gt": 3 } } }, 4, 0),
        (doc! { "a": { "$in": [3, 2], "$gt": 4 } }, 5, 2),
        (doc! { "a": { "$gt": 4, "$in": [3] } }, 3, 5),
        (doc! { "a": { "$all": [1, 2], "$gt": 4 } }, 2, 5),
        (doc! { "a": { "$all": [2, 1] } }, 1, 1),
        (doc! { "$and": [{ "a": 1 }], "a": 2 }, 2, 2),
        (doc! { "a": 2, "$and": [{ "a": 1 }] }, 1, 1),
        (doc! { "$and": [{ "a": 1 }, { "a": 5 }], "a": 2 }, 5, 5),
        (doc! { "$and": [{ "a": { "$gt": 3, "$lt": 1 } }, { "a": 2 }] }, 0, 4),
        (doc! { "$and": [{ "$and": [{ "a": 2 }, { "$and": [{ "a": 5 }] }] }, { "a": 3 }] }, 5, 5),
        (doc! { "$or": [{ "a": 1 }], "a": 4 }, 4, 4),
        (doc! { "$or": [{ "a": 2 }, { "a": 1 }], "a": 4 }, 4, 1),
        (doc! { "$or": [{ "$and": [{ "a": 1 }, { "a": 3 }] }], "a": 2 }, 3, 3),
        (doc! { "$nor": [{ "a": 9 }], "a": 3 }, 3, 3),
        (doc! { "a": 3, "a.0": 0 }, 3, 3),
        (doc! { "b": { "$lte": [0] }, "b.x": 2, "a": 1 }, 1, 0),
        (doc! { "b.x": 2, "a": 1, "b": { "$lte": [0] } }, 0, 0),
    ];
    for (number, (conditions, projected, updated)) in (0_i32..).zip(rows) {
        let what = show(&conditions);
        let before = doc! {
            "_id": number,
            "a": [0, 1, 2, 3, 4, 5],
            "b": [[], { "x": 1 }, { "x": 2 }],
        };
        let collection = filled(&db, &[before]).await?;
        let mut filter = doc! { "_id": number };
        filter.extend(conditions);
        let projection = Some(Projection::from(doc! { "a.$": 1 }));
        let find = Find { filter: filter.clone().into(), projection, ..Find::default() };
        let found = trees(&collection.execute(find).await?.collect().await?)?;
        expect_docs(&what, &found, &[doc! { "_id": number, "a": [projected] }])?;
        collection.update_one(filter, doc! { "$set": { "a.$": "here" } }).await?;
        let after = collection.find_one(doc! { "_id": number }).await?.unwrap_or_default();
        let is_changed = |item: &Bson| item.as_str() == Some("here");
        let position = after.get_array("a").ok().and_then(|a| a.iter().position(is_changed));
        expect_eq(&what, &position, &usize::try_from(updated).ok())?;
    }
    Ok(())
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
