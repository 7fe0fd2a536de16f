//! [`Records`]: the documents of a collection in natural order, in a persistent structure.
//!
//! Records live in pages of [`PAGE_SIZE`] consecutive ids. A page is shared between snapshots
//! until one of them changes it; finding a record walks a tree that is [`PAGE_SIZE`] times smaller
//! than one of records would be, and a scan runs along arrays.

use std::sync::Arc;

use imbl::OrdMap;
use imbl::ordmap::RangedIter;
use imbl::shared_ptr::DefaultSharedPtr;

use crate::value::Record;

/// The place of a record in natural order. Never used twice in a collection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct RecordId(pub(crate) u64);

impl RecordId {
    /// Below every record's id.
    pub(crate) const ZERO: RecordId = RecordId(0);
    /// Not below any record's id.
    pub(crate) const MAX: RecordId = RecordId(u64::MAX);

    /// The id after this one.
    pub(crate) const fn next(self) -> Self {
        RecordId(self.0.saturating_add(1))
    }

    /// The id before this one.
    pub(crate) const fn previous(self) -> Self {
        RecordId(self.0.saturating_sub(1))
    }

    /// Bytes that sort like ids: what tells equal keys of an index apart.
    pub(crate) const fn to_key(self) -> [u8; 8] {
        self.0.to_be_bytes()
    }

    const fn page(self) -> u64 {
        self.0 / PAGE_SIZE
    }

    const fn slot(self) -> usize {
        (self.0 % PAGE_SIZE) as usize
    }
}

const PAGE_SIZE: u64 = 32;

/// Consecutive records; which of the slots are in use is also in the bits of `used`.
#[derive(Clone, Default)]
struct Page {
    used: u32,
    slots: [Option<Record>; PAGE_SIZE as usize],
}

/// The documents of a collection: see the [module](self).
#[derive(Clone, Default)]
pub(crate) struct Records {
    pages: OrdMap<u64, Arc<Page>>,
    len: usize,
    bytes: u64,
}

impl Records {
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// The size of all documents together.
    pub(crate) const fn bytes(&self) -> u64 {
        self.bytes
    }

    #[inline]
    pub(crate) fn get(&self, id: RecordId) -> Option<&Record> {
        self.pages.get(&id.page())?.slots[id.slot()].as_ref()
    }

    /// Puts a record at an id, and gives the one that was there.
    pub(crate) fn insert(&mut self, id: RecordId, record: Record) -> Option<Record> {
        self.bytes += record.bytes().len() as u64;
        let old = match self.pages.get_mut(&id.page()) {
            Some(page) => Arc::make_mut(page).replace(id.slot(), record),
            None => {
                let mut page = Page::default();
                page.replace(id.slot(), record);
                self.pages.insert(id.page(), Arc::new(page));
                None
            }
        };
        match &old {
            Some(old) => self.bytes -= old.bytes().len() as u64,
            None => self.len += 1,
        }
        old
    }

    pub(crate) fn remove(&mut self, id: RecordId) -> Option<Record> {
        let page = Arc::make_mut(self.pages.get_mut(&id.page())?);
        let old = page.slots[id.slot()].take()?;
        page.used &= !(1 << id.slot());
        if page.used == 0 {
            self.pages.remove(&id.page());
        }
        self.len -= 1;
        self.bytes -= old.bytes().len() as u64;
        Some(old)
    }

    /// The records with ids in `from..to`, in natural order.
    pub(crate) fn range(&self, from: RecordId, to: RecordId) -> Forward<'_> {
        let pages = self.pages.range(from.page()..);
        let mut range = Forward { pages, page: None, used: 0, to };
        range.next_page();
        if let Some((number, _)) = range.page
            && number == from.page()
        {
            range.used &= u32::MAX << from.slot();
        }
        range
    }

    /// The records with ids below `to`, the last one first.
    pub(crate) fn range_backward(&self, to: RecordId) -> Backward<'_> {
        let pages = self.pages.range(..=to.page());
        let mut range = Backward { pages, page: None, used: 0 };
        range.next_page();
        if let Some((number, _)) = range.page
            && number == to.page()
        {
            range.used &= (1 << to.slot()) - 1;
        }
        range
    }

    /// All records, in natural order.
    pub(crate) fn iter(&self) -> Forward<'_> {
        self.range(RecordId::ZERO, RecordId::MAX)
    }
}

impl Page {
    fn replace(&mut self, slot: usize, record: Record) -> Option<Record> {
        self.used |= 1 << slot;
        self.slots[slot].replace(record)
    }
}

type Pages<'a> = RangedIter<'a, u64, Arc<Page>, DefaultSharedPtr>;

/// Records in natural order.
pub(crate) struct Forward<'a> {
    pages: Pages<'a>,
    page: Option<(u64, &'a Page)>,
    /// The slots of the page that are in use and still to come.
    used: u32,
    to: RecordId,
}

impl Forward<'_> {
    fn next_page(&mut self) {
        self.page = self.pages.next().map(|(number, page)| (*number, &**page));
        self.used = self.page.map_or(0, |(_, page)| page.used);
    }
}

impl<'a> Iterator for Forward<'a> {
    type Item = (RecordId, &'a Record);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (number, page) = self.page?;
            if self.used != 0 {
                let slot = self.used.trailing_zeros();
                self.used &= self.used - 1;
                let id = RecordId(number * PAGE_SIZE + u64::from(slot));
                if id >= self.to {
                    self.page = None;
                    return None;
                }
                return Some((id, page.slots[slot as usize].as_ref()?));
            }
            self.next_page();
        }
    }
}

/// Records against natural order.
pub(crate) struct Backward<'a> {
    pages: Pages<'a>,
    page: Option<(u64, &'a Page)>,
    used: u32,
}

impl Backward<'_> {
    fn next_page(&mut self) {
        self.page = self.pages.next_back().map(|(number, page)| (*number, &**page));
        self.used = self.page.map_or(0, |(_, page)| page.used);
    }
}

impl<'a> Iterator for Backward<'a> {
    type Item = (RecordId, &'a Record);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (number, page) = self.page?;
            if self.used != 0 {
                let slot = 31 - self.used.leading_zeros();
                self.used &= !(1 << slot);
                let id = RecordId(number * PAGE_SIZE + u64::from(slot));
                return Some((id, page.slots[slot as usize].as_ref()?));
            }
            self.next_page();
        }
    }
}

#[cfg(test)]
mod tests {
    use bson::doc;

    use super::*;

    fn record(n: u64) -> Record {
        Record::from_document(&doc! { "_id": n as i64 }).unwrap()
    }

    fn filled(ids: impl IntoIterator<Item = u64>) -> Records {
        let mut records = Records::default();
        for id in ids {
            assert!(records.insert(RecordId(id), record(id)).is_none());
        }
        records
    }

    fn ids<'a>(records: impl Iterator<Item = (RecordId, &'a Record)>) -> Vec<u64> {
        records
            .map(|(id, record)| {
                assert_eq!(record.id().unwrap().as_i64(), Some(id.0 as i64));
                id.0
            })
            .collect()
    }

    #[test]
    fn ranges_on_both_sides_of_page_borders() {
        let all: Vec<u64> = (1..=200).filter(|n| !(60..130).contains(n)).collect();
        let records = filled(all.iter().copied());
        assert_eq!(records.len(), all.len());
        assert_eq!(ids(records.iter()), all);
        for border in [0, 1, 31, 32, 33, 59, 60, 64, 96, 129, 130, 131, 199, 200, 201, 300] {
            let above: Vec<u64> = all.iter().copied().filter(|n| *n >= border).collect();
            let mut below: Vec<u64> = all.iter().copied().filter(|n| *n < border).collect();
            let at = RecordId(border);
            assert_eq!(ids(records.range(at, RecordId::MAX)), above, "from {border}");
            assert_eq!(ids(records.range(RecordId::ZERO, at)), below, "to {border}");
            below.reverse();
            assert_eq!(ids(records.range_backward(at)), below, "backward from {border}");
        }
    }

    #[test]
    fn snapshots_keep_what_was_there() {
        let mut records = filled(1..100);
        let snapshot = records.clone();
        for id in 1..100 {
            if id % 3 == 0 {
                assert!(records.remove(RecordId(id)).is_some());
                assert!(records.remove(RecordId(id)).is_none());
            }
        }
        records.insert(RecordId(100), record(100));
        assert_eq!(ids(snapshot.iter()), (1..100).collect::<Vec<_>>());
        assert_eq!(ids(records.iter()), (1..=100).filter(|n| n % 3 != 0).collect::<Vec<_>>());
        assert_eq!(records.len(), 67);
        assert_eq!(records.bytes(), 67 * record(1).bytes().len() as u64);
    }

    #[test]
    fn empty_pages_go() {
        let mut records = filled(1..1000);
        for id in 1..1000 {
            records.remove(RecordId(id));
        }
        assert!(records.pages.is_empty() && records.len() == 0 && records.bytes() == 0);
    }
}
