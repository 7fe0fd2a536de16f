//! Arrays as sets: their order and repeated elements do not count.

use super::super::expression::{ExprOf, IntoExpr};
use super::{binary, unary};
use crate::field::{ArrayOf, FieldType};

type ElementOf<T> = <<T as FieldType>::Value as ArrayOf>::Element;

impl<S, T> ExprOf<S, T> {
    /// `$setUnion`: what is in one of them.
    pub fn set_union<E: IntoExpr<S>>(self, other: E) -> ExprOf<S, Vec<ElementOf<T>>>
    where
        T: FieldType<Value: ArrayOf>,
    {
        binary("$setUnion", self, other)
    }

    /// `$setIntersection`: what is in both.
    pub fn set_intersection<E: IntoExpr<S>>(self, other: E) -> ExprOf<S, Vec<ElementOf<T>>>
    where
        T: FieldType<Value: ArrayOf>,
    {
        binary("$setIntersection", self, other)
    }

    /// `$setDifference`: what is in this one only.
    pub fn set_difference<E: IntoExpr<S>>(self, other: E) -> ExprOf<S, Vec<ElementOf<T>>>
    where
        T: FieldType<Value: ArrayOf>,
    {
        binary("$setDifference", self, other)
    }

    /// `$setIsSubset`: whether all of this is in the other.
    pub fn is_subset<E: IntoExpr<S>>(self, other: E) -> ExprOf<S, bool>
    where
        T: FieldType<Value: ArrayOf>,
    {
        binary("$setIsSubset", self, other)
    }

    /// `$setEquals`: whether both have the same elements.
    pub fn set_equals<E: IntoExpr<S>>(self, other: E) -> ExprOf<S, bool>
    where
        T: FieldType<Value: ArrayOf>,
    {
        binary("$setEquals", self, other)
    }

    /// `$allElementsTrue`.
    pub fn all_true(self) -> ExprOf<S, bool>
    where
        T: FieldType<Value: ArrayOf>,
    {
        unary("$allElementsTrue", self)
    }

    /// `$anyElementTrue`.
    pub fn any_true(self) -> ExprOf<S, bool>
    where
        T: FieldType<Value: ArrayOf>,
    {
        unary("$anyElementTrue", self)
    }
}
