//! What must hold for a filter as a whole: where `$near` and `$text` may stand.

use super::bad_value;
use crate::error::Result;
use crate::filter::{ElemMatch, Filter, Predicate};

/// Refuses what the server refuses after reading all of a filter.
pub(super) fn check(filter: &Filter) -> Result<()> {
    let mut found = Found::default();
    found.visit(filter, Place { near: true, text: true });
    let message = match found {
        Found { text: 2.., .. } => "too many text expressions",
        Found { near: 2.., .. } => "too many geoNear expressions",
        Found { text: 1, near: 1, .. } => "text and geoNear not allowed in same query",
        Found { misplaced_near: true, .. } => "geo $near must be top-level expr",
        Found { misplaced_text: true, .. } => "text expression not allowed in nor",
        _ => return Ok(()),
    };
    Err(bad_value(message))
}

#[derive(Default)]
struct Found {
    near: u32,
    text: u32,
    misplaced_near: bool,
    misplaced_text: bool,
}

/// What may stand in some place of a filter.
#[derive(Clone, Copy)]
struct Place {
    near: bool,
    text: bool,
}

impl Found {
    fn visit(&mut self, filter: &Filter, place: Place) {
        match filter {
            Filter::And(parts) => parts.iter().for_each(|part| self.visit(part, place)),
            Filter::Or(parts) => {
                let place = Place { near: place.near && parts.len() == 1, ..place };
                parts.iter().for_each(|part| self.visit(part, place));
            }
            Filter::Nor(parts) => {
                let place = Place { near: false, text: false };
                parts.iter().for_each(|part| self.visit(part, place));
            }
            Filter::Field(_, predicate) => self.visit_predicate(predicate, place),
            Filter::Text(_) => {
                self.text = self.text.saturating_add(1);
                self.misplaced_text |= !place.text;
            }
            _ => {}
        }
    }

    fn visit_predicate(&mut self, predicate: &Predicate, place: Place) {
        let below = Place { near: false, ..place };
        match predicate {
            Predicate::Near(_) => {
                self.near = self.near.saturating_add(1);
                self.misplaced_near |= !place.near;
            }
            Predicate::Not(parts) => {
                parts.iter().for_each(|part| self.visit_predicate(part, below));
            }
            Predicate::ElemMatch(element) => self.visit_element(element, below),
            Predicate::AllElemMatch(elements) => {
                elements.iter().for_each(|element| self.visit_element(element, below));
            }
            _ => {}
        }
    }

    fn visit_element(&mut self, element: &ElemMatch, place: Place) {
        match element {
            ElemMatch::Fields(filter) => self.visit(filter, place),
            ElemMatch::Value(parts) => {
                parts.iter().for_each(|part| self.visit_predicate(part, place));
            }
        }
    }
}
