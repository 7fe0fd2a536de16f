//! Running a pipeline.

use bson::doc;

use super::Aggregation;
use crate::backend::Cursor;
use crate::error::Result;
use crate::executor::{Executor, Target};
use crate::namespace::Namespace;
use crate::query::TypedCursor;
use crate::request::Aggregate;

impl<S, F, T> Aggregation<S, F, T> {
    /// The request that would be sent.
    ///
    /// # Errors
    ///
    /// What was wrong while the pipeline was built.
    pub fn to_request(&self) -> Result<Aggregate> {
        match &self.error {
            None => Ok((*self.request).clone()),
            Some(error) => Err(error.clone()),
        }
    }

    /// How the backend would run the pipeline: the reply of its `explain` command, with what it did
    /// (`executionStats`).
    ///
    /// # Errors
    ///
    /// As [`all`](Aggregation::all).
    pub async fn explain(self, on: &(impl Executor + ?Sized)) -> Result<bson::Document> {
        let request = self.to_request()?;
        let target = on.target();
        let command = request.to_command(&self.namespace(&target));
        let explain = doc! { "explain": command, "verbosity": "executionStats" };
        target.database.run_command(explain).await
    }

    /// Runs a pipeline that ends in `$out` or `$merge`, or whose results do not matter.
    ///
    /// # Errors
    ///
    /// As [`all`](Aggregation::all).
    pub async fn run(self, on: &(impl Executor + ?Sized)) -> Result<()> {
        let mut cursor = self.into_cursor(on).await?;
        while cursor.next_batch().await?.is_some() {}
        Ok(())
    }

    /// The documents undecoded, in batches.
    ///
    /// # Errors
    ///
    /// As [`all`](Aggregation::all).
    pub async fn into_cursor(self, on: &(impl Executor + ?Sized)) -> Result<Cursor> {
        let target = on.target();
        let ns = self.namespace(&target);
        match self.error {
            None => target.execute(&ns, *self.request).await,
            Some(error) => Err(error),
        }
    }

    /// All that comes out.
    ///
    /// # Errors
    ///
    /// What was wrong while the pipeline was built, or what the backend refused;
    /// [`Error::Decode`](crate::Error::Decode) if a document does not fit the type.
    pub async fn all(self, on: &(impl Executor + ?Sized)) -> Result<Vec<T>> {
        let (model, decode) = (self.model, self.decode);
        let mut cursor = self.into_cursor(on).await?;
        let mut all = Vec::with_capacity(cursor.batch_len());
        while let Some(batch) = cursor.next_batch().await? {
            all.reserve(batch.len());
            for doc in &batch {
                all.push(decode(doc, model)?);
            }
        }
        Ok(all)
    }

    /// The first that comes out, if any: adds `$limit: 1`.
    ///
    /// # Errors
    ///
    /// As [`all`](Aggregation::all).
    pub async fn first(self, on: &(impl Executor + ?Sized)) -> Result<Option<T>> {
        let (model, decode) = (self.model, self.decode);
        let found = self.limit(1).into_cursor(on).await?.next().await?;
        found.map(|doc| decode(&doc, model)).transpose()
    }

    /// What comes out one by one, fetched in batches.
    ///
    /// # Errors
    ///
    /// As [`all`](Aggregation::all); later batches' errors come through the stream.
    pub async fn stream(self, on: &(impl Executor + ?Sized)) -> Result<TypedCursor<T>> {
        let (model, decode) = (self.model, self.decode);
        Ok(TypedCursor::new(self.into_cursor(on).await?, model, decode))
    }

    /// The collection, unless the executor switches it; the database, for documents of the pipeline's own.
    fn namespace(&self, target: &Target<'_>) -> Namespace {
        match self.collection {
            "" => target.database.namespace(""),
            collection => target.namespace(collection),
        }
    }
}
