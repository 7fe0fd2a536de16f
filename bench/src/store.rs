//! What every contender does.

use std::future::Future;

use bson::oid::ObjectId;

use crate::aggregation::{Computed, Facets, Joined, Login, TagTotal, Total, Windowed};
use crate::model::Account;

/// A place for accounts with indexes on `_id`, `email` (unique), `group` and `balance`.
///
/// Every read hands out owned, decoded accounts.
pub(crate) trait Store: Clone + Send + Sync + 'static {
    fn insert_one(&self, account: &mut Account) -> impl Future<Output = ()> + Send;
    fn insert_many(&self, accounts: &mut [Account]) -> impl Future<Output = ()> + Send;
    fn get(&self, id: ObjectId) -> impl Future<Output = Account> + Send;
    fn get_by_email(&self, email: &str) -> impl Future<Output = Account> + Send;
    fn group(&self, group: i32) -> impl Future<Output = Vec<Account>> + Send;
    /// Counts by the four-part filter, which no index serves.
    fn scan_count(&self) -> impl Future<Output = u64> + Send;
    fn scan(&self) -> impl Future<Output = Vec<Account>> + Send;
    /// The 20 accounts of least balance from `low` upwards.
    fn balance_page(&self, low: f64) -> impl Future<Output = Vec<Account>> + Send;
    /// The 10 accounts with most visits; no index serves it.
    fn most_visits(&self) -> impl Future<Output = Vec<Account>> + Send;
    /// The accounts with these ids, in any order.
    fn get_many(&self, ids: &[ObjectId]) -> impl Future<Output = Vec<Account>> + Send;
    /// The accounts whose e-mail address begins so.
    fn emails(&self, prefix: &str) -> impl Future<Output = Vec<Account>> + Send;
    /// Counts the accounts with a tag from `low` to below `high`; no index serves it.
    fn tagged(&self, low: &str, high: &str) -> impl Future<Output = u64> + Send;
    /// All accounts by visits; no index serves it.
    fn by_visits(&self) -> impl Future<Output = Vec<Account>> + Send;
    /// The different groups.
    fn groups(&self) -> impl Future<Output = Vec<i32>> + Send;
    /// Sets the score and counts a visit.
    fn update(&self, id: ObjectId, score: i32) -> impl Future<Output = ()> + Send;
    /// Sets the score, counts a visit and raises the age: three operators.
    fn update_three(&self, id: ObjectId, n: i32) -> impl Future<Output = ()> + Send;
    /// Adds a tag, and keeps the last four.
    fn push_tag(&self, id: ObjectId, tag: &str) -> impl Future<Output = ()> + Send;
    /// Counts a visit of every account; how many there were.
    fn visit_all(&self) -> impl Future<Output = u64> + Send;
    /// Inserts `new`, counts a visit of each of `visited`, and deletes `new` again, in any order within each kind.
    fn bulk(&self, new: &mut [Account], visited: &[ObjectId]) -> impl Future<Output = ()> + Send;
    /// What [`aggregation::totals`](crate::aggregation::totals) gives; the next ones alike.
    fn totals(&self) -> impl Future<Output = Vec<Total>> + Send;
    fn tag_totals(&self) -> impl Future<Output = Vec<TagTotal>> + Send;
    fn joined(&self) -> impl Future<Output = Vec<Joined>> + Send;
    fn computed(&self) -> impl Future<Output = Vec<Computed>> + Send;
    fn windows(&self) -> impl Future<Output = Vec<Windowed>> + Send;
    fn facets(&self) -> impl Future<Output = Facets> + Send;
    /// Adds what is looked up.
    fn insert_logins(&self, logins: &mut [Login]) -> impl Future<Output = ()> + Send;
    fn delete(&self, id: ObjectId) -> impl Future<Output = ()> + Send;
    /// Removes everything; indexes are there afterwards.
    fn reset(&self) -> impl Future<Output = ()> + Send;
}
