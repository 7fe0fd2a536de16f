//! Two versions of a document.

use bson::{Bson, Document};
use proptest::collection::vec;
use proptest::prelude::*;

use super::value::document;

/// Names of fields that paths cannot have, or that mean a position in an array.
const ODD: [&str; 8] = ["", "x.y", "$x", "10", "9", "01", "$id", "d"];

/// A document without `_id`, and what somebody made of it: most of it is the same. Fields of embedded documents have
/// odd names now and then.
pub fn versions() -> impl Strategy<Value = (Document, Document)> {
    (document(), document(), vec(any::<u8>(), 16..96)).prop_map(|(before, other, choices)| {
        let mut choices = choices.into_iter().cycle();
        let before: Document = before
            .iter()
            .map(|(name, value)| (name.clone(), renamed(value, &mut choices)))
            .collect();
        let other = other
            .iter()
            .map(|(name, value)| (name.clone(), renamed(value, &mut choices)))
            .collect();
        let after = changed(&before, &other, &mut choices);
        (before, after)
    })
}

/// The value with odd names in its documents.
fn renamed(value: &Bson, choices: &mut dyn Iterator<Item = u8>) -> Bson {
    match value {
        Bson::Document(doc) => {
            let mut odd = Document::new();
            for (name, value) in doc {
                let choice = usize::from(choices.next().unwrap_or_default());
                let name = if choice < 64 { ODD[choice % ODD.len()] } else { name.as_str() };
                odd.insert(name, renamed(value, choices));
            }
            Bson::Document(odd)
        }
        Bson::Array(items) => items.iter().map(|item| renamed(item, choices)).collect(),
        value => value.clone(),
    }
}

/// The document with some fields of another.
fn changed(doc: &Document, other: &Document, choices: &mut dyn Iterator<Item = u8>) -> Document {
    let mut kept: Vec<(String, Bson)> = Vec::new();
    let reverses = next(choices) == 0;
    for (name, value) in doc {
        let value = match (next(choices), value) {
            (0, _) => continue,
            (1, _) => other.values().next().cloned().unwrap_or(Bson::Null),
            (2..5, Bson::Document(inner)) => changed(inner, other, choices).into(),
            (2..5, Bson::Array(items)) => {
                items.iter().map(|item| changed_item(item, other, choices)).collect()
            }
            (_, value) => value.clone(),
        };
        kept.push((name.clone(), value));
    }
    for (name, value) in other {
        if next(choices) < 2 && kept.iter().all(|(kept, _)| kept != name) {
            kept.push((name.clone(), value.clone()));
        }
    }
    if reverses {
        kept.reverse();
    }
    kept.into_iter().collect()
}

fn changed_item(item: &Bson, other: &Document, choices: &mut dyn Iterator<Item = u8>) -> Bson {
    match (next(choices), item) {
        (0, _) => other.values().last().cloned().unwrap_or(Bson::Null),
        (1..4, Bson::Document(inner)) => changed(inner, other, choices).into(),
        (_, item) => item.clone(),
    }
}

/// One of eight.
fn next(choices: &mut dyn Iterator<Item = u8>) -> u8 {
    choices.next().unwrap_or_default() % 8
}
