//! Field paths: `"address.city"`, compiled once, and what MongoDB means by them on documents with
//! arrays. Filters use the walk of this file, indexes and sorts that of [`keys`].

mod keys;
#[cfg(test)]
mod tests;

use rustc_hash::FxHashSet;
use smallvec::SmallVec;

pub(crate) use keys::{IndexKeys, KeyPattern};

use super::{Name, RawVal, Record};

/// A dotted path, compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FieldPath {
    text: Box<str>,
    components: SmallVec<[Component; 1]>,
}

/// One part of a path: the name of a field, and perhaps a position in an array.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Component {
    pub(crate) name: Name,
    /// The position, if the name is written as the server writes positions: `0` and `12`, but
    /// neither `01` nor `-1`.
    pub(crate) index: Option<usize>,
}

impl Component {
    fn new(name: &str) -> Self {
        Component { name: Name::new(name), index: array_index(name) }
    }
}

/// The position that `name` is in an array, if it is written as one.
pub(crate) fn array_index(name: &str) -> Option<usize> {
    let canonical = name == "0" || !name.starts_with('0');
    let digits = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit());
    if canonical && digits { name.parse().ok() } else { None }
}

/// How a walk treats an array at the end of the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LeafArray {
    /// Each element, then the array itself: for predicates on values.
    Traverse,
    /// The array itself only: for `$size` and `$elemMatch`.
    Whole,
}

/// What a walk comes upon at the end of a path.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Found<'a> {
    /// The value; `None` if this branch of the document lacks the field.
    pub(crate) value: Option<RawVal<'a>>,
    /// The position in the outermost array that was traversed without being asked to by a number
    /// in the path: what the positional `$` stands for.
    pub(crate) array_index: Option<usize>,
}

impl FieldPath {
    pub(crate) fn new(path: &str) -> Self {
        FieldPath { text: path.into(), components: path.split('.').map(Component::new).collect() }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// At least one.
    pub(crate) fn components(&self) -> &[Component] {
        &self.components
    }

    /// The first component's name: the top-level field that the path is about.
    pub(crate) fn first(&self) -> &Name {
        &self.components[0].name
    }

    /// The value that the path leads to through documents alone, without looking into arrays.
    pub(crate) fn get<'a>(&self, record: &'a Record) -> Option<RawVal<'a>> {
        let (first, rest) = self.components.split_first()?;
        rest.iter().try_fold(record.get(&first.name)?, |value, component| {
            if value.is_object() { value.get(component.name.as_bytes()) } else { None }
        })
    }

    /// Whether `accept` takes one of the values that a filter on this path looks at, in the
    /// server's order. It is asked about missing ones too, and about no further one once it has
    /// accepted.
    ///
    /// Arrays before the end of the path are traversed, one level each: a document in them is
    /// searched for the rest of the path, and a number in the path takes the element at that
    /// position.
    pub(crate) fn any<'a>(
        &self,
        record: &'a Record,
        leaf: LeafArray,
        accept: impl FnMut(Found<'a>) -> bool,
    ) -> bool {
        let mut walk = Walk::new(leaf, accept);
        walk.field(record.get(self.first()), &self.components, None)
    }

    /// [`any`](FieldPath::any) on a document (or an array, whose fields are its positions) that
    /// is not a record.
    pub(crate) fn any_in<'a>(
        &self,
        document: RawVal<'a>,
        leaf: LeafArray,
        accept: impl FnMut(Found<'a>) -> bool,
    ) -> bool {
        let mut walk = Walk::new(leaf, accept);
        walk.document(document, &self.components, None)
    }
}

/// The state of one walk over one document. Each step tells whether a value was accepted.
struct Walk<F> {
    leaf: LeafArray,
    accept: F,
    /// Within an element that is searched twice (its position in the path may be a field name
    /// too): how many such elements it is in, and where the search has been, with how much of the
    /// path. Without this `"0.0.0.…"` would take for ever on documents built for it.
    twice: usize,
    done: FxHashSet<(usize, usize)>,
}

/// Whether nothing follows but the nothing after a last dot, which the server takes for the end of the path.
fn is_end(path: &[Component]) -> bool {
    matches!(path, [last] if last.name.as_bytes().is_empty())
}

impl<'a, F: FnMut(Found<'a>) -> bool> Walk<F> {
    fn new(leaf: LeafArray, accept: F) -> Self {
        Walk { leaf, accept, twice: 0, done: FxHashSet::default() }
    }

    fn found(&mut self, value: Option<RawVal<'a>>, array_index: Option<usize>) -> bool {
        (self.accept)(Found { value, array_index })
    }

    /// Searches a document for `path`, which is not empty.
    fn document(
        &mut self,
        document: RawVal<'a>,
        path: &[Component],
        array_index: Option<usize>,
    ) -> bool {
        match path.first() {
            Some(first) => self.field(document.get(first.name.as_bytes()), path, array_index),
            None => self.found(Some(document), array_index),
        }
    }

    /// Goes on from the value of the first component of `path`.
    fn field(
        &mut self,
        value: Option<RawVal<'a>>,
        path: &[Component],
        array_index: Option<usize>,
    ) -> bool {
        let rest = path.get(1..).unwrap_or_default();
        match value {
            Some(value) if value.is_array() => self.array(value, rest, array_index),
            Some(value) if rest.is_empty() => self.found(Some(value), array_index),
            Some(value) if value.is_object() => self.document(value, rest, array_index),
            _ => self.found(None, array_index),
        }
    }

    /// Goes on in an array with the rest of the path.
    fn array(&mut self, array: RawVal<'a>, path: &[Component], array_index: Option<usize>) -> bool {
        let Some((first, rest)) = path.split_first() else {
            return self.leaf(array, array_index);
        };
        if is_end(path) {
            return self.leaf(array, array_index);
        }
        for (index, (_, element)) in array.elements().enumerate() {
            let implicit = array_index.or(Some(index));
            // A position that the path names is not traversed, so it is not what `$` stands for.
            let accepted = match (element.is_object(), first.index == Some(index)) {
                (true, false) => self.document(element, path, implicit),
                (true, true) => self.document_twice(element, (path, implicit), (rest, array_index)),
                (false, true) if rest.is_empty() => self.found(Some(element), array_index),
                // Here the elements are looked at even if the array were wanted whole.
                (false, true) if element.is_array() && is_end(rest) => {
                    self.elements(element, array_index) || self.found(Some(element), array_index)
                }
                (false, true) if element.is_array() => self.array(element, rest, array_index),
                (false, _) => false,
            };
            if accepted {
                return true;
            }
        }
        false
    }

    /// An array at the end of the path.
    fn leaf(&mut self, array: RawVal<'a>, array_index: Option<usize>) -> bool {
        let traverses = self.leaf == LeafArray::Traverse;
        (traverses && self.elements(array, array_index)) || self.found(Some(array), array_index)
    }

    fn elements(&mut self, array: RawVal<'a>, array_index: Option<usize>) -> bool {
        let mut elements = array.elements().enumerate();
        elements.any(|(index, (_, element))| self.found(Some(element), array_index.or(Some(index))))
    }

    /// Searches an element that the path names by its position: first as any element, for the
    /// position might be a field's name, then for what follows the position.
    fn document_twice(
        &mut self,
        element: RawVal<'a>,
        as_name: (&[Component], Option<usize>),
        as_position: (&[Component], Option<usize>),
    ) -> bool {
        let place = (element.bytes().as_ptr() as usize, as_name.0.len());
        if self.twice > 0 && !self.done.insert(place) {
            return false;
        }
        self.twice += 1;
        let accepted = self.document(element, as_name.0, as_name.1)
            || self.document(element, as_position.0, as_position.1);
        self.twice -= 1;
        if self.twice == 0 {
            self.done.clear();
        }
        accepted
    }
}
