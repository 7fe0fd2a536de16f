//! Short names for values that `doc!` has no literal for.

use bson::oid::ObjectId;
use bson::spec::BinarySubtype;
use bson::{Binary, Bson, DateTime, JavaScriptCodeWithScope, Regex, Timestamp};

/// A `Decimal128`.
pub(crate) fn dec(text: &str) -> Bson {
    Bson::Decimal128(text.parse().expect("the suite's decimals are well formed"))
}

/// Binary data.
pub(crate) fn bin(subtype: u8, bytes: &[u8]) -> Bson {
    Bson::Binary(Binary { subtype: BinarySubtype::from(subtype), bytes: bytes.to_vec() })
}

/// A regular expression.
pub(crate) fn re(pattern: &str, options: &str) -> Bson {
    let pattern = pattern.try_into().expect("the suite's patterns have no NUL bytes");
    let options = options.try_into().expect("the suite's options have no NUL bytes");
    Bson::RegularExpression(Regex { pattern, options })
}

/// A date, by milliseconds since 1970.
pub(crate) fn date(millis: i64) -> Bson {
    Bson::DateTime(DateTime::from_millis(millis))
}

/// A timestamp.
pub(crate) fn ts(time: u32, increment: u32) -> Bson {
    Bson::Timestamp(Timestamp { time, increment })
}

/// An `ObjectId` of twelve equal bytes.
pub(crate) fn oid(byte: u8) -> Bson {
    Bson::ObjectId(ObjectId::from_bytes([byte; 12]))
}

/// JavaScript code.
pub(crate) fn js(code: &str) -> Bson {
    Bson::JavaScriptCode(code.to_owned())
}

/// JavaScript code with variables.
pub(crate) fn js_scope(code: &str, scope: bson::Document) -> Bson {
    Bson::JavaScriptCodeWithScope(JavaScriptCodeWithScope { code: code.to_owned(), scope })
}

/// One value of every type, from the least to the greatest in the server's order of types.
pub(crate) fn one_of_each_type() -> Vec<Bson> {
    vec![
        Bson::MinKey,
        Bson::Null,
        Bson::Int32(1),
        Bson::Int64(2),
        Bson::Double(3.5),
        dec("4.5"),
        Bson::String("text".to_owned()),
        Bson::Document(bson::doc! { "x": 1 }),
        bin(0, b"bytes"),
        oid(7),
        Bson::Boolean(false),
        Bson::Boolean(true),
        date(1_000),
        ts(1, 1),
        re("^a", "i"),
        js("code"),
        js_scope("code", bson::doc! { "x": 1 }),
        Bson::MaxKey,
    ]
}
