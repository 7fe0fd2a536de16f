//! Query strings of strangers: `age__gte=18&name__icontains=jo&sort=-age&page=2`.
//!
//! A [`QueryStringRules`] says what may be asked; nothing else is. Parameters are
//! [lookups](crate::lookup), and these:
//!
//! | parameter | what it does |
//! |---|---|
//! | `sort=-age,name` | orders; a minus for the greatest first |
//! | `page_size=20` or `limit=20` | how many documents |
//! | `page=2`, or `skip=20` | which ones; the first page is 1 |
//! | `fields=name,age` | only these fields, and `_id` |
//!
//! A field that has one of these names is asked for as `sort__exact=…`. A parameter given twice is
//! two conditions; these five cannot be given twice.
//!
//! Values are read by the type of the field: whole numbers, numbers, `true` and `false` (`1` and
//! `0`), dates as RFC 3339 has them (`2024-05-06T07:08:09Z`, or `2024-05-06`), ids and UUIDs in
//! hexadecimal, the strings of an enum, and text as it is. `null` is null, except for text (there
//! `isnull=true` asks for it). Lists (`in=a,b`) are separated by commas; a comma in a value is
//! written `\,`, and a backslash `\\`. A value is never an operator, and never a regular expression
//! unless the rules allow `regex`.

mod convert;
mod params;
mod pattern;
mod rules;

use bson::Bson;

use crate::document::Document;
use crate::error::Result;
use crate::filter::Filter;
use crate::lookup::{LookupError, Parsed, Takes, condition};
use crate::namespace::FieldPath;
use crate::projection::Projection;
use crate::schema::TypeSchema;
use crate::sort::Sort;
use params::Param;
use rules::Allowed;

pub use rules::QueryStringRules;

/// What a query string asks for.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct QueryString {
    /// The conditions, all of which must hold.
    pub filter: Filter,
    /// The order; empty if none was asked for.
    pub sort: Sort,
    /// How many matches to pass over.
    pub skip: u64,
    /// How many documents; never 0.
    pub limit: u64,
    /// The fields, if some were asked for.
    pub projection: Option<Projection>,
}

/// The parameters that are not lookups.
const CONTROLS: [&str; 6] = ["sort", "page", "page_size", "limit", "skip", "fields"];

impl QueryStringRules {
    /// Reads a query string: what follows the question mark of a URL.
    ///
    /// # Errors
    ///
    /// [`Error::Lookup`](crate::Error::Lookup) that names the parameter, its value and what was
    /// expected; [`Error::Config`](crate::Error::Config) if the rules themselves are wrong (see
    /// [`check`](Self::check)).
    pub fn parse(&self, query_string: &str) -> Result<QueryString> {
        self.check()?;
        let mut filter = Filter::all();
        let mut controls: Vec<Param> = Vec::new();
        for param in params::read(query_string, self.max_length, self.max_parameters)? {
            if CONTROLS.contains(&param.name.as_str()) {
                if controls.iter().any(|earlier| earlier.name == param.name) {
                    return Err(param.refused("once").into());
                }
                controls.push(param);
            } else {
                filter = filter.and(self.condition(&param)?);
            }
        }
        let (skip, limit) = self.window(&controls)?;
        let control = |name: &str| controls.iter().find(|param| param.name == name);
        Ok(QueryString {
            filter,
            sort: control("sort").map_or(Ok(Sort::default()), |param| self.sort(param))?,
            skip,
            limit,
            projection: control("fields").map(|param| self.projection(param)).transpose()?,
        })
    }

    /// The condition that a lookup asks for.
    fn condition(&self, param: &Param) -> Result<Filter> {
        let Some((allowed, found)) = self.allowed(&param.name) else {
            return Err(param.refused(&self.parameters()).into());
        };
        let operators = || self.operators_of(allowed, &found.ty);
        let Some((negated, operator)) = found.operator() else {
            let names: Vec<_> = operators().map(|operator| operator.name).collect();
            return Err(param.refused(&format!("an operator: {}", names.join(", "))).into());
        };
        if !operators().any(|allowed| allowed.name == operator.name) {
            let names: Vec<_> = operators().map(|operator| operator.name).collect();
            let expected = format!("an operator: {}, not {}", names.join(", "), operator.name);
            return Err(param.refused(&expected).into());
        }
        let value = self.value(param, operator.takes, allowed, &found.ty)?;
        let parsed = Parsed { path: found.path, ty: Some(found.ty), negated, operator };
        condition(&param.name, parsed, value)
    }

    /// The value of a lookup, as the operator and the field's type have it.
    fn value(
        &self,
        param: &Param,
        takes: Takes,
        allowed: &Allowed,
        ty: &TypeSchema,
    ) -> Result<Bson, LookupError> {
        let text = param.value.as_str();
        let one = |text: &str| {
            let null = matches!(takes, Takes::Equal | Takes::Values);
            convert::value(text, ty, allowed.ty, null)
                .ok_or_else(|| param.refused(&convert::expected(ty, allowed.ty)))
        };
        let list = || match params::list(text) {
            list if list.len() > self.max_list => {
                Err(param.refused(&format!("at most {} values", self.max_list)))
            }
            list => Ok(list),
        };
        let integer = |text: &str| {
            convert::integer(text)
                .ok_or_else(|| param.refused("whole numbers, separated by commas"))
        };
        match takes {
            Takes::Equal | Takes::Bound => one(text),
            Takes::Values => list()?.iter().map(|text| one(text)).collect(),
            Takes::Range => match list()?.as_slice() {
                [low, high] => Ok(vec![one(low)?, one(high)?].into()),
                _ => Err(param.refused("two values, separated by a comma")),
            },
            Takes::Text => Ok(text.into()),
            Takes::Pattern => pattern::check(text, self.max_pattern)
                .map(|()| text.into())
                .map_err(|expected| param.refused(&expected)),
            Takes::Flag => convert::flag(text).ok_or_else(|| param.refused("true or false")),
            Takes::Size => {
                convert::integer(text).ok_or_else(|| param.refused("a number of elements"))
            }
            Takes::Mod => list()?.iter().map(|text| integer(text)).collect(),
            Takes::Type => Ok(list()?.into_iter().map(Bson::String).collect()),
            // The rules do not let these in: they have no form as text.
            _ => Err(param.refused("another operator")),
        }
    }

    /// How many matches to pass over, and how many to give.
    fn window(&self, controls: &[Param]) -> Result<(u64, u64), LookupError> {
        let control = |name: &str| controls.iter().find(|param| param.name == name);
        let either = |one: &'static str, other: &'static str| match (control(one), control(other)) {
            (Some(_), Some(second)) => {
                Err(second.refused(&format!("`{one}` or `{other}`, not both")))
            }
            (first, second) => Ok(first.or(second)),
        };
        let number = |param: &Param, least: u64, most: u64| {
            convert::natural(&param.value)
                .filter(|number| (least..=most).contains(number))
                .ok_or_else(|| param.refused(&format!("a number from {least} to {most}")))
        };
        let limit = match either("limit", "page_size")? {
            Some(param) => number(param, 1, self.max_page_size)?,
            None => self.page_size.min(self.max_page_size),
        };
        let skip = match either("page", "skip")? {
            Some(param) if param.name == "page" => {
                let last = (self.max_skip / limit).saturating_add(1);
                (number(param, 1, last)? - 1).saturating_mul(limit)
            }
            Some(param) => number(param, 0, self.max_skip)?,
            None => 0,
        };
        Ok((skip, limit))
    }

    fn sort(&self, param: &Param) -> Result<Sort, LookupError> {
        let mut sort = Sort::default();
        for name in param.value.split(',') {
            let (name, descending) = match name.strip_prefix('-') {
                Some(name) => (name, true),
                None => (name, false),
            };
            let path = self.named(&self.sortable, name).ok_or_else(|| {
                param.refused(&rules::one_of("fields to sort by", &self.sortable))
            })?;
            if sort.keys.iter().any(|(earlier, _)| *earlier == path) {
                return Err(param.refused("each field once"));
            }
            sort = sort.then(if descending { Sort::desc(path) } else { Sort::asc(path) });
        }
        Ok(sort)
    }

    fn projection(&self, param: &Param) -> Result<Projection, LookupError> {
        let mut paths: Vec<FieldPath> = Vec::new();
        for name in param.value.split(',') {
            let path = self
                .named(&self.selectable, name)
                .ok_or_else(|| param.refused(&rules::one_of("fields", &self.selectable)))?;
            if paths.iter().any(|earlier| overlap(earlier.as_str(), path.as_str())) {
                return Err(param.refused("each field once, and no field of another"));
            }
            paths.push(path);
        }
        Ok(Projection::include(paths))
    }
}

/// Whether one path is the other, or leads to it.
fn overlap(one: &str, other: &str) -> bool {
    let leads =
        |from: &str, to: &str| to.strip_prefix(from).is_some_and(|rest| rest.starts_with('.'));
    one == other || leads(one, other) || leads(other, one)
}

impl QueryString {
    /// Reads a query string by the rules: the same as [`QueryStringRules::parse`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn parse(rules: &QueryStringRules, query_string: &str) -> Result<Self> {
        rules.parse(query_string)
    }
}

/// Whether the rules are about documents `D`.
pub(crate) fn is_about<D: Document>(rules: &QueryStringRules) -> bool {
    std::ptr::eq(rules.schema, D::schema())
}
