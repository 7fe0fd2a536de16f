//! The operand of `$pull`, which is a value, operators on it, or a filter of documents.

use bson::{Bson, Document, doc};

use super::Pull;
use crate::error::{Error, ErrorCode, Result};
use crate::filter::{Filter, Predicate, begins_condition};

pub(super) fn parse(operand: &Bson) -> Result<Pull> {
    let Bson::Document(doc) = operand else {
        return Ok(Pull::Value(operand.clone()));
    };
    let first = doc.keys().next().map_or("", String::as_str);
    if begins_condition(first) {
        return Predicate::parse(doc).map(Pull::Predicates);
    }
    Ok(Pull::Fields(Box::new(Filter::parse(doc)?)))
}

/// Prints `operand` so that the server takes it for what it is.
pub(super) fn print(operand: &Pull) -> Bson {
    match operand {
        // A document would be taken for a filter.
        Pull::Value(value @ Bson::Document(_)) => doc! { "$eq": value.clone() }.into(),
        Pull::Value(value) => value.clone(),
        Pull::Fields(filter) => filter.to_document().into(),
        Pull::Predicates(predicates) => print_predicates(predicates).into(),
    }
}

/// Operators on the elements, beginning with one that the server takes for such.
fn print_predicates(predicates: &[Predicate]) -> Document {
    let mut printed = Predicate::to_document(predicates);
    let begins = |doc: &Document| doc.keys().next().is_some_and(|it| begins_condition(it));
    if let Some(negation) = printed.remove("$not") {
        printed.insert("$not", negation);
    }
    if !begins(&printed) {
        let mut all = doc! { "$nin": [] };
        all.extend(printed);
        return all;
    }
    printed
}

/// Refuses what the server does not evaluate on elements of arrays.
pub(super) fn check(pull: &Pull) -> Result<()> {
    match pull {
        Pull::Value(_) => Ok(()),
        Pull::Predicates(predicates) => predicates.iter().try_for_each(check_predicate),
        Pull::Fields(filter) => check_filter(filter),
    }
}

/// Refuses conditions that need a whole stored document, or an index.
pub(super) fn check_filter(filter: &Filter) -> Result<()> {
    let not_allowed = |code: ErrorCode, name: &str| {
        Err(Error::command(code, format!("{name} is not allowed in this context")))
    };
    match filter {
        Filter::And(parts) | Filter::Or(parts) | Filter::Nor(parts) => {
            parts.iter().try_for_each(check_filter)
        }
        Filter::Field(_, predicate) => check_predicate(predicate),
        Filter::Expr(_) => not_allowed(ErrorCode::QUERY_FEATURE_NOT_ALLOWED, "$expr"),
        Filter::JsonSchema(_) => not_allowed(ErrorCode::QUERY_FEATURE_NOT_ALLOWED, "$jsonSchema"),
        Filter::Where(_) => not_allowed(ErrorCode::BAD_VALUE, "$where"),
        Filter::Text(_) => not_allowed(ErrorCode::BAD_VALUE, "$text"),
        Filter::Raw(doc) => check_filter(&Filter::parse(doc)?),
        _ => Ok(()),
    }
}

fn check_predicate(predicate: &Predicate) -> Result<()> {
    match predicate {
        Predicate::Near(_) => Err(Error::command(
            ErrorCode(5_626_500),
            "$geoNear, $near, and $nearSphere are not allowed in this context",
        )),
        _ => Ok(()),
    }
}
