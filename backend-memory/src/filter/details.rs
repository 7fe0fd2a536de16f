//! Why a document does not match a filter, as the server tells it when validation fails.

mod clause;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use bson::{Bson, DateTime, Document, Timestamp, doc};
use odm_core::{Error, ErrorCode};

use super::Matcher;
use super::json_schema::details as schema;
use crate::collation::Collator;
use crate::expression::{Compiler, Environment, Root, Scope};
use crate::storage::display;
use crate::value::path::{FieldPath, LeafArray};
use crate::value::{RawVal, Record};

use clause::{Clause, Leaf, Logical};

/// What the server reports beside the code of a failed validation.
///
/// # Errors
///
/// None for a filter that [`Matcher::validating`] takes.
pub(crate) fn failure(
    filter: &Document,
    record: &Record,
    collator: Option<&Arc<Collator>>,
) -> Result<Document, Error> {
    let clause = Clause::of_document(filter)?;
    let id = record.id().map_or(Bson::Null, RawVal::to_bson);
    let explaining = Explaining { record, collator };
    Ok(match explaining.explain(&clause, false)? {
        Told::Details(details) => doc! { "failingDocumentId": id, "details": details },
        Told::Untellable(expression) => doc! {
            "failingDocumentId": id,
            "note": "failed to generate document validation error",
            "details": {
                "code": 4_994_600,
                "codeName": "Location4994600",
                "errmsg": format!(
                    "Cannot generate validation error details: no annotation found for expression {}",
                    display::document(&expression)
                ),
            },
        },
    })
}

/// What is told about a clause.
enum Told {
    Details(Document),
    /// The server has no words for this expression, and so for the whole filter.
    Untellable(Document),
}

struct Explaining<'r> {
    record: &'r Record,
    collator: Option<&'r Arc<Collator>>,
}

impl Explaining<'_> {
    /// Whether a clause matches; nobody knows if an expression refuses the document.
    fn matches(&self, clause: &Clause<'_>) -> Result<Option<bool>, Error> {
        let matcher = Matcher::validating(&clause.filter()?, self.collator)?;
        Ok(matcher.holds(self.record).ok())
    }

    /// Why a clause does not match; `inverted`, why it does.
    fn explain(&self, clause: &Clause<'_>, inverted: bool) -> Result<Told, Error> {
        Ok(Told::Details(match clause {
            Clause::Untellable(expression) => return Ok(Told::Untellable(expression.clone())),
            Clause::Logical(operator, parts) => return self.logical(*operator, parts, inverted),
            Clause::Not(inner) => match self.explain(inner, !inverted)? {
                Told::Details(details) => doc! { "operatorName": "$not", "details": details },
                untellable => return Ok(untellable),
            },
            Clause::Schema(_) if inverted => {
                doc! { "operatorName": "$jsonSchema", "reason": "schema matched" }
            }
            Clause::Schema(parsed) => schema::unsatisfied(parsed, self.record.as_raw())?,
            Clause::Expression(expression) => self.expression(expression, inverted)?,
            Clause::Leaf(leaf) => self.leaf(leaf, inverted),
        }))
    }

    fn logical(
        &self,
        operator: Logical,
        parts: &[Clause<'_>],
        inverted: bool,
    ) -> Result<Told, Error> {
        // Of a `$nor`, it is the parts that match that make it fail.
        let satisfied = inverted != (operator == Logical::Nor);
        let mut clauses = Vec::new();
        for (index, part) in parts.iter().enumerate() {
            if let Clause::Untellable(expression) = part {
                return Ok(Told::Untellable(expression.clone()));
            }
            if self.matches(part)? == Some(!satisfied) {
                continue;
            }
            let mut out = doc! { "index": i32::try_from(index).unwrap_or(i32::MAX) };
            if let Clause::Schema(parsed) = part
                && parsed.allows_objects()
            {
                schema::describe(&mut out, parsed);
            }
            match self.explain(part, satisfied)? {
                Told::Details(details) => out.insert("details", details),
                untellable => return Ok(untellable),
            };
            clauses.push(out);
        }
        let list = if satisfied { "clausesSatisfied" } else { "clausesNotSatisfied" };
        Ok(Told::Details(doc! { "operatorName": operator.name(), list: clauses }))
    }

    /// What `$expr` gives.
    fn expression(&self, expression: &Bson, inverted: bool) -> Result<Document, Error> {
        let (strings, time) = (self.collator.cloned(), Timestamp { time: 0, increment: 0 });
        let environment = Environment::at(DateTime::MIN, time, strings);
        let node = Compiler::timeless(environment.globals()).operand(expression)?;
        let mut out =
            doc! { "operatorName": "$expr", "specifiedAs": { "$expr": expression.clone() } };
        let scope = Scope::new(environment.globals(), Root::Record(self.record));
        match node.eval(&scope) {
            Ok(value) => {
                let reason =
                    if inverted { "expression did match" } else { "expression did not match" };
                out.insert("reason", reason);
                if let Some(value) = value.as_raw() {
                    out.insert("expressionResult", value.to_bson());
                }
            }
            Err(error) => {
                let code = error.error_code().unwrap_or(ErrorCode::INTERNAL_ERROR);
                let message = match &error {
                    Error::Command(error) => error.message.clone(),
                    error => error.to_string(),
                };
                out.insert("reason", "failed to evaluate aggregation expression");
                let name = code.name().into_owned();
                let details = doc! { "code": code.0, "codeName": name, "errmsg": message };
                out.insert("details", details);
            }
        }
        Ok(out)
    }

    fn leaf(&self, leaf: &Leaf<'_>, inverted: bool) -> Document {
        let mut out =
            doc! { "operatorName": leaf.operator, "specifiedAs": leaf.specified_as.clone() };
        if leaf.never {
            out.insert("reason", "expression always evaluates to false");
            return out;
        }
        let reason = if inverted { leaf.words.matched } else { leaf.words.failed };
        let Some(leaf_array) = leaf.words.considers else {
            out.insert("reason", reason);
            return out;
        };
        let Some(values) = self.considered(leaf.path, leaf_array) else {
            out.insert("reason", "field was missing");
            return out;
        };
        let expected = leaf.words.expected;
        let is_expected = |value: &RawVal<'_>| expected.contains(&type_name(*value));
        if !inverted && !expected.is_empty() && !values.iter().any(is_expected) {
            out.insert("reason", "type did not match");
            consider_types(&mut out, &values);
            match expected {
                [only] => out.insert("expectedType", *only),
                several => out.insert("expectedTypes", several.to_vec()),
            };
            consider(&mut out, &values);
            return out;
        }
        out.insert("reason", reason);
        consider(&mut out, &values);
        if leaf.operator == "$type" {
            consider_types(&mut out, &values);
        }
        out
    }

    /// The values that a path leads to, up to where it is missing; `None` if it leads nowhere.
    fn considered(&self, text: &str, leaf_array: LeafArray) -> Option<Vec<RawVal<'_>>> {
        let whole = self.found(&FieldPath::new(text), LeafArray::Whole);
        if whole.is_empty() {
            return None;
        }
        if leaf_array == LeafArray::Whole {
            return Some(whole);
        }
        // The elements of an array, but not the array itself; and an array that the path names by
        // its position in another one as a whole.
        let outer = match text.rsplit_once('.') {
            Some((outer, position)) if position.bytes().all(|byte| byte.is_ascii_digit()) => {
                self.found(&FieldPath::new(outer), LeafArray::Whole)
            }
            _ => Vec::new(),
        };
        let mut values = Vec::new();
        for leaf in whole {
            let is_leaf =
                |(_, value): (&[u8], RawVal<'_>)| std::ptr::eq(value.bytes(), leaf.bytes());
            let is_element =
                outer.iter().any(|outer| outer.is_array() && outer.elements().any(is_leaf));
            if leaf.is_array() && !is_element {
                values.extend(leaf.elements().map(|(_, value)| value));
            } else {
                values.push(leaf);
            }
        }
        Some(values)
    }

    fn found(&self, path: &FieldPath, leaf: LeafArray) -> Vec<RawVal<'_>> {
        let mut values = Vec::new();
        path.any(self.record, leaf, |found| {
            values.extend(found.value);
            found.value.is_none()
        });
        values
    }
}

fn type_name(value: RawVal<'_>) -> &'static str {
    odm_core::BsonType::from_number(i64::from(value.kind() as u8 as i8))
        .map_or("missing", odm_core::BsonType::alias)
}

/// Adds the values that were looked at.
pub(super) fn consider(out: &mut Document, values: &[RawVal<'_>]) {
    match values {
        [only] => out.insert("consideredValue", only.to_bson()),
        several => out.insert(
            "consideredValues",
            several.iter().map(|value| value.to_bson()).collect::<Vec<_>>(),
        ),
    };
}

/// Adds their types, each once.
pub(super) fn consider_types(out: &mut Document, values: &[RawVal<'_>]) {
    let mut types: Vec<&str> = values.iter().map(|value| type_name(*value)).collect();
    types.sort_unstable();
    types.dedup();
    match types.as_slice() {
        [] => None,
        [only] => out.insert("consideredType", *only),
        several => out.insert("consideredTypes", several.to_vec()),
    };
}
