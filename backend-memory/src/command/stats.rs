//! `collStats`.

use odm_core::bson::{Bson, Document, doc};
use odm_core::{Error, ErrorCode, Namespace, Result};

use crate::backend::Engine;
use crate::storage::CollState;
use crate::value::{Number, ValueBuf};

/// What an entry of an index takes beside its key: the id of a record.
const ENTRY: usize = 8;

impl Engine {
    /// How many documents there are, and how large they and the indexes are.
    pub(crate) fn coll_stats(&self, ns: &Namespace, command: &Document) -> Result<Document> {
        check_flags(command)?;
        let scale = scale(command)?;
        let cell = self.catalog.collection(ns)?;
        let state = cell.as_ref().map(|cell| cell.snapshot());
        let (count, size) = state
            .as_ref()
            .map_or((0, 0), |state| (state.records.len() as u64, state.records.bytes()));
        let number = |n: u64| number(n / scale);
        let mut stats =
            doc! { "ns": ns.to_string(), "size": number(size), "count": self::number(count) };
        if let Some(average) = size.checked_div(count) {
            stats.insert("avgObjSize", self::number(average));
        }
        stats.insert("numOrphanDocs", 0);
        stats.insert("storageSize", number(size));
        if let Some(cell) = &cell {
            let limit = |name: &str| cell.options.get(name).cloned();
            let is_capped = cell.options.get_bool("capped").unwrap_or_default();
            stats.insert("freeStorageSize", 0);
            stats.insert("capped", is_capped);
            if is_capped {
                stats.insert("max", limit("max").unwrap_or(Bson::Int32(0)));
                let bytes = limit("size").as_ref().and_then(whole).unwrap_or_default();
                stats.insert("maxSize", number(bytes));
            }
        }
        let sizes = state.as_ref().map(|state| index_sizes(state)).unwrap_or_default();
        let indexes: u64 = sizes.iter().map(|(_, size)| size).sum();
        stats.insert("nindexes", self::number(sizes.len() as u64));
        stats.insert("totalIndexSize", number(indexes));
        stats.insert("totalSize", number(size.saturating_add(indexes)));
        let shown = sizes.into_iter().map(|(name, size)| (name, number(size)));
        stats.insert("indexSizes", shown.collect::<Document>());
        stats.insert("scaleFactor", self::number(scale));
        stats.insert("ok", 1.0);
        Ok(stats)
    }
}

fn index_sizes(state: &CollState) -> Vec<(String, u64)> {
    let size = |entries: &crate::storage::OrdIndex| -> u64 {
        entries.iter().map(|(key, _)| (key.len() + ENTRY) as u64).sum()
    };
    state.indexes.iter().map(|index| (index.spec.name.clone(), size(&index.entries))).collect()
}

fn check_flags(command: &Document) -> Result<()> {
    for name in ["verbose", "waitForLock", "numericOnly"] {
        match command.get(name) {
            None | Some(Bson::Boolean(_)) => {}
            Some(_) => {
                let message = format!("field '{name}' should be a boolean value");
                return Err(Error::command(ErrorCode::TYPE_MISMATCH, message));
            }
        }
    }
    Ok(())
}

/// By what sizes are divided.
fn scale(command: &Document) -> Result<u64> {
    match command.get("scale") {
        None | Some(Bson::Null | Bson::Undefined) => Ok(1),
        Some(given) => match whole(given) {
            Some(scale @ 1..) => Ok(scale.min(i32::MAX as u64)),
            Some(_) => Err(Error::command(ErrorCode(51_024), "field 'scale' value must be >= 1")),
            None => Err(Error::command(ErrorCode::TYPE_MISMATCH, "'scale' must be a number")),
        },
    }
}

/// A number without its fraction; below zero it is 0.
fn whole(value: &Bson) -> Option<u64> {
    let value = ValueBuf::from_bson(value).ok()?;
    let whole = Number::of(value.as_raw())?.truncate().unwrap_or(i64::MAX);
    Some(u64::try_from(whole).unwrap_or(0))
}

fn number(n: u64) -> Bson {
    i32::try_from(n).map_or(Bson::Int64(i64::try_from(n).unwrap_or(i64::MAX)), Bson::Int32)
}
