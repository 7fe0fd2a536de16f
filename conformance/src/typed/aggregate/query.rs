//! Pipelines that begin as queries, one-line forms, raw stages, and what is told of errors.

use std::collections::BTreeMap;

use bson::{Document as Doc, doc};
use futures_util::TryStreamExt;
use odm_core::aggregation::{ExprOf, avg, by, count, literal, max, min, push, sum};
use odm_core::{Database, Document, Embedded, Error};
use serde::{Deserialize, Serialize};

use super::{Order, Status, orders, shop, texts};
use crate::case::{Failure, Outcome, cases};
use crate::check::{expect_code, expect_docs, expect_eq};

cases! { "typed::aggregate::query":
    one_line_forms needs(aggregation),
    one_line_forms_of_nothing needs(aggregation),
    queries_lead_in_their_order needs(aggregation),
    raw_stages_stand_anywhere needs(aggregation),
    results_come_in_every_way needs(aggregation),
    misfits_are_told_with_model_and_path needs(aggregation),
    what_was_wrong_while_building_is_told_when_run needs(aggregation),
}

async fn one_line_forms(db: Database) -> Outcome {
    shop(&db).await?;
    let paid = || Order::find().filter(|o| o.status().eq(Status::Paid));
    expect_eq("sum", &paid().aggregate_one(|o| sum(o.total()), &db).await?, &57.0)?;
    let mean = paid().aggregate_one(|o| avg(o.total()), &db).await?;
    expect_eq("avg", &mean, &Some(14.25))?;
    let least = paid().aggregate_one(|o| min(o.city()), &db).await?;
    expect_eq("min", &least, &Some("Lima".to_owned()))?;
    let most = paid().aggregate_one(|o| max(o.discount()), &db).await?;
    expect_eq("max", &most, &Some(2.0))?;
    expect_eq("count", &paid().aggregate_one(|_| count(), &db).await?, &4)?;
    let several = paid()
        .aggregate_one(|o| (count(), sum(o.total()), max(o.id()), min(o.total())), &db)
        .await?;
    expect_eq("several", &several, &(4, 57.0, Some(6), Some(8.0)))?;
    let of_two = Order::find()
        .sort(|o| o.total().desc())
        .limit(2)
        .aggregate_one(|o| (count(), sum(o.total())), &db)
        .await?;
    expect_eq("of the first two", &of_two, &(2, 41.0))
}

async fn one_line_forms_of_nothing(db: Database) -> Outcome {
    let none = || Order::find().filter(|o| o.total().gt(99.0));
    let found = none()
        .aggregate_one(
            |o| (count(), sum(o.total()), avg(o.total()), min(o.id()), max(o.city()), push(o.id())),
            &db,
        )
        .await?;
    expect_eq("no collection", &found, &(0, 0.0, None, None, None, vec![]))?;
    shop(&db).await?;
    expect_eq("no match", &none().aggregate_one(|o| sum(o.total()), &db).await?, &0.0)
}

async fn queries_lead_in_their_order(db: Database) -> Outcome {
    shop(&db).await?;
    // Filter, order, part, projection; then the stages.
    let query = Order::find()
        .filter(|o| o.total().gt(0.0))
        .sort(|o| o.total().desc().then(o.id().asc()))
        .skip(1)
        .limit(3);
    let ids: Vec<i64> = query.clone().aggregate().all(&db).await?.iter().map(|o| o.id).collect();
    expect_eq("as the query", &ids, &vec![1, 5, 6])?;
    let queried: Vec<i64> = query.clone().all(&db).await?.iter().map(|o| o.id).collect();
    expect_eq("the query", &queried, &ids)?;
    let cities: Vec<(String, i64)> = query
        .clone()
        .aggregate()
        .match_(|o| o.city().ne("Lima"))
        .group(|o| by(o.city()), |_| count())
        .all(&db)
        .await?;
    expect_eq("then the stages", &cities, &vec![("Oslo".to_owned(), 2)])?;
    let projected: Vec<Doc> =
        query.project::<Doc>(doc! { "city": 1 }).aggregate().limit(1).all(&db).await?;
    expect_docs("projected", &projected, &[doc! { "_id": 1_i64, "city": "Oslo" }])?;
    let refused = Order::find().min(doc! { "_id": 1_i64 }).aggregate().all(&db).await;
    match refused {
        Err(Error::Config(message)) => expect_eq("named", &message.contains("min"), &true),
        other => Err(Failure::new(format!("min in a pipeline: {other:?}"))),
    }
}

#[derive(Debug, PartialEq, Serialize, Deserialize, Embedded)]
struct Named {
    #[serde(rename = "_id")]
    id: i64,
    label: String,
}

async fn raw_stages_stand_anywhere(db: Database) -> Outcome {
    shop(&db).await?;
    let found = Order::aggregate()
        .match_(|o| o.status().eq(Status::Paid))
        .raw(&doc! { "$set": { "label": { "$concat": ["$city", "!"] } } })
        .sort(|o| o.total().asc().then(o.id().asc()))
        .raw(&doc! { "$limit": 2 })
        .reshape::<Named>()
        .match_(|n| n.label().starts_with("L"))
        .all(&db)
        .await?;
    expect_eq("in between", &found, &vec![Named { id: 6, label: "Lima!".to_owned() }])?;
    let raw = Order::aggregate()
        .match_raw(doc! { "lines.article": "pen" })
        .match_expr(|_| ExprOf::<_, bool>::new(doc! { "$eq": ["$status", "new"] }))
        .all(&db)
        .await?;
    expect_eq("filters and expressions", &raw, &vec![orders()[1].clone()])?;
    let keyed: Vec<BTreeMap<String, f64>> = Order::aggregate()
        .match_(|o| o.id().eq(1))
        .raw(&doc! { "$project": { "_id": 0, "total": 1 } })
        .hands_out()
        .all(&db)
        .await?;
    expect_eq("a map", &keyed, &vec![BTreeMap::from([("total".to_owned(), 19.0)])])?;
    let refused = Order::aggregate().raw(&doc! { "limit": 1 }).all(&db).await;
    expect_code("no stage", refused, 40_324)?;
    let unknown = Order::aggregate().raw(&doc! { "$nothing": 1 }).all(&db).await;
    expect_code("an unknown stage", unknown, 40_324)?;
    Ok(())
}

async fn results_come_in_every_way(db: Database) -> Outcome {
    shop(&db).await?;
    let by_id = || Order::aggregate().sort(|o| o.id().asc());
    expect_eq("first", &by_id().skip(2).first(&db).await?, &Some(orders()[2].clone()))?;
    expect_eq("none", &by_id().skip(9).first(&db).await?, &None)?;
    let stream = by_id().batch_size(2).stream(&db).await?;
    let cities: Vec<String> = stream.map_ok(|order| order.city).try_collect().await?;
    expect_eq("stream", &cities, &texts(["Oslo", "Oslo", "Rome", "Rome", "Oslo", "Lima"]))?;
    let raw = by_id().limit(2).into_cursor(&db).await?.collect().await?;
    expect_eq("raw", &raw.len(), &2)?;
    let tuples: Vec<(i64, f64)> = by_id()
        .raw(&doc! { "$project": { "rows": [["$_id", "$total"], ["$customer", 0.5]] } })
        .hands_out::<Rows>()
        .first(&db)
        .await?
        .map(|rows| rows.rows)
        .unwrap_or_default();
    expect_eq("tuples", &tuples, &vec![(1, 19.0), (1, 0.5)])
}

#[derive(Debug, Deserialize)]
struct Rows {
    rows: Vec<(i64, f64)>,
}

/// The error of decoding, by model and path.
fn misfit<T: std::fmt::Debug>(result: Result<T, Error>) -> Result<(String, String), Failure> {
    match result {
        Err(Error::Decode(error)) => Ok((error.model, error.path)),
        other => Err(Failure::new(format!("a misfit was decoded: {other:?}"))),
    }
}

async fn misfits_are_told_with_model_and_path(db: Database) -> Outcome {
    shop(&db).await?;
    let at = |model: &str, path: &str| (model.to_owned(), path.to_owned());
    let broken = doc! { "$set": { "lines.1.quantity": "many" } };
    db.collection("orders").update_one(doc! { "_id": 3 }, broken).await?;
    expect_eq(
        "of the model",
        &misfit(Order::aggregate().all(&db).await)?,
        &at("Order", "lines.1.quantity"),
    )?;
    let named = Order::aggregate().project::<Named>(|o, n| {
        n.id().is(o.id()) & n.label().is(o.total().expr().cast::<String>())
    });
    expect_eq("of a shape", &misfit(named.first(&db).await)?, &at("Named", "label"))?;
    let missing = Order::aggregate().reshape::<Named>();
    expect_eq("what is missing", &misfit(missing.first(&db).await)?, &at("Named", "label"))?;
    // A mean of texts is null, which is no number.
    let groups = Order::aggregate()
        .group(|o| by(o.city()), |o| (count(), max(o.city().expr().cast::<i64>())));
    let (model, _) = misfit(groups.first(&db).await)?;
    expect_eq("of a group", &model.as_str(), &"Order")
}

async fn what_was_wrong_while_building_is_told_when_run(db: Database) -> Outcome {
    shop(&db).await?;
    let too_large = u64::MAX;
    let pipeline =
        Order::aggregate().match_expr(|o| o.id().expr().eq(literal::<_, u64>(too_large))).limit(1);
    match pipeline.all(&db).await {
        Err(Error::Encode { .. }) => Ok(()),
        other => Err(Failure::new(format!("a constant without a form: {other:?}"))),
    }
}
