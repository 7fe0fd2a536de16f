//! The filter as the server's optimizer hands it to the planner: what means the same has one form.

use std::borrow::Cow;

use odm_core::bson::Bson;
use odm_core::{Filter, Predicate};

/// The same filter, in the form of which bounds are made.
///
/// - `$and` and `$or` of one condition are that condition, and so is `$all` of one value.
/// - `$nor` of one condition on a field is the `$not` of it.
/// - `$or` of equalities on one path is an `$in`.
pub(super) fn normalized(filter: &Filter) -> Cow<'_, Filter> {
    if is_normal(filter) { Cow::Borrowed(filter) } else { Cow::Owned(normalize(filter.clone())) }
}

fn is_normal(filter: &Filter) -> bool {
    match filter {
        Filter::And(parts) => parts.len() != 1 && parts.iter().all(is_normal),
        Filter::Or(_) | Filter::Nor(_) => false,
        Filter::Field(_, predicate) => predicate_is_normal(predicate),
        _ => true,
    }
}

fn predicate_is_normal(predicate: &Predicate) -> bool {
    match predicate {
        Predicate::All(values) => values.len() != 1,
        Predicate::Not(predicates) => predicates.iter().all(predicate_is_normal),
        _ => true,
    }
}

/// Parsing, or the compilation of the filter before this, bounds how deep filters nest.
fn normalize(filter: Filter) -> Filter {
    let all = |parts: Vec<Filter>| parts.into_iter().map(normalize).collect::<Vec<_>>();
    match filter {
        Filter::And(parts) => single(all(parts)).unwrap_or_else(Filter::And),
        Filter::Or(parts) => {
            single(all(parts)).unwrap_or_else(|parts| in_(&parts).unwrap_or(Filter::Or(parts)))
        }
        Filter::Nor(parts) => match single(all(parts)) {
            Ok(Filter::Field(path, predicate)) => {
                Filter::Field(path, Predicate::Not(vec![predicate]))
            }
            Ok(other) => Filter::Nor(vec![other]),
            Err(parts) => Filter::Nor(parts),
        },
        Filter::Field(path, predicate) => Filter::Field(path, normalize_predicate(predicate)),
        other => other,
    }
}

/// The one condition, if there is just one.
fn single(mut parts: Vec<Filter>) -> Result<Filter, Vec<Filter>> {
    match parts.pop() {
        Some(only) if parts.is_empty() => Ok(only),
        last => {
            parts.extend(last);
            Err(parts)
        }
    }
}

fn normalize_predicate(predicate: Predicate) -> Predicate {
    match predicate {
        Predicate::All(mut values) if values.len() == 1 => match values.pop() {
            Some(Bson::RegularExpression(regex)) => Predicate::Regex(regex),
            Some(value) => Predicate::Eq(value),
            None => Predicate::All(values),
        },
        Predicate::Not(predicates) => {
            Predicate::Not(predicates.into_iter().map(normalize_predicate).collect())
        }
        other => other,
    }
}

/// Alternatives that are equalities on one path, or matches of regular expressions, as one list.
fn in_(parts: &[Filter]) -> Option<Filter> {
    let Filter::Field(path, _) = parts.first()? else { return None };
    let mut values = Vec::with_capacity(parts.len());
    for part in parts {
        match part {
            Filter::Field(other, predicate) if other == path => match predicate {
                // A regular expression that a value equals is not one that it matches.
                Predicate::Eq(Bson::RegularExpression(_)) => return None,
                Predicate::Eq(value) => values.push(value.clone()),
                Predicate::Regex(regex) => values.push(Bson::RegularExpression(regex.clone())),
                _ => return None,
            },
            _ => return None,
        }
    }
    Some(Filter::Field(path.clone(), Predicate::In(values)))
}
