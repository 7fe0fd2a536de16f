//! Where documents are kept: a catalog of databases and collections; a collection is records in
//! natural order and indexes over them. All of it persistent: a snapshot is a clone, and costs the
//! same whatever the size.

mod capped;
mod catalog;
mod collection;
pub(crate) mod display;
mod index;
mod name;
mod ord_index;
mod records;
mod signal;
mod view;

use capped::Cap;
pub(crate) use capped::with_limits;
pub(crate) use catalog::{Catalog, Dropped, Writing};
pub(crate) use collection::{Cell, CollState, Turn};
use index::EntryKeys;
pub(crate) use index::{ID_INDEX, Index, IndexSpec};
pub(crate) use name::{check_changeable, check_database_name, check_name};
pub(crate) use ord_index::{KeyRange, OrdIndex};
pub(crate) use records::{RecordId, Records};
use signal::Signal;
pub(crate) use view::{Resolved, Seen, View, other_collation};
