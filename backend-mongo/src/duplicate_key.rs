//! The key values of duplicate keys in collated indexes.
//!
//! Such an index holds ICU sort keys, and that is what the server reports: hexadecimal digits that
//! say nothing to a caller. Where we have the document that was refused, we put its value back.

use bson::{Bson, Document, RawDocument};
use odm_core::{ErrorCode, WriteError};

/// Puts the refused document's own values in place of the hexadecimal ones.
pub(crate) fn restore_values(error: &mut WriteError, refused: &RawDocument) {
    if error.code != ErrorCode::DUPLICATE_KEY || !error.details.contains_key("collation") {
        return;
    }
    let Ok(document) = Document::try_from(refused) else { return };
    // Without it there are no strings but in documents, which hold sort keys that nothing marks.
    let encoded = error.details.get_array("hexEncoded").cloned().unwrap_or_default();
    let encoded = encoded.into_iter().chain(std::iter::repeat(Bson::Boolean(false)));
    let Ok(values) = error.details.get_document_mut("keyValue") else { return };
    let mut all_restored = true;
    for ((path, value), encoded) in values.iter_mut().zip(encoded) {
        if encoded != Bson::Boolean(true) && !matches!(value, Bson::Document(_) | Bson::Array(_)) {
            continue;
        }
        match value_at(&document, path) {
            Some(own) => *value = own.clone(),
            None => all_restored = false,
        }
    }
    if all_restored {
        error.details.remove("hexEncoded");
    }
}

/// The one value at a path; none where arrays make it several.
fn value_at<'a>(document: &'a Document, path: &str) -> Option<&'a Bson> {
    let mut names = path.split('.');
    let mut value = document.get(names.next()?)?;
    for name in names {
        value = value.as_document()?.get(name)?;
    }
    match value {
        Bson::Array(elements) => match elements.as_slice() {
            [only] => Some(only),
            _ => None,
        },
        value => Some(value),
    }
}
