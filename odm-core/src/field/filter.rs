//! Typed filters, and the query operators of every field.

use std::fmt;
use std::marker::PhantomData;
use std::ops::{BitAnd, BitOr, Not};

use bson::Bson;

use crate::error::{Error, Result};
use crate::field::{Bits, Field, FieldType, Numeric, Ordered};
use crate::filter::{BitMask, BsonType, ElemMatch, Filter, Predicate, TypeSpec};
use crate::namespace::FieldPath;
use crate::operand::Comparand;

/// A filter of documents `D`. Combined by `&`, `|` and `!`.
///
/// An operand that has no BSON form is reported when the query runs.
#[must_use = "a filter does nothing until a query has it"]
pub struct FilterOf<D> {
    filter: Result<Filter>,
    documents: PhantomData<fn() -> D>,
}

impl<D> FilterOf<D> {
    /// A filter that was built without types.
    pub fn new(filter: impl Into<Filter>) -> Self {
        FilterOf::from_result(Ok(filter.into()))
    }

    pub(crate) fn from_result(filter: Result<Filter>) -> Self {
        FilterOf { filter, documents: PhantomData }
    }

    /// The filter.
    ///
    /// # Errors
    ///
    /// [`Error::Encode`] for an operand without a BSON form, [`Error::Config`] for conditions that
    /// the query language cannot express.
    pub fn into_filter(self) -> Result<Filter> {
        self.filter
    }

    fn combine(self, other: Self, how: fn(Filter, Filter) -> Filter) -> Self {
        FilterOf::from_result(match (self.filter, other.filter) {
            (Ok(left), Ok(right)) => Ok(how(left, right)),
            (Err(error), _) | (_, Err(error)) => Err(error),
        })
    }
}

impl<D> BitAnd for FilterOf<D> {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        self.combine(other, Filter::and)
    }
}

impl<D> BitOr for FilterOf<D> {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        self.combine(other, Filter::or)
    }
}

impl<D> Not for FilterOf<D> {
    type Output = Self;

    fn not(self) -> Self {
        FilterOf::from_result(self.filter.map(Filter::negate))
    }
}

impl<D> Clone for FilterOf<D> {
    fn clone(&self) -> Self {
        FilterOf::from_result(self.filter.clone())
    }
}

impl<D> fmt::Debug for FilterOf<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FilterOf").field(&self.filter).finish()
    }
}

impl<D> From<Filter> for FilterOf<D> {
    fn from(filter: Filter) -> Self {
        FilterOf::new(filter)
    }
}

impl<D> From<bson::Document> for FilterOf<D> {
    fn from(filter: bson::Document) -> Self {
        FilterOf::new(filter)
    }
}

impl From<BsonType> for TypeSpec {
    fn from(ty: BsonType) -> Self {
        TypeSpec::Type(ty)
    }
}

impl<D, T> Field<D, T> {
    /// The filter `{path: predicate}`.
    pub(crate) fn matches(&self, predicate: Result<Predicate>) -> FilterOf<D> {
        FilterOf::from_result(
            self.checked_path().and_then(|path| predicate.map(|it| Filter::Field(path, it))),
        )
    }
}

impl<D, T: FieldType> Field<D, T> {
    /// `$eq`: equal to `value`; for an array, also: one of the elements is.
    pub fn eq<V: Comparand<T>>(&self, value: V) -> FilterOf<D> {
        self.matches(value.encode().map(Predicate::Eq))
    }

    /// `$ne`: what [`eq`](Self::eq) does not match.
    pub fn ne<V: Comparand<T>>(&self, value: V) -> FilterOf<D> {
        self.matches(value.encode().map(Predicate::Ne))
    }

    /// `$gt`: greater than `value`, and of the same kind; for an array, one of the elements is.
    pub fn gt<V: Comparand<T>>(&self, value: V) -> FilterOf<D>
    where
        T::Leaf: Ordered,
    {
        self.matches(value.encode().map(Predicate::Gt))
    }

    /// `$gte`: as [`gt`](Self::gt), or equal.
    pub fn gte<V: Comparand<T>>(&self, value: V) -> FilterOf<D>
    where
        T::Leaf: Ordered,
    {
        self.matches(value.encode().map(Predicate::Gte))
    }

    /// `$lt`: less than `value`, and of the same kind; for an array, one of the elements is.
    pub fn lt<V: Comparand<T>>(&self, value: V) -> FilterOf<D>
    where
        T::Leaf: Ordered,
    {
        self.matches(value.encode().map(Predicate::Lt))
    }

    /// `$lte`: as [`lt`](Self::lt), or equal.
    pub fn lte<V: Comparand<T>>(&self, value: V) -> FilterOf<D>
    where
        T::Leaf: Ordered,
    {
        self.matches(value.encode().map(Predicate::Lte))
    }

    /// `$in`: equal to one of `values`, as [`eq`](Self::eq).
    pub fn in_<I>(&self, values: I) -> FilterOf<D>
    where
        I: IntoIterator,
        I::Item: Comparand<T>,
    {
        self.matches(comparands(values).map(Predicate::In))
    }

    /// `$nin`: equal to none of `values`.
    pub fn nin<I>(&self, values: I) -> FilterOf<D>
    where
        I: IntoIterator,
        I::Item: Comparand<T>,
    {
        self.matches(comparands(values).map(Predicate::Nin))
    }

    /// `$exists`: whether the field is there, be it null.
    pub fn exists(&self, there: bool) -> FilterOf<D> {
        self.matches(Ok(Predicate::Exists(there)))
    }

    /// `{field: null}`: null, or not there.
    pub fn is_null(&self) -> FilterOf<D> {
        self.matches(Ok(Predicate::Eq(Bson::Null)))
    }

    /// `{field: {$ne: null}}`: there, and not null.
    pub fn is_not_null(&self) -> FilterOf<D> {
        self.matches(Ok(Predicate::Ne(Bson::Null)))
    }

    /// `$type`: of this BSON type; for an array, one of the elements is.
    pub fn of_type(&self, ty: impl Into<TypeSpec>) -> FilterOf<D> {
        self.matches(Ok(Predicate::Type(vec![ty.into()])))
    }

    /// `$type`: of one of these BSON types; there must be one.
    pub fn of_types<I>(&self, types: I) -> FilterOf<D>
    where
        I: IntoIterator,
        I::Item: Into<TypeSpec>,
    {
        let types: Vec<TypeSpec> = types.into_iter().map(Into::into).collect();
        self.matches(if types.is_empty() {
            Err(Error::Config(format!("`{}`: $type of no type", self.path())))
        } else {
            Ok(Predicate::Type(types))
        })
    }

    /// `$not`: the field does not satisfy the conditions that the closure puts on it. Matches
    /// documents without the field, too.
    pub fn not(&self, conditions: impl FnOnce(Field<T, T>) -> FilterOf<T>) -> FilterOf<D> {
        let predicates =
            conditions(Field::root()).into_filter().and_then(|filter| on_value(filter, "$not"));
        self.matches(predicates.map(Predicate::Not))
    }

    /// `$mod`: what remains after division by `divisor`, which must not be 0.
    pub fn mod_(&self, divisor: i64, remainder: i64) -> FilterOf<D>
    where
        T::Leaf: Numeric,
    {
        self.matches(if divisor == 0 {
            Err(Error::Config(format!("`{}`: $mod by 0", self.path())))
        } else {
            Ok(Predicate::Mod { divisor, remainder })
        })
    }

    /// `$bitsAllSet`: all bits at these positions are 1, the least significant being 0.
    pub fn bits_all_set(&self, positions: impl IntoIterator<Item = u32>) -> FilterOf<D>
    where
        T::Leaf: Bits,
    {
        self.matches(Ok(Predicate::BitsAllSet(mask(positions))))
    }

    /// `$bitsAnySet`: a bit at one of these positions is 1.
    pub fn bits_any_set(&self, positions: impl IntoIterator<Item = u32>) -> FilterOf<D>
    where
        T::Leaf: Bits,
    {
        self.matches(Ok(Predicate::BitsAnySet(mask(positions))))
    }

    /// `$bitsAllClear`: all bits at these positions are 0.
    pub fn bits_all_clear(&self, positions: impl IntoIterator<Item = u32>) -> FilterOf<D>
    where
        T::Leaf: Bits,
    {
        self.matches(Ok(Predicate::BitsAllClear(mask(positions))))
    }

    /// `$bitsAnyClear`: a bit at one of these positions is 0.
    pub fn bits_any_clear(&self, positions: impl IntoIterator<Item = u32>) -> FilterOf<D>
    where
        T::Leaf: Bits,
    {
        self.matches(Ok(Predicate::BitsAnyClear(mask(positions))))
    }
}

fn mask(positions: impl IntoIterator<Item = u32>) -> BitMask {
    BitMask::Positions(positions.into_iter().collect())
}

pub(super) fn comparands<T, I>(values: I) -> Result<Vec<Bson>>
where
    I: IntoIterator,
    I::Item: Comparand<T>,
{
    values.into_iter().map(Comparand::encode).collect()
}

/// What `$elemMatch` makes of a filter that was built on an element.
///
/// The language writes conditions on the element itself (`{$gte: 5}`) and on its fields
/// (`{score: {$gte: 5}}`) in two ways. The first has no `$or`; but some element is A or B exactly
/// if some element is A or some element is B.
pub(crate) fn elem_match(path: &FieldPath, filter: Filter) -> Result<Filter> {
    if !has_own(&filter) {
        return Ok(Filter::Field(
            path.clone(),
            Predicate::ElemMatch(ElemMatch::Fields(Box::new(filter))),
        ));
    }
    match filter {
        Filter::Or(parts) => parts
            .into_iter()
            .map(|part| elem_match(path, part))
            .collect::<Result<_>>()
            .map(Filter::Or),
        single => on_value(single, "$elemMatch").map(|predicates| {
            Filter::Field(path.clone(), Predicate::ElemMatch(ElemMatch::Value(predicates)))
        }),
    }
}

/// Whether a condition of `filter` is on the element itself.
pub(super) fn has_own(filter: &Filter) -> bool {
    match filter {
        Filter::And(parts) | Filter::Or(parts) | Filter::Nor(parts) => parts.iter().any(has_own),
        Filter::Field(path, _) => path.is_root(),
        _ => false,
    }
}

/// The conditions of a filter that are all on the value itself, as the operand of `operator`.
pub(super) fn on_value(filter: Filter, operator: &str) -> Result<Vec<Predicate>> {
    let mut predicates = Vec::new();
    collect(filter, operator, &mut predicates)?;
    let negations = predicates.iter().filter(|it| matches!(it, Predicate::Not(_))).count();
    if negations > 1 {
        return Err(Error::Config(format!(
            "two negations of conditions on a value itself cannot be written in one {operator}"
        )));
    }
    Ok(predicates)
}

fn collect(filter: Filter, operator: &str, predicates: &mut Vec<Predicate>) -> Result<()> {
    match filter {
        Filter::And(parts) => {
            for part in parts {
                collect(part, operator, predicates)?;
            }
        }
        Filter::Nor(parts) => {
            for part in parts {
                match part {
                    Filter::Or(alternatives) => {
                        collect(Filter::Nor(alternatives), operator, predicates)?;
                    }
                    other => push(Predicate::Not(on_value(other, "$not")?), predicates),
                }
            }
        }
        Filter::Field(path, predicate) if path.is_root() => push(predicate, predicates),
        Filter::Or(_) => {
            return Err(Error::Config(format!(
                "alternatives on a value itself cannot be written inside {operator}"
            )));
        }
        _ => {
            return Err(Error::Config(format!(
                "conditions on a value itself and on its fields cannot be written in one {operator}"
            )));
        }
    }
    Ok(())
}

/// Adds a condition; several exclusions become one.
fn push(predicate: Predicate, predicates: &mut Vec<Predicate>) {
    let excluded = |predicate: &Predicate| match predicate {
        Predicate::Ne(value) => Some(vec![value.clone()]),
        Predicate::Nin(values) => Some(values.clone()),
        _ => None,
    };
    if let Some(more) = excluded(&predicate) {
        for earlier in predicates.iter_mut() {
            if let Some(mut values) = excluded(earlier) {
                values.extend(more);
                *earlier = Predicate::Nin(values);
                return;
            }
        }
    }
    predicates.push(predicate);
}
