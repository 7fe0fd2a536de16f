//! Checks of commands and their replies.

use bson::{Bson, Document};
use odm_core::Database;

use super::{expect_docs, note, show};
use crate::case::{Failure, Outcome};

/// What a command answers.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    /// Exactly this reply, but for what only a deployment has to say and for messages.
    Is(Document),
    /// A reply with at least these fields.
    Has(Document),
    /// A refusal with this code: of the command, or of its first write that failed.
    Refused(i32),
}

pub(crate) use Answer::{Has, Is, Refused};

/// What each command answers, one after the other.
pub(crate) async fn check_commands(db: &Database, rows: &[(Document, Answer)]) -> Outcome {
    let mut failures = Vec::new();
    for (command, answer) in rows {
        note(&mut failures, check_command(db, command, answer).await);
    }
    Failure::unless_empty(&failures)
}

async fn check_command(db: &Database, command: &Document, answer: &Answer) -> Outcome {
    let what = show(command);
    let result = db.run_command(command.clone()).await;
    match (answer, result) {
        (Refused(code), Err(error)) if error.code() == Some(*code) => Ok(()),
        (Refused(code), Ok(reply)) if first_write_error(&reply) == Some(*code) => Ok(()),
        (Refused(code), Ok(reply)) => Err(Failure::new(format!(
            "{what}\n  expected error {code}\n  got      {}",
            show(&reply)
        ))),
        (Refused(code), Err(error)) => {
            Err(Failure::new(format!("{what}\n  expected error {code}\n  got      {error}")))
        }
        (Is(_) | Has(_), Err(error)) => Err(Failure::new(format!("{what}\n  {error}"))),
        (Is(expected), Ok(reply)) => {
            expect_docs(&what, &[without_deployment_fields(&reply)], std::slice::from_ref(expected))
        }
        (Has(expected), Ok(reply)) => expect_fields(&what, &reply, expected),
    }
}

fn first_write_error(reply: &Document) -> Option<i32> {
    reply.get_array("writeErrors").ok()?.first()?.as_document()?.get_i32("code").ok()
}

/// The fields of `expected`, in their order, as `reply` has them.
fn expect_fields(what: &str, reply: &Document, expected: &Document) -> Outcome {
    let picked = expected
        .keys()
        .filter_map(|name| Some((name.clone(), reply.get(name)?.clone())))
        .collect::<Document>();
    let picked = without_deployment_fields(&picked);
    expect_docs(what, &[picked], std::slice::from_ref(expected))
        .map_err(|failure| Failure::new(format!("{failure}\n  of       {}", show(reply))))
}

/// The reply without what only a deployment has to say (times, terms), and without messages, which may differ.
pub(crate) fn without_deployment_fields(reply: &Document) -> Document {
    const OF_THE_DEPLOYMENT: [&str; 5] =
        ["$clusterTime", "operationTime", "electionId", "opTime", "errmsg"];
    reply
        .iter()
        .filter(|(name, _)| !OF_THE_DEPLOYMENT.contains(&name.as_str()))
        .map(|(name, value)| {
            let value = match value {
                Bson::Document(doc) => Bson::Document(without_deployment_fields(doc)),
                Bson::Array(items) if name == "writeErrors" => items
                    .iter()
                    .map(|item| match item {
                        Bson::Document(doc) => Bson::Document(without_deployment_fields(doc)),
                        other => other.clone(),
                    })
                    .collect(),
                other => other.clone(),
            };
            (name.clone(), value)
        })
        .collect()
}
