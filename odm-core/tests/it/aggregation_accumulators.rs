//! Typed accumulators and window functions: what each is written as.

use odm_core::aggregation::{
    Accumulator, Bound, DateUnit, Partition, Window, WindowFunction, add_to_set, avg, bottom,
    bottom_n, count, covariance_pop, covariance_samp, dense_rank, derivative, document_number,
    everything, exp_moving_avg, exp_moving_avg_alpha, first, first_n, integral, last, last_n,
    linear_fill, locf, max, max_n, merge_all, min, min_n, push, rank, shift, shift_or, std_dev_pop,
    std_dev_samp, sum, top, top_n,
};
use odm_core::bson::{DateTime, Document as Doc, doc};
use odm_core::{Document, Embedded};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::aggregation_names::note;

#[derive(Debug, Serialize, Deserialize, Document)]
struct Trade {
    #[serde(rename = "_id")]
    id: i64,
    at: DateTime,
    price: f64,
    count: Option<i32>,
    buyer: Buyer,
}

#[derive(Debug, Serialize, Deserialize, Embedded)]
struct Buyer {
    name: String,
}

/// What it is written as in a group, and over a window.
#[track_caller]
fn check<T: DeserializeOwned>(
    accumulator: impl Fn(<Trade as Document>::Fields) -> Accumulator<Trade, T>,
    expected: &Doc,
) {
    let pipeline = Trade::aggregate().group(|_| everything(), &accumulator);
    let request = pipeline.to_request().expect("nothing is wrong with it");
    assert_eq!(
        request.pipeline.0[0].spec().as_document(),
        Some(&doc! { "_id": null, "v0": expected.clone() })
    );
    let name = expected.keys().next().expect("the name");
    note("groupAccumulators", name);
    if name != "$mergeObjects" {
        check_window(accumulator(Trade::f()).over(&last_two()), expected, true);
    }
}

fn last_two() -> Window {
    Window::documents(Bound::Offset(-1), Bound::Current)
}

#[track_caller]
fn check_window<T>(function: WindowFunction<Trade, T>, expected: &Doc, windowed: bool) {
    let pipeline = Trade::aggregate().reshape::<Any>().set_window_fields(
        |_| Partition::whole(),
        |any| {
            any.value().is(WindowFunction::<Any, Doc>::new(
                function.into_document().expect("nothing is wrong with it"),
            ))
        },
    );
    let request = pipeline.to_request().expect("nothing is wrong with it");
    let mut expected = expected.clone();
    note("windowAccumulators", expected.keys().next().expect("the name"));
    if windowed {
        expected.insert("window", doc! { "documents": [-1_i64, "current"] });
    }
    assert_eq!(
        request.pipeline.0[0].spec().as_document(),
        Some(&doc! { "output": { "value": expected } })
    );
}

#[derive(Debug, Serialize, Deserialize, Embedded)]
struct Any {
    value: Doc,
}

#[test]
fn accumulators() {
    check(|t| sum(t.price()), &doc! { "$sum": "$price" });
    check(|t| avg(t.price()), &doc! { "$avg": "$price" });
    check(|_| count(), &doc! { "$sum": 1 });
    check(|t| min(t.price()), &doc! { "$min": "$price" });
    check(|t| max(t.price()), &doc! { "$max": "$price" });
    check(|t| first(t.price()), &doc! { "$first": "$price" });
    check(|t| last(t.price()), &doc! { "$last": "$price" });
    check(|t| push(t.price()), &doc! { "$push": "$price" });
    check(|t| add_to_set(t.price()), &doc! { "$addToSet": "$price" });
    check(|t| merge_all(t.buyer()), &doc! { "$mergeObjects": "$buyer" });
    check(|t| std_dev_pop(t.price()), &doc! { "$stdDevPop": "$price" });
    check(|t| std_dev_samp(t.price()), &doc! { "$stdDevSamp": "$price" });
    check(|t| first_n(t.price(), 2), &doc! { "$firstN": { "input": "$price", "n": 2_i64 } });
    check(|t| last_n(t.price(), 2), &doc! { "$lastN": { "input": "$price", "n": 2_i64 } });
    check(|t| max_n(t.price(), 2), &doc! { "$maxN": { "input": "$price", "n": 2_i64 } });
    check(|t| min_n(t.price(), 2), &doc! { "$minN": { "input": "$price", "n": 2_i64 } });
    let sorted = |name: &str| doc! { name: { "sortBy": { "at": -1 }, "output": "$price" } };
    check(|t| top(t.at().desc(), t.price()), &sorted("$top"));
    check(|t| bottom(t.at().desc(), t.price()), &sorted("$bottom"));
    let some =
        |name: &str| doc! { name: { "sortBy": { "at": -1 }, "output": "$price", "n": 2_i64 } };
    check(|t| top_n(t.at().desc(), t.price(), 2), &some("$topN"));
    check(|t| bottom_n(t.at().desc(), t.price(), 2), &some("$bottomN"));
    let computed = doc! { "$sum": { "$multiply": ["$price", "$count"] } };
    check(|t| sum(t.price().expr() * t.count()), &computed);
}

#[test]
fn window_functions() {
    let t = Trade::f();
    let check = |function, expected: Doc| check_window::<Doc>(function, &expected, false);
    check(rank().cast(), doc! { "$rank": {} });
    check(dense_rank().cast(), doc! { "$denseRank": {} });
    check(document_number().cast(), doc! { "$documentNumber": {} });
    check(shift(t.price(), -1).cast(), doc! { "$shift": { "output": "$price", "by": -1 } });
    check(
        shift_or(t.price(), 1, 0.5).cast(),
        doc! { "$shift": { "output": "$price", "by": 1, "default": 0.5 } },
    );
    check(
        exp_moving_avg(t.price(), 3).cast(),
        doc! { "$expMovingAvg": { "input": "$price", "N": 3_i64 } },
    );
    check(
        exp_moving_avg_alpha(t.price(), 0.5).cast(),
        doc! { "$expMovingAvg": { "input": "$price", "alpha": 0.5 } },
    );
    check(
        derivative(t.price(), Some(DateUnit::Hour)).cast(),
        doc! { "$derivative": { "input": "$price", "unit": "hour" } },
    );
    check(integral(t.price(), None).cast(), doc! { "$integral": { "input": "$price" } });
    check(
        covariance_pop(t.price(), t.count()).cast(),
        doc! { "$covariancePop": ["$price", "$count"] },
    );
    check(
        covariance_samp(t.price(), t.count()).cast(),
        doc! { "$covarianceSamp": ["$price", "$count"] },
    );
    check(locf(t.price()).cast(), doc! { "$locf": "$price" });
    check(linear_fill(t.price()).cast(), doc! { "$linearFill": "$price" });
    check(
        sum(t.price()).over(&Window::range(Bound::Fraction(-0.5), Bound::Unbounded)).cast(),
        doc! { "$sum": "$price", "window": { "range": [-0.5, "unbounded"] } },
    );
    check(
        sum(t.price())
            .over(&Window::dates(Bound::Offset(-1), Bound::Current, DateUnit::Day))
            .cast(),
        doc! { "$sum": "$price", "window": { "range": [-1_i64, "current"], "unit": "day" } },
    );
}

/// What every accumulator and window function is written as.
pub(crate) const ALL: &[fn()] = &[accumulators, window_functions];
