//! Aggregation: pipelines, stages and expressions, as BSON-shaped nodes.
//!
//! An expression is parsed once, by the backend that evaluates it.

use bson::{Bson, Document, doc};

use crate::error::{Error, ErrorCode, Result};
use crate::filter::Filter;
use crate::projection::Projection;
use crate::sort::Sort;

/// An aggregation expression: `"$field"`, `{$op: […]}`, a literal, ….
#[derive(Debug, Clone, PartialEq)]
pub struct Expr(pub Bson);

impl Expr {
    /// The value of a field: `"$path"`.
    #[must_use]
    pub fn field(path: impl AsRef<str>) -> Self {
        Expr(Bson::String(format!("${}", path.as_ref())))
    }

    /// A value that is never read as an expression: `{$literal: value}`.
    #[must_use]
    pub fn literal(value: impl Into<Bson>) -> Self {
        Expr(Bson::Document(doc! { "$literal": value.into() }))
    }
}

impl<T: Into<Bson>> From<T> for Expr {
    fn from(value: T) -> Self {
        Expr(value.into())
    }
}

/// One stage of a pipeline: a document with one key, the stage's name.
#[derive(Debug, Clone, PartialEq)]
pub struct Stage {
    name: String,
    spec: Bson,
}

impl Stage {
    /// The stage `name` (with its `$`) with its specification.
    pub fn new(name: impl Into<String>, spec: impl Into<Bson>) -> Self {
        Stage { name: name.into(), spec: spec.into() }
    }

    /// `$match`.
    #[must_use]
    pub fn match_(filter: impl Into<Filter>) -> Self {
        Stage::new("$match", filter.into().to_document())
    }

    /// `$project`.
    #[must_use]
    pub fn project(projection: impl Into<Projection>) -> Self {
        Stage::new("$project", projection.into().to_document())
    }

    /// `$sort`.
    #[must_use]
    pub fn sort(sort: impl Into<Sort>) -> Self {
        Stage::new("$sort", sort.into().to_document())
    }

    /// `$skip`.
    #[must_use]
    pub fn skip(n: i64) -> Self {
        Stage::new("$skip", n)
    }

    /// `$limit`.
    #[must_use]
    pub fn limit(n: i64) -> Self {
        Stage::new("$limit", n)
    }

    /// Reads a stage document.
    ///
    /// # Errors
    ///
    /// 40323 if it has not exactly one field, 40324 if the field's name does not begin with `$`.
    pub fn parse(doc: &Document) -> Result<Self> {
        let mut fields = doc.iter();
        let (Some((name, spec)), None) = (fields.next(), fields.next()) else {
            return Err(Error::command(
                ErrorCode(40323),
                "a pipeline stage specification must contain exactly one field",
            ));
        };
        if !name.starts_with('$') {
            return Err(Error::command(
                ErrorCode(40324),
                format!("unrecognized pipeline stage name: '{name}'"),
            ));
        }
        Ok(Stage { name: name.clone(), spec: spec.clone() })
    }

    /// The stage's name, with its `$`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the stage is to do.
    #[must_use]
    pub fn spec(&self) -> &Bson {
        &self.spec
    }

    /// The stage as a document.
    #[must_use]
    pub fn to_document(&self) -> Document {
        doc! { &self.name: self.spec.clone() }
    }
}

/// A sequence of stages.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Pipeline(pub Vec<Stage>);

impl Pipeline {
    /// A pipeline without stages: every document, as it is.
    #[must_use]
    pub const fn new() -> Self {
        Pipeline(Vec::new())
    }

    /// Adds a stage.
    #[must_use]
    pub fn stage(mut self, stage: Stage) -> Self {
        self.0.push(stage);
        self
    }

    /// Reads a pipeline from its array.
    ///
    /// # Errors
    ///
    /// `TypeMismatch` (14) if an element is not a document; otherwise as [`Stage::parse`].
    pub fn parse(stages: &[Bson]) -> Result<Self> {
        let stage = |value: &Bson| match value {
            Bson::Document(doc) => Stage::parse(doc),
            other => Err(Error::command(
                ErrorCode::TYPE_MISMATCH,
                format!("each element of the pipeline must be an object, found {other}"),
            )),
        };
        stages.iter().map(stage).collect::<Result<_>>().map(Pipeline)
    }

    /// The pipeline as an array.
    #[must_use]
    pub fn to_array(&self) -> Vec<Bson> {
        self.0.iter().map(|stage| Bson::Document(stage.to_document())).collect()
    }
}

impl From<Vec<Stage>> for Pipeline {
    fn from(stages: Vec<Stage>) -> Self {
        Pipeline(stages)
    }
}
