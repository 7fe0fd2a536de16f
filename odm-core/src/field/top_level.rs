//! Filters of whole documents: the operators that stand where field names do.

use bson::{Bson, Document};

use crate::error::Result;
use crate::field::FilterOf;
use crate::filter::{Filter, TextSearch};
use crate::pipeline::Expr;

/// Operators on documents as a whole. `$where` has no form here: JavaScript is not checked by
/// anything; a document with it can be given to [`Query::raw`](crate::Query::raw).
impl<D> FilterOf<D> {
    /// `$and`: all of them match. Without any, every document matches.
    pub fn all_of(filters: impl IntoIterator<Item = Self>) -> Self {
        FilterOf::from_result(
            list(filters).map(|parts| parts.into_iter().fold(Filter::all(), Filter::and)),
        )
    }

    /// `$or`: one of them matches. Without any, no document matches.
    pub fn any_of(filters: impl IntoIterator<Item = Self>) -> Self {
        FilterOf::from_result(list(filters).map(|parts| match parts.len() {
            0 => Filter::AlwaysFalse,
            _ => Filter::Or(parts),
        }))
    }

    /// `$nor`: none of them matches. Without any, every document matches.
    pub fn none_of(filters: impl IntoIterator<Item = Self>) -> Self {
        FilterOf::from_result(list(filters).map(|parts| match parts.len() {
            0 => Filter::all(),
            _ => Filter::Nor(parts),
        }))
    }

    /// `$expr`: an expression of the aggregation language is true.
    pub fn expr(expression: impl Into<Bson>) -> Self {
        FilterOf::new(Filter::Expr(Expr(expression.into())))
    }

    /// `$jsonSchema`: the document is valid.
    pub fn json_schema(schema: Document) -> Self {
        FilterOf::new(Filter::JsonSchema(schema))
    }

    /// `$text`: the collection's text index finds it. `"coffee -decaf"`, or a [`TextSearch`] with
    /// options.
    pub fn text(search: impl Into<TextSearch>) -> Self {
        FilterOf::new(Filter::Text(search.into()))
    }

    /// `$comment`: matches every document; a note in the server's logs and profiles.
    pub fn comment(comment: impl Into<Bson>) -> Self {
        FilterOf::new(Filter::Comment(comment.into()))
    }

    /// `$sampleRate`: matches at random, with this probability, from 0 to 1.
    pub fn sample_rate(rate: f64) -> Self {
        FilterOf::new(Filter::SampleRate(rate))
    }

    /// `$alwaysTrue`: every document matches.
    pub fn always_true() -> Self {
        FilterOf::new(Filter::AlwaysTrue)
    }

    /// `$alwaysFalse`: no document matches.
    pub fn always_false() -> Self {
        FilterOf::new(Filter::AlwaysFalse)
    }
}

fn list<D>(filters: impl IntoIterator<Item = FilterOf<D>>) -> Result<Vec<Filter>> {
    filters.into_iter().map(FilterOf::into_filter).collect()
}

impl From<&str> for TextSearch {
    fn from(search: &str) -> Self {
        TextSearch { search: search.to_owned(), ..TextSearch::default() }
    }
}

impl From<String> for TextSearch {
    fn from(search: String) -> Self {
        TextSearch { search, ..TextSearch::default() }
    }
}
