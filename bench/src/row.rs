//! The rows: what is measured, and how one sample of it is taken.

use std::time::{Duration, Instant};

use crate::aggregation::{LOGINS, Login};
use crate::model::{Account, GROUPS, accounts};
use crate::store::Store;

/// The seed of the documents that are there throughout, and of those that come and go.
const BASE_SEED: u64 = 1;
const EXTRA_SEED: u64 = 2;
const BATCH: usize = 1_000;
/// The writes of a bulk: a quarter are inserts, a half updates, a quarter deletes.
const BULK: usize = 10_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Row {
    InsertOne,
    InsertBatch,
    GetById,
    GetByUnique,
    IndexedEquality,
    ScanCount,
    ScanFetch,
    IndexedRange,
    Top10,
    In,
    Prefix,
    ElemMatch,
    FullSort,
    Distinct,
    Update,
    UpdateThree,
    PushSlice,
    UpdateAll,
    Bulk,
    InsertAll,
    Delete,
    Mixed(usize),
    Group,
    Unwind,
    Lookup,
    Project,
    Window,
    Facet,
}

impl Row {
    pub(crate) const ALL: [Row; 31] = [
        Row::InsertOne,
        Row::InsertBatch,
        Row::GetById,
        Row::GetByUnique,
        Row::IndexedEquality,
        Row::ScanCount,
        Row::ScanFetch,
        Row::IndexedRange,
        Row::Top10,
        Row::In,
        Row::Prefix,
        Row::ElemMatch,
        Row::FullSort,
        Row::Distinct,
        // Before the contenders have changed their documents so many times as they are fast.
        Row::Group,
        Row::Unwind,
        Row::Lookup,
        Row::Project,
        Row::Window,
        Row::Facet,
        Row::Update,
        Row::UpdateThree,
        Row::PushSlice,
        Row::UpdateAll,
        Row::Bulk,
        Row::InsertAll,
        Row::Delete,
        Row::Mixed(1),
        Row::Mixed(2),
        Row::Mixed(8),
        Row::Mixed(64),
    ];

    pub(crate) fn name(self) -> String {
        match self {
            Row::InsertOne => "insert one".to_owned(),
            Row::InsertBatch => format!("insert a batch of {BATCH}"),
            Row::GetById => "get by _id".to_owned(),
            Row::GetByUnique => "get by unique index".to_owned(),
            Row::IndexedEquality => "indexed equality, 1 %".to_owned(),
            Row::ScanCount => "scan, 4-part filter, count".to_owned(),
            Row::ScanFetch => "scan, 4-part filter, fetch".to_owned(),
            Row::IndexedRange => "indexed range, sorted, 20".to_owned(),
            Row::Top10 => "unindexed top 10".to_owned(),
            Row::In => format!("$in of {BATCH} ids"),
            Row::Prefix => "regex prefix on an index".to_owned(),
            Row::ElemMatch => "scan, $elemMatch, count".to_owned(),
            Row::FullSort => "unindexed sort of all".to_owned(),
            Row::Distinct => "distinct on an index".to_owned(),
            Row::Update => "update by _id".to_owned(),
            Row::UpdateThree => "update, three operators".to_owned(),
            Row::PushSlice => "$push with $slice".to_owned(),
            Row::UpdateAll => "multi-update of all".to_owned(),
            Row::Bulk => format!("unordered bulk of {BULK}"),
            Row::InsertAll => "insert all, three indexes".to_owned(),
            Row::Delete => "delete by _id".to_owned(),
            Row::Mixed(tasks) => format!("mixed, {tasks} tasks, each op"),
            Row::Group => "agg: match group sort limit".to_owned(),
            Row::Unwind => "agg: unwind group sort".to_owned(),
            Row::Lookup => format!("agg: lookup of {LOGINS}, index"),
            Row::Project => "agg: project 12 expressions".to_owned(),
            Row::Window => "agg: window rank and average".to_owned(),
            Row::Facet => "agg: facet of three".to_owned(),
        }
    }

    /// Whether the row is held against limit B: those that read and decode documents.
    ///
    /// Not `distinct`: there the limit has the answer as the keys of a map. Nor pipelines, which are held
    /// against MongoDB: the limit is one loop for all of their stages.
    pub(crate) fn is_read(self) -> bool {
        !matches!(
            self,
            Row::InsertOne
                | Row::InsertBatch
                | Row::Distinct
                | Row::Update
                | Row::UpdateThree
                | Row::PushSlice
                | Row::UpdateAll
                | Row::Bulk
                | Row::InsertAll
                | Row::Delete
                | Row::Mixed(_)
        ) && !self.is_pipeline()
    }

    /// Whether the row is an aggregation.
    pub(crate) fn is_pipeline(self) -> bool {
        matches!(
            self,
            Row::Group | Row::Unwind | Row::Lookup | Row::Project | Row::Window | Row::Facet
        )
    }

    /// How many times faster than MongoDB the memory engine has to be.
    pub(crate) fn floor(self) -> f64 {
        match self {
            Row::Group | Row::Unwind | Row::Lookup => 3.0,
            row if row.is_point() => 20.0,
            _ => 1.0,
        }
    }

    /// Whether the row touches a single document.
    pub(crate) fn is_point(self) -> bool {
        matches!(
            self,
            Row::InsertOne
                | Row::GetById
                | Row::GetByUnique
                | Row::Update
                | Row::UpdateThree
                | Row::PushSlice
                | Row::Delete
        )
    }

    /// How many rounds there are of it, of `rounds`: few of what takes long.
    pub(crate) fn rounds(self, rounds: usize) -> usize {
        match self {
            Row::UpdateAll | Row::Bulk | Row::InsertAll => rounds.min(7),
            _ => rounds,
        }
    }
}

/// The documents that every contender holds, and the order in which they are asked for.
pub(crate) struct Fixture {
    pub(crate) base: Vec<Account>,
    extra: Vec<Account>,
    order: Vec<usize>,
}

impl Fixture {
    pub(crate) fn new(size: usize) -> Self {
        let mut order: Vec<usize> = (0..size).collect();
        fastrand::Rng::with_seed(BASE_SEED).shuffle(&mut order);
        Fixture {
            base: accounts(size, BASE_SEED),
            extra: accounts((BULK / 4).max(size / 20), EXTRA_SEED),
            order,
        }
    }

    pub(crate) async fn load(&self, store: &impl Store) {
        store.reset().await;
        for chunk in self.base.clone().chunks_mut(BATCH) {
            store.insert_many(chunk).await;
        }
        let login = |n| Login { id: n as i32, email: self.pick(n).email.clone() };
        let mut logins: Vec<Login> = (0..LOGINS).map(login).collect();
        store.insert_logins(&mut logins).await;
    }

    fn pick(&self, n: usize) -> &Account {
        &self.base[self.order[n % self.order.len()]]
    }
}

/// One sample: the mean time of an operation, over enough of them to fill `budget`.
///
/// `start` varies from sample to sample, so that other documents are asked for.
pub(crate) async fn sample<S: Store>(
    row: Row,
    store: &S,
    fixture: &Fixture,
    start: usize,
    budget: Duration,
) -> Duration {
    match row {
        Row::InsertOne | Row::InsertBatch | Row::Delete => {
            come_and_go(row, store, fixture, budget).await
        }
        Row::Bulk => {
            let mut new = fixture.extra[..BULK / 4].to_vec();
            let visited: Vec<_> = (0..BULK / 2).map(|n| fixture.pick(start + n).id).collect();
            let started = Instant::now();
            store.bulk(&mut new, &visited).await;
            started.elapsed()
        }
        Row::InsertAll => {
            let mut all = fixture.base.clone();
            store.reset().await;
            let started = Instant::now();
            store.insert_many(&mut all).await;
            started.elapsed()
        }
        Row::Mixed(tasks) => mixed(tasks, store, fixture, start, budget).await,
        _ => {
            let (mut n, mut step) = (0, 1);
            let started = Instant::now();
            loop {
                for _ in 0..step {
                    once(row, store, fixture, start + n).await;
                    n += 1;
                }
                let elapsed = started.elapsed();
                if elapsed >= budget {
                    return elapsed / u32::try_from(n).expect("few operations fit a budget");
                }
                // To ask for the time takes time.
                if elapsed < budget / 64 {
                    step *= 2;
                }
            }
        }
    }
}

async fn once<S: Store>(row: Row, store: &S, fixture: &Fixture, n: usize) {
    let account = fixture.pick(n);
    match row {
        Row::GetById => assert_eq!(store.get(account.id).await.id, account.id),
        Row::GetByUnique => assert_eq!(store.get_by_email(&account.email).await.id, account.id),
        Row::IndexedEquality => {
            let group = i32::try_from(n).expect("small") % GROUPS;
            assert!(!store.group(group).await.is_empty());
        }
        Row::ScanCount => assert!(store.scan_count().await > 0),
        Row::ScanFetch => assert!(!store.scan().await.is_empty()),
        Row::IndexedRange => {
            let low = account.balance.min(9_000.0);
            assert_eq!(store.balance_page(low).await.len(), 20);
        }
        Row::Top10 => assert_eq!(store.most_visits().await.len(), 10),
        Row::In => {
            let ids: Vec<_> = (0..BATCH).map(|k| fixture.pick(n + k).id).collect();
            assert_eq!(store.get_many(&ids).await.len(), BATCH);
        }
        Row::Prefix => {
            let prefix = format!("user.{BASE_SEED}.{}", 100 + n % 900);
            assert!(store.emails(&prefix).await.len() > 10);
        }
        Row::ElemMatch => assert!(store.tagged("tag-10", "tag-12").await > 0),
        Row::FullSort => assert_eq!(store.by_visits().await.len(), fixture.base.len()),
        Row::Distinct => assert_eq!(store.groups().await.len(), GROUPS as usize),
        Row::Update => store.update(account.id, account.score ^ (n as i32 & 1)).await,
        Row::UpdateThree => store.update_three(account.id, n as i32).await,
        Row::PushSlice => store.push_tag(account.id, "tag-new").await,
        Row::UpdateAll => assert_eq!(store.visit_all().await, fixture.base.len() as u64),
        Row::Group => assert_eq!(store.totals().await.len(), 10),
        Row::Unwind => assert_eq!(store.tag_totals().await.len(), 50),
        Row::Lookup => assert_eq!(store.joined().await.len(), LOGINS),
        Row::Project => assert_eq!(store.computed().await.len(), fixture.base.len()),
        Row::Window => assert_eq!(store.windows().await.len(), fixture.base.len()),
        Row::Facet => assert_eq!(store.facets().await.top.len(), 10),
        Row::InsertOne
        | Row::InsertBatch
        | Row::Bulk
        | Row::InsertAll
        | Row::Delete
        | Row::Mixed(_) => {
            unreachable!("sampled elsewhere")
        }
    }
}

/// Checks that pipelines give everybody the same.
pub(crate) async fn check_agreement<S: Store>(row: Row, reference: &impl Store, others: &[&S]) {
    for other in others {
        match row {
            Row::Group => assert_eq!(other.totals().await, reference.totals().await),
            Row::Unwind => assert_eq!(other.tag_totals().await, reference.tag_totals().await),
            Row::Lookup => assert_eq!(other.joined().await, reference.joined().await),
            Row::Project => assert!(other.computed().await == reference.computed().await),
            Row::Window => assert!(other.windows().await == reference.windows().await),
            Row::Facet => assert_eq!(other.facets().await, reference.facets().await),
            _ => {}
        }
    }
}

/// Inserts documents and deletes them again; only what the row names is timed.
async fn come_and_go<S: Store>(
    row: Row,
    store: &S,
    fixture: &Fixture,
    budget: Duration,
) -> Duration {
    let mut timed = Duration::ZERO;
    let mut operations = 0_u32;
    let mut count = if row == Row::InsertBatch { BATCH } else { 10 };
    while timed < budget {
        let mut extra = fixture.extra[..count].to_vec();
        let ids: Vec<_> = extra.iter().map(|account| account.id).collect();
        let started = Instant::now();
        if row == Row::InsertOne {
            for account in &mut extra {
                store.insert_one(account).await;
            }
        } else {
            store.insert_many(&mut extra).await;
        }
        let inserting = started.elapsed();
        let started = Instant::now();
        for id in &ids {
            store.delete(*id).await;
        }
        let deleting = started.elapsed();
        let (elapsed, done) = match row {
            Row::InsertBatch => (inserting, 1),
            Row::InsertOne => (inserting, count),
            _ => (deleting, count),
        };
        timed += elapsed;
        operations += u32::try_from(done).expect("a batch is small");
        count = (count * 2).min(BATCH);
    }
    timed / operations
}

/// Four reads to one update, from `tasks` tasks at once.
async fn mixed<S: Store>(
    tasks: usize,
    store: &S,
    fixture: &Fixture,
    start: usize,
    budget: Duration,
) -> Duration {
    // As many operations as one task manages within the budget, but some for each task.
    let ids: Vec<_> = (0..1024).map(|n| fixture.pick(start + n).id).collect();
    let ids: std::sync::Arc<[_]> = ids.into();
    let started = Instant::now();
    store.get(ids[0]).await;
    let each = started.elapsed().max(Duration::from_nanos(500));
    let operations = (budget.as_nanos() / each.as_nanos()).max(1) as usize;
    let per_task = (operations / tasks).clamp(4, 4_000);
    let started = Instant::now();
    let running: Vec<_> = (0..tasks)
        .map(|task| {
            let (store, ids) = (store.clone(), ids.clone());
            tokio::spawn(async move {
                for n in 0..per_task {
                    let id = ids[(task * 37 + n) % ids.len()];
                    if n % 5 == 4 {
                        store.update(id, n as i32).await;
                    } else {
                        store.get(id).await;
                    }
                }
            })
        })
        .collect();
    for task in running {
        task.await.expect("no task panics");
    }
    started.elapsed() / u32::try_from(tasks * per_task).expect("small")
}
