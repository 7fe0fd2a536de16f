//! Limit B: the same indexes over encoded BSON; a read decodes by the `bson` crate's serde path.
//!
//! Scans look at the encoded fields with a hand-written scanner, as fast as is reasonable.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;
use std::sync::{Arc, RwLock};

use bson::oid::ObjectId;

use crate::aggregation::{
    AGES, Ages, City, Computed, Facets, Joined, Login, Placed, TagTotal, Total, Visits, Windowed,
    window, year,
};
use crate::model::Account;
use crate::store::Store;

#[derive(Clone, Default)]
pub(crate) struct LimitB(Arc<RwLock<Tables>>);

#[derive(Default)]
struct Tables {
    accounts: BTreeMap<u64, Box<[u8]>>,
    next: u64,
    by_id: HashMap<ObjectId, u64>,
    by_email: BTreeMap<String, u64>,
    by_group: BTreeMap<i32, BTreeSet<u64>>,
    by_balance: BTreeSet<(u64, u64)>,
    logins: Vec<Box<[u8]>>,
}

fn encode(account: &Account) -> Box<[u8]> {
    bson::serialize_to_vec(account).expect("an account has a BSON form").into()
}

fn decode(bytes: &[u8]) -> Account {
    bson::deserialize_from_slice(bytes).expect("encoded from an account")
}

fn changed(bytes: &mut Box<[u8]>, change: impl FnOnce(&mut Account)) {
    let mut account = decode(bytes);
    change(&mut account);
    *bytes = encode(&account);
}

impl Tables {
    fn insert(&mut self, account: &Account) {
        let record = self.next;
        self.next += 1;
        self.by_id.insert(account.id, record);
        self.by_email.insert(account.email.clone(), record);
        self.by_group.entry(account.group).or_default().insert(record);
        self.by_balance.insert((account.balance.to_bits(), record));
        self.accounts.insert(record, encode(account));
    }

    /// Changes fields that no index has.
    fn change(&mut self, id: ObjectId, change: impl FnOnce(&mut Account)) {
        if let Some(bytes) = self.by_id.get(&id).and_then(|record| self.accounts.get_mut(record)) {
            changed(bytes, change);
        }
    }

    fn delete(&mut self, id: ObjectId) {
        let Some(record) = self.by_id.remove(&id) else { return };
        let Some(bytes) = self.accounts.remove(&record) else { return };
        let account = decode(&bytes);
        self.by_email.remove(&account.email);
        if let Some(group) = self.by_group.get_mut(&account.group) {
            group.remove(&record);
        }
        self.by_balance.remove(&(account.balance.to_bits(), record));
    }
}

/// The elements of a valid encoded document: type, name, value.
fn elements(doc: &[u8]) -> impl Iterator<Item = (u8, &[u8], &[u8])> {
    let mut rest = &doc[4..];
    std::iter::from_fn(move || {
        let kind = *rest.first()?;
        if kind == 0 {
            return None;
        }
        let end = 1 + rest[1..].iter().position(|byte| *byte == 0)?;
        let name = &rest[1..end];
        let value = &rest[end + 1..];
        let length = || u32::from_le_bytes([value[0], value[1], value[2], value[3]]) as usize;
        let size = match kind {
            0x01 | 0x09 | 0x12 => 8,
            0x02 => 4 + length(),
            0x03 | 0x04 => length(),
            0x07 => 12,
            0x08 => 1,
            0x10 => 4,
            _ => unreachable!("accounts have no other types"),
        };
        rest = &value[size..];
        Some((kind, name, &value[..size]))
    })
}

fn int(value: &[u8]) -> i32 {
    i32::from_le_bytes([value[0], value[1], value[2], value[3]])
}

fn scanned(doc: &[u8]) -> bool {
    let mut matched = 0;
    for (_, name, value) in elements(doc) {
        let holds = match name {
            b"age" => int(value) >= 50,
            b"active" => value[0] == 1,
            b"score" => int(value) < 250,
            b"address" => elements(value)
                .any(|(_, name, city)| name == b"city" && &city[4..city.len() - 1] == b"Oslo"),
            _ => continue,
        };
        if !holds {
            return false;
        }
        matched += 1;
        if matched == 4 {
            return true;
        }
    }
    false
}

fn visits(doc: &[u8]) -> i64 {
    let found = elements(doc).find(|(_, name, _)| *name == b"visits");
    found.map_or(0, |(_, _, value)| long(value))
}

fn long(value: &[u8]) -> i64 {
    i64::from_le_bytes(value.try_into().expect("of eight bytes"))
}

fn double(value: &[u8]) -> f64 {
    f64::from_bits(long(value) as u64)
}

fn text(value: &[u8]) -> &str {
    std::str::from_utf8(&value[4..value.len() - 1]).expect("strings are UTF-8")
}

fn object_id(value: &[u8]) -> ObjectId {
    ObjectId::from_bytes(value.try_into().expect("of twelve bytes"))
}

fn field<'d>(doc: &'d [u8], wanted: &[u8]) -> &'d [u8] {
    let found = elements(doc).find(|(_, name, _)| *name == wanted);
    found.expect("accounts have all their fields").2
}

fn compute(doc: &[u8]) -> Computed {
    let mut out = Computed {
        id: ObjectId::from_bytes([0; 12]),
        label: String::new(),
        city: String::new(),
        decade: 0,
        is_older: false,
        per_visit: 0.0,
        rounded: 0.0,
        tags: 0,
        first_tag: String::new(),
        is_tagged: false,
        year: 0,
        idle: 0,
        plan: String::new(),
    };
    let (mut email, mut name, mut balance, mut created) = ("", "", 0.0, 0);
    for (_, field_name, value) in elements(doc) {
        match field_name {
            b"_id" => out.id = object_id(value),
            b"email" => email = text(value),
            b"name" => name = text(value),
            b"age" => {
                let age = int(value);
                (out.decade, out.is_older) = (age - age % 10, age >= 40);
            }
            b"balance" => {
                balance = double(value);
                out.rounded = balance.round_ties_even();
            }
            b"visits" => {
                let visits = long(value);
                out.per_visit = if visits == 0 { 0.0 } else { balance / visits as f64 };
            }
            b"address" => out.city = text(field(value, b"city")).to_ascii_uppercase(),
            b"tags" => {
                for (_, _, tag) in elements(value) {
                    let tag = text(tag);
                    if out.tags == 0 {
                        out.first_tag = tag.to_owned();
                    }
                    out.tags += 1;
                    out.is_tagged |= tag == "tag-10";
                }
            }
            b"created" => {
                created = long(value);
                out.year = year(created);
            }
            b"updated" => out.idle = long(value) - created,
            b"plan" => out.plan = text(value).to_owned(),
            _ => {}
        }
    }
    out.label = format!("{name} <{email}>");
    out
}

fn placed(doc: &[u8]) -> Placed {
    let mut placed = Placed { id: ObjectId::from_bytes([0; 12]), group: 0, balance: 0.0, score: 0 };
    for (_, name, value) in elements(doc) {
        match name {
            b"_id" => placed.id = object_id(value),
            b"score" => placed.score = int(value),
            b"group" => placed.group = int(value),
            b"balance" => {
                placed.balance = double(value);
                break;
            }
            _ => {}
        }
    }
    placed
}

/// A document with a single account in an array behind its fields, or without one.
fn with_accounts(login: &[u8], account: Option<&[u8]>) -> Vec<u8> {
    let mut out = Vec::with_capacity(login.len() + account.map_or(0, <[u8]>::len) + 32);
    out.extend_from_slice(&login[..login.len() - 1]);
    out.extend_from_slice(b"\x04accounts\0");
    let array = account.map_or(5, |account| account.len() + 8) as u32;
    out.extend_from_slice(&array.to_le_bytes());
    if let Some(account) = account {
        out.extend_from_slice(b"\x030\0");
        out.extend_from_slice(account);
    }
    out.extend_from_slice(&[0, 0]);
    let len = out.len() as u32;
    out[..4].copy_from_slice(&len.to_le_bytes());
    out
}

fn tagged(doc: &[u8], low: &str, high: &str) -> bool {
    let tags = elements(doc).find(|(_, name, _)| *name == b"tags");
    tags.is_some_and(|(_, _, tags)| {
        let range = low.as_bytes()..high.as_bytes();
        elements(tags).any(|(_, _, tag)| range.contains(&&tag[4..tag.len() - 1]))
    })
}

impl LimitB {
    fn read<T>(&self, read: impl FnOnce(&Tables) -> T) -> T {
        read(&self.0.read().expect("no panic under the lock"))
    }

    fn write<T>(&self, write: impl FnOnce(&mut Tables) -> T) -> T {
        write(&mut self.0.write().expect("no panic under the lock"))
    }
}

impl Store for LimitB {
    async fn insert_one(&self, account: &mut Account) {
        self.write(|tables| tables.insert(account));
    }

    async fn insert_many(&self, accounts: &mut [Account]) {
        self.write(|tables| accounts.iter().for_each(|account| tables.insert(account)));
    }

    async fn get(&self, id: ObjectId) -> Account {
        self.read(|tables| decode(&tables.accounts[&tables.by_id[&id]]))
    }

    async fn get_by_email(&self, email: &str) -> Account {
        self.read(|tables| decode(&tables.accounts[&tables.by_email[email]]))
    }

    async fn group(&self, group: i32) -> Vec<Account> {
        self.read(|tables| {
            let records = tables.by_group.get(&group).into_iter().flatten();
            records.map(|record| decode(&tables.accounts[record])).collect()
        })
    }

    async fn scan_count(&self) -> u64 {
        self.read(|tables| tables.accounts.values().filter(|doc| scanned(doc)).count() as u64)
    }

    async fn scan(&self) -> Vec<Account> {
        self.read(|tables| {
            tables.accounts.values().filter(|doc| scanned(doc)).map(|doc| decode(doc)).collect()
        })
    }

    async fn balance_page(&self, low: f64) -> Vec<Account> {
        self.read(|tables| {
            let from = (Bound::Included((low.to_bits(), 0)), Bound::Unbounded);
            let records = tables.by_balance.range(from).take(20);
            records.map(|(_, record)| decode(&tables.accounts[record])).collect()
        })
    }

    async fn most_visits(&self) -> Vec<Account> {
        self.read(|tables| {
            let mut all: Vec<(i64, &[u8])> =
                tables.accounts.values().map(|doc| (visits(doc), &doc[..])).collect();
            all.select_nth_unstable_by_key(10, |(visits, _)| std::cmp::Reverse(*visits));
            all.truncate(10);
            all.sort_by_key(|(visits, _)| std::cmp::Reverse(*visits));
            all.into_iter().map(|(_, doc)| decode(doc)).collect()
        })
    }

    async fn get_many(&self, ids: &[ObjectId]) -> Vec<Account> {
        self.read(|tables| {
            ids.iter().map(|id| decode(&tables.accounts[&tables.by_id[id]])).collect()
        })
    }

    async fn emails(&self, prefix: &str) -> Vec<Account> {
        self.read(|tables| {
            let from = tables.by_email.range::<str, _>((Bound::Included(prefix), Bound::Unbounded));
            from.take_while(|(email, _)| email.starts_with(prefix))
                .map(|(_, record)| decode(&tables.accounts[record]))
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
            let mut all: Vec<(i64, &[u8])> =
                tables.accounts.values().map(|doc| (visits(doc), &doc[..])).collect();
            all.sort_by_key(|(visits, _)| *visits);
            all.into_iter().map(|(_, doc)| decode(doc)).collect()
        })
    }

    async fn groups(&self) -> Vec<i32> {
        self.read(|tables| tables.by_group.keys().copied().collect())
    }

    async fn update(&self, id: ObjectId, score: i32) {
        self.write(|tables| {
            let record = tables.by_id[&id];
            if let Some(bytes) = tables.accounts.get_mut(&record) {
                let mut account = decode(bytes);
                account.score = score;
                account.visits += 1;
                *bytes = encode(&account);
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
            tables
                .accounts
                .values_mut()
                .for_each(|bytes| changed(bytes, |account| account.visits += 1));
            tables.accounts.len() as u64
        })
    }

    async fn bulk(&self, new: &mut [Account], visited: &[ObjectId]) {
        self.write(|tables| {
            new.iter().for_each(|account| tables.insert(account));
            visited.iter().for_each(|id| tables.change(*id, |account| account.visits += 1));
            new.iter().for_each(|account| tables.delete(account.id));
        });
    }

    async fn totals(&self) -> Vec<Total> {
        self.read(|tables| {
            let mut totals: HashMap<i32, Total> = HashMap::new();
            for doc in tables.accounts.values() {
                let (mut age, mut active, mut group) = (0, false, 0);
                let (mut balance, mut visits) = (0.0, 0);
                for (_, name, value) in elements(doc) {
                    match name {
                        b"age" => age = int(value),
                        b"active" => active = value[0] == 1,
                        b"group" => group = int(value),
                        b"balance" => balance = double(value),
                        b"visits" => {
                            visits = long(value);
                            break;
                        }
                        _ => {}
                    }
                }
                if age < 30 || !active {
                    continue;
                }
                let total = totals.entry(group).or_insert_with(|| Total {
                    group,
                    accounts: 0,
                    visits: 0,
                    best: f64::MIN,
                });
                total.accounts += 1;
                total.visits += visits;
                total.best = total.best.max(balance);
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
            for doc in tables.accounts.values() {
                let mut visits = 0;
                for (_, name, value) in elements(doc) {
                    match name {
                        b"visits" => visits = long(value),
                        b"tags" => {
                            for (_, _, tag) in elements(value) {
                                let (accounts, sum) = totals.entry(text(tag)).or_default();
                                *accounts += 1;
                                *sum += visits;
                            }
                            break;
                        }
                        _ => {}
                    }
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
            let join = |login: &[u8]| {
                let found = tables.by_email.get(text(field(login, b"email")));
                let account = found.map(|record| &*tables.accounts[record]);
                let joined = with_accounts(login, account);
                bson::deserialize_from_slice(&joined).expect("encoded like one")
            };
            tables.logins.iter().map(|login| join(login)).collect()
        })
    }

    async fn computed(&self) -> Vec<Computed> {
        self.read(|tables| tables.accounts.values().map(|doc| compute(doc)).collect())
    }

    async fn windows(&self) -> Vec<Windowed> {
        self.read(|tables| window(tables.accounts.values().map(|doc| placed(doc)).collect()))
    }

    async fn facets(&self) -> Facets {
        self.read(|tables| {
            let mut cities: BTreeMap<&str, i64> = BTreeMap::new();
            let mut ages: BTreeMap<i32, Ages> = BTreeMap::new();
            let mut all: Vec<(i64, ObjectId)> = Vec::with_capacity(tables.accounts.len());
            for doc in tables.accounts.values() {
                let (mut id, mut from) = (ObjectId::from_bytes([0; 12]), 0);
                for (_, name, value) in elements(doc) {
                    match name {
                        b"_id" => id = object_id(value),
                        b"age" => {
                            let age = int(value);
                            from = AGES[AGES.partition_point(|from| *from <= age) - 1];
                        }
                        b"visits" => {
                            let visits = long(value);
                            let new = Ages { from, accounts: 0, visits: 0 };
                            let bucket = ages.entry(from).or_insert(new);
                            bucket.accounts += 1;
                            bucket.visits += visits;
                            all.push((visits, id));
                        }
                        b"address" => {
                            *cities.entry(text(field(value, b"city"))).or_default() += 1;
                            break;
                        }
                        _ => {}
                    }
                }
            }
            let order = |(visits, id): &(i64, ObjectId)| (Reverse(*visits), *id);
            all.select_nth_unstable_by_key(10, order);
            all.truncate(10);
            all.sort_by_key(order);
            let city = |(city, accounts): (&str, i64)| City { city: city.to_owned(), accounts };
            Facets {
                cities: cities.into_iter().map(city).collect(),
                ages: ages.into_values().collect(),
                top: all.iter().map(|(visits, id)| Visits { id: *id, visits: *visits }).collect(),
            }
        })
    }

    async fn insert_logins(&self, logins: &mut [Login]) {
        let encode =
            |login: &Login| bson::serialize_to_vec(login).expect("a login has a BSON form");
        self.write(|tables| {
            tables.logins = logins.iter().map(|login| encode(login).into()).collect()
        });
    }

    async fn delete(&self, id: ObjectId) {
        self.write(|tables| tables.delete(id));
    }

    async fn reset(&self) {
        self.write(|tables| *tables = Tables::default());
    }
}
