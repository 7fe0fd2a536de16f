//! What [`Document`]s do: the bodies of the trait's provided methods.

use crate::codec;
use crate::document::{Document, DocumentId};
use crate::error::{Error, Result};
use crate::executor::Executor;
use crate::filter::Filter;
use crate::query::Query;
use crate::request::{
    CreateIndexes, CreateIndexesOutcome, DeleteBatch, DeleteStatement, DropCollection, Find, Insert,
};
use bson::RawDocumentBuf;

pub(crate) async fn get<D: Document>(id: D::Id, on: &(impl Executor + ?Sized)) -> Result<D> {
    let found = Query::<D>::by_id(&id).first(on).await?;
    found.ok_or_else(|| Query::<D>::not_found(Query::<D>::by_id(&id).as_filter()))
}

pub(crate) async fn insert<D: Document>(
    doc: &mut D,
    on: &(impl Executor + ?Sized),
) -> Result<D::Id> {
    let (id, encoded) = encode_new(doc)?;
    let target = on.target();
    let ns = target.namespace(D::COLLECTION);
    target.execute(&ns, Insert::new(vec![encoded])).await?;
    Ok(id)
}

pub(crate) async fn insert_many<D: Document>(
    docs: &mut [D],
    on: &(impl Executor + ?Sized),
) -> Result<Vec<D::Id>> {
    if docs.is_empty() {
        return Ok(Vec::new());
    }
    let mut ids = Vec::with_capacity(docs.len());
    let mut documents = Vec::with_capacity(docs.len());
    for doc in docs {
        let (id, encoded) = encode_new(doc)?;
        ids.push(id);
        documents.push(encoded);
    }
    let target = on.target();
    let ns = target.namespace(D::COLLECTION);
    target.execute(&ns, Insert::new(documents)).await?;
    Ok(ids)
}

/// Gives the document an id, if it still needs one, and encodes it.
pub(crate) fn encode_new<D: Document>(doc: &mut D) -> Result<(D::Id, RawDocumentBuf)> {
    if doc.id().is_none() {
        let id = D::Id::generate().ok_or_else(|| {
            let model = D::schema().model;
            Error::Config(format!("`{model}` has no id, and ids of its type cannot be made up"))
        })?;
        doc.set_id(id);
    }
    let encoded = encode(doc)?;
    let id = id_of(doc)?.clone();
    Ok((id, encoded))
}

fn encode<D: Document>(doc: &D) -> Result<RawDocumentBuf> {
    let encoded = codec::encode(doc, D::schema().model)?;
    if cfg!(debug_assertions) {
        crate::schema::check_encoded(D::schema(), &encoded)?;
    }
    Ok(encoded)
}

fn id_of<D: Document>(doc: &D) -> Result<&D::Id> {
    doc.id().ok_or_else(|| {
        let model = D::schema().model;
        Error::Config(format!("this `{model}` has no id: it was never inserted"))
    })
}

/// The query for a document by its own id.
pub(crate) fn by_own_id<D: Document>(doc: &D) -> Query<D> {
    match id_of(doc) {
        Ok(id) => Query::by_id(id),
        Err(error) => Query::new().with_error(error),
    }
}

pub(crate) async fn replace<D: Document>(doc: &D, on: &(impl Executor + ?Sized)) -> Result<()> {
    by_own_id(doc).replace(doc).run_or_err(on).await.map(drop)
}

pub(crate) async fn delete<D: Document>(doc: &D, on: &(impl Executor + ?Sized)) -> Result<bool> {
    let Find { filter, .. } = by_own_id(doc).to_request()?;
    let target = on.target();
    let ns = target.namespace(D::COLLECTION);
    let request = DeleteBatch::new(vec![DeleteStatement::one(filter)]);
    Ok(target.execute(&ns, request).await?.deleted > 0)
}

pub(crate) async fn ensure_indexes<D: Document>(
    on: &(impl Executor + ?Sized),
) -> Result<CreateIndexesOutcome> {
    let indexes = D::schema().indexes();
    if indexes.is_empty() {
        return Ok(CreateIndexesOutcome::default());
    }
    let target = on.target();
    let ns = target.namespace(D::COLLECTION);
    target.execute(&ns, CreateIndexes { indexes, comment: None }).await
}

pub(crate) async fn drop_collection<D: Document>(on: &(impl Executor + ?Sized)) -> Result<()> {
    let target = on.target();
    let ns = target.namespace(D::COLLECTION);
    target.execute(&ns, DropCollection::default()).await
}

pub(crate) async fn estimated_count<D: Document>(on: &(impl Executor + ?Sized)) -> Result<u64> {
    let target = on.target();
    let ns = target.namespace(D::COLLECTION);
    let count =
        crate::request::Count { filter: Filter::all(), estimated: true, ..Default::default() };
    target.execute(&ns, count).await
}
