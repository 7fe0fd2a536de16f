//! Collections, indexes and databases.

use bson::Bson;

use super::field::Field;
use super::{Args, Parsed, operation};
use crate::collation::Collation;
use crate::command::CommandKind;
use crate::error::{Error, ErrorCode, Result};
use crate::index::Index;
use crate::namespace::Namespace;
use crate::number::lenient_i64;
use crate::request::{
    CreateCollection, CreateIndexes, DropCollection, DropDatabase, DropIndexes, ListCollections,
    ListDatabases, ListIndexes, ModifyCollection, Operation, RenameCollection,
};

fn invalid_options(message: &str) -> Error {
    Error::command(ErrorCode::INVALID_OPTIONS, message)
}

pub(super) fn create(args: &Args<'_>) -> Result<Parsed> {
    let ns = args.collection()?;
    let mut create = CreateCollection::default();
    let mut pipeline = None;
    for field in args.fields() {
        match field.name {
            "capped" => create.capped = field.lenient_bool()?,
            "size" => create.size = field.number_within(1, 1 << 50)?,
            "max" => create.max = field.number_within(i64::MIN, (1 << 31) - 1)?,
            "validator" => create.validator = field.optional_object()?,
            "validationLevel" => {
                create.validation_level = one_of(field, &["off", "strict", "moderate"])?;
            }
            "validationAction" => create.validation_action = one_of(field, &["error", "warn"])?,
            "collation" => {
                if let Some(collation) = field.optional_object()? {
                    create.collation = Some(Collation::parse(&collation)?);
                }
            }
            "viewOn" => create.view_on = field.optional_string()?.map(str::to_owned),
            "pipeline" => {
                field.objects()?;
                pipeline = Some(field);
            }
            "temp" if field.is_null() => {}
            "temp" => {
                field.lenient_bool()?;
                return Err(invalid_options("the 'temp' field is an invalid option"));
            }
            "timeseries"
            | "clusteredIndex"
            | "changeStreamPreAndPostImages"
            | "encryptedFields"
            | "expireAfterSeconds"
            | "idIndex"
            | "indexOptionDefaults"
            | "storageEngine"
            | "autoIndexId"
            | "flags" => {
                if !field.is_null() {
                    create.extra.insert(field.name, field.value.clone());
                }
            }
            _ => return Err(field.unknown()),
        }
    }
    if create.capped && create.size.is_none() {
        return Err(invalid_options("the 'size' field is required when 'capped' is true"));
    }
    if !create.capped && (create.size.is_some() || create.max.is_some()) {
        return Err(invalid_options("'size' and 'max' need 'capped' to be true"));
    }
    if let Some(field) = pipeline {
        if create.view_on.is_none() {
            return Err(invalid_options("'pipeline' requires 'viewOn' to also be specified"));
        }
        create.pipeline = Some(field.pipeline()?);
    }
    if create.view_on.as_deref() == Some("") {
        return Err(Error::command(ErrorCode::BAD_VALUE, "'viewOn' cannot be empty"));
    }
    ns.check_writable()?;
    Ok((ns, operation(Operation::CreateCollection(create))))
}

pub(super) fn modify(args: &Args<'_>) -> Result<Parsed> {
    let ns = args.collection()?;
    let mut request = ModifyCollection::default();
    for field in args.fields() {
        match field.name {
            "validator" => request.validator = field.optional_object()?,
            "validationLevel" => {
                request.validation_level = one_of(field, &["off", "strict", "moderate"])?;
            }
            "validationAction" => request.validation_action = one_of(field, &["error", "warn"])?,
            "cappedSize" => {
                let size = field.number_within(1, 1 << 50)?;
                request.extra.extend(size.map(|size| ("cappedSize".to_owned(), size.into())));
            }
            "cappedMax" => {
                let max = field.number_within(i64::MIN, (1 << 31) - 1)?;
                request.extra.extend(max.map(|max| ("cappedMax".to_owned(), max.into())));
            }
            "viewOn" => request.view_on = field.optional_string()?.map(str::to_owned),
            "pipeline" => {
                field.objects()?;
                request.pipeline = Some(field.pipeline()?);
            }
            "changeStreamPreAndPostImages"
            | "dryRun"
            | "expireAfterSeconds"
            | "index"
            | "prepareUnique"
            | "recordPreImages"
            | "timeseries" => {
                if !field.is_null() {
                    request.extra.insert(field.name, field.value.clone());
                }
            }
            _ => return Err(field.unknown()),
        }
    }
    Ok((ns, CommandKind::ModifyCollection(Box::new(request))))
}

fn one_of(field: Field<'_>, values: &[&str]) -> Result<Option<String>> {
    match field.optional_string()? {
        Some(value) if !values.contains(&value) => Err(field.not_a_value(value)),
        value => Ok(value.map(str::to_owned)),
    }
}

pub(super) fn create_indexes(args: &Args<'_>) -> Result<Parsed> {
    let ns = args.collection()?;
    let mut indexes = None;
    for field in args.fields() {
        match field.name {
            "indexes" => {
                let specs = field.objects()?;
                if specs.is_empty() {
                    return Err(Error::command(
                        ErrorCode::BAD_VALUE,
                        "must specify at least one index to create",
                    ));
                }
                let specs = specs.into_iter().map(Index::parse);
                indexes = Some(specs.collect::<Result<Vec<_>>>()?);
            }
            // Both are about how, not about what.
            "commitQuorum" => {}
            "ignoreUnknownIndexOptions" => {
                field.lenient_bool()?;
            }
            _ => return Err(field.unknown()),
        }
    }
    let indexes = indexes.ok_or_else(|| args.missing("indexes"))?;
    ns.check_writable()?;
    let request = CreateIndexes { indexes, comment: args.options.comment.clone() };
    Ok((ns, operation(Operation::CreateIndexes(request))))
}

pub(super) fn drop_indexes(args: &Args<'_>) -> Result<Parsed> {
    let ns = args.collection()?;
    let mut request = None;
    for field in args.fields() {
        match field.name {
            "index" => request = Some(dropped(field)?),
            _ => return Err(field.unknown()),
        }
    }
    let request = request.ok_or_else(|| args.missing("index"))?;
    Ok((ns, operation(Operation::DropIndexes(request))))
}

fn dropped(field: Field<'_>) -> Result<DropIndexes> {
    match field.value {
        Bson::String(name) if name == "*" => Ok(DropIndexes::All),
        Bson::String(name) => Ok(DropIndexes::Names(vec![name.clone()])),
        Bson::Document(keys) => Ok(DropIndexes::Keys(keys.clone())),
        Bson::Array(names) => {
            let name = |name: &Bson| match name {
                Bson::String(name) => Ok(name.clone()),
                _ => Err(field.wrong_type("string, object or array of strings")),
            };
            names.iter().map(name).collect::<Result<_>>().map(DropIndexes::Names)
        }
        _ => Err(field.wrong_type("string, object or array of strings")),
    }
}

pub(super) fn list_indexes(args: &Args<'_>) -> Result<Parsed> {
    let ns = args.collection()?;
    let mut request =
        ListIndexes { comment: args.options.comment.clone(), ..ListIndexes::default() };
    for field in args.fields() {
        match field.name {
            "cursor" if field.is_null() => {}
            "cursor" => request.batch_size = field.cursor()?,
            _ => return Err(field.unknown()),
        }
    }
    Ok((ns, operation(Operation::ListIndexes(request))))
}

pub(super) fn list_collections(args: &Args<'_>) -> Result<Parsed> {
    let mut request =
        ListCollections { comment: args.options.comment.clone(), ..ListCollections::default() };
    for field in args.fields() {
        match field.name {
            "filter" => request.filter = field.optional_object()?.unwrap_or_default().into(),
            "nameOnly" => request.name_only = field.bool_or(false)?,
            "authorizedCollections" => {
                field.bool_or(false)?;
            }
            "cursor" if field.is_null() => {}
            "cursor" => request.batch_size = field.cursor()?,
            _ => return Err(field.unknown()),
        }
    }
    Ok((args.of_database(), operation(Operation::ListCollections(request))))
}

pub(super) fn drop(args: &Args<'_>) -> Result<Parsed> {
    let ns = args.collection()?;
    match args.fields().next() {
        Some(field) => Err(field.unknown()),
        None => {
            let request = DropCollection { comment: args.options.comment.clone() };
            Ok((ns, operation(Operation::DropCollection(request))))
        }
    }
}

pub(super) fn drop_database(args: &Args<'_>) -> Result<Parsed> {
    match (args.first(), lenient_i64(args.first())) {
        (_, Some(1)) => {}
        (_, Some(_)) => {
            return Err(Error::command(ErrorCode(5_255_100), "have to pass 1 as 'drop' parameter"));
        }
        (Bson::Null | Bson::Undefined, None) => return Err(args.missing("dropDatabase")),
        (_, None) => {
            return Err(Error::command(ErrorCode::TYPE_MISMATCH, "dropDatabase must be a number"));
        }
    }
    match args.fields().next() {
        Some(field) => Err(field.unknown()),
        None => {
            let request = DropDatabase { comment: args.options.comment.clone() };
            Ok((args.of_database(), operation(Operation::DropDatabase(request))))
        }
    }
}

pub(super) fn list_databases(args: &Args<'_>) -> Result<Parsed> {
    let mut request =
        ListDatabases { comment: args.options.comment.clone(), ..ListDatabases::default() };
    for field in args.fields() {
        match field.name {
            "filter" => request.filter = field.optional_object()?.unwrap_or_default().into(),
            "nameOnly" => request.name_only = field.lenient_bool()?,
            "authorizedDatabases" => {
                field.bool_or(false)?;
            }
            _ => return Err(field.unknown()),
        }
    }
    Ok((args.of_database(), operation(Operation::ListDatabases(request))))
}

pub(super) fn rename_collection(args: &Args<'_>) -> Result<Parsed> {
    let Bson::String(from) = args.first() else {
        return Err(Error::command(ErrorCode::BAD_VALUE, "collection name has invalid type"));
    };
    let (mut to, mut drop_target) = (None, false);
    for field in args.fields() {
        match field.name {
            "to" => to = Some(namespace(field.string()?)?),
            "dropTarget" => drop_target = field.bool()?,
            "stayTemp" => {
                field.bool_or(false)?;
            }
            _ => return Err(field.unknown()),
        }
    }
    let ns = namespace(from)?;
    let to = to.ok_or_else(|| args.missing("to"))?;
    Ok((ns, operation(Operation::RenameCollection(RenameCollection { to, drop_target }))))
}

fn namespace(name: &str) -> Result<Namespace> {
    match name.split_once('.') {
        Some((database, collection)) if !database.is_empty() && !collection.is_empty() => {
            Ok(Namespace::new(database, collection.to_owned()))
        }
        _ => Err(Error::command(
            ErrorCode::INVALID_NAMESPACE,
            format!("invalid namespace specified '{name}'"),
        )),
    }
}
