//! Conversion between types: `$convert`, its short forms, and `$type`.

mod parse;

use bson::Bson;
use bson::oid::ObjectId;
use odm_core::{ErrorCode, Result};

use super::date::from_string::parse_date;
use super::date::to_string::iso_8601;
use super::date::zone::Zone;
use super::date::{as_millis, date, optional, text};
use super::string::to_text;
use super::{Compiler, Evaluate, Globals, Node, Operator, Scope, Value, refused};
use crate::value::decimal::Decimal;
use crate::value::{ElementType, Number, ValueBuf};

pub(super) const OPERATORS: &[Operator] = &[
    Operator::custom("$convert", convert),
    Operator::custom("$toBool", to_bool),
    Operator::custom("$toDate", to_date),
    Operator::custom("$toDecimal", to_decimal),
    Operator::custom("$toDouble", to_double),
    Operator::custom("$toInt", to_int),
    Operator::custom("$toLong", to_long),
    Operator::custom("$toObjectId", to_object_id),
    Operator::custom("$toString", to_string),
    Operator::unary("$type", type_),
];

/// The code of what cannot be converted, which `onError` is for.
const CONVERSION_FAILURE: i32 = 241;

/// The names of types and their numbers.
const TYPES: [(&str, i64); 22] = [
    ("missing", 0),
    ("double", 1),
    ("string", 2),
    ("object", 3),
    ("array", 4),
    ("binData", 5),
    ("undefined", 6),
    ("objectId", 7),
    ("bool", 8),
    ("date", 9),
    ("null", 10),
    ("regex", 11),
    ("dbPointer", 12),
    ("javascript", 13),
    ("symbol", 14),
    ("javascriptWithScope", 15),
    ("int", 16),
    ("timestamp", 17),
    ("long", 18),
    ("decimal", 19),
    ("minKey", -1),
    ("maxKey", 127),
];

/// `$type`: the name of a value's type, `"missing"` if there is none.
fn type_<'a>(_: &Globals, operands: &[Value<'a>]) -> Result<Value<'a>> {
    Ok(operands.first().unwrap_or(&Value::Missing).type_name().into())
}

/// `$convert`: `input` as a value of the type `to`, a name or a number. `onNull` for a null input, `onError`
/// for one that cannot be converted; null for a null type.
///
/// Refuses 9 what is no document, unknown and missing arguments, and a type that is neither name nor number;
/// 2 an unknown name; 241 what cannot be converted; 18537 dates that no text can tell.
fn convert(compiler: &mut Compiler<'_>, operand: &Bson) -> Result<Node> {
    let code = ErrorCode::FAILED_TO_PARSE.0;
    let [input, to, on_error, on_null] =
        Compiler::arguments("$convert", operand, ["input", "to", "onError", "onNull"], code, code)?;
    let Some(input) = input else { return refused(code, "missing 'input' parameter to $convert") };
    let Some(to) = to else { return refused(code, "missing 'to' parameter to $convert") };
    let input = compiler.operand(input)?;
    let to = compiler.operand(to)?;
    let on_error = optional(compiler, on_error)?;
    let on_null = optional(compiler, on_null)?;
    compiler.custom(Convert { input, to: To::Computed(to), on_error, on_null })
}

/// `$toBool`: as `$convert` to `bool`.
fn to_bool(compiler: &mut Compiler<'_>, operand: &Bson) -> Result<Node> {
    Convert::short(compiler, "$toBool", operand, Target::Bool)
}

/// `$toDate`: as `$convert` to `date`.
fn to_date(compiler: &mut Compiler<'_>, operand: &Bson) -> Result<Node> {
    Convert::short(compiler, "$toDate", operand, Target::Date)
}

/// `$toDecimal`: as `$convert` to `decimal`.
fn to_decimal(compiler: &mut Compiler<'_>, operand: &Bson) -> Result<Node> {
    Convert::short(compiler, "$toDecimal", operand, Target::Decimal)
}

/// `$toDouble`: as `$convert` to `double`.
fn to_double(compiler: &mut Compiler<'_>, operand: &Bson) -> Result<Node> {
    Convert::short(compiler, "$toDouble", operand, Target::Double)
}

/// `$toInt`: as `$convert` to `int`.
fn to_int(compiler: &mut Compiler<'_>, operand: &Bson) -> Result<Node> {
    Convert::short(compiler, "$toInt", operand, Target::Int)
}

/// `$toLong`: as `$convert` to `long`.
fn to_long(compiler: &mut Compiler<'_>, operand: &Bson) -> Result<Node> {
    Convert::short(compiler, "$toLong", operand, Target::Long)
}

/// `$toObjectId`: as `$convert` to `objectId`.
fn to_object_id(compiler: &mut Compiler<'_>, operand: &Bson) -> Result<Node> {
    Convert::short(compiler, "$toObjectId", operand, Target::ObjectId)
}

/// `$toString`: as `$convert` to `string`.
fn to_string(compiler: &mut Compiler<'_>, operand: &Bson) -> Result<Node> {
    Convert::short(compiler, "$toString", operand, Target::String)
}

/// What a value is converted to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Target {
    Double,
    String,
    ObjectId,
    Bool,
    Date,
    Int,
    Long,
    Decimal,
    /// A type that nothing is converted to.
    Other(&'static str),
}

impl Target {
    /// Reads `to`.
    ///
    /// # Errors
    ///
    /// 2 for an unknown name, 9 for anything else that names no type.
    fn parse(value: &Value<'_>) -> Result<Target> {
        let code = ErrorCode::FAILED_TO_PARSE.0;
        let found = match text(value) {
            Some(name) => {
                let Some(found) = TYPES.iter().find(|(known, _)| *known == name) else {
                    return refused(ErrorCode::BAD_VALUE.0, format!("unknown type name: {name}"));
                };
                found
            }
            None => {
                let Some(number) = value.as_raw().and_then(Number::of) else {
                    let found = value.type_name();
                    return refused(
                        code,
                        format!(
                            "$convert's 'to' argument must be a string or number, but is {found}"
                        ),
                    );
                };
                let number = number.to_exact_integer();
                let Some(found) = TYPES.iter().find(|(_, known)| Some(*known) == number) else {
                    return refused(
                        code,
                        "in $convert, numeric value for 'to' does not correspond to a BSON type",
                    );
                };
                found
            }
        };
        Ok(match found.0 {
            "double" => Target::Double,
            "string" => Target::String,
            "objectId" => Target::ObjectId,
            "bool" => Target::Bool,
            "date" => Target::Date,
            "int" => Target::Int,
            "long" => Target::Long,
            "decimal" => Target::Decimal,
            other => Target::Other(other),
        })
    }

    const fn name(self) -> &'static str {
        match self {
            Target::Double => "double",
            Target::String => "string",
            Target::ObjectId => "objectId",
            Target::Bool => "bool",
            Target::Date => "date",
            Target::Int => "int",
            Target::Long => "long",
            Target::Decimal => "decimal",
            Target::Other(name) => name,
        }
    }
}

#[derive(Debug)]
enum To {
    Fixed(Target),
    Computed(Node),
}

#[derive(Debug)]
struct Convert {
    input: Node,
    to: To,
    on_error: Option<Node>,
    on_null: Option<Node>,
}

impl Convert {
    /// Compiles an operator that has a target of its own, and one operand.
    ///
    /// # Errors
    ///
    /// 50723 for another number of operands.
    fn short(
        compiler: &mut Compiler<'_>,
        operator: &str,
        operand: &Bson,
        target: Target,
    ) -> Result<Node> {
        let input = match operand {
            Bson::Array(operands) => match operands.as_slice() {
                [input] => input,
                _ => {
                    return refused(
                        50_723,
                        format!("{operator} requires a single argument, got {}", operands.len()),
                    );
                }
            },
            input => input,
        };
        let input = compiler.operand(input)?;
        compiler.custom(Convert { input, to: To::Fixed(target), on_error: None, on_null: None })
    }
}

impl Evaluate for Convert {
    fn eval<'a>(&'a self, scope: &Scope<'a>) -> Result<Value<'a>> {
        let target = match &self.to {
            To::Fixed(target) => Some(*target),
            To::Computed(node) => {
                let to = node.eval(scope)?;
                if to.is_nullish() { None } else { Some(Target::parse(&to)?) }
            }
        };
        let input = self.input.eval(scope)?;
        if input.is_nullish() {
            return self.on_null.as_ref().map_or(Ok(Value::NULL), |node| node.eval(scope));
        }
        let Some(target) = target else { return Ok(Value::NULL) };
        match (to_target(input, target), &self.on_error) {
            (Err(error), Some(on_error)) if error.code() == Some(CONVERSION_FAILURE) => {
                on_error.eval(scope)
            }
            (converted, _) => converted,
        }
    }

    fn visit<'n>(&'n self, visit: &mut dyn FnMut(&'n Node)) {
        visit(&self.input);
        if let To::Computed(node) = &self.to {
            visit(node);
        }
        self.on_error.iter().chain(&self.on_null).for_each(visit);
    }

    fn folds(&self) -> bool {
        true
    }
}

/// A value that is not null as one of another type.
fn to_target<'a>(value: Value<'a>, target: Target) -> Result<Value<'a>> {
    let Some(kind) = value.kind() else { return Ok(Value::NULL) };
    let is_same = match target {
        Target::Double => kind == ElementType::Double,
        Target::String => kind == ElementType::String,
        Target::ObjectId => kind == ElementType::ObjectId,
        Target::Bool => kind == ElementType::Boolean,
        Target::Date => kind == ElementType::DateTime,
        Target::Int => kind == ElementType::Int32,
        Target::Long => kind == ElementType::Int64,
        Target::Decimal => kind == ElementType::Decimal128,
        Target::Other(_) => false,
    };
    if is_same {
        return Ok(value);
    }
    if let Some(text) = text(&value) {
        return from_text(text, target);
    }
    let unsupported = || {
        let (found, name) = (value.type_name(), target.name());
        refused(CONVERSION_FAILURE, format!("unsupported conversion from {found} to {name}"))
    };
    let Some(raw) = value.as_raw() else { return unsupported() };
    let number = match kind {
        ElementType::Boolean => raw.as_bool().map(|value| Number::Int32(value.into())),
        ElementType::DateTime => raw.as_millis().map(Number::Int64),
        _ => Number::of(raw),
    };
    match target {
        Target::Bool => Ok(value.is_true().into()),
        Target::String => match kind {
            ElementType::Boolean => Ok(if value.is_true() { "true" } else { "false" }.into()),
            ElementType::DateTime => iso_8601(raw.as_millis().unwrap_or(0)).map(Value::from),
            ElementType::ObjectId => {
                Ok(raw.as_object_id().map(ObjectId::to_hex).unwrap_or_default().into())
            }
            _ => match number {
                Some(Number::Double(n)) if n.is_nan() => Ok("NaN".into()),
                Some(Number::Double(n)) if n.is_infinite() => {
                    Ok(if n < 0.0 { "-Infinity" } else { "Infinity" }.into())
                }
                Some(_) => Ok(to_text(&value)?.into()),
                None => unsupported(),
            },
        },
        Target::Date => match (kind, number) {
            (ElementType::Int32 | ElementType::Boolean, _) => unsupported(),
            (_, Some(number)) => Ok(date(truncated(number)?)),
            (_, None) => as_millis(&value).map_or_else(unsupported, |millis| Ok(date(millis))),
        },
        Target::Int if kind == ElementType::DateTime => unsupported(),
        Target::ObjectId | Target::Other(_) => unsupported(),
        Target::Double | Target::Int | Target::Long | Target::Decimal => {
            let Some(number) = number else { return unsupported() };
            Ok(match target {
                Target::Double => double(number)?.into(),
                Target::Int => int(number)?.into(),
                Target::Long => truncated(number)?.into(),
                _ => ValueBuf::from(Number::Decimal(number.to_decimal())).into(),
            })
        }
    }
}

/// A text as a value of another type.
fn from_text<'a>(text: &str, target: Target) -> Result<Value<'a>> {
    let failed = || {
        let name = target.name();
        refused(CONVERSION_FAILURE, format!("failed to parse '{text}' as {name} in $convert"))
    };
    match target {
        Target::Bool => Ok(true.into()),
        Target::Int => text.parse::<i32>().map_or_else(|_| failed(), |n| Ok(n.into())),
        Target::Long => text.parse::<i64>().map_or_else(|_| failed(), |n| Ok(n.into())),
        Target::Double => parse::double(text).map_or_else(failed, |n| Ok(n.into())),
        Target::Decimal => parse::decimal(text)
            .map_or_else(failed, |n| Ok(ValueBuf::from(Number::Decimal(n)).into())),
        Target::ObjectId => ObjectId::parse_str(text).map_or_else(|_| failed(), |id| Ok(id.into())),
        Target::Date => parse_date(text, &Zone::UTC).map(date),
        Target::String | Target::Other(_) => failed(),
    }
}

fn out_of_range<T>() -> Result<T> {
    refused(CONVERSION_FAILURE, "conversion would overflow target type in $convert")
}

/// The double nearest to a number; of decimals only those that are normal doubles.
fn double(number: Number) -> Result<f64> {
    let double = number.to_f64();
    let is_lost = match number {
        Number::Decimal(decimal @ Decimal::Finite { .. }) => {
            double.is_infinite() || double.abs() < f64::MIN_POSITIVE && !decimal.is_zero()
        }
        _ => false,
    };
    if is_lost { out_of_range() } else { Ok(double) }
}

/// The number without its fraction, if it is a 64-bit integer.
fn truncated(number: Number) -> Result<i64> {
    number.truncate().map_or_else(out_of_range, Ok)
}

/// The number without its fraction, if it is a 32-bit integer.
fn int(number: Number) -> Result<i32> {
    // Doubles are compared with the range before they lose their fractions.
    if let Number::Double(n) = number
        && !(f64::from(i32::MIN)..=f64::from(i32::MAX)).contains(&n)
    {
        return out_of_range();
    }
    i32::try_from(truncated(number)?).or_else(|_| out_of_range())
}
