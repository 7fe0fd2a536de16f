//! Fields and what they become.

use std::fmt;
use std::marker::PhantomData;
use std::ops::BitAnd;

use bson::{Bson, Document, doc};

use super::accumulator::Accumulator;
use super::expression::{ExprOf, IntoExpr};
use crate::error::Result;
use crate::field::{AsField, Field};
use crate::namespace::FieldPath;

/// Marks assignments of expressions: of `$addFields` and `$project`.
#[derive(Debug, Clone, Copy)]
pub enum Computes {}

/// Marks assignments of accumulators: of `$group`.
#[derive(Debug, Clone, Copy)]
pub enum Accumulates {}

/// Marks assignments of pipelines: of `$facet`.
#[derive(Debug, Clone, Copy)]
pub enum Facets {}

/// What a field of the next shape can be made of, from documents with the fields of `S`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is neither an expression nor an accumulator of these documents",
    label = "not an expression on the fields of `{S}`"
)]
pub trait Term<S> {
    /// The Rust type of its values.
    type Type;
    /// [`Computes`] or [`Accumulates`].
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
