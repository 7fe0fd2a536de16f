//! Values as the server prints them in its messages: `{ a: 1, b: [ "x" ], c: new Date(0) }`.
//! Not JSON: nothing is escaped, and long strings and binary data are cut.

use std::fmt::Write;

use bson::spec::BinarySubtype;
use bson::{Bson, Document};

/// Longer strings are cut after [`STRING_SHOWN`] bytes.
const LONGEST_STRING: usize = 159;
const STRING_SHOWN: usize = 150;

/// Longer binary data is cut after [`BINARY_SHOWN`] bytes.
const LONGEST_BINARY: usize = 80;
const BINARY_SHOWN: usize = 70;

/// A document, on one line.
pub(crate) fn document(document: &Document) -> String {
    let mut out = String::new();
    write_document(&mut out, document);
    out
}

fn write_document(out: &mut String, document: &Document) {
    write_list(out, "{", "}", document, |out, (name, value)| {
        *out += name;
        *out += ": ";
        write_value(out, value);
    });
}

fn write_list<T>(
    out: &mut String,
    open: &str,
    close: &str,
    items: impl IntoIterator<Item = T>,
    mut write: impl FnMut(&mut String, T),
) {
    *out += open;
    let mut separator = " ";
    for item in items {
        *out += separator;
        write(out, item);
        separator = ", ";
    }
    if separator == ", " {
        out.push(' ');
    }
    *out += close;
}

fn write_value(out: &mut String, value: &Bson) {
    // Writing to a `String` cannot fail.
    let _ = match value {
        Bson::Double(n) => {
            *out += &double(*n);
            Ok(())
        }
        Bson::String(text) | Bson::Symbol(text) => {
            write_string(out, text);
            Ok(())
        }
        Bson::Array(values) => {
            write_list(out, "[", "]", values, write_value);
            Ok(())
        }
        Bson::Document(inner) => {
            write_document(out, inner);
            Ok(())
        }
        Bson::Boolean(value) => write!(out, "{value}"),
        Bson::Null => write!(out, "null"),
        Bson::RegularExpression(regex) => write!(out, "/{}/{}", regex.pattern, regex.options),
        Bson::JavaScriptCode(code) => write!(out, "{code}"),
        Bson::JavaScriptCodeWithScope(code) => {
            write!(out, "CodeWScope( {}, {})", code.code, document(&code.scope))
        }
        Bson::Int32(n) => write!(out, "{n}"),
        Bson::Int64(n) => write!(out, "{n}"),
        Bson::Timestamp(timestamp) => {
            write!(out, "Timestamp({}, {})", timestamp.time, timestamp.increment)
        }
        Bson::Binary(binary) => {
            write_binary(out, binary);
            Ok(())
        }
        Bson::ObjectId(id) => write!(out, "ObjectId('{id}')"),
        Bson::DateTime(date) => write!(out, "new Date({})", date.timestamp_millis()),
        Bson::Decimal128(decimal) => write!(out, "{decimal}"),
        Bson::Undefined => write!(out, "undefined"),
        Bson::MaxKey => write!(out, "MaxKey"),
        Bson::MinKey => write!(out, "MinKey"),
        Bson::DbPointer(pointer) => write!(out, "{pointer:?}"),
    };
}

fn write_string(out: &mut String, text: &str) {
    out.push('"');
    if text.len() <= LONGEST_STRING {
        *out += text;
    } else {
        *out += &String::from_utf8_lossy(&text.as_bytes()[..STRING_SHOWN]);
        *out += "...";
    }
    out.push('"');
}

fn write_binary(out: &mut String, binary: &bson::Binary) {
    let hex = |out: &mut String, bytes: &[u8]| {
        for byte in bytes {
            let _ = write!(out, "{byte:02X}");
        }
    };
    if binary.subtype == BinarySubtype::Uuid
        && let Ok(uuid) = binary.to_uuid()
    {
        let _ = write!(out, "UUID(\"{uuid}\")");
        return;
    }
    let _ = write!(out, "BinData({}, ", u8::from(binary.subtype));
    if binary.bytes.len() <= LONGEST_BINARY {
        hex(out, &binary.bytes);
    } else {
        hex(out, &binary.bytes[..BINARY_SHOWN]);
        *out += "...";
    }
    out.push(')');
}

/// A double as C's `%.16g` prints it, with `.0` after what has no point.
pub(crate) fn double(n: f64) -> String {
    let mut text = if n.is_nan() {
        "nan".to_owned()
    } else if n.is_infinite() {
        if n > 0.0 { "inf" } else { "-inf" }.to_owned()
    } else {
        general_16(n)
    };
    if !text.contains('.') {
        text += ".0";
    }
    text
}

fn general_16(n: f64) -> String {
    let scientific = format!("{n:.15e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let trim = |text: &str| {
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text }
            .to_owned()
    };
    if (-4..16).contains(&exponent) {
        let decimals = usize::try_from(15 - exponent).unwrap_or(0);
        trim(&format!("{n:.decimals$}"))
    } else {
        let sign = if exponent < 0 { '-' } else { '+' };
        format!("{}e{sign}{:02}", trim(digits), exponent.abs())
    }
}

#[cfg(test)]
mod tests {
    use bson::{Binary, DateTime, Decimal128, Regex, Timestamp, doc, oid::ObjectId};

    use super::*;

    #[track_caller]
    fn check(value: impl Into<Bson>, expected: &str) {
        let expected = format!("{{ a: {expected} }}");
        assert_eq!(document(&doc! { "a": value.into() }), expected);
    }

    /// What mongod 6.0.5 printed for these values in the message of a duplicate key.
    #[test]
    fn values() {
        check(1, "1");
        check(1_i64, "1");
        check(1.5, "1.5");
        check(2.0, "2.0");
        check(1e20, "1e+20.0");
        check(-0.0, "-0.0");
        check(f64::NAN, "nan.0");
        check(f64::NEG_INFINITY, "-inf.0");
        check(0.1, "0.1");
        check(123_456_789.123_456_79, "123456789.1234568");
        check("1.50".parse::<Decimal128>().unwrap(), "1.50");
        check("q\"uo\nte\\ é", "\"q\"uo\nte\\ é\"");
        check(
            ObjectId::parse_str("0123456789abcdef01234567").unwrap(),
            "ObjectId('0123456789abcdef01234567')",
        );
        check(true, "true");
        check(Bson::Null, "null");
        check(DateTime::from_millis(1_577_934_245_678), "new Date(1577934245678)");
        check(DateTime::from_millis(-315_619_200_000), "new Date(-315619200000)");
        check(Timestamp { time: 5, increment: 6 }, "Timestamp(5, 6)");
        check(
            Regex { pattern: "a/b".try_into().unwrap(), options: "i".try_into().unwrap() },
            "/a/b/i",
        );
        let binary = |subtype, bytes: &[u8]| Binary { subtype, bytes: bytes.to_vec() };
        check(binary(BinarySubtype::Generic, &[1, 255]), "BinData(0, 01FF)");
        check(binary(BinarySubtype::Md5, &[]), "BinData(5, )");
        check(
            binary(BinarySubtype::Uuid, &[0x12, 0x34, 0x56, 0x78].repeat(4)),
            "UUID(\"12345678-1234-5678-1234-567812345678\")",
        );
        check(Bson::MinKey, "MinKey");
        check(Bson::Undefined, "undefined");
        check(Bson::Symbol("s".into()), "\"s\"");
        check(Bson::JavaScriptCode("f()".into()), "f()");
        check(
            bson::JavaScriptCodeWithScope { code: "f()".into(), scope: doc! { "a": 1 } },
            "CodeWScope( f(), { a: 1 })",
        );
        check(doc! {}, "{}");
        check(doc! { "x": 1, "y": { "z": "s" } }, "{ x: 1, y: { z: \"s\" } }");
        check(vec![Bson::from(1), "x".into(), doc! {}.into()], "[ 1, \"x\", {} ]");
        check("x".repeat(600), &format!("\"{}...\"", "x".repeat(150)));
    }
}
