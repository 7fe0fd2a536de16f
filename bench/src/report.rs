//! Medians, ratios, and the floors that they are held against.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::row::Row;

/// Who is measured, in the order in which the table shows them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Contender {
    Memory,
    OdmMongo,
    Driver,
    LimitA,
    LimitB,
}

impl Contender {
    fn title(self) -> &'static str {
        match self {
            Contender::Memory => "memory",
            Contender::OdmMongo => "ODM MongoDB",
            Contender::Driver => "driver",
            Contender::LimitA => "limit A",
            Contender::LimitB => "limit B",
        }
    }
}

/// The samples of one row, a list per contender, in the same rounds.
#[derive(Debug, Default)]
pub(crate) struct Samples(BTreeMap<Contender, Vec<Duration>>);

impl Samples {
    pub(crate) fn push(&mut self, contender: Contender, sample: Duration) {
        self.0.entry(contender).or_default().push(sample);
    }

    pub(crate) fn median(&self, contender: Contender) -> Option<f64> {
        let samples = self.0.get(&contender)?;
        median(samples.iter().map(|sample| sample.as_nanos() as f64 / 1_000.0).collect())
    }

    /// The median over the rounds of the ratio within each round: what else the machine does
    /// meanwhile touches both sides alike.
    pub(crate) fn ratio(&self, over: Contender, under: Contender) -> Option<f64> {
        let (over, under) = (self.0.get(&over)?, self.0.get(&under)?);
        median(over.iter().zip(under).map(|(a, b)| a.as_secs_f64() / b.as_secs_f64()).collect())
    }
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => None,
        n if n % 2 == 1 => Some(values[n / 2]),
        n => Some((values[n / 2 - 1] + values[n / 2]) / 2.0),
    }
}

/// What was measured at one size.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) size: usize,
    pub(crate) rows: Vec<(Row, Samples)>,
    pub(crate) fork: Option<Duration>,
    pub(crate) resets: Samples,
}

const CONTENDERS: [Contender; 5] = [
    Contender::Memory,
    Contender::OdmMongo,
    Contender::Driver,
    Contender::LimitA,
    Contender::LimitB,
];

impl Report {
    pub(crate) fn print(&self) {
        println!("\n{} documents; medians in µs", self.size);
        print!("{:<28}", "");
        for contender in CONTENDERS {
            print!("{:>13}", contender.title());
        }
        println!("{:>10}{:>10}{:>13}{:>12}", "mem/B", "mem/A", "MongoDB/mem", "ODM/driver");
        for (row, samples) in &self.rows {
            print_row(&row.name(), samples);
        }
        print_row("reset to empty", &self.resets);
        if let Some(fork) = self.fork {
            println!("{:<28}{:>13.2}", "fork", fork.as_nanos() as f64 / 1_000.0);
        }
    }

    fn median(&self, row: Row, contender: Contender) -> Option<f64> {
        self.rows.iter().find(|(at, _)| *at == row)?.1.median(contender)
    }
}

fn print_row(name: &str, samples: &Samples) {
    let number = |value: Option<f64>, digits: usize| {
        value.map_or_else(|| "-".to_owned(), |value| format!("{value:.digits$}"))
    };
    print!("{name:<28}");
    for contender in CONTENDERS {
        print!("{:>13}", number(samples.median(contender), 2));
    }
    println!(
        "{:>10}{:>10}{:>13}{:>12}",
        number(samples.ratio(Contender::Memory, Contender::LimitB), 2),
        number(samples.ratio(Contender::Memory, Contender::LimitA), 2),
        number(samples.ratio(Contender::Driver, Contender::Memory), 1),
        number(samples.ratio(Contender::OdmMongo, Contender::Driver), 3),
    );
}

/// Holds the reports against the floors; prints each, and gives the number that are missed.
pub(crate) fn check_floors(reports: &[Report]) -> usize {
    println!("\nfloors");
    let mut missed = 0;
    let mut check = |holds: bool, what: String| {
        println!("  {} {what}", if holds { "ok    " } else { "MISSED" });
        missed += usize::from(!holds);
    };
    for report in reports {
        let size = report.size;
        for (row, samples) in &report.rows {
            let name = row.name();
            if let Some(ratio) = samples.ratio(Contender::OdmMongo, Contender::Driver) {
                check(
                    ratio <= 1.05,
                    format!("{size}: {name}: ODM/driver {ratio:.3}, at most 1.05"),
                );
            }
            if let (true, Some(ratio)) =
                (row.is_read(), samples.ratio(Contender::Memory, Contender::LimitB))
            {
                check(
                    ratio <= 2.5,
                    format!("{size}: {name}: memory/limit B {ratio:.2}, at most 2.5"),
                );
            }
            if let Some(ratio) = samples.ratio(Contender::Driver, Contender::Memory) {
                let floor = row.floor();
                check(
                    ratio >= floor,
                    format!(
                        "{size}: {name}: {ratio:.1} times faster than MongoDB, at least {floor}"
                    ),
                );
            }
        }
        if let Some(ratio) = report.resets.ratio(Contender::Driver, Contender::Memory) {
            check(
                ratio >= 1.0,
                format!("{size}: reset {ratio:.1} times faster than MongoDB, at least 1"),
            );
        }
        if let Some(get) = report.median(Row::GetById, Contender::Memory) {
            check(get <= 4.0, format!("{size}: get by _id {get:.2} µs, at most 4"));
        }
        if let Some(scan) = report.median(Row::ScanCount, Contender::Memory) {
            let rate = size as f64 / scan;
            check(rate >= 5.0, format!("{size}: scan {rate:.1} M documents/s, at least 5"));
        }
        if let Some(fork) = report.fork {
            check(fork.as_micros() < 10, format!("{size}: fork {fork:.2?}, under 10 µs"));
        }
    }
    if let [small, .., large] = reports {
        // Logarithmic growth, with room for caches that no longer hold the larger set.
        let log = (large.size as f64).ln() / (small.size as f64).ln();
        for row in [Row::GetById, Row::Update, Row::Delete] {
            let medians =
                (small.median(row, Contender::Memory), large.median(row, Contender::Memory));
            if let (Some(before), Some(after)) = medians {
                let growth = after / before;
                check(
                    growth <= log * 1.6,
                    format!(
                        "{}: grows {growth:.2} times from {} to {}; the logarithm grows {log:.2} times",
                        row.name(),
                        small.size,
                        large.size
                    ),
                );
            }
        }
    }
    missed
}
