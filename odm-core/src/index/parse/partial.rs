//! Reading `partialFilterExpression`, which knows only part of the query language.

use bson::{Bson, Document};

use crate::error::{Error, ErrorCode, Result};
use crate::filter::{Filter, Predicate};

/// `QueryFeatureNotAllowed`.
const NOT_ALLOWED: ErrorCode = ErrorCode(224);

pub(super) fn parse(doc: &Document) -> Result<Filter> {
    let filter = Filter::parse(doc)?;
    check(&filter)?;
    Ok(filter)
}

fn check(filter: &Filter) -> Result<()> {
    match filter {
        Filter::And(parts) | Filter::Or(parts) => parts.iter().try_for_each(check),
        Filter::Field(_, predicate) => check_predicate(predicate),
        Filter::Comment(_) => Ok(()),
        Filter::Expr(_) | Filter::JsonSchema(_) => refuse(NOT_ALLOWED, filter.operator()),
        Filter::Where(_) | Filter::Text(_) => refuse(ErrorCode::BAD_VALUE, filter.operator()),
        _ => refuse(ErrorCode::CANNOT_CREATE_INDEX, filter.operator()),
    }
}

fn check_predicate(predicate: &Predicate) -> Result<()> {
    match predicate {
        Predicate::Eq(_)
        | Predicate::Gt(_)
        | Predicate::Gte(_)
        | Predicate::Lt(_)
        | Predicate::Lte(_)
        | Predicate::In(_)
        | Predicate::Exists(true)
        | Predicate::Type(_)
        | Predicate::GeoIntersects(_)
        | Predicate::GeoWithin(_) => Ok(()),
        // Without regular expressions it is a conjunction of equalities; empty, it matches nothing.
        Predicate::All(values)
            if !values.is_empty()
                && !values.iter().any(|value| matches!(value, Bson::RegularExpression(_))) =>
        {
            Ok(())
        }
        Predicate::Near(_) => refuse(ErrorCode(5_626_500), predicate.operator()),
        _ => refuse(ErrorCode::CANNOT_CREATE_INDEX, predicate.operator()),
    }
}

fn refuse(code: ErrorCode, operator: &str) -> Result<()> {
    Err(Error::command(code, format!("{operator} is not supported in a partial index")))
}
