//! The operators of typed expressions, a file for each heading of MongoDB's manual.
//!
//! They are methods of [`ExprOf`](super::ExprOf): `o.total().expr().round(2)`. Each is there only where the type of its
//! operand makes sense.

mod arithmetic;
mod array;
mod binding;
mod boolean;
mod comparison;
mod conditional;
mod conversion;
mod date;
mod object;
mod set;
mod string;
mod trigonometry;

use bson::{Bson, Document, doc};

use super::expression::{ExprOf, IntoExpr};
use crate::error::Result;

pub use arithmetic::{Promote, rand};
pub use array::array;
pub use conditional::{Branches, if_, switch};
pub use date::{DateParts, DateUnit, date_from_iso_parts, date_from_parts};
pub use object::{merge_objects, object};

/// `{name: operand}`.
fn unary<S, T, U>(name: &str, operand: ExprOf<S, T>) -> ExprOf<S, U> {
    ExprOf::from_result(operand.into_bson().map(|operand| match operand {
        // An array would be taken for a list of operands.
        Bson::Array(_) => doc! { name: [operand] }.into(),
        operand => doc! { name: operand }.into(),
    }))
}

/// `{name: [left, right]}`.
fn binary<S, T, E: IntoExpr<S>, U>(name: &str, left: ExprOf<S, T>, right: E) -> ExprOf<S, U> {
    list(name, [left.into_bson(), right.into_expr().into_bson()])
}

/// `{name: [operands]}`.
fn list<S, U>(name: &str, operands: impl IntoIterator<Item = Result<Bson>>) -> ExprOf<S, U> {
    let operands = operands.into_iter().collect::<Result<Vec<_>>>();
    ExprOf::from_result(operands.map(|operands| doc! { name: operands }.into()))
}

/// `{name: {field: operand, …}}`, without the fields that are not there.
fn named<S, U, const N: usize>(
    name: &str,
    fields: [(&str, Option<Result<Bson>>); N],
) -> ExprOf<S, U> {
    let spec = || {
        let mut spec = Document::new();
        for (field, operand) in fields {
            if let Some(operand) = operand {
                spec.insert(field, operand?);
            }
        }
        Ok(doc! { name: spec }.into())
    };
    ExprOf::from_result(spec())
}

/// Methods without operands beside the value that they are of.
macro_rules! methods {
    (@one [$($bounds:tt)*] $(#[$doc:meta])* $method:ident $name:literal -> $out:ty) => {
        impl<S, T> ExprOf<S, T> {
            $(#[$doc])*
            pub fn $method(self) -> ExprOf<S, $out>
            where
                $($bounds)*
            {
                $crate::aggregation::operator::unary($name, self)
            }
        }
    };
    ($bounds:tt $($(#[$doc:meta])* $method:ident $name:literal -> $out:ty;)*) => {
        $(methods! { @one $bounds $(#[$doc])* $method $name -> $out })*
    };
}

use methods;
