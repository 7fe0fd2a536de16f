//! What acts on the projected document: `$slice` and the positional `.$`.

use odm_core::{Error, ErrorCode};

use crate::filter::Matcher;
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
        let index = self.matcher.matched_index(doc);
        let path: Vec<&str> = self.path.split('.').collect();
        let mut out = Vec::with_capacity(projected.bytes().len());
        let start = begin(&mut out);
        write_positional(projected, &path, index, &mut out)?;
        finish(&mut out, start);
        Ok(out)
    }
}

fn write_positional(
    document: RawVal<'_>,
    path: &[&str],
    index: Option<usize>,
    out: &mut Vec<u8>,
) -> Result<(), Error> {
    let Some((first, rest)) = path.split_first() else { return Ok(()) };
    for (name, value) in document.elements() {
        if name != first.as_bytes() {
            append(out, name, value);
        } else if value.is_array() {
            let index = index.ok_or_else(|| {
                Error::command(
                    ErrorCode(51_246),
                    "positional operator '.$' couldn't find a matching element in the array",
                )
            })?;
            let element = value.at(index).ok_or_else(|| {
                Error::command(ErrorCode(51_247), "positional operator '.$' element mismatch")
            })?;
            let start = begin_nested(out, name, value.kind());
            append_at(out, 0, element);
            finish(out, start);
        } else if value.is_object() && !rest.is_empty() {
            let start = begin_nested(out, name, value.kind());
            write_positional(value, rest, index, out)?;
            finish(out, start);
        } else {
            append(out, name, value);
        }
    }
    Ok(())
}
