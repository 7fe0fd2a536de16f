//! What restaurants' inspections tell, by typed pipelines: groups, windows, joins, facets.
//!
//! `cargo run -p examples --example analytics` runs on the memory engine;
//! `cargo run -p examples --features mongo --example analytics -- --uri mongodb://localhost:27017/app`
//! on a server, with the same output. `--data FILE` loads another file than the one shipped.
#![allow(clippy::print_stdout)]

use std::error::Error;

use examples::{Borough, Restaurant, cli, data, table};
use odm_core::aggregation::Bound::{Current, Offset};
use odm_core::aggregation::{
    DateUnit, Merge, Partition, Window, avg, bottom, by, count, document_number, from, if_, max,
    shift, sum, top,
};
use odm_core::bson::{Bson, DateTime};
use odm_core::{Database, Document, Embedded, Result};
use serde::{Deserialize, Serialize};

/// From this score on, an inspection is failed.
const FAILED: i32 = 28;

#[tokio::main]
async fn main() -> std::result::Result<(), Box<dyn Error>> {
    let args = cli::args()?;
    let db = cli::database(args.uri, "analytics").await?;
    db.drop().await?;
    let mut restaurants = data::restaurants(args.data.as_deref())?;
    data::insert(&mut restaurants, &db).await?;

    totals(&db).await?;
    by_borough(&db).await?;
    cuisines_of_boroughs(&db).await?;
    by_month(&db).await?;
    worst_inspections(&db).await?;
    repeated_failures(&db).await?;
    report(&db).await?;
    db.drop().await?;
    Ok(())
}

/// Over everything that matches, in one line.
async fn totals(db: &Database) -> Result<()> {
    let (restaurants, latest) = Restaurant::find()
        .aggregate_one(|r| (count(), max(r.grades().expr().map(|g| g.get(|g| g.date())).max())), db)
        .await?;
    let latest = latest.map_or(0, |date| date.timestamp_millis() / 86_400_000);
    println!("{restaurants} restaurants, inspected up to day {latest} since 1970");
    Ok(())
}

/// Once the inspections are unwound, their path stands for one of them: a group of a key and three values.
async fn by_borough(db: &Database) -> Result<()> {
    let boroughs = Restaurant::aggregate()
        .unwind(|r| r.grades())
        .group(
            |r| by(r.borough()),
            |r| {
                let failed = if_(r.grades().score().expr().gte(FAILED), 1, 0);
                (count(), avg(r.grades().score()), sum(failed))
            },
        )
        .sort(|g| g.value::<1>().asc())
        .all(db)
        .await?;
    println!("\nInspections by borough, the best first:");
    let rows: Vec<_> = boroughs
        .into_iter()
        .map(|(borough, (inspections, mean, failed))| {
            let share = 100.0 * failed as f64 / inspections as f64;
            [format!("{borough:?}"), inspections.to_string(), points(mean), format!("{share:.1} %")]
        })
        .collect();
    table::print(["borough", "inspections", "mean", "failed"], &rows);
    Ok(())
}

/// A group of groups: of each borough's cuisines, the one with the best mean and the one with the worst.
async fn cuisines_of_boroughs(db: &Database) -> Result<()> {
    let boroughs = Restaurant::aggregate()
        .unwind(|r| r.grades())
        .group(|r| by((r.borough(), r.cuisine())), |r| (count(), avg(r.grades().score())))
        .match_(|g| g.value::<0>().gte(10))
        .group(
            |g| by(g.key_part::<0>()),
            |g| {
                let order = || g.value::<1>().asc().then(g.key_part::<1>().asc());
                (
                    count(),
                    top(order(), g.key_part::<1>()),
                    top(order(), g.value::<1>()),
                    bottom(order(), g.key_part::<1>()),
                    bottom(order(), g.value::<1>()),
                )
            },
        )
        .sort(|g| g.key().asc())
        .all(db)
        .await?;
    println!("\nCuisines with ten inspections and more:");
    let cuisine = |name: Option<String>, mean: Option<f64>| {
        format!("{} ({})", name.unwrap_or_default(), points(mean))
    };
    let rows: Vec<_> = boroughs
        .into_iter()
        .map(|(borough, (cuisines, best, best_mean, worst, worst_mean))| {
            let best = cuisine(best, best_mean);
            [format!("{borough:?}"), cuisines.to_string(), best, cuisine(worst, worst_mean)]
        })
        .collect();
    table::print(["borough", "cuisines", "best", "worst"], &rows);
    Ok(())
}

/// What a month brought: the shape of a group, whose key is `_id`, and a model when it is stored.
#[derive(Debug, Serialize, Deserialize, Document)]
#[odm(collection = "months")]
struct Month {
    #[serde(rename = "_id")]
    start: DateTime,
    inspections: i64,
    mean: Option<f64>,
    trend: Option<f64>,
    before: Option<i64>,
}

/// The same while it is computed.
#[derive(Debug, Serialize, Deserialize, Embedded)]
struct Computed {
    #[serde(rename = "_id")]
    start: DateTime,
    inspections: i64,
    mean: Option<f64>,
    trend: Option<f64>,
    before: Option<i64>,
}

/// Groups into a struct, then windows over it: a moving average, and the month before. The result is kept in a collection.
async fn by_month(db: &Database) -> Result<()> {
    let quarter = Window::documents(Offset(-2), Current);
    Restaurant::aggregate()
        .unwind(|r| r.grades())
        .group_into::<Computed, _>(
            |r| by(r.grades().date().expr().date_trunc(DateUnit::Month, 1, "America/New_York")),
            |r, month| month.inspections().is(count()) & month.mean().is(avg(r.grades().score())),
        )
        .set_window_fields(
            |month| Partition::whole().sort(month.start().asc()),
            |month| {
                month.trend().is(avg(month.mean()).over(&quarter))
                    & month.before().is(shift(month.inspections(), -1))
            },
        )
        .merge(&Merge::into(Month::COLLECTION))
        .run(db)
        .await?;
    let months = Month::find().sort(|m| m.start().desc()).limit(8).all(db).await?;
    println!("\nThe latest months, with the mean of three:");
    let rows: Vec<_> = months
        .into_iter()
        .map(|month| {
            let day = month.start.try_to_rfc3339_string().unwrap_or_default();
            let more = month.before.map(|before| month.inspections - before);
            [
                day.chars().take(7).collect(),
                month.inspections.to_string(),
                more.map_or_else(|| "-".to_owned(), |more| format!("{more:+}")),
                points(month.mean),
                points(month.trend),
            ]
        })
        .collect();
    table::print(["month", "inspections", "change", "mean", "trend"], &rows);
    Ok(())
}

/// An inspection, and the restaurants around.
#[derive(Debug, Serialize, Deserialize, Embedded)]
struct Inspection {
    name: String,
    borough: Borough,
    zipcode: String,
    day: String,
    score: i32,
    #[serde(default)]
    around: Vec<Neighbour>,
}

#[derive(Debug, Serialize, Deserialize, Embedded)]
struct Neighbour {
    name: String,
    best: Option<i32>,
}

/// A projection into a struct, and a join: the best inspections at the same zip code.
async fn worst_inspections(db: &Database) -> Result<()> {
    let worst: Vec<Inspection> = Restaurant::aggregate()
        .unwind(|r| r.grades())
        .sort(|r| r.grades().score().desc().then(r.restaurant_id().asc()))
        .limit(5)
        .project::<Inspection>(|r, i| {
            i.name().is(r.name())
                & i.borough().is(r.borough())
                & i.zipcode().is(r.address().zipcode())
                & i.day().is(r.grades().date().expr().date_to_string("%Y-%m-%d", None))
                & i.score().is(r.grades().score())
        })
        .lookup(
            from::<Restaurant>().pipeline(|r| {
                r.project::<Neighbour>(|r, n| {
                    let scores = r.grades().expr().map(|grade| grade.get(|g| g.score()));
                    n.name().is(r.name()) & n.best().is(scores.min())
                })
                .sort(|n| n.best().asc().then(n.name().asc()))
                .limit(2)
            }),
            |i| i.zipcode(),
            |r| r.address().zipcode(),
            |i| i.around(),
        )
        .all(db)
        .await?;
    println!("\nThe worst inspections, and where to go instead:");
    let rows: Vec<_> = worst
        .into_iter()
        .map(|i| {
            let best = |n: Neighbour| format!("{} ({})", n.name, n.best.unwrap_or_default());
            let around: Vec<String> = i.around.into_iter().map(best).collect();
            [i.name, format!("{:?}", i.borough), i.day, i.score.to_string(), around.join(", ")]
        })
        .collect();
    table::print(["name", "borough", "day", "score", "at the same zip code"], &rows);
    Ok(())
}

/// An inspection, numbered.
#[derive(Debug, Serialize, Deserialize, Embedded)]
struct Numbered {
    name: String,
    date: DateTime,
    score: i32,
    number: i64,
}

/// Windows by restaurant: which failed their first inspection, and what became of these.
async fn repeated_failures(db: &Database) -> Result<()> {
    let firsts: Vec<(bool, (i64, Option<f64>))> = Restaurant::aggregate()
        .unwind(|r| r.grades())
        .project::<Numbered>(|r, n| {
            n.name().is(r.restaurant_id())
                & n.date().is(r.grades().date())
                & n.score().is(r.grades().score())
        })
        .set_window_fields(
            |n| Partition::by(n.name()).sort(n.date().asc()),
            |n| n.number().is(document_number()),
        )
        .match_(|n| n.number().lte(2))
        .sort(|n| n.name().asc().then(n.number().asc()))
        .group(
            |n| by(n.name()),
            |n| {
                let first = if_(n.number().expr().eq(1), n.score(), 0);
                let second = if_(n.number().expr().eq(2), n.score(), 0);
                (sum(first), sum(second), count())
            },
        )
        .match_(|g| g.value::<2>().eq(2))
        .group(|g| by(g.value::<0>().expr().gte(FAILED)), |g| (count(), avg(g.value::<1>())))
        .sort(|g| g.key().asc())
        .all(db)
        .await?;
    println!();
    for (failed, (restaurants, mean)) in firsts {
        let what = if failed { "failed" } else { "passed" };
        println!("{restaurants} {what} their first inspection; their second: {}", points(mean));
    }
    Ok(())
}

/// Several pipelines over the same documents.
#[derive(Debug, Serialize, Deserialize, Embedded)]
struct Report {
    scores: Vec<Range>,
    grades: Vec<Letter>,
}

#[derive(Debug, Serialize, Deserialize, Embedded)]
struct Range {
    #[serde(rename = "_id")]
    from: Bson,
    #[serde(rename = "v0")]
    inspections: i64,
}

#[derive(Debug, Serialize, Deserialize, Embedded)]
struct Letter {
    #[serde(rename = "_id")]
    letter: String,
    inspections: i64,
}

/// A facet, with buckets of scores in it.
async fn report(db: &Database) -> Result<()> {
    let report = Restaurant::aggregate()
        .unwind(|r| r.grades())
        .facet::<Report>(|all, report| {
            let scores = all.clone().bucket(
                |r| r.grades().score(),
                [0, 14, FAILED],
                Some("more".into()),
                |_| count(),
            );
            let letters = all
                .group_into::<Letter, _>(
                    |r| by(r.grades().grade()),
                    |_, letter| letter.inspections().is(count()),
                )
                .sort(|letter| letter.inspections().desc().then(letter.letter().asc()))
                .limit(3);
            report.scores().of(scores.reshape::<Range>()) & report.grades().of(letters)
        })
        .first(db)
        .await?;
    let Some(report) = report else { return Ok(()) };
    let range = |range: &Range| match &range.from {
        Bson::Int32(from) => format!("from {from}: {}", range.inspections),
        other => format!("{}: {}", other.as_str().unwrap_or("?"), range.inspections),
    };
    let scores: Vec<String> = report.scores.iter().map(range).collect();
    println!("\nScores {}", scores.join(", "));
    let letter = |letter: &Letter| format!("{} times {}", letter.inspections, letter.letter);
    let letters: Vec<String> = report.grades.iter().map(letter).collect();
    println!("Most often {}", letters.join(", "));
    Ok(())
}

fn points(mean: Option<f64>) -> String {
    mean.map_or_else(|| "-".to_owned(), |mean| format!("{mean:.2}"))
}
