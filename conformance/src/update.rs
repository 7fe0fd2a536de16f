//! Update operators: what comes of one document.

mod array;
mod bitwise;
mod field;
mod malformed;
mod path;
mod pipeline;
mod positional;
mod replacement;
mod upsert;

use crate::case::Case;

pub(crate) const FAMILIES: &[&[Case]] = &[
    array::CASES,
    bitwise::CASES,
    field::CASES,
    malformed::CASES,
    path::CASES,
    pipeline::CASES,
    positional::CASES,
    replacement::CASES,
    upsert::CASES,
];
