//! What databases and collections may be called.

use odm_core::{Error, ErrorCode, Namespace};

use super::view::LISTING;

/// The longest `database.collection`, in bytes.
const MAX_NAMESPACE: usize = 255;
/// The longest name of a database, in bytes.
const MAX_DATABASE: usize = 63;

/// Refuses names that no collection can have.
///
/// # Errors
///
/// 73.
pub(crate) fn check_name(ns: &Namespace) -> Result<(), Error> {
    check_database_name(ns.database())?;
    let collection = ns.collection();
    if collection.is_empty() {
        return Err(invalid(format!("Invalid namespace specified '{ns}'")));
    }
    if collection.contains('\0') {
        return Err(invalid("namespaces cannot have embedded null characters"));
    }
    if collection.starts_with('.') {
        return Err(invalid(format!("Collection names cannot start with '.': {collection}")));
    }
    Ok(())
}

/// Refuses names of databases that cannot be.
///
/// # Errors
///
/// 73.
pub(crate) fn check_database_name(name: &str) -> Result<(), Error> {
    let valid = (1..=MAX_DATABASE).contains(&name.len())
        && !name.contains(['/', '\\', '.', ' ', '"', '$', '\0']);
    if valid { Ok(()) } else { Err(invalid(format!("Invalid database name: '{name}'"))) }
}

/// Refuses names that no collection can have, and the one of which views are made.
///
/// # Errors
///
/// 73.
pub(crate) fn check_changeable(ns: &Namespace) -> Result<(), Error> {
    check_name(ns)?;
    check_not_listing(ns)
}

pub(super) fn check_not_listing(ns: &Namespace) -> Result<(), Error> {
    if ns.collection() == LISTING {
        return Err(invalid(format!("cannot write to {ns}")));
    }
    Ok(())
}

/// Refuses names of collections that cannot be created.
pub(super) fn check_writable(ns: &Namespace) -> Result<(), Error> {
    check_name(ns)?;
    let (name, collection) = (ns.to_string(), ns.collection());
    if name.len() > MAX_NAMESPACE {
        return Err(invalid(format!(
            "Fully qualified namespace is too long. Namespace: {name} Max: {MAX_NAMESPACE}"
        )));
    }
    if collection.contains('$') {
        return Err(invalid(format!("Invalid collection name: {collection}")));
    }
    check_not_listing(ns)?;
    let known = ["system.js", "system.users", "system.roles", "system.version", "system.profile"];
    if collection.starts_with("system.") && !known.contains(&collection) {
        return Err(invalid(format!("Invalid system namespace: {name}")));
    }
    Ok(())
}

fn invalid(message: impl Into<String>) -> Error {
    Error::command(ErrorCode::INVALID_NAMESPACE, message)
}
