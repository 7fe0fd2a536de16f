//! Answers recorded from a real MongoDB 6.0.5, one a line: its error code (0 for none) and the
//! document that it was asked about.
//!
//! The documents are JSON. Integers are ints, other numbers doubles; `{"@long": 5}` and its like
//! stand for the types that JSON lacks.

use std::fmt::Write as _;

use odm_core::Error;
use odm_core::bson::spec::BinarySubtype;
use odm_core::bson::{self, Bson, Document};
use serde_json::Value;

/// Whether `ask` answers every line of `file` as the server did; all lines that differ are shown.
pub(crate) fn check(file: &str, ask: impl Fn(&Document) -> Result<(), Error>) {
    let mut differences = String::new();
    let mut lines = 0;
    for line in file.lines() {
        let (code, json) = line.split_once(' ').expect("a code and a document");
        let code: i32 = code.parse().expect("a code");
        let doc = document(line);
        let ours = match ask(&doc) {
            Ok(()) => 0,
            Err(error) => error.code().unwrap_or(-1),
        };
        if ours != code {
            writeln!(differences, "server {code}, ours {ours}: {json:.200}").unwrap();
        }
        lines += 1;
    }
    assert!(lines > 0, "no recorded answers");
    assert!(differences.is_empty(), "\n{differences}");
}

/// The document of a line.
pub(crate) fn document(line: &str) -> Document {
    let (_, json) = line.split_once(' ').expect("a code and a document");
    match to_bson(&serde_json::from_str(json).expect("valid JSON")) {
        Bson::Document(doc) => doc,
        other => panic!("not a document: {other}"),
    }
}

fn to_bson(value: &Value) -> Bson {
    match value {
        Value::Null => Bson::Null,
        Value::Bool(b) => (*b).into(),
        Value::Number(n) if n.is_i64() => i32::try_from(n.as_i64().unwrap()).unwrap().into(),
        Value::Number(n) => n.as_f64().unwrap().into(),
        Value::String(text) => text.as_str().into(),
        Value::Array(values) => values.iter().map(to_bson).collect::<Vec<_>>().into(),
        Value::Object(fields) => match fields.iter().next() {
            Some((tag, value)) if fields.len() == 1 && tag.starts_with('@') => tagged(tag, value),
            _ => {
                let field = |(name, value): (&String, &Value)| (name.clone(), to_bson(value));
                Bson::Document(fields.iter().map(field).collect())
            }
        },
    }
}

fn tagged(tag: &str, value: &Value) -> Bson {
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    match tag {
        "@long" => Bson::Int64(value.as_i64().unwrap()),
        "@double" => Bson::Double(text(value).parse().unwrap()),
        "@dec" => Bson::Decimal128(text(value).parse().unwrap()),
        "@oid" => Bson::ObjectId(text(value).parse().unwrap()),
        "@date" => Bson::DateTime(bson::DateTime::from_millis(value.as_i64().unwrap())),
        "@ts" => Bson::Timestamp(bson::Timestamp { time: 1, increment: 1 }),
        "@bin" => {
            let subtype = u8::try_from(value[0].as_u64().unwrap()).unwrap();
            let hex = text(&value[1]);
            let bytes = hex
                .as_bytes()
                .chunks(2)
                .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap());
            Bson::Binary(bson::Binary {
                subtype: BinarySubtype::from(subtype),
                bytes: bytes.collect(),
            })
        }
        "@re" => Bson::RegularExpression(bson::Regex {
            pattern: text(&value[0]).try_into().unwrap(),
            options: text(&value[1]).try_into().unwrap(),
        }),
        "@undef" => Bson::Undefined,
        "@min" => Bson::MinKey,
        "@max" => Bson::MaxKey,
        "@js" => Bson::JavaScriptCode(text(value)),
        "@jss" => Bson::JavaScriptCodeWithScope(bson::JavaScriptCodeWithScope {
            code: text(&value[0]),
            scope: Document::new(),
        }),
        "@sym" => Bson::Symbol(text(value)),
        // The driver's type cannot be made but by reading bytes.
        "@dbp" => {
            let mut bytes = vec![26, 0, 0, 0, 0x0c, b'p', 0, 2, 0, 0, 0, b'x', 0];
            bytes.extend([0; 12]);
            bytes.push(0);
            Document::from_reader(bytes.as_slice()).unwrap().remove("p").unwrap()
        }
        _ => panic!("unknown tag {tag}"),
    }
}
