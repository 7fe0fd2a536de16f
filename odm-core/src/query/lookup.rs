//! Queries narrowed by lookups and query strings.

use bson::Bson;

use crate::document::Document;
use crate::error::{Error, Result};
use crate::query::Query;
use crate::query_string::{QueryString, QueryStringRules, is_about};

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

    /// What a stranger's query string asks for, as far as the rules allow: see
    /// [`QueryStringRules`].
    ///
    /// Its conditions add to those of the query; an order replaces that of the query. `fields=`
    /// hands out partial documents: [`project`](Query::project) to a type that does without the
    /// others before, with the empty projection (`doc! {}`).
    ///
    /// # Errors
    ///
    /// [`Error::Lookup`] that names the parameter, its value and what was expected;
    /// [`Error::Config`] if the rules are for another model or wrong, or if the query itself has a
    /// skip, a limit or (where fields are asked for) a projection.
    pub fn query_string(mut self, rules: &QueryStringRules, query_string: &str) -> Result<Self> {
        let config = |what: &str| Err(Error::Config(format!("a query string beside {what}")));
        if !is_about::<D>(rules) {
            return config("rules for another model");
        }
        if self.find.skip != 0 || self.find.limit != 0 {
            return config("a skip or limit of the query itself");
        }
        let QueryString { filter, sort, skip, limit, projection } = rules.parse(query_string)?;
        if !sort.is_empty() {
            self.find.sort = sort;
        }
        if projection.is_some() {
            if self.find.projection.as_ref().is_some_and(|projection| !projection.is_empty()) {
                return config("a projection of the query itself");
            }
            self.find.projection = projection;
        }
        self.find.skip = skip;
        self.find.limit = limit;
        Ok(self.and(filter))
    }
}
