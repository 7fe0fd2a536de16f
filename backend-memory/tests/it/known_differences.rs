//! What is answered otherwise than by MongoDB, and known to be (`KNOWN-DIFFERENCES.md`): here it stays as it
//! is, until somebody changes that page, too.

use backend_memory::MemoryBackend;
use odm_core::bson::{Bson, Document, bson, doc};
use odm_core::{Database, Error};

use crate::support::insert;

async fn backend(docs: impl IntoIterator<Item = Document>) -> Database {
    let backend = MemoryBackend::new();
    insert(&backend, "c", docs).await.unwrap();
    backend.database("test")
}

async fn aggregate(db: &Database, pipeline: Vec<Document>) -> Result<Vec<Document>, Error> {
    let command = doc! { "aggregate": "c", "pipeline": pipeline, "cursor": {} };
    let reply = db.run_command(command).await?;
    let batch = reply.get_document("cursor").unwrap().get_array("firstBatch").unwrap();
    Ok(batch.iter().map(|doc| doc.as_document().unwrap().clone()).collect())
}

fn code<T: std::fmt::Debug>(answer: Result<T, Error>) -> i32 {
    answer.unwrap_err().code().unwrap_or_default()
}

#[tokio::test]
async fn groups_come_as_they_were_met() {
    let docs = ["b", "c", "a", "b"].map(|k| doc! { "k": k });
    let db = backend(docs).await;
    let groups = aggregate(&db, vec![doc! { "$group": { "_id": "$k" } }]).await.unwrap();
    assert_eq!(groups, ["b", "c", "a"].map(|k| doc! { "_id": k }));
    let set = doc! { "$group": { "_id": null, "all": { "$addToSet": "$k" } } };
    let set = aggregate(&db, vec![set]).await.unwrap();
    assert_eq!(set, [doc! { "_id": null, "all": ["b", "c", "a"] }]);
}

#[tokio::test]
async fn patterns_with_too_many_steps_are_refused() {
    let db = backend([doc! { "s": "x".repeat(60) }]).await;
    let find = doc! { "$regexMatch": { "input": "$s", "regex": "(x+x+)+[yz]" } };
    assert_eq!(code(aggregate(&db, vec![doc! { "$project": { "r": find } }]).await), 51_156);
}

#[tokio::test]
async fn a_leading_group_is_as_a_later_one() {
    let db =
        backend([doc! { "_id": 1, "n": 1, "x": 5 }, doc! { "_id": 2, "n": 1.0, "x": 6 }]).await;
    let group = doc! { "$group": { "_id": null, "n": { "$min": "$n" } } };
    let later = vec![doc! { "$set": { "y": 1 } }, group.clone()];
    assert_eq!(aggregate(&db, vec![group]).await.unwrap(), aggregate(&db, later).await.unwrap());
    let merge = doc! { "$group": { "_id": null, "r": { "$mergeObjects": "$x" } } };
    assert_eq!(code(aggregate(&db, vec![merge]).await), 40_400);
    let bucket = doc! { "$bucket": { "groupBy": "$x", "boundaries": [0, 1] } };
    assert_eq!(code(aggregate(&db, vec![bucket]).await), 40_066);
}

#[tokio::test]
async fn nested_arrays_are_found_by_an_index() {
    let db = backend([doc! { "_id": 1, "a": [[0]] }]).await;
    let index = doc! { "createIndexes": "c", "indexes": [{ "key": { "a": 1 }, "name": "a" }] };
    db.run_command(index).await.unwrap();
    let found = aggregate(&db, vec![doc! { "$match": { "a": { "$gte": [[0]] } } }]).await.unwrap();
    assert_eq!(found.len(), 1);
}

#[tokio::test]
async fn a_local_field_with_a_position_keeps_its_values() {
    let db = backend([doc! { "_id": 1, "a": [5, 6] }, doc! { "_id": 2, "k": 5 }]).await;
    let lookup = doc! { "from": "c", "localField": "a.0", "foreignField": "k", "as": "r" };
    let stages = vec![
        doc! { "$match": { "_id": 1 } },
        doc! { "$lookup": lookup },
        doc! { "$project": { "r._id": 1 } },
    ];
    let found = aggregate(&db, stages).await.unwrap();
    // Documents have no path "a.0", but their arrays have a position.
    assert_eq!(found, [doc! { "_id": 1, "r": [{ "_id": 2 }] }]);
}

#[tokio::test]
async fn a_match_behind_a_group_is_asked_of_the_group() {
    let db = backend([doc! { "_id": 3 }]).await;
    let stages = vec![doc! { "$group": { "_id": "$b" } }, doc! { "$match": { "$expr": "$_id" } }];
    assert_eq!(aggregate(&db, stages).await.unwrap(), [] as [Document; 0]);
}

#[tokio::test]
async fn lists_of_sliding_windows_leave_out_what_is_missing() {
    let db = backend([doc! { "_id": 1 }, doc! { "_id": 2, "s": "x" }, doc! { "_id": 3 }]).await;
    for function in ["$push", "$addToSet"] {
        let output = doc! { "a": { function: "$s", "window": { "documents": [-1, 1] } } };
        let stages = vec![
            doc! { "$setWindowFields": { "sortBy": { "_id": 1 }, "output": output } },
            doc! { "$project": { "_id": 0, "n": { "$size": "$a" } } },
        ];
        let sizes = aggregate(&db, stages).await.unwrap();
        assert_eq!(sizes, [1, 1, 1].map(|n| doc! { "n": n }), "{function}");
    }
}

#[tokio::test]
async fn set_equals_ends_at_the_first_difference() {
    let db = backend([doc! { "_id": 1, "v": [] }]).await;
    let refusing = doc! { "$regexFindAll": { "input": [], "regex": null } };
    let equals = doc! { "$setEquals": ["$v", refusing, [{}]] };
    let found = aggregate(&db, vec![doc! { "$match": { "$expr": equals } }]).await.unwrap();
    assert_eq!(found, [] as [Document; 0]);
}

#[tokio::test]
async fn a_field_that_was_taken_away_comes_back_at_the_end() {
    let db = backend([doc! { "_id": 1, "a": 1, "b": 2 }]).await;
    let stages = vec![doc! { "$unset": "a" }, doc! { "$set": { "a": 3 } }];
    let found = aggregate(&db, stages).await.unwrap();
    assert_eq!(found[0].keys().collect::<Vec<_>>(), ["_id", "b", "a"]);
}

#[tokio::test]
async fn window_fields_come_as_they_are_written() {
    let db = backend([doc! { "_id": 1 }]).await;
    let rank = doc! { "$rank": {} };
    let output = doc! { "z": rank.clone(), "a": rank.clone(), "m": rank };
    let stage = doc! { "$setWindowFields": { "sortBy": { "_id": 1 }, "output": output } };
    let found = aggregate(&db, vec![stage]).await.unwrap();
    assert_eq!(found[0].keys().collect::<Vec<_>>(), ["_id", "z", "a", "m"]);
}

#[tokio::test]
async fn what_is_undefined_is_looked_up_as_null() {
    let db = backend([doc! { "_id": 1, "u": Bson::Undefined }, doc! { "_id": 2, "k": null }]).await;
    let stages = vec![
        doc! { "$match": { "_id": 1 } },
        doc! { "$set": { "x": 1 } },
        doc! { "$lookup": { "from": "c", "localField": "u", "foreignField": "k", "as": "r" } },
        doc! { "$project": { "n": { "$size": "$r" } } },
    ];
    assert_eq!(aggregate(&db, stages).await.unwrap(), [doc! { "_id": 1, "n": 2 }]);
}

#[tokio::test]
async fn a_constant_that_is_no_set_is_told_by_its_own_code() {
    let db = backend([doc! { "_id": 1 }]).await;
    let subset = bson!({ "$setIsSubset": ["$_id", [1]] });
    let stages = vec![doc! { "$match": { "$expr": subset } }];
    assert_eq!(code(aggregate(&db, stages).await), 17_310);
}

#[tokio::test]
async fn a_graph_is_searched_for_each_document_alike() {
    let docs = [
        doc! { "_id": 1, "f": [1], "k": 7 },
        doc! { "_id": 2, "f": 1, "k": 8 },
        doc! { "_id": 3, "k": 1 },
    ];
    let db = backend(docs).await;
    let lookup = doc! {
        "from": "c", "startWith": "$f", "connectFromField": "none", "connectToField": "k", "as": "r",
    };
    let stages =
        vec![doc! { "$graphLookup": lookup }, doc! { "$project": { "n": { "$size": "$r" } } }];
    let found = aggregate(&db, stages).await.unwrap();
    let sizes: Vec<_> = found.iter().map(|doc| doc.get_i32("n").unwrap()).collect();
    assert_eq!(sizes, [1, 1, 0]);
}

#[tokio::test]
async fn a_sort_before_one_that_sorts_is_run() {
    let db = backend([doc! { "_id": 1, "a": [], "b": [] }]).await;
    let output = doc! { "r": { "$rank": {} } };
    let stages = vec![
        doc! { "$sort": { "a": 1, "b": 1 } },
        doc! { "$setWindowFields": { "sortBy": { "_id": 1 }, "output": output } },
    ];
    assert_eq!(code(aggregate(&db, stages).await), 2);
}

#[tokio::test]
async fn the_pipeline_of_a_lookup_does_not_know_its_variables_beforehand() {
    let db = backend([doc! { "_id": 1 }]).await;
    let refusing = bson!({ "$switch": { "branches": [{ "case": "$none", "then": 1 }] } });
    let filter = doc! { "$match": { "$expr": { "$and": [refusing, "$$v"] } } };
    let lookup = doc! { "from": "c", "let": { "v": "$missing" }, "pipeline": [filter], "as": "r" };
    assert_eq!(code(aggregate(&db, vec![doc! { "$lookup": lookup }]).await), 40_066);
}
