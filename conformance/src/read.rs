//! Reads: order, projections, distinct values, counts, cursors.

mod count;
mod cursor;
mod distinct;
mod find;
mod projection;
mod sort;

use crate::case::Case;

pub(crate) const FAMILIES: &[&[Case]] =
    &[count::CASES, cursor::CASES, distinct::CASES, find::CASES, projection::CASES, sort::CASES];
