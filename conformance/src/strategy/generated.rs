//! Cases that a function makes of random numbers, and how they shrink.
//!
//! The strategies of `proptest` are made of one another, which is little help where what fits depends on what stands
//! around it: the type that an operator takes, the variables in scope, whether documents still have an order. Here
//! a plain function makes the case as one document ([`Generated`]); what fails is made smaller by taking parts of that
//! document away, wherever they are.

use std::fmt::Debug;

use bson::{Bson, Document};
use proptest::prelude::Rng;
use proptest::strategy::{NewTree, Strategy, ValueTree};
use proptest::test_runner::{TestRng, TestRunner};

/// Random choices.
#[derive(Debug)]
pub(super) struct Dice<'r>(pub(super) &'r mut TestRng);

impl Dice<'_> {
    /// A number below `n`, which is not 0.
    pub(super) fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.0.next_u64() % (n.max(1) as u64)).unwrap_or_default()
    }

    /// A number in this range.
    pub(super) fn between(&mut self, least: i64, most: i64) -> i64 {
        let span = u64::try_from(most - least).unwrap_or_default() + 1;
        least + i64::try_from(self.0.next_u64() % span).unwrap_or_default()
    }

    /// Whether something happens that does in `n` of `of` cases.
    pub(super) fn chance(&mut self, n: usize, of: usize) -> bool {
        self.below(of) < n
    }

    /// One of these, of which there is at least one.
    pub(super) fn pick<'t, T>(&mut self, from: &'t [T]) -> &'t T {
        &from[self.below(from.len())]
    }
}

/// A strategy of cases that a function makes.
#[derive(Clone, Copy, Debug)]
pub struct Generated {
    make: fn(&mut TestRng) -> Document,
}

impl Generated {
    /// What `make` makes. The fields of the document are lists, whose elements are left out one after the other.
    pub(super) const fn new(make: fn(&mut TestRng) -> Document) -> Self {
        Generated { make }
    }
}

impl Strategy for Generated {
    type Tree = Shrinking;
    type Value = Document;

    fn new_tree(&self, runner: &mut TestRunner) -> NewTree<Self> {
        let made = (self.make)(runner.rng());
        Ok(Shrinking { failing: made.clone(), current: made, edits: None, at: 0, found: false })
    }
}

/// A case that is made smaller.
#[derive(Clone, Debug)]
pub struct Shrinking {
    /// The smallest that failed.
    failing: Document,
    /// What is tried.
    current: Document,
    /// What can be left out of `failing`; none were looked for if it never failed.
    edits: Option<Vec<Edit>>,
    /// Which of them comes next.
    at: usize,
    /// Whether one of this round still failed.
    found: bool,
}

impl ValueTree for Shrinking {
    type Value = Document;

    fn current(&self) -> Document {
        self.current.clone()
    }

    fn simplify(&mut self) -> bool {
        self.found = self.edits.is_some();
        self.failing = self.current.clone();
        self.edits = Some(edits(&self.failing));
        self.next()
    }

    fn complicate(&mut self) -> bool {
        self.next()
    }
}

impl Shrinking {
    /// Tries the next edit, from the first again as long as one of them helped.
    fn next(&mut self) -> bool {
        let Some(edits) = &self.edits else { return false };
        if self.at >= edits.len() {
            if !self.found {
                return false;
            }
            (self.at, self.found) = (0, false);
        }
        let Some(edit) = edits.get(self.at) else { return false };
        self.at += 1;
        self.current = edit.apply(&self.failing);
        true
    }
}

/// A way to make a case smaller.
#[derive(Clone, Debug)]
struct Edit {
    /// Which part of which part …, by position.
    path: Vec<usize>,
    change: Change,
}

#[derive(Clone, Debug)]
enum Change {
    /// Leaves out so many parts from this one on.
    Remove(usize, usize),
    /// Leaves out all parts but this.
    Keep(usize),
    /// Puts one part in the place of the whole.
    Hoist(usize),
    Set(Bson),
}

/// What stays as it is: without it, other documents would be compared, or an order that there is none of.
const KEPT: [&str; 16] = [
    "_id",
    "order",
    "refusals",
    "$sort",
    "sortBy",
    "$sample",
    "let",
    "cursor",
    "aggregate",
    "find",
    "indexes",
    "collation",
    "from",
    "field",
    "range",
    "partitionByFields",
];

/// What stays where it is, though there may be less in it.
const FRAME: [&str; 12] = [
    "startWith",
    "connectFromField",
    "connectToField",
    "as",
    "run",
    "pipeline",
    "update",
    "updates",
    "findAndModify",
    "query",
    "q",
    "u",
];

/// Whether something stays as it is though it has no name: a stage that makes an order, or keeps others in their places.
fn is_kept(part: &Bson) -> bool {
    let Some((name, spec)) = part.as_document().and_then(|stage| stage.iter().next()) else {
        return false;
    };
    let marks = |(name, value): (&String, &Bson)| {
        let operators = value.as_document();
        name == "behind" || operators.is_some_and(|value| value.contains_key("$sortArray"))
    };
    match name.as_str() {
        "$sort" | "$sample" | "$replaceWith" | "$documents" => true,
        "$limit" => *spec == Bson::Int32(1000),
        "$set" => spec.as_document().is_some_and(|spec| spec.iter().any(marks)),
        _ => false,
    }
}

/// What a case can be made smaller by, coarse to fine.
fn edits(case: &Document) -> Vec<Edit> {
    let mut found = Vec::new();
    for (at, (name, list)) in case.iter().enumerate() {
        let Bson::Array(parts) = list else { continue };
        let mut path = vec![at];
        if name == "commands" && parts.len() > 1 {
            let keep = |part| Edit { path: vec![at], change: Change::Keep(part) };
            found.extend((0..parts.len()).map(keep));
        }
        each_edit(list, &mut path, &mut found);
    }
    found.sort_by_key(|edit| edit.path.len());
    found
}

fn each_edit(value: &Bson, path: &mut Vec<usize>, found: &mut Vec<Edit>) {
    let mut edit = |path: &[usize], change| found.push(Edit { path: path.to_vec(), change });
    let (parts, removes): (Vec<(&str, &Bson)>, bool) = match value {
        Bson::Array(items) => (items.iter().map(|item| ("", item)).collect(), true),
        Bson::Document(doc) => {
            // An operator is taken away with its operand, as a whole.
            let names = doc.iter().map(|(name, value)| (name.as_str(), value));
            (names.collect(), doc.len() > 1 || path.len() > 2)
        }
        Bson::Int32(1) | Bson::Null | Bson::Boolean(_) => return,
        Bson::String(text) if text.starts_with('$') => return edit(path, Change::Set(Bson::Null)),
        _ => {
            edit(path, Change::Set(Bson::Null));
            return edit(path, Change::Set(Bson::Int32(1)));
        }
    };
    if parts.len() > 3 && value.as_array().is_some_and(|items| !items.iter().any(is_kept)) {
        let half = parts.len() / 2;
        edit(path, Change::Remove(0, half));
        edit(path, Change::Remove(half, parts.len() - half));
    }
    for (at, (name, part)) in parts.iter().enumerate().rev() {
        let is_target = matches!((*name, part), ("update" | "findAndModify", Bson::String(_)));
        if KEPT.contains(name) || FRAME.contains(name) || is_kept(part) || is_target {
            continue;
        }
        if removes {
            edit(path, Change::Remove(at, 1));
        }
        if path.len() > 2 {
            edit(path, Change::Hoist(at));
        }
    }
    for (at, (name, part)) in parts.iter().enumerate() {
        let is_target = matches!((*name, part), ("update" | "findAndModify", Bson::String(_)));
        if !KEPT.contains(name) && !is_kept(part) && !is_target {
            path.push(at);
            each_edit(part, path, found);
            path.pop();
        }
    }
}

impl Edit {
    fn apply(&self, case: &Document) -> Document {
        match edited(&Bson::Document(case.clone()), &self.path, &self.change) {
            Bson::Document(case) => case,
            _ => case.clone(),
        }
    }
}

fn edited(value: &Bson, path: &[usize], change: &Change) -> Bson {
    let Some((first, rest)) = path.split_first() else { return changed(value, change) };
    match value {
        Bson::Array(items) => {
            let part = |(at, item): (usize, &Bson)| {
                if at == *first { edited(item, rest, change) } else { item.clone() }
            };
            items.iter().enumerate().map(part).collect()
        }
        Bson::Document(doc) => {
            let part = |(at, (name, item)): (usize, (&String, &Bson))| {
                let item = if at == *first { edited(item, rest, change) } else { item.clone() };
                (name.clone(), item)
            };
            Bson::Document(doc.iter().enumerate().map(part).collect())
        }
        other => other.clone(),
    }
}

fn changed(value: &Bson, change: &Change) -> Bson {
    let is_left = |at: usize| match change {
        Change::Remove(from, count) => at < *from || at >= from + count,
        Change::Keep(only) => at == *only,
        _ => true,
    };
    match (change, value) {
        (Change::Set(to), _) => to.clone(),
        (Change::Hoist(at), Bson::Array(items)) => items.get(*at).cloned().unwrap_or(Bson::Null),
        (Change::Hoist(at), Bson::Document(doc)) => {
            doc.values().nth(*at).cloned().unwrap_or(Bson::Null)
        }
        (_, Bson::Array(items)) => {
            let left = items.iter().enumerate().filter(|(at, _)| is_left(*at));
            left.map(|(_, item)| item.clone()).collect()
        }
        (_, Bson::Document(doc)) => {
            let left = doc.iter().enumerate().filter(|(at, _)| is_left(*at));
            Bson::Document(left.map(|(_, (name, item))| (name.clone(), item.clone())).collect())
        }
        (_, other) => other.clone(),
    }
}
