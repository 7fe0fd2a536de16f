//! How pipelines are run must not show in what they give: indexes, and stages in another order.

use odm_core::Database;

use crate::case::{Outcome, cases};
use crate::check::check_transcript;

cases! { "aggregate::execution":
    lookups_by_any_index needs(aggregation, collation, sparse_indexes, partial_indexes),
}

async fn lookups_by_any_index(db: Database) -> Outcome {
    check_transcript(&db, include_str!("../../data/aggregate/lookup_index.txt")).await
}
