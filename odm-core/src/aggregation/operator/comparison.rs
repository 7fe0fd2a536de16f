//! Comparisons: of values of any types, by MongoDB's order of all values.

use super::super::expression::{ExprOf, IntoExpr};
use super::binary;

macro_rules! comparisons {
    ($($(#[$doc:meta])* $method:ident $name:literal -> $out:ty;)*) => {$(
        impl<S, T> ExprOf<S, T> {
            $(#[$doc])*
            pub fn $method<E: IntoExpr<S>>(self, other: E) -> ExprOf<S, $out> {
                binary($name, self, other)
            }
        }
    )*};
}

comparisons! {
    /// `$eq`: both are equal. Null and missing are two things.
    eq "$eq" -> bool;
    /// `$ne`: they differ.
    ne "$ne" -> bool;
    /// `$gt`: this is the greater one.
    gt "$gt" -> bool;
    /// `$gte`: this is not the lesser one.
    gte "$gte" -> bool;
    /// `$lt`: this is the lesser one.
    lt "$lt" -> bool;
    /// `$lte`: this is not the greater one.
    lte "$lte" -> bool;
    /// `$cmp`: -1, 0 or 1.
    cmp "$cmp" -> i32;
}
