//! `$jsonSchema`: what a document must look like, in JSON Schema's keywords and BSON's types.

mod encrypt;
mod parse;

use bson::{Bson, Document};

use super::{BsonType, Filter, TypeSpec};

/// A schema of `$jsonSchema`, read and checked: draft 4 of JSON Schema as MongoDB understands it.
///
/// A keyword says something only about values of its own kind: `minLength` about strings,
/// `properties` about objects. Everything else passes it.
#[derive(Debug, Clone, PartialEq)]
pub struct JsonSchema {
    source: Document,
    types: Option<SchemaTypes>,
    keywords: Vec<Keyword>,
}

/// The types that a schema allows.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct SchemaTypes {
    /// `type`, `bsonType`, or `encrypt`, which means binary data.
    pub keyword: &'static str,
    /// At least one.
    pub types: Vec<TypeSpec>,
}

/// A keyword of a schema with its operand. (`type`, `bsonType`, `title` and `description` are not
/// among them.)
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Keyword {
    /// `pattern`: strings that match a regular expression.
    Pattern(String),
    /// `maxLength`: strings of at most so many code points.
    MaxLength(i64),
    /// `minLength`: strings of at least so many code points.
    MinLength(i64),
    /// `multipleOf`: numbers that are a multiple of this one.
    MultipleOf(Bson),
    /// `maximum`, with `exclusiveMaximum`.
    Maximum {
        /// A number.
        bound: Bson,
        /// Whether the bound itself is too much.
        exclusive: bool,
    },
    /// `minimum`, with `exclusiveMinimum`.
    Minimum {
        /// A number.
        bound: Bson,
        /// Whether the bound itself is too little.
        exclusive: bool,
    },
    /// `minItems`.
    MinItems(i64),
    /// `maxItems`.
    MaxItems(i64),
    /// `uniqueItems: true`: arrays without two equal elements. The order of fields does not count.
    UniqueItems,
    /// `items` with one schema: for every element.
    Items(Box<JsonSchema>),
    /// `items` with a list of schemas: for the elements at their positions.
    ItemList(Vec<JsonSchema>),
    /// `additionalItems`, beside a list of [`items`](Keyword::ItemList): for the elements after those.
    AdditionalItems {
        /// How many elements it is not about.
        after: usize,
        /// What the others must look like.
        rest: Additional,
    },
    /// `encrypt`: encrypted binary data.
    Encrypt {
        /// The types that it is the encryption of, if the schema tells.
        of: Option<Vec<TypeSpec>>,
    },
    /// `required`.
    Required(Vec<String>),
    /// `properties`: for the fields with these names, if there are such.
    Properties(Vec<(String, JsonSchema)>),
    /// `patternProperties` and `additionalProperties`.
    AllowedProperties {
        /// The fields that `properties` names; only those are not additional.
        named: Vec<String>,
        /// For the fields whose names match a regular expression.
        patterns: Vec<(String, JsonSchema)>,
        /// For all others.
        additional: Additional,
    },
    /// `minProperties`.
    MinProperties(i64),
    /// `maxProperties`.
    MaxProperties(i64),
    /// `dependencies`: what must hold if there is a field of this name.
    Dependencies(Vec<(String, Dependency)>),
    /// `allOf`.
    AllOf(Vec<JsonSchema>),
    /// `anyOf`.
    AnyOf(Vec<JsonSchema>),
    /// `oneOf`: exactly one.
    OneOf(Vec<JsonSchema>),
    /// `not`.
    Not(Box<JsonSchema>),
    /// `enum`: the value is one of these. The order of fields does not count.
    Enum(Vec<Bson>),
}

/// What `additionalItems` and `additionalProperties` allow.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Additional {
    /// Everything, as if the keyword were not there.
    Any,
    /// Nothing.
    None,
    /// What the schema accepts.
    Schema(Box<JsonSchema>),
}

/// What a field brings with it, in `dependencies`.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Dependency {
    /// Other fields.
    Fields(Vec<String>),
    /// A schema for the object that has the field.
    Schema(Box<JsonSchema>),
}

impl JsonSchema {
    /// The document that was read.
    #[must_use]
    pub const fn source(&self) -> &Document {
        &self.source
    }

    /// What `type`, `bsonType` or `encrypt` say.
    #[must_use]
    pub const fn types(&self) -> Option<&SchemaTypes> {
        self.types.as_ref()
    }

    /// The other keywords, in the order in which the server looks at them.
    #[must_use]
    pub fn keywords(&self) -> &[Keyword] {
        &self.keywords
    }

    /// Whether an object can fit, as far as `type`, `bsonType` and `encrypt` say.
    #[must_use]
    pub fn allows_objects(&self) -> bool {
        self.types
            .as_ref()
            .is_none_or(|types| types.types.contains(&TypeSpec::Type(BsonType::Object)))
    }
}

impl Filter {
    /// `$jsonSchema`: the document fits the schema.
    ///
    /// ```
    /// use odm_core::Filter;
    /// use odm_core::bson::doc;
    ///
    /// let filter = Filter::json_schema(doc! {
    ///     "required": ["name"],
    ///     "properties": { "name": { "bsonType": "string", "minLength": 1 } },
    /// });
    /// println!("{}", filter.and(Filter::eq("active", true)).to_document());
    /// ```
    ///
    /// The schema is not judged here; [`JsonSchema::parse`] does, and whoever evaluates the filter.
    #[must_use]
    pub const fn json_schema(schema: Document) -> Self {
        Filter::JsonSchema(schema)
    }
}
