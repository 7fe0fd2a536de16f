//! Between Rust values and encoded documents: straight, never through a tree.

mod fast;
mod scalar;

use std::any::Any;
use std::fmt;

use bson::oid::ObjectId;
use bson::{Bson, RawBsonRef, RawDocument, RawDocumentBuf};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::{DecodeError, Error, Result};
use crate::raw_doc::RawDoc;

/// Encodes `value` as a document; `what` names it in errors.
///
/// # Errors
///
/// [`Error::Encode`] if the value has no BSON form.
pub(crate) fn encode<T: Serialize>(value: &T, what: &str) -> Result<RawDocumentBuf> {
    bson::serialize_to_raw_document_buf(value).map_err(|error| encode_error(&what, &error))
}

/// Encodes `value` as a single BSON value, in the form that it has in a document; `what` names it
/// in errors.
///
/// Not by [`bson::serialize_to_bson`], which tells types that it is human readable: they may
/// choose another form than the one in documents (`IpAddr` does, for one).
///
/// # Errors
///
/// [`Error::Encode`] if the value has no BSON form.
pub(crate) fn encode_value<T: Serialize + ?Sized>(
    value: &T,
    what: impl fmt::Display,
) -> Result<Bson> {
    if let Some(scalar) = scalar::of(value) {
        return Ok(scalar);
    }
    encode_by_bson(value, &what)
}

fn encode_by_bson<T: Serialize + ?Sized>(value: &T, what: &dyn fmt::Display) -> Result<Bson> {
    let refused = |error: bson::error::Error| encode_error(&what, &error);
    let bytes = bson::serialize_to_vec(&Only { value }).map_err(refused)?;
    let doc = RawDocument::from_bytes(&bytes).map_err(refused)?;
    match doc.iter().next() {
        Some(element) => element.and_then(|(_, value)| Bson::try_from(value)).map_err(refused),
        None => {
            Err(Error::Encode { what: what.to_string(), message: "serde wrote no value".into() })
        }
    }
}

/// As [`encode_value`], without the way through bytes for what ids mostly are.
///
/// # Errors
///
/// As [`encode_value`].
pub(crate) fn encode_id<T: Serialize + 'static>(id: &T, what: impl fmt::Display) -> Result<Bson> {
    let any: &dyn Any = id;
    if let Some(id) = any.downcast_ref::<ObjectId>() {
        return Ok(Bson::ObjectId(*id));
    }
    encode_value(id, what)
}

/// A value on its own, in a document.
#[derive(Serialize, Deserialize)]
struct Only<T> {
    value: T,
}

#[cold]
fn encode_error(what: &dyn fmt::Display, error: &bson::error::Error) -> Error {
    let message = error.message.clone().unwrap_or_else(|| error.to_string());
    Error::Encode { what: what.to_string(), message }
}

/// Decodes a document into the Rust type that `model` names in errors.
///
/// # Errors
///
/// [`Error::Decode`], with the document's `_id` and the offending field.
pub(crate) fn decode<T: DeserializeOwned>(doc: &RawDoc, model: &str) -> Result<T> {
    match fast::decode(doc.as_bytes()) {
        Some(value) => Ok(value),
        None => decode_by_bson(doc, model),
    }
}

#[cold]
fn decode_by_bson<T: DeserializeOwned>(doc: &RawDoc, model: &str) -> Result<T> {
    bson::deserialize_from_slice(doc.as_bytes())
        .map_err(|error| explain::<T>(doc.as_raw(), model, &error).into())
}

/// Decodes a single value, which has the form of one in a document, into the Rust type that `what`
/// names in errors.
///
/// # Errors
///
/// [`Error::Decode`].
pub(crate) fn decode_value<T: DeserializeOwned>(value: Bson, what: &str) -> Result<T> {
    let decoded = bson::serialize_to_vec(&Only { value: &value }).and_then(|bytes| {
        fast::decode::<Only<T>>(&bytes).map_or_else(|| bson::deserialize_from_slice(&bytes), Ok)
    });
    decoded.map(|only| only.value).map_err(|error| {
        let message = error.message.clone().unwrap_or_else(|| error.to_string());
        let mut decode = DecodeError::new(what, message);
        decode.expected = expected(&decode.message);
        decode.found = describe(&value);
        decode.into()
    })
}

/// The same of many values.
///
/// # Errors
///
/// As [`decode_value`], of the first that cannot be decoded.
pub(crate) fn decode_values<T: DeserializeOwned>(values: Vec<Bson>, what: &str) -> Result<Vec<T>> {
    if let Ok(bytes) = bson::serialize_to_vec(&Only { value: &values })
        && let Some(all) = fast::decode::<Only<Vec<T>>>(&bytes)
    {
        return Ok(all.value);
    }
    values.into_iter().map(|value| decode_value(value, what)).collect()
}

/// Finds out which field is at fault: decodes once more, slowly, keeping track of the path.
#[cold]
fn explain<T: DeserializeOwned>(
    doc: &RawDocument,
    model: &str,
    error: &bson::error::Error,
) -> DecodeError {
    let message = error.message.clone().unwrap_or_else(|| error.to_string());
    let mut explained = DecodeError::new(model, message);
    explained.id = doc.get("_id").ok().flatten().and_then(|id| Bson::try_from(id).ok());
    let Ok(tree) = bson::Document::try_from(doc) else { return explained };
    let traced: Result<T, _> =
        serde_path_to_error::deserialize(bson::Deserializer::new(Bson::Document(tree)));
    if let Err(traced) = traced {
        let path = stored_path(traced.path());
        let inner = traced.into_inner();
        explained.message = inner.message.clone().unwrap_or_else(|| inner.to_string());
        explained.found = match value_at(doc, &path) {
            Some(value) => Bson::try_from(value).map_or_else(|_| String::new(), |v| describe(&v)),
            None => "nothing".to_owned(),
        };
        explained.path = path;
    }
    explained.expected = expected(&explained.message);
    if let Some(field) = missing_field(&explained.message) {
        if !explained.path.is_empty() {
            explained.path.push('.');
        }
        explained.path.push_str(&field);
        explained.found = "nothing".to_owned();
    }
    explained
}

fn stored_path(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let mut stored = String::new();
    for segment in path {
        let part = match segment {
            Segment::Seq { index } => index.to_string(),
            Segment::Map { key } => key.clone(),
            // The variant's name is not part of the stored path of its content.
            Segment::Enum { .. } | Segment::Unknown => continue,
        };
        if !stored.is_empty() {
            stored.push('.');
        }
        stored.push_str(&part);
    }
    stored
}

fn value_at<'a>(doc: &'a RawDocument, path: &str) -> Option<RawBsonRef<'a>> {
    let mut found = RawBsonRef::Document(doc);
    for part in path.split('.').filter(|part| !part.is_empty()) {
        found = match found {
            RawBsonRef::Document(inner) => inner.get(part).ok()??,
            RawBsonRef::Array(array) => array.get(part.parse().ok()?).ok()??,
            _ => return None,
        };
    }
    Some(found)
}

/// A value as errors show it: its BSON type and, if it is short, itself.
fn describe(value: &Bson) -> String {
    const LONGEST: usize = 60;
    let alias = crate::filter::BsonType::of(value).alias();
    let shown = value.to_string();
    if shown.len() <= LONGEST && !matches!(value, Bson::Null) {
        format!("{alias} {shown}")
    } else {
        alias.to_owned()
    }
}

/// What serde says it needed: the part of its message after "expected".
fn expected(message: &str) -> String {
    if missing_field(message).is_some() {
        return "a value".to_owned();
    }
    match message.rsplit_once("expected ") {
        Some((_, expected)) => expected.trim_end_matches('.').to_owned(),
        None => String::new(),
    }
}

fn missing_field(message: &str) -> Option<String> {
    let (_, rest) = message.split_once("missing field `")?;
    rest.split_once('`').map(|(field, _)| field.to_owned())
}

#[cfg(test)]
mod tests {
    use bson::doc;
    use serde::{Deserialize, Serialize};

    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Outer {
        #[serde(rename = "_id")]
        id: i32,
        name: String,
        list: Vec<Inner>,
        #[serde(default)]
        choice: Option<Choice>,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Inner {
        #[serde(rename = "storedAs")]
        n: i32,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    enum Choice {
        Yes,
        No,
    }

    fn check(doc: &bson::Document, path: &str, expected: &str, found: &str) {
        let encoded = encode(doc, "test").unwrap();
        let Error::Decode(error) = decode::<Outer>(&encoded.into(), "Outer").unwrap_err() else {
            panic!("not a decoding error");
        };
        assert_eq!(error.model, "Outer");
        assert_eq!(error.id, Some(Bson::Int32(7)));
        assert_eq!((error.path.as_str(), error.found.as_str()), (path, found), "{error}");
        assert!(error.expected.contains(expected), "{error}");
    }

    #[test]
    fn decoding_errors_name_field_expectation_and_finding() {
        check(&doc! { "_id": 7, "name": 5, "list": [] }, "name", "a string", "int 5");
        check(
            &doc! { "_id": 7, "name": "a", "list": [{ "storedAs": 1 }, { "storedAs": "x" }] },
            "list.1.storedAs",
            "i32",
            "string \"x\"",
        );
        check(&doc! { "_id": 7, "name": "a" }, "list", "a value", "nothing");
        check(
            &doc! { "_id": 7, "name": "a", "list": [{}] },
            "list.0.storedAs",
            "a value",
            "nothing",
        );
        check(
            &doc! { "_id": 7, "name": "a", "list": [], "choice": "Maybe" },
            "choice",
            "`Yes` or `No`",
            "string \"Maybe\"",
        );
        check(&doc! { "_id": 7, "name": bson::Bson::Null, "list": [] }, "name", "a string", "null");
    }

    #[test]
    fn values_without_a_bson_form_are_refused() {
        let error = encode_value(&u64::MAX, "User.age").unwrap_err();
        assert!(matches!(&error, Error::Encode { what, .. } if what == "User.age"), "{error}");
        let error = encode(&5, "User").unwrap_err();
        assert!(matches!(error, Error::Encode { .. }));
    }

    /// As in a document, where types are not told that the format is human readable.
    #[test]
    fn single_values_have_the_form_of_those_in_documents() {
        let ip = std::net::IpAddr::from([127, 0, 0, 1]);
        let value = encode_value(&ip, "test").unwrap();
        let doc = encode(&std::collections::BTreeMap::from([("ip", ip)]), "test").unwrap();
        let stored = bson::Document::try_from(&doc).unwrap();
        assert_eq!(Some(&value), stored.get("ip"));
        assert_eq!(decode_value::<std::net::IpAddr>(value, "test").unwrap(), ip);

        let Error::Decode(error) = decode_value::<i32>("x".into(), "User.age").unwrap_err() else {
            panic!("not a decoding error")
        };
        assert!(error.found.contains("string"), "{error:?}");
        assert!(error.to_string().contains("User.age"), "{error}");
    }

    #[test]
    fn scalars_are_encoded_as_in_documents() {
        #[derive(Serialize)]
        struct Wrapped<T>(T);
        #[derive(Serialize)]
        struct Nothing;
        fn check(value: impl Serialize + fmt::Debug, is_scalar: bool) {
            let encoded = encode_by_bson(&value, &"test").ok();
            let scalar = scalar::of(&value);
            assert_eq!(scalar.is_some(), is_scalar, "{value:?}");
            assert!(scalar.is_none() || scalar == encoded, "{value:?}: {scalar:?}, {encoded:?}");
            let wrapped = scalar::of(&Some(Wrapped(&value)));
            assert!(wrapped.is_none() || wrapped == encoded, "{value:?}: {wrapped:?}");
        }
        for value in [i32::MIN, -1, 0, i32::MAX] {
            check(value, true);
            check(i64::from(value), true);
            check(f64::from(value), true);
            check(value as i8, true);
            check(value as i16, true);
            check(value as u8, true);
            check(value as u16, true);
            check(value as u32, true);
            check(value as f32, true);
            check(value as u64, false);
        }
        check(true, true);
        check('x', true);
        check("text", true);
        check(String::from("a\0b"), true);
        check(Choice::No, true);
        check((), true);
        check(None::<i32>, true);
        check(Some(5), true);
        check(Box::new(5), true);
        check(std::time::Duration::from_secs(1), false);
        check(std::net::IpAddr::from([127, 0, 0, 1]), false);
        check([1, 2], false);
        check(vec!["a"], false);
        check((1, "a"), false);
        check(doc! { "a": 1 }, false);
        for value in [
            Bson::MinKey,
            Bson::Undefined,
            Bson::ObjectId(ObjectId::from_bytes([1; 12])),
            Bson::DateTime(bson::DateTime::from_millis(5)),
            Bson::Timestamp(bson::Timestamp { time: 1, increment: 2 }),
            Bson::Decimal128(bson::Decimal128::from_bytes([0; 16])),
            Bson::Symbol("s".to_owned()),
            Bson::JavaScriptCode("c".to_owned()),
            Bson::Binary(bson::Binary { subtype: 0.into(), bytes: vec![1] }),
            Bson::Binary(bson::Uuid::from_bytes([1; 16]).into()),
        ] {
            check(value, false);
        }
        assert_eq!(scalar::of(&Nothing), encode_by_bson(&Nothing, &"test").ok());
    }
}
