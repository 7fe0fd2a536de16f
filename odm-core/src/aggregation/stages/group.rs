//! Stages that make one document of many: `$group`, buckets, `$count`.

use bson::{Bson, doc};
use serde::de::DeserializeOwned;

use crate::aggregation::accumulator::{Accumulator, Accumulators};
use crate::aggregation::assign::{Accumulates, Assignments};
use crate::aggregation::expression::IntoExpr;
use crate::aggregation::group::{self, BucketRange, Groups, Key, Keys};
use crate::aggregation::{Aggregation, BucketsOf, GroupedBy, Shaped, fields_of};
use crate::codec;
use crate::error::Result;
use crate::field::{Field, FieldType};
use crate::operand::Operand;
use crate::pipeline::Stage;
use crate::raw_doc::RawDoc;

impl<S, F, T> Aggregation<S, F, T> {
    /// `$group` by a key, or several: what comes out are pairs of key and accumulated values.
    ///
    /// The stages after it see a group's [`key`](Groups::key) and its [`value`](Groups::value)s by position.
    ///
    /// A field that is missing in a document is a key of its own, decoded like null: `None` of an `Option`.
    pub fn group<K: Keys<S>, A: Accumulators<S>>(
        self,
        key: impl FnOnce(F) -> Key<S, K>,
        accumulators: impl FnOnce(F) -> A,
    ) -> GroupedBy<S, K, A> {
        let spec = group::spec(key((self.fields)()), accumulators((self.fields)()));
        let this = self.try_stage(spec.map(|spec| Stage::new("$group", spec)));
        this.with(Groups::new, group::decode::<S, K, A>)
    }

    /// `$group` into another shape: its `_id` is the key, its other fields are accumulated:
    /// `.group_into::<Month, _>(|o| by(o.month()), |o, month| month.orders().is(count()) & …)`.
    pub fn group_into<U: FieldType + DeserializeOwned, K: Keys<S>>(
        self,
        key: impl FnOnce(F) -> Key<S, K>,
        fields: impl FnOnce(F, U::Path<U, U>) -> Assignments<S, U, Accumulates>,
    ) -> Shaped<U> {
        let key = key((self.fields)()).into_bson();
        let fields = fields((self.fields)(), fields_of::<U>()).into_document();
        let stage = key.and_then(|key| {
            let mut spec = doc! { "_id": key };
            spec.extend(fields?);
            Ok(Stage::new("$group", spec))
        });
        self.try_stage(stage).reshape()
    }

    /// `$bucket`: groups by ranges of a value, from each boundary up to, not with, the next. What is outside them goes
    /// into the bucket `default`, or fails the pipeline without one
    /// (40066 or 4934200).
    ///
    /// The key of a bucket is its lower boundary, or `default`.
    pub fn bucket<E, A>(
        self,
        by: impl FnOnce(F) -> E,
        boundaries: impl IntoIterator<Item: Operand<E::Type>>,
        default: Option<Bson>,
        accumulators: impl FnOnce(F) -> A,
    ) -> BucketsOf<S, A, Bson>
    where
        E: IntoExpr<S>,
        A: Accumulators<S>,
    {
        let by = by((self.fields)()).into_expr().into_bson();
        let output = accumulators((self.fields)()).into_document();
        let boundaries: Result<Vec<Bson>> = boundaries.into_iter().map(Operand::encode).collect();
        let stage = (|| {
            let mut spec = doc! { "groupBy": by?, "boundaries": boundaries? };
            spec.extend(default.map(|default| ("default".to_owned(), default)));
            spec.insert("output", output?);
            Ok(Stage::new("$bucket", spec))
        })();
        self.try_stage(stage).with(Groups::new, group::decode_bucket::<S, Bson, A>)
    }

    /// `$bucketAuto`: groups by so many ranges of a value that hold about as many documents each.
    pub fn bucket_auto<E, A>(
        self,
        by: impl FnOnce(F) -> E,
        buckets: u32,
        accumulators: impl FnOnce(F) -> A,
    ) -> BucketsOf<S, A, BucketRange<E::Type>>
    where
        E: IntoExpr<S, Type: DeserializeOwned>,
        A: Accumulators<S>,
    {
        let by = by((self.fields)()).into_expr().into_bson();
        let output = accumulators((self.fields)()).into_document();
        let stage = (|| {
            let buckets = i64::from(buckets);
            let spec = doc! { "groupBy": by?, "buckets": buckets, "output": output? };
            Ok(Stage::new("$bucketAuto", spec))
        })();
        self.try_stage(stage).with(Groups::new, group::decode_bucket::<S, BucketRange<E::Type>, A>)
    }

    /// `$sortByCount`: groups by a value, the largest groups first: pairs of the value and how many have it.
    pub fn sort_by_count<E>(
        self,
        by: impl FnOnce(F) -> E,
    ) -> BucketsOf<S, Accumulator<S, i64>, E::Type>
    where
        E: IntoExpr<S, Type: DeserializeOwned>,
    {
        // As the server writes it out, so that the counts have the name that other groups' values have.
        let by = by((self.fields)()).into_expr().into_bson();
        let group = by.map(|by| Stage::new("$group", doc! { "_id": by, "v0": { "$sum": 1 } }));
        let this = self.try_stage(group).stage(Stage::new("$sort", doc! { "v0": -1 }));
        this.with(Groups::new, group::decode_bucket::<S, E::Type, Accumulator<S, i64>>)
    }

    /// `$count`: how many there are. No documents give no count, not 0.
    pub fn count_documents(self) -> Aggregation<Counted, Field<Counted, i64>, i64> {
        fn fields() -> Field<Counted, i64> {
            Field::<Counted, Counted>::root().join("n")
        }
        fn decode(doc: &RawDoc, model: &str) -> Result<i64> {
            codec::decode::<CountedRow>(doc, model).map(|row| row.n)
        }
        self.stage(Stage::new("$count", "n")).with(fields, decode)
    }
}

/// The shape of a `$count`'s result.
#[derive(Debug, Clone, Copy)]
pub struct Counted;

#[derive(serde::Deserialize)]
struct CountedRow {
    n: i64,
}
