//! Capped collections: what one may hold before its oldest documents go.

use odm_core::bson::{Bson, Document};
use odm_core::{Error, ErrorCode};

use super::Records;

/// The size of a capped collection is a multiple of this.
const SIZE_UNIT: i64 = 256;
/// The largest size, in bytes.
const MAX_SIZE: i64 = 1 << 50;
/// The most documents that a limit can say; a limit below one says this.
const MAX_DOCUMENTS: i64 = i32::MAX as i64;

/// What a capped collection may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cap {
    bytes: u64,
    documents: u64,
}

impl Cap {
    /// That of a collection with these options, if it is capped.
    pub(super) fn of(options: &Document) -> Option<Self> {
        let number = |name: &str| match options.get(name)? {
            Bson::Int32(n) => u64::try_from(*n).ok(),
            Bson::Int64(n) => u64::try_from(*n).ok(),
            _ => None,
        };
        let is_capped = options.get_bool("capped").unwrap_or_default();
        is_capped.then(|| Cap {
            bytes: number("size").unwrap_or(u64::MAX),
            documents: number("max").unwrap_or(u64::MAX),
        })
    }

    /// Whether they are too many, or too large.
    pub(super) fn is_exceeded_by(self, records: &Records) -> bool {
        records.bytes() > self.bytes || records.len() as u64 > self.documents
    }
}

/// Options of a collection, with these limits in place of those that it has: sizes are rounded up,
/// and `max` below one is none, as the server stores them.
///
/// # Errors
///
/// 51024 for a size or a number of documents out of bounds.
pub(crate) fn with_limits(
    options: &Document,
    size: Option<i64>,
    max: Option<i64>,
) -> Result<Document, Error> {
    let mut limited = Document::new();
    limited.insert("capped", true);
    let limits = [
        ("size", size.map(rounded_size).transpose()?),
        ("max", max.map(document_limit).transpose()?),
    ];
    for (name, limit) in limits {
        let limit = match limit {
            Some(limit) => i32::try_from(limit).map_or(Bson::Int64(limit), Bson::Int32),
            None => match options.get(name) {
                Some(limit) => limit.clone(),
                None => continue,
            },
        };
        limited.insert(name, limit);
    }
    let is_limit = |name: &str| ["capped", "size", "max"].contains(&name);
    let others = options.iter().filter(|(name, _)| !is_limit(name));
    limited.extend(others.map(|(name, value)| (name.clone(), value.clone())));
    Ok(limited)
}

fn rounded_size(size: i64) -> Result<i64, Error> {
    if !(1..=MAX_SIZE).contains(&size) {
        return Err(out_of_bounds(format!("the size must be within 1 and {MAX_SIZE}, not {size}")));
    }
    Ok((size + SIZE_UNIT - 1) / SIZE_UNIT * SIZE_UNIT)
}

fn document_limit(max: i64) -> Result<i64, Error> {
    match max {
        ..=0 => Ok(MAX_DOCUMENTS),
        1..=MAX_DOCUMENTS => Ok(max),
        _ => Err(out_of_bounds(format!("`max` must be at most {MAX_DOCUMENTS}, not {max}"))),
    }
}

fn out_of_bounds(message: String) -> Error {
    Error::command(ErrorCode(51_024), message)
}
