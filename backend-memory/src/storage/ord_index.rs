//! [`OrdIndex`]: the ordered map behind an index, from key bytes to records. Persistent: cloning
//! it is a snapshot. Our own type, so that a tuned tree can take its place.

use std::ops::Bound;

use imbl::OrdMap;
use imbl::ordmap::RangedIter;
use imbl::shared_ptr::DefaultSharedPtr;

use super::RecordId;
use crate::value::KeyBytes;

/// The entries of an index.
#[derive(Clone, Default)]
pub(crate) struct OrdIndex {
    entries: OrdMap<KeyBytes, RecordId>,
}

/// A stretch of an index: keys from `from` on, up to but not including `to`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeyRange {
    pub(crate) from: KeyBytes,
    pub(crate) to: KeyBytes,
}

impl KeyRange {
    /// Every key that begins with `prefix`.
    pub(crate) fn prefix(prefix: KeyBytes) -> Self {
        KeyRange { from: prefix.clone(), to: prefix.after_prefix() }
    }
}

impl OrdIndex {
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    #[inline]
    pub(crate) fn get(&self, key: &[u8]) -> Option<RecordId> {
        self.entries.get(key).copied()
    }

    /// Adds an entry, unless there is one with that key: then gives its record.
    pub(crate) fn insert(&mut self, key: KeyBytes, id: RecordId) -> Result<(), RecordId> {
        match self.entries.insert(key.clone(), id) {
            None => Ok(()),
            Some(there) => {
                self.entries.insert(key, there);
                Err(there)
            }
        }
    }

    pub(crate) fn remove(&mut self, key: &[u8]) -> Option<RecordId> {
        self.entries.remove(key)
    }

    /// The entries of a stretch, in key order or against it.
    pub(crate) fn range<'a>(&'a self, range: &'a KeyRange, backward: bool) -> Entries<'a> {
        // The map would look up both ends; it is cheaper to notice the other one on the way.
        let bounds: (Bound<&[u8]>, Bound<&[u8]>) = if backward {
            (Bound::Unbounded, Bound::Excluded(&range.to))
        } else {
            (Bound::Included(&range.from), Bound::Unbounded)
        };
        let end = if backward { &range.from } else { &range.to };
        Entries { entries: self.entries.range::<_, [u8]>(bounds), end, backward }
    }

    /// All entries, in key order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&KeyBytes, RecordId)> {
        self.entries.iter().map(|(key, id)| (key, *id))
    }
}

/// The entries of a stretch.
pub(crate) struct Entries<'a> {
    entries: RangedIter<'a, KeyBytes, RecordId, DefaultSharedPtr>,
    end: &'a KeyBytes,
    backward: bool,
}

impl<'a> Iterator for Entries<'a> {
    type Item = (&'a KeyBytes, RecordId);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.backward {
            let (key, id) = self.entries.next_back()?;
            (key >= self.end).then_some((key, *id))
        } else {
            let (key, id) = self.entries.next()?;
            (key < self.end).then_some((key, *id))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> KeyBytes {
        KeyBytes::from(text.as_bytes())
    }

    fn range(from: &str, to: &str) -> KeyRange {
        KeyRange { from: key(from), to: key(to) }
    }

    #[test]
    fn ranges() {
        let mut index = OrdIndex::default();
        for (n, text) in ["a", "b", "ba", "bb", "c"].into_iter().enumerate() {
            assert_eq!(index.insert(key(text), RecordId(n as u64)), Ok(()));
        }
        let check = |range: KeyRange, expected: &[u64]| {
            let ids = |down| index.range(&range, down).map(|(_, id)| id.0).collect::<Vec<_>>();
            let reversed: Vec<u64> = expected.iter().rev().copied().collect();
            assert_eq!((ids(false), ids(true)), (expected.to_vec(), reversed));
        };
        check(range("a", "c"), &[0, 1, 2, 3]);
        check(range("b", "z"), &[1, 2, 3, 4]);
        check(range("", "b"), &[0]);
        check(KeyRange::prefix(key("b")), &[1, 2, 3]);
        check(range("c", "a"), &[]);
        check(range("b", "b"), &[]);
        assert_eq!(index.iter().count(), 5);
    }

    #[test]
    fn a_second_entry_leaves_the_first() {
        let mut index = OrdIndex::default();
        assert_eq!(index.insert(key("a"), RecordId(1)), Ok(()));
        assert_eq!(index.insert(key("a"), RecordId(2)), Err(RecordId(1)));
        assert_eq!(index.get(b"a"), Some(RecordId(1)));
        assert_eq!(index.remove(b"a"), Some(RecordId(1)));
        assert_eq!((index.len(), index.get(b"a")), (0, None));
    }
}
