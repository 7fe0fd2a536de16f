//! Every name of MongoDB's aggregation language has a typed form, or a reason why it has none.

use std::cell::RefCell;
use std::collections::BTreeSet;

use odm_core::bson::{Bson, Document};

/// What MongoDB counts the use of.
const NAMES: &str = include_str!("data/aggregation.txt");

/// What has no typed form, and why.
const WITHOUT: &[(&str, &str, &str)] = &[
    ("expressions", "$const", "another name of $literal"),
    ("expressions", "$function", "JavaScript"),
    ("expressions", "$substr", "another name of $substrBytes, out of use"),
    ("groupAccumulators", "$accumulator", "JavaScript"),
    ("groupAccumulators", "$count", "count() is $sum of ones, which is the same"),
    ("windowAccumulators", "$count", "count() is $sum of ones, which is the same"),
    ("stages", "$changeStream", "a request of its own: Watch"),
    ("stages", "$currentOp", "tells of the server, not of documents"),
    ("stages", "$listCachedAndActiveUsers", "tells of the server, not of documents"),
    ("stages", "$listCatalog", "tells of the server, not of documents"),
    ("stages", "$listLocalSessions", "tells of the server, not of documents"),
    ("stages", "$listSessions", "tells of the server, not of documents"),
    ("stages", "$mergeCursors", "internal to sharded clusters"),
    ("stages", "$operationMetrics", "refused to users"),
    ("stages", "$queue", "refused to users"),
    ("stages", "$replaceWith", "another name of $replaceRoot"),
    ("stages", "$set", "another name of $addFields"),
    ("stages", "$setVariableFromSubPipeline", "refused to users"),
    ("stages", "$shardedDataDistribution", "tells of a sharded cluster, not of documents"),
    ("stages", "$sortByCount", "written as the $group and $sort that it is"),
];

thread_local! {
    static SEEN: RefCell<BTreeSet<(&'static str, String)>> = const { RefCell::new(BTreeSet::new()) };
}

/// A typed form was checked.
pub(crate) fn note(kind: &'static str, name: &str) {
    SEEN.with_borrow_mut(|seen| seen.insert((kind, name.to_owned())));
}

/// All operators of an expression.
pub(crate) fn note_expression(expr: &Bson) {
    match expr {
        Bson::Array(items) => items.iter().for_each(note_expression),
        Bson::Document(doc) => {
            for (name, operand) in doc {
                if name.starts_with('$') {
                    note("expressions", name);
                }
                if name != "$literal" {
                    note_expression(operand);
                }
            }
        }
        _ => {}
    }
}

/// The stages of a pipeline.
pub(crate) fn note_stages(stages: &[Document]) {
    stages.iter().flat_map(Document::keys).for_each(|name| note("stages", name));
}

fn names() -> BTreeSet<(&'static str, String)> {
    let mut kind = "";
    let mut names = BTreeSet::new();
    for line in NAMES.lines().filter(|line| !line.starts_with('#')) {
        match line.strip_prefix('[') {
            Some(heading) => kind = heading.trim_end_matches(']'),
            None => names.extend(line.split_whitespace().map(|name| (kind, name.to_owned()))),
        }
    }
    // What MongoDB calls internal itself.
    names.retain(|(_, name)| !name.starts_with("$_"));
    names
}

#[test]
fn every_name_has_a_typed_form_or_a_reason() {
    let families = [
        crate::aggregation::ALL,
        crate::aggregation_operators::ALL,
        crate::aggregation_accumulators::ALL,
    ];
    families.into_iter().flatten().for_each(|check| check());
    let names = names();
    assert_eq!(names.len(), 146 + 21 + 30 + 43);
    let without: BTreeSet<_> =
        WITHOUT.iter().map(|(kind, name, _)| (*kind, (*name).to_owned())).collect();
    assert_eq!(without.len(), WITHOUT.len(), "a name has two reasons");
    SEEN.with_borrow(|seen| {
        let untold: Vec<_> =
            names.iter().filter(|it| !seen.contains(*it) && !without.contains(*it)).collect();
        assert!(untold.is_empty(), "no typed form, and no reason: {untold:?}");
        let needless: Vec<_> =
            without.iter().filter(|it| seen.contains(*it) || !names.contains(*it)).collect();
        assert!(needless.is_empty(), "a reason for what is typed, or is not there: {needless:?}");
        let unknown: Vec<_> = seen.iter().filter(|it| !names.contains(*it)).collect();
        assert!(unknown.is_empty(), "typed, but MongoDB does not know it: {unknown:?}");
    });
}
