//! Operators of array fields: queries, and paths to elements.

use bson::{Bson, Document};

use crate::error::{Error, Result};
use crate::field::filter::{comparands, elem_match};
use crate::field::{ArrayOf, Field, FieldType, FilterOf, SortOf};
use crate::filter::{Filter, Predicate};
use crate::namespace::FieldPath;
use crate::operand::{Comparand, Operand};
use crate::update::{Push, PushOrder, PushSort};

/// The element type of a field.
pub(super) type Element<T> = <<T as FieldType>::Value as ArrayOf>::Element;
/// The path of an element itself, in filters of elements.
type ElementPath<E> = <E as FieldType>::Path<E, E>;

impl<D, T: FieldType> Field<D, T> {
    /// `$size`: has exactly this many elements.
    pub fn size(&self, elements: u32) -> FilterOf<D>
    where
        T::Value: ArrayOf,
    {
        self.matches(Ok(Predicate::Size(i64::from(elements))))
    }

    /// `$all`: each of `values` is among the elements.
    pub fn all<I>(&self, values: I) -> FilterOf<D>
    where
        T::Value: ArrayOf,
        I: IntoIterator,
        I::Item: Comparand<Element<T>>,
    {
        self.matches(comparands::<Element<T>, _>(values).map(Predicate::All))
    }

    /// `$elemMatch`: one element satisfies all that the closure asks of it.
    pub fn any(
        &self,
        conditions: impl FnOnce(ElementPath<Element<T>>) -> FilterOf<Element<T>>,
    ) -> FilterOf<D>
    where
        T::Value: ArrayOf,
    {
        let filter = conditions(Element::<T>::path(Field::root())).into_filter();
        FilterOf::from_result(
            self.checked_path()
                .and_then(|path| filter.and_then(|filter| elem_match(&path, filter))),
        )
    }

    /// `$all` of `$elemMatch`es: for each of the filters, some element satisfies it:
    /// `r.grades().all_match(|g| [g.score().gt(10), g.grade().eq("A")])`.
    pub fn all_match<I>(&self, conditions: impl FnOnce(ElementPath<Element<T>>) -> I) -> FilterOf<D>
    where
        T::Value: ArrayOf,
        I: IntoIterator<Item = FilterOf<Element<T>>>,
    {
        let one =
            |filter: FilterOf<Element<T>>| match elem_match(self.path(), filter.into_filter()?)? {
                Filter::Field(_, Predicate::ElemMatch(element)) => Ok(element),
                _ => Err(Error::Config(
                    "alternatives on an element itself cannot be written inside $all".into(),
                )),
            };
        let elements = conditions(Element::<T>::path(Field::root())).into_iter().map(one);
        self.matches(elements.collect::<Result<_>>().map(Predicate::AllElemMatch))
    }

    /// [`any`](Self::any), by its MongoDB name.
    pub fn elem_match(
        &self,
        conditions: impl FnOnce(ElementPath<Element<T>>) -> FilterOf<Element<T>>,
    ) -> FilterOf<D>
    where
        T::Value: ArrayOf,
    {
        self.any(conditions)
    }

    /// The element at a position, the first being 0.
    #[must_use]
    pub fn at(&self, position: u32) -> <Element<T> as FieldType>::Path<D, Element<T>>
    where
        T::Value: ArrayOf,
    {
        Element::<T>::path(self.join_str(&position.to_string()))
    }

    /// `$`: in an update, the first element that the filter matched.
    #[must_use]
    pub fn matched(&self) -> <Element<T> as FieldType>::Path<D, Element<T>>
    where
        T::Value: ArrayOf,
    {
        Element::<T>::path(self.join("$"))
    }

    /// `$[identifier]`: in an update, the elements that satisfy the conditions, which become an
    /// array filter: `r.grades().elem(|g| g.score().gte(10)).score().inc(1)`.
    #[must_use]
    pub fn elem(
        &self,
        conditions: impl FnOnce(ElementPath<Element<T>>) -> FilterOf<Element<T>>,
    ) -> <Element<T> as FieldType>::Path<D, Element<T>>
    where
        T::Value: ArrayOf,
    {
        let filter = conditions(Element::<T>::path(Field::root())).into_filter();
        let mut elements = self.join("$[]");
        match filter.and_then(array_filter) {
            Ok((identifier, filter)) => {
                elements = self.join_str(&format!("$[{identifier}]"));
                elements.extra_mut().array_filters.push(filter);
            }
            Err(error) => elements.refuse(error),
        }
        Element::<T>::path(elements)
    }

    /// `$[]`: in an update, each element.
    #[must_use]
    pub fn each(&self) -> <Element<T> as FieldType>::Path<D, Element<T>>
    where
        T::Value: ArrayOf,
    {
        Element::<T>::path(self.join("$[]"))
    }
}

/// An array filter of these conditions on an element, and the identifier that it gives to them:
/// the same for the same conditions, so that several updates can be put together.
fn array_filter(conditions: Filter) -> Result<(String, Document)> {
    let encoded = bson::serialize_to_vec(&conditions.to_document())
        .map_err(|error| Error::Config(format!("the conditions on elements: {error}")))?;
    // FNV-1a: the same on every run.
    let hash = encoded.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let identifier = format!("e{hash:016x}");
    let filter = at(conditions, &FieldPath::from(identifier.clone()))?;
    Ok((identifier, filter.to_document()))
}

/// The same conditions on the fields of what is at `path`, and on that itself.
fn at(filter: Filter, path: &FieldPath) -> Result<Filter> {
    let all = |parts: Vec<Filter>| {
        parts.into_iter().map(|part| at(part, path)).collect::<Result<Vec<Filter>>>()
    };
    Ok(match filter {
        Filter::And(parts) => Filter::And(all(parts)?),
        Filter::Or(parts) => Filter::Or(all(parts)?),
        Filter::Nor(parts) => Filter::Nor(all(parts)?),
        Filter::Field(field, predicate) if field.is_root() => {
            Filter::Field(path.clone(), predicate)
        }
        Filter::Field(field, predicate) => Filter::Field(path.join_str(field.as_str()), predicate),
        other => {
            return Err(Error::Config(format!(
                "`{}` is no condition on an element of an array",
                other.to_document()
            )));
        }
    })
}

/// How `push_with` adds elements: where, and what becomes of the array.
#[must_use]
pub struct PushOptions<E> {
    push: Push,
    refused: Option<Error>,
    elements: std::marker::PhantomData<fn() -> E>,
}

impl<E: FieldType> PushOptions<E> {
    pub(super) fn new(each: Vec<Bson>) -> Self {
        PushOptions {
            push: Push { each, ..Push::default() },
            refused: None,
            elements: std::marker::PhantomData,
        }
    }

    /// `$position`: where to add; negative counts from the end.
    pub fn position(mut self, position: i64) -> Self {
        self.push.position = Some(position);
        self
    }

    /// `$slice`: how many elements to keep; negative keeps the last ones.
    pub fn slice(mut self, keep: i64) -> Self {
        self.push.slice = Some(keep);
        self
    }

    /// `$sort: 1`: orders the whole array by the elements themselves, the least first.
    pub fn sort_asc(mut self) -> Self {
        self.push.sort = Some(PushSort::Value(PushOrder::Ascending));
        self
    }

    /// `$sort: -1`: orders the whole array by the elements themselves, the greatest first.
    pub fn sort_desc(mut self) -> Self {
        self.push.sort = Some(PushSort::Value(PushOrder::Descending));
        self
    }

    /// `$sort`: orders the whole array by fields of the elements.
    pub fn sort(mut self, order: impl FnOnce(ElementPath<E>) -> SortOf<E>) -> Self {
        match order(E::path(Field::root())).into_sort() {
            Ok(sort) if sort.keys.iter().any(|(path, _)| path.is_root()) => {
                self.refused = Some(Error::Config(
                    "a $push is sorted by the elements themselves with `sort_asc` or `sort_desc`"
                        .into(),
                ));
            }
            Ok(sort) => self.push.sort = Some(PushSort::Fields(sort)),
            Err(error) => self.refused = Some(error),
        }
        self
    }

    pub(super) fn into_push(self) -> Result<Push> {
        self.refused.map_or(Ok(self.push), Err)
    }
}

impl<E> std::fmt::Debug for PushOptions<E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.push.fmt(f)
    }
}

pub(super) fn operands<T, I>(values: I) -> Result<Vec<Bson>>
where
    I: IntoIterator,
    I::Item: Operand<T>,
{
    values.into_iter().map(Operand::encode).collect()
}
