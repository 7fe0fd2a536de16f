//! Filters: which documents match.

mod comparison;

use crate::case::Case;

pub(crate) const FAMILIES: &[&[Case]] = &[comparison::CASES];
