//! The matrix: what every operator makes of every awkward value.
//!
//! `data/matrix/values.txt` is a frozen set of values ([`values`]), each stored in a document of its own under `v`. The
//! other files there hold questions about them, and MongoDB's answers ([`golden`] tells how they are written): each is a
//! case. The answers are recorded from a server, never from the memory engine: `cargo xtask record-matrix` asks them
//! again. That the cases pass on MongoDB proves that they are current.

mod ask;
mod command;
mod golden;
mod json;
#[cfg(test)]
mod tests;
mod update;
mod values;

use std::collections::HashMap;

use odm_core::{Capabilities, Database, Index};

use crate::case::{Case, Failure, Outcome};
use ask::{Ask, UNSUPPORTED};
use golden::{Golden, Row, Section};
use values::Values;

pub(crate) const FAMILIES: &[&[Case]] = &[CASES, command::CASES, update::CASES];

/// A file of questions and answers.
pub(crate) struct Matrix {
    /// The name of the file, without `.txt`.
    name: &'static str,
    text: &'static str,
    ask: Ask,
    /// Whether a backend may refuse, as unsupported, what a server answers.
    may_be_refused: fn(&Capabilities) -> bool,
}

/// The cases, each with its file: a macro, so that they cannot drift apart.
macro_rules! matrices {
    ($($ask:ident: [$($name:literal $(unless $capability:ident)?),* $(,)?])*) => {
        const MATRICES: &[Matrix] = &[$($(Matrix {
            name: $name,
            text: include_str!(concat!("../data/matrix/", $name, ".txt")),
            ask: Ask::$ask,
            may_be_refused: |_can| false $(|| !_can.$capability)?,
        }),*),*];

        const CASES: &[Case] = &[
            Case::new("matrix::indexed", &[], |db| Box::pin(check_indexed(db))),
            $($(Case::new(
                concat!("matrix::", $name),
                &[],
                |db| Box::pin(check(db, $name)),
            )),*),*
        ];
    };
}

// What is malformed is refused alike by all; `unless` a backend has the capability, it may refuse the rest as unsupported.
matrices! {
    Filter: [
        "eq",
        "ne",
        "gt",
        "gte",
        "lt",
        "lte",
        "in",
        "nin",
        "and",
        "or",
        "nor",
        "not",
        "exists",
        "type",
        "mod",
        "regex",
        "options",
        "all",
        "elemMatch" unless aggregation,
        "size",
        "bitsAllSet" unless bitwise,
        "bitsAnySet" unless bitwise,
        "bitsAllClear" unless bitwise,
        "bitsAnyClear" unless bitwise,
        "comment",
        "always",
        "unknown",
        "path",
        "expr" unless aggregation,
        "sampleRate" unless aggregation,
        "jsonSchema" unless json_schema,
        "where" unless javascript,
        "text" unless text_search,
        "geoWithin" unless geospatial,
        "geoIntersects" unless geospatial,
        "near" unless geospatial,
        "nearSphere" unless geospatial,
        "geoNear" unless geospatial,
    ]
    Count: ["count"]
    Sort: ["sort" unless text_search]
    Projection: ["projection" unless projection_operators]
    Projected: ["projected" unless aggregation]
    Distinct: ["distinct"]
}

/// Asks all questions of a file, and compares the answers.
async fn check(db: Database, name: &'static str) -> Outcome {
    let matrix = MATRICES.iter().find(|matrix| matrix.name == name).expect("a case has its file");
    let values = Values::get();
    let collection = values.insert(&db).await?;
    let mut failures = Vec::new();
    let may_be_refused = (matrix.may_be_refused)(db.capabilities());
    for section in &Golden::<Section>::parse(matrix.text)?.sections {
        let rows = matrix.ask.all(&collection, values, &section.question).await?;
        compare(section, &rows, may_be_refused, &mut failures);
    }
    Failure::unless_empty(&failures)
}

/// Asks about the operators that an index can serve, with one: the answers must be the same.
async fn check_indexed(db: Database) -> Outcome {
    const SERVED: [&str; 10] =
        ["eq", "ne", "gt", "gte", "lt", "lte", "in", "nin", "exists", "type"];
    let values = Values::get();
    let collection = values.insert(&db).await?;
    collection.create_index(Index::asc(values::FIELD)).await?;
    let mut failures = Vec::new();
    for matrix in MATRICES.iter().filter(|matrix| SERVED.contains(&matrix.name)) {
        // With an index the server misses arrays in arrays that are greater than an array.
        let misses_arrays = matches!(matrix.name, "gt" | "gte");
        let is_asked = |question: &str| {
            question.starts_with(r#"{"v":{"$"#)
                && question.contains('@')
                && !(misses_arrays && question.contains("[@]"))
        };
        for mut section in Golden::<Section>::parse(matrix.text)?.sections {
            if !is_asked(&section.question) {
                continue;
            }
            let mut rows = matrix.ask.all(&collection, values, &section.question).await?;
            for rows in [&mut rows, &mut section.rows] {
                rows.retain(|row| !(misses_arrays && row.subject.starts_with("array-")));
            }
            compare(&section, &rows, false, &mut failures);
        }
    }
    Failure::unless_empty(&failures)
}

/// Says for each row that differs what was expected; of a list of names, which are missing and which are too many.
fn compare(section: &Section, rows: &[Row], may_be_refused: bool, failures: &mut Vec<String>) {
    let expected: HashMap<&str, &str> =
        section.rows.iter().map(|row| (row.subject.as_str(), row.answer.as_str())).collect();
    for row in rows {
        let of = if row.subject.is_empty() { "" } else { " of " };
        let what = || format!("{}{of}{}", section.question, row.subject);
        match expected.get(row.subject.as_str()) {
            Some(answer) if *answer == row.answer => {}
            Some(_) if may_be_refused && row.answer == UNSUPPORTED => {}
            Some(answer) => {
                failures.push(format!("{}{}", what(), golden::difference(answer, &row.answer)));
            }
            None => failures.push(format!("{}\n  is not recorded", what())),
        }
    }
    if rows.len() != section.rows.len() {
        failures.push(format!(
            "{}\n  recorded for {} subjects, asked for {}",
            section.question,
            section.rows.len(),
            rows.len()
        ));
    }
}

/// Asks a server the questions of the matrix again, those of the files whose names begin with `which`: the files, with
/// its answers.
///
/// `databases` makes empty databases of that server. It must be a real MongoDB: what it answers is what every backend
/// has to answer from then on.
///
/// # Errors
///
/// If the server cannot be reached, or a file is malformed.
pub async fn record_matrix(
    databases: impl Fn(&str) -> Database,
    which: &str,
) -> Result<Vec<(String, String)>, Failure> {
    let values = Values::get();
    let mut files = Vec::new();
    for matrix in MATRICES.iter().filter(|matrix| matrix.name.starts_with(which)) {
        let db = databases(matrix.name);
        let collection = values.insert(&db).await?;
        let mut golden = Golden::<Section>::parse(matrix.text)?;
        for section in &mut golden.sections {
            section.rows = matrix.ask.all(&collection, values, &section.question).await?;
        }
        db.drop().await?;
        files.push((format!("{}.txt", matrix.name), golden.to_string()));
    }
    files.extend(command::record(&databases, which).await?);
    files.extend(update::record(&databases, which).await?);
    Ok(files)
}
