//! Options that the engine lacks are refused, by name. What only advises is accepted.

use std::sync::Arc;

use odm_core::{Collation, Error, OpCx};

use super::unsupported;
use crate::collation::Collator;
use crate::storage::Cell;

/// Refuses sessions: the engine hands none out, so this one is another backend's.
pub(crate) fn check(cx: &OpCx) -> Result<(), Error> {
    match cx.session {
        Some(_) => Err(unsupported("sessions")),
        None => Ok(()),
    }
}

/// What strings compare by in an operation on a collection, if not by their bytes.
///
/// # Errors
///
/// As [`Collator::new`].
pub(crate) fn collator(
    collation: Option<&Collation>,
    cell: Option<&Cell>,
) -> Result<Option<Arc<Collator>>, Error> {
    match collation {
        Some(collation) => Collator::new(collation),
        None => Ok(cell.and_then(|cell| cell.read(|state| state.collator().cloned()))),
    }
}
