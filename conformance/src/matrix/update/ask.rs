//! Questions: an update of all stored values, or an upsert.

use std::collections::HashMap;

use bson::{Bson, Document, doc};
use futures_util::{StreamExt, TryStreamExt, stream};
use odm_core::{Database, Error};

use super::golden::Answers;
use crate::case::{Failure, Outcome};
use crate::check::{COLLECTION, filled, same, trees};
use crate::matrix::golden;
use crate::matrix::json;
use crate::matrix::values::Values;

/// So many upserts are on their way at once, each in a collection of its own.
const AT_ONCE: usize = 8;

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ask {
    /// What an update makes of each value. The question is the update; or the statement, whose `q` narrows what it is
    /// about.
    Update,
    /// What an upsert inserts. The question is the statement.
    Upsert,
}

impl Ask {
    /// Stores what questions are about.
    pub(super) async fn prepare(self, db: &Database) -> Outcome {
        match self {
            Ask::Update => filled(db, &Values::get().documents).await.map(drop),
            Ask::Upsert => Ok(()),
        }
    }

    /// The answers to a question: one for each value that can be put into it, or one.
    pub(super) async fn all(self, db: &Database, question: &str) -> Result<Vec<Answers>, Failure> {
        let questions = questions(question)?;
        match self {
            Ask::Update => {
                let mut answers = Vec::with_capacity(questions.len());
                for (operand, statement) in questions {
                    answers.push(update(db, operand, &statement).await?);
                }
                Ok(answers)
            }
            Ask::Upsert => {
                let mut asked = Vec::with_capacity(questions.len());
                for (number, (operand, statement)) in questions.into_iter().enumerate() {
                    let collection = format!("c{}", number % AT_ONCE);
                    asked.push(async move { upsert(db, &collection, operand, statement).await });
                }
                stream::iter(asked).buffered(AT_ONCE).try_collect().await
            }
        }
    }
}

/// The question with each value put in for `@`: with those named after ` with `, without those named after ` except `.
fn questions(question: &str) -> Result<Vec<(&'static str, Document)>, Failure> {
    let malformed = || Failure::new(format!("malformed: {question}"));
    let names = |list: &str| golden::named(list).ok_or_else(malformed);
    let (question, chosen) = match (question.split_once(" with "), question.split_once(" except "))
    {
        (Some((question, only)), _) => (question, names(only)?),
        (_, Some((question, except))) => {
            let except = names(except)?;
            (question, Values::get().names().filter(|name| !except.contains(name)).collect())
        }
        _ => (question, Values::get().names().collect()),
    };
    if !question.contains('@') {
        return Ok(vec![("", json::parse(question)?)]);
    }
    let values = Values::get().all.iter().filter(|value| chosen.contains(&value.name));
    let values = values.filter_map(|value| Some((value.name, value.json?)));
    values.map(|(name, json)| Ok((name, json::parse(&question.replace('@', json))?))).collect()
}

async fn update(
    db: &Database,
    operand: &'static str,
    question: &Document,
) -> Result<Answers, Failure> {
    let stored = &Values::get().documents;
    let statement = |doc: &Document| {
        let mut statement = question.clone();
        if !question.contains_key("u") {
            statement = doc! { "u": question.clone() };
        }
        let mut filter = doc! { "_id": doc.get("_id").cloned() };
        if let Some(Bson::Document(narrow)) = statement.remove("q") {
            filter.extend(narrow);
        }
        statement.insert("q", filter);
        statement
    };
    let statements: Vec<_> = stored.iter().map(statement).collect();
    let reply = run(db, statements).await?;
    let found = trees(&db.collection(COLLECTION).find(doc! {}).await?.collect().await?)?;
    if found.len() != stored.len() {
        return Err(Failure::new(format!("{question}: so many documents: {}", found.len())));
    }
    let (mut outcomes, mut changed) = (Vec::with_capacity(stored.len()), Vec::new());
    for (index, (mut now, old)) in found.into_iter().zip(stored).enumerate() {
        let is_changed = !same(&now, old);
        if is_changed {
            changed.push(doc! { "q": { "_id": old.get("_id").cloned() }, "u": old.clone() });
        }
        now.remove("_id");
        let now = print(now);
        let outcome = match reply.refused.get(&index) {
            Some(code) if is_changed => format!("!{code} but {now}"),
            Some(code) => format!("!{code}"),
            None => now,
        };
        outcomes.push((old.get_str("_id").unwrap_or_default().to_owned(), outcome));
    }
    let expected = (stored.len() - reply.refused.len(), changed.len());
    let counts = (reply.matched, reply.modified);
    let differ = (expected != counts).then(|| format!("n {} nModified {}", counts.0, counts.1));
    for chunk in changed.chunks(1000) {
        let restored = run(db, chunk.to_vec()).await?;
        if !restored.refused.is_empty() {
            return Err(Failure::new(format!("{question}: documents cannot be restored")));
        }
    }
    Ok(Answers { operand, outcomes, counts: differ })
}

/// What a server replies to updates.
struct Reply {
    /// The codes, by the place of the statement.
    refused: HashMap<usize, i32>,
    matched: usize,
    modified: usize,
}

/// Updates, without waiting until they are in a journal: most of the time of a case.
async fn run(db: &Database, statements: Vec<Document>) -> Result<Reply, Failure> {
    let count = statements.len();
    let command = doc! {
        "update": COLLECTION,
        "updates": statements,
        "ordered": false,
        "writeConcern": { "w": 1 },
    };
    let reply = match db.run_command(command).await {
        Ok(reply) => reply,
        Err(error) => {
            let code = error.code().ok_or(error)?;
            let refused = (0..count).map(|index| (index, code)).collect();
            return Ok(Reply { refused, matched: 0, modified: 0 });
        }
    };
    let number = |name| usize::try_from(reply.get_i32(name).unwrap_or(0)).unwrap_or(0);
    let errors = reply.get_array("writeErrors").map(Vec::as_slice).unwrap_or_default();
    let error = |error: &Bson| {
        let error = error.as_document()?;
        let index = usize::try_from(error.get_i32("index").ok()?).ok()?;
        Some((index, error.get_i32("code").ok()?))
    };
    let refused = errors.iter().filter_map(error).collect();
    Ok(Reply { refused, matched: number("n"), modified: number("nModified") })
}

async fn upsert(
    db: &Database,
    collection: &str,
    operand: &'static str,
    mut statement: Document,
) -> Result<Answers, Failure> {
    let mut command = doc! {
        "findAndModify": collection,
        "query": statement.remove("q"),
        "update": statement.remove("u"),
        "upsert": true,
        "new": true,
        "writeConcern": { "w": 1 },
    };
    command.extend(statement);
    let outcome = match db.run_command(command).await {
        Ok(reply) => {
            let mut doc = reply.get_document("value").cloned().unwrap_or_default();
            db.collection(collection).delete_many(doc! {}).await?;
            if is_generated(&doc) {
                doc.remove("_id");
            }
            print(doc)
        }
        Err(error) => refusal(error)?,
    };
    Ok(Answers { operand, outcomes: vec![(String::new(), outcome)], counts: None })
}

/// The document on one line, without the time of this run.
fn print(mut doc: Document) -> String {
    doc.iter_mut().for_each(|(_, value)| settle(value));
    json::print(&doc)
}

/// Puts a name in the place of a time between those of the frozen set.
fn settle(value: &mut Bson) {
    let is_now = |seconds: i64| (1_600_000_000..1 << 31).contains(&seconds);
    match value {
        Bson::DateTime(at) if is_now(at.timestamp_millis() / 1000) => *value = "(now)".into(),
        Bson::Timestamp(at) if is_now(i64::from(at.time)) => *value = "(now, timestamp)".into(),
        Bson::Document(doc) => doc.iter_mut().for_each(|(_, value)| settle(value)),
        Bson::Array(items) => items.iter_mut().for_each(settle),
        _ => {}
    }
}

/// Whether the `_id` is none of the frozen set.
fn is_generated(doc: &Document) -> bool {
    let Some(id @ Bson::ObjectId(_)) = doc.get("_id") else { return false };
    !Values::get().documents.iter().any(|doc| doc.get("v") == Some(id))
}

/// A refusal as an answer; other errors fail the case.
fn refusal(error: Error) -> Result<String, Failure> {
    match error.code() {
        Some(code) => Ok(format!("!{code}")),
        None => Err(error.into()),
    }
}
