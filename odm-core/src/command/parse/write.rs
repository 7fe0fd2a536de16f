//! `insert`, `update`, `delete` and `findAndModify`.

use bson::{Bson, Document, RawDocumentBuf};

use super::field::{self, Field};
use super::query::projection;
use super::{Args, Parsed, failed_to_parse, operation};
use crate::error::{Error, ErrorCode, Result};
use crate::filter::Filter;
use crate::number::as_f64;
use crate::pipeline::Pipeline;
use crate::request::{
    DeleteBatch, DeleteStatement, FindAndModify, Insert, Modification, Operation, UpdateBatch,
    UpdateStatement,
};
use crate::sort::Sort;
use crate::update::Update;

/// The most documents or statements of one command.
const MAX_WRITE_BATCH_SIZE: usize = 100_000;

fn check_batch_size(n: usize) -> Result<()> {
    if (1..=MAX_WRITE_BATCH_SIZE).contains(&n) {
        return Ok(());
    }
    Err(Error::command(
        ErrorCode::INVALID_LENGTH,
        format!(
            "write batch sizes must be between 1 and {MAX_WRITE_BATCH_SIZE}, got {n} operations"
        ),
    ))
}

pub(super) fn insert(args: &Args<'_>) -> Result<Parsed> {
    let ns = args.collection()?;
    let mut insert = Insert::new(Vec::new());
    insert.comment.clone_from(&args.options.comment);
    let mut given = false;
    for field in args.fields() {
        match field.name {
            "documents" => {
                given = true;
                let documents = field.objects()?;
                check_batch_size(documents.len())?;
                insert.documents = documents.into_iter().map(encode).collect::<Result<_>>()?;
            }
            "ordered" => insert.ordered = field.bool_or(true)?,
            "bypassDocumentValidation" => {
                insert.bypass_document_validation = field.lenient_bool()?;
            }
            _ => return Err(field.unknown()),
        }
    }
    if !given {
        return Err(args.missing("documents"));
    }
    ns.check_writable()?;
    Ok((ns, operation(Operation::Insert(insert))))
}

fn encode(doc: &Document) -> Result<RawDocumentBuf> {
    RawDocumentBuf::try_from(doc).map_err(|error| {
        Error::command(ErrorCode::INVALID_BSON, format!("cannot encode a document: {error}"))
    })
}

pub(super) fn update(args: &Args<'_>) -> Result<Parsed> {
    let ns = args.collection()?;
    let mut update = UpdateBatch::new(Vec::new());
    update.comment.clone_from(&args.options.comment);
    update.max_time = args.options.max_time;
    let mut given = false;
    for field in args.fields() {
        match field.name {
            "updates" => {
                given = true;
                let statements = field.objects()?;
                check_batch_size(statements.len())?;
                let statement = |doc| update_statement(field, doc);
                update.statements = statements.into_iter().map(statement).collect::<Result<_>>()?;
            }
            "ordered" => update.ordered = field.bool_or(true)?,
            "bypassDocumentValidation" => {
                update.bypass_document_validation = field.lenient_bool()?;
            }
            "let" => update.let_vars = field.optional_object()?,
            _ => return Err(field.unknown()),
        }
    }
    if !given {
        return Err(args.missing("updates"));
    }
    ns.check_writable()?;
    Ok((ns, operation(Operation::UpdateBatch(update))))
}

fn update_statement(updates: Field<'_>, doc: &Document) -> Result<UpdateStatement> {
    let (mut filter, mut update, mut constants) = (None, None, false);
    let mut statement = UpdateStatement::one(Filter::all(), Update::empty());
    for field in updates.fields_of(doc) {
        match field.name {
            "q" => filter = Some(Filter::from(field.required_object()?)),
            "u" => update = Some(update_argument(field)?),
            "c" => constants = field.optional_object()?.is_some(),
            "multi" => statement.multi = field.bool_or(false)?,
            "upsert" => statement.upsert = field.bool_or(false)?,
            "arrayFilters" => statement.array_filters = array_filters(field)?,
            "collation" => statement.collation = field.collation()?,
            "hint" => statement.hint = field.hint()?,
            _ => return Err(field.unknown()),
        }
    }
    statement.filter = filter.ok_or_else(|| field::missing("update.updates", "q"))?;
    statement.update = update.ok_or_else(|| field::missing("update.updates", "u"))?;
    if constants {
        return Err(match statement.update {
            Update::Pipeline(_) => Error::command(
                ErrorCode::COMMAND_NOT_SUPPORTED,
                "constants ('c') of an update statement are not supported; use 'let'",
            ),
            _ => Error::command(
                ErrorCode(51198),
                "constant values may only be specified for pipeline updates",
            ),
        });
    }
    Ok(statement)
}

/// Checks the type of an update; its stages are read later.
fn checked_update(field: Field<'_>) -> Result<Field<'_>> {
    match field.value {
        Bson::Array(_) => field.objects().map(|_| field),
        _ => update_argument(field).map(|_| field),
    }
}

/// A document stays as it is until it is evaluated; the stages of a pipeline are told apart.
fn update_argument(field: Field<'_>) -> Result<Update> {
    match field.value {
        Bson::Document(doc) => Ok(Update::Raw(doc.clone())),
        Bson::Array(stages) => Ok(Update::Pipeline(Pipeline::parse(stages)?)),
        _ => Err(failed_to_parse("update argument must be either an object or an array")),
    }
}

fn array_filters(field: Field<'_>) -> Result<Vec<Document>> {
    Ok(field.objects()?.into_iter().cloned().collect())
}

pub(super) fn delete(args: &Args<'_>) -> Result<Parsed> {
    let ns = args.collection()?;
    let mut delete = DeleteBatch::new(Vec::new());
    delete.comment.clone_from(&args.options.comment);
    delete.max_time = args.options.max_time;
    let mut given = false;
    for field in args.fields() {
        match field.name {
            "deletes" => {
                given = true;
                let statements = field.objects()?;
                check_batch_size(statements.len())?;
                let statement = |doc| delete_statement(field, doc);
                delete.statements = statements.into_iter().map(statement).collect::<Result<_>>()?;
            }
            "ordered" => delete.ordered = field.bool_or(true)?,
            "let" => delete.let_vars = field.optional_object()?,
            // Taken, though a deletion validates nothing.
            "bypassDocumentValidation" => {
                field.lenient_bool()?;
            }
            _ => return Err(field.unknown()),
        }
    }
    if !given {
        return Err(args.missing("deletes"));
    }
    ns.check_writable()?;
    Ok((ns, operation(Operation::DeleteBatch(delete))))
}

fn delete_statement(deletes: Field<'_>, doc: &Document) -> Result<DeleteStatement> {
    let (mut filter, mut limit) = (None, None);
    let mut statement = DeleteStatement::one(Filter::all());
    for field in deletes.fields_of(doc) {
        match field.name {
            "q" => filter = Some(Filter::from(field.required_object()?)),
            "limit" => limit = Some(field.value),
            "collation" => statement.collation = field.collation()?,
            "hint" => statement.hint = field.hint()?,
            _ => return Err(field.unknown()),
        }
    }
    statement.filter = filter.ok_or_else(|| field::missing("delete.deletes", "q"))?;
    let limit = limit.ok_or_else(|| field::missing("delete.deletes", "limit"))?;
    statement.multi = match as_f64(limit) {
        // What is no number counts as 0.
        None | Some(0.0) => true,
        Some(1.0) => false,
        _ => {
            return Err(failed_to_parse(format!(
                "the limit field in delete objects must be 0 or 1, got {limit}"
            )));
        }
    };
    Ok(statement)
}

pub(super) fn find_and_modify(args: &Args<'_>) -> Result<Parsed> {
    let ns = args.collection()?;
    let mut request = FindAndModify::remove(Filter::all());
    request.max_time = args.options.max_time;
    request.comment.clone_from(&args.options.comment);
    let (mut remove, mut new, mut upsert) = (false, false, false);
    let (mut given, mut filters, mut sort) = (None, None, None);
    for field in args.fields() {
        match field.name {
            "query" => request.filter = field.optional_object()?.unwrap_or_default().into(),
            "sort" => sort = field.optional_object()?,
            "remove" => remove = field.lenient_bool()?,
            "update" => given = Some(checked_update(field)?),
            "new" => new = field.lenient_bool()?,
            "upsert" => upsert = field.lenient_bool()?,
            "fields" => request.projection = field.optional_object()?.and_then(projection),
            "arrayFilters" => filters = Some(array_filters(field)?),
            "bypassDocumentValidation" => {
                request.bypass_document_validation = field.lenient_bool()?;
            }
            "collation" => request.collation = field.collation()?,
            "hint" => request.hint = field.hint()?,
            "let" => request.let_vars = field.optional_object()?,
            // Without effect.
            "batchSize" => drop(field.optional_int()?),
            _ => return Err(field.unknown()),
        }
    }
    if let Some(field) = given {
        if remove {
            return Err(failed_to_parse("cannot specify both an update and remove=true"));
        }
        if filters.is_some() && matches!(field.value, Bson::Array(_)) {
            return Err(failed_to_parse("cannot specify arrayFilters and a pipeline update"));
        }
        let update = update_argument(field)?;
        let array_filters = filters.unwrap_or_default();
        request.modification =
            Modification::Update { update, array_filters, upsert, return_new: new };
    } else {
        let beside =
            [("upsert=true", upsert), ("new=true", new), ("arrayFilters", filters.is_some())];
        if !remove {
            return Err(failed_to_parse("either an update or remove=true must be specified"));
        }
        if let Some((option, _)) = beside.into_iter().find(|(_, set)| *set) {
            return Err(failed_to_parse(format!("cannot specify both {option} and remove=true")));
        }
    }
    ns.check_writable()?;
    // Of one document at most, found by its `_id`, the server does not read the order.
    let unread = request.hint.is_none()
        && request.projection.is_none()
        && request.collation.is_none()
        && matches!(&request.filter, Filter::Raw(query) if is_id(query));
    if let Some(sort) = sort.filter(|_| !unread) {
        // The server reads it after update and filter: what is wrong with those comes first.
        request.sort = Sort::parse(&sort).or_else(|error| {
            if let Modification::Update { update, .. } = &request.modification {
                update.normalized()?;
            }
            request.filter.normalized()?;
            Err(error)
        })?;
    }
    Ok((ns, operation(Operation::FindAndModify(request))))
}

/// Whether a query is for one `_id`, and for nothing else.
fn is_id(query: &Document) -> bool {
    let mut fields = query.iter();
    match (fields.next(), fields.next()) {
        (Some((name, value)), None) if name == "_id" => match value {
            Bson::Document(doc) => doc.keys().next().is_none_or(|name| !name.starts_with('$')),
            Bson::Array(_) | Bson::RegularExpression(_) | Bson::Null | Bson::Undefined => false,
            _ => true,
        },
        _ => false,
    }
}
