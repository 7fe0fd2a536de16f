//! Laying an update over a document: which elements change, and to what.

use std::sync::Arc;

use odm_core::{Error, ErrorCode};
use rustc_hash::FxHashSet;

use super::ApplyCx;
use super::fields::{self, Outcome};
use super::tree::{self, Fields, Leaf, Node, Tree};
use super::write::{Edit, Edits, New};
use crate::value::{RawVal, Record};

/// How many nulls an update may fill the gap before a new element of an array with.
const MAX_BACKFILL: usize = 1_500_000;

/// The edits of one document.
#[derive(Debug)]
pub(super) struct Plan<'a> {
    edits: Edits<'a>,
    size: usize,
}

/// What applying operators needs to know.
#[derive(Clone, Copy)]
pub(super) struct Target<'a, 'c> {
    pub(super) doc: &'a Record,
    pub(super) cx: &'c ApplyCx,
}

/// Why a path cannot be created: it leads through a value that has no such field.
#[derive(Clone, Copy)]
pub(super) struct Blocked<'a, 'c> {
    field: &'c str,
    pub(super) parent_name: &'c str,
    pub(super) parent: RawVal<'a>,
}

impl Blocked<'_, '_> {
    pub(super) fn error(&self) -> Error {
        Error::command(
            ErrorCode::PATH_NOT_VIABLE,
            format!(
                "cannot create field '{}' in element {{{}: {}}}",
                self.field,
                self.parent_name,
                self.parent.to_bson()
            ),
        )
    }
}

impl<'a> Plan<'a> {
    /// Plans an update; `None` if the document stays as it is, and is not even written anew.
    pub(super) fn new(tree: &Tree, doc: &'a Record, cx: &ApplyCx) -> Result<Option<Self>, Error> {
        let target = Target { doc, cx };
        let mut edits = Edits::new(doc.as_raw());
        for child in &tree.root.children {
            let is_id = &*child.text == "_id";
            match doc.get(&child.name) {
                Some(value) => {
                    let edit = target.change(&child.node, &child.text, value, false)?;
                    if let Some(edit) = edit {
                        if is_id {
                            return Err(immutable_id());
                        }
                        if child.node.stores_value() {
                            target.check_name(&child.text)?;
                        }
                        edits.edit(child.text.len(), value, edit);
                    }
                }
                None => {
                    if let Some(value) = target.create(&child.node, None)? {
                        target.check_name(&child.text)?;
                        edits.add(&child.text, 0, value);
                    }
                }
            }
        }
        if edits.is_empty() {
            return Ok(None);
        }
        Ok(Some(Plan { edits, size: doc.bytes().len() }))
    }

    /// The paths that are written anew with the values that they had, if nothing else is done.
    pub(super) fn rewritten(&self) -> Option<Vec<Arc<str>>> {
        let mut paths = Vec::new();
        self.edits.are_rewritten(&mut paths).then_some(paths)
    }

    pub(super) fn write(self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.size + 64);
        self.edits.write(&mut out);
        out
    }
}

impl<'a> Target<'a, '_> {
    /// Refuses a top-level field that begins with `$` and is given a value, as the field's turn comes.
    fn check_name(self, name: &str) -> Result<(), Error> {
        match name {
            _ if self.cx.inserting => Ok(()),
            "$ref" | "$id" | "$db" => Err(invalid_dbref(name)),
            _ if name.starts_with('$') => Err(dollar_name(name)),
            _ => Ok(()),
        }
    }

    /// What becomes of a value that is there, by what the update does at it or below it.
    fn change(
        self,
        node: &Node,
        name: &str,
        value: RawVal<'a>,
        in_array: bool,
    ) -> Result<Option<Edit<'a>>, Error> {
        let edits = match node {
            Node::Leaf(leaf) => return self.change_leaf(leaf, value, in_array),
            Node::Fields(fields) if value.is_object() || value.is_array() => {
                self.change_fields(fields, name, value)?
            }
            Node::Fields(fields) => {
                fields.check_positional()?;
                for child in &fields.children {
                    let blocked = Blocked { field: &child.text, parent_name: name, parent: value };
                    self.create(&child.node, Some(blocked))?;
                }
                return Ok(None);
            }
            Node::Elements(elements) => self.change_elements(elements, name, value)?,
        };
        Ok((!edits.is_empty()).then_some(Edit::Inside(edits)))
    }

    fn change_leaf(
        self,
        leaf: &Leaf,
        value: RawVal<'a>,
        in_array: bool,
    ) -> Result<Option<Edit<'a>>, Error> {
        Ok(match fields::change(leaf, value, self)? {
            Outcome::Unchanged => None,
            Outcome::Rewritten => Some(Edit::Rewrite(Arc::clone(&leaf.path))),
            Outcome::Set(new) => Some(Edit::Set(new)),
            // The elements after it keep their places.
            Outcome::Remove if in_array => Some(Edit::Set(New::Old(RawVal::NULL))),
            Outcome::Remove => Some(Edit::Remove),
        })
    }

    fn change_fields(
        self,
        fields: &Fields,
        name: &str,
        container: RawVal<'a>,
    ) -> Result<Edits<'a>, Error> {
        fields.check_positional()?;
        let mut edits = Edits::new(container);
        let is_array = container.is_array();
        let mut len = if is_array { container.elements().count() } else { 0 };
        let mut seen = FxHashSet::default();
        for child in &fields.children {
            if is_array && let Some(index) = child.index {
                // `01` and `1` are one position.
                if !seen.insert(index) {
                    return Err(tree::conflict(&child.text));
                }
            }
            let found = if is_array {
                child.index.and_then(|index| container.at(index))
            } else {
                container.get(child.name.as_bytes())
            };
            if let Some(value) = found {
                if let Some(edit) = self.change(&child.node, &child.text, value, is_array)? {
                    let name_len = match child.index {
                        Some(index) if is_array => decimal_digits(index),
                        _ => child.text.len(),
                    };
                    edits.edit(name_len, value, edit);
                }
                continue;
            }
            let is_blocked = is_array && child.index.is_none();
            let blocked = Blocked { field: &child.text, parent_name: name, parent: container };
            if let Some(new) = self.create(&child.node, is_blocked.then_some(blocked))? {
                let index = child.index.unwrap_or_default();
                if is_array {
                    if index.saturating_sub(len) > MAX_BACKFILL {
                        return Err(Error::command(
                            ErrorCode::CANNOT_BACKFILL_ARRAY,
                            format!("can't backfill more than {MAX_BACKFILL} elements"),
                        ));
                    }
                    len = index + 1;
                }
                edits.add(&child.text, index, new);
            }
        }
        Ok(edits)
    }

    fn change_elements(
        self,
        elements: &[tree::Elements],
        name: &str,
        array: RawVal<'a>,
    ) -> Result<Edits<'a>, Error> {
        if !array.is_array() {
            return Err(Error::command(
                ErrorCode::BAD_VALUE,
                format!(
                    "cannot apply array updates to non-array element {name}: {}",
                    array.to_bson()
                ),
            ));
        }
        let mut edits = Edits::new(array);
        for (index, (_, element)) in array.elements().enumerate() {
            let name = index.to_string();
            let mut included = elements.iter().filter(|elements| elements.include(element));
            let Some(first) = included.next() else { continue };
            let edit = match included.next() {
                None => self.change(&first.node, &name, element, true)?,
                Some(second) => {
                    let mut all = tree::merge(first.node.clone(), second.node.clone(), &name)?;
                    for more in included {
                        all = tree::merge(all, more.node.clone(), &name)?;
                    }
                    self.change(&all, &name, element, true)?
                }
            };
            if let Some(edit) = edit {
                edits.edit(name.len(), element, edit);
            }
        }
        Ok(edits)
    }

    /// What the update makes where there is nothing; `None` if it creates nothing.
    fn create(
        self,
        node: &Node,
        blocked: Option<Blocked<'a, '_>>,
    ) -> Result<Option<New<'a>>, Error> {
        match node {
            Node::Leaf(leaf) => fields::create(leaf, blocked, self),
            Node::Fields(fields) => {
                fields.check_positional()?;
                let mut created = Vec::new();
                for child in &fields.children {
                    if let Some(new) = self.create(&child.node, blocked)? {
                        created.push((child.text.clone(), new));
                    }
                }
                Ok((!created.is_empty()).then_some(New::Object(created)))
            }
            Node::Elements(_) => Err(Error::command(
                ErrorCode::BAD_VALUE,
                "the path must exist in the document in order to apply array updates",
            )),
        }
    }
}

fn decimal_digits(number: usize) -> usize {
    number.checked_ilog10().unwrap_or(0) as usize + 1
}

pub(super) fn immutable_id() -> Error {
    Error::command(
        ErrorCode::IMMUTABLE_FIELD,
        "performing an update on the path '_id' would modify the immutable field '_id'",
    )
}

pub(super) fn invalid_dbref(name: &str) -> Error {
    Error::command(
        ErrorCode(55),
        format!("found the field {name} of a DBRef without what must be before it"),
    )
}

pub(super) fn dollar_name(name: &str) -> Error {
    Error::command(
        ErrorCode::DOLLAR_PREFIXED_FIELD_NAME,
        format!("the dollar ($) prefixed field '{name}' is not valid for storage"),
    )
}
