//! Pipelines of a few stages, on documents as [`expression`](super::expression) has them.
//!
//! A pipeline knows in which order its documents come ([`Flow`]): what depends on an order that nobody promises is put
//! behind a sort, and where the last stages leave none, results are compared in any order.

mod stage;
mod update;
mod window;

use bson::{Bson, Document, doc};
use proptest::test_runner::TestRng;

use super::expression::{Maker, Type, documents};
use super::generated::{Dice, Generated};

pub use update::pipeline_updates;

/// Documents of two collections, indexes, and commands with a pipeline each.
///
/// Each of `commands` has the command itself (`run`), whether the order of the results is known (`order`), and whether
/// it is known which documents are refused (`refusals`).
pub fn pipelines() -> Generated {
    Generated::new(case)
}

/// How many commands share the documents.
const COMMANDS: usize = 24;
/// How many stages a pipeline has, but for those that make an order.
const STAGES: usize = 5;

/// The other collection.
const OTHER: &str = "other";

fn case(rng: &mut TestRng) -> Document {
    let dice = &mut Dice(rng);
    let docs = documents(dice, 6, 14);
    let mut other = documents(dice, 3, 8);
    for doc in &mut other {
        // Other `_id`s, so that they stay unique in a union.
        let id = doc.get_i32("_id").unwrap_or_default();
        doc.insert("_id", id + 100);
    }
    let indexes = if dice.chance(1, 3) { indexes(dice) } else { Vec::new() };
    let commands: Vec<Document> =
        (0..COMMANDS).map(|_| command(dice, !indexes.is_empty())).collect();
    doc! { "docs": docs, "other": other, "indexes": indexes, "commands": commands }
}

fn indexes(dice: &mut Dice<'_>) -> Vec<Document> {
    let keys = [
        doc! { "i": 1 },
        doc! { "s": 1, "i": -1 },
        doc! { "k": -1 },
        doc! { "x.a": 1 },
        doc! { "ai": 1, "b": 1 },
        doc! { "d": 1, "_id": 1 },
        doc! { "n": 1 },
    ];
    let count = 1 + dice.below(3);
    let mut chosen: Vec<Document> = Vec::new();
    for _ in 0..count {
        let key = dice.pick(&keys);
        if !chosen.contains(key) {
            chosen.push(key.clone());
        }
    }
    let index = |(at, key): (usize, Document)| doc! { "key": key, "name": format!("index{at}") };
    chosen.into_iter().enumerate().map(index).collect()
}

fn command(dice: &mut Dice<'_>, indexed: bool) -> Document {
    let wrong = usize::from(dice.chance(1, 6));
    let mut flow = Flow::new(Maker::new(dice, wrong), indexed);
    let from_documents = flow.maker.dice.chance(1, 16);
    if from_documents {
        flow.documents();
    }
    let count = 1 + flow.maker.dice.below(STAGES);
    for _ in 0..count {
        flow.add_stage();
    }
    let source: Bson = if from_documents { 1.into() } else { "c".into() };
    let mut command = doc! {
        "aggregate": source,
        "pipeline": flow.stages,
        "cursor": { "batchSize": 1000 },
    };
    if flow.maker.dice.chance(1, 16) {
        // Equal strings are one group then, whose first is shown: the order of the scan decides.
        if flow.ordered {
            command.insert("collation", doc! { "locale": "en", "strength": 2 });
        }
    }
    let refusals = !is_moved(command.get_array("pipeline").map_or(&[], Vec::as_slice));
    doc! { "run": command, "order": flow.ordered, "refusals": refusals }
}

/// Whether the server may let a stage run before another that computes something: then that one does not see all
/// documents any more, and not all refusals come about.
fn is_moved(pipeline: &[Bson]) -> bool {
    let stages = || pipeline.iter().filter_map(Bson::as_document).flatten();
    let is_first = |name: &str| matches!(name, "$match" | "$sort" | "$limit" | "$skip");
    let mut behind = stages().skip_while(|(name, _)| is_first(name)).skip(1);
    let names: Vec<&str> = stages().map(|(name, _)| name.as_str()).collect();
    let sorts = |name: &str| matches!(name, "$setWindowFields" | "$fill" | "$densify");
    behind.any(|(name, _)| matches!(name.as_str(), "$match" | "$skip" | "$sort"))
        // Nothing is told of a sort whose order the next stage changes.
        || names.windows(2).any(|two| matches!(two, ["$sort", next] if sorts(next)))
        // A leading projection is evaluated for many documents before the next stage sees the first.
        || names.len() > 1 && names.first() == Some(&"$project")
        // Which document comes first is a matter of chance.
        || names.contains(&"$sample")
        // Of several functions the server's hash table says which one is first.
        || stages().any(|(name, spec)| name == "$setWindowFields" && has_several_outputs(spec))
        // The server knows the variables when it makes the pipeline ready, and joins with its filters.
        || stages().any(|(name, spec)| name == "$lookup" && knows_more(spec))
        // Which of its pipelines is refused first depends on how they take turns.
        || stages().any(|(name, _)| name == "$facet")
        || stages().filter_map(|(_, spec)| spec.as_document()).flatten().any(|(_, inner)| {
            // Pipelines of `$lookup`, `$unionWith` and `$facet`.
            inner.as_array().is_some_and(|inner| is_moved(inner))
        })
}

fn has_several_outputs(spec: &Bson) -> bool {
    let output = spec.as_document().and_then(|spec| spec.get_document("output").ok());
    output.is_some_and(|output| output.len() > 1)
}

fn knows_more(lookup: &Bson) -> bool {
    let Some(lookup) = lookup.as_document() else { return false };
    let mut stages = lookup.get_array("pipeline").into_iter().flatten();
    lookup.contains_key("let")
        || stages.any(|stage| stage.as_document().is_some_and(|one| one.contains_key("$match")))
}

/// A pipeline as far as it is made.
struct Flow<'d, 'r> {
    maker: Maker<'d, 'r>,
    stages: Vec<Document>,
    /// Whether it is known in which order the documents come.
    ordered: bool,
    /// Fields that were computed, or taken away: they are left alone from then on, for the server remembers where in
    /// the document something that is missing was, and puts a later value there (KNOWN-DIFFERENCES.md).
    settled: Vec<String>,
    /// The fields that no two documents have in common, if there are such.
    key: Option<Vec<String>>,
}

impl<'d, 'r> Flow<'d, 'r> {
    /// Where an index may serve a `$match`, even one further behind, the documents come in its order.
    fn new(maker: Maker<'d, 'r>, indexed: bool) -> Self {
        Flow {
            maker,
            stages: Vec::new(),
            ordered: !indexed,
            settled: Vec::new(),
            key: Some(vec!["_id".to_owned()]),
        }
    }

    fn push(&mut self, stage: Document) {
        self.stages.push(stage);
    }

    /// Sorts, unless there is an order; says whether there is one now.
    fn make_order(&mut self) -> bool {
        if !self.ordered {
            self.sort();
        }
        self.ordered
    }

    /// Sorts by anything, and by the key at last, if there is one.
    fn sort(&mut self) {
        let mut by = Document::new();
        let mut lists = 0;
        for _ in 0..self.maker.dice.below(3) {
            let Some(field) = self.any_field() else { continue };
            // Two lists are refused, but of sorts that the server leaves out it tells nothing.
            let is_list = |(name, of): &(String, Type)| {
                *name == field
                    && (of.element() != Type::Any || matches!(of, Type::List | Type::Any))
            };
            lists += usize::from(self.maker.fields.iter().any(is_list));
            if lists < 2 {
                by.insert(field, self.direction());
            }
        }
        for field in self.key.clone().unwrap_or_default() {
            // Behind a path into it there can be no field any more.
            by.retain_fields(|name| !name.starts_with(&format!("{field}.")));
            if !by.contains_key(&field) {
                by.insert(field, self.direction());
            }
        }
        if by.is_empty() {
            return;
        }
        self.ordered = self.key.is_some();
        // Of two sorts the server leaves out the first, and what that would refuse.
        self.stages.pop_if(|stage| stage.contains_key("$sort"));
        self.push(doc! { "$sort": by });
    }

    fn direction(&mut self) -> i32 {
        if self.maker.dice.chance(1, 2) { 1 } else { -1 }
    }

    /// The name of a field or path, if there is any. No path through a list: what is no document in it the server
    /// sometimes sees and sometimes not, depending on what later stages need (KNOWN-DIFFERENCES.md).
    fn any_field(&mut self) -> Option<String> {
        let names = self.maker.fields.iter().map(|(name, _)| name);
        let names: Vec<_> =
            names.filter(|name| !name.contains('.') || name.starts_with("x.")).collect();
        if names.is_empty() { None } else { Some((*self.maker.dice.pick(&names)).clone()) }
    }

    /// The name of a field of this type, which is no path and not part of the key.
    fn plain_field(&mut self, of: &[Type]) -> Option<(String, Type)> {
        let is_key = |name: &String| self.key.iter().flatten().any(|key| key == name);
        let fields = self.maker.fields.iter();
        let fields = fields.filter(|(name, _)| !name.contains('.') && !is_key(name));
        let fields: Vec<_> = fields.filter(|(_, other)| of.contains(other)).cloned().collect();
        if fields.is_empty() { None } else { Some(self.maker.dice.pick(&fields).clone()) }
    }

    /// From here on a field is of this type, and there are no others below it.
    fn set_field(&mut self, name: &str, of: Type) {
        self.remove_field(name);
        self.maker.fields.push((name.to_owned(), of));
    }

    /// Leaves a field, and what is above and below it, alone from here on; whether it was not settled before.
    fn settle(&mut self, name: &str) -> bool {
        let top = name.split('.').next().unwrap_or(name).to_owned();
        let is_new = !self.settled.contains(&top);
        if is_new {
            self.settled.push(top);
        }
        is_new
    }

    fn remove_field(&mut self, name: &str) {
        let below = format!("{name}.");
        self.maker.fields.retain(|(other, _)| other != name && !other.starts_with(&below));
    }

    /// From here on there are only these fields.
    fn set_fields(&mut self, fields: Vec<(String, Type)>) {
        self.maker.fields = fields;
    }

    /// A field `_id` of which nothing more is known than that each document has another.
    fn set_key(&mut self, name: &str) {
        self.key = Some(vec![name.to_owned()]);
    }
}

/// [`Vec::retain`] for documents.
trait RetainFields {
    fn retain_fields(&mut self, keep: impl Fn(&str) -> bool);
}

impl RetainFields for Document {
    fn retain_fields(&mut self, keep: impl Fn(&str) -> bool) {
        let kept = std::mem::take(self).into_iter().filter(|(name, _)| keep(name));
        *self = kept.collect();
    }
}
