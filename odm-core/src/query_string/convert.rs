//! Reading values by the types of fields.

use bson::{Binary, Bson, DateTime, Decimal128, Uuid, oid::ObjectId, spec::BinarySubtype};

use crate::filter::BsonType;
use crate::lookup::{describe, leaf};
use crate::schema::TypeSchema;

/// A value of a field of this type; `None` if the text is none. `given` is the type that the rules
/// tell where the schema does not.
pub(super) fn value(
    text: &str,
    ty: &TypeSchema,
    given: Option<BsonType>,
    null: bool,
) -> Option<Bson> {
    let leaf = leaf(ty);
    let scalar = match (given, leaf) {
        (Some(given), _) => given,
        (None, TypeSchema::Choice(choices)) => {
            return choices.contains(&text).then(|| text.into());
        }
        (None, leaf) => bson_type(leaf)?,
    };
    if null && text == "null" && scalar != BsonType::String {
        return Some(Bson::Null);
    }
    scalar_value(text, scalar)
}

/// The type as which values of a field are read; `None` if they have no form as text.
pub(super) fn bson_type(leaf: &TypeSchema) -> Option<BsonType> {
    match leaf {
        TypeSchema::Any | TypeSchema::Choice(_) => Some(BsonType::String),
        TypeSchema::Scalar(ty) => Some(*ty).filter(|ty| READABLE.contains(ty)),
        TypeSchema::OneOf(types) if types.contains(&BsonType::String) => Some(BsonType::String),
        _ => None,
    }
}

/// The types whose values have a form as text.
pub(super) const READABLE: &[BsonType] = &[
    BsonType::Int,
    BsonType::Long,
    BsonType::Double,
    BsonType::Decimal,
    BsonType::String,
    BsonType::Bool,
    BsonType::Date,
    BsonType::ObjectId,
    BsonType::BinData,
];

fn scalar_value(text: &str, ty: BsonType) -> Option<Bson> {
    match ty {
        BsonType::Int => {
            let number: i64 = whole(text)?;
            Some(i32::try_from(number).map_or(Bson::Int64(number), Bson::Int32))
        }
        BsonType::Long => whole(text).map(Bson::Int64),
        BsonType::Double => {
            let number =
                text.parse().ok().filter(|_| is_number(text)).filter(|n: &f64| n.is_finite());
            number.map(Bson::Double)
        }
        BsonType::Decimal => {
            let number = text.parse::<Decimal128>().ok().filter(|_| is_number(text));
            number.map(Bson::Decimal128)
        }
        BsonType::String => Some(text.into()),
        BsonType::Bool => flag(text),
        BsonType::Date => date(text).map(Bson::DateTime),
        BsonType::ObjectId => ObjectId::parse_str(text).ok().map(Bson::ObjectId),
        BsonType::BinData => Uuid::parse_str(text).ok().map(|uuid| {
            let bytes = uuid.bytes().to_vec();
            Bson::Binary(Binary { subtype: BinarySubtype::Uuid, bytes })
        }),
        _ => None,
    }
}

/// Digits after perhaps a minus.
fn whole(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    text.parse().ok().filter(|_| digits.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Not `inf`, not `NaN`.
fn is_number(text: &str) -> bool {
    const MAX: usize = 64;
    text.len() <= MAX && text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte))
}

fn date(text: &str) -> Option<DateTime> {
    let is_day = text.len() == 10;
    let whole = if is_day { format!("{text}T00:00:00Z") } else { text.to_owned() };
    DateTime::parse_rfc3339_str(whole).ok()
}

pub(super) fn flag(text: &str) -> Option<Bson> {
    match text {
        "true" | "1" => Some(Bson::Boolean(true)),
        "false" | "0" => Some(Bson::Boolean(false)),
        _ => None,
    }
}

pub(super) fn integer(text: &str) -> Option<Bson> {
    whole(text).map(Bson::Int64)
}

pub(super) fn natural(text: &str) -> Option<u64> {
    text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()))
}

/// What a value of a field of this type looks like, in words.
pub(super) fn expected(ty: &TypeSchema, given: Option<BsonType>) -> String {
    let leaf = leaf(ty);
    let scalar = match (given, leaf) {
        (Some(given), _) => Some(given),
        (None, TypeSchema::Choice(_)) => return describe(leaf),
        (None, leaf) => bson_type(leaf),
    };
    let words = match scalar {
        Some(BsonType::Int | BsonType::Long) => "a whole number",
        Some(BsonType::Double | BsonType::Decimal) => "a number",
        Some(BsonType::Bool) => "true or false",
        Some(BsonType::Date) => "a date such as 2024-05-06 or 2024-05-06T07:08:09Z",
        Some(BsonType::ObjectId) => "24 hexadecimal digits",
        Some(BsonType::BinData) => "a UUID",
        Some(_) => "text",
        None => {
            "an operator other than those that compare: the field's values have no form as text"
        }
    };
    words.to_owned()
}
