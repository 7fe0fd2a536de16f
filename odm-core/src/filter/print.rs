//! Printing filters.

use bson::{Bson, Document, doc};

use super::{BitMask, ElemMatch, Filter, Predicate, TextSearch, TypeSpec};
use crate::filter::parse::is_operator_document;
use crate::namespace::FieldPath;

impl Filter {
    /// The filter as a document, as a person would write it: conditions on different fields side by
    /// side, several on one field in one document, an equality as the bare value.
    ///
    /// [`Filter::parse`] of it gives the same tree, wherever the query language can say it: empty
    /// lists in [`Filter::Or`] or [`Predicate::Not`], or a field whose name begins with `$`, print
    /// to documents that every server refuses.
    #[must_use]
    pub fn to_document(&self) -> Document {
        match self {
            Filter::And(parts) if parts.is_empty() => Document::new(),
            Filter::And(parts) => {
                side_by_side(parts).unwrap_or_else(|| doc! { "$and": list(parts) })
            }
            Filter::Raw(doc) => doc.clone(),
            single => doc! { single.operator(): single.operand() },
        }
    }

    /// The name that stands where field names do: a path, `$or`, `$expr`, ….
    pub(crate) fn operator(&self) -> &str {
        match self {
            Filter::And(_) | Filter::Raw(_) => "$and",
            Filter::Or(_) => "$or",
            Filter::Nor(_) => "$nor",
            Filter::Field(path, _) => path.as_str(),
            Filter::Expr(_) => "$expr",
            Filter::Where(_) => "$where",
            Filter::Text(_) => "$text",
            Filter::JsonSchema(_) => "$jsonSchema",
            Filter::SampleRate(_) => "$sampleRate",
            Filter::Comment(_) => "$comment",
            Filter::AlwaysTrue => "$alwaysTrue",
            Filter::AlwaysFalse => "$alwaysFalse",
        }
    }

    /// What stands beside the name; an empty conjunction cannot be said this way.
    fn operand(&self) -> Bson {
        match self {
            Filter::And(parts) | Filter::Or(parts) | Filter::Nor(parts) => list(parts).into(),
            Filter::Field(path, predicate) => field_operand(path, predicate),
            Filter::Expr(expr) => expr.0.clone(),
            Filter::Where(code) => code.clone(),
            Filter::Text(text) => text.to_document().into(),
            Filter::JsonSchema(schema) => schema.clone().into(),
            Filter::SampleRate(rate) => (*rate).into(),
            Filter::Comment(comment) => comment.clone(),
            Filter::AlwaysTrue | Filter::AlwaysFalse => Bson::Int32(1),
            Filter::Raw(doc) => vec![Bson::Document(doc.clone())].into(),
        }
    }
}

fn list(parts: &[Filter]) -> Vec<Bson> {
    parts.iter().map(|part| Bson::Document(part.to_document())).collect()
}

/// The parts as fields of one document, if reading that gives the same parts in the same order.
fn side_by_side(parts: &[Filter]) -> Option<Document> {
    if parts.len() < 2 {
        return None;
    }
    let mut doc = Document::new();
    let mut rest = parts;
    while let Some((first, after)) = rest.split_first() {
        let (name, value) = match first {
            Filter::Raw(_) => return None,
            Filter::And(parts) if parts.is_empty() => return None,
            Filter::Field(path, _) => {
                let run = rest.iter().map_while(|part| on_field(part, path)).collect::<Vec<_>>();
                rest = rest.get(run.len()..)?;
                let value = match run.as_slice() {
                    [single] => field_operand(path, single),
                    several => operators(several)?.into(),
                };
                (path.as_str(), value)
            }
            other => {
                rest = after;
                (other.operator(), other.operand())
            }
        };
        if doc.insert(name, value).is_some() {
            return None;
        }
    }
    Some(doc)
}

fn on_field<'a>(filter: &'a Filter, path: &FieldPath) -> Option<&'a Predicate> {
    match filter {
        Filter::Field(other, predicate) if other == path => Some(predicate),
        _ => None,
    }
}

/// Distinct operators in one document; `None` if they cannot stand together.
fn operators(predicates: &[&Predicate]) -> Option<Document> {
    let mut doc = Document::new();
    for predicate in predicates {
        if stands_alone(predicate) || doc.contains_key(predicate.operator()) {
            return None;
        }
        predicate.write(&mut doc);
    }
    Some(doc)
}

/// Whether the operator suffers no other beside it.
fn stands_alone(predicate: &Predicate) -> bool {
    matches!(predicate, Predicate::GeoIntersects(_) | Predicate::GeoWithin(_) | Predicate::Near(_))
}

fn field_operand(path: &FieldPath, predicate: &Predicate) -> Bson {
    match predicate {
        // Fields of a DBRef are always compared for equality, whatever the value.
        Predicate::Eq(value) if matches!(path.as_str(), "$ref" | "$id" | "$db") => value.clone(),
        Predicate::Eq(value) if !reads_otherwise(value) => value.clone(),
        Predicate::Regex(regex) => Bson::RegularExpression(regex.clone()),
        other => {
            let mut doc = Document::new();
            other.write(&mut doc);
            doc.into()
        }
    }
}

/// Whether a bare value means something else than equality.
fn reads_otherwise(value: &Bson) -> bool {
    match value {
        Bson::RegularExpression(_) => true,
        Bson::Document(doc) => is_operator_document(doc),
        _ => false,
    }
}

fn print_predicates(predicates: &[Predicate]) -> Document {
    let all: Vec<&Predicate> = predicates.iter().collect();
    match all.as_slice() {
        [single] => {
            let mut doc = Document::new();
            single.write(&mut doc);
            doc
        }
        several => operators(several).unwrap_or_else(|| with_double_negation(several)),
    }
}

fn with_double_negation(predicates: &[&Predicate]) -> Document {
    let mut doc = Document::new();
    let mut left_over = Vec::new();
    for predicate in predicates {
        let is_negation = matches!(predicate, Predicate::Not(_));
        if is_negation || stands_alone(predicate) || doc.contains_key(predicate.operator()) {
            left_over.push((*predicate).clone());
        } else {
            predicate.write(&mut doc);
        }
    }
    let negations = left_over.iter().filter(|one| matches!(one, Predicate::Not(_))).count();
    if negations > 1 || (doc.is_empty() && left_over.len() == predicates.len()) {
        let each =
            left_over.iter().map(|one| Bson::Document(print_predicates(std::slice::from_ref(one))));
        doc.insert("$and", each.collect::<Vec<_>>());
    } else {
        doc.insert("$not", doc! { "$not": print_predicates(&left_over) });
    }
    doc
}

impl Predicate {
    /// Conditions on one value as operators: `{$gt: 1, $lt: 5}`.
    ///
    /// A document names no operator twice. A second condition of one kind goes into a double
    /// negation, which means the same; two negations cannot be said, and print to what every server
    /// refuses.
    #[must_use]
    pub fn to_document(predicates: &[Self]) -> Document {
        print_predicates(predicates)
    }

    /// The operator's name: `$gt`.
    #[must_use]
    pub fn operator(&self) -> &'static str {
        match self {
            Predicate::Eq(_) => "$eq",
            Predicate::Ne(_) => "$ne",
            Predicate::Gt(_) => "$gt",
            Predicate::Gte(_) => "$gte",
            Predicate::Lt(_) => "$lt",
            Predicate::Lte(_) => "$lte",
            Predicate::In(_) => "$in",
            Predicate::Nin(_) => "$nin",
            Predicate::Exists(_) => "$exists",
            Predicate::Type(_) => "$type",
            Predicate::Mod { .. } => "$mod",
            Predicate::Regex(_) => "$regex",
            Predicate::All(_) | Predicate::AllElemMatch(_) => "$all",
            Predicate::ElemMatch(_) => "$elemMatch",
            Predicate::Size(_) => "$size",
            Predicate::BitsAllSet(_) => "$bitsAllSet",
            Predicate::BitsAnySet(_) => "$bitsAnySet",
            Predicate::BitsAllClear(_) => "$bitsAllClear",
            Predicate::BitsAnyClear(_) => "$bitsAnyClear",
            Predicate::Not(_) => "$not",
            Predicate::GeoIntersects(_) => "$geoIntersects",
            Predicate::GeoWithin(_) => "$geoWithin",
            Predicate::Near(near) if near.sphere => "$nearSphere",
            Predicate::Near(_) => "$near",
        }
    }

    /// Adds the operator, with what must stand beside it.
    fn write(&self, doc: &mut Document) {
        doc.insert(self.operator(), self.operand());
        match self {
            Predicate::Regex(regex) if !regex.options.is_empty() => {
                doc.insert("$options", regex.options.as_str());
            }
            Predicate::Near(near) => {
                let distances =
                    [("$minDistance", &near.min_distance), ("$maxDistance", &near.max_distance)];
                for (name, distance) in distances {
                    if let Some(distance) = distance {
                        doc.insert(name, distance.clone());
                    }
                }
            }
            _ => {}
        }
    }

    fn operand(&self) -> Bson {
        match self {
            Predicate::Eq(value)
            | Predicate::Ne(value)
            | Predicate::Gt(value)
            | Predicate::Gte(value)
            | Predicate::Lt(value)
            | Predicate::Lte(value) => value.clone(),
            Predicate::In(values) | Predicate::Nin(values) | Predicate::All(values) => {
                values.clone().into()
            }
            Predicate::Exists(exists) => (*exists).into(),
            Predicate::Type(types) => match types.as_slice() {
                [single] => single.alias().into(),
                several => several.iter().map(|one| one.alias()).collect::<Vec<_>>().into(),
            },
            Predicate::Mod { divisor, remainder } => {
                vec![integer(*divisor), integer(*remainder)].into()
            }
            Predicate::Regex(regex) => regex.pattern.as_str().into(),
            Predicate::AllElemMatch(elements) => elements
                .iter()
                .map(|element| doc! { "$elemMatch": element.to_document() })
                .collect::<Vec<_>>()
                .into(),
            Predicate::ElemMatch(element) => element.to_document().into(),
            Predicate::Size(size) => integer(*size),
            Predicate::BitsAllSet(mask)
            | Predicate::BitsAnySet(mask)
            | Predicate::BitsAllClear(mask)
            | Predicate::BitsAnyClear(mask) => mask.to_bson(),
            Predicate::Not(parts) => match parts.as_slice() {
                [Predicate::Regex(regex)] => Bson::RegularExpression(regex.clone()),
                parts => print_predicates(parts).into(),
            },
            Predicate::GeoIntersects(shape) | Predicate::GeoWithin(shape) => shape.clone().into(),
            Predicate::Near(near) => near.point.clone(),
        }
    }
}

/// As an int if it fits, as people write it.
fn integer(n: i64) -> Bson {
    i32::try_from(n).map_or(Bson::Int64(n), Bson::Int32)
}

impl ElemMatch {
    /// The operand of `$elemMatch`.
    #[must_use]
    pub fn to_document(&self) -> Document {
        match self {
            ElemMatch::Fields(filter) => filter.to_document(),
            ElemMatch::Value(parts) => print_predicates(parts),
        }
    }
}

impl TypeSpec {
    /// The name that `$type` takes.
    #[must_use]
    pub const fn alias(self) -> &'static str {
        match self {
            TypeSpec::Type(ty) => ty.alias(),
            TypeSpec::Number => "number",
        }
    }
}

impl BitMask {
    fn to_bson(&self) -> Bson {
        match self {
            BitMask::Number(mask) => integer(*mask),
            BitMask::Positions(positions) => {
                positions.iter().map(|one| integer(i64::from(*one))).collect::<Vec<_>>().into()
            }
            BitMask::Binary(bytes) => Bson::Binary(bytes.clone()),
        }
    }
}

impl TextSearch {
    fn to_document(&self) -> Document {
        let mut doc = doc! { "$search": &self.search };
        if let Some(language) = &self.language {
            doc.insert("$language", language);
        }
        if let Some(flag) = self.case_sensitive {
            doc.insert("$caseSensitive", flag);
        }
        if let Some(flag) = self.diacritic_sensitive {
            doc.insert("$diacriticSensitive", flag);
        }
        doc
    }
}
