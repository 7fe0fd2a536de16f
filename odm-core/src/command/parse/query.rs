//! `find`, `aggregate`, `count`, `distinct`, and cursors.

use bson::{Bson, Document};

use super::{Args, Parsed, failed_to_parse, operation};
use crate::command::{CommandKind, GetMore, Verbosity};
use crate::error::{Error, ErrorCode, Result};
use crate::filter::Filter;
use crate::namespace::Namespace;
use crate::number::{exact_i64, is_number, lenient_i64};
use crate::projection::Projection;
use crate::request::{Aggregate, Count, Distinct, Find, Operation};
use crate::sort::Sort;

pub(super) fn find(args: &Args<'_>) -> Result<Parsed> {
    let ns = args.collection()?;
    ns.check_readable()?;
    let mut find = Find {
        max_time: args.options.max_time,
        comment: args.options.comment.clone(),
        ..Find::default()
    };
    let (mut sort, mut hint, mut returns_to) = (None, None, None);
    for field in args.fields() {
        match field.name {
            "filter" => find.filter = Filter::from(field.object()?),
            "projection" => find.projection = projection(field.object()?),
            "sort" => sort = Some(field.object()?),
            "skip" => find.skip = field.count()?,
            "limit" => find.limit = field.count()?,
            "batchSize" => find.batch_size = field.batch_size()?,
            "singleBatch" => find.single_batch = field.bool()?,
            "collation" => find.collation = field.strict_collation()?,
            "hint" => hint = Some(field),
            "min" => find.min = Some(field.object()?).filter(|bound| !bound.is_empty()),
            "max" => find.max = Some(field.object()?).filter(|bound| !bound.is_empty()),
            "returnKey" => find.return_key = field.bool()?,
            "showRecordId" => find.show_record_id = field.bool()?,
            "let" => find.let_vars = field.optional_object()?,
            "allowDiskUse" => find.allow_disk_use = Some(field.bool()?),
            "noCursorTimeout" => find.no_cursor_timeout = field.bool()?,
            "tailable" => find.tailable = field.bool()?,
            "awaitData" => find.await_data = field.bool()?,
            "allowPartialResults" => find.allow_partial_results = field.bool()?,
            // Deprecated or internal, and without effect.
            "oplogReplay" | "readOnce" => {
                field.bool()?;
            }
            "options" => {
                field.optional_object()?;
            }
            "ntoreturn" => returns_to = field.number_within(0, i64::MAX)?,
            _ => return Err(field.unknown()),
        }
    }
    if returns_to.is_some() {
        return Err(if find.limit > 0 || find.batch_size.is_some() {
            bad_value("'limit' and 'batchSize' cannot be set with 'ntoreturn'")
        } else {
            Error::command(ErrorCode(5_746_102), "'ntoreturn' is not supported any more")
        });
    }
    let in_natural_order = |sort: &Document| {
        let first = sort.iter().next();
        first.is_none_or(|(path, order)| path == "$natural" && exact_i64(order) == Some(1))
    };
    if find.tailable && !sort.as_ref().is_none_or(in_natural_order) {
        return Err(bad_value("cannot use tailable option with a sort other than {$natural: 1}"));
    }
    find.check()?;
    // The server reads these after the filter: what is wrong with that comes first.
    if let Some(hint) = hint {
        find.hint = hint.hint().or_else(|error| {
            if error.error_code() == Some(ErrorCode::BAD_VALUE) {
                find.filter.normalized()?;
            }
            Err(error)
        })?;
    }
    if let Some(sort) = sort {
        find.sort = Sort::parse(&sort).or_else(|error| {
            find.filter.normalized()?;
            find.projection.as_ref().map(Projection::normalized).transpose()?;
            Err(error)
        })?;
    }
    Ok((ns, operation(Operation::Find(find))))
}

fn bad_value(message: &str) -> Error {
    Error::command(ErrorCode::BAD_VALUE, message)
}

/// An empty projection is none.
pub(super) fn projection(doc: Document) -> Option<Projection> {
    (!doc.is_empty()).then(|| Projection::from(doc))
}

pub(super) fn aggregate(args: &Args<'_>) -> Result<Parsed> {
    let ns = match args.first() {
        Bson::String(_) => args.collection()?,
        value if exact_i64(value) == Some(1) => args.of_database(),
        value if is_number(value) => {
            return Err(failed_to_parse("'aggregate' must specify a collection name or 1"));
        }
        _ => {
            return Err(Error::command(
                ErrorCode::TYPE_MISMATCH,
                "collection name has invalid type",
            ));
        }
    };
    let mut aggregate = Aggregate {
        max_time: args.options.max_time,
        comment: args.options.comment.clone(),
        ..Aggregate::default()
    };
    let (mut pipeline, mut cursor, mut explain) = (false, false, false);
    for field in args.fields() {
        match field.name {
            "pipeline" => {
                aggregate.pipeline = field.pipeline()?;
                pipeline = true;
            }
            "cursor" => {
                aggregate.batch_size = field.cursor()?;
                cursor = true;
            }
            "explain" => explain = field.bool()?,
            "allowDiskUse" => aggregate.allow_disk_use = Some(field.bool()?),
            "bypassDocumentValidation" => {
                aggregate.bypass_document_validation = field.lenient_bool()?;
            }
            "collation" => aggregate.collation = field.collation()?,
            "hint" => aggregate.hint = field.hint()?,
            "let" => aggregate.let_vars = field.optional_object()?,
            _ => return Err(field.unknown()),
        }
    }
    if !pipeline {
        return Err(args.missing("pipeline"));
    }
    let operation = Box::new(Operation::Aggregate(aggregate));
    if explain {
        return Ok((ns, CommandKind::Explain(Verbosity::QueryPlanner, operation)));
    }
    if !cursor {
        return Err(failed_to_parse(
            "the 'cursor' option is required, except for aggregate with the explain argument",
        ));
    }
    Ok((ns, CommandKind::Operation(operation)))
}

pub(super) fn count(args: &Args<'_>) -> Result<Parsed> {
    let ns = args.collection()?;
    ns.check_readable()?;
    let mut count = Count {
        max_time: args.options.max_time,
        comment: args.options.comment.clone(),
        ..Count::default()
    };
    for field in args.fields() {
        match field.name {
            "query" => count.filter = field.optional_object()?.unwrap_or_default().into(),
            "limit" => {
                count.limit = match exact_i64(field.value) {
                    Some(i64::MIN) => return Err(bad_value("limit cannot be the least long")),
                    // A negative limit is as good as a positive one here.
                    Some(limit) => limit.unsigned_abs(),
                    None if is_number(field.value) => {
                        return Err(failed_to_parse(format!(
                            "expected an integer: limit: {}",
                            field.value
                        )));
                    }
                    None => return Err(bad_value("limit value is not a valid number")),
                };
            }
            "skip" => count.skip = field.count()?,
            "hint" => count.hint = field.hint()?,
            "collation" => count.collation = field.collation()?,
            // Old drivers send it; it has no meaning.
            "fields" => {}
            _ => return Err(field.unknown()),
        }
    }
    Ok((ns, operation(Operation::Count(count))))
}

pub(super) fn distinct(args: &Args<'_>) -> Result<Parsed> {
    let ns = args.collection()?;
    ns.check_readable()?;
    let (mut key, mut filter, mut collation) = (None, Filter::all(), None);
    for field in args.fields() {
        match field.name {
            "key" => key = Some(field.string()?),
            "query" => filter = field.optional_object()?.unwrap_or_default().into(),
            "collation" => collation = field.collation()?,
            _ => return Err(field.unknown()),
        }
    }
    let key = key.ok_or_else(|| args.missing("key"))?;
    if key.contains('\0') {
        return Err(Error::command(ErrorCode(31_032), "key cannot contain a null byte"));
    }
    let request = Distinct {
        key: key.into(),
        filter,
        collation,
        max_time: args.options.max_time,
        comment: args.options.comment.clone(),
    };
    Ok((ns, operation(Operation::Distinct(request))))
}

pub(super) fn get_more(args: &Args<'_>) -> Result<Parsed> {
    let cursor_id = match args.first() {
        Bson::Int64(id) => *id,
        Bson::Null | Bson::Undefined => return Err(args.missing("getMore")),
        _ => return Err(Error::command(ErrorCode::TYPE_MISMATCH, "getMore must be a long")),
    };
    let (mut collection, mut batch_size) = (None, None);
    for field in args.fields() {
        match field.name {
            "collection" => collection = Some(field.string()?),
            "batchSize" => batch_size = field.batch_size()?,
            _ => return Err(field.unknown()),
        }
    }
    let collection = collection.ok_or_else(|| args.missing("collection"))?.to_owned();
    if collection.is_empty() {
        return Err(Error::command(
            ErrorCode::INVALID_NAMESPACE,
            "collection names cannot be empty",
        ));
    }
    let ns = Namespace::new(args.database, collection);
    // Elsewhere 0 is no limit; here it is a limit like any other.
    let is_limited = args.doc.contains_key("maxTimeMS");
    let max_time = is_limited.then(|| args.options.max_time.unwrap_or_default());
    Ok((ns, CommandKind::GetMore(GetMore { cursor_id, batch_size, max_time })))
}

pub(super) fn kill_cursors(args: &Args<'_>) -> Result<Parsed> {
    // Cursors of `listCollections` and the like have names that no collection may have.
    let ns = match args.first() {
        Bson::String(name) if name.starts_with("$cmd.") => {
            Namespace::new(args.database, name.clone())
        }
        _ => args.collection()?,
    };
    let mut cursor_ids = None;
    for field in args.fields() {
        match field.name {
            "cursors" => {
                let ids =
                    field.array()?.iter().filter(|id| !matches!(id, Bson::Null | Bson::Undefined));
                let id = |id: &Bson| match id {
                    Bson::Int64(_) => lenient_i64(id).ok_or_else(|| field.wrong_type("long")),
                    _ => Err(field.wrong_type("array of longs")),
                };
                cursor_ids = Some(ids.map(id).collect::<Result<_>>()?);
            }
            _ => return Err(field.unknown()),
        }
    }
    let cursor_ids = cursor_ids.ok_or_else(|| args.missing("cursors"))?;
    Ok((ns, CommandKind::KillCursors(cursor_ids)))
}
