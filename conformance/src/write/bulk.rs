//! Bulk writes.

use bson::doc;
use odm_core::{BulkOp, BulkWrite, Database, DeleteStatement, OpCx, UpdateStatement, Upserted};

use crate::case::{Outcome, cases};
use crate::check::{all_ids, collection, encode, expect_code, expect_eq, filled};

cases! { "write::bulk":
    writes_of_several_kinds_are_summed_up,
    an_ordered_bulk_stops_at_the_first_failure,
    an_unordered_bulk_tries_all,
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
