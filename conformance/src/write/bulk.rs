//! Bulk writes.

use bson::doc;
use odm_core::{
    Acknowledgment, BulkOp, BulkWrite, Database, DeleteStatement, OpCx, UpdateStatement, Upserted,
    WriteConcern,
};

use crate::case::{Outcome, cases};
use crate::check::{all_ids, collection, encode, expect_code, expect_eq, filled};

cases! { "write::bulk":
    writes_of_several_kinds_are_summed_up,
    an_ordered_bulk_stops_at_the_first_failure,
    an_unordered_bulk_tries_all,
    upserts_and_failures_are_told_by_position,
    a_write_concern_that_is_not_met_stops_nothing,
}

fn bulk(db: &Database, ordered: bool, ops: Vec<BulkOp>) -> BulkWrite {
    let writes = ops.into_iter().map(|op| (db.namespace("c"), op)).collect();
    BulkWrite { writes, ordered, ..BulkWrite::default() }
}

fn insert(id: i32) -> BulkOp {
    BulkOp::Insert(encode(&doc! { "_id": id }))
}

async fn writes_of_several_kinds_are_summed_up(db: Database) -> Outcome {
    let upsert = UpdateStatement {
        upsert: true,
        ..UpdateStatement::one(doc! { "_id": 9 }, doc! { "$set": { "a": 1 } })
    };
    let ops = vec![
        insert(1),
        insert(2),
        BulkOp::Update(UpdateStatement::many(doc! {}, doc! { "$set": { "a": 1 } })),
        BulkOp::Update(upsert),
        BulkOp::Delete(DeleteStatement::one(doc! { "_id": 1 })),
        insert(3),
    ];
    let done = db.execute(&db.namespace("c"), bulk(&db, true, ops), OpCx::default()).await?;
    let counts = (done.inserted, done.matched, done.modified, done.deleted);
    expect_eq("counts", &counts, &(3, 2, 2, 1))?;
    expect_eq("upserts", &done.upserted, &vec![Upserted { index: 3, id: 9.into() }])?;
    expect_eq("what is there", &all_ids(&db).await?, &vec![2.into(), 9.into(), 3.into()])
}

async fn an_ordered_bulk_stops_at_the_first_failure(db: Database) -> Outcome {
    filled(&db, &[doc! { "_id": 1 }]).await?;
    let ops = vec![insert(2), insert(1), insert(3), BulkOp::Delete(DeleteStatement::many(doc! {}))];
    let result = db.execute(&db.namespace("c"), bulk(&db, true, ops), OpCx::default()).await;
    let error = expect_code("an ordered bulk", result, 11000)?;
    let indexes: Vec<_> = error.write_errors().iter().map(|error| error.index).collect();
    expect_eq("the failed write", &indexes, &vec![1])?;
    expect_eq("what is there", &all_ids(&db).await?, &vec![1.into(), 2.into()])
}

async fn an_unordered_bulk_tries_all(db: Database) -> Outcome {
    filled(&db, &[doc! { "_id": 1 }]).await?;
    let ops = vec![
        BulkOp::Delete(DeleteStatement::one(doc! { "$unknown": 1 })),
        insert(1),
        insert(2),
        BulkOp::Delete(DeleteStatement::one(doc! { "_id": 7 })),
    ];
    let result = db.execute(&db.namespace("c"), bulk(&db, false, ops), OpCx::default()).await;
    let error = match result {
        Err(error) => error,
        Ok(done) => return Err(crate::Failure::new(format!("no failure: {done:?}"))),
    };
    let mut indexes: Vec<_> = error.write_errors().iter().map(|error| error.index).collect();
    indexes.sort_unstable();
    expect_eq("the failed writes", &indexes, &vec![0, 1])?;
    expect_eq("what was done", &error.done().map(|done| done.inserted), &Some(1))?;
    expect_eq("the rest", &collection(&db).count(doc! {}).await?, &2)
}

/// Whichever commands they became: of an unordered bulk, those of a kind go together.
async fn upserts_and_failures_are_told_by_position(db: Database) -> Outcome {
    let upsert = |id: i32| UpdateStatement {
        upsert: true,
        ..UpdateStatement::one(doc! { "_id": id }, doc! { "$inc": { "a": 1 } })
    };
    let refused = UpdateStatement::one(doc! {}, doc! { "$unknown": { "a": 1 } });
    for (ordered, failed, upserted, left) in [
        (true, vec![3], vec![1], vec![1, 10]),
        (false, vec![3, 5, 7], vec![1, 6], vec![1, 2, 3, 10, 11]),
    ] {
        collection(&db).delete_many(doc! {}).await?;
        let ops = vec![
            insert(1),
            BulkOp::Update(upsert(10)),
            BulkOp::Delete(DeleteStatement::one(doc! { "_id": 99 })),
            insert(1),
            insert(2),
            BulkOp::Update(refused.clone()),
            BulkOp::Update(upsert(11)),
            BulkOp::Delete(DeleteStatement::one(doc! { "$unknown": 1 })),
            insert(3),
        ];
        let bulk = bulk(&db, ordered, ops);
        let Err(error) = db.execute(&db.namespace("c"), bulk, OpCx::default()).await else {
            return Err(crate::Failure::new("no failure"));
        };
        let what = if ordered { "ordered" } else { "unordered" };
        let failures: Vec<_> = error.write_errors().iter().map(|error| error.index).collect();
        expect_eq(&format!("{what}: failures"), &failures, &failed)?;
        let done = error.done().cloned().unwrap_or_default();
        let mut upserts: Vec<_> = done.upserted.iter().map(|upsert| upsert.index).collect();
        upserts.sort_unstable();
        expect_eq(&format!("{what}: upserts"), &upserts, &upserted)?;
        let inserted = if ordered { 1 } else { 3 };
        expect_eq(&format!("{what}: inserted"), &done.inserted, &inserted)?;
        let mut ids: Vec<_> = all_ids(&db).await?.iter().filter_map(bson::Bson::as_i32).collect();
        ids.sort_unstable();
        expect_eq(&format!("{what}: left"), &ids, &left)?;
    }
    Ok(())
}

async fn a_write_concern_that_is_not_met_stops_nothing(db: Database) -> Outcome {
    let mode = Acknowledgment::Custom("no such mode".to_owned());
    let concern = WriteConcern { w: Some(mode), ..WriteConcern::default() };
    let cx = || OpCx { write_concern: Some(concern.clone()), ..OpCx::default() };
    let ops = vec![
        insert(1),
        BulkOp::Update(UpdateStatement::many(doc! {}, doc! { "$set": { "a": 1 } })),
        insert(2),
        BulkOp::Delete(DeleteStatement::one(doc! { "_id": 1 })),
    ];
    let result = db.execute(&db.namespace("c"), bulk(&db, true, ops), cx()).await;
    let error = expect_code("the bulk", result, 79)?;
    expect_eq("failed writes", &error.write_errors().len(), &0)?;
    let done = error.done().cloned().unwrap_or_default();
    expect_eq("done", &(done.inserted, done.modified, done.deleted), &(2, 1, 1))?;
    expect_eq("what is there", &all_ids(&db).await?, &vec![2.into()])
}
