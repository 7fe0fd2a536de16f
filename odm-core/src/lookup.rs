//! Lookups: conditions named by text, as Django has them (`age__gte`).
//!
//! A lookup is the path of a field, then perhaps `not`, then perhaps an operator, with two
//! underscores between them; without an operator, equality is meant. A dot separates names as well,
//! and nothing else, so `address.zip__startswith` is a path and an operator.
//!
//! | operators | what the value is | on which fields |
//! |---|---|---|
//! | `exact` (or `eq`), `ne` | a value | all |
//! | `in`, `nin` | an array of values | all |
//! | `gt`, `gte`, `lt`, `lte` | a value | numbers, text, dates, ids, … |
//! | `range` | an array of two values, both included | as `gte` |
//! | `iexact`, `contains`, `icontains`, `startswith`, `istartswith`, `endswith`, `iendswith` | text, taken character for character | text |
//! | `regex`, `iregex` | a pattern in PCRE's syntax | text |
//! | `exists`, `isnull` | a boolean | all |
//! | `type` | a type's name or number, or an array of these | all |
//! | `mod` | an array of divisor and remainder | numbers |
//! | `bits_all_set`, `bits_any_set`, `bits_all_clear`, `bits_any_clear` | a mask, or an array of positions | integers |
//! | `size` | a number of elements | arrays |
//! | `all` | an array of values | arrays |
//! | `elem_match` (or `elemMatch`) | a document of lookups on one element | arrays |
//! | `near`, `near_sphere` with `min_distance`, `max_distance` (metres) | longitude and latitude, or a GeoJSON point | geometry |
//! | `geo_within`, `geo_intersects` | a GeoJSON geometry | geometry |
//! | `within_box`, `within_polygon`, `within_center`, `within_sphere` | two corners; points; a point and a radius | geometry |
//!
//! An operator's name in MongoDB, such as `$gte` or `$size`, can stand for it too, and is never a
//! field.
//!
//! # Which part is a field?
//!
//! [`Filter::lookup`] knows no model: a last part that names an operator is one, unless it is the
//! only part. So a field named `size` is `size`, and one below `box` is `box__size__exact`. Names
//! are split at the first two underscores after a name has begun: `x___dref` is `_dref` below `x`,
//! and `__v` is a name. `pk` is `_id`.
//!
//! [`Query::lookup`](crate::Query::lookup), [`FilterOf::lookup`] and [`Schema::lookup`] know the
//! model. Its fields come first: the longest name that fits, be it the stored name or the one in
//! Rust (a stored name wins); so names with two underscores in them can be said. Where a field has
//! the name of an operator, the operator is said as `$size`. `pk` and `id` are `_id`, unless a
//! field has that name. Under a map, and wherever the type does not tell what is stored, the rules
//! of [`Filter::lookup`] hold. A field that is not there, an operator that makes no sense for the
//! field's type, and a value that the field cannot have are refused.

mod error;
mod operator;
mod path;
mod value;

use bson::{Bson, Document as BsonDocument};

use crate::document::Document;
use crate::error::Result;
use crate::field::{FilterOf, elem_match};
use crate::filter::{Filter, Near, Predicate};
use crate::namespace::FieldPath;
use crate::schema::{Schema, TypeSchema};

pub use error::LookupError;
use error::clip;
pub(crate) use operator::{OPERATORS, Operator, Takes, leaf};
pub(crate) use path::{Parsed, Walked, walk, walk_path};
use path::{Scope, parse};
pub(crate) use value::describe;

impl Filter {
    /// One condition, named by a lookup such as `age__gte`: see [the list](crate::lookup).
    ///
    /// ```
    /// use odm_core::Filter;
    /// use odm_core::bson::doc;
    ///
    /// let filter = Filter::lookup("address__zip__startswith", "11")?;
    /// assert_eq!(filter.to_document().to_string(), r#"{ "address.zip": /^11/ }"#);
    /// assert_eq!(Filter::lookup("age__not__gte", 18)?.to_document(), doc! { "age": { "$not": { "$gte": 18 } } });
    /// # Ok::<(), odm_core::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Lookup`](crate::Error::Lookup) for an empty name, one that begins with `$`, or a
    /// value that the operator does not take.
    pub fn lookup(lookup: &str, value: impl Into<Bson>) -> Result<Self> {
        build(&Scope::Untyped, [(lookup, value.into())])
    }

    /// Several conditions that must all hold: `Filter::lookups(doc! { "age__gte": 18, "name__icontains": "jo" })`.
    ///
    /// # Errors
    ///
    /// As [`Filter::lookup`].
    pub fn lookups<K: AsRef<str>, V: Into<Bson>>(
        lookups: impl IntoIterator<Item = (K, V)>,
    ) -> Result<Self> {
        build(&Scope::Untyped, lookups)
    }
}

impl Schema {
    /// One condition, named by a lookup and checked against the type: see [the list](crate::lookup).
    ///
    /// # Errors
    ///
    /// [`Error::Lookup`](crate::Error::Lookup) for a field that is not there, an operator that makes
    /// no sense for it, or a value that it cannot have.
    pub fn lookup(&self, lookup: &str, value: impl Into<Bson>) -> Result<Filter> {
        build(&Scope::Model(self), [(lookup, value.into())])
    }

    /// Several conditions that must all hold.
    ///
    /// # Errors
    ///
    /// As [`Schema::lookup`].
    pub fn lookups<K: AsRef<str>, V: Into<Bson>>(
        &self,
        lookups: impl IntoIterator<Item = (K, V)>,
    ) -> Result<Filter> {
        build(&Scope::Model(self), lookups)
    }
}

impl<D: Document> FilterOf<D> {
    /// One condition, named by a lookup and checked against the model, to be combined with others:
    /// see [the list](crate::lookup).
    ///
    /// What is wrong with it is reported when the query runs.
    pub fn lookup(lookup: &str, value: impl Into<Bson>) -> Self {
        FilterOf::from_result(D::schema().lookup(lookup, value))
    }
}

/// The conjunction of lookups.
fn build<K: AsRef<str>, V: Into<Bson>>(
    scope: &Scope<'_>,
    lookups: impl IntoIterator<Item = (K, V)>,
) -> Result<Filter> {
    let mut conditions = Vec::new();
    let mut distances = Vec::new();
    for (lookup, value) in lookups {
        let lookup = lookup.as_ref();
        let value = value.into();
        let parsed = parse(lookup, scope)?;
        if parsed.operator.takes == Takes::Distance {
            distances.push((lookup.to_owned(), parsed, value));
        } else {
            let path = parsed.path.clone();
            conditions.push((path, condition(lookup, parsed, value)?));
        }
    }
    for (lookup, parsed, value) in distances {
        let near = conditions.iter_mut().find_map(|(path, filter)| match filter {
            Filter::Field(_, Predicate::Near(near)) if *path == parsed.path => Some(near),
            _ => None,
        });
        let Some(near) = near else {
            return Err(LookupError::new(&lookup, "`near` of the same field beside it").into());
        };
        set_distance(&lookup, near, &parsed, value)?;
    }
    Ok(conditions.into_iter().map(|(_, filter)| filter).fold(Filter::all(), Filter::and))
}

/// The condition of one lookup that stands alone.
pub(crate) fn condition(lookup: &str, parsed: Parsed, value: Bson) -> Result<Filter> {
    let Parsed { path, ty, negated, operator } = parsed;
    if operator.takes == Takes::Element {
        let filter = element(lookup, &path, ty.as_ref(), value)?;
        return Ok(if negated { filter.negate() } else { filter });
    }
    if let Some(ty) = &ty {
        value::check(lookup, ty, operator, &value)?;
    }
    let refused = || LookupError::of_value(lookup, &value, operator.takes.expected());
    crate::value::check_depth(&bson::doc! { "": value.clone() })?;
    let mut predicates = (operator.build)(value.clone()).ok_or_else(refused)?;
    if negated {
        if predicates.iter().any(|it| matches!(it, Predicate::Near(_))) {
            return Err(LookupError::new(lookup, "`near` without `not`").into());
        }
        predicates = vec![Predicate::Not(predicates)];
    }
    Ok(predicates
        .into_iter()
        .map(|predicate| Filter::Field(path.clone(), predicate))
        .fold(Filter::all(), Filter::and))
}

/// `$elemMatch`, of a document of lookups.
fn element(lookup: &str, path: &FieldPath, ty: Option<&TypeSchema>, value: Bson) -> Result<Filter> {
    let Bson::Document(lookups) = value else {
        return Err(LookupError::of_value(lookup, &value, Takes::Element.expected()).into());
    };
    crate::value::check_depth(&lookups)?;
    check_element_lookups(lookup, &lookups)?;
    let scope = match ty.and_then(value::element) {
        Some(element) => Scope::Element(element),
        None => Scope::UntypedElement,
    };
    elem_match(path, build(&scope, lookups)?)
}

/// Conditions in MongoDB's form would be taken for values: say what is meant.
fn check_element_lookups(lookup: &str, lookups: &BsonDocument) -> Result<()> {
    for (name, value) in lookups {
        let is_operators = matches!(value, Bson::Document(doc)
            if doc.keys().next().is_some_and(|name| name.starts_with('$')));
        if is_operators {
            let expected = format!("lookups such as `{name}__gte`, not documents of operators");
            return Err(LookupError::of_value(lookup, value, &expected).into());
        }
    }
    Ok(())
}

fn set_distance(lookup: &str, near: &mut Near, parsed: &Parsed, value: Bson) -> Result<()> {
    let refused = |value: &Bson| LookupError::of_value(lookup, value, Takes::Distance.expected());
    let is_distance = crate::number::as_f64(&value).is_some_and(|metres| metres >= 0.0);
    let Bson::Document(spec) = &mut near.point else { return Err(refused(&value).into()) };
    if parsed.negated || !is_distance {
        return Err(refused(&value).into());
    }
    let name = match parsed.operator.name {
        "min_distance" => "$minDistance",
        _ => "$maxDistance",
    };
    spec.insert(name, value);
    Ok(())
}
