//! `$dateAdd`, `$dateSubtract`, `$dateDiff` and `$dateTrunc`.

use bson::Bson;
use odm_core::Result;

use super::unit::{Unit, weekday_of};
use super::zone::ZoneOperand;
use super::{as_millis, date, optional, text, unit};
use crate::expression::{Compiler, Evaluate, Node, Operator, Scope, Value, refused};
use crate::value::Number;

pub(in crate::expression) const OPERATORS: &[Operator] = &[
    Operator::custom("$dateAdd", date_add),
    Operator::custom("$dateDiff", date_diff),
    Operator::custom("$dateSubtract", date_subtract),
    Operator::custom("$dateTrunc", date_trunc),
];

/// `$dateAdd`: a date so many units later; see [`DateAdd`].
fn date_add(compiler: &mut Compiler<'_>, operand: &Bson) -> Result<Node> {
    DateAdd::compile(compiler, "$dateAdd", operand)
}

/// `$dateSubtract`: a date so many units earlier; see [`DateAdd`].
fn date_subtract(compiler: &mut Compiler<'_>, operand: &Bson) -> Result<Node> {
    DateAdd::compile(compiler, "$dateSubtract", operand)
}

/// Adds to a date. Units of a day and more are those of the zone's calendar. Null if an argument is.
///
/// Refuses 5166400 what is no document, 5166401 unknown arguments, 5166402 missing ones; 5166403 what is
/// no date, 5166404 a unit that is no string, 9 an unknown one, 5166405 an amount that is no integer,
/// 5976500 and 6045000 one that is out of range; 159 and 5166406 an overflow; 40517 and 40485 a zone.
#[derive(Debug)]
struct DateAdd {
    operator: &'static str,
    start: Node,
    unit: Node,
    amount: Node,
    zone: ZoneOperand,
}

impl DateAdd {
    fn compile(
        compiler: &mut Compiler<'_>,
        operator: &'static str,
        operand: &Bson,
    ) -> Result<Node> {
        let names = ["startDate", "unit", "amount", "timezone"];
        let [start, unit, amount, zone] =
            Compiler::arguments(operator, operand, names, 5_166_400, 5_166_401)?;
        let (Some(start), Some(unit), Some(amount)) = (start, unit, amount) else {
            let message = format!("{operator} requires startDate, unit, and amount to be present");
            return refused(5_166_402, message);
        };
        let start = compiler.operand(start)?;
        let unit = compiler.operand(unit)?;
        let amount = compiler.operand(amount)?;
        let zone = ZoneOperand::new(optional(compiler, zone)?);
        compiler.custom(DateAdd { operator, start, unit, amount, zone })
    }
}

impl Evaluate for DateAdd {
    fn eval<'a>(&'a self, scope: &Scope<'a>) -> Result<Value<'a>> {
        let operator = self.operator;
        let start = self.start.eval(scope)?;
        if start.is_nullish() {
            return Ok(Value::NULL);
        }
        let unit = self.unit.eval(scope)?;
        if unit.is_nullish() {
            return Ok(Value::NULL);
        }
        let amount = self.amount.eval(scope)?;
        if amount.is_nullish() {
            return Ok(Value::NULL);
        }
        let Some(zone) = self.zone.zone(scope, 40_517)? else { return Ok(Value::NULL) };
        let Some(start) = as_millis(&start) else {
            let message = format!("{operator} requires startDate to be convertible to a date");
            return refused(5_166_403, message);
        };
        let Some(unit) = text(&unit) else {
            let message = format!("{operator} expects string defining the time unit");
            return refused(5_166_404, message);
        };
        let Some(unit) = Unit::parse(unit) else {
            return refused(9, format!("unknown time unit value: {unit}"));
        };
        let amount = amount.as_raw().and_then(Number::of).and_then(Number::to_exact_integer);
        let Some(mut amount) = amount else {
            let message = format!("{operator} expects integer amount of time units");
            return refused(5_166_405, message);
        };
        if operator == "$dateSubtract" {
            amount = match amount.checked_neg() {
                Some(amount) => amount,
                None => {
                    let message = format!("invalid {operator} 'amount' parameter value: {amount}");
                    return refused(6_045_000, message);
                }
            };
        }
        unit::add(start, unit, amount, &zone).map(date)
    }

    fn visit<'n>(&'n self, visit: &mut dyn FnMut(&'n Node)) {
        [&self.start, &self.unit, &self.amount].into_iter().for_each(&mut *visit);
        self.zone.visit(visit);
    }

    fn folds(&self) -> bool {
        true
    }
}

/// `$dateDiff`: how many boundaries of a unit are between two dates, a long. Null if an argument is.
///
/// Refuses 5166301 what is no document, 5166302 unknown arguments, 5166303 to 5166305 missing ones; 5166307
/// what is no date, and what [`unit_of`] and [`week_start`] do; 40517 and 40485 a zone; 5166308 an overflow.
fn date_diff(compiler: &mut Compiler<'_>, operand: &Bson) -> Result<Node> {
    let names = ["startDate", "endDate", "unit", "timezone", "startOfWeek"];
    let [start, end, unit, zone, week] =
        Compiler::arguments("$dateDiff", operand, names, 5_166_301, 5_166_302)?;
    let missing = |name, code| refused(code, format!("missing '{name}' parameter to $dateDiff"));
    let Some(start) = start else { return missing("startDate", 5_166_303) };
    let Some(end) = end else { return missing("endDate", 5_166_304) };
    let Some(unit) = unit else { return missing("unit", 5_166_305) };
    let start = compiler.operand(start)?;
    let end = compiler.operand(end)?;
    let unit = compiler.operand(unit)?;
    let zone = ZoneOperand::new(optional(compiler, zone)?);
    let week = optional(compiler, week)?;
    compiler.custom(DateDiff { start, end, unit, zone, week })
}

#[derive(Debug)]
struct DateDiff {
    start: Node,
    end: Node,
    unit: Node,
    zone: ZoneOperand,
    week: Option<Node>,
}

impl Evaluate for DateDiff {
    fn eval<'a>(&'a self, scope: &Scope<'a>) -> Result<Value<'a>> {
        let start = self.start.eval(scope)?;
        if start.is_nullish() {
            return Ok(Value::NULL);
        }
        let end = self.end.eval(scope)?;
        if end.is_nullish() {
            return Ok(Value::NULL);
        }
        let unit = self.unit.eval(scope)?;
        if unit.is_nullish() {
            return Ok(Value::NULL);
        }
        let week = week_operand(self.week.as_ref(), &unit, scope)?;
        if week.as_ref().is_some_and(Value::is_nullish) {
            return Ok(Value::NULL);
        }
        let Some(zone) = self.zone.zone(scope, 40_517)? else { return Ok(Value::NULL) };
        let start = date_of("$dateDiff", "startDate", &start, 5_166_307)?;
        let end = date_of("$dateDiff", "endDate", &end, 5_166_307)?;
        let unit = unit_of("$dateDiff", &unit)?;
        let week = week_start("$dateDiff", unit, week.as_ref())?;
        unit::difference(start, end, unit, &zone, week).map(Value::from)
    }

    fn visit<'n>(&'n self, visit: &mut dyn FnMut(&'n Node)) {
        [&self.start, &self.end, &self.unit].into_iter().for_each(&mut *visit);
        self.zone.visit(visit);
        self.week.iter().for_each(visit);
    }

    fn folds(&self) -> bool {
        true
    }
}

/// `$dateTrunc`: the last boundary of so many units before a date, counted from 2000-01-01. Null if an
/// argument is.
///
/// Refuses 5439007 what is no document, 5439008 unknown arguments, 5439009 and 5439010 missing ones; 5439012
/// what is no date, 5439017 and 5439018 a `binSize` that is no positive integer, 5439006 one that is too
/// large, and what [`unit_of`] and [`week_start`] do; 40517 and 40485 a zone; an overflow, as `$dateAdd`.
fn date_trunc(compiler: &mut Compiler<'_>, operand: &Bson) -> Result<Node> {
    let names = ["date", "unit", "binSize", "timezone", "startOfWeek"];
    let [date, unit, bin, zone, week] =
        Compiler::arguments("$dateTrunc", operand, names, 5_439_007, 5_439_008)?;
    let missing = |name, code| refused(code, format!("missing '{name}' parameter to $dateTrunc"));
    let Some(date) = date else { return missing("date", 5_439_009) };
    let Some(unit) = unit else { return missing("unit", 5_439_010) };
    let date = compiler.operand(date)?;
    let unit = compiler.operand(unit)?;
    let bin = optional(compiler, bin)?;
    let zone = ZoneOperand::new(optional(compiler, zone)?);
    let week = optional(compiler, week)?;
    compiler.custom(DateTrunc { date, unit, bin, zone, week })
}

#[derive(Debug)]
struct DateTrunc {
    date: Node,
    unit: Node,
    bin: Option<Node>,
    zone: ZoneOperand,
    week: Option<Node>,
}

impl Evaluate for DateTrunc {
    fn eval<'a>(&'a self, scope: &Scope<'a>) -> Result<Value<'a>> {
        let millis = self.date.eval(scope)?;
        if millis.is_nullish() {
            return Ok(Value::NULL);
        }
        let bin = self.bin.as_ref().map(|node| node.eval(scope)).transpose()?;
        if bin.as_ref().is_some_and(Value::is_nullish) {
            return Ok(Value::NULL);
        }
        let unit = self.unit.eval(scope)?;
        if unit.is_nullish() {
            return Ok(Value::NULL);
        }
        let week = week_operand(self.week.as_ref(), &unit, scope)?;
        if week.as_ref().is_some_and(Value::is_nullish) {
            return Ok(Value::NULL);
        }
        let Some(zone) = self.zone.zone(scope, 40_517)? else { return Ok(Value::NULL) };
        let millis = date_of("$dateTrunc", "date", &millis, 5_439_012)?;
        let unit = unit_of("$dateTrunc", &unit)?;
        let bin = bin.as_ref().map_or(Ok(1), bin_size)?;
        let week = week_start("$dateTrunc", unit, week.as_ref())?;
        unit::truncate(millis, unit, bin, &zone, week).map(date)
    }

    fn visit<'n>(&'n self, visit: &mut dyn FnMut(&'n Node)) {
        [&self.date, &self.unit].into_iter().for_each(&mut *visit);
        self.zone.visit(visit);
        self.bin.iter().chain(&self.week).for_each(visit);
    }

    fn folds(&self) -> bool {
        true
    }
}

fn bin_size(value: &Value<'_>) -> Result<i64> {
    let size = value.as_raw().and_then(Number::of).and_then(Number::to_exact_integer);
    match size {
        None => {
            let found = value.type_name();
            refused(
                5_439_017,
                format!("$dateTrunc requires 'binSize' to be a 64-bit integer, but got {found}"),
            )
        }
        Some(size) if size <= 0 => refused(
            5_439_018,
            format!("$dateTrunc requires 'binSize' to be greater than 0, but got value {size}"),
        ),
        Some(size) => Ok(size),
    }
}

fn date_of(operator: &str, name: &str, value: &Value<'_>, code: i32) -> Result<i64> {
    match as_millis(value) {
        Some(millis) => Ok(millis),
        None => {
            let found = value.type_name();
            refused(code, format!("{operator} requires '{name}' to be a date, but got {found}"))
        }
    }
}

/// The unit of an argument: 5439013 if it is no string, 5439014 if it is unknown.
fn unit_of(operator: &str, value: &Value<'_>) -> Result<Unit> {
    let Some(name) = text(value) else {
        let found = value.type_name();
        return refused(
            5_439_013,
            format!("{operator} requires 'unit' to be a string, but got {found}"),
        );
    };
    match Unit::parse(name) {
        Some(unit) => Ok(unit),
        None => refused(
            5_439_014,
            format!(
                "{operator} parameter 'unit' value cannot be recognized as a time unit: {name}"
            ),
        ),
    }
}

/// `startOfWeek`, which only counts if the unit is a week.
fn week_operand<'a>(
    node: Option<&'a Node>,
    unit: &Value<'_>,
    scope: &Scope<'a>,
) -> Result<Option<Value<'a>>> {
    node.filter(|_| text(unit) == Some("week")).map(|node| node.eval(scope)).transpose()
}

/// The first day of weeks, 1 to 7 from Monday: Sunday unless it is given. 5439015 if it is no string, 5439016
/// if it is unknown.
fn week_start(operator: &str, unit: Unit, value: Option<&Value<'_>>) -> Result<i64> {
    let Some(value) = value.filter(|_| unit == Unit::Week) else { return Ok(7) };
    let Some(name) = text(value) else {
        let found = value.type_name();
        return refused(
            5_439_015,
            format!("{operator} requires 'startOfWeek' to be a string, but got {found}"),
        );
    };
    match weekday_of(name) {
        Some(day) => Ok(day),
        None => refused(
            5_439_016,
            format!(
                "{operator} parameter 'startOfWeek' value cannot be recognized as a day of a week: {name}"
            ),
        ),
    }
}
