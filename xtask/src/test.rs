//! `cargo xtask test`: everything CI runs, one step after the other. A step that fails does not keep the others from
//! running, and a step that cannot run has failed.

mod report;

use std::fmt;
use std::io::{self, Write};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use self::report::Report;
use crate::mongod::Server;
use crate::step::{self, Keep};
use crate::{Result, workspace};

/// Cases for each property, unless `PROPTEST_CASES` says otherwise: the same budget on every machine.
const PROPTEST_CASES: &str = "256";
/// How many reads the differential tests compare at least, with that many cases.
const DIFFERENTIAL_READS: &str = "20000";
/// How many sequences of writes they compare at least.
const DIFFERENTIAL_SEQUENCES: &str = "10000";
/// How many expressions and pipelines they compare at least.
const DIFFERENTIAL_AGGREGATIONS: &str = "20000";
/// The seed of the differential tests, unless `ODM_DIFFERENTIAL_SEED` says otherwise: a change is
/// judged by the same documents and commands as the one before. Searching goes by other seeds.
const DIFFERENTIAL_SEED: &str = "20260601";
/// The examples that run on both backends, and what their steps are called.
const EXAMPLES: [[&str; 4]; 2] = [
    [
        "quickstart",
        "quickstart on memory",
        "quickstart on MongoDB",
        "quickstart prints the same on both",
    ],
    [
        "analytics",
        "analytics on memory",
        "analytics on MongoDB",
        "analytics prints the same on both",
    ],
];

/// Runs all steps and sums them up; the last line is `N passed, N failed`.
pub(crate) fn run() -> Result<ExitCode> {
    let mut run = Run::default();
    run.command("format", workspace::cargo(&["fmt", "--all", "--check"]), Keep::Nothing);
    run.command("clippy", clippy(), Keep::Nothing);
    run.command("docs", docs(), Keep::Nothing);
    let server = run.step("MongoDB", Server::for_this_run);
    let uri = server.as_ref().map(Server::uri);
    let report = run.tests(uri);
    for example in EXAMPLES {
        run.example(example, uri);
    }
    run.step("stop MongoDB", || {
        drop(server);
        Ok(())
    });
    Ok(run.finish(&report))
}

fn clippy() -> Command {
    workspace::cargo(&[
        "clippy",
        "--workspace",
        "--all-targets",
        "--all-features",
        "--",
        "-D",
        "warnings",
    ])
}

fn docs() -> Command {
    let mut docs = workspace::cargo(&["doc", "--workspace", "--no-deps", "--all-features"]);
    docs.env("RUSTDOCFLAGS", "-D warnings");
    docs
}

/// The steps so far.
struct Run {
    started: Instant,
    done: Vec<Step>,
}

struct Step {
    name: &'static str,
    took: Duration,
    /// Why it failed, if it did.
    failure: Option<String>,
}

impl Default for Run {
    fn default() -> Self {
        Self { started: Instant::now(), done: Vec::new() }
    }
}

impl Run {
    /// Runs `action` under a heading, and notes how it went.
    fn step<T>(&mut self, name: &'static str, action: impl FnOnce() -> Result<T>) -> Option<T> {
        println!("\n==> {name}");
        // What our children write must not overtake it.
        let _ = io::stdout().flush();
        let started = Instant::now();
        let outcome = action();
        let took = started.elapsed();
        let (given, failure) = match outcome {
            Ok(given) => (Some(given), None),
            Err(error) => (None, Some(error.to_string())),
        };
        match &failure {
            None => println!("--> {name}: ok, {}", Minutes(took)),
            Some(why) => println!("--> {name}: FAILED, {}: {why}", Minutes(took)),
        }
        self.done.push(Step { name, took, failure });
        given
    }

    /// A step that is one command; gives what it wrote on the kept streams, if it succeeded.
    fn command(&mut self, name: &'static str, command: Command, keep: Keep) -> Option<String> {
        self.step(name, || match step::run(command, keep)? {
            (true, output) => Ok(output),
            (false, _) => Err("the command failed".into()),
        })
    }

    /// All tests of the workspace, then whether the suites on both backends were among them.
    fn tests(&mut self, uri: Option<&str>) -> Report {
        let cases = std::env::var("PROPTEST_CASES").unwrap_or_else(|_| PROPTEST_CASES.to_owned());
        let seed =
            std::env::var("ODM_DIFFERENTIAL_SEED").unwrap_or_else(|_| DIFFERENTIAL_SEED.to_owned());
        let mut tests =
            workspace::cargo(&["test", "--workspace", "--all-features", "--no-fail-fast"]);
        tests.env("ODM_REQUIRE_MONGODB", "1").env("PROPTEST_CASES", &cases);
        tests.env("ODM_DIFFERENTIAL_SEED", &seed);
        if cases == PROPTEST_CASES {
            tests.env("ODM_DIFFERENTIAL_READS", DIFFERENTIAL_READS);
            tests.env("ODM_DIFFERENTIAL_SEQUENCES", DIFFERENTIAL_SEQUENCES);
            tests.env("ODM_DIFFERENTIAL_AGGREGATIONS", DIFFERENTIAL_AGGREGATIONS);
        }
        if let Some(uri) = uri {
            tests.env("MONGODB_URI", uri);
        }
        let mut report = Report::default();
        self.step("tests", || {
            println!("PROPTEST_CASES={cases} ODM_DIFFERENTIAL_SEED={seed}");
            let (success, output) = step::run(tests, Keep::Both)?;
            report = Report::parse(&output);
            match (success, report.failed) {
                (true, 0) => Ok(()),
                (false, 0) => Err("cargo test failed".into()),
                (_, failed) => Err(format!("{failed} failed").into()),
            }
        });
        self.step("both backends were tested", || match report.missing().as_slice() {
            [] => Ok(()),
            missing => Err(missing.join("; ").into()),
        });
        report
    }

    /// An example prints the same on either backend.
    fn example(&mut self, [name, memory, mongodb, same]: [&'static str; 4], uri: Option<&str>) {
        let run = ["run", "--quiet", "--package", "examples", "--example", name];
        let on_memory = self.command(memory, workspace::cargo(&run), Keep::Stdout);
        let mut command = workspace::cargo(&run);
        command.args(["--features", "mongo", "--", "--uri"]);
        let on_mongodb = match uri {
            Some(uri) => {
                command.arg(uri);
                self.command(mongodb, command, Keep::Stdout)
            }
            None => self.step(mongodb, || Err("did not run: there is no MongoDB".into())),
        };
        self.step(same, || match (on_memory, on_mongodb) {
            (Some(memory), Some(mongodb)) => same_output(&memory, &mongodb),
            _ => Err("did not run: there are no two outputs to compare".into()),
        });
    }

    fn finish(&self, report: &Report) -> ExitCode {
        println!("\n==> summary");
        for step in &self.done {
            let mark = if step.failure.is_none() { "ok    " } else { "FAILED" };
            println!("{mark}  {:>6}  {}", Minutes(step.took), step.name);
            if let Some(why) = &step.failure {
                println!("                {}", why.replace('\n', "\n                "));
            }
        }
        for line in &report.lines {
            println!("{line}");
        }
        if report.ignored > 0 {
            println!("{} ignored", report.ignored);
        }
        println!("took {}", Minutes(self.started.elapsed()));
        let failed = report.failed + self.failed_steps(report);
        println!("{} passed, {failed} failed", report.passed);
        if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }

    /// Failed steps, but not the tests' own if its failed tests are counted already.
    fn failed_steps(&self, report: &Report) -> u64 {
        let counted =
            |step: &&Step| step.failure.is_some() && !(step.name == "tests" && report.failed > 0);
        self.done.iter().filter(counted).map(|_| 1).sum()
    }
}

fn same_output(memory: &str, mongodb: &str) -> Result<()> {
    if memory.trim().is_empty() {
        return Err("the example printed nothing".into());
    }
    if memory == mongodb {
        println!("the same {} lines", memory.lines().count());
        return Ok(());
    }
    let (ours, theirs) = (memory.lines().map(Some), mongodb.lines().map(Some));
    let longer = memory.lines().count().max(mongodb.lines().count());
    let mut pairs =
        ours.chain(std::iter::repeat(None)).zip(theirs.chain(std::iter::repeat(None))).take(longer);
    let show = |line: Option<&str>| {
        line.map_or_else(|| "(the output has ended)".to_owned(), |line| format!("{line:?}"))
    };
    Err(match pairs.by_ref().enumerate().find(|(_, (ours, theirs))| ours != theirs) {
        Some((at, (ours, theirs))) => {
            format!("line {}: memory {}, MongoDB {}", at + 1, show(ours), show(theirs)).into()
        }
        None => "the outputs differ in their line ends".into(),
    })
}

/// A duration as minutes and seconds.
struct Minutes(Duration);

impl fmt::Display for Minutes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        f.pad(&format!("{}:{:02}", seconds / 60, seconds % 60))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_same(memory: &str, mongodb: &str, expected: Option<&str>) {
        assert_eq!(
            same_output(memory, mongodb).err().map(|error| error.to_string()).as_deref(),
            expected
        );
    }

    #[test]
    fn outputs_are_compared_line_by_line() {
        check_same("a\nb\n", "a\nb\n", None);
        check_same("", "", Some("the example printed nothing"));
        check_same("a\nb\n", "a\nc\n", Some("line 2: memory \"b\", MongoDB \"c\""));
        check_same("a\nb\n", "a\n", Some("line 2: memory \"b\", MongoDB (the output has ended)"));
        check_same("a\n", "a\nb\n", Some("line 2: memory (the output has ended), MongoDB \"b\""));
        check_same("a\n", "a", Some("the outputs differ in their line ends"));
    }

    fn check_failed_steps(steps: &[(&'static str, bool)], failed_tests: u64, expected: u64) {
        let mut run = Run::default();
        for &(name, success) in steps {
            run.step(name, || if success { Ok(()) } else { Err("no".into()) });
        }
        let report = Report { failed: failed_tests, ..Report::default() };
        assert_eq!(run.failed_steps(&report), expected, "{steps:?}");
    }

    #[test]
    fn a_failed_step_counts_once() {
        check_failed_steps(&[("format", true), ("tests", true)], 0, 0);
        check_failed_steps(&[("format", false), ("tests", true)], 0, 1);
        // cargo test failed without a failed test: a test binary did not build, or crashed.
        check_failed_steps(&[("format", true), ("tests", false)], 0, 1);
        check_failed_steps(&[("format", false), ("tests", false)], 3, 1);
    }

    #[test]
    fn durations_are_read_as_minutes() {
        assert_eq!(Minutes(Duration::from_millis(59_900)).to_string(), "0:59");
        assert_eq!(Minutes(Duration::from_secs(754)).to_string(), "12:34");
    }
}
