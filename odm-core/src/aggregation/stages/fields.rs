//! Stages that make other documents of each: fields set, removed, computed.

use bson::doc;
use serde::de::DeserializeOwned;

use crate::aggregation::assign::{Assignments, Computes};
use crate::aggregation::expression::IntoExpr;
use crate::aggregation::{Aggregation, Shaped, fields_of};
use crate::field::{AsField, FieldType};
use crate::pipeline::Stage;

impl<S, F, T> Aggregation<S, F, T> {
    /// `$set` (`$addFields`): sets fields by expressions:
    /// `.set(|o| o.total().is(o.price().expr() * o.quantity()) & o.currency().is("EUR"))`.
    ///
    /// To set a field that `S` does not have, [`reshape`](Aggregation::reshape) before.
    pub fn set(self, fields: impl FnOnce(F) -> Assignments<S, S, Computes>) -> Self {
        let fields = fields((self.fields)()).into_document();
        self.try_stage(fields.map(|fields| Stage::new("$addFields", fields)))
    }

    /// `$unset`: removes a field.
    pub fn unset<P: AsField<Document = S>>(self, field: impl FnOnce(F) -> P) -> Self {
        let path = field((self.fields)()).as_field().checked_path();
        self.try_stage(path.map(|path| Stage::new("$unset", path.to_string())))
    }

    /// `$project` into another shape, whose fields are computed from these:
    /// `.project::<Line>(|o, line| line.amount().is(o.total()) & line.month().is(o.at().expr().month(None)))`.
    ///
    /// Only what is named comes out; that goes for `_id`, too.
    pub fn project<U: FieldType + DeserializeOwned>(
        self,
        fields: impl FnOnce(F, U::Path<U, U>) -> Assignments<S, U, Computes>,
    ) -> Shaped<U> {
        let fields = fields((self.fields)(), fields_of::<U>()).into_document();
        let stage = fields.map(|mut fields| {
            // Only what is named: `_id` stays unless it is said.
            if !fields.contains_key("_id") {
                fields.insert("_id", 0);
            }
            Stage::new("$project", fields)
        });
        self.try_stage(stage).reshape()
    }

    /// `$replaceWith` (`$replaceRoot`): a part of each document takes its place: `.replace_root(|o| o.customer())`.
    ///
    /// What is no document there is refused: 40228.
    pub fn replace_root<E, U>(self, by: impl FnOnce(F) -> E) -> Shaped<U>
    where
        E: IntoExpr<S, Type: FieldType<Value = U>>,
        U: FieldType + DeserializeOwned,
    {
        let root = by((self.fields)()).into_expr().into_bson();
        self.try_stage(root.map(|root| Stage::new("$replaceRoot", doc! { "newRoot": root })))
            .reshape()
    }
}
