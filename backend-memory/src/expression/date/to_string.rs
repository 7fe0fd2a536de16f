//! `$dateToString`.

use std::fmt::Write as _;

use bson::Bson;
use odm_core::Result;

use super::civil::Civil;
use super::zone::{Zone, ZoneOperand};
use super::{millis_of, optional, text};
use crate::expression::{Compiler, Evaluate, Node, Operator, Scope, Value, refused};

pub(in crate::expression) const OPERATORS: &[Operator] =
    &[Operator::custom("$dateToString", date_to_string)];

/// The format of what has none, in every zone.
const ISO_8601: &str = "%Y-%m-%dT%H:%M:%S.%LZ";

/// `$dateToString`: a date in a format and a zone. `onNull` for a null date; null for a null zone or format.
///
/// Refuses 18629 what is no document, 18534 unknown arguments, 18628 a missing date, 18533 a format
/// that is no string, 18535 and 18536 a malformed one, 40517 and 40485 a zone, 16006 what is no
/// date, 18537 a year outside 0 to 9999 if the format tells it.
fn date_to_string(compiler: &mut Compiler<'_>, operand: &Bson) -> Result<Node> {
    let names = ["date", "format", "timezone", "onNull"];
    let [date, format, zone, on_null] =
        Compiler::arguments("$dateToString", operand, names, 18_629, 18_534)?;
    let Some(date) = date else {
        return refused(18_628, "missing 'date' parameter to $dateToString");
    };
    let date = compiler.operand(date)?;
    let format = optional(compiler, format)?;
    let zone = ZoneOperand::new(optional(compiler, zone)?);
    let on_null = optional(compiler, on_null)?;
    compiler.custom(DateToString { date, format, zone, on_null })
}

#[derive(Debug)]
struct DateToString {
    date: Node,
    format: Option<Node>,
    zone: ZoneOperand,
    on_null: Option<Node>,
}

impl Evaluate for DateToString {
    fn eval<'a>(&'a self, scope: &Scope<'a>) -> Result<Value<'a>> {
        let date = self.date.eval(scope)?;
        let format = match &self.format {
            Some(node) => node.eval(scope)?,
            None => Value::Missing,
        };
        let format = match text(&format) {
            Some(format) => {
                check_format(format, |specifier| "dGHjLmMSuUVwYzZ%".contains(specifier))?;
                Some(format)
            }
            None if self.format.is_none() => Some(ISO_8601),
            None if format.is_nullish() => None,
            None => {
                let found = format.type_name();
                return refused(
                    18_533,
                    format!("$dateToString requires that 'format' be a string, found: {found}"),
                );
            }
        };
        let zone = self.zone.zone(scope, 40_517)?;
        if date.is_nullish() {
            return self.on_null.as_ref().map_or(Ok(Value::NULL), |node| node.eval(scope));
        }
        let (Some(zone), Some(format)) = (zone, format) else { return Ok(Value::NULL) };
        format_date(millis_of(&date)?, &zone, format).map(Value::from)
    }

    fn visit<'n>(&'n self, visit: &mut dyn FnMut(&'n Node)) {
        visit(&self.date);
        self.format.iter().for_each(&mut *visit);
        self.zone.visit(visit);
        self.on_null.iter().for_each(visit);
    }

    fn folds(&self) -> bool {
        true
    }
}

/// Checks that what follows each `%` is known.
///
/// # Errors
///
/// 18535 for a `%` at the end, 18536 for an unknown specifier.
pub(super) fn check_format(format: &str, is_known: impl Fn(char) -> bool) -> Result<()> {
    let mut rest = format.chars();
    while let Some(c) = rest.next() {
        if c != '%' {
            continue;
        }
        match rest.next() {
            None => return refused(18_535, "unmatched '%' at end of format string"),
            Some(specifier) if is_known(specifier) => {}
            Some(specifier) => {
                let message = format!("invalid format character '%{specifier}' in format string");
                return refused(18_536, message);
            }
        }
    }
    Ok(())
}

/// The date as ISO 8601 in UTC, with milliseconds.
///
/// # Errors
///
/// 18537 for a year outside 0 to 9999.
pub(in crate::expression) fn iso_8601(millis: i64) -> Result<String> {
    format_date(millis, &Zone::UTC, ISO_8601)
}

/// Writes a date in a format that [`check_format`] accepts.
fn format_date(millis: i64, zone: &Zone, format: &str) -> Result<String> {
    let offset = zone.offset_at(millis.div_euclid(1000));
    let date = Civil::at(millis, offset);
    let mut out = String::with_capacity(format.len() + 8);
    let mut rest = format.chars();
    while let Some(c) = rest.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let (number, width) = match rest.next() {
            Some('d') => (date.day, 2),
            Some('G') => (within_four_digits(date.iso_week().0)?, 4),
            Some('H') => (date.hour, 2),
            Some('j') => (date.day_of_year(), 3),
            Some('L') => (date.millisecond, 3),
            Some('m') => (date.month, 2),
            Some('M') => (date.minute, 2),
            Some('S') => (date.second, 2),
            Some('u') => (date.iso_day_of_week(), 1),
            Some('U') => (date.week(), 2),
            Some('V') => (date.iso_week().1, 2),
            Some('w') => (date.day_of_week(), 1),
            Some('Y') => (within_four_digits(date.year)?, 4),
            Some('z') => {
                let sign = if offset < 0 { '-' } else { '+' };
                let minutes = offset.abs() / 60;
                write_to(&mut out, format_args!("{sign}{:02}{:02}", minutes / 60, minutes % 60));
                continue;
            }
            Some('Z') => {
                write_to(&mut out, format_args!("{}", offset / 60));
                continue;
            }
            other => {
                out.extend(other);
                continue;
            }
        };
        write_to(&mut out, format_args!("{number:0width$}"));
    }
    Ok(out)
}

fn write_to(out: &mut String, what: std::fmt::Arguments<'_>) {
    // Writing to a string does not fail.
    let _ = out.write_fmt(what);
}

fn within_four_digits(year: i64) -> Result<i64> {
    if (0..=9999).contains(&year) {
        return Ok(year);
    }
    let message = format!(
        "could not convert date to string: date component was outside the supported range of 0-9999: {year}"
    );
    refused(18_537, message)
}
