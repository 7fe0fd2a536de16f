//! Typed expressions.

use std::fmt;
use std::marker::PhantomData;

use bson::oid::ObjectId;
use bson::{Bson, DateTime, Decimal128, Timestamp, doc};

use super::assign::{Computes, Term};
use crate::error::Result;
use crate::field::{AsField, Field};
use crate::operand::Operand;

/// An expression on documents with the fields of `S` that gives a `T`.
///
/// Its methods are the operators of MongoDB's expressions, those that make sense for a `T`; comparisons and `$ifNull` go
/// with every type, and `+ - * / %` and `& | !` are Rust's. They do not tell of null: most operators make null of null
/// and of what is missing.
///
/// Made of fields ([`IntoExpr::into_expr`]), constants ([`literal`]) and the operators of both.
#[must_use = "an expression does nothing until a stage has it"]
pub struct ExprOf<S, T> {
    expr: Result<Bson>,
    types: PhantomData<fn() -> (S, T)>,
}

impl<S, T> ExprOf<S, T> {
    /// An expression that was built without types, taken to give a `T`.
    pub fn new(expr: impl Into<Bson>) -> Self {
        ExprOf::from_result(Ok(expr.into()))
    }

    pub(super) fn from_result(expr: Result<Bson>) -> Self {
        ExprOf { expr, types: PhantomData }
    }

    /// As it is sent.
    ///
    /// # Errors
    ///
    /// [`Error::Encode`](crate::Error::Encode) for a constant without a BSON form.
    pub fn into_bson(self) -> Result<Bson> {
        self.expr
    }

    /// The same expression, taken to give a `U`.
    pub fn cast<U>(self) -> ExprOf<S, U> {
        ExprOf::from_result(self.expr)
    }
}

impl<S, T> Clone for ExprOf<S, T> {
    fn clone(&self) -> Self {
        ExprOf::from_result(self.expr.clone())
    }
}

impl<S, T> fmt::Debug for ExprOf<S, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ExprOf").field(&self.expr).finish()
    }
}

/// What stands for an expression on documents with the fields of `S`: a field, another expression, a constant.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an expression on these documents",
    label = "not an expression on the fields of `{S}`",
    note = "fields, expressions, and constants are; `literal(…)` makes a constant of what serde can write"
)]
pub trait IntoExpr<S> {
    /// The Rust type of its values.
    type Type;

    /// The expression.
    fn into_expr(self) -> ExprOf<S, Self::Type>;
}

impl<S, T> IntoExpr<S> for ExprOf<S, T> {
    type Type = T;

    fn into_expr(self) -> ExprOf<S, T> {
        self
    }
}

impl<S, T> Field<S, T> {
    /// The field's value, for the operators of expressions.
    pub fn expr(&self) -> ExprOf<S, T> {
        self.into_expr()
    }
}

#[diagnostic::do_not_recommend]
impl<S, P: AsField<Document = S>> IntoExpr<S> for P {
    type Type = P::Type;

    fn into_expr(self) -> ExprOf<S, P::Type> {
        let path = self.as_field().checked_path();
        ExprOf::from_result(path.map(|path| {
            if path.as_str().is_empty() { "$$ROOT".into() } else { format!("${path}").into() }
        }))
    }
}

/// Constants that stand for themselves.
macro_rules! constants {
    ($($constant:ty => $ty:ty),* $(,)?) => {$(
        #[diagnostic::do_not_recommend]
        impl<S> IntoExpr<S> for $constant {
            type Type = $ty;

            fn into_expr(self) -> ExprOf<S, $ty> {
                literal::<S, $ty>(self)
            }
        }

        #[diagnostic::do_not_recommend]
        impl<S> Term<S> for $constant {
            type Type = $ty;
            type Kind = Computes;

            fn into_term(self) -> Result<Bson> {
                IntoExpr::<S>::into_expr(self).into_term()
            }
        }
    )*};
}

constants! {
    i32 => i32, i64 => i64, u32 => u32, f64 => f64, bool => bool, Decimal128 => Decimal128, String => String,
    &str => String, ObjectId => ObjectId, DateTime => DateTime, Bson => Bson,
}

/// A constant: never read as an expression, whatever it is.
pub fn literal<S, T>(value: impl Operand<T>) -> ExprOf<S, T> {
    ExprOf::from_result(value.encode().map(|value| match value {
        Bson::String(text) if !text.starts_with('$') => text.into(),
        Bson::String(_) | Bson::Document(_) | Bson::Array(_) => doc! { "$literal": value }.into(),
        scalar => scalar,
    }))
}

/// A variable, `$$name`, that [`let_vars`](super::Aggregation::let_vars) defines; taken to be a `T`.
pub fn variable<S, T>(name: &str) -> ExprOf<S, T> {
    ExprOf::new(format!("$${name}"))
}

/// `$$NOW`: the time at which the pipeline began, the same for all documents.
pub fn now<S>() -> ExprOf<S, DateTime> {
    variable("NOW")
}

/// `$$CLUSTER_TIME`: the logical time at which the pipeline began. On replica sets and sharded clusters only.
pub fn cluster_time<S>() -> ExprOf<S, Timestamp> {
    variable("CLUSTER_TIME")
}

/// `$$ROOT`: the whole document.
pub fn root<S>() -> ExprOf<S, S> {
    variable("ROOT")
}

/// `$$REMOVE`: no value, so that a field that is set to it is not there.
pub fn remove<S, T>() -> ExprOf<S, T> {
    variable("REMOVE")
}

/// What `$redact` does with a level of a document.
#[derive(Debug, Clone, Copy)]
pub enum Redaction {}

macro_rules! redactions {
    ($($(#[$doc:meta])* $function:ident $variable:literal;)*) => {$(
        $(#[$doc])*
        pub fn $function<S>() -> ExprOf<S, Redaction> {
            ExprOf::new($variable)
        }
    )*};
}

redactions! {
    /// `$$DESCEND`: this level's fields stay, and the levels below are asked about.
    descend "$$DESCEND";
    /// `$$PRUNE`: this level goes, with all below.
    prune "$$PRUNE";
    /// `$$KEEP`: this level stays, with all below.
    keep "$$KEEP";
}
