//! Aggregation, as recorded: what expressions make of every type of operand, and pipelines of documents.
//!
//! The files of `data/recorded/` hold MongoDB's answers, recorded by scripts from a real server, one to a line, whose
//! fields are separated by tabs and are extended JSON:
//!
//! | line | |
//! |---|---|
//! | `E doc {"r": expression} code {"r": value}` | what an expression gives of a document, nothing if it is missing; there may be a collation behind |
//! | `C` | from here on, other documents |
//! | `D doc` | one of the documents |
//! | `F name doc` | a document of another collection |
//! | `A {"p": pipeline} code {"r": docs}` | what a pipeline gives of the documents |
//!
//! The code is 0 for what is accepted. There are no lines of refusals whose text the driver cannot read, because the
//! server cut it within a character. A file is a case. That the cases pass on MongoDB proves that they are current.

use std::collections::{BTreeMap, HashMap};

use bson::{Bson, Document, doc};
use futures_util::{StreamExt, stream};
use odm_core::{Aggregate, Collation, Collection, Database, Error, Pipeline};

use crate::case::{Case, Failure, Need, Outcome};
use crate::check::{same, trees};
use crate::show;

pub(crate) const FAMILIES: &[&[Case]] = &[CASES];

/// So many questions are on their way at once.
const AT_ONCE: usize = 16;

/// The cases, each with its file: a macro, so that they cannot drift apart.
macro_rules! files {
    ($($family:literal: [$($name:literal),* $(,)?])*) => {
        const CASES: &[Case] = &[$($(
            Case::new(
                concat!($family, "::", $name),
                &[Need::new("aggregation", |can| can.aggregation)],
                |db| {
                    let text = include_str!(concat!("../data/recorded/", $family, "/", $name, ".txt"));
                    Box::pin(check(db, text))
                },
            ),
        )*)*];
    };
}

files! {
    "expression": [
        "accumulator",
        "arithmetic",
        "array",
        "boolean",
        "comparison",
        "conditional",
        "convert",
        "core",
        "date_arithmetic",
        "date_from_string",
        "date_parts",
        "date_to_string",
        "date_zones",
        "decimal",
        "nested",
        "object",
        "regex",
        "set",
        "size",
        "string",
        "trigonometry",
        "variable",
    ]
    "pipeline": [
        "densify",
        "lookup",
    ]
}

/// Checks all lines of a file.
async fn check(db: Database, text: &str) -> Outcome {
    let mut failures = Vec::new();
    check_expressions(&db, text, &mut failures).await?;
    check_pipelines(&db, text, Read::Collections, &mut failures).await?;
    Failure::unless_empty(&failures)
}

/// The documents of a pipeline's collections, and the pipelines that follow them.
#[derive(Default)]
struct Block<'t> {
    docs: Vec<Document>,
    others: BTreeMap<&'t str, Vec<Document>>,
    pipelines: Vec<(Vec<Bson>, &'t str, Answer)>,
}

/// What the pipelines of a file read.
#[derive(Clone, Copy, PartialEq)]
enum Read {
    Collections,
    Views,
}

/// Checks the pipelines of a file, each with its first half as a view, and with views in the place of the other
/// collections.
pub(crate) async fn check_through_views(db: Database, text: &str) -> Outcome {
    let mut failures = Vec::new();
    check_pipelines(&db, text, Read::Views, &mut failures).await?;
    Failure::unless_empty(&failures)
}

async fn check_pipelines(
    db: &Database,
    text: &str,
    read: Read,
    failures: &mut Vec<String>,
) -> Outcome {
    let mut blocks = vec![Block::default()];
    for line in text.lines().filter(|line| !line.is_empty()) {
        let malformed = || Failure::new(format!("malformed: {line}"));
        let block = blocks.last_mut().ok_or_else(malformed)?;
        match line.split('\t').collect::<Vec<_>>().as_slice() {
            ["E", ..] => {}
            ["C"] => blocks.push(Block::default()),
            ["D", doc] => block.docs.push(parse(doc)?),
            ["F", name, doc] => block.others.entry(name).or_default().push(parse(doc)?),
            ["A", pipeline, code, docs] => {
                let stages = parse(pipeline)?.get_array("p").cloned().map_err(|_| malformed())?;
                let answer = Answer::read(code, docs).ok_or_else(malformed)?;
                block.pipelines.push((stages, pipeline, answer));
            }
            _ => return Err(malformed()),
        }
    }
    for (at, block) in blocks.iter().enumerate() {
        let db = db.clone();
        let collection = db.collection(format!("c{at}"));
        if !block.docs.is_empty() {
            collection.insert_many(&block.docs).await?;
        }
        for (name, docs) in &block.others {
            let filled = match read {
                Read::Collections => (*name).to_owned(),
                Read::Views => format!("{name}_base"),
            };
            db.collection(filled.clone()).insert_many(docs).await?;
            if read == Read::Views {
                // It changes nothing.
                let stages = [doc! { "$unset": "not there" }.into()];
                let stages = stages.get(..at % 2).unwrap_or_default();
                db.create_view(name, filled, Pipeline::parse(stages)?).await?;
            }
        }
        let mut asked = Vec::with_capacity(block.pipelines.len());
        for (number, (stages, _, _)) in block.pipelines.iter().enumerate() {
            let (db, collection) = (db.clone(), collection.clone());
            let names = (format!("c{at}"), format!("c{at}_{number}"));
            asked.push(async move {
                match read {
                    Read::Collections => answer_of(&collection, stages).await,
                    Read::Views => answer_in_halves(&db, names, stages).await,
                }
            });
        }
        let answers: Vec<_> = stream::iter(asked).buffered(AT_ONCE).collect().await;
        for ((_, pipeline, expected), answer) in block.pipelines.iter().zip(answers) {
            let answer = answer?;
            if !answer.is_same(expected) {
                failures.push(format!("{pipeline}\n  expected {expected}\n  got      {answer}"));
            }
        }
        for name in block.others.keys() {
            db.collection((*name).to_owned()).drop().await?;
            db.collection(format!("{name}_base")).drop().await?;
        }
    }
    Ok(())
}

/// What a pipeline gives whose first half is a view.
async fn answer_in_halves(
    db: &Database,
    (collection, view): (String, String),
    stages: &[Bson],
) -> Result<Answer, Failure> {
    let (half, rest) = stages.split_at(stages.len() / 2);
    let created = match Pipeline::parse(half) {
        Ok(pipeline) => db.create_view(&view, collection, pipeline).await,
        Err(error) => Err(error),
    };
    match created {
        Ok(()) => answer_of(&db.collection(view), rest).await,
        Err(error) => Answer::refusal(error),
    }
}

/// What a pipeline gives.
async fn answer_of(collection: &Collection, stages: &[Bson]) -> Result<Answer, Failure> {
    let ran = match Pipeline::parse(stages) {
        Ok(pipeline) => run(collection, pipeline, None).await,
        Err(error) => Err(error),
    };
    match ran {
        Ok(docs) => {
            let docs: Vec<Bson> = docs.into_iter().map(Bson::Document).collect();
            Ok(Answer::Value(doc! { "r": docs }))
        }
        Err(error) => Answer::refusal(error),
    }
}

/// An expression, and what it gives for some documents.
struct Question {
    expression: Bson,
    collation: Option<Document>,
    /// By collection, the `_id` of the document, and the answer.
    rows: Vec<(usize, Bson, Answer)>,
}

/// What is answered: a document with the value under `r`, or a refusal by its code.
#[derive(Debug, Clone)]
enum Answer {
    Value(Document),
    Refused(i32),
}

async fn check_expressions(db: &Database, text: &str, failures: &mut Vec<String>) -> Outcome {
    let (collections, questions) = read(text)?;
    let mut handles = Vec::new();
    for (at, docs) in collections.into_iter().enumerate() {
        let collection = db.collection(format!("e{at}"));
        collection.insert_many(&docs).await?;
        handles.push(collection);
    }
    let mut asked = Vec::with_capacity(questions.len());
    for question in &questions {
        asked.push(ask(&handles, question));
    }
    let answers: Vec<_> = stream::iter(asked).buffered(AT_ONCE).collect().await;
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
    Ok(())
}

impl Answer {
    fn read(code: &str, value: &str) -> Option<Self> {
        match code.parse().ok()? {
            0 => parse(value).ok().map(Answer::Value),
            code => Some(Answer::Refused(code)),
        }
    }

    /// The answer that an error is; those without a code fail the case.
    fn refusal(error: Error) -> Result<Self, Failure> {
        match error.code() {
            Some(code) => Ok(Answer::Refused(code)),
            None => Err(error.into()),
        }
    }

    fn is_same(&self, other: &Answer) -> bool {
        match (self, other) {
            // In JSON a NaN has lost its sign.
            (Answer::Value(left), Answer::Value(right)) => {
                same(left, right) || show(left) == show(right)
            }
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
    let mut last = ("", None);
    for line in text.lines().filter(|line| line.starts_with("E\t")) {
        let malformed = || Failure::new(format!("malformed: {line}"));
        let fields: Vec<&str> = line.split('\t').collect();
        let ["E", doc, expression, code, value, collation @ ..] = fields.as_slice() else {
            return Err(malformed());
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
        let question = (*expression, collation.first().copied());
        if question != last {
            last = question;
            let expression = parse(expression)?.get("r").cloned().unwrap_or(Bson::Null);
            let collation = collation.first().map(|collation| parse(collation)).transpose()?;
            questions.push(Question { expression, collation, rows: Vec::new() });
        }
        let answer = Answer::read(code, value).ok_or_else(malformed)?;
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
    let collation = match &question.collation {
        Some(collation) => Some(Collation::parse(collation)?),
        None => None,
    };
    let made = doc! { "$replaceWith": { "i": "$_id", "r": question.expression.clone() } };
    let mut at_once: HashMap<usize, Option<Vec<Document>>> = HashMap::new();
    let mut answers = Vec::with_capacity(question.rows.len());
    for (at, id, _) in &question.rows {
        if !at_once.contains_key(at) {
            let pipeline = Pipeline::parse(&[made.clone().into()])?;
            let all = run(&collections[*at], pipeline, collation.clone()).await;
            at_once.insert(*at, all.ok());
        }
        let found = match &at_once[at] {
            Some(docs) => docs.iter().find(|doc| doc.get("i") == Some(id)).cloned(),
            None => {
                let only = doc! { "$match": { "_id": id.clone() } };
                let pipeline = Pipeline::parse(&[only.into(), made.clone().into()])?;
                match run(&collections[*at], pipeline, collation.clone()).await {
                    Ok(docs) => docs.into_iter().next(),
                    Err(error) => {
                        answers.push(Answer::refusal(error)?);
                        continue;
                    }
                }
            }
        };
        let mut found = found.ok_or_else(|| Failure::new(format!("no answer for _id {id}")))?;
        found.remove("i");
        answers.push(Answer::Value(found));
    }
    Ok(answers)
}

async fn run(
    collection: &Collection,
    pipeline: Pipeline,
    collation: Option<Collation>,
) -> Result<Vec<Document>, Error> {
    let aggregate = Aggregate { pipeline, collation, ..Aggregate::default() };
    trees(&collection.execute(aggregate).await?.collect().await?)
}
