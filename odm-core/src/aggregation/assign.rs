//! Fields and what they become.

use std::fmt;
use std::marker::PhantomData;
use std::ops::BitAnd;

use bson::{Bson, Document, doc};

use super::accumulator::Accumulator;
use super::expression::{ExprOf, IntoExpr};
use crate::error::Result;
use crate::field::{AsField, Field, FieldType, Numeric};
use crate::namespace::FieldPath;
use crate::operand::Operand;

/// Marks assignments of expressions: of `$addFields` and `$project`.
#[derive(Debug, Clone, Copy)]
pub enum Computes {}

/// Marks assignments of accumulators: of `$group`.
#[derive(Debug, Clone, Copy)]
pub enum Accumulates {}

/// Marks assignments of pipelines: of `$facet`.
#[derive(Debug, Clone, Copy)]
pub enum Facets {}

/// Marks assignments of what missing values become: of `$fill`.
#[derive(Debug, Clone, Copy)]
pub enum Fills {}

/// What a field of the next shape can be made of, from documents with the fields of `S`: a field, an expression, a
/// constant; an accumulator; a window function.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is neither an expression nor an accumulator of these documents",
    label = "not an expression on the fields of `{S}`",
    note = "fields, expressions, and constants are; `literal(…)` makes a constant of what serde can write"
)]
pub trait Term<S> {
    /// The Rust type of its values.
    type Type;
    /// [`Computes`], [`Accumulates`] or [`Windows`](super::Windows).
    type Kind;

    /// As it is sent.
    ///
    /// # Errors
    ///
    /// What was wrong while it was built.
    fn into_term(self) -> Result<Bson>;
}

impl<S, T> Term<S> for ExprOf<S, T> {
    type Type = T;
    type Kind = Computes;

    fn into_term(self) -> Result<Bson> {
        // A bare number or boolean would be an inclusion or exclusion.
        self.into_bson().map(|expr| match expr {
            Bson::String(_) | Bson::Document(_) | Bson::Array(_) => expr,
            constant => doc! { "$literal": constant }.into(),
        })
    }
}

#[diagnostic::do_not_recommend]
impl<S, P: AsField<Document = S>> Term<S> for P {
    type Type = P::Type;
    type Kind = Computes;

    fn into_term(self) -> Result<Bson> {
        self.into_expr().into_bson()
    }
}

impl<S, T> Term<S> for Accumulator<S, T> {
    type Type = T;
    type Kind = Accumulates;

    fn into_term(self) -> Result<Bson> {
        self.into_bson()
    }
}

/// Fields of a shape `U` and what they become, from documents of a shape `S`. Combined by `&`.
#[must_use = "assignments do nothing until a stage has them"]
pub struct Assignments<S, U, K> {
    fields: Result<Vec<(FieldPath, Bson)>>,
    types: PhantomData<Types<S, U, K>>,
}

type Types<S, U, K> = fn() -> (S, U, K);

pub(super) fn assign<S, U, T, V: Term<S>>(
    field: &Field<U, T>,
    value: V,
) -> Assignments<S, U, V::Kind> {
    assign_result(field, value.into_term())
}

pub(super) fn assign_result<S, U, T, K>(
    field: &Field<U, T>,
    value: Result<Bson>,
) -> Assignments<S, U, K> {
    let fields = field.checked_path().and_then(|path| value.map(|value| vec![(path, value)]));
    Assignments { fields, types: PhantomData }
}

impl<S, U, K> Assignments<S, U, K> {
    /// As they are sent.
    ///
    /// # Errors
    ///
    /// What was wrong while they were built.
    pub fn into_document(self) -> Result<Document> {
        let fields = self.fields?;
        Ok(fields.into_iter().map(|(path, value)| (path.to_string(), value)).collect())
    }
}

impl<S, U, K> BitAnd for Assignments<S, U, K> {
    type Output = Self;

    fn bitand(mut self, other: Self) -> Self {
        self.fields = match (self.fields, other.fields) {
            (Ok(mut fields), Ok(more)) => {
                fields.extend(more);
                Ok(fields)
            }
            (Err(error), _) | (_, Err(error)) => Err(error),
        };
        self
    }
}

impl<S, U, K> fmt::Debug for Assignments<S, U, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Assignments").field(&self.fields).finish()
    }
}

impl<D: FieldType, S> Field<S, D> {
    /// This field is set by an expression, an accumulator or a window function: for
    /// [`set`](super::Aggregation::set), [`project`](super::Aggregation::project),
    /// [`group_into`](super::Aggregation::group_into) and
    /// [`set_window_fields`](super::Aggregation::set_window_fields).
    ///
    /// The types must agree: what may be null, such as a mean of nothing, is for an `Option` only;
    /// [`ExprOf::if_null`] and [`ExprOf::cast`] make it another.
    pub fn is<B, V>(&self, value: V) -> Assignments<B, S, V::Kind>
    where
        V: Term<B>,
        V::Type: Operand<D>,
    {
        assign(self, value)
    }

    /// Where it is null or missing, it becomes this: for [`fill`](super::Aggregation::fill).
    pub fn fill_value<V>(&self, value: V) -> Assignments<S, S, Fills>
    where
        V: IntoExpr<S>,
        V::Type: Operand<D>,
    {
        let value = value.into_expr().into_bson();
        assign_result(self, value.map(|value| doc! { "value": value }.into()))
    }

    /// Where it is null or missing, it becomes the last value before (`"locf"`): for
    /// [`fill`](super::Aggregation::fill).
    pub fn fill_locf(&self) -> Assignments<S, S, Fills> {
        assign_result(self, Ok(doc! { "method": "locf" }.into()))
    }

    /// Where it is null or missing, it becomes a value on the line between those around (`"linear"`): for
    /// [`fill`](super::Aggregation::fill). The order must be by one field, a number or a date.
    pub fn fill_linear(&self) -> Assignments<S, S, Fills>
    where
        D: FieldType<Value: Numeric>,
    {
        assign_result(self, Ok(doc! { "method": "linear" }.into()))
    }
}
