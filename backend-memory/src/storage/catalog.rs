//! The catalog: databases and their collections.
//!
//! It is itself a persistent map, so that a [fork](Catalog::fork) costs the same whatever it holds.
//! The two catalogs then share the cells of the collections. A cell knows the one catalog that may
//! change it: forking makes both parties strangers to all cells, and a stranger's first write to a
//! collection makes a cell of its own, with the state that was there.

mod tree;

use std::sync::Arc;

use bson::Document;
use odm_core::{Error, ErrorCode, Namespace};
use parking_lot::{RwLock, RwLockReadGuard};

use crate::collation::Collator;

use super::collection::{Cell, CollState};
use super::name::{check_name, check_not_listing, check_writable};
use super::view::{self, Resolved, View};
use super::{Signal, capped};
use tree::Tree;

/// Whose cell it is: compared by address.
#[derive(Debug, Default)]
pub(crate) struct Owner {
    pub(super) signal: Arc<Signal>,
}

impl Owner {
    /// Another owner, of what the same engine holds.
    fn successor(&self) -> Arc<Self> {
        Arc::new(Owner { signal: self.signal.clone() })
    }
}

/// Databases and collections: see the [module](self).
#[derive(Default)]
pub(crate) struct Catalog {
    tree: RwLock<Tree>,
    /// Held by every write while it runs, so that a fork never sees half of one.
    gate: RwLock<()>,
}

/// A collection to list.
pub(crate) struct CollectionRef {
    pub(crate) name: Arc<str>,
    pub(crate) cell: Arc<Cell>,
}

impl Catalog {
    /// An independent copy of everything, in constant time.
    pub(crate) fn fork(&self) -> Catalog {
        let _no_writes = self.gate.write();
        let mut tree = self.tree.write();
        tree.owner = tree.owner.successor();
        let copy = Tree { owner: Arc::default(), databases: tree.databases.clone() };
        Catalog { tree: RwLock::new(copy), gate: RwLock::default() }
    }

    /// Gives a collection other options; `false` if it is not there.
    pub(crate) fn change_options(
        &self,
        ns: &Namespace,
        change: impl FnOnce(&Document, Option<&Arc<Collator>>) -> Result<Document, Error>,
    ) -> Result<bool, Error> {
        let _no_writes = self.gate.write();
        let mut tree = self.tree.write();
        let owner = tree.owner.clone();
        let database = tree.databases.get_mut(ns.database());
        let slot = database.and_then(|all| all.collections.get_mut(ns.collection()));
        let Some(slot) = slot else { return Ok(false) };
        let state = slot.snapshot();
        let options = change(&slot.options, state.collator())?;
        *slot = Arc::new(Cell::new(owner, slot.uuid, options, state));
        tree.owner.signal.give();
        Ok(true)
    }

    /// Makes a collection a capped one, of as many of its latest documents as there is room for,
    /// with the index on `_id` alone; `false` if it is not there.
    ///
    /// # Errors
    ///
    /// 51024 if the size is out of bounds.
    pub(crate) fn convert_to_capped(
        &self,
        ns: &Namespace,
        size: i64,
        uuid: bson::Uuid,
    ) -> Result<bool, Error> {
        let _no_writes = self.gate.write();
        let Some(cell) = self.collection(ns)? else { return Ok(false) };
        let options = capped::with_limits(&cell.options, Some(size), None)?;
        let state = Arc::new(cell.snapshot().copy_capped(&options, ns)?);
        let mut tree = self.tree.write();
        let cell = Cell::new(tree.owner.clone(), uuid, options, state);
        tree.put(ns, Arc::new(cell))?;
        tree.owner.signal.give();
        Ok(true)
    }

    /// Tells of writes to capped collections.
    pub(crate) fn signal(&self) -> Arc<Signal> {
        self.tree.read().owner.signal.clone()
    }

    /// Forgets everything.
    pub(crate) fn reset(&self) {
        let old = {
            let _no_writes = self.gate.write();
            let mut tree = self.tree.write();
            let empty = Tree { owner: tree.owner.successor(), ..Tree::default() };
            std::mem::replace(&mut *tree, empty)
        };
        old.owner.signal.give();
        let records = old.databases.values().flat_map(|database| database.collections.values());
        let records = records.map(last_records).sum();
        free(old, records);
    }

    /// The collection, for reading.
    #[inline]
    pub(crate) fn find(&self, ns: &Namespace) -> Option<Arc<Cell>> {
        self.tree.read().get(ns).cloned()
    }

    /// The collection, for what views do not have.
    ///
    /// # Errors
    ///
    /// 166 if it is a view.
    pub(crate) fn collection(&self, ns: &Namespace) -> Result<Option<Arc<Cell>>, Error> {
        let tree = self.tree.read();
        match tree.get(ns) {
            Some(cell) => Ok(Some(cell.clone())),
            None if tree.view(ns).is_some() => Err(view::is_a_view(ns)),
            None => Ok(None),
        }
    }

    /// The view of that name.
    pub(crate) fn view(&self, ns: &Namespace) -> Option<Arc<View>> {
        self.tree.read().view(ns).cloned()
    }

    /// What a view comes to; `None` for what is no view.
    ///
    /// # Errors
    ///
    /// 165 if it is too far from a collection.
    pub(crate) fn resolve(&self, ns: &Namespace) -> Result<Option<Resolved>, Error> {
        let tree = self.tree.read();
        let database = tree.databases.get(ns.database());
        database.map_or(Ok(None), |database| view::resolve(&database.views, ns))
    }

    /// Changes a view; `false` if it is not there.
    ///
    /// # Errors
    ///
    /// What `change` refuses; as [`Writing::create_view`] for what does not fit among the other views.
    pub(crate) fn change_view(
        &self,
        ns: &Namespace,
        change: impl FnOnce(&View) -> Result<View, Error>,
    ) -> Result<bool, Error> {
        let _no_writes = self.gate.write();
        let mut tree = self.tree.write();
        let Some(old) = tree.view(ns).cloned() else { return Ok(false) };
        let new = change(&old)?;
        // The collection of definitions is there.
        tree.put_view(ns, new, bson::Uuid::from_bytes([0; 16]))?;
        Ok(true)
    }

    /// Starts a write. Never while another one of the same thread is going on: a fork that waits
    /// in between would wait for ever.
    pub(crate) fn start_write(&self) -> Writing<'_> {
        Writing { catalog: self, _gate: self.gate.read() }
    }

    /// The collections of a database, by name.
    pub(crate) fn collections(&self, database: &str) -> Vec<CollectionRef> {
        let tree = self.tree.read();
        let found = tree.databases.get(database).map(|database| &database.collections);
        let reference = |(name, cell): (&Arc<str>, &Arc<Cell>)| CollectionRef {
            name: name.clone(),
            cell: cell.clone(),
        };
        found.map(|collections| collections.iter().map(reference).collect()).unwrap_or_default()
    }

    /// The views of a database, by name.
    pub(crate) fn views(&self, database: &str) -> Vec<(Arc<str>, Arc<View>)> {
        let tree = self.tree.read();
        let views = tree.databases.get(database).into_iter().flat_map(|all| all.views.iter());
        views.map(|(name, view)| (name.clone(), view.clone())).collect()
    }

    /// The databases that have collections, by name.
    pub(crate) fn databases(&self) -> Vec<Arc<str>> {
        self.tree.read().databases.keys().cloned().collect()
    }
}

/// A write that is going on. No fork happens meanwhile.
pub(crate) struct Writing<'a> {
    catalog: &'a Catalog,
    _gate: RwLockReadGuard<'a, ()>,
}

impl Writing<'_> {
    /// The collection, if there is one, in a cell that this catalog may change.
    ///
    /// # Errors
    ///
    /// 166 if it is a view.
    pub(crate) fn find(&self, ns: &Namespace) -> Result<Option<Arc<Cell>>, Error> {
        {
            let tree = self.catalog.tree.read();
            match tree.get(ns) {
                Some(cell) if Arc::ptr_eq(&cell.owner, &tree.owner) => {
                    return Ok(Some(cell.clone()));
                }
                None if tree.view(ns).is_some() => return Err(view::is_a_view(ns)),
                None => return Ok(None),
                Some(_) => {}
            }
        }
        let mut tree = self.catalog.tree.write();
        Ok(tree.own(ns))
    }

    /// The collection; created if it is not there.
    ///
    /// # Errors
    ///
    /// 73 if it cannot have that name; 166 if it is a view.
    pub(crate) fn find_or_create(
        &self,
        ns: &Namespace,
        uuid: impl FnOnce() -> bson::Uuid,
    ) -> Result<Arc<Cell>, Error> {
        if let Some(cell) = self.find(ns)? {
            return Ok(cell);
        }
        match self.create(ns, uuid(), Document::new(), None) {
            Ok(cell) => Ok(cell),
            // Somebody was faster.
            Err(error) => self.find(ns)?.ok_or(error),
        }
    }

    /// Creates a collection; the collation is the default of its operations and indexes.
    ///
    /// # Errors
    ///
    /// 48 if it is there already; 73 if it cannot have that name.
    pub(crate) fn create(
        &self,
        ns: &Namespace,
        uuid: bson::Uuid,
        options: Document,
        collator: Option<Arc<Collator>>,
    ) -> Result<Arc<Cell>, Error> {
        self.create_with(ns, uuid, options, Arc::new(CollState::new(collator)))
    }

    /// Creates a view; `uuid` is that of the collection of definitions, if it has to be made.
    ///
    /// # Errors
    ///
    /// 48 if there is a collection or a view of that name, 73 if it cannot have that name; 5 if it reads
    /// itself, 165 and 195 if there are too many views on one another, 167 for a collation that theirs do
    /// not have.
    pub(crate) fn create_view(
        &self,
        ns: &Namespace,
        view: View,
        uuid: bson::Uuid,
    ) -> Result<(), Error> {
        check_writable(ns)?;
        let mut tree = self.catalog.tree.write();
        tree.check_free(ns)?;
        tree.put_view(ns, view, uuid)
    }

    /// Makes a capped copy of a collection, of as many of its latest documents as there is room
    /// for; `false` if it is not there.
    ///
    /// # Errors
    ///
    /// As [`create`](Writing::create); 51024 if the size is out of bounds.
    pub(crate) fn clone_capped(
        &self,
        from: &Namespace,
        to: &Namespace,
        size: i64,
        uuid: bson::Uuid,
    ) -> Result<bool, Error> {
        let Some(cell) = self.catalog.collection(from)? else { return Ok(false) };
        let options = capped::with_limits(&cell.options, Some(size), None)?;
        let state = Arc::new(cell.snapshot().copy_capped(&options, to)?);
        self.create_with(to, uuid, options, state)?;
        Ok(true)
    }

    fn create_with(
        &self,
        ns: &Namespace,
        uuid: bson::Uuid,
        options: Document,
        state: Arc<CollState>,
    ) -> Result<Arc<Cell>, Error> {
        check_writable(ns)?;
        let mut tree = self.catalog.tree.write();
        tree.check_free(ns)?;
        let cell = Arc::new(Cell::new(tree.owner.clone(), uuid, options, state));
        tree.put(ns, cell.clone())?;
        Ok(cell)
    }

    /// Puts a collection in the place of the one of that name, if there is one.
    ///
    /// # Errors
    ///
    /// As [`create`](Writing::create), but for 48; 166 for a view.
    pub(crate) fn replace(
        &self,
        ns: &Namespace,
        uuid: bson::Uuid,
        options: Document,
        state: CollState,
    ) -> Result<(), Error> {
        check_writable(ns)?;
        let old = {
            let mut tree = self.catalog.tree.write();
            if tree.view(ns).is_some() {
                return Err(view::is_a_view(ns));
            }
            let cell = Cell::new(tree.owner.clone(), uuid, options, Arc::new(state));
            let old = tree.get(ns).cloned();
            tree.put(ns, Arc::new(cell))?;
            tree.owner.signal.give();
            old
        };
        if let Some(old) = old {
            let records = last_records(&old);
            free(old, records);
        }
        Ok(())
    }

    /// Takes a collection or a view out of the catalog; what it was, if it was there.
    pub(crate) fn drop_collection(&self, ns: &Namespace) -> Option<Dropped> {
        let cell = {
            let mut tree = self.catalog.tree.write();
            if tree.remove_view(ns) {
                return Some(Dropped::View);
            }
            tree.remove(ns)?
        };
        self.catalog.signal().give();
        let indexes = cell.read(|state| state.indexes.len());
        let records = last_records(&cell);
        free(cell, records);
        Some(Dropped::Collection { indexes })
    }

    /// Takes a database out of the catalog.
    pub(crate) fn drop_database(&self, name: &str) {
        let dropped = self.catalog.tree.write().databases.remove(name);
        self.catalog.signal().give();
        if let Some(database) = dropped {
            let records = database.collections.values().map(last_records).sum();
            free(database, records);
        }
    }

    /// Gives a collection another name.
    ///
    /// # Errors
    ///
    /// 26 if it is not there, 48 if the new name is taken, 20 for its own name, 166 for a view.
    pub(crate) fn rename(
        &self,
        from: &Namespace,
        to: &Namespace,
        drop_target: bool,
    ) -> Result<(), Error> {
        check_name(from)?;
        let illegal = |which: &str, error: Error| {
            let message = format!("error with {which} namespace: {error}");
            Error::command(ErrorCode::ILLEGAL_OPERATION, message)
        };
        check_not_listing(from).map_err(|error| illegal("source", error))?;
        check_writable(to).map_err(|error| illegal("target", error))?;
        if from == to {
            return Err(Error::command(
                ErrorCode::ILLEGAL_OPERATION,
                "Can't rename a collection to itself",
            ));
        }
        let mut tree = self.catalog.tree.write();
        if tree.view(from).is_some() {
            let message = format!("cannot rename view: {from}");
            return Err(Error::command(ErrorCode::COMMAND_NOT_SUPPORTED_ON_VIEW, message));
        }
        let Some(cell) = tree.get(from).cloned() else {
            return Err(Error::command(
                ErrorCode::NAMESPACE_NOT_FOUND,
                format!("Source collection {from} does not exist"),
            ));
        };
        if tree.view(to).is_some() {
            let message = format!("a view already exists with that name: {to}");
            return Err(Error::command(ErrorCode::NAMESPACE_EXISTS, message));
        }
        if tree.get(to).is_some() && !drop_target {
            return Err(Error::command(ErrorCode::NAMESPACE_EXISTS, "target namespace exists"));
        }
        tree.put(to, cell)?;
        tree.remove(from);
        tree.owner.signal.give();
        Ok(())
    }
}

/// What was taken out of the catalog.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Dropped {
    Collection { indexes: usize },
    View,
}

/// How many records nobody but this refers to; none if a fork shares them.
fn last_records(cell: &Arc<Cell>) -> usize {
    if Arc::strong_count(cell) == 1 { cell.read(|state| state.records.len()) } else { 0 }
}

/// Frees what nobody refers to any more, though perhaps a snapshot does. Many records take a
/// while, which nobody needs to wait for.
fn free(garbage: impl Send + 'static, records: usize) {
    const MANY: usize = 4096;
    if records >= MANY {
        // If there is no thread to be had, it is freed here, with the closure.
        let _ = std::thread::Builder::new().spawn(move || drop(garbage));
    }
}
