//! Typed updates and sorts are the documents that a person would write.

use odm_core::bson::{Bson, Document as Doc, doc};
use odm_core::{Document, SortOf, Update, UpdateOf};

use crate::models::{Borough, Email, Grade, Restaurant, RestaurantFields};

fn check(build: impl FnOnce(RestaurantFields) -> UpdateOf<Restaurant>, expected: Doc) {
    let update = build(Restaurant::f()).into_update().expect("an update that can be written");
    assert_eq!(update.to_bson().unwrap(), Bson::Document(expected.clone()));
    // What was built means what is printed.
    let parsed = Update::parse(&Bson::Document(expected.clone())).expect("an update");
    assert_eq!(parsed.to_bson().unwrap(), Bson::Document(expected));
}

fn check_refused(build: impl FnOnce(RestaurantFields) -> UpdateOf<Restaurant>, message: &str) {
    let error = build(Restaurant::f()).into_update().expect_err("cannot be written");
    assert!(error.to_string().contains(message), "{error}");
}

fn grade(score: i32) -> Grade {
    Grade { score, grade: "A".into(), size: 1, by: None }
}

fn grade_doc(score: i32) -> Doc {
    doc! { "score": score, "grade": "A", "size": 1, "by": null }
}

#[test]
fn fields() {
    check(|r| r.name().set("x"), doc! { "$set": { "name": "x" } });
    check(|r| r.cuisine().set(None), doc! { "$set": { "cuisine": null } });
    check(|r| r.cuisine().set("x"), doc! { "$set": { "cuisine": "x" } });
    check(|r| r.borough().set(Borough::Queens), doc! { "$set": { "borough": "queens" } });
    check(|r| r.email().set(Email("a".into())), doc! { "$set": { "email": "a" } });
    check(|r| r.color().set(1), doc! { "$set": { "color": "000001" } });
    check(|r| r.tags().set(["x"]), doc! { "$set": { "tags": ["x"] } });
    check(|r| r.scores().set(vec![1, 2]), doc! { "$set": { "scores": [1, 2] } });
    check(|r| r.address().zip().set("1"), doc! { "$set": { "address.zipcode": "1" } });
    check(|r| r.audit().changed_by().set("me"), doc! { "$set": { "changedBy": "me" } });
    check(|r| r.by_year().key("1").set(1), doc! { "$set": { "byYear.1": 1 } });
    check(|r| r.visits().set_on_insert(1), doc! { "$setOnInsert": { "visits": 1_i64 } });
    check(|r| r.cuisine().unset(), doc! { "$unset": { "cuisine": true } });
    check(|r| r.cuisine().rename(&r.note()), doc! { "$rename": { "cuisine": "note" } });
    check(|r| r.rating().min(1.0), doc! { "$min": { "rating": 1.0 } });
    check(|r| r.rating().max(1.0), doc! { "$max": { "rating": 1.0 } });
    check(|r| r.seen().current_date(), doc! { "$currentDate": { "seen": true } });
    check_refused(|r| r.by_year().key("a.b").set(1), "byYear");
}

#[test]
fn arithmetic() {
    check(|r| r.visits().inc(-1), doc! { "$inc": { "visits": -1_i64 } });
    // Unsigned numbers can be diminished.
    check(|r| r.r#type().inc(-1), doc! { "$inc": { "type": -1_i64 } });
    check(|r| r.rating().mul(2.0), doc! { "$mul": { "rating": 2.0 } });
    check(|r| r.grades().at(0).score().inc(1), doc! { "$inc": { "grades.0.score": 1 } });
    check(|r| r.visits().bit_and(6), doc! { "$bit": { "visits": { "and": 6_i64 } } });
    check(|r| r.visits().bit_or(6), doc! { "$bit": { "visits": { "or": 6_i64 } } });
    check(|r| r.visits().bit_xor(6), doc! { "$bit": { "visits": { "xor": 6_i64 } } });
}

#[test]
fn arrays() {
    check(|r| r.tags().push("x"), doc! { "$push": { "tags": "x" } });
    check(|r| r.scores().push(1), doc! { "$push": { "scores": 1 } });
    check(|r| r.grades().push(grade(1)), doc! { "$push": { "grades": grade_doc(1) } });
    check(
        |r| r.tags().push_each(["x", "y"]),
        doc! { "$push": { "tags": { "$each": ["x", "y"] } } },
    );
    check(
        |r| {
            r.grades().push_with([grade(1)], |p| p.sort(|g| g.score().desc()).slice(-5).position(0))
        },
        doc! { "$push": { "grades": {
            "$each": [grade_doc(1)], "$position": 0, "$slice": -5, "$sort": { "score": -1 },
        } } },
    );
    check(
        |r| r.scores().push_with([1], |p| p.sort_asc()),
        doc! { "$push": { "scores": { "$each": [1], "$sort": 1 } } },
    );
    check_refused(|r| r.scores().push_with([1], |p| p.sort(|s| s.asc())), "sort_asc");
    check(|r| r.tags().add_to_set("x"), doc! { "$addToSet": { "tags": "x" } });
    check(
        |r| r.tags().add_each_to_set(["x", "y"]),
        doc! { "$addToSet": { "tags": { "$each": ["x", "y"] } } },
    );
    check(|r| r.tags().pop_first(), doc! { "$pop": { "tags": -1 } });
    check(|r| r.tags().pop_last(), doc! { "$pop": { "tags": 1 } });
    check(|r| r.grades().each().score().inc(1), doc! { "$inc": { "grades.$[].score": 1 } });
    check(|r| r.grades().matched().score().set(1), doc! { "$set": { "grades.$.score": 1 } });
}

/// Conditions on elements become array filters; the same conditions are one of them.
#[test]
fn filtered_elements() {
    let r = Restaurant::f();
    let update = r.grades().elem(|g| g.score().gte(10) & g.grade().ne("A")).score().inc(1)
        & r.grades().elem(|g| g.score().gte(10) & g.grade().ne("A")).grade().set("B")
        & r.scores().elem(|s| s.lt(3)).set(3);
    let filters = update.array_filters().to_vec();
    let [first, second] = &filters[..] else { panic!("{filters:?}") };
    let name = |filter: &Doc| {
        let path = filter.keys().next().unwrap();
        path.split('.').next().unwrap().to_owned()
    };
    let (a, b) = (name(first), name(second));
    assert_eq!(
        *first,
        doc! { format!("{a}.score"): { "$gte": 10 }, format!("{a}.grade"): { "$ne": "A" } }
    );
    assert_eq!(*second, doc! { &b: { "$lt": 3 } });
    assert_eq!(
        update.into_update().unwrap().to_bson().unwrap(),
        Bson::Document(doc! {
            "$inc": { format!("grades.$[{a}].score"): 1 },
            "$set": { format!("grades.$[{a}].grade"): "B", format!("scores.$[{b}]"): 3 },
        })
    );
}

/// A document as the operand of `$pull` is a filter of elements: asked of mongod 6.0.5, `{$eq: …}`
/// removes only what is equal. And it refuses an operand that begins with `$not`.
#[test]
fn pull() {
    check(|r| r.tags().pull("x"), doc! { "$pull": { "tags": "x" } });
    check(|r| r.matrix().pull([1]), doc! { "$pull": { "matrix": [1] } });
    check(|r| r.grades().pull(grade(1)), doc! { "$pull": { "grades": { "$eq": grade_doc(1) } } });
    check(|r| r.tags().pull_all(["x", "y"]), doc! { "$pullAll": { "tags": ["x", "y"] } });
    check(
        |r| r.grades().pull_where(|g| g.score().lt(5) & g.grade().eq("A")),
        doc! { "$pull": { "grades": { "score": { "$lt": 5 }, "grade": "A" } } },
    );
    check(
        |r| r.scores().pull_where(|s| s.gte(5) & s.lt(8)),
        doc! { "$pull": { "scores": { "$gte": 5, "$lt": 8 } } },
    );
    check(
        |r| r.tags().pull_where(|t| t.starts_with("x")),
        doc! { "$pull": { "tags": { "$regex": "^x" } } },
    );
    check(
        |r| r.scores().pull_where(|s| !s.gte(5)),
        doc! { "$pull": { "scores": { "$nin": [], "$not": { "$gte": 5 } } } },
    );
    check(
        |r| r.scores().pull_where(|s| !s.gte(5) & s.ne(1)),
        doc! { "$pull": { "scores": { "$ne": 1, "$not": { "$gte": 5 } } } },
    );
    check_refused(|r| r.scores().pull_where(|s| s.gt(1) | s.lt(0)), "alternatives");
}

#[test]
fn combinations() {
    check(
        |r| r.name().set("x") & r.open().set(true) & r.visits().inc(1),
        doc! { "$set": { "name": "x", "open": true }, "$inc": { "visits": 1_i64 } },
    );
    let both = Restaurant::f().name().set("x").array_filter(doc! { "a": 1 })
        & Restaurant::f().open().set(true).array_filter(doc! { "b": 1 });
    assert_eq!(both.array_filters(), [doc! { "a": 1 }, doc! { "b": 1 }]);
}

#[test]
fn sorts() {
    let check = |build: fn(RestaurantFields) -> SortOf<Restaurant>, expected: Doc| {
        assert_eq!(build(Restaurant::f()).into_sort().unwrap().to_document(), expected);
    };
    check(|r| r.name().asc(), doc! { "name": 1 });
    check(
        |r| r.address().zip().desc().then(r.grades().score().asc()),
        doc! { "address.zipcode": -1, "grades.score": 1 },
    );
    assert!(Restaurant::f().by_year().key("$x").asc().into_sort().is_err());
}
