//! What a query string may ask for.

use crate::document::Document;
use crate::error::{Error, Result};
use crate::filter::BsonType;
use crate::lookup::{OPERATORS, Operator, Takes, Walked, walk, walk_path};
use crate::namespace::FieldPath;
use crate::query_string::{CONTROLS, convert};
use crate::schema::{Schema, TypeSchema};

/// What a stranger's query string may ask for: an allow-list, made from a model.
///
/// Without more, it allows nothing but pages of 20 documents.
///
/// ```
/// use odm_core::bson::{doc, oid::ObjectId};
/// use odm_core::{Document, QueryStringRules};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Debug, Serialize, Deserialize, Document)]
/// struct User {
///     #[serde(rename = "_id")]
///     id: ObjectId,
///     name: String,
///     age: i32,
///     password_hash: String,
/// }
///
/// let rules = QueryStringRules::for_::<User>()
///     .filterable(["name", "age"])
///     .sortable(["age"])
///     .max_page_size(50);
///
/// let query = User::find().query_string(&rules, "age__gte=18&name__icontains=jo&sort=-age&page=2")?;
/// let find = query.to_request()?;
/// assert_eq!(find.filter.to_document().to_string(), r#"{ "age": { "$gte": 18 }, "name": /jo/i }"#);
/// assert_eq!((find.skip, find.limit), (20, 20));
///
/// let refused = rules.parse("age=old").unwrap_err();
/// assert_eq!(refused.to_string(), r#"`age`: expected a whole number, found "old""#);
/// assert!(rules.parse("password_hash__startswith=a").is_err());
/// # Ok::<(), odm_core::Error>(())
/// ```
///
/// Keep one, in a `static` of [`LazyLock`](std::sync::LazyLock) perhaps, and let a unit test
/// [`check`](Self::check) it.
#[derive(Debug, Clone)]
pub struct QueryStringRules {
    pub(super) schema: &'static Schema,
    filterable: Vec<Allowed>,
    operators: Vec<&'static str>,
    pub(super) sortable: Vec<FieldPath>,
    pub(super) selectable: Vec<FieldPath>,
    pub(super) page_size: u64,
    pub(super) max_page_size: u64,
    pub(super) max_skip: u64,
    pub(super) max_length: usize,
    pub(super) max_parameters: usize,
    pub(super) max_list: usize,
    pub(super) max_pattern: usize,
    /// What is wrong with them.
    error: Option<Error>,
}

/// A field that may be filtered by.
#[derive(Debug, Clone)]
pub(super) struct Allowed {
    path: FieldPath,
    /// The values of the map there, rather than itself: `byYear.*`.
    below: bool,
    /// Its own operators, where it has some.
    operators: Option<Vec<&'static str>>,
    /// Its type, where the schema does not tell.
    pub(super) ty: Option<BsonType>,
}

impl QueryStringRules {
    /// Rules for the documents `D`.
    #[must_use]
    pub fn for_<D: Document>() -> Self {
        let cheap = |row: &&Operator| {
            !matches!(row.takes, Takes::Pattern | Takes::Type | Takes::Mod) && has_text_form(row)
        };
        QueryStringRules {
            schema: D::schema(),
            filterable: Vec::new(),
            operators: OPERATORS.iter().filter(cheap).map(|row| row.name).collect(),
            sortable: Vec::new(),
            selectable: Vec::new(),
            page_size: 20,
            max_page_size: 100,
            max_skip: 10_000,
            max_length: 4096,
            max_parameters: 32,
            max_list: 100,
            max_pattern: 50,
            error: None,
        }
    }

    /// Fields that may be filtered by: paths such as `age`, `address.zip`, or `by_year.*` for the
    /// values of a map. Names are those of [lookups](crate::lookup).
    #[must_use]
    pub fn filterable<P: AsRef<str>>(mut self, paths: impl IntoIterator<Item = P>) -> Self {
        for path in paths {
            self.allow(path.as_ref(), None);
        }
        self
    }

    /// A field that may be filtered by these operators, and no others.
    #[must_use]
    pub fn filterable_by<O: AsRef<str>>(
        mut self,
        path: &str,
        operators: impl IntoIterator<Item = O>,
    ) -> Self {
        let operators = self.known(operators);
        self.allow(path, Some(operators));
        self
    }

    /// The operators that fields may be filtered by, instead of all but `regex`, `iregex`, `mod` and
    /// `type`. `not` may stand before each. Those that make no sense for a field it never has.
    #[must_use]
    pub fn operators<O: AsRef<str>>(mut self, operators: impl IntoIterator<Item = O>) -> Self {
        self.operators = self.known(operators);
        self
    }

    /// How to read the values of a field of which the schema does not tell the type; as text,
    /// otherwise.
    #[must_use]
    pub fn value_type(mut self, path: &str, ty: BsonType) -> Self {
        let (name, below) = without_star(path);
        let found = walk_path(name, self.schema).and_then(|(path, _)| {
            self.filterable.iter_mut().find(|it| it.path == path && it.below == below)
        });
        match found {
            Some(allowed) if convert::READABLE.contains(&ty) => allowed.ty = Some(ty),
            Some(_) => self.wrong(format!("values of type {} have no form as text", ty.alias())),
            None => self.wrong(format!("`{path}` is not among the filterable fields")),
        }
        self
    }

    /// Fields that may be sorted by.
    #[must_use]
    pub fn sortable<P: AsRef<str>>(mut self, paths: impl IntoIterator<Item = P>) -> Self {
        for path in paths {
            if let Some(path) = self.known_path(path.as_ref()) {
                self.sortable.push(path);
            }
        }
        self
    }

    /// Fields that `fields=` may ask for. The documents are then partial: ask for a type that does
    /// without the others.
    #[must_use]
    pub fn selectable<P: AsRef<str>>(mut self, paths: impl IntoIterator<Item = P>) -> Self {
        for path in paths {
            if let Some(path) = self.known_path(path.as_ref()) {
                self.selectable.push(path);
            }
        }
        self
    }

    /// How many documents a page has, if the query string does not say: 20, or the most.
    #[must_use]
    pub fn page_size(mut self, documents: u64) -> Self {
        self.page_size = documents.max(1);
        self
    }

    /// How many documents a page has at most: 100.
    #[must_use]
    pub fn max_page_size(mut self, documents: u64) -> Self {
        self.max_page_size = documents.max(1);
        self
    }

    /// How many matches may be passed over at most: 10 000. The server reads each of them.
    #[must_use]
    pub fn max_skip(mut self, documents: u64) -> Self {
        self.max_skip = documents;
        self
    }

    /// How long a query string may be: 4096 bytes.
    #[must_use]
    pub fn max_length(mut self, bytes: usize) -> Self {
        self.max_length = bytes;
        self
    }

    /// How many parameters there may be: 32.
    #[must_use]
    pub fn max_parameters(mut self, parameters: usize) -> Self {
        self.max_parameters = parameters;
        self
    }

    /// How many values a list such as that of `in` may have: 100.
    #[must_use]
    pub fn max_list(mut self, values: usize) -> Self {
        self.max_list = values;
        self
    }

    /// How long a regular expression may be, if they are allowed: 50 characters.
    #[must_use]
    pub fn max_pattern(mut self, characters: usize) -> Self {
        self.max_pattern = characters;
        self
    }

    /// Whether the rules fit the model.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] that names a field that is not there, or an operator that is unknown or
    /// has no form as text.
    pub fn check(&self) -> Result<()> {
        self.error.clone().map_or(Ok(()), Err)
    }

    fn wrong(&mut self, why: String) {
        let model = self.schema.model;
        self.error.get_or_insert(Error::Config(format!("query strings for `{model}`: {why}")));
    }

    fn allow(&mut self, text: &str, operators: Option<Vec<&'static str>>) {
        let (name, below) = without_star(text);
        let Some((path, ty)) = walk_path(name, self.schema) else {
            return self.wrong(format!("there is no field `{text}`"));
        };
        if below && !has_names_below(&ty) {
            return self.wrong(format!("`{path}` is not a map"));
        }
        self.filterable.retain(|it| it.path != path || it.below != below);
        self.filterable.push(Allowed { path, below, operators, ty: None });
    }

    fn known_path(&mut self, text: &str) -> Option<FieldPath> {
        let found = walk_path(text, self.schema).map(|(path, _)| path);
        if found.is_none() {
            self.wrong(format!("there is no field `{text}`"));
        }
        found
    }

    fn known<O: AsRef<str>>(&mut self, names: impl IntoIterator<Item = O>) -> Vec<&'static str> {
        let mut known = Vec::new();
        for name in names {
            match Operator::find(name.as_ref()) {
                Some(row) if has_text_form(row) => known.push(row.name),
                Some(row) => {
                    self.wrong(format!("the operand of `{}` has no form as text", row.name))
                }
                None => self.wrong(format!("there is no operator `{}`", name.as_ref())),
            }
        }
        known
    }

    /// The allowed field with which a lookup begins, and what follows.
    pub(super) fn allowed<'a>(&self, lookup: &'a str) -> Option<(&Allowed, Walked<'a>)> {
        let found = walk(lookup, self.schema)?;
        let parent = found.path.as_str().rsplit_once('.').map(|(parent, _)| parent);
        let is_allowed = |it: &&Allowed| match it.below {
            false => it.path == found.path,
            true => parent == Some(it.path.as_str()),
        };
        // A field by its own name comes before one below another.
        let by_name = self.filterable.iter().filter(|it| !it.below).find(is_allowed);
        let allowed = by_name.or_else(|| self.filterable.iter().find(is_allowed))?;
        Some((allowed, found))
    }

    /// The operators that a field may be filtered by.
    pub(super) fn operators_of<'a>(
        &'a self,
        allowed: &'a Allowed,
        ty: &'a TypeSchema,
    ) -> impl Iterator<Item = &'static Operator> + 'a {
        let names = allowed.operators.as_ref().unwrap_or(&self.operators);
        OPERATORS.iter().filter(move |row| names.contains(&row.name) && row.fits(ty))
    }

    /// The path that `name` means, if it is one of these.
    pub(super) fn named(&self, paths: &[FieldPath], name: &str) -> Option<FieldPath> {
        walk_path(name, self.schema).map(|(path, _)| path).filter(|path| paths.contains(path))
    }

    /// The parameters that are known, in words.
    pub(super) fn parameters(&self) -> String {
        let lookups = self.filterable.iter().map(|allowed| match allowed.below {
            true => format!("{}.*", allowed.path),
            false => allowed.path.to_string(),
        });
        let controls = CONTROLS.iter().filter(|name| match **name {
            "sort" => !self.sortable.is_empty(),
            "fields" => !self.selectable.is_empty(),
            _ => true,
        });
        let all: Vec<_> = lookups.chain(controls.map(|name| (*name).to_owned())).collect();
        format!("one of the parameters {}", all.join(", "))
    }
}

fn without_star(path: &str) -> (&str, bool) {
    match path.strip_suffix(".*").or_else(|| path.strip_suffix("__*")) {
        Some(parent) => (parent, true),
        None => (path, false),
    }
}

fn has_names_below(ty: &TypeSchema) -> bool {
    match ty {
        TypeSchema::Any | TypeSchema::Map(_) => true,
        TypeSchema::Optional(some) => has_names_below(some),
        _ => false,
    }
}

fn has_text_form(row: &Operator) -> bool {
    matches!(
        row.takes,
        Takes::Equal
            | Takes::Bound
            | Takes::Values
            | Takes::Range
            | Takes::Text
            | Takes::Pattern
            | Takes::Flag
            | Takes::Type
            | Takes::Mod
            | Takes::Size
    )
}

pub(super) fn one_of(what: &str, paths: &[FieldPath]) -> String {
    let names: Vec<_> = paths.iter().map(FieldPath::as_str).collect();
    match names.is_empty() {
        true => format!("no {what}"),
        false => format!("{what}: {}", names.join(", ")),
    }
}
