//! Options that the engine lacks are refused, by name. What only advises is accepted.

use odm_core::bson::{Bson, Document};
use odm_core::{Collation, Error, ErrorCode, Find, OpCx};

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
