//! Pipelines as the definitions of views.

use super::Aggregation;
use crate::error::{Error, Result};
use crate::executor::Executor;
use crate::request::{Aggregate, CreateCollection};

impl<S, F, T> Aggregation<S, F, T> {
    /// Makes the pipeline a view, which is read like a collection of that name, and not written to.
    ///
    /// It holds nothing: whoever reads it runs the pipeline, then what they ask for. A model whose collection it is
    /// reads it with all that models have.
    ///
    /// ```no_run
    /// # use odm_core::{Database, Document, Result};
    /// # use odm_core::bson::oid::ObjectId;
    /// # use serde::{Deserialize, Serialize};
    /// #[derive(Debug, Serialize, Deserialize, Document)]
    /// struct Order {
    ///     #[serde(rename = "_id")]
    ///     id: ObjectId,
    ///     customer: String,
    ///     total: f64,
    /// }
    ///
    /// #[derive(Debug, Serialize, Deserialize, Document)]
    /// #[odm(collection = "large_orders")]
    /// struct LargeOrder {
    ///     #[serde(rename = "_id")]
    ///     id: ObjectId,
    ///     customer: String,
    ///     total: f64,
    /// }
    ///
    /// # async fn f(db: Database) -> Result<()> {
    /// Order::aggregate().match_(|o| o.total().gt(1000.0)).create_view("large_orders", &db).await?;
    /// let of_ada = LargeOrder::find().filter(|o| o.customer().eq("Ada")).all(&db).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// What was wrong while the pipeline was built; [`Error::Config`] for options other than a collation, which views do
    /// not have. `NamespaceExists` (48) if there is a collection or a view of that name, `OptionNotSupportedOnView` (167)
    /// for stages that write and for a collation that is not that of other views it reads, 5 if it would read itself,
    /// 165 if it is on more than 19 other views.
    pub async fn create_view(self, name: &str, on: &(impl Executor + ?Sized)) -> Result<()> {
        let Aggregate { pipeline, collation, .. } = self.to_request()?;
        let only = Aggregate {
            pipeline: pipeline.clone(),
            collation: collation.clone(),
            ..Aggregate::default()
        };
        if *self.request != only {
            let message = "a view has no options but its pipeline and its collation";
            return Err(Error::Config(message.to_owned()));
        }
        let target = on.target();
        if self.collection.is_empty() {
            return Err(Error::Config("a view is on a collection".to_owned()));
        }
        let view_on = target.namespace(self.collection).collection().to_owned();
        let options = CreateCollection {
            view_on: Some(view_on),
            pipeline: Some(pipeline),
            collation,
            ..CreateCollection::default()
        };
        let ns = target.database.namespace(name.to_owned());
        target.execute(&ns, options).await
    }
}
