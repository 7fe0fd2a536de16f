//! Collections and databases, and commands about the deployment.

mod collection;
mod command;
mod database;

use crate::case::Case;

pub(crate) const FAMILIES: &[&[Case]] = &[collection::CASES, command::CASES, database::CASES];
