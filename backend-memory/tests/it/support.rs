//! Requests in one line each.

use std::borrow::Cow;

use backend_memory::MemoryBackend;
use odm_core::bson::{Document, RawDocumentBuf, doc};
use odm_core::{
    Backend, Count, DeleteBatch, DeleteStatement, Error, Find, Insert, InsertOutcome, Namespace,
    OpCx,
};

pub(crate) fn ns(collection: impl Into<Cow<'static, str>>) -> Namespace {
    Namespace::new("test", collection)
}

pub(crate) async fn insert(
    backend: &MemoryBackend,
    collection: &'static str,
    docs: impl IntoIterator<Item = Document>,
) -> Result<InsertOutcome, Error> {
    let encoded = docs.into_iter().map(|doc| RawDocumentBuf::try_from(&doc).unwrap());
    backend.insert(&ns(collection), Insert::new(encoded.collect()), OpCx::default()).await
}

pub(crate) async fn find(
    backend: &MemoryBackend,
    collection: &'static str,
    filter: Document,
) -> Vec<Document> {
    let find = Find { filter: filter.into(), ..Find::default() };
    let cursor = backend.find(&ns(collection), find, OpCx::default()).await.unwrap();
    let found = cursor.collect().await.unwrap();
    found.iter().map(|doc| doc.to_document().unwrap()).collect()
}

pub(crate) async fn count(backend: &MemoryBackend, collection: &'static str) -> u64 {
    let request = Count { filter: doc! {}.into(), ..Count::default() };
    backend.count(&ns(collection), request, OpCx::default()).await.unwrap()
}

pub(crate) async fn delete(
    backend: &MemoryBackend,
    collection: &'static str,
    filter: Document,
) -> u64 {
    let batch = DeleteBatch::new(vec![DeleteStatement::many(filter)]);
    backend.delete(&ns(collection), batch, OpCx::default()).await.unwrap().deleted
}
