//! Side-by-side measurements, interleaved in one process: the memory engine, the ODM on MongoDB,
//! the raw driver's typed collection, and two limits written by hand.
//!
//! `cargo xtask bench` starts a server and runs it. Arguments: `--sizes 10000,100000`,
//! `--rounds N`, `--rows TEXT` (rows whose name contains it), `--check` (fail if a floor is missed).
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod aggregation;
mod driver;
mod limit_a;
mod limit_b;
mod model;
mod odm;
mod report;
mod row;
mod store;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use backend_memory::MemoryBackend;
use backend_mongo::{MongoBackend, MongoOptions};

use crate::driver::Driver;
use crate::limit_a::LimitA;
use crate::limit_b::LimitB;
use crate::odm::Odm;
use crate::report::{Contender, Report, Samples, check_floors};
use crate::row::{Fixture, Row, check_agreement, sample};
use crate::store::Store;

const DATABASE: &str = "odm_bench";

/// How many turns two take who share a server, where one operation takes less than a turn.
const TURNS: u32 = 10;

struct Args {
    sizes: Vec<usize>,
    rounds: usize,
    rows: String,
    check: bool,
}

fn args() -> Result<Args, String> {
    let mut args =
        Args { sizes: vec![10_000, 100_000], rounds: 15, rows: String::new(), check: false };
    let mut given = std::env::args().skip(1);
    while let Some(arg) = given.next() {
        let mut value = || given.next().ok_or(format!("{arg} needs a value"));
        match arg.as_str() {
            "--sizes" => {
                let sizes = value()?;
                let parse = |size: &str| size.trim().parse().map_err(|_| format!("size {size}?"));
                args.sizes = sizes.split(',').map(parse).collect::<Result<_, _>>()?;
            }
            "--rounds" => args.rounds = value()?.parse().map_err(|_| "--rounds takes a number")?,
            "--rows" => args.rows = value()?,
            "--check" => args.check = true,
            other => return Err(format!("unknown argument {other}")),
        }
    }
    Ok(args)
}

fn main() -> ExitCode {
    let args = match args() {
        Ok(args) => args,
        Err(message) => {
            eprintln!("{message}");
            return ExitCode::FAILURE;
        }
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    let missed = runtime.block_on(run(&args));
    if args.check && missed > 0 {
        eprintln!("{missed} floors missed");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

async fn run(args: &Args) -> usize {
    let Ok(uri) = std::env::var("MONGODB_URI") else {
        eprintln!("MONGODB_URI is not set; `cargo xtask bench` starts a server");
        std::process::exit(1);
    };
    let mongo = MongoBackend::connect(&uri).await.expect("the server of MONGODB_URI");
    let without_retries = MongoOptions::new().uri(&uri).retry_writes(false).connect().await;
    let without_retries = without_retries.expect("the same server");
    let mut reports = Vec::new();
    for &size in &args.sizes {
        let report = measure(size, args, &mongo, &without_retries).await;
        report.print();
        reports.push(report);
    }
    mongo.database(DATABASE).drop().await.expect("drop");
    check_floors(&reports)
}

async fn measure(
    size: usize,
    args: &Args,
    mongo: &MongoBackend,
    without_retries: &MongoBackend,
) -> Report {
    let fixture = Fixture::new(size);
    let backend = MemoryBackend::new();
    let memory = Odm(backend.database(DATABASE));
    // Both have the same documents: two collections with as many differ by what was deleted in them.
    let odm = Odm(mongo.database(DATABASE));
    let driver = Driver(mongo.client().database(DATABASE).collection("accounts"));
    let odm_without_retries = Odm(without_retries.database(DATABASE));
    let (limit_a, limit_b) = (LimitA::default(), LimitB::default());
    fixture.load(&memory).await;
    fixture.load(&odm).await;
    fixture.load(&limit_a).await;
    fixture.load(&limit_b).await;

    let mut rows = Vec::new();
    for row in Row::ALL.into_iter().filter(|row| row.name().contains(&args.rows)) {
        check_agreement(row, &driver, &[&memory, &odm]).await;
        check_agreement(row, &driver, &[&limit_a]).await;
        check_agreement(row, &driver, &[&limit_b]).await;
        // The driver has no bulk for servers before 8.0: its writes are commands that are not repeated.
        let odm = if row == Row::Bulk { &odm_without_retries } else { &odm };
        let mut samples = Samples::default();
        for round in 0..=row.rounds(args.rounds) {
            let start = round * 7_919;
            let budget = Duration::from_millis(30);
            let taken = [
                (Contender::Memory, warm(row, &memory, &fixture, start, budget).await),
                (Contender::LimitA, warm(row, &limit_a, &fixture, start, budget).await),
                (Contender::LimitB, warm(row, &limit_b, &fixture, start, budget).await),
            ];
            let (first, second) = by_turns(row, (odm, &driver), &fixture, round, budget).await;
            if round == 0 {
                continue; // warms up
            }
            for (contender, took) in taken {
                samples.push(contender, took);
            }
            samples.push(Contender::OdmMongo, first);
            samples.push(Contender::Driver, second);
        }
        rows.push((row, samples));
    }
    let fork = args.rows.is_empty().then(|| fork(&backend));
    let resets = if args.rows.is_empty() {
        resets(&fixture, (&backend, &memory), &odm, &driver, &limit_a, &limit_b).await
    } else {
        Samples::default()
    };
    Report { size, rows, fork, resets }
}

/// A sample of one that works in this process, after some that nobody counts: the one before it has filled the
/// processor's caches with its own documents.
async fn warm<S: Store>(
    row: Row,
    store: &S,
    fixture: &Fixture,
    start: usize,
    budget: Duration,
) -> Duration {
    if row.is_read() || row.is_point() {
        sample(row, store, fixture, start, budget).await;
    }
    sample(row, store, fixture, start, budget).await
}

/// One sample of each of two that use the same server: in short turns, so that what else the machine does
/// meanwhile meets both, and each as often first as second, who finds the server's caches warm.
async fn by_turns(
    row: Row,
    (odm, driver): (&Odm, &Driver),
    fixture: &Fixture,
    round: usize,
    budget: Duration,
) -> (Duration, Duration) {
    let started = Instant::now();
    let mut taken = [Duration::ZERO; 2];
    let mut turns = 0;
    while turns == 0 || started.elapsed() < budget * 2 {
        let start = (round * 97 + turns as usize) * 7_919;
        let turn = budget / TURNS;
        let is_odm_first = (round + turns as usize).is_multiple_of(2);
        if is_odm_first {
            taken[0] += sample(row, odm, fixture, start, turn).await;
        }
        taken[1] += sample(row, driver, fixture, start, turn).await;
        if !is_odm_first {
            taken[0] += sample(row, odm, fixture, start, turn).await;
        }
        turns += 1;
    }
    (taken[0] / turns, taken[1] / turns)
}

/// The median time of a fork that is dropped afterwards.
fn fork(backend: &MemoryBackend) -> Duration {
    let mut samples: Vec<Duration> = (0..101)
        .map(|_| {
            let started = Instant::now();
            let fork = backend.fork();
            let elapsed = started.elapsed();
            drop(fork);
            elapsed
        })
        .collect();
    samples.sort();
    samples[samples.len() / 2]
}

async fn resets(
    fixture: &Fixture,
    (backend, memory): (&MemoryBackend, &Odm),
    odm: &Odm,
    driver: &Driver,
    limit_a: &LimitA,
    limit_b: &LimitB,
) -> Samples {
    async fn timed(store: &impl Store) -> Duration {
        let started = Instant::now();
        store.reset().await;
        started.elapsed()
    }
    let mut samples = Samples::default();
    for round in 0_u32..6 {
        let started = Instant::now();
        backend.reset();
        samples.push(Contender::Memory, started.elapsed());
        // Each resets what the other one has loaded, and each is first as often.
        let is_odm_first = round.is_multiple_of(2);
        if is_odm_first {
            samples.push(Contender::OdmMongo, timed(odm).await);
            fixture.load(driver).await;
        }
        samples.push(Contender::Driver, timed(driver).await);
        fixture.load(odm).await;
        if !is_odm_first {
            samples.push(Contender::OdmMongo, timed(odm).await);
            fixture.load(driver).await;
        }
        samples.push(Contender::LimitA, timed(limit_a).await);
        samples.push(Contender::LimitB, timed(limit_b).await);
        fixture.load(memory).await;
        fixture.load(limit_a).await;
        fixture.load(limit_b).await;
    }
    samples
}
