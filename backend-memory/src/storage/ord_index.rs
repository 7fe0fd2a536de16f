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

    /// The entries of a stretch, from both ends.
    pub(crate) fn range(&self, range: &KeyRange) -> Entries<'_> {
        let bounds: (Bound<&[u8]>, Bound<&[u8]>) =
            (Bound::Included(&range.from), Bound::Excluded(&range.to));
        // The map panics at bounds that are the wrong way round.
        let entries = (range.from < range.to).then(|| self.entries.range::<_, [u8]>(bounds));
        Entries { entries }
    }

    /// All entries.
    pub(crate) fn iter(&self) -> Entries<'_> {
        Entries { entries: Some(self.entries.range::<_, [u8]>(..)) }
    }
}

/// Entries in key order.
pub(crate) struct Entries<'a> {
    entries: Option<RangedIter<'a, KeyBytes, RecordId, DefaultSharedPtr>>,
}

impl<'a> Iterator for Entries<'a> {
    type Item = (&'a KeyBytes, RecordId);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.entries.as_mut()?.next().map(|(key, id)| (key, *id))
    }
}

impl DoubleEndedIterator for Entries<'_> {
    #[inline]
    fn next_back(&mut self) -> Option<Self::Item> {
        self.entries.as_mut()?.next_back().map(|(key, id)| (key, *id))
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
        let ids = |range: &KeyRange| index.range(range).map(|(_, id)| id.0).collect::<Vec<_>>();
        assert_eq!(ids(&range("a", "c")), [0, 1, 2, 3]);
        assert_eq!(ids(&KeyRange::prefix(key("b"))), [1, 2, 3]);
        assert_eq!(ids(&range("c", "a")), [0; 0]);
        assert_eq!(ids(&range("b", "b")), [0; 0]);
        let backward = index.range(&range("b", "z")).rev().map(|(_, id)| id.0);
        assert_eq!(backward.collect::<Vec<_>>(), [4, 3, 2, 1]);
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
