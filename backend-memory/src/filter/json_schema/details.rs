//! What of a schema a document does not satisfy: the details of a failed validation, as the server
//! tells them.

use bson::{Bson, Document, doc};
use odm_core::{Additional, Dependency, Error, JsonSchema, Keyword};

use super::compile::{Of, name_pattern, rule, schema_of};
use super::unordered::Distinct;
use super::{At, Rule, object};
use crate::filter::details::{consider, consider_types};
use crate::value::RawVal;
use crate::value::path::FieldPath;

/// What `$jsonSchema` says of a document that does not fit.
pub(in super::super) fn unsatisfied(
    schema: &JsonSchema,
    document: RawVal<'_>,
) -> Result<Document, Error> {
    if !schema.allows_objects() {
        return Ok(never(schema));
    }
    let mut out = doc! { "operatorName": "$jsonSchema" };
    describe(&mut out, schema);
    let at = At::Value(RawVal::document(document.bytes()));
    out.insert("schemaRulesNotSatisfied", rules(schema, at, Of::Document)?);
    Ok(out)
}

fn never(schema: &JsonSchema) -> Document {
    doc! {
        "operatorName": "$jsonSchema",
        "specifiedAs": { "$jsonSchema": schema.source().clone() },
        "reason": "expression always evaluates to false",
    }
}

/// Adds what the schema tells about itself.
pub(in super::super) fn describe(out: &mut Document, schema: &JsonSchema) {
    for name in ["title", "description"] {
        if let Some(text) = schema.source().get(name) {
            out.insert(name, text.clone());
        }
    }
}

/// What the rules of an inner schema say.
fn inner(schema: &JsonSchema, at: At<'_>, of: Of) -> Result<Bson, Error> {
    if of == Of::Document && !schema.allows_objects() {
        return Ok(never(schema).into());
    }
    Ok(rules(schema, at, of)?.into())
}

fn rules(schema: &JsonSchema, at: At<'_>, of: Of) -> Result<Vec<Document>, Error> {
    let mut keywords: Vec<&Keyword> = schema.keywords().iter().collect();
    keywords.sort_by_key(|keyword| match keyword {
        Keyword::Properties(_) | Keyword::AllowedProperties { .. } => 1,
        Keyword::Required(_) => 2,
        Keyword::MinProperties(_)
        | Keyword::MaxProperties(_)
        | Keyword::Dependencies(_)
        | Keyword::AllOf(_)
        | Keyword::AnyOf(_)
        | Keyword::OneOf(_)
        | Keyword::Not(_)
        | Keyword::Enum(_) => 3,
        _ => 0,
    });
    let mut found = Vec::new();
    for keyword in keywords {
        let Some(rule) = rule(keyword, schema.types(), of)? else { continue };
        if rule.is_told(at) && !rule.accepts(at) {
            let failure = Failure { source: schema.source(), at, of };
            found.extend(failure.of(keyword)?);
        }
    }
    let types = schema.types().filter(|stated| of == Of::Value && stated.keyword != "encrypt");
    if let Some(stated) = types
        && !Rule::Types(super::Types::new(&stated.types)).accepts(at)
    {
        let failure = Failure { source: schema.source(), at, of };
        let mut out = failure.told(stated.keyword, "type did not match");
        consider_types(&mut out, &values(at));
        found.push(out);
    }
    Ok(found)
}

impl Rule {
    /// Whether the server tells that it is not satisfied: of values of its kind only, and not of
    /// what arrays lead to, which may be of several.
    fn is_told(&self, at: At<'_>) -> bool {
        fn told<'a>(guarded: bool, at: At<'a>, is_meant: fn(RawVal<'a>) -> bool) -> bool {
            !(guarded && matches!(at, At::Path(..))) && at.any(is_meant)
        }
        match self {
            Rule::Number { guarded, .. } => told(*guarded, at, RawVal::is_number),
            Rule::Text { guarded, .. } => told(*guarded, at, super::is_text),
            Rule::Array { guarded, .. } => told(*guarded, at, RawVal::is_array),
            Rule::Object { guarded, .. } => told(*guarded, at, RawVal::is_object),
            _ => true,
        }
    }
}

/// The values that a schema is asked about; mostly one.
fn values<'a>(at: At<'a>) -> Vec<RawVal<'a>> {
    let mut values = Vec::new();
    at.any(|value| {
        values.push(value);
        false
    });
    values
}

/// A schema that a value does not satisfy.
struct Failure<'a> {
    source: &'a Document,
    at: At<'a>,
    of: Of,
}

impl Failure<'_> {
    fn value(&self) -> RawVal<'_> {
        values(self.at).first().copied().unwrap_or(RawVal::NULL)
    }

    /// The keyword as it was written.
    fn specified(&self, keyword: &str) -> Document {
        let operand = self.source.get(keyword).cloned().unwrap_or(Bson::Null);
        doc! { "operatorName": keyword, "specifiedAs": { keyword: operand } }
    }

    /// With the reason, and the value.
    fn told(&self, keyword: &str, reason: &str) -> Document {
        let mut out = self.specified(keyword);
        out.insert("reason", reason);
        consider(&mut out, &values(self.at));
        out
    }

    fn bound(&self, keyword: &str, exclusive_keyword: &str, exclusive: bool) -> Document {
        let mut out = self.told(keyword, "comparison failed");
        if exclusive && let Ok(specified) = out.get_document_mut("specifiedAs") {
            specified.insert(exclusive_keyword, true);
        }
        out
    }

    fn items(&self, keyword: &str) -> Document {
        let mut out = self.told(keyword, "array did not match specified length");
        out.insert("numberOfItems", count(self.value()));
        out
    }

    fn number_of_properties(&self, keyword: &str) -> Document {
        let mut out = self.specified(keyword);
        out.insert("reason", "specified number of properties was not satisfied");
        out.insert("numberOfProperties", count(self.value()));
        out
    }

    /// What is told about a keyword that is not satisfied.
    fn of(&self, keyword: &Keyword) -> Result<Vec<Document>, Error> {
        const LENGTH: &str = "specified string length was not satisfied";
        Ok(vec![match keyword {
            Keyword::Pattern(_) => self.told("pattern", "regular expression did not match"),
            Keyword::MaxLength(_) => self.told("maxLength", LENGTH),
            Keyword::MinLength(_) => self.told("minLength", LENGTH),
            Keyword::MultipleOf(_) => {
                self.told("multipleOf", "considered value is not a multiple of the specified value")
            }
            Keyword::Maximum { exclusive, .. } => {
                self.bound("maximum", "exclusiveMaximum", *exclusive)
            }
            Keyword::Minimum { exclusive, .. } => {
                self.bound("minimum", "exclusiveMinimum", *exclusive)
            }
            Keyword::MinItems(_) => self.items("minItems"),
            Keyword::MaxItems(_) => self.items("maxItems"),
            Keyword::UniqueItems => {
                let mut out = self.told("uniqueItems", "found a duplicate item");
                let mut seen = Distinct::default();
                let mut elements = self.value().elements().map(|(_, element)| element);
                if let Some(twice) = elements.find(|element| !seen.insert(*element)) {
                    out.insert("duplicatedValue", twice.to_bson());
                }
                out
            }
            Keyword::Items(schema) => self.item("items", "item", 0, schema)?,
            Keyword::ItemList(schemas) => {
                let mut items = Vec::new();
                for (index, (schema, (_, item))) in
                    schemas.iter().zip(self.value().elements()).enumerate()
                {
                    let at = At::Value(item);
                    if !schema_of(schema, Of::Value)?.accepts_at(at) {
                        let details = inner(schema, at, Of::Value)?;
                        // A long here, and an int elsewhere.
                        items.push(doc! { "itemIndex": index as i64, "details": details });
                    }
                }
                doc! { "operatorName": "items", "details": items }
            }
            Keyword::AdditionalItems { after, rest: Additional::Schema(schema) } => {
                self.item("additionalItems", "additional item", *after, schema)?
            }
            Keyword::AdditionalItems { after, .. } => {
                let mut out = self.specified("additionalItems");
                out.insert("reason", "found additional items");
                let items: Vec<Bson> =
                    self.value().elements().skip(*after).map(|(_, item)| item.to_bson()).collect();
                out.insert("additionalItems", items);
                out
            }
            Keyword::Encrypt { .. } => {
                doc! { "operatorName": "encrypt", "reason": "value was not encrypted" }
            }
            Keyword::Required(names) => {
                let mut out = self.specified("required");
                let mut missing = self.missing(names);
                missing.sort_unstable();
                out.insert("missingProperties", missing);
                out
            }
            Keyword::Properties(properties) => {
                let properties = self.properties(properties)?;
                if properties.is_empty() {
                    return Ok(Vec::new());
                }
                doc! { "operatorName": "properties", "propertiesNotSatisfied": properties }
            }
            Keyword::AllowedProperties { named, patterns, additional } => {
                return self.allowed(named, patterns, additional);
            }
            Keyword::MinProperties(_) => self.number_of_properties("minProperties"),
            Keyword::MaxProperties(_) => self.number_of_properties("maxProperties"),
            Keyword::Dependencies(dependencies) => {
                let failing = self.dependencies(dependencies)?;
                doc! { "operatorName": "dependencies", "failingDependencies": failing }
            }
            Keyword::AllOf(schemas) => self.schemas("allOf", schemas)?.1,
            Keyword::AnyOf(schemas) => self.schemas("anyOf", schemas)?.1,
            Keyword::OneOf(schemas) => match self.schemas("oneOf", schemas)? {
                (matching, out) if matching.is_empty() => out,
                (matching, _) => doc! {
                    "operatorName": "oneOf",
                    "reason": "more than one subschema matched",
                    "matchingSchemaIndexes": matching,
                },
            },
            Keyword::Not(_) => doc! { "operatorName": "not", "reason": "child expression matched" },
            Keyword::Enum(values)
                if self.of == Of::Document
                    && !values.iter().any(|value| matches!(value, Bson::Document(_))) =>
            {
                let mut out = self.specified("enum");
                out.insert("reason", "expression always evaluates to false");
                out
            }
            Keyword::Enum(_) => self.told("enum", "value was not found in enum"),
            _ => return Ok(Vec::new()),
        }])
    }

    /// The first of the elements after some that does not fit.
    fn item(
        &self,
        keyword: &str,
        what: &str,
        after: usize,
        schema: &JsonSchema,
    ) -> Result<Document, Error> {
        let compiled = schema_of(schema, Of::Value)?;
        let mut out = doc! { "operatorName": keyword };
        describe(&mut out, schema);
        out.insert("reason", format!("At least one {what} did not match the sub-schema"));
        let mut elements = self.value().elements().map(|(_, item)| At::Value(item)).enumerate();
        let failing = elements.find(|(index, item)| *index >= after && !compiled.accepts_at(*item));
        if let Some((index, item)) = failing {
            out.insert("itemIndex", position(index));
            out.insert("details", inner(schema, item, Of::Value)?);
        }
        Ok(out)
    }

    fn missing<'n>(&self, names: &'n [String]) -> Vec<&'n str> {
        let is_missing = |name: &&str| !object::has(self.value(), &FieldPath::new(name));
        names.iter().map(String::as_str).filter(is_missing).collect()
    }

    fn properties(&self, properties: &[(String, JsonSchema)]) -> Result<Vec<Document>, Error> {
        let object = self.value();
        let mut failing = Vec::new();
        for (name, schema) in properties {
            let path = FieldPath::new(name);
            if !object::has(object, &path) {
                continue;
            }
            let (at, of) = match through_documents(object, &path) {
                _ if name.is_empty() => (At::Value(object), Of::Document),
                Some(value) => (At::Value(value), Of::Value),
                None => (At::Path(object, &path), Of::Value),
            };
            if schema_of(schema, of)?.accepts_at(at) {
                continue;
            }
            let details = inner(schema, at, of)?;
            if details.as_array().is_some_and(Vec::is_empty) {
                continue;
            }
            let mut out = doc! { "propertyName": name };
            describe(&mut out, schema);
            out.insert("details", details);
            failing.push(out);
        }
        Ok(failing)
    }

    fn allowed(
        &self,
        named: &[String],
        patterns: &[(String, JsonSchema)],
        additional: &Additional,
    ) -> Result<Vec<Document>, Error> {
        let mut compiled = Vec::with_capacity(patterns.len());
        for (pattern, schema) in patterns {
            compiled.push((pattern, name_pattern(pattern)?, schema));
        }
        let object = self.value();
        let is_other = |name: &[u8]| {
            !named.iter().any(|known| known.as_bytes() == name)
                && !compiled.iter().any(|(_, pattern, _)| pattern.matches_text(name))
        };
        let others = object.elements().filter(|(name, _)| is_other(name));
        let mut found = Vec::new();
        match additional {
            Additional::None => {
                let names: Vec<String> = others.map(|(name, _)| text(name)).collect();
                if !names.is_empty() {
                    let mut out = self.specified("additionalProperties");
                    out.insert("additionalProperties", names);
                    found.push(out);
                }
            }
            Additional::Schema(schema) => {
                let fits = schema_of(schema, Of::Value)?;
                let mut others = others.map(|(name, value)| (name, At::Value(value)));
                if let Some((name, at)) = others.find(|(_, at)| !fits.accepts_at(*at)) {
                    let mut out = doc! { "operatorName": "additionalProperties" };
                    describe(&mut out, schema);
                    out.insert(
                        "reason",
                        "at least one additional property did not match the subschema",
                    );
                    out.insert("failingProperty", text(name));
                    out.insert("details", inner(schema, at, Of::Value)?);
                    found.push(out);
                }
            }
            _ => {}
        }
        let mut by_pattern = Vec::new();
        for (source, pattern, schema) in &compiled {
            let fits = schema_of(schema, Of::Value)?;
            let mut matched = object
                .elements()
                .filter(|(name, _)| pattern.matches_text(name))
                .map(|(name, value)| (name, At::Value(value)));
            if let Some((name, at)) = matched.find(|(_, at)| !fits.accepts_at(*at)) {
                let mut out = doc! { "propertyName": text(name) };
                describe(&mut out, schema);
                out.insert("regexMatched", source.as_str());
                out.insert("details", inner(schema, at, Of::Value)?);
                by_pattern.push(out);
            }
        }
        if !by_pattern.is_empty() {
            found.push(doc! { "operatorName": "patternProperties", "details": by_pattern });
        }
        Ok(found)
    }

    fn dependencies(&self, dependencies: &[(String, Dependency)]) -> Result<Vec<Document>, Error> {
        let mut failing = Vec::new();
        for (name, dependency) in dependencies {
            if !object::has(self.value(), &FieldPath::new(name)) {
                continue;
            }
            match dependency {
                Dependency::Fields(names) => {
                    let missing = self.missing(names);
                    if !missing.is_empty() {
                        failing.push(doc! {
                            "conditionalProperty": name,
                            "missingProperties": missing,
                        });
                    }
                }
                Dependency::Schema(schema) if !schema_of(schema, self.of)?.accepts_at(self.at) => {
                    failing.push(doc! {
                        "conditionalProperty": name,
                        "details": inner(schema, self.at, self.of)?,
                    });
                }
                _ => {}
            }
        }
        Ok(failing)
    }

    /// The positions of the schemas that fit, and what is told about the others.
    fn schemas(
        &self,
        keyword: &str,
        schemas: &[JsonSchema],
    ) -> Result<(Vec<i32>, Document), Error> {
        let (mut matching, mut failing) = (Vec::new(), Vec::new());
        for (index, schema) in schemas.iter().enumerate() {
            let index = position(index);
            if schema_of(schema, self.of)?.accepts_at(self.at) {
                matching.push(index);
                continue;
            }
            let mut out = doc! { "index": index };
            if self.of == Of::Value || schema.allows_objects() {
                describe(&mut out, schema);
            }
            out.insert("details", inner(schema, self.at, self.of)?);
            failing.push(out);
        }
        Ok((matching, doc! { "operatorName": keyword, "schemasNotSatisfied": failing }))
    }
}

/// The value that a path leads to without any array on the way.
fn through_documents<'a>(object: RawVal<'a>, path: &FieldPath) -> Option<RawVal<'a>> {
    path.components().iter().try_fold(object, |value, component| {
        if value.is_object() { value.get(component.name.as_bytes()) } else { None }
    })
}

fn text(name: &[u8]) -> String {
    String::from_utf8_lossy(name).into_owned()
}

fn count(value: RawVal<'_>) -> i32 {
    position(value.elements().count())
}

fn position(n: usize) -> i32 {
    i32::try_from(n).unwrap_or(i32::MAX)
}
