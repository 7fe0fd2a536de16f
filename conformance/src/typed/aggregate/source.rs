//! First stages other than a collection's documents, and samples.

use bson::{Document as Doc, doc};
use odm_core::aggregation::{CollStats, GeoNearOptions};
use odm_core::{Database, Document, Embedded, GeoNear, Index, IndexKind};
use serde::{Deserialize, Serialize};

use super::{Order, shop};
use crate::case::{Outcome, cases};
use crate::check::{expect_code, expect_eq};

cases! { "typed::aggregate::source":
    samples needs(aggregation),
    statistics_of_a_collection needs(aggregation),
    documents_by_their_distance needs(aggregation, geospatial),
}

async fn samples(db: Database) -> Outcome {
    shop(&db).await?;
    let count = |sampled: Vec<Order>| sampled.len();
    expect_eq("some", &count(Order::aggregate().sample(3).all(&db).await?), &3)?;
    expect_eq("all there are", &count(Order::aggregate().sample(9).all(&db).await?), &6)?;
    expect_eq("certain", &count(Order::aggregate().sample_rate(1.0).all(&db).await?), &6)?;
    expect_eq("impossible", &count(Order::aggregate().sample_rate(0.0).all(&db).await?), &0)?;
    expect_code("no probability", Order::aggregate().sample_rate(2.0).all(&db).await, 2)?;
    Ok(())
}

async fn statistics_of_a_collection(db: Database) -> Outcome {
    shop(&db).await?;
    Order::ensure_indexes(&db).await?;
    let counted: Vec<Doc> = Order::aggregate()
        .coll_stats([CollStats::Count])
        .match_(|s| s.key("count").gt(5))
        .all(&db)
        .await?;
    let expected = format!("{}.orders", db.name());
    let found = counted.first().and_then(|stats| stats.get_str("ns").ok());
    expect_eq("of the collection", &found, &Some(expected.as_str()))?;
    let sizes = Order::aggregate()
        .coll_stats([CollStats::StorageStats { scale: Some(1) }])
        .match_(|s| s.key("storageStats").key("count").eq(6))
        .count_documents()
        .all(&db)
        .await?;
    expect_eq("of its storage", &sizes, &vec![1])?;
    let indexes: Vec<Doc> =
        Order::aggregate().index_stats().sort(|i| i.key("name").asc()).all(&db).await?;
    let names: Vec<_> = indexes.iter().filter_map(|index| index.get_str("name").ok()).collect();
    expect_eq("of its indexes", &names, &vec!["_id_", "city_1"])?;
    let late = Order::aggregate().limit(1).index_stats().all(&db).await;
    expect_code("not first", late, 40_602)?;
    Order::aggregate().plan_cache_stats().all(&db).await?;
    Ok(())
}

#[derive(Debug, PartialEq, Serialize, Deserialize, Document)]
#[odm(collection = "shops")]
struct Shop {
    #[serde(rename = "_id")]
    id: i64,
    at: [f64; 2],
}

#[derive(Debug, PartialEq, Serialize, Deserialize, Embedded)]
struct Near {
    #[serde(rename = "_id")]
    id: i64,
    distance: f64,
}

async fn documents_by_their_distance(db: Database) -> Outcome {
    let shop = |id, at| Shop { id, at };
    let mut shops = [shop(1, [11.0, 59.5]), shop(2, [10.0, 59.0]), shop(3, [-70.0, -30.0])];
    Shop::insert_many(&mut shops, &db).await?;
    let index = Index::default().then("at", IndexKind::Geo2dSphere);
    db.collection("shops").create_index(index).await?;
    let near = |options| {
        Shop::aggregate().reshape::<Near>().geo_near(
            GeoNear::lon_lat(10.0, 59.0).max_distance(1e6),
            |n| n.distance(),
            options,
        )
    };
    let found = near(GeoNearOptions::default()).all(&db).await?;
    let expected =
        vec![Near { id: 2, distance: 0.0 }, Near { id: 1, distance: 79_606.595_816_211_64 }];
    expect_eq("the nearest first", &found, &expected)?;
    let options = GeoNearOptions {
        key: Some("at".to_owned()),
        query: Some(doc! { "_id": { "$lt": 2 } }.into()),
        distance_multiplier: Some(0.0),
        ..GeoNearOptions::default()
    };
    expect_eq("with options", &near(options).all(&db).await?, &vec![Near { id: 1, distance: 0.0 }])
}
