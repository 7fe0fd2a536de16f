//! The conditions of a filter that all must hold, and what they say about the fields of an index.

use odm_core::bson::Bson;
use odm_core::{Error, FieldPath, Filter, Predicate};
use smallvec::{SmallVec, smallvec};

use super::bounds::{self, Bounds, Strings};
use crate::storage::Index;

/// The conditions of a filter that all must hold.
pub(super) struct Conjuncts<'f> {
    pub(super) parts: Vec<&'f Filter>,
}

impl<'f> Conjuncts<'f> {
    pub(super) fn of(filter: &'f Filter) -> Self {
        let mut conjuncts = Conjuncts { parts: Vec::new() };
        conjuncts.add(filter);
        conjuncts
    }

    fn add(&mut self, filter: &'f Filter) {
        match filter {
            // Parsing bounds how deep they nest.
            Filter::And(parts) => parts.iter().for_each(|part| self.add(part)),
            other => self.parts.push(other),
        }
    }

    /// Whether every document that meets the conditions matches `filter`; sometimes it is not
    /// seen.
    pub(super) fn imply(&self, filter: &Filter, strings: Strings<'_>) -> bool {
        match filter {
            Filter::And(parts) => parts.iter().all(|part| self.imply(part, strings)),
            Filter::Or(parts) => parts.iter().any(|part| self.imply(part, strings)),
            Filter::Field(path, wanted) => self.parts.iter().any(|part| match condition(part) {
                Some((on, predicates)) if on == path => {
                    predicates.iter().all(|one| bounds::implies(one, wanted, strings))
                }
                _ => false,
            }),
            _ => false,
        }
    }

    /// Whether a condition is on this field.
    pub(super) fn mention(&self, path: &str) -> bool {
        self.parts.iter().any(|part| condition(part).is_some_and(|(on, _)| on.as_str() == path))
    }

    pub(super) fn have_alternatives(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Filter::Or(_)))
    }

    /// Whether the bounds of the first `bounded` fields of an index say all that the conditions
    /// say.
    pub(super) fn are_exact(&self, index: &Index, bounded: usize, strings: Strings<'_>) -> bool {
        let fields = &index.spec.fields()[..bounded];
        self.parts.iter().all(|part| {
            let Some((on, predicates)) = condition(part) else { return false };
            let is_bounded = |(field, (path, _)): (usize, &(crate::value::FieldPath, bool))| {
                path.as_str() == on.as_str() && !index.is_multikey_at(field)
            };
            fields.iter().enumerate().any(is_bounded)
                && predicates.iter().all(|one| Bounds::are_exact(one, strings))
        })
    }

    /// Whether a document matches exactly if one of its keys is within the bounds of the fields
    /// that have some.
    pub(super) fn are_told_by_keys(&self, index: &Index, has_bounds: &[bool]) -> bool {
        let strings = Strings::new(index, None);
        let fields = index.spec.fields();
        let is_on =
            |part: &Filter, path: &str| condition(part).is_some_and(|(on, _)| on.as_str() == path);
        self.parts.iter().all(|part| {
            let Some((on, predicates)) = condition(part) else { return false };
            let Some(field) = fields.iter().position(|(path, _)| path.as_str() == on.as_str())
            else {
                return false;
            };
            if has_bounds.get(field) != Some(&true) {
                return false;
            }
            // An array may meet each of several conditions by another element, and a negation is
            // about all of them.
            let one_element_tells = || {
                predicates.iter().all(|one| is_about_one_value(one))
                    && self.parts.iter().filter(|part| is_on(part, on.as_str())).count() == 1
            };
            // The server does not trust in these.
            if index.is_multikey() && predicates.iter().any(|one| is_with_extreme(one)) {
                return false;
            }
            (!index.is_multikey_at(field) || one_element_tells())
                && predicates.iter().all(|one| Bounds::are_exact(one, strings))
        })
    }

    /// The bounds of a field. Where a document may have several keys, each condition may be met
    /// by another one of them, so that only the narrowest one bounds the scan.
    pub(super) fn bounds(
        &self,
        path: &str,
        multikey: bool,
        strings: Strings<'_>,
    ) -> Result<Option<Bounds<'f>>, Error> {
        let mut all: Option<Bounds<'f>> = None;
        for part in &self.parts {
            let Some((on, predicates)) = condition(part) else { continue };
            if on.as_str() != path {
                continue;
            }
            // An array is above the least key and below the greatest, whatever its elements are.
            if multikey && predicates.iter().any(|one| is_with_extreme(one)) {
                continue;
            }
            let Some(bounds) = union(&predicates, strings)? else { continue };
            all = Some(match all {
                None => bounds,
                Some(all) if !multikey => all.intersect(bounds),
                Some(all) => {
                    let excludes_missing = all.excludes_missing || bounds.excludes_missing;
                    let narrower = if bounds.width() < all.width() { bounds } else { all };
                    Bounds { excludes_missing, ..narrower }
                }
            });
        }
        Ok(all)
    }
}

/// A field, and the predicates of which it has to satisfy one: a condition on it, or alternatives
/// that are all on it.
fn condition(part: &Filter) -> Option<(&FieldPath, SmallVec<[&Predicate; 1]>)> {
    match part {
        Filter::Field(path, predicate) => Some((path, smallvec![predicate])),
        Filter::Or(alternatives) => {
            let Filter::Field(path, _) = alternatives.first()? else { return None };
            let mut predicates = SmallVec::with_capacity(alternatives.len());
            for alternative in alternatives {
                match alternative {
                    Filter::Field(on, predicate) if on == path => predicates.push(predicate),
                    _ => return None,
                }
            }
            Some((path, predicates))
        }
        _ => None,
    }
}

/// Whether an array satisfies it if one of its elements does.
const fn is_about_one_value(predicate: &Predicate) -> bool {
    use Predicate::{Eq, Gt, Gte, In, Lt, Lte, Regex, Type};
    matches!(predicate, Eq(_) | In(_) | Gt(_) | Gte(_) | Lt(_) | Lte(_) | Type(_) | Regex(_))
}

/// Whether it compares with what is above or below all else.
const fn is_with_extreme(predicate: &Predicate) -> bool {
    use Predicate::{Gt, Gte, Lt, Lte};
    matches!(predicate, Gt(operand) | Gte(operand) | Lt(operand) | Lte(operand)
        if matches!(operand, Bson::MinKey | Bson::MaxKey))
}

/// What one of the predicates accepts; `None` if that may be anything.
fn union<'f>(
    predicates: &[&'f Predicate],
    strings: Strings<'_>,
) -> Result<Option<Bounds<'f>>, Error> {
    let mut all: Option<Bounds<'f>> = None;
    for predicate in predicates {
        let Some(bounds) = Bounds::of(predicate, strings)? else { return Ok(None) };
        all = Some(match all {
            None => bounds,
            Some(all) => all.union(bounds),
        });
    }
    Ok(all)
}
