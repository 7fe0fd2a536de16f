//! Limit A: hand-written indexes over plain structs. A read clones the struct.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;
use std::sync::{Arc, RwLock};

use bson::oid::ObjectId;

use crate::aggregation::{
    AGES, Ages, City, Computed, Facets, Joined, Login, Placed, TagTotal, Total, Visits, Windowed,
    window, year,
};
use crate::model::{Account, scanned};
use crate::store::Store;

#[derive(Clone, Default)]
pub(crate) struct LimitA(Arc<RwLock<Tables>>);

#[derive(Default)]
struct Tables {
    accounts: BTreeMap<u64, Account>,
    next: u64,
    by_id: HashMap<ObjectId, u64>,
    by_email: BTreeMap<String, u64>,
    by_group: BTreeMap<i32, BTreeSet<u64>>,
    by_balance: BTreeSet<(u64, u64)>,
    logins: Vec<Login>,
}

/// Non-negative doubles compare like their bits.
fn balance_key(balance: f64) -> u64 {
    balance.to_bits()
}

impl Tables {
    fn insert(&mut self, account: Account) {
        let record = self.next;
        self.next += 1;
        self.by_id.insert(account.id, record);
        self.by_email.insert(account.email.clone(), record);
        self.by_group.entry(account.group).or_default().insert(record);
        self.by_balance.insert((balance_key(account.balance), record));
        self.accounts.insert(record, account);
    }

    /// Changes fields that no index has.
    fn change(&mut self, id: ObjectId, change: impl FnOnce(&mut Account)) {
        if let Some(account) = self.by_id.get(&id).and_then(|record| self.accounts.get_mut(record))
        {
            change(account);
        }
    }

    fn delete(&mut self, id: ObjectId) {
        let Some(record) = self.by_id.remove(&id) else { return };
        let Some(account) = self.accounts.remove(&record) else { return };
        self.by_email.remove(&account.email);
        if let Some(group) = self.by_group.get_mut(&account.group) {
            group.remove(&record);
        }
        self.by_balance.remove(&(balance_key(account.balance), record));
    }
}

fn tagged(account: &Account, low: &str, high: &str) -> bool {
    account.tags.iter().any(|tag| (low..high).contains(&tag.as_str()))
}

fn compute(account: &Account) -> Computed {
    let visits = account.visits;
    Computed {
        id: account.id,
        label: format!("{} <{}>", account.name, account.email),
        city: account.address.city.to_ascii_uppercase(),
        decade: account.age - account.age % 10,
        is_older: account.age >= 40,
        per_visit: if visits == 0 { 0.0 } else { account.balance / visits as f64 },
        rounded: account.balance.round_ties_even(),
        tags: account.tags.len() as i32,
        first_tag: account.tags.first().cloned().unwrap_or_default(),
        is_tagged: account.tags.iter().any(|tag| tag == "tag-10"),
        year: year(account.created.timestamp_millis()),
        idle: account.updated.timestamp_millis() - account.created.timestamp_millis(),
        plan: account.plan.clone(),
    }
}

impl LimitA {
    fn read<T>(&self, read: impl FnOnce(&Tables) -> T) -> T {
        read(&self.0.read().expect("no panic under the lock"))
    }

    fn write<T>(&self, write: impl FnOnce(&mut Tables) -> T) -> T {
        write(&mut self.0.write().expect("no panic under the lock"))
    }
}

impl Store for LimitA {
    async fn insert_one(&self, account: &mut Account) {
        self.write(|tables| tables.insert(account.clone()));
    }

    async fn insert_many(&self, accounts: &mut [Account]) {
        self.write(|tables| accounts.iter().cloned().for_each(|account| tables.insert(account)));
    }

    async fn get(&self, id: ObjectId) -> Account {
        self.read(|tables| tables.accounts[&tables.by_id[&id]].clone())
    }

    async fn get_by_email(&self, email: &str) -> Account {
        self.read(|tables| tables.accounts[&tables.by_email[email]].clone())
    }

    async fn group(&self, group: i32) -> Vec<Account> {
        self.read(|tables| {
            let records = tables.by_group.get(&group).into_iter().flatten();
            records.map(|record| tables.accounts[record].clone()).collect()
        })
    }

    async fn scan_count(&self) -> u64 {
        self.read(|tables| tables.accounts.values().filter(|a| scanned(a)).count() as u64)
    }

    async fn scan(&self) -> Vec<Account> {
        self.read(|tables| tables.accounts.values().filter(|a| scanned(a)).cloned().collect())
    }

    async fn balance_page(&self, low: f64) -> Vec<Account> {
        self.read(|tables| {
            let from = (Bound::Included((balance_key(low), 0)), Bound::Unbounded);
            let records = tables.by_balance.range(from).take(20);
            records.map(|(_, record)| tables.accounts[record].clone()).collect()
        })
    }

    async fn most_visits(&self) -> Vec<Account> {
        self.read(|tables| {
            let mut all: Vec<&Account> = tables.accounts.values().collect();
            all.select_nth_unstable_by_key(10, |account| std::cmp::Reverse(account.visits));
            all.truncate(10);
            all.sort_by_key(|account| std::cmp::Reverse(account.visits));
            all.into_iter().cloned().collect()
        })
    }

    async fn get_many(&self, ids: &[ObjectId]) -> Vec<Account> {
        self.read(|tables| {
            ids.iter().map(|id| tables.accounts[&tables.by_id[id]].clone()).collect()
        })
    }

    async fn emails(&self, prefix: &str) -> Vec<Account> {
        self.read(|tables| {
            let from = tables.by_email.range::<str, _>((Bound::Included(prefix), Bound::Unbounded));
            from.take_while(|(email, _)| email.starts_with(prefix))
                .map(|(_, record)| tables.accounts[record].clone())
                .collect()
        })
    }

    async fn tagged(&self, low: &str, high: &str) -> u64 {
        self.read(|tables| {
            tables.accounts.values().filter(|account| tagged(account, low, high)).count() as u64
        })
    }

    async fn by_visits(&self) -> Vec<Account> {
        self.read(|tables| {
            let mut all: Vec<&Account> = tables.accounts.values().collect();
            all.sort_by_key(|account| account.visits);
            all.into_iter().cloned().collect()
        })
    }

    async fn groups(&self) -> Vec<i32> {
        self.read(|tables| tables.by_group.keys().copied().collect())
    }

    async fn update(&self, id: ObjectId, score: i32) {
        self.write(|tables| {
            let record = tables.by_id[&id];
            if let Some(account) = tables.accounts.get_mut(&record) {
                account.score = score;
                account.visits += 1;
            }
        });
    }

    async fn update_three(&self, id: ObjectId, n: i32) {
        self.write(|tables| {
            tables.change(id, |account| {
                account.score = n;
                account.visits += 1;
                account.age = account.age.max(n % 90);
            });
        });
    }

    async fn push_tag(&self, id: ObjectId, tag: &str) {
        self.write(|tables| {
            tables.change(id, |account| {
                account.tags.push(tag.to_owned());
                let surplus = account.tags.len().saturating_sub(4);
                account.tags.drain(..surplus);
            });
        });
    }

    async fn visit_all(&self) -> u64 {
        self.write(|tables| {
            tables.accounts.values_mut().for_each(|account| account.visits += 1);
            tables.accounts.len() as u64
        })
    }

    async fn bulk(&self, new: &mut [Account], visited: &[ObjectId]) {
        self.write(|tables| {
            new.iter().for_each(|account| tables.insert(account.clone()));
            visited.iter().for_each(|id| tables.change(*id, |account| account.visits += 1));
            new.iter().for_each(|account| tables.delete(account.id));
        });
    }

    async fn totals(&self) -> Vec<Total> {
        self.read(|tables| {
            let mut totals: HashMap<i32, Total> = HashMap::new();
            for account in tables.accounts.values().filter(|a| a.age >= 30 && a.active) {
                let group = account.group;
                let total = totals.entry(group).or_insert_with(|| Total {
                    group,
                    accounts: 0,
                    visits: 0,
                    best: f64::MIN,
                });
                total.accounts += 1;
                total.visits += account.visits;
                total.best = total.best.max(account.balance);
            }
            let mut totals: Vec<Total> = totals.into_values().collect();
            totals.sort_by_key(|total| (Reverse(total.visits), total.group));
            totals.truncate(10);
            totals
        })
    }

    async fn tag_totals(&self) -> Vec<TagTotal> {
        self.read(|tables| {
            let mut totals: HashMap<&str, (i64, i64)> = HashMap::new();
            for account in tables.accounts.values() {
                for tag in &account.tags {
                    let (accounts, visits) = totals.entry(tag).or_default();
                    *accounts += 1;
                    *visits += account.visits;
                }
            }
            let total = |(tag, (accounts, visits)): (&str, _)| TagTotal {
                tag: tag.to_owned(),
                accounts,
                visits,
            };
            let mut totals: Vec<TagTotal> = totals.into_iter().map(total).collect();
            totals.sort_by(|a, b| b.accounts.cmp(&a.accounts).then_with(|| a.tag.cmp(&b.tag)));
            totals
        })
    }

    async fn joined(&self) -> Vec<Joined> {
        self.read(|tables| {
            let join = |login: &Login| {
                let found = tables.by_email.get(&login.email);
                let accounts = found.map(|record| tables.accounts[record].clone());
                let accounts = accounts.into_iter().collect();
                Joined { id: login.id, email: login.email.clone(), accounts }
            };
            tables.logins.iter().map(join).collect()
        })
    }

    async fn computed(&self) -> Vec<Computed> {
        self.read(|tables| tables.accounts.values().map(compute).collect())
    }

    async fn windows(&self) -> Vec<Windowed> {
        self.read(|tables| {
            let placed = |account: &Account| Placed {
                id: account.id,
                group: account.group,
                balance: account.balance,
                score: account.score,
            };
            window(tables.accounts.values().map(placed).collect())
        })
    }

    async fn facets(&self) -> Facets {
        self.read(|tables| {
            let mut cities: BTreeMap<&str, i64> = BTreeMap::new();
            let mut ages: BTreeMap<i32, Ages> = BTreeMap::new();
            for account in tables.accounts.values() {
                *cities.entry(&account.address.city).or_default() += 1;
                let bucket = AGES.partition_point(|from| *from <= account.age) - 1;
                let from = AGES[bucket];
                let bucket = ages.entry(from).or_insert(Ages { from, accounts: 0, visits: 0 });
                bucket.accounts += 1;
                bucket.visits += account.visits;
            }
            let mut all: Vec<&Account> = tables.accounts.values().collect();
            let order = |account: &&Account| (Reverse(account.visits), account.id);
            all.select_nth_unstable_by_key(10, order);
            all.truncate(10);
            all.sort_by_key(order);
            let city = |(city, accounts): (&str, i64)| City { city: city.to_owned(), accounts };
            Facets {
                cities: cities.into_iter().map(city).collect(),
                ages: ages.into_values().collect(),
                top: all.iter().map(|a| Visits { id: a.id, visits: a.visits }).collect(),
            }
        })
    }

    async fn insert_logins(&self, logins: &mut [Login]) {
        self.write(|tables| tables.logins = logins.to_vec());
    }

    async fn delete(&self, id: ObjectId) {
        self.write(|tables| tables.delete(id));
    }

    async fn reset(&self) {
        self.write(|tables| *tables = Tables::default());
    }
}
