//! `$eq`, `$ne`, `$gt`, `$gte`, `$lt`, `$lte`, `$in`, `$nin`.

pub(super) mod equality;
pub(super) mod list;
pub(super) mod range;

use bson::{Bson, Document, doc};

fn with_a<T: Into<Bson>>(values: impl IntoIterator<Item = T>) -> Vec<Document> {
    (1..).zip(values).map(|(id, value)| doc! { "_id": id, "a": value.into() }).collect()
}

/// `None` is a document without the field.
fn with_or_without_a(values: impl IntoIterator<Item = Option<Bson>>) -> Vec<Document> {
    (1..)
        .zip(values)
        .map(|(id, value)| match value {
            Some(value) => doc! { "_id": id, "a": value },
            None => doc! { "_id": id },
        })
        .collect()
}
