//! Reading through views: whatever reads a view is a pipeline on what the view is on, after the view's own.

use std::sync::Arc;

use odm_core::bson::{Bson, doc};
use odm_core::{
    Aggregate, Collation, Count, Distinct, Error, ErrorCode, Find, Hint, Namespace, Operation,
    Result, Sort, SortOrder, Stage,
};

use super::{Engine, unsupported};
use crate::collation::{self, Collator};
use crate::cursor::Results;
use crate::storage::other_collation;

impl Engine {
    pub(crate) fn is_view(&self, ns: &Namespace) -> bool {
        self.catalog.view(ns).is_some()
    }

    /// A pipeline on a view as one on the collection that it comes to; `None` if it is on no view.
    ///
    /// # Errors
    ///
    /// 165 if the collection is too far, 167 for a collation that is not the view's.
    pub(crate) fn expanded(
        &self,
        ns: &Namespace,
        request: &Aggregate,
    ) -> Result<Option<(Namespace, Aggregate)>> {
        // A view has statistics of its own.
        if request.pipeline.0.first().is_some_and(|stage| stage.name() == "$collStats") {
            return Ok(None);
        }
        let Some(view) = self.catalog.resolve(ns)? else { return Ok(None) };
        if let Some(asked) = &request.collation {
            let asked = Collator::new(asked)?;
            if !collation::same(asked.as_deref(), view.collator.as_deref()) {
                return Err(other_collation());
            }
        }
        let mut request = request.clone();
        request.pipeline.0.splice(..0, view.pipeline.0);
        // Not that of the collection.
        let collation = view.collator.as_ref().map(|collator| collator.resolved().clone());
        request.collation = Some(collation.unwrap_or_else(|| Collation::locale("simple")));
        Ok(Some((view.base, request)))
    }

    /// An operation that reads a view, as a pipeline.
    ///
    /// # Errors
    ///
    /// 166 for other operations; as [`of_find`]. [`Error::Unsupported`] for `distinct`, of which the server makes stages
    /// that no user can write.
    pub(crate) fn as_pipeline(&self, ns: &Namespace, operation: &Operation) -> Result<Aggregate> {
        match operation {
            Operation::Aggregate(request) => Ok(request.clone()),
            Operation::Find(find) => of_find(find),
            Operation::Count(count) => Ok(of_count(count)),
            Operation::Distinct(_) => Err(unsupported("explain of distinct on a view")),
            _ => self.catalog.collection(ns).and_then(|_| {
                let message = format!("Cannot explain cmd: {}", operation.name());
                Err(Error::command(ErrorCode::ILLEGAL_OPERATION, message))
            }),
        }
    }

    /// `find` on a view.
    ///
    /// # Errors
    ///
    /// As [`of_find`] and [`pipeline_results`](Engine::pipeline_results).
    pub(super) fn find_in_view(self: &Arc<Self>, ns: &Namespace, find: &Find) -> Result<Results> {
        self.pipeline_results(ns, &of_find(find)?)
    }

    /// `count` on a view.
    ///
    /// # Errors
    ///
    /// As [`pipeline_results`](Engine::pipeline_results).
    pub(super) fn count_in_view(self: &Arc<Self>, ns: &Namespace, count: &Count) -> Result<u64> {
        let (counted, _) = self.pipeline_results(ns, &of_count(count))?.batch(1)?;
        let Some(counted) = counted.first() else { return Ok(0) };
        let n = match counted.to_document()?.get(COUNTED) {
            Some(Bson::Int32(n)) => i64::from(*n),
            Some(Bson::Int64(n)) => *n,
            _ => 0,
        };
        Ok(u64::try_from(n).unwrap_or(0))
    }
}

/// Where a count is in what its pipeline gives.
const COUNTED: &str = "count";

/// `find` as a pipeline.
///
/// # Errors
///
/// 168 for options that a pipeline does not have.
fn of_find(find: &Find) -> Result<Aggregate> {
    let bound =
        |bound: &Option<_>| bound.as_ref().is_some_and(|it: &bson::Document| !it.is_empty());
    let lacking = [
        ("min", bound(&find.min)),
        ("max", bound(&find.max)),
        ("returnKey", find.return_key),
        ("showRecordId", find.show_record_id),
        ("tailable", find.tailable),
        ("noCursorTimeout", find.no_cursor_timeout),
        ("allowPartialResults", find.allow_partial_results),
        // Of a single document there is but one batch.
        ("singleBatch", find.single_batch && find.limit != 1),
    ];
    if let Some((option, _)) = lacking.iter().find(|(_, is_set)| *is_set) {
        let message = format!("Option {option} not supported in aggregation.");
        return Err(Error::command(ErrorCode(168), message));
    }
    let mut stages = Vec::new();
    if !find.filter.is_empty() {
        stages.push(Stage::match_(find.filter.clone()));
    }
    let mut hint = find.hint.clone();
    match natural(&find.sort) {
        Some(direction) if hint.is_none() => {
            hint = Some(Hint::Keys(doc! { "$natural": direction }));
        }
        _ if find.sort.is_empty() => {}
        _ => stages.push(Stage::sort(find.sort.clone())),
    }
    stages.extend(slice(find.skip, find.limit));
    if let Some(projection) = find.projection.as_ref().filter(|it| !it.is_empty()) {
        stages.push(Stage::project(projection.clone()));
    }
    Ok(Aggregate {
        pipeline: stages.into(),
        batch_size: find.batch_size,
        allow_disk_use: find.allow_disk_use,
        max_time: find.max_time,
        collation: find.collation.clone(),
        hint,
        let_vars: find.let_vars.clone(),
        comment: find.comment.clone(),
        ..Aggregate::default()
    })
}

/// The direction, if the order is the natural one.
fn natural(sort: &Sort) -> Option<i32> {
    match sort.keys.as_slice() {
        [(path, SortOrder::Ascending)] if path.as_str() == "$natural" => Some(1),
        [(path, SortOrder::Descending)] if path.as_str() == "$natural" => Some(-1),
        _ => None,
    }
}

fn slice(skip: u64, limit: u64) -> impl Iterator<Item = Stage> {
    let whole = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    let skip = (skip > 0).then(|| Stage::skip(whole(skip)));
    skip.into_iter().chain((limit > 0).then(|| Stage::limit(whole(limit))))
}

fn of_count(count: &Count) -> Aggregate {
    let mut stages = vec![Stage::match_(count.filter.clone())];
    stages.extend(slice(count.skip, count.limit));
    stages.push(Stage::new("$count", COUNTED));
    Aggregate {
        pipeline: stages.into(),
        max_time: count.max_time,
        collation: count.collation.clone(),
        hint: count.hint.clone(),
        comment: count.comment.clone(),
        ..Aggregate::default()
    }
}

/// The documents whose values `distinct` looks at.
pub(super) fn of_distinct(distinct: &Distinct) -> Aggregate {
    Aggregate {
        pipeline: vec![Stage::match_(distinct.filter.clone())].into(),
        max_time: distinct.max_time,
        collation: distinct.collation.clone(),
        comment: distinct.comment.clone(),
        ..Aggregate::default()
    }
}
