//! Typed accumulators: what a group, or a window, makes of its documents.
//!
//! Sums, means and deviations pass over what is no number, `$min`, `$max`, `$minN` and `$maxN` what is null or missing.
//! `$push` and `$addToSet` leave out what is missing, but not null; `$first`, `$last`, `$top`, `$bottom` and their kin take
//! it as null.

use std::fmt;
use std::marker::PhantomData;

use bson::{Bson, Document, doc};
use serde::de::DeserializeOwned;

use super::expression::IntoExpr;
use crate::error::Result;
use crate::field::{FieldType, Numeric, SortOf};

/// An accumulator over documents with the fields of `S` that gives a `T`: of a group, or [`over`](Accumulator::over) a
/// window.
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
        Accumulator::from_result(Ok(spec.into()))
    }

    fn of<E: IntoExpr<S>>(name: &str, expr: E) -> Self {
        let operand = expr.into_expr().into_bson();
        Accumulator::from_result(operand.map(|operand| doc! { name: operand }.into()))
    }

    fn from_result(spec: Result<Bson>) -> Self {
        Accumulator { spec, of_nothing: Bson::Null, types: PhantomData }
    }

    fn sorted<E: IntoExpr<S>>(name: &str, sort: SortOf<S>, expr: E, n: Option<u32>) -> Self {
        let spec = || {
            let mut operand = doc! {
                "sortBy": sort.into_sort()?.to_document(),
                "output": expr.into_expr().into_bson()?,
            };
            operand.extend(n.map(|n| ("n".to_owned(), i64::from(n).into())));
            Ok(doc! { name: operand }.into())
        };
        Accumulator::from_result(spec())
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
pub(super) type ValueOf<S, E> = <<E as IntoExpr<S>>::Type as FieldType>::Value;

/// `$sum`: the sum; 0 of nothing. Integers add up to `i64`; beyond, MongoDB goes on in doubles, which do not decode as
/// `i64`.
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
    /// `$first`: the value of the first document; null if it is missing there. Sort before.
    first "$first";
    /// `$last`: the value of the last document; null if it is missing there. Sort before.
    last "$last";
}

/// `$push`: all values, in order. Missing ones are left out.
pub fn push<S, E: IntoExpr<S>>(expr: E) -> Accumulator<S, Vec<E::Type>> {
    Accumulator::of("$push", expr).or(Bson::Array(Vec::new()))
}

/// `$addToSet`: the different values, in no order. Missing ones are left out.
pub fn add_to_set<S, E: IntoExpr<S>>(expr: E) -> Accumulator<S, Vec<E::Type>> {
    Accumulator::of("$addToSet", expr).or(Bson::Array(Vec::new()))
}

/// `$mergeObjects`: the fields of all these objects; of two with one name, the last one. Not over windows.
pub fn merge_all<S, E: IntoExpr<S>>(expr: E) -> Accumulator<S, Document> {
    Accumulator::of("$mergeObjects", expr).or(Document::new())
}

/// `$stdDevPop`: the standard deviation of a population; `None` of nothing.
pub fn std_dev_pop<S, E>(expr: E) -> Accumulator<S, Option<f64>>
where
    E: IntoExpr<S, Type: FieldType<Value: Numeric>>,
{
    Accumulator::of("$stdDevPop", expr)
}

/// `$stdDevSamp`: the standard deviation of a sample; `None` of fewer than two values.
pub fn std_dev_samp<S, E>(expr: E) -> Accumulator<S, Option<f64>>
where
    E: IntoExpr<S, Type: FieldType<Value: Numeric>>,
{
    Accumulator::of("$stdDevSamp", expr)
}

/// Accumulators of some of the values.
macro_rules! some_of {
    ($($(#[$doc:meta])* $function:ident $name:literal;)*) => {$(
        $(#[$doc])*
        pub fn $function<S, E: IntoExpr<S>>(expr: E, n: u32) -> Accumulator<S, Vec<E::Type>> {
            let input = expr.into_expr().into_bson();
            let spec = input.map(|input| doc! { $name: { "input": input, "n": i64::from(n) } }.into());
            Accumulator::from_result(spec).or(Bson::Array(Vec::new()))
        }
    )*};
}

some_of! {
    /// `$firstN`: the values of the first `n` documents.
    first_n "$firstN";
    /// `$lastN`: the values of the last `n` documents.
    last_n "$lastN";
    /// `$maxN`: the `n` greatest values, the greatest first.
    max_n "$maxN";
    /// `$minN`: the `n` least values, the least first.
    min_n "$minN";
}

/// `$top`: the value of the document that is first in an order; `None` of nothing.
pub fn top<S, E>(sort: SortOf<S>, expr: E) -> Accumulator<S, Option<ValueOf<S, E>>>
where
    E: IntoExpr<S, Type: FieldType<Value: Sized>>,
{
    Accumulator::sorted("$top", sort, expr, None)
}

/// `$bottom`: the value of the document that is last in an order; `None` of nothing.
pub fn bottom<S, E>(sort: SortOf<S>, expr: E) -> Accumulator<S, Option<ValueOf<S, E>>>
where
    E: IntoExpr<S, Type: FieldType<Value: Sized>>,
{
    Accumulator::sorted("$bottom", sort, expr, None)
}

/// `$topN`: the values of the `n` documents that are first in an order.
pub fn top_n<S, E: IntoExpr<S>>(sort: SortOf<S>, expr: E, n: u32) -> Accumulator<S, Vec<E::Type>> {
    Accumulator::sorted("$topN", sort, expr, Some(n)).or(Bson::Array(Vec::new()))
}

/// `$bottomN`: the values of the `n` documents that are last in an order.
pub fn bottom_n<S, E: IntoExpr<S>>(
    sort: SortOf<S>,
    expr: E,
    n: u32,
) -> Accumulator<S, Vec<E::Type>> {
    Accumulator::sorted("$bottomN", sort, expr, Some(n)).or(Bson::Array(Vec::new()))
}

/// One accumulator, or a tuple of up to eight.
#[diagnostic::on_unimplemented(
    message = "`{Self}` accumulates nothing of these documents",
    label = "not an accumulator, nor a tuple of up to eight",
    note = "`count()`, `sum(field)`, `avg(field)`, … make accumulators"
)]
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
