//! The frozen set of awkward values.

use std::sync::LazyLock;

use bson::{Bson, Document, doc};
use odm_core::{Collection, Database};

use super::json;
use crate::case::Failure;
use crate::check::filled;

/// The field that holds a value.
pub(super) const FIELD: &str = "v";

/// A value by its name.
pub(super) struct Value {
    pub(super) name: &'static str,
    /// As extended JSON; `None` is no field at all.
    pub(super) json: Option<&'static str>,
}

/// The frozen set: names and values, in the order in which they are stored.
pub(super) struct Values {
    pub(super) all: Vec<Value>,
    /// One for each value; the `_id` is the name.
    pub(super) documents: Vec<Document>,
}

impl Values {
    /// The set, as `values.txt` has it: a line for each, the name, a tab, and the extended JSON.
    pub(super) fn get() -> &'static Values {
        static VALUES: LazyLock<Values> = LazyLock::new(|| {
            let lines = include_str!("../../data/matrix/values.txt").lines();
            let value = |line: &'static str| {
                let (name, json) = line.split_once('\t').expect("a name, a tab and a value");
                Value { name, json: (!json.is_empty()).then_some(json) }
            };
            let all: Vec<Value> = lines.filter(|line| !line.starts_with('#')).map(value).collect();
            let documents = all.iter().map(|value| value.document().expect("values are JSON"));
            Values { documents: documents.collect(), all }
        });
        &VALUES
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.all.iter().map(|value| value.name)
    }

    /// A collection that holds the documents.
    pub(super) async fn insert(&self, db: &Database) -> Result<Collection, Failure> {
        filled(db, &self.documents).await
    }
}

impl Value {
    fn document(&self) -> Result<Document, Failure> {
        let mut doc = doc! { "_id": self.name };
        if let Some(value) = self.value()? {
            doc.insert(FIELD, value);
        }
        Ok(doc)
    }

    pub(super) fn value(&self) -> Result<Option<Bson>, Failure> {
        let Some(text) = self.json else { return Ok(None) };
        Ok(json::parse(&format!("{{\"{FIELD}\":{text}}}"))?.remove(FIELD))
    }
}
