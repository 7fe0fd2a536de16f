//! Extended JSON, as the files of the matrix have it: canonical where a type could be mistaken, else plain.

use std::fmt::Write;

use bson::{Bson, Document};

use crate::case::Failure;

/// Reads a document.
///
/// # Errors
///
/// If it is malformed.
pub(super) fn parse(text: &str) -> Result<Document, Failure> {
    serde_json::from_str(text).map_err(|error| Failure::new(format!("{text}\n  {error}")))
}

/// The document on one line. Parsing it gives the same one.
pub(super) fn print(doc: &Document) -> String {
    let mut out = String::new();
    document(&mut out, doc);
    out
}

/// The value on one line.
pub(super) fn print_value(value: &Bson) -> String {
    let mut out = String::new();
    write(&mut out, value);
    out
}

fn document(out: &mut String, doc: &Document) {
    out.push('{');
    for (at, (name, value)) in doc.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        string(out, name);
        out.push(':');
        write(out, value);
    }
    out.push('}');
}

fn string(out: &mut String, text: &str) {
    let text = serde_json::to_string(text).expect("strings can be written as JSON");
    out.push_str(&text);
}

fn write(out: &mut String, value: &Bson) {
    match value {
        Bson::Document(doc) => document(out, doc),
        Bson::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write(out, item);
            }
            out.push(']');
        }
        Bson::String(text) => string(out, text),
        Bson::Boolean(value) => write!(out, "{value}").expect("strings take all"),
        Bson::Null => out.push_str("null"),
        // Plain, it would be read as a long.
        Bson::Int32(n) if *n < 0 => {
            write!(out, "{{\"$numberInt\":\"{n}\"}}").expect("strings take all");
        }
        Bson::Int32(n) => write!(out, "{n}").expect("strings take all"),
        Bson::Double(n) if n.is_finite() => write!(out, "{n:?}").expect("strings take all"),
        Bson::Int64(n) => write!(out, "{{\"$numberLong\":\"{n}\"}}").expect("strings take all"),
        Bson::Double(n) => {
            let n = format!("{n:?}").replace("inf", "Infinity");
            write!(out, "{{\"$numberDouble\":\"{n}\"}}").expect("strings take all");
        }
        Bson::DateTime(at) => {
            let millis = at.timestamp_millis();
            write!(out, "{{\"$date\":{{\"$numberLong\":\"{millis}\"}}}}")
                .expect("strings take all");
        }
        Bson::Binary(data) => {
            let (base64, subtype) = (base64(&data.bytes), u8::from(data.subtype));
            let binary = format!("{{\"base64\":\"{base64}\",\"subType\":\"{subtype:02x}\"}}");
            write!(out, "{{\"$binary\":{binary}}}").expect("strings take all");
        }
        // What remains, serde writes as extended JSON.
        other => out.push_str(&serde_json::to_string(other).expect("it has a form in JSON")),
    }
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for digit in 0..4 {
            let is_there = digit <= chunk.len();
            let place = (bits >> (18 - 6 * digit) & 63) as usize;
            text.push(if is_there { char::from(DIGITS[place]) } else { '=' });
        }
    }
    text
}
