//! Projections: compiled once, then a pure function from a record to an encoded document.
//!
//! A projection includes fields, computes them, or excludes them, in the order of the document.
//! `$elemMatch` takes part in that; `$slice` and the positional `.$` act on the result.

mod expressions;
mod post;
#[cfg(test)]
mod tests;
mod tree;

use std::borrow::Cow;

use std::sync::Arc;

use odm_core::{Error, ErrorCode, Filter, Projection, ProjectionItem, RawDoc};

use crate::expression::{Environment, Globals, Root, Scope, refused};
use crate::filter::{ElemMatcher, Matcher};
use crate::value::{MAX_DOCUMENT_SIZE, RawVal, Record};

pub(crate) use expressions::Expressions;
use post::{Positional, Slice};
pub(crate) use tree::{Computed, Tree};

/// The largest document that is handed out: that of a message, a little more than that of a collection.
const MAX_RESULT: usize = MAX_DOCUMENT_SIZE + 16 * 1024;

/// A compiled projection.
#[derive(Debug)]
pub(crate) struct Projector {
    /// `None` if every field is handed out.
    fields: Option<Tree>,
    /// What expressions are evaluated with, if there are some.
    globals: Option<Arc<Globals>>,
    slices: Vec<Slice>,
    positional: Option<Positional>,
}

/// The document that a projection is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Image {
    /// The one that the filter matched.
    Matched,
    /// What an update made of it.
    New,
}

impl Projector {
    /// Compiles a projection; the filter is what a positional `.$` refers to.
    ///
    /// # Errors
    ///
    /// The server's for what is malformed; [`Error::Unsupported`] for `$meta`.
    pub(crate) fn compile(
        projection: &Projection,
        filter: &Filter,
        environment: &Environment<'_>,
    ) -> Result<Self, Error> {
        Projector::compile_for(Image::Matched, projection, filter, environment)
    }

    /// Compiles a projection of one or the other document.
    ///
    /// # Errors
    ///
    /// As [`compile`](Projector::compile); 2 for a positional projection of a new document.
    pub(crate) fn compile_for(
        image: Image,
        projection: &Projection,
        filter: &Filter,
        environment: &Environment<'_>,
    ) -> Result<Self, Error> {
        let collator = environment.collator();
        let mut expressions = Expressions::new(environment);
        let read = match projection {
            Projection::Raw(doc) => Cow::Owned(Projection::parse_with(doc, &mut expressions)?),
            read => read.normalized()?,
        };
        let Projection::Fields(items) = read.as_ref() else {
            return Err(unsupported(&format!("the projection {projection:?}")));
        };
        if matches!(projection, Projection::Fields(_)) {
            expressions.read_all(items)?;
        }
        if image == Image::New && items.iter().any(|(_, item)| *item == ProjectionItem::Positional)
        {
            return Err(Error::command(
                ErrorCode::BAD_VALUE,
                "cannot use a positional projection and return the new document",
            ));
        }
        let globals = expressions.is_used().then(|| environment.globals().clone());
        let mut nodes = expressions.finish()?.into_iter();
        let mut projector =
            Projector { fields: None, globals, slices: Vec::new(), positional: None };
        if items.is_empty() {
            return Ok(projector);
        }
        let includes = includes(items);
        let mut tree = Tree::new(!includes);
        let mut id_is_left_out = false;
        for (path, item) in items {
            let path = path.as_str();
            match item {
                ProjectionItem::Include if !includes && path == "_id" => {}
                ProjectionItem::Exclude if includes && path == "_id" => id_is_left_out = true,
                ProjectionItem::Include if includes => tree.insert(path)?,
                ProjectionItem::Exclude if !includes => tree.insert(path)?,
                ProjectionItem::Include | ProjectionItem::Exclude => return Err(mixed(path)),
                ProjectionItem::Slice { skip, limit } => {
                    projector.slices.push(Slice::new(path, *skip, *limit));
                    if includes {
                        tree.insert(path)?;
                    }
                }
                ProjectionItem::Positional => {
                    check_positional(filter)?;
                    tree.insert(path)?;
                    projector.positional =
                        Some(Positional::new(path, Matcher::with(filter, environment)?));
                }
                ProjectionItem::ElemMatch(operand) => {
                    let matcher = ElemMatcher::compile(operand, collator)?;
                    tree.compute(path, Computed::ElemMatch(matcher))?;
                }
                ProjectionItem::Meta(keyword) => {
                    return Err(unsupported(&format!("$meta: {keyword:?} in a projection")));
                }
                ProjectionItem::Expr(_) if includes => {
                    let node = nodes.next().expect("each expression was read");
                    tree.compute(path, Computed::Expression(node))?;
                }
                ProjectionItem::Expr(_) => return Err(mixed(path)),
                other => return Err(unsupported(&format!("the projection {other:?}"))),
            }
        }
        if includes && !id_is_left_out && !items.iter().any(|(path, _)| is_id(path.as_str())) {
            tree.insert("_id")?;
        }
        projector.fields = Some(tree);
        Ok(projector)
    }

    /// Hands out the fields of a record.
    ///
    /// # Errors
    ///
    /// 51246 and 51247 if a positional `.$` finds nothing; what an expression refuses; 10334 if the result is too large.
    pub(crate) fn project(&self, doc: &Record) -> Result<RawDoc, Error> {
        let Some(fields) = &self.fields else {
            let (buffer, range) = doc.shared();
            return RawDoc::new(buffer.clone(), range.start as usize, range.end as usize);
        };
        let mut out = Vec::with_capacity(128);
        let globals = self.globals.as_deref().unwrap_or_else(|| Globals::none());
        let scope = Scope::new(globals, Root::Record(doc));
        fields.write(doc.as_raw(), &scope, &mut out)?;
        if self.globals.is_some() {
            check_size(&out)?;
        }
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
        Filter::JsonSchema(_) | Filter::Expr(_) => Err(Error::command(
            ErrorCode(224),
            "$jsonSchema and $expr are not allowed in the filter for a positional projection",
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
            ProjectionItem::Include | ProjectionItem::Positional | ProjectionItem::Expr(_) => {
                return true;
            }
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

/// Whether a path is `_id`, or leads into it.
pub(crate) fn is_id(path: &str) -> bool {
    path == "_id" || path.starts_with("_id.")
}

fn check_size(document: &[u8]) -> Result<(), Error> {
    let size = document.len();
    if size <= MAX_RESULT {
        return Ok(());
    }
    let message =
        format!("BSONObj size: {size} is invalid. Size must be between 0 and {MAX_RESULT}");
    refused(10_334, message)
}
