//! An update as a tree of paths.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::sync::Arc;

use odm_core::{ArrayFilters, Change, Error, ErrorCode, FieldPath};

use super::fields::Operation;
use crate::collation::Collator;
use crate::filter::Matcher;
use crate::value::{Name, RawVal, write};

/// How many parts a path may have. A document could not be nested so deeply.
const MAX_PATH_PARTS: usize = 200;

/// All changes of an update, by path.
#[derive(Clone, Debug)]
pub(super) struct Tree {
    pub(super) root: Fields,
    positional: bool,
    may_exceed_depth: bool,
}

/// What happens at one path, or below it.
#[derive(Clone, Debug)]
pub(super) enum Node {
    Leaf(Leaf),
    /// Below it, at these names.
    Fields(Fields),
    /// In those elements of the array that is here.
    Elements(Vec<Elements>),
}

impl Node {
    /// Whether a value is stored right here, rather than taken away, or changed inside.
    pub(super) fn stores_value(&self) -> bool {
        match self {
            Node::Leaf(leaf) => !matches!(
                *leaf.operation,
                Operation::Unset | Operation::RenameSource | Operation::Pop(_) | Operation::Pull(_)
            ),
            Node::Fields(_) | Node::Elements(_) => false,
        }
    }
}

/// A change of one path.
#[derive(Clone, Debug)]
pub(super) struct Leaf {
    pub(super) path: Arc<str>,
    pub(super) operation: Arc<Operation>,
}

/// Changes below a document (or below an array, at fixed positions).
#[derive(Clone, Debug, Default)]
pub(super) struct Fields {
    /// In the order in which the server applies them, which is that of new fields.
    pub(super) children: Vec<Child>,
    /// At the position that matched: `$`.
    positional: Option<Box<Node>>,
}

#[derive(Clone, Debug)]
pub(super) struct Child {
    pub(super) name: Name,
    pub(super) text: Arc<str>,
    /// Which element it is if it is one of an array. The server takes `01` for 1.
    pub(super) index: Option<usize>,
    pub(super) node: Node,
}

/// Changes of some elements of an array.
#[derive(Clone, Debug)]
pub(super) struct Elements {
    identifier: Arc<str>,
    /// `None` for `$[]`, which means all.
    filter: Option<Arc<ElementFilter>>,
    pub(super) node: Node,
}

/// An array filter: about a document that holds the element in a field called as the identifier.
#[derive(Debug)]
struct ElementFilter {
    matcher: Matcher,
}

/// The array filters of an update, and what strings compare by in them.
#[derive(Clone, Copy)]
struct Filters<'c> {
    filters: &'c ArrayFilters,
    collator: Option<&'c Arc<Collator>>,
}

impl Elements {
    pub(super) fn include(&self, element: RawVal<'_>) -> bool {
        self.filter.as_ref().is_none_or(|filter| {
            let mut wrapped = Vec::with_capacity(element.bytes().len() + 16);
            let start = write::begin(&mut wrapped);
            write::append(&mut wrapped, self.identifier.as_bytes(), element);
            write::finish(&mut wrapped, start);
            filter.matcher.matches_value(RawVal::document(&wrapped))
        })
    }
}

impl Tree {
    pub(super) fn new(
        changes: &[(FieldPath, Change)],
        filters: &ArrayFilters,
        collator: Option<&Arc<Collator>>,
    ) -> Result<Self, Error> {
        let filters = Filters { filters, collator };
        let mut tree = Tree { root: Fields::default(), positional: false, may_exceed_depth: false };
        for (path, change) in changes {
            let operation = Operation::new(path, change, collator)?;
            if let Change::Rename(to) = change {
                tree.insert(path, Operation::RenameSource, filters)?;
                tree.insert(to, operation, filters)?;
            } else {
                tree.insert(path, operation, filters)?;
            }
        }
        Ok(tree)
    }

    fn insert(
        &mut self,
        path: &FieldPath,
        operation: Operation,
        filters: Filters<'_>,
    ) -> Result<(), Error> {
        let parts: Vec<&str> = path.components().collect();
        if parts.len() > MAX_PATH_PARTS {
            return Err(Error::command(
                ErrorCode::OVERFLOW,
                format!("the update path has more than {MAX_PATH_PARTS} parts"),
            ));
        }
        self.positional |= parts.contains(&"$");
        self.may_exceed_depth |= parts.len() + operation.depth() > 100;
        let leaf = Leaf { path: path.as_str().into(), operation: Arc::new(operation) };
        let mut node = Node::Leaf(leaf);
        for part in parts.iter().rev() {
            node = Node::around(part, node, filters)?;
        }
        let root = std::mem::take(&mut self.root);
        match merge(Node::Fields(root), node, path.as_str())? {
            Node::Fields(root) => self.root = root,
            _ => return Err(conflict(path.as_str())),
        }
        Ok(())
    }

    pub(super) fn top_level_names(&self) -> Vec<Box<str>> {
        self.root.children.iter().map(|child| (*child.text).into()).collect()
    }

    pub(super) fn is_positional(&self) -> bool {
        self.positional
    }

    /// Whether the `_id` is an array to which elements are added.
    pub(super) fn adds_to_id(&self) -> bool {
        self.root.children.iter().any(|child| {
            let adds = |operation: &Operation| {
                matches!(operation, Operation::Push(_) | Operation::AddToSet(_))
            };
            &*child.text == "_id"
                && matches!(&child.node, Node::Leaf(leaf) if adds(&leaf.operation))
        })
    }

    /// Whether the depth of results has to be checked.
    pub(super) fn may_exceed_depth(&self) -> bool {
        self.may_exceed_depth
    }

    /// The tree with the matched position, if there is one, in place of each `$`.
    pub(super) fn resolve(&self, matched_index: Option<usize>) -> Result<Cow<'_, Tree>, Error> {
        let Some(index) = matched_index.filter(|_| self.positional) else {
            return Ok(Cow::Borrowed(self));
        };
        let mut tree = self.clone();
        tree.root.resolve(&index.to_string())?;
        Ok(Cow::Owned(tree))
    }
}

impl Node {
    /// The node above `node` that leads to it by `part` of a path.
    fn around(part: &str, node: Node, filters: Filters<'_>) -> Result<Node, Error> {
        if part == "$" {
            let positional = Some(Box::new(node));
            return Ok(Node::Fields(Fields { children: Vec::new(), positional }));
        }
        if let Some(identifier) = part.strip_prefix("$[").and_then(|rest| rest.strip_suffix(']')) {
            let filter = match filters.filters.get(identifier) {
                _ if identifier.is_empty() => None,
                Some(filter) => {
                    let matcher = Matcher::collated(filter, filters.collator)?;
                    Some(Arc::new(ElementFilter { matcher }))
                }
                None => {
                    return Err(Error::command(
                        ErrorCode::BAD_VALUE,
                        format!("no array filter found for identifier '{identifier}'"),
                    ));
                }
            };
            return Ok(Node::Elements(vec![Elements {
                identifier: identifier.into(),
                filter,
                node,
            }]));
        }
        Ok(Node::Fields(Fields { children: vec![Child::new(part, node)], positional: None }))
    }

    fn resolve(&mut self, index: &str) -> Result<(), Error> {
        match self {
            Node::Leaf(_) => Ok(()),
            Node::Fields(fields) => fields.resolve(index),
            Node::Elements(elements) => {
                elements.iter_mut().try_for_each(|elements| elements.node.resolve(index))
            }
        }
    }
}

impl Child {
    fn new(name: &str, node: Node) -> Self {
        let is_position = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit());
        // The server reads positions of 32 bits.
        let position = name.parse::<u32>().ok().filter(|_| is_position);
        let index = position.and_then(|position| usize::try_from(position).ok());
        Child { name: Name::new(name), text: name.into(), index, node }
    }
}

impl Fields {
    /// Refuses a positional `$` that has not been resolved.
    pub(super) fn check_positional(&self) -> Result<(), Error> {
        match self.positional {
            None => Ok(()),
            Some(_) => Err(Error::command(
                ErrorCode::BAD_VALUE,
                "the positional operator did not find the match needed from the query",
            )),
        }
    }

    fn resolve(&mut self, index: &str) -> Result<(), Error> {
        if let Some(node) = self.positional.take() {
            let child = Child::new(index, *node);
            self.insert(child, index)?;
        }
        self.children.iter_mut().try_for_each(|child| child.node.resolve(index))
    }

    fn insert(&mut self, child: Child, path: &str) -> Result<(), Error> {
        let place = self.children.binary_search_by(|other| field_order(&other.text, &child.text));
        match place {
            Ok(place) => {
                let other = self.children.remove(place);
                let node = merge(other.node, child.node, path)?;
                self.children.insert(place, Child { node, ..child });
            }
            Err(place) => self.children.insert(place, child),
        }
        Ok(())
    }
}

/// Lays one tree over another.
///
/// # Errors
///
/// 40 where both change the same path, or one a part of what the other changes.
pub(super) fn merge(a: Node, b: Node, path: &str) -> Result<Node, Error> {
    match (a, b) {
        (Node::Fields(mut a), Node::Fields(b)) => {
            for child in b.children {
                a.insert(child, path)?;
            }
            a.positional = match (a.positional, b.positional) {
                (Some(a), Some(b)) => Some(Box::new(merge(*a, *b, path)?)),
                (a, b) => a.or(b),
            };
            Ok(Node::Fields(a))
        }
        (Node::Elements(mut all), Node::Elements(b)) => {
            for elements in b {
                match all.iter().position(|a| a.identifier == elements.identifier) {
                    Some(place) => {
                        let same = all.remove(place);
                        let node = merge(same.node, elements.node, path)?;
                        all.insert(place, Elements { node, ..elements });
                    }
                    None => all.push(elements),
                }
            }
            Ok(Node::Elements(all))
        }
        _ => Err(conflict(path)),
    }
}

pub(super) fn conflict(path: &str) -> Error {
    Error::command(
        ErrorCode::CONFLICTING_UPDATE_OPERATORS,
        format!("updating the path '{path}' would create a conflict"),
    )
}

/// The order of the fields that one update adds: by bytes, but names that begin with a digit other
/// than zero by their length first, so that 9 comes before 10 (and `9a` before `10a`).
fn field_order(a: &str, b: &str) -> Ordering {
    let is_numeric = |name: &str| name.starts_with(|first| matches!(first, '1'..='9'));
    let by_length =
        if is_numeric(a) && is_numeric(b) { a.len().cmp(&b.len()) } else { Ordering::Equal };
    by_length.then_with(|| a.cmp(b))
}
