//! For the authors of tests: what an update makes of a document, and why a filter does not match
//! one, without any database.
//!
//! ```
//! use backend_memory::testing::{ExplainMatch, Preview};
//! use odm_core::bson::doc;
//! use odm_core::{Filter, Update};
//!
//! # fn main() -> odm_core::Result<()> {
//! let update = Update::from(doc! { "$inc": { "n": 1 }, "$push": { "log": "b" } });
//! let changed = update.preview(&doc! { "_id": 1, "n": 2, "log": ["a"] })?;
//! assert_eq!(changed, doc! { "_id": 1, "n": 3, "log": ["a", "b"] });
//!
//! let adult = Filter::Raw(doc! { "age": { "$gte": 18 }, "name": "Ada" });
//! let explanation = adult.explain_match(&doc! { "_id": 1, "age": 17, "name": "Ada" })?;
//! assert!(!explanation.matches());
//! assert_eq!(explanation.to_string(), "does not match:\n  age: expected $gte 18, found int 17\n");
//! # Ok(())
//! # }
//! ```

use std::fmt;
use std::sync::Arc;

use bson::{Bson, Document as BsonDocument};
use odm_core::{
    BsonType, Collation, Document, ElemMatch, Error, Filter, FilterOf, Predicate, Query, Result,
    Update, UpdateOf, UpdateQuery, UpdateStatement,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::collation::Collator;
use crate::expression::{Environment, Root};
use crate::filter::{Matched, Matcher};
use crate::update::{Applied, ApplyCx, Updater};
use crate::value::path::{FieldPath, LeafArray};
use crate::value::{RawVal, Record};

#[cfg(test)]
mod tests;

/// What an update makes of a document.
pub trait Preview<D> {
    /// The document as the update would leave it. `$currentDate` takes the computer's clock.
    ///
    /// An [`UpdateQuery`] leaves a document alone that its filter does not match.
    ///
    /// # Errors
    ///
    /// What the server would refuse, with its code; [`Error::Encode`] and [`Error::Decode`].
    fn preview(&self, document: &D) -> Result<D>;
}

impl<D: Serialize + DeserializeOwned> Preview<D> for Update {
    fn preview(&self, document: &D) -> Result<D> {
        apply(&UpdateStatement::one(Filter::all(), self.clone()), document)
    }
}

impl<D: Document> Preview<D> for UpdateOf<D> {
    fn preview(&self, document: &D) -> Result<D> {
        let mut statement = UpdateStatement::one(Filter::all(), self.clone().into_update()?);
        statement.array_filters = self.array_filters().to_vec();
        apply(&statement, document)
    }
}

impl<D: Document> Preview<D> for UpdateQuery<D> {
    fn preview(&self, document: &D) -> Result<D> {
        apply(&self.to_request()?, document)
    }
}

fn apply<D: Serialize + DeserializeOwned>(statement: &UpdateStatement, document: &D) -> Result<D> {
    let record = encode(document)?;
    let collator = collator(statement.collation.as_ref())?;
    let environment = Environment::now(collator);
    let updater = Updater::compile(&statement.update, &statement.array_filters, &environment)?;
    let matcher = Matcher::with(&statement.filter, &environment)?;
    if !matcher.holds(&record)? {
        return decode(record.bytes());
    }
    let globals = environment.globals();
    let cx = ApplyCx {
        now: globals.now,
        timestamp: globals.cluster_time,
        matched_index: matcher.matched_index(&record, Matched::BySorted),
        inserting: false,
    };
    match updater.apply(&record, &cx)? {
        Applied::Unchanged | Applied::Rewritten(_) => decode(record.bytes()),
        Applied::Changed(bytes) => decode(&bytes),
    }
}

fn collator(collation: Option<&Collation>) -> Result<Option<Arc<Collator>>> {
    collation.map_or(Ok(None), Collator::new)
}

fn encode(document: &impl Serialize) -> Result<Record> {
    let bytes = bson::serialize_to_vec(document).map_err(|error| Error::Encode {
        what: "the document".to_owned(),
        message: error.to_string(),
    })?;
    Record::from_bytes(&bytes)
}

fn decode<D: DeserializeOwned>(bytes: &[u8]) -> Result<D> {
    bson::deserialize_from_slice(bytes).map_err(|error| {
        odm_core::DecodeError::new("the updated document", error.to_string()).into()
    })
}

/// Why a document does not match.
pub trait ExplainMatch {
    /// Asks each clause on its own, and tells of those that fail.
    ///
    /// # Errors
    ///
    /// What the server would refuse in a filter, with its code; [`Error::Unsupported`] for what
    /// the memory engine cannot evaluate; [`Error::Encode`].
    fn explain_match(&self, document: &impl Serialize) -> Result<Explanation>;
}

impl ExplainMatch for Filter {
    fn explain_match(&self, document: &impl Serialize) -> Result<Explanation> {
        explain_filter(self, &Environment::now(None), document)
    }
}

impl ExplainMatch for BsonDocument {
    fn explain_match(&self, document: &impl Serialize) -> Result<Explanation> {
        Filter::Raw(self.clone()).explain_match(document)
    }
}

impl<D: Document> ExplainMatch for FilterOf<D> {
    fn explain_match(&self, document: &impl Serialize) -> Result<Explanation> {
        self.clone().into_filter()?.explain_match(document)
    }
}

impl<D: Document, T> ExplainMatch for Query<D, T> {
    fn explain_match(&self, document: &impl Serialize) -> Result<Explanation> {
        let find = self.to_request()?;
        let environment = Environment::now(collator(find.collation.as_ref())?);
        explain_filter(&find.filter, &environment.with(find.let_vars.as_ref())?, document)
    }
}

fn explain_filter(
    filter: &Filter,
    environment: &Environment<'_>,
    document: &impl Serialize,
) -> Result<Explanation> {
    let record = encode(document)?;
    let filter = filter.normalized()?;
    let mut mismatches = Vec::new();
    if !Matcher::with(&filter, environment)?.holds(&record)? {
        explain(&filter, environment, record.as_raw(), "", &mut mismatches)?;
    }
    Ok(Explanation { mismatches })
}

/// Which clauses of a filter a document fails. Displayed, a line for each.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    mismatches: Vec<Mismatch>,
}

impl Explanation {
    /// Whether the document matches.
    #[must_use]
    pub fn matches(&self) -> bool {
        self.mismatches.is_empty()
    }

    /// The clauses that fail.
    #[must_use]
    pub fn mismatches(&self) -> &[Mismatch] {
        &self.mismatches
    }
}

/// A clause that a document fails.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Mismatch {
    /// The clause, as MongoDB writes it.
    pub clause: BsonDocument,
    /// The path of the field, with positions inside `$elemMatch`; empty for `$or` and the like.
    pub path: String,
    /// What the clause asks for, in words.
    pub expected: String,
    /// The values at the path; none if the field is missing.
    pub found: Vec<Bson>,
    /// Of `$or`, why each alternative fails; of `$elemMatch`, why each element does.
    pub because: Vec<Mismatch>,
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.matches() {
            return f.write_str("matches");
        }
        f.write_str("does not match:\n")?;
        self.mismatches.iter().try_for_each(|mismatch| mismatch.write(f, 1))
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, 0)
    }
}

impl Mismatch {
    fn write(&self, f: &mut fmt::Formatter<'_>, depth: usize) -> fmt::Result {
        write!(f, "{:1$}", "", depth * 2)?;
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        write!(f, "expected {}", self.expected)?;
        if !self.path.is_empty() {
            f.write_str(", found ")?;
            if self.found.is_empty() {
                f.write_str("nothing")?;
            }
            for (n, value) in self.found.iter().enumerate() {
                let separator = if n == 0 { "" } else { ", " };
                write!(f, "{separator}{} {value}", BsonType::of(value).alias())?;
            }
        }
        f.write_str("\n")?;
        self.because.iter().try_for_each(|inner| inner.write(f, depth + 1))
    }
}

/// Adds the clauses of `filter` that the document at `prefix` fails.
fn explain(
    filter: &Filter,
    environment: &Environment<'_>,
    document: RawVal<'_>,
    prefix: &str,
    mismatches: &mut Vec<Mismatch>,
) -> Result<()> {
    let fails = |part: &Filter| {
        let matcher = Matcher::with(part, environment)?;
        matcher.decide(Root::Value(document), environment.globals()).map(|matches| !matches)
    };
    let mismatch = |expected: String| Mismatch {
        clause: filter.to_document(),
        path: String::new(),
        expected,
        found: Vec::new(),
        because: Vec::new(),
    };
    match filter {
        Filter::And(parts) => {
            for part in parts {
                explain(part, environment, document, prefix, mismatches)?;
            }
        }
        Filter::Or(parts) if fails(filter)? => {
            let mut failed = mismatch(format!("one of {} alternatives to match", parts.len()));
            for part in parts {
                explain(part, environment, document, prefix, &mut failed.because)?;
            }
            mismatches.push(failed);
        }
        Filter::Nor(parts) => {
            for part in parts {
                if !fails(part)? {
                    mismatches.push(mismatch(format!("no match for {}", part.to_document())));
                }
            }
        }
        Filter::Field(path, predicate) if fails(filter)? => {
            let mut found = Vec::new();
            FieldPath::new(path.as_str()).any_in(document, LeafArray::Whole, |value| {
                found.extend(value.value);
                false
            });
            let mut because = Vec::new();
            let full_path = join(prefix, path.as_str());
            if let Predicate::ElemMatch(conditions) = predicate {
                for array in found.iter().filter(|value| value.is_array()) {
                    for (position, (_, element)) in array.elements().enumerate() {
                        let at = format!("{full_path}.{position}");
                        explain_element(conditions, environment, element, &at, &mut because)?;
                    }
                }
            }
            mismatches.push(Mismatch {
                clause: filter.to_document(),
                path: full_path,
                expected: in_words(predicate),
                found: found.into_iter().map(RawVal::to_bson).collect(),
                because,
            });
        }
        _ if fails(filter)? => mismatches.push(mismatch(filter.to_document().to_string())),
        _ => {}
    }
    Ok(())
}

fn explain_element(
    conditions: &ElemMatch,
    environment: &Environment<'_>,
    element: RawVal<'_>,
    path: &str,
    mismatches: &mut Vec<Mismatch>,
) -> Result<()> {
    match conditions {
        ElemMatch::Fields(filter) if element.is_object() => {
            explain(filter, environment, element, path, mismatches)?;
        }
        ElemMatch::Value(predicates) => {
            // A predicate of `$elemMatch` takes an element as it is: ask about an array of it alone.
            let alone = BsonDocument::from_iter([("v".to_owned(), vec![element.to_bson()].into())]);
            let alone = Record::from_document(&alone)?;
            for predicate in predicates {
                let only = ElemMatch::Value(vec![predicate.clone()]);
                let only = Filter::Field("v".into(), Predicate::ElemMatch(only));
                if !Matcher::with(&only, environment)?.holds(&alone)? {
                    mismatches.push(Mismatch {
                        clause: Predicate::to_document(std::slice::from_ref(predicate)),
                        path: path.to_owned(),
                        expected: in_words(predicate),
                        found: vec![element.to_bson()],
                        because: Vec::new(),
                    });
                }
            }
        }
        _ => mismatches.push(Mismatch {
            clause: BsonDocument::new(),
            path: path.to_owned(),
            expected: "a document".to_owned(),
            found: vec![element.to_bson()],
            because: Vec::new(),
        }),
    }
    Ok(())
}

fn join(prefix: &str, path: &str) -> String {
    if prefix.is_empty() { path.to_owned() } else { format!("{prefix}.{path}") }
}

/// `$gte 18`.
fn in_words(predicate: &Predicate) -> String {
    let printed = Predicate::to_document(std::slice::from_ref(predicate));
    let words: Vec<String> =
        printed.iter().map(|(operator, operand)| format!("{operator} {operand}")).collect();
    words.join(" ")
}
