//! Arithmetic.

use std::ops::{Add, Div, Mul, Rem, Sub};

use bson::{Bson, Decimal128, doc};

use super::super::expression::{ExprOf, IntoExpr};
use super::{binary, methods};
use crate::field::{FieldType, Numeric};

/// The type that numbers of two types become when they are combined.
pub trait Promote<With> {
    /// The wider of the two.
    type Output;
}

macro_rules! promote {
    ($($left:ty, $right:ty => $output:ty;)*) => {$(
        impl Promote<$right> for $left {
            type Output = $output;
        }
    )*};
}

promote! {
    i64, i64 => i64;
    i64, f64 => f64;
    i64, Decimal128 => Decimal128;
    i64, Bson => Bson;
    f64, i64 => f64;
    f64, f64 => f64;
    f64, Decimal128 => Decimal128;
    f64, Bson => Bson;
    Decimal128, i64 => Decimal128;
    Decimal128, f64 => Decimal128;
    Decimal128, Decimal128 => Decimal128;
    Decimal128, Bson => Bson;
    Bson, i64 => Bson;
    Bson, f64 => Bson;
    Bson, Decimal128 => Bson;
    Bson, Bson => Bson;
}

/// `$rand`: a number from 0 up to, not with, 1; another one for each document.
pub fn rand<S>() -> ExprOf<S, f64> {
    ExprOf::new(doc! { "$rand": {} })
}

type SumOf<T> = <<T as FieldType>::Value as Numeric>::Sum;
type MeanOf<T> = <<T as FieldType>::Value as Numeric>::Mean;

/// The operators of Rust, which are `$add`, `$subtract`, `$multiply`, `$divide` and `$mod`. What is null or missing
/// makes the result null: say so by [`ExprOf::cast`], or replace it by [`ExprOf::if_null`] before.
macro_rules! operators {
    ($($operator:ident $method:ident $name:literal $class:ident;)*) => {$(
        impl<S, T, E> $operator<E> for ExprOf<S, T>
        where
            E: IntoExpr<S, Type: FieldType<Value: Numeric>>,
            T: FieldType<Value: Numeric>,
            $class<T>: Promote<$class<E::Type>>,
        {
            type Output = ExprOf<S, <$class<T> as Promote<$class<E::Type>>>::Output>;

            fn $method(self, other: E) -> Self::Output {
                binary($name, self, other)
            }
        }
    )*};
}

operators! {
    Add add "$add" SumOf;
    Sub sub "$subtract" SumOf;
    Mul mul "$multiply" SumOf;
    Div div "$divide" MeanOf;
    Rem rem "$mod" SumOf;
}

methods! {
    [T: FieldType<Value: Numeric>]
    /// `$abs`: the magnitude.
    abs "$abs" -> T;
    /// `$ceil`: the least whole number that is not less.
    ceil "$ceil" -> T;
    /// `$floor`: the greatest whole number that is not greater.
    floor "$floor" -> T;
    /// `$exp`: *e* to this power.
    exp "$exp" -> MeanOf<T>;
    /// `$ln`: the natural logarithm.
    ln "$ln" -> MeanOf<T>;
    /// `$log10`: the logarithm to base 10.
    log10 "$log10" -> MeanOf<T>;
    /// `$sqrt`: the square root.
    sqrt "$sqrt" -> MeanOf<T>;
}

impl<S, T> ExprOf<S, T> {
    /// `$round`: to so many places after the point, halves to the even neighbour.
    pub fn round<E>(self, places: E) -> ExprOf<S, T>
    where
        T: FieldType<Value: Numeric>,
        E: IntoExpr<S, Type: FieldType<Value: Numeric>>,
    {
        binary("$round", self, places)
    }

    /// `$trunc`: to so many places after the point, towards zero.
    pub fn trunc<E>(self, places: E) -> ExprOf<S, T>
    where
        T: FieldType<Value: Numeric>,
        E: IntoExpr<S, Type: FieldType<Value: Numeric>>,
    {
        binary("$trunc", self, places)
    }

    /// `$pow`: to this power. Of integers it is a double where it has to be.
    pub fn pow<E>(self, exponent: E) -> ExprOf<S, MeanOf<T>>
    where
        T: FieldType<Value: Numeric>,
        E: IntoExpr<S, Type: FieldType<Value: Numeric>>,
    {
        binary("$pow", self, exponent)
    }

    /// `$log`: the logarithm to this base.
    pub fn log<E>(self, base: E) -> ExprOf<S, MeanOf<T>>
    where
        T: FieldType<Value: Numeric>,
        E: IntoExpr<S, Type: FieldType<Value: Numeric>>,
    {
        binary("$log", self, base)
    }
}
