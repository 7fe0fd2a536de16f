//! The ODM: the same code on the memory engine and on MongoDB.

use bson::oid::ObjectId;
use odm_core::{Bulk, Database, Document};
use serde::de::DeserializeOwned;

use crate::aggregation::{self, Computed, Facets, Joined, Login, TagTotal, Total, Windowed};
use crate::model::Account;
use crate::store::Store;

#[derive(Clone)]
pub(crate) struct Odm(pub(crate) Database);

impl Odm {
    async fn aggregate<T: DeserializeOwned>(&self, pipeline: &[bson::Document]) -> Vec<T> {
        let stages = pipeline.iter().fold(Account::aggregate(), |all, stage| all.raw(stage));
        stages.hands_out().all(&self.0).await.expect("aggregate")
    }
}

impl Store for Odm {
    async fn insert_one(&self, account: &mut Account) {
        account.insert(&self.0).await.expect("insert");
    }

    async fn insert_many(&self, accounts: &mut [Account]) {
        Account::insert_many(accounts, &self.0).await.expect("insert_many");
    }

    async fn get(&self, id: ObjectId) -> Account {
        Account::get(id, &self.0).await.expect("get")
    }

    async fn get_by_email(&self, email: &str) -> Account {
        let found = Account::find().filter(|a| a.email().eq(email)).first(&self.0).await;
        found.expect("find").expect("there")
    }

    async fn group(&self, group: i32) -> Vec<Account> {
        Account::find().filter(|a| a.group().eq(group)).all(&self.0).await.expect("find")
    }

    async fn scan_count(&self) -> u64 {
        let scanned = Account::find().filter(|a| {
            a.age().gte(50)
                & a.address().city().eq("Oslo")
                & a.active().eq(true)
                & a.score().lt(250)
        });
        scanned.count(&self.0).await.expect("count")
    }

    async fn scan(&self) -> Vec<Account> {
        let scanned = Account::find().filter(|a| {
            a.age().gte(50)
                & a.address().city().eq("Oslo")
                & a.active().eq(true)
                & a.score().lt(250)
        });
        scanned.all(&self.0).await.expect("find")
    }

    async fn balance_page(&self, low: f64) -> Vec<Account> {
        let page = Account::find().filter(|a| a.balance().gte(low)).sort(|a| a.balance().asc());
        page.limit(20).all(&self.0).await.expect("find")
    }

    async fn most_visits(&self) -> Vec<Account> {
        let top = Account::find().sort(|a| a.visits().desc()).limit(10);
        top.all(&self.0).await.expect("find")
    }

    async fn get_many(&self, ids: &[ObjectId]) -> Vec<Account> {
        let found = Account::find().filter(|a| a.id().in_(ids.iter().copied()));
        found.all(&self.0).await.expect("find")
    }

    async fn emails(&self, prefix: &str) -> Vec<Account> {
        let found = Account::find().filter(|a| a.email().starts_with(prefix));
        found.all(&self.0).await.expect("find")
    }

    async fn tagged(&self, low: &str, high: &str) -> u64 {
        let tagged = Account::find().filter(|a| a.tags().any(|tag| tag.gte(low) & tag.lt(high)));
        tagged.count(&self.0).await.expect("count")
    }

    async fn by_visits(&self) -> Vec<Account> {
        Account::find().sort(|a| a.visits().asc()).all(&self.0).await.expect("find")
    }

    async fn groups(&self) -> Vec<i32> {
        Account::find().distinct(|a| a.group(), &self.0).await.expect("distinct")
    }

    async fn update(&self, id: ObjectId, score: i32) {
        let update = Account::find_by_id(&id).update(|a| a.score().set(score) & a.visits().inc(1));
        update.one().run(&self.0).await.expect("update");
    }

    async fn update_three(&self, id: ObjectId, n: i32) {
        let update = Account::find_by_id(&id)
            .update(|a| a.score().set(n) & a.visits().inc(1) & a.age().max(n % 90));
        update.one().run(&self.0).await.expect("update");
    }

    async fn push_tag(&self, id: ObjectId, tag: &str) {
        let update =
            Account::find_by_id(&id).update(|a| a.tags().push_with([tag], |push| push.slice(-4)));
        update.one().run(&self.0).await.expect("update");
    }

    async fn visit_all(&self) -> u64 {
        let update = Account::find().all_documents().update(|a| a.visits().inc(1));
        update.run(&self.0).await.expect("update").modified
    }

    async fn bulk(&self, new: &mut [Account], visited: &[ObjectId]) {
        let mut bulk = Bulk::new().unordered();
        bulk.insert_many(new.iter_mut());
        for id in visited {
            bulk.update(Account::find_by_id(id).update(|a| a.visits().inc(1)).one());
        }
        for account in &*new {
            bulk.delete_doc(account);
        }
        bulk.run(&self.0).await.expect("bulk");
    }

    async fn totals(&self) -> Vec<Total> {
        self.aggregate(&aggregation::totals()).await
    }

    async fn tag_totals(&self) -> Vec<TagTotal> {
        self.aggregate(&aggregation::tag_totals()).await
    }

    async fn joined(&self) -> Vec<Joined> {
        let stages = aggregation::joined();
        let stages = stages.iter().fold(Login::aggregate(), |all, stage| all.raw(stage));
        stages.hands_out().all(&self.0).await.expect("aggregate")
    }

    async fn computed(&self) -> Vec<Computed> {
        self.aggregate(&aggregation::computed()).await
    }

    async fn windows(&self) -> Vec<Windowed> {
        self.aggregate(&aggregation::windows()).await
    }

    async fn facets(&self) -> Facets {
        self.aggregate(&aggregation::facets()).await.pop().expect("one document")
    }

    async fn insert_logins(&self, logins: &mut [Login]) {
        Login::drop_collection(&self.0).await.expect("drop_collection");
        Login::insert_many(logins, &self.0).await.expect("insert_many");
    }

    async fn delete(&self, id: ObjectId) {
        Account::find_by_id(&id).delete_one(&self.0).await.expect("delete");
    }

    async fn reset(&self) {
        Account::drop_collection(&self.0).await.expect("drop_collection");
        Account::ensure_indexes(&self.0).await.expect("ensure_indexes");
    }
}
