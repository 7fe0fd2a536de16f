//! Reads: options, order, projections, distinct values, counts, cursors, plans, replies.

mod count;
mod cursor;
mod distinct;
mod explain;
mod find;
mod options;
mod projection;
mod reply;
mod sort;
mod tailable;

use crate::case::Case;

pub(crate) const FAMILIES: &[&[Case]] = &[
    count::CASES,
    cursor::CASES,
    distinct::CASES,
    explain::CASES,
    find::CASES,
    options::CASES,
    projection::CASES,
    reply::CASES,
    sort::CASES,
    tailable::CASES,
];
