//! Writes that are collected first and sent together.

use std::borrow::Cow;
use std::ops::{Add, AddAssign};

use bson::{Bson, Document as BsonDocument};

use crate::crud;
use crate::document::Document;
use crate::error::{Error, Result};
use crate::executor::Executor;
use crate::query::{Query, UpdateQuery};
use crate::request::{BulkOp, BulkWrite, BulkWriteOutcome, DeleteStatement};

/// Writes on documents of any models, collected until [`run`](Bulk::run) sends them in as few
/// round trips as the server allows.
///
/// In order unless told otherwise: the first failure ends it. What was wrong while a write was
/// built is told by `run`, before anything is sent.
///
/// ```no_run
/// # use odm_core::{Bulk, Database, Document, Result};
/// # use odm_core::bson::oid::ObjectId;
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Debug, Serialize, Deserialize, Document)]
/// # struct User { #[serde(rename = "_id")] id: ObjectId, name: String, visits: i64 }
/// # #[derive(Debug, Serialize, Deserialize, Document)]
/// # struct Order { #[serde(rename = "_id")] id: ObjectId, paid: bool }
/// # async fn f(mut ada: User, order: ObjectId, db: Database) -> Result<()> {
/// let mut bulk = Bulk::new();
/// bulk.insert(&mut ada)
///     .update(User::find().filter(|u| u.name().eq("Bob")).update(|u| u.visits().inc(1)))
///     .delete_one(Order::find_by_id(&order));
/// let done = bulk.run(&db).await?;
/// assert_eq!((done.inserted, done.deleted), (1, 1));
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Default)]
#[must_use = "a bulk does nothing until it is run"]
pub struct Bulk {
    writes: Vec<Write>,
    unordered: bool,
    bypass_document_validation: bool,
    let_vars: Option<BsonDocument>,
    comment: Option<Bson>,
}

#[derive(Debug, Clone)]
struct Write {
    collection: Cow<'static, str>,
    op: Result<BulkOp>,
}

impl Bulk {
    /// A bulk without any writes, which are done in order.
    pub fn new() -> Self {
        Bulk::default()
    }

    /// Lets the writes happen in any order, and all of them be tried.
    pub fn unordered(mut self) -> Self {
        self.unordered = true;
        self
    }

    /// Passes by the validators of the collections.
    pub fn bypass_document_validation(mut self) -> Self {
        self.bypass_document_validation = true;
        self
    }

    /// Defines variables for `$expr` and pipelines.
    pub fn let_vars(mut self, vars: BsonDocument) -> Self {
        self.let_vars = Some(vars);
        self
    }

    /// Leaves a note in the server's logs and profiles.
    pub fn comment(mut self, comment: impl Into<Bson>) -> Self {
        self.comment = Some(comment.into());
        self
    }

    /// Inserts a document as it is now; its `_id` is made at once if it is not set.
    pub fn insert<D: Document>(&mut self, doc: &mut D) -> &mut Self {
        let op = crud::encode_new(doc).map(|(_, encoded)| BulkOp::Insert(encoded));
        self.push::<D>(op)
    }

    /// Inserts documents as they are now.
    pub fn insert_many<'a, D: Document + 'a>(
        &mut self,
        docs: impl IntoIterator<Item = &'a mut D>,
    ) -> &mut Self {
        for doc in docs {
            self.insert(doc);
        }
        self
    }

    /// Stores this value, as it is now, in the place of the document with its `_id`.
    pub fn replace<D: Document>(&mut self, doc: &D) -> &mut Self {
        self.update(crud::by_own_id(doc).replace(doc))
    }

    /// An update: of every match, or of one (`….update(..).one()`); also an upsert or a replacement.
    pub fn update<D: Document>(&mut self, update: UpdateQuery<D>) -> &mut Self {
        self.push::<D>(update.into_bulk_statement().map(BulkOp::Update))
    }

    /// Deletes every match.
    pub fn delete<D: Document, T>(&mut self, query: Query<D, T>) -> &mut Self {
        let op = query.check_in_bulk().and_then(|()| query.into_delete_statement(true));
        self.push::<D>(op.map(BulkOp::Delete))
    }

    /// Deletes the first match that is found.
    pub fn delete_one<D: Document, T>(&mut self, query: Query<D, T>) -> &mut Self {
        let op = query.check_in_bulk().and_then(|()| query.into_delete_statement(false));
        self.push::<D>(op.map(BulkOp::Delete))
    }

    /// Deletes the document with this one's `_id`.
    pub fn delete_doc<D: Document>(&mut self, doc: &D) -> &mut Self {
        self.delete_one(crud::by_own_id(doc))
    }

    /// A write on a collection without a model.
    pub fn raw(&mut self, collection: impl Into<String>, op: BulkOp) -> &mut Self {
        let refused = match &op {
            BulkOp::Delete(DeleteStatement { filter, multi: true, .. }) => filter.is_empty(),
            BulkOp::Update(update) => update.multi && update.filter.is_empty(),
            _ => false,
        };
        let collection = collection.into();
        let op = if refused {
            Err(Error::Config(format!("a write on all of `{collection}` needs a filter")))
        } else {
            Ok(op)
        };
        self.writes.push(Write { collection: collection.into(), op });
        self
    }

    /// Moves the other's writes to the end of this one; the other is empty afterwards.
    pub fn take(&mut self, other: &mut Bulk) -> &mut Self {
        self.writes.append(&mut other.writes);
        self
    }

    /// How many writes are collected.
    #[must_use]
    pub fn len(&self) -> usize {
        self.writes.len()
    }

    /// Whether none are.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.writes.is_empty()
    }

    /// Sends the writes; none are left, and the bulk can be filled again.
    ///
    /// # Errors
    ///
    /// What was wrong while a write was built: nothing is sent then, and the writes stay.
    /// [`Error::Write`] with each failure's position, and what had succeeded.
    pub async fn run(&mut self, on: &(impl Executor + ?Sized)) -> Result<BulkWriteOutcome> {
        if let Some(error) = self.writes.iter().find_map(|write| write.op.as_ref().err()) {
            return Err(error.clone());
        }
        if self.writes.is_empty() {
            return Ok(BulkWriteOutcome::default());
        }
        let target = on.target();
        let mut writes = Vec::with_capacity(self.writes.len());
        for Write { collection, op } in self.writes.drain(..) {
            writes.push((target.namespace(collection), op?));
        }
        let ns = writes[0].0.clone();
        let bulk = BulkWrite {
            writes,
            ordered: !self.unordered,
            bypass_document_validation: self.bypass_document_validation,
            let_vars: self.let_vars.clone(),
            comment: self.comment.clone(),
        };
        target.execute(&ns, bulk).await
    }

    fn push<D: Document>(&mut self, op: Result<BulkOp>) -> &mut Self {
        self.writes.push(Write { collection: D::COLLECTION.into(), op });
        self
    }
}

impl AddAssign for Bulk {
    fn add_assign(&mut self, mut other: Bulk) {
        self.take(&mut other);
    }
}

impl Add for Bulk {
    type Output = Bulk;

    /// The writes of both, with the options of the first.
    fn add(mut self, other: Bulk) -> Bulk {
        self += other;
        self
    }
}

impl<D: Document> AddAssign<UpdateQuery<D>> for Bulk {
    fn add_assign(&mut self, update: UpdateQuery<D>) {
        self.update(update);
    }
}

impl<D: Document> From<UpdateQuery<D>> for Bulk {
    fn from(update: UpdateQuery<D>) -> Self {
        let mut bulk = Bulk::new();
        bulk.update(update);
        bulk
    }
}
