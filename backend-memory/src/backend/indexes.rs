//! Indexes: create, drop, list.

use odm_core::{
    CreateIndexes, CreateIndexesOutcome, Cursor, DropIndexes, Error, ErrorCode, ListIndexes,
    Namespace, Result,
};

use super::{Engine, options};
use crate::cursor::{FIRST_BATCH, Results, raw_doc};
use crate::storage::{CollState, ID_INDEX, IndexSpec, check_changeable, check_name, display};
use crate::value::Record;

impl Engine {
    pub(crate) fn create_indexes(
        &self,
        ns: &Namespace,
        request: &CreateIndexes,
    ) -> Result<CreateIndexesOutcome> {
        check_changeable(ns)?;
        if request.indexes.is_empty() {
            return Err(Error::command(
                ErrorCode::BAD_VALUE,
                "Must specify at least one index to create",
            ));
        }
        let writing = self.catalog.start_write();
        // That it is a view is told after what is wrong with the indexes.
        let found = writing.find(ns);
        let existing = found.as_ref().ok().cloned().flatten();
        let collator = options::collator(None, existing.as_deref())?;
        let spec = |index| IndexSpec::new(index, collator.as_ref());
        let specs: Vec<IndexSpec> = request.indexes.iter().map(spec).collect::<Result<_>>()?;
        found?;
        let names = specs.iter().map(|spec| spec.name.clone()).collect();
        let created_collection = existing.is_none();
        let cell = match existing {
            Some(cell) => cell,
            None => writing.find_or_create(ns, || self.ids.uuid())?,
        };
        let turn = cell.turn();
        // All of them or none: built beside the state that readers see.
        let mut state = CollState::clone(&turn.snapshot());
        let indexes_before = state.indexes.len();
        let mut created: Vec<String> = Vec::new();
        for spec in specs {
            let name = spec.name.clone();
            let result = match state.create_index(spec, ns) {
                // That is an error only within a request.
                Ok(false) if created.contains(&name) => Err(identical(&state, &name)),
                result => result,
            };
            created.push(name);
            if let Err(error) = result {
                if created_collection {
                    drop(turn);
                    writing.drop_collection(ns);
                }
                return Err(error);
            }
        }
        let indexes_after = state.indexes.len();
        turn.write(|current| *current = state);
        Ok(CreateIndexesOutcome {
            names,
            indexes_before: u32::try_from(indexes_before).unwrap_or(u32::MAX),
            indexes_after: u32::try_from(indexes_after).unwrap_or(u32::MAX),
            created_collection,
        })
    }

    /// Drops indexes; gives how many there were before.
    pub(crate) fn drop_indexes(&self, ns: &Namespace, request: &DropIndexes) -> Result<usize> {
        check_changeable(ns)?;
        let writing = self.catalog.start_write();
        let cell = writing.find(ns)?.ok_or_else(|| not_found(format!("ns not found {ns}")))?;
        let turn = cell.turn();
        let before = turn.read(|state| state.indexes.len());
        let dropped: Vec<String> = turn.read(|state| to_drop(state, request))?;
        turn.write(|state| {
            state.indexes.retain(|index| !dropped.contains(&index.spec.name));
        });
        Ok(before)
    }

    pub(crate) fn list_indexes(&self, ns: &Namespace, request: &ListIndexes) -> Result<Cursor> {
        let mut results = self.index_results(ns, request)?;
        let first = request.batch_size.map_or(FIRST_BATCH, |size| size as usize);
        let (batch, more) = results.batch(first)?;
        Ok(Cursor::new(batch, more.then(|| Box::new(results) as _)))
    }

    /// The specifications, none of them fetched yet.
    pub(crate) fn index_results(&self, ns: &Namespace, request: &ListIndexes) -> Result<Results> {
        check_name(ns)?;
        let cell = self
            .catalog
            .collection(ns)?
            .ok_or_else(|| not_found(format!("ns does not exist: {ns}")))?;
        let specs = cell.read(|state| {
            let shown = |index: &crate::storage::Index| index.spec.to_document();
            state.indexes.iter().map(shown).collect::<Vec<_>>()
        });
        let documents = specs
            .iter()
            .map(|spec| raw_doc(&Record::from_document(spec)?))
            .collect::<Result<Vec<_>>>()?;
        Ok(Results::documents(documents).batches_of(request.batch_size))
    }
}

fn identical(state: &CollState, name: &str) -> Error {
    if state.records.len() == 0 {
        let message = format!("Identical index already exists: {name}");
        return Error::command(ErrorCode::INDEX_ALREADY_EXISTS, message);
    }
    Error::command(
        ErrorCode::OPERATION_FAILED,
        "Cannot build two identical indexes. Try again without duplicate indexes.",
    )
}

/// The names of the indexes that a request is about.
fn to_drop(state: &CollState, request: &DropIndexes) -> Result<Vec<String>> {
    let names = match request {
        DropIndexes::All => {
            let names = state.indexes.iter().skip(1).map(|index| index.spec.name.clone());
            return Ok(names.collect());
        }
        DropIndexes::Names(names) => {
            for name in names {
                if state.index_named(name).is_none() {
                    return Err(Error::command(
                        ErrorCode::INDEX_NOT_FOUND,
                        format!("index not found with name [{name}]"),
                    ));
                }
            }
            names.clone()
        }
        DropIndexes::Keys(keys) => {
            let found: Vec<usize> = state.indexes_on(keys).collect();
            let shown = display::document(keys);
            match found.as_slice() {
                [one] => vec![state.indexes[*one].spec.name.clone()],
                [] => {
                    return Err(Error::command(
                        ErrorCode::INDEX_NOT_FOUND,
                        format!("can't find index with key: {shown}"),
                    ));
                }
                several => {
                    return Err(Error::command(
                        ErrorCode(181),
                        format!(
                            "{} indexes found for key: {shown}, identify by name instead",
                            several.len()
                        ),
                    ));
                }
            }
        }
        other => return Err(super::unsupported(format!("dropping indexes by {other:?}"))),
    };
    if names.iter().any(|name| name == ID_INDEX) {
        return Err(Error::command(ErrorCode::INVALID_OPTIONS, "cannot drop _id index"));
    }
    Ok(names)
}

fn not_found(message: String) -> Error {
    Error::command(ErrorCode::NAMESPACE_NOT_FOUND, message)
}
