//! Views: what a collection, or another view, looks like through a pipeline.
//!
//! A view reads others of its database: the one that it is on, and those that its stages name. Through
//! all of them no view may come back to itself; chains have a limit, and all views on one have the same
//! collation. That is checked when a view is made or changed, and so holds whenever one is read.

use std::sync::Arc;

use bson::{Document, doc};
use imbl::OrdMap;
use odm_core::{Error, ErrorCode, Namespace, Pipeline};
use rustc_hash::FxHashMap;

use crate::backend::unsupported;
use crate::collation::{self, Collator};
use crate::value::ValueBuf;

use super::Catalog;

/// The collection where the definitions of a database's views are.
pub(crate) const LISTING: &str = "system.views";

/// How many views may be on one another.
const MAX_DEPTH: usize = 20;

/// How large the pipelines of views on one another may be together, in bytes.
const MAX_BYTES: usize = 16_000_000;

/// How many stages a command may read through views, however often it names them. The server has no such
/// limit, but views that each name others twice are as good as endless.
const MAX_STAGES: usize = 20_000;

/// The views of a database.
pub(super) type Views = OrdMap<Arc<str>, Arc<View>>;

/// A view's definition.
#[derive(Clone, Debug)]
pub(crate) struct View {
    pub(crate) on: String,
    pub(crate) pipeline: Pipeline,
    /// How strings compare; not that of the collection.
    pub(crate) collator: Option<Arc<Collator>>,
    /// What it reads: `on`, and what its stages name.
    reads: Vec<String>,
    /// The size of the pipeline.
    bytes: usize,
}

impl View {
    /// A view whose stages name these others.
    ///
    /// # Errors
    ///
    /// What cannot be encoded.
    pub(crate) fn new(
        on: String,
        pipeline: Pipeline,
        collator: Option<Arc<Collator>>,
        mut named: Vec<String>,
    ) -> Result<Self, Error> {
        named.push(on.clone());
        let bytes = ValueBuf::from_bson(&pipeline.to_array().into())?.as_raw().bytes().len();
        Ok(View { on, pipeline, collator, reads: named, bytes })
    }

    /// The definition, as listings show it.
    pub(crate) fn to_options(&self) -> Document {
        let mut options = doc! { "viewOn": &self.on, "pipeline": self.pipeline.to_array() };
        if let Some(collator) = &self.collator {
            options.insert("collation", collator.to_document());
        }
        options
    }

    /// As it is stored in [`LISTING`].
    pub(super) fn to_document(&self, ns: &Namespace) -> Document {
        let mut document = doc! { "_id": ns.to_string() };
        document.extend(self.to_options());
        document
    }
}

/// What a view comes to, through all that it is on.
#[derive(Debug)]
pub(crate) struct Resolved {
    /// The collection whose documents are read, which need not be there.
    pub(crate) base: Namespace,
    /// What is done with them.
    pub(crate) pipeline: Pipeline,
    pub(crate) collator: Option<Arc<Collator>>,
}

/// Follows a view down to a collection; `None` for what is no view.
///
/// # Errors
///
/// 165 if it is too far.
pub(super) fn resolve(views: &Views, ns: &Namespace) -> Result<Option<Resolved>, Error> {
    let Some(first) = views.get(ns.collection()) else { return Ok(None) };
    let mut chain = vec![first];
    let mut last = first;
    while let Some(next) = views.get(last.on.as_str()) {
        chain.push(next);
        last = next;
        if chain.len() >= MAX_DEPTH {
            return Err(too_deep());
        }
    }
    let stages = chain.iter().rev().flat_map(|view| view.pipeline.0.iter().cloned());
    Ok(Some(Resolved {
        base: Namespace::new(ns.database().to_owned(), last.on.clone()),
        pipeline: Pipeline(stages.collect()),
        collator: first.collator.clone(),
    }))
}

/// The refusal of what is for collections only.
pub(super) fn is_a_view(ns: &Namespace) -> Error {
    let message = format!("Namespace {ns} is a view, not a collection");
    Error::command(ErrorCode::COMMAND_NOT_SUPPORTED_ON_VIEW, message)
}

/// The refusal of a collation that is not the view's.
pub(crate) fn other_collation() -> Error {
    let message = "Cannot override a view's default collation";
    Error::command(ErrorCode::OPTION_NOT_SUPPORTED_ON_VIEW, message)
}

fn too_deep() -> Error {
    let message = format!("View depth limit exceeded; maximum depth is {MAX_DEPTH}");
    Error::command(ErrorCode(165), message)
}

/// How far views go, in one direction.
#[derive(Clone, Copy, Default)]
struct Reach {
    views: usize,
    bytes: usize,
}

impl Reach {
    fn or_further(self, other: Reach) -> Self {
        Reach { views: self.views.max(other.views), bytes: self.bytes.max(other.bytes) }
    }

    fn and(self, view: &View) -> Self {
        Reach { views: self.views + 1, bytes: self.bytes.saturating_add(view.bytes) }
    }
}

/// Checks that a view fits among the others of its database, in the place of the one of its name.
///
/// # Errors
///
/// 5 if it reads itself, 165 and 195 if there is too much on one another, 167 for another collation.
pub(super) fn check_fits(views: &Views, name: &str, new: &View) -> Result<(), Error> {
    let down = reach_down(views, name, new)?;
    let mut readers: FxHashMap<&str, Vec<(&str, &View)>> = FxHashMap::default();
    for (reader, view) in views.iter().filter(|(reader, _)| ***reader != *name) {
        for read in &view.reads {
            readers.entry(read).or_default().push((reader, view));
        }
    }
    let up = reach_up(&readers, name, &mut FxHashMap::default());
    if down.views + 1 + up.views > MAX_DEPTH {
        return Err(too_deep());
    }
    if down.bytes.saturating_add(new.bytes).saturating_add(up.bytes) > MAX_BYTES {
        let message = format!(
            "Operation would result in a resolved view pipeline that exceeds the maximum size of {MAX_BYTES} bytes"
        );
        return Err(Error::command(ErrorCode(195), message));
    }
    let read = new.reads.iter().filter_map(|read| views.get(read.as_str())).map(AsRef::as_ref);
    let reading = readers.get(name).into_iter().flatten().map(|(_, view)| *view);
    let own = new.collator.as_deref();
    match read.chain(reading).all(|it| collation::same(it.collator.as_deref(), own)) {
        true => Ok(()),
        false => Err(Error::command(
            ErrorCode::OPTION_NOT_SUPPORTED_ON_VIEW,
            format!(
                "View {name} has a collation that does not match that of a view that it reads, or that reads it"
            ),
        )),
    }
}

/// How far it is down from a new view; those below have been checked before, so that only it can be met again.
fn reach_down(views: &Views, name: &str, new: &View) -> Result<Reach, Error> {
    fn below<'v>(
        views: &'v Views,
        name: &str,
        view: &'v View,
        known: &mut FxHashMap<&'v str, Reach>,
    ) -> Result<Reach, Error> {
        let mut furthest = Reach::default();
        for read in &view.reads {
            if read == name {
                let message = format!("View cycle detected: {name} reads itself");
                return Err(Error::command(ErrorCode(5), message));
            }
            let Some(next) = views.get(read.as_str()) else { continue };
            let reach = match known.get(read.as_str()) {
                Some(reach) => *reach,
                None => {
                    let reach = below(views, name, next, known)?.and(next);
                    known.insert(read, reach);
                    reach
                }
            };
            furthest = furthest.or_further(reach);
        }
        Ok(furthest)
    }
    below(views, name, new, &mut FxHashMap::default())
}

/// How far it is up from a view, through those that read it.
fn reach_up<'v>(
    readers: &FxHashMap<&'v str, Vec<(&'v str, &'v View)>>,
    name: &str,
    known: &mut FxHashMap<&'v str, Reach>,
) -> Reach {
    let mut furthest = Reach::default();
    for (reader, view) in readers.get(name).into_iter().flatten() {
        let reach = match known.get(reader) {
            Some(reach) => *reach,
            None => {
                let reach = reach_up(readers, reader, known).and(view);
                known.insert(reader, reach);
                reach
            }
        };
        furthest = furthest.or_further(reach);
    }
    furthest
}

/// The views that the stages of one command may name.
pub(crate) struct Seen<'c> {
    catalog: &'c Catalog,
    database: &'c str,
    /// How many stages were read through views.
    stages: usize,
}

impl<'c> Seen<'c> {
    pub(crate) fn new(catalog: &'c Catalog, database: &'c str) -> Self {
        Seen { catalog, database, stages: 0 }
    }

    /// What a name comes to, if it is a view's.
    ///
    /// # Errors
    ///
    /// 165 if it is too far down; [`Error::Unsupported`] for more stages than anybody needs.
    pub(crate) fn resolve(&mut self, name: &str) -> Result<Option<Resolved>, Error> {
        let ns = Namespace::new(self.database.to_owned(), name.to_owned());
        let resolved = self.catalog.resolve(&ns)?;
        self.stages += resolved.as_ref().map_or(0, |view| view.pipeline.0.len() + 1);
        if self.stages > MAX_STAGES {
            return Err(unsupported(format!(
                "reading more than {MAX_STAGES} stages through views"
            )));
        }
        Ok(resolved)
    }

    /// The collation that a view must be read with; `None` for what is no view.
    pub(crate) fn collator(&self, name: &str) -> Option<Option<Arc<Collator>>> {
        let ns = Namespace::new(self.database.to_owned(), name.to_owned());
        self.catalog.view(&ns).map(|view| view.collator.clone())
    }
}
