//! What some stages are told.

use bson::{Bson, Document, doc};

use super::operator::DateUnit;
use crate::pipeline::Pipeline;

/// What [`Aggregation::unwind_with`](super::Aggregation::unwind_with) does beside unwinding.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UnwindOptions {
    /// The field that says which element it was.
    pub include_array_index: Option<String>,
    /// Whether documents without elements stay.
    pub preserve_null_and_empty_arrays: bool,
}

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

    pub(super) fn to_document(&self) -> Document {
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

/// `$densify`: where missing documents are added.
#[derive(Debug, Clone, PartialEq)]
pub enum DensifyBounds {
    /// Between the least and the greatest value of all documents.
    Full,
    /// Between the least and the greatest value of each part.
    Partition,
    /// From the first of these, up to, not with, the second.
    Range(Box<[Bson; 2]>),
}

/// `$densify`: how far apart documents are.
#[derive(Debug, Clone, PartialEq)]
pub struct DensifyStep {
    /// How far.
    pub step: Bson,
    /// Of dates: the unit.
    pub unit: Option<DateUnit>,
    /// Where.
    pub bounds: DensifyBounds,
}

impl DensifyBounds {
    /// From the first of these, up to, not with, the second.
    #[must_use]
    pub fn range(from: impl Into<Bson>, to: impl Into<Bson>) -> Self {
        DensifyBounds::Range(Box::new([from.into(), to.into()]))
    }
}

impl DensifyStep {
    pub(super) fn to_document(&self) -> Document {
        let bounds: Bson = match &self.bounds {
            DensifyBounds::Full => "full".into(),
            DensifyBounds::Partition => "partition".into(),
            DensifyBounds::Range(range) => range.to_vec().into(),
        };
        let mut range = doc! { "step": self.step.clone(), "bounds": bounds };
        if let Some(unit) = self.unit {
            range.insert("unit", unit.name());
        }
        range
    }
}

/// `$fill`: what a missing value becomes.
#[derive(Debug, Clone, PartialEq)]
pub enum FillBy {
    /// This value.
    Value(Bson),
    /// `"locf"`: the last value before.
    Locf,
    /// `"linear"`: on the line between the values around.
    Linear,
}

impl FillBy {
    pub(super) fn to_document(&self) -> Document {
        match self {
            FillBy::Value(value) => doc! { "value": { "$literal": value.clone() } },
            FillBy::Locf => doc! { "method": "locf" },
            FillBy::Linear => doc! { "method": "linear" },
        }
    }
}

/// `$graphLookup`: how the graph is walked.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct GraphLookupOptions {
    /// How far; 0 is one step.
    pub max_depth: Option<u32>,
    /// The field that says how far each document was.
    pub depth_field: Option<String>,
    /// What documents must match to be walked to.
    pub restrict: Option<Document>,
}
