//! Filters: what a document must look like to match.

mod json_schema;
mod parse;
mod print;

use bson::{Bson, Document, Regex};

pub(crate) use parse::begins_condition;

use crate::namespace::FieldPath;
use crate::pipeline::Expr;

pub use json_schema::{Additional, Dependency, JsonSchema, Keyword, SchemaTypes};

/// A filter of MongoDB's query language, as a tree.
///
/// [`Filter::parse`] reads a filter document with the server's error codes and
/// [`Filter::to_document`] prints one; parsing what was printed gives the same tree.
/// The empty filter, [`Filter::all`], matches every document.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Filter {
    /// `$and`, or several conditions in one document. Without any, it matches everything.
    And(Vec<Filter>),
    /// `$or`.
    Or(Vec<Filter>),
    /// `$nor`.
    Nor(Vec<Filter>),
    /// One condition on one field.
    Field(FieldPath, Predicate),
    /// `$expr`: an aggregation expression.
    Expr(Expr),
    /// `$where`: JavaScript, as a string or code.
    Where(Bson),
    /// `$text`.
    Text(TextSearch),
    /// `$jsonSchema`: a schema as [`JsonSchema::parse`] reads it.
    JsonSchema(Document),
    /// `$sampleRate`: matches at random, with this probability.
    SampleRate(f64),
    /// `$comment`: matches everything.
    Comment(Bson),
    /// `$alwaysTrue`.
    AlwaysTrue,
    /// `$alwaysFalse`.
    AlwaysFalse,
    /// A user's document, untouched until somebody has to understand it.
    Raw(Document),
}

/// A condition on the value of a field.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Predicate {
    /// `{field: value}` or `$eq`. A regular expression here equals only itself.
    Eq(Bson),
    /// `$ne`.
    Ne(Bson),
    /// `$gt`.
    Gt(Bson),
    /// `$gte`.
    Gte(Bson),
    /// `$lt`.
    Lt(Bson),
    /// `$lte`.
    Lte(Bson),
    /// `$in`: values, or regular expressions that match strings.
    In(Vec<Bson>),
    /// `$nin`.
    Nin(Vec<Bson>),
    /// `$exists`.
    Exists(bool),
    /// `$type`: any of these types.
    Type(Vec<TypeSpec>),
    /// `$mod`: the remainder after division; both are truncated toward zero by the parser.
    Mod {
        /// Never zero.
        divisor: i64,
        /// What must remain.
        remainder: i64,
    },
    /// `{field: /pattern/options}` or `$regex` with `$options`.
    Regex(Regex),
    /// `$all` of values or regular expressions.
    All(Vec<Bson>),
    /// `$all` of `$elemMatch`es.
    AllElemMatch(Vec<ElemMatch>),
    /// `$elemMatch`.
    ElemMatch(ElemMatch),
    /// `$size`.
    Size(i64),
    /// `$bitsAllSet`.
    BitsAllSet(BitMask),
    /// `$bitsAnySet`.
    BitsAnySet(BitMask),
    /// `$bitsAllClear`.
    BitsAllClear(BitMask),
    /// `$bitsAnyClear`.
    BitsAnyClear(BitMask),
    /// `$not`: none of these hold together.
    Not(Vec<Predicate>),
    /// `$geoIntersects`.
    GeoIntersects(Document),
    /// `$geoWithin` (or its old name `$within`).
    GeoWithin(Document),
    /// `$near`, `$nearSphere` (or `$geoNear`, its old name).
    Near(Box<Near>),
}

/// What an element of an array must look like.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum ElemMatch {
    /// Conditions on fields of an element that is a document (or array).
    Fields(Box<Filter>),
    /// Conditions on the element itself.
    Value(Vec<Predicate>),
}

/// One type of a `$type` list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TypeSpec {
    /// A single BSON type.
    Type(BsonType),
    /// `"number"`: double, int, long and decimal.
    Number,
}

/// The BSON types, by the server's numbers and aliases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
#[repr(i8)]
pub enum BsonType {
    /// `double` (1).
    Double = 1,
    /// `string` (2).
    String = 2,
    /// `object` (3).
    Object = 3,
    /// `array` (4).
    Array = 4,
    /// `binData` (5).
    BinData = 5,
    /// `undefined` (6), deprecated.
    Undefined = 6,
    /// `objectId` (7).
    ObjectId = 7,
    /// `bool` (8).
    Bool = 8,
    /// `date` (9).
    Date = 9,
    /// `null` (10).
    Null = 10,
    /// `regex` (11).
    Regex = 11,
    /// `dbPointer` (12), deprecated.
    DbPointer = 12,
    /// `javascript` (13).
    JavaScript = 13,
    /// `symbol` (14), deprecated.
    Symbol = 14,
    /// `javascriptWithScope` (15), deprecated.
    JavaScriptWithScope = 15,
    /// `int` (16).
    Int = 16,
    /// `timestamp` (17).
    Timestamp = 17,
    /// `long` (18).
    Long = 18,
    /// `decimal` (19).
    Decimal = 19,
    /// `minKey` (-1).
    MinKey = -1,
    /// `maxKey` (127).
    MaxKey = 127,
}

impl BsonType {
    /// Every type.
    pub const ALL: [BsonType; 21] = [
        BsonType::Double,
        BsonType::String,
        BsonType::Object,
        BsonType::Array,
        BsonType::BinData,
        BsonType::Undefined,
        BsonType::ObjectId,
        BsonType::Bool,
        BsonType::Date,
        BsonType::Null,
        BsonType::Regex,
        BsonType::DbPointer,
        BsonType::JavaScript,
        BsonType::Symbol,
        BsonType::JavaScriptWithScope,
        BsonType::Int,
        BsonType::Timestamp,
        BsonType::Long,
        BsonType::Decimal,
        BsonType::MinKey,
        BsonType::MaxKey,
    ];

    /// The server's number of the type.
    #[must_use]
    pub const fn number(self) -> i8 {
        self as i8
    }

    /// The server's name of the type, as `$type` takes it.
    #[must_use]
    pub const fn alias(self) -> &'static str {
        match self {
            BsonType::Double => "double",
            BsonType::String => "string",
            BsonType::Object => "object",
            BsonType::Array => "array",
            BsonType::BinData => "binData",
            BsonType::Undefined => "undefined",
            BsonType::ObjectId => "objectId",
            BsonType::Bool => "bool",
            BsonType::Date => "date",
            BsonType::Null => "null",
            BsonType::Regex => "regex",
            BsonType::DbPointer => "dbPointer",
            BsonType::JavaScript => "javascript",
            BsonType::Symbol => "symbol",
            BsonType::JavaScriptWithScope => "javascriptWithScope",
            BsonType::Int => "int",
            BsonType::Timestamp => "timestamp",
            BsonType::Long => "long",
            BsonType::Decimal => "decimal",
            BsonType::MinKey => "minKey",
            BsonType::MaxKey => "maxKey",
        }
    }

    /// The type with the server's `number`.
    #[must_use]
    pub fn from_number(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|ty| i64::from(ty.number()) == number)
    }

    /// The type with the server's `alias`.
    #[must_use]
    pub fn from_alias(alias: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|ty| ty.alias() == alias)
    }

    /// The type of `value`.
    #[must_use]
    pub fn of(value: &Bson) -> Self {
        match value {
            Bson::Double(_) => BsonType::Double,
            Bson::String(_) => BsonType::String,
            Bson::Document(_) => BsonType::Object,
            Bson::Array(_) => BsonType::Array,
            Bson::Binary(_) => BsonType::BinData,
            Bson::Undefined => BsonType::Undefined,
            Bson::ObjectId(_) => BsonType::ObjectId,
            Bson::Boolean(_) => BsonType::Bool,
            Bson::DateTime(_) => BsonType::Date,
            Bson::Null => BsonType::Null,
            Bson::RegularExpression(_) => BsonType::Regex,
            Bson::DbPointer(_) => BsonType::DbPointer,
            Bson::JavaScriptCode(_) => BsonType::JavaScript,
            Bson::Symbol(_) => BsonType::Symbol,
            Bson::JavaScriptCodeWithScope(_) => BsonType::JavaScriptWithScope,
            Bson::Int32(_) => BsonType::Int,
            Bson::Timestamp(_) => BsonType::Timestamp,
            Bson::Int64(_) => BsonType::Long,
            Bson::Decimal128(_) => BsonType::Decimal,
            Bson::MinKey => BsonType::MinKey,
            Bson::MaxKey => BsonType::MaxKey,
        }
    }
}

/// The bits that a `$bits…` operator looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum BitMask {
    /// A number whose set bits are meant; never negative.
    Number(i64),
    /// Bit positions, the least significant being 0.
    Positions(Vec<u32>),
    /// The set bits of a byte string, least significant byte first.
    Binary(bson::Binary),
}

/// The operand of `$text`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TextSearch {
    /// `$search`: words, "phrases" and -negations.
    pub search: String,
    /// `$language`.
    pub language: Option<String>,
    /// `$caseSensitive`.
    pub case_sensitive: Option<bool>,
    /// `$diacriticSensitive`.
    pub diacritic_sensitive: Option<bool>,
}

/// The operand of `$near` and `$nearSphere`.
#[derive(Debug, Clone, PartialEq)]
pub struct Near {
    /// `$nearSphere` rather than `$near`.
    pub sphere: bool,
    /// A GeoJSON document with `$geometry`, or a legacy coordinate pair.
    pub point: Bson,
    /// `$minDistance` beside the operator (legacy form).
    pub min_distance: Option<Bson>,
    /// `$maxDistance` beside the operator (legacy form).
    pub max_distance: Option<Bson>,
}

impl Filter {
    /// The empty filter: every document matches.
    #[must_use]
    pub const fn all() -> Self {
        Filter::And(Vec::new())
    }

    /// Equality of one field.
    pub fn eq(path: impl Into<FieldPath>, value: impl Into<Bson>) -> Self {
        Filter::Field(path.into(), Predicate::Eq(value.into()))
    }

    /// Whether it is the empty filter, which every document matches.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match self {
            Filter::And(parts) => parts.is_empty(),
            Filter::Raw(doc) => doc.is_empty(),
            _ => false,
        }
    }

    /// Both must match. Empty filters vanish and conjunctions are not nested.
    #[must_use]
    pub fn and(self, other: impl Into<Filter>) -> Self {
        let other = other.into();
        if self.is_empty() {
            return other;
        }
        if other.is_empty() {
            return self;
        }
        let mut parts = match self {
            Filter::And(parts) => parts,
            single => vec![single],
        };
        match other {
            Filter::And(more) => parts.extend(more),
            single => parts.push(single),
        }
        Filter::And(parts)
    }

    /// Either must match. Disjunctions are not nested.
    #[must_use]
    pub fn or(self, other: impl Into<Filter>) -> Self {
        let mut parts = match self {
            Filter::Or(parts) => parts,
            single => vec![single],
        };
        match other.into() {
            Filter::Or(more) => parts.extend(more),
            single => parts.push(single),
        }
        Filter::Or(parts)
    }

    /// What does not match: `$nor` of this one.
    #[must_use]
    pub fn negate(self) -> Self {
        match self {
            Filter::Nor(mut parts) if parts.len() == 1 => parts.remove(0),
            other => Filter::Nor(vec![other]),
        }
    }
}

impl Default for Filter {
    fn default() -> Self {
        Filter::all()
    }
}

impl From<Document> for Filter {
    fn from(doc: Document) -> Self {
        Filter::Raw(doc)
    }
}
