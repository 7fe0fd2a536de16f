//! What an index must not change: the answers.

use bson::{Bson, Document, doc};
use odm_core::{Collection, Database, Find, Index, IndexKind, Sort};

use crate::case::{Failure, Outcome, cases};
use crate::check::{check_filters, expect_docs, expect_eq, filled, show, trees};
use crate::value::{dec, one_of_each_type, re};

cases! { "index::plan":
    ranges_are_the_same_with_an_index,
    every_type_is_found_by_an_index,
    a_stored_regular_expression_is_found_in_either_direction,
    compound_indexes_serve_prefixes_and_sorts,
    multikey_indexes_give_each_document_once,
    bounds_on_arrays_are_not_intersected,
    sorts_by_an_index_are_complete,
    a_covered_sort_goes_both_ways,
}

async fn ranges_are_the_same_with_an_index(db: Database) -> Outcome {
    let docs: Vec<_> = (1..=40).map(|id| doc! { "_id": id, "a": (id * 7) % 40 }).collect();
    let of =
        |keep: fn(i32) -> bool| -> Vec<i32> { (1..=40).filter(|id| keep((id * 7) % 40)).collect() };
    let (low, high, some) = (of(|a| a < 5), of(|a| a >= 35), of(|a| a > 10 && a <= 13));
    check_filters(
        &db,
        &docs,
        &[
            (doc! { "a": { "$lt": 5 } }, &low),
            (doc! { "a": { "$gte": 35.0 } }, &high),
            (doc! { "a": { "$gt": 10_i64, "$lte": dec("13") } }, &some),
            (doc! { "a": { "$gt": 13, "$lt": 11 } }, &[]),
            (doc! { "a": { "$gt": 39.5 } }, &[]),
        ],
    )
    .await
}

async fn every_type_is_found_by_an_index(db: Database) -> Outcome {
    let values = one_of_each_type();
    let docs: Vec<_> =
        (1..).zip(&values).map(|(id, value)| doc! { "_id": id, "a": value }).collect();
    let collection = filled(&db, &docs).await?;
    collection.create_index(Index::asc("a")).await?;
    for (value, doc) in values.iter().zip(&docs) {
        let filter = doc! { "a": { "$eq": value } };
        let found = trees(&collection.find(filter.clone()).await?.collect().await?)?;
        expect_docs(&show(&filter), &found, std::slice::from_ref(doc))?;
    }
    let filter = doc! { "a": { "$in": values } };
    expect_eq("all by $in", &collection.count(filter).await?, &(docs.len() as u64))
}

async fn a_stored_regular_expression_is_found_in_either_direction(db: Database) -> Outcome {
    let doc = doc! { "_id": 1, "a": re("^x", ""), "b": re("y", "i") };
    let collection = filled(&db, std::slice::from_ref(&doc)).await?;
    for (field, index) in [
        ("a", Index::asc("a")),
        ("b", Index::asc("b")),
        ("a", Index::desc("a")),
        ("b", Index::desc("b")),
        ("a", Index::desc("a").then("b", IndexKind::Descending)),
        ("a", Index::desc("a").then("b", IndexKind::Ascending)),
    ] {
        let name = collection.create_index(index).await?;
        for filter in [
            doc! { field: &doc[field] },
            doc! { field: { "$in": [&doc[field]] } },
            doc! { field: { "$in": [1, &doc[field]] } },
            doc! { field: { "$all": [&doc[field]] } },
        ] {
            let found = trees(&collection.find(filter.clone()).await?.collect().await?)?;
            expect_docs(&show(&filter), &found, std::slice::from_ref(&doc))?;
        }
        collection.drop_index(&name).await?;
    }
    Ok(())
}

async fn sorted(
    collection: &Collection,
    filter: &Document,
    sort: &Sort,
) -> Result<Vec<Document>, Failure> {
    let find = Find { filter: filter.clone().into(), sort: sort.clone(), ..Find::default() };
    Ok(trees(&collection.execute(find).await?.collect().await?)?)
}

async fn compound_indexes_serve_prefixes_and_sorts(db: Database) -> Outcome {
    let docs: Vec<_> = (0..60)
        .map(|id| doc! { "_id": id, "a": id % 3, "b": (id * 13) % 20, "c": if id % 2 == 0 { "x" } else { "y" } })
        .collect();
    let collection = filled(&db, &docs).await?;
    let filters = [
        doc! { "a": 1 },
        doc! { "a": 1, "b": { "$gte": 5, "$lt": 15 } },
        doc! { "a": { "$in": [0, 2] }, "b": 13 },
        doc! { "b": 13 },
        doc! { "a": { "$gt": 0 }, "b": { "$gt": 10 }, "c": "x" },
        doc! { "a": 1, "$or": [{ "b": 0 }, { "c": "y" }] },
        doc! { "$or": [{ "a": 1, "b": 3 }, { "a": 2, "b": 6 }] },
    ];
    let sorts = [
        Sort::asc("a").then(Sort::asc("b")).then(Sort::asc("_id")),
        Sort::asc("b").then(Sort::desc("_id")),
        Sort::desc("a").then(Sort::desc("b")).then(Sort::asc("_id")),
    ];
    let mut queries = Vec::new();
    for filter in &filters {
        queries.extend(sorts.iter().map(|sort| (filter.clone(), sort.clone())));
    }
    let mut before = Vec::new();
    for (filter, sort) in &queries {
        before.push(sorted(&collection, filter, sort).await?);
    }
    collection.create_index(Index::asc("a").then("b", IndexKind::Ascending)).await?;
    collection.create_index(Index::desc("b").then("c", IndexKind::Ascending)).await?;
    for ((filter, sort), expected) in queries.iter().zip(before) {
        let what = format!("{} sorted by {}", show(filter), show(&sort.to_document()));
        expect_docs(&what, &sorted(&collection, filter, sort).await?, &expected)?;
    }
    // The expected answers came from the same backend: here is what some of them must be.
    let found = sorted(&collection, &filters[2], &sorts[0]).await?;
    let ids: Vec<_> = found.iter().filter_map(|doc| doc.get_i32("_id").ok()).collect();
    expect_eq("a in 0, 2 and b 13", &ids, &vec![21, 41])
}

async fn multikey_indexes_give_each_document_once(db: Database) -> Outcome {
    let docs = [
        doc! { "_id": 1, "a": [1, 2, 3] },
        doc! { "_id": 2, "a": [{ "b": 1 }, { "b": 2 }] },
        doc! { "_id": 3, "a": [1, 1] },
        doc! { "_id": 4, "a": [[1, 2], 5] },
    ];
    check_filters(
        &db,
        &docs,
        &[
            (doc! { "a": { "$gte": 1 } }, &[1, 3, 4]),
            (doc! { "a": { "$in": [1, 2, 3] } }, &[1, 3]),
            (doc! { "a.b": { "$gt": 0 } }, &[2]),
            (doc! { "a": { "$gt": Bson::MinKey } }, &[1, 2, 3, 4]),
            (doc! { "a": [1, 2] }, &[4]),
            (doc! { "a": [1, 1] }, &[3]),
        ],
    )
    .await
}

async fn bounds_on_arrays_are_not_intersected(db: Database) -> Outcome {
    let docs = [
        doc! { "_id": 1, "a": [1, 10] },
        doc! { "_id": 2, "a": 5 },
        doc! { "_id": 3, "a": [{ "b": 1, "c": 10 }, { "b": 10, "c": 1 }] },
        doc! { "_id": 4, "a": [{ "b": 5, "c": 5 }] },
    ];
    check_filters(
        &db,
        &docs,
        &[
            (doc! { "a": { "$gt": 4, "$lt": 6 } }, &[1, 2]),
            (doc! { "a": { "$elemMatch": { "$gt": 4, "$lt": 6 } } }, &[]),
            (doc! { "a.b": { "$gt": 4, "$lt": 6 } }, &[3, 4]),
            (doc! { "a.b": { "$gt": 4 }, "a.c": { "$lt": 6 } }, &[3, 4]),
            (doc! { "a": { "$elemMatch": { "b": { "$gt": 4 }, "c": { "$gt": 4 } } } }, &[4]),
            (doc! { "a": { "$all": [1, 10] } }, &[1]),
        ],
    )
    .await
}

/// An index that leaves nothing out may serve a sort: documents without the field included.
async fn sorts_by_an_index_are_complete(db: Database) -> Outcome {
    let docs = [
        doc! { "_id": 1, "a": 2 },
        doc! { "_id": 2 },
        doc! { "_id": 3, "a": [] },
        doc! { "_id": 4, "a": [3, 0] },
        doc! { "_id": 5, "a": "x" },
    ];
    crate::check::check_order(
        &db,
        &docs,
        &[(doc! { "a": 1 }, &[3, 2, 4, 1, 5]), (doc! { "a": -1 }, &[5, 4, 1, 2, 3])],
    )
    .await
}

async fn a_covered_sort_goes_both_ways(db: Database) -> Outcome {
    let docs = [(1, 1, 2), (2, 1, 1), (3, 2, 2), (4, 2, 1)]
        .map(|(id, a, b)| doc! { "_id": id, "a": a, "b": b });
    let collection = filled(&db, &docs).await?;
    collection.create_index(Index::asc("a").then("b", IndexKind::Descending)).await?;
    for (sort, expected) in [
        (doc! { "a": 1, "b": -1 }, [1, 2, 3, 4]),
        (doc! { "a": -1, "b": 1 }, [4, 3, 2, 1]),
        (doc! { "a": 1, "b": 1 }, [2, 1, 4, 3]),
        (doc! { "a": -1, "b": -1 }, [3, 4, 1, 2]),
    ] {
        let find = Find { sort: Sort::parse(&sort)?, ..Find::default() };
        let found = trees(&collection.execute(find).await?.collect().await?)?;
        let ids: Vec<_> = found.iter().filter_map(|doc| doc.get_i32("_id").ok()).collect();
        expect_eq(&show(&sort), &ids, &expected.to_vec())?;
    }
    Ok(())
}
