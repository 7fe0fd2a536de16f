//! Variables, and paths below values: `$let`.

use bson::{Bson, doc};

use super::super::expression::{ExprOf, IntoExpr, variable};
use super::super::scope::bind;
use crate::document::Embedded;
use crate::field::{AsField, Field, FieldType};

impl<S, T> ExprOf<S, T> {
    /// `$let`: an expression that names this value more than once, computed once:
    /// `(o.price().expr() * o.quantity()).let_(|total| total.clone() - total * o.discount())`.
    pub fn let_<E: IntoExpr<S>>(self, in_: impl FnOnce(ExprOf<S, T>) -> E) -> ExprOf<S, E::Type> {
        let ([name], in_) = bind(["this"], |[this]| in_(variable(&this)).into_expr().into_bson());
        ExprOf::from_result((|| {
            let vars = doc! { name: self.into_bson()? };
            Ok(doc! { "$let": { "vars": vars, "in": in_? } }.into())
        })())
    }

    /// A field of this value: `o.lines().expr().first_element().get(|line| line.price())`.
    pub fn get<P>(
        self,
        field: impl FnOnce(<T::Value as FieldType>::Path<T::Value, T::Value>) -> P,
    ) -> ExprOf<S, P::Type>
    where
        T: FieldType<Value: Embedded + Sized>,
        P: AsField<Document = T::Value>,
    {
        let path = field(T::Value::path(Field::root())).as_field().checked_path();
        match path {
            Ok(path) => self.field(path.as_str()),
            Err(error) => ExprOf::from_result(Err(error)),
        }
    }

    /// The path `name` below this value, taken to be a `U`: where there is no struct for [`get`](ExprOf::get).
    pub fn field<U>(self, name: &str) -> ExprOf<S, U> {
        ExprOf::from_result(self.into_bson().map(|expr| match expr {
            Bson::String(path) if path.starts_with('$') => format!("{path}.{name}").into(),
            expr => {
                doc! { "$let": { "vars": { "of": expr }, "in": format!("$$of.{name}") } }.into()
            }
        }))
    }
}
