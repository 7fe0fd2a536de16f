//! Arithmetic on the four numeric types, with the server's promotions: `$inc`, `$mul`, `$bit`.

use super::decimal::Decimal;
use super::{ElementType, RawVal, ValueBuf};

/// A number of one of the four types.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Number {
    Int32(i32),
    Int64(i64),
    Double(f64),
    Decimal(Decimal),
}

impl Number {
    /// The number that a value is, if it is one.
    pub(crate) fn of(value: RawVal<'_>) -> Option<Self> {
        match value.kind() {
            ElementType::Int32 => value.as_i32().map(Number::Int32),
            ElementType::Int64 => value.as_i64().map(Number::Int64),
            ElementType::Double => value.as_f64().map(Number::Double),
            ElementType::Decimal128 => {
                value.as_decimal_bits().map(|bits| Number::Decimal(Decimal::from_bits(bits)))
            }
            _ => None,
        }
    }

    /// The sum, in the wider of the two types; 32-bit integers widen to 64 bits where they must.
    /// `None` if a 64-bit integer overflows, which updates refuse with 2.
    pub(crate) fn add(self, other: Number) -> Option<Number> {
        self.combine(other, i64::checked_add, |a, b| a + b, Decimal::add)
    }

    /// The product; as [`add`](Number::add).
    pub(crate) fn multiply(self, other: Number) -> Option<Number> {
        self.combine(other, i64::checked_mul, |a, b| a * b, Decimal::multiply)
    }

    fn combine(
        self,
        other: Number,
        integers: fn(i64, i64) -> Option<i64>,
        doubles: fn(f64, f64) -> f64,
        decimals: fn(Decimal, Decimal) -> Decimal,
    ) -> Option<Number> {
        Some(match (self, other) {
            (Number::Int32(a), Number::Int32(b)) => {
                let wide = integers(a.into(), b.into())?;
                i32::try_from(wide).map_or(Number::Int64(wide), Number::Int32)
            }
            (Number::Int32(_) | Number::Int64(_), Number::Int32(_) | Number::Int64(_)) => {
                Number::Int64(integers(self.as_integer()?, other.as_integer()?)?)
            }
            (Number::Decimal(_), _) | (_, Number::Decimal(_)) => {
                Number::Decimal(decimals(self.to_decimal(), other.to_decimal()))
            }
            _ => Number::Double(doubles(self.to_f64(), other.to_f64())),
        })
    }

    /// The difference; as [`add`](Number::add).
    pub(crate) fn subtract(self, other: Number) -> Option<Number> {
        self.combine(other, i64::checked_sub, |a, b| a - b, Decimal::subtract)
    }

    pub(crate) const fn is_decimal(self) -> bool {
        matches!(self, Number::Decimal(_))
    }

    /// `$bit`'s `and`, `or` and `xor`: of integers only, in the wider of the two types.
    pub(crate) fn bitwise(self, other: Number, operation: fn(i64, i64) -> i64) -> Option<Number> {
        let result = operation(self.as_integer()?, other.as_integer()?);
        Some(match (self, other) {
            (Number::Int32(_), Number::Int32(_)) => Number::Int32(result as i32),
            _ => Number::Int64(result),
        })
    }

    /// Zero of the same type: what `$mul` makes of a missing field.
    pub(crate) fn zero_like(self) -> Number {
        match self {
            Number::Int32(_) => Number::Int32(0),
            Number::Int64(_) => Number::Int64(0),
            Number::Double(_) => Number::Double(0.0),
            Number::Decimal(_) => Number::Decimal(Decimal::from(0)),
        }
    }

    /// Whether it is zero, of either sign.
    pub(crate) fn is_zero(self) -> bool {
        match self {
            Number::Int32(n) => n == 0,
            Number::Int64(n) => n == 0,
            Number::Double(n) => n == 0.0,
            Number::Decimal(decimal) => decimal.compare(Decimal::from(0)).is_eq(),
        }
    }

    /// The value of an integer.
    pub(crate) fn as_integer(self) -> Option<i64> {
        match self {
            Number::Int32(n) => Some(n.into()),
            Number::Int64(n) => Some(n),
            Number::Double(_) | Number::Decimal(_) => None,
        }
    }

    /// The value without its fraction, as `$mod` takes it. `None` for NaN, infinities and what
    /// does not fit.
    pub(crate) fn truncate(self) -> Option<i64> {
        match self {
            Number::Int32(n) => Some(n.into()),
            Number::Int64(n) => Some(n),
            Number::Double(n) => {
                let in_range = (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0)
                    .contains(&n.trunc());
                in_range.then_some(n as i64)
            }
            Number::Decimal(decimal) => decimal.truncate(),
        }
    }

    /// The same number, if it has no fraction and fits: `2.0` is 2.
    pub(crate) fn to_exact_integer(self) -> Option<i64> {
        let whole = self.truncate()?;
        let is_exact = match self {
            Number::Int32(_) | Number::Int64(_) => true,
            Number::Double(n) => n.fract() == 0.0,
            Number::Decimal(decimal) => decimal.compare(Decimal::from(whole)).is_eq(),
        };
        is_exact.then_some(whole)
    }

    /// The nearest double.
    pub(crate) fn to_f64(self) -> f64 {
        match self {
            Number::Int32(n) => n.into(),
            Number::Int64(n) => n as f64,
            Number::Double(n) => n,
            Number::Decimal(decimal) => decimal.to_f64(),
        }
    }

    /// The decimal of an integer, or of a double at 15 significant digits, as the server takes it.
    pub(crate) fn to_decimal(self) -> Decimal {
        match self {
            Number::Int32(n) => Decimal::from(i64::from(n)),
            Number::Int64(n) => Decimal::from(n),
            Number::Double(n) => Decimal::from_f64_15_digits(n),
            Number::Decimal(decimal) => decimal,
        }
    }
}

impl From<Number> for ValueBuf {
    fn from(number: Number) -> Self {
        match number {
            Number::Int32(n) => n.into(),
            Number::Int64(n) => n.into(),
            Number::Double(n) => n.into(),
            Number::Decimal(decimal) => {
                let bytes = decimal.to_bits().to_le_bytes();
                RawVal::new(ElementType::Decimal128, &bytes).into()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use bson::Bson;

    use super::*;
    use crate::value::equal;

    fn parse(kind: &str, text: &str) -> Bson {
        match kind {
            "i32" => Bson::Int32(text.parse().unwrap()),
            "i64" => Bson::Int64(text.parse().unwrap()),
            "f64" => Bson::Double(text.parse().unwrap()),
            _ => Bson::Decimal128(text.parse().unwrap()),
        }
    }

    /// What the server stores when `$inc` or `$mul` meets a field: the value that was there, the
    /// operand, the result.
    const ROWS: &[&str] = &[
        "$inc i32 1 i32 -1 = i32 0",
        "$inc i32 1 i32 2147483647 = i64 2147483648",
        "$inc i32 1 i64 -9223372036854775808 = i64 -9223372036854775807",
        "$inc i32 1 i64 3037000500 = i64 3037000501",
        "$inc i32 1 f64 inf = f64 inf",
        "$inc i32 1 f64 123456789.12345679 = f64 123456790.12345679",
        "$inc i32 1 dec Infinity = dec Infinity",
        "$inc i32 1 dec 9.999999999999999999999999999999999E+6144 = dec 9.999999999999999999999999999999999E+6144",
        "$inc i32 1 dec 1E-6176 = dec 1.000000000000000000000000000000000",
        "$inc i32 1 dec -7.25 = dec -6.25",
        "$inc i32 1 f64 2.5e-310 = f64 1.0",
        "$inc i32 1 f64 0.3333333333333333 = f64 1.3333333333333333",
        "$inc i32 2147483647 i32 -1 = i32 2147483646",
        "$inc i32 2147483647 i32 2147483647 = i64 4294967294",
        "$inc i32 2147483647 i64 -9223372036854775808 = i64 -9223372034707292161",
        "$inc i32 2147483647 i64 3037000500 = i64 5184484147",
        "$inc i32 2147483647 f64 inf = f64 inf",
        "$inc i32 2147483647 f64 123456789.12345679 = f64 2270940436.123457",
        "$inc i32 2147483647 dec Infinity = dec Infinity",
        "$inc i32 2147483647 dec 9.999999999999999999999999999999999E+6144 = dec 9.999999999999999999999999999999999E+6144",
        "$inc i32 2147483647 dec 1E-6176 = dec 2147483647.000000000000000000000000",
        "$inc i32 2147483647 dec -7.25 = dec 2147483639.75",
        "$inc i32 2147483647 f64 2.5e-310 = f64 2147483647.0",
        "$inc i32 2147483647 f64 0.3333333333333333 = f64 2147483647.3333333",
        "$inc i64 9223372036854775807 i32 -1 = i64 9223372036854775806",
        "$inc i64 9223372036854775807 i32 2147483647 = overflow",
        "$inc i64 9223372036854775807 i64 -9223372036854775808 = i64 -1",
        "$inc i64 9223372036854775807 i64 3037000500 = overflow",
        "$inc i64 9223372036854775807 f64 inf = f64 inf",
        "$inc i64 9223372036854775807 f64 123456789.12345679 = f64 9.223372036978233e+18",
        "$inc i64 9223372036854775807 dec Infinity = dec Infinity",
        "$inc i64 9223372036854775807 dec 9.999999999999999999999999999999999E+6144 = dec 9.999999999999999999999999999999999E+6144",
        "$inc i64 9223372036854775807 dec 1E-6176 = dec 9223372036854775807.000000000000000",
        "$inc i64 9223372036854775807 dec -7.25 = dec 9223372036854775799.75",
        "$inc i64 9223372036854775807 f64 2.5e-310 = f64 9.223372036854776e+18",
        "$inc i64 9223372036854775807 f64 0.3333333333333333 = f64 9.223372036854776e+18",
        "$inc f64 0.1 i32 -1 = f64 -0.9",
        "$inc f64 0.1 i32 2147483647 = f64 2147483647.1",
        "$inc f64 0.1 i64 -9223372036854775808 = f64 -9.223372036854776e+18",
        "$inc f64 0.1 i64 3037000500 = f64 3037000500.1",
        "$inc f64 0.1 f64 inf = f64 inf",
        "$inc f64 0.1 f64 123456789.12345679 = f64 123456789.22345679",
        "$inc f64 0.1 dec Infinity = dec Infinity",
        "$inc f64 0.1 dec 9.999999999999999999999999999999999E+6144 = dec 9.999999999999999999999999999999999E+6144",
        "$inc f64 0.1 dec 1E-6176 = dec 0.1000000000000000000000000000000000",
        "$inc f64 0.1 dec -7.25 = dec -7.150000000000000",
        "$inc f64 0.1 f64 2.5e-310 = f64 0.1",
        "$inc f64 0.1 f64 0.3333333333333333 = f64 0.43333333333333335",
        "$inc f64 -0.0 i32 -1 = f64 -1.0",
        "$inc f64 -0.0 i32 2147483647 = f64 2147483647.0",
        "$inc f64 -0.0 i64 -9223372036854775808 = f64 -9.223372036854776e+18",
        "$inc f64 -0.0 i64 3037000500 = f64 3037000500.0",
        "$inc f64 -0.0 f64 inf = f64 inf",
        "$inc f64 -0.0 f64 123456789.12345679 = f64 123456789.12345679",
        "$inc f64 -0.0 dec Infinity = dec Infinity",
        "$inc f64 -0.0 dec 9.999999999999999999999999999999999E+6144 = dec 9.999999999999999999999999999999999E+6144",
        "$inc f64 -0.0 dec 1E-6176 = dec 1E-6176",
        "$inc f64 -0.0 dec -7.25 = dec -7.25",
        "$inc f64 -0.0 f64 2.5e-310 = f64 2.5e-310",
        "$inc f64 -0.0 f64 0.3333333333333333 = f64 0.3333333333333333",
        "$inc dec 0.2 i32 -1 = dec -0.8",
        "$inc dec 0.2 i32 2147483647 = dec 2147483647.2",
        "$inc dec 0.2 i64 -9223372036854775808 = dec -9223372036854775807.8",
        "$inc dec 0.2 i64 3037000500 = dec 3037000500.2",
        "$inc dec 0.2 f64 inf = dec Infinity",
        "$inc dec 0.2 f64 123456789.12345679 = dec 123456789.323457",
        "$inc dec 0.2 dec Infinity = dec Infinity",
        "$inc dec 0.2 dec 9.999999999999999999999999999999999E+6144 = dec 9.999999999999999999999999999999999E+6144",
        "$inc dec 0.2 dec 1E-6176 = dec 0.2",
        "$inc dec 0.2 dec -7.25 = dec -7.05",
        "$inc dec 0.2 f64 2.5e-310 = dec 0.2",
        "$inc dec 0.2 f64 0.3333333333333333 = dec 0.533333333333333",
        "$inc dec 1.00 i32 -1 = dec 0.00",
        "$inc dec 1.00 i32 2147483647 = dec 2147483648.00",
        "$inc dec 1.00 i64 -9223372036854775808 = dec -9223372036854775807.00",
        "$inc dec 1.00 i64 3037000500 = dec 3037000501.00",
        "$inc dec 1.00 f64 inf = dec Infinity",
        "$inc dec 1.00 f64 123456789.12345679 = dec 123456790.123457",
        "$inc dec 1.00 dec Infinity = dec Infinity",
        "$inc dec 1.00 dec 9.999999999999999999999999999999999E+6144 = dec 9.999999999999999999999999999999999E+6144",
        "$inc dec 1.00 dec 1E-6176 = dec 1.00",
        "$inc dec 1.00 dec -7.25 = dec -6.25",
        "$inc dec 1.00 f64 2.5e-310 = dec 1.00",
        "$inc dec 1.00 f64 0.3333333333333333 = dec 1.333333333333333",
        "$inc f64 1.5e+300 i32 -1 = f64 1.5e+300",
        "$inc f64 1.5e+300 i32 2147483647 = f64 1.5e+300",
        "$inc f64 1.5e+300 i64 -9223372036854775808 = f64 1.5e+300",
        "$inc f64 1.5e+300 i64 3037000500 = f64 1.5e+300",
        "$inc f64 1.5e+300 f64 inf = f64 inf",
        "$inc f64 1.5e+300 f64 123456789.12345679 = f64 1.5e+300",
        "$inc f64 1.5e+300 dec Infinity = dec Infinity",
        "$inc f64 1.5e+300 dec 9.999999999999999999999999999999999E+6144 = dec 9.999999999999999999999999999999999E+6144",
        "$inc f64 1.5e+300 dec 1E-6176 = dec 1.500000000000000000000000000000000E+300",
        "$inc f64 1.5e+300 dec -7.25 = dec 1.500000000000000000000000000000000E+300",
        "$inc f64 1.5e+300 f64 2.5e-310 = f64 1.5e+300",
        "$inc f64 1.5e+300 f64 0.3333333333333333 = f64 1.5e+300",
        "$mul i32 1 i32 -1 = i32 -1",
        "$mul i32 1 i32 2147483647 = i32 2147483647",
        "$mul i32 1 i64 -9223372036854775808 = i64 -9223372036854775808",
        "$mul i32 1 i64 3037000500 = i64 3037000500",
        "$mul i32 1 f64 inf = f64 inf",
        "$mul i32 1 f64 123456789.12345679 = f64 123456789.12345679",
        "$mul i32 1 dec Infinity = dec Infinity",
        "$mul i32 1 dec 9.999999999999999999999999999999999E+6144 = dec 9.999999999999999999999999999999999E+6144",
        "$mul i32 1 dec 1E-6176 = dec 1E-6176",
        "$mul i32 1 dec -7.25 = dec -7.25",
        "$mul i32 1 f64 2.5e-310 = f64 2.5e-310",
        "$mul i32 1 f64 0.3333333333333333 = f64 0.3333333333333333",
        "$mul i32 2147483647 i32 -1 = i32 -2147483647",
        "$mul i32 2147483647 i32 2147483647 = i64 4611686014132420609",
        "$mul i32 2147483647 i64 -9223372036854775808 = overflow",
        "$mul i32 2147483647 i64 3037000500 = i64 6521908909680823500",
        "$mul i32 2147483647 f64 inf = f64 inf",
        "$mul i32 2147483647 f64 123456789.12345679 = f64 2.651214357537509e+17",
        "$mul i32 2147483647 dec Infinity = dec Infinity",
        "$mul i32 2147483647 dec 9.999999999999999999999999999999999E+6144 = dec Infinity",
        "$mul i32 2147483647 dec 1E-6176 = dec 2.147483647E-6167",
        "$mul i32 2147483647 dec -7.25 = dec -15569256440.75",
        "$mul i32 2147483647 f64 2.5e-310 = f64 5.368709117500036e-301",
        "$mul i32 2147483647 f64 0.3333333333333333 = f64 715827882.3333333",
        "$mul i64 9223372036854775807 i32 -1 = i64 -9223372036854775807",
        "$mul i64 9223372036854775807 i32 2147483647 = overflow",
        "$mul i64 9223372036854775807 i64 -9223372036854775808 = overflow",
        "$mul i64 9223372036854775807 i64 3037000500 = overflow",
        "$mul i64 9223372036854775807 f64 inf = f64 inf",
        "$mul i64 9223372036854775807 f64 123456789.12345679 = f64 1.1386878965611682e+27",
        "$mul i64 9223372036854775807 dec Infinity = dec Infinity",
        "$mul i64 9223372036854775807 dec 9.999999999999999999999999999999999E+6144 = dec Infinity",
        "$mul i64 9223372036854775807 dec 1E-6176 = dec 9.223372036854775807E-6158",
        "$mul i64 9223372036854775807 dec -7.25 = dec -66869447267197124600.75",
        "$mul i64 9223372036854775807 f64 2.5e-310 = f64 2.3058430092137097e-291",
        "$mul i64 9223372036854775807 f64 0.3333333333333333 = f64 3.0744573456182584e+18",
        "$mul f64 0.1 i32 -1 = f64 -0.1",
        "$mul f64 0.1 i32 2147483647 = f64 214748364.70000002",
        "$mul f64 0.1 i64 -9223372036854775808 = f64 -9.223372036854776e+17",
        "$mul f64 0.1 i64 3037000500 = f64 303700050.0",
        "$mul f64 0.1 f64 inf = f64 inf",
        "$mul f64 0.1 f64 123456789.12345679 = f64 12345678.91234568",
        "$mul f64 0.1 dec Infinity = dec Infinity",
        "$mul f64 0.1 dec 9.999999999999999999999999999999999E+6144 = dec 9.999999999999999999999999999999999E+6143",
        "$mul f64 0.1 dec 1E-6176 = dec 0E-6176",
        "$mul f64 0.1 dec -7.25 = dec -0.72500000000000000",
        "$mul f64 0.1 f64 2.5e-310 = f64 2.5e-311",
        "$mul f64 0.1 f64 0.3333333333333333 = f64 0.03333333333333333",
        "$mul f64 -0.0 i32 -1 = f64 -0.0",
        "$mul f64 -0.0 i32 2147483647 = f64 -0.0",
        "$mul f64 -0.0 i64 -9223372036854775808 = f64 -0.0",
        "$mul f64 -0.0 i64 3037000500 = f64 -0.0",
        "$mul f64 -0.0 f64 inf = f64 nan",
        "$mul f64 -0.0 f64 123456789.12345679 = f64 -0.0",
        "$mul f64 -0.0 dec Infinity = dec NaN",
        "$mul f64 -0.0 dec 9.999999999999999999999999999999999E+6144 = dec -0E+6111",
        "$mul f64 -0.0 dec 1E-6176 = dec -0E-6176",
        "$mul f64 -0.0 dec -7.25 = dec 0.00",
        "$mul f64 -0.0 f64 2.5e-310 = f64 -0.0",
        "$mul f64 -0.0 f64 0.3333333333333333 = f64 -0.0",
        "$mul dec 0.2 i32 -1 = dec -0.2",
        "$mul dec 0.2 i32 2147483647 = dec 429496729.4",
        "$mul dec 0.2 i64 -9223372036854775808 = dec -1844674407370955161.6",
        "$mul dec 0.2 i64 3037000500 = dec 607400100.0",
        "$mul dec 0.2 f64 inf = dec Infinity",
        "$mul dec 0.2 f64 123456789.12345679 = dec 24691357.8246914",
        "$mul dec 0.2 dec Infinity = dec Infinity",
        "$mul dec 0.2 dec 9.999999999999999999999999999999999E+6144 = dec 2.000000000000000000000000000000000E+6144",
        "$mul dec 0.2 dec 1E-6176 = dec 0E-6176",
        "$mul dec 0.2 dec -7.25 = dec -1.450",
        "$mul dec 0.2 f64 2.5e-310 = dec 5.00000000000004E-311",
        "$mul dec 0.2 f64 0.3333333333333333 = dec 0.0666666666666666",
        "$mul dec 1.00 i32 -1 = dec -1.00",
        "$mul dec 1.00 i32 2147483647 = dec 2147483647.00",
        "$mul dec 1.00 i64 -9223372036854775808 = dec -9223372036854775808.00",
        "$mul dec 1.00 i64 3037000500 = dec 3037000500.00",
        "$mul dec 1.00 f64 inf = dec Infinity",
        "$mul dec 1.00 f64 123456789.12345679 = dec 123456789.12345700",
        "$mul dec 1.00 dec Infinity = dec Infinity",
        "$mul dec 1.00 dec 9.999999999999999999999999999999999E+6144 = dec 9.999999999999999999999999999999999E+6144",
        "$mul dec 1.00 dec 1E-6176 = dec 1E-6176",
        "$mul dec 1.00 dec -7.25 = dec -7.2500",
        "$mul dec 1.00 f64 2.5e-310 = dec 2.5000000000000200E-310",
        "$mul dec 1.00 f64 0.3333333333333333 = dec 0.33333333333333300",
        "$mul f64 1.5e+300 i32 -1 = f64 -1.5e+300",
        "$mul f64 1.5e+300 i32 2147483647 = f64 inf",
        "$mul f64 1.5e+300 i64 -9223372036854775808 = f64 -inf",
        "$mul f64 1.5e+300 i64 3037000500 = f64 inf",
        "$mul f64 1.5e+300 f64 inf = f64 inf",
        "$mul f64 1.5e+300 f64 123456789.12345679 = f64 inf",
        "$mul f64 1.5e+300 dec Infinity = dec Infinity",
        "$mul f64 1.5e+300 dec 9.999999999999999999999999999999999E+6144 = dec Infinity",
        "$mul f64 1.5e+300 dec 1E-6176 = dec 1.50000000000000E-5876",
        "$mul f64 1.5e+300 dec -7.25 = dec -1.08750000000000000E+301",
        "$mul f64 1.5e+300 f64 2.5e-310 = f64 3.750000000000026e-10",
        "$mul f64 1.5e+300 f64 0.3333333333333333 = f64 5e+299",
    ];

    #[test]
    fn arithmetic() {
        for row in ROWS {
            let words: Vec<&str> = row.split(' ').collect();
            let number = |at: usize| ValueBuf::from_bson(&parse(words[at], words[at + 1])).unwrap();
            let (field, operand) = (number(1), number(3));
            let (a, b) =
                (Number::of(field.as_raw()).unwrap(), Number::of(operand.as_raw()).unwrap());
            let result = if words[0] == "$inc" { a.add(b) } else { a.multiply(b) };
            let mut result = result.map(ValueBuf::from);
            // A result equal to what is there, and of its type, is not written.
            if result.as_ref().is_some_and(|result| {
                result.as_raw().kind() == field.as_raw().kind()
                    && equal(result.as_raw(), field.as_raw())
            }) {
                result = Some(field);
            }
            let expected = (words[6] != "overflow").then(|| number(6));
            // Printed, so that 1.0 is not 1.00, and 0.0 not -0.0.
            assert_eq!(format!("{result:?}"), format!("{expected:?}"), "{row}");
        }
    }

    #[test]
    fn bits() {
        // The server's answers.
        let check = |a: Bson, operation: fn(i64, i64) -> i64, b: Bson, expected: Option<Bson>| {
            let number = |value| Number::of(ValueBuf::from_bson(&value).unwrap().as_raw()).unwrap();
            let result = number(a).bitwise(number(b), operation);
            assert_eq!(result.map(|result| ValueBuf::from(result).as_raw().to_bson()), expected);
        };
        let (and, or, xor) = (|a, b| a & b, |a, b| a | b, |a, b| a ^ b);
        check(Bson::Int32(5), and, Bson::Int32(-2), Some(Bson::Int32(4)));
        check(Bson::Int32(5), or, Bson::Int32(-2), Some(Bson::Int32(-1)));
        check(Bson::Int32(5), xor, Bson::Int32(-2), Some(Bson::Int32(-5)));
        check(Bson::Int32(5), or, Bson::Int64(1 << 40), Some(Bson::Int64(1_099_511_627_781)));
        check(Bson::Int64(5), and, Bson::Int32(-2), Some(Bson::Int64(4)));
        check(Bson::Int32(-1), xor, Bson::Int64(1 << 40), Some(Bson::Int64(-1_099_511_627_777)));
        check(Bson::Double(5.0), and, Bson::Int32(3), None);
    }

    #[test]
    fn whole_numbers() {
        let check = |kind, text, truncated: Option<i64>, exact: Option<i64>| {
            let value = ValueBuf::from_bson(&parse(kind, text)).unwrap();
            let number = Number::of(value.as_raw()).unwrap();
            assert_eq!(number.truncate(), truncated, "{text}");
            assert_eq!(number.to_exact_integer(), exact, "{text}");
        };
        check("i32", "-3", Some(-3), Some(-3));
        check("f64", "8.9", Some(8), None);
        check("f64", "-8.9", Some(-8), None);
        check("f64", "2", Some(2), Some(2));
        check("f64", "nan", None, None);
        check("f64", "9223372036854775808", None, None);
        check("f64", "-9223372036854775808", Some(i64::MIN), Some(i64::MIN));
        check("dec", "8.5", Some(8), None);
        check("dec", "-0.9", Some(0), None);
        check("dec", "2.00", Some(2), Some(2));
        check("dec", "1E-6176", Some(0), None);
        check("dec", "0E6000", Some(0), Some(0));
        check("dec", "1E3", Some(1000), Some(1000));
        check("dec", "1E6144", None, None);
        check("dec", "-9223372036854775808", Some(i64::MIN), Some(i64::MIN));
        check("dec", "9223372036854775808", None, None);
        check("dec", "-Infinity", None, None);
    }
}
