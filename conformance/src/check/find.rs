//! Checks of what is read.

use bson::{Bson, Document, doc};
use odm_core::{Collection, CreateIndexes, Database, Find, Index, Projection, Sort};

use super::{
    COLLECTION, collection, expect_code, expect_docs, expect_eq, filled, note, show, trees,
};
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
        let indexes: Vec<Index> = paths
            .into_iter()
            .filter(|path| *path != "_id" && can_be_indexed(path))
            .map(Index::asc)
            .collect();
        if !indexes.is_empty() {
            collection.execute(CreateIndexes { indexes, ..CreateIndexes::default() }).await?;
        }
        for (filter, ids) in rows {
            note(&mut failures, check_indexed_filter(&collection, filter, ids).await);
        }
    }
    Failure::unless_empty(&failures)
}

/// Positions in arrays are left out: the server's own answers change when such a path is indexed.
fn can_be_indexed(path: &str) -> bool {
    let is_position = |name: &str| name.bytes().all(|byte| byte.is_ascii_digit());
    path.split('.').all(|name| !is_position(name) && !name.starts_with('$'))
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
        note(&mut failures, check_refused_filter(db, filter, *code).await);
    }
    Failure::unless_empty(&failures)
}

async fn check_refused_filter(db: &Database, filter: &Document, code: i32) -> Outcome {
    for (name, state) in [(COLLECTION, ""), ("missing", " in a collection that does not exist")] {
        let collection = db.collection(name);
        let find = Find { filter: filter.clone().into(), ..Find::default() };
        let result = ids_of_result(&collection, find).await;
        expect_code(&format!("find {}{state}", show(filter)), result, code)?;
        let result = collection.delete_many(filter.clone()).await;
        expect_code(&format!("delete {}{state}", show(filter)), result, code)?;
    }
    Ok(())
}

async fn ids_of_result(collection: &Collection, find: Find) -> odm_core::Result<Vec<Document>> {
    trees(&collection.execute(find).await?.collect().await?)
}

/// The order of the `_id`s of `docs` under each sort, which must leave no ties.
///
/// Also with limits (a bounded sort must agree with the full one), and with an index on the keys, which may give the
/// order.
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
    for (sort, ids) in rows.iter().filter(|(sort, _)| sort.keys().ne(["_id"])) {
        let index = Index::parse(&doc! { "key": sort.clone(), "name": "sorted" })?;
        match collection.create_index(index).await {
            Ok(_) => {
                note(&mut failures, check_sort(&collection, sort, ids).await);
                collection.drop_index("sorted").await?;
            }
            // Two arrays cannot be indexed together.
            Err(error) if error.code() == Some(171) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Failure::unless_empty(&failures)
}

async fn check_sort(collection: &Collection, sort: &Document, ids: &[i32]) -> Outcome {
    let expected = integers(ids);
    let order = Sort::parse(sort)?;
    for limit in 0..=expected.len() {
        let find = Find { sort: order.clone(), limit: limit as u64, ..Find::default() };
        let what = format!("sort {} limit {limit}", show(sort));
        let found = ids_of(collection, find).await.map_err(|error| failed(&what, &error))?;
        let first = if limit == 0 { &expected[..] } else { &expected[..limit] };
        expect_eq(&what, &found, &first.to_vec())?;
    }
    Ok(())
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
