//! `$push`, `$addToSet`, `$pop`, `$pull`, `$pullAll`.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::sync::Arc;

use bson::Bson;
use odm_core::{Error, ErrorCode, PushOrder, PushSort, SortOrder};
use smallvec::SmallVec;

use super::fields::Outcome;
use super::write::{self, New};
use crate::collation::Collator;
use crate::filter::{ElementMatcher, Matcher};
use crate::value::write::{append_at, begin, finish};
use crate::value::{ElementType, KeyBytes, RawVal, ValueBuf, compare_collated, equal};

type Values<'a> = SmallVec<[RawVal<'a>; 16]>;

fn encode(values: &[Bson]) -> Result<Vec<ValueBuf>, Error> {
    values.iter().map(ValueBuf::from_bson).collect()
}

fn depth(values: &[ValueBuf]) -> usize {
    values.iter().map(|value| write::depth(value.as_raw(), 0)).max().unwrap_or(0)
}

fn values<'a>(array: RawVal<'a>) -> Values<'a> {
    array.elements().map(|(_, value)| value).collect()
}

/// A new array of these values.
fn array<'v, 'a>(values: impl IntoIterator<Item = RawVal<'v>>) -> New<'a> {
    let mut out = Vec::new();
    let start = begin(&mut out);
    for (index, value) in values.into_iter().enumerate() {
        append_at(&mut out, index, value);
    }
    finish(&mut out, start);
    New::Bytes(ElementType::Array, out)
}

/// An array with more values at its end.
fn extended<'v, 'a>(old: RawVal<'_>, more: impl IntoIterator<Item = RawVal<'v>>) -> New<'a> {
    let mut out = Vec::with_capacity(old.bytes().len() + 32);
    let start = begin(&mut out);
    let end = old.bytes().len().saturating_sub(1);
    out.extend_from_slice(old.bytes().get(4..end).unwrap_or_default());
    for (index, value) in (old.elements().count()..).zip(more) {
        append_at(&mut out, index, value);
    }
    finish(&mut out, start);
    New::Bytes(ElementType::Array, out)
}

fn not_an_array(code: ErrorCode, operator: &str, path: &str, value: RawVal<'_>) -> Error {
    Error::command(
        code,
        format!(
            "cannot apply {operator} to a non-array value: the field '{path}' is of type {}",
            value.type_name()
        ),
    )
}

/// `$push` with its modifiers.
#[derive(Debug)]
pub(super) struct Push {
    each: Vec<ValueBuf>,
    position: Option<i64>,
    sort: Option<Order>,
    slice: Option<i64>,
    collator: Option<Arc<Collator>>,
}

/// The `$sort` of a `$push`.
#[derive(Debug)]
enum Order {
    /// By the elements themselves.
    Value { descending: bool },
    /// By fields of elements that are documents: path and whether descending.
    Fields(Vec<(Box<str>, bool)>),
}

impl Push {
    pub(super) fn new(
        push: &odm_core::Push,
        collator: Option<&Arc<Collator>>,
    ) -> Result<Self, Error> {
        let sort = match &push.sort {
            None => None,
            Some(PushSort::Value(order)) => {
                Some(Order::Value { descending: *order == PushOrder::Descending })
            }
            Some(PushSort::Fields(sort)) => {
                let field = |(path, order): &(odm_core::FieldPath, SortOrder)| match order {
                    SortOrder::Ascending => Ok((path.as_str().into(), false)),
                    SortOrder::Descending => Ok((path.as_str().into(), true)),
                    other => Err(super::unsupported(&format!("{other:?} in the $sort of $push"))),
                };
                Some(Order::Fields(sort.keys.iter().map(field).collect::<Result<_, _>>()?))
            }
            Some(other) => return Err(super::unsupported(&format!("the $sort {other:?}"))),
        };
        Ok(Push {
            each: encode(&push.each)?,
            position: push.position,
            sort,
            slice: push.slice,
            collator: collator.cloned(),
        })
    }

    pub(super) fn depth(&self) -> usize {
        depth(&self.each)
    }

    pub(super) fn change<'a>(&self, path: &str, old: RawVal<'a>) -> Result<Outcome<'a>, Error> {
        if !old.is_array() {
            return Err(not_an_array(ErrorCode::BAD_VALUE, "$push", path, old));
        }
        let each = self.each.iter().map(ValueBuf::as_raw);
        if self.position.is_none() && self.sort.is_none() && self.slice.is_none() {
            return Ok(if self.each.is_empty() {
                Outcome::Unchanged
            } else {
                Outcome::Set(extended(old, each))
            });
        }
        let mut new = values(old);
        let len = new.len();
        self.modify(&mut new);
        // An array that is sorted counts as modified, whatever order it was in.
        Ok(match self.sort {
            Some(_) if self.each.is_empty() && len == 0 => Outcome::Rewritten,
            None if self.each.is_empty() && new.len() == len => Outcome::Unchanged,
            _ => Outcome::Set(array(new)),
        })
    }

    pub(super) fn create<'a>(&self) -> New<'a> {
        let mut new = Values::new();
        self.modify(&mut new);
        array(new)
    }

    /// Inserts, then sorts, then cuts.
    fn modify<'a, 's: 'a>(&'s self, new: &mut Values<'a>) {
        let len = new.len();
        let distance = |n: i64| usize::try_from(n.unsigned_abs()).unwrap_or(usize::MAX);
        let position = match self.position {
            None => len,
            Some(position) if position < 0 => len.saturating_sub(distance(position)),
            Some(position) => distance(position).min(len),
        };
        new.insert_many(position, self.each.iter().map(ValueBuf::as_raw));
        let compare = |a, b| compare_collated(self.collator.as_deref(), a, b);
        match &self.sort {
            None => {}
            Some(Order::Value { descending }) => {
                new.sort_by(|a, b| directed(compare(*a, *b), *descending));
            }
            Some(Order::Fields(fields)) => new.sort_by(|a, b| {
                let by_field = |(path, descending): &(Box<str>, bool)| {
                    directed(compare(field(*a, path), field(*b, path)), *descending)
                };
                fields
                    .iter()
                    .map(by_field)
                    .find(|ordering| ordering.is_ne())
                    .unwrap_or(Ordering::Equal)
            }),
        }
        match self.slice {
            None => {}
            Some(slice) if slice < 0 => {
                new.drain(..new.len().saturating_sub(distance(slice)));
            }
            Some(slice) => new.truncate(distance(slice)),
        }
    }
}

fn directed(ordering: Ordering, descending: bool) -> Ordering {
    if descending { ordering.reverse() } else { ordering }
}

/// What an element sorts by; null if it is no document, or lacks the field.
fn field<'a>(element: RawVal<'a>, path: &str) -> RawVal<'a> {
    if !element.is_object() {
        return RawVal::NULL;
    }
    let found = path.split('.').try_fold(element, |value, name| value.get(name.as_bytes()));
    found.unwrap_or(RawVal::NULL)
}

/// `$addToSet`.
#[derive(Debug)]
pub(super) struct AddToSet {
    /// Each once.
    values: Vec<ValueBuf>,
    collator: Option<Arc<Collator>>,
}

impl AddToSet {
    pub(super) fn new(operand: &[Bson], collator: Option<&Arc<Collator>>) -> Result<Self, Error> {
        let mut values = encode(operand)?;
        let mut seen = HashSet::new();
        let key = |value: &ValueBuf| KeyBytes::collated(collator.map(Arc::as_ref), value.as_raw());
        values.retain(|value| seen.insert(key(value)));
        Ok(AddToSet { values, collator: collator.cloned() })
    }

    pub(super) fn depth(&self) -> usize {
        depth(&self.values)
    }

    pub(super) fn change<'a>(&self, path: &str, old: RawVal<'a>) -> Result<Outcome<'a>, Error> {
        if !old.is_array() {
            return Err(not_an_array(ErrorCode::BAD_VALUE, "$addToSet", path, old));
        }
        let values = self.values.iter().map(ValueBuf::as_raw);
        let new: Values<'_> = if self.values.len() > 8 {
            let key = |value| KeyBytes::collated(self.collator.as_deref(), value);
            let there: HashSet<KeyBytes> = old.elements().map(|(_, other)| key(other)).collect();
            values.filter(|value| !there.contains(&key(*value))).collect()
        } else {
            let same = |a, b| match self.collator.as_deref() {
                Some(collator) => compare_collated(Some(collator), a, b).is_eq(),
                None => equal(a, b),
            };
            let is_there = |value| old.elements().any(|(_, other)| same(other, value));
            values.filter(|value| !is_there(*value)).collect()
        };
        Ok(if new.is_empty() { Outcome::Unchanged } else { Outcome::Set(extended(old, new)) })
    }

    pub(super) fn create<'a>(&self) -> New<'a> {
        array(self.values.iter().map(ValueBuf::as_raw))
    }
}

/// `$pop`.
#[derive(Debug)]
pub(super) struct Pop {
    first: bool,
}

impl Pop {
    pub(super) fn new(end: odm_core::Pop) -> Self {
        Pop { first: end == odm_core::Pop::First }
    }

    pub(super) fn change<'a>(&self, path: &str, old: RawVal<'a>) -> Result<Outcome<'a>, Error> {
        if !old.is_array() {
            return Err(not_an_array(ErrorCode::TYPE_MISMATCH, "$pop", path, old));
        }
        let mut values = values(old);
        if values.is_empty() {
            return Ok(Outcome::Unchanged);
        }
        values.remove(if self.first { 0 } else { values.len() - 1 });
        Ok(Outcome::Set(array(values)))
    }
}

/// `$pull` or `$pullAll`.
#[derive(Debug)]
pub(super) enum Pull {
    /// Elements equal to one of these, which are in order.
    Values(Vec<ValueBuf>, Option<Arc<Collator>>),
    /// Elements that satisfy operators.
    Predicates(ElementMatcher),
    /// Documents that match.
    Fields(Matcher),
}

impl Pull {
    pub(super) fn new(
        pull: &odm_core::Pull,
        collator: Option<&Arc<Collator>>,
    ) -> Result<Self, Error> {
        Ok(match pull {
            odm_core::Pull::Value(Bson::RegularExpression(regex)) => {
                let matches = odm_core::Predicate::Regex(regex.clone());
                Pull::Predicates(ElementMatcher::compile(&[matches], collator)?)
            }
            odm_core::Pull::Value(value) => {
                Pull::Values(vec![ValueBuf::from_bson(value)?], collator.cloned())
            }
            odm_core::Pull::Predicates(predicates) => {
                Pull::Predicates(ElementMatcher::compile(predicates, collator)?)
            }
            odm_core::Pull::Fields(filter) => Pull::Fields(Matcher::collated(filter, collator)?),
            other => return Err(super::unsupported(&format!("the $pull {other:?}"))),
        })
    }

    pub(super) fn all(values: &[Bson], collator: Option<&Arc<Collator>>) -> Result<Self, Error> {
        let mut values = encode(values)?;
        values.sort_by(|a, b| compare_collated(collator.map(Arc::as_ref), a.as_raw(), b.as_raw()));
        Ok(Pull::Values(values, collator.cloned()))
    }

    pub(super) fn change<'a>(&self, old: RawVal<'a>) -> Result<Outcome<'a>, Error> {
        if !old.is_array() {
            return Err(Error::command(
                ErrorCode::BAD_VALUE,
                "cannot apply $pull to a non-array value",
            ));
        }
        let mut values = values(old);
        let len = values.len();
        values.retain(|value| !self.removes(*value));
        Ok(if values.len() == len { Outcome::Unchanged } else { Outcome::Set(array(values)) })
    }

    fn removes(&self, element: RawVal<'_>) -> bool {
        match self {
            Pull::Values(values, collator) => {
                let order = |value: &ValueBuf| {
                    compare_collated(collator.as_deref(), value.as_raw(), element)
                };
                values.binary_search_by(order).is_ok()
            }
            Pull::Predicates(matcher) => matcher.matches_field(element),
            Pull::Fields(matcher) => element.is_object() && matcher.matches_value(element),
        }
    }
}
