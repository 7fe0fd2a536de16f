use bson::{Document, doc};
use odm_core::{Error, Filter, Projection};

use super::Projector;
use crate::expression::Environment;
use crate::value::Record;

/// Projections of documents, with the server's answers.
#[test]
fn recorded() {
    crate::replay::check(include_str!("testdata/recorded.txt"));
}

fn check(projection: Document, expected: Document) {
    let doc = doc! {
        "_id": 1, "x": 0, "a": [{ "b": 1, "c": [1, 2, 3] }, { "b": 2, "c": [4, 5] }, 5, [{ "b": 9 }]],
        "n": [1, 2, 3, 4], "o": { "p": [1, 2, 3], "q": 7 }, "s": "t",
    };
    let projector = Projector::compile(
        &Projection::Raw(projection.clone()),
        &Filter::eq("n", 2),
        &Environment::now(None),
    )
    .unwrap();
    let projected = projector.project(&Record::from_document(&doc).unwrap()).unwrap();
    let expected = bson::serialize_to_vec(&expected).unwrap();
    assert_eq!(projected.as_bytes(), expected, "{projection}: {projected:?}");
}

/// The server's answers.
#[test]
fn projections() {
    check(doc! { "s": 1, "x": 1 }, doc! { "_id": 1, "x": 0, "s": "t" });
    check(doc! { "_id": 0, "x": 1 }, doc! { "x": 0 });
    check(doc! { "_id": 1 }, doc! { "_id": 1 });
    check(doc! { "a.b": 1 }, doc! { "_id": 1, "a": [{ "b": 1 }, { "b": 2 }, [{ "b": 9 }]] });
    check(doc! { "o.q": 1, "s.t": 1, "n.x": 1 }, doc! { "_id": 1, "n": [], "o": { "q": 7 } });
    check(doc! { "_id.x": 1 }, doc! {});
    check(
        doc! { "a": { "$elemMatch": { "b": 2 } }, "x": 1 },
        doc! { "_id": 1, "x": 0, "a": [{ "b": 2, "c": [4, 5] }] },
    );
    check(
        doc! { "a": 0, "o": 0, "n": { "$slice": [-3, 2] }, "_id": 1 },
        doc! { "_id": 1, "x": 0, "n": [2, 3], "s": "t" },
    );
    check(doc! { "n": { "$slice": 1 }, "_id": 1 }, doc! { "_id": 1, "n": [1] });
    check(
        doc! { "n": { "$slice": 1 }, "a": { "$elemMatch": { "b": 2 } }, "o": 0 },
        doc! { "_id": 1, "x": 0, "a": [{ "b": 2, "c": [4, 5] }], "n": [1], "s": "t" },
    );
    check(doc! { "o.p.$": 1 }, doc! { "_id": 1, "o": { "p": [2] } });
    check(doc! { "s.$": 1, "a": { "$slice": 0 } }, doc! { "_id": 1, "a": [], "s": "t" });
}

#[test]
fn what_is_not_evaluated_is_refused() {
    let projection = Projection::Raw(doc! { "x": { "$meta": "textScore" } });
    let error =
        Projector::compile(&projection, &Filter::all(), &Environment::now(None)).unwrap_err();
    assert!(matches!(error, Error::Unsupported { .. }), "{error}");
}

/// Trees can be built that no document would be parsed to.
#[test]
fn malformed_trees() {
    let check = |projection: Projection, code| {
        let error =
            Projector::compile(&projection, &Filter::all(), &Environment::now(None)).unwrap_err();
        assert_eq!(error.code(), Some(code), "{projection:?}");
    };
    check(Projection::include(["a", "a.b"]), 31_249);
    check(Projection::include(["a.b", "a"]), 31_250);
    let Projection::Fields(mut mixed) = Projection::include(["a"]) else { unreachable!() };
    let Projection::Fields(excluded) = Projection::exclude(["b"]) else { unreachable!() };
    mixed.extend(excluded);
    check(Projection::Fields(mixed), 31_254);
    check(Projection::include(["a.".repeat(300) + "a"]), 15);
}
