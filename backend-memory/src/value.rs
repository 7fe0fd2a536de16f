//! BSON values as the engine sees them: encoded bytes, their order and equality, arithmetic on
//! numbers, field paths and key bytes. What every operator shares; pure and synchronous.

pub(crate) mod compare;
pub(crate) mod decimal;
pub(crate) mod key;
pub(crate) mod number;
pub(crate) mod path;
pub(crate) mod raw;
pub(crate) mod record;
#[cfg(test)]
pub(crate) mod samples;
pub(crate) mod sum;
pub(crate) mod write;

pub(crate) use compare::{canonical_type, compare, compare_collated, equal, rank};
pub(crate) use key::KeyBytes;
pub(crate) use number::Number;
pub(crate) use path::{FieldPath, Found, IndexKeys, KeyPattern, LeafArray};
pub(crate) use raw::{EMPTY_DOCUMENT, Elements, RawVal};
pub(crate) use record::{Name, Record};
pub(crate) use sum::Sum;
pub(crate) use write::ValueBuf;

pub(crate) use bson::spec::ElementType;

/// The largest document that the server stores, in bytes.
pub(crate) const MAX_DOCUMENT_SIZE: usize = 16 * 1024 * 1024;

/// How many levels of documents and arrays a stored document may hold below its top.
pub(crate) const MAX_STORED_DEPTH: usize = 180;

/// How many levels any value may have. The server refuses more before it looks at the command.
pub(crate) const MAX_DEPTH: usize = 200;
