//! Schemas say what serde writes.

use odm_core::bson::{self, Bson, Uuid, doc, rawdoc};
use odm_core::schema::check_encoded;
use odm_core::{BsonType, Document, Index, IndexKind};

use crate::models::{AccountId, AccountLog, Restaurant, Shape};

fn encoded<T: serde::Serialize>(value: &T) -> bson::RawDocumentBuf {
    bson::serialize_to_raw_document_buf(value).unwrap()
}

#[test]
fn names_are_those_that_serde_writes() {
    let written = bson::Document::try_from(&encoded(&Restaurant::sample())).unwrap();
    let mut written: Vec<_> = written.keys().map(String::as_str).collect();
    // Skipped in the sample.
    written.extend(["note", "changedBy"]);
    written.sort_unstable();
    let mut declared: Vec<_> =
        Restaurant::schema().fields.iter().map(|field| field.stored).collect();
    declared.sort_unstable();
    assert_eq!(declared, written);
}

#[test]
fn what_serde_writes_fits() {
    let mut sample = Restaurant::sample();
    check_encoded(Restaurant::schema(), &encoded(&sample)).unwrap();
    sample.shape = Some(Shape::Point);
    sample.owner = None;
    sample.note = Some("x".into());
    sample.audit.changed_by = Some("y".into());
    check_encoded(Restaurant::schema(), &encoded(&sample)).unwrap();

    let mut log = AccountLog { key: None, rest: doc! { "a": 1, "b": { "c": 2 } } };
    log.set_id(AccountId(Uuid::from_bytes([1; 16])));
    check_encoded(AccountLog::schema(), &encoded(&log)).unwrap();
}

#[test]
fn what_serde_does_not_write_is_found() {
    check_misfit("name", Bson::Int32(1), "field `name` is written as int");
    check_misfit("borough", "Brooklyn", "field `borough` is written as \"Brooklyn\"");
    check_misfit("unheard", 1, "field `unheard` is written by serde, but is not in the schema");
    check_misfit(
        "grades",
        vec![doc! { "score": 1, "grade": "A", "size": 1, "by": 5 }],
        "`grades.by`",
    );
    check_misfit("byYear", doc! { "1": "x" }, "field `byYear` is written as string");
    check_misfit("address", doc! { "street": "x" }, "field `address.zipcode` is in the schema");
    check_misfit("matrix", vec![1], "field `matrix` is written as int");
}

fn check_misfit(name: &str, value: impl Into<Bson>, message: &str) {
    let mut doc = bson::Document::try_from(&encoded(&Restaurant::sample())).unwrap();
    doc.insert(name, value);
    let error = check_encoded(Restaurant::schema(), &encoded(&doc)).unwrap_err();
    assert!(error.to_string().contains(message), "{error}");
}

#[test]
fn a_missing_field_is_found() {
    let error = check_encoded(Restaurant::schema(), &rawdoc! { "_id": 1 }).unwrap_err();
    assert!(error.to_string().contains("_id"), "{error}");
}

#[test]
fn paths_resolve() {
    for (path, types) in [
        ("_id", Some(vec![BsonType::ObjectId])),
        ("name", Some(vec![BsonType::String])),
        ("cuisine", Some(vec![BsonType::String, BsonType::Null])),
        ("address.zipcode", Some(vec![BsonType::String])),
        ("address.zip", None),
        ("address.previous.previous.street", Some(vec![BsonType::String])),
        ("secondAddress.street", Some(vec![BsonType::String])),
        ("grades.score", Some(vec![BsonType::Int])),
        ("grades.0.score", Some(vec![BsonType::Int])),
        ("grades.0", Some(vec![BsonType::Object])),
        ("matrix.0.0", Some(vec![BsonType::Int])),
        ("byYear.2024", Some(vec![BsonType::Int])),
        ("reviews.times.grade", Some(vec![BsonType::String])),
        ("extra.whatever.1", Some(vec![])),
        ("createdBy", Some(vec![BsonType::String])),
        ("audit", None),
        ("color", Some(vec![])),
        ("cached", None),
        ("borough", Some(vec![BsonType::String])),
        ("borough.x", None),
        ("shape", Some(vec![BsonType::String, BsonType::Object, BsonType::Null])),
        ("event.type", Some(vec![])),
        ("", None),
        (".", None),
    ] {
        let found = Restaurant::schema().resolve(path).map(|ty| ty.bson_types());
        assert_eq!(found, types, "{path}");
    }
    assert!(AccountLog::schema().resolve("anything.at.all").is_some());
}

#[test]
fn options_are_known() {
    let schema = Restaurant::schema();
    let field = |name: &str| schema.field_stored_as(name).unwrap();
    assert!(field("_id").id);
    assert!(field("restaurantId").unique && field("restaurantId").is_required());
    assert_eq!(field("restaurantId").name, "restaurant_id");
    assert!(field("grades").default && !field("grades").is_required());
    assert!(field("note").skippable && !field("note").is_required());
    assert!(!field("cuisine").is_required());
    assert_eq!((schema.model, schema.collection), ("Restaurant", Some("restaurants")));
    assert_eq!(AccountLog::COLLECTION, "account_log");
}

#[test]
fn indexes_have_stored_names() {
    let ttl =
        Index { expire_after: Some(std::time::Duration::from_secs(60)), ..Index::asc("seen") };
    let geo = Index::default()
        .then("address.location", IndexKind::Geo2dSphere)
        .then("createdBy", IndexKind::Ascending)
        .unique();
    assert_eq!(
        Restaurant::schema().indexes(),
        [
            Index::asc("restaurantId").unique(),
            Index::asc("borough"),
            Index::asc("borough")
                .then("cuisine", IndexKind::Descending)
                .then("address.zipcode", IndexKind::Ascending)
                .sparse()
                .named("place"),
            Index::asc("grades.score"),
            ttl,
            Index::default().then("name", IndexKind::Hashed),
            Index { hidden: true, ..geo },
        ]
    );
}

#[test]
fn ids() {
    use odm_core::DocumentId;

    let mut log = AccountLog { key: None, rest: bson::Document::new() };
    assert_eq!(log.id(), None);
    let id = AccountId::generate().expect("a newtype of what can be generated");
    log.set_id(id.clone());
    assert_eq!(log.id(), Some(&id));
    assert_eq!(Restaurant::sample().id(), Some(&Restaurant::sample().id));
    assert_eq!(String::generate(), None);
    assert_eq!(i64::generate(), None);
}
