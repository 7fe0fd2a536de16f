//! Trigonometry: angles are in radians.

use super::super::expression::{ExprOf, IntoExpr};
use super::{binary, methods};
use crate::field::{FieldType, Numeric};

type MeanOf<T> = <<T as FieldType>::Value as Numeric>::Mean;

methods! {
    [T: FieldType<Value: Numeric>]
    /// `$sin`.
    sin "$sin" -> MeanOf<T>;
    /// `$cos`.
    cos "$cos" -> MeanOf<T>;
    /// `$tan`.
    tan "$tan" -> MeanOf<T>;
    /// `$asin`.
    asin "$asin" -> MeanOf<T>;
    /// `$acos`.
    acos "$acos" -> MeanOf<T>;
    /// `$atan`.
    atan "$atan" -> MeanOf<T>;
    /// `$sinh`.
    sinh "$sinh" -> MeanOf<T>;
    /// `$cosh`.
    cosh "$cosh" -> MeanOf<T>;
    /// `$tanh`.
    tanh "$tanh" -> MeanOf<T>;
    /// `$asinh`.
    asinh "$asinh" -> MeanOf<T>;
    /// `$acosh`.
    acosh "$acosh" -> MeanOf<T>;
    /// `$atanh`.
    atanh "$atanh" -> MeanOf<T>;
    /// `$degreesToRadians`.
    degrees_to_radians "$degreesToRadians" -> MeanOf<T>;
    /// `$radiansToDegrees`.
    radians_to_degrees "$radiansToDegrees" -> MeanOf<T>;
}

impl<S, T> ExprOf<S, T> {
    /// `$atan2`: the angle of the point whose ordinate this is.
    pub fn atan2<E>(self, x: E) -> ExprOf<S, MeanOf<T>>
    where
        T: FieldType<Value: Numeric>,
        E: IntoExpr<S, Type: FieldType<Value: Numeric>>,
    {
        binary("$atan2", self, x)
    }
}
