//! What parsers ask about a BSON value.

use bson::{Bson, Document};

use crate::error::{Error, ErrorCode, Result};
use crate::number::is_zero;

/// How deep the server lets documents and arrays of a command nest.
const MAX_DEPTH: usize = 200;

/// Refuses a document nested deeper than the server reads; parsers recurse freely after it.
///
/// # Errors
///
/// `Overflow` (15).
pub(crate) fn check_depth(doc: &Document) -> Result<()> {
    if document_fits(doc, MAX_DEPTH) {
        return Ok(());
    }
    Err(Error::command(
        ErrorCode::OVERFLOW,
        format!("document exceeds the maximum nesting depth of {MAX_DEPTH}"),
    ))
}

fn document_fits(doc: &Document, depth: usize) -> bool {
    depth > 0 && doc.values().all(|value| value_fits(value, depth - 1))
}

fn value_fits(value: &Bson, depth: usize) -> bool {
    match value {
        Bson::Document(doc) => document_fits(doc, depth),
        Bson::Array(values) => depth > 0 && values.iter().all(|value| value_fits(value, depth - 1)),
        Bson::JavaScriptCodeWithScope(code) => document_fits(&code.scope, depth),
        _ => true,
    }
}

/// Whether the server takes the value for true: all but false, zero, null and undefined.
pub(crate) fn is_truthy(value: &Bson) -> bool {
    match value {
        Bson::Boolean(b) => *b,
        Bson::Null | Bson::Undefined => false,
        other => !is_zero(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn truth() {
        for value in [Bson::Int32(2), Bson::Double(f64::NAN), "".into(), Bson::Array(Vec::new())] {
            assert!(is_truthy(&value), "{value}");
        }
        for text in ["0", "-0E+5"] {
            assert!(!is_truthy(&Bson::Decimal128(text.parse().unwrap())), "{text}");
        }
        for value in [Bson::Int64(0), Bson::Double(-0.0), Bson::Null, Bson::Boolean(false)] {
            assert!(!is_truthy(&value), "{value}");
        }
        assert!(is_truthy(&Bson::Decimal128("NaN".parse().unwrap())));
    }

    #[test]
    fn depth() {
        let nested = |depth: usize| {
            let mut doc = Document::new();
            for _ in 1..depth {
                doc = bson::doc! { "a": doc };
            }
            doc
        };
        assert!(check_depth(&nested(200)).is_ok());
        assert_eq!(check_depth(&nested(201)).unwrap_err().code(), Some(15));
    }
}
