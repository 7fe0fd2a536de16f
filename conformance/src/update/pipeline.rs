//! Updates by pipeline.

use bson::doc;
use odm_core::{Database, Pipeline, UpdateBatch, UpdateStatement};

use crate::case::{Outcome, cases};
use crate::check::{Refused, check_commands, expect_docs, filled};

cases! { "update::pipeline":
    stages_see_the_document needs(aggregation),
    other_stages_are_refused needs(aggregation),
}

async fn stages_see_the_document(db: Database) -> Outcome {
    let collection = filled(&db, &[doc! { "_id": 1, "a": 2, "b": 3 }]).await?;
    let pipeline = Pipeline::parse(&[
        bson::bson!({ "$set": { "c": { "$add": ["$a", "$b"] } } }),
        bson::bson!({ "$unset": "b" }),
    ])?;
    let statement = UpdateStatement::one(doc! { "_id": 1 }, pipeline);
    collection.execute(UpdateBatch::new(vec![statement])).await?;
    let found = collection.find_one(doc! {}).await?;
    expect_docs("the document", &Vec::from_iter(found), &[doc! { "_id": 1, "a": 2, "c": 5 }])
}

async fn other_stages_are_refused(db: Database) -> Outcome {
    filled(&db, &[doc! { "_id": 1, "a": 2 }]).await?;
    let update =
        |stage: bson::Document| doc! { "update": "c", "updates": [{ "q": {}, "u": [stage] }] };
    check_commands(
        &db,
        &[
            (update(doc! { "$match": { "a": 2 } }), Refused(72)),
            (update(doc! { "$sort": { "a": 1 } }), Refused(72)),
            (update(doc! { "$set": { "_id": 2 } }), Refused(66)),
            (update(doc! { "$unknown": {} }), Refused(40324)),
        ],
    )
    .await
}
