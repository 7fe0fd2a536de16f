//! What an update must satisfy whatever the documents: paths, conflicts and operands.

use std::collections::HashMap;

use bson::Bson;

use super::parse::{alias, bad_value, failed_to_parse};
use super::{Change, pull};
use crate::error::{Error, ErrorCode, Result};
use crate::namespace::FieldPath;
use crate::number::is_number;
use crate::pipeline::Pipeline;

/// Checks operators in the server's order: field by field its path, its operand, its conflicts.
pub(super) fn operators(changes: &[(FieldPath, Change)]) -> Result<()> {
    let mut fields = Fields::default();
    for (path, change) in changes {
        path_parts(path)?;
        let target = match change {
            Change::Rename(to) => Some(to.as_str()),
            _ => None,
        };
        fields.add(path.as_str(), change, target)?;
    }
    Ok(())
}

/// The fields of an update so far.
#[derive(Default)]
pub(super) struct Fields<'a>(PathTree<'a>);

impl<'a> Fields<'a> {
    /// Checks one more change, of the field at `path` (whose parts are checked already), and where `$rename` leads.
    pub(super) fn add(
        &mut self,
        path: &'a str,
        change: &Change,
        target: Option<&'a str>,
    ) -> Result<()> {
        if let (Change::Rename(to), Some(target)) = (change, target) {
            self.0.add(path)?;
            path_parts(to)?;
            rename(&FieldPath::from(path), to)?;
            self.0.add(target)
        } else {
            operand(path, change)?;
            self.0.add(path)
        }
    }
}

fn operand(path: &str, change: &Change) -> Result<()> {
    match change {
        Change::Inc(by) if !is_number(by) => Err(not_a_number("increment", path, by)),
        Change::Mul(by) if !is_number(by) => Err(not_a_number("multiply", path, by)),
        Change::Bit(operations) => {
            if operations.is_empty() {
                return Err(bad_value("you must pass in at least one bitwise operation"));
            }
            let wrong = |by: &Bson| !matches!(by, Bson::Int32(_) | Bson::Int64(_));
            match operations.iter().find(|(_, by)| wrong(by)) {
                Some((_, by)) => Err(bad_value(format!(
                    "the $bit modifier field must be an Integer (32/64 bit); a '{}' is not supported",
                    alias(by)
                ))),
                None => Ok(()),
            }
        }
        Change::Pull(pull) => pull::check(pull),
        _ => Ok(()),
    }
}

fn not_a_number(verb: &str, path: &str, by: &Bson) -> Error {
    Error::command(
        ErrorCode::TYPE_MISMATCH,
        format!("cannot {verb} with non-numeric argument: {{{path}: {by}}}"),
    )
}

fn rename(from: &FieldPath, to: &FieldPath) -> Result<()> {
    if from == to {
        return Err(bad_value(format!("the source and target of $rename must differ: {from}")));
    }
    let below = |inner: &FieldPath, outer: &FieldPath| {
        inner.as_str().strip_prefix(outer.as_str()).is_some_and(|rest| rest.starts_with('.'))
    };
    if below(from, to) || below(to, from) {
        return Err(bad_value(format!(
            "the source and target of $rename must not be on the same path: {from}, {to}"
        )));
    }
    for path in [from, to] {
        if path.components().any(|part| part == "$" || identifier(part).is_some()) {
            return Err(bad_value(format!("a field of $rename may not be dynamic: {path}")));
        }
    }
    Ok(())
}

/// The name in `$[name]`, empty for `$[]`.
pub(super) fn identifier(part: &str) -> Option<&str> {
    part.strip_prefix("$[")?.strip_suffix(']')
}

/// Refuses empty parts and misplaced `$` and `$[…]`.
pub(super) fn path_parts(path: &FieldPath) -> Result<()> {
    if path.components().any(str::is_empty) {
        return Err(Error::command(
            ErrorCode::EMPTY_FIELD_NAME,
            format!("the update path '{path}' contains an empty field name"),
        ));
    }
    let first = path.components().next().unwrap_or_default();
    if first == "$" || identifier(first).is_some() {
        return Err(bad_value(format!(
            "cannot have a positional or array filter element in the first position in path '{path}'"
        )));
    }
    if path.components().filter(|part| *part == "$").count() > 1 {
        return Err(bad_value(format!("too many positional elements found in path '{path}'")));
    }
    Ok(())
}

/// The paths of an update as a tree, in one arena: hostile paths may have millions of parts.
struct PathTree<'a> {
    nodes: Vec<PathNode<'a>>,
}

#[derive(Default)]
struct PathNode<'a> {
    /// Whether a change applies here, so that none may apply below.
    changed: bool,
    children: HashMap<&'a str, usize>,
    /// Whether the children are `$[…]`, which do not mix with other names.
    by_identifier: bool,
}

impl Default for PathTree<'_> {
    fn default() -> Self {
        PathTree { nodes: vec![PathNode::default()] }
    }
}

impl<'a> PathTree<'a> {
    fn add(&mut self, path: &'a str) -> Result<()> {
        let conflict = || {
            Error::command(
                ErrorCode::CONFLICTING_UPDATE_OPERATORS,
                format!("updating the path '{path}' would create a conflict"),
            )
        };
        let mut at = 0;
        for part in path.split('.') {
            let next = self.nodes.len();
            let node = &mut self.nodes[at];
            let by_identifier = identifier(part).is_some();
            if node.changed || (!node.children.is_empty() && node.by_identifier != by_identifier) {
                return Err(conflict());
            }
            node.by_identifier = by_identifier;
            at = *node.children.entry(part).or_insert(next);
            if at == next {
                self.nodes.push(PathNode::default());
            }
        }
        let node = &mut self.nodes[at];
        if node.changed || !node.children.is_empty() {
            return Err(conflict());
        }
        node.changed = true;
        Ok(())
    }
}

/// The stages that an update may consist of.
const UPDATE_STAGES: &[&str] =
    &["$addFields", "$project", "$replaceRoot", "$replaceWith", "$set", "$unset"];

/// The other stages of MongoDB 6.0.
const OTHER_STAGES: &[&str] = &[
    "$bucket",
    "$bucketAuto",
    "$changeStream",
    "$collStats",
    "$count",
    "$currentOp",
    "$densify",
    "$documents",
    "$facet",
    "$fill",
    "$geoNear",
    "$graphLookup",
    "$group",
    "$indexStats",
    "$limit",
    "$listCatalog",
    "$listLocalSessions",
    "$listSessions",
    "$lookup",
    "$match",
    "$merge",
    "$out",
    "$planCacheStats",
    "$redact",
    "$sample",
    "$setWindowFields",
    "$shardedDataDistribution",
    "$skip",
    "$sort",
    "$sortByCount",
    "$unionWith",
    "$unwind",
];

/// Checks the names of the stages of an update: first that they exist, then that they are allowed.
pub(super) fn pipeline(pipeline: &Pipeline) -> Result<()> {
    let names = || pipeline.0.iter().map(crate::pipeline::Stage::name);
    let known = |name: &str| UPDATE_STAGES.contains(&name) || OTHER_STAGES.contains(&name);
    if let Some(name) = names().find(|name| !known(name)) {
        return Err(Error::command(
            ErrorCode(40324),
            format!("unrecognized pipeline stage name: '{name}'"),
        ));
    }
    match names().find(|name| !UPDATE_STAGES.contains(name)) {
        Some(name) => Err(Error::command(
            ErrorCode::INVALID_OPTIONS,
            format!("{name} is not allowed to be used within an update"),
        )),
        None => Ok(()),
    }
}

/// Array filters belong to operators; the server lets them pass beside a replacement.
pub(super) fn no_array_filters() -> Error {
    failed_to_parse("arrayFilters may not be specified for pipeline-style updates")
}
