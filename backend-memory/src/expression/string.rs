//! String operators. Those that say "bytes" count bytes of UTF-8, and those that say "CP" code points.

mod find;
mod replace;
mod substring;
mod text;
mod trim;

use std::cmp::Ordering;

use bson::Bson;
use odm_core::Result;

use super::arithmetic::{Accumulate, Nary};
use super::{ArrayBuilder, Compiler, Globals, Node, Operator, Value, refused};
use crate::value::{RawVal, ValueBuf};

pub(super) use text::{made, to_text};

pub(super) const OPERATORS: &[Operator] = &[
    Operator::custom("$concat", concat),
    Operator::custom("$indexOfBytes", find::index_of_bytes),
    Operator::custom("$indexOfCP", find::index_of_cp),
    Operator::custom("$ltrim", trim::ltrim),
    Operator::custom("$replaceAll", replace::replace_all),
    Operator::custom("$replaceOne", replace::replace_one),
    Operator::custom("$rtrim", trim::rtrim),
    Operator::binary("$split", split).null_to_null(),
    Operator::unary("$strLenBytes", str_len_bytes),
    Operator::unary("$strLenCP", str_len_cp),
    Operator::binary("$strcasecmp", strcasecmp),
    Operator::ternary("$substr", substring::substr_bytes),
    Operator::ternary("$substrBytes", substring::substr_bytes),
    Operator::ternary("$substrCP", substring::substr_cp),
    Operator::unary("$toLower", to_lower),
    Operator::unary("$toUpper", to_upper),
    Operator::custom("$trim", trim::trim),
];

/// `$concat`: strings one after the other; null as soon as one is null or missing.
///
/// 16702 for what is not a string.
fn concat(compiler: &mut Compiler<'_>, operand: &Bson) -> Result<Node> {
    Nary::<Concat>::compile(compiler, operand)
}

#[derive(Debug, Default)]
struct Concat(String);

impl Accumulate for Concat {
    const NAME: &'static str = "$concat";
    const COMMUTES: bool = false;

    fn take(&mut self, value: &Value<'_>) -> Result<()> {
        let Some(text) = value.as_string() else {
            let message = format!("$concat only supports strings, not {}", value.type_name());
            return refused(16_702, message);
        };
        text::check_buffer(self.0.len() + text.len())?;
        self.0.push_str(text);
        Ok(())
    }

    fn finish(self) -> Result<Value<'static>> {
        made(&self.0)
    }
}

/// `$split`: the parts of a string between separators; null for null or missing.
///
/// 40085 and 40086 if either is not a string, 40087 for an empty separator.
fn split<'a>(_: &Globals, operands: &[Value<'a>]) -> Result<Value<'a>> {
    let [input, separator] = operands else { return Ok(Value::NULL) };
    let Some(input) = input.as_string() else {
        let kind = input.type_name();
        return refused(40_085, format!("$split requires a string to split, found: {kind}"));
    };
    let Some(separator) = separator.as_string() else {
        let kind = separator.type_name();
        return refused(40_086, format!("$split requires a string as a separator, found: {kind}"));
    };
    if separator.is_empty() {
        return refused(40_087, "$split requires a non-empty separator");
    }
    let mut parts = ArrayBuilder::new();
    for part in input.split(separator) {
        parts.push(ValueBuf::from(part).as_raw());
    }
    Ok(parts.finish())
}

/// `$strLenBytes`: how many bytes a string has.
///
/// 34473 for what is not a string, null and missing among it.
fn str_len_bytes<'a>(_: &Globals, operands: &[Value<'a>]) -> Result<Value<'a>> {
    let value = operands.first().unwrap_or(&Value::Missing);
    match value.as_string() {
        Some(text) => Ok(length(text.len())),
        None => {
            let kind = value.type_name();
            refused(34_473, format!("$strLenBytes requires a string argument, found: {kind}"))
        }
    }
}

/// `$strLenCP`: how many code points a string has.
///
/// 34471 for what is not a string, null and missing among it.
fn str_len_cp<'a>(_: &Globals, operands: &[Value<'a>]) -> Result<Value<'a>> {
    let value = operands.first().unwrap_or(&Value::Missing);
    match value.as_string() {
        Some(text) => Ok(length(text.chars().count())),
        None => {
            let kind = value.type_name();
            refused(34_471, format!("$strLenCP requires a string argument, found: {kind}"))
        }
    }
}

/// A length or position within a string, which is an int as all strings are shorter.
fn length<'a>(n: usize) -> Value<'a> {
    i32::try_from(n).unwrap_or(i32::MAX).into()
}

/// `$strcasecmp`: -1, 0 or 1 for two texts, ASCII letters in any case being the same; null and missing
/// are empty.
///
/// 16007 for what has no text.
fn strcasecmp<'a>(_: &Globals, operands: &[Value<'a>]) -> Result<Value<'a>> {
    let [a, b] = operands else { return Ok(Value::NULL) };
    let (a, b) = (to_text(a)?, to_text(b)?);
    let folded = |text: &str| text.to_ascii_uppercase();
    Ok(match folded(&a).cmp(&folded(&b)) {
        Ordering::Less => -1,
        Ordering::Equal => 0,
        Ordering::Greater => 1,
    }
    .into())
}

/// `$toLower`: a text with its ASCII letters in lower case; empty for null and missing.
///
/// 16007 for what has no text.
fn to_lower<'a>(_: &Globals, operands: &[Value<'a>]) -> Result<Value<'a>> {
    made(&to_text(operands.first().unwrap_or(&Value::Missing))?.to_ascii_lowercase())
}

/// `$toUpper`: a text with its ASCII letters in upper case; empty for null and missing.
///
/// 16007 for what has no text.
fn to_upper<'a>(_: &Globals, operands: &[Value<'a>]) -> Result<Value<'a>> {
    made(&to_text(operands.first().unwrap_or(&Value::Missing))?.to_ascii_uppercase())
}

/// The operands of an operator that evaluates them one by one.
///
/// # Errors
///
/// 28667 if they are not as many as it takes.
fn listed(
    compiler: &mut Compiler<'_>,
    name: &str,
    operand: &Bson,
    least: usize,
    most: usize,
) -> Result<Vec<Node>> {
    let operands = compiler.operands(operand)?;
    if (least..=most).contains(&operands.len()) {
        return Ok(operands);
    }
    let given = operands.len();
    let message = format!(
        "expression {name} takes at least {least} arguments, and at most {most}, but {given} were passed in."
    );
    refused(28_667, message)
}

/// The one null.
const fn null<'a>() -> Value<'a> {
    Value::Raw(RawVal::NULL)
}
