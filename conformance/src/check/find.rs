//! Checks of what is read.

use bson::{Bson, Document, doc};
use odm_core::{Collection, Database, Find, Index, Projection, Sort};

use super::{collection, expect_code, expect_docs, expect_eq, filled, note, show, trees};
use crate::case::{Failure, Outcome};

/// Which of `docs` each filter finds, by their `_id`s, in natural order.
///
/// Also counts them, and finds them again when the filters' fields are indexed: an index may change the order, but not
/// the answer.
pub(crate) async fn check_filters(
    db: &Database,
    docs: &[Document],
    rows: &[(Document, &[i32])],
) -> Outcome {
    let collection = filled(db, docs).await?;
    let mut failures = Vec::new();
    for (filter, ids) in rows {
        note(&mut failures, check_filter(&collection, filter, ids).await);
    }
    if failures.is_empty() {
        let mut paths: Vec<&str> =
            rows.iter().flat_map(|(filter, _)| filter.keys()).map(String::as_str).collect();
        paths.sort_unstable();
        paths.dedup();
        for path in paths.into_iter().filter(|path| !path.is_empty() && !path.starts_with('$')) {
            if path != "_id" {
                collection.create_index(Index::asc(path)).await?;
            }
        }
        for (filter, ids) in rows {
            note(&mut failures, check_indexed_filter(&collection, filter, ids).await);
        }
    }
    Failure::unless_empty(&failures)
}

async fn check_filter(collection: &Collection, filter: &Document, ids: &[i32]) -> Outcome {
    let what = format!("find {}", show(filter));
    expect_eq(&what, &found(collection, filter, &what).await?, &integers(ids))?;
    let counted = collection.count(filter.clone()).await.map_err(|error| failed(&what, &error))?;
    expect_eq(&format!("count {}", show(filter)), &counted, &(ids.len() as u64))
}

async fn check_indexed_filter(collection: &Collection, filter: &Document, ids: &[i32]) -> Outcome {
    let what = format!("find {} with its fields indexed, in any order", show(filter));
    let mut found = found(collection, filter, &what).await?;
    let mut expected = integers(ids);
    let key = |id: &Bson| id.as_i32();
    found.sort_by_key(key);
    expected.sort_by_key(key);
    expect_eq(&what, &found, &expected)
}

async fn found(
    collection: &Collection,
    filter: &Document,
    what: &str,
) -> Result<Vec<Bson>, Failure> {
    let find = Find { filter: filter.clone().into(), ..Find::default() };
    ids_of(collection, find).await.map_err(|failure| failed(what, &failure))
}

async fn ids_of(collection: &Collection, find: Find) -> Result<Vec<Bson>, Failure> {
    let docs = trees(&collection.execute(find).await?.collect().await?)?;
    Ok(docs.into_iter().map(|mut doc| doc.remove("_id").unwrap_or(Bson::Undefined)).collect())
}

fn integers(ids: &[i32]) -> Vec<Bson> {
    ids.iter().copied().map(Bson::Int32).collect()
}

fn failed(what: &str, error: &dyn std::fmt::Display) -> Failure {
    Failure::new(format!("{what}\n  {error}"))
}

/// The code that refuses each filter, whether or not there is a document to look at.
pub(crate) async fn check_refused_filters(db: &Database, rows: &[(Document, i32)]) -> Outcome {
    filled(db, &[doc! { "_id": 1, "a": 1 }]).await?;
    let mut failures = Vec::new();
    for (filter, code) in rows {
        for (name, state) in [("c", ""), ("missing", " in a collection that does not exist")] {
            let what = format!("find {}{state}", show(filter));
            let collection = db.collection(name);
            let find = Find { filter: filter.clone().into(), ..Find::default() };
            let result = ids_of_result(&collection, find).await;
            note(&mut failures, expect_code(&what, result, *code).map(drop));
            let what = format!("delete {}{state}", show(filter));
            let result = collection.delete_many(filter.clone()).await;
            note(&mut failures, expect_code(&what, result, *code).map(drop));
        }
    }
    Failure::unless_empty(&failures)
}

async fn ids_of_result(collection: &Collection, find: Find) -> odm_core::Result<Vec<Document>> {
    trees(&collection.execute(find).await?.collect().await?)
}

/// The order of the `_id`s of `docs` under each sort; equal keys are told apart by a last key in the row.
///
/// Also with limits (a bounded sort must agree with the full one), and with an index on the keys.
pub(crate) async fn check_order(
    db: &Database,
    docs: &[Document],
    rows: &[(Document, &[i32])],
) -> Outcome {
    let collection = filled(db, docs).await?;
    let mut failures = Vec::new();
    for (sort, ids) in rows {
        note(&mut failures, check_sort(&collection, sort, ids).await);
    }
    Failure::unless_empty(&failures)
}

async fn check_sort(collection: &Collection, sort: &Document, ids: &[i32]) -> Outcome {
    let expected = integers(ids);
    let order = Sort::parse(sort)?;
    for index in [None, Some(Index::parse(&doc! { "key": sort.clone(), "name": "sorted" }))] {
        let mut indexed = "";
        if let Some(index) = index {
            // What cannot be indexed (two arrays) is checked without.
            match collection.create_index(index?).await {
                Ok(_) => indexed = " with an index",
                Err(error) if error.code() == Some(171) => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
        for limit in 0..=expected.len() {
            let find = Find { sort: order.clone(), limit: limit as u64, ..Find::default() };
            let what = format!("sort {} limit {limit}{indexed}", show(sort));
            let found = ids_of(collection, find).await.map_err(|error| failed(&what, &error))?;
            let first = if limit == 0 { &expected[..] } else { &expected[..limit] };
            expect_eq(&what, &found, &first.to_vec())?;
        }
    }
    Ok(collection.drop_index("sorted").await?)
}

/// What each projection makes of the one document.
pub(crate) async fn check_projections(
    db: &Database,
    doc: Document,
    rows: &[(Document, Document)],
) -> Outcome {
    let collection = filled(db, &[doc]).await?;
    let mut failures = Vec::new();
    for (projection, expected) in rows {
        let row = check_projection(&collection, projection, expected).await;
        note(&mut failures, row);
    }
    Failure::unless_empty(&failures)
}

async fn check_projection(
    collection: &Collection,
    projection: &Document,
    expected: &Document,
) -> Outcome {
    let what = format!("project {}", show(projection));
    let projection = Some(Projection::from(projection.clone()));
    let find = Find { projection, ..Find::default() };
    let docs = ids_of_result(collection, find).await.map_err(|error| failed(&what, &error))?;
    expect_docs(&what, &docs, std::slice::from_ref(expected))
}

/// The `_id`s of all documents, in natural order.
pub(crate) async fn all_ids(db: &Database) -> Result<Vec<Bson>, Failure> {
    ids_of(&collection(db), Find::default()).await
}
