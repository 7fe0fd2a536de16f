//! Options of a pipeline as a whole, and what it runs on.

use std::time::Duration;

use bson::{Document as Doc, doc};
use odm_core::aggregation::{
    Merge, WhenMatched, WhenNotMatched, by, count, documents, sum, variable,
};
use odm_core::{Collation, Database, Document, Embedded, Hint, Pipeline};
use serde::{Deserialize, Serialize};

use super::{Order, Status, orders, shop};
use crate::case::{Outcome, cases};
use crate::check::{expect_code, expect_docs, expect_eq, trees};

cases! { "typed::aggregate::options":
    strings_compare_by_a_collation needs(aggregation, collation),
    indexes_are_hinted needs(aggregation),
    variables_of_the_command needs(aggregation),
    options_without_a_result_of_their_own needs(aggregation),
    scopes_switch_the_collection needs(aggregation),
    results_are_put_into_a_collection needs(aggregation),
    results_are_merged_into_a_collection needs(aggregation),
}

async fn strings_compare_by_a_collation(db: Database) -> Outcome {
    shop(&db).await?;
    let cities =
        || Order::aggregate().match_(|o| o.city().eq("OSLO")).group(|o| by(o.city()), |_| count());
    let strength = |strength| Collation { strength: Some(strength), ..Collation::locale("en") };
    let found = cities().collation(strength(2)).all(&db).await?;
    expect_eq("whatever the case", &found, &vec![("Oslo".to_owned(), 3)])?;
    expect_eq("by bytes", &cities().all(&db).await?, &vec![])?;
    let of_query = Order::find().collation(strength(1)).aggregate_one(|_| count(), &db).await?;
    expect_eq("of the query", &of_query, &6)
}

async fn indexes_are_hinted(db: Database) -> Outcome {
    shop(&db).await?;
    Order::ensure_indexes(&db).await?;
    let rome = || Order::aggregate().match_(|o| o.city().eq("Rome")).count_documents();
    expect_eq("by name", &rome().hint("city_1").all(&db).await?, &vec![2])?;
    expect_eq("by keys", &rome().hint(Hint::from(doc! { "city": 1 })).all(&db).await?, &vec![2])?;
    expect_code("no such index", rome().hint("nothing").all(&db).await, 2)?;
    Ok(())
}

async fn variables_of_the_command(db: Database) -> Outcome {
    shop(&db).await?;
    let found = Order::aggregate()
        .let_vars(doc! { "city": "Rome", "least": { "$add": [1, 1] } })
        .match_expr(|o| {
            o.city().expr().eq(variable::<_, String>("city"))
                & o.total().expr().gt(variable::<_, i32>("least"))
        })
        .all(&db)
        .await?;
    expect_eq("of both", &found, &vec![orders()[2].clone()])?;
    let unknown = Order::aggregate().match_expr(|_| variable::<_, bool>("nothing")).all(&db).await;
    expect_code("an unknown one", unknown, 17_276)?;
    Ok(())
}

async fn options_without_a_result_of_their_own(db: Database) -> Outcome {
    shop(&db).await?;
    let found = Order::aggregate()
        .sort(|o| o.id().desc())
        .allow_disk_use(false)
        .batch_size(1)
        .max_time(Duration::from_secs(100))
        .comment("all of them")
        .bypass_document_validation()
        .all(&db)
        .await?;
    let mut expected = orders();
    expected.reverse();
    expect_eq("all", &found, &expected)?;
    let none = Order::aggregate().batch_size(0).into_cursor(&db).await?;
    expect_eq("an empty first batch", &none.batch_len(), &0)?;
    expect_eq("and the rest", &none.collect().await?.len(), &6)
}

async fn scopes_switch_the_collection(db: Database) -> Outcome {
    shop(&db).await?;
    let archive = db.scope().collection("archive");
    expect_eq("not there", &Order::aggregate().count_documents().all(&archive).await?, &vec![])?;
    orders()[0].clone().insert(&archive).await?;
    expect_eq("there", &Order::aggregate().count_documents().all(&archive).await?, &vec![1])?;
    let own: Vec<Doc> = documents([doc! { "n": 1 }]).all(&archive).await?;
    expect_docs("documents are of no collection", &own, &[doc! { "n": 1 }])?;
    let sum = Order::find().aggregate_one(|o| sum(o.total()), &archive).await?;
    expect_eq("in one line", &sum, &19.0)
}

#[derive(Debug, PartialEq, Serialize, Deserialize, Embedded)]
struct CityTotal {
    #[serde(rename = "_id")]
    city: String,
    total: f64,
}

fn city_totals() -> odm_core::aggregation::Shaped<CityTotal> {
    Order::aggregate()
        .group_into::<CityTotal, _>(|o| by(o.city()), |o, totals| totals.total().is(sum(o.total())))
}

async fn stored(db: &Database) -> Result<Vec<Doc>, odm_core::Error> {
    let sorted = Pipeline::parse(&[bson::bson!({ "$sort": { "_id": 1 } })])?;
    trees(&db.collection("totals").aggregate(sorted).await?.collect().await?)
}

async fn results_are_put_into_a_collection(db: Database) -> Outcome {
    shop(&db).await?;
    for _ in 0..2 {
        city_totals().match_(|t| t.total().gt(10.0)).out("totals").run(&db).await?;
        let expected =
            [doc! { "_id": "Oslo", "total": 30.0 }, doc! { "_id": "Rome", "total": 22.0 }];
        expect_docs("out", &stored(&db).await?, &expected)?;
    }
    let name = db.name().to_owned();
    city_totals().match_(|t| t.total().lt(10.0)).out_to_database(name, "totals").run(&db).await?;
    expect_docs("in its place", &stored(&db).await?, &[doc! { "_id": "Lima", "total": 8.0 }])
}

async fn results_are_merged_into_a_collection(db: Database) -> Outcome {
    shop(&db).await?;
    let old =
        [doc! { "_id": "Rome", "total": 1.0, "since": 7 }, doc! { "_id": "Kiev", "total": 2.0 }];
    db.collection("totals").insert_many(&old).await?;
    let paid = || city_totals().match_(|t| t.total().gt(10.0));
    paid().merge(&Merge::into("totals")).run(&db).await?;
    let expected = [
        old[1].clone(),
        doc! { "_id": "Oslo", "total": 30.0 },
        doc! { "_id": "Rome", "total": 22.0, "since": 7 },
    ];
    expect_docs("merged, inserted", &stored(&db).await?, &expected)?;
    let update =
        Pipeline::parse(&[bson::bson!({ "$set": { "total": "$$new.total", "n": "$$n" } })])?;
    let merge = Merge::into_database(db.name(), "totals")
        .on(["_id"])
        .let_vars(doc! { "n": 5, "new": "$$ROOT" })
        .when_matched(WhenMatched::Pipeline(update))
        .when_not_matched(WhenNotMatched::Discard);
    Order::aggregate()
        .match_(|o| o.status().eq(Status::Paid))
        .group_into::<CityTotal, _>(|o| by(o.city()), |o, t| t.total().is(sum(o.total())))
        .merge(&merge)
        .run(&db)
        .await?;
    let expected = [
        old[1].clone(),
        doc! { "_id": "Oslo", "total": 27.0, "n": 5 },
        doc! { "_id": "Rome", "total": 22.0, "since": 7, "n": 5 },
    ];
    expect_docs("updated, discarded", &stored(&db).await?, &expected)?;
    let fail = Merge::into("totals").when_matched(WhenMatched::Fail);
    expect_code("matched", paid().merge(&fail).run(&db).await, 11_000)?;
    Ok(())
}
