//! Typed updates, and the update operators of every field.

use std::fmt;
use std::marker::PhantomData;
use std::ops::BitAnd;

use bson::{Bson, Document};

use crate::error::{Error, Result};
use crate::field::array::{Element, operands};
use crate::field::filter::{has_own, on_value};
use crate::field::{
    ArrayOf, Field, FieldType, FilterOf, Integer, Numeric, Ordered, PushOptions, Temporal,
};
use crate::filter::{Filter, Predicate};
use crate::namespace::FieldPath;
use crate::operand::Operand;
use crate::update::{BitOp, Change, Pop, Pull, Push, Update};

/// An update of documents `D`. Combined by `&`.
///
/// An operand that has no BSON form is reported when the update runs.
#[must_use = "an update does nothing until a query has it"]
pub struct UpdateOf<D> {
    changes: Result<Vec<(FieldPath, Change)>>,
    array_filters: Vec<Document>,
    documents: PhantomData<fn() -> D>,
}

impl<D> UpdateOf<D> {
    /// An update that was built without types, from its changes.
    pub fn new(changes: Vec<(FieldPath, Change)>) -> Self {
        UpdateOf::from_result(Ok(changes))
    }

    fn from_result(changes: Result<Vec<(FieldPath, Change)>>) -> Self {
        UpdateOf { changes, array_filters: Vec::new(), documents: PhantomData }
    }

    /// Adds an array filter, for paths with `$[identifier]`.
    pub fn array_filter(mut self, filter: Document) -> Self {
        self.array_filters.push(filter);
        self
    }

    /// The array filters of the paths with `$[identifier]`.
    #[must_use]
    pub fn array_filters(&self) -> &[Document] {
        &self.array_filters
    }

    /// The update.
    ///
    /// # Errors
    ///
    /// [`Error::Encode`] for an operand without a BSON form, [`Error::Config`] for conditions that
    /// the update language cannot express.
    pub fn into_update(self) -> Result<Update> {
        self.changes.map(Update::Operators)
    }
}

impl<D> BitAnd for UpdateOf<D> {
    type Output = Self;

    fn bitand(mut self, other: Self) -> Self {
        for filter in other.array_filters {
            if !self.array_filters.contains(&filter) {
                self.array_filters.push(filter);
            }
        }
        self.changes = match (self.changes, other.changes) {
            (Ok(mut changes), Ok(more)) => {
                changes.extend(more);
                Ok(changes)
            }
            (Err(error), _) | (_, Err(error)) => Err(error),
        };
        self
    }
}

impl<D> Clone for UpdateOf<D> {
    fn clone(&self) -> Self {
        UpdateOf {
            changes: self.changes.clone(),
            array_filters: self.array_filters.clone(),
            documents: PhantomData,
        }
    }
}

impl<D> fmt::Debug for UpdateOf<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UpdateOf")
            .field("changes", &self.changes)
            .field("array_filters", &self.array_filters)
            .finish()
    }
}

impl<D, T> Field<D, T> {
    fn change(&self, change: Result<Change>) -> UpdateOf<D> {
        let changes =
            self.checked_path().and_then(|path| change.map(|change| vec![(path, change)]));
        let array_filters = self.array_filters().to_vec();
        UpdateOf { array_filters, ..UpdateOf::from_result(changes) }
    }
}

impl<D, T: FieldType> Field<D, T> {
    /// `$set`.
    pub fn set<V: Operand<T>>(&self, value: V) -> UpdateOf<D> {
        self.change(value.encode().map(Change::Set))
    }

    /// `$setOnInsert`: sets the field if an upsert inserts the document.
    pub fn set_on_insert<V: Operand<T>>(&self, value: V) -> UpdateOf<D> {
        self.change(value.encode().map(Change::SetOnInsert))
    }

    /// `$unset`: removes the field.
    pub fn unset(&self) -> UpdateOf<D> {
        self.change(Ok(Change::Unset))
    }

    /// `$rename`: moves the value to another field, which it replaces.
    pub fn rename(&self, to: &Field<D, T>) -> UpdateOf<D> {
        self.change(to.checked_path().map(Change::Rename))
    }

    /// `$min`: sets the field to `value` if that is less, or if there is none.
    pub fn min<V: Operand<T>>(&self, value: V) -> UpdateOf<D>
    where
        T::Leaf: Ordered,
    {
        self.change(value.encode().map(Change::Min))
    }

    /// `$max`: sets the field to `value` if that is greater, or if there is none.
    pub fn max<V: Operand<T>>(&self, value: V) -> UpdateOf<D>
    where
        T::Leaf: Ordered,
    {
        self.change(value.encode().map(Change::Max))
    }

    /// `$inc`: adds `amount`; a field that is not there starts at 0.
    pub fn inc<V>(&self, amount: V) -> UpdateOf<D>
    where
        T::Value: Numeric,
        V: Operand<<T::Value as Numeric>::Amount>,
    {
        self.change(amount.encode().map(Change::Inc))
    }

    /// `$mul`: multiplies by `factor`; a field that is not there becomes 0.
    pub fn mul<V>(&self, factor: V) -> UpdateOf<D>
    where
        T::Value: Numeric,
        V: Operand<<T::Value as Numeric>::Amount>,
    {
        self.change(factor.encode().map(Change::Mul))
    }

    /// `$bit: {and: mask}`.
    pub fn bit_and<V>(&self, mask: V) -> UpdateOf<D>
    where
        T::Value: Integer,
        V: Operand<T>,
    {
        self.bit(BitOp::And, mask.encode())
    }

    /// `$bit: {or: mask}`.
    pub fn bit_or<V>(&self, mask: V) -> UpdateOf<D>
    where
        T::Value: Integer,
        V: Operand<T>,
    {
        self.bit(BitOp::Or, mask.encode())
    }

    /// `$bit: {xor: mask}`.
    pub fn bit_xor<V>(&self, mask: V) -> UpdateOf<D>
    where
        T::Value: Integer,
        V: Operand<T>,
    {
        self.bit(BitOp::Xor, mask.encode())
    }

    fn bit(&self, op: BitOp, mask: Result<Bson>) -> UpdateOf<D> {
        self.change(mask.map(|mask| Change::Bit(vec![(op, mask)])))
    }

    /// `$currentDate`: sets the field to the server's time.
    pub fn current_date(&self) -> UpdateOf<D>
    where
        T::Value: Temporal,
    {
        self.change(Ok(Change::CurrentDate(T::Value::KIND)))
    }
}

impl<D, T: FieldType> Field<D, T> {
    /// `$push`: adds an element at the end.
    pub fn push<V: Operand<Element<T>>>(&self, value: V) -> UpdateOf<D>
    where
        T::Value: ArrayOf,
    {
        let push = value.encode().map(|value| Push { each: vec![value], ..Push::default() });
        self.change(push.map(Change::Push))
    }

    /// `$push` with `$each`: adds elements at the end.
    pub fn push_each<I>(&self, values: I) -> UpdateOf<D>
    where
        T::Value: ArrayOf,
        I: IntoIterator,
        I::Item: Operand<Element<T>>,
    {
        self.push_with(values, |push| push)
    }

    /// `$push` with `$each` and its options:
    /// `r.grades().push_with([grade], |push| push.sort(|g| g.score().desc()).slice(10))`.
    pub fn push_with<I>(
        &self,
        values: I,
        options: impl FnOnce(PushOptions<Element<T>>) -> PushOptions<Element<T>>,
    ) -> UpdateOf<D>
    where
        T::Value: ArrayOf,
        I: IntoIterator,
        I::Item: Operand<Element<T>>,
    {
        let push = operands::<Element<T>, _>(values)
            .and_then(|each| options(PushOptions::new(each)).into_push());
        self.change(push.map(Change::Push))
    }

    /// `$addToSet`: adds an element unless it is there.
    pub fn add_to_set<V: Operand<Element<T>>>(&self, value: V) -> UpdateOf<D>
    where
        T::Value: ArrayOf,
    {
        self.change(value.encode().map(|value| Change::AddToSet(vec![value])))
    }

    /// `$addToSet` with `$each`: adds the elements that are not there.
    pub fn add_each_to_set<I>(&self, values: I) -> UpdateOf<D>
    where
        T::Value: ArrayOf,
        I: IntoIterator,
        I::Item: Operand<Element<T>>,
    {
        self.change(operands::<Element<T>, _>(values).map(Change::AddToSet))
    }

    /// `$pop: -1`: removes the first element.
    pub fn pop_first(&self) -> UpdateOf<D>
    where
        T::Value: ArrayOf,
    {
        self.change(Ok(Change::Pop(Pop::First)))
    }

    /// `$pop: 1`: removes the last element.
    pub fn pop_last(&self) -> UpdateOf<D>
    where
        T::Value: ArrayOf,
    {
        self.change(Ok(Change::Pop(Pop::Last)))
    }

    /// `$pull`: removes the elements that are equal to `value`.
    pub fn pull<V: Operand<Element<T>>>(&self, value: V) -> UpdateOf<D>
    where
        T::Value: ArrayOf,
    {
        let pull = value.encode().map(|value| match value {
            // As they are, these would be conditions: on fields of the elements, on strings.
            value @ (Bson::Document(_) | Bson::RegularExpression(_)) => {
                Pull::Predicates(vec![Predicate::Eq(value)])
            }
            value => Pull::Value(value),
        });
        self.change(pull.map(Change::Pull))
    }

    /// `$pull`: removes the elements that satisfy what the closure asks.
    pub fn pull_where(
        &self,
        conditions: impl FnOnce(
            <Element<T> as FieldType>::Path<Element<T>, Element<T>>,
        ) -> FilterOf<Element<T>>,
    ) -> UpdateOf<D>
    where
        T::Value: ArrayOf,
    {
        let pull = conditions(Element::<T>::path(Field::root())).into_filter().and_then(pull);
        self.change(pull.map(Change::Pull))
    }

    /// `$pullAll`: removes the elements that are equal to one of `values`.
    pub fn pull_all<I>(&self, values: I) -> UpdateOf<D>
    where
        T::Value: ArrayOf,
        I: IntoIterator,
        I::Item: Operand<Element<T>>,
    {
        self.change(operands::<Element<T>, _>(values).map(Change::PullAll))
    }
}

fn pull(filter: Filter) -> Result<Pull> {
    if has_own(&filter) {
        on_value(filter, "$pull").map(Pull::Predicates)
    } else if filter.is_empty() {
        // `{$pull: {field: {}}}` removes only elements that are documents.
        Err(Error::Config("$pull without a condition: set the array to an empty one".into()))
    } else {
        Ok(Pull::Fields(Box::new(filter)))
    }
}
