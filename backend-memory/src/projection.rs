//! Projections: compiled once, then a pure function from a record to an encoded document.
//!
//! A projection includes fields or excludes them, in the order of the document. `$elemMatch` takes
//! part in that; `$slice` and the positional `.$` act on the result.

mod post;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use odm_core::{Error, ErrorCode, Filter, Projection, ProjectionItem, RawDoc};

use crate::expression::Environment;
use crate::filter::{ElemMatcher, Matcher};
use crate::value::write::{append, append_at, begin, begin_nested, finish};
use crate::value::{RawVal, Record};

use post::{Positional, Slice};

/// How many parts a path may have.
const MAX_PATH_PARTS: usize = 200;

/// A compiled projection.
#[derive(Debug)]
pub(crate) struct Projector {
    /// `None` if every field is handed out.
    fields: Option<Fields>,
    slices: Vec<Slice>,
    positional: Option<Positional>,
}

/// Which fields are handed out.
#[derive(Debug)]
struct Fields {
    includes: bool,
    tree: Tree,
    /// Top-level arrays of which one element is handed out.
    elem_match: Vec<(Box<str>, ElemMatcher)>,
}

/// The paths that are included, or excluded.
#[derive(Debug, Default)]
struct Tree {
    children: BTreeMap<Box<[u8]>, Child>,
}

#[derive(Debug)]
enum Child {
    Whole,
    Part(Tree),
}

impl Projector {
    /// Whether it asks for the element that the filter matched.
    pub(crate) const fn is_positional(&self) -> bool {
        self.positional.is_some()
    }

    /// Compiles a projection; the filter is what a positional `.$` refers to.
    ///
    /// # Errors
    ///
    /// The server's for what is malformed; [`Error::Unsupported`] for computed fields and `$meta`.
    pub(crate) fn compile(
        projection: &Projection,
        filter: &Filter,
        environment: &Environment<'_>,
    ) -> Result<Self, Error> {
        let collator = environment.collator();
        let normalized = projection.normalized()?;
        let Projection::Fields(items) = normalized.as_ref() else {
            return Err(unsupported(&format!("the projection {projection:?}")));
        };
        let mut projector = Projector { fields: None, slices: Vec::new(), positional: None };
        if items.is_empty() {
            return Ok(projector);
        }
        let includes = includes(items);
        let mut fields = Fields { includes, tree: Tree::default(), elem_match: Vec::new() };
        let mut id_is_left_out = false;
        for (path, item) in items {
            let path = path.as_str();
            match item {
                ProjectionItem::Include if !includes && path == "_id" => {}
                ProjectionItem::Exclude if includes && path == "_id" => id_is_left_out = true,
                ProjectionItem::Include if includes => fields.tree.insert(path)?,
                ProjectionItem::Exclude if !includes => fields.tree.insert(path)?,
                ProjectionItem::Include | ProjectionItem::Exclude => return Err(mixed(path)),
                ProjectionItem::Slice { skip, limit } => {
                    projector.slices.push(Slice::new(path, *skip, *limit));
                    if includes {
                        fields.tree.insert(path)?;
                    }
                }
                ProjectionItem::Positional => {
                    check_positional(filter)?;
                    fields.tree.insert(path)?;
                    projector.positional =
                        Some(Positional::new(path, Matcher::with(filter, environment)?));
                }
                ProjectionItem::ElemMatch(operand) => {
                    fields.elem_match.push((path.into(), ElemMatcher::compile(operand, collator)?));
                }
                ProjectionItem::Meta(keyword) => {
                    return Err(unsupported(&format!("$meta: {keyword:?} in a projection")));
                }
                ProjectionItem::Expr(_) => {
                    return Err(unsupported(&format!("computed fields in a projection ({path})")));
                }
                other => return Err(unsupported(&format!("the projection {other:?}"))),
            }
        }
        let names_id = |name: &str| name == "_id" || name.starts_with("_id.");
        if includes && !id_is_left_out && !items.iter().any(|(path, _)| names_id(path.as_str())) {
            fields.tree.insert("_id")?;
        }
        projector.fields = Some(fields);
        Ok(projector)
    }

    /// Hands out the fields of a record.
    ///
    /// # Errors
    ///
    /// 51246 and 51247 if a positional `.$` finds nothing.
    pub(crate) fn project(&self, doc: &Record) -> Result<RawDoc, Error> {
        let Some(fields) = &self.fields else {
            let (buffer, range) = doc.shared();
            return RawDoc::new(buffer.clone(), range.start as usize, range.end as usize);
        };
        let mut out = Vec::with_capacity(if fields.includes { 128 } else { doc.bytes().len() });
        fields.write(doc.as_raw(), &mut out);
        if let Some(positional) = &self.positional {
            out = positional.apply(doc, RawVal::document(&out))?;
        }
        for slice in &self.slices {
            out = slice.apply(RawVal::document(&out));
        }
        RawDoc::from_bytes(out)
    }
}

fn unsupported(feature: &str) -> Error {
    Error::Unsupported { backend: "memory", feature: feature.to_owned() }
}

/// What is no condition on fields has no place in a filter for a positional `.$`.
fn check_positional(filter: &Filter) -> Result<(), Error> {
    match filter {
        Filter::And(parts) | Filter::Or(parts) | Filter::Nor(parts) => {
            parts.iter().try_for_each(check_positional)
        }
        Filter::JsonSchema(_) => Err(Error::command(
            ErrorCode(224),
            "$jsonSchema is not allowed in the filter for a positional projection",
        )),
        _ => Ok(()),
    }
}

fn mixed(path: &str) -> Error {
    Error::command(
        ErrorCode(31_254),
        format!("cannot mix inclusion and exclusion in one projection: '{path}'"),
    )
}

/// Whether only the named fields are handed out. If nothing but `_id` is named, it decides; then
/// `$slice` hands out all the others, and `$elemMatch` none.
fn includes(items: &[(odm_core::FieldPath, ProjectionItem)]) -> bool {
    let mut has_slice = false;
    let mut has_elem_match = false;
    let mut id = None;
    for (path, item) in items {
        match item {
            ProjectionItem::Include | ProjectionItem::Exclude if path.as_str() == "_id" => {
                id = Some(*item == ProjectionItem::Include);
            }
            ProjectionItem::Include | ProjectionItem::Positional => return true,
            ProjectionItem::Exclude => return false,
            ProjectionItem::Slice { .. } => has_slice = true,
            ProjectionItem::ElemMatch(_) => has_elem_match = true,
            _ => {}
        }
    }
    match id {
        Some(true) => true,
        _ if has_slice => false,
        Some(false) => has_elem_match,
        None => has_elem_match,
    }
}

impl Fields {
    fn write(&self, document: RawVal<'_>, out: &mut Vec<u8>) {
        let start = begin(out);
        for (name, value) in document.elements() {
            let elem_match = self.elem_match.iter().find(|(field, _)| field.as_bytes() == name);
            match elem_match {
                // An inclusion hands them out after the others.
                Some(_) if self.includes => {}
                Some((_, matcher)) => write_elem_match(name, value, matcher, out),
                None if self.includes => self.tree.include(name, value, out),
                None => self.tree.exclude(name, value, out),
            }
        }
        if self.includes {
            for (name, matcher) in &self.elem_match {
                if let Some(value) = document.get(name.as_bytes()) {
                    write_elem_match(name.as_bytes(), value, matcher, out);
                }
            }
        }
        finish(out, start);
    }
}

fn write_elem_match(name: &[u8], value: RawVal<'_>, matcher: &ElemMatcher, out: &mut Vec<u8>) {
    if let Some(element) = matcher.first(value) {
        let start = begin_nested(out, name, value.kind());
        append_at(out, 0, element);
        finish(out, start);
    }
}

impl Tree {
    /// Adds a path.
    ///
    /// # Errors
    ///
    /// 31249 or 31250 if another path leads through it, or it through another path.
    fn insert(&mut self, path: &str) -> Result<(), Error> {
        let parts: Vec<&str> = path.split('.').collect();
        if parts.len() > MAX_PATH_PARTS {
            return Err(Error::command(
                ErrorCode::OVERFLOW,
                format!("a path of the projection has more than {MAX_PATH_PARTS} parts"),
            ));
        }
        self.insert_parts(path, &parts)
    }

    fn insert_parts(&mut self, path: &str, parts: &[&str]) -> Result<(), Error> {
        let Some((first, rest)) = parts.split_first() else { return Ok(()) };
        let collision = |code| Error::command(ErrorCode(code), format!("path collision at {path}"));
        match self.children.get_mut(first.as_bytes()) {
            None => {
                let child = if rest.is_empty() {
                    Child::Whole
                } else {
                    let mut inner = Tree::default();
                    inner.insert_parts(path, rest)?;
                    Child::Part(inner)
                };
                self.children.insert(first.as_bytes().into(), child);
                Ok(())
            }
            Some(Child::Part(inner)) if !rest.is_empty() => inner.insert_parts(path, rest),
            Some(Child::Whole) if !rest.is_empty() => Err(collision(31_249)),
            Some(_) => Err(collision(31_250)),
        }
    }

    fn child(&self, name: &[u8]) -> Option<&Child> {
        self.children.get(name)
    }

    fn include(&self, name: &[u8], value: RawVal<'_>, out: &mut Vec<u8>) {
        match self.child(name) {
            Some(Child::Whole) => append(out, name, value),
            Some(Child::Part(inner)) if value.is_object() || value.is_array() => {
                let start = begin_nested(out, name, value.kind());
                inner.include_in(value, out);
                finish(out, start);
            }
            // A value without fields has none to hand out.
            Some(Child::Part(_)) | None => {}
        }
    }

    /// Of an array, what its documents have; other elements go, except nested arrays.
    fn include_in(&self, container: RawVal<'_>, out: &mut Vec<u8>) {
        if container.is_object() {
            container.elements().for_each(|(name, value)| self.include(name, value, out));
            return;
        }
        let elements = container.elements().map(|(_, element)| element);
        let mut digits = [0; 20];
        for (index, element) in
            elements.filter(|element| element.is_object() || element.is_array()).enumerate()
        {
            let name = crate::value::write::index_name(index, &mut digits);
            let start = begin_nested(out, name, element.kind());
            self.include_in(element, out);
            finish(out, start);
        }
    }

    fn exclude(&self, name: &[u8], value: RawVal<'_>, out: &mut Vec<u8>) {
        match self.child(name) {
            Some(Child::Whole) => {}
            Some(Child::Part(inner)) if value.is_object() || value.is_array() => {
                let start = begin_nested(out, name, value.kind());
                inner.exclude_in(value, out);
                finish(out, start);
            }
            Some(Child::Part(_)) | None => append(out, name, value),
        }
    }

    fn exclude_in(&self, container: RawVal<'_>, out: &mut Vec<u8>) {
        for (name, value) in container.elements() {
            if container.is_object() {
                self.exclude(name, value, out);
            } else if value.is_object() || value.is_array() {
                let start = begin_nested(out, name, value.kind());
                self.exclude_in(value, out);
                finish(out, start);
            } else {
                append(out, name, value);
            }
        }
    }
}
