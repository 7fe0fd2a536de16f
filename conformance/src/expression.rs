//! Expressions: what each operator of the aggregation language makes of every type of operand.
//!
//! The files of `data/expression/` hold MongoDB's answers, recorded by a script from a real server, one to a line:
//!
//! ```text
//! E <tab> document <tab> {"r": expression} <tab> code, 0 if it is accepted <tab> {"r": value}, {} if it is missing
//! ```
//!
//! A file is a case. That the cases pass on MongoDB proves that the answers are current.

use std::collections::HashMap;

use bson::{Bson, Document, doc};
use futures_util::{StreamExt, stream};
use odm_core::{Collection, Database, Error, Stage};

use crate::case::{Case, Failure, Need, Outcome};
use crate::check::{same, trees};
use crate::show;

pub(crate) const FAMILIES: &[&[Case]] = &[CASES];

/// So many expressions are on their way at once.
const AT_ONCE: usize = 16;

/// The cases, each with its file: a macro, so that they cannot drift apart.
macro_rules! files {
    ($($name:literal),* $(,)?) => {
        const CASES: &[Case] = &[$(
            Case::new(concat!("expression::", $name), &[Need::new("aggregation", |can| can.aggregation)], |db| {
                Box::pin(check(db, include_str!(concat!("../data/expression/", $name, ".txt"))))
            }),
        )*];
    };
}

files! {
    "core",
}

/// An expression, and what it gives for some documents.
struct Question {
    expression: Bson,
    /// By collection, the `_id` of the document, and the answer.
    rows: Vec<(usize, Bson, Answer)>,
}

/// What is answered: a document with the value under `r`, or a refusal by its code.
#[derive(Debug, Clone)]
enum Answer {
    Value(Document),
    Refused(i32),
}

async fn check(db: Database, text: &str) -> Outcome {
    let (collections, questions) = read(text)?;
    let mut handles = Vec::new();
    for (at, docs) in collections.into_iter().enumerate() {
        let collection = db.collection(format!("c{at}"));
        collection.insert_many(&docs).await?;
        handles.push(collection);
    }
    let mut asked = Vec::with_capacity(questions.len());
    for question in &questions {
        asked.push(ask(&handles, question));
    }
    let answers: Vec<_> = stream::iter(asked).buffered(AT_ONCE).collect().await;
    let mut failures = Vec::new();
    for (question, answers) in questions.iter().zip(answers) {
        for ((_, id, expected), answer) in question.rows.iter().zip(answers?) {
            if !answer.is_same(expected) {
                let expression = show(&doc! { "r": question.expression.clone() });
                failures.push(format!(
                    "{expression} of the document with _id {id}\n  expected {expected}\n  got      {answer}"
                ));
            }
        }
    }
    Failure::unless_empty(&failures)
}

impl Answer {
    fn is_same(&self, other: &Answer) -> bool {
        match (self, other) {
            (Answer::Value(left), Answer::Value(right)) => same(left, right),
            (Answer::Refused(left), Answer::Refused(right)) => left == right,
            _ => false,
        }
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Answer::Value(value) => f.write_str(&show(value)),
            Answer::Refused(code) => write!(f, "error {code}"),
        }
    }
}

/// The documents of each collection, and the questions. Documents that share their `_id` are in different collections.
fn read(text: &str) -> Result<(Vec<Vec<Document>>, Vec<Question>), Failure> {
    let mut collections: Vec<Vec<Document>> = Vec::new();
    let mut places: HashMap<&str, (usize, Bson)> = HashMap::new();
    let mut questions: Vec<Question> = Vec::new();
    let mut last = "";
    for line in text.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        let ["E", doc, expression, code, value] = fields.as_slice() else {
            return Err(Failure::new(format!("malformed: {line}")));
        };
        if !places.contains_key(doc) {
            let parsed = parse(doc)?;
            let id = parsed.get("_id").cloned().unwrap_or(Bson::Null);
            let is_free = |docs: &Vec<Document>| docs.iter().all(|doc| doc.get("_id") != Some(&id));
            let at = collections.iter().position(is_free).unwrap_or(collections.len());
            if at == collections.len() {
                collections.push(Vec::new());
            }
            collections[at].push(parsed);
            places.insert(doc, (at, id));
        }
        if *expression != last {
            last = expression;
            let expression = parse(expression)?.get("r").cloned().unwrap_or(Bson::Null);
            questions.push(Question { expression, rows: Vec::new() });
        }
        let answer = match (code.parse(), *value) {
            (Ok(0), value) => Answer::Value(parse(value)?),
            (Ok(code), _) => Answer::Refused(code),
            (Err(_), _) => return Err(Failure::new(format!("malformed: {line}"))),
        };
        let (at, id) = places[doc].clone();
        questions.last_mut().expect("one was pushed").rows.push((at, id, answer));
    }
    Ok((collections, questions))
}

fn parse(json: &str) -> Result<Document, Failure> {
    serde_json::from_str(json).map_err(|error| Failure::new(format!("{json}\n  {error}")))
}

/// The answers to a question, in the order of its rows: of all documents of a collection at once, or, if one of them is
/// refused, of one after the other.
async fn ask(collections: &[Collection], question: &Question) -> Result<Vec<Answer>, Failure> {
    let value = Stage::new("$replaceWith", doc! { "i": "$_id", "r": question.expression.clone() });
    let mut at_once: HashMap<usize, Option<Vec<Document>>> = HashMap::new();
    let mut answers = Vec::with_capacity(question.rows.len());
    for (at, id, _) in &question.rows {
        if !at_once.contains_key(at) {
            at_once.insert(*at, run(&collections[*at], vec![value.clone()]).await.ok());
        }
        let found = match &at_once[at] {
            Some(docs) => docs.iter().find(|doc| doc.get("i") == Some(id)).cloned(),
            None => {
                let only = Stage::match_(doc! { "_id": id.clone() });
                match run(&collections[*at], vec![only, value.clone()]).await {
                    Ok(docs) => docs.into_iter().next(),
                    Err(error) => match error.code() {
                        Some(code) => {
                            answers.push(Answer::Refused(code));
                            continue;
                        }
                        None => return Err(error.into()),
                    },
                }
            }
        };
        let mut found = found.ok_or_else(|| Failure::new(format!("no answer for _id {id}")))?;
        found.remove("i");
        answers.push(Answer::Value(found));
    }
    Ok(answers)
}

async fn run(collection: &Collection, stages: Vec<Stage>) -> Result<Vec<Document>, Error> {
    trees(&collection.aggregate(stages).await?.collect().await?)
}
