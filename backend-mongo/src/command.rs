//! Requests as command documents.

use std::time::Duration;

use bson::raw::{CStr, cstr};
use bson::{Bson, Document, RawBson, RawDocumentBuf, doc};
use odm_core::{
    Aggregate, Collation, Count, CreateCollection, CreateIndexes, DeleteStatement, Distinct,
    DropIndexes, Error, Find, FindAndModify, Hint, Modification, Namespace, Pipeline, Result, Sort,
    Update, UpdateStatement,
};

/// A command under construction: options left at their default are not sent.
pub(crate) struct Command(Document);

impl Command {
    pub(crate) fn new(name: &str, target: impl Into<Bson>) -> Self {
        let mut command = Document::new();
        command.insert(name, target.into());
        Command(command)
    }

    pub(crate) fn set(mut self, key: &str, value: impl Into<Bson>) -> Self {
        self.0.insert(key, value.into());
        self
    }

    pub(crate) fn option(self, key: &str, value: Option<impl Into<Bson>>) -> Self {
        match value {
            Some(value) => self.set(key, value),
            None => self,
        }
    }

    pub(crate) fn flag(self, key: &str, value: bool) -> Self {
        if value { self.set(key, true) } else { self }
    }

    fn millis(self, key: &str, value: Option<Duration>) -> Self {
        self.option(key, value.map(|time| i64::try_from(time.as_millis()).unwrap_or(i64::MAX)))
    }

    fn hint(self, hint: Option<&Hint>) -> Self {
        self.option("hint", hint.map(Hint::to_bson))
    }

    fn collation(self, collation: Option<&Collation>) -> Result<Self> {
        let Some(collation) = collation else { return Ok(self) };
        Ok(self.set("collation", bson::serialize_to_document(collation).map_err(unencodable)?))
    }

    fn sort(self, sort: &Sort) -> Self {
        if sort.is_empty() { self } else { self.set("sort", sort.to_document()) }
    }

    pub(crate) fn encode(self) -> Result<RawDocumentBuf> {
        RawDocumentBuf::try_from(&self.0).map_err(unencodable)
    }
}

/// A name with a zero byte, and the like.
pub(crate) fn unencodable(error: impl std::fmt::Display) -> Error {
    Error::Encode { what: "a command".to_owned(), message: error.to_string() }
}

pub(crate) fn find(ns: &Namespace, find: &Find) -> Result<RawDocumentBuf> {
    let mut command = Command::new("find", ns.collection());
    if !find.filter.is_empty() {
        command = command.set("filter", find.filter.to_document());
    }
    if let Some(projection) = &find.projection {
        command = command.set("projection", projection.to_document());
    }
    command
        .sort(&find.sort)
        .option("skip", positive(find.skip))
        .option("limit", positive(find.limit))
        .option("batchSize", find.batch_size.map(i64::from))
        .flag("singleBatch", find.single_batch)
        .collation(find.collation.as_ref())?
        .hint(find.hint.as_ref())
        .option("min", find.min.clone())
        .option("max", find.max.clone())
        .flag("returnKey", find.return_key)
        .flag("showRecordId", find.show_record_id)
        .millis("maxTimeMS", find.max_time)
        .option("comment", find.comment.clone())
        .option("let", find.let_vars.clone())
        .option("allowDiskUse", find.allow_disk_use)
        .flag("noCursorTimeout", find.no_cursor_timeout)
        .flag("tailable", find.tailable)
        .flag("awaitData", find.await_data)
        .flag("allowPartialResults", find.allow_partial_results)
        .encode()
}

pub(crate) fn aggregate(ns: &Namespace, aggregate: &Aggregate) -> Result<RawDocumentBuf> {
    let mut cursor = Document::new();
    if let Some(batch_size) = aggregate.batch_size {
        cursor.insert("batchSize", i64::from(batch_size));
    }
    Command::new("aggregate", collection_or_one(ns))
        .set("pipeline", aggregate.pipeline.to_array())
        .set("cursor", cursor)
        .option("allowDiskUse", aggregate.allow_disk_use)
        .millis("maxTimeMS", aggregate.max_time)
        .flag("bypassDocumentValidation", aggregate.bypass_document_validation)
        .collation(aggregate.collation.as_ref())?
        .hint(aggregate.hint.as_ref())
        .option("let", aggregate.let_vars.clone())
        .option("comment", aggregate.comment.clone())
        .encode()
}

/// Whether a pipeline writes: its last stage is `$out` or `$merge`.
pub(crate) fn writes(pipeline: &Pipeline) -> bool {
    pipeline.0.last().is_some_and(|stage| matches!(stage.name(), "$out" | "$merge"))
}

/// A count that is exact: the drivers' aggregation, which also works in transactions. With
/// `estimated`, the command `count`, which may answer from the collection's metadata.
pub(crate) fn count(ns: &Namespace, count: &Count) -> Result<RawDocumentBuf> {
    let command = if count.estimated {
        let command = Command::new("count", ns.collection());
        let command = if count.filter.is_empty() {
            command
        } else {
            command.set("query", count.filter.to_document())
        };
        command.option("skip", positive(count.skip)).option("limit", positive(count.limit))
    } else {
        let mut pipeline = vec![Bson::Document(doc! { "$match": count.filter.to_document() })];
        if let Some(skip) = positive(count.skip) {
            pipeline.push(Bson::Document(doc! { "$skip": skip }));
        }
        if let Some(limit) = positive(count.limit) {
            pipeline.push(Bson::Document(doc! { "$limit": limit }));
        }
        pipeline.push(Bson::Document(doc! { "$group": { "_id": 1, "n": { "$sum": 1 } } }));
        Command::new("aggregate", ns.collection()).set("pipeline", pipeline).set("cursor", doc! {})
    };
    command
        .collation(count.collation.as_ref())?
        .hint(count.hint.as_ref())
        .millis("maxTimeMS", count.max_time)
        .option("comment", count.comment.clone())
        .encode()
}

pub(crate) fn distinct(ns: &Namespace, distinct: &Distinct) -> Result<RawDocumentBuf> {
    let mut command = Command::new("distinct", ns.collection()).set("key", distinct.key.as_str());
    if !distinct.filter.is_empty() {
        command = command.set("query", distinct.filter.to_document());
    }
    command
        .collation(distinct.collation.as_ref())?
        .millis("maxTimeMS", distinct.max_time)
        .option("comment", distinct.comment.clone())
        .encode()
}

pub(crate) fn update_statement(statement: &UpdateStatement) -> Result<RawDocumentBuf> {
    let mut encoded = Command::new("q", statement.filter.to_document())
        .flag("multi", statement.multi)
        .flag("upsert", statement.upsert)
        .option("arrayFilters", array_filters(&statement.array_filters))
        .collation(statement.collation.as_ref())?
        .hint(statement.hint.as_ref())
        .encode()?;
    append_update(&mut encoded, cstr!("u"), &statement.update)?;
    Ok(encoded)
}

pub(crate) fn delete_statement(statement: &DeleteStatement) -> Result<RawDocumentBuf> {
    Command::new("q", statement.filter.to_document())
        .set("limit", i32::from(!statement.multi))
        .collation(statement.collation.as_ref())?
        .hint(statement.hint.as_ref())
        .encode()
}

/// A replacement goes as it is encoded; anything else is printed.
fn append_update(encoded: &mut RawDocumentBuf, key: &CStr, update: &Update) -> Result<()> {
    match update {
        Update::Replacement(document) => encoded.append(key, document.as_ref()),
        update => {
            encoded.append(key, RawBson::try_from(update.to_bson()?).map_err(unencodable)?);
        }
    }
    Ok(())
}

pub(crate) fn find_and_modify(ns: &Namespace, request: &FindAndModify) -> Result<RawDocumentBuf> {
    let mut command = Command::new("findAndModify", ns.collection())
        .set("query", request.filter.to_document())
        .sort(&request.sort);
    let mut update = None;
    command = match &request.modification {
        Modification::Update { update: change, array_filters: filters, upsert, return_new } => {
            update = Some(change);
            command
                .flag("new", *return_new)
                .flag("upsert", *upsert)
                .option("arrayFilters", array_filters(filters))
        }
        Modification::Remove => command.set("remove", true),
        other => {
            let feature = format!("the modification {other:?}");
            return Err(Error::Unsupported { backend: crate::NAME, feature });
        }
    };
    if let Some(projection) = &request.projection {
        command = command.set("fields", projection.to_document());
    }
    let mut encoded = command
        .collation(request.collation.as_ref())?
        .hint(request.hint.as_ref())
        .flag("bypassDocumentValidation", request.bypass_document_validation)
        .option("let", request.let_vars.clone())
        .millis("maxTimeMS", request.max_time)
        .option("comment", request.comment.clone())
        .encode()?;
    if let Some(update) = update {
        append_update(&mut encoded, cstr!("update"), update)?;
    }
    Ok(encoded)
}

pub(crate) fn create_indexes(ns: &Namespace, request: &CreateIndexes) -> Result<RawDocumentBuf> {
    let specs: Vec<Bson> =
        request.indexes.iter().map(|index| Bson::Document(index.to_document())).collect();
    Command::new("createIndexes", ns.collection())
        .set("indexes", specs)
        .option("comment", request.comment.clone())
        .encode()
}

pub(crate) fn drop_indexes(ns: &Namespace, request: DropIndexes) -> Result<RawDocumentBuf> {
    let which: Bson = match request {
        DropIndexes::All => "*".into(),
        DropIndexes::Names(names) => names.into(),
        DropIndexes::Keys(keys) => keys.into(),
        other => {
            let feature = format!("dropping {other:?}");
            return Err(Error::Unsupported { backend: crate::NAME, feature });
        }
    };
    Command::new("dropIndexes", ns.collection()).set("index", which).encode()
}

pub(crate) fn create_collection(
    ns: &Namespace,
    request: CreateCollection,
) -> Result<RawDocumentBuf> {
    let mut command = Command::new("create", ns.collection())
        .flag("capped", request.capped)
        .option("size", request.size)
        .option("max", request.max)
        .option("validator", request.validator)
        .option("validationLevel", request.validation_level)
        .option("validationAction", request.validation_action)
        .collation(request.collation.as_ref())?
        .option("viewOn", request.view_on)
        .option("pipeline", request.pipeline.map(|pipeline| pipeline.to_array()));
    for (key, value) in request.extra {
        command = command.set(&key, value);
    }
    command.encode()
}

fn positive(n: u64) -> Option<i64> {
    (n > 0).then(|| i64::try_from(n).unwrap_or(i64::MAX))
}

fn array_filters(filters: &[Document]) -> Option<Vec<Bson>> {
    (!filters.is_empty()).then(|| filters.iter().cloned().map(Bson::Document).collect())
}

/// `aggregate: 1` looks at the database.
fn collection_or_one(ns: &Namespace) -> Bson {
    match ns.collection() {
        "" => Bson::Int32(1),
        name => name.into(),
    }
}
