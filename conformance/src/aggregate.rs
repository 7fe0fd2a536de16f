//! Aggregation: expressions wherever they may stand, stages and accumulators.

mod accumulator;
mod bucket;
mod execution;
pub(crate) mod explain;
mod fields;
mod group;
mod sort;
mod unwind;
mod write;

use crate::case::Case;

pub(crate) const FAMILIES: &[&[Case]] = &[
    accumulator::CASES,
    bucket::CASES,
    execution::CASES,
    explain::CASES,
    fields::CASES,
    group::CASES,
    sort::CASES,
    unwind::CASES,
    write::CASES,
];
