//! What every command may say: time limit, concerns, read preference, session, transaction.

use std::time::Duration;

use bson::spec::BinarySubtype;
use bson::{Bson, Document};

use super::Args;
use super::field::{self, Field};
use crate::backend::{Acknowledgment, ReadConcern, ReadPreference, WriteConcern};
use crate::command::CommandOptions;
use crate::error::{Error, ErrorCode, Result};
use crate::number::{exact_i64, is_number, lenient_i64};

/// The fields that are not a command's own.
const GENERAL: &[&str] = &[
    "$clusterTime",
    "$configServerState",
    "$db",
    "$queryOptions",
    "$readPreference",
    "allowImplicitCollectionCreation",
    "apiDeprecationErrors",
    "apiStrict",
    "apiVersion",
    "autocommit",
    "clientOperationKey",
    "comment",
    "lsid",
    "maxTimeMS",
    "mayBypassWriteBlocking",
    "readConcern",
    "startTransaction",
    "stmtId",
    "txnNumber",
    "writeConcern",
];

pub(super) fn is_general(name: &str) -> bool {
    GENERAL.contains(&name)
}

pub(super) fn parse(args: &Args<'_>) -> Result<CommandOptions> {
    let mut options = CommandOptions::default();
    let (mut api_version, mut needs_api_version) = (None, false);
    for (name, value) in args.doc.iter().skip(1) {
        let field = Field { command: args.spec.name, name, value };
        match name.as_str() {
            "maxTimeMS" => options.max_time = max_time(field)?,
            "comment" => options.comment = Some(value.clone()),
            "readConcern" => options.read_concern = read_concern(args, field)?,
            "writeConcern" => options.write_concern = write_concern(args, field)?,
            "$readPreference" => options.read_preference = Some(read_preference(field)?),
            "lsid" => options.session_id = session_id(field)?,
            "txnNumber" => {
                options.txn_number = match value {
                    Bson::Int64(n) => Some(*n),
                    Bson::Null | Bson::Undefined => None,
                    _ => return Err(field.wrong_type("long")),
                };
            }
            "startTransaction" => options.start_transaction = field.bool_or(false)?,
            "autocommit" if !field.is_null() => options.autocommit = Some(field.bool()?),
            "apiVersion" => api_version = field.optional_string()?,
            "apiStrict" | "apiDeprecationErrors" if !field.is_null() => {
                field.bool()?;
                needs_api_version = true;
            }
            _ => {}
        }
    }
    match api_version {
        Some(version) if version != "1" => {
            return Err(Error::command(ErrorCode(322), "API version must be \"1\""));
        }
        None if needs_api_version => {
            return Err(Error::command(
                ErrorCode(4_886_600),
                "provided apiStrict or apiDeprecationErrors without apiVersion",
            ));
        }
        _ => {}
    }
    transaction(&options)?;
    Ok(options)
}

fn transaction(options: &CommandOptions) -> Result<()> {
    let needs = |what: &str, needed: &str| {
        Error::command(ErrorCode::INVALID_OPTIONS, format!("'{what}' requires {needed}"))
    };
    if options.txn_number.is_some() && options.session_id.is_none() {
        return Err(needs("txnNumber", "a session ID"));
    }
    if options.autocommit.is_some() && options.txn_number.is_none() {
        return Err(needs("autocommit", "a transaction number"));
    }
    if options.start_transaction && options.autocommit.is_none() {
        return Err(needs("startTransaction", "'autocommit'"));
    }
    Ok(())
}

/// `aggregate` and `getMore` check the type first, and `aggregate` the sign.
fn max_time(field: Field<'_>) -> Result<Option<Duration>> {
    let typed = matches!(field.command, "aggregate" | "getMore");
    if typed && !field.is_null() && !is_number(field.value) {
        return Err(field.wrong_type("number"));
    }
    if field.command == "aggregate" {
        field.number_within(0, i64::MAX)?;
    }
    let ms = match field.value {
        // Decimals alone are rounded.
        Bson::Decimal128(_) => lenient_i64(field.value),
        value => exact_i64(value),
    };
    match ms {
        Some(0) => Ok(None),
        Some(ms @ 1..=0x7fff_ffff) => Ok(Some(Duration::from_millis(ms.unsigned_abs()))),
        _ => Err(Error::command(
            ErrorCode::BAD_VALUE,
            format!("maxTimeMS must be a whole number of milliseconds, not {}", field.value),
        )),
    }
}

fn read_concern(args: &Args<'_>, field: Field<'_>) -> Result<Option<ReadConcern>> {
    let Bson::Document(doc) = field.value else {
        if args.spec.name == "aggregate" && !field.is_null() {
            return Err(field.wrong_type("object"));
        }
        return Err(super::failed_to_parse("readConcern field should be an object"));
    };
    let mut level = None;
    for part in field.fields_of(doc) {
        match part.name {
            "level" => match part.value {
                Bson::String(name) => level = Some(name.as_str()),
                _ => return Err(part.wrong_type("string")),
            },
            "afterClusterTime" | "atClusterTime" => {
                if !matches!(part.value, Bson::Timestamp(_)) {
                    return Err(part.wrong_type("timestamp"));
                }
            }
            "provenance" => {}
            other => {
                return Err(Error::command(
                    ErrorCode::INVALID_OPTIONS,
                    format!("unrecognized option in readConcern: {other}"),
                ));
            }
        }
    }
    match level {
        None => Ok(None),
        Some("local" | "available") => Ok(level.map(|level| ReadConcern(level.to_owned()))),
        Some("majority" | "linearizable" | "snapshot") => {
            if !args.spec.reads {
                return Err(Error::command(
                    ErrorCode::INVALID_OPTIONS,
                    format!("{} does not support this read concern", args.spec.name),
                ));
            }
            Ok(level.map(|level| ReadConcern(level.to_owned())))
        }
        Some(_) => Err(super::failed_to_parse(
            "readConcern.level must be either 'local', 'majority', 'linearizable', 'available', \
             or 'snapshot'",
        )),
    }
}

fn write_concern(args: &Args<'_>, field: Field<'_>) -> Result<Option<WriteConcern>> {
    if !args.spec.writes {
        return Err(Error::command(
            ErrorCode::INVALID_OPTIONS,
            "command does not support writeConcern",
        ));
    }
    let doc = match field.value {
        Bson::Document(doc) => doc,
        _ => return Err(field.wrong_type("object")),
    };
    const PROVENANCES: [&str; 5] = [
        "clientSupplied",
        "customDefault",
        "getLastErrorDefaults",
        "implicitDefault",
        "internalWriteDefault",
    ];
    let mut concern = WriteConcern::default();
    let mut synced = false;
    for part in field.fields_of(doc) {
        match part.name {
            "w" => concern.w = acknowledgment(part)?,
            "j" => concern.journal = Some(part.lenient_bool()?),
            "wtimeout" => {
                let ms = lenient_i64(part.value).unwrap_or(0);
                if ms > i64::from(i32::MAX) {
                    return Err(super::failed_to_parse("wtimeout must fit into 32 bits"));
                }
                let ms = u64::try_from(ms).ok().filter(|ms| *ms > 0);
                concern.timeout = ms.map(Duration::from_millis);
            }
            "fsync" => synced = part.lenient_bool()?,
            "provenance" => match part.optional_string()? {
                Some(other) if !PROVENANCES.contains(&other) => {
                    return Err(part.not_a_value(other));
                }
                _ => {}
            },
            _ => return Err(part.unknown()),
        }
    }
    if synced && concern.journal == Some(true) {
        return Err(super::failed_to_parse("fsync and j options cannot be used together"));
    }
    Ok((concern != WriteConcern::default()).then_some(concern))
}

fn acknowledgment(field: Field<'_>) -> Result<Option<Acknowledgment>> {
    let refuse = |message: &str| Err(super::failed_to_parse(message));
    match field.value {
        // The server takes it for a name.
        Bson::Null | Bson::Undefined => Ok(Some(Acknowledgment::Custom(String::new()))),
        Bson::String(name) if name == "majority" => Ok(Some(Acknowledgment::Majority)),
        Bson::String(name) => Ok(Some(Acknowledgment::Custom(name.clone()))),
        Bson::Document(tags) if tags.is_empty() => refuse("tagged write concern requires tags"),
        Bson::Document(tags) if !tags.values().all(is_number) => {
            refuse("tags must be a single level document with only number values")
        }
        Bson::Document(tags) => Ok(Some(Acknowledgment::Custom(tags.to_string()))),
        value => match lenient_i64(value).map(u32::try_from) {
            Some(Ok(nodes @ 0..=50)) => Ok(Some(Acknowledgment::Nodes(nodes))),
            Some(_) => refuse("w has to be a non-negative number and not greater than 50"),
            None => refuse("w has to be a number, string, or object"),
        },
    }
}

fn read_preference(field: Field<'_>) -> Result<ReadPreference> {
    let Bson::Document(doc) = field.value else {
        return Err(field.wrong_type("object"));
    };
    match doc.get("mode") {
        Some(Bson::String(mode)) => match mode.as_str() {
            "primary" => Ok(ReadPreference::Primary),
            "primaryPreferred" => Ok(ReadPreference::PrimaryPreferred),
            "secondary" => Ok(ReadPreference::Secondary),
            "secondaryPreferred" => Ok(ReadPreference::SecondaryPreferred),
            "nearest" => Ok(ReadPreference::Nearest),
            other => Err(Error::command(
                ErrorCode::BAD_VALUE,
                format!("could not parse $readPreference mode '{other}'"),
            )),
        },
        Some(value) => Err(Field { name: "mode", value, ..field }.wrong_type("string")),
        None => Err(Error::command(ErrorCode::NO_SUCH_KEY, "missing expected field \"mode\"")),
    }
}

fn session_id(field: Field<'_>) -> Result<Option<Document>> {
    let Some(doc) = field.optional_object()? else {
        return Ok(None);
    };
    for (name, value) in &doc {
        let part = Field { name, value, ..field };
        match (name.as_str(), value) {
            ("id", Bson::Binary(id)) if id.subtype == BinarySubtype::Uuid => {}
            ("id", _) => return Err(part.wrong_type("UUID")),
            ("uid" | "txnNumber" | "txnUUID", _) => {}
            _ => return Err(part.unknown()),
        }
    }
    if !doc.contains_key("id") {
        return Err(field::missing("lsid", "id"));
    }
    Ok(Some(doc))
}
