//! The parts of a date: `$year` to `$millisecond`, and all of them at once.

use bson::Bson;
use odm_core::Result;

use super::civil::Civil;
use super::zone::ZoneOperand;
use super::{millis_of, optional};
use crate::expression::{Compiler, Evaluate, Node, Operator, Scope, Value, refused};
use crate::value::ValueBuf;

pub(in crate::expression) const OPERATORS: &[Operator] = &[
    Operator::custom("$dateToParts", date_to_parts),
    Operator::custom("$dayOfMonth", day_of_month),
    Operator::custom("$dayOfWeek", day_of_week),
    Operator::custom("$dayOfYear", day_of_year),
    Operator::custom("$hour", hour),
    Operator::custom("$isoDayOfWeek", iso_day_of_week),
    Operator::custom("$isoWeek", iso_week),
    Operator::custom("$isoWeekYear", iso_week_year),
    Operator::custom("$millisecond", millisecond),
    Operator::custom("$minute", minute),
    Operator::custom("$month", month),
    Operator::custom("$second", second),
    Operator::custom("$week", week),
    Operator::custom("$year", year),
];

/// `$dayOfMonth`: 1 to 31. Null for null; errors as [`Part`].
fn day_of_month(compiler: &mut Compiler<'_>, operand: &Bson) -> Result<Node> {
    Part::compile(compiler, "$dayOfMonth", operand, |date| int(date.day))
}

/// `$dayOfWeek`: 1 to 7, from Sunday. Null for null; errors as [`Part`].
fn day_of_week(compiler: &mut Compiler<'_>, operand: &Bson) -> Result<Node> {
    Part::compile(compiler, "$dayOfWeek", operand, |date| int(date.day_of_week()))
}

/// `$dayOfYear`: 1 to 366. Null for null; errors as [`Part`].
fn day_of_year(compiler: &mut Compiler<'_>, operand: &Bson) -> Result<Node> {
    Part::compile(compiler, "$dayOfYear", operand, |date| int(date.day_of_year()))
}

/// `$hour`: 0 to 23. Null for null; errors as [`Part`].
fn hour(compiler: &mut Compiler<'_>, operand: &Bson) -> Result<Node> {
    Part::compile(compiler, "$hour", operand, |date| int(date.hour))
}

/// `$isoDayOfWeek`: 1 to 7, from Monday. Null for null; errors as [`Part`].
fn iso_day_of_week(compiler: &mut Compiler<'_>, operand: &Bson) -> Result<Node> {
    Part::compile(compiler, "$isoDayOfWeek", operand, |date| int(date.iso_day_of_week()))
}

/// `$isoWeek`: 1 to 53. Null for null; errors as [`Part`].
fn iso_week(compiler: &mut Compiler<'_>, operand: &Bson) -> Result<Node> {
    Part::compile(compiler, "$isoWeek", operand, |date| int(date.iso_week().1))
}

/// `$isoWeekYear`: the year of the ISO week, a long. Null for null; errors as [`Part`].
fn iso_week_year(compiler: &mut Compiler<'_>, operand: &Bson) -> Result<Node> {
    Part::compile(compiler, "$isoWeekYear", operand, |date| date.iso_week().0.into())
}

/// `$millisecond`: 0 to 999. Null for null; errors as [`Part`].
fn millisecond(compiler: &mut Compiler<'_>, operand: &Bson) -> Result<Node> {
    Part::compile(compiler, "$millisecond", operand, |date| int(date.millisecond))
}

/// `$minute`: 0 to 59. Null for null; errors as [`Part`].
fn minute(compiler: &mut Compiler<'_>, operand: &Bson) -> Result<Node> {
    Part::compile(compiler, "$minute", operand, |date| int(date.minute))
}

/// `$month`: 1 to 12. Null for null; errors as [`Part`].
fn month(compiler: &mut Compiler<'_>, operand: &Bson) -> Result<Node> {
    Part::compile(compiler, "$month", operand, |date| int(date.month))
}

/// `$second`: 0 to 59. Null for null; errors as [`Part`].
fn second(compiler: &mut Compiler<'_>, operand: &Bson) -> Result<Node> {
    Part::compile(compiler, "$second", operand, |date| int(date.second))
}

/// `$week`: 0 to 53, weeks from Sunday. Null for null; errors as [`Part`].
fn week(compiler: &mut Compiler<'_>, operand: &Bson) -> Result<Node> {
    Part::compile(compiler, "$week", operand, |date| int(date.week()))
}

/// `$year`: any, also before 0 and after 9999. Null for null; errors as [`Part`].
fn year(compiler: &mut Compiler<'_>, operand: &Bson) -> Result<Node> {
    Part::compile(compiler, "$year", operand, |date| int(date.year))
}

/// Years of 64-bit milliseconds have at most nine digits.
fn int(part: i64) -> ValueBuf {
    i32::try_from(part).map_or_else(|_| part.into(), ValueBuf::from)
}

/// An operator that takes one part of a date: of `date`, `[date]` or `{date, timezone}`.
///
/// Refuses 16006 what is no date, 40533 a zone that is no string, 40485 an unknown one; and while
/// compiling 40536 an array of other than one element, 40535 unknown options, 40539 a missing date.
#[derive(Debug)]
struct Part {
    date: Node,
    zone: ZoneOperand,
    part: fn(&Civil) -> ValueBuf,
}

impl Part {
    fn compile(
        compiler: &mut Compiler<'_>,
        operator: &str,
        operand: &Bson,
        part: fn(&Civil) -> ValueBuf,
    ) -> Result<Node> {
        let (date, zone) = match operand {
            Bson::Array(operands) => match operands.as_slice() {
                [date] => (date, None),
                _ => {
                    return refused(
                        40_536,
                        format!(
                            "{operator} accepts exactly one argument if given an array, but was given {}",
                            operands.len()
                        ),
                    );
                }
            },
            Bson::Document(options)
                if !options.keys().next().is_some_and(|name| name.starts_with('$')) =>
            {
                let [date, zone] =
                    Compiler::arguments(operator, operand, ["date", "timezone"], 40_535, 40_535)?;
                let Some(date) = date else {
                    return refused(40_539, format!("missing 'date' argument to {operator}"));
                };
                (date, zone)
            }
            date => (date, None),
        };
        let date = compiler.operand(date)?;
        let zone = ZoneOperand::new(optional(compiler, zone)?);
        compiler.custom(Part { date, zone, part })
    }
}

impl Evaluate for Part {
    fn eval<'a>(&'a self, scope: &Scope<'a>) -> Result<Value<'a>> {
        let date = self.date.eval(scope)?;
        if date.is_nullish() {
            return Ok(Value::NULL);
        }
        let millis = millis_of(&date)?;
        let Some(zone) = self.zone.zone(scope, 40_533)? else { return Ok(Value::NULL) };
        let offset = zone.offset_at(millis.div_euclid(1000));
        Ok((self.part)(&Civil::at(millis, offset)).into())
    }

    fn visit<'n>(&'n self, visit: &mut dyn FnMut(&'n Node)) {
        visit(&self.date);
        self.zone.visit(visit);
    }

    fn folds(&self) -> bool {
        true
    }
}

/// `$dateToParts`: a document of all parts, or with `iso8601` those of the ISO week. Null if any
/// argument is null.
///
/// Refuses 40524 what is no document, 40520 unknown arguments, 40522 a missing date, 40521 an
/// `iso8601` that is no bool, 40517 a zone that is no string.
fn date_to_parts(compiler: &mut Compiler<'_>, operand: &Bson) -> Result<Node> {
    let [date, zone, iso8601] = Compiler::arguments(
        "$dateToParts",
        operand,
        ["date", "timezone", "iso8601"],
        40_524,
        40_520,
    )?;
    let Some(date) = date else {
        return refused(40_522, "missing 'date' parameter to $dateToParts");
    };
    let date = compiler.operand(date)?;
    let zone = ZoneOperand::new(optional(compiler, zone)?);
    let iso8601 = optional(compiler, iso8601)?;
    compiler.custom(DateToParts { date, zone, iso8601 })
}

#[derive(Debug)]
struct DateToParts {
    date: Node,
    zone: ZoneOperand,
    iso8601: Option<Node>,
}

impl Evaluate for DateToParts {
    fn eval<'a>(&'a self, scope: &Scope<'a>) -> Result<Value<'a>> {
        let date = self.date.eval(scope)?;
        let Some(zone) = self.zone.zone(scope, 40_517)? else { return Ok(Value::NULL) };
        let iso8601 = match &self.iso8601 {
            None => false,
            Some(node) => {
                let value = node.eval(scope)?;
                if value.is_nullish() {
                    return Ok(Value::NULL);
                }
                match value.as_raw().and_then(|value| value.as_bool()) {
                    Some(iso8601) => iso8601,
                    None => {
                        let found = value.type_name();
                        return refused(
                            40_521,
                            format!("iso8601 must evaluate to a bool, found {found}"),
                        );
                    }
                }
            }
        };
        if date.is_nullish() {
            return Ok(Value::NULL);
        }
        let millis = millis_of(&date)?;
        let date = Civil::at(millis, zone.offset_at(millis.div_euclid(1000)));
        let of_day: [(&str, i64); 4] = [
            ("hour", date.hour),
            ("minute", date.minute),
            ("second", date.second),
            ("millisecond", date.millisecond),
        ];
        let of_year: [(&str, i64); 3] = if iso8601 {
            let (year, week) = date.iso_week();
            [("isoWeekYear", year), ("isoWeek", week), ("isoDayOfWeek", date.iso_day_of_week())]
        } else {
            [("year", date.year), ("month", date.month), ("day", date.day)]
        };
        let parts: Vec<(&str, ValueBuf)> =
            of_year.into_iter().chain(of_day).map(|(name, part)| (name, int(part))).collect();
        Ok(Value::object(parts.iter().map(|(name, part)| (name.as_bytes(), part.as_raw()))))
    }

    fn visit<'n>(&'n self, visit: &mut dyn FnMut(&'n Node)) {
        visit(&self.date);
        self.zone.visit(visit);
        self.iso8601.iter().for_each(visit);
    }

    fn folds(&self) -> bool {
        true
    }
}
