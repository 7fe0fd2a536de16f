//! What `$densify` steps through: numbers, or dates by a unit.

use std::cmp::Ordering;

use bson::{Bson, Document};
use odm_core::{ErrorCode, Result};

use crate::expression::{Unit, Zone, add_units, refused};
use crate::stage::fill::wrong_type;
use crate::value::{ElementType, Number, RawVal, ValueBuf, compare};

/// A number or a date, in milliseconds.
#[derive(Clone, Copy, Debug)]
pub(super) enum Point {
    Number(Number),
    Date(i64),
}

impl Point {
    pub(super) fn to_value(self) -> ValueBuf {
        match self {
            Point::Number(number) => number.into(),
            Point::Date(millis) => RawVal::new(ElementType::DateTime, &millis.to_le_bytes()).into(),
        }
    }
}

impl PartialEq for Point {
    fn eq(&self, other: &Self) -> bool {
        self.partial_cmp(other).is_some_and(Ordering::is_eq)
    }
}

impl PartialOrd for Point {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(compare(self.to_value().as_raw(), other.to_value().as_raw()))
    }
}

/// How many months there are until the calendar repeats.
const CYCLE: usize = 4800;

/// From where to where.
#[derive(Clone, Copy, Debug)]
pub(super) enum Bounds {
    /// From the least value to the greatest.
    Full,
    /// The same in each partition.
    Partition,
    /// From here, and up to below there.
    Explicit(Point, Point),
}

/// `range`.
#[derive(Debug)]
pub(super) struct Range {
    pub(super) bounds: Bounds,
    step: Number,
    unit: Option<Unit>,
}

/// `range` with fields of the right types.
#[derive(Debug)]
pub(super) struct Read<'s> {
    step: &'s Bson,
    unit: Option<&'s str>,
    bounds: &'s Bson,
}

impl Range {
    /// Finds the fields.
    ///
    /// # Errors
    ///
    /// 40415 for another one, 40414 if one is missing, 14 for one of another type.
    pub(super) fn read(spec: &Document) -> Result<Read<'_>> {
        let known = ["step", "bounds", "unit"];
        if let Some(name) = spec.keys().find(|name| !known.contains(&name.as_str())) {
            let message = format!("BSON field '$densify.range.{name}' is an unknown field.");
            return refused(40_415, message);
        }
        let step = spec.get("step").filter(|step| !matches!(step, Bson::Null | Bson::Undefined));
        if let Some(step) = step
            && Number::of(ValueBuf::from_bson(step)?.as_raw()).is_none()
        {
            return wrong_type("$densify.range.step", step, "[int, decimal, double, long']");
        }
        let unit = match spec.get("unit") {
            None | Some(Bson::Null | Bson::Undefined) => None,
            Some(Bson::String(unit)) => Some(unit.as_str()),
            Some(other) => return wrong_type("$densify.range.unit", other, "string"),
        };
        let missing = |name: &str| {
            let message =
                format!("BSON field '$densify.range.{name}' is missing but a required field");
            refused(40_414, message)
        };
        let Some(step) = step else { return missing("step") };
        let Some(bounds) = spec.get("bounds") else { return missing("bounds") };
        Ok(Read { step, unit, bounds })
    }

    /// A value as one of the kind that is stepped through.
    ///
    /// # Errors
    ///
    /// 5733201 if it is neither number nor date, 6053600 if it is the other one.
    pub(super) fn point(&self, value: RawVal<'_>) -> Result<Point> {
        match (Number::of(value), value.as_millis(), self.unit) {
            (Some(number), _, None) => Ok(Point::Number(number)),
            (_, Some(millis), Some(_)) => Ok(Point::Date(millis)),
            (Some(_), ..) => refused(
                6_053_600,
                "Encountered numeric densify value in collection when step has a date unit.",
            ),
            (_, Some(_), None) => refused(
                6_053_600,
                "Encountered date densify value in collection when step does not have a date unit.",
            ),
            _ => refused(5_733_201, "Densify field type must be numeric or a date"),
        }
    }

    /// A step on.
    ///
    /// # Errors
    ///
    /// As `$dateAdd`.
    pub(super) fn after(&self, point: Point) -> Result<Point> {
        match (point, self.unit) {
            (Point::Date(millis), Some(unit)) => {
                add_units(millis, unit, self.units(), &Zone::UTC).map(Point::Date)
            }
            (Point::Number(number), _) => {
                let sum = number.add(self.step);
                let double = || Number::Double(number.to_f64() + self.step.to_f64());
                Ok(Point::Number(sum.unwrap_or_else(double)))
            }
            (point, None) => Ok(point),
        }
    }

    /// A step back.
    ///
    /// # Errors
    ///
    /// As `$dateAdd`.
    pub(super) fn before(&self, point: Point) -> Result<Point> {
        match (point, self.unit) {
            (Point::Date(millis), Some(unit)) => {
                add_units(millis, unit, self.units().saturating_neg(), &Zone::UTC).map(Point::Date)
            }
            (Point::Number(number), _) => Ok(Point::Number(difference(number, self.step))),
            (point, None) => Ok(point),
        }
    }

    fn units(&self) -> i64 {
        self.step.to_exact_integer().unwrap_or(1)
    }

    /// Whether steps lead from one to the other.
    ///
    /// # Errors
    ///
    /// As `$dateAdd`.
    pub(super) fn is_on_step(&self, point: Point, base: Point) -> Result<bool> {
        match (point, base, self.unit) {
            (Point::Number(point), Point::Number(base), _) => {
                Ok(is_multiple(difference(point, base), self.step))
            }
            (
                Point::Date(date),
                Point::Date(base),
                Some(unit @ (Unit::Month | Unit::Quarter | Unit::Year)),
            ) => {
                // Their lengths differ: a step may end on an earlier day of the month, and the next begins there.
                let (mut stepped, mut count) = (base, 0);
                while stepped < date && count < CYCLE {
                    stepped = add_units(stepped, unit, self.units(), &Zone::UTC)?;
                    count += 1;
                }
                // By now the day has been in all months there are; many steps are one.
                for power in (0..32).rev() {
                    let amount = self.units().saturating_mul(1 << power);
                    while let Ok(next) = add_units(stepped, unit, amount, &Zone::UTC)
                        && next > stepped
                        && next <= date
                    {
                        stepped = next;
                    }
                }
                Ok(stepped == date)
            }
            (Point::Date(date), Point::Date(base), Some(unit)) => {
                let step = add_units(0, unit, self.units(), &Zone::UTC)?;
                Ok(date.wrapping_sub(base).checked_rem(step) == Some(0))
            }
            _ => Ok(false),
        }
    }
}

fn difference(a: Number, b: Number) -> Number {
    a.subtract(b).unwrap_or_else(|| Number::Double(a.to_f64() - b.to_f64()))
}

fn is_multiple(number: Number, step: Number) -> bool {
    if number.is_decimal() || step.is_decimal() {
        return Number::Decimal(number.to_decimal().remainder(step.to_decimal())).is_zero();
    }
    match (number.as_integer(), step.as_integer()) {
        (Some(number), Some(step)) => number.checked_rem(step) == Some(0),
        _ => number.to_f64() % step.to_f64() == 0.0,
    }
}

impl Read<'_> {
    /// Reads the values.
    ///
    /// # Errors
    ///
    /// 5733401 for a step that is not positive; with a unit, 6586400 for one that is not whole, 9 for an
    /// unknown unit; for the bounds, 5733402 to 5733406, 5733409, 5733410, 5946800, 5946802, and 5876900 if
    /// they are numbers of another type than the step.
    pub(super) fn parse(&self) -> Result<Range> {
        let step = ValueBuf::from_bson(self.step)?;
        let positive = Number::of(step.as_raw())
            .filter(|_| compare(step.as_raw(), ValueBuf::from(0).as_raw()).is_gt());
        let Some(number) = positive else {
            return refused(
                5_733_401,
                "The step parameter in a range statement must be a strictly positive numeric value",
            );
        };
        let unit = match self.unit {
            None => None,
            Some(_) if number.to_exact_integer().is_none() => {
                return refused(
                    6_586_400,
                    "The step parameter in a range statement must be a whole number when densifying a date range",
                );
            }
            Some(name) => match Unit::parse(name) {
                Some(unit) => Some(unit),
                None => {
                    let message = format!("unknown time unit value: {name}");
                    return refused(ErrorCode::FAILED_TO_PARSE.0, message);
                }
            },
        };
        let bounds = match self.bounds {
            Bson::String(text) if text == "full" => Bounds::Full,
            Bson::String(text) if text == "partition" => Bounds::Partition,
            Bson::String(_) => {
                return refused(5_946_802, "Bounds string must either be 'full' or 'partition'");
            }
            Bson::Array(bounds) => match bounds.as_slice() {
                [lower, upper] => {
                    let (lower, upper) = (ValueBuf::from_bson(lower)?, ValueBuf::from_bson(upper)?);
                    explicit(lower.as_raw(), upper.as_raw(), step.as_raw(), unit)?
                }
                _ => {
                    return refused(
                        5_733_403,
                        "A bounding array in a range statement must have exactly two elements",
                    );
                }
            },
            _ => {
                return refused(
                    5_733_404,
                    "The bounds in a range statement must be the string 'full', 'partition', or an ascending array of two numbers or two dates",
                );
            }
        };
        Ok(Range { bounds, step: number, unit })
    }
}

fn explicit(
    lower: RawVal<'_>,
    upper: RawVal<'_>,
    step: RawVal<'_>,
    unit: Option<Unit>,
) -> Result<Bounds> {
    if compare(lower, upper).is_gt() {
        return refused(
            5_733_402,
            "A bounding array must be an ascending array of either two dates or two numbers",
        );
    }
    let mixed = "A bounding array must contain either both dates or both numeric types";
    if let Some(first) = Number::of(lower) {
        if unit.is_some() {
            return refused(5_733_409, "Numeric bounds may not have unit parameter");
        }
        let Some(second) = Number::of(upper) else { return refused(5_733_406, mixed) };
        if lower.kind() != upper.kind() || lower.kind() != step.kind() {
            return refused(
                5_876_900,
                "Upper bound, lower bound, and step must all have the same type",
            );
        }
        return Ok(Bounds::Explicit(Point::Number(first), Point::Number(second)));
    }
    let Some(first) = lower.as_millis() else {
        return refused(5_946_800, "Explicit bounds must be numeric or dates");
    };
    let Some(second) = upper.as_millis() else { return refused(5_733_405, mixed) };
    if unit.is_none() {
        return refused(5_733_410, "A bounding array of dates must specify a unit");
    }
    Ok(Bounds::Explicit(Point::Date(first), Point::Date(second)))
}
