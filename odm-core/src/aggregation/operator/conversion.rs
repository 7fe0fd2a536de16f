//! Types, and conversions between them. What cannot be converted is refused: `ConversionFailure` (241); see
//! [`ExprOf::convert`].

use bson::oid::ObjectId;
use bson::{Bson, DateTime, Decimal128};

use super::super::expression::{ExprOf, IntoExpr};
use super::{methods, named};
use crate::filter::BsonType;

methods! {
    []
    /// `$type`: the name of the type; `"missing"` if there is no value.
    type_of "$type" -> String;
    /// `$isNumber`: whether it is a number.
    is_number "$isNumber" -> bool;
    /// `$toBool`. Null stays null, here and below.
    to_bool "$toBool" -> bool;
    /// `$toDate`.
    to_date "$toDate" -> DateTime;
    /// `$toDecimal`.
    to_decimal "$toDecimal" -> Decimal128;
    /// `$toDouble`.
    to_double "$toDouble" -> f64;
    /// `$toInt`.
    to_int "$toInt" -> i32;
    /// `$toLong`.
    to_long "$toLong" -> i64;
    /// `$toObjectId`.
    to_object_id "$toObjectId" -> ObjectId;
    /// `$toString`.
    to_string "$toString" -> String;
    /// `$bsonSize`: the bytes of a document.
    bson_size "$bsonSize" -> Option<i32>;
    /// `$binarySize`: the bytes of a string or of binary data.
    binary_size "$binarySize" -> Option<i32>;
    /// `$toHashedIndexKey`: the number that a hashed index has for it.
    to_hashed_index_key "$toHashedIndexKey" -> i64;
}

impl<S, T> ExprOf<S, T> {
    /// `$convert`: to another type; `on_error` if it cannot be converted, `on_null` if there is nothing.
    pub fn convert<U, E, N>(self, to: BsonType, on_error: E, on_null: N) -> ExprOf<S, U>
    where
        E: IntoExpr<S, Type = U>,
        N: IntoExpr<S, Type = U>,
    {
        named(
            "$convert",
            [
                ("input", Some(self.into_bson())),
                ("to", Some(Ok(Bson::String(to.alias().to_owned())))),
                ("onError", Some(on_error.into_expr().into_bson())),
                ("onNull", Some(on_null.into_expr().into_bson())),
            ],
        )
    }
}
