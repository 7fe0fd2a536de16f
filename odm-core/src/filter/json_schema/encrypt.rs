//! `encrypt` and `encryptMetadata`: how drivers encrypt. A server without encryption checks their
//! form, and that encrypted fields hold encrypted binary data.

use bson::spec::BinarySubtype;
use bson::{Bson, Document};

use super::TypeSpec;
use super::parse::{bson_type, failed, parse_type_list};
use crate::error::{Error, ErrorCode, Result};

/// Reads `encrypt`; gives the types that are encrypted.
pub(super) fn parse(info: &Document) -> Result<Option<Vec<TypeSpec>>> {
    check_fields(info, &["algorithm", "bsonType", "keyId"])?;
    info.get("bsonType").map(|types| parse_type_list("bsonType", types, bson_type)).transpose()
}

/// Checks `encryptMetadata`.
pub(super) fn check_metadata(metadata: &Document) -> Result<()> {
    if metadata.is_empty() {
        return Err(failed("$jsonSchema keyword 'encryptMetadata' cannot be an empty object"));
    }
    check_fields(metadata, &["algorithm", "keyId"])
}

fn check_fields(info: &Document, known: &[&str]) -> Result<()> {
    for (name, value) in info {
        match name.as_str() {
            unknown if !known.contains(&unknown) => {
                return Err(refused(40_415, format!("field '{unknown}' is an unknown field")));
            }
            "algorithm" => check_algorithm(value)?,
            "keyId" => check_key(value)?,
            _ => {}
        }
    }
    Ok(())
}

fn refused(code: i32, message: impl Into<String>) -> Error {
    Error::command(ErrorCode(code), message)
}

fn check_algorithm(value: &Bson) -> Result<()> {
    match value {
        Bson::Null | Bson::Undefined => Ok(()),
        Bson::String(name)
            if name == "AEAD_AES_256_CBC_HMAC_SHA_512-Deterministic"
                || name == "AEAD_AES_256_CBC_HMAC_SHA_512-Random" =>
        {
            Ok(())
        }
        Bson::String(name) => Err(Error::command(
            ErrorCode::BAD_VALUE,
            format!("'{name}' is not an algorithm of encryption"),
        )),
        _ => Err(Error::command(ErrorCode::TYPE_MISMATCH, "'algorithm' must be a string")),
    }
}

/// A JSON pointer, or the UUIDs of keys.
fn check_key(value: &Bson) -> Result<()> {
    match value {
        Bson::String(pointer) => check_pointer(pointer),
        Bson::Array(keys) => keys.iter().try_for_each(|key| match key {
            Bson::Binary(key) if key.subtype != BinarySubtype::Uuid => {
                Err(refused(51_084, "an encryption key must be a UUID"))
            }
            Bson::Binary(key) if key.bytes.len() != 16 => Err(refused(207, "a UUID has 16 bytes")),
            Bson::Binary(_) => Ok(()),
            _ => Err(refused(51_088, "the array of 'keyId' must hold binary data")),
        }),
        _ => Err(refused(51_085, "'keyId' must be a string or an array")),
    }
}

fn check_pointer(pointer: &str) -> Result<()> {
    if pointer.is_empty() {
        return Err(refused(51_064, "a JSON pointer cannot be empty"));
    }
    let Some(rest) = pointer.strip_prefix('/') else {
        return Err(refused(51_065, "a JSON pointer must begin with a slash"));
    };
    let escapes = rest.split('~').skip(1);
    for escaped in escapes {
        if !escaped.starts_with(['0', '1']) {
            return Err(refused(51_063, "a '~' of a JSON pointer must be followed by 0 or 1"));
        }
    }
    Ok(())
}
