//! How pipelines are run must not show in what they give: indexes, and stages in another order.

use odm_core::Database;

use crate::case::{Outcome, cases};
use crate::check::check_transcript;

cases! { "aggregate::execution":
    lookups_by_any_index needs(aggregation, collation, sparse_indexes, partial_indexes),
    graph_lookup_does_not_take_what_is_missing_for_null needs(aggregation),
    filters_behind_other_stages needs(aggregation),
    stages_in_another_order needs(aggregation),
    what_is_evaluated_at_all needs(aggregation),
    options_that_are_null needs(aggregation),
}

async fn options_that_are_null(db: Database) -> Outcome {
    check_transcript(&db, include_str!("../../data/aggregate/nulls.txt")).await
}

async fn what_is_evaluated_at_all(db: Database) -> Outcome {
    check_transcript(&db, include_str!("../../data/aggregate/constants.txt")).await
}

async fn graph_lookup_does_not_take_what_is_missing_for_null(db: Database) -> Outcome {
    check_transcript(&db, include_str!("../../data/aggregate/graph_null.txt")).await
}

async fn lookups_by_any_index(db: Database) -> Outcome {
    check_transcript(&db, include_str!("../../data/aggregate/lookup_index.txt")).await
}

async fn filters_behind_other_stages(db: Database) -> Outcome {
    check_transcript(&db, include_str!("../../data/aggregate/moved_match.txt")).await
}

async fn stages_in_another_order(db: Database) -> Outcome {
    check_transcript(&db, include_str!("../../data/aggregate/reordered.txt")).await
}
