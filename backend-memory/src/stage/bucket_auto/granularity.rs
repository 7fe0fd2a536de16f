//! Series of preferred numbers, to which the boundaries of buckets are rounded.

use std::cmp::Ordering;

use odm_core::{Error, Result};

use crate::expression::refused;
use crate::value::decimal::{self, Decimal};
use crate::value::{Number, RawVal, ValueBuf};

/// The series by name: the numbers of one decade, as the server has them.
const SERIES: &[(&str, &[u16])] = &[
    ("R5", &[10, 16, 25, 40, 63]),
    ("R10", &[100, 125, 160, 200, 250, 315, 400, 500, 630, 800]),
    (
        "R20",
        &[
            100, 112, 125, 140, 160, 180, 200, 224, 250, 280, 315, 355, 400, 450, 500, 560, 630,
            710, 800, 900,
        ],
    ),
    (
        "R40",
        &[
            100, 106, 112, 118, 125, 132, 140, 150, 160, 170, 180, 190, 200, 212, 224, 236, 250,
            265, 280, 300, 315, 355, 375, 400, 425, 450, 475, 500, 530, 560, 600, 630, 670, 710,
            750, 800, 850, 900, 950,
        ],
    ),
    (
        "R80",
        &[
            103, 109, 115, 122, 128, 136, 145, 155, 165, 175, 185, 195, 206, 218, 230, 243, 258,
            272, 290, 307, 325, 345, 365, 387, 412, 437, 462, 487, 515, 545, 575, 615, 650, 690,
            730, 775, 825, 875, 925, 975,
        ],
    ),
    ("1-2-5", &[10, 20, 50]),
    ("E6", &[10, 15, 22, 33, 47, 68]),
    ("E12", &[10, 12, 15, 18, 22, 27, 33, 39, 47, 56, 68, 82]),
    (
        "E24",
        &[
            10, 11, 12, 13, 15, 16, 18, 20, 22, 24, 27, 30, 33, 36, 39, 43, 47, 51, 56, 62, 68, 75,
            82, 91,
        ],
    ),
    (
        "E48",
        &[
            100, 105, 110, 115, 121, 127, 133, 140, 147, 154, 162, 169, 178, 187, 196, 205, 215,
            226, 237, 249, 261, 274, 287, 301, 316, 332, 348, 365, 383, 402, 422, 442, 464, 487,
            511, 536, 562, 590, 619, 649, 681, 715, 750, 787, 825, 866, 909, 953,
        ],
    ),
    (
        "E96",
        &[
            100, 102, 105, 107, 110, 113, 115, 118, 121, 124, 127, 130, 133, 137, 140, 143, 147,
            150, 154, 158, 162, 165, 169, 174, 178, 182, 187, 191, 196, 200, 205, 210, 215, 221,
            226, 232, 237, 243, 249, 255, 261, 267, 274, 280, 287, 294, 301, 309, 316, 324, 332,
            340, 348, 357, 365, 374, 383, 392, 402, 412, 422, 432, 442, 453, 464, 475, 487, 499,
            511, 523, 536, 549, 562, 576, 590, 604, 619, 634, 649, 665, 681, 698, 715, 732, 750,
            768, 787, 806, 825, 845, 866, 887, 909, 931, 953, 976,
        ],
    ),
    (
        "E192",
        &[
            100, 101, 102, 104, 105, 106, 107, 109, 110, 111, 113, 114, 115, 117, 118, 120, 121,
            123, 124, 126, 127, 129, 130, 132, 133, 135, 137, 138, 140, 142, 143, 145, 147, 149,
            150, 152, 154, 156, 158, 160, 162, 164, 165, 167, 169, 172, 174, 176, 178, 180, 182,
            184, 187, 189, 191, 193, 196, 198, 200, 203, 205, 208, 210, 213, 215, 218, 221, 223,
            226, 229, 232, 234, 237, 240, 243, 246, 249, 252, 255, 258, 261, 264, 267, 271, 274,
            277, 280, 284, 287, 291, 294, 298, 301, 305, 309, 312, 316, 320, 324, 328, 332, 336,
            340, 344, 348, 352, 357, 361, 365, 370, 374, 379, 383, 388, 392, 397, 402, 407, 412,
            417, 422, 427, 432, 437, 442, 448, 453, 459, 464, 470, 475, 481, 487, 493, 499, 505,
            511, 517, 523, 530, 536, 542, 549, 556, 562, 569, 576, 583, 590, 597, 604, 612, 619,
            626, 634, 642, 649, 657, 665, 673, 681, 690, 698, 706, 715, 723, 732, 741, 750, 759,
            768, 777, 787, 796, 806, 816, 825, 835, 845, 856, 866, 876, 887, 898, 909, 920, 931,
            942, 953, 965, 976, 988,
        ],
    ),
];

/// What boundaries are rounded to.
#[derive(Clone, Copy, Debug)]
pub(super) enum Granularity {
    PowersOf2,
    /// The numbers of a decade, which are the same in all others.
    Series(&'static [u16]),
}

/// Which of the two neighbors of a number is wanted. Neither is the number itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Direction {
    Down,
    Up,
}

impl Granularity {
    /// # Errors
    ///
    /// 40257 for a name that no series has.
    pub(super) fn parse(name: &str) -> Result<Self> {
        if name == "POWERSOF2" {
            return Ok(Granularity::PowersOf2);
        }
        match SERIES.iter().find(|(series, _)| *series == name) {
            Some((_, numbers)) => Ok(Granularity::Series(numbers)),
            None => refused(40_257, format!("Unknown rounding granularity '{name}'")),
        }
    }

    /// The next number above.
    ///
    /// # Errors
    ///
    /// 40258 if it is no number, 40259 if it is NaN, 40260 if it is negative.
    pub(super) fn round_up(self, value: RawVal<'_>) -> Result<ValueBuf> {
        self.round(value, Direction::Up)
    }

    /// The next number below.
    ///
    /// # Errors
    ///
    /// As [`round_up`](Granularity::round_up).
    pub(super) fn round_down(self, value: RawVal<'_>) -> Result<ValueBuf> {
        self.round(value, Direction::Down)
    }

    fn round(self, value: RawVal<'_>, direction: Direction) -> Result<ValueBuf> {
        const WITH: &str = "$bucketAuto can specify a 'granularity' with";
        let Some(number) = Number::of(value) else {
            return refused(
                40_258,
                format!("{WITH} numeric boundaries only, but found a {}", value.type_name()),
            );
        };
        let double = number.to_f64();
        if double.is_nan() {
            return refused(40_259, format!("{WITH} numeric boundaries only, but found a NaN"));
        }
        if double < 0.0 {
            return refused(40_260, format!("{WITH} non-negative numbers only"));
        }
        if double == 0.0 {
            return Ok(value.into());
        }
        Ok(match (self, number) {
            (Granularity::PowersOf2, Number::Decimal(decimal)) => {
                Number::Decimal(decimal_power_of_2(decimal, double, direction)?).into()
            }
            (Granularity::PowersOf2, _) => power_of_2(double, number, direction),
            (Granularity::Series(_), _) if double.is_infinite() => value.into(),
            (Granularity::Series(series), Number::Decimal(decimal)) => {
                let series: Vec<Decimal> =
                    series.iter().map(|n| Decimal::from_f64_15_digits(f64::from(*n))).collect();
                Number::Decimal(in_series(decimal, &series, direction)).into()
            }
            (Granularity::Series(series), _) => {
                let series: Vec<f64> = series.iter().map(|n| f64::from(*n)).collect();
                in_series(double, &series, direction).into()
            }
        })
    }
}

/// What the numbers of a series are counted in.
trait Scaled: Copy {
    fn one() -> Self;
    fn ten_times(self) -> Self;
    fn tenth(self) -> Self;
    fn times(self, other: Self) -> Self;
    fn compared(self, other: Self) -> Ordering;
}

impl Scaled for f64 {
    fn one() -> Self {
        1.0
    }

    fn ten_times(self) -> Self {
        self * 10.0
    }

    fn tenth(self) -> Self {
        self / 10.0
    }

    fn times(self, other: Self) -> Self {
        self * other
    }

    fn compared(self, other: Self) -> Ordering {
        self.total_cmp(&other)
    }
}

impl Scaled for Decimal {
    fn one() -> Self {
        Decimal::from(1)
    }

    fn ten_times(self) -> Self {
        self.multiply(Decimal::from(10))
    }

    fn tenth(self) -> Self {
        self.divide(Decimal::from(10))
    }

    fn times(self, other: Self) -> Self {
        self.multiply(other)
    }

    fn compared(self, other: Self) -> Ordering {
        self.compare(other)
    }
}

/// The neighbor of a number that is neither zero nor infinite: one of the series in its decade or, between two
/// decades, at the end of the other. The steps are the server's, for the sake of what they round.
fn in_series<T: Scaled>(number: T, series: &[T], direction: Direction) -> T {
    let (Some(first), Some(last)) = (series.first(), series.last()) else { return number };
    let mut unit = T::one();
    match direction {
        Direction::Up => {
            while number.compared(unit.times(*last)).is_ge() {
                unit = unit.ten_times();
            }
            while number.compared(unit.times(*first)).is_lt() {
                let above = unit.times(*first);
                unit = unit.tenth();
                if number.compared(unit.times(*last)).is_ge() {
                    return above;
                }
            }
            let at = series.partition_point(|n| number.compared(unit.times(*n)).is_ge());
            series.get(at).map_or(number, |n| unit.times(*n))
        }
        Direction::Down => {
            while number.compared(unit.times(*last)).is_gt() {
                unit = unit.ten_times();
            }
            while number.compared(unit.times(*first)).is_le() {
                unit = unit.tenth();
                let below = unit.times(*last);
                if number.compared(below).is_gt() {
                    return below;
                }
            }
            let at = series.partition_point(|n| number.compared(unit.times(*n)).is_gt());
            at.checked_sub(1).and_then(|at| series.get(at)).map_or(number, |n| unit.times(*n))
        }
    }
}

/// The exponent of the greatest power of two that is not above a positive, finite double.
fn exponent_of_2(double: f64) -> i32 {
    let bits = double.to_bits();
    match (bits >> 52) as i32 {
        0 => 63 - bits.leading_zeros() as i32 - 1074,
        exponent => exponent - 1023,
    }
}

/// A power of two; zero or infinity if no double is.
fn two_to_the(exponent: i32) -> f64 {
    match exponent {
        ..=-1075 => 0.0,
        -1074..=-1023 => f64::from_bits(1 << (exponent + 1074)),
        -1022..=1023 => f64::from_bits(((exponent + 1023) as u64) << 52),
        _ => f64::INFINITY,
    }
}

/// An integer if it is one that fits.
fn power_of_2(double: f64, number: Number, direction: Direction) -> ValueBuf {
    if double.is_infinite() {
        return 0.0.into();
    }
    let (exponent, is_exact) = match number.as_integer().map(i64::unsigned_abs) {
        Some(n) => (63 - n.leading_zeros() as i32, n.is_power_of_two()),
        None => {
            let exponent = exponent_of_2(double);
            (exponent, two_to_the(exponent) == double)
        }
    };
    let exponent = match direction {
        Direction::Up => exponent + 1,
        Direction::Down => exponent - i32::from(is_exact),
    };
    match exponent {
        0..=30 => (1_i32 << exponent).into(),
        31..=62 => (1_i64 << exponent).into(),
        _ => two_to_the(exponent).into(),
    }
}

/// With all digits of a decimal.
///
/// # Errors
///
/// [`Error::Unsupported`] for powers that no double is.
fn decimal_power_of_2(number: Decimal, double: f64, direction: Direction) -> Result<Decimal> {
    if matches!(number, Decimal::Infinite { .. }) {
        return Ok(Decimal::Finite { negative: false, coefficient: 0, exponent: -6176 });
    }
    let mut exponent = exponent_of_2(double);
    let wanted = match direction {
        Direction::Up => {
            exponent += 1;
            // The double may be a little above or below the decimal.
            while exponent > -1022 && number.compare_double(two_to_the(exponent - 1)).is_lt() {
                exponent -= 1;
            }
            exponent
        }
        Direction::Down => {
            while exponent > -1022 && number.compare_double(two_to_the(exponent)).is_le() {
                exponent -= 1;
            }
            exponent
        }
    };
    if !(-1022..=1023).contains(&wanted) {
        return Err(Error::Unsupported {
            backend: "memory",
            feature: "the granularity POWERSOF2 for decimals that no double is near".to_owned(),
        });
    }
    match Decimal::from_f64(two_to_the(wanted)) {
        Decimal::Finite { negative, coefficient, exponent } => {
            let (coefficient, exponent) = decimal::normalize(coefficient, exponent);
            Ok(Decimal::Finite { negative, coefficient, exponent })
        }
        other => Ok(other),
    }
}
