//! Updates: the server's codes, and printing.

use odm_core::bson::{Bson, Document, RawDocumentBuf, bson, doc};
use odm_core::{BitOp, Change, Error, FieldPath, Filter, Predicate, Pull, Update, UpdateStatement};

use crate::recorded;

/// The statement that a line is about: `{u: …, multi: …, arrayFilters: […]}`.
fn statement(doc: &Document) -> Result<UpdateStatement, Error> {
    let mut statement = UpdateStatement::one(Filter::all(), Update::parse(doc.get("u").unwrap())?);
    statement.multi = doc.get_bool("multi").unwrap_or(false);
    for filter in doc.get_array("arrayFilters").into_iter().flatten() {
        statement.array_filters.push(filter.as_document().unwrap().clone());
    }
    Ok(statement)
}

#[test]
fn codes() {
    recorded::check(include_str!("data/updates.txt"), |doc| statement(doc)?.normalized().map(drop));
}

/// A raw document is refused like one that was parsed.
#[test]
fn codes_of_raw_documents() {
    recorded::check(include_str!("data/updates.txt"), |doc| {
        let mut statement = match doc.get("u").unwrap() {
            Bson::Document(update) => UpdateStatement::one(Filter::all(), update.clone()),
            other => UpdateStatement::one(Filter::all(), Update::parse(other)?),
        };
        statement.multi = doc.get_bool("multi").unwrap_or(false);
        for filter in doc.get_array("arrayFilters").into_iter().flatten() {
            statement.array_filters.push(filter.as_document().unwrap().clone());
        }
        statement.normalized().map(drop)
    });
}

/// Every update that parses prints to one that parses to the same tree.
#[test]
fn recorded_updates_print_and_parse() {
    let mut printed = 0;
    for line in include_str!("data/updates.txt").lines() {
        let doc = recorded::document(line);
        if let Ok(statement) = statement(&doc) {
            check_identity(&statement.update);
            printed += 1;
        }
    }
    assert!(printed > 100);
}

#[track_caller]
pub(crate) fn check_identity(update: &Update) {
    let printed = update.to_bson().unwrap();
    let again = Update::parse(&printed).unwrap_or_else(|error| panic!("{printed}: {error}"));
    // Documents are equal in any order of fields; their text is not.
    assert_eq!(format!("{update:?}"), format!("{again:?}"), "printed as {printed}");
}

#[track_caller]
fn check_print(given: Bson, printed: Bson) {
    let ours = Update::parse(&given).unwrap().to_bson().unwrap();
    assert_eq!(ours.to_string(), printed.to_string());
}

#[test]
fn prints_as_people_write() {
    let same = |update: Bson| check_print(update.clone(), update);
    same(bson!({ "$set": { "b": 1, "a": 2 }, "$inc": { "c": 1 } }));
    same(
        bson!({ "$push": { "a": 5, "b": { "$each": [], "$position": 0, "$slice": -3, "$sort": 1 } } }),
    );
    same(bson!({ "$push": { "a": { "$each": [{ "$each": [1] }] } } }));
    same(bson!({ "$addToSet": { "a": 5, "b": { "$each": [1, 2] } } }));
    same(
        bson!({ "$pull": { "a": 5, "b": { "$gt": 1, "$lt": 5 }, "c": { "x": 1, "y": { "$gt": 2 } } } }),
    );
    same(bson!({ "$bit": { "a": { "or": 1, "and": 2 } } }));
    same(
        bson!({ "$currentDate": { "a": true, "b": { "$type": "timestamp" } }, "$unset": { "c": true } }),
    );
    same(bson!([{ "$set": { "a": "$b" } }, { "$unset": "c" }]));
    same(bson!({ "b": 1, "a": { "$set": 1 } }));
    same(bson!({}));
    check_print(bson!({ "$unset": { "a": "" } }), bson!({ "$unset": { "a": true } }));
    check_print(bson!({ "$push": { "a": { "$each": [1] } } }), bson!({ "$push": { "a": 1 } }));
}

/// No operators is not an empty replacement.
#[test]
fn nothing_stays_nothing() {
    check_print(bson!({ "$inc": {} }), bson!({ "$set": {} }));
    assert_eq!(Update::empty().to_bson().unwrap(), bson!({ "$set": {} }));
    assert!(Update::is_replacement(&doc! {}));
    assert!(!Update::is_replacement(&doc! { "$set": {} }));
}

fn operators<const N: usize>(changes: [(&str, Change); N]) -> Update {
    Update::Operators(changes.into_iter().map(|(path, change)| (path.into(), change)).collect())
}

#[track_caller]
fn check_refused(update: &Update, code: i32) {
    assert_eq!(update.normalized().unwrap_err().code(), Some(code));
    // What cannot be said in a document is printed as what is refused for the same reason.
    assert_eq!(Update::parse(&update.to_bson().unwrap()).unwrap_err().code(), Some(code));
}

/// Trees that no document parses to.
#[test]
fn trees_are_checked_like_documents() {
    use Change::{Bit, Inc, Mul, Rename, Set, Unset};
    check_refused(&operators([("a", Set(1.into())), ("a", Set(2.into()))]), 40);
    check_refused(&operators([("a", Unset), ("a", Unset)]), 40);
    check_refused(&operators([("a", Set(1.into())), ("a.b", Unset)]), 40);
    check_refused(&operators([("a", Inc("x".into()))]), 14);
    check_refused(&operators([("a", Mul(Bson::Null))]), 14);
    check_refused(&operators([("a", Bit(vec![]))]), 2);
    check_refused(&operators([("a", Bit(vec![(BitOp::And, 1.0.into())]))]), 2);
    check_refused(&operators([("", Unset)]), 56);
    check_refused(&operators([("a", Rename("a.b".into()))]), 2);
    let near = Filter::parse(&doc! { "b": { "$near": [1, 1] } }).unwrap();
    check_refused(&operators([("a", Change::Pull(Pull::Fields(Box::new(near))))]), 5_626_500);
    check_refused(
        &operators([("a", Change::Pull(Pull::Fields(Box::new(doc! { "$foo": 1 }.into()))))]),
        2,
    );
}

/// What `update` prints to parses again, to what means the same.
#[track_caller]
fn check_equivalent(change: Change, printed: Bson) {
    let update = operators([("a", change)]);
    let ours = update.to_bson().unwrap();
    assert_eq!(ours.to_string(), printed.to_string());
    Update::parse(&ours).unwrap();
}

#[test]
fn trees_that_documents_say_otherwise() {
    use BitOp::{And, Or, Xor};
    check_equivalent(
        Change::Pull(Pull::Value(doc! { "b": 1 }.into())),
        bson!({ "$pull": { "a": { "$eq": { "b": 1 } } } }),
    );
    check_equivalent(
        Change::Pull(Pull::Predicates(vec![Predicate::Not(vec![Predicate::Gt(1.into())])])),
        bson!({ "$pull": { "a": { "$nin": [], "$not": { "$gt": 1 } } } }),
    );
    // ((((x & 12) | 3) ^ 5) & 6) | 1, as one `and` and one `xor`.
    let operations = [(And, 12), (Or, 3), (Xor, 5), (And, 6), (Or, 1)];
    let apply = |x: i32| ((((x & 12) | 3) ^ 5) & 6) | 1;
    let (and, xor) = (4, 7);
    assert!((-20..20).all(|x| apply(x) == (x & and) ^ xor));
    check_equivalent(
        Change::Bit(operations.into_iter().map(|(op, by)| (op, by.into())).collect()),
        bson!({ "$bit": { "a": { "and": and, "xor": xor } } }),
    );
}

#[test]
fn array_filters_are_kept_by_identifier() {
    let update = Update::parse(&bson!({ "$set": { "a.$[x].b.$[elem]": 1 } })).unwrap();
    let filters = [doc! { "elem": { "$gt": 5 } }, doc! { "x.c": 1, "x.d": 2 }];
    let parsed = odm_core::ArrayFilters::parse(&filters, &update).unwrap();
    assert_eq!(parsed.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["elem", "x"]);
    assert_eq!(
        parsed.get("elem"),
        Some(&Filter::Field(FieldPath::from("elem"), Predicate::Gt(5.into())))
    );
    assert!(parsed.get("y").is_none());
}

/// A replacement keeps its bytes, and bytes that are no document are refused rather than lost.
#[test]
fn replacements() {
    let doc = doc! { "b": 1, "a": { "c": [1, 2] } };
    let update = Update::parse(&doc.clone().into()).unwrap();
    assert_eq!(update, Update::Replacement(RawDocumentBuf::try_from(&doc).unwrap()));
    let broken = RawDocumentBuf::from_bytes(b"\x0c\0\0\0\x02a\0\xff\0\0\0\0".to_vec()).unwrap();
    assert_eq!(Update::Replacement(broken).to_bson().unwrap_err().code(), Some(22));
}
