//! The tables as data.

use std::collections::{BTreeMap, HashSet};

use odm_core::{Filter, Predicate};

use super::ask::Ask;
use super::golden::{Answered, Golden, Section, named};
use super::values::Values;
use super::{MATRICES, json};

#[test]
fn no_value_is_named_twice() {
    let mut seen = HashSet::new();
    let twice: Vec<_> = Values::get().names().filter(|name| !seen.insert(*name)).collect();
    assert!(twice.is_empty(), "{twice:?}");
}

#[test]
fn no_value_is_there_twice() {
    let mut seen = HashSet::new();
    let twice: Vec<_> = Values::get()
        .all
        .iter()
        .filter(|value| !seen.insert(format!("{:?}", value.value().unwrap())))
        .map(|value| value.name)
        .collect();
    assert!(twice.is_empty(), "{twice:?}");
}

#[test]
fn values_can_be_printed() {
    for doc in &Values::get().documents {
        let text = json::print(doc);
        assert_eq!(format!("{:?}", json::parse(&text).unwrap()), format!("{doc:?}"), "{text}");
    }
}

#[test]
fn files_are_printed_as_they_are_read() {
    for matrix in MATRICES {
        check_printed::<Section>(matrix.name, matrix.text);
    }
}

/// What is read of a file is printed as it stands there.
pub(super) fn check_printed<S: Answered>(name: &str, text: &str) {
    assert_eq!(Golden::<S>::parse(text).unwrap().to_string(), text, "{name}.txt");
}

/// Nothing passes vacuously.
#[test]
fn every_value_is_matched_and_missed() {
    let mut matched: BTreeMap<&str, usize> = BTreeMap::new();
    let mut answers = 0;
    for matrix in MATRICES.iter().filter(|matrix| matrix.ask == Ask::Filter) {
        let golden = Golden::<Section>::parse(matrix.text).unwrap();
        for row in golden.sections.iter().flat_map(|section| &section.rows) {
            let Some(found) = named(&row.answer) else { continue };
            answers += 1;
            for name in found {
                *matched.entry(name).or_default() += 1;
            }
        }
    }
    let times = |name: &str| matched.get(name).copied().unwrap_or(0);
    let vacuous: Vec<_> =
        Values::get().names().filter(|name| [0, answers].contains(&times(name))).collect();
    assert!(vacuous.is_empty(), "{vacuous:?}");
}

/// Each operator is asked about, in a filter that a server takes and in one that it refuses.
#[test]
fn every_operator_is_covered() {
    // These say that an index is missing: the operator was taken.
    const WITHOUT_INDEX: [&str; 2] = ["!27", "!291"];
    let (mut taken, mut refused) = (HashSet::new(), HashSet::new());
    for matrix in MATRICES.iter().filter(|matrix| matrix.ask == Ask::Filter) {
        for section in Golden::<Section>::parse(matrix.text).unwrap().sections {
            let names: Vec<String> = section.question.split('"').map(str::to_owned).collect();
            let is_taken =
                |answer: &str| !answer.starts_with('!') || WITHOUT_INDEX.contains(&answer);
            for row in &section.rows {
                let seen = if is_taken(&row.answer) { &mut taken } else { &mut refused };
                seen.extend(names.iter().cloned());
            }
        }
    }
    let missing: Vec<_> = Filter::operators()
        .chain(Predicate::operators())
        .filter(|name| !taken.contains(*name) || !refused.contains(*name))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}
