//! The official driver's own typed collection.

use bson::doc;
use bson::oid::ObjectId;
use futures_util::TryStreamExt;
use mongodb::options::IndexOptions;
use mongodb::{Collection, IndexModel};
use serde::de::DeserializeOwned;

use crate::aggregation::{self, Computed, Facets, Joined, Login, TagTotal, Total, Windowed};
use crate::model::Account;
use crate::store::Store;

#[derive(Clone)]
pub(crate) struct Driver(pub(crate) Collection<Account>);

fn scanned() -> bson::Document {
    doc! {
        "age": { "$gte": 50 }, "address.city": "Oslo", "active": true, "score": { "$lt": 250 },
    }
}

impl Driver {
    fn logins(&self) -> Collection<Login> {
        self.0.client().database(&self.0.namespace().db).collection("logins")
    }
}

async fn aggregate<T: DeserializeOwned, D: Send + Sync>(
    collection: &Collection<D>,
    pipeline: Vec<bson::Document>,
) -> Vec<T> {
    let cursor = collection.aggregate(pipeline).await.expect("aggregate");
    cursor.with_type::<T>().try_collect().await.expect("collect")
}

impl Store for Driver {
    async fn insert_one(&self, account: &mut Account) {
        self.0.insert_one(account).await.expect("insert_one");
    }

    async fn insert_many(&self, accounts: &mut [Account]) {
        self.0.insert_many(accounts.iter()).await.expect("insert_many");
    }

    async fn get(&self, id: ObjectId) -> Account {
        self.0.find_one(doc! { "_id": id }).await.expect("find_one").expect("there")
    }

    async fn get_by_email(&self, email: &str) -> Account {
        self.0.find_one(doc! { "email": email }).await.expect("find_one").expect("there")
    }

    async fn group(&self, group: i32) -> Vec<Account> {
        let cursor = self.0.find(doc! { "group": group }).await.expect("find");
        cursor.try_collect().await.expect("collect")
    }

    async fn scan_count(&self) -> u64 {
        self.0.count_documents(scanned()).await.expect("count_documents")
    }

    async fn scan(&self) -> Vec<Account> {
        let cursor = self.0.find(scanned()).await.expect("find");
        cursor.try_collect().await.expect("collect")
    }

    async fn balance_page(&self, low: f64) -> Vec<Account> {
        let find = self.0.find(doc! { "balance": { "$gte": low } });
        let cursor = find.sort(doc! { "balance": 1 }).limit(20).await.expect("find");
        cursor.try_collect().await.expect("collect")
    }

    async fn most_visits(&self) -> Vec<Account> {
        let find = self.0.find(doc! {}).sort(doc! { "visits": -1 }).limit(10);
        find.await.expect("find").try_collect().await.expect("collect")
    }

    async fn get_many(&self, ids: &[ObjectId]) -> Vec<Account> {
        let cursor = self.0.find(doc! { "_id": { "$in": ids } }).await.expect("find");
        cursor.try_collect().await.expect("collect")
    }

    async fn emails(&self, prefix: &str) -> Vec<Account> {
        let pattern = format!("^{}", prefix.replace('.', "\\."));
        let cursor = self.0.find(doc! { "email": { "$regex": pattern } }).await.expect("find");
        cursor.try_collect().await.expect("collect")
    }

    async fn tagged(&self, low: &str, high: &str) -> u64 {
        let tagged = doc! { "tags": { "$elemMatch": { "$gte": low, "$lt": high } } };
        self.0.count_documents(tagged).await.expect("count_documents")
    }

    async fn by_visits(&self) -> Vec<Account> {
        let find = self.0.find(doc! {}).sort(doc! { "visits": 1 });
        find.await.expect("find").try_collect().await.expect("collect")
    }

    async fn groups(&self) -> Vec<i32> {
        let groups = self.0.distinct("group", doc! {}).await.expect("distinct");
        groups.iter().map(|group| group.as_i32().expect("a number")).collect()
    }

    async fn update(&self, id: ObjectId, score: i32) {
        let update = doc! { "$set": { "score": score }, "$inc": { "visits": 1_i64 } };
        self.0.update_one(doc! { "_id": id }, update).await.expect("update_one");
    }

    async fn update_three(&self, id: ObjectId, n: i32) {
        let update = doc! {
            "$set": { "score": n }, "$inc": { "visits": 1_i64 }, "$max": { "age": n % 90 },
        };
        self.0.update_one(doc! { "_id": id }, update).await.expect("update_one");
    }

    async fn push_tag(&self, id: ObjectId, tag: &str) {
        let update = doc! { "$push": { "tags": { "$each": [tag], "$slice": -4 } } };
        self.0.update_one(doc! { "_id": id }, update).await.expect("update_one");
    }

    async fn visit_all(&self) -> u64 {
        let update = doc! { "$inc": { "visits": 1_i64 } };
        self.0.update_many(doc! {}, update).await.expect("update_many").modified_count
    }

    /// By commands: the driver's own bulk needs a server of 8.0.
    async fn bulk(&self, new: &mut [Account], visited: &[ObjectId]) {
        let namespace = self.0.namespace();
        let database = self.0.client().database(&namespace.db);
        self.0.insert_many(&*new).ordered(false).await.expect("insert_many");
        let visit =
            |id: &ObjectId| doc! { "q": { "_id": id }, "u": { "$inc": { "visits": 1_i64 } } };
        let updates: Vec<_> = visited.iter().map(visit).collect();
        let update = doc! { "update": &namespace.coll, "updates": updates, "ordered": false };
        database.run_command(update).await.expect("update");
        let gone = |account: &Account| doc! { "q": { "_id": account.id }, "limit": 1 };
        let deletes: Vec<_> = new.iter().map(gone).collect();
        let delete = doc! { "delete": &namespace.coll, "deletes": deletes, "ordered": false };
        database.run_command(delete).await.expect("delete");
    }

    async fn totals(&self) -> Vec<Total> {
        aggregate(&self.0, aggregation::totals()).await
    }

    async fn tag_totals(&self) -> Vec<TagTotal> {
        aggregate(&self.0, aggregation::tag_totals()).await
    }

    async fn joined(&self) -> Vec<Joined> {
        aggregate(&self.logins(), aggregation::joined()).await
    }

    async fn computed(&self) -> Vec<Computed> {
        aggregate(&self.0, aggregation::computed()).await
    }

    async fn windows(&self) -> Vec<Windowed> {
        aggregate(&self.0, aggregation::windows()).await
    }

    async fn facets(&self) -> Facets {
        aggregate(&self.0, aggregation::facets()).await.pop().expect("one document")
    }

    async fn insert_logins(&self, logins: &mut [Login]) {
        self.logins().drop().await.expect("drop");
        self.logins().insert_many(logins.iter()).await.expect("insert_many");
    }

    async fn delete(&self, id: ObjectId) {
        self.0.delete_one(doc! { "_id": id }).await.expect("delete_one");
    }

    async fn reset(&self) {
        self.0.drop().await.expect("drop");
        let unique = IndexOptions::builder().unique(true).build();
        let indexes = [
            IndexModel::builder().keys(doc! { "email": 1 }).options(unique).build(),
            IndexModel::builder().keys(doc! { "group": 1 }).build(),
            IndexModel::builder().keys(doc! { "balance": 1 }).build(),
        ];
        self.0.create_indexes(indexes).await.expect("create_indexes");
    }
}
