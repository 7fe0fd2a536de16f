//! Filters: which documents match.

mod array;
mod bitwise;
mod comparison;
mod element;
mod evaluation;
mod json_schema;
mod logical;
mod malformed;
mod path;

use crate::case::Case;

pub(crate) const FAMILIES: &[&[Case]] = &[
    array::CASES,
    bitwise::CASES,
    comparison::equality::CASES,
    comparison::list::CASES,
    comparison::range::CASES,
    element::CASES,
    evaluation::CASES,
    json_schema::CASES,
    logical::CASES,
    malformed::CASES,
    path::CASES,
];
