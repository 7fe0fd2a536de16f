//! Typed pipelines: what is sent, and what comes back.

use odm_core::aggregation::{
    Accumulator, Bound, CollStats, DateUnit, DensifyBounds, DensifyStep, GeoNearOptions,
    GraphLookupOptions, Merge, Partition, UnwindOptions, WhenMatched, WhenNotMatched, Window, avg,
    by, count, documents, everything, from, if_, keep, max, prune, push, rank, sum,
};
use odm_core::bson::{Bson, Document as Doc, Regex, doc};
use odm_core::{Aggregation, Document, Embedded, GeoNear};
use serde::{Deserialize, Serialize};

use crate::aggregation_names::note_stages;

#[derive(Debug, Serialize, Deserialize, Document)]
#[odm(collection = "orders")]
struct Order {
    #[serde(rename = "_id")]
    id: i64,
    status: String,
    place: [f64; 2],
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

#[derive(Debug, Serialize, Deserialize, Document)]
#[odm(collection = "stock")]
struct Stock {
    #[serde(rename = "_id")]
    id: i64,
    sku: String,
    price: f64,
    parts: Vec<i64>,
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
    note_stages(expected);
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
            .group(|o| by((o.customer().city(), o.status())), |o| push(o.customer().name()))
            .sort(|g| g.key_part::<1>().asc().then(g.key_part::<0>().asc())),
        &[
            doc! { "$group": {
                "_id": {
                    "k0": { "$ifNull": ["$customer.city", null] },
                    "k1": { "$ifNull": ["$status", null] },
                },
                "v0": { "$push": "$customer.name" },
            } },
            doc! { "$sort": { "_id.k1": 1, "_id.k0": 1 } },
        ],
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
            .lookup(
                from::<Stock>().pipeline(|s| s.hands_out::<Item>()),
                |o| o.items().sku(),
                |s| s.sku(),
                |o| o.items(),
            )
            .lookup(
                from::<Stock>().pipeline(|s| s.limit(1).hands_out::<Item>()),
                |o| o.items().sku(),
                |s| s.sku(),
                |o| o.items(),
            )
            .sample(3)
            .sample_rate(0.5)
            .match_expr(|o| o.total().expr().gt(o.discount()))
            .raw(&doc! { "$redact": "$$KEEP" })
            .skip(1)
            .limit(2)
            .count_documents(),
        &[
            doc! { "$unwind": "$items" },
            doc! { "$unwind": { "path": "$items", "includeArrayIndex": "at", "preserveNullAndEmptyArrays": true } },
            doc! { "$lookup": { "from": "stock", "localField": "items.sku", "foreignField": "sku", "as": "items" } },
            doc! { "$lookup": {
                "from": "stock",
                "localField": "items.sku",
                "foreignField": "sku",
                "pipeline": [{ "$limit": 1_i64 }],
                "as": "items",
            } },
            doc! { "$sample": { "size": 3_i64 } },
            doc! { "$match": { "$sampleRate": 0.5 } },
            doc! { "$match": { "$expr": { "$gt": ["$total", "$discount"] } } },
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
            .lookup_pipeline(
                |o| (o.status(), o.total().expr() + 1),
                |(sku, limit)| {
                    Stock::aggregate()
                        .match_expr(|s| s.sku().expr().eq(sku) & s.price().expr().lt(&limit))
                        .reshape::<Item>()
                        .set(|i| i.price().is(limit))
                        .lookup_pipeline(
                            |i| i.sku(),
                            |sku| {
                                documents([doc! { "n": "$n" }])
                                    .set(|d| d.key("sku").is(sku))
                                    .reshape::<Item>()
                            },
                            |i| i.sku().cast::<Vec<Item>>(),
                        )
                },
                |o| o.items(),
            )
            .graph_lookup(
                from::<Stock>().pipeline(|s| s.reshape::<Item>()),
                |o| o.id(),
                |s| (s.parts(), s.id()),
                |o| o.items(),
                GraphLookupOptions {
                    max_depth: Some(2),
                    depth_field: Some("depth".to_owned()),
                    restrict: Some(Stock::f().price().gt(1.0)),
                },
            )
            .union_with(Stock::aggregate().limit(1).reshape_to_model::<Order>())
            .union_with(documents::<Doc>([]).reshape_to_model::<Order>()),
        &[
            doc! { "$lookup": {
                "from": "stock",
                "let": { "v0": "$status", "v1": { "$add": ["$total", 1] } },
                "pipeline": [
                    { "$match": { "$expr": { "$and": [
                        { "$eq": ["$sku", "$$v0"] },
                        { "$lt": ["$price", "$$v1"] },
                    ] } } },
                    { "$addFields": { "price": "$$v1" } },
                    { "$lookup": {
                        "let": { "v0_1": "$sku" },
                        "pipeline": [
                            { "$documents": { "$literal": [{ "n": "$n" }] } },
                            { "$addFields": { "sku": "$$v0_1" } },
                        ],
                        "as": "sku",
                    } },
                ],
                "as": "items",
            } },
            doc! { "$graphLookup": {
                "from": "stock",
                "startWith": "$_id",
                "connectFromField": "parts",
                "connectToField": "_id",
                "as": "items",
                "maxDepth": 2_i64,
                "depthField": "depth",
                "restrictSearchWithMatch": { "price": { "$gt": 1.0 } },
            } },
            doc! { "$unionWith": { "coll": "stock", "pipeline": [{ "$limit": 1_i64 }] } },
            doc! { "$unionWith": { "pipeline": [{ "$documents": { "$literal": [] } }] } },
        ],
    );
    let of_a_pipeline = Order::aggregate().graph_lookup(
        from::<Stock>().pipeline(|s| s.limit(1).reshape::<Item>()),
        |o| o.id(),
        |s| (s.parts(), s.id()),
        |o| o.items(),
        GraphLookupOptions::default(),
    );
    assert!(of_a_pipeline.to_request().is_err());
}

#[test]
fn sources() {
    let options = GeoNearOptions {
        key: Some("place".to_owned()),
        query: Some(doc! { "status": "new" }.into()),
        distance_multiplier: Some(0.001),
        include_locs: Some("at".to_owned()),
    };
    check(
        &Order::aggregate().geo_near(
            GeoNear::lon_lat(10.0, 60.0).min_distance(1.0).max_distance(5000.0),
            |o| o.total(),
            options,
        ),
        &[doc! { "$geoNear": {
            "near": { "type": "Point", "coordinates": [10.0, 60.0] },
            "distanceField": "total",
            "spherical": true,
            "minDistance": 1.0,
            "maxDistance": 5000.0,
            "query": { "status": "new" },
            "key": "place",
            "distanceMultiplier": 0.001,
            "includeLocs": "at",
        } }],
    );
    check(
        &documents([doc! { "n": "$n" }]).match_(|d| d.key("n").exists(true)),
        &[
            doc! { "$documents": { "$literal": [{ "n": "$n" }] } },
            doc! { "$match": { "n": { "$exists": true } } },
        ],
    );
    check(
        &Order::aggregate().index_stats().match_(|i| i.key("accesses").key("ops").gt(5)),
        &[doc! { "$indexStats": {} }, doc! { "$match": { "accesses.ops": { "$gt": 5 } } }],
    );
    check(&Order::aggregate().plan_cache_stats(), &[doc! { "$planCacheStats": {} }]);
    check(
        &Order::aggregate().coll_stats([
            CollStats::Count,
            CollStats::StorageStats { scale: Some(1024) },
            CollStats::LatencyStats { histograms: true },
            CollStats::QueryExecStats,
        ]),
        &[doc! { "$collStats": {
            "count": {},
            "storageStats": { "scale": 1024_i64 },
            "latencyStats": { "histograms": true },
            "queryExecStats": {},
        } }],
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
            |o| {
                o.quantity().fill_linear()
                    & o.status().fill_value("$new")
                    & o.total().fill_value(o.discount().expr().cast::<f64>())
                    & o.discount().fill_locf()
            },
        ),
        &[
            doc! { "$densify": {
                "field": "quantity",
                "partitionByFields": ["status"],
                "range": { "step": 1, "bounds": "full", "unit": "day" },
            } },
            doc! { "$fill": {
                "partitionByFields": ["status"],
                "sortBy": { "total": 1 },
                "output": {
                    "quantity": { "method": "linear" },
                    "status": { "value": { "$literal": "$new" } },
                    "total": { "value": "$discount" },
                    "discount": { "method": "locf" },
                },
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
        &Order::aggregate().out_to_database("old", "copy"),
        &[doc! { "$out": { "db": "old", "coll": "copy" } }],
    );
    check(
        &Order::aggregate().replace_root(|o| o.customer()).sort(|c| c.name().asc()),
        &[doc! { "$replaceRoot": { "newRoot": "$customer" } }, doc! { "$sort": { "name": 1 } }],
    );
}

/// What every stage is written as.
pub(crate) const ALL: &[fn()] = &[
    queries_become_leading_stages,
    groups,
    shapes,
    other_stages,
    stages_with_pipelines,
    sources,
    buckets_and_counts,
    windows,
    last_stages,
];
