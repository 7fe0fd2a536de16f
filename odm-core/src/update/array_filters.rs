//! Array filters: which elements `$[identifier]` means.

use std::collections::HashSet;

use bson::Document;

use super::check::{identifier, no_array_filters};
use super::parse::{bad_value, failed_to_parse};
use super::{Change, Update, pull};
use crate::error::Result;
use crate::filter::Filter;
use crate::namespace::FieldPath;

/// Array filters of an update, by identifier.
///
/// The paths in a filter begin with its identifier: `{"elem.grade": {$gte: 85}}` is about the field
/// `grade` of the elements that `$[elem]` stands for. It is evaluated as on a document that holds the
/// element in a field of that name.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ArrayFilters {
    filters: Vec<(String, Filter)>,
}

impl ArrayFilters {
    /// Reads `filters` and checks that `update` uses each, and no other.
    ///
    /// # Errors
    ///
    /// - `BadValue` (2): an identifier in the update that has no filter, one that is not
    ///   alphanumeric after a small letter, a malformed filter.
    /// - `FailedToParse` (9): a filter that is not used, that is about no or several identifiers, or
    ///   about that of another filter; any filter beside a pipeline.
    /// - `QueryFeatureNotAllowed` (224): `$expr`, `$jsonSchema`.
    pub fn parse(filters: &[Document], update: &Update) -> Result<Self> {
        if !filters.is_empty() && matches!(update, Update::Pipeline(_)) {
            return Err(no_array_filters());
        }
        let mut parsed = Vec::with_capacity(filters.len());
        let mut names = HashSet::new();
        for doc in filters {
            let filter = Filter::parse(doc)?;
            pull::check_filter(&filter)?;
            let name = filter_identifier(&filter)?.ok_or_else(|| {
                failed_to_parse(
                    "cannot use an expression without a top-level field name in arrayFilters",
                )
            })?;
            if !names.insert(name.to_owned()) {
                return Err(failed_to_parse(format!(
                    "found multiple array filters with the same top-level field name {name}"
                )));
            }
            parsed.push((name.to_owned(), filter));
        }
        let used = match update {
            Update::Raw(_) => used_identifiers(update.normalized()?.as_ref(), &names)?,
            _ => used_identifiers(update, &names)?,
        };
        if let Some(used) = used
            && let Some((name, _)) = parsed.iter().find(|(name, _)| !used.contains(name))
        {
            return Err(failed_to_parse(format!(
                "the array filter for identifier '{name}' was not used in the update"
            )));
        }
        Ok(ArrayFilters { filters: parsed })
    }

    /// The filter of the elements that `$[identifier]` stands for.
    #[must_use]
    pub fn get(&self, identifier: &str) -> Option<&Filter> {
        self.filters.iter().find(|(name, _)| name == identifier).map(|(_, filter)| filter)
    }

    /// Each identifier with its filter.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Filter)> {
        self.filters.iter().map(|(name, filter)| (name.as_str(), filter))
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.filters.is_empty()
    }
}

/// The one identifier that all conditions of a filter are about; none if there are no conditions.
fn filter_identifier(filter: &Filter) -> Result<Option<&str>> {
    match filter {
        Filter::Field(path, _) => {
            let name = path.components().next().unwrap_or_default();
            let valid = name.starts_with(|c: char| c.is_ascii_lowercase())
                && name.chars().all(|c| c.is_ascii_alphanumeric());
            if !valid {
                return Err(bad_value(format!(
                    "error parsing array filter: the top-level field name must be an alphanumeric \
                     string beginning with a lowercase letter, found '{name}'"
                )));
            }
            Ok(Some(name))
        }
        Filter::And(parts) | Filter::Or(parts) | Filter::Nor(parts) => {
            let mut found = None;
            for part in parts {
                match (found, filter_identifier(part)?) {
                    (Some(one), Some(other)) if one != other => {
                        return Err(failed_to_parse(format!(
                            "error parsing array filter: expected a single top-level field name, \
                             found '{one}' and '{other}'"
                        )));
                    }
                    (_, Some(name)) => found = Some(name),
                    (_, None) => {}
                }
            }
            Ok(found)
        }
        _ => Ok(None),
    }
}

/// The identifiers in the paths of `update`; `None` for a replacement, which has no paths.
fn used_identifiers(update: &Update, known: &HashSet<String>) -> Result<Option<HashSet<String>>> {
    let Update::Operators(changes) = update else {
        return Ok(None);
    };
    let mut used = HashSet::new();
    let mut add = |path: &FieldPath| {
        for name in path.components().filter_map(identifier).filter(|name| !name.is_empty()) {
            if !known.contains(name) {
                return Err(bad_value(format!(
                    "no array filter found for identifier '{name}' in path '{path}'"
                )));
            }
            used.insert(name.to_owned());
        }
        Ok(())
    };
    for (path, change) in changes {
        add(path)?;
        if let Change::Rename(to) = change {
            add(to)?;
        }
    }
    Ok(Some(used))
}
