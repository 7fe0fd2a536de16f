//! `$dateFromParts`.

use bson::Bson;
use odm_core::Result;

use super::civil::{DAY, days_of_carried, days_of_iso};
use super::zone::{Zone, ZoneOperand};
use super::{date, optional, overflow};
use crate::expression::{Compiler, Evaluate, Node, Operator, Scope, Value, refused};
use crate::value::Number;

pub(in crate::expression) const OPERATORS: &[Operator] =
    &[Operator::custom("$dateFromParts", date_from_parts)];

/// The parts that a date may be made of, each with the value that stands for it if it is left out.
const PARTS: [(&str, i64); 10] = [
    ("year", 1970),
    ("month", 1),
    ("day", 1),
    ("isoWeekYear", 1970),
    ("isoWeek", 1),
    ("isoDayOfWeek", 1),
    ("hour", 0),
    ("minute", 0),
    ("second", 0),
    ("millisecond", 0),
];

/// Of [`PARTS`], those that only a date with a year has, and only one with an ISO year.
const NATURAL: std::ops::Range<usize> = 0..3;
const ISO: std::ops::Range<usize> = 3..6;
const TIME: std::ops::Range<usize> = 6..10;

/// `$dateFromParts`: a date from a year or an ISO year, and smaller parts, which may be out of
/// range and are carried. Null if any is null.
///
/// Refuses 40519 what is no document, 40518 unknown arguments, 40516 that there is no year, 40489
/// and 40525 a mixture; 40515 what is no integer, 31034 what is not of 16 bits (but for seconds and
/// milliseconds), 40523 and 31095 years outside 1 to 9999, 40517 and 40485 a zone, 159 an overflow.
fn date_from_parts(compiler: &mut Compiler<'_>, operand: &Bson) -> Result<Node> {
    let names: [&str; 11] =
        std::array::from_fn(|index| PARTS.get(index).map_or("timezone", |(name, _)| name));
    let [parts @ .., zone] = Compiler::arguments("$dateFromParts", operand, names, 40_519, 40_518)?;
    let has = |range: std::ops::Range<usize>| parts[range].iter().any(Option::is_some);
    let is_iso = parts[ISO.start].is_some();
    if parts[NATURAL.start].is_none() && !is_iso {
        return refused(
            40_516,
            "$dateFromParts requires either 'year' or 'isoWeekYear' to be present",
        );
    }
    if parts[NATURAL.start].is_some() && has(ISO) {
        return refused(
            40_489,
            "$dateFromParts does not allow mixing natural dates with ISO dates",
        );
    }
    if is_iso && has(NATURAL) {
        return refused(
            40_525,
            "$dateFromParts does not allow mixing ISO dates with natural dates",
        );
    }
    let mut nodes = [const { None }; PARTS.len()];
    for (node, part) in nodes.iter_mut().zip(parts) {
        *node = optional(compiler, part)?;
    }
    let zone = ZoneOperand::new(optional(compiler, zone)?);
    compiler.custom(DateFromParts { is_iso, parts: nodes, zone })
}

#[derive(Debug)]
struct DateFromParts {
    is_iso: bool,
    parts: [Option<Node>; PARTS.len()],
    zone: ZoneOperand,
}

impl DateFromParts {
    /// A part; `None` if it is null.
    fn part(&self, index: usize, scope: &Scope<'_>) -> Result<Option<i64>> {
        let (name, default) = PARTS[index];
        let Some(node) = &self.parts[index] else { return Ok(Some(default)) };
        let value = node.eval(scope)?;
        if value.is_nullish() {
            return Ok(None);
        }
        let number = value.as_raw().and_then(Number::of).and_then(Number::to_exact_integer);
        let Some(number) = number else {
            let found = value.type_name();
            return refused(40_515, format!("'{name}' must evaluate to an integer, found {found}"));
        };
        let is_bounded = !matches!(name, "year" | "isoWeekYear" | "second" | "millisecond");
        if is_bounded && i16::try_from(number).is_err() {
            return refused(
                31_034,
                format!(
                    "'{name}' must evaluate to a value in the range [-32768, 32767]; value {number} is not in range"
                ),
            );
        }
        Ok(Some(number))
    }
}

impl Evaluate for DateFromParts {
    fn eval<'a>(&'a self, scope: &Scope<'a>) -> Result<Value<'a>> {
        let mut parts = [0; PARTS.len()];
        let mut read = |range: std::ops::Range<usize>| -> Result<bool> {
            for index in range {
                let Some(part) = self.part(index, scope)? else { return Ok(false) };
                parts[index] = part;
            }
            Ok(true)
        };
        if !read(TIME)? {
            return Ok(Value::NULL);
        }
        let Some(zone) = self.zone.zone(scope, 40_517)? else { return Ok(Value::NULL) };
        if !read(if self.is_iso { ISO } else { NATURAL })? {
            return Ok(Value::NULL);
        }
        let [year, month, day, iso_year, week, iso_day, time @ ..] = parts;
        let days = if self.is_iso {
            check_year("isoWeekYear", iso_year, 31_095)?;
            days_of_iso(iso_year, week, iso_day)
        } else {
            check_year("year", year, 40_523)?;
            days_of_carried(year, month, day)
        };
        millis(days, time, &zone).map(date)
    }

    fn visit<'n>(&'n self, visit: &mut dyn FnMut(&'n Node)) {
        self.parts.iter().flatten().for_each(&mut *visit);
        self.zone.visit(visit);
    }

    fn folds(&self) -> bool {
        true
    }
}

fn check_year(name: &str, year: i64, code: i32) -> Result<()> {
    if (1..=9999).contains(&year) {
        return Ok(());
    }
    let message =
        format!("'{name}' must evaluate to an integer in the range 1 to 9999, found {year}");
    refused(code, message)
}

/// Milliseconds since 1970 of a day and `[hour, minute, second, millisecond]` in a zone.
///
/// # Errors
///
/// 159 if they do not fit.
fn millis(days: i64, [hour, minute, second, millisecond]: [i64; 4], zone: &Zone) -> Result<i64> {
    // The server counts in microseconds.
    millisecond.checked_mul(1000).ok_or_else(overflow)?;
    let local = (days * DAY + hour * 3600 + minute * 60)
        .checked_add(second)
        .and_then(|local| local.checked_add(millisecond.div_euclid(1000)))
        .filter(|local| local.unsigned_abs() < 1 << 60)
        .ok_or_else(overflow)?;
    zone.to_utc(local, 0)
        .checked_mul(1000)
        .and_then(|millis| millis.checked_add(millisecond.rem_euclid(1000)))
        .ok_or_else(overflow)
}
