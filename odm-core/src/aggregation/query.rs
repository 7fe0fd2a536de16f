//! Queries that go on as pipelines.

use serde::de::DeserializeOwned;

use super::{Accumulators, Aggregation, everything, group};
use crate::document::Document;
use crate::error::{Error, Result};
use crate::executor::Executor;
use crate::pipeline::{Pipeline, Stage};
use crate::request::Find;

impl<D: Document, T: DeserializeOwned> Aggregation<D, D::Fields, T> {
    /// A query as the first stages: what it matches, in its order, its part, then what it leaves of each.
    pub(crate) fn of_query(find: Result<Find>) -> Self {
        let mut pipeline = Aggregation::<D, D::Fields>::new().hands_out::<T>();
        // Errors of decoding name the model, as those of the query do.
        pipeline.model = D::schema().model;
        let find = match find {
            Ok(find) => find,
            Err(error) => return pipeline.with_error(error),
        };
        let only_of_find = [
            ("min", find.min.is_some()),
            ("max", find.max.is_some()),
            ("return_key", find.return_key),
            ("show_record_id", find.show_record_id),
            ("tailable", find.tailable),
        ];
        if let Some((option, _)) = only_of_find.iter().find(|(_, is_set)| *is_set) {
            return pipeline.with_error(Error::Config(format!("aggregate takes no {option}")));
        }
        let limit = (find.limit > 0).then_some(find.limit);
        let whole = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        let stages = [
            (!find.filter.is_empty()).then(|| Stage::match_(find.filter)),
            (!find.sort.is_empty()).then(|| Stage::sort(find.sort)),
            (find.skip > 0).then(|| Stage::skip(whole(find.skip))),
            limit.map(|limit| Stage::limit(whole(limit))),
            find.projection.map(Stage::project),
        ];
        pipeline.request.pipeline = Pipeline(stages.into_iter().flatten().collect());
        pipeline.request.collation = find.collation;
        pipeline.request.hint = find.hint;
        pipeline.request.batch_size = find.batch_size;
        pipeline.request.max_time = find.max_time;
        pipeline.request.comment = find.comment;
        pipeline.request.let_vars = find.let_vars;
        pipeline.request.allow_disk_use = find.allow_disk_use;
        pipeline
    }
}

impl<D: Document> Aggregation<D, D::Fields> {
    /// Accumulates over all documents: the values, or what they are of nothing.
    pub(crate) async fn accumulate<A: Accumulators<D>>(
        self,
        accumulators: impl FnOnce(D::Fields) -> A,
        on: &(impl Executor + ?Sized),
    ) -> Result<A::Output> {
        let accumulators = accumulators(D::fields());
        let of_nothing = accumulators.of_nothing();
        let found = self.group(|_| everything(), |_| accumulators).first(on).await?;
        match found {
            Some(((), values)) => Ok(values),
            None => group::decode_values::<D, A>(of_nothing),
        }
    }
}
