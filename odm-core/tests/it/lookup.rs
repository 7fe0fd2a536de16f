//! Lookups are the documents that a person would write.

use odm_core::bson::{Bson, DateTime, Document as Doc, Regex, doc, oid::ObjectId};
use odm_core::{Document, Embedded, Error, Filter, FilterOf};
use serde::{Deserialize, Serialize};

use crate::models::{AccountLog, Restaurant};

fn text(doc: &Doc) -> String {
    Bson::from(doc.clone()).to_string()
}

#[track_caller]
fn check_printed(filter: Result<Filter, Error>, lookup: &str, expected: &Doc) {
    let filter = filter.unwrap_or_else(|error| panic!("{lookup}: {error}"));
    assert_eq!(text(&filter.to_document()), text(expected), "{lookup}");
    // What was built means what is printed.
    let parsed = Filter::parse(expected).expect("a filter that the server reads");
    assert_eq!(text(&parsed.to_document()), text(expected), "{lookup}");
}

/// Without a model.
#[track_caller]
fn check(lookup: &str, value: impl Into<Bson>, expected: Doc) {
    check_printed(Filter::lookup(lookup, value), lookup, &expected);
}

/// With a model.
#[track_caller]
fn check_typed(lookup: &str, value: impl Into<Bson>, expected: Doc) {
    check_printed(Restaurant::schema().lookup(lookup, value), lookup, &expected);
}

#[track_caller]
fn check_refused(filter: Result<Filter, Error>, what: &[&str]) {
    let error = filter.expect_err("a lookup that is refused");
    assert!(matches!(error, Error::Lookup(_)), "{error:?}");
    let message = error.to_string();
    for part in what {
        assert!(message.contains(part), "{message}\nlacks {part}");
    }
}

fn regex(pattern: &str, options: &str) -> Bson {
    let (pattern, options) = (pattern.try_into().unwrap(), options.try_into().unwrap());
    Bson::RegularExpression(Regex { pattern, options })
}

#[test]
fn operators() {
    check("a", 1, doc! { "a": 1 });
    check("a__exact", 1, doc! { "a": 1 });
    check("a__eq", 1, doc! { "a": 1 });
    check("a__$eq", 1, doc! { "a": 1 });
    check("a", Bson::Null, doc! { "a": null });
    check("a", doc! { "$gt": 1 }, doc! { "a": { "$eq": { "$gt": 1 } } });
    check("a__ne", 1, doc! { "a": { "$ne": 1 } });
    for op in ["gt", "gte", "lt", "lte"] {
        let mongo = format!("${op}");
        check(&format!("a__{op}"), 1, doc! { "a": { &mongo: 1 } });
        check(&format!("a__{mongo}"), 1, doc! { "a": { &mongo: 1 } });
    }
    check("a__range", vec![1, 5], doc! { "a": { "$gte": 1, "$lte": 5 } });
    check("a__in", vec![1, 2], doc! { "a": { "$in": [1, 2] } });
    check("a__nin", vec![1, 2], doc! { "a": { "$nin": [1, 2] } });
    check("a__iexact", "a.b", doc! { "a": regex(r"^a\.b\z", "i") });
    check("a__contains", "a.b*", doc! { "a": regex(r"a\.b\*", "") });
    check("a__icontains", "(x)", doc! { "a": regex(r"\(x\)", "i") });
    check("a__startswith", "^a", doc! { "a": regex(r"^\^a", "") });
    check("a__istartswith", "^a", doc! { "a": regex(r"^\^a", "i") });
    check("a__endswith", "$", doc! { "a": regex(r"\$\z", "") });
    check("a__iendswith", "$", doc! { "a": regex(r"\$\z", "i") });
    check("a__regex", "^a+", doc! { "a": regex("^a+", "") });
    check("a__iregex", "^a+", doc! { "a": regex("^a+", "i") });
    check("a__exists", true, doc! { "a": { "$exists": true } });
    check("a__isnull", true, doc! { "a": null });
    check("a__isnull", false, doc! { "a": { "$ne": null } });
    check("a__type", "string", doc! { "a": { "$type": "string" } });
    check("a__type", vec!["string", "null"], doc! { "a": { "$type": ["string", "null"] } });
    check("a__type", 2, doc! { "a": { "$type": "string" } });
    check("a__mod", vec![4, 1], doc! { "a": { "$mod": [4, 1] } });
    check("a__size", 2, doc! { "a": { "$size": 2 } });
    check("a__all", vec![1, 2], doc! { "a": { "$all": [1, 2] } });
    check("a__bits_all_set", 5, doc! { "a": { "$bitsAllSet": 5 } });
    check("a__bits_any_set", vec![0, 2], doc! { "a": { "$bitsAnySet": [0, 2] } });
    check("a__bits_all_clear", vec![0], doc! { "a": { "$bitsAllClear": [0] } });
    check("a__bits_any_clear", vec![0], doc! { "a": { "$bitsAnyClear": [0] } });
}

#[test]
fn negation() {
    check("a__not", 1, doc! { "a": { "$not": { "$eq": 1 } } });
    check("a__not__gte", 1, doc! { "a": { "$not": { "$gte": 1 } } });
    check("a__not__contains", "x", doc! { "a": { "$not": regex("x", "") } });
    check("a__not__range", vec![1, 5], doc! { "a": { "$not": { "$gte": 1, "$lte": 5 } } });
    check("a__not__exists", true, doc! { "a": { "$not": { "$exists": true } } });
    // A field of this name.
    check("not", 1, doc! { "not": 1 });
    check("not__not", 1, doc! { "not": { "$not": { "$eq": 1 } } });
    check("not__gt", 1, doc! { "not": { "$gt": 1 } });
}

#[test]
fn elements() {
    check(
        "a__elem_match",
        doc! { "b__gte": 5, "c": "A" },
        doc! { "a": { "$elemMatch": { "b": { "$gte": 5 }, "c": "A" } } },
    );
    check(
        "a__elemMatch",
        doc! { "gte": 5, "lt": 8 },
        doc! { "a": { "$elemMatch": { "$gte": 5, "$lt": 8 } } },
    );
    check(
        "a__not__elem_match",
        doc! { "b": 5 },
        doc! { "$nor": [{ "a": { "$elemMatch": { "b": 5 } } }] },
    );
    check_typed(
        "grades__elem_match",
        doc! { "score__gte": 5, "size": 1 },
        doc! { "grades": { "$elemMatch": { "score": { "$gte": 5 }, "size": 1 } } },
    );
    check_typed(
        "scores__elem_match",
        doc! { "gte": 5, "lt": 8 },
        doc! { "scores": { "$elemMatch": { "$gte": 5, "$lt": 8 } } },
    );
    let typed = |value: Doc| Restaurant::schema().lookup("grades__elem_match", value);
    check_refused(typed(doc! { "points": 1 }), &["`points`", "score, grade, size, by"]);
    check_refused(typed(doc! { "score": { "$gte": 5 } }), &["score__gte", "$gte"]);
    check_refused(Filter::lookup("a__elem_match", 5), &["a__elem_match", "found 5", "document"]);
}

#[test]
fn geometry() {
    let point = doc! { "type": "Point", "coordinates": [1, 2] };
    let near = |more: Doc| {
        let mut spec = doc! { "$geometry": &point };
        spec.extend(more);
        doc! { "a": { "$near": spec } }
    };
    check("a__near", vec![1, 2], near(doc! {}));
    check("a__near", point.clone(), near(doc! {}));
    check("a__near_sphere", vec![1, 2], doc! { "a": { "$nearSphere": { "$geometry": &point } } });
    check(
        "a__geo_within",
        doc! { "type": "Polygon", "coordinates": [] },
        doc! { "a": { "$geoWithin": { "$geometry": { "type": "Polygon", "coordinates": [] } } } },
    );
    check(
        "a__geo_intersects",
        point.clone(),
        doc! { "a": { "$geoIntersects": { "$geometry": &point } } },
    );
    let points = Bson::from(vec![vec![0, 0], vec![1, 1]]);
    check("a__within_box", points.clone(), doc! { "a": { "$geoWithin": { "$box": &points } } });
    check(
        "a__within_polygon",
        points.clone(),
        doc! { "a": { "$geoWithin": { "$polygon": &points } } },
    );
    let circle = Bson::from(vec![Bson::from(vec![0, 0]), Bson::from(5)]);
    check(
        "a__within_center",
        circle.clone(),
        doc! { "a": { "$geoWithin": { "$center": &circle } } },
    );
    check(
        "a__within_sphere",
        circle.clone(),
        doc! { "a": { "$geoWithin": { "$centerSphere": &circle } } },
    );
    let together =
        doc! { "a__max_distance": 10, "a__near": [1, 2], "a__min_distance": 5.5, "b": 1 };
    let mut expected = near(doc! { "$maxDistance": 10, "$minDistance": 5.5 });
    expected.insert("b", 1);
    check_printed(Filter::lookups(together), "near", &expected);
    check_refused(Filter::lookup("a__max_distance", 10), &["a__max_distance", "`near`"]);
    check_refused(
        Filter::lookups(doc! { "a__near": [1, 2], "b__max_distance": 10 }),
        &["b__max_distance", "same field"],
    );
    check_refused(
        Filter::lookups(doc! { "a__near": [1, 2], "a__max_distance": -1 }),
        &["a__max_distance", "-1", "metres"],
    );
    check_refused(Filter::lookup("a__near", vec![1]), &["a__near", "longitude"]);
    check_refused(Filter::lookup("a__not__near", vec![1, 2]), &["without `not`"]);
    check_typed("address__location__near", vec![1, 2], {
        doc! { "address.location": { "$near": { "$geometry": point } } }
    });
}

#[test]
fn paths_without_a_model() {
    check("a__b", 1, doc! { "a.b": 1 });
    check("a.b__c__gt", 1, doc! { "a.b.c": { "$gt": 1 } });
    check("a__0__b", 1, doc! { "a.0.b": 1 });
    check("a_b", 1, doc! { "a_b": 1 });
    check("_id", 1, doc! { "_id": 1 });
    check("pk", 1, doc! { "_id": 1 });
    check("pk__in", vec![1], doc! { "_id": { "$in": [1] } });
    check("id", 1, doc! { "id": 1 });
    check("a__pk", 1, doc! { "a.pk": 1 });
    // Underscores with which a name begins.
    check("__v", 1, doc! { "__v": 1 });
    check("__v__gte", 1, doc! { "__v": { "$gte": 1 } });
    check("a___dref", 1, doc! { "a._dref": 1 });
    check("a____v__lt", 1, doc! { "a.__v": { "$lt": 1 } });
    // Fields named like operators.
    check("size", 1, doc! { "size": 1 });
    check("size__size", 1, doc! { "size": { "$size": 1 } });
    check("box__size__exact", 1, doc! { "box.size": 1 });
    check("box__size__gte", 1, doc! { "box.size": { "$gte": 1 } });
    check("gt__lt", 1, doc! { "gt": { "$lt": 1 } });
}

#[test]
fn refusals_without_a_model() {
    for lookup in [
        "",
        ".",
        "a.",
        ".a",
        "a__",
        "a__gte__",
        "$where",
        "a__$where",
        "a__$x__gt",
        "$gt__a",
        "a\0",
    ] {
        let error = Filter::lookup(lookup, 1).expect_err(lookup);
        assert!(matches!(error, Error::Lookup(_)), "{lookup}: {error:?}");
    }
    check_refused(Filter::lookup("a__$gt__b", 1), &["a__$gt__b", "at the end"]);
    check_refused(Filter::lookup(&"a__".repeat(200), 1), &["names"]);
    check_refused(Filter::lookup(&vec!["a"; 200].join("."), 1), &["at most 180"]);
    for (lookup, value, expected) in [
        ("a__in", Bson::from(1), "an array of values"),
        ("a__in", vec![doc! { "$gt": 1 }].into(), "an array of values"),
        ("a__gt", regex("x", ""), "a value"),
        ("a__ne", regex("x", ""), "a value"),
        ("a", Bson::Undefined, "a value"),
        ("a__range", vec![1].into(), "two values"),
        ("a__range", 1.into(), "two values"),
        ("a__contains", 1.into(), "a string"),
        ("a__regex", 1.into(), "a regular expression"),
        ("a__exists", 1.into(), "true or false"),
        ("a__isnull", "true".into(), "true or false"),
        ("a__type", "text".into(), "BSON type"),
        ("a__mod", vec![0, 1].into(), "divisor"),
        ("a__size", (-1).into(), "a number of elements"),
        ("a__all", vec![doc! { "$elemMatch": { "b": 1 } }].into(), "an array of values"),
        ("a__bits_all_set", (-1).into(), "positions"),
    ] {
        check_refused(Filter::lookup(lookup, value), &[lookup, expected]);
    }
}

#[test]
fn paths_of_a_model() {
    let id = ObjectId::from_bytes([7; 12]);
    check_typed("name__startswith", "x", doc! { "name": regex("^x", "") });
    for name in ["_id", "id", "pk"] {
        check_typed(name, id, doc! { "_id": id });
    }
    // Names in Rust and stored names.
    check_typed("restaurant_id", "1", doc! { "restaurantId": "1" });
    check_typed("restaurantId", "1", doc! { "restaurantId": "1" });
    check_typed("address__zip__ne", "1", doc! { "address.zipcode": { "$ne": "1" } });
    check_typed("address.zipcode__ne", "1", doc! { "address.zipcode": { "$ne": "1" } });
    check_typed("created_by", "me", doc! { "createdBy": "me" });
    check_typed(
        "second_address__previous__street",
        "x",
        doc! { "secondAddress.previous.street": "x" },
    );
    check_typed("grades__score__gte", 5, doc! { "grades.score": { "$gte": 5 } });
    check_typed("grades__0__score", 5, doc! { "grades.0.score": 5 });
    check_typed("matrix__1__0", 5, doc! { "matrix.1.0": 5 });
    check_typed("matrix__size", 5, doc! { "matrix": { "$size": 5 } });
    // A field comes before an operator of its name.
    check_typed("grades__size", 5, doc! { "grades.size": 5 });
    check_typed("grades__size__gt", 5, doc! { "grades.size": { "$gt": 5 } });
    check_typed("grades__$size", 5, doc! { "grades": { "$size": 5 } });
    check_typed("type__gt", 5, doc! { "type": { "$gt": 5 } });
    // Maps, and values of any type.
    check_typed("by_year__2024__gte", 5, doc! { "byYear.2024": { "$gte": 5 } });
    check_typed("by_year__exists", true, doc! { "byYear": { "$exists": true } });
    check_typed("by_year__exists__exact", 5, doc! { "byYear.exists": 5 });
    check_typed("reviews__times__score__lt", 5, doc! { "reviews.times.score": { "$lt": 5 } });
    check_typed("extra__a__b__icontains", "x", doc! { "extra.a.b": regex("x", "i") });
    check_typed("extra__0__gt", 1, doc! { "extra.0": { "$gt": 1 } });
    check_typed("event__type__exact", "Closed", doc! { "event.type": "Closed" });
    check_printed(
        AccountLog::schema().lookup("anything__at__all__exact", 1),
        "an open schema",
        &doc! { "anything.at.all": 1 },
    );
    check_printed(AccountLog::schema().lookup("size", 1), "an open schema", &doc! { "size": 1 });
    let account = odm_core::bson::Uuid::from_bytes([1; 16]);
    check_printed(AccountLog::schema().lookup("pk", account), "pk", &doc! { "_id": account });
}

#[derive(Debug, Serialize, Deserialize, Document)]
struct Odd {
    #[serde(rename = "_id")]
    key: i32,
    /// Of that name, but not the `_id`.
    id: i32,
    /// Stored under the other's name in Rust.
    #[serde(rename = "b")]
    a: i32,
    #[serde(rename = "c")]
    b: String,
    #[serde(rename = "a__b")]
    ab: i32,
    in_: In,
    gte: Vec<i32>,
    last_: i32,
    __v: i32,
}

#[derive(Debug, Serialize, Deserialize, Embedded)]
struct In {
    gte: i32,
    not: i32,
}

#[test]
fn odd_names() {
    let check_odd = |lookup: &str, value: i32, expected: Doc| {
        check_printed(Odd::schema().lookup(lookup, value), lookup, &expected);
    };
    check_odd("id", 1, doc! { "id": 1 });
    check_odd("pk", 1, doc! { "_id": 1 });
    check_odd("key", 1, doc! { "_id": 1 });
    // A stored name wins.
    check_odd("b", 1, doc! { "b": 1 });
    check_odd("a", 1, doc! { "b": 1 });
    check_printed(Odd::schema().lookup("c", "x"), "c", &doc! { "c": "x" });
    // The longest name wins.
    check_odd("a__b", 1, doc! { "a__b": 1 });
    check_odd("a__b__gt", 1, doc! { "a__b": { "$gt": 1 } });
    check_odd("in___gte", 1, doc! { "in_.gte": 1 });
    check_odd("in___gte__gte", 1, doc! { "in_.gte": { "$gte": 1 } });
    check_odd("in___not__not", 1, doc! { "in_.not": { "$not": { "$eq": 1 } } });
    check_odd("gte__gte", 1, doc! { "gte": { "$gte": 1 } });
    check_odd("last___gt", 1, doc! { "last_": { "$gt": 1 } });
    check_odd("__v__gt", 1, doc! { "__v": { "$gt": 1 } });
}

#[test]
fn refusals_of_a_model() {
    for (lookup, what) in [
        ("nme", &["`nme`", "Restaurant", "restaurantId, name,"][..]),
        ("nme__gte", &["`nme__gte`", "not `nme`", "Restaurant"]),
        ("gte", &["`gte`", "Restaurant"]),
        ("cached", &["not `cached`", "Restaurant"]),
        ("name__first", &["`name`", "`first`", "icontains"]),
        ("name__size", &["`name`", "`size`", "exact, ne, gt"]),
        ("name__gte__lte", &["`name`", "`gte`"]),
        ("name__$size", &["`name`", "`size`"]),
        ("open__contains", &["`open`", "`contains`", "exact, ne"]),
        ("visits__icontains", &["`visits`", "`icontains`", "mod"]),
        ("rating__bits_all_set", &["`rating`", "mod"]),
        ("borough__gt", &["`borough`", "`gt`", "exact, ne, in, nin, exists"]),
        ("address__gte", &["`address`", "`gte`"]),
        ("address__city", &["`address`", "`city`", "street, zipcode", "exact"]),
        ("matrix__0__1__2", &["`2`"]),
        ("tags__x", &["`tags`", "`x`", "size, all"]),
        ("by_year__$where", &["by_year"]),
    ] {
        check_refused(Restaurant::schema().lookup(lookup, 1), what);
    }
    for (lookup, value, what) in [
        ("visits__gt", Bson::from("x"), &["visits__gt", "\"x\"", "long"][..]),
        ("visits__gt", Bson::Null, &["visits__gt", "null", "long"]),
        ("visits__in", vec!["1"].into(), &["\"1\"", "long"]),
        ("borough", "Brooklyn".into(), &["Brooklyn", "queens, staten-island, BX"]),
        ("open", 1.into(), &["bool", "found 1"]),
        ("id", "07".into(), &["objectId"]),
        ("seen__gt", "2024-01-01".into(), &["date"]),
        ("name", regex("x", ""), &["string"]),
        ("name", vec!["x"].into(), &["string"]),
        ("cuisine", doc! { "$gt": "" }.into(), &["string"]),
        ("address__location__size", (-1).into(), &["elements", "-1"]),
    ] {
        check_refused(Restaurant::schema().lookup(lookup, value), what);
    }
    check_typed("visits__gt", 1.5, doc! { "visits": { "$gt": 1.5 } });
    check_typed("cuisine", Bson::Null, doc! { "cuisine": null });
    check_typed("borough__in", vec!["queens"], doc! { "borough": { "$in": ["queens"] } });
    check_typed("tags", vec!["x"], doc! { "tags": ["x"] });
    check_typed("tags", "x", doc! { "tags": "x" });
    let now = DateTime::now();
    check_typed("seen__lt", now, doc! { "seen": { "$lt": now } });
}

#[test]
fn in_queries() {
    let query =
        Restaurant::find().lookup("visits__gte", 5).lookups(doc! { "name": "x", "tags__size": 1 });
    assert_eq!(
        query.to_request().unwrap().filter.to_document(),
        doc! { "visits": { "$gte": 5 }, "name": "x", "tags": { "$size": 1 } }
    );
    let query =
        Restaurant::find().filter(|r| FilterOf::lookup("visits__gte", 5) | r.open().eq(true));
    assert_eq!(
        query.to_request().unwrap().filter.to_document(),
        doc! { "$or": [{ "visits": { "$gte": 5 } }, { "open": true }] }
    );
    let error = Restaurant::find().lookup("vists", 5).to_request().unwrap_err();
    assert!(matches!(error, Error::Lookup(_)), "{error:?}");
    let error = Restaurant::find().filter(|_| FilterOf::lookup("x", 5)).to_request().unwrap_err();
    assert!(matches!(error, Error::Lookup(_)), "{error:?}");
}
