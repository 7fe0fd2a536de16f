//! Stages of an aggregation: compiled once, then each pulls documents from the one before it.
//!
//! A stage is a row of its table ([`FAMILIES`]) and a type beside it; nothing else lists stages.
//! Documents stream: a stage that changes nothing hands on what it was given, and a stored document
//! is never copied on its way ([`Doc`]). Stages that need all of their input first say so by what
//! they keep ([`Run::check_memory`]).

mod absent;
mod add_fields;
mod bucket;
mod bucket_auto;
mod count;
mod densify;
mod documents;
mod facet;
mod fields;
mod fill;
mod graph_lookup;
mod group;
mod join;
mod limit;
mod lookup;
mod match_;
mod merge;
mod optimize;
mod out;
mod project;
mod redact;
mod replace_root;
mod sample;
mod set_window_fields;
mod shown;
mod sort;
mod source;
mod stats;
mod target;
#[cfg(test)]
mod tests;
mod transform;
mod union_with;
mod unwind;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, LazyLock};

use bson::Bson;
use odm_core::{ErrorCode, Filter, Namespace, RawDoc, Result, Sort};

use crate::backend::Engine;
use crate::collation::Collator;
use crate::cursor::raw_doc;
use crate::deadline::Deadline;
use crate::expression::{Compiler, Globals, Root, refused};
use crate::value::{RawVal, Record};

pub(crate) use absent::check_namespace;
pub(crate) use fields::{Changes, Fields, is_number};
pub(crate) use optimize::wanted;
pub(crate) use shown::Shown;
pub(crate) use source::{Examined, Ready, Records};
pub(crate) use transform::Transform;
pub(crate) use unwind::Unwound;

/// The families of stages.
const FAMILIES: &[&[Spec]] = &[
    add_fields::STAGES,
    bucket::STAGES,
    bucket_auto::STAGES,
    count::STAGES,
    densify::STAGES,
    documents::STAGES,
    facet::STAGES,
    fill::STAGES,
    graph_lookup::STAGES,
    group::STAGES,
    limit::STAGES,
    lookup::STAGES,
    match_::STAGES,
    merge::STAGES,
    out::STAGES,
    project::STAGES,
    redact::STAGES,
    replace_root::STAGES,
    sample::STAGES,
    set_window_fields::STAGES,
    sort::STAGES,
    stats::STAGES,
    union_with::STAGES,
    unwind::STAGES,
];

/// The stages by name.
static STAGES: LazyLock<HashMap<&str, &Spec>> =
    LazyLock::new(|| FAMILIES.iter().copied().flatten().map(|spec| (spec.name, spec)).collect());

/// How many stages a pipeline may have.
const MAX_STAGES: usize = 1000;

/// A row of a family's table.
pub(crate) struct Spec {
    name: &'static str,
    compile: Compile,
    place: Place,
    /// The pipelines inside stages that it may not be in.
    not_within: &'static [Within],
    /// Finds the collections that it reads beside the one that its pipeline reads.
    involves: fn(&Bson, &mut Vec<String>),
}

/// Reads what stands beside a stage's name; some stages are made of others.
type Compile = fn(&mut Compiler<'_>, &Bson, Within) -> Result<Vec<Arc<dyn Stage>>>;

/// Where in a pipeline a stage may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Anywhere,
    First,
    Last,
}

/// What a pipeline belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Within {
    /// `aggregate`.
    Command,
    Facet,
    Lookup,
    UnionWith,
    View,
    /// The pipeline of an update.
    Update,
}

impl Spec {
    const fn new(name: &'static str, compile: Compile) -> Self {
        Spec { name, compile, place: Place::Anywhere, not_within: &[], involves: |_, _| {} }
    }

    /// Reads others, which are found so.
    const fn involving(mut self, involves: fn(&Bson, &mut Vec<String>)) -> Self {
        self.involves = involves;
        self
    }

    /// Only as the first stage.
    const fn first(mut self) -> Self {
        self.place = Place::First;
        self
    }

    /// Only as the last stage.
    const fn last(mut self) -> Self {
        self.place = Place::Last;
        self
    }

    /// Not in the pipelines of these.
    const fn not_within(mut self, within: &'static [Within]) -> Self {
        self.not_within = within;
        self
    }
}

/// A compiled stage. It may be opened many times: the pipeline of a `$lookup` runs for every document.
pub(crate) trait Stage: fmt::Debug + Send + Sync {
    /// Begins to work on the documents of the stage before it.
    ///
    /// # Errors
    ///
    /// The server's, for what it refuses.
    fn open(self: Arc<Self>, input: Input, run: &Arc<Run>) -> Result<Input>;

    /// The stage as what makes one document of each, if that is all it does.
    fn as_transform(&self) -> Option<&dyn Transform> {
        None
    }

    /// The same stage, of whose documents only the first so many are wanted, if it can make use of that.
    fn limited(&self, limit: u64) -> Option<Arc<dyn Stage>> {
        let _ = limit;
        None
    }

    /// What the reader of a collection can do in its place.
    fn role(&self) -> Role<'_> {
        Role::Other
    }

    /// What it needs of the documents before it, if this much is needed of those behind it.
    fn needs(&self, later: Fields) -> Fields {
        let _ = later;
        Fields::All
    }

    /// Only these fields of its documents are needed from now on.
    fn narrow(&mut self, fields: &Fields) {
        let _ = fields;
    }

    /// What it changes of the documents that it hands on.
    fn changes(&self) -> Changes {
        Changes::Any
    }

    /// The paths that it looks at, if that is all that it does to documents: it leaves some out, or
    /// orders them.
    fn looks_at(&self) -> Option<Vec<String>> {
        None
    }

    /// Whether documents may be put in order by these paths before it, for it keeps them in that order.
    fn may_follow_sort(&self, paths: &[String]) -> bool {
        let _ = paths;
        false
    }

    /// The paths by which its documents are held to be in ascending order: a sort by the first of them
    /// right behind it is left out.
    fn sorted_by(&self) -> &[String] {
        &[]
    }

    /// Whether it writes to a collection.
    fn writes(&self) -> bool {
        false
    }

    /// Whether it hands on one document for each, in their order.
    fn is_one_to_one(&self) -> bool {
        self.as_transform().is_some()
    }
}

/// What a stage is to those that want to do its work elsewhere.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Role<'s> {
    Match(&'s Filter),
    /// The same by expressions, which are not for the planner.
    Filter(&'s Filter),
    Sort(&'s Sort),
    Limit(u64),
    Skip(u64),
    /// It does not read the documents of the collection, but gives its own.
    Source,
    Other,
}

/// Documents that are still to come.
pub(crate) trait Stream: Send {
    /// The next one; after `None` there are no more.
    ///
    /// # Errors
    ///
    /// The server's, for what a stage refuses; 50 if the time is over.
    fn next(&mut self) -> Result<Option<Doc>>;

    /// Calls back with all that are left. It is what those do who need no document for longer, and costs less
    /// than to ask for one after the other.
    ///
    /// # Errors
    ///
    /// As [`next`](Stream::next), and what it is told.
    fn each(&mut self, visit: &mut Visit<'_>) -> Result<()> {
        while let Some(doc) = self.next()? {
            visit(doc.as_root())?;
        }
        Ok(())
    }
}

/// What is called back with documents.
pub(crate) type Visit<'v> = dyn FnMut(Root<'_>) -> Result<()> + 'v;

/// The documents that a stage works on.
pub(crate) type Input = Box<dyn Stream>;

/// A document on its way.
#[derive(Clone, Debug)]
pub(crate) enum Doc {
    /// As it is stored.
    Record(Record),
    /// Made by a stage: its encoding.
    Made(Vec<u8>),
}

impl Doc {
    pub(crate) fn as_raw(&self) -> RawVal<'_> {
        match self {
            Doc::Record(record) => record.as_raw(),
            Doc::Made(bytes) => RawVal::document(bytes),
        }
    }

    /// The document for expressions.
    pub(crate) fn as_root(&self) -> Root<'_> {
        match self {
            Doc::Record(record) => Root::Record(record),
            Doc::Made(bytes) => Root::Value(RawVal::document(bytes)),
        }
    }

    /// How many bytes it has.
    pub(crate) fn size(&self) -> usize {
        self.as_raw().bytes().len()
    }

    /// Hands it out.
    ///
    /// # Errors
    ///
    /// 10334 if it is larger than a document may be.
    pub(crate) fn into_raw_doc(self) -> Result<RawDoc> {
        match self {
            Doc::Record(record) => raw_doc(&record),
            Doc::Made(bytes) => {
                check_result_size(bytes.len())?;
                RawDoc::from_bytes(bytes)
            }
        }
    }
}

/// The largest document that a pipeline gives: that of a message, a little more than that of a collection.
const MAX_RESULT: usize = crate::value::MAX_DOCUMENT_SIZE + 16 * 1024;

/// What is the same for all stages while a pipeline runs.
#[derive(Clone)]
pub(crate) struct Run {
    pub(crate) engine: Arc<Engine>,
    /// The collection that the pipeline reads; without a collection, the database.
    pub(crate) ns: Namespace,
    pub(crate) globals: Arc<Globals>,
    pub(crate) deadline: Deadline,
    /// `allowDiskUse`: this engine has no disk, but what the server would put there may be held in memory.
    pub(crate) allow_disk_use: bool,
    /// Of `$out` and `$merge`.
    pub(crate) bypass_document_validation: bool,
}

impl fmt::Debug for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run").field("ns", &self.ns).finish_non_exhaustive()
    }
}

impl Run {
    /// Refuses a stage that holds too much.
    ///
    /// # Errors
    ///
    /// 292 beyond the limit, unless the command allows the use of a disk.
    pub(crate) fn check_memory(&self, stage: &str, bytes: usize) -> Result<()> {
        let limit = self.engine.max_memory;
        if self.allow_disk_use || bytes <= limit {
            return Ok(());
        }
        let message = format!(
            "{stage} exceeded memory limit of {limit} bytes, but did not opt in to external sorting."
        );
        refused(292, message)
    }
}

impl Run {
    /// Refuses to hold too large a partition, which nothing had to sort.
    ///
    /// # Errors
    ///
    /// 5643011 beyond the limit, unless the command allows the use of a disk.
    pub(crate) fn check_partition_memory(&self, bytes: usize) -> Result<()> {
        if self.allow_disk_use || bytes <= self.engine.max_memory {
            return Ok(());
        }
        refused(5_643_011, "Exceeded max memory. Set 'allowDiskUse: true' to spill to disk")
    }

    /// Refuses window functions that hold too much, which no disk could take.
    ///
    /// # Errors
    ///
    /// 5414201 beyond the limit.
    pub(crate) fn check_window_memory(&self, bytes: usize) -> Result<()> {
        let limit = self.engine.max_memory;
        if bytes <= limit {
            return Ok(());
        }
        refused(
            5_414_201,
            format!(
                "Exceeded memory limit in DocumentSourceSetWindowFields, used {bytes} bytes but max allowed is {limit}"
            ),
        )
    }
}

/// A compiled pipeline.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pipeline {
    pub(crate) stages: Vec<Arc<dyn Stage>>,
}

impl Pipeline {
    /// Compiles the stages of a pipeline.
    ///
    /// What constant expressions refuse is told by [`Compiler::check`], when all was read.
    ///
    /// # Errors
    ///
    /// 40324 for an unknown stage, 40600 to 40602 for one that is out of place, 9 for too many; what
    /// stages refuse.
    pub(crate) fn compile(
        compiler: &mut Compiler<'_>,
        pipeline: &odm_core::Pipeline,
        within: Within,
    ) -> Result<Self> {
        Pipeline::compile_shown(compiler, pipeline, within, &mut Shown::nothing())
    }

    /// The same, and remembers how its stages are written.
    ///
    /// # Errors
    ///
    /// As [`compile`](Pipeline::compile).
    pub(crate) fn compile_shown(
        compiler: &mut Compiler<'_>,
        pipeline: &odm_core::Pipeline,
        within: Within,
        shown: &mut Shown,
    ) -> Result<Self> {
        if pipeline.0.len() > MAX_STAGES {
            let message = format!("pipeline length must be no longer than {MAX_STAGES} stages");
            return refused(ErrorCode::FAILED_TO_PARSE.0, message);
        }
        let mut stages = Vec::with_capacity(pipeline.0.len());
        let last = pipeline.0.len().saturating_sub(1);
        let mut places = Vec::with_capacity(pipeline.0.len());
        for stage in &pipeline.0 {
            let name = stage.name();
            let Some(spec) = STAGES.get(name).copied() else {
                return absent::refuse(name);
            };
            if spec.not_within.contains(&within) {
                return refused_within(spec.name, within);
            }
            let compiled = (spec.compile)(compiler, stage.spec(), within)?;
            shown.add(stage, &compiled);
            stages.extend(compiled);
            places.push(spec);
        }
        for (at, spec) in places.iter().enumerate() {
            let name = spec.name;
            match spec.place {
                Place::First if at > 0 => {
                    let message = format!("{name} is only valid as the first stage in a pipeline");
                    return refused(40_602, message);
                }
                Place::Last if at < last => {
                    let message = format!("{name} can only be the final stage in the pipeline");
                    return refused(40_601, message);
                }
                _ => {}
            }
        }
        let collator = compiler.globals().collator.as_ref();
        Ok(Pipeline { stages: optimize::optimize(stages, collator)? })
    }

    /// What it needs of the documents that it works on.
    pub(crate) fn needs(&self) -> Fields {
        self.stages.iter().rev().fold(Fields::All, |later, stage| stage.needs(later))
    }

    /// Whether the documents that a filter matches can be looked for first, and only what is found worked on.
    ///
    /// # Errors
    ///
    /// What is wrong with the filter.
    fn may_follow(&self, filter: &Filter, collator: Option<&Arc<Collator>>) -> Result<bool> {
        if self.stages.is_empty() {
            return Ok(true);
        }
        let mut stages = self.stages.clone();
        stages.push(match_::by(filter.clone(), collator)?);
        for stage in optimize::optimize(stages, collator)? {
            match stage.role() {
                Role::Match(first) if first == filter => return Ok(true),
                Role::Match(Filter::And(both)) if both.contains(filter) => return Ok(true),
                Role::Match(_) => {}
                _ => return Ok(false),
            }
        }
        Ok(false)
    }

    /// Begins to work on documents.
    ///
    /// # Errors
    ///
    /// The server's, for what a stage refuses.
    pub(crate) fn open(&self, input: Input, run: &Arc<Run>) -> Result<Input> {
        self.stages.iter().try_fold(input, |input, stage| stage.clone().open(input, run))
    }
}

/// Whether a stage of that name reads the documents of a collection; one that there is none of is said to.
pub(crate) fn needs_collection(name: &str) -> bool {
    name != "$documents" && STAGES.contains_key(name)
}

/// The names of the collections and views that the stages of a pipeline read beside its own; also what stands inside
/// them. It looks no closer than it must, for what is malformed is refused elsewhere.
pub(crate) fn involved(pipeline: &odm_core::Pipeline) -> Vec<String> {
    let mut found = Vec::new();
    for stage in &pipeline.0 {
        add_involved(stage.name(), stage.spec(), &mut found);
    }
    found
}

fn add_involved(name: &str, spec: &Bson, found: &mut Vec<String>) {
    if let Some(stage) = STAGES.get(name) {
        (stage.involves)(spec, found);
    }
}

/// The same of the pipeline inside a stage.
fn add_involved_of(stages: Option<&Bson>, found: &mut Vec<String>) {
    let stages = stages.and_then(Bson::as_array).into_iter().flatten();
    for (name, spec) in stages.filter_map(|stage| stage.as_document()?.iter().next()) {
        add_involved(name, spec, found);
    }
}

/// The collection that a field of a stage names, and what the stage's `pipeline` reads.
fn add_named(spec: &Bson, field: &str, found: &mut Vec<String>) {
    let Some(spec) = spec.as_document() else { return };
    found.extend(spec.get_str(field).ok().map(str::to_owned));
    add_involved_of(spec.get("pipeline"), found);
}

/// Whether the last stage of a pipeline writes.
pub(crate) fn writes(pipeline: &odm_core::Pipeline) -> bool {
    pipeline.0.last().is_some_and(|stage| matches!(stage.name(), "$out" | "$merge"))
}

/// Refuses a stage that is none.
///
/// # Errors
///
/// As [`Pipeline::compile`], of its name.
fn check_known(name: &str) -> Result<()> {
    if STAGES.contains_key(name) { Ok(()) } else { absent::refuse(name) }
}

/// Reads the pipeline inside a stage.
///
/// # Errors
///
/// 14 if it is no array of documents, and what [`odm_core::Pipeline::parse`] refuses.
fn sub_pipeline(name: &str, value: &Bson) -> Result<odm_core::Pipeline> {
    match value {
        Bson::Array(stages) => odm_core::Pipeline::parse(stages),
        _ => {
            let message = format!("'{name}' must be an array, found {value}");
            refused(ErrorCode::TYPE_MISMATCH.0, message)
        }
    }
}

/// Refuses a document that is too large to be handed out.
///
/// # Errors
///
/// 10334 beyond 16 MiB and a little.
fn check_result_size(bytes: usize) -> Result<()> {
    if bytes <= MAX_RESULT {
        return Ok(());
    }
    let message =
        format!("BSONObj size: {bytes} is invalid. Size must be between 0 and {MAX_RESULT}");
    refused(10_334, message)
}

fn refused_within<T>(name: &str, within: Within) -> Result<T> {
    let (code, stage) = match within {
        Within::Facet => (40_600, "$facet"),
        Within::Lookup => (51_047, "$lookup"),
        Within::UnionWith => (31_441, "$unionWith"),
        Within::View => (ErrorCode::OPTION_NOT_SUPPORTED_ON_VIEW.0, "view"),
        Within::Update => (ErrorCode::INVALID_OPTIONS.0, "update"),
        Within::Command => (ErrorCode::BAD_VALUE.0, "aggregate"),
    };
    refused(code, format!("{name} is not allowed to be used within a {stage} stage"))
}
