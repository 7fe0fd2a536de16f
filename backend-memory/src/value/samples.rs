//! Values of every BSON type, for tests.

use bson::oid::ObjectId;
use bson::spec::BinarySubtype;
use bson::{
    Binary, Bson, DateTime, Document, JavaScriptCodeWithScope, Regex, Timestamp, bson, doc,
};

/// At least one value of every type, and the odd ones of each.
pub(crate) fn values() -> Vec<Bson> {
    let binary = |subtype, bytes: &[u8]| Bson::Binary(Binary { subtype, bytes: bytes.to_vec() });
    let regex = |pattern: &str, options: &str| {
        Bson::RegularExpression(Regex {
            pattern: pattern.to_owned().try_into().expect("no NUL"),
            options: options.to_owned().try_into().expect("no NUL"),
        })
    };
    let scoped = |code: &str, scope: Document| {
        Bson::JavaScriptCodeWithScope(JavaScriptCodeWithScope { code: code.to_owned(), scope })
    };
    let mut values = vec![
        Bson::MinKey,
        Bson::Undefined,
        Bson::Null,
        Bson::Double(f64::NAN),
        Bson::Double(f64::NEG_INFINITY),
        Bson::Double(-1.5),
        Bson::Double(-0.0),
        Bson::Int32(0),
        Bson::Int64(0),
        Bson::Double(5e-324),
        Bson::Double(0.1),
        Bson::Int32(1),
        Bson::Int64(1),
        Bson::Double(1.0),
        Bson::Int32(i32::MAX),
        Bson::Int64(i64::MIN),
        Bson::Int64(i64::MAX),
        Bson::Double(9_223_372_036_854_775_808.0),
        Bson::Int64((1 << 53) + 1),
        Bson::Double(9_007_199_254_740_992.0),
        Bson::Double(f64::MAX),
        Bson::Double(f64::INFINITY),
        bson!(""),
        bson!("a"),
        bson!("ab"),
        bson!("a\0"),
        bson!("a\0b"),
        bson!("é"),
        Bson::Symbol("a".to_owned()),
        bson!({}),
        bson!({ "a": 1 }),
        bson!({ "a": 1.0, "b": null }),
        bson!({ "b": 1 }),
        bson!({ "a": "x" }),
        bson!([]),
        bson!([1]),
        bson!([1, [2, []]]),
        bson!([null]),
        binary(BinarySubtype::Generic, b""),
        binary(BinarySubtype::Generic, b"ab"),
        binary(BinarySubtype::Uuid, &[7; 16]),
        binary(BinarySubtype::BinaryOld, b"ab"),
        binary(BinarySubtype::UserDefined(200), b"zz"),
        Bson::ObjectId(ObjectId::from_bytes([1; 12])),
        Bson::ObjectId(ObjectId::from_bytes([0xff; 12])),
        Bson::Boolean(false),
        Bson::Boolean(true),
        Bson::DateTime(DateTime::from_millis(-1)),
        Bson::DateTime(DateTime::from_millis(i64::MAX)),
        Bson::Timestamp(Timestamp { time: 1, increment: 2 }),
        Bson::Timestamp(Timestamp { time: u32::MAX, increment: 0 }),
        regex("", ""),
        regex("a", "im"),
        regex("ab", ""),
        Bson::JavaScriptCode("a".to_owned()),
        Bson::JavaScriptCode("a\0b".to_owned()),
        scoped("a", doc! {}),
        scoped("a", doc! { "x": 1 }),
        db_pointer("ns", 1),
        db_pointer("n", 2),
        Bson::MaxKey,
    ];
    let decimals = [
        "NaN",
        "Infinity",
        "-Infinity",
        "0",
        "-0",
        "0E-6176",
        "1",
        "1.00",
        "0.1",
        "-1E-6176",
        "9.999999999999999999999999999999999E6144",
        "9007199254740993",
        "1E400",
        "1E-400",
        "0.1000000000000000055511151231257827",
        "0.1000000000000000055511151231257828",
    ];
    values.extend(
        decimals.iter().map(|text| Bson::Decimal128(text.parse().expect("it is a decimal"))),
    );
    values
}

fn db_pointer(namespace: &str, byte: u8) -> Bson {
    let mut bytes = vec![0; 4];
    bytes.extend([0x0c, 0]);
    bytes.extend((namespace.len() as i32 + 1).to_le_bytes());
    bytes.extend(namespace.as_bytes());
    bytes.push(0);
    bytes.extend([byte; 12]);
    bytes.push(0);
    bytes[0] = bytes.len() as u8;
    let document = Document::from_reader(bytes.as_slice()).expect("it is valid");
    document.get("").expect("it is there").clone()
}
