use bson::{Bson, Document, JavaScriptCodeWithScope, doc};

use crate::update::Update;

/// The update, as MongoDB takes it, between two documents.
fn check(before: Document, after: Document, expected: Document) {
    let update = Update::between(&before, &after).and_then(|update| update.to_bson());
    assert_eq!(update.unwrap(), Bson::Document(expected), "from {before} to {after}");
}

fn check_refused(before: Document, after: Document, code: i32) {
    let error = Update::between(&before, &after).unwrap_err();
    assert_eq!(error.code(), Some(code), "from {before} to {after}");
}

#[test]
fn what_differs_is_set_and_unset() {
    let nothing = doc! { "$set": {} };
    check(doc! {}, doc! {}, nothing.clone());
    check(
        doc! { "_id": 1, "a": { "b": [1] } },
        doc! { "_id": 1, "a": { "b": [1] } },
        nothing.clone(),
    );
    check(doc! { "a": f64::NAN }, doc! { "a": f64::NAN }, nothing.clone());
    let code = |scope| {
        let code = JavaScriptCodeWithScope { code: "f()".to_owned(), scope };
        doc! { "a": Bson::JavaScriptCodeWithScope(code) }
    };
    let (scope, other) = (doc! { "b": 1, "c": 1 }, doc! { "c": 1, "b": 1 });
    check(code(scope.clone()), code(scope.clone()), nothing.clone());
    check(code(scope), code(other.clone()), doc! { "$set": code(other) });
    // The order of the document's own fields is not compared.
    check(doc! { "a": 1, "b": 2 }, doc! { "b": 2, "a": 1 }, nothing);
    check(
        doc! { "_id": 1, "a": 1, "b": 1, "c": 1 },
        doc! { "_id": 1, "a": 1, "b": 2, "d": { "e": 1 } },
        doc! { "$unset": { "c": true }, "$set": { "b": 2, "d": { "e": 1 } } },
    );
    check(doc! { "a": 1 }, doc! { "a": 1_i64 }, doc! { "$set": { "a": 1_i64 } });
    check(doc! { "a": 0.0 }, doc! { "a": -0.0 }, doc! { "$set": { "a": -0.0 } });
}

#[test]
fn embedded_documents_are_changed_field_by_field() {
    check(
        doc! { "a": { "b": 1, "c": { "d": 1, "e": 2 } } },
        doc! { "a": { "b": 1, "c": { "e": 3 }, "f": 4 } },
        doc! { "$unset": { "a.c.d": true }, "$set": { "a.c.e": 3, "a.f": 4 } },
    );
    // Nothing would be left of it, or nothing is the same.
    check(doc! { "a": { "b": 1 } }, doc! { "a": {} }, doc! { "$set": { "a": {} } });
    check(doc! { "a": { "b": 1 } }, doc! { "a": { "c": 1 } }, doc! { "$set": { "a": { "c": 1 } } });
}

#[test]
fn embedded_documents_whose_order_would_differ_are_set_as_a_whole() {
    let whole = |before: Document, after: Document| {
        let expected = doc! { "$set": { "a": after.clone() } };
        check(doc! { "a": before }, doc! { "a": after }, expected);
    };
    whole(doc! { "b": 1, "c": 1 }, doc! { "c": 1, "b": 1 });
    whole(doc! { "b": 1 }, doc! { "c": 1, "b": 1 });
    whole(doc! { "b": 1 }, doc! { "b": 1, "d": 1, "c": 1 });
    whole(doc! { "b": 1 }, doc! { "b": 1, "10": 1, "9": 1 });
    check(
        doc! { "a": { "b": 1 } },
        doc! { "a": { "b": 1, "c": 1, "d": 1 } },
        doc! { "$set": { "a.c": 1, "a.d": 1 } },
    );
}

#[test]
fn what_has_no_path_is_set_with_the_document_that_it_is_in() {
    for name in ["", "x.y", "$x"] {
        let with = |n: i32| doc! { "b": 1, name: n };
        check(
            doc! { "a": { "in": with(1), "c": 1 } },
            doc! { "a": { "in": with(2), "c": 1 } },
            doc! { "$set": { "a.in": with(2) } },
        );
        // It stays the same: there is no need to name it.
        check(
            doc! { "a": { "b": 1, name: 1 } },
            doc! { "a": { "b": 2, name: 1 } },
            doc! { "$set": { "a.b": 2 } },
        );
    }
}

#[test]
fn elements_are_set_if_few_differ() {
    let array = |items: [i32; 4]| doc! { "a": items.to_vec() };
    check(array([1, 2, 3, 4]), array([1, 5, 3, 6]), doc! { "$set": { "a.1": 5, "a.3": 6 } });
    check(array([1, 2, 3, 4]), array([1, 5, 6, 7]), doc! { "$set": { "a": [1, 5, 6, 7] } });
    check(array([1, 2, 3, 4]), doc! { "a": [1, 2, 3] }, doc! { "$set": { "a": [1, 2, 3] } });
    check(
        doc! { "a": [{ "b": 1, "c": 1 }, [1, 2]] },
        doc! { "a": [{ "b": 2, "c": 1 }, [1, 2]] },
        doc! { "$set": { "a.0.b": 2 } },
    );
}

#[test]
fn what_no_update_can_say_is_refused() {
    check_refused(doc! { "_id": 1 }, doc! { "_id": 2 }, 66);
    check_refused(doc! { "_id": 1 }, doc! {}, 66);
    check_refused(doc! { "_id": { "a": 1, "b": 1 } }, doc! { "_id": { "a": 1, "b": 2 } }, 66);
    check_refused(doc! {}, doc! { "": 1 }, 56);
    check_refused(doc! { "a.b": 1 }, doc! { "a.b": 2 }, 57);
    check_refused(doc! { "$a": 1 }, doc! {}, 52);
    // What stays the same needs no name.
    check(
        doc! { "": 1, "a.b": 1, "$a": 1, "c": 1 },
        doc! { "": 1, "a.b": 1, "$a": 1 },
        doc! { "$unset": { "c": true } },
    );
}

#[test]
fn depth_is_no_danger() {
    let nested = |leaf: i32| (0..500).fold(Bson::Int32(leaf), |inner, _| Bson::Array(vec![inner]));
    let doc = |leaf: i32| Document::from_iter([("a".to_owned(), nested(leaf))]);
    assert_ne!(Update::between(&doc(1), &doc(2)).unwrap(), Update::empty());
}
