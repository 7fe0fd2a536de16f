//! Filters that ask for what is there: some of their paths and values stand for ones of the documents to be searched,
//! so that most filters match some documents and not others.

use bson::{Bson, Document};
use proptest::prelude::*;

use super::value::{path, value};
use crate::value::dec;

/// A filter with gaps, to be filled in from documents.
#[derive(Clone, Debug)]
pub struct Template(pub(super) Document);

impl Template {
    /// The filter for these documents.
    #[must_use]
    pub fn on(&self, docs: &[Document]) -> Document {
        fill_fields(&self.0, &docs.iter().collect::<Vec<_>>())
    }
}

/// Where the paths and values of a filter come from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Source {
    /// From the strategies of paths and values alone.
    Strategy,
    /// Mostly from the documents that will be searched.
    Documents,
}

impl Source {
    pub(super) fn path(self) -> BoxedStrategy<String> {
        match self {
            Source::Strategy => path().boxed(),
            Source::Documents => {
                let gap = any::<u16>().prop_map(|choice| format!("{GAP}{choice}"));
                prop_oneof![6 => gap, 1 => path()].boxed()
            }
        }
    }

    pub(super) fn value(self) -> BoxedStrategy<Bson> {
        match self {
            Source::Strategy => value(),
            Source::Documents => {
                let gap =
                    any::<u16>().prop_map(|choice| Bson::JavaScriptCode(format!("{GAP}{choice}")));
                prop_oneof![8 => gap, 1 => value()].boxed()
            }
        }
    }
}

/// What a path or code begins with that stands for another.
const GAP: char = '\u{1}';
/// How deeply documents are searched for paths; the strategies make none deeper.
const MAX_DEPTH: usize = 6;

/// The number of a gap.
fn gap(text: &str) -> Option<usize> {
    text.strip_prefix(GAP)?.parse().ok()
}

fn fill_fields(filter: &Document, docs: &[&Document]) -> Document {
    let mut found = Vec::new();
    for doc in docs {
        let fields = doc.iter().filter(|(name, _)| *name != "_id");
        fields.for_each(|(name, value)| each_path(name.clone(), value, 0, &mut found));
    }
    let fill = |(key, operand): (&String, &Bson)| {
        if let (true, Bson::Array(parts)) = (key.starts_with('$'), operand) {
            let part = |part: &Bson| match part {
                Bson::Document(part) => fill_fields(part, docs).into(),
                other => other.clone(),
            };
            return (key.clone(), parts.iter().map(part).collect());
        }
        let path = match gap(key) {
            Some(choice) => found
                .get(choice % found.len().max(1))
                .map_or_else(|| "a".to_owned(), |(path, _)| path.clone()),
            None => key.clone(),
        };
        let there = found.iter().filter(|(other, _)| *other == path).map(|(_, value)| *value);
        let mut values: Vec<_> = there.collect();
        if values.is_empty() {
            values.extend(found.iter().map(|(_, value)| *value));
        }
        let operand = fill_condition(operand, &values);
        (path, operand)
    };
    filter.iter().map(fill).collect()
}

/// The paths that lead to a value and to what is in it, by the names of fields and by positions.
fn each_path<'a>(path: String, value: &'a Bson, depth: usize, found: &mut Vec<(String, &'a Bson)>) {
    if depth == MAX_DEPTH {
        return;
    }
    match value {
        Bson::Document(doc) => {
            for (name, value) in doc {
                each_path(format!("{path}.{name}"), value, depth + 1, found);
            }
        }
        Bson::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                match item {
                    Bson::Document(doc) => {
                        for (name, value) in doc {
                            each_path(format!("{path}.{name}"), value, depth + 1, found);
                        }
                    }
                    Bson::Array(_) => {
                        each_path(format!("{path}.{index}"), item, depth + 1, found);
                    }
                    item => found.push((path.clone(), item)),
                }
            }
        }
        _ => {}
    }
    found.push((path, value));
}

/// What is asked of a field that has these values.
fn fill_condition(condition: &Bson, values: &[&Bson]) -> Bson {
    let same = |condition: &Bson| fill_condition(condition, values);
    match condition {
        Bson::JavaScriptCode(code) => match gap(code) {
            Some(choice) => variation(choice, values),
            None => condition.clone(),
        },
        Bson::Document(operators) if operators.keys().any(|name| name.starts_with('$')) => {
            let fill = |(name, operand): (&String, &Bson)| {
                let operand = match (name.as_str(), operand) {
                    ("$elemMatch", Bson::Document(inner)) => fill_element(inner, values).into(),
                    (_, Bson::Array(list)) => list.iter().map(same).collect(),
                    (_, operand) => same(operand),
                };
                (name.clone(), operand)
            };
            Bson::Document(operators.iter().map(fill).collect())
        }
        other => other.clone(),
    }
}

/// The operand of an `$elemMatch` on a field that has these values.
fn fill_element(inner: &Document, values: &[&Bson]) -> Document {
    let elements: Vec<&Bson> =
        values.iter().filter_map(|value| value.as_array()).flatten().collect();
    let of_value = inner.iter().any(|(name, operand)| {
        name.starts_with('$')
            && !(matches!(name.as_str(), "$and" | "$or" | "$nor") && operand.as_array().is_some())
    });
    if !of_value {
        let docs: Vec<_> = elements.iter().filter_map(|element| element.as_document()).collect();
        return fill_fields(inner, &docs);
    }
    match fill_condition(&Bson::Document(inner.clone()), &elements) {
        Bson::Document(filled) => filled,
        _ => inner.clone(),
    }
}

/// One of the values; if it is a number, sometimes its neighbour, or the same in another type.
fn variation(choice: usize, values: &[&Bson]) -> Bson {
    let Some(value) = values.get(choice / 8 % values.len().max(1)) else { return Bson::Null };
    match (value, choice % 8) {
        (Bson::Int32(n), 0) => Bson::Double(f64::from(*n)),
        (Bson::Int32(n), 1) => Bson::Int64(i64::from(*n)),
        (Bson::Int32(n), 2) => dec(&n.to_string()),
        (Bson::Int32(n), 3) => Bson::Int32(n.saturating_add(1)),
        (Bson::Int32(n), 4) => Bson::Double(f64::from(*n) - 0.5),
        (Bson::Double(n), 0..2) => Bson::Double(n - 0.5),
        (value, _) => (*value).clone(),
    }
}
