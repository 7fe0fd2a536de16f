//! `$unwind`.

use std::cell::{Cell, OnceCell};
use std::ops::Range;
use std::sync::Arc;

use bson::Bson;
use odm_core::Result;
use smallvec::SmallVec;

use super::fields::overlap;
use super::{Changes, Doc, Fields, Input, Run, Spec, Stage, Stream, Visit, Within};
use crate::deadline;
use crate::expression::{Compiler, Path, Root, refused};
use crate::value::write::{append, begin, begin_nested, finish};
use crate::value::{ElementType, Elements, Name, RawVal, Record, ValueBuf};

pub(super) const STAGES: &[Spec] = &[Spec::new("$unwind", unwind)];

/// `$unwind`: for each element of an array, the document with that element in its place. A value
/// that is no array is its only element. Without any (missing, null, `[]`), no document, unless
/// these are to be preserved.
///
/// # Errors
///
/// 15981 if it is neither path nor document, 28808 to 28811 for its options, 28812 without a path,
/// 28818 for a path without `$`, 28822 for an index with one; for the names of fields, as [`Path::parse`].
fn unwind(_: &mut Compiler<'_>, spec: &Bson, _: Within) -> Result<Vec<Arc<dyn Stage>>> {
    let (mut path, mut preserve, mut index) = (String::new(), false, None);
    match spec {
        Bson::String(text) => path.clone_from(text),
        Bson::Document(spec) => {
            for (option, value) in spec {
                match (option.as_str(), value) {
                    ("path", Bson::String(text)) => path.clone_from(text),
                    ("path", _) => {
                        return refused(28_808, "expected a string as the path for $unwind stage");
                    }
                    ("preserveNullAndEmptyArrays", Bson::Boolean(value)) => preserve = *value,
                    ("preserveNullAndEmptyArrays", _) => {
                        return refused(
                            28_809,
                            "expected a boolean for the preserveNullAndEmptyArrays option",
                        );
                    }
                    ("includeArrayIndex", Bson::String(text)) if !text.is_empty() => {
                        if text.starts_with('$') {
                            let message = "includeArrayIndex should not be prefixed with a '$'";
                            return refused(28_822, message);
                        }
                        index = Some(parts(text)?);
                    }
                    ("includeArrayIndex", _) => {
                        return refused(
                            28_810,
                            "expected a non-empty string for the includeArrayIndex option",
                        );
                    }
                    _ => {
                        let message = format!("unrecognized option to $unwind stage: {option}");
                        return refused(28_811, message);
                    }
                }
            }
        }
        _ => return refused(15_981, "expected either a string or an object for $unwind stage"),
    }
    if path.is_empty() {
        return refused(28_812, "no path specified to $unwind stage");
    }
    let Some(path) = path.strip_prefix('$') else {
        let message = format!("path option to $unwind stage should be prefixed with a '$': {path}");
        return refused(28_818, message);
    };
    if path.contains('\0') {
        return refused(16_419, "field path must not contain embedded null characters");
    }
    let path = parts(path)?;
    let name = match &path[..] {
        [name] if index.is_none() => Some(Name::new(name)),
        _ => None,
    };
    Ok(vec![Arc::new(Unwind { path, name, preserve, index, fields: Fields::All })])
}

pub(super) fn parts(path: &str) -> Result<Vec<Box<str>>> {
    Path::parse(path)?;
    Ok(path.split('.').map(Box::from).collect())
}

#[derive(Debug)]
struct Unwind {
    path: Vec<Box<str>>,
    /// The field that is the whole path, if nothing else changes.
    name: Option<Name>,
    /// Whether a document without elements is handed on.
    preserve: bool,
    /// Where to put the position of the element.
    index: Option<Vec<Box<str>>>,
    /// What is needed of the documents that it makes.
    fields: Fields,
}

impl Stage for Unwind {
    fn open(self: Arc<Self>, input: Input, run: &Arc<Run>) -> Result<Input> {
        let unwinding = Unwinding { stage: self, run: run.clone(), input, current: None, count: 0 };
        Ok(Box::new(unwinding))
    }

    fn needs(&self, mut later: Fields) -> Fields {
        for path in std::iter::once(&self.path).chain(&self.index) {
            path.first().into_iter().for_each(|name| later.add(name));
        }
        later
    }

    fn narrow(&mut self, fields: &Fields) {
        self.fields = self.needs(fields.clone());
    }

    /// As on the server, a sort by the index that is added sorts by what was there before.
    fn may_follow_sort(&self, paths: &[String]) -> bool {
        let path = self.path.join(".");
        !paths.iter().any(|other| overlap(other, &path))
    }

    fn changes(&self) -> Changes {
        Changes::at(std::iter::once(&self.path).chain(&self.index).map(Vec::as_slice))
    }
}

struct Unwinding {
    stage: Arc<Unwind>,
    run: Arc<Run>,
    input: Input,
    current: Option<(Doc, Rest)>,
    count: u64,
}

impl Stream for Unwinding {
    fn next(&mut self) -> Result<Option<Doc>> {
        loop {
            self.count += 1;
            if self.run.deadline.has_passed(self.count) {
                return Err(deadline::expired());
            }
            if let Some((doc, rest)) = &mut self.current {
                let mut made = Vec::new();
                if rest.write_next(doc.as_raw().bytes(), &self.stage, &mut made) {
                    return Ok(Some(Doc::Made(made)));
                }
                self.current = None;
            }
            let Some(doc) = self.input.next()? else { return Ok(None) };
            match self.stage.start(doc.as_raw()) {
                Start::Nothing => {}
                Start::Same => return Ok(Some(doc)),
                Start::Other(made) => return Ok(Some(Doc::Made(made))),
                Start::Elements(narrowed, rest) => {
                    self.current = Some((narrowed.map_or(doc, Doc::Made), rest));
                }
            }
        }
    }

    fn each(&mut self, visit: &mut Visit<'_>) -> Result<()> {
        // One allocation for all of the documents that are made.
        let mut made = Vec::new();
        let Unwinding { stage, run, input, current, .. } = self;
        let count = Cell::new(0);
        let tick = || {
            count.update(|count| count + 1);
            if run.deadline.has_passed(count.get()) { Err(deadline::expired()) } else { Ok(()) }
        };
        let mut each_of = |bytes: &[u8], mut rest: Rest, visit: &mut Visit<'_>| loop {
            tick()?;
            made.clear();
            if !rest.write_next(bytes, stage, &mut made) {
                return Ok(());
            }
            visit(Root::Value(RawVal::document(&made)))?;
        };
        if let Some((doc, rest)) = current.take() {
            each_of(doc.as_raw().bytes(), rest, visit)?;
        }
        input.each(&mut |doc| {
            if let Some((record, array)) = stage.array_of(doc) {
                let narrowed = OnceCell::new();
                return array.elements().try_for_each(|(_, element)| {
                    tick()?;
                    let whole = OnceCell::new();
                    let unwound = Unwound { stage, record, element, narrowed: &narrowed, whole };
                    visit(Root::Unwound(&unwound))
                });
            }
            match stage.start(doc.as_raw()) {
                Start::Nothing => Ok(()),
                Start::Same => visit(doc),
                Start::Other(made) => visit(Root::Value(RawVal::document(&made))),
                Start::Elements(narrowed, rest) => {
                    let bytes = narrowed.as_deref().unwrap_or_else(|| doc.as_raw().bytes());
                    each_of(bytes, rest, visit)
                }
            }
        })
    }
}

/// A stored document with an element of an array in the place of the array. Its fields are found as they are;
/// it is encoded only for those who ask for all of it.
#[derive(Debug)]
pub(crate) struct Unwound<'a> {
    stage: &'a Unwind,
    record: &'a Record,
    element: RawVal<'a>,
    /// What is needed of the document, and where the array is in it: the same for all elements.
    narrowed: &'a OnceCell<Option<(Vec<u8>, Place)>>,
    whole: OnceCell<Vec<u8>>,
}

impl<'a> Unwound<'a> {
    #[inline]
    pub(crate) fn get(&self, name: &Name) -> Option<RawVal<'a>> {
        match &self.stage.name {
            Some(unwound) if unwound == name => Some(self.element),
            _ => self.record.get(name),
        }
    }

    pub(crate) fn as_raw(&self) -> RawVal<'_> {
        let narrowed = || {
            let whole = self.record.as_raw();
            let bytes = self.stage.fields.of(whole).unwrap_or_else(|| whole.bytes().to_vec());
            let place = Place::find(RawVal::document(&bytes), &self.stage.path)?;
            Some((bytes, place))
        };
        RawVal::document(self.whole.get_or_init(|| {
            let mut out = Vec::new();
            if let Some((bytes, place)) = self.narrowed.get_or_init(narrowed) {
                place.replace(bytes, Some(self.element), &mut out);
            }
            out
        }))
    }
}

/// What becomes of a document.
enum Start {
    /// No document.
    Nothing,
    /// It is handed on as it is.
    Same,
    /// Another one, in its place.
    Other(Vec<u8>),
    /// One for each element, of what is needed of the document if that is not all.
    Elements(Option<Vec<u8>>, Rest),
}

/// The elements of an array that are still to come.
struct Rest {
    place: Place,
    /// How many bytes they have.
    left: usize,
    /// The position of the next one.
    position: i64,
}

impl Rest {
    /// Writes the document of the next element, if there is one.
    fn write_next(&mut self, bytes: &[u8], stage: &Unwind, out: &mut Vec<u8>) -> bool {
        let Some(array) = bytes.get(self.place.value.clone()) else { return false };
        let mut elements = Elements::last(array, self.left);
        let Some((_, element)) = elements.next() else { return false };
        self.left = elements.left();
        self.place.replace(bytes, Some(element), out);
        let position = self.position;
        self.position += 1;
        if let Some(index) = &stage.index {
            let position = ValueBuf::from(position);
            *out = with_field(RawVal::document(out), index, position.as_raw());
        }
        true
    }
}

impl Unwind {
    /// The array of a stored document whose fields can be found without encoding what is made of it.
    fn array_of<'a>(&self, doc: Root<'a>) -> Option<(&'a Record, RawVal<'a>)> {
        let (Some(name), Root::Record(record)) = (&self.name, doc) else { return None };
        let array = record.get(name).filter(|value| value.is_array() && !value.is_empty())?;
        Some((record, array))
    }

    fn start(&self, doc: RawVal<'_>) -> Start {
        let narrowed = self.fields.of(doc);
        let whole = narrowed.as_deref().map_or(doc, RawVal::document);
        let Some(place) = Place::find(whole, &self.path) else {
            return if self.preserve { self.without_position(whole) } else { Start::Nothing };
        };
        let bytes = whole.bytes();
        let value = RawVal::new(place.kind, bytes.get(place.value.clone()).unwrap_or_default());
        if !value.is_array() {
            let is_element = !value.is_null() && !value.is_undefined();
            let is_kept = is_element || self.preserve;
            return if is_kept { self.without_position(whole) } else { Start::Nothing };
        }
        if value.is_empty() {
            if !self.preserve {
                return Start::Nothing;
            }
            let mut emptied = Vec::new();
            place.replace(bytes, None, &mut emptied);
            return match self.without_position(RawVal::document(&emptied)) {
                Start::Same => Start::Other(emptied),
                other => other,
            };
        }
        let left = value.elements().left();
        Start::Elements(narrowed, Rest { place, left, position: 0 })
    }

    /// A document of which no array was unwound.
    fn without_position(&self, doc: RawVal<'_>) -> Start {
        match &self.index {
            None => Start::Same,
            Some(index) => Start::Other(with_field(doc, index, RawVal::NULL)),
        }
    }
}

/// Where in the bytes of a document a field is, at the end of a path through documents only.
#[derive(Debug)]
struct Place {
    /// Where the documents begin that it is in, the outermost first.
    outer: SmallVec<[usize; 4]>,
    /// Where it begins.
    start: usize,
    value: Range<usize>,
    kind: ElementType,
}

impl Place {
    fn find(document: RawVal<'_>, path: &[Box<str>]) -> Option<Self> {
        let base = document.bytes().as_ptr() as usize;
        let offset = |bytes: &[u8]| (bytes.as_ptr() as usize).checked_sub(base);
        let (last, parents) = path.split_last()?;
        let (mut outer, mut inner) = (SmallVec::new(), document);
        outer.push(0);
        for name in parents {
            inner = inner.get(name.as_bytes()).filter(|inner| inner.is_object())?;
            outer.push(offset(inner.bytes())?);
        }
        let (name, value) = inner.elements().find(|(name, _)| *name == last.as_bytes())?;
        // A byte for the type before the name, one for its end behind it.
        let start = offset(name)?.checked_sub(1)?;
        let value_at = start + name.len() + 2;
        let range = value_at..value_at + value.bytes().len();
        Some(Place { outer, start, value: range, kind: value.kind() })
    }

    /// The document with another value there, or none. Everything else is copied as it is.
    fn replace(&self, bytes: &[u8], value: Option<RawVal<'_>>, out: &mut Vec<u8>) {
        let part = |range: Range<usize>| bytes.get(range).unwrap_or_default();
        let added = value.map_or(0, |value| value.bytes().len());
        out.reserve(bytes.len() - self.value.len() + added);
        out.extend_from_slice(part(0..self.start));
        if let Some(value) = value {
            out.push(value.kind() as u8);
            out.extend_from_slice(part(self.start + 1..self.value.start));
            out.extend_from_slice(value.bytes());
        }
        out.extend_from_slice(part(self.value.end..bytes.len()));
        let before = bytes.len();
        let after = out.len();
        for start in &self.outer {
            if let Some(slot) = out.get_mut(*start..).and_then(<[u8]>::first_chunk_mut::<4>) {
                let len = u32::from_le_bytes(*slot) as usize + after - before;
                *slot = u32::try_from(len).unwrap_or(u32::MAX).to_le_bytes();
            }
        }
    }
}

/// A document with a field set: at its place if it is there, else at the end. What is no document on
/// the way becomes one.
pub(super) fn with_field(document: RawVal<'_>, path: &[Box<str>], value: RawVal<'_>) -> Vec<u8> {
    let mut out = Vec::with_capacity(document.bytes().len() + 32);
    let start = begin(&mut out);
    write_with_field(&mut out, document, path, value);
    finish(&mut out, start);
    out
}

/// Paths have a bounded number of parts.
fn write_with_field(out: &mut Vec<u8>, document: RawVal<'_>, path: &[Box<str>], value: RawVal<'_>) {
    let Some((first, rest)) = path.split_first() else { return };
    let set = |out: &mut Vec<u8>, old: Option<RawVal<'_>>| {
        if rest.is_empty() {
            append(out, first.as_bytes(), value);
            return;
        }
        let old = old.filter(|old| old.is_object()).unwrap_or(RawVal::EMPTY_OBJECT);
        let start = begin_nested(out, first.as_bytes(), ElementType::EmbeddedDocument);
        write_with_field(out, old, rest, value);
        finish(out, start);
    };
    let mut is_set = false;
    for (name, field) in document.elements() {
        if !is_set && name == first.as_bytes() {
            is_set = true;
            set(out, Some(field));
        } else {
            append(out, name, field);
        }
    }
    if !is_set {
        set(out, None);
    }
}
