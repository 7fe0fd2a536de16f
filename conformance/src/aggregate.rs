//! Pipelines: their stages and accumulators.

mod accumulator;
mod bucket;
mod group;
mod sort;
mod unwind;

use crate::case::Case;

pub(crate) const FAMILIES: &[&[Case]] =
    &[accumulator::CASES, bucket::CASES, group::CASES, sort::CASES, unwind::CASES];
