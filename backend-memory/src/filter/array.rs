//! `$elemMatch`, `$size`; `$all` is a conjunction.

use super::{Condition, Node, Source};
use crate::value::RawVal;

/// The operand of `$elemMatch`.
#[derive(Debug)]
pub(super) enum Elements {
    /// Conditions on the fields of an element that is a document or an array.
    Fields(Box<Node>),
    /// Conditions on the element itself.
    Value(Vec<Condition>),
}

impl Elements {
    /// The position of the first element of an array that matches.
    pub(super) fn position_in(&self, array: RawVal<'_>) -> Option<usize> {
        if !array.is_array() {
            return None;
        }
        array.elements().position(|(_, element)| match self {
            Elements::Fields(node) => {
                (element.is_object() || element.is_array())
                    && node.matches(Source::Value(element), None)
            }
            Elements::Value(conditions) => {
                conditions.iter().all(|condition| condition.holds(element))
            }
        })
    }
}

/// Whether a value is an array of that many elements.
pub(super) fn has_size(value: RawVal<'_>, size: i64) -> bool {
    value.is_array() && usize::try_from(size).is_ok_and(|size| value.elements().count() == size)
}
