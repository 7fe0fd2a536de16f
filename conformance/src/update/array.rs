//! `$push`, `$addToSet`, `$pop`, `$pull`, `$pullAll`.

use bson::{Document, doc};
use odm_core::Database;

use crate::case::{Outcome, cases};
use crate::check::{Becomes, Has, Refuses, Stays, check_commands, check_updates};
use crate::value::{dec, re};

cases! { "update::array":
    push_appends,
    push_each_appends_all,
    push_slice needs(push_modifiers),
    push_sort needs(push_modifiers),
    push_position needs(push_modifiers),
    push_modifiers_together needs(push_modifiers),
    sorting_nothing_counts_where_it_is_indexed needs(push_modifiers, partial_indexes),
    add_to_set_adds_what_is_not_there,
    add_to_set_compares_as_filters_do,
    pop_takes_from_an_end,
    pull_removes_equal_elements,
    pull_takes_conditions,
    pull_of_documents_is_a_filter_on_elements,
    pull_all_removes_exact_values,
    array_operators_refuse_what_is_no_array,
}

async fn push_appends(db: Database) -> Outcome {
    check_updates(
        &db,
        &[
            (doc! { "a": [1] }, doc! { "$push": { "a": 2 } }, Becomes(doc! { "a": [1, 2] })),
            (doc! {}, doc! { "$push": { "a": 1 } }, Becomes(doc! { "a": [1] })),
            (doc! { "a": [] }, doc! { "$push": { "a": [1, 2] } }, Becomes(doc! { "a": [[1, 2]] })),
            (doc! { "a": [1] }, doc! { "$push": { "a": 1 } }, Becomes(doc! { "a": [1, 1] })),
            (doc! {}, doc! { "$push": { "a.b": 1 } }, Becomes(doc! { "a": { "b": [1] } })),
            (doc! { "a": [[1]] }, doc! { "$push": { "a.0": 2 } }, Becomes(doc! { "a": [[1, 2]] })),
            (
                doc! { "a": [1] },
                doc! { "$push": { "a": { "b": 1 } } },
                Becomes(doc! { "a": [1, { "b": 1 }] }),
            ),
            (
                doc! { "a": [] },
                doc! { "$push": { "a": { "$slice": 1 } } },
                Becomes(doc! { "a": [{ "$slice": 1 }] }),
            ),
            (
                doc! { "a": [1] },
                doc! { "$push": { "a.2": 1 } },
                Becomes(doc! { "a": [1, null, [1]] }),
            ),
        ],
    )
    .await
}

async fn push_each_appends_all(db: Database) -> Outcome {
    check_updates(
        &db,
        &[
            (
                doc! { "a": [1] },
                doc! { "$push": { "a": { "$each": [2, 3] } } },
                Becomes(doc! { "a": [1, 2, 3] }),
            ),
            (doc! {}, doc! { "$push": { "a": { "$each": [] } } }, Becomes(doc! { "a": [] })),
            (doc! { "a": [1] }, doc! { "$push": { "a": { "$each": [] } } }, Stays),
            (
                doc! { "a": [1] },
                doc! { "$push": { "a": { "$each": [[2]] } } },
                Becomes(doc! { "a": [1, [2]] }),
            ),
            (doc! { "a": [1] }, doc! { "$push": { "a": { "$each": 2 } } }, Refuses(2)),
            (
                doc! { "a": [1] },
                doc! { "$push": { "a": { "$each": [2], "$other": 1 } } },
                Refuses(2),
            ),
            (doc! { "a": [1] }, doc! { "$push": { "a": { "$each": [2], "b": 1 } } }, Refuses(2)),
        ],
    )
    .await
}

async fn push_slice(db: Database) -> Outcome {
    let slice = |n: i32| doc! { "$push": { "a": { "$each": [3, 4], "$slice": n } } };
    check_updates(
        &db,
        &[
            (doc! { "a": [1, 2] }, slice(3), Becomes(doc! { "a": [1, 2, 3] })),
            (doc! { "a": [1, 2] }, slice(-3), Becomes(doc! { "a": [2, 3, 4] })),
            (doc! { "a": [1, 2] }, slice(0), Becomes(doc! { "a": [] })),
            (doc! { "a": [1, 2] }, slice(9), Becomes(doc! { "a": [1, 2, 3, 4] })),
            (doc! { "a": [1, 2] }, slice(2), Becomes(doc! { "a": [1, 2] })),
            (doc! {}, slice(1), Becomes(doc! { "a": [3] })),
            (
                doc! { "a": [1] },
                doc! { "$push": { "a": { "$each": [2], "$slice": 1.5 } } },
                Refuses(2),
            ),
            (
                doc! { "a": [1] },
                doc! { "$push": { "a": { "$each": [2], "$slice": "1" } } },
                Refuses(2),
            ),
        ],
    )
    .await
}

async fn push_sort(db: Database) -> Outcome {
    check_updates(
        &db,
        &[
            (
                doc! { "a": [3, 1] },
                doc! { "$push": { "a": { "$each": [2], "$sort": 1 } } },
                Becomes(doc! { "a": [1, 2, 3] }),
            ),
            (
                doc! { "a": [3, "x", null] },
                doc! { "$push": { "a": { "$each": [], "$sort": -1 } } },
                Becomes(doc! { "a": ["x", 3, null] }),
            ),
            (
                doc! { "a": [{ "x": 2 }, { "x": 1, "y": 2 }, { "x": 1, "y": 1 }] },
                doc! { "$push": { "a": { "$each": [{ "z": 1 }], "$sort": { "x": 1, "y": 1 } } } },
                Becomes(
                    doc! { "a": [{ "z": 1 }, { "x": 1, "y": 1 }, { "x": 1, "y": 2 }, { "x": 2 }] },
                ),
            ),
            (doc! { "a": [1] }, doc! { "$push": { "a": { "$each": [], "$sort": 2 } } }, Refuses(2)),
            (
                doc! { "a": [1] },
                doc! { "$push": { "a": { "$each": [], "$sort": "x" } } },
                Refuses(2),
            ),
        ],
    )
    .await
}

async fn push_position(db: Database) -> Outcome {
    let at = |n: i32| doc! { "$push": { "a": { "$each": [8, 9], "$position": n } } };
    check_updates(
        &db,
        &[
            (doc! { "a": [1, 2] }, at(0), Becomes(doc! { "a": [8, 9, 1, 2] })),
            (doc! { "a": [1, 2] }, at(1), Becomes(doc! { "a": [1, 8, 9, 2] })),
            (doc! { "a": [1, 2] }, at(5), Becomes(doc! { "a": [1, 2, 8, 9] })),
            (doc! { "a": [1, 2] }, at(-1), Becomes(doc! { "a": [1, 8, 9, 2] })),
            (doc! { "a": [1, 2] }, at(-9), Becomes(doc! { "a": [8, 9, 1, 2] })),
            (
                doc! { "a": [1] },
                doc! { "$push": { "a": { "$each": [2], "$position": "1" } } },
                Refuses(2),
            ),
        ],
    )
    .await
}

async fn push_modifiers_together(db: Database) -> Outcome {
    check_updates(
        &db,
        &[(
            doc! { "a": [5, 3] },
            doc! { "$push": { "a": { "$slice": 3, "$sort": 1, "$each": [4, 1], "$position": 0 } } },
            Becomes(doc! { "a": [1, 3, 4] }),
        )],
    )
    .await
}

/// The sort of an empty array leaves it as it is. It counts as modified only if an index might have to know.
async fn sorting_nothing_counts_where_it_is_indexed(db: Database) -> Outcome {
    let partial = |filter: Document| {
        doc! { "key": { "z": 1 }, "name": "i", "partialFilterExpression": filter }
    };
    let on = |path: &str| doc! { "key": { path: 1 }, "name": "i" };
    let rows = [
        (doc! { "a": [] }, "a", on("z"), 0),
        (doc! { "a": [] }, "a", on("ab"), 0),
        (doc! { "a": [] }, "a", on("a"), 1),
        (doc! { "a": [] }, "a", on("a.x"), 1),
        (doc! { "a": [] }, "a", on("a.0"), 1),
        (doc! { "a": [] }, "a", partial(doc! { "a": 1 }), 1),
        (doc! { "a": [] }, "a", partial(doc! { "c": 1 }), 0),
        (doc! { "a": { "b": [] } }, "a.b", on("a"), 1),
        (doc! { "a": { "b": [] } }, "a.b", on("a.b"), 1),
        (doc! { "a": { "b": [] } }, "a.b", on("a.c"), 0),
        (doc! { "a": [{ "b": [] }] }, "a.0.b", on("a.b"), 1),
        (doc! { "a": [{ "b": [] }] }, "a.0.b", on("a.1.b"), 1),
        (doc! { "a": [{ "b": [] }] }, "a.0.b", on("a.c"), 0),
        (doc! { "a": [{ "b": [] }] }, "a.$[].b", on("a.b"), 1),
        (doc! { "a": [[]] }, "a.0", on("a.x"), 1),
        (doc! { "a": [[]] }, "a.0", on("a.1"), 1),
        (doc! { "a": [1] }, "a", on("z"), 1),
    ];
    for (number, (doc, path, index, modified)) in rows.into_iter().enumerate() {
        let name = format!("c{number}");
        let sort = doc! { "$push": { path: { "$each": [], "$sort": 1 } } };
        let update = doc! { "update": &name, "updates": [{ "q": {}, "u": sort }] };
        let after = doc! { "find": &name, "projection": { "_id": 0 } };
        let ns = format!("{}.{name}", db.name());
        let cursor = doc! { "firstBatch": [doc.clone()], "id": 0_i64, "ns": ns };
        check_commands(
            &db,
            &[
                (doc! { "insert": &name, "documents": [doc] }, Has(doc! {})),
                (doc! { "createIndexes": &name, "indexes": [index] }, Has(doc! {})),
                (update, Has(doc! { "n": 1, "nModified": modified })),
                (after, Has(doc! { "cursor": cursor })),
            ],
        )
        .await?;
    }
    Ok(())
}

async fn add_to_set_adds_what_is_not_there(db: Database) -> Outcome {
    check_updates(
        &db,
        &[
            (doc! { "a": [1] }, doc! { "$addToSet": { "a": 2 } }, Becomes(doc! { "a": [1, 2] })),
            (doc! { "a": [1, 2] }, doc! { "$addToSet": { "a": 2 } }, Stays),
            (doc! {}, doc! { "$addToSet": { "a": 2 } }, Becomes(doc! { "a": [2] })),
            (
                doc! { "a": [1] },
                doc! { "$addToSet": { "a": { "$each": [1, 2, 2, 3] } } },
                Becomes(doc! { "a": [1, 2, 3] }),
            ),
            (doc! { "a": [1] }, doc! { "$addToSet": { "a": { "$each": [] } } }, Stays),
            (doc! {}, doc! { "$addToSet": { "a": { "$each": [] } } }, Becomes(doc! { "a": [] })),
            (
                doc! { "a": [1] },
                doc! { "$addToSet": { "a": [1] } },
                Becomes(doc! { "a": [1, [1]] }),
            ),
            (
                doc! { "a": [1, 1] },
                doc! { "$addToSet": { "a": 2 } },
                Becomes(doc! { "a": [1, 1, 2] }),
            ),
            (doc! { "a": [1] }, doc! { "$addToSet": { "a": { "$each": 1 } } }, Refuses(14)),
            (
                doc! { "a": [1] },
                doc! { "$addToSet": { "a": { "$each": [2], "$slice": 1 } } },
                Refuses(2),
            ),
        ],
    )
    .await
}

async fn add_to_set_compares_as_filters_do(db: Database) -> Outcome {
    check_updates(
        &db,
        &[
            (doc! { "a": [1] }, doc! { "$addToSet": { "a": 1.0 } }, Stays),
            (doc! { "a": [1] }, doc! { "$addToSet": { "a": dec("1.0") } }, Stays),
            (
                doc! { "a": [1] },
                doc! { "$addToSet": { "a": true } },
                Becomes(doc! { "a": [1, true] }),
            ),
            (
                doc! { "a": [{ "x": 1, "y": 2 }] },
                doc! { "$addToSet": { "a": { "x": 1.0, "y": 2 } } },
                Stays,
            ),
            (
                doc! { "a": [{ "x": 1, "y": 2 }] },
                doc! { "$addToSet": { "a": { "y": 2, "x": 1 } } },
                Becomes(doc! { "a": [{ "x": 1, "y": 2 }, { "y": 2, "x": 1 }] }),
            ),
            (doc! { "a": [null] }, doc! { "$addToSet": { "a": null } }, Stays),
            (doc! { "a": [f64::NAN] }, doc! { "$addToSet": { "a": f64::NAN } }, Stays),
        ],
    )
    .await
}

async fn pop_takes_from_an_end(db: Database) -> Outcome {
    check_updates(
        &db,
        &[
            (doc! { "a": [1, 2, 3] }, doc! { "$pop": { "a": 1 } }, Becomes(doc! { "a": [1, 2] })),
            (doc! { "a": [1, 2, 3] }, doc! { "$pop": { "a": -1 } }, Becomes(doc! { "a": [2, 3] })),
            (doc! { "a": [1] }, doc! { "$pop": { "a": 1.0 } }, Becomes(doc! { "a": [] })),
            (doc! { "a": [] }, doc! { "$pop": { "a": 1 } }, Stays),
            (doc! {}, doc! { "$pop": { "a": 1 } }, Stays),
            (doc! { "a": 1 }, doc! { "$pop": { "a": 1 } }, Refuses(14)),
            (doc! { "a": [1] }, doc! { "$pop": { "a": 2 } }, Refuses(9)),
            (doc! { "a": [1] }, doc! { "$pop": { "a": 0 } }, Refuses(9)),
            (doc! { "a": [1] }, doc! { "$pop": { "a": "1" } }, Refuses(9)),
            (doc! { "a": [[1, 2]] }, doc! { "$pop": { "a.0": 1 } }, Becomes(doc! { "a": [[1]] })),
        ],
    )
    .await
}

async fn pull_removes_equal_elements(db: Database) -> Outcome {
    check_updates(
        &db,
        &[
            (
                doc! { "a": [1, 2, 1, 1.0] },
                doc! { "$pull": { "a": 1 } },
                Becomes(doc! { "a": [2] }),
            ),
            (doc! { "a": [1, 2] }, doc! { "$pull": { "a": 9 } }, Stays),
            (doc! {}, doc! { "$pull": { "a": 9 } }, Stays),
            (
                doc! { "a": [1, [1], [[1]]] },
                doc! { "$pull": { "a": [1] } },
                Becomes(doc! { "a": [1, [[1]]] }),
            ),
            (doc! { "a": [null, 1] }, doc! { "$pull": { "a": null } }, Becomes(doc! { "a": [1] })),
            (
                doc! { "a": ["x", "y", 1] },
                doc! { "$pull": { "a": re("^x", "") } },
                Becomes(doc! { "a": ["y", 1] }),
            ),
            (
                doc! { "a": [[1, 2], [3]] },
                doc! { "$pull": { "a.0": 2 } },
                Becomes(doc! { "a": [[1], [3]] }),
            ),
        ],
    )
    .await
}

async fn pull_takes_conditions(db: Database) -> Outcome {
    check_updates(
        &db,
        &[
            (
                doc! { "a": [1, 5, 9] },
                doc! { "$pull": { "a": { "$gte": 5 } } },
                Becomes(doc! { "a": [1] }),
            ),
            (
                doc! { "a": [1, 5, 9] },
                doc! { "$pull": { "a": { "$gt": 1, "$lt": 9 } } },
                Becomes(doc! { "a": [1, 9] }),
            ),
            (
                doc! { "a": [1, "x", null] },
                doc! { "$pull": { "a": { "$in": ["x", null] } } },
                Becomes(doc! { "a": [1] }),
            ),
            (
                doc! { "a": [1, 2, 3] },
                doc! { "$pull": { "a": { "$ne": 2 } } },
                Becomes(doc! { "a": [2] }),
            ),
            (doc! { "a": [1] }, doc! { "$pull": { "a": { "$not": { "$gt": 4 } } } }, Refuses(2)),
            (
                doc! { "a": [1, 2.5] },
                doc! { "$pull": { "a": { "$type": "double" } } },
                Becomes(doc! { "a": [1] }),
            ),
        ],
    )
    .await
}

async fn pull_of_documents_is_a_filter_on_elements(db: Database) -> Outcome {
    check_updates(
        &db,
        &[
            (
                doc! { "a": [{ "x": 1, "y": 1 }, { "x": 2 }, { "y": 1, "x": 1 }] },
                doc! { "$pull": { "a": { "x": 1 } } },
                Becomes(doc! { "a": [{ "x": 2 }] }),
            ),
            (
                doc! { "a": [{ "x": 1 }, { "x": 5 }, 7] },
                doc! { "$pull": { "a": { "x": { "$gt": 3 } } } },
                Becomes(doc! { "a": [{ "x": 1 }, 7] }),
            ),
            (
                doc! { "a": [{ "b": [{ "x": 1 }] }, { "b": [{ "x": 2 }] }] },
                doc! { "$pull": { "a": { "b": { "$elemMatch": { "x": 2 } } } } },
                Becomes(doc! { "a": [{ "b": [{ "x": 1 }] }] }),
            ),
            (
                doc! { "a": [{ "x": 1 }, { "x": 2 }, { "z": 3 }] },
                doc! { "$pull": { "a": { "$or": [{ "x": 1 }, { "z": 3 }] } } },
                Becomes(doc! { "a": [{ "x": 2 }] }),
            ),
            (
                doc! { "a": [{ "x": { "y": 1 } }, {}] },
                doc! { "$pull": { "a": { "x.y": 1 } } },
                Becomes(doc! { "a": [{}] }),
            ),
            (
                doc! { "a": [{}, 1, { "x": 1 }] },
                doc! { "$pull": { "a": {} } },
                Becomes(doc! { "a": [1] }),
            ),
        ],
    )
    .await
}

async fn pull_all_removes_exact_values(db: Database) -> Outcome {
    check_updates(
        &db,
        &[
            (
                doc! { "a": [1, 2, 3, 1] },
                doc! { "$pullAll": { "a": [1, 3] } },
                Becomes(doc! { "a": [2] }),
            ),
            (doc! { "a": [1.0, 2] }, doc! { "$pullAll": { "a": [1] } }, Becomes(doc! { "a": [2] })),
            (doc! { "a": [1] }, doc! { "$pullAll": { "a": [] } }, Stays),
            (doc! {}, doc! { "$pullAll": { "a": [1] } }, Stays),
            (
                doc! { "a": [{ "x": 1, "y": 1 }, { "y": 1, "x": 1 }, { "x": 1 }] },
                doc! { "$pullAll": { "a": [{ "x": 1, "y": 1 }] } },
                Becomes(doc! { "a": [{ "y": 1, "x": 1 }, { "x": 1 }] }),
            ),
            (
                doc! { "a": [[1], 1] },
                doc! { "$pullAll": { "a": [[1]] } },
                Becomes(doc! { "a": [1] }),
            ),
            (doc! { "a": [1] }, doc! { "$pullAll": { "a": 1 } }, Refuses(2)),
        ],
    )
    .await
}

async fn array_operators_refuse_what_is_no_array(db: Database) -> Outcome {
    check_updates(
        &db,
        &[
            (doc! { "a": 1 }, doc! { "$push": { "a": 1 } }, Refuses(2)),
            (doc! { "a": null }, doc! { "$push": { "a": 1 } }, Refuses(2)),
            (doc! { "a": {} }, doc! { "$push": { "a": 1 } }, Refuses(2)),
            (doc! { "a": 1 }, doc! { "$addToSet": { "a": 1 } }, Refuses(2)),
            (doc! { "a": null }, doc! { "$addToSet": { "a": 1 } }, Refuses(2)),
            (doc! { "a": "x" }, doc! { "$pull": { "a": 1 } }, Refuses(2)),
            (doc! { "a": null }, doc! { "$pull": { "a": 1 } }, Refuses(2)),
            (doc! { "a": 1 }, doc! { "$pullAll": { "a": [1] } }, Refuses(2)),
            (doc! { "a": null }, doc! { "$pop": { "a": 1 } }, Refuses(14)),
        ],
    )
    .await
}
