//! What `cargo test` printed, counted.
//!
//! Each test binary ends with the line `test result: ok. 5 passed; 0 failed; 1 ignored; …`. The conformance suite
//! prints one more line for each backend that it ran on, and the differential tests one for each property:
//!
//! ```text
//! conformance: backend=memory ran=120 passed=120 failed=0 ignored=0
//! differential: name=find seed=1234 cases=256 comparisons=7930
//! ```

use std::fmt;

/// The backends that the conformance suite has to have run on.
const BACKENDS: [&str; 2] = ["memory", "mongo"];

/// The counts of a whole `cargo test`.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Report {
    pub(super) passed: u64,
    pub(super) failed: u64,
    pub(super) ignored: u64,
    pub(super) lines: Vec<Line>,
}

/// A line of the conformance suite or of the differential tests.
#[derive(Debug, PartialEq)]
pub(super) enum Line {
    Conformance {
        backend: String,
        ran: u64,
        counts: Counts,
    },
    Differential {
        name: String,
        cases: u64,
        /// All that it tells.
        fields: String,
    },
    /// One that begins like one of the others.
    Unreadable(String),
}

#[derive(Debug, Default, Clone, Copy, PartialEq)]
pub(super) struct Counts {
    passed: u64,
    failed: u64,
    ignored: u64,
}

impl Counts {
    fn plus(self, other: Self) -> Self {
        self.with(other, u64::saturating_add)
    }

    fn max(self, other: Self) -> Self {
        self.with(other, u64::max)
    }

    fn with(self, other: Self, merge: impl Fn(u64, u64) -> u64) -> Self {
        Self {
            passed: merge(self.passed, other.passed),
            failed: merge(self.failed, other.failed),
            ignored: merge(self.ignored, other.ignored),
        }
    }
}

impl Report {
    pub(super) fn parse(output: &str) -> Self {
        let mut report = Self::default();
        // Of one test binary. The conformance suite's harness prints a `test result:` line that counts the same cases
        // as its own line does: the larger of the two is the binary's count.
        let (mut results, mut cases) = (Counts::default(), Counts::default());
        for line in output.lines() {
            let line = without_colors(line);
            if line.starts_with("     Running ") || line.starts_with("   Doc-tests ") {
                report.add(results.max(cases));
                (results, cases) = (Counts::default(), Counts::default());
            } else if let Some(rest) = line.strip_prefix("test result: ") {
                results = results.plus(result(rest));
            } else if let Some(line) = Line::parse(&line) {
                if let Line::Conformance { counts, .. } = line {
                    cases = cases.plus(counts);
                }
                report.lines.push(line);
            }
        }
        report.add(results.max(cases));
        report
    }

    fn add(&mut self, counts: Counts) {
        self.passed += counts.passed;
        self.failed += counts.failed;
        self.ignored += counts.ignored;
    }

    /// What had to run and did not.
    pub(super) fn missing(&self) -> Vec<String> {
        let mut missing = Vec::new();
        for wanted in BACKENDS {
            let ran = self.lines.iter().filter_map(|line| match line {
                Line::Conformance { backend, ran, .. } if backend == wanted => Some(*ran),
                _ => None,
            });
            match ran.reduce(u64::saturating_add) {
                None => missing.push(format!("the conformance suite did not run on {wanted}")),
                Some(0) => missing.push(format!("no conformance case ran on {wanted}")),
                Some(_) => {}
            }
        }
        if !self.lines.iter().any(|line| matches!(line, Line::Differential { .. })) {
            missing.push("no differential test ran".to_owned());
        }
        missing.extend(self.lines.iter().filter_map(|line| match line {
            Line::Differential { name, cases: 0, .. } => {
                Some(format!("the differential test {name} ran no case"))
            }
            Line::Unreadable(line) => Some(format!("a line that tells no counts: {line}")),
            _ => None,
        }));
        missing
    }
}

impl Line {
    /// `None` for a line of another kind.
    fn parse(line: &str) -> Option<Self> {
        let conformance = line.strip_prefix("conformance: ").map(Self::conformance);
        let differential = || line.strip_prefix("differential: ").map(Self::differential);
        conformance
            .or_else(differential)
            .map(|parsed| parsed.unwrap_or_else(|| Self::Unreadable(line.to_owned())))
    }

    fn conformance(fields: &str) -> Option<Self> {
        let number = |name| field(fields, name)?.parse().ok();
        Some(Self::Conformance {
            backend: field(fields, "backend")?.to_owned(),
            ran: number("ran")?,
            counts: Counts {
                passed: number("passed")?,
                failed: number("failed")?,
                ignored: number("ignored")?,
            },
        })
    }

    fn differential(fields: &str) -> Option<Self> {
        Some(Self::Differential {
            name: field(fields, "name")?.to_owned(),
            cases: field(fields, "cases")?.parse().ok()?,
            fields: fields.to_owned(),
        })
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Conformance { backend, ran, counts: Counts { passed, failed, ignored } } => {
                write!(
                    f,
                    "conformance: backend={backend} ran={ran} passed={passed} failed={failed} ignored={ignored}"
                )
            }
            Self::Differential { fields, .. } => write!(f, "differential: {fields}"),
            Self::Unreadable(line) => f.write_str(line),
        }
    }
}

/// The value of `name=value` among words.
fn field<'a>(words: &'a str, name: &str) -> Option<&'a str> {
    words.split_whitespace().find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
}

/// The counts in `ok. 5 passed; 0 failed; 1 ignored; 0 measured; …`.
fn result(rest: &str) -> Counts {
    let count = |name| {
        let part = rest.split([';', '.']).find_map(|part| part.trim().strip_suffix(name))?;
        part.trim().parse().ok()
    };
    Counts {
        passed: count(" passed").unwrap_or(0),
        failed: count(" failed").unwrap_or(0),
        ignored: count(" ignored").unwrap_or(0),
    }
}

/// The line without `ESC [ … m`, which cargo and test harnesses write where CARGO_TERM_COLOR asks for it.
fn without_colors(line: &str) -> String {
    let mut parts = line.split("\x1b[");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        plain.push_str(part.split_once('m').map_or(part, |(_, rest)| rest));
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEMORY: &str = "conformance: backend=memory ran=120 passed=119 failed=0 ignored=1\n";
    const MONGO: &str = "conformance: backend=mongo ran=120 passed=118 failed=2 ignored=0\n";
    const FIND: &str =
        "differential: name=find seed=18446744073709551615 cases=256 comparisons=9\n";

    fn check_counts(output: &str, passed: u64, failed: u64, ignored: u64) {
        let report = Report::parse(output);
        assert_eq!(
            (report.passed, report.failed, report.ignored),
            (passed, failed, ignored),
            "{output}"
        );
    }

    #[test]
    fn results_are_summed() {
        check_counts("", 0, 0, 0);
        check_counts(
            "test result: ok. 5 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s",
            5,
            0,
            1,
        );
        check_counts(
            "test result: FAILED. 5 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out",
            5,
            2,
            0,
        );
        // Two lines of one binary (doctests print one for those merged, one for the rest), then another binary.
        check_counts(
            "   Doc-tests a\ntest result: ok. 3 passed; 0 failed; 0 ignored\ntest result: ok. 1 passed; 0 failed; 0 ignored\n     \
             Running tests/it/main.rs (target/debug/deps/it-1)\ntest result: ok. 10 passed; 0 failed; 0 ignored",
            14,
            0,
            0,
        );
        check_counts(
            "\x1b[1m\x1b[32m     Running\x1b[0m unittests\ntest result: \x1b[32mok\x1b[0m. 5 passed; 0 failed; 0 ignored",
            5,
            0,
            0,
        );
        check_counts("test test_result ... ok\nthe test result: ok. 5 passed; 0 failed", 0, 0, 0);
    }

    #[test]
    fn conformance_cases_are_counted_once() {
        let unit = "     Running unittests src/lib.rs (a)\ntest result: ok. 7 passed; 0 failed; 0 ignored\n";
        let memory = "     Running tests/memory.rs (b)\n";
        let mongo = "     Running tests/mongo.rs (c)\n";
        // A harness that counts the cases as tests, and one that does not.
        check_counts(
            &format!("{unit}{memory}test result: ok. 119 passed; 0 failed; 1 ignored\n{MEMORY}"),
            126,
            0,
            1,
        );
        check_counts(&format!("{unit}{memory}{MEMORY}"), 126, 0, 1);
        check_counts(
            &format!("{memory}{MEMORY}test result: ok. 1 passed; 0 failed; 0 ignored\n{unit}"),
            126,
            0,
            1,
        );
        check_counts(&format!("{memory}{MEMORY}{mongo}{MONGO}{unit}"), 244, 2, 1);
        // Both backends in one binary.
        check_counts(
            &format!(
                "{memory}{MEMORY}{MONGO}test result: FAILED. 237 passed; 2 failed; 1 ignored\n"
            ),
            237,
            2,
            1,
        );
        check_counts(
            &format!("{memory}{FIND}test result: ok. 4 passed; 0 failed; 0 ignored\n"),
            4,
            0,
            0,
        );
    }

    fn check_missing(output: &str, expected: &[&str]) {
        assert_eq!(Report::parse(output).missing(), expected, "{output}");
    }

    #[test]
    fn what_did_not_run_is_told() {
        check_missing(&format!("{MEMORY}{MONGO}{FIND}"), &[]);
        check_missing(&format!("{MEMORY}{FIND}"), &["the conformance suite did not run on mongo"]);
        check_missing(&format!("{MONGO}{FIND}"), &["the conformance suite did not run on memory"]);
        check_missing(&format!("{MEMORY}{MONGO}"), &["no differential test ran"]);
        check_missing(
            &format!(
                "{MEMORY}conformance: backend=mongo ran=0 passed=0 failed=0 ignored=120\n{FIND}"
            ),
            &["no conformance case ran on mongo"],
        );
        check_missing(
            &format!("{MEMORY}{MONGO}{FIND}differential: name=update seed=1 cases=0"),
            &["the differential test update ran no case"],
        );
        check_missing(
            &format!("{MEMORY}{MONGO}{FIND}conformance: backend=mongo ran=many"),
            &["a line that tells no counts: conformance: backend=mongo ran=many"],
        );
    }

    #[test]
    fn lines_are_printed_as_they_were_read() {
        let printed: String = Report::parse(&format!("{MEMORY}noise\n{MONGO}{FIND}"))
            .lines
            .iter()
            .map(|line| format!("{line}\n"))
            .collect();
        assert_eq!(printed, format!("{MEMORY}{MONGO}{FIND}"));
    }
}
