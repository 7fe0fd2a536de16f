//! The tree of fields that projections are made of, and the stages `$project`, `$addFields` and `$unset`.

use odm_core::{Error, ErrorCode, Result};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::expression::{ArrayBuilder, Node, Path, Scope, Value, refused};
use crate::filter::ElemMatcher;
use crate::stage::{Changes, Fields, is_number};
use crate::value::write::{append, begin, begin_nested, finish, index_name};
use crate::value::{MAX_DOCUMENT_SIZE, RawVal, ValueBuf};

/// How many parts a path may have.
const MAX_PATH_PARTS: usize = 200;

/// From how many fields on they are not looked through one by one.
const MANY: usize = 8;

/// How large a document may grow on its way; the one that is handed out is checked again.
const MAX_MADE: usize = 4 * MAX_DOCUMENT_SIZE;

/// What becomes of the fields of a document.
#[derive(Debug)]
pub(crate) struct Tree {
    /// Whether fields that are not named stay, and those are left out that are named whole.
    keeps: bool,
    /// Whether a field is computed, at any depth.
    computes: bool,
    /// What is needed of what stays.
    wanted: Fields,
    /// In the order in which they were named, which is that of what is computed.
    fields: Vec<Field>,
    /// The positions of the fields, if they are many.
    positions: FxHashMap<Box<[u8]>, usize>,
}

#[derive(Debug)]
struct Field {
    name: Box<[u8]>,
    action: Action,
}

#[derive(Debug)]
enum Action {
    Whole,
    Part(Tree),
    Compute(Computed),
}

/// What gives a field a new value.
#[derive(Debug)]
pub(crate) enum Computed {
    Expression(Node),
    /// The first element of an array that matches.
    ElemMatch(ElemMatcher),
}

impl Tree {
    /// A tree without fields; whether it `keeps` what is not named.
    pub(crate) fn new(keeps: bool) -> Self {
        Tree {
            keeps,
            computes: false,
            wanted: Fields::All,
            fields: Vec::new(),
            positions: FxHashMap::default(),
        }
    }

    /// Names a path, to be included or excluded.
    ///
    /// # Errors
    ///
    /// 31249 or 31250 if another path leads through it, or it through another path; 15 if it is too long.
    pub(crate) fn insert(&mut self, path: &str) -> Result<()> {
        self.add(path, Action::Whole)
    }

    /// Has the field at a path computed.
    ///
    /// # Errors
    ///
    /// As [`insert`](Tree::insert).
    pub(crate) fn compute(&mut self, path: &str, computed: Computed) -> Result<()> {
        self.add(path, Action::Compute(computed))
    }

    fn add(&mut self, path: &str, action: Action) -> Result<()> {
        let parts: SmallVec<[&str; 4]> = path.split('.').collect();
        if parts.len() > MAX_PATH_PARTS {
            let message = format!("a path of the projection has more than {MAX_PATH_PARTS} parts");
            return Err(Error::command(ErrorCode::OVERFLOW, message));
        }
        self.add_parts(path, &parts, action)
    }

    fn add_parts(&mut self, path: &str, parts: &[&str], action: Action) -> Result<()> {
        let Some((first, rest)) = parts.split_first() else { return Ok(()) };
        let collision = |code| refused(code, format!("path collision at {path}"));
        self.computes |= matches!(action, Action::Compute(_));
        let position = self.position(first.as_bytes());
        match position.and_then(|position| self.fields.get_mut(position)) {
            None => {
                let action = if rest.is_empty() {
                    action
                } else {
                    let mut inner = Tree::new(self.keeps);
                    inner.add_parts(path, rest, action)?;
                    Action::Part(inner)
                };
                let name: Box<[u8]> = first.as_bytes().into();
                self.fields.push(Field { name: name.clone(), action });
                if self.fields.len() > MANY {
                    if self.positions.is_empty() {
                        let named = self.fields.iter().enumerate();
                        self.positions =
                            named.map(|(at, field)| (field.name.clone(), at)).collect();
                    } else {
                        self.positions.insert(name, self.fields.len() - 1);
                    }
                }
                Ok(())
            }
            Some(Field { action: Action::Part(inner), .. }) if !rest.is_empty() => {
                inner.add_parts(path, rest, action)
            }
            Some(Field { action: Action::Part(_), .. }) => collision(31_250),
            Some(_) if rest.is_empty() => collision(31_250),
            Some(_) => collision(31_249),
        }
    }

    #[inline]
    fn position(&self, name: &[u8]) -> Option<usize> {
        if self.positions.is_empty() {
            self.fields.iter().position(|field| *field.name == *name)
        } else {
            self.positions.get(name).copied()
        }
    }

    /// Whether it leaves a document as it is; sometimes it is not seen.
    pub(crate) fn leaves(&self, document: RawVal<'_>) -> bool {
        self.keeps
            && !self.computes
            && document.elements().all(|(name, _)| self.position(name).is_none())
    }

    /// As [`Stage::needs`](crate::stage::Stage::needs).
    pub(crate) fn needs(&self, later: Fields) -> Fields {
        let mut fields = if self.keeps { later } else { Fields::none() };
        self.add_needs(&mut fields, true);
        fields
    }

    fn add_needs(&self, needed: &mut Fields, is_top: bool) {
        for Field { name, action } in &self.fields {
            match action {
                Action::Compute(Computed::Expression(node)) => needed.add_node(node),
                Action::Compute(Computed::ElemMatch(_)) => *needed = Fields::All,
                Action::Part(tree) => {
                    if is_top && (!self.keeps || tree.computes) {
                        needed.add_name(name);
                    }
                    tree.add_needs(needed, false);
                }
                Action::Whole if is_top && !self.keeps => needed.add_name(name),
                Action::Whole => {}
            }
        }
    }

    /// Only these fields of what it writes are needed.
    pub(crate) fn narrow(&mut self, fields: &Fields) {
        self.wanted = fields.clone();
    }

    /// As [`Stage::changes`](crate::stage::Stage::changes).
    pub(crate) fn changes(&self) -> Changes {
        let (mut changed, mut kept) = (Vec::new(), Vec::new());
        self.add_changes("", &mut changed, &mut kept);
        if self.keeps {
            return Changes::At(changed);
        }
        // As the name of a field, a number leads elsewhere than as a position in an array.
        kept.retain(|(path, _)| !path.split('.').skip(1).any(is_number));
        Changes::AllBut(kept)
    }

    fn add_changes(
        &self,
        prefix: &str,
        changed: &mut Vec<(String, Option<String>)>,
        kept: &mut Vec<(String, String)>,
    ) {
        for Field { name, action } in &self.fields {
            let path = format!("{prefix}{}", String::from_utf8_lossy(name));
            match action {
                Action::Part(tree) => tree.add_changes(&format!("{path}."), changed, kept),
                Action::Whole => {
                    kept.push((path.clone(), path.clone()));
                    changed.push((path, None));
                }
                Action::Compute(Computed::Expression(node)) => {
                    let was = node.as_path().map(Path::to_text).filter(|was| !was.contains('.'));
                    kept.extend(was.iter().map(|was| (path.clone(), was.clone())));
                    changed.push((path, was));
                }
                Action::Compute(_) => changed.push((path, None)),
            }
        }
    }

    /// Writes what becomes of a document. What is computed is computed from the root of the scope.
    ///
    /// # Errors
    ///
    /// What an expression refuses; 10334 if the document grows beyond measure.
    pub(crate) fn write<'a>(
        &'a self,
        document: RawVal<'a>,
        scope: &Scope<'a>,
        out: &mut Vec<u8>,
    ) -> Result<()> {
        let start = begin(out);
        if self.computes {
            self.write_computed(document, scope, out)?;
        } else {
            self.project(document, out);
        }
        finish(out, start);
        if out.len() > MAX_MADE {
            return refused(10_334, format!("the document has {} bytes", out.len()));
        }
        Ok(())
    }

    fn write_computed<'a>(
        &'a self,
        document: RawVal<'a>,
        scope: &Scope<'a>,
        out: &mut Vec<u8>,
    ) -> Result<()> {
        // First all values, in the order in which they were asked for, then the fields, in the document's.
        let mut values: SmallVec<[Option<Value<'a>>; 8]> = SmallVec::new();
        for Field { name, action } in &self.fields {
            values.push(match action {
                Action::Compute(Computed::Expression(node)) => Some(node.eval(scope)?),
                Action::Compute(Computed::ElemMatch(matcher)) => {
                    let found = document.get(name).and_then(|array| matcher.first(array));
                    Some(found.map_or(Value::Missing, |element| Value::array([element])))
                }
                Action::Part(tree) if tree.computes => Some(tree.value(document.get(name), scope)?),
                Action::Part(_) | Action::Whole => None,
            });
        }
        for (name, value) in document.elements() {
            let Some(position) = self.position(name) else {
                if self.keeps && self.wanted.contains(name) {
                    append(out, name, value);
                }
                continue;
            };
            let (Some(field), Some(computed)) =
                (self.fields.get(position), values.get_mut(position))
            else {
                continue;
            };
            match &field.action {
                // It comes after the others.
                Action::Compute(_) if !self.keeps => {}
                Action::Part(tree) if !tree.computes => tree.project_part(name, value, out),
                Action::Whole if self.keeps => {}
                Action::Whole => append(out, name, value),
                Action::Compute(_) | Action::Part(_) => {
                    if let Some(value) = computed.take().as_ref().and_then(Value::as_raw) {
                        append(out, name, value);
                    }
                }
            }
        }
        for (field, value) in self.fields.iter().zip(&values) {
            if let Some(value) = value.as_ref().and_then(Value::as_raw) {
                append(out, &field.name, value);
            }
        }
        Ok(())
    }

    /// What becomes of a value that has computed fields: of an array each element, and what has no fields
    /// becomes a document.
    fn value<'a>(&'a self, value: Option<RawVal<'a>>, scope: &Scope<'a>) -> Result<Value<'static>> {
        match value {
            Some(array) if array.is_array() => {
                let mut out = ArrayBuilder::new();
                for (_, element) in array.elements() {
                    out.push(self.value(Some(element), scope)?.or_null());
                }
                Ok(out.finish())
            }
            value => {
                let document = value.filter(|value| value.is_object());
                let mut out = Vec::with_capacity(64);
                self.write(document.unwrap_or(RawVal::EMPTY_OBJECT), scope, &mut out)?;
                Ok(Value::Owned(ValueBuf::document(&out)))
            }
        }
    }

    /// Writes the fields of a document of which nothing is computed.
    fn project(&self, document: RawVal<'_>, out: &mut Vec<u8>) {
        for (name, value) in document.elements() {
            let position = self.position(name);
            match position.and_then(|position| self.fields.get(position)).map(|field| &field.action)
            {
                Some(Action::Part(tree)) => tree.project_part(name, value, out),
                Some(Action::Whole) if !self.keeps => append(out, name, value),
                None if self.keeps => append(out, name, value),
                _ => {}
            }
        }
    }

    /// A part of a value: one without fields stays or goes whole.
    fn project_part(&self, name: &[u8], value: RawVal<'_>, out: &mut Vec<u8>) {
        if value.is_object() || value.is_array() {
            let start = begin_nested(out, name, value.kind());
            self.project_container(value, out);
            finish(out, start);
        } else if self.keeps {
            append(out, name, value);
        }
    }

    /// Of an array, what its documents and arrays have; where others go, the elements after them move up.
    fn project_container(&self, container: RawVal<'_>, out: &mut Vec<u8>) {
        if container.is_object() {
            return self.project(container, out);
        }
        let mut digits = [0; 20];
        let elements = container.elements().map(|(_, element)| element);
        let is_left =
            |element: &RawVal<'_>| self.keeps || element.is_object() || element.is_array();
        for (index, element) in elements.filter(is_left).enumerate() {
            self.project_part(index_name(index, &mut digits), element, out);
        }
    }
}
