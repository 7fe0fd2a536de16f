use std::collections::BTreeMap;
use std::fmt::Debug;

use bson::oid::ObjectId;
use bson::raw::RawBson;
use bson::spec::BinarySubtype;
use bson::{
    Binary, DateTime, Decimal128, Document, JavaScriptCodeWithScope, RawDocumentBuf, Regex,
    Timestamp, Uuid, doc,
};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

use super::*;

fn bytes(doc: &Document) -> Vec<u8> {
    bson::serialize_to_vec(doc).unwrap()
}

/// What is decoded here, `bson` decodes to the same.
fn agrees<T: DeserializeOwned + PartialEq + Debug>(bytes: &[u8]) {
    if let Some(fast) = decode::<T>(bytes) {
        assert_eq!(Some(fast), bson::deserialize_from_slice::<T>(bytes).ok());
    }
}

/// And it is decoded here.
fn check<T: DeserializeOwned + PartialEq + Debug>(doc: &Document) {
    let bytes = bytes(doc);
    let fast = decode::<T>(&bytes).unwrap_or_else(|| panic!("gave up on {doc}"));
    assert_eq!(fast, bson::deserialize_from_slice::<T>(&bytes).unwrap());
}

/// The same refusals; accepted by both or neither.
fn check_refused<T: DeserializeOwned + PartialEq + Debug>(doc: &Document) {
    let bytes = bytes(doc);
    assert_eq!(decode::<T>(&bytes), None);
    bson::deserialize_from_slice::<T>(&bytes).unwrap_err();
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Everyday {
    #[serde(rename = "_id")]
    id: ObjectId,
    name: String,
    age: u8,
    seen: i64,
    balance: f32,
    ratio: Option<f64>,
    active: bool,
    at: DateTime,
    exact: Decimal128,
    nothing: (),
    tags: Vec<String>,
    pair: (i32, String),
    inner: BTreeMap<String, Vec<Choice>>,
    bytes: Vec<Nested>,
    any: Bson,
    json: serde_json::Value,
    #[serde(flatten)]
    rest: Document,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Nested(i32);

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Choice {
    Unit,
    Newtype(DateTime),
    Tuple(i32, ObjectId),
    Struct { a: Option<i32>, b: Box<Option<Choice>> },
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "t", content = "c")]
enum Adjacent {
    A(DateTime),
    B { id: ObjectId },
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "t")]
enum Internal {
    A { at: DateTime },
    B { id: ObjectId, n: Decimal128 },
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Untagged {
    Number(i64),
    At { at: DateTime },
    Id { id: ObjectId },
    Other(Bson),
}

fn everyday() -> Document {
    let id = ObjectId::from_bytes([7; 12]);
    let at = DateTime::from_millis(-1);
    doc! {
        "_id": id, "name": "é", "age": 7, "seen": 1_i64, "balance": 0.5, "ratio": null, "active": true,
        "at": at, "exact": "0.10".parse::<Decimal128>().unwrap(), "nothing": null, "tags": ["a", ""],
        "pair": [1, "x"],
        "inner": { "k": ["Unit", { "Newtype": at }, { "Tuple": [1, id] },
            { "Struct": { "a": 1, "b": "Unit" } }] },
        "bytes": [1, 2],
        "any": { "at": [at, id, 1.5, { "d": "0.10".parse::<Decimal128>().unwrap() }] },
        "json": { "at": [at, id, 1.5, true, null] },
        "more": { "at": at, "id": [id] }, "x": 5,
    }
}

#[test]
fn everyday_documents_are_decoded_as_by_bson() {
    check::<Everyday>(&everyday());
    check::<Document>(&everyday());
    check::<BTreeMap<String, Bson>>(&everyday());
    let mut json = everyday();
    json.remove("exact");
    json.remove("any");
    check::<BTreeMap<String, serde_json::Value>>(&json);
    let (id, at) = (ObjectId::from_bytes([9; 12]), DateTime::from_millis(1 << 50));
    let exact = "1E+3".parse::<Decimal128>().unwrap();
    for choice in
        [doc! { "c": { "t": "A", "c": at } }, doc! { "c": { "c": { "id": id }, "t": "B" } }]
    {
        check::<BTreeMap<String, Adjacent>>(&choice);
    }
    for choice in [
        doc! { "c": { "t": "A", "at": at, "more": 1 } },
        doc! { "c": { "id": id, "t": "B", "n": exact } },
    ] {
        check::<BTreeMap<String, Internal>>(&choice);
    }
    for choice in [doc! { "at": at }, doc! { "id": id }, doc! { "n": [at, id, exact] }] {
        check::<Untagged>(&choice);
    }
    check::<BTreeMap<String, serde_bytes_like::Bytes>>(&doc! {
        "b": Binary { subtype: BinarySubtype::Generic, bytes: vec![1, 2] }
    });
}

/// A type that asks for bytes.
mod serde_bytes_like {
    use serde::de::{Deserialize, Deserializer, Error, Visitor};

    #[derive(Debug, PartialEq)]
    pub(super) struct Bytes(Vec<u8>);

    impl<'de> Deserialize<'de> for Bytes {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct BytesVisitor;
            impl Visitor<'_> for BytesVisitor {
                type Value = Bytes;

                fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.write_str("bytes")
                }

                fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Bytes, E> {
                    Ok(Bytes(bytes.to_vec()))
                }
            }
            deserializer.deserialize_bytes(BytesVisitor)
        }
    }
}

/// Given up, so that `bson` decodes it: its result is the one that counts.
#[test]
fn rare_types_are_left_to_bson() {
    let scope = JavaScriptCodeWithScope { code: "f".to_owned(), scope: doc! { "a": 1 } };
    let values: [Bson; 9] = [
        Uuid::from_bytes([1; 16]).into(),
        Binary { subtype: BinarySubtype::Md5, bytes: vec![1] }.into(),
        Regex { pattern: "a".try_into().unwrap(), options: "i".try_into().unwrap() }.into(),
        Timestamp { time: 1, increment: 2 }.into(),
        Bson::JavaScriptCode("f".to_owned()),
        scope.into(),
        Bson::Symbol("s".to_owned()),
        Bson::MinKey,
        Bson::Undefined,
    ];
    for value in values {
        let doc = doc! { "a": 1, "v": value };
        let bytes = bytes(&doc);
        assert!(decode::<Document>(&bytes).is_none(), "{doc}");
        let decoded: Document = super::super::decode(&raw(&bytes), "Test").unwrap();
        assert_eq!(decoded, doc);
    }
    let uuid = Uuid::from_bytes([1; 16]);
    let decoded: BTreeMap<String, Uuid> =
        super::super::decode(&raw(&bytes(&doc! { "u": uuid })), "Test").unwrap();
    assert_eq!(decoded["u"], uuid);
    let decoded: BTreeMap<String, RawDocumentBuf> =
        super::super::decode(&raw(&bytes(&doc! { "d": { "a": 1 } })), "Test").unwrap();
    assert_eq!(decoded["d"], bson::rawdoc! { "a": 1 });
    let decoded: BTreeMap<String, RawBson> =
        super::super::decode(&raw(&bytes(&doc! { "d": DateTime::MAX })), "Test").unwrap();
    assert_eq!(decoded["d"], RawBson::DateTime(DateTime::MAX));
}

fn raw(bytes: &[u8]) -> crate::RawDoc {
    crate::RawDoc::from_bytes(bytes).unwrap()
}

#[test]
fn what_a_type_refuses_is_refused() {
    check_refused::<Everyday>(&doc! { "_id": 1 });
    check_refused::<BTreeMap<String, u8>>(&doc! { "a": 256 });
    check_refused::<BTreeMap<String, i32>>(&doc! { "a": 1_i64 << 40 });
    check_refused::<BTreeMap<String, String>>(&doc! { "a": null });
    check_refused::<BTreeMap<String, Choice>>(&doc! { "a": "Other" });
    check_refused::<BTreeMap<String, Choice>>(&doc! { "a": {} });
    check_refused::<BTreeMap<String, Choice>>(&doc! { "a": { "Unit": null } });
    check_refused::<BTreeMap<String, ObjectId>>(&doc! { "a": "short" });
    check_refused::<BTreeMap<String, (i32, i32)>>(&doc! { "a": [1] });
}

fn value() -> impl Strategy<Value = Bson> {
    let leaf = prop_oneof![
        Just(Bson::Null),
        any::<bool>().prop_map(Bson::Boolean),
        any::<i32>().prop_map(Bson::Int32),
        any::<i64>().prop_map(Bson::Int64),
        any::<i32>().prop_map(|n| Bson::Double(f64::from(n) / 8.0)),
        "\\PC{0,6}".prop_map(Bson::String),
        any::<[u8; 12]>().prop_map(|id| ObjectId::from_bytes(id).into()),
        any::<i64>().prop_map(|millis| DateTime::from_millis(millis).into()),
        any::<i32>().prop_map(|n| n.to_string().parse::<Decimal128>().unwrap().into()),
        any::<[u8; 16]>().prop_map(|id| Uuid::from_bytes(id).into()),
        any::<u32>().prop_map(|n| Timestamp { time: n, increment: 1 }.into()),
        prop::collection::vec(any::<u8>(), 0..5)
            .prop_map(|bytes| { Binary { subtype: BinarySubtype::Generic, bytes }.into() }),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        let key = prop_oneof!["[a-c]", Just("$date".to_owned()), Just("Tuple".to_owned())];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Bson::Array),
            prop::collection::vec((key, inner), 0..4)
                .prop_map(|fields| Bson::Document(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_document_is_decoded_as_by_bson(
        fields in prop::collection::vec(("[a-d]", value()), 0..5),
    ) {
        let bytes = bytes(&fields.into_iter().collect());
        agrees::<Document>(&bytes);
        agrees::<BTreeMap<String, serde_json::Value>>(&bytes);
        agrees::<BTreeMap<String, Option<Choice>>>(&bytes);
        agrees::<BTreeMap<String, Untagged>>(&bytes);
        agrees::<BTreeMap<String, RawBson>>(&bytes);
        agrees::<BTreeMap<String, DateTime>>(&bytes);
    }

    #[test]
    fn broken_bytes_are_refused_as_by_bson(
        fields in prop::collection::vec(("[a-d]", value()), 1..4),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..3),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut bytes = bytes(&fields.into_iter().collect());
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        // Not with types that ignore fields: those are skipped here, and looked into by `bson`.
        if std::panic::catch_unwind(|| bson::deserialize_from_slice::<Document>(&bytes)).is_ok() {
            agrees::<Document>(&bytes);
        } else {
            decode::<Document>(&bytes);
        }
    }
}
