//! Collections and databases, and commands about the deployment.

mod capped;
mod collection;
mod command;
mod database;

use crate::case::Case;

pub(crate) const FAMILIES: &[&[Case]] =
    &[capped::CASES, collection::CASES, command::CASES, database::CASES];
