//! Queries narrowed by lookups.

use bson::Bson;

use crate::document::Document;
use crate::query::Query;

impl<D: Document, T> Query<D, T> {
    /// Only documents for which a lookup such as `age__gte` holds: see [the list](crate::lookup).
    ///
    /// ```
    /// # use odm_core::Document;
    /// # use odm_core::bson::{doc, oid::ObjectId};
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Debug, Serialize, Deserialize, Document)]
    /// # struct User {
    /// #     #[serde(rename = "_id")]
    /// #     id: ObjectId,
    /// #     name: String,
    /// #     age: i32,
    /// # }
    /// let query = User::find().lookup("age__gte", 18).lookup("name__icontains", "jo");
    /// assert!(query.to_request().is_ok());
    ///
    /// let error = User::find().lookup("age__icontains", "1").to_request().unwrap_err();
    /// assert!(error.to_string().starts_with(
    ///     "`age__icontains`: expected an operator that `age` has, not `icontains`: exact, ne, gt,"
    /// ));
    /// ```
    ///
    /// It is checked against the model: a field that is not there, an operator that makes no sense
    /// for its type, or a value that it cannot have is reported when the query runs.
    #[must_use]
    pub fn lookup(self, lookup: &str, value: impl Into<Bson>) -> Self {
        self.lookups([(lookup, value.into())])
    }

    /// Only documents for which all of these lookups hold: `.lookups(doc! { "age__gte": 18, "name": "Jo" })`.
    #[must_use]
    pub fn lookups<K: AsRef<str>, V: Into<Bson>>(
        self,
        lookups: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        match D::schema().lookups(lookups) {
            Ok(filter) => self.and(filter),
            Err(error) => self.with_error(error),
        }
    }
}
