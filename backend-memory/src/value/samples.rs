//! Values of every BSON type, for tests.

use bson::oid::ObjectId;
use bson::spec::BinarySubtype;
use bson::{
    Binary, Bson, DateTime, Decimal128, Document, JavaScriptCodeWithScope, Regex, Timestamp, bson,
    doc,
};
use proptest::prelude::*;

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

pub(crate) fn db_pointer(namespace: &str, byte: u8) -> Bson {
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

/// Any number, biased to numbers of different types that are close to each other.
pub(crate) fn number() -> BoxedStrategy<Bson> {
    let close_to_a_double = (any::<f64>(), -2..3_i64).prop_map(|(double, ulps)| {
        let moved = f64::from_bits(double.to_bits().wrapping_add_signed(ulps));
        let decimal = format!("{double:.33e}").replace("inf", "Infinity");
        if ulps == 0 { Bson::Double(moved) } else { decimal_or_double(&decimal, moved) }
    });
    let decimal = any::<[u8; 16]>().prop_map(|bits| Bson::Decimal128(Decimal128::from_bytes(bits)));
    let small = (-3..4_i32, 0..4).prop_map(|(n, kind)| match kind {
        0 => Bson::Int32(n),
        1 => Bson::Int64(n.into()),
        2 => Bson::Double(f64::from(n) / 2.0),
        _ => decimal_or_double(&format!("{n}.50"), 0.0),
    });
    let near_2_to_53 = (-4..5_i64, 0..3, 0..12_u32).prop_map(|(n, kind, shift)| {
        let n = (1_i64 << (51 + shift)).wrapping_add(n);
        match kind {
            0 => Bson::Int64(n),
            1 => Bson::Double(n as f64),
            _ => decimal_or_double(&n.to_string(), 0.0),
        }
    });
    let sampled = prop::sample::select(values()).prop_filter("a number", |value| {
        matches!(value, Bson::Int32(_) | Bson::Int64(_) | Bson::Double(_) | Bson::Decimal128(_))
    });
    prop_oneof![
        small,
        near_2_to_53,
        close_to_a_double,
        decimal,
        any::<i64>().prop_map(Bson::Int64),
        any::<f64>().prop_map(Bson::Double),
        sampled,
    ]
    .boxed()
}

fn decimal_or_double(text: &str, double: f64) -> Bson {
    text.parse().map_or(Bson::Double(double), Bson::Decimal128)
}

/// Any value, nested a few levels, biased to values that differ a little.
pub(crate) fn value() -> BoxedStrategy<Bson> {
    let leaf = prop_oneof![
        3 => prop::sample::select(values()),
        1 => number(),
        1 => "[ab\0é]{0,4}".prop_map(Bson::String),
        1 => prop::collection::vec(0..3_u8, 0..4).prop_map(|bytes| {
            Bson::Binary(Binary { subtype: BinarySubtype::Generic, bytes })
        }),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Bson::Array),
            prop::collection::vec(("[ab]{0,2}", inner), 0..3)
                .prop_map(|fields| Bson::Document(fields.into_iter().collect())),
        ]
    })
    .boxed()
}
