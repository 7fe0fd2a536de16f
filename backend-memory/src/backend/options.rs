//! Options that the engine lacks are refused, by name. What only advises is accepted.

use odm_core::{Collation, Error, Find, OpCx};

use super::unsupported;

/// Refuses sessions: the engine hands none out, so this one is another backend's.
pub(crate) fn check(cx: &OpCx) -> Result<(), Error> {
    match cx.session {
        Some(_) => Err(unsupported("sessions")),
        None => Ok(()),
    }
}

/// Refuses collations but the one that compares bytes.
pub(super) fn check_collation(collation: Option<&Collation>) -> Result<(), Error> {
    match collation {
        Some(collation) if !collation.is_simple() => Err(unsupported("collation")),
        _ => Ok(()),
    }
}

/// Refuses what `find` cannot do.
pub(super) fn check_find(find: &Find) -> Result<(), Error> {
    check_collation(find.collation.as_ref())?;
    let refused = [
        (find.min.is_some(), "`min` of find"),
        (find.max.is_some(), "`max` of find"),
        (find.return_key, "`returnKey` of find"),
        (find.show_record_id, "`showRecordId` of find"),
        (find.tailable, "tailable cursors"),
    ];
    match refused.into_iter().find(|(asked, _)| *asked) {
        Some((_, feature)) => Err(unsupported(feature)),
        None => Ok(()),
    }
}
