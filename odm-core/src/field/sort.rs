//! Typed sort orders.

use std::fmt;
use std::marker::PhantomData;

use crate::error::Result;
use crate::field::{Field, FieldType};
use crate::sort::Sort;

/// An order of documents `D`: made by [`Field::asc`] and [`Field::desc`].
#[must_use = "an order does nothing until a query has it"]
pub struct SortOf<D> {
    sort: Result<Sort>,
    documents: PhantomData<fn() -> D>,
}

impl<D> SortOf<D> {
    /// An order that was built without types.
    pub fn new(sort: impl Into<Sort>) -> Self {
        SortOf::from_result(Ok(sort.into()))
    }

    fn from_result(sort: Result<Sort>) -> Self {
        SortOf { sort, documents: PhantomData }
    }

    /// Among equals, this order.
    pub fn then(self, next: Self) -> Self {
        SortOf::from_result(match (self.sort, next.sort) {
            (Ok(first), Ok(next)) => Ok(first.then(next)),
            (Err(error), _) | (_, Err(error)) => Err(error),
        })
    }

    /// The order.
    ///
    /// # Errors
    ///
    /// [`Error::Config`](crate::Error::Config) for a map key that a path cannot hold.
    pub fn into_sort(self) -> Result<Sort> {
        self.sort
    }
}

impl<D> Clone for SortOf<D> {
    fn clone(&self) -> Self {
        SortOf::from_result(self.sort.clone())
    }
}

impl<D> fmt::Debug for SortOf<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SortOf").field(&self.sort).finish()
    }
}

impl<D, T: FieldType> Field<D, T> {
    /// Ascending: the least first.
    pub fn asc(&self) -> SortOf<D> {
        SortOf::from_result(self.checked_path().map(Sort::asc))
    }

    /// Descending: the greatest first.
    pub fn desc(&self) -> SortOf<D> {
        SortOf::from_result(self.checked_path().map(Sort::desc))
    }
}
