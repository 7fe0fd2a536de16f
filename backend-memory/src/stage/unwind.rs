//! `$unwind`.

use std::ops::Range;
use std::sync::Arc;

use bson::Bson;
use odm_core::Result;
use smallvec::SmallVec;

use super::{Doc, Input, Run, Spec, Stage, Stream, Within};
use crate::deadline;
use crate::expression::{Compiler, Path, refused};
use crate::value::write::{append, begin, begin_nested, finish};
use crate::value::{ElementType, Elements, RawVal, ValueBuf};

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
    Ok(vec![Arc::new(Unwind { path: parts(path)?, preserve, index })])
}

pub(super) fn parts(path: &str) -> Result<Vec<Box<str>>> {
    Path::parse(path)?;
    Ok(path.split('.').map(Box::from).collect())
}

#[derive(Debug)]
struct Unwind {
    path: Vec<Box<str>>,
    /// Whether a document without elements is handed on.
    preserve: bool,
    /// Where to put the position of the element.
    index: Option<Vec<Box<str>>>,
}

impl Stage for Unwind {
    fn open(self: Arc<Self>, input: Input, run: &Arc<Run>) -> Result<Input> {
        let unwinding = Unwinding { stage: self, run: run.clone(), input, current: None, count: 0 };
        Ok(Box::new(unwinding))
    }
}

struct Unwinding {
    stage: Arc<Unwind>,
    run: Arc<Run>,
    input: Input,
    current: Option<Current>,
    count: u64,
}

/// The document that is being unwound.
struct Current {
    doc: Doc,
    place: Place,
    /// How many bytes the elements have that are still to come.
    left: usize,
    /// The position of the next one.
    position: i64,
}

impl Stream for Unwinding {
    fn next(&mut self) -> Result<Option<Doc>> {
        loop {
            self.count += 1;
            if self.run.deadline.has_passed(self.count) {
                return Err(deadline::expired());
            }
            if let Some(current) = &mut self.current {
                match current.next(&self.stage) {
                    Some(doc) => return Ok(Some(doc)),
                    None => self.current = None,
                }
            }
            let Some(doc) = self.input.next()? else { return Ok(None) };
            let Some(place) = Place::find(doc.as_raw(), &self.stage.path) else {
                if self.stage.preserve {
                    return Ok(Some(self.stage.without_position(doc)));
                }
                continue;
            };
            let bytes = doc.as_raw().bytes();
            let value = RawVal::new(place.kind, bytes.get(place.value.clone()).unwrap_or_default());
            if value.is_array() && !value.is_empty() {
                let left = value.elements().left();
                self.current = Some(Current { doc, place, left, position: 0 });
                continue;
            }
            let has_element = !value.is_array() && !value.is_null() && !value.is_undefined();
            if value.is_array() && self.stage.preserve {
                let emptied = Doc::Made(place.replace(bytes, None));
                return Ok(Some(self.stage.without_position(emptied)));
            }
            if has_element || (self.stage.preserve && !value.is_array()) {
                return Ok(Some(self.stage.without_position(doc)));
            }
        }
    }
}

impl Current {
    fn next(&mut self, stage: &Unwind) -> Option<Doc> {
        let bytes = self.doc.as_raw().bytes();
        let array = bytes.get(self.place.value.clone())?;
        let mut elements = Elements::last(array, self.left);
        let (_, element) = elements.next()?;
        self.left = elements.left();
        let position = ValueBuf::from(self.position);
        self.position += 1;
        let made = self.place.replace(bytes, Some(element));
        Some(Doc::Made(match &stage.index {
            None => made,
            Some(index) => with_field(RawVal::document(&made), index, position.as_raw()),
        }))
    }
}

impl Unwind {
    /// A document of which no array was unwound.
    fn without_position(&self, doc: Doc) -> Doc {
        match &self.index {
            None => doc,
            Some(index) => Doc::Made(with_field(doc.as_raw(), index, RawVal::NULL)),
        }
    }
}

/// Where in the bytes of a document a field is, at the end of a path through documents only.
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
    fn replace(&self, bytes: &[u8], value: Option<RawVal<'_>>) -> Vec<u8> {
        let part = |range: Range<usize>| bytes.get(range).unwrap_or_default();
        let added = value.map_or(0, |value| value.bytes().len());
        let mut out = Vec::with_capacity(bytes.len() - self.value.len() + added);
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
        out
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
