//! Options that the engine lacks are refused, by name. What only advises is accepted.

use std::sync::Arc;

use odm_core::bson::{Bson, Document};
use odm_core::{Collation, Error, ErrorCode, Find, OpCx};

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

/// Refuses what `find` cannot do.
pub(super) fn check_find(find: &Find) -> Result<(), Error> {
    find.check()?;
    find.let_vars.iter().try_for_each(check_variables)
}

/// Checks the variables of `let`: without expressions there is no use for them, but the server
/// refuses what is malformed all the same.
pub(super) fn check_variables(vars: &Document) -> Result<(), Error> {
    odm_core::check_variables(vars)?;
    vars.values().try_for_each(|value| check_constant(value, 1))
}

/// How deep a value of `let` may be nested.
const MAX_DEPTH: usize = 100;

/// Refuses all but values that are the same in every language of expressions.
fn check_constant(value: &Bson, depth: usize) -> Result<(), Error> {
    if depth > MAX_DEPTH {
        return Err(Error::command(ErrorCode::OVERFLOW, "`let` is nested too deeply"));
    }
    match value {
        Bson::String(text) if text.starts_with("$$") => {
            Err(unsupported(format!("the expression {text:?} in `let`")))
        }
        Bson::String(text) if text.starts_with('$') => Err(Error::command(
            ErrorCode(4_890_500),
            "a variable of `let` cannot be the value of a field",
        )),
        Bson::Array(elements) => {
            elements.iter().try_for_each(|value| check_constant(value, depth + 1))
        }
        Bson::Document(fields) => {
            for (name, value) in fields {
                if name.starts_with('$') {
                    return Err(unsupported(format!("the expression {name} in `let`")));
                }
                check_constant(value, depth + 1)?;
            }
            Ok(())
        }
        _ => Ok(()),
    }
}
