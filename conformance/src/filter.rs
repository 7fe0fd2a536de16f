//! Filters: which documents match.

mod array;
mod bitwise;
mod comparison;
mod element;
mod evaluation;
mod logical;
mod malformed;
mod path;

use crate::case::Case;

pub(crate) const FAMILIES: &[&[Case]] = &[
    array::CASES,
    bitwise::CASES,
    comparison::CASES,
    element::CASES,
    evaluation::CASES,
    logical::CASES,
    malformed::CASES,
    path::CASES,
];
