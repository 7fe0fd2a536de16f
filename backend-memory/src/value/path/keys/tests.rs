//! What the server answers, as tables.

use bson::{Bson, Document, bson, doc};
use odm_core::Error;

use super::KeyPattern;
use crate::value::{KeyBytes, Record, ValueBuf};

fn pattern(fields: &[(&str, i32)]) -> KeyPattern {
    KeyPattern::new(fields.iter().map(|(path, direction)| (*path, *direction < 0)))
}

fn encode(pattern: &KeyPattern, values: &Bson) -> KeyBytes {
    let values = ValueBuf::from_bson(values).unwrap();
    pattern.encode(values.as_raw().elements().map(|(_, value)| value))
}

/// The server's index keys, in order, and whether it calls the index multikey; or its error.
#[test]
fn index_keys() {
    let check = |document: Document, paths: &[&str], expected: Result<(bool, Bson), i32>| {
        let pattern = KeyPattern::new(paths.iter().map(|path| (*path, false)));
        let record = Record::from_document(&document).unwrap();
        let keys = pattern.index_keys(&record, false);
        let expected = expected.map(|(multikey, keys)| {
            let keys = keys.as_array().unwrap().iter();
            (multikey, keys.map(|key| encode(&pattern, key)).collect())
        });
        let found = keys
            .map(|keys| (keys.multikey, keys.keys.to_vec()))
            .map_err(|error| error.code().unwrap());
        assert_eq!(found, expected, "{document} {paths:?}");
    };
    check(doc! {}, &["a"], Ok((false, bson!([[null]]))));
    check(doc! { "a": 1 }, &["a"], Ok((false, bson!([[1]]))));
    check(doc! { "a": null }, &["a"], Ok((false, bson!([[null]]))));
    check(doc! { "a": [] }, &["a"], Ok((true, bson!([[Bson::Undefined]]))));
    check(doc! { "a": [1, 2, 1, 1.0] }, &["a"], Ok((true, bson!([[1], [2]]))));
    check(doc! { "a": [[1, 2], 3] }, &["a"], Ok((true, bson!([[3], [[1, 2]]]))));
    check(doc! { "a": [[]] }, &["a"], Ok((true, bson!([[[]]]))));
    check(
        doc! { "a": [{ "b": 1 }, { "b": 2 }] },
        &["a"],
        Ok((true, bson!([[{ "b": 1 }], [{ "b": 2 }]]))),
    );
    check(doc! { "a": { "b": 1 } }, &["a.b"], Ok((false, bson!([[1]]))));
    check(doc! { "a": 5 }, &["a.b"], Ok((false, bson!([[null]]))));
    check(doc! { "a": [] }, &["a.b"], Ok((true, bson!([[null]]))));
    check(doc! { "a": [1, 2] }, &["a.b"], Ok((true, bson!([[null]]))));
    check(
        doc! { "a": [{ "b": 1 }, { "b": [2, 3] }, {}] },
        &["a.b"],
        Ok((true, bson!([[null], [1], [2], [3]]))),
    );
    check(doc! { "a": [[{ "b": 1 }]] }, &["a.b"], Ok((true, bson!([[null]]))));
    check(doc! { "a": [{ "b": [] }] }, &["a.b"], Ok((true, bson!([[Bson::Undefined]]))));
    check(doc! { "a": { "b": [] } }, &["a.b"], Ok((true, bson!([[Bson::Undefined]]))));
    check(doc! { "a": [{ "b": [[1, 2]] }] }, &["a.b"], Ok((true, bson!([[[1, 2]]]))));
    check(doc! { "a": [1, { "b": 2 }] }, &["a.b"], Ok((true, bson!([[null], [2]]))));
    check(doc! { "a": [5, 6] }, &["a.0"], Ok((false, bson!([[5]]))));
    check(doc! { "a": [5, 6] }, &["a.5"], Ok((true, bson!([[null]]))));
    check(doc! { "a": { "0": 7 } }, &["a.0"], Ok((false, bson!([[7]]))));
    check(doc! { "a": [[1, 2], 3] }, &["a.0"], Ok((false, bson!([[[1, 2]]]))));
    check(doc! { "a": [{ "b": 1 }, { "b": 2 }] }, &["a.0.b"], Ok((false, bson!([[1]]))));
    check(doc! { "a": [{ "b": [1, 2] }, { "b": 2 }] }, &["a.0.b"], Ok((true, bson!([[1], [2]]))));
    check(doc! { "a": [[{ "b": 1 }], { "b": 2 }] }, &["a.0.b"], Ok((true, bson!([[1]]))));
    check(doc! { "a": [{ "0": 1 }] }, &["a.0"], Err(16746));
    check(doc! { "a": [{ "1": 1 }] }, &["a.1"], Ok((true, bson!([[1]]))));
    check(doc! { "a": [[5, 6], 7] }, &["a.0.1"], Ok((false, bson!([[6]]))));
    check(doc! { "a": [[5, [6, 7]], 7] }, &["a.0.1"], Ok((false, bson!([[[6, 7]]]))));
    check(doc! { "a": [] }, &["a.0"], Ok((true, bson!([[null]]))));
    check(doc! { "a": [[]] }, &["a.0"], Ok((false, bson!([[Bson::Undefined]]))));
    check(doc! { "a": { "b": [5, 6] } }, &["a.b.1"], Ok((false, bson!([[6]]))));
    check(
        doc! { "a": [{ "b": [5, 6] }, { "b": [7] }] },
        &["a.b.1"],
        Ok((true, bson!([[null], [6]]))),
    );
    check(doc! { "a": [{ "b": [5, 6] }, { "b": [7] }] }, &["a.b.0"], Ok((true, bson!([[5], [7]]))));
    check(doc! { "a": [1, 2], "b": 3 }, &["a", "b"], Ok((true, bson!([[1, 3], [2, 3]]))));
    check(doc! { "a": [1, 2], "b": [3, 4] }, &["a", "b"], Err(171));
    check(doc! { "a": [1, 2], "b": [] }, &["a", "b"], Err(171));
    check(
        doc! { "a": [{ "b": 1, "c": 2 }, { "b": 3, "c": 4 }] },
        &["a.b", "a.c"],
        Ok((true, bson!([[1, 2], [3, 4]]))),
    );
    check(
        doc! { "a": [{ "b": [1, 2], "c": 2 }, { "b": 3, "c": [4, 5] }] },
        &["a.b", "a.c"],
        Ok((true, bson!([[1, 2], [2, 2], [3, 4], [3, 5]]))),
    );
    check(doc! { "a": [{ "b": [1, 2], "c": [3] }] }, &["a.b", "a.c"], Err(171));
    check(doc! { "a": [1, 2] }, &["a", "a.b"], Ok((true, bson!([[1, null], [2, null]]))));
    check(
        doc! { "a": [{ "b": 1 }, { "b": 2 }] },
        &["a", "a.b"],
        Ok((true, bson!([[{ "b": 1 }, 1], [{ "b": 2 }, 2]]))),
    );
    check(
        doc! { "a": [{ "b": [1] }, { "b": 2 }] },
        &["a", "a.b"],
        Ok((true, bson!([[{ "b": 2 }, 2], [{ "b": [1] }, 1]]))),
    );
    check(
        doc! { "a": [{ "b": 1 }, { "b": 2 }], "c": 9 },
        &["a.b", "c"],
        Ok((true, bson!([[1, 9], [2, 9]]))),
    );
    check(
        doc! { "a": [{ "b": 1 }, { "b": 2 }] },
        &["a.b", "c"],
        Ok((true, bson!([[1, null], [2, null]]))),
    );
    check(doc! { "c": 1 }, &["a.b", "c"], Ok((false, bson!([[null, 1]]))));
    check(doc! { "a": [{ "b": 1 }], "d": [{ "e": 1 }] }, &["a.b", "d.e"], Err(171));
    check(
        doc! { "a": [{ "b": { "c": [1, 2] }, "d": 3 }] },
        &["a.b.c", "a.d"],
        Ok((true, bson!([[1, 3], [2, 3]]))),
    );
    check(
        doc! { "a": [{ "b": 1 }, { "b": 2 }] },
        &["a.0.b", "a.b"],
        Ok((true, bson!([[1, 1], [1, 2]]))),
    );
    check(
        doc! { "a": [{ "b": 1 }, { "b": 2 }] },
        &["a.0.b", "a.1.b"],
        Ok((false, bson!([[1, 2]]))),
    );
    check(doc! { "a": [[1, 2], [3, 4]] }, &["a.0", "a.1"], Err(171));
    check(doc! { "a": [] }, &["a", "a.b"], Ok((true, bson!([[Bson::Undefined, null]]))));
    check(doc! { "a": [], "b": 1 }, &["a.x", "b"], Ok((true, bson!([[null, 1]]))));
    check(
        doc! { "a": [[1, 2], [3]] },
        &["a.0", "a"],
        Ok((true, bson!([[[1, 2], [1, 2]], [[1, 2], [3]]]))),
    );
}

#[test]
fn a_sparse_index_skips_documents_without_any_of_its_fields() {
    let check = |document: Document, paths: &[&str], expected: usize| {
        let pattern = KeyPattern::new(paths.iter().map(|path| (*path, false)));
        let record = Record::from_document(&document).unwrap();
        let keys = pattern.index_keys(&record, true).unwrap();
        assert_eq!(keys.keys.len(), expected, "{document} {paths:?}");
    };
    check(doc! {}, &["a"], 0);
    check(doc! { "a": null }, &["a"], 1);
    check(doc! { "a": [] }, &["a"], 1);
    check(doc! { "b": 1 }, &["a", "b"], 1);
    check(doc! { "c": 1 }, &["a", "b"], 0);
    check(doc! { "a": [] }, &["a.b"], 0);
    check(doc! { "a": [1, 2] }, &["a.b"], 0);
    check(doc! { "a": [{}] }, &["a.b"], 0);
    check(doc! { "a": [{}, { "b": 1 }] }, &["a.b"], 1);
    check(doc! { "a": 5 }, &["a.b"], 0);
    check(doc! { "a": [{}, { "b": 1 }, { "b": 2 }] }, &["a.b", "a.c"], 2);
    check(doc! { "a": [{ "b": 1 }, {}], "c": 1 }, &["a.b", "c"], 2);
    check(doc! { "a": [{}] }, &["a", "a.b"], 1);
}

/// The server's sort keys, as `{$meta: "sortKey"}` gives them; or its error.
#[test]
fn sort_keys() {
    let check = |document: Document, sort: &[(&str, i32)], expected: Result<Bson, i32>| {
        let pattern = pattern(sort);
        let record = Record::from_document(&document).unwrap();
        let found = pattern.sort_key(&record).map_err(|error: Error| error.code().unwrap());
        let expected = expected.map(|values| encode(&pattern, &values));
        assert_eq!(found, expected, "{document} {sort:?}");
    };
    check(doc! {}, &[("a", 1)], Ok(bson!([null])));
    check(doc! {}, &[("a", -1)], Ok(bson!([null])));
    check(doc! { "a": 1 }, &[("a", 1)], Ok(bson!([1])));
    check(doc! { "a": 1 }, &[("a", -1)], Ok(bson!([1])));
    check(doc! { "a": null }, &[("a", 1)], Ok(bson!([null])));
    check(doc! { "a": null }, &[("a", -1)], Ok(bson!([null])));
    check(doc! { "a": [] }, &[("a", 1)], Ok(bson!([Bson::Undefined])));
    check(doc! { "a": [] }, &[("a", -1)], Ok(bson!([Bson::Undefined])));
    check(doc! { "a": [1, 2, 1, 1.0] }, &[("a", 1)], Ok(bson!([1])));
    check(doc! { "a": [1, 2, 1, 1.0] }, &[("a", -1)], Ok(bson!([2])));
    check(doc! { "a": [[1, 2], 3] }, &[("a", 1)], Ok(bson!([3])));
    check(doc! { "a": [[1, 2], 3] }, &[("a", -1)], Ok(bson!([[1, 2]])));
    check(doc! { "a": [[]] }, &[("a", 1)], Ok(bson!([[]])));
    check(doc! { "a": [[]] }, &[("a", -1)], Ok(bson!([[]])));
    check(doc! { "a": [{ "b": 1 }, { "b": 2 }] }, &[("a", 1)], Ok(bson!([{ "b": 1 }])));
    check(doc! { "a": [{ "b": 1 }, { "b": 2 }] }, &[("a", -1)], Ok(bson!([{ "b": 2 }])));
    check(doc! { "a": { "b": 1 } }, &[("a.b", 1)], Ok(bson!([1])));
    check(doc! { "a": { "b": 1 } }, &[("a.b", -1)], Ok(bson!([1])));
    check(doc! { "a": 5 }, &[("a.b", 1)], Ok(bson!([null])));
    check(doc! { "a": 5 }, &[("a.b", -1)], Ok(bson!([null])));
    check(doc! { "a": [] }, &[("a.b", 1)], Ok(bson!([null])));
    check(doc! { "a": [] }, &[("a.b", -1)], Ok(bson!([null])));
    check(doc! { "a": [1, 2] }, &[("a.b", 1)], Ok(bson!([null])));
    check(doc! { "a": [1, 2] }, &[("a.b", -1)], Ok(bson!([null])));
    check(doc! { "a": [{ "b": 1 }, { "b": [2, 3] }, {}] }, &[("a.b", 1)], Ok(bson!([null])));
    check(doc! { "a": [{ "b": 1 }, { "b": [2, 3] }, {}] }, &[("a.b", -1)], Ok(bson!([3])));
    check(doc! { "a": [[{ "b": 1 }]] }, &[("a.b", 1)], Ok(bson!([null])));
    check(doc! { "a": [[{ "b": 1 }]] }, &[("a.b", -1)], Ok(bson!([null])));
    check(doc! { "a": [{ "b": [] }] }, &[("a.b", 1)], Ok(bson!([Bson::Undefined])));
    check(doc! { "a": [{ "b": [] }] }, &[("a.b", -1)], Ok(bson!([Bson::Undefined])));
    check(doc! { "a": { "b": [] } }, &[("a.b", 1)], Ok(bson!([Bson::Undefined])));
    check(doc! { "a": { "b": [] } }, &[("a.b", -1)], Ok(bson!([Bson::Undefined])));
    check(doc! { "a": [{ "b": [[1, 2]] }] }, &[("a.b", 1)], Ok(bson!([[1, 2]])));
    check(doc! { "a": [{ "b": [[1, 2]] }] }, &[("a.b", -1)], Ok(bson!([[1, 2]])));
    check(doc! { "a": [1, { "b": 2 }] }, &[("a.b", 1)], Ok(bson!([null])));
    check(doc! { "a": [1, { "b": 2 }] }, &[("a.b", -1)], Ok(bson!([2])));
    check(doc! { "a": [5, 6] }, &[("a.0", 1)], Ok(bson!([5])));
    check(doc! { "a": [5, 6] }, &[("a.0", -1)], Ok(bson!([5])));
    check(doc! { "a": [5, 6] }, &[("a.5", 1)], Ok(bson!([null])));
    check(doc! { "a": [5, 6] }, &[("a.5", -1)], Ok(bson!([null])));
    check(doc! { "a": { "0": 7 } }, &[("a.0", 1)], Ok(bson!([7])));
    check(doc! { "a": { "0": 7 } }, &[("a.0", -1)], Ok(bson!([7])));
    check(doc! { "a": [[1, 2], 3] }, &[("a.0", 1)], Ok(bson!([[1, 2]])));
    check(doc! { "a": [[1, 2], 3] }, &[("a.0", -1)], Ok(bson!([[1, 2]])));
    check(doc! { "a": [{ "b": 1 }, { "b": 2 }] }, &[("a.0.b", 1)], Ok(bson!([1])));
    check(doc! { "a": [{ "b": 1 }, { "b": 2 }] }, &[("a.0.b", -1)], Ok(bson!([1])));
    check(doc! { "a": [{ "b": [1, 2] }, { "b": 2 }] }, &[("a.0.b", 1)], Ok(bson!([1])));
    check(doc! { "a": [{ "b": [1, 2] }, { "b": 2 }] }, &[("a.0.b", -1)], Ok(bson!([2])));
    check(doc! { "a": [[{ "b": 1 }], { "b": 2 }] }, &[("a.0.b", 1)], Ok(bson!([1])));
    check(doc! { "a": [[{ "b": 1 }], { "b": 2 }] }, &[("a.0.b", -1)], Ok(bson!([1])));
    check(doc! { "a": [{ "0": 1 }] }, &[("a.0", 1)], Err(16746));
    check(doc! { "a": [{ "0": 1 }] }, &[("a.0", -1)], Err(16746));
    check(doc! { "a": [{ "1": 1 }] }, &[("a.1", 1)], Ok(bson!([1])));
    check(doc! { "a": [{ "1": 1 }] }, &[("a.1", -1)], Ok(bson!([1])));
    check(doc! { "a": [[5, 6], 7] }, &[("a.0.1", 1)], Ok(bson!([6])));
    check(doc! { "a": [[5, 6], 7] }, &[("a.0.1", -1)], Ok(bson!([6])));
    check(doc! { "a": [[5, [6, 7]], 7] }, &[("a.0.1", 1)], Ok(bson!([[6, 7]])));
    check(doc! { "a": [[5, [6, 7]], 7] }, &[("a.0.1", -1)], Ok(bson!([[6, 7]])));
    check(doc! { "a": [] }, &[("a.0", 1)], Ok(bson!([null])));
    check(doc! { "a": [] }, &[("a.0", -1)], Ok(bson!([null])));
    check(doc! { "a": [[]] }, &[("a.0", 1)], Ok(bson!([Bson::Undefined])));
    check(doc! { "a": [[]] }, &[("a.0", -1)], Ok(bson!([Bson::Undefined])));
    check(doc! { "a": { "b": [5, 6] } }, &[("a.b.1", 1)], Ok(bson!([6])));
    check(doc! { "a": { "b": [5, 6] } }, &[("a.b.1", -1)], Ok(bson!([6])));
    check(doc! { "a": [{ "b": [5, 6] }, { "b": [7] }] }, &[("a.b.1", 1)], Ok(bson!([null])));
    check(doc! { "a": [{ "b": [5, 6] }, { "b": [7] }] }, &[("a.b.1", -1)], Ok(bson!([6])));
    check(doc! { "a": [{ "b": [5, 6] }, { "b": [7] }] }, &[("a.b.0", 1)], Ok(bson!([5])));
    check(doc! { "a": [{ "b": [5, 6] }, { "b": [7] }] }, &[("a.b.0", -1)], Ok(bson!([7])));
    check(doc! { "a": [1, 2], "b": 3 }, &[("a", 1), ("b", 1)], Ok(bson!([1, 3])));
    check(doc! { "a": [1, 2], "b": 3 }, &[("a", -1), ("b", -1)], Ok(bson!([2, 3])));
    check(doc! { "a": [1, 2], "b": 3 }, &[("a", 1), ("b", -1)], Ok(bson!([1, 3])));
    check(doc! { "a": [1, 2], "b": [3, 4] }, &[("a", 1), ("b", 1)], Err(2));
    check(doc! { "a": [1, 2], "b": [3, 4] }, &[("a", -1), ("b", -1)], Err(2));
    check(doc! { "a": [1, 2], "b": [3, 4] }, &[("a", 1), ("b", -1)], Err(2));
    check(doc! { "a": [1, 2], "b": [] }, &[("a", 1), ("b", 1)], Err(2));
    check(doc! { "a": [1, 2], "b": [] }, &[("a", -1), ("b", -1)], Err(2));
    check(doc! { "a": [1, 2], "b": [] }, &[("a", 1), ("b", -1)], Err(2));
    check(
        doc! { "a": [{ "b": 1, "c": 2 }, { "b": 3, "c": 4 }] },
        &[("a.b", 1), ("a.c", 1)],
        Ok(bson!([1, 2])),
    );
    check(
        doc! { "a": [{ "b": 1, "c": 2 }, { "b": 3, "c": 4 }] },
        &[("a.b", -1), ("a.c", -1)],
        Ok(bson!([3, 4])),
    );
    check(
        doc! { "a": [{ "b": 1, "c": 2 }, { "b": 3, "c": 4 }] },
        &[("a.b", 1), ("a.c", -1)],
        Ok(bson!([1, 2])),
    );
    check(
        doc! { "a": [{ "b": [1, 2], "c": 2 }, { "b": 3, "c": [4, 5] }] },
        &[("a.b", 1), ("a.c", 1)],
        Ok(bson!([1, 2])),
    );
    check(
        doc! { "a": [{ "b": [1, 2], "c": 2 }, { "b": 3, "c": [4, 5] }] },
        &[("a.b", -1), ("a.c", -1)],
        Ok(bson!([3, 5])),
    );
    check(
        doc! { "a": [{ "b": [1, 2], "c": 2 }, { "b": 3, "c": [4, 5] }] },
        &[("a.b", 1), ("a.c", -1)],
        Ok(bson!([1, 2])),
    );
    check(doc! { "a": [{ "b": [1, 2], "c": [3] }] }, &[("a.b", 1), ("a.c", 1)], Err(2));
    check(doc! { "a": [{ "b": [1, 2], "c": [3] }] }, &[("a.b", -1), ("a.c", -1)], Err(2));
    check(doc! { "a": [{ "b": [1, 2], "c": [3] }] }, &[("a.b", 1), ("a.c", -1)], Err(2));
    check(doc! { "a": [1, 2] }, &[("a", 1), ("a.b", 1)], Ok(bson!([1, null])));
    check(doc! { "a": [1, 2] }, &[("a", -1), ("a.b", -1)], Ok(bson!([2, null])));
    check(doc! { "a": [1, 2] }, &[("a", 1), ("a.b", -1)], Ok(bson!([1, null])));
    check(
        doc! { "a": [{ "b": 1 }, { "b": 2 }] },
        &[("a", 1), ("a.b", 1)],
        Ok(bson!([{ "b": 1 }, 1])),
    );
    check(
        doc! { "a": [{ "b": 1 }, { "b": 2 }] },
        &[("a", -1), ("a.b", -1)],
        Ok(bson!([{ "b": 2 }, 2])),
    );
    check(
        doc! { "a": [{ "b": 1 }, { "b": 2 }] },
        &[("a", 1), ("a.b", -1)],
        Ok(bson!([{ "b": 1 }, 1])),
    );
    check(
        doc! { "a": [{ "b": [1] }, { "b": 2 }] },
        &[("a", 1), ("a.b", 1)],
        Ok(bson!([{ "b": 2 }, 2])),
    );
    check(
        doc! { "a": [{ "b": [1] }, { "b": 2 }] },
        &[("a", -1), ("a.b", -1)],
        Ok(bson!([{ "b": [1] }, 1])),
    );
    check(
        doc! { "a": [{ "b": [1] }, { "b": 2 }] },
        &[("a", 1), ("a.b", -1)],
        Ok(bson!([{ "b": 2 }, 2])),
    );
    check(
        doc! { "a": [{ "b": 1 }, { "b": 2 }], "c": 9 },
        &[("a.b", 1), ("c", 1)],
        Ok(bson!([1, 9])),
    );
    check(
        doc! { "a": [{ "b": 1 }, { "b": 2 }], "c": 9 },
        &[("a.b", -1), ("c", -1)],
        Ok(bson!([2, 9])),
    );
    check(
        doc! { "a": [{ "b": 1 }, { "b": 2 }], "c": 9 },
        &[("a.b", 1), ("c", -1)],
        Ok(bson!([1, 9])),
    );
    check(doc! { "a": [{ "b": 1 }, { "b": 2 }] }, &[("a.b", 1), ("c", 1)], Ok(bson!([1, null])));
    check(doc! { "a": [{ "b": 1 }, { "b": 2 }] }, &[("a.b", -1), ("c", -1)], Ok(bson!([2, null])));
    check(doc! { "a": [{ "b": 1 }, { "b": 2 }] }, &[("a.b", 1), ("c", -1)], Ok(bson!([1, null])));
    check(doc! { "c": 1 }, &[("a.b", 1), ("c", 1)], Ok(bson!([null, 1])));
    check(doc! { "c": 1 }, &[("a.b", -1), ("c", -1)], Ok(bson!([null, 1])));
    check(doc! { "c": 1 }, &[("a.b", 1), ("c", -1)], Ok(bson!([null, 1])));
    check(doc! { "a": [{ "b": 1 }], "d": [{ "e": 1 }] }, &[("a.b", 1), ("d.e", 1)], Err(2));
    check(doc! { "a": [{ "b": 1 }], "d": [{ "e": 1 }] }, &[("a.b", -1), ("d.e", -1)], Err(2));
    check(doc! { "a": [{ "b": 1 }], "d": [{ "e": 1 }] }, &[("a.b", 1), ("d.e", -1)], Err(2));
    check(
        doc! { "a": [{ "b": { "c": [1, 2] }, "d": 3 }] },
        &[("a.b.c", 1), ("a.d", 1)],
        Ok(bson!([1, 3])),
    );
    check(
        doc! { "a": [{ "b": { "c": [1, 2] }, "d": 3 }] },
        &[("a.b.c", -1), ("a.d", -1)],
        Ok(bson!([2, 3])),
    );
    check(
        doc! { "a": [{ "b": { "c": [1, 2] }, "d": 3 }] },
        &[("a.b.c", 1), ("a.d", -1)],
        Ok(bson!([1, 3])),
    );
    check(doc! { "a": [{ "b": 1 }, { "b": 2 }] }, &[("a.0.b", 1), ("a.b", 1)], Ok(bson!([1, 1])));
    check(doc! { "a": [{ "b": 1 }, { "b": 2 }] }, &[("a.0.b", -1), ("a.b", -1)], Ok(bson!([1, 2])));
    check(doc! { "a": [{ "b": 1 }, { "b": 2 }] }, &[("a.0.b", 1), ("a.b", -1)], Ok(bson!([1, 2])));
    check(doc! { "a": [{ "b": 1 }, { "b": 2 }] }, &[("a.0.b", 1), ("a.1.b", 1)], Ok(bson!([1, 2])));
    check(
        doc! { "a": [{ "b": 1 }, { "b": 2 }] },
        &[("a.0.b", -1), ("a.1.b", -1)],
        Ok(bson!([1, 2])),
    );
    check(
        doc! { "a": [{ "b": 1 }, { "b": 2 }] },
        &[("a.0.b", 1), ("a.1.b", -1)],
        Ok(bson!([1, 2])),
    );
    check(doc! { "a": [[1, 2], [3, 4]] }, &[("a.0", 1), ("a.1", 1)], Err(2));
    check(doc! { "a": [[1, 2], [3, 4]] }, &[("a.0", -1), ("a.1", -1)], Err(2));
    check(doc! { "a": [[1, 2], [3, 4]] }, &[("a.0", 1), ("a.1", -1)], Err(2));
    check(doc! { "a": [] }, &[("a", 1), ("a.b", 1)], Ok(bson!([Bson::Undefined, null])));
    check(doc! { "a": [] }, &[("a", -1), ("a.b", -1)], Ok(bson!([Bson::Undefined, null])));
    check(doc! { "a": [] }, &[("a", 1), ("a.b", -1)], Ok(bson!([Bson::Undefined, null])));
    check(doc! { "a": [], "b": 1 }, &[("a.x", 1), ("b", 1)], Ok(bson!([null, 1])));
    check(doc! { "a": [], "b": 1 }, &[("a.x", -1), ("b", -1)], Ok(bson!([null, 1])));
    check(doc! { "a": [], "b": 1 }, &[("a.x", 1), ("b", -1)], Ok(bson!([null, 1])));
    check(doc! { "a": [[1, 2], [3]] }, &[("a.0", 1), ("a", 1)], Ok(bson!([[1, 2], [1, 2]])));
    check(doc! { "a": [[1, 2], [3]] }, &[("a.0", -1), ("a", -1)], Ok(bson!([[1, 2], [3]])));
    check(doc! { "a": [[1, 2], [3]] }, &[("a.0", 1), ("a", -1)], Ok(bson!([[1, 2], [3]])));
}
