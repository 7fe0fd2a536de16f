//! `$group`.

use std::hash::BuildHasher;
use std::sync::Arc;
use std::vec;

use bson::Bson;
use odm_core::{Error, Result};
use rustc_hash::{FxBuildHasher, FxHashMap};

use super::{Doc, Fields, Input, Run, Spec, Stage, Stream, Within};
use crate::accumulator::{Accumulate, Accumulator};
use crate::deadline;
use crate::expression::{Compiler, Globals, Node, Scope, Value, refused};
use crate::value::write::{append, begin, finish};
use crate::value::{KeyBytes, RawVal, ValueBuf};

pub(super) const STAGES: &[Spec] = &[Spec::new("$group", group)];

/// What a group takes besides its key and what its accumulators hold.
const GROUP_OVERHEAD: usize = 64;

/// `$group`: a document for each value of `_id`, in the order in which these come.
///
/// # Errors
///
/// 15947 if it is no document, 15955 without an `_id`, 17390 for an `_id` that looks like a
/// projection; of its fields, as [`Accumulator::compile`].
fn group(compiler: &mut Compiler<'_>, spec: &Bson, _: Within) -> Result<Vec<Arc<dyn Stage>>> {
    let Bson::Document(spec) = spec else {
        return refused(15_947, "a group's fields must be specified in an object");
    };
    let mut id = None;
    let mut fields = Vec::with_capacity(spec.len());
    for (name, value) in spec {
        match (name.as_str(), value) {
            ("_id", id_spec) => id = Some(Id::compile(compiler, id_spec)?),
            ("$doingMerge", Bson::Boolean(_)) => {
                return Err(Error::Unsupported {
                    backend: "memory",
                    feature: "the internal option $doingMerge of $group".to_owned(),
                });
            }
            ("$doingMerge", _) => return refused(13_111, "wrong type for field ($doingMerge)"),
            _ => fields.push((name.clone(), Accumulator::compile(compiler, name, value)?)),
        }
    }
    let Some(id) = id else {
        return refused(15_955, "a group specification must include an _id");
    };
    Ok(vec![Arc::new(Group::new(id, fields))])
}

/// A compiled `$group`.
#[derive(Debug)]
pub(super) struct Group {
    id: Id,
    fields: Vec<(String, Accumulator)>,
}

impl Group {
    pub(super) const fn new(id: Id, fields: Vec<(String, Accumulator)>) -> Self {
        Group { id, fields }
    }
}

impl Stage for Group {
    fn open(self: Arc<Self>, input: Input, run: &Arc<Run>) -> Result<Input> {
        Ok(Box::new(Grouping { stage: self, run: run.clone(), input: Some(input), groups: None }))
    }

    fn needs(&self, _: Fields) -> Fields {
        let mut fields = Fields::none();
        match &self.id {
            Id::Value(node) | Id::Field(_, node) => fields.add_node(node),
            Id::Fields(all) => all.iter().for_each(|(_, node)| fields.add_node(node)),
        }
        for (_, field) in &self.fields {
            field.operands().iter().for_each(|node| fields.add_node(node));
        }
        fields
    }
}

/// What documents are grouped by.
#[derive(Debug)]
pub(super) enum Id {
    /// An expression. Missing is null.
    Value(Node),
    /// `{name: expression}`: the same in an object.
    Field(String, Node),
    /// Several: missing is not null, and no field of the object.
    Fields(Vec<(String, Node)>),
}

impl Id {
    pub(super) fn compile(compiler: &mut Compiler<'_>, spec: &Bson) -> Result<Self> {
        let fields = match spec {
            Bson::Document(fields) => fields,
            value => return compiler.operand(value).map(Id::Value),
        };
        if fields.keys().next().is_none_or(|first| first.starts_with('$')) {
            return compiler.object(fields).map(Id::Value);
        }
        let is_inclusion = |value: &Bson| {
            use Bson::{Boolean, Decimal128, Double, Int32, Int64};
            matches!(value, Int32(_) | Int64(_) | Double(_) | Decimal128(_) | Boolean(_))
        };
        if fields.values().any(is_inclusion) {
            return refused(17_390, "$group does not support inclusion-style expressions");
        }
        let mut compiled = Vec::with_capacity(fields.len());
        for (name, value) in fields {
            compiled.push((name.clone(), compiler.field(name, value)?));
        }
        Ok(match compiled.len() {
            1 => {
                compiled.pop().map_or(Id::Fields(Vec::new()), |(name, node)| Id::Field(name, node))
            }
            _ => Id::Fields(compiled),
        })
    }

    /// The key of a document's group: the same for values that are equal.
    fn key(&self, scope: &Scope<'_>) -> Result<KeyBytes> {
        let collator = scope.globals.collator.as_deref();
        match self {
            Id::Value(node) | Id::Field(_, node) => {
                Ok(KeyBytes::collated(collator, node.eval(scope)?.or_null()))
            }
            Id::Fields(fields) => {
                let mut key = KeyBytes::new();
                for (_, node) in fields {
                    let value = node.eval(scope)?;
                    // As the server has it, nothing is equal to what is undefined.
                    let value = value.as_raw().unwrap_or(RawVal::UNDEFINED);
                    match collator {
                        Some(_) => key.push_bytes(KeyBytes::collated(collator, value).as_bytes()),
                        None => key.push(value, false),
                    }
                }
                Ok(key)
            }
        }
    }

    /// The `_id` of the group that a document is the first of.
    fn value(&self, scope: &Scope<'_>) -> Result<ValueBuf> {
        let fields = match self {
            Id::Value(node) => return Ok(node.eval(scope)?.or_null().into()),
            Id::Field(name, node) => {
                let value = node.eval(scope)?;
                return Ok(object([(name.as_str(), value.or_null())]));
            }
            Id::Fields(fields) => fields,
        };
        let mut values = Vec::with_capacity(fields.len());
        for (name, node) in fields {
            values.push((name.as_str(), node.eval(scope)?));
        }
        Ok(object(values.iter().filter_map(|(name, value)| Some((*name, value.as_raw()?)))))
    }
}

fn object<'v>(fields: impl IntoIterator<Item = (&'v str, RawVal<'v>)>) -> ValueBuf {
    let mut out = Vec::new();
    let start = begin(&mut out);
    for (name, value) in fields {
        append(&mut out, name.as_bytes(), value);
    }
    finish(&mut out, start);
    ValueBuf::document(&out)
}

/// The state of a group.
struct State {
    id: ValueBuf,
    fields: Vec<Box<dyn Accumulate>>,
}

impl State {
    fn begin(stage: &Group, id: ValueBuf, globals: &Globals) -> Result<Self> {
        let start = |(_, field): &(String, Accumulator)| field.start(globals, id.as_raw());
        let fields = stage.fields.iter().map(start).collect::<Result<_>>()?;
        Ok(State { id, fields })
    }

    fn size(&self) -> usize {
        self.fields.iter().map(|field| field.size()).sum()
    }

    fn grows(&self) -> bool {
        self.fields.iter().any(|field| field.grows())
    }
}

struct Grouping {
    stage: Arc<Group>,
    run: Arc<Run>,
    input: Option<Input>,
    groups: Option<vec::IntoIter<State>>,
}

/// The groups so far, and where each is.
#[derive(Default)]
struct Groups {
    all: Vec<State>,
    places: FxHashMap<KeyBytes, usize>,
    /// The places by a hash of the very bytes of an `_id`: most values are written like the first of their
    /// group, and need no key.
    known: FxHashMap<u64, usize>,
}

impl Groups {
    /// The place of the group whose `_id` is written so.
    fn written(&self, hash: u64, id: RawVal<'_>) -> Option<usize> {
        let place = *self.known.get(&hash)?;
        let known = self.all.get(place)?.id.as_raw();
        (known.kind() == id.kind() && known.bytes() == id.bytes()).then_some(place)
    }

    /// Adds a group, and gives its place.
    fn add(&mut self, key: KeyBytes, hash: Option<u64>, state: State) -> usize {
        let place = self.all.len();
        self.all.push(state);
        self.places.insert(key, place);
        self.known.extend(hash.map(|hash| (hash, place)));
        place
    }
}

fn hash_of(value: RawVal<'_>) -> u64 {
    FxBuildHasher.hash_one((value.kind() as u8, value.bytes()))
}

impl Grouping {
    /// Reads all documents.
    fn read(&self, input: &mut Input) -> Result<Vec<State>> {
        let (stage, run) = (&*self.stage, &*self.run);
        let mut groups = Groups::default();
        let (mut bytes, mut count) = (0_usize, 0_u64);
        // All groups have accumulators of the same kinds.
        let mut is_measured = false;
        input.each(&mut |doc| {
            count += 1;
            if run.deadline.has_passed(count) {
                return Err(deadline::expired());
            }
            let scope = Scope::new(&run.globals, doc);
            let written = match &stage.id {
                Id::Value(node) => Some(node.with(&scope, |id| {
                    let hash = hash_of(id.or_null());
                    Ok((hash, groups.written(hash, id.or_null())))
                })?),
                _ => None,
            };
            let place = match written {
                Some((_, Some(place))) => place,
                _ => {
                    let key = stage.id.key(&scope)?;
                    if let Some(place) = groups.places.get(&key) {
                        *place
                    } else {
                        let state = State::begin(stage, stage.id.value(&scope)?, &run.globals)?;
                        bytes += key.len() + state.id.as_raw().bytes().len() + GROUP_OVERHEAD;
                        if !run.allow_disk_use {
                            run.check_memory("$group", bytes)?;
                            is_measured = state.grows();
                        }
                        groups.add(key, written.map(|(hash, _)| hash), state)
                    }
                }
            };
            let Some(state) = groups.all.get_mut(place) else { return Ok(()) };
            let before = if is_measured { state.size() } else { 0 };
            for ((_, field), state) in stage.fields.iter().zip(&mut state.fields) {
                field.add_to(state.as_mut(), &scope)?;
            }
            if is_measured {
                bytes = (bytes + state.size()).saturating_sub(before);
                run.check_memory("$group", bytes)?;
            }
            Ok(())
        })?;
        Ok(groups.all)
    }
}

impl Stream for Grouping {
    fn next(&mut self) -> Result<Option<Doc>> {
        if let Some(mut input) = self.input.take() {
            self.groups = Some(self.read(&mut input)?.into_iter());
        }
        let Some(state) = self.groups.as_mut().and_then(Iterator::next) else { return Ok(None) };
        let mut out = Vec::with_capacity(64);
        let start = begin(&mut out);
        append(&mut out, b"_id", state.id.as_raw());
        for ((name, _), field) in self.stage.fields.iter().zip(&state.fields) {
            let value: Value<'_> = field.result();
            append(&mut out, name.as_bytes(), value.or_null());
        }
        finish(&mut out, start);
        Ok(Some(Doc::Made(out)))
    }
}
