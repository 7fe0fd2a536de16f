//! Sort orders: compiled once, then the key of each record compares as bytes.

use std::collections::BinaryHeap;
use std::sync::Arc;

use bson::{Document, doc};
use odm_core::{Error, ErrorCode, Sort, SortOrder};

use crate::collation::Collator;
use crate::expression::{Path, Root};
use crate::value::{KeyBytes, KeyPattern, RawVal, Record};

/// What a record sorts by: byte order is the sort's order.
pub(crate) type SortKey = KeyBytes;

/// Reads the order of a stage or an accumulator. Its paths are those of expressions, which `find`'s
/// are not: there is no `$natural`.
///
/// # Errors
///
/// As [`Sort::parse`] for the values, as [`Path::parse`] for the paths; 13103 for more than 32 of them.
pub(crate) fn parse(sort: &Document) -> Result<Sort, Error> {
    let mut parsed = Sort::default();
    for (name, value) in sort {
        for (_, order) in Sort::parse(&doc! { "key": value.clone() })?.keys {
            if !matches!(order, SortOrder::Meta(_)) {
                Path::parse(name)?;
            }
            parsed.keys.push((name.as_str().into(), order));
        }
    }
    if parsed.keys.len() > MAX_KEYS {
        return Err(Error::command(ErrorCode(13_103), "too many compound keys"));
    }
    Ok(parsed)
}

/// As many keys as the server compares by.
const MAX_KEYS: usize = 32;

/// Refuses to sort by what only a search knows about a document.
///
/// # Errors
///
/// 40218 for what no stage before has found out; [`Error::Unsupported`] for `randVal`.
pub(crate) fn refuse_meta<T>(keyword: &str) -> Result<T, Error> {
    if keyword == "randVal" {
        return unsupported("$meta: \"randVal\"");
    }
    let message = format!("query requires {keyword} metadata, but it is not available");
    Err(Error::command(ErrorCode(40_218), message))
}

/// A compiled sort.
#[derive(Debug)]
pub(crate) struct Sorter {
    pattern: KeyPattern,
}

impl Sorter {
    /// Compiles a sort; `None` if it asks for no order but that of the collection. (`$natural`
    /// alone is for the planner.) Strings sort by their bytes or, if there is one, as a collation has it.
    ///
    /// # Errors
    ///
    /// The server's for what is malformed; [`Error::Unsupported`] for `$meta` keys.
    pub(crate) fn compile(
        sort: &Sort,
        collator: Option<&Arc<Collator>>,
    ) -> Result<Option<Sorter>, Error> {
        let mut fields = Vec::with_capacity(sort.keys.len());
        for (path, order) in &sort.keys {
            match order {
                _ if path.as_str() == "$natural" => {}
                SortOrder::Ascending => fields.push((path.as_str(), false)),
                SortOrder::Descending => fields.push((path.as_str(), true)),
                SortOrder::Meta(keyword) => return unsupported(&format!("$meta: {keyword:?}")),
                other => return unsupported(&format!("the sort order {other:?}")),
            }
        }
        let pattern = |fields| KeyPattern::new(fields).collated(collator.cloned());
        Ok((!fields.is_empty()).then(|| Sorter { pattern: pattern(fields) }))
    }

    /// The fields, with whether each is descending: what an index must have to give this order.
    pub(crate) fn pattern(&self) -> &KeyPattern {
        &self.pattern
    }

    /// What a record sorts by.
    ///
    /// # Errors
    ///
    /// 2 if two of the fields are in different arrays.
    pub(crate) fn key(&self, doc: &Record) -> Result<SortKey, Error> {
        self.pattern.sort_key(doc)
    }

    /// What any document sorts by.
    ///
    /// # Errors
    ///
    /// As [`key`](Sorter::key).
    pub(crate) fn key_of(&self, doc: Root<'_>) -> Result<SortKey, Error> {
        match self.pattern.fields() {
            // An array that is an `_id` counts as a whole, as in an index on it.
            [(path, _)] if path.as_str() == "_id" => {
                let id = doc.get(path.first()).unwrap_or(RawVal::NULL);
                Ok(self.pattern.encode([id]))
            }
            _ => self.pattern.sort_key_in(|name| doc.get(name)),
        }
    }

    /// The records in order; equal ones stay in theirs.
    ///
    /// # Errors
    ///
    /// As [`key`](Sorter::key).
    pub(crate) fn sort<'r>(
        &self,
        records: impl IntoIterator<Item = &'r Record>,
    ) -> Result<Vec<Record>, Error> {
        let mut keyed = Vec::new();
        for record in records {
            keyed.push((self.key(record)?, record));
        }
        keyed.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(keyed.into_iter().map(|(_, record)| record.clone()).collect())
    }

    /// The first `limit` records of the order; what [`sort`](Sorter::sort) would give, without
    /// keeping more than these.
    ///
    /// # Errors
    ///
    /// As [`key`](Sorter::key).
    pub(crate) fn top<'r>(
        &self,
        records: impl IntoIterator<Item = &'r Record>,
        limit: usize,
    ) -> Result<Vec<Record>, Error> {
        let mut top = Top::new(limit);
        for record in records {
            let key = self.key(record)?;
            top.push(key, record);
        }
        Ok(top.into_sorted().cloned().collect())
    }
}

/// The first ones of an order, while they come; equal ones stay in theirs.
pub(crate) struct Top<T> {
    limit: usize,
    position: u64,
    heap: BinaryHeap<Candidate<T>>,
}

impl<T> Top<T> {
    /// As many of them.
    pub(crate) fn new(limit: usize) -> Self {
        Top { limit, position: 0, heap: BinaryHeap::new() }
    }

    /// One more. Gives the one that is not among the first, if there are enough of them.
    pub(crate) fn push(&mut self, key: SortKey, item: T) -> Option<T> {
        self.position += 1;
        let position = self.position;
        if self.heap.len() < self.limit {
            self.heap.push(Candidate { key, position, item });
            return None;
        }
        match self.heap.peek_mut() {
            Some(mut worst) if key < worst.key => {
                Some(std::mem::replace(&mut *worst, Candidate { key, position, item }).item)
            }
            _ => Some(item),
        }
    }

    /// They, in order.
    pub(crate) fn into_sorted(self) -> impl Iterator<Item = T> {
        self.heap.into_sorted_vec().into_iter().map(|candidate| candidate.item)
    }
}

fn unsupported<T>(feature: &str) -> Result<T, Error> {
    Err(Error::Unsupported { backend: "memory", feature: format!("sorting by {feature}") })
}

/// What may be among the first ones: ordered by key, then by position.
struct Candidate<T> {
    key: SortKey,
    position: u64,
    item: T,
}

impl<T> Ord for Candidate<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key.cmp(&other.key).then(self.position.cmp(&other.position))
    }
}

impl<T> PartialOrd for Candidate<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> PartialEq for Candidate<T> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl<T> Eq for Candidate<T> {}

#[cfg(test)]
mod tests {
    use bson::doc;

    use super::*;

    /// 500 sorts of 30 documents each, with the server's answers.
    #[test]
    fn recorded() {
        crate::replay::check(include_str!("sort/testdata/recorded.txt"));
    }

    fn records(n: i32) -> Vec<Record> {
        let doc = |i: i32| doc! { "_id": i, "a": (i * 7919) % 10, "b": [i % 3, i % 5] };
        (0..n).map(|i| Record::from_document(&doc(i)).unwrap()).collect()
    }

    fn ids(records: &[Record]) -> Vec<i32> {
        records.iter().map(|record| record.id().and_then(|id| id.as_i32()).unwrap()).collect()
    }

    #[test]
    fn top_is_the_start_of_sort() {
        for sort in [Sort::asc("a"), Sort::desc("a"), Sort::desc("b").then(Sort::asc("a"))] {
            let sorter = Sorter::compile(&sort, None).unwrap().unwrap();
            let sorted = ids(&sorter.sort(&records(200)).unwrap());
            for limit in [0, 1, 10, 199, 200, 300] {
                let top = ids(&sorter.top(&records(200), limit).unwrap());
                assert_eq!(top, sorted[..limit.min(200)], "{sort:?} {limit}");
            }
        }
    }

    #[test]
    fn equal_keys_keep_their_order() {
        let sorter = Sorter::compile(&Sort::desc("a"), None).unwrap().unwrap();
        let sorted = ids(&sorter.sort(&records(50)).unwrap());
        let expected = [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]
            .into_iter()
            .flat_map(|digit| (0..50).filter(move |i| (i * 7919) % 10 == digit));
        assert_eq!(sorted, expected.collect::<Vec<_>>());
    }

    #[test]
    fn natural_is_no_order_and_meta_is_refused() {
        assert!(Sorter::compile(&Sort::default(), None).unwrap().is_none());
        assert!(Sorter::compile(&Sort::asc("$natural"), None).unwrap().is_none());
        let meta = Sort { keys: vec![("a".into(), SortOrder::Meta("textScore".to_owned()))] };
        let error = Sorter::compile(&meta, None).unwrap_err();
        assert!(matches!(error, Error::Unsupported { .. }), "{error}");
    }
}
