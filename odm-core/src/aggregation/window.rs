//! Typed windows: `$setWindowFields`.

use std::fmt;
use std::marker::PhantomData;

use bson::{Bson, Document, doc};

use super::accumulator::{Accumulator, ValueOf};
use super::assign::Term;
use super::expression::{IntoExpr, literal};
use super::operator::DateUnit;
use crate::error::Result;
use crate::field::{FieldType, Numeric, SortOf};
use crate::operand::Operand;

/// Marks assignments of window functions: of `$setWindowFields`.
#[derive(Debug, Clone, Copy)]
pub enum Windows {}

/// How documents are parted and ordered before windows are laid over them.
#[must_use = "it does nothing until a stage has it"]
pub struct Partition<S> {
    spec: Result<Document>,
    shape: PhantomData<fn() -> S>,
}

impl<S> Partition<S> {
    /// All documents in one part.
    pub fn whole() -> Self {
        Partition { spec: Ok(Document::new()), shape: PhantomData }
    }

    /// A part for each value.
    pub fn by<E: IntoExpr<S>>(key: E) -> Self {
        let key = key.into_expr().into_bson();
        Partition { spec: key.map(|key| doc! { "partitionBy": key }), shape: PhantomData }
    }

    /// In this order.
    pub fn sort(mut self, sort: SortOf<S>) -> Self {
        self.spec = self.spec.and_then(|mut spec| {
            spec.insert("sortBy", sort.into_sort()?.to_document());
            Ok(spec)
        });
        self
    }

    pub(super) fn into_document(self) -> Result<Document> {
        self.spec
    }
}

impl<S> fmt::Debug for Partition<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Partition").field(&self.spec).finish()
    }
}

/// Which documents around one a function sees.
#[derive(Debug, Clone, PartialEq)]
pub struct Window {
    kind: &'static str,
    bounds: [Bson; 2],
    unit: Option<DateUnit>,
}

/// Where a window begins or ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bound {
    /// With the part.
    Unbounded,
    /// With the document itself.
    Current,
    /// So far away: before it, if negative.
    Offset(i64),
    /// So far away, in a [`Window::range`] of numbers that are not whole.
    Fraction(f64),
}

impl From<Bound> for Bson {
    fn from(bound: Bound) -> Self {
        match bound {
            Bound::Unbounded => "unbounded".into(),
            Bound::Current => "current".into(),
            Bound::Offset(offset) => offset.into(),
            Bound::Fraction(offset) => offset.into(),
        }
    }
}

impl Window {
    /// The documents between these positions, seen from the document's own: `(Offset(-2), Current)` are three.
    #[must_use]
    pub fn documents(from: Bound, to: Bound) -> Self {
        Window { kind: "documents", bounds: [from.into(), to.into()], unit: None }
    }

    /// The documents whose sort value is in this range, seen from the document's own. Needs an order by one field, with
    /// numbers in it.
    #[must_use]
    pub fn range(from: Bound, to: Bound) -> Self {
        Window { kind: "range", bounds: [from.into(), to.into()], unit: None }
    }

    /// The same, of dates, in this unit.
    #[must_use]
    pub fn dates(from: Bound, to: Bound, unit: DateUnit) -> Self {
        Window { unit: Some(unit), ..Window::range(from, to) }
    }

    fn to_document(&self) -> Document {
        let mut window = doc! { self.kind: self.bounds.to_vec() };
        if let Some(unit) = self.unit {
            window.insert("unit", unit.name());
        }
        window
    }
}

/// A function over a window that gives a `T`.
#[must_use = "it does nothing until a stage has it"]
pub struct WindowFunction<S, T> {
    spec: Result<Document>,
    types: PhantomData<fn() -> (S, T)>,
}

impl<S, T> WindowFunction<S, T> {
    /// A function that was built without types: `doc! { "$rank": {} }`.
    pub fn new(spec: Document) -> Self {
        WindowFunction { spec: Ok(spec), types: PhantomData }
    }

    fn from_result(spec: Result<Document>) -> Self {
        WindowFunction { spec, types: PhantomData }
    }

    /// As it is sent.
    ///
    /// # Errors
    ///
    /// What was wrong while it was built.
    pub fn into_document(self) -> Result<Document> {
        self.spec
    }

    /// The same function, taken to give a `U`.
    pub fn cast<U>(self) -> WindowFunction<S, U> {
        WindowFunction::from_result(self.spec)
    }

    /// Over this window; without one, over the whole part. `$rank`, `$shift` and such take none.
    pub fn over(mut self, window: &Window) -> Self {
        if let Ok(spec) = &mut self.spec {
            spec.insert("window", window.to_document());
        }
        self
    }
}

impl<S, T> fmt::Debug for WindowFunction<S, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("WindowFunction").field(&self.spec).finish()
    }
}

impl<S, T> Term<S> for WindowFunction<S, T> {
    type Type = T;
    type Kind = Windows;

    fn into_term(self) -> Result<Bson> {
        self.spec.map(Bson::Document)
    }
}

impl<S, T> Accumulator<S, T> {
    /// Accumulated over a window, for `$setWindowFields`.
    pub fn over(self, window: &Window) -> WindowFunction<S, T> {
        let spec = self.into_bson().map(|spec| match spec {
            Bson::Document(spec) => spec,
            other => doc! { "$sum": other },
        });
        WindowFunction::from_result(spec).over(window)
    }

    /// Accumulated over the whole part, for `$setWindowFields`.
    pub fn over_all(self) -> WindowFunction<S, T> {
        self.over(&Window::documents(Bound::Unbounded, Bound::Unbounded))
    }
}

macro_rules! ranks {
    ($($(#[$doc:meta])* $function:ident $name:literal;)*) => {$(
        $(#[$doc])*
        pub fn $function<S>() -> WindowFunction<S, i64> {
            WindowFunction::new(doc! { $name: {} })
        }
    )*};
}

ranks! {
    /// `$rank`: 1, 1, 3 for two equal first ones. Needs an order by one field.
    rank "$rank";
    /// `$denseRank`: 1, 1, 2 for two equal first ones. Needs an order by one field.
    dense_rank "$denseRank";
    /// `$documentNumber`: 1, 2, 3, …. Needs an order by one field.
    document_number "$documentNumber";
}

type MeanOf<E, S> = <<<E as IntoExpr<S>>::Type as FieldType>::Value as Numeric>::Mean;

/// `$shift`: the value of the document so many places further; `None` beyond the part.
pub fn shift<S, E>(expr: E, by: i32) -> WindowFunction<S, Option<ValueOf<S, E>>>
where
    E: IntoExpr<S, Type: FieldType<Value: Sized>>,
{
    let output = expr.into_expr().into_bson();
    WindowFunction::from_result(
        output.map(|output| doc! { "$shift": { "output": output, "by": by } }),
    )
}

/// [`shift`], with `default` in the place of what is beyond the part.
pub fn shift_or<S, E: IntoExpr<S>>(
    expr: E,
    by: i32,
    default: impl Operand<E::Type>,
) -> WindowFunction<S, E::Type> {
    let spec = || {
        let output = expr.into_expr().into_bson()?;
        let default = literal::<S, E::Type>(default).into_bson()?;
        Ok(doc! { "$shift": { "output": output, "by": by, "default": default } })
    };
    WindowFunction::from_result(spec())
}

/// `$expMovingAvg` with a weight: how much the latest value counts, between 0 and 1.
pub fn exp_moving_avg_alpha<S, E>(expr: E, alpha: f64) -> WindowFunction<S, Option<MeanOf<E, S>>>
where
    E: IntoExpr<S, Type: FieldType<Value: Numeric>>,
{
    let input = expr.into_expr().into_bson();
    let spec = input.map(|input| doc! { "$expMovingAvg": { "input": input, "alpha": alpha } });
    WindowFunction::from_result(spec)
}

/// `$expMovingAvg` of the last `n` values.
pub fn exp_moving_avg<S, E>(expr: E, n: u32) -> WindowFunction<S, Option<MeanOf<E, S>>>
where
    E: IntoExpr<S, Type: FieldType<Value: Numeric>>,
{
    let input = expr.into_expr().into_bson();
    let spec = input.map(|input| doc! { "$expMovingAvg": { "input": input, "N": i64::from(n) } });
    WindowFunction::from_result(spec)
}

macro_rules! of_time {
    ($($(#[$doc:meta])* $function:ident $name:literal;)*) => {$(
        $(#[$doc])*
        pub fn $function<S, E>(
            expr: E,
            unit: Option<DateUnit>,
        ) -> WindowFunction<S, Option<MeanOf<E, S>>>
        where
            E: IntoExpr<S, Type: FieldType<Value: Numeric>>,
        {
            let spec = expr.into_expr().into_bson().map(|input| {
                let mut operand = doc! { "input": input };
                if let Some(unit) = unit {
                    operand.insert("unit", unit.name());
                }
                doc! { $name: operand }
            });
            WindowFunction::from_result(spec)
        }
    )*};
}

of_time! {
    /// `$derivative`: the change over the window for each unit of the order; `None` of a single document. `unit` is for
    /// dates, a week at most, and must be given then.
    derivative "$derivative";
    /// `$integral`: the area under the values over the window. `unit` is for dates, a week at most, and must be given
    /// then.
    integral "$integral";
}

macro_rules! pairs {
    ($($(#[$doc:meta])* $function:ident $name:literal;)*) => {$(
        $(#[$doc])*
        pub fn $function<S, A: IntoExpr<S>, B: IntoExpr<S>>(
            left: A,
            right: B,
        ) -> WindowFunction<S, Option<f64>> {
            let spec = || {
                let left = left.into_expr().into_bson()?;
                Ok(doc! { $name: [left, right.into_expr().into_bson()?] })
            };
            WindowFunction::from_result(spec())
        }
    )*};
}

pairs! {
    /// `$covariancePop`: the covariance of a population.
    covariance_pop "$covariancePop";
    /// `$covarianceSamp`: the covariance of a sample.
    covariance_samp "$covarianceSamp";
}

macro_rules! gaps {
    ($($(#[$doc:meta])* $function:ident $name:literal;)*) => {$(
        $(#[$doc])*
        pub fn $function<S, E: IntoExpr<S>>(expr: E) -> WindowFunction<S, E::Type> {
            let operand = expr.into_expr().into_bson();
            WindowFunction::from_result(operand.map(|operand| doc! { $name: operand }))
        }
    )*};
}

gaps! {
    /// `$locf`: where it is null or missing, the last value before.
    locf "$locf";
    /// `$linearFill`: where it is null or missing, a value on the line between those around.
    linear_fill "$linearFill";
}
