//! Groups, buckets and counts.

use bson::{Bson, DateTime, Document as Doc, doc};
use odm_core::aggregation::{
    Accumulator, BucketRange, DateUnit, add_to_set, avg, bottom, bottom_n, by, count, everything,
    first, first_n, last, last_n, max, max_n, merge_all, min, min_n, push, std_dev_pop,
    std_dev_samp, sum, top, top_n,
};
use odm_core::{Database, Document, Embedded};
use serde::{Deserialize, Serialize};

use super::{Order, Status, day, shop, texts};
use crate::case::{Outcome, cases};
use crate::check::expect_eq;

cases! { "typed::aggregate::group":
    groups_are_pairs_of_key_and_values needs(aggregation),
    keys_are_tuples_and_expressions needs(aggregation),
    missing_keys_are_none needs(aggregation),
    groups_become_structs needs(aggregation),
    accumulators_of_values needs(aggregation),
    accumulators_in_an_order needs(aggregation),
    accumulators_of_arrays_and_objects needs(aggregation),
    stages_go_on_with_groups needs(aggregation),
    buckets needs(aggregation),
    counts needs(aggregation),
}

async fn groups_are_pairs_of_key_and_values(db: Database) -> Outcome {
    shop(&db).await?;
    let by_status: Vec<(Status, (i64, f64))> = Order::aggregate()
        .group(|o| by(o.status()), |o| (count(), sum(o.total())))
        .sort(|g| g.key().asc())
        .all(&db)
        .await?;
    expect_eq(
        "by status",
        &by_status,
        &vec![(Status::New, (1, 3.0)), (Status::Paid, (4, 57.0)), (Status::Void, (1, 0.0))],
    )?;
    let one: Vec<(String, i64)> = Order::aggregate()
        .group(|o| by(o.city()), |_| count())
        .sort(|g| g.value::<0>().desc().then(g.key().asc()))
        .all(&db)
        .await?;
    let expected = [("Oslo", 3), ("Rome", 2), ("Lima", 1)].map(|(city, n)| (city.to_owned(), n));
    expect_eq("one accumulator", &one, &expected.to_vec())
}

async fn keys_are_tuples_and_expressions(db: Database) -> Outcome {
    shop(&db).await?;
    let both: Vec<((String, Status), f64)> = Order::aggregate()
        .group(|o| by((o.city(), o.status())), |o| sum(o.total()))
        .sort(|g| g.key_part::<1>().desc().then(g.key_part::<0>().asc()))
        .all(&db)
        .await?;
    let expected = [
        ("Rome", Status::Void, 0.0),
        ("Lima", Status::Paid, 8.0),
        ("Oslo", Status::Paid, 27.0),
        ("Rome", Status::Paid, 22.0),
        ("Oslo", Status::New, 3.0),
    ];
    let expected = expected.map(|(city, status, total)| ((city.to_owned(), status), total));
    expect_eq("by city and status", &both, &expected.to_vec())?;
    let months: Vec<((i32, bool), i64)> = Order::aggregate()
        .group(|o| by((o.at().expr().month(None), o.total().expr().gte(10))), |_| count())
        .sort(|g| g.key_part::<0>().asc().then(g.key_part::<1>().asc()))
        .all(&db)
        .await?;
    let expected =
        vec![((1, false), 1), ((1, true), 1), ((2, false), 1), ((2, true), 1), ((3, false), 2)];
    expect_eq("by month and size", &months, &expected)?;
    let all =
        Order::aggregate().group(|_| everything(), |o| (count(), max(o.at()))).first(&db).await?;
    expect_eq("of everything", &all, &Some(((), (6, Some(day(90))))))
}

async fn missing_keys_are_none(db: Database) -> Outcome {
    shop(&db).await?;
    let unset = doc! { "$unset": { "discount": 1 } };
    db.collection("orders").update_one(doc! { "_id": 6 }, unset).await?;
    let one: Vec<(Option<f64>, i64)> = Order::aggregate()
        .group(|o| by(o.discount()), |_| count())
        .sort(|g| g.key().asc())
        .all(&db)
        .await?;
    let expected = vec![(None, 3), (Some(0.0), 1), (Some(1.0), 1), (Some(2.0), 1)];
    expect_eq("null and missing are one group", &one, &expected)?;
    let two: Vec<((Option<f64>, String), i64)> = Order::aggregate()
        .match_(|o| o.discount().is_null())
        .group(|o| by((o.discount(), o.city())), |_| count())
        .sort(|g| g.key_part::<1>().asc())
        .all(&db)
        .await?;
    let expected = ["Lima", "Oslo", "Rome"].map(|city| ((None, city.to_owned()), 1));
    expect_eq("in a tuple", &two, &expected.to_vec())
}

#[derive(Debug, PartialEq, Serialize, Deserialize, Embedded)]
struct Month {
    #[serde(rename = "_id")]
    start: DateTime,
    orders: i64,
    total: f64,
    mean: Option<f64>,
    cities: Vec<String>,
}

async fn groups_become_structs(db: Database) -> Outcome {
    shop(&db).await?;
    let months = Order::aggregate()
        .sort(|o| o.id().asc())
        .group_into::<Month, _>(
            |o| by(o.at().expr().date_trunc(DateUnit::Month, 1, None)),
            |o, month| {
                month.orders().is(count())
                    & month.total().is(sum(o.total()))
                    & month.mean().is(avg(o.discount()))
                    & month.cities().is(push(o.city()))
            },
        )
        .match_(|month| month.orders().gte(2) & month.cities().contains("Rome"))
        .sort(|month| month.start().desc())
        .all(&db)
        .await?;
    let february = Month {
        start: day(31),
        orders: 2,
        total: 22.0,
        mean: Some(2.0),
        cities: texts(["Rome", "Rome"]),
    };
    expect_eq("February", &months, &vec![february])
}

async fn accumulators_of_values(db: Database) -> Outcome {
    shop(&db).await?;
    let paid = || Order::aggregate().match_(|o| o.status().eq(Status::Paid)).sort(|o| o.id().asc());
    let of_numbers = paid()
        .group(
            |_| everything(),
            |o| (sum(o.customer()), avg(o.total()), min(o.discount()), max(o.discount())),
        )
        .first(&db)
        .await?;
    let expected = Some(((), (10, Some(14.25), Some(0.0), Some(2.0))));
    expect_eq("sum, avg, min, max", &of_numbers, &expected)?;
    let ends = paid()
        .group(|_| everything(), |o| (first(o.city()), last(o.city()), last(o.discount())))
        .first(&db)
        .await?;
    let expected = Some(((), (Some("Oslo".to_owned()), Some("Lima".to_owned()), None)));
    expect_eq("first, last", &ends, &expected)?;
    let deviations = paid()
        .group(|_| everything(), |o| (std_dev_pop(o.discount()), std_dev_samp(o.discount())))
        .first(&db)
        .await?;
    let expected = Some(((), (Some((2.0_f64 / 3.0).sqrt()), Some(1.0))));
    expect_eq("deviations", &deviations, &expected)?;
    let one =
        paid().limit(1).group(|_| everything(), |o| std_dev_samp(o.discount())).first(&db).await?;
    expect_eq("of a sample of one", &one, &Some(((), None)))?;
    let computed = paid()
        .group(
            |_| everything(),
            |o| {
                let net = o.total().expr() - o.discount().expr().if_null(0.0);
                (sum(net), sum(1), Accumulator::<_, i32>::new(doc! { "$sum": 2 }))
            },
        )
        .first(&db)
        .await?;
    expect_eq("of expressions", &computed, &Some(((), (54.0, 4_i64, 8))))
}

async fn accumulators_in_an_order(db: Database) -> Outcome {
    shop(&db).await?;
    let o = Order::f();
    let dearest = || o.total().desc().then(o.id().asc());
    let found = Order::aggregate()
        .sort(|o| o.id().asc())
        .group(
            |_| everything(),
            |o| {
                (
                    top(dearest(), o.city()),
                    bottom(dearest(), o.id()),
                    top_n(dearest(), o.id(), 2),
                    bottom_n(dearest(), o.id(), 2),
                    first_n(o.id(), 2),
                    last_n(o.id(), 2),
                    max_n(o.total(), 2),
                    min_n(o.total(), 2),
                )
            },
        )
        .first(&db)
        .await?;
    let expected = (
        Some("Rome".to_owned()),
        Some(4),
        vec![3, 1],
        vec![2, 4],
        vec![1, 2],
        vec![5, 6],
        vec![22.0, 19.0],
        vec![0.0, 3.0],
    );
    expect_eq("eight at once", &found, &Some(((), expected)))
}

async fn accumulators_of_arrays_and_objects(db: Database) -> Outcome {
    shop(&db).await?;
    let articles = Order::aggregate()
        .unwind(|o| o.lines())
        .group(
            |o| by(o.lines().article()),
            |o| (sum(o.lines().quantity()), add_to_set(o.lines().price()), sum(o.lines().price())),
        )
        .sort(|g| g.key().asc())
        .all(&db)
        .await?;
    let expected =
        [("ink", 6, vec![4.0], 12.0), ("paper", 9, vec![2.0], 4.0), ("pen", 12, vec![1.5], 3.0)];
    let expected = expected.map(|(article, n, prices, sum)| (article.to_owned(), (n, prices, sum)));
    expect_eq("by article", &articles, &expected.to_vec())?;
    let merged = Order::aggregate()
        .match_(|o| o.id().eq(3))
        .unwind(|o| o.lines())
        .group(|_| everything(), |o| merge_all(o.lines()))
        .first(&db)
        .await?;
    let expected = doc! { "article": "paper", "price": 2.0, "quantity": 5 };
    expect_eq("merged", &merged, &Some(((), expected)))?;
    let pushed = Order::aggregate()
        .sort(|o| o.id().asc())
        .group(|_| everything(), |o| push(o.discount()))
        .first(&db)
        .await?;
    let expected = vec![Some(1.0), None, Some(2.0), None, Some(0.0), None];
    expect_eq("nulls are pushed", &pushed, &Some(((), expected)))
}

async fn stages_go_on_with_groups(db: Database) -> Outcome {
    shop(&db).await?;
    let by_city = || Order::aggregate().group(|o| by(o.city()), |o| (count(), sum(o.total())));
    let large: Vec<(String, (i64, f64))> = by_city()
        .match_(|g| g.value::<0>().gt(1) & g.key().ne("Rome"))
        .skip(0)
        .limit(5)
        .all(&db)
        .await?;
    expect_eq("filtered", &large, &vec![("Oslo".to_owned(), (3, 30.0))])?;
    let again: Vec<(i64, f64)> = by_city()
        .match_expr(|g| g.value::<1>().expr().lt(25))
        .group(|g| by(g.value::<0>()), |g| sum(g.value::<1>()))
        .sort(|g| g.key().asc())
        .all(&db)
        .await?;
    expect_eq("grouped again", &again, &vec![(1, 8.0), (2, 22.0)])?;
    let documents: Vec<Doc> =
        by_city().sort(|g| g.key().asc()).limit(1).hands_out::<Doc>().all(&db).await?;
    expect_eq("as documents", &documents, &vec![doc! { "_id": "Lima", "v0": 1, "v1": 8.0 }])
}

async fn buckets(db: Database) -> Outcome {
    shop(&db).await?;
    let ranges: Vec<(Bson, (i64, f64))> = Order::aggregate()
        .bucket(|o| o.total(), [0.0, 5.0, 20.0], Some("more".into()), |o| (count(), sum(o.total())))
        .all(&db)
        .await?;
    let expected = vec![
        (Bson::Double(0.0), (2, 3.0)),
        (Bson::Double(5.0), (3, 35.0)),
        (Bson::String("more".to_owned()), (1, 22.0)),
    ];
    expect_eq("$bucket", &ranges, &expected)?;
    let outside = Order::aggregate().bucket(|o| o.total(), [0.0, 5.0], None, |_| count());
    expect_eq("outside of all buckets", &outside.all(&db).await.is_err(), &true)?;
    let even: Vec<(BucketRange<i64>, Vec<i64>)> = Order::aggregate()
        .sort(|o| o.id().asc())
        .bucket_auto(|o| o.id(), 3, |o| push(o.id()))
        .all(&db)
        .await?;
    let expected = [(1, 3, [1, 2]), (3, 5, [3, 4]), (5, 6, [5, 6])];
    let expected = expected.map(|(min, max, ids)| (BucketRange { min, max }, ids.to_vec()));
    expect_eq("$bucketAuto", &even, &expected.to_vec())?;
    let most: Vec<(String, i64)> = Order::aggregate()
        .unwind(|o| o.lines())
        .sort_by_count(|o| o.lines().article())
        .match_(|g| g.value::<0>().gt(2))
        .all(&db)
        .await?;
    expect_eq("$sortByCount", &most, &vec![("ink".to_owned(), 3)])
}

async fn counts(db: Database) -> Outcome {
    shop(&db).await?;
    let dear = |least: f64| Order::aggregate().match_(move |o| o.total().gte(least));
    expect_eq("some", &dear(8.0).count_documents().all(&db).await?, &vec![4])?;
    expect_eq("none is no count", &dear(99.0).count_documents().first(&db).await?, &None)?;
    let large = dear(8.0).count_documents().match_(|n| n.gt(4)).first(&db).await?;
    expect_eq("a count that is filtered", &large, &None)
}
