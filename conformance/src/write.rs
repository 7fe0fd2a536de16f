//! Writes: inserts, updates and deletes as batches, `findAndModify`, bulk writes.

mod bulk;
mod concurrent;
mod delete;
mod find_and_modify;
mod insert;
mod limit;
mod update;
mod validator;

use crate::case::Case;

pub(crate) const FAMILIES: &[&[Case]] = &[
    bulk::CASES,
    concurrent::CASES,
    delete::CASES,
    find_and_modify::CASES,
    insert::CASES,
    limit::CASES,
    update::CASES,
    validator::CASES,
];
