//! Typed filters are the documents that a person would write.

use std::str::FromStr;

use odm_core::bson::{
    Bson, DateTime, Decimal128, Document as Doc, Regex, Uuid, doc, oid::ObjectId,
};
use odm_core::{BsonType, Document, Filter, FilterOf, GeoNear, Predicate, TypeSpec};

use crate::models::{Borough, Email, Grade, Restaurant, RestaurantFields, Shape};

fn check(build: impl FnOnce(RestaurantFields) -> FilterOf<Restaurant>, expected: Doc) {
    let filter = build(Restaurant::f()).into_filter().expect("a filter that can be written");
    assert_eq!(filter.to_document(), expected);
    // What was built means what is printed.
    let parsed = Filter::parse(&expected).expect("a filter that the server reads");
    assert_eq!(parsed.to_document(), expected);
}

fn check_refused(build: impl FnOnce(RestaurantFields) -> FilterOf<Restaurant>, message: &str) {
    let error = build(Restaurant::f()).into_filter().expect_err("a filter that cannot be written");
    assert!(error.to_string().contains(message), "{error}");
}

fn regex(pattern: &str, options: &str) -> Bson {
    let (pattern, options) = (pattern.try_into().unwrap(), options.try_into().unwrap());
    Bson::RegularExpression(Regex { pattern, options })
}

#[test]
fn comparison() {
    check(|r| r.name().eq("x"), doc! { "name": "x" });
    check(|r| r.name().eq("x".to_owned()), doc! { "name": "x" });
    let name = "x".to_owned();
    check(|r| r.name().eq(&name), doc! { "name": "x" });
    check(|r| r.name().in_(std::slice::from_ref(&name)), doc! { "name": { "$in": ["x"] } });
    check(|r| r.name().ne("x"), doc! { "name": { "$ne": "x" } });
    check(|r| r.visits().gt(5), doc! { "visits": { "$gt": 5_i64 } });
    check(|r| r.visits().gte(5), doc! { "visits": { "$gte": 5_i64 } });
    check(|r| r.rating().lt(4.5), doc! { "rating": { "$lt": 4.5 } });
    check(|r| r.rating().lte(4.5), doc! { "rating": { "$lte": 4.5 } });
    check(|r| r.r#type().eq(5), doc! { "type": 5_i64 });
    check(|r| r.open().eq(true), doc! { "open": true });
    check(|r| r.cuisine().in_(["a", "b"]), doc! { "cuisine": { "$in": ["a", "b"] } });
    check(|r| r.visits().nin(vec![1, 2]), doc! { "visits": { "$nin": [1_i64, 2_i64] } });
    check(|r| r.cuisine().in_(Vec::<String>::new()), doc! { "cuisine": { "$in": [] } });
}

#[test]
fn operands_are_encoded_as_they_are_stored() {
    let id = ObjectId::from_bytes([7; 12]);
    let owner = Uuid::from_bytes([1; 16]);
    let price = Decimal128::from_str("9.99").unwrap();
    check(|r| r.id().eq(id), doc! { "_id": id });
    check(|r| r.id().in_([&id]), doc! { "_id": { "$in": [id] } });
    check(|r| r.owner().eq(owner), doc! { "owner": owner });
    check(|r| r.price().gte(price), doc! { "price": { "$gte": price } });
    check(
        |r| r.seen().lt(DateTime::from_millis(1)),
        doc! { "seen": { "$lt": DateTime::from_millis(1) } },
    );
    check(|r| r.borough().eq(Borough::StatenIsland), doc! { "borough": "staten-island" });
    check(|r| r.borough().in_([Borough::Bronx]), doc! { "borough": { "$in": ["BX"] } });
    check(|r| r.email().eq(Email("a@b".into())), doc! { "email": "a@b" });
    check(|r| r.color().eq(255), doc! { "color": "0000ff" });
    check(|r| r.color().in_([&255, &1]), doc! { "color": { "$in": ["0000ff", "000001"] } });
    let v4 = std::net::IpAddr::from([127, 0, 0, 1]);
    check(|r| r.ip().eq(v4), doc! { "ip": { "V4": [127, 0, 0, 1] } });
    check(|r| r.extra().eq(5), doc! { "extra": 5 });
    check(|r| r.extra().eq(regex("x", "")), doc! { "extra": { "$eq": regex("x", "") } });
    check(
        |r| r.shape().eq(Shape::Circle { radius: 1.0 }),
        doc! { "shape": { "Circle": { "radius": 1.0 } } },
    );
    check(|r| r.shape().eq(Shape::Square(2.0)), doc! { "shape": { "Square": 2.0 } });
    check(|r| r.shape().eq(Shape::Point), doc! { "shape": "Point" });
}

#[test]
fn null_and_missing() {
    check(|r| r.cuisine().eq(None), doc! { "cuisine": null });
    check(|r| r.cuisine().eq(Some("x".to_owned())), doc! { "cuisine": "x" });
    check(|r| r.cuisine().is_null(), doc! { "cuisine": null });
    check(|r| r.cuisine().is_not_null(), doc! { "cuisine": { "$ne": null } });
    check(|r| r.cuisine().exists(false), doc! { "cuisine": { "$exists": false } });
    check(|r| r.extra().of_type(BsonType::Long), doc! { "extra": { "$type": "long" } });
    check(|r| r.extra().of_type(TypeSpec::Number), doc! { "extra": { "$type": "number" } });
    check(
        |r| r.extra().of_types([BsonType::Int, BsonType::Null]),
        doc! { "extra": { "$type": ["int", "null"] } },
    );
    check_refused(|r| r.extra().of_types(Vec::<BsonType>::new()), "`extra`: $type of no type");
}

#[test]
fn paths() {
    check(|r| r.address().zip().eq("1"), doc! { "address.zipcode": "1" });
    check(|r| r.address().exists(true), doc! { "address": { "$exists": true } });
    check(|r| r.second_address().street().eq("1"), doc! { "secondAddress.street": "1" });
    check(
        |r| r.address().previous().previous().zip().eq("1"),
        doc! { "address.previous.previous.zipcode": "1" },
    );
    check(|r| r.grades().score().gte(5), doc! { "grades.score": { "$gte": 5 } });
    check(|r| r.grades().by().is_null(), doc! { "grades.by": null });
    check(|r| r.grades().at(0).score().eq(5), doc! { "grades.0.score": 5 });
    check(|r| r.matrix().at(1).at(0).eq(5), doc! { "matrix.1.0": 5 });
    check(|r| r.by_year().key("2024").gt(5), doc! { "byYear.2024": { "$gt": 5 } });
    check(|r| r.reviews().key("times").score().eq(5), doc! { "reviews.times.score": 5 });
    check(|r| r.extra().key("a").key("b").eq("x"), doc! { "extra.a.b": "x" });
    check(|r| r.audit().created_by().eq("me"), doc! { "createdBy": "me" });
}

#[test]
fn a_field_named_like_an_operator() {
    check(|r| r.grades().size().eq(1), doc! { "grades.size": 1 });
    check(|r| (*r.grades()).size(2), doc! { "grades": { "$size": 2 } });
}

#[test]
fn keys_that_paths_cannot_hold_are_refused() {
    for key in ["", "a.b", "$where", "a\0"] {
        check_refused(|r| r.by_year().key(key).eq(1), "byYear");
        check_refused(|r| r.reviews().key(key).score().eq(1), "reviews");
        check_refused(|r| r.reviews().key(key).any(|g| g.score().eq(1)), "reviews");
    }
    check(|r| r.by_year().key("1$ ").eq(1), doc! { "byYear.1$ ": 1 });
}

#[test]
fn text() {
    check(|r| r.name().regex("^a+"), doc! { "name": regex("^a+", "") });
    check(|r| r.name().regex_with("^a+", "xi"), doc! { "name": regex("^a+", "ix") });
    check(|r| r.cuisine().contains("a.b*[c]"), doc! { "cuisine": regex(r"a\.b\*\[c\]", "") });
    check(|r| r.tags().icontains("(x)"), doc! { "tags": regex(r"\(x\)", "i") });
    check(|r| r.email().starts_with("^a"), doc! { "email": regex(r"^\^a", "") });
    check(|r| r.address().zip().ends_with("$"), doc! { "address.zipcode": regex(r"\$\z", "") });
    check(|r| r.name().iexact("a.b"), doc! { "name": regex(r"^a\.b\z", "i") });
    check(|r| r.name().istarts_with("^a"), doc! { "name": regex(r"^\^a", "i") });
    check(|r| r.name().iends_with("$"), doc! { "name": regex(r"\$\z", "i") });
    check(|r| r.name().contains("a\0b"), doc! { "name": regex(r"a\x00b", "") });
    check(|r| r.grades().grade().contains("+"), doc! { "grades.grade": regex(r"\+", "") });
    check_refused(|r| r.name().regex("a\0b"), "regular expression");
}

#[test]
fn numbers() {
    check(|r| r.visits().mod_(4, 1), doc! { "visits": { "$mod": [4, 1] } });
    check(|r| r.scores().mod_(4, 1), doc! { "scores": { "$mod": [4, 1] } });
    check_refused(|r| r.visits().mod_(0, 1), "visits");
    check(|r| r.visits().bits_all_set([0, 2]), doc! { "visits": { "$bitsAllSet": [0, 2] } });
    check(|r| r.visits().bits_any_set([0, 2]), doc! { "visits": { "$bitsAnySet": [0, 2] } });
    check(|r| r.visits().bits_all_clear([0]), doc! { "visits": { "$bitsAllClear": [0] } });
    check(|r| r.scores().bits_any_clear([0]), doc! { "scores": { "$bitsAnyClear": [0] } });
}

#[test]
fn arrays() {
    check(|r| r.tags().eq("x"), doc! { "tags": "x" });
    check(|r| r.tags().eq(["x", "y"]), doc! { "tags": ["x", "y"] });
    check(|r| r.tags().eq(vec!["x".to_owned()]), doc! { "tags": ["x"] });
    check(|r| r.tags().in_(["x", "y"]), doc! { "tags": { "$in": ["x", "y"] } });
    check(|r| r.scores().gte(5), doc! { "scores": { "$gte": 5 } });
    check(|r| r.scores().eq(None), doc! { "scores": null });
    check(|r| r.tags().all(["x", "y"]), doc! { "tags": { "$all": ["x", "y"] } });
    check(|r| r.scores().all([1]), doc! { "scores": { "$all": [1] } });
    check(|r| r.tags().size(2), doc! { "tags": { "$size": 2 } });
    check(
        |r| r.grades().all_match(|g| [g.score().gt(5) & g.size().eq(1), g.grade().eq("A")]),
        doc! { "grades": { "$all": [
            { "$elemMatch": { "score": { "$gt": 5 }, "size": 1 } },
            { "$elemMatch": { "grade": "A" } },
        ] } },
    );
    check(
        |r| r.scores().all_match(|s| [s.gt(5), s.lt(1)]),
        doc! { "scores": { "$all": [{ "$elemMatch": { "$gt": 5 } }, { "$elemMatch": { "$lt": 1 } }] } },
    );
    check_refused(|r| r.scores().all_match(|s| [s.gt(5) | s.lt(1)]), "inside $all");
    check(
        |r| r.grades().eq(Grade { score: 1, grade: "A".into(), size: 2, by: None }),
        doc! { "grades": { "score": 1, "grade": "A", "size": 2, "by": null } },
    );
}

#[test]
fn elements() {
    check(
        |r| r.grades().any(|g| g.score().gte(5) & g.grade().eq("A")),
        doc! { "grades": { "$elemMatch": { "score": { "$gte": 5 }, "grade": "A" } } },
    );
    check(
        |r| r.grades().elem_match(|g| g.score().gte(5) | g.grade().eq("A")),
        doc! { "grades": { "$elemMatch": { "$or": [{ "score": { "$gte": 5 } }, { "grade": "A" }] } } },
    );
    check(
        |r| r.scores().any(|s| s.gte(5) & s.lt(8)),
        doc! { "scores": { "$elemMatch": { "$gte": 5, "$lt": 8 } } },
    );
    check(
        |r| r.tags().any(|t| t.starts_with("x")),
        doc! { "tags": { "$elemMatch": { "$regex": "^x" } } },
    );
    check(
        |r| r.matrix().any(|row| row.any(|n| n.gt(5)) & row.size(2)),
        doc! { "matrix": { "$elemMatch": { "$elemMatch": { "$gt": 5 }, "$size": 2 } } },
    );
    let any = |predicate: Doc| doc! { "scores": { "$elemMatch": predicate } };
    check(|r| r.scores().any(|s| s.ne(1) & s.ne(2)), any(doc! { "$nin": [1, 2] }));
    check(|r| r.scores().any(|s| !s.gt(1)), any(doc! { "$not": { "$gt": 1 } }));
    check(
        |r| r.scores().any(|s| !(s.gt(1) & s.lt(5)) & s.ne(7)),
        any(doc! { "$not": { "$gt": 1, "$lt": 5 }, "$ne": 7 }),
    );
    // Some element is this or that exactly if some is this, or some is that.
    check(
        |r| r.scores().any(|s| s.gt(5) | s.lt(1)),
        doc! { "$or": [any(doc! { "$gt": 5 }), any(doc! { "$lt": 1 })] },
    );
    let both = "on a value itself and on its fields";
    check_refused(|r| r.grades().any(|g| g.exists(true) & g.score().gt(1)), both);
    check_refused(|r| r.scores().any(|s| (s.gt(5) | s.lt(1)) & s.ne(7)), "alternatives");
    check_refused(|r| r.scores().any(|s| !s.gt(5) & !s.lt(1)), "two negations");
}

#[test]
fn combinations() {
    check(
        |r| r.open().eq(true) & r.visits().gt(1) & r.visits().lt(5),
        doc! { "open": true, "visits": { "$gt": 1_i64, "$lt": 5_i64 } },
    );
    check(
        |r| r.open().eq(true) | r.visits().gt(1),
        doc! { "$or": [{ "open": true }, { "visits": { "$gt": 1_i64 } }] },
    );
    check(|r| !r.open().eq(true), doc! { "$nor": [{ "open": true }] });
    check(|r| !!r.open().eq(true), doc! { "open": true });
    check(
        |r| r.visits().not(|v| v.gt(1) & v.lt(5)),
        doc! { "visits": { "$not": { "$gt": 1_i64, "$lt": 5_i64 } } },
    );
    check(|r| r.name().not(|n| n.contains("x")), doc! { "name": { "$not": regex("x", "") } });
}

/// Nothing is lost: a value without a BSON form makes the whole filter an error.
#[test]
fn operands_that_cannot_be_encoded_are_reported() {
    let big = |_: &RestaurantFields| odm_core::Field::<Restaurant, u64>::new("big".into());
    check_refused(|r| big(&r).eq(u64::MAX), "u64");
    check_refused(|r| big(&r).eq(u64::MAX) & r.open().eq(true), "u64");
    check_refused(|r| r.open().eq(true) | big(&r).eq(u64::MAX), "u64");
    check_refused(|r| !big(&r).in_([1, u64::MAX]), "u64");
}

/// Documents can stand beside typed filters, and are not looked into.
#[test]
fn documents() {
    let newer = doc! { "newer": { "$than": "this" } };
    let filter = Restaurant::f().open().eq(true) & newer.clone().into();
    assert_eq!(
        filter.into_filter().unwrap().to_document(),
        doc! { "$and": [{ "open": true }, newer] }
    );
}

#[test]
fn places() {
    let location = |operand: Doc| doc! { "address.location": operand };
    let point = doc! { "type": "Point", "coordinates": [-73.9, 40.7] };
    let near = GeoNear::lon_lat(-73.9, 40.7);
    check(
        |r| r.address().location().near(near),
        location(doc! { "$near": { "$geometry": &point } }),
    );
    check(
        |r| r.address().location().near_sphere(near.min_distance(1.0).max_distance(5.0)),
        location(doc! {
            "$nearSphere": { "$geometry": &point, "$minDistance": 1.0, "$maxDistance": 5.0 }
        }),
    );
    check(
        |r| r.address().location().geo_within(point.clone()),
        location(doc! { "$geoWithin": { "$geometry": &point } }),
    );
    check(
        |r| r.address().location().within_box([0.0, 1.0], [2.0, 3.0]),
        location(doc! { "$geoWithin": { "$box": [[0.0, 1.0], [2.0, 3.0]] } }),
    );
    check(
        |r| r.address().location().within_polygon([[0.0, 1.0], [2.0, 3.0], [0.0, 3.0]]),
        location(doc! { "$geoWithin": { "$polygon": [[0.0, 1.0], [2.0, 3.0], [0.0, 3.0]] } }),
    );
    check(
        |r| r.address().location().within_center([0.0, 1.0], 2.0),
        location(doc! { "$geoWithin": { "$center": [[0.0, 1.0], 2.0] } }),
    );
    check(
        |r| r.address().location().within_center_sphere([0.0, 1.0], 0.5),
        location(doc! { "$geoWithin": { "$centerSphere": [[0.0, 1.0], 0.5] } }),
    );
    check(
        |r| r.extra().geo_intersects(point.clone()),
        doc! { "extra": { "$geoIntersects": { "$geometry": &point } } },
    );
    check_refused(|r| r.extra().near(GeoNear::lon_lat(200.0, 0.0)), "$geometry");
    check_refused(|r| r.extra().near(near.max_distance(-1.0)), "$maxDistance");
}

#[test]
fn whole_documents() {
    let parts = |r: &RestaurantFields| [r.open().eq(true), r.visits().gt(1)];
    let list = [doc! { "open": true }, doc! { "visits": { "$gt": 1_i64 } }];
    check(|r| FilterOf::all_of(parts(&r)), doc! { "open": true, "visits": { "$gt": 1_i64 } });
    check(|r| FilterOf::any_of(parts(&r)), doc! { "$or": &list });
    check(|r| FilterOf::none_of(parts(&r)), doc! { "$nor": &list });
    check(|_| FilterOf::all_of([]), doc! {});
    check(|_| FilterOf::any_of([]), doc! { "$alwaysFalse": 1 });
    check(|_| FilterOf::none_of([]), doc! {});
    check(
        |_| FilterOf::expr(doc! { "$gt": ["$visits", "$rating"] }),
        doc! { "$expr": { "$gt": ["$visits", "$rating"] } },
    );
    check(
        |_| FilterOf::json_schema(doc! { "required": ["name"] }),
        doc! { "$jsonSchema": { "required": ["name"] } },
    );
    check(|_| FilterOf::text("coffee -decaf"), doc! { "$text": { "$search": "coffee -decaf" } });
    check(
        |r| r.open().eq(true) & FilterOf::comment("why"),
        doc! { "open": true, "$comment": "why" },
    );
    check(|_| FilterOf::sample_rate(0.5), doc! { "$sampleRate": 0.5 });
}

/// Every operator of the language has its typed form, which prints as that operator.
#[test]
fn every_operator_has_a_typed_form() {
    type Build = fn(RestaurantFields) -> FilterOf<Restaurant>;
    let near = GeoNear::lon_lat(1.0, 2.0);
    let rows: Vec<(&str, FilterOf<Restaurant>)> = [
        ("$all", (|r| r.tags().all(["x"])) as Build),
        ("$bitsAllClear", |r| r.visits().bits_all_clear([1])),
        ("$bitsAllSet", |r| r.visits().bits_all_set([1])),
        ("$bitsAnyClear", |r| r.visits().bits_any_clear([1])),
        ("$bitsAnySet", |r| r.visits().bits_any_set([1])),
        ("$elemMatch", |r| r.grades().elem_match(|g| g.score().gt(1))),
        // Where the bare value would mean something else.
        ("$eq", |r| r.extra().eq(doc! { "$gt": 1 })),
        ("$exists", |r| r.name().exists(true)),
        ("$geoIntersects", |r| r.extra().geo_intersects(doc! {})),
        ("$geoWithin", |r| r.extra().geo_within(doc! {})),
        ("$gt", |r| r.visits().gt(1)),
        ("$gte", |r| r.visits().gte(1)),
        ("$in", |r| r.visits().in_([1])),
        ("$lt", |r| r.visits().lt(1)),
        ("$lte", |r| r.visits().lte(1)),
        ("$mod", |r| r.visits().mod_(2, 1)),
        ("$ne", |r| r.visits().ne(1)),
        ("$nin", |r| r.visits().nin([1])),
        ("$not", |r| r.visits().not(|v| v.gt(1))),
        // A pattern is printed as a literal, unless an element is meant.
        ("$options", |r| r.tags().any(|t| t.icontains("x"))),
        ("$regex", |r| r.tags().any(|t| t.regex("x"))),
        ("$size", |r| r.tags().size(1)),
        ("$type", |r| r.extra().of_type(BsonType::Int)),
        ("$alwaysFalse", |_| FilterOf::always_false()),
        ("$alwaysTrue", |_| FilterOf::always_true()),
        // Conditions that do not fit side by side.
        ("$and", |r| FilterOf::all_of([r.tags().eq("x"), r.tags().eq("y")])),
        ("$comment", |_| FilterOf::comment("x")),
        ("$expr", |_| FilterOf::expr(true)),
        ("$jsonSchema", |_| FilterOf::json_schema(doc! {})),
        ("$nor", |r| FilterOf::none_of([r.open().eq(true)])),
        ("$or", |r| r.open().eq(true) | r.open().eq(false)),
        ("$sampleRate", |_| FilterOf::sample_rate(0.5)),
        ("$text", |_| FilterOf::text("x")),
    ]
    .into_iter()
    .map(|(name, build)| (name, build(Restaurant::f())))
    .chain([
        ("$near", Restaurant::f().extra().near(near)),
        ("$nearSphere", Restaurant::f().extra().near_sphere(near)),
    ])
    .collect();
    for (name, filter) in &rows {
        let printed = filter.clone().into_filter().unwrap().to_document();
        let text = Bson::from(printed.clone()).to_string();
        assert!(text.contains(&format!("\"{name}\":")), "{name}: {text}");
        Filter::parse(&printed).unwrap_or_else(|error| panic!("{text}: {error}"));
    }
    let mut typed: Vec<_> = rows.iter().map(|(name, _)| *name).collect();
    // Old names of `$geoWithin` and `$near`; JavaScript.
    typed.extend(["$within", "$geoNear", "$where"]);
    typed.sort_unstable();
    let mut all: Vec<_> = Predicate::operators().chain(Filter::operators()).collect();
    all.sort_unstable();
    assert_eq!(typed, all);
}
