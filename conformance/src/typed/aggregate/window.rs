//! Windows, and what is missing between documents.

use bson::DateTime;
use odm_core::aggregation::Bound::{Current, Offset, Unbounded};
use odm_core::aggregation::{
    DateUnit, DensifyBounds, DensifyStep, Partition, Window, avg, covariance_pop, dense_rank,
    derivative, document_number, exp_moving_avg, integral, linear_fill, literal, locf, push, rank,
    shift, shift_or, sum, top,
};
use odm_core::{Database, Document, Embedded};
use serde::{Deserialize, Serialize};

use super::{Line, Order, day, shop};
use crate::case::{Outcome, cases};
use crate::check::{expect_code, expect_eq};

cases! { "typed::aggregate::window":
    ranks needs(aggregation),
    accumulators_over_positions needs(aggregation),
    accumulators_over_dates needs(aggregation),
    neighbours_and_averages needs(aggregation),
    slopes_and_areas needs(aggregation),
    gaps_are_filled needs(aggregation),
    missing_documents_are_added needs(aggregation),
}

#[derive(Debug, PartialEq, Serialize, Deserialize, Embedded)]
struct Ranked {
    #[serde(rename = "_id")]
    id: i64,
    city: String,
    total: f64,
    rank: i64,
    dense: i64,
    number: i64,
}

async fn ranks(db: Database) -> Outcome {
    shop(&db).await?;
    let ranked = Order::aggregate()
        .reshape::<Ranked>()
        .set_window_fields(|_| Partition::whole(), |o| o.total().is(sum(o.total()).over_all()))
        .set_window_fields(
            |o| Partition::whole().sort(o.city().asc()),
            |o| o.rank().is(rank()) & o.dense().is(dense_rank()),
        )
        .set_window_fields(
            |o| Partition::by(o.city()).sort(o.id().desc()),
            |o| o.number().is(document_number()),
        )
        .sort(|o| o.id().asc())
        .all(&db)
        .await?;
    let found: Vec<_> = ranked
        .iter()
        .map(|o| (o.id, o.city.as_str(), o.total, o.rank, o.dense, o.number))
        .collect();
    let expected = vec![
        (1, "Oslo", 60.0, 2, 2, 3),
        (2, "Oslo", 60.0, 2, 2, 2),
        (3, "Rome", 60.0, 5, 3, 2),
        (4, "Rome", 60.0, 5, 3, 1),
        (5, "Oslo", 60.0, 2, 2, 1),
        (6, "Lima", 60.0, 1, 1, 1),
    ];
    expect_eq("ranks", &found, &expected)?;
    let unsorted = Order::aggregate()
        .set_window_fields(|_| Partition::whole(), |o| o.id().is(rank()))
        .all(&db)
        .await;
    expect_code("a rank without an order", unsorted, 5_371_602)?;
    Ok(())
}

#[derive(Debug, PartialEq, Serialize, Deserialize, Embedded)]
struct Point {
    #[serde(rename = "_id")]
    id: i64,
    city: String,
    at: DateTime,
    total: f64,
    discount: Option<f64>,
    #[serde(default)]
    number: Option<f64>,
    #[serde(default)]
    ids: Vec<i64>,
}

async fn accumulators_over_positions(db: Database) -> Outcome {
    shop(&db).await?;
    let points = Order::aggregate()
        .reshape::<Point>()
        .set_window_fields(
            |o| Partition::whole().sort(o.id().asc()),
            |o| {
                o.number().is(avg(o.total()).over(&Window::documents(Offset(-1), Offset(1))))
                    & o.ids().is(push(o.id()).over(&Window::documents(Unbounded, Offset(-1))))
                    & o.discount().is(top(o.total().desc(), o.total())
                        .over(&Window::documents(Current, Unbounded)))
            },
        )
        .match_(|o| o.id().in_([1, 4]))
        .sort(|o| o.id().asc())
        .all(&db)
        .await?;
    let found: Vec<_> =
        points.iter().map(|o| (o.id, o.number, o.ids.clone(), o.discount)).collect();
    let expected =
        vec![(1, Some(11.0), vec![], Some(22.0)), (4, Some(10.0), vec![1, 2, 3], Some(8.0))];
    expect_eq("around each", &found, &expected)
}

async fn accumulators_over_dates(db: Database) -> Outcome {
    shop(&db).await?;
    let month = Window::dates(Offset(-1), Current, DateUnit::Month);
    let points = Order::aggregate()
        .reshape::<Point>()
        .set_window_fields(
            |o| Partition::whole().sort(o.at().asc()),
            |o| o.number().is(sum(o.total()).over(&month).cast::<Option<f64>>()),
        )
        .sort(|o| o.id().asc())
        .all(&db)
        .await?;
    let found: Vec<_> = points.iter().map(|o| o.number.unwrap_or_default()).collect();
    expect_eq("of the month before", &found, &vec![19.0, 22.0, 44.0, 44.0, 8.0, 16.0])?;
    let near = Window::range(Offset(-1), Offset(1));
    let points = Order::aggregate()
        .reshape::<Point>()
        .set_window_fields(
            |o| Partition::by(o.city()).sort(o.id().asc()),
            |o| o.ids().is(push(o.id()).over(&near)),
        )
        .match_(|o| o.city().eq("Oslo"))
        .sort(|o| o.id().asc())
        .all(&db)
        .await?;
    let found: Vec<_> = points.into_iter().map(|o| o.ids).collect();
    expect_eq("of near numbers", &found, &vec![vec![1, 2], vec![1, 2], vec![5]])
}

#[derive(Debug, PartialEq, Serialize, Deserialize, Embedded)]
struct Shifted {
    #[serde(rename = "_id")]
    id: i64,
    total: f64,
    before: Option<f64>,
    after: f64,
    average: Option<f64>,
}

async fn neighbours_and_averages(db: Database) -> Outcome {
    shop(&db).await?;
    let shifted = Order::aggregate()
        .match_(|o| o.id().lte(3))
        .reshape::<Shifted>()
        .set_window_fields(
            |o| Partition::whole().sort(o.id().asc()),
            |o| {
                o.before().is(shift(o.total(), -1))
                    & o.after().is(shift_or(o.total(), 1, -1.0))
                    & o.average().is(exp_moving_avg(o.total(), 3))
            },
        )
        .sort(|o| o.id().asc())
        .all(&db)
        .await?;
    let shifted_to =
        |id, total, before, after, average| Shifted { id, total, before, after, average };
    let expected = vec![
        shifted_to(1, 19.0, None, 3.0, Some(19.0)),
        shifted_to(2, 3.0, Some(19.0), 22.0, Some(11.0)),
        shifted_to(3, 22.0, Some(3.0), -1.0, Some(16.5)),
    ];
    expect_eq("neighbours", &shifted, &expected)
}

async fn slopes_and_areas(db: Database) -> Outcome {
    shop(&db).await?;
    let both = Window::documents(Offset(-1), Current);
    let points = Order::aggregate()
        .match_(|o| o.id().lte(3))
        .reshape::<Shifted>()
        .set_window_fields(
            |o| Partition::whole().sort(o.id().asc()),
            |o| {
                o.before().is(derivative(o.total(), None).over(&both))
                    & o.average().is(integral(o.total(), None).over(&both))
                    & o.after().is(covariance_pop(o.id(), o.total()).over(&both).cast::<f64>())
            },
        )
        .sort(|o| o.id().asc())
        .all(&db)
        .await?;
    let found: Vec<_> = points.iter().map(|o| (o.before, o.average, o.after)).collect();
    let expected = vec![
        (None, Some(0.0), 0.0),
        (Some(-16.0), Some(11.0), -4.0),
        (Some(19.0), Some(12.5), 4.75),
    ];
    expect_eq("of a line", &found, &expected)?;
    let by_day = Order::aggregate()
        .match_(|o| o.id().in_([1, 2]))
        .reshape::<Point>()
        .set_window_fields(
            |o| Partition::whole().sort(o.at().asc()),
            |o| {
                let all = Window::documents(Unbounded, Current);
                o.discount().is(derivative(o.total(), Some(DateUnit::Day)).over(&all))
            },
        )
        .sort(|o| o.id().desc())
        .first(&db)
        .await?;
    expect_eq("by the day", &by_day.and_then(|o| o.discount), &Some(-16.0 / 15.0))
}

async fn gaps_are_filled(db: Database) -> Outcome {
    shop(&db).await?;
    let discounts = |points: Vec<Point>| -> Vec<_> {
        points.into_iter().map(|o| (o.discount, o.number)).collect()
    };
    let window = Order::aggregate()
        .reshape::<Point>()
        .set_window_fields(
            |o| Partition::whole().sort(o.id().asc()),
            |o| o.discount().is(locf(o.discount())) & o.number().is(linear_fill(o.discount())),
        )
        .sort(|o| o.id().asc())
        .all(&db)
        .await?;
    let expected = vec![
        (Some(1.0), Some(1.0)),
        (Some(1.0), Some(1.5)),
        (Some(2.0), Some(2.0)),
        (Some(2.0), Some(1.0)),
        (Some(0.0), Some(0.0)),
        (Some(0.0), None),
    ];
    expect_eq("in windows", &discounts(window), &expected)?;
    let filled = Order::aggregate()
        .reshape::<Point>()
        .fill(
            |o| Partition::whole().sort(o.id().asc()),
            |o| {
                o.discount().fill_linear()
                    & o.number().fill_value(o.total().expr() * 2)
                    & o.ids().fill_value(literal::<_, Vec<i64>>([7_i64]))
            },
        )
        .match_(|o| o.id().in_([2, 6]))
        .sort(|o| o.id().asc())
        .all(&db)
        .await?;
    expect_eq("values", &filled[0].ids, &vec![7])?;
    expect_eq("by $fill", &discounts(filled), &vec![(Some(1.5), Some(6.0)), (None, Some(16.0))])?;
    let last = Order::aggregate()
        .fill(|o| Partition::by(o.city()).sort(o.id().asc()), |o| o.discount().fill_locf())
        .sort(|o| o.id().asc())
        .all(&db)
        .await?;
    let last: Vec<_> = last.into_iter().map(|o| o.discount).collect();
    let expected = vec![Some(1.0), Some(1.0), Some(2.0), Some(2.0), Some(0.0), None];
    expect_eq("within parts", &last, &expected)?;
    let nested = Order::aggregate()
        .unwind(|o| o.lines())
        .fill(
            |o| Partition::by(o.lines().article()).sort(o.id().asc()),
            |o| o.discount().fill_locf(),
        )
        .reshape::<Unwound>()
        .match_(|o| o.lines().article().eq("pen"))
        .sort(|o| o.id().asc())
        .all(&db)
        .await?;
    let nested: Vec<_> = nested.into_iter().map(|o| o.discount).collect();
    expect_eq("by a field of a field", &nested, &vec![Some(1.0), Some(1.0)])
}

#[derive(Debug, PartialEq, Serialize, Deserialize, Embedded)]
struct Unwound {
    #[serde(rename = "_id")]
    id: i64,
    discount: Option<f64>,
    lines: Line,
}

#[derive(Debug, PartialEq, Serialize, Deserialize, Embedded)]
struct Visit {
    at: DateTime,
    city: String,
    total: Option<f64>,
}

async fn missing_documents_are_added(db: Database) -> Outcome {
    shop(&db).await?;
    let bounds = DensifyBounds::range(day(31), day(34));
    let step = DensifyStep { step: 1.into(), unit: Some(DateUnit::Day), bounds };
    let visits = Order::aggregate()
        .match_(|o| o.id().in_([2, 3]))
        .reshape::<Visit>()
        .densify(|v| v.at(), &["city"], &step)
        .match_(|v| v.city().eq("Rome"))
        .sort(|v| v.at().asc())
        .all(&db)
        .await?;
    let visit = |at, total| Visit { at: day(at), city: "Rome".to_owned(), total };
    let expected = vec![visit(31, None), visit(32, None), visit(33, Some(22.0))];
    expect_eq("days", &visits, &expected)?;
    let step = DensifyStep { step: 2.into(), unit: None, bounds: DensifyBounds::Full };
    let ids = Order::aggregate()
        .match_(|o| o.id().in_([1, 6]))
        .reshape::<Number>()
        .densify(|n| n.id(), &[], &step)
        .sort(|n| n.id().asc())
        .all(&db)
        .await?;
    let ids: Vec<i64> = ids.into_iter().map(|number| number.id).collect();
    expect_eq("numbers", &ids, &vec![1, 3, 5, 6])
}

#[derive(Debug, PartialEq, Serialize, Deserialize, Embedded)]
struct Number {
    #[serde(rename = "_id")]
    id: i64,
}
