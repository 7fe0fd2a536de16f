//! Typed accumulators.

use std::fmt;
use std::marker::PhantomData;

use bson::{Bson, Document, doc};
use serde::de::DeserializeOwned;

use super::expression::IntoExpr;
use crate::error::Result;
use crate::field::{FieldType, Numeric};

/// An accumulator over documents with the fields of `S` that gives a `T`.
#[must_use = "an accumulator does nothing until a group has it"]
pub struct Accumulator<S, T> {
    spec: Result<Bson>,
    /// What it gives of no documents.
    of_nothing: Bson,
    types: PhantomData<fn() -> (S, T)>,
}

impl<S, T> Accumulator<S, T> {
    /// An accumulator that was built without types: `doc! { "$sum": 1 }`. Of no documents it gives null.
    pub fn new(spec: Document) -> Self {
        Accumulator { spec: Ok(spec.into()), of_nothing: Bson::Null, types: PhantomData }
    }

    fn of<E: IntoExpr<S>>(name: &str, expr: E) -> Self {
        let operand = expr.into_expr().into_bson();
        let spec = operand.map(|operand| doc! { name: operand }.into());
        Accumulator { spec, of_nothing: Bson::Null, types: PhantomData }
    }

    /// Says what it gives of no documents.
    fn or(mut self, of_nothing: impl Into<Bson>) -> Self {
        self.of_nothing = of_nothing.into();
        self
    }

    /// As it is sent.
    ///
    /// # Errors
    ///
    /// What was wrong while it was built.
    pub fn into_bson(self) -> Result<Bson> {
        self.spec
    }
}

impl<S, T> fmt::Debug for Accumulator<S, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Accumulator").field(&self.spec).finish()
    }
}

/// The type of the values that an expression gives, without `Option`s around it.
type ValueOf<S, E> = <<E as IntoExpr<S>>::Type as FieldType>::Value;

/// `$sum`: the sum; 0 of nothing. Integers add up to `i64`.
pub fn sum<S, E>(expr: E) -> Accumulator<S, <ValueOf<S, E> as Numeric>::Sum>
where
    E: IntoExpr<S, Type: FieldType<Value: Numeric>>,
{
    Accumulator::of("$sum", expr).or(0)
}

/// `$avg`: the mean; `None` of nothing.
pub fn avg<S, E>(expr: E) -> Accumulator<S, Option<<ValueOf<S, E> as Numeric>::Mean>>
where
    E: IntoExpr<S, Type: FieldType<Value: Numeric>>,
{
    Accumulator::of("$avg", expr)
}

/// `$sum` of ones: how many documents there are.
pub fn count<S>() -> Accumulator<S, i64> {
    Accumulator::new(doc! { "$sum": 1 }).or(0)
}

/// Accumulators that give one of the values.
macro_rules! one_of {
    ($($(#[$doc:meta])* $function:ident $name:literal;)*) => {$(
        $(#[$doc])*
        pub fn $function<S, E>(expr: E) -> Accumulator<S, Option<ValueOf<S, E>>>
        where
            E: IntoExpr<S, Type: FieldType<Value: Sized>>,
        {
            Accumulator::of($name, expr)
        }
    )*};
}

one_of! {
    /// `$min`: the least value; `None` of nothing.
    min "$min";
    /// `$max`: the greatest value; `None` of nothing.
    max "$max";
    /// `$first`: the value of the first document.
    first "$first";
    /// `$last`: the value of the last document.
    last "$last";
}

/// `$push`: all values, in order.
pub fn push<S, E: IntoExpr<S>>(expr: E) -> Accumulator<S, Vec<E::Type>> {
    Accumulator::of("$push", expr).or(Bson::Array(Vec::new()))
}

/// One accumulator, or a tuple of up to eight.
pub trait Accumulators<S> {
    /// The value, or the tuple of values.
    type Output: DeserializeOwned;
    /// The values as a tuple.
    #[doc(hidden)]
    type Row: DeserializeOwned;

    /// As they are sent: their names are their positions.
    ///
    /// # Errors
    ///
    /// What was wrong while they were built.
    fn into_document(self) -> Result<Document>;

    /// What they give of no documents.
    #[doc(hidden)]
    fn of_nothing(&self) -> Document;

    #[doc(hidden)]
    fn output(row: Self::Row) -> Self::Output;
}

impl<S, T: DeserializeOwned> Accumulators<S> for Accumulator<S, T> {
    type Output = T;
    type Row = (T,);

    fn into_document(self) -> Result<Document> {
        (self,).into_document()
    }

    fn of_nothing(&self) -> Document {
        doc! { "v0": self.of_nothing.clone() }
    }

    fn output((value,): (T,)) -> T {
        value
    }
}

macro_rules! tuples {
    ($(($($index:tt $name:ident),*);)*) => {$(
        impl<S, $($name: DeserializeOwned),*> Accumulators<S> for ($(Accumulator<S, $name>,)*) {
            type Output = ($($name,)*);
            type Row = ($($name,)*);

            fn into_document(self) -> Result<Document> {
                Ok(doc! { $(concat!("v", $index): self.$index.into_bson()?),* })
            }

            fn of_nothing(&self) -> Document {
                doc! { $(concat!("v", $index): self.$index.of_nothing.clone()),* }
            }

            fn output(row: Self::Row) -> Self::Output {
                row
            }
        }
    )*};
}

tuples! {
    (0 A);
    (0 A, 1 B);
    (0 A, 1 B, 2 C);
    (0 A, 1 B, 2 C, 3 D);
    (0 A, 1 B, 2 C, 3 D, 4 E);
    (0 A, 1 B, 2 C, 3 D, 4 E, 5 F);
    (0 A, 1 B, 2 C, 3 D, 4 E, 5 F, 6 G);
    (0 A, 1 B, 2 C, 3 D, 4 E, 5 F, 6 G, 7 H);
}
