//! Conditions.

use bson::{Bson, doc};

use super::super::expression::{ExprOf, IntoExpr};
use super::{list, named};
use crate::error::Result;
use crate::field::FieldType;

/// `$cond`: one of two, by whether `condition` is true.
pub fn if_<S, C, A, B>(condition: C, then: A, otherwise: B) -> ExprOf<S, A::Type>
where
    C: IntoExpr<S>,
    A: IntoExpr<S>,
    B: IntoExpr<S, Type = A::Type>,
{
    let (condition, then) = (condition.into_expr().into_bson(), then.into_expr().into_bson());
    list("$cond", [condition, then, otherwise.into_expr().into_bson()])
}

/// `$switch`: the first case whose condition is true. Ends in [`or`](Branches::or).
pub fn switch<S, T>() -> Branches<S, T> {
    Branches { branches: Ok(Vec::new()), types: std::marker::PhantomData }
}

/// The cases of a [`switch`].
#[must_use = "a switch ends in `or`"]
#[derive(Debug)]
pub struct Branches<S, T> {
    branches: Result<Vec<Bson>>,
    types: std::marker::PhantomData<fn() -> (S, T)>,
}

impl<S, T> Branches<S, T> {
    /// If `condition` is true, it is `then`.
    pub fn case<C: IntoExpr<S>, E: IntoExpr<S, Type = T>>(mut self, condition: C, then: E) -> Self {
        self.branches = self.branches.and_then(|mut branches| {
            let case = condition.into_expr().into_bson()?;
            branches.push(doc! { "case": case, "then": then.into_expr().into_bson()? }.into());
            Ok(branches)
        });
        self
    }

    /// Otherwise it is this.
    pub fn or<E: IntoExpr<S, Type = T>>(self, default: E) -> ExprOf<S, T> {
        named(
            "$switch",
            [
                ("branches", Some(self.branches.map(Bson::Array))),
                ("default", Some(default.into_expr().into_bson())),
            ],
        )
    }
}

impl<S, T> ExprOf<S, T> {
    /// `$ifNull`: this, or `default` if it is null or missing.
    pub fn if_null<E>(self, default: E) -> ExprOf<S, E::Type>
    where
        T: FieldType,
        E: IntoExpr<S>,
    {
        list("$ifNull", [self.into_bson(), default.into_expr().into_bson()])
    }
}
