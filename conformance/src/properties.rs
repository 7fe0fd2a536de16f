//! Properties of updates, on the memory engine. The differential tests check the same on MongoDB too.

use backend_memory::MemoryBackend;
use backend_memory::testing::Preview;
use bson::{Bson, Document, doc};
use odm_core::{Database, Update};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::check::{encode, same};
use crate::show;
use crate::strategy::{documents, filter, index, update, versions};

/// Whether the fields are the same to the byte, in any order.
fn same_fields(left: &Document, right: &Document) -> bool {
    let alone = |name: &str, value: &Bson| doc! { name: value.clone() };
    left.len() == right.len()
        && left.iter().all(|(name, value)| {
            right.get(name).is_some_and(|other| same(&alone(name, value), &alone(name, other)))
        })
}

/// The names in the order that [`Update::between`] promises: those that stay, then the new ones.
fn promised_order(before: &Document, after: &Document) -> Vec<String> {
    let stay = before.keys().filter(|name| after.contains_key(name));
    let mut new: Vec<_> = after.keys().filter(|name| !before.contains_key(name)).collect();
    new.sort();
    stay.chain(new).cloned().collect()
}

fn check_between(before: &Document, after: &Document) -> Result<Document, TestCaseError> {
    let update = Update::between(before, after).expect("the document's own names are plain");
    let becomes = update.preview(before);
    let becomes = becomes.map_err(|error| TestCaseError::fail(format!("{update:?}: {error}")))?;
    prop_assert!(same_fields(&becomes, after), "{update:?} gives {}", show(&becomes));
    let names: Vec<_> = becomes.keys().cloned().collect();
    prop_assert_eq!(names, promised_order(before, after), "{:?}", update);
    Ok(becomes)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_between_two_versions_makes_one_of_the_other((before, after) in versions()) {
        let becomes = check_between(&before, &after)?;
        check_between(&becomes, &before)?;
        prop_assert_eq!(Update::between(&before, &before).expect("nothing differs"), Update::empty());
    }

    #[test]
    fn an_update_and_what_is_between_undo_each_other(doc in documents(1..2), update in update()) {
        let [before] = doc.as_slice() else { unreachable!("one was asked for") };
        if let Ok(after) = Update::from(update).preview(before) {
            let becomes = check_between(&after, before)?;
            prop_assert!(same_fields(&becomes, before));
        }
    }

    #[test]
    fn an_update_that_fails_changes_nothing(
        docs in documents(1..6),
        indexes in vec(index(), 0..3),
        updates in vec((filter(), update()), 1..6),
    ) {
        let engine = MemoryBackend::new();
        let db = engine.database("properties");
        // Which documents and indexes are refused is no matter.
        let _ = run(&db, doc! { "createIndexes": "c", "indexes": indexes });
        let _ = run(&db, doc! { "insert": "c", "documents": docs, "ordered": false });
        for (q, u) in updates {
            let before = run(&db, doc! { "find": "c" });
            let done = run(&db, doc! { "update": "c", "updates": [{ "q": q, "u": u }] });
            let failed = done.is_none_or(|reply| reply.contains_key("writeErrors"));
            if failed {
                let bytes = |reply: Option<Document>| reply.map(|reply| encode(&reply).into_bytes());
                prop_assert_eq!(bytes(run(&db, doc! { "find": "c" })), bytes(before));
            }
            prop_assert_eq!(engine.check_consistency(), Ok(()));
        }
    }
}

fn run(db: &Database, command: Document) -> Option<Document> {
    futures_util::FutureExt::now_or_never(db.run_command(command)).and_then(Result::ok)
}
