//! Boolean operators: `&`, `|` and `!`.

use std::ops::{BitAnd, BitOr, Not};

use super::super::expression::{ExprOf, IntoExpr};
use super::{binary, unary};

impl<S, E: IntoExpr<S, Type = bool>> BitAnd<E> for ExprOf<S, bool> {
    type Output = Self;

    fn bitand(self, other: E) -> Self {
        binary("$and", self, other)
    }
}

impl<S, E: IntoExpr<S, Type = bool>> BitOr<E> for ExprOf<S, bool> {
    type Output = Self;

    fn bitor(self, other: E) -> Self {
        binary("$or", self, other)
    }
}

impl<S> Not for ExprOf<S, bool> {
    type Output = Self;

    fn not(self) -> Self {
        unary("$not", self)
    }
}
