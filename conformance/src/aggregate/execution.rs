//! How pipelines are run must not show in what they give: indexes, and stages in another order.

use odm_core::Database;

use crate::case::{Outcome, cases};
use crate::check::check_transcript;

cases! { "aggregate::execution":
    lookups_by_any_index needs(aggregation, collation, sparse_indexes, partial_indexes),
    filters_behind_other_stages needs(aggregation),
    stages_in_another_order needs(aggregation),
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
