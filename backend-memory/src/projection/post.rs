//! What acts on the projected document: `$slice` and the positional `.$`.

use odm_core::bson::spec::ElementType;
use odm_core::{Error, ErrorCode};

use crate::filter::{Matched, Matcher};
use crate::value::write::{append, append_at, begin, begin_nested, finish};
use crate::value::{RawVal, Record};

/// `$slice`: a part of the arrays at a path.
#[derive(Debug)]
pub(super) struct Slice {
    path: Box<str>,
    skip: Option<i32>,
    limit: i32,
}

impl Slice {
    pub(super) fn new(path: &str, skip: Option<i32>, limit: i32) -> Self {
        Slice { path: path.into(), skip, limit }
    }

    pub(super) fn apply(&self, document: RawVal<'_>) -> Vec<u8> {
        let path: Vec<&str> = self.path.split('.').collect();
        let mut out = Vec::with_capacity(document.bytes().len());
        let start = begin(&mut out);
        self.write_fields(document, &path, &mut out);
        finish(&mut out, start);
        out
    }

    fn write_fields(&self, document: RawVal<'_>, path: &[&str], out: &mut Vec<u8>) {
        let Some((first, rest)) = path.split_first() else { return };
        for (name, value) in document.elements() {
            if name != first.as_bytes() || !(value.is_array() || value.is_object()) {
                append(out, name, value);
            } else if rest.is_empty() && value.is_array() {
                let start = begin_nested(out, name, value.kind());
                self.write_part(value, out);
                finish(out, start);
            } else if rest.is_empty() {
                append(out, name, value);
            } else {
                let start = begin_nested(out, name, value.kind());
                if value.is_object() {
                    self.write_fields(value, rest, out);
                } else {
                    self.write_elements(value, rest, out);
                }
                finish(out, start);
            }
        }
    }

    /// Inside the documents of an array, but not of arrays in it.
    fn write_elements(&self, array: RawVal<'_>, path: &[&str], out: &mut Vec<u8>) {
        for (name, element) in array.elements() {
            if element.is_object() {
                let start = begin_nested(out, name, element.kind());
                self.write_fields(element, path, out);
                finish(out, start);
            } else {
                append(out, name, element);
            }
        }
    }

    fn write_part(&self, array: RawVal<'_>, out: &mut Vec<u8>) {
        let len = array.elements().count();
        let distance = |n: i32| n.unsigned_abs() as usize;
        let (skip, limit) = match self.skip {
            None if self.limit < 0 => (len.saturating_sub(distance(self.limit)), len),
            None => (0, distance(self.limit)),
            Some(skip) if skip < 0 => (len.saturating_sub(distance(skip)), distance(self.limit)),
            Some(skip) => (distance(skip), distance(self.limit)),
        };
        let part = array.elements().skip(skip).take(limit);
        for (index, (_, element)) in part.enumerate() {
            append_at(out, index, element);
        }
    }
}

/// The positional `.$`: of the first array on a path, the element that the filter matched.
#[derive(Debug)]
pub(super) struct Positional {
    path: Box<str>,
    matcher: Matcher,
}

impl Positional {
    pub(super) fn new(path: &str, matcher: Matcher) -> Self {
        Positional { path: path.into(), matcher }
    }

    /// # Errors
    ///
    /// 51246 if the filter matched no element of an array; 51247 if the array on the path is
    /// another one and has no such element.
    pub(super) fn apply(&self, doc: &Record, projected: RawVal<'_>) -> Result<Vec<u8>, Error> {
        let path: Vec<&str> = self.path.split('.').collect();
        let Some(found) = first_array(projected, doc.as_raw(), &path) else {
            return Ok(projected.bytes().to_vec());
        };
        let index = self.matcher.matched_index(doc, Matched::AsWritten).ok_or_else(|| {
            Error::command(
                ErrorCode(51_246),
                "positional operator '.$' couldn't find a matching element in the array",
            )
        })?;
        let element = found.element(index).ok_or_else(|| {
            Error::command(ErrorCode(51_247), "positional operator '.$' element mismatch")
        })?;
        let mut out = Vec::with_capacity(projected.bytes().len());
        let start = begin(&mut out);
        let path = path.get(..=found.depth).unwrap_or_default();
        set_element(Some(projected), Some(doc.as_raw()), path, element, &mut out);
        finish(&mut out, start);
        Ok(out)
    }
}

/// An array on a positional path.
struct FirstArray<'a> {
    projected: RawVal<'a>,
    stored: Option<RawVal<'a>>,
    /// At which name of the path.
    depth: usize,
}

impl<'a> FirstArray<'a> {
    /// The element at a position of the stored array, if the projection has left it.
    fn element(&self, index: usize) -> Option<RawVal<'a>> {
        let is_left = |element: RawVal<'_>| element.is_object() || element.is_array();
        let elements = |array: RawVal<'a>| array.elements().map(|(_, element)| element);
        let stored = self.stored.filter(|stored| {
            stored.is_array() && elements(*stored).count() != elements(self.projected).count()
        });
        let Some(stored) = stored else { return self.projected.at(index) };
        // A part of each element was asked for, which left those that have parts.
        if !stored.at(index).is_some_and(is_left) {
            return None;
        }
        let before = elements(stored).take(index).filter(|element| is_left(*element)).count();
        self.projected.at(before)
    }
}

/// The first array that the path leads to.
///
/// A name that leads to no document is passed over, and the next one looked for in its stead: so
/// the server finds `b` by `a.b` where there is no `a`.
fn first_array<'a>(
    projected: RawVal<'a>,
    stored: RawVal<'a>,
    path: &[&str],
) -> Option<FirstArray<'a>> {
    let (mut document, mut stored) = (projected, Some(stored));
    for (depth, name) in path.iter().enumerate() {
        let inner = |stored: Option<RawVal<'a>>| stored?.get(name.as_bytes());
        match document.get(name.as_bytes()) {
            Some(array) if array.is_array() => {
                return Some(FirstArray { projected: array, stored: inner(stored), depth });
            }
            Some(next) if next.is_object() => (document, stored) = (next, inner(stored)),
            _ => {}
        }
    }
    None
}

/// Writes the fields of a document with an array of one element at `path`. A field that the
/// projection has left out comes back in its place.
fn set_element(
    document: Option<RawVal<'_>>,
    original: Option<RawVal<'_>>,
    path: &[&str],
    element: RawVal<'_>,
    out: &mut Vec<u8>,
) {
    let Some((first, rest)) = path.split_first() else { return };
    let name = first.as_bytes();
    let document = document.filter(|document| document.is_object());
    let original = original.filter(|original| original.is_object());
    let write = |out: &mut Vec<u8>| {
        if rest.is_empty() {
            let start = begin_nested(out, name, ElementType::Array);
            append_at(out, 0, element);
            finish(out, start);
        } else {
            let start = begin_nested(out, name, ElementType::EmbeddedDocument);
            let document = document.and_then(|parent| parent.get(name));
            let original = original.and_then(|parent| parent.get(name));
            set_element(document, original, rest, element, out);
            finish(out, start);
        }
    };
    let mut written = false;
    let is_there = document.is_some_and(|document| document.get(name).is_some());
    let after: Vec<&[u8]> = match original {
        Some(original) if !is_there => {
            original.elements().map(|(name, _)| name).skip_while(|other| *other != name).collect()
        }
        _ => Vec::new(),
    };
    for (other, value) in document.into_iter().flat_map(RawVal::elements) {
        if !written && (other == name || after.contains(&other)) {
            write(out);
            written = true;
        }
        if other != name {
            append(out, other, value);
        }
    }
    if !written {
        write(out);
    }
}
