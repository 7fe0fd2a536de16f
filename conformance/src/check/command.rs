//! Checks of commands and their replies.

use bson::{Bson, Document};
use odm_core::{Database, Namespace, OpCx, RunCommand, SessionOptions};

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
    Shell::new(db).await?.check(rows).await
}

/// Runs commands in one session, if the backend has sessions: a cursor belongs to the session that opened it.
pub(crate) struct Shell {
    db: Database,
    cx: OpCx,
}

impl Shell {
    pub(crate) async fn new(db: &Database) -> Result<Self, Failure> {
        let session = if db.capabilities().sessions {
            Some(db.start_session(SessionOptions::default()).await?)
        } else {
            None
        };
        Ok(Shell { db: db.clone(), cx: OpCx { session, ..OpCx::default() } })
    }

    /// The reply to a command.
    pub(crate) async fn run(&self, command: Document) -> odm_core::Result<Document> {
        let ns = Namespace::of_database(self.db.name());
        // MongoDB's driver allows no session here.
        let alone = command.keys().next().is_some_and(|name| name == "killCursors");
        let cx = if alone { OpCx::default() } else { self.cx.clone() };
        self.db.execute(&ns, RunCommand(command), cx).await
    }

    /// What each command answers, one after the other.
    pub(crate) async fn check(&self, rows: &[(Document, Answer)]) -> Outcome {
        let mut failures = Vec::new();
        for (command, answer) in rows {
            note(&mut failures, check_answer(command, answer, self.run(command.clone()).await));
        }
        Failure::unless_empty(&failures)
    }
}

fn check_answer(
    command: &Document,
    answer: &Answer,
    result: odm_core::Result<Document>,
) -> Outcome {
    let what = show(command);
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
        (Is(expected), Ok(reply)) => expect_docs(
            &what,
            &[in_order(without_deployment_fields(&reply))],
            &[in_order(expected.clone())],
        ),
        (Has(expected), Ok(reply)) => expect_fields(&what, &reply, expected),
    }
}

fn first_write_error(reply: &Document) -> Option<i32> {
    reply.get_array("writeErrors").ok()?.first()?.as_document()?.get_i32("code").ok()
}

fn expect_fields(what: &str, reply: &Document, expected: &Document) -> Outcome {
    let picked = expected
        .keys()
        .filter_map(|name| Some((name.clone(), reply.get(name)?.clone())))
        .collect::<Document>();
    let picked = in_order(without_deployment_fields(&picked));
    expect_docs(what, &[picked], &[in_order(expected.clone())])
        .map_err(|failure| Failure::new(format!("{failure}\n  of       {}", show(reply))))
}

/// The reply with its own fields, and its cursor's, in alphabetical order: the server has them now in one order, now in
/// another.
fn in_order(reply: Document) -> Document {
    let mut fields: Vec<_> = reply.into_iter().collect();
    fields.sort_by(|(left, _), (right, _)| left.cmp(right));
    fields
        .into_iter()
        .map(|(name, value)| match value {
            Bson::Document(cursor) if name == "cursor" => (name, in_order(cursor).into()),
            value => (name, value),
        })
        .collect()
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
