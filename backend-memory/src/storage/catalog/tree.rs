//! What is in the catalog: a persistent map.

use std::sync::Arc;

use bson::{Bson, Document};
use imbl::OrdMap;
use odm_core::{Error, ErrorCode, Namespace};

use super::super::RecordId;
use super::super::collection::{Cell, CollState};
use super::super::view::{self, LISTING, View, Views};
use super::Owner;
use crate::value::{KeyBytes, Record, ValueBuf};

type Collections = OrdMap<Arc<str>, Arc<Cell>>;

/// It is there as long as it has collections: also views have one, that of their definitions.
#[derive(Clone, Default)]
pub(super) struct Database {
    pub(super) collections: Collections,
    pub(super) views: Views,
}

#[derive(Clone, Default)]
pub(super) struct Tree {
    pub(super) owner: Arc<Owner>,
    pub(super) databases: OrdMap<Arc<str>, Database>,
}

impl Tree {
    #[inline]
    pub(super) fn get(&self, ns: &Namespace) -> Option<&Arc<Cell>> {
        self.databases.get(ns.database())?.collections.get(ns.collection())
    }

    /// Refuses a name that is taken.
    pub(super) fn check_free(&self, ns: &Namespace) -> Result<(), Error> {
        let what = match (self.get(ns), self.view(ns)) {
            (None, None) => return Ok(()),
            (Some(_), _) => format!("Collection {ns} already exists."),
            (None, Some(_)) => format!("A view already exists. NS: {ns}"),
        };
        Err(Error::command(ErrorCode::NAMESPACE_EXISTS, what))
    }

    pub(super) fn view(&self, ns: &Namespace) -> Option<&Arc<View>> {
        self.databases.get(ns.database())?.views.get(ns.collection())
    }

    /// Puts a view in its place, and its definition among the others: `uuid` is that of their collection if
    /// it has to be made.
    ///
    /// # Errors
    ///
    /// As [`view::check_fits`] and [`put`](Tree::put).
    pub(super) fn put_view(
        &mut self,
        ns: &Namespace,
        view: View,
        uuid: bson::Uuid,
    ) -> Result<(), Error> {
        let name = ns.collection();
        let none = Views::new();
        let others = self.databases.get(ns.database()).map_or(&none, |database| &database.views);
        view::check_fits(others, name, &view)?;
        let record = Record::from_document(&view.to_document(ns))?;
        let listing = Namespace::new(ns.database().to_owned(), LISTING);
        let (uuid, mut state) = match self.get(&listing) {
            Some(cell) => (cell.uuid, CollState::clone(&cell.snapshot())),
            None => (uuid, CollState::new(None)),
        };
        match find_definition(&state, ns) {
            Some(id) => state.update(id, record, &listing, |_| true)?,
            None => state.insert(record, &listing).map(drop)?,
        }
        let cell = Cell::new(self.owner.clone(), uuid, Document::new(), Arc::new(state));
        self.put(&listing, Arc::new(cell))?;
        if let Some(database) = self.databases.get_mut(ns.database()) {
            database.views.insert(name.into(), Arc::new(view));
        }
        self.owner.signal.give();
        Ok(())
    }

    /// Takes a view out; whether it was there.
    pub(super) fn remove_view(&mut self, ns: &Namespace) -> bool {
        let Some(database) = self.databases.get_mut(ns.database()) else { return false };
        if database.views.remove(ns.collection()).is_none() {
            return false;
        }
        if let Some(slot) = database.collections.get_mut(LISTING) {
            let mut state = CollState::clone(&slot.snapshot());
            if let Some(id) = find_definition(&state, ns) {
                state.remove(id);
            }
            let options = slot.options.clone();
            *slot = Arc::new(Cell::new(self.owner.clone(), slot.uuid, options, Arc::new(state)));
        }
        true
    }

    /// Puts a collection in its place, and creates the database if need be.
    ///
    /// # Errors
    ///
    /// 13297 if there is a database whose name differs only in case.
    pub(super) fn put(&mut self, ns: &Namespace, cell: Arc<Cell>) -> Result<(), Error> {
        let database = ns.database();
        if let Some(database) = self.databases.get_mut(database) {
            database.collections.insert(ns.collection().into(), cell);
            return Ok(());
        }
        if let Some(other) = self.databases.keys().find(|name| name.eq_ignore_ascii_case(database))
        {
            return Err(Error::command(
                ErrorCode(13_297),
                format!(
                    "db already exists with different case already have: [{other}] trying to create [{database}]"
                ),
            ));
        }
        let collections = OrdMap::unit(ns.collection().into(), cell);
        self.databases.insert(database.into(), Database { collections, views: Views::new() });
        Ok(())
    }

    /// The collection, in a cell of this catalog's own.
    pub(super) fn own(&mut self, ns: &Namespace) -> Option<Arc<Cell>> {
        let owner = self.owner.clone();
        let database = self.databases.get_mut(ns.database())?;
        let slot = database.collections.get_mut(ns.collection())?;
        if !Arc::ptr_eq(&slot.owner, &owner) {
            let copy = Cell::new(owner, slot.uuid, slot.options.clone(), slot.snapshot());
            *slot = Arc::new(copy);
        }
        Some(slot.clone())
    }

    pub(super) fn remove(&mut self, ns: &Namespace) -> Option<Arc<Cell>> {
        let database = self.databases.get_mut(ns.database())?;
        let removed = database.collections.remove(ns.collection());
        if ns.collection() == LISTING {
            database.views = Views::new();
        }
        if database.collections.is_empty() {
            self.databases.remove(ns.database());
        }
        removed
    }
}

/// Where the definition of a view is among the others.
fn find_definition(state: &CollState, ns: &Namespace) -> Option<RecordId> {
    let id = ValueBuf::from_bson(&Bson::String(ns.to_string())).ok()?;
    state.find_by_id(&KeyBytes::of(id.as_raw())).map(|(id, _)| id)
}
