//! Questions about the stored values, and the form of their answers.

use std::collections::HashMap;

use bson::{Document, doc};
use futures_util::{StreamExt, TryStreamExt, stream};
use odm_core::{Collection, Distinct, Error, Filter, Find, Projection, Result, Sort};

use super::golden::{self, Row};
use super::json;
use super::values::Values;
use crate::case::Failure;
use crate::check::{same, trees};

/// So many questions are on their way at once.
const AT_ONCE: usize = 16;

/// What a backend answers that lacks a capability.
pub(super) const UNSUPPORTED: &str = "unsupported";

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ask {
    /// The names of the values that a filter matches.
    Filter,
    /// How many values a filter matches.
    Count,
    /// All names, in the order of a sort.
    Sort,
    /// What a projection makes of each value: `same`, `gone` (nothing but `_id` is left), or the document without its
    /// leading `_id`. With a filter after ` of `, `unmatched` are those that it does not match.
    Projection,
    /// The names of the values that a projection leaves as they are.
    Projected,
    /// The distinct values at a path, in their order; with a filter after ` of `, of what it matches.
    Distinct,
}

/// A question with a value put in: a document, or, of [`Ask::Distinct`], a path; and the filter after ` of `.
struct Question<'a> {
    text: &'a str,
    filter: Document,
}

impl Ask {
    /// The answers to a question: one for each value that can be put into it, or one.
    pub(super) async fn all(
        self,
        collection: &Collection,
        values: &Values,
        question: &str,
    ) -> Result<Vec<Row>, Failure> {
        if self == Ask::Projection {
            return projection(collection, values, question).await;
        }
        let (question, except) = question.split_once(" except ").unwrap_or((question, ""));
        let asked = |name: &str| except.split(' ').all(|except| except != name);
        let operands = values.all.iter().filter(|value| asked(value.name));
        let operands = operands.filter_map(|value| Some((value.name, value.json?)));
        let questions: Vec<(&str, String)> = if question.contains('@') {
            operands.map(|(name, json)| (name, question.replace('@', json))).collect()
        } else {
            vec![("", question.to_owned())]
        };
        let mut asked = Vec::with_capacity(questions.len());
        for (subject, question) in questions {
            asked.push(async move {
                let answer = self.one(collection, values, &question).await;
                let answer = answer.map_err(|why| Failure::new(format!("{question}\n  {why}")))?;
                Ok(Row { subject: subject.to_owned(), answer })
            });
        }
        stream::iter(asked).buffered(AT_ONCE).try_collect().await
    }

    async fn one(
        self,
        collection: &Collection,
        values: &Values,
        question: &str,
    ) -> Result<String, Failure> {
        let question = Question::parse(question)?;
        let answer = match self {
            Ask::Filter => {
                let ids = ids(collection, filter(question.document()?)).await;
                ids.map(|ids| names(&ids))
            }
            Ask::Count => collection.count(question.document()?).await.map(|n| n.to_string()),
            Ask::Sort => match Sort::parse(&question.document()?) {
                Ok(sort) => {
                    let ids = ids(collection, Find { sort, ..Find::default() }).await;
                    ids.map(|ids| ids.join(" "))
                }
                Err(error) => Err(error),
            },
            Ask::Projection | Ask::Projected => {
                let find = Find { projection: Some(question.projection()?), ..Find::default() };
                let same_ids = |docs: Vec<Document>| {
                    let unchanged =
                        docs.iter().zip(&values.documents).filter(|(doc, old)| same(doc, old));
                    let ids: Vec<String> = unchanged.map(|(_, old)| id(old)).collect();
                    names(&ids)
                };
                found(collection, find).await.map(same_ids)
            }
            Ask::Distinct => {
                let filter = Filter::from(question.filter);
                let distinct = Distinct { filter, ..Distinct::new(question.text) };
                let list = |values| json::print_value(&bson::Bson::Array(values));
                collection.execute(distinct).await.map(list)
            }
        };
        answer.or_else(refusal)
    }
}

impl<'a> Question<'a> {
    fn parse(text: &'a str) -> Result<Self, Failure> {
        Ok(match text.split_once(" of ") {
            Some((text, filter)) => Question { text, filter: json::parse(filter)? },
            None => Question { text, filter: Document::new() },
        })
    }

    fn document(&self) -> Result<Document, Failure> {
        json::parse(self.text)
    }

    fn projection(&self) -> Result<Projection, Failure> {
        Ok(self.document()?.into())
    }
}

/// What a projection makes of each value: of all at once, or, if that is refused, of one after the other.
async fn projection(
    collection: &Collection,
    values: &Values,
    question: &str,
) -> Result<Vec<Row>, Failure> {
    let question = Question::parse(question)?;
    let projection = Some(question.projection()?);
    let stored = &values.documents;
    let ask = |filter: Document| Find {
        filter: filter.into(),
        projection: projection.clone(),
        ..Find::default()
    };
    let mut answers: HashMap<String, String> = HashMap::new();
    let all = Find { filter: question.filter.clone().into(), ..Find::default() };
    let (matched, projected) =
        (ids(collection, all).await?, found(collection, ask(question.filter.clone())).await);
    match projected {
        Ok(docs) => {
            if docs.len() != matched.len() {
                return Err(Failure::new(format!(
                    "{}: so many documents: {}",
                    question.text,
                    docs.len()
                )));
            }
            for (name, doc) in matched.into_iter().zip(docs) {
                let old = stored.iter().find(|old| id(old) == name);
                answers.insert(name, old.map_or_else(String::new, |old| change(old, doc)));
            }
        }
        Err(_) => {
            for old in stored.iter().filter(|old| matched.contains(&id(old))) {
                let mut filter = doc! { "_id": id(old) };
                filter.extend(question.filter.clone());
                let answer = match found(collection, ask(filter)).await {
                    Ok(docs) => {
                        docs.into_iter().next().map_or_else(String::new, |doc| change(old, doc))
                    }
                    Err(error) => refusal(error)?,
                };
                answers.insert(id(old), answer);
            }
        }
    }
    let row = |name: &str| Row {
        subject: name.to_owned(),
        answer: answers.remove(name).unwrap_or_else(|| "unmatched".to_owned()),
    };
    Ok(values.names().map(row).collect())
}

/// What became of a document.
fn change(old: &Document, mut new: Document) -> String {
    if same(old, &new) {
        return "same".to_owned();
    }
    let id = old.get("_id");
    if new.iter().next().is_some_and(|(name, value)| name == "_id" && Some(value) == id) {
        new.remove("_id");
        return if new.is_empty() { "gone".to_owned() } else { json::print(&new) };
    }
    format!("without _id {}", json::print(&new))
}

fn filter(filter: Document) -> Find {
    Find { filter: filter.into(), ..Find::default() }
}

/// The `_id`s of what a find hands out.
async fn ids(collection: &Collection, find: Find) -> Result<Vec<String>, Error> {
    let projection = Some(Projection::from(doc! { "_id": 1 }));
    let docs = collection.execute(Find { projection, ..find }).await?.collect().await?;
    Ok(docs.iter().map(|doc| doc.as_raw().get_str("_id").unwrap_or("?").to_owned()).collect())
}

fn id(doc: &Document) -> String {
    doc.get_str("_id").unwrap_or("?").to_owned()
}

async fn found(collection: &Collection, find: Find) -> Result<Vec<Document>, Error> {
    trees(&collection.execute(find).await?.collect().await?)
}

fn names(ids: &[String]) -> String {
    golden::names(&ids.iter().map(String::as_str).collect::<Vec<_>>())
}

/// A refusal as an answer; other errors fail the case.
fn refusal(error: Error) -> Result<String, Failure> {
    match (&error, error.code()) {
        (_, Some(code)) => Ok(format!("!{code}")),
        (Error::Unsupported { .. }, None) => Ok(UNSUPPORTED.to_owned()),
        _ => Err(error.into()),
    }
}
