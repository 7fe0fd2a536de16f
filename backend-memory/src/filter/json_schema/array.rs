//! Keywords about arrays.

use super::unordered::Distinct;
use super::{At, Schema};
use crate::value::RawVal;

#[derive(Debug)]
pub(super) enum ArrayRule {
    MinItems(usize),
    MaxItems(usize),
    UniqueItems,
    /// `items` with a list: for the elements at these positions.
    Each(Vec<Schema>),
    /// `items`, `additionalItems`: for all elements from a position on; without a schema there must be none.
    From(usize, Option<Schema>),
}

impl ArrayRule {
    pub(super) fn accepts(&self, array: RawVal<'_>) -> bool {
        let mut elements = array.elements().map(|(_, element)| element);
        match self {
            ArrayRule::MinItems(least) => elements.take(*least).count() == *least,
            ArrayRule::MaxItems(most) => elements.nth(*most).is_none(),
            ArrayRule::UniqueItems => {
                let mut seen = Distinct::default();
                elements.all(|element| seen.insert(element))
            }
            ArrayRule::Each(schemas) => schemas
                .iter()
                .zip(elements)
                .all(|(schema, element)| schema.accepts_at(At::Value(element))),
            ArrayRule::From(start, schema) => elements.skip(*start).all(|element| {
                schema.as_ref().is_some_and(|schema| schema.accepts_at(At::Value(element)))
            }),
        }
    }
}
