//! Last stages: `$merge` and `$out`.

use bson::{Bson, Document, doc};

use crate::aggregation::Aggregation;
use crate::pipeline::{Pipeline, Stage};

/// `$merge`: how results are put into a collection.
#[derive(Debug, Clone, PartialEq)]
pub struct Merge {
    into: Bson,
    on: Vec<String>,
    let_vars: Option<Document>,
    when_matched: WhenMatched,
    when_not_matched: WhenNotMatched,
}

/// What becomes of a document that is there already.
#[derive(Debug, Clone, PartialEq)]
pub enum WhenMatched {
    /// `"merge"`: it gets the result's fields.
    Merge,
    /// `"replace"`: the result takes its place.
    Replace,
    /// `"keepExisting"`: it stays.
    KeepExisting,
    /// `"fail"`: the pipeline fails.
    Fail,
    /// It is updated by this pipeline, which sees the result as `$$new`.
    Pipeline(Pipeline),
}

/// What becomes of a result that is not there yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhenNotMatched {
    /// `"insert"`.
    Insert,
    /// `"discard"`.
    Discard,
    /// `"fail"`: the pipeline fails.
    Fail,
}

impl Merge {
    /// Into a collection of the same database, by `_id`.
    #[must_use]
    pub fn into(collection: impl Into<String>) -> Self {
        Merge {
            into: Bson::String(collection.into()),
            on: Vec::new(),
            let_vars: None,
            when_matched: WhenMatched::Merge,
            when_not_matched: WhenNotMatched::Insert,
        }
    }

    /// Into a collection of that database.
    #[must_use]
    pub fn into_database(database: impl Into<String>, collection: impl Into<String>) -> Self {
        let into = doc! { "db": database.into(), "coll": collection.into() };
        Merge { into: into.into(), ..Merge::into("") }
    }

    /// By these fields, which need a unique index.
    #[must_use]
    pub fn on(mut self, fields: impl IntoIterator<Item: Into<String>>) -> Self {
        self.on = fields.into_iter().map(Into::into).collect();
        self
    }

    /// Defines variables for a pipeline of [`WhenMatched::Pipeline`].
    #[must_use]
    pub fn let_vars(mut self, vars: Document) -> Self {
        self.let_vars = Some(vars);
        self
    }

    /// What becomes of a document that is there already; it gets the result's fields unless told.
    #[must_use]
    pub fn when_matched(mut self, action: WhenMatched) -> Self {
        self.when_matched = action;
        self
    }

    /// What becomes of a result that is not there yet; it is inserted unless told.
    #[must_use]
    pub fn when_not_matched(mut self, action: WhenNotMatched) -> Self {
        self.when_not_matched = action;
        self
    }

    fn to_document(&self) -> Document {
        let mut spec = doc! { "into": self.into.clone() };
        if !self.on.is_empty() {
            spec.insert("on", self.on.clone());
        }
        if let Some(vars) = &self.let_vars {
            spec.insert("let", vars.clone());
        }
        let matched: Bson = match &self.when_matched {
            WhenMatched::Merge => "merge".into(),
            WhenMatched::Replace => "replace".into(),
            WhenMatched::KeepExisting => "keepExisting".into(),
            WhenMatched::Fail => "fail".into(),
            WhenMatched::Pipeline(pipeline) => pipeline.to_array().into(),
        };
        spec.insert("whenMatched", matched);
        let not_matched = match self.when_not_matched {
            WhenNotMatched::Insert => "insert",
            WhenNotMatched::Discard => "discard",
            WhenNotMatched::Fail => "fail",
        };
        spec.insert("whenNotMatched", not_matched);
        spec
    }
}

impl<S, F, T> Aggregation<S, F, T> {
    /// `$merge`: puts the results into a collection. The last stage: see [`run`](Aggregation::run).
    pub fn merge(self, merge: &Merge) -> Self {
        self.stage(Stage::new("$merge", merge.to_document()))
    }

    /// `$out`: the results become a collection of the same database, in the place of what it held. The last stage: see
    /// [`run`](Aggregation::run).
    pub fn out(self, collection: impl Into<String>) -> Self {
        self.stage(Stage::new("$out", collection.into()))
    }

    /// `$out` to a collection of another database.
    pub fn out_to_database(
        self,
        database: impl Into<String>,
        collection: impl Into<String>,
    ) -> Self {
        self.stage(Stage::new("$out", doc! { "db": database.into(), "coll": collection.into() }))
    }
}
