//! Indexes: what they refuse, and how they are listed, created and dropped.

mod catalog;
mod plan;
mod special;
mod unique;

use crate::case::Case;

pub(crate) const FAMILIES: &[&[Case]] =
    &[catalog::CASES, plan::CASES, special::CASES, unique::CASES];
