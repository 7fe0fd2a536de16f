//! Recorded answers: the format of the files.
//!
//! ```text
//! # A comment.
//! > {"$push":{"v":@}}
//! for min-key..code-scope-a
//! missing = {"v":[@]}
//! array-1 = {"v":[1,@]}
//! array-empty = same
//! rest = !2
//! for int-1
//! array-1 = {"v":[1]}
//! ```
//!
//! `>` begins a question. Where it has an `@`, it is asked once for each value (those named after ` with `, or all but
//! those after ` except `), put in there; `for` names the values for which the lines below it hold. A line gives the
//! names of stored values, and what becomes of their documents: `same`, a refusal (`!` and its code), or the document
//! without its `_id`, in which an `@` stands for what was put in. What a later `for` says nothing about is as below the
//! first one. `counts` are told if they are not the number of documents without refusal, and of those that differ.

use std::collections::{BTreeMap, HashMap};
use std::fmt::{self, Display};
use std::sync::LazyLock;

use bson::Document;

use crate::case::Failure;
use crate::matrix::golden::{Answered, named, names, write_question};
use crate::matrix::json;
use crate::matrix::values::{Value, Values};

/// What becomes of the stored values for one operand.
pub(super) struct Answers {
    /// Its name; empty if there is none.
    pub(super) operand: &'static str,
    /// By the names of the stored values; by the empty one, if the question is about none.
    pub(super) outcomes: Vec<(String, String)>,
    pub(super) counts: Option<String>,
}

/// A question, and its answers.
#[derive(Debug)]
pub(super) struct Section {
    /// The lines above it that begin with `#`.
    comments: Vec<String>,
    pub(super) question: String,
    /// The first is complete; the others tell what differs from it.
    pub(super) groups: Vec<Group>,
}

/// What holds for some operands.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) operands: Vec<&'static str>,
    pub(super) counts: Option<String>,
    /// By the names of the stored values.
    outcomes: BTreeMap<String, String>,
    /// Of those without a line of their own.
    rest: Option<String>,
}

impl Answered for Section {
    fn new(comments: Vec<String>, question: String) -> Self {
        Section { comments, question, groups: Vec::new() }
    }

    fn read(&mut self, line: &str) -> Option<()> {
        if let Some(operands) = line.strip_prefix("for ") {
            self.groups.push(Group::new(named(operands)?));
            return Some(());
        }
        if self.groups.is_empty() {
            self.groups.push(Group::new(vec![""]));
        }
        let group = self.groups.last_mut()?;
        if let Some(counts) = line.strip_prefix("counts ") {
            group.counts = Some(counts.to_owned());
            return Some(());
        }
        let (subjects, outcome) = match line.strip_prefix("= ") {
            Some(outcome) => ("", outcome),
            None => line.split_once(" = ")?,
        };
        match subjects {
            "" => drop(group.outcomes.insert(String::new(), outcome.to_owned())),
            "rest" => group.rest = Some(outcome.to_owned()),
            subjects => {
                for subject in named(subjects)? {
                    group.outcomes.insert(subject.to_owned(), outcome.to_owned());
                }
            }
        }
        Some(())
    }
}

impl Section {
    /// What was recorded of a stored value, with the operand put in.
    ///
    /// # Errors
    ///
    /// If there is no such value.
    pub(super) fn expected(
        &self,
        group: &Group,
        operand: &str,
        subject: &str,
    ) -> Result<Option<String>, Failure> {
        let outcome = group.outcome(subject);
        let outcome = outcome.or_else(|| self.groups.first()?.outcome(subject));
        outcome.map(|outcome| expand(outcome, operand, subject)).transpose()
    }

    /// Takes answers in the place of those that it has.
    ///
    /// # Errors
    ///
    /// If a value is named that there is not.
    pub(super) fn record(&mut self, answers: Vec<Answers>) -> Result<(), Failure> {
        self.groups.clear();
        'answers: for answer in answers {
            let Answers { operand, outcomes, counts } = answer;
            for place in 0..self.groups.len() {
                if self.holds(&self.groups[place], operand, &outcomes, counts.as_ref())? {
                    self.groups[place].operands.push(operand);
                    continue 'answers;
                }
            }
            let mut group = Group { counts, ..Group::new(vec![operand]) };
            for (subject, outcome) in outcomes {
                let as_first = match self.groups.first() {
                    Some(first) => self.expected(first, operand, &subject)?,
                    None => None,
                };
                if as_first.as_ref() != Some(&outcome) {
                    let written = contract(&outcome, operand, &subject);
                    group.outcomes.insert(subject, written);
                }
            }
            if self.groups.is_empty() {
                group.find_rest();
            }
            self.groups.push(group);
        }
        Ok(())
    }

    fn holds(
        &self,
        group: &Group,
        operand: &str,
        outcomes: &[(String, String)],
        counts: Option<&String>,
    ) -> Result<bool, Failure> {
        for (subject, outcome) in outcomes {
            if self.expected(group, operand, subject)?.as_ref() != Some(outcome) {
                return Ok(false);
            }
        }
        Ok(group.counts.as_ref() == counts)
    }
}

impl Group {
    fn new(operands: Vec<&'static str>) -> Self {
        Group { operands, counts: None, outcomes: BTreeMap::new(), rest: None }
    }

    fn outcome(&self, subject: &str) -> Option<&str> {
        self.outcomes.get(subject).or(self.rest.as_ref()).map(String::as_str)
    }

    /// Makes the most frequent outcome that of the rest.
    fn find_rest(&mut self) {
        let mut times: HashMap<&str, usize> = HashMap::new();
        for outcome in self.outcomes.values() {
            *times.entry(outcome).or_default() += 1;
        }
        let most = times.into_iter().max_by_key(|(outcome, times)| (*times, *outcome));
        if let Some((outcome, 2..)) = most {
            let rest = outcome.to_owned();
            self.outcomes.retain(|_, outcome| *outcome != rest);
            self.rest = Some(rest);
        }
    }
}

impl Display for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_question(f, &self.comments, &self.question)?;
        self.groups.iter().try_for_each(|group| group.fmt(f))
    }
}

impl Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.operands != [""] {
            writeln!(f, "for {}", names(&self.operands))?;
        }
        if let Some(counts) = &self.counts {
            writeln!(f, "counts {counts}")?;
        }
        if let Some(outcome) = self.outcomes.get("") {
            writeln!(f, "= {outcome}")?;
        }
        let mut lines: Vec<(&str, Vec<&str>)> = Vec::new();
        for name in Values::get().names() {
            let Some(outcome) = self.outcomes.get(name) else { continue };
            match lines.iter_mut().find(|(other, _)| other == outcome) {
                Some((_, subjects)) => subjects.push(name),
                None => lines.push((outcome, vec![name])),
            }
        }
        for (outcome, subjects) in lines {
            writeln!(f, "{} = {outcome}", names(&subjects))?;
        }
        match &self.rest {
            Some(rest) => writeln!(f, "rest = {rest}"),
            None => Ok(()),
        }
    }
}

/// The outcome with the operand put in for `@`, and the document for `same`.
fn expand(outcome: &str, operand: &str, subject: &str) -> Result<String, Failure> {
    if outcome == "same" {
        let old = texts(subject).ok_or_else(|| Failure::new(format!("no value: {subject}")))?;
        return Ok(old.document.clone());
    }
    Ok(match printed(operand) {
        Some(value) => outcome.replace('@', value),
        None => outcome.to_owned(),
    })
}

/// The outcome with `@` for the operand, except where the stored document has it already.
fn contract(outcome: &str, operand: &str, subject: &str) -> String {
    let old = texts(subject).map_or("", |texts| &texts.document);
    if old == outcome {
        return "same".to_owned();
    }
    let Some(value) = printed(operand).filter(|_| !outcome.starts_with('!')) else {
        return outcome.to_owned();
    };
    // What both begin with was there before.
    let is_same = |(left, right): &(char, char)| left == right;
    let both = outcome.chars().zip(old.chars()).take_while(is_same);
    let kept: usize = both.map(|(char, _)| char.len_utf8()).sum();
    // Not the 1 of 12.
    let is_edge = |char: Option<char>| char.is_none_or(|char| ",:[]{}".contains(char));
    let mut written = String::new();
    let mut rest = outcome;
    while let Some(place) = rest.find(value) {
        let (before, found) = rest.split_at(place);
        let (found, after) = found.split_at(value.len());
        let end = outcome.len() - after.len();
        written.push_str(before);
        let is_whole = is_edge(written.chars().last()) && is_edge(after.chars().next());
        let is_name = after.starts_with(':');
        written.push_str(if is_whole && !is_name && end > kept { "@" } else { found });
        rest = after;
    }
    written.push_str(rest);
    written
}

/// The operand as the files have it; `None` if there is none.
fn printed(operand: &str) -> Option<&'static str> {
    texts(operand)?.value.as_deref()
}

/// A value as the files have it, and its document without the `_id`.
struct Texts {
    value: Option<String>,
    document: String,
}

fn texts(name: &str) -> Option<&'static Texts> {
    static TEXTS: LazyLock<HashMap<&'static str, Texts>> = LazyLock::new(|| {
        let values = Values::get();
        let texts = |(value, doc): (&Value, &Document)| {
            let mut doc = doc.clone();
            doc.remove("_id");
            let value_text = value.value().ok().flatten().as_ref().map(json::print_value);
            (value.name, Texts { value: value_text, document: json::print(&doc) })
        };
        values.all.iter().zip(&values.documents).map(texts).collect()
    });
    TEXTS.get(name)
}
