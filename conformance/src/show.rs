//! Documents for people, as the MongoDB shell writes them: the type of every value can be seen.

use std::fmt::{self, Write};

use bson::{Bson, Document};

/// The document as the MongoDB shell would take it: `{a: 1, b: Long(1), c: 1.0, d: [null]}`.
#[must_use]
pub fn show(doc: &Document) -> String {
    let mut text = String::new();
    write_document(&mut text, doc).expect("writing to a string cannot fail");
    text
}

/// The value as the MongoDB shell would take it.
#[must_use]
pub fn show_value(value: &Bson) -> String {
    let mut text = String::new();
    write_value(&mut text, value).expect("writing to a string cannot fail");
    text
}

/// The documents as a list.
#[must_use]
pub fn show_all<'a>(docs: impl IntoIterator<Item = &'a Document>) -> String {
    format!("[{}]", docs.into_iter().map(show).collect::<Vec<_>>().join(", "))
}

fn write_document(out: &mut String, doc: &Document) -> fmt::Result {
    out.push('{');
    for (at, (name, value)) in doc.iter().enumerate() {
        let separator = if at == 0 { "" } else { ", " };
        let plain =
            !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "_$".contains(c));
        if plain {
            write!(out, "{separator}{name}: ")?;
        } else {
            write!(out, "{separator}{name:?}: ")?;
        }
        write_value(out, value)?;
    }
    out.push('}');
    Ok(())
}

fn write_value(out: &mut String, value: &Bson) -> fmt::Result {
    match value {
        Bson::Document(doc) => write_document(out, doc),
        Bson::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push_str(", ");
                }
                write_value(out, item)?;
            }
            out.push(']');
            Ok(())
        }
        Bson::Null => out.write_str("null"),
        Bson::Undefined => out.write_str("undefined"),
        Bson::Boolean(value) => write!(out, "{value}"),
        Bson::String(text) => write!(out, "{text:?}"),
        Bson::Int32(n) => write!(out, "{n}"),
        Bson::Int64(n) => write!(out, "Long({n})"),
        // Rust's `inf` is JavaScript's `Infinity`.
        Bson::Double(n) => out.write_str(&format!("{n:?}").replace("inf", "Infinity")),
        Bson::Decimal128(n) => write!(out, "Decimal128(\"{n}\")"),
        Bson::ObjectId(id) => write!(out, "ObjectId(\"{id}\")"),
        Bson::DateTime(at) => write!(out, "Date({})", at.timestamp_millis()),
        Bson::Timestamp(at) => write!(out, "Timestamp({}, {})", at.time, at.increment),
        Bson::RegularExpression(regex) => write!(out, "/{}/{}", regex.pattern, regex.options),
        Bson::Binary(data) => {
            write!(out, "BinData({}, {:02x?})", u8::from(data.subtype), data.bytes)
        }
        Bson::MinKey => out.write_str("MinKey()"),
        Bson::MaxKey => out.write_str("MaxKey()"),
        other => write!(out, "{other:?}"),
    }
}

#[cfg(test)]
mod tests {
    use bson::doc;

    use super::*;

    #[test]
    fn types_can_be_told_apart() {
        let doc =
            doc! { "a": 1, "b.c": 1_i64, "d": [1.0, f64::NEG_INFINITY, null], "e": { "": "x\"" } };
        assert_eq!(
            show(&doc),
            r#"{a: 1, "b.c": Long(1), d: [1.0, -Infinity, null], e: {"": "x\""}}"#
        );
    }
}
