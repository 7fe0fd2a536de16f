//! Typed pipelines: what is sent, and what comes back.

use odm_core::aggregation::{
    Accumulator, Bound, DateUnit, DensifyBounds, DensifyStep, FillBy, GraphLookupOptions, Merge,
    Partition, UnwindOptions, WhenMatched, WhenNotMatched, Window, avg, by, count, everything, if_,
    keep, max, prune, push, rank, sum,
};
use odm_core::bson::{Bson, Document as Doc, Regex, doc};
use odm_core::{Aggregation, Document, Embedded};
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize, Document)]
#[odm(collection = "orders")]
struct Order {
    #[serde(rename = "_id")]
    id: i64,
    status: String,
    total: f64,
    quantity: i32,
    discount: Option<f64>,
    customer: Customer,
    items: Vec<Item>,
}

#[derive(Debug, Serialize, Deserialize, Embedded)]
struct Customer {
    name: String,
    city: String,
}

#[derive(Debug, Serialize, Deserialize, Embedded)]
struct Item {
    sku: String,
    price: f64,
}

#[derive(Debug, Serialize, Deserialize, Embedded)]
struct Totals {
    #[serde(rename = "_id")]
    city: String,
    orders: i64,
    total: f64,
    greatest: Option<f64>,
}

fn check<S, F, T>(pipeline: &Aggregation<S, F, T>, expected: &[Doc]) {
    let request = pipeline.to_request().expect("nothing is wrong with it");
    let expected: Vec<Bson> = expected.iter().map(|stage| stage.clone().into()).collect();
    assert_eq!(request.pipeline.to_array(), expected);
}

#[test]
fn queries_become_leading_stages() {
    let query = Order::find()
        .filter(|o| o.total().gt(5.0))
        .sort(|o| o.total().desc())
        .skip(2)
        .limit(10)
        .project::<Doc>(doc! { "total": 1 });
    check(
        &query.aggregate(),
        &[
            doc! { "$match": { "total": { "$gt": 5.0 } } },
            doc! { "$sort": { "total": -1 } },
            doc! { "$skip": 2_i64 },
            doc! { "$limit": 10_i64 },
            doc! { "$project": { "total": 1 } },
        ],
    );
    check(&Order::find().aggregate(), &[]);
    assert!(Order::find().min(doc! { "total": 1 }).aggregate().to_request().is_err());
}

#[test]
fn groups() {
    check(
        &Order::aggregate()
            .group(|o| by(o.status()), |o| (count(), sum(o.total()), avg(o.discount())))
            .match_(|g| g.key().ne("void") & g.value::<1>().gt(10.0))
            .sort(|g| g.value::<0>().desc()),
        &[
            doc! { "$group": { "_id": "$status", "v0": { "$sum": 1 }, "v1": { "$sum": "$total" }, "v2": { "$avg": "$discount" } } },
            doc! { "$match": { "_id": { "$ne": "void" }, "v1": { "$gt": 10.0 } } },
            doc! { "$sort": { "v0": -1 } },
        ],
    );
    check(
        &Order::aggregate()
            .group(|o| by((o.customer().city(), o.status())), |o| push(o.customer().name())),
        &[doc! { "$group": {
            "_id": {
                "k0": { "$ifNull": ["$customer.city", null] },
                "k1": { "$ifNull": ["$status", null] },
            },
            "v0": { "$push": "$customer.name" },
        } }],
    );
    check(
        &Order::aggregate()
            .group(|_| everything(), |_| Accumulator::<_, i64>::new(doc! { "$count": {} })),
        &[doc! { "$group": { "_id": null, "v0": { "$count": {} } } }],
    );
}

#[test]
fn shapes() {
    check(
        &Order::aggregate()
            .group_into::<Totals, _>(
                |o| by(o.customer().city()),
                |o, t| {
                    t.orders().is(count())
                        & t.total().is(sum(o.total()))
                        & t.greatest().is(max(o.total()))
                },
            )
            .match_(|t| t.orders().gte(2) & t.city().starts_with("B")),
        &[
            doc! { "$group": {
                "_id": "$customer.city",
                "orders": { "$sum": 1 },
                "total": { "$sum": "$total" },
                "greatest": { "$max": "$total" },
            } },
            doc! { "$match": {
                "orders": { "$gte": 2_i64 },
                "_id": Regex { pattern: "^B".try_into().unwrap(), options: "".try_into().unwrap() },
            } },
        ],
    );
    check(
        &Order::aggregate()
            .set(|o| o.discount().is(o.total()) & o.quantity().is(3))
            .project::<Item>(|o, i| i.sku().is(o.status()) & i.price().is(o.total()))
            .unset(|i| i.sku()),
        &[
            doc! { "$addFields": { "discount": "$total", "quantity": { "$literal": 3 } } },
            doc! { "$project": { "sku": "$status", "price": "$total", "_id": 0 } },
            doc! { "$unset": "sku" },
        ],
    );
}

#[test]
fn other_stages() {
    let options = UnwindOptions {
        include_array_index: Some("at".to_owned()),
        preserve_null_and_empty_arrays: true,
    };
    check(
        &Order::aggregate()
            .unwind(|o| o.items())
            .unwind_with(|o| o.items(), options)
            .lookup::<Order, _, _, _>(|o| o.customer().name(), |o| o.status(), |o| o.items())
            .sample(3)
            .raw(&doc! { "$redact": "$$KEEP" })
            .skip(1)
            .limit(2)
            .count_documents(),
        &[
            doc! { "$unwind": "$items" },
            doc! { "$unwind": { "path": "$items", "includeArrayIndex": "at", "preserveNullAndEmptyArrays": true } },
            doc! { "$lookup": { "from": "orders", "localField": "customer.name", "foreignField": "status", "as": "items" } },
            doc! { "$sample": { "size": 3_i64 } },
            doc! { "$redact": "$$KEEP" },
            doc! { "$skip": 1_i64 },
            doc! { "$limit": 2_i64 },
            doc! { "$count": "n" },
        ],
    );
    assert!(Order::aggregate().raw(&doc! { "a": 1 }).to_request().is_err());
}

#[derive(Debug, Serialize, Deserialize, Embedded)]
struct Report {
    dear: Vec<Item>,
    cities: Vec<Totals>,
}

#[test]
fn stages_with_pipelines() {
    check(
        &Order::aggregate().match_(|o| o.total().gt(1.0)).facet::<Report>(|start, r| {
            r.dear().of(start.clone().project::<Item>(|o, i| i.price().is(o.total())).limit(3))
                & r.cities().of(start.group_into::<Totals, _>(
                    |o| by(o.customer().city()),
                    |_, t| t.orders().is(count()),
                ))
        }),
        &[
            doc! { "$match": { "total": { "$gt": 1.0 } } },
            doc! { "$facet": {
                "dear": [{ "$project": { "price": "$total", "_id": 0 } }, { "$limit": 3_i64 }],
                "cities": [{ "$group": { "_id": "$customer.city", "orders": { "$sum": 1 } } }],
            } },
        ],
    );
    check(
        &Order::aggregate()
            .lookup_pipeline::<Order, _, _, _, _>(
                |o| vec![("city", o.customer().city().expr().cast())],
                |orders| {
                    orders.match_raw(doc! { "$expr": { "$eq": ["$customer.city", "$$city"] } })
                },
                |o| o.items(),
            )
            .graph_lookup::<Order, _, _, _, _>(
                |o| o.status(),
                |d| (d.customer().name(), d.status()),
                |o| o.items(),
                GraphLookupOptions { max_depth: Some(2), ..GraphLookupOptions::default() },
            )
            .union_with(|others: Aggregation<Order, _>| others.limit(1)),
        &[
            doc! { "$lookup": {
                "from": "orders",
                "let": { "city": "$customer.city" },
                "pipeline": [{ "$match": { "$expr": { "$eq": ["$customer.city", "$$city"] } } }],
                "as": "items",
            } },
            doc! { "$graphLookup": {
                "from": "orders",
                "startWith": "$status",
                "connectFromField": "customer.name",
                "connectToField": "status",
                "as": "items",
                "maxDepth": 2_i64,
            } },
            doc! { "$unionWith": { "coll": "orders", "pipeline": [{ "$limit": 1_i64 }] } },
        ],
    );
}

#[test]
fn buckets_and_counts() {
    check(
        &Order::aggregate().bucket(
            |o| o.total(),
            [0.0, 10.0],
            Some("other".into()),
            |o| (count(), sum(o.quantity())),
        ),
        &[doc! { "$bucket": {
            "groupBy": "$total",
            "boundaries": [0.0, 10.0],
            "default": "other",
            "output": { "v0": { "$sum": 1 }, "v1": { "$sum": "$quantity" } },
        } }],
    );
    check(
        &Order::aggregate().bucket_auto(|o| o.total(), 4, |_| count()),
        &[
            doc! { "$bucketAuto": { "groupBy": "$total", "buckets": 4_i64, "output": { "v0": { "$sum": 1 } } } },
        ],
    );
    check(
        &Order::aggregate().sort_by_count(|o| o.status()).match_(|g| g.value::<0>().gt(1)),
        &[
            doc! { "$group": { "_id": "$status", "v0": { "$sum": 1 } } },
            doc! { "$sort": { "v0": -1 } },
            doc! { "$match": { "v0": { "$gt": 1_i64 } } },
        ],
    );
}

#[test]
fn windows() {
    let last_three = Window::documents(Bound::Offset(-2), Bound::Current);
    check(
        &Order::aggregate().set_window_fields(
            |o| Partition::by(o.status()).sort(o.total().desc()),
            |o| {
                o.quantity().is(rank().cast::<i32>())
                    & o.total().is(sum(o.total()).over(&last_three))
                    & o.discount().is(avg(o.total()).over_all())
            },
        ),
        &[doc! { "$setWindowFields": {
            "partitionBy": "$status",
            "sortBy": { "total": -1 },
            "output": {
                "quantity": { "$rank": {} },
                "total": { "$sum": "$total", "window": { "documents": [-2_i64, "current"] } },
                "discount": { "$avg": "$total", "window": { "documents": ["unbounded", "unbounded"] } },
            },
        } }],
    );
    let step =
        DensifyStep { step: 1.into(), unit: Some(DateUnit::Day), bounds: DensifyBounds::Full };
    check(
        &Order::aggregate().densify(|o| o.quantity(), &["status"], &step).fill(
            |o| Partition::by(o.status()).sort(o.total().asc()),
            |o| o.quantity(),
            &FillBy::Linear,
        ),
        &[
            doc! { "$densify": {
                "field": "quantity",
                "partitionByFields": ["status"],
                "range": { "step": 1, "bounds": "full", "unit": "day" },
            } },
            doc! { "$fill": {
                "partitionBy": "$status",
                "sortBy": { "total": 1 },
                "output": { "quantity": { "method": "linear" } },
            } },
        ],
    );
}

#[test]
fn last_stages() {
    let merge = Merge::into("totals")
        .on(["status"])
        .when_matched(WhenMatched::KeepExisting)
        .when_not_matched(WhenNotMatched::Discard);
    check(
        &Order::aggregate().redact(|o| if_(o.total().expr().gt(1), keep(), prune())).merge(&merge),
        &[
            doc! { "$redact": { "$cond": [{ "$gt": ["$total", 1] }, "$$KEEP", "$$PRUNE"] } },
            doc! { "$merge": {
                "into": "totals",
                "on": ["status"],
                "whenMatched": "keepExisting",
                "whenNotMatched": "discard",
            } },
        ],
    );
    check(&Order::aggregate().out("copy"), &[doc! { "$out": "copy" }]);
    check(
        &Order::aggregate().replace_root(|o| o.customer()).sort(|c| c.name().asc()),
        &[doc! { "$replaceRoot": { "newRoot": "$customer" } }, doc! { "$sort": { "name": 1 } }],
    );
}
