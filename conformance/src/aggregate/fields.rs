//! Expressions in filters, in projections, in the stages that make one document of another, and in updates.
//!
//! The questions and MongoDB's answers are in files, for there are hundreds of them.

use odm_core::Database;

use crate::case::{Outcome, cases};
use crate::check::check_transcript;

cases! { "aggregate::fields":
    expr needs(aggregation, validators, partial_indexes, projection_operators, positional_updates),
    project needs(aggregation, projection_operators),
    add_fields needs(aggregation),
    replace_root needs(aggregation),
    update needs(aggregation, validators, collation),
    random needs(aggregation),
}

async fn expr(db: Database) -> Outcome {
    check_transcript(&db, include_str!("../../data/aggregate/expr.txt")).await
}

async fn project(db: Database) -> Outcome {
    check_transcript(&db, include_str!("../../data/aggregate/project.txt")).await
}

async fn add_fields(db: Database) -> Outcome {
    check_transcript(&db, include_str!("../../data/aggregate/add_fields.txt")).await
}

async fn replace_root(db: Database) -> Outcome {
    check_transcript(&db, include_str!("../../data/aggregate/replace_root.txt")).await
}

async fn update(db: Database) -> Outcome {
    check_transcript(&db, include_str!("../../data/aggregate/update.txt")).await
}

async fn random(db: Database) -> Outcome {
    check_transcript(&db, include_str!("../../data/aggregate/random.txt")).await
}
