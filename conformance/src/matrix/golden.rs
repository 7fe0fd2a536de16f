//! Recorded answers: the format of the files.
//!
//! ```text
//! # A comment.
//! > {"v":{"$gt":@}}
//! int-1..decimal-1 = int-2..decimal-5 array-of-1
//! null min-key = all but missing
//! regex-a = !2
//! ```
//!
//! `>` begins a question. Where it has an `@`, it is asked once for each value, put in there; the lines below it then give
//! the names of values, and the answer that is common to them. Values whose names follow an ` except ` are not asked about.
//! Without an `@` there is one answer, after `=`.
//! The answer is a list of names (or `all`, `all but …`, `none`), a refusal (`!` and its code), or what else
//! [`Ask`](super::ask::Ask) tells. Names that follow one another in `values.txt` are written `first..last`.

use std::collections::HashSet;
use std::fmt::{self, Display};

use super::values::Values;
use crate::case::Failure;

/// A file of questions and answers.
#[derive(Debug)]
pub(super) struct Golden<S> {
    pub(super) sections: Vec<S>,
}

/// A question with its answers, of either kind of file.
pub(super) trait Answered: Display + Sized {
    /// A question without answers yet; `comments` are the lines above it that begin with `#`.
    fn new(comments: Vec<String>, question: String) -> Self;

    /// Reads a line of answers; `None` if it is malformed.
    fn read(&mut self, line: &str) -> Option<()>;
}

/// A question, and its answers.
#[derive(Debug)]
pub(super) struct Section {
    /// The lines above it that begin with `#`.
    comments: Vec<String>,
    pub(super) question: String,
    pub(super) rows: Vec<Row>,
}

/// An answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// The name of the value that it is about; empty if it is about all.
    pub(super) subject: String,
    pub(super) answer: String,
}

impl<S: Answered> Golden<S> {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// If it is malformed, or answers twice for the same value.
    pub(super) fn parse(text: &str) -> Result<Self, Failure> {
        let mut sections: Vec<S> = Vec::new();
        let mut comments = Vec::new();
        for line in text.lines().filter(|line| !line.is_empty()) {
            if line.starts_with('#') {
                comments.push(line.to_owned());
            } else if let Some(question) = line.strip_prefix("> ") {
                sections.push(S::new(std::mem::take(&mut comments), question.to_owned()));
            } else {
                let malformed = || Failure::new(format!("malformed: {line}"));
                let section = sections.last_mut().ok_or_else(malformed)?;
                section.read(line).ok_or_else(malformed)?;
            }
        }
        Ok(Golden { sections })
    }
}

impl Answered for Section {
    fn new(comments: Vec<String>, question: String) -> Self {
        Section { comments, question, rows: Vec::new() }
    }

    fn read(&mut self, line: &str) -> Option<()> {
        let (subjects, answer) = match line.strip_prefix("= ") {
            Some(answer) => ("", answer),
            None => line.split_once(" = ")?,
        };
        let subjects: Vec<&str> = match subjects {
            "" => vec![""],
            names => listed(names)?,
        };
        for subject in subjects {
            if self.has(subject) {
                return None;
            }
            self.rows.push(Row { subject: subject.to_owned(), answer: answer.to_owned() });
        }
        Some(())
    }
}

impl Section {
    fn has(&self, subject: &str) -> bool {
        self.rows.iter().any(|row| row.subject == subject)
    }

    /// The subjects of each answer.
    fn groups(&self) -> Vec<(&str, Vec<&str>)> {
        let mut groups: Vec<(&str, Vec<&str>)> = Vec::new();
        for row in &self.rows {
            match groups.iter_mut().find(|(answer, _)| *answer == row.answer) {
                Some((_, subjects)) => subjects.push(&row.subject),
                None => groups.push((&row.answer, vec![&row.subject])),
            }
        }
        groups
    }
}

impl<S: Display> Display for Golden<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, section) in self.sections.iter().enumerate() {
            if at > 0 {
                f.write_str("\n")?;
            }
            section.fmt(f)?;
        }
        Ok(())
    }
}

impl Display for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_question(f, &self.comments, &self.question)?;
        for (answer, subjects) in self.groups() {
            let subjects = match subjects.as_slice() {
                [""] => String::new(),
                names => {
                    let all = Values::get().names();
                    ranges(&all.map(|name| names.contains(&name)).collect::<Vec<_>>())
                }
            };
            writeln!(f, "{subjects}{}= {answer}", if subjects.is_empty() { "" } else { " " })?;
        }
        Ok(())
    }
}

/// Prints a question, and the comments above it.
pub(super) fn write_question(
    f: &mut fmt::Formatter<'_>,
    comments: &[String],
    question: &str,
) -> fmt::Result {
    comments.iter().try_for_each(|comment| writeln!(f, "{comment}"))?;
    writeln!(f, "> {question}")
}

/// The answer that consists of these names.
pub(super) fn names(found: &[&str]) -> String {
    let found: HashSet<&str> = found.iter().copied().collect();
    let chosen: Vec<bool> = Values::get().names().map(|name| found.contains(name)).collect();
    let rest: Vec<bool> = chosen.iter().map(|chosen| !chosen).collect();
    match (ranges(&chosen), ranges(&rest)) {
        (found, _) if found.is_empty() => "none".to_owned(),
        (_, rest) if rest.is_empty() => "all".to_owned(),
        (found, rest) if rest.len() < found.len() / 2 => format!("all but {rest}"),
        (found, _) => found,
    }
}

/// The names of the values that are chosen; those that follow one another as `first..last`.
fn ranges(chosen: &[bool]) -> String {
    let all = &Values::get().all;
    let mut written = Vec::new();
    let mut start = 0;
    for run in chosen.chunk_by(|left, right| left == right) {
        let end = start + run.len();
        match &all[start..end] {
            _ if run.first() != Some(&true) => {}
            [first, _, .., last] => written.push(format!("{}..{}", first.name, last.name)),
            few => written.extend(few.iter().map(|value| value.name.to_owned())),
        }
        start = end;
    }
    written.join(" ")
}

/// The names in such a list; `None` if it is none.
fn listed(text: &str) -> Option<Vec<&'static str>> {
    let all: Vec<&str> = Values::get().names().collect();
    let place = |name: &str| all.iter().position(|each| *each == name);
    let mut names = Vec::new();
    for item in text.split(' ') {
        let (first, last) = item.split_once("..").unwrap_or((item, item));
        names.extend_from_slice(all.get(place(first)?..=place(last)?)?);
    }
    Some(names)
}

/// The names that an answer consists of, if it is a list of names.
pub(super) fn named(answer: &str) -> Option<Vec<&'static str>> {
    let all = Values::get().names();
    match answer {
        "none" => Some(Vec::new()),
        "all" => Some(all.collect()),
        _ => match answer.strip_prefix("all but ") {
            Some(rest) => {
                let rest = listed(rest)?;
                Some(all.filter(|name| !rest.contains(name)).collect())
            }
            None => listed(answer),
        },
    }
}

/// How an answer differs from the one that was recorded.
pub(super) fn difference(recorded: &str, answer: &str) -> String {
    let (Some(recorded_names), Some(found)) = (named(recorded), named(answer)) else {
        return format!("\n  recorded {recorded}\n  got      {answer}");
    };
    let without = |left: &[&str], right: &[&str]| {
        let left = left.iter().copied().filter(|name| !right.contains(name));
        left.collect::<Vec<_>>().join(" ")
    };
    let missing = without(&recorded_names, &found);
    let extra = without(&found, &recorded_names);
    if missing.is_empty() && extra.is_empty() {
        return format!("\n  recorded {recorded}\n  got      {answer}");
    }
    format!("\n  missing {missing}\n  extra   {extra}")
}
