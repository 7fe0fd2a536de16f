//! Collections and databases: create, drop, rename, list.

mod view;

use std::sync::Arc;

use odm_core::bson::{Bson, Document, doc};
use odm_core::{
    CreateCollection, Error, ErrorCode, Filter, ListCollections, ListDatabases, ModifyCollection,
    Namespace, RawDoc, RenameCollection, Result,
};

use super::{Engine, unsupported};
use crate::collation::Collator;
use crate::cursor::raw_doc;
use crate::expression::Environment;
use crate::filter::Matcher;
use crate::storage::{Dropped, check_database_name, check_name, with_limits};
use crate::validation;
use crate::value::Record;

impl Engine {
    pub(crate) fn create_collection(
        &self,
        ns: &Namespace,
        request: &CreateCollection,
    ) -> Result<()> {
        if let Some(on) = &request.view_on {
            return self.create_view(ns, on, request);
        }
        if request.pipeline.is_some() {
            let message = "'pipeline' requires 'viewOn' to also be specified";
            return Err(Error::command(ErrorCode::INVALID_OPTIONS, message));
        }
        let collator = match &request.collation {
            Some(collation) => Collator::of_collection(collation)?,
            None => None,
        };
        if let Some(option) = request.extra.keys().next() {
            return Err(unsupported(format!("the option `{option}` of create")));
        }
        let mut options = match (request.capped, request.size) {
            (true, Some(_)) => with_limits(&Document::new(), request.size, request.max)?,
            (true, None) => {
                let message = "the 'size' field is required when 'capped' is true";
                return Err(Error::command(ErrorCode::INVALID_OPTIONS, message));
            }
            (false, size) if size.is_some() || request.max.is_some() => {
                return Err(Error::command(
                    ErrorCode::INVALID_OPTIONS,
                    "the 'capped' field needs to be true when either the 'size' or 'max' fields are present",
                ));
            }
            (false, _) => Document::new(),
        };
        // An empty validator is none; how it would be applied is remembered all the same.
        if let Some(validator) = request.validator.as_ref().filter(|doc| !doc.is_empty()) {
            options.insert("validator", validator.clone());
        }
        if let Some(level) = &request.validation_level {
            options.insert("validationLevel", level);
        }
        if let Some(action) = &request.validation_action {
            options.insert("validationAction", action);
        }
        if let Some(collator) = &collator {
            options.insert("collation", collator.to_document());
        }
        validation::check(ns, &options, collator.as_ref())?;
        self.catalog.start_write().create(ns, self.ids.uuid(), options, collator).map(drop)
    }

    /// Changes a view, the validator of a collection or how it is applied, or how much a capped one may hold.
    pub(crate) fn modify_collection(
        &self,
        ns: &Namespace,
        request: &ModifyCollection,
    ) -> Result<()> {
        if self.modify_view(ns, request)? {
            return Ok(());
        }
        let ModifyCollection {
            validator,
            validation_level,
            validation_action,
            view_on,
            pipeline,
            extra,
        } = request;
        let change = |options: &Document, collator: Option<&Arc<Collator>>| {
            if view_on.is_some() || pipeline.is_some() {
                let message = "'viewOn' and 'pipeline' are only supported on a view";
                return Err(Error::command(ErrorCode::INVALID_OPTIONS, message));
            }
            let is_capped = options.get_bool("capped").unwrap_or_default();
            let is_limit = |name: &str| is_capped && ["cappedSize", "cappedMax"].contains(&name);
            if let Some(option) = extra.keys().find(|name| !is_limit(name)) {
                return Err(match option.as_str() {
                    "cappedSize" | "cappedMax" => {
                        Error::command(ErrorCode::INVALID_OPTIONS, "Collection must be capped.")
                    }
                    "expireAfterSeconds" => {
                        let message = format!("'{option}' is not an option of this collection");
                        Error::command(ErrorCode::INVALID_OPTIONS, message)
                    }
                    option => unsupported(format!("the option `{option}` of collMod")),
                });
            }
            let limit = |name: &str| extra.get(name).and_then(Bson::as_i64);
            let limited = match is_capped {
                true => with_limits(options, limit("cappedSize"), limit("cappedMax"))?,
                false => options.clone(),
            };
            let options = validation::modified(
                &limited,
                validator.clone(),
                validation_level.as_deref(),
                validation_action.as_deref(),
            );
            validation::check(ns, &options, collator)?;
            Ok(options)
        };
        if self.catalog.change_options(ns, change)? {
            return Ok(());
        }
        Err(Error::command(ErrorCode::NAMESPACE_NOT_FOUND, "ns does not exist"))
    }

    /// Drops a collection or a view: what it was, if it was there.
    pub(crate) fn drop_collection(&self, ns: &Namespace) -> Result<Option<Dropped>> {
        check_name(ns)?;
        let dropped = self.catalog.start_write().drop_collection(ns);
        Ok(dropped)
    }

    pub(crate) fn rename_collection(
        &self,
        ns: &Namespace,
        request: &RenameCollection,
    ) -> Result<()> {
        self.catalog.start_write().rename(ns, &request.to, request.drop_target)
    }

    pub(crate) fn drop_database(&self, name: &str) -> Result<()> {
        check_database_name(name)?;
        self.catalog.start_write().drop_database(name);
        Ok(())
    }

    pub(crate) fn list_collections(
        &self,
        database: &str,
        request: &ListCollections,
    ) -> Result<Vec<RawDoc>> {
        check_database_name(database)?;
        let matching = Listing::new(&request.filter)?;
        let mut listed = Vec::new();
        let mut list = |document: Document| -> Result<()> {
            let shown = match request.name_only {
                true => document.into_iter().take(2).collect(),
                false => document,
            };
            // By what is shown: with names only, a filter sees no options.
            if matching.accepts(&shown)? {
                listed.push(raw_doc(&Record::from_document(&shown)?)?);
            }
            Ok(())
        };
        for collection in self.catalog.collections(database) {
            let name = &*collection.name;
            let mut document = doc! { "name": name, "type": "collection" };
            document.insert("options", collection.cell.options.clone());
            document.insert("info", doc! { "readOnly": false, "uuid": collection.cell.uuid });
            let id_index = collection
                .cell
                .read(|state| state.indexes.first().map(|index| index.spec.to_document()));
            document.insert("idIndex", id_index.unwrap_or_default());
            list(document)?;
        }
        for (name, view) in self.catalog.views(database) {
            let (options, info) = (view.to_options(), doc! { "readOnly": true });
            list(doc! { "name": &*name, "type": "view", "options": options, "info": info })?;
        }
        Ok(listed)
    }

    pub(crate) fn list_databases(&self, request: &ListDatabases) -> Result<Vec<Document>> {
        let matching = Listing::new(&request.filter)?;
        let mut listed = Vec::new();
        for name in self.catalog.databases() {
            let collections = self.catalog.collections(&name);
            let bytes: u64 =
                collections.iter().map(|one| one.cell.read(|state| state.records.bytes())).sum();
            let document = doc! {
                "name": &*name,
                "sizeOnDisk": i64::try_from(bytes).unwrap_or(i64::MAX),
                "empty": false,
            };
            if matching.accepts(&document)? {
                listed.push(if request.name_only {
                    doc! { "name": &*name }
                } else {
                    document
                });
            }
        }
        Ok(listed)
    }
}

/// A filter on listed documents.
struct Listing {
    matcher: Matcher,
}

impl Listing {
    fn new(filter: &Filter) -> Result<Self> {
        Ok(Listing { matcher: Matcher::with(&*filter.normalized()?, &Environment::now(None))? })
    }

    fn accepts(&self, document: &Document) -> Result<bool> {
        if self.matcher.is_always_true() {
            return Ok(true);
        }
        self.matcher.holds(&Record::from_document(document)?)
    }
}
