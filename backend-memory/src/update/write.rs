//! The edits of a document, and the new document that they make.

use std::sync::Arc;

use crate::value::write::{append_at, begin, finish, index_name};
use crate::value::{ElementType, RawVal, ValueBuf};

/// A value to be written.
#[derive(Debug)]
pub(super) enum New<'a> {
    /// From the document as it was.
    Old(RawVal<'a>),
    /// From the update.
    Operand(Arc<ValueBuf>),
    /// Computed.
    Computed(ValueBuf),
    /// A computed array or document.
    Bytes(ElementType, Vec<u8>),
    /// A document of new fields.
    Object(Vec<(Arc<str>, New<'a>)>),
}

/// What becomes of an element that is there.
#[derive(Debug)]
pub(super) enum Edit<'a> {
    Remove,
    Set(New<'a>),
    /// At this path, the same value once more.
    Rewrite(Arc<str>),
    /// It is a document or array, and the edits are inside.
    Inside(Edits<'a>),
}

/// The edits of a document or array.
#[derive(Debug)]
pub(super) struct Edits<'a> {
    container: RawVal<'a>,
    existing: Vec<Existing<'a>>,
    added: Vec<Added<'a>>,
}

#[derive(Debug)]
struct Existing<'a> {
    /// Where the element starts and ends in the bytes of the container.
    start: usize,
    end: usize,
    edit: Edit<'a>,
}

#[derive(Debug)]
struct Added<'a> {
    name: Arc<str>,
    /// In an array, the position: those before it that are missing become null.
    index: usize,
    value: New<'a>,
}

impl<'a> Edits<'a> {
    pub(super) fn new(container: RawVal<'a>) -> Self {
        Edits { container, existing: Vec::new(), added: Vec::new() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.existing.is_empty() && self.added.is_empty()
    }

    /// Whether all values stay what they are, though they are written anew at the paths that are added to `paths`.
    pub(super) fn are_rewritten(&self, paths: &mut Vec<Arc<str>>) -> bool {
        self.added.is_empty()
            && self.existing.iter().all(|existing| match &existing.edit {
                Edit::Rewrite(path) => {
                    paths.push(Arc::clone(path));
                    true
                }
                Edit::Inside(edits) => edits.are_rewritten(paths),
                Edit::Remove | Edit::Set(_) => false,
            })
    }

    /// Adds the edit of an element: `value` is its value, as it was found in the container.
    pub(super) fn edit(&mut self, name_len: usize, value: RawVal<'a>, edit: Edit<'a>) {
        // The value is a part of the container's bytes, so its address tells where.
        let at =
            (value.bytes().as_ptr().addr()).wrapping_sub(self.container.bytes().as_ptr().addr());
        let end = at.saturating_add(value.bytes().len());
        self.existing.push(Existing { start: at.saturating_sub(name_len + 2), end, edit });
    }

    pub(super) fn add(&mut self, name: &Arc<str>, index: usize, value: New<'a>) {
        self.added.push(Added { name: Arc::clone(name), index, value });
    }

    /// Writes the edited document or array.
    pub(super) fn write(mut self, out: &mut Vec<u8>) {
        self.existing.sort_by_key(|existing| existing.start);
        let bytes = self.container.bytes();
        let old = |from: usize, to: usize| bytes.get(from..to).unwrap_or_default();
        let start = begin(out);
        let mut copied = 4;
        for Existing { start, end, edit } in self.existing {
            out.extend_from_slice(old(copied, start));
            copied = end;
            let name = old(start + 1, end).split(|&byte| byte == 0).next().unwrap_or_default();
            match edit {
                Edit::Remove => {}
                Edit::Rewrite(_) => out.extend_from_slice(old(start, end)),
                Edit::Set(value) => value.append(name, out),
                Edit::Inside(edits) => {
                    header(edits.container.kind(), name, out);
                    edits.write(out);
                }
            }
        }
        out.extend_from_slice(old(copied, bytes.len().saturating_sub(1)));
        if self.container.is_array() {
            let mut len = if self.added.is_empty() { 0 } else { self.container.elements().count() };
            for added in self.added {
                while len < added.index {
                    append_at(out, len, RawVal::NULL);
                    len += 1;
                }
                added.value.append(index_name(added.index, &mut [0; 20]), out);
                len = added.index + 1;
            }
        } else {
            for added in self.added {
                added.value.append(added.name.as_bytes(), out);
            }
        }
        finish(out, start);
    }
}

impl New<'_> {
    /// Appends the value as the field `name` of the document being written.
    pub(super) fn append(self, name: &[u8], out: &mut Vec<u8>) {
        let mut raw = |value: RawVal<'_>| {
            header(value.kind(), name, out);
            out.extend_from_slice(value.bytes());
        };
        match self {
            New::Old(value) => raw(value),
            New::Operand(value) => raw(value.as_raw()),
            New::Computed(value) => raw(value.as_raw()),
            New::Bytes(kind, bytes) => raw(RawVal::new(kind, &bytes)),
            New::Object(fields) => {
                header(ElementType::EmbeddedDocument, name, out);
                write_object(fields, out);
            }
        }
    }
}

/// Writes a document of new fields.
pub(super) fn write_object(fields: Vec<(Arc<str>, New<'_>)>, out: &mut Vec<u8>) {
    let start = begin(out);
    for (name, value) in fields {
        value.append(name.as_bytes(), out);
    }
    finish(out, start);
}

fn header(kind: ElementType, name: &[u8], out: &mut Vec<u8>) {
    out.push(kind as u8);
    out.extend_from_slice(name);
    out.push(0);
}

/// How many levels of documents and arrays are below a value.
pub(super) fn depth(value: RawVal<'_>, above: usize) -> usize {
    let containers = value.elements().filter(|(_, value)| value.is_object() || value.is_array());
    // Far above every limit there is no need to go on.
    if above > 2 * crate::value::MAX_DEPTH {
        return 0;
    }
    containers.map(|(_, value)| 1 + depth(value, above + 1)).max().unwrap_or(0)
}
