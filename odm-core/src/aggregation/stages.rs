//! The stages, as methods: which documents flow on, and in which order. Families of stages are in files of their own.

mod fields;
mod group;
mod join;
mod source;
mod window;
mod write;

use bson::doc;

use super::expression::IntoExpr;
use super::{Aggregation, Redaction};
use crate::field::{AsField, FilterOf, SortOf};
use crate::filter::Filter;
use crate::pipeline::{Expr, Stage};

pub use group::Counted;
pub use join::{Foreign, GraphLookupOptions, Holds, JoinsWith, from};
pub use source::{CollStats, GeoNearOptions, documents};
pub use window::{DensifyBounds, DensifyStep};
pub use write::{Merge, WhenMatched, WhenNotMatched};

/// What [`Aggregation::unwind_with`] does beside unwinding.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UnwindOptions {
    /// The field that says which element it was, from 0; null for documents without elements.
    pub include_array_index: Option<String>,
    /// Whether documents without elements stay.
    pub preserve_null_and_empty_arrays: bool,
}

impl<S, F, T> Aggregation<S, F, T> {
    /// `$match`: only what matches.
    pub fn match_(self, filter: impl FnOnce(F) -> FilterOf<S>) -> Self {
        let filter = filter((self.fields)()).into_filter();
        self.try_stage(filter.map(Stage::match_))
    }

    /// `$match` by a filter that was built without types.
    pub fn match_raw(self, filter: impl Into<Filter>) -> Self {
        self.stage(Stage::match_(filter))
    }

    /// `$match` by an expression (`$expr`), which can compare fields with each other:
    /// `.match_expr(|o| o.paid().expr().lt(o.total()))`.
    pub fn match_expr<E: IntoExpr<S>>(self, condition: impl FnOnce(F) -> E) -> Self {
        let condition = condition((self.fields)()).into_expr().into_bson();
        self.try_stage(condition.map(|condition| Stage::match_(Filter::Expr(Expr(condition)))))
    }

    /// `$match` of `$sampleRate`: each document with this probability, from 0 to 1; others are refused with
    /// `BadValue` (2).
    pub fn sample_rate(self, rate: f64) -> Self {
        self.match_(|_| FilterOf::sample_rate(rate))
    }

    /// `$sort`: in this order.
    pub fn sort(self, sort: impl FnOnce(F) -> SortOf<S>) -> Self {
        let sort = sort((self.fields)()).into_sort();
        self.try_stage(sort.map(Stage::sort))
    }

    /// `$skip`: passes over the first `n`.
    pub fn skip(self, n: u64) -> Self {
        self.stage(Stage::skip(i64::try_from(n).unwrap_or(i64::MAX)))
    }

    /// `$limit`: at most `n`. MongoDB refuses 0 (15958).
    pub fn limit(self, n: u64) -> Self {
        self.stage(Stage::limit(i64::try_from(n).unwrap_or(i64::MAX)))
    }

    /// `$sample`: `n` of them, at random.
    pub fn sample(self, n: u64) -> Self {
        let size = i64::try_from(n).unwrap_or(i64::MAX);
        self.stage(Stage::new("$sample", doc! { "size": size }))
    }

    /// `$unwind`: one document for each element of an array; those without elements are left out.
    ///
    /// From here on, the array's path stands for the element: `sum(o.lines().price())` adds up the prices. To have the
    /// documents decoded, [`reshape`](Aggregation::reshape) them into a struct in which the field is no array.
    pub fn unwind<P: AsField<Document = S>>(self, field: impl FnOnce(F) -> P) -> Self {
        let path = field((self.fields)()).as_field().checked_path();
        self.try_stage(path.map(|path| Stage::new("$unwind", format!("${path}"))))
    }

    /// `$unwind` that keeps documents without elements, or says which element it was.
    pub fn unwind_with<P: AsField<Document = S>>(
        self,
        field: impl FnOnce(F) -> P,
        options: UnwindOptions,
    ) -> Self {
        let path = field((self.fields)()).as_field().checked_path();
        self.try_stage(path.map(|path| {
            let mut spec = doc! { "path": format!("${path}") };
            if let Some(name) = options.include_array_index {
                spec.insert("includeArrayIndex", name);
            }
            spec.insert("preserveNullAndEmptyArrays", options.preserve_null_and_empty_arrays);
            Stage::new("$unwind", spec)
        }))
    }

    /// `$redact`: an expression says what becomes of each level of the documents: [`descend`](super::descend),
    /// [`prune`](super::prune) or [`keep`](super::keep).
    pub fn redact<E: IntoExpr<S, Type = Redaction>>(self, by: impl FnOnce(F) -> E) -> Self {
        let decision = by((self.fields)()).into_expr().into_bson();
        self.try_stage(decision.map(|decision| Stage::new("$redact", decision)))
    }
}
