//! What no backend shows: which index is chosen and how much of it is read; and that no index
//! changes what is found.

use std::ops::ControlFlow;

use bson::{Bson, Document, doc};
use odm_core::{Error, Filter, Hint, Index, IndexKind, Namespace, Sort};
use proptest::prelude::*;

use super::{Access, Plan, Position, Wanted};
use crate::filter::Matcher;
use crate::sort::Sorter;
use crate::storage::{CollState, IndexSpec, RecordId};
use crate::value::Record;

fn ns() -> Namespace {
    Namespace::new("db", "c")
}

/// A collection with indexes on these keys, each named by its position.
fn collection(keys: &[Document], docs: impl IntoIterator<Item = Document>) -> CollState {
    indexed(keys, false, None, docs)
}

fn indexed(
    keys: &[Document],
    unique: bool,
    partial: Option<&Filter>,
    docs: impl IntoIterator<Item = Document>,
) -> CollState {
    let mut state = CollState::new(None);
    for (position, keys) in keys.iter().enumerate() {
        let mut index = Index { name: Some(position.to_string()), unique, ..Index::default() };
        for (path, direction) in keys {
            let down = direction.as_i32() == Some(-1);
            let kind = if down { IndexKind::Descending } else { IndexKind::Ascending };
            index = index.then(path.as_str(), kind);
        }
        let whole = index.clone();
        index.partial_filter = partial.cloned();
        // Not every filter is allowed.
        let spec = IndexSpec::new(&index, None).or_else(|_| IndexSpec::new(&whole, None)).unwrap();
        state.create_index(spec, &ns()).unwrap();
    }
    for doc in docs {
        // Some have parallel arrays, or keys that are there already.
        let _ = state.insert(Record::from_document(&doc).unwrap(), &ns());
    }
    state.check().unwrap();
    state
}

struct Ran {
    /// The name of the index, or the kind of scan.
    with: String,
    keys: u64,
    docs: u64,
    sorted: bool,
    ids: Vec<Bson>,
}

fn run(state: &CollState, filter: Document, sort: Document, limit: u64) -> Ran {
    let filter = Filter::parse(&filter).unwrap();
    let sort = Sort::parse(&sort).unwrap();
    let wanted = Wanted { sort: &sort, limit, ..Wanted::all(&filter, None) };
    let plan = Plan::choose(state, wanted).unwrap();
    let matcher = Matcher::compile(&filter).unwrap();
    let mut position = Position::default();
    let mut ids = Vec::new();
    let _ = plan.run(state, &mut position, |_, record| {
        if plan.is_exact || matcher.matches(record) {
            ids.push(record.id().unwrap().to_bson());
        }
        let enough = plan.is_sorted && limit > 0 && ids.len() as u64 == limit;
        if enough { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    let with = match &plan.access {
        Access::Collection { backward: false } => "collection".to_owned(),
        Access::Collection { backward: true } => "collection, backward".to_owned(),
        Access::Id(_) => "id".to_owned(),
        Access::Index(scan) => {
            let name = &state.indexes[scan.index].spec.name;
            if scan.backward { format!("{name}, backward") } else { name.clone() }
        }
        Access::Or(_) => "or".to_owned(),
    };
    let Position { keys_examined: keys, docs_examined: docs, .. } = position;
    Ran { with, keys, docs, sorted: plan.is_sorted, ids }
}

#[track_caller]
fn check(state: &CollState, filter: Document, with: &str, keys: u64, found: usize) {
    let ran = run(state, filter, doc! {}, 0);
    assert_eq!((ran.with.as_str(), ran.keys, ran.ids.len()), (with, keys, found));
}

/// 1000 documents: `a` has 10 values, `b` is unique, `c` has 100.
fn numbers() -> CollState {
    let keys = [doc! { "a": 1, "b": -1 }, doc! { "b": 1 }, doc! { "s": 1 }];
    let docs = (0..1000).map(|n| {
        doc! { "_id": n, "a": n % 10, "b": n, "c": n % 100, "s": format!("{n:04}") }
    });
    collection(&keys, docs)
}

#[test]
fn equality_and_ranges() {
    let state = numbers();
    check(&state, doc! {}, "collection", 0, 1000);
    check(&state, doc! { "c": 1 }, "collection", 0, 10);
    check(&state, doc! { "_id": 7 }, "id", 1, 1);
    check(&state, doc! { "_id": 7.0 }, "id", 1, 1);
    check(&state, doc! { "_id": "7" }, "id", 0, 0);
    check(&state, doc! { "_id": { "$in": [7, 8, "x"] } }, "_id_", 2, 2);
    check(&state, doc! { "_id": { "$gt": 990 } }, "_id_", 9, 9);
    check(&state, doc! { "a": 3 }, "0", 100, 100);
    check(&state, doc! { "b": 500 }, "1", 1, 1);
    check(&state, doc! { "b": { "$gte": 10, "$lt": 20 } }, "1", 10, 10);
    check(&state, doc! { "a": 3, "b": { "$gt": 100, "$lte": 203 } }, "0", 11, 11);
    check(&state, doc! { "a": { "$in": [1, 2] }, "b": { "$lt": 20 } }, "0", 4, 4);
    check(&state, doc! { "b": { "$gt": 900 }, "c": 5 }, "1", 99, 1);
    check(&state, doc! { "b": { "$gt": "x" } }, "1", 0, 0);
    check(&state, doc! { "b": { "$gt": 5, "$lt": 3 } }, "1", 0, 0);
    check(&state, doc! { "s": { "$regex": "^099" } }, "2", 10, 10);
    check(&state, doc! { "s": { "$regex": "^0990?$" } }, "2", 10, 1);
    check(&state, doc! { "s": { "$regex": "^09\\.?9" } }, "2", 100, 10);
    check(&state, doc! { "s": { "$regex": "^09\\d" } }, "2", 100, 100);
    check(&state, doc! { "s": { "$regex": "^09\\.9" } }, "2", 0, 0);
    check(&state, doc! { "s": { "$regex": "^0990|^0001" } }, "2", 1000, 2);
    check(&state, doc! { "$or": [{ "b": 1 }, { "s": "0002" }, { "b": 1 }] }, "or", 3, 2);
    check(&state, doc! { "$or": [{ "b": 1 }, { "c": 2 }] }, "collection", 0, 11);
    check(&state, doc! { "$and": [{ "a": 3 }, { "$or": [{ "b": 3 }, { "c": 3 }] }] }, "0", 100, 10);
}

#[track_caller]
fn check_sorted(filter: Document, sort: Document, limit: u64, with: &str, docs: u64) {
    let state = numbers();
    let ran = run(&state, filter, sort, limit);
    assert_eq!((ran.with.as_str(), ran.docs, ran.sorted), (with, docs, true));
}

#[test]
fn an_index_gives_the_order() {
    check_sorted(doc! {}, doc! { "b": 1 }, 20, "1", 20);
    check_sorted(doc! {}, doc! { "b": -1 }, 20, "1, backward", 20);
    check_sorted(doc! {}, doc! { "_id": -1 }, 5, "_id_, backward", 5);
    check_sorted(doc! {}, doc! { "$natural": -1 }, 5, "collection, backward", 5);
    check_sorted(doc! { "a": 3 }, doc! { "b": 1 }, 20, "0, backward", 20);
    check_sorted(doc! { "a": 3 }, doc! { "b": -1 }, 20, "0", 20);
    check_sorted(doc! { "a": 3 }, doc! { "a": 1, "b": -1 }, 20, "0", 20);
    check_sorted(doc! {}, doc! { "a": -1, "b": 1 }, 20, "0, backward", 20);
    check_sorted(doc! { "b": { "$gte": 500 } }, doc! { "b": 1 }, 20, "1", 20);
    check_sorted(doc! { "b": { "$in": [5, 7, 600] } }, doc! { "b": -1 }, 0, "1, backward", 3);
}

#[test]
fn an_index_cannot_give_every_order() {
    let state = numbers();
    let unsorted = |filter, sort| !run(&state, filter, sort, 5).sorted;
    assert!(unsorted(doc! {}, doc! { "a": 1, "b": 1 }));
    assert!(unsorted(doc! {}, doc! { "c": 1 }));
    assert!(unsorted(doc! { "a": { "$in": [1, 2] } }, doc! { "c": 1 }));
    // An array sorts by its least or greatest element, wherever the scan meets it first.
    let arrays = collection(&[doc! { "a": 1 }], [doc! { "_id": 1, "a": [1, 9] }]);
    assert!(!run(&arrays, doc! {}, doc! { "a": 1 }, 5).sorted);
}

#[test]
fn a_hint_is_obeyed() {
    let state = numbers();
    let filter = Filter::parse(&doc! { "b": 5 }).unwrap();
    let index = |hint: Hint| -> Result<String, Error> {
        let plan = Plan::choose(&state, Wanted::all(&filter, Some(&hint)))?;
        match plan.access {
            Access::Index(scan) => Ok(state.indexes[scan.index].spec.name.clone()),
            Access::Collection { backward } => Ok(format!("collection {backward}")),
            other => Ok(format!("{other:?}")),
        }
    };
    let by_name = |name: &str| index(Hint::Name(name.to_owned()));
    assert_eq!(by_name("2").unwrap(), "2");
    assert_eq!(by_name("_id_").unwrap(), "_id_");
    assert_eq!(index(Hint::Keys(doc! { "a": 1, "b": -1 })).unwrap(), "0");
    assert_eq!(index(Hint::Keys(doc! { "$natural": -1 })).unwrap(), "collection true");
    for unknown in [Hint::Name("nope".into()), Hint::Keys(doc! { "b": -1, "a": 1 })] {
        assert_eq!(index(unknown).unwrap_err().code(), Some(2));
    }
}

#[test]
fn elements_of_arrays_may_meet_conditions_separately() {
    let keys = [doc! { "a": 1 }, doc! { "d.x": 1, "d.y": 1 }];
    let docs = [
        doc! { "_id": 1, "a": [1, 5] },
        doc! { "_id": 2, "d": [{ "x": 1, "y": 2 }, { "x": 3, "y": 4 }] },
        doc! { "_id": 3, "a": 3, "d": { "x": 1, "y": 4 } },
    ];
    let state = collection(&keys, docs);
    let ids = |filter| run(&state, filter, doc! {}, 0).ids;
    // In the order of the index.
    assert_eq!(ids(doc! { "a": { "$gt": 2, "$lt": 4 } }), [Bson::from(3), Bson::from(1)]);
    assert_eq!(ids(doc! { "d.x": 1, "d.y": 4 }), [Bson::from(2), Bson::from(3)]);
    assert!(ids(doc! { "a": { "$elemMatch": { "$gt": 2, "$lt": 4 } } }).is_empty());
}

/// Values that collide: few, of many types.
fn value() -> impl Strategy<Value = Bson> {
    let leaf = prop_oneof![
        12 => (0..4_i32).prop_map(Bson::from),
        1 => (0..4_i32).prop_map(|n| Bson::Double(f64::from(n) + 0.5)),
        1 => Just(Bson::Double(f64::NAN)),
        1 => Just(Bson::Null),
        1 => Just(Bson::Undefined),
        1 => prop::sample::select(vec!["", "a", "ab", "b"]).prop_map(Bson::from),
        1 => any::<bool>().prop_map(Bson::from),
        1 => Just(Bson::MinKey),
        1 => Just(Bson::MaxKey),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Bson::Array),
            prop::collection::vec((prop::sample::select(vec!["b", "c", "0"]), inner), 0..3)
                .prop_map(|fields| {
                    let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value));
                    Bson::Document(fields.collect())
                }),
        ]
    })
}

/// Operands of filters: mostly what documents hold at the end of their paths.
fn operand() -> impl Strategy<Value = Bson> {
    prop_oneof![3 => (0..4_i32).prop_map(Bson::from), 1 => value()]
}

fn path() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        5 => Just("a"),
        3 => Just("a.b"),
        2 => prop::sample::select(vec!["b", "a.c", "a.0", "a.b.c"]),
    ]
}

fn operator_name() -> impl Strategy<Value = &'static str> + Clone {
    prop::sample::select(vec!["$eq", "$gt", "$gte", "$lt", "$lte", "$ne"])
}

const TYPES: &[&str] = &["number", "int", "double", "string", "object", "array", "null", "bool"];

fn condition() -> impl Strategy<Value = Document> {
    let operator = operator_name();
    prop_oneof![
        3 => (path(), operand()).prop_map(|(path, value)| doc! { path: { "$eq": value } }),
        3 => (path(), operator.clone(), operand())
            .prop_map(|(path, op, value)| doc! { path: { op: value } }),
        2 => (path(), operator.clone(), operand(), operator, operand())
            .prop_map(|(path, op, value, op2, value2)| doc! { path: { op: value, op2: value2 } }),
        2 => (path(), prop::collection::vec(operand(), 0..4))
            .prop_map(|(path, values)| doc! { path: { "$in": values } }),
        1 => (path(), prop::collection::vec(operand(), 0..3))
            .prop_map(|(path, values)| doc! { path: { "$nin": values } }),
        1 => (path(), operator_name(), operand())
            .prop_map(|(path, op, value)| doc! { path: { "$not": { op: value } } }),
        1 => (path(), prop::sample::subsequence(TYPES, 1..4))
            .prop_map(|(path, types)| doc! { path: { "$type": types } }),
        1 => (path(), any::<bool>()).prop_map(|(path, is)| doc! { path: { "$exists": is } }),
        1 => (path(), prop::collection::vec(operand(), 0..3))
            .prop_map(|(path, values)| doc! { path: { "$all": values } }),
        1 => (path(), operand(), operand())
            .prop_map(|(path, low, high)| {
                doc! { path: { "$elemMatch": { "$gte": low, "$lt": high } } }
            }),
        1 => (path(), prop::sample::select(vec!["^a", "^a.*", "^ab?", "b", "^a|b", "^"]))
            .prop_map(|(path, pattern)| doc! { path: { "$regex": pattern } }),
    ]
}

fn filter() -> impl Strategy<Value = Document> {
    let conjunction =
        || prop::collection::vec(condition(), 1..3).prop_map(|parts| doc! { "$and": parts });
    prop_oneof![
        3 => conjunction(),
        1 => prop::collection::vec(conjunction(), 1..3).prop_map(|parts| doc! { "$or": parts }),
    ]
}

fn keys() -> impl Strategy<Value = Document> {
    let field = (path(), any::<bool>());
    prop::collection::vec(field, 1..3).prop_map(|fields| {
        fields
            .into_iter()
            .map(|(path, up)| (path.to_owned(), (if up { 1 } else { -1 }).into()))
            .collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the indexes, a query finds what a scan of the collection finds, and in order.
    #[test]
    fn indexes_do_not_change_results(
        docs in prop::collection::vec((value(), value()), 1..12),
        keys in prop::collection::vec(keys(), 1..3),
        filter in filter(),
        sort in keys(),
        unique in any::<bool>(),
        partial in prop::option::of(condition()),
    ) {
        let docs = docs.into_iter().enumerate();
        let docs = docs.map(|(n, (a, b))| doc! { "_id": n as i32, "a": a, "b": b });
        let mut keys = keys;
        keys.dedup();
        let partial = partial.and_then(|partial| Filter::parse(&partial).ok());
        let state = indexed(&keys, unique, partial.as_ref(), docs);
        let hint = Some(Hint::Name("0".to_owned()));
        // A hinted index that leaves documents out finds fewer.
        let hints = if partial.is_some() { [None, None] } else { [None, hint] };
        // The server refuses `undefined` in filters.
        let Ok(filter) = Filter::parse(&filter) else { return Ok(()) };
        let Ok(matcher) = Matcher::compile(&filter) else { return Ok(()) };
        let matching = |record: &Record| matcher.matches(record);
        let expected: Vec<RecordId> = state
            .records
            .iter()
            .filter(|(_, record)| matching(record))
            .map(|(id, _)| id)
            .collect();
        let sort = Sort::parse(&sort).unwrap();
        let sorter = Sorter::compile(&sort, None).unwrap().unwrap();
        let unsorted = Sort::default();
        for sort in [&unsorted, &sort] {
            for hint in &hints {
                let wanted =
                    Wanted { sort, limit: 3, explain: true, ..Wanted::all(&filter, hint.as_ref()) };
                let plan = Plan::choose(&state, wanted).unwrap();
                let mut found = Vec::new();
                let mut position = Position::default();
                // Stopping after each candidate and going on must not matter.
                while plan
                    .run(&state, &mut position, |id, record| {
                        if plan.is_exact || matching(record) {
                            found.push((id, record.clone()));
                        }
                        ControlFlow::Break(())
                    })
                    .is_break()
                {}
                if plan.is_sorted && !sort.is_empty() {
                    let keys: Vec<_> =
                        found.iter().map(|(_, record)| sorter.key(record).unwrap()).collect();
                    prop_assert!(keys.is_sorted(), "{plan:?}");
                }
                let mut ids: Vec<RecordId> = found.into_iter().map(|(id, _)| id).collect();
                ids.sort();
                prop_assert_eq!(&ids, &expected, "{:?}", plan);
            }
        }
    }
}
