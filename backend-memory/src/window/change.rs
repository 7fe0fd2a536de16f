//! How values change along the order: `$derivative`, `$integral`, `$expMovingAvg`.

use std::collections::VecDeque;
use std::sync::Arc;

use bson::Bson;
use odm_core::{ErrorCode, Result};
use smallvec::{SmallVec, smallvec};

use super::bounds::{Bounds, Frame, parse_unit};
use super::number::{Tally, Total, is_nan};
use super::sliding::{On, Slide, Windowed};
use super::{Call, Function, Operator, Part, Running, malformed};
use crate::expression::{Compiler, Globals, Node, Scope, Unit, Value, refused};
use crate::value::decimal::Decimal;
use crate::value::{ElementType, Number, ValueBuf};

pub(super) const OPERATORS: &[Operator] = &[
    Operator::new("$derivative", derivative),
    Operator::new("$expMovingAvg", exp_moving_avg),
    Operator::new("$integral", integral),
];

/// The difference of two numbers or two dates, as `$subtract` has it.
///
/// # Errors
///
/// 14 for anything else.
pub(super) fn difference(a: &Value<'_>, b: &Value<'_>) -> Result<Number> {
    if let (Some(a), Some(b)) = (a.as_number(), b.as_number()) {
        return Ok(subtract(a, b));
    }
    match (a.as_millis(), b.as_millis()) {
        (Some(a), Some(b)) => Ok(Number::Int64(a.wrapping_sub(b))),
        _ => {
            let message = format!("can't $subtract {} from {}", b.type_name(), a.type_name());
            refused(ErrorCode::TYPE_MISMATCH.0, message)
        }
    }
}

fn subtract(a: Number, b: Number) -> Number {
    a.subtract(b).unwrap_or_else(|| Number::Double(a.to_f64() - b.to_f64()))
}

/// The sum, as `$add` has it.
pub(super) fn add(a: Number, b: Number) -> Number {
    a.add(b).unwrap_or_else(|| Number::Double(a.to_f64() + b.to_f64()))
}

/// The product, as `$multiply` has it.
pub(super) fn multiply(a: Number, b: Number) -> Number {
    a.multiply(b).unwrap_or_else(|| Number::Double(a.to_f64() * b.to_f64()))
}

/// The quotient, as `$divide` has it.
///
/// # Errors
///
/// 2 for a divisor of zero.
pub(super) fn divide(a: Number, b: Number) -> Result<Number> {
    if b.is_zero() {
        return refused(ErrorCode::BAD_VALUE.0, "can't $divide by zero");
    }
    Ok(if a.is_decimal() || b.is_decimal() {
        Number::Decimal(a.to_decimal().divide(b.to_decimal()))
    } else {
        Number::Double(a.to_f64() / b.to_f64())
    })
}

/// `{input: …, unit: …}` and the order.
#[derive(Debug)]
struct Curve {
    input: Node,
    by: Node,
    /// The milliseconds of the unit.
    unit: Option<i64>,
}

impl Curve {
    /// Reads the argument.
    ///
    /// # Errors
    ///
    /// 9 for what is malformed, and unless the order is that of one field; 5490710 for months and longer units.
    fn compile(compiler: &mut Compiler<'_>, call: &Call<'_>) -> Result<Self> {
        let name = call.name;
        let Bson::Document(argument) = call.argument else {
            return malformed(format!("{name} expects an object, but got {}", call.argument));
        };
        let (mut input, mut unit) = (None, None);
        for (field, value) in argument {
            match field.as_str() {
                "input" => input = Some(compiler.operand(value)?),
                "unit" => unit = Some(parse_unit(value)?),
                _ => return malformed(format!("{name} got unexpected argument: {field}")),
            }
        }
        let Some(input) = input else {
            return malformed(format!("{name} requires an 'input' expression"));
        };
        if call.order.is_none() {
            return malformed(format!("{name} requires a sortBy"));
        }
        let Some(by) = call.sorted_by(compiler)? else {
            return malformed(format!("{name} requires a non-compound sortBy"));
        };
        let unit = unit.map(millis_of).transpose()?;
        Ok(Curve { input, by, unit })
    }
}

fn millis_of(unit: Unit) -> Result<i64> {
    Ok(match unit {
        Unit::Week => 7 * 24 * 3_600_000,
        Unit::Day => 24 * 3_600_000,
        Unit::Hour => 3_600_000,
        Unit::Minute => 60_000,
        Unit::Second => 1000,
        Unit::Millisecond => 1,
        Unit::Year | Unit::Quarter | Unit::Month => {
            return refused(5_490_710, "unit must be 'week' or smaller");
        }
    })
}

/// `$derivative`: the slope between the first and the last document of the window; null if there is no way
/// between them.
///
/// With a unit, the order has to be that of dates (5624900), else of numbers (5624901 for dates, 5624902);
/// 5624903 for an input that is null or missing, 14 for one that is no number.
#[derive(Debug)]
struct Derivative {
    curve: Curve,
    bounds: Bounds,
}

fn derivative(compiler: &mut Compiler<'_>, call: &Call<'_>) -> Result<Arc<dyn Function>> {
    call.check_fields(true)?;
    let curve = Curve::compile(compiler, call)?;
    if !call.spec.contains_key("window") {
        return malformed("$derivative requires explicit window bounds");
    }
    let bounds = Bounds::compile(compiler, call)?;
    Ok(Arc::new(Derivative { curve, bounds }))
}

impl Function for Derivative {
    fn start(self: Arc<Self>, _: &Globals) -> Result<Box<dyn Running>> {
        Ok(Box::new(Deriving { function: self, frame: Frame::default() }))
    }
}

struct Deriving {
    function: Arc<Derivative>,
    frame: Frame,
}

impl Running for Deriving {
    fn next(&mut self, part: &Part<'_>, at: usize) -> Result<Value<'static>> {
        let window = self.frame.window(&self.function.bounds, part, at)?;
        let Some(last) = window.end.checked_sub(1).filter(|last| window.contains(last)) else {
            return Ok(Value::NULL);
        };
        let first = window.start;
        let curve = &self.function.curve;
        let (left, right) = (part.value(&curve.by, first)?, part.value(&curve.by, last)?);
        for value in [&left, &right] {
            let is_date = value.kind() == Some(ElementType::DateTime);
            match curve.unit {
                Some(_) if !is_date => {
                    let message = "$derivative with 'unit' expects the sortBy field to be a Date";
                    return refused(5_624_900, message);
                }
                None if is_date => {
                    let message = "$derivative where the sortBy is a Date requires an 'unit'";
                    return refused(5_624_901, message);
                }
                None if value.as_number().is_none() => {
                    let message =
                        "$derivative (with no 'unit') expects the sortBy field to be numeric";
                    return refused(5_624_902, message);
                }
                _ => {}
            }
        }
        let distance = difference(&right, &left)?;
        let (from, to) = (part.value(&curve.input, first)?, part.value(&curve.input, last)?);
        if from.is_nullish() || to.is_nullish() {
            return refused(5_624_903, "$derivative input must not be null or missing");
        }
        let rise = difference(&to, &from)?;
        if distance.is_zero() {
            return Ok(Value::NULL);
        }
        let slope = divide(rise, distance)?;
        Ok(curve.unit.map_or(slope, |unit| multiply(slope, Number::Int64(unit))).into())
    }
}

/// `$integral`: the area under the values of the window, by trapezoids.
///
/// 5423900 for an input that is no number or an order that is of neither numbers nor dates; dates have to
/// have a unit (5423902), numbers must not (5423901).
fn integral(compiler: &mut Compiler<'_>, call: &Call<'_>) -> Result<Arc<dyn Function>> {
    call.check_fields(true)?;
    let curve = Curve::compile(compiler, call)?;
    let bounds = Bounds::compile(compiler, call)?;
    Ok(Arc::new(On { function: Integral(curve), bounds }))
}

#[derive(Debug)]
struct Integral(Curve);

impl Windowed for Integral {
    fn values<'a>(&'a self, scope: &Scope<'a>) -> Result<SmallVec<[Value<'a>; 1]>> {
        Ok(smallvec![self.0.by.eval(scope)?, self.0.input.eval(scope)?])
    }

    fn slide(&self, _: &Globals) -> Result<Box<dyn Slide>> {
        let (points, area) = (VecDeque::new(), Total::default());
        Ok(Box::new(Area { unit: self.0.unit, points, area, nans: 0 }))
    }
}

/// A place in the order, in milliseconds if it is a date, and the value there.
type Point = (Number, Number);

struct Area {
    unit: Option<i64>,
    points: VecDeque<Point>,
    area: Total,
    /// How many points have no number.
    nans: usize,
}

fn has_nan((x, y): Point) -> bool {
    is_nan(x) || is_nan(y)
}

/// The area between two points.
fn trapezoid(left: Point, right: Point) -> Number {
    if has_nan(left) || has_nan(right) {
        return Number::Int32(0);
    }
    let doubled = multiply(add(right.1, left.1), subtract(right.0, left.0));
    if doubled.is_decimal() {
        // As the server has it, by a double: that decides about the zeros behind the point.
        Number::Decimal(doubled.to_decimal().divide(Number::Double(2.0).to_decimal()))
    } else {
        Number::Double(doubled.to_f64() / 2.0)
    }
}

impl Slide for Area {
    fn add(&mut self, values: &[Value<'_>]) -> Result<()> {
        let (by, input) = match values {
            [by, input] => (by, input.as_number()),
            _ => (&Value::Missing, None),
        };
        let point = match (by.as_number(), by.as_millis(), input) {
            (Some(_), _, Some(_)) if self.unit.is_some() => {
                let message = "$integral with 'unit' expects the sortBy field to be a Date";
                return refused(5_423_901, message);
            }
            (Some(x), _, Some(y)) => (x, y),
            (_, Some(_), Some(_)) if self.unit.is_none() => {
                let message = "$integral (with no 'unit') expects the sortBy field to be numeric";
                return refused(5_423_902, message);
            }
            (_, Some(millis), Some(y)) => (Number::Int64(millis), y),
            _ => {
                return refused(
                    5_423_900,
                    "The input value of $integral window function must be a vector with 2 values, the first value must be numeric or date type and the second must be numeric.",
                );
            }
        };
        self.nans += usize::from(has_nan(point));
        if let Some(last) = self.points.back() {
            self.area.add(trapezoid(*last, point));
        }
        self.points.push_back(point);
        Ok(())
    }

    fn remove(&mut self) {
        let Some(left) = self.points.pop_front() else { return };
        self.nans -= usize::from(has_nan(left));
        if let Some(first) = self.points.front() {
            self.area.remove(trapezoid(left, *first));
        }
    }

    fn result(&mut self) -> Result<Value<'static>> {
        if self.points.is_empty() {
            return Ok(Value::NULL);
        }
        if self.nans > 0 {
            return Ok(f64::NAN.into());
        }
        let area = self.area.total();
        match self.unit {
            Some(unit) => divide(area, Number::Int64(unit)).map(Value::from),
            None => Ok(area.into()),
        }
    }

    fn size(&self) -> usize {
        self.points.len() * size_of::<Point>()
    }
}

/// `$expMovingAvg`: the average that forgets: each number is weighed with `alpha`, all before with the rest.
/// What is no number leaves it as it is; null before there is one.
///
/// 9 for what is malformed, and without an order.
#[derive(Debug)]
struct ExpMovingAvg {
    input: Node,
    alpha: Decimal,
}

fn exp_moving_avg(compiler: &mut Compiler<'_>, call: &Call<'_>) -> Result<Arc<dyn Function>> {
    call.check_fields(false)?;
    if call.order.is_none() {
        return malformed("$expMovingAvg requires an explicit 'sortBy'");
    }
    let Bson::Document(argument) = call.argument else {
        return malformed("$expMovingAvg must have exactly one argument that is an object");
    };
    let Some(input) = argument.get("input").filter(|_| argument.len() == 2) else {
        return malformed(
            "$expMovingAvg sub object must have exactly two fields: An 'input' field, and either an 'N' field or an 'alpha' field",
        );
    };
    let input = compiler.operand(input)?;
    let one = Decimal::from(1);
    let alpha = match (argument.get("N"), argument.get("alpha")) {
        (Some(n), _) => {
            let n = ValueBuf::from_bson(n)?;
            match Number::of(n.as_raw()).and_then(Number::to_exact_integer) {
                Some(n) if n > 0 => Decimal::from(2).divide(Decimal::from(n).add(one)),
                Some(n) => {
                    return malformed(format!("'N' must be greater than zero. Got {n}"));
                }
                None => return malformed("'N' field must be an integer"),
            }
        }
        (None, Some(alpha)) => {
            let buffer = ValueBuf::from_bson(alpha)?;
            let Some(number) = Number::of(buffer.as_raw()) else {
                return malformed("'alpha' must be a number");
            };
            let decimal = number.to_decimal();
            let is_within =
                decimal.compare(Decimal::from(0)).is_gt() && decimal.compare(one).is_lt();
            if !is_within {
                return malformed(format!(
                    "'alpha' must be between 0 and 1 (exclusive), found alpha: {alpha}"
                ));
            }
            decimal
        }
        (None, None) => return malformed("Got unrecognized field in $expMovingAvg"),
    };
    Ok(Arc::new(ExpMovingAvg { input, alpha }))
}

impl Function for ExpMovingAvg {
    fn start(self: Arc<Self>, _: &Globals) -> Result<Box<dyn Running>> {
        Ok(Box::new(Averaging { function: self, average: None, is_decimal: false }))
    }
}

struct Averaging {
    function: Arc<ExpMovingAvg>,
    average: Option<Decimal>,
    /// Whether there was a decimal.
    is_decimal: bool,
}

impl Running for Averaging {
    fn next(&mut self, part: &Part<'_>, at: usize) -> Result<Value<'static>> {
        let function = &self.function;
        if let Some(number) = part.value(&function.input, at)?.as_number() {
            self.is_decimal |= number.is_decimal();
            let number = number.to_decimal();
            self.average = Some(match self.average {
                None => number,
                Some(before) => {
                    let rest = Decimal::from(1).subtract(function.alpha);
                    number.multiply(function.alpha).add(before.multiply(rest))
                }
            });
        }
        Ok(match self.average {
            None => Value::NULL,
            Some(average) if self.is_decimal => Number::Decimal(average).into(),
            Some(average) => average.to_f64().into(),
        })
    }

    /// As the server has it, a decimal makes decimals of the averages of the partitions behind it.
    fn restart(&mut self) -> bool {
        self.average = None;
        true
    }
}
