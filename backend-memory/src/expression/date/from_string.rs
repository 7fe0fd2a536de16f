//! `$dateFromString`.

mod format;
mod parsed;
mod pattern;
mod scanner;
mod shapes;
mod token;

use bson::Bson;
use odm_core::{Error, ErrorCode, Result};

use self::parsed::Failure;
use super::to_string::check_format;
use super::zone::{Zone, ZoneOperand};
use super::{date, optional, overflow, text};
use crate::expression::{Compiler, Evaluate, Node, Operator, Scope, Value, refused};

pub(in crate::expression) const OPERATORS: &[Operator] =
    &[Operator::custom("$dateFromString", date_from_string)];

/// The code of what cannot be converted, which `onError` is for.
const CONVERSION_FAILURE: i32 = 241;

/// `$dateFromString`: the date of a text, in a format or in one of many shapes, and in a zone unless the
/// text has one. `onNull` for a null text, `onError` for one that is no date; null for a null zone or format.
///
/// Refuses 40540 what is no document, 40541 unknown arguments, 40542 a missing text; 40684 a format that is
/// no string, 18535 and 18536 a malformed one; 40517 and 40485 a zone; 241 whatever else is wrong with the text.
fn date_from_string(compiler: &mut Compiler<'_>, operand: &Bson) -> Result<Node> {
    let names = ["dateString", "format", "timezone", "onNull", "onError"];
    let [string, format, zone, on_null, on_error] =
        Compiler::arguments("$dateFromString", operand, names, 40_540, 40_541)?;
    let Some(string) = string else {
        return refused(40_542, "missing 'dateString' parameter to $dateFromString");
    };
    let string = compiler.operand(string)?;
    let format = optional(compiler, format)?;
    let zone = ZoneOperand::new(optional(compiler, zone)?);
    let on_null = optional(compiler, on_null)?;
    let on_error = optional(compiler, on_error)?;
    compiler.custom(DateFromString { string, format, zone, on_null, on_error })
}

#[derive(Debug)]
struct DateFromString {
    string: Node,
    format: Option<Node>,
    zone: ZoneOperand,
    on_null: Option<Node>,
    on_error: Option<Node>,
}

impl Evaluate for DateFromString {
    fn eval<'a>(&'a self, scope: &Scope<'a>) -> Result<Value<'a>> {
        let string = self.string.eval(scope)?;
        let format = self.format.as_ref().map(|node| node.eval(scope)).transpose()?;
        if let Some(format) = format.as_ref().filter(|format| !format.is_nullish()) {
            let Some(format) = text(format) else {
                let found = format.type_name();
                return refused(
                    40_684,
                    format!("$dateFromString requires that 'format' be a string, found: {found}"),
                );
            };
            check_format(format, |specifier| format::SPECIFIERS.contains(specifier))?;
        }
        let zone = self.zone.zone(scope, 40_517)?;
        if string.is_nullish() {
            return self.on_null.as_ref().map_or(Ok(Value::NULL), |node| node.eval(scope));
        }
        let parsed = match text(&string) {
            Some(string) => {
                let Some(zone) = zone else { return Ok(Value::NULL) };
                match &format {
                    None => parse_date(string, &zone),
                    Some(format) => {
                        let Some(format) = text(format) else { return Ok(Value::NULL) };
                        format::parse(string.as_bytes(), format.as_bytes())
                            .and_then(|parsed| parsed.to_millis(&zone))
                            .map_err(|failure| error(string, &failure))
                    }
                }
            }
            None => {
                let found = string.type_name();
                refused(
                    CONVERSION_FAILURE,
                    format!(
                        "$dateFromString requires that 'dateString' be a string, found: {found}"
                    ),
                )
            }
        };
        match (parsed, &self.on_error) {
            (Ok(millis), _) => Ok(date(millis)),
            (Err(error), Some(on_error)) if error.code() == Some(CONVERSION_FAILURE) => {
                on_error.eval(scope)
            }
            (Err(error), _) => Err(error),
        }
    }

    fn visit<'n>(&'n self, visit: &mut dyn FnMut(&'n Node)) {
        visit(&self.string);
        self.format.iter().for_each(&mut *visit);
        self.zone.visit(visit);
        self.on_null.iter().chain(&self.on_error).for_each(visit);
    }

    fn folds(&self) -> bool {
        true
    }
}

/// Milliseconds since 1970 of a text of any shape that the server knows.
///
/// # Errors
///
/// 241 if it is no date, 159 if it is too far away.
pub(in crate::expression) fn parse_date(string: &str, zone: &Zone) -> Result<i64> {
    shapes::parse(string.as_bytes())
        .and_then(|parsed| parsed.to_millis(zone))
        .map_err(|failure| error(string, &failure))
}

fn error(string: &str, failure: &Failure) -> Error {
    match failure {
        Failure::Conversion(why) => Error::command(
            ErrorCode(CONVERSION_FAILURE),
            format!("error parsing date string '{string}': {why}"),
        ),
        Failure::Overflow => overflow(),
        Failure::Unsupported => {
            crate::backend::unsupported("counted weekdays in the text of a date")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The server takes it, and this engine refuses it by name rather than with 241.
    #[test]
    fn counted_weekdays_are_not_supported() {
        for text in ["2017-02-08 +3 weekdays", "2017-02-08 last weekday"] {
            let error = parse_date(text, &Zone::UTC).unwrap_err();
            assert!(matches!(error, Error::Unsupported { .. }), "{text}: {error}");
        }
    }
}
