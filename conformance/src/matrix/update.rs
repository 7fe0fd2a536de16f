//! What every update operator makes of every awkward value, and what upserts insert.
//!
//! As for filters, `data/matrix/update/` holds questions and a server's answers ([`golden`] tells how they are written).

mod ask;
mod golden;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use odm_core::Database;

use super::golden::Golden;
use crate::case::{Case, Failure, Need, Outcome};
use ask::Ask;
use golden::{Answers, Section};

/// A file of questions and answers.
struct Matrix {
    /// The name of the file, without `.txt`.
    name: &'static str,
    text: &'static str,
    ask: Ask,
}

/// The cases, each with its file: a macro, so that they cannot drift apart.
macro_rules! matrices {
    ($($ask:ident: [$($name:literal $(needs($($need:ident),+))?),* $(,)?])*) => {
        const MATRICES: &[Matrix] = &[$($(Matrix {
            name: $name,
            text: include_str!(concat!("../../data/matrix/update/", $name, ".txt")),
            ask: Ask::$ask,
        }),*),*];

        pub(super) const CASES: &[Case] = &[$($(Case::new(
            concat!("matrix::update::", $name),
            &[$($(Need::new(stringify!($need), |can| can.$need)),+)?],
            |db| Box::pin(check(db, $name)),
        )),*),*];
    };
}

matrices! {
    Update: [
        "set",
        "unset",
        "inc",
        "mul",
        "min",
        "max",
        "rename",
        "currentDate",
        "setOnInsert",
        "push",
        "pushModifiers",
        "pushTogether",
        "addToSet",
        "pop",
        "pull" needs(json_schema),
        "pullAll",
        "bit",
        "path",
        "positional",
        "arrayFilters" needs(json_schema),
        "conflict",
        "malformed",
        "replacement" needs(collation),
    ]
    Upsert: ["upsert" needs(collation, json_schema)]
}

/// Asks all questions of a file, and compares the answers.
async fn check(db: Database, name: &'static str) -> Outcome {
    let matrix = MATRICES.iter().find(|matrix| matrix.name == name).expect("a case has its file");
    let mut failures = Vec::new();
    matrix.ask.prepare(&db).await?;
    for section in &Golden::<Section>::parse(matrix.text)?.sections {
        let answers = matrix.ask.all(&db, &section.question).await?;
        compare(section, &answers, &mut failures)?;
    }
    Failure::unless_empty(&failures)
}

/// Says for each operand and each stored value that differs what was expected.
fn compare(
    section: &Section,
    answers: &[Answers],
    failures: &mut Vec<String>,
) -> Result<(), Failure> {
    let mut recorded: HashMap<&str, &golden::Group> = HashMap::new();
    for group in &section.groups {
        recorded.extend(group.operands.iter().map(|operand| (*operand, group)));
    }
    for answer in answers {
        let what = section.question.replace('@', answer.operand);
        let Some(group) = recorded.remove(answer.operand) else {
            failures.push(format!("{what}\n  is not recorded"));
            continue;
        };
        for (stored, got) in &answer.outcomes {
            let expected = section.expected(group, answer.operand, stored)?;
            if expected.as_ref() != Some(got) {
                let of = if stored.is_empty() { "" } else { " of " };
                let expected = expected.as_deref().unwrap_or("nothing");
                failures
                    .push(format!("{what}{of}{stored}\n  recorded {expected}\n  got      {got}"));
            }
        }
        if group.counts != answer.counts {
            let (recorded, got) = (&group.counts, &answer.counts);
            failures.push(format!("{what}\n  recorded counts {recorded:?}, got {got:?}"));
        }
    }
    failures.extend(recorded.keys().map(|operand| format!("{}: {operand}", section.question)));
    Ok(())
}

/// Asks a server the questions of those files whose names begin with `which`: the files, with its answers.
pub(super) async fn record(
    databases: &impl Fn(&str) -> Database,
    which: &str,
) -> Result<Vec<(String, String)>, Failure> {
    let mut files = Vec::new();
    for matrix in MATRICES {
        let name = format!("update/{}", matrix.name);
        if !name.starts_with(which) {
            continue;
        }
        let db = databases(&format!("update_{}", matrix.name));
        matrix.ask.prepare(&db).await?;
        let mut golden = Golden::<Section>::parse(matrix.text)?;
        for section in &mut golden.sections {
            section.record(matrix.ask.all(&db, &section.question).await?)?;
        }
        db.drop().await?;
        files.push((format!("{name}.txt"), golden.to_string()));
    }
    Ok(files)
}
