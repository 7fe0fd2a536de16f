//! A collection: its state, which changes as a whole, and the cell that holds the current one.

use std::sync::Arc;

use bson::Document;
use odm_core::{Error, ErrorCode, Namespace};
use parking_lot::{Mutex, MutexGuard, RwLock};
use smallvec::SmallVec;

use super::catalog::Owner;
use super::{Cap, EntryKeys, Index, IndexSpec, RecordId, Records};
use crate::collation::Collator;
use crate::validation::Validator;
use crate::value::{KeyBytes, Record};

/// The most indexes that a collection may have.
const MAX_INDEXES: usize = 64;

/// Records and indexes at one moment. Cloning it is a snapshot.
#[derive(Clone)]
pub(crate) struct CollState {
    pub(crate) records: Records,
    /// That on `_id` first.
    pub(crate) indexes: Vec<Index>,
    next: RecordId,
    cap: Option<Cap>,
}

impl CollState {
    pub(crate) fn new(collator: Option<Arc<Collator>>) -> Self {
        CollState {
            records: Records::default(),
            indexes: vec![Index::new(IndexSpec::id(collator))],
            next: RecordId(1),
            cap: None,
        }
    }

    /// What strings compare by in operations that do not say otherwise, if not by their bytes: as in the index on `_id`.
    #[inline]
    pub(crate) fn collator(&self) -> Option<&Arc<Collator>> {
        self.indexes.first()?.spec.collator()
    }

    /// The record with this key of the index on `_id`.
    #[inline]
    pub(crate) fn find_by_id(&self, key: &[u8]) -> Option<(RecordId, &Record)> {
        let id = self.indexes.first()?.entries.get(key)?;
        Some((id, self.records.get(id)?))
    }

    /// Adds a document at the end of natural order. If that is too much for a capped collection,
    /// the oldest ones go; what was just added stays in any case.
    ///
    /// # Errors
    ///
    /// 11000 with the index that has its key already; 171 for parallel arrays. Nothing has
    /// changed then.
    pub(crate) fn insert(&mut self, record: Record, ns: &Namespace) -> Result<RecordId, Error> {
        let id = self.next;
        let mut all_keys: SmallVec<[EntryKeys; 4]> = SmallVec::new();
        let mut multikey: SmallVec<[bool; 4]> = SmallVec::new();
        // Index by index, as the server does: of several refusals, the first one counts.
        for position in 0..self.indexes.len() {
            let index = &mut self.indexes[position];
            let refused = match index.keys(&record) {
                Ok(keys) => match index.insert(keys.keys.clone(), id) {
                    Ok(()) => {
                        all_keys.push(keys.keys);
                        multikey.push(keys.multikey);
                        continue;
                    }
                    Err(duplicate) => self.duplicate_error(position, &record, &duplicate, ns),
                },
                Err(error) => error,
            };
            for (done, keys) in all_keys.iter().enumerate() {
                self.indexes[done].remove(keys, id);
            }
            return Err(refused);
        }
        for (index, multikey) in self.indexes.iter_mut().zip(multikey) {
            if multikey {
                index.note_arrays(&record);
            }
        }
        self.records.insert(id, record);
        self.next = id.next();
        self.evict(id);
        Ok(id)
    }

    /// Takes out the oldest documents, but none from `kept` on, while they are too many.
    fn evict(&mut self, kept: RecordId) {
        let Some(cap) = self.cap else { return };
        while cap.is_exceeded_by(&self.records) {
            match self.records.iter().next() {
                Some((oldest, _)) if oldest < kept => drop(self.remove(oldest)),
                _ => return,
            }
        }
    }

    /// The same without documents.
    pub(crate) fn emptied(&self) -> Self {
        let indexes = self.indexes.iter().map(Index::emptied).collect();
        CollState { records: Records::default(), indexes, next: RecordId(1), cap: self.cap }
    }

    /// The documents, with the index on `_id` alone, in a collection with other limits: as many of
    /// the latest as there is room for.
    ///
    /// # Errors
    ///
    /// As [`insert`](CollState::insert).
    pub(super) fn copy_capped(&self, options: &Document, ns: &Namespace) -> Result<Self, Error> {
        let mut copy = CollState::new(self.collator().cloned());
        copy.cap = Cap::of(options);
        for (_, record) in self.records.iter() {
            copy.insert(record.clone(), ns)?;
        }
        Ok(copy)
    }

    /// Whether the oldest documents go when there are too many.
    pub(crate) fn is_capped(&self) -> bool {
        self.cap.is_some()
    }

    /// Puts another version of a document in its place. Only the indexes that `affects` names are
    /// looked at.
    ///
    /// # Errors
    ///
    /// As [`insert`](CollState::insert).
    pub(crate) fn update(
        &mut self,
        id: RecordId,
        record: Record,
        ns: &Namespace,
        affects: impl Fn(&IndexSpec) -> bool,
    ) -> Result<(), Error> {
        let Some(old) = self.records.get(id).cloned() else { return Ok(()) };
        let mut changes: SmallVec<[Change; 4]> = SmallVec::new();
        for (position, index) in self.indexes.iter().enumerate() {
            if !affects(&index.spec) {
                continue;
            }
            let (before, after) = (index.keys(&old)?, index.keys(&record)?);
            if before.keys != after.keys || after.multikey {
                changes.push(Change {
                    index: position,
                    removed: difference(&before.keys, &after.keys),
                    added: difference(&after.keys, &before.keys),
                    multikey: after.multikey,
                });
            }
        }
        for (done, change) in changes.iter().enumerate() {
            let index = &mut self.indexes[change.index];
            if let Err(duplicate) = index.insert(change.added.clone(), id) {
                for undo in &changes[..done] {
                    self.indexes[undo.index].remove(&undo.added, id);
                }
                return Err(self.duplicate_error(change.index, &record, &duplicate, ns));
            }
        }
        for change in &changes {
            let index = &mut self.indexes[change.index];
            index.remove(&change.removed, id);
            if change.multikey {
                index.note_arrays(&record);
            }
        }
        self.records.insert(id, record);
        Ok(())
    }

    /// Takes a document out.
    pub(crate) fn remove(&mut self, id: RecordId) -> Option<Record> {
        let record = self.records.remove(id)?;
        for index in &mut self.indexes {
            // Keys that could be made when the document came in can be made again.
            if let Ok(keys) = index.keys(&record) {
                index.remove(&keys.keys, id);
            }
        }
        Some(record)
    }

    fn duplicate_error(
        &self,
        index: usize,
        record: &Record,
        key: &KeyBytes,
        ns: &Namespace,
    ) -> Error {
        let index = &self.indexes[index];
        index.duplicate_error(&ns.to_string(), index.key_values(record, key))
    }

    /// The index of this name.
    pub(crate) fn index_named(&self, name: &str) -> Option<usize> {
        self.indexes.iter().position(|index| index.spec.name == name)
    }

    /// The indexes with exactly these keys, in this order.
    pub(crate) fn indexes_on<'a>(&'a self, key: &'a Document) -> impl Iterator<Item = usize> + 'a {
        let same = move |(_, index): &(usize, &Index)| index.spec.is_on(key);
        self.indexes.iter().enumerate().filter(same).map(|(position, _)| position)
    }

    /// Adds an index over the documents that are there. False if there is one like it already.
    ///
    /// # Errors
    ///
    /// 85 and 86 if another index has its keys or its name; 67 if there are too many; 11000 if
    /// the documents break it; 171 for parallel arrays.
    pub(crate) fn create_index(&mut self, spec: IndexSpec, ns: &Namespace) -> Result<bool, Error> {
        if let Some(same) = self.indexes.iter().find(|index| index.spec.is_same_as(&spec)) {
            if same.spec.name == spec.name {
                return Ok(false);
            }
            return Err(Error::command(
                ErrorCode::INDEX_OPTIONS_CONFLICT,
                format!("Index already exists with a different name: {}", same.spec.name),
            ));
        }
        if let Some(position) = self.index_named(&spec.name) {
            return Err(Error::command(
                ErrorCode::INDEX_KEY_SPECS_CONFLICT,
                format!(
                    "An existing index has the same name as the requested index. Requested index: {}, existing index: {}",
                    super::display::document(&spec.to_document()),
                    super::display::document(&self.indexes[position].spec.to_document()),
                ),
            ));
        }
        if self.indexes.len() >= MAX_INDEXES {
            return Err(Error::command(
                ErrorCode::CANNOT_CREATE_INDEX,
                format!("add index fails, too many indexes for {ns}"),
            ));
        }
        let mut index = Index::new(spec);
        // In key order, as the server builds: the least duplicate is the one that is reported.
        let mut entries: Vec<(KeyBytes, RecordId)> = Vec::with_capacity(self.records.len());
        for (id, record) in self.records.iter() {
            let keys = index.keys(record)?;
            if keys.multikey {
                index.note_arrays(record);
            }
            entries.extend(keys.keys.into_iter().map(|key| (key, id)));
        }
        entries.sort_unstable();
        for (key, id) in entries {
            if let Err(duplicate) = index.insert(EntryKeys::from_buf([key]), id) {
                let record = self.records.get(id);
                let values = record.map(|record| index.key_values(record, &duplicate));
                return Err(index.duplicate_error(&ns.to_string(), values.unwrap_or_default()));
            }
        }
        self.indexes.push(index);
        Ok(true)
    }

    /// What is wrong between the records and the indexes, if anything.
    pub(crate) fn check(&self) -> Result<(), String> {
        let counted = self.records.iter().count();
        if counted != self.records.len() {
            return Err(format!("{counted} records, counted as {}", self.records.len()));
        }
        let bytes: u64 = self.records.iter().map(|(_, record)| record.bytes().len() as u64).sum();
        if bytes != self.records.bytes() {
            return Err(format!("{bytes} bytes, counted as {}", self.records.bytes()));
        }
        if let Some((id, _)) = self.records.iter().find(|(id, _)| *id >= self.next) {
            return Err(format!("{id:?} is not below {:?}", self.next));
        }
        self.indexes.iter().try_for_each(|index| index.check(&self.records))
    }
}

struct Change {
    index: usize,
    removed: EntryKeys,
    added: EntryKeys,
    multikey: bool,
}

/// What is in `keys` but not in `others`; both are sorted.
fn difference(keys: &[KeyBytes], others: &[KeyBytes]) -> EntryKeys {
    keys.iter().filter(|key| others.binary_search(key).is_err()).cloned().collect()
}

/// The place of a collection in the catalog: its current state, and who may write.
///
/// Readers take the state, or look at it under a lock that is held as shortly. Writers take turns;
/// the one whose turn it is looks for what to change while readers go on, and then changes the
/// state in place unless somebody holds a snapshot of it.
pub(crate) struct Cell {
    pub(crate) uuid: bson::Uuid,
    pub(crate) options: Document,
    /// What documents must match, if that is enforced.
    pub(crate) validator: Option<Validator>,
    /// The catalog that may change this cell; others only read it and make their own copy.
    pub(super) owner: Arc<Owner>,
    turn: Mutex<()>,
    state: RwLock<Arc<CollState>>,
}

impl Cell {
    pub(super) fn new(
        owner: Arc<Owner>,
        uuid: bson::Uuid,
        options: Document,
        mut state: Arc<CollState>,
    ) -> Self {
        let cap = Cap::of(&options);
        if state.cap != cap {
            Arc::make_mut(&mut state).cap = cap;
        }
        // Options are checked before they are stored, so that there is no error to tell here.
        let validator = Validator::of(&options, state.collator()).ok().flatten();
        let (turn, state) = (Mutex::new(()), RwLock::new(state));
        Cell { uuid, options, validator, owner, turn, state }
    }

    /// The state as it is now.
    pub(crate) fn snapshot(&self) -> Arc<CollState> {
        self.state.read().clone()
    }

    /// Looks at the state while no writer changes it. For short looks: writers wait.
    #[inline]
    pub(crate) fn read<T>(&self, look: impl FnOnce(&CollState) -> T) -> T {
        look(&self.state.read())
    }

    /// Waits for the turn to write.
    pub(crate) fn turn(&self) -> Turn<'_> {
        Turn { cell: self, _turn: self.turn.lock() }
    }
}

/// The right to write to a collection: nobody else changes it meanwhile.
pub(crate) struct Turn<'a> {
    cell: &'a Cell,
    _turn: MutexGuard<'a, ()>,
}

impl Turn<'_> {
    /// What documents must match, if that is enforced.
    pub(crate) fn validator(&self) -> Option<&Validator> {
        self.cell.validator.as_ref()
    }

    pub(crate) fn snapshot(&self) -> Arc<CollState> {
        self.cell.snapshot()
    }

    #[inline]
    pub(crate) fn read<T>(&self, look: impl FnOnce(&CollState) -> T) -> T {
        self.cell.read(look)
    }

    /// Changes the state: in place, or on a copy that shares what does not change if there are
    /// snapshots.
    #[inline]
    pub(crate) fn write<T>(&self, change: impl FnOnce(&mut CollState) -> T) -> T {
        let (done, is_capped) = {
            let mut state = self.cell.state.write();
            let state = Arc::make_mut(&mut state);
            (change(state), state.is_capped())
        };
        if is_capped {
            self.cell.owner.signal.give();
        }
        done
    }
}
