//! Objects.

use bson::{Bson, Document, doc};

use super::super::expression::{ExprOf, IntoExpr};
use super::{list, named, unary};
use crate::error::Result;

/// An object of these fields.
pub fn object<S, E: IntoExpr<S>>(
    fields: impl IntoIterator<Item = (&'static str, E)>,
) -> ExprOf<S, Document> {
    let field = |(name, value): (&str, E)| Ok((name.to_owned(), value.into_expr().into_bson()?));
    let fields = fields.into_iter().map(field).collect::<Result<Document>>();
    ExprOf::from_result(fields.map(Bson::Document))
}

/// `$mergeObjects`: the fields of all; of two with one name, the last one.
pub fn merge_objects<S, E: IntoExpr<S>>(
    objects: impl IntoIterator<Item = E>,
) -> ExprOf<S, Document> {
    list("$mergeObjects", objects.into_iter().map(|object| object.into_expr().into_bson()))
}

impl<S, T> ExprOf<S, T> {
    /// `$objectToArray`: an object's fields, as `{k, v}`.
    pub fn object_to_array(self) -> ExprOf<S, Vec<Document>> {
        unary("$objectToArray", self)
    }

    /// `$getField`: the field of that name, whatever characters are in it.
    pub fn get_field<U>(self, name: &str) -> ExprOf<S, U> {
        let name: Result<Bson> = Ok(doc! { "$literal": name }.into());
        named("$getField", [("field", Some(name)), ("input", Some(self.into_bson()))])
    }

    /// `$setField`: the object with that field.
    pub fn set_field<E: IntoExpr<S>>(self, name: &str, value: E) -> ExprOf<S, T> {
        let name: Result<Bson> = Ok(doc! { "$literal": name }.into());
        let value = value.into_expr().into_bson();
        named(
            "$setField",
            [("field", Some(name)), ("input", Some(self.into_bson())), ("value", Some(value))],
        )
    }

    /// `$unsetField`: the object without that field.
    pub fn unset_field(self, name: &str) -> ExprOf<S, T> {
        let name: Result<Bson> = Ok(doc! { "$literal": name }.into());
        named("$unsetField", [("field", Some(name)), ("input", Some(self.into_bson()))])
    }
}
