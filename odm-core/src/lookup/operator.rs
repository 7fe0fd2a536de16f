//! The operators of lookups.

use bson::{Bson, doc};

use crate::field::{literal, regex};
use crate::filter::{BsonType, Predicate};
use crate::number;
use crate::schema::TypeSchema;

/// An operator of lookups.
#[derive(Debug)]
pub(crate) struct Operator {
    pub(crate) name: &'static str,
    /// Other names; those with a `$` are MongoDB's.
    aliases: &'static [&'static str],
    pub(crate) on: On,
    pub(crate) takes: Takes,
    /// The conditions; `None` if the value is not what the operator takes. Operators whose value is
    /// not a condition by itself ([`Takes::Element`], [`Takes::Distance`]) are built elsewhere.
    pub(crate) build: fn(Bson) -> Option<Vec<Predicate>>,
}

/// The fields that an operator makes sense for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum On {
    All,
    Ordered,
    Text,
    Numbers,
    Integers,
    Arrays,
    Geometry,
}

/// What the value of a lookup is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Takes {
    /// A value that the field could have, or null.
    Equal,
    /// A value that the field could have.
    Bound,
    Values,
    Range,
    Text,
    Pattern,
    Flag,
    Type,
    Mod,
    Bits,
    Size,
    Element,
    Point,
    Distance,
    Geometry,
    Shape,
}

impl Takes {
    /// In words.
    pub(crate) fn expected(self) -> &'static str {
        match self {
            Takes::Equal => "a value",
            Takes::Bound => "a value to compare with",
            Takes::Values => "an array of values",
            Takes::Range => "an array of two values",
            Takes::Text => "a string",
            Takes::Pattern => "a regular expression, as a string",
            Takes::Flag => "true or false",
            Takes::Type => "the name or number of a BSON type, or an array of these",
            Takes::Mod => "an array of a divisor, not 0, and a remainder",
            Takes::Bits => "a number that is not negative, binary data or an array of positions",
            Takes::Size => "a number of elements",
            Takes::Element => "a document of lookups",
            Takes::Point => "an array of longitude and latitude, or a GeoJSON point",
            Takes::Distance => "a number of metres that is not negative",
            Takes::Geometry => "a GeoJSON geometry",
            Takes::Shape => "an array: two corners, points, or a point and a radius",
        }
    }
}

/// Every operator; their order is that of messages.
pub(crate) const OPERATORS: &[Operator] = &[
    row("exact", &["eq", "$eq"], On::All, Takes::Equal, |v| parse("$eq", v)),
    row("ne", &["$ne"], On::All, Takes::Equal, |v| parse("$ne", v)),
    row("gt", &["$gt"], On::Ordered, Takes::Bound, |v| parse("$gt", v)),
    row("gte", &["$gte"], On::Ordered, Takes::Bound, |v| parse("$gte", v)),
    row("lt", &["$lt"], On::Ordered, Takes::Bound, |v| parse("$lt", v)),
    row("lte", &["$lte"], On::Ordered, Takes::Bound, |v| parse("$lte", v)),
    row("range", &[], On::Ordered, Takes::Range, range),
    row("in", &["$in"], On::All, Takes::Values, |v| parse("$in", v)),
    row("nin", &["$nin"], On::All, Takes::Values, |v| parse("$nin", v)),
    row("iexact", &[], On::Text, Takes::Text, |v| text(&v, "^", r"\z", "i")),
    row("contains", &[], On::Text, Takes::Text, |v| text(&v, "", "", "")),
    row("icontains", &[], On::Text, Takes::Text, |v| text(&v, "", "", "i")),
    row("startswith", &[], On::Text, Takes::Text, |v| text(&v, "^", "", "")),
    row("istartswith", &[], On::Text, Takes::Text, |v| text(&v, "^", "", "i")),
    row("endswith", &[], On::Text, Takes::Text, |v| text(&v, "", r"\z", "")),
    row("iendswith", &[], On::Text, Takes::Text, |v| text(&v, "", r"\z", "i")),
    row("regex", &["$regex"], On::Text, Takes::Pattern, |v| pattern(&v, "")),
    row("iregex", &[], On::Text, Takes::Pattern, |v| pattern(&v, "i")),
    row("exists", &["$exists"], On::All, Takes::Flag, |v| {
        flag(&v).map(|there| vec![Predicate::Exists(there)])
    }),
    row("isnull", &[], On::All, Takes::Flag, |v| {
        let null = Bson::Null;
        flag(&v).map(|is| vec![if is { Predicate::Eq(null) } else { Predicate::Ne(null) }])
    }),
    row("type", &["$type"], On::All, Takes::Type, |v| parse("$type", v)),
    row("mod", &["$mod"], On::Numbers, Takes::Mod, |v| parse("$mod", v)),
    row("bits_all_set", &["$bitsAllSet"], On::Integers, Takes::Bits, |v| parse("$bitsAllSet", v)),
    row("bits_any_set", &["$bitsAnySet"], On::Integers, Takes::Bits, |v| parse("$bitsAnySet", v)),
    row("bits_all_clear", &["$bitsAllClear"], On::Integers, Takes::Bits, |v| {
        parse("$bitsAllClear", v)
    }),
    row("bits_any_clear", &["$bitsAnyClear"], On::Integers, Takes::Bits, |v| {
        parse("$bitsAnyClear", v)
    }),
    row("size", &["$size"], On::Arrays, Takes::Size, |v| parse("$size", v)),
    row("all", &["$all"], On::Arrays, Takes::Values, |v| {
        // Documents of operators are not values.
        parse("$all", v).filter(|all| matches!(all.as_slice(), [Predicate::All(_)]))
    }),
    row("elem_match", &["elemMatch", "$elemMatch"], On::Arrays, Takes::Element, |_| None),
    row("near", &["$near"], On::Geometry, Takes::Point, |v| near("$near", v)),
    row("near_sphere", &["$nearSphere"], On::Geometry, Takes::Point, |v| near("$nearSphere", v)),
    row("min_distance", &["$minDistance"], On::Geometry, Takes::Distance, |_| None),
    row("max_distance", &["$maxDistance"], On::Geometry, Takes::Distance, |_| None),
    row("geo_within", &["$geoWithin"], On::Geometry, Takes::Geometry, |v| {
        geometry(&v, "$geoWithin", "$geometry")
    }),
    row("geo_intersects", &["$geoIntersects"], On::Geometry, Takes::Geometry, |v| {
        geometry(&v, "$geoIntersects", "$geometry")
    }),
    row("within_box", &[], On::Geometry, Takes::Shape, |v| shape(&v, "$box")),
    row("within_polygon", &[], On::Geometry, Takes::Shape, |v| shape(&v, "$polygon")),
    row("within_center", &[], On::Geometry, Takes::Shape, |v| shape(&v, "$center")),
    row("within_sphere", &[], On::Geometry, Takes::Shape, |v| shape(&v, "$centerSphere")),
];

const fn row(
    name: &'static str,
    aliases: &'static [&'static str],
    on: On,
    takes: Takes,
    build: fn(Bson) -> Option<Vec<Predicate>>,
) -> Operator {
    Operator { name, aliases, on, takes, build }
}

impl Operator {
    /// The operator with this name.
    pub(crate) fn find(name: &str) -> Option<&'static Self> {
        OPERATORS.iter().find(|row| row.name == name || row.aliases.contains(&name))
    }

    /// What a lookup without an operator means.
    pub(crate) fn exact() -> &'static Self {
        const EXACT: &Operator = &OPERATORS[0];
        EXACT
    }

    /// Whether the operator makes sense for such values.
    pub(crate) fn fits(&self, ty: &TypeSchema) -> bool {
        let leaf = leaf(ty);
        if self.on == On::All || matches!(leaf, TypeSchema::Any) {
            return true;
        }
        let is = |types: &[BsonType]| matches!(leaf, TypeSchema::Scalar(ty) if types.contains(ty));
        match self.on {
            On::All => true,
            On::Ordered => is(ORDERED),
            On::Text => is(&[BsonType::String]),
            On::Numbers => is(NUMBERS),
            On::Integers => is(&[BsonType::Int, BsonType::Long]),
            On::Arrays => is_array(ty),
            On::Geometry => {
                is_array(ty) || matches!(leaf, TypeSchema::Embedded(_) | TypeSchema::Map(_))
            }
        }
    }

    /// The names of the operators that make sense for such values.
    pub(crate) fn possible(ty: &TypeSchema) -> String {
        let names: Vec<_> =
            OPERATORS.iter().filter(|row| row.fits(ty)).map(|row| row.name).collect();
        names.join(", ")
    }
}

pub(crate) const NUMBERS: &[BsonType] =
    &[BsonType::Double, BsonType::Int, BsonType::Long, BsonType::Decimal];

const ORDERED: &[BsonType] = &[
    BsonType::Double,
    BsonType::Int,
    BsonType::Long,
    BsonType::Decimal,
    BsonType::String,
    BsonType::BinData,
    BsonType::ObjectId,
    BsonType::Bool,
    BsonType::Date,
    BsonType::Timestamp,
];

/// What filters compare with: the type without options and arrays.
pub(crate) fn leaf(ty: &TypeSchema) -> &TypeSchema {
    match ty {
        TypeSchema::Array(inner) | TypeSchema::Optional(inner) => leaf(inner),
        other => other,
    }
}

fn is_array(ty: &TypeSchema) -> bool {
    match ty {
        TypeSchema::Array(_) => true,
        TypeSchema::Optional(some) => is_array(some),
        _ => false,
    }
}

/// One operator of the language, checked as the server does.
fn parse(name: &str, operand: Bson) -> Option<Vec<Predicate>> {
    Predicate::parse(&doc! { name: operand }).ok()
}

fn range(bounds: Bson) -> Option<Vec<Predicate>> {
    let Bson::Array(bounds) = bounds else { return None };
    let [low, high]: [Bson; 2] = bounds.try_into().ok()?;
    Predicate::parse(&doc! { "$gte": low, "$lte": high }).ok()
}

fn text(value: &Bson, before: &str, after: &str, options: &str) -> Option<Vec<Predicate>> {
    let Bson::String(text) = value else { return None };
    let pattern = format!("{before}{}{after}", literal(text));
    regex(&pattern, options).ok().map(|regex| vec![Predicate::Regex(regex)])
}

fn pattern(value: &Bson, options: &str) -> Option<Vec<Predicate>> {
    let Bson::String(pattern) = value else { return None };
    regex(pattern, options).ok().map(|regex| vec![Predicate::Regex(regex)])
}

fn flag(value: &Bson) -> Option<bool> {
    match value {
        Bson::Boolean(flag) => Some(*flag),
        _ => None,
    }
}

fn near(name: &str, point: Bson) -> Option<Vec<Predicate>> {
    let point = match point {
        Bson::Array(numbers) if numbers.len() == 2 && numbers.iter().all(number::is_number) => {
            doc! { "type": "Point", "coordinates": numbers }
        }
        Bson::Document(point) => point,
        _ => return None,
    };
    parse(name, doc! { "$geometry": point }.into())
}

fn geometry(value: &Bson, name: &str, shape: &str) -> Option<Vec<Predicate>> {
    let Bson::Document(geometry) = value else { return None };
    parse(name, doc! { shape: geometry.clone() }.into())
}

fn shape(value: &Bson, shape: &str) -> Option<Vec<Predicate>> {
    let Bson::Array(operand) = value else { return None };
    parse("$geoWithin", doc! { shape: operand.clone() }.into())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_name_twice() {
        let mut seen = HashSet::new();
        for name in OPERATORS.iter().flat_map(|row| row.aliases.iter().chain([&row.name])) {
            assert!(seen.insert(name), "{name}");
            assert!(Operator::find(name).is_some(), "{name}");
        }
        assert_eq!(Operator::exact().name, "exact");
    }

    /// MongoDB's name, where there is one, is an operator of fields.
    #[test]
    fn names_with_a_dollar_are_mongodbs() {
        let known: HashSet<_> = Predicate::operators().collect();
        let beside = ["$minDistance", "$maxDistance"];
        for name in OPERATORS.iter().flat_map(|row| row.aliases) {
            if name.starts_with('$') {
                assert!(known.contains(name) || beside.contains(name), "{name}");
            }
        }
    }
}
