//! Taking lookups apart.

use super::operator::Operator;
use super::{LookupError, clip};
use crate::namespace::FieldPath;
use crate::schema::{FieldSchema, Schema, TypeSchema};

/// A lookup taken apart.
#[derive(Debug, Clone)]
pub(crate) struct Parsed {
    pub(crate) path: FieldPath,
    /// What is stored there, where that is known.
    pub(crate) ty: Option<TypeSchema>,
    pub(crate) negated: bool,
    pub(crate) operator: &'static Operator,
}

/// Where lookups start.
pub(crate) enum Scope<'a> {
    /// A document of which nothing is known.
    Untyped,
    /// An element of an array of which nothing is known.
    UntypedElement,
    Model(&'a Schema),
    /// An element of an array.
    Element(TypeSchema),
}

/// The server's longest path.
const MAX_NAMES: usize = 180;

pub(crate) fn parse(lookup: &str, scope: &Scope<'_>) -> Result<Parsed, LookupError> {
    check_names(lookup)?;
    match scope {
        Scope::Untyped => parse_untyped(lookup, 1),
        Scope::UntypedElement => parse_untyped(lookup, 0),
        Scope::Model(schema) => Walk::new(lookup, Place::Model(schema)).run(),
        Scope::Element(ty) => Walk::new(lookup, Place::Value(ty.clone())).run(),
    }
}

/// Refuses what no path holds.
fn check_names(lookup: &str) -> Result<(), LookupError> {
    let mut names = 0_usize;
    for name in Names(Some(lookup)) {
        names += 1;
        let is_operator = || Operator::find(name).is_some();
        if name.is_empty() || name.contains('\0') || (name.starts_with('$') && !is_operator()) {
            let expected = "names that are not empty and do not begin with `$`, and an operator";
            return Err(LookupError::new(lookup, expected));
        }
    }
    if names > MAX_NAMES {
        return Err(LookupError::new(lookup, format!("a path of at most {MAX_NAMES} names")));
    }
    Ok(())
}

/// The names of a lookup, one by one. Underscores with which a name begins belong to it.
struct Names<'a>(Option<&'a str>);

impl<'a> Iterator for Names<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let text = self.0?;
        let begun = text.find(|c| c != '_').unwrap_or(text.len());
        let rest = text.get(begun..).unwrap_or_default();
        let separator = match (rest.find("__"), rest.find('.')) {
            (Some(two), Some(dot)) if two < dot => Some((two, 2)),
            (Some(two), None) => Some((two, 2)),
            (_, Some(dot)) => Some((dot, 1)),
            (None, None) => None,
        };
        let Some((at, length)) = separator else {
            self.0 = None;
            return Some(text);
        };
        self.0 = text.get(begun + at + length..);
        text.get(..begun + at)
    }
}

/// Splits `[not] [operator]` off the end of names, of which at least `keep` are a path.
fn split_operator(names: &mut Vec<&str>, keep: usize) -> (bool, &'static Operator) {
    let mut pop = |known: &dyn Fn(&str) -> bool| {
        let found = names.len() > keep && names.last().is_some_and(|last| known(last));
        if found { names.pop() } else { None }
    };
    let operator = pop(&|name| Operator::find(name).is_some()).and_then(Operator::find);
    let negated = pop(&|name| name == NOT).is_some();
    (negated, operator.unwrap_or_else(Operator::exact))
}

const NOT: &str = "not";

fn parse_untyped(lookup: &str, keep: usize) -> Result<Parsed, LookupError> {
    let mut names: Vec<&str> = Names(Some(lookup)).collect();
    let (negated, operator) = split_operator(&mut names, keep);
    check_no_operator(lookup, &names)?;
    if keep > 0
        && let Some(first) = names.first_mut()
        && *first == "pk"
    {
        *first = "_id";
    }
    Ok(Parsed { path: names.join(".").into(), ty: None, negated, operator })
}

/// An operator by its name in MongoDB is not a field.
fn check_no_operator(lookup: &str, path: &[&str]) -> Result<(), LookupError> {
    match path.iter().find(|name| name.starts_with('$')) {
        Some(name) => {
            Err(LookupError::new(lookup, format!("a path, and `{name}` once, at the end")))
        }
        None => Ok(()),
    }
}

/// Where a walk through a type has come to.
enum Place<'a> {
    Model(&'a Schema),
    Value(TypeSchema),
}

/// What may follow.
enum Below {
    /// Fields of a type.
    Fields(&'static Schema),
    /// Any names, with values of this type.
    Names(TypeSchema),
    Nothing,
}

/// The field with which a lookup begins.
pub(crate) struct Walked<'a> {
    pub(crate) path: FieldPath,
    pub(crate) ty: TypeSchema,
    rest: Option<&'a str>,
}

impl Walked<'_> {
    /// What follows the field: an operator, perhaps after `not`; `None` if it is something else.
    pub(crate) fn operator(&self) -> Option<(bool, &'static Operator)> {
        let mut names: Vec<&str> = Names(self.rest).collect();
        let found = split_operator(&mut names, 0);
        names.is_empty().then_some(found)
    }
}

/// The field with which a lookup begins.
pub(crate) fn walk<'a>(lookup: &'a str, schema: &'static Schema) -> Option<Walked<'a>> {
    check_names(lookup).ok()?;
    let walk = Walk::new(lookup, Place::Model(schema)).walk();
    match walk.place {
        Place::Value(ty) => Some(Walked { path: walk.path, ty, rest: walk.rest }),
        Place::Model(_) => None,
    }
}

/// The field at a path without an operator.
pub(crate) fn walk_path(path: &str, schema: &Schema) -> Option<(FieldPath, TypeSchema)> {
    check_names(path).ok()?;
    let walk = Walk { is_path: true, ..Walk::new(path, Place::Model(schema)) }.walk();
    match (walk.place, walk.rest) {
        (Place::Value(ty), None) => Some((walk.path, ty)),
        _ => None,
    }
}

struct Walk<'a> {
    lookup: &'a str,
    /// No operator follows.
    is_path: bool,
    rest: Option<&'a str>,
    path: FieldPath,
    place: Place<'a>,
}

impl<'a> Walk<'a> {
    fn new(lookup: &'a str, place: Place<'a>) -> Self {
        Walk { lookup, is_path: false, rest: Some(lookup), path: FieldPath::from_static(""), place }
    }

    /// Goes down as far as there are fields.
    fn walk(mut self) -> Self {
        while let Some(rest) = self.rest {
            if !self.step(rest) {
                break;
            }
        }
        self
    }

    fn run(self) -> Result<Parsed, LookupError> {
        let this = self.walk();
        let mut names: Vec<&str> = Names(this.rest).collect();
        let (negated, operator) = split_operator(&mut names, 0);
        match (names.first(), this.place) {
            (None, Place::Value(ty)) if operator.fits(&ty) => {
                Ok(Parsed { path: this.path, ty: Some(ty), negated, operator })
            }
            (None, Place::Value(ty)) => Err(LookupError::new(
                this.lookup,
                format!(
                    "an operator that `{}` has, not `{}`: {}",
                    this.path,
                    operator.name,
                    Operator::possible(&ty)
                ),
            )),
            (Some(name), Place::Value(ty)) => {
                Err(LookupError::new(this.lookup, unknown_below(&this.path, name, &ty)))
            }
            (name, Place::Model(schema)) => Err(LookupError::new(
                this.lookup,
                format!(
                    "a field of {}, not `{}`: {}",
                    schema.model,
                    clip(name.copied().unwrap_or(this.lookup)),
                    fields(schema)
                ),
            )),
        }
    }

    /// Goes down by one name, unless what is left is an operator, or unknown.
    fn step(&mut self, rest: &'a str) -> bool {
        let below = match &self.place {
            Place::Model(schema) => {
                if let Some((field, after)) = longest_field(schema, rest) {
                    return self.go(field.stored, field.ty.clone(), after);
                }
                if let Some((id, after)) = id_alias(schema, rest) {
                    return self.go(id.stored, id.ty.clone(), after);
                }
                if schema.open { Below::Names(TypeSchema::Any) } else { Below::Nothing }
            }
            Place::Value(ty) => {
                let mut names = Names(Some(rest));
                if let Some(position) = names.next()
                    && position.bytes().all(|byte| byte.is_ascii_digit())
                    && let Some(element) = super::value::element(ty)
                {
                    return self.go(position, element, names.0);
                }
                below(ty)
            }
        };
        match below {
            Below::Fields(schema) => match longest_field(schema, rest) {
                Some((field, after)) => self.go(field.stored, field.ty.clone(), after),
                None if schema.open => self.go_by_name(rest, TypeSchema::Any),
                None => false,
            },
            Below::Names(ty) => self.go_by_name(rest, ty),
            Below::Nothing => false,
        }
    }

    /// Takes the next name for a key, unless nothing but an operator is left.
    fn go_by_name(&mut self, rest: &'a str, ty: TypeSchema) -> bool {
        let keep = usize::from(matches!(self.place, Place::Model(_)));
        let mut left: Vec<&str> = Names(Some(rest)).collect();
        if !self.is_path {
            split_operator(&mut left, keep);
        }
        let mut names = Names(Some(rest));
        match names.next() {
            Some(name) if !left.is_empty() && !name.starts_with('$') => self.go(name, ty, names.0),
            _ => false,
        }
    }

    fn go(&mut self, name: &str, ty: TypeSchema, after: Option<&'a str>) -> bool {
        self.path = self.path.join_str(name);
        self.place = Place::Value(ty);
        self.rest = after;
        true
    }
}

/// What lies below a value.
fn below(ty: &TypeSchema) -> Below {
    match ty {
        TypeSchema::Any | TypeSchema::OneOf(_) => Below::Names(TypeSchema::Any),
        TypeSchema::Map(values) => Below::Names((**values).clone()),
        TypeSchema::Embedded(schema) => Below::Fields(schema()),
        TypeSchema::Optional(some) => below(some),
        // Paths do not lead through an array that lies directly in another.
        TypeSchema::Array(element) => match super::value::element(element) {
            Some(_) if !matches!(**element, TypeSchema::Any) => Below::Nothing,
            _ => below(element),
        },
        _ => Below::Nothing,
    }
}

/// The field with the longest name, stored or in Rust, with which `text` begins, and what follows.
fn longest_field<'s, 't>(
    schema: &'s Schema,
    text: &'t str,
) -> Option<(&'s FieldSchema, Option<&'t str>)> {
    let mut found: Option<(usize, &FieldSchema, Option<&str>)> = None;
    let stored = schema.fields.iter().map(|field| (field.stored, field));
    let in_rust = schema.fields.iter().map(|field| (field.name, field));
    for (name, field) in stored.chain(in_rust) {
        if let Some(after) = after_name(text, name)
            && found.is_none_or(|(longest, ..)| name.len() > longest)
        {
            found = Some((name.len(), field, after));
        }
    }
    found.map(|(_, field, after)| (field, after))
}

/// What follows `name` and a separator, if `text` begins so.
fn after_name<'t>(text: &'t str, name: &str) -> Option<Option<&'t str>> {
    if name.is_empty() {
        return None;
    }
    let rest = text.strip_prefix(name)?;
    if rest.is_empty() {
        return Some(None);
    }
    rest.strip_prefix("__").or_else(|| rest.strip_prefix('.')).map(Some)
}

fn id_alias<'s, 't>(
    schema: &'s Schema,
    text: &'t str,
) -> Option<(&'s FieldSchema, Option<&'t str>)> {
    let after = after_name(text, "pk").or_else(|| after_name(text, "id"))?;
    schema.fields.iter().find(|field| field.id).map(|field| (field, after))
}

fn fields(schema: &Schema) -> String {
    let names: Vec<_> = schema.fields.iter().map(|field| field.stored).collect();
    names.join(", ")
}

fn unknown_below(path: &FieldPath, name: &str, ty: &TypeSchema) -> String {
    let name = clip(name);
    let operators = Operator::possible(ty);
    match ty.embedded() {
        Some(schema) => format!(
            "a field of `{path}` ({}) or an operator ({operators}), not `{name}`",
            fields(schema)
        ),
        None => format!("an operator that `{path}` has, not `{name}`: {operators}"),
    }
}
