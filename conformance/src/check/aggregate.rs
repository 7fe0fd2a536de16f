//! Checks of what pipelines give.

use bson::{Bson, Document};
use odm_core::{Collection, Database, Pipeline};

use super::{encode, expect_code, expect_docs, filled, note, trees};
use crate::case::{Failure, Outcome};

/// What a pipeline comes to.
#[derive(Debug, Clone)]
pub(crate) enum Yield {
    /// These documents, in this order.
    Gives(Vec<Document>),
    /// These documents, in any order.
    Holds(Vec<Document>),
    /// A refusal with this code.
    RefusedWith(i32),
}

pub(crate) use Yield::{Gives, Holds, RefusedWith};

/// What each pipeline makes of `docs`.
pub(crate) async fn check_pipelines(
    db: &Database,
    docs: &[Document],
    rows: &[(Bson, Yield)],
) -> Outcome {
    let collection = filled(db, docs).await?;
    let mut failures = Vec::new();
    for (pipeline, expected) in rows {
        note(&mut failures, check_pipeline(&collection, pipeline, expected).await);
    }
    Failure::unless_empty(&failures)
}

async fn check_pipeline(collection: &Collection, pipeline: &Bson, expected: &Yield) -> Outcome {
    let what = format!("aggregate {pipeline}");
    let result = run(collection, pipeline).await;
    if let RefusedWith(code) = expected {
        return expect_code(&what, result, *code).map(drop);
    }
    let given = result.map_err(|error| Failure::new(format!("{what}\n  {error}")))?;
    match expected {
        Gives(docs) => expect_docs(&what, &given, docs),
        Holds(docs) => expect_docs(&what, &in_order(&given), &in_order(docs)),
        RefusedWith(_) => Ok(()),
    }
}

async fn run(collection: &Collection, pipeline: &Bson) -> odm_core::Result<Vec<Document>> {
    let stages = pipeline.as_array().map(Vec::as_slice).unwrap_or_default();
    trees(&collection.aggregate(Pipeline::parse(stages)?).await?.collect().await?)
}

fn in_order(docs: &[Document]) -> Vec<Document> {
    let mut docs = docs.to_vec();
    docs.sort_by_cached_key(|doc| encode(doc).into_bytes());
    docs
}
