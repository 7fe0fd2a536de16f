//! Logarithms, powers and trigonometry of decimals.
//!
//! The server computes most of them with quadruples, of 113 bits, and so do these: what is computed to more
//! digits is rounded as there. The last digit may differ from the server's, most often that of powers.

use super::real::{LN_2, LN_10, PI, Real};
use super::{DIGITS, Decimal, MAX_COEFFICIENT, Rounding, normalize};

/// Decimals from here on overflow when e is raised to them, and underflow when to their negative.
const EXP_LIMIT: f64 = 15_000.0;

/// Quadruples end at some 10^±4932; beyond this the server scales.
const SCALED: i32 = 4464;

/// Below this exponent a decimal is its own sine, to all digits.
const TRIVIAL: i32 = -52;

impl Decimal {
    fn to_real(self) -> Real {
        let Decimal::Finite { negative, mut coefficient, mut exponent } = self else {
            return Real::ZERO;
        };
        // Powers of 10 are exact, their inverses are not.
        while exponent < 0 && coefficient != 0 && coefficient.is_multiple_of(10) {
            (coefficient, exponent) = (coefficient / 10, exponent + 1);
        }
        let power = Real::power_of_10(exponent.unsigned_abs());
        let n = Real::from(coefficient);
        let n = if exponent < 0 { n.div(power) } else { n.mul(power) };
        if negative { n.neg() } else { n }
    }

    /// The nearest decimal. What it has all digits of is without needless zeros.
    fn from_real(n: Real) -> Self {
        let negative = n.is_negative();
        if n.is_zero() {
            return Decimal::Finite { negative, coefficient: 0, exponent: 0 };
        }
        let mut exponent = (n.digits_before_point() - (DIGITS as i32 - 1)).max(super::MIN_EXPONENT);
        let at = |exponent: i32| {
            let power = Real::power_of_10(exponent.unsigned_abs());
            let scaled = if exponent < 0 { n.mul(power) } else { n.div(power) };
            scaled.to_integer().filter(|(coefficient, _)| *coefficient <= MAX_COEFFICIENT)
        };
        let mut found = at(exponent);
        while found.is_none() {
            exponent += 1;
            found = at(exponent);
        }
        // As many digits as there is room for.
        while exponent > super::MIN_EXPONENT
            && let Some((coefficient, is_exact)) = found
            && coefficient <= MAX_COEFFICIENT / 10 + u128::from(!is_exact)
            && let Some(finer) = at(exponent - 1)
        {
            (found, exponent) = (Some(finer), exponent - 1);
        }
        let (mut coefficient, is_exact) = found.unwrap_or((0, true));
        if exponent > super::MAX_EXPONENT {
            return Decimal::Infinite { negative };
        }
        while is_exact && exponent < 0 && coefficient != 0 && coefficient.is_multiple_of(10) {
            (coefficient, exponent) = (coefficient / 10, exponent + 1);
        }
        Decimal::Finite { negative, coefficient, exponent }
    }

    /// A function of a finite number, in quadruples.
    fn in_quads(self, function: impl FnOnce(Real) -> Real) -> Self {
        Decimal::from_real(function(self.to_real().to_quad()).to_quad())
    }

    /// The same value with all 34 digits.
    fn padded(self) -> Self {
        self.add(Decimal::Finite { negative: false, coefficient: 0, exponent: super::MIN_EXPONENT })
    }

    /// e to its power.
    pub(crate) fn exp(self) -> Self {
        match self {
            Decimal::NaN(_) => return self,
            Decimal::Infinite { negative: false } => return self,
            Decimal::Infinite { negative: true } => return Decimal::from(0),
            Decimal::Finite { coefficient: 0, .. } => return Decimal::from(1),
            Decimal::Finite { .. } => {}
        }
        let near = self.to_f64();
        if near > EXP_LIMIT {
            return Decimal::Infinite { negative: false };
        }
        if near < -EXP_LIMIT {
            return ZERO_AT_LAST;
        }
        let n = self.to_real();
        let quad = n.to_quad();
        let rest = n.sub(quad).to_quad();
        // Beyond quadruples, in two steps.
        let limit = Real::from(11_000);
        let (step, factor) = match quad.compare_abs(limit).is_gt() {
            true if near > 0.0 => (quad.sub(limit).to_quad(), Some(limit.exp())),
            true => (quad.add(limit).to_quad(), Some(limit.neg().exp())),
            false => (quad, None),
        };
        let power = step.exp().to_quad();
        let power = Decimal::from_real(power.add(power.mul(rest).to_quad()).to_quad());
        match factor {
            Some(factor) => power.multiply(Decimal::from_real(factor)),
            None => power,
        }
    }

    /// The natural logarithm of a positive number.
    pub(crate) fn ln(self) -> Self {
        self.logarithm(|log| log, |power| LN_10.times(power))
    }

    /// The logarithm of a positive number to the base of 10.
    pub(crate) fn log10(self) -> Self {
        let inverse = LN_10.recip().to_quad();
        self.logarithm(|log| log.mul(inverse).to_quad(), |power| Real::from(u128::from(power)))
    }

    fn logarithm(self, to_base: impl Fn(Real) -> Real, of_power: impl Fn(u64) -> Real) -> Self {
        let Decimal::Finite { coefficient, exponent, .. } = self else { return self };
        let digits = exponent + coefficient.checked_ilog10().unwrap_or(0) as i32;
        if digits.abs() >= SCALED && coefficient != 0 {
            let down = digits > 0;
            let shift = if down { -SCALED } else { SCALED };
            let scaled =
                Decimal::Finite { negative: false, coefficient, exponent: exponent + shift };
            let log = to_base(scaled.to_real().to_quad().ln().to_quad());
            let more = of_power(u64::from(SCALED.unsigned_abs())).to_quad();
            let log = if down { log.add(more) } else { log.sub(more) };
            return Decimal::from_real(log.to_quad());
        }
        let (n, one) = (self.to_real(), Real::one());
        let quad = n.to_quad();
        let mut log = quad.ln().to_quad();
        let over = quad.sub(one).to_quad();
        if over.is_below(-1) {
            // Near 1, what rounding to a quadruple took away counts.
            let lost = over.sub(self.subtract(Decimal::from(1)).to_real().to_quad()).to_quad();
            log = log.sub(lost.div(quad).to_quad()).to_quad();
        }
        Decimal::from_real(to_base(log))
    }

    /// The logarithm of a positive number to a positive base. Only for the bases 2 and 10: for others, the
    /// server divides by the base itself, and so does this.
    pub(crate) fn log(self, base: Decimal) -> Self {
        if base.compare(Decimal::from(10)).is_eq() {
            return self.log10();
        }
        if base.compare(Decimal::from(2)).is_eq() {
            let inverse = LN_2.recip().to_quad();
            return self.logarithm(
                |log| log.mul(inverse).to_quad(),
                |power| LN_10.times(power).div(*LN_2),
            );
        }
        self.ln().divide(base)
    }

    /// A number to a power; not zero to a negative one.
    pub(crate) fn pow(self, power: Decimal) -> Self {
        let one = Decimal::from(1).padded();
        if power.is_zero() {
            // So does the server.
            let is_ten = self.compare(Decimal::from(10)).is_eq();
            return if is_ten { ZERO_AT_LAST } else { one };
        }
        if self.compare(Decimal::from(1)).is_eq() {
            return one;
        }
        if let Some(nan) = self.nan_among(power) {
            return nan;
        }
        let is_whole = power.round(0, Rounding::TowardZero).compare(power).is_eq();
        let is_odd = is_whole
            && power.quantize(0, Rounding::TowardZero).is_some_and(|power| match power {
                Decimal::Finite { coefficient, .. } => coefficient % 2 == 1,
                _ => false,
            });
        let negative = self.is_below_zero() && is_odd;
        let magnitude = self.abs();
        if let Decimal::Infinite { negative: shrinks } = power {
            return match magnitude.compare(Decimal::from(1)) {
                std::cmp::Ordering::Equal => one,
                ordering if ordering.is_lt() == shrinks => Decimal::Infinite { negative: false },
                _ => ZERO_AT_LAST,
            };
        }
        if magnitude.is_zero() {
            return ZERO_AT_LAST;
        }
        if let Decimal::Infinite { .. } = self {
            return if power.is_below_zero() {
                ZERO_AT_LAST
            } else {
                Decimal::Infinite { negative }
            };
        }
        if self.is_below_zero() && !is_whole {
            return Decimal::NAN;
        }
        let exponent = power.to_real().mul(magnitude.to_real().ln());
        let limit = Real::from(EXP_LIMIT as u128);
        if exponent.compare_abs(limit).is_gt() {
            let shrinks = exponent.is_negative();
            return if shrinks { ZERO_AT_LAST } else { Decimal::Infinite { negative } };
        }
        let result = Decimal::from_real(exponent.exp()).padded();
        if negative { Decimal::from(0).subtract(result).padded() } else { result }
    }

    /// The sine of a finite angle; `None` from 10^34 on, where it takes more digits than there are.
    pub(crate) fn sin(self) -> Option<Self> {
        match self {
            Decimal::Finite { coefficient, exponent, .. } if coefficient != 0 => {
                if exponent < TRIVIAL {
                    return Some(self.padded());
                }
                let (angle, turns) = self.reduced()?;
                let (sin, cos) = angle.sin_cos();
                let sin = if turns & 1 == 1 { cos } else { sin };
                let sin = if turns & 2 == 2 { sin.neg() } else { sin };
                Some(Decimal::from_real(sin.to_quad()))
            }
            _ => Some(self),
        }
    }

    /// The cosine of a finite angle; `None` from 10^34 on.
    pub(crate) fn cos(self) -> Option<Self> {
        match self {
            Decimal::Finite { coefficient, exponent, .. }
                if coefficient != 0 && exponent >= TRIVIAL =>
            {
                let (angle, turns) = self.reduced()?;
                let (sin, cos) = angle.sin_cos();
                let cos = if turns & 1 == 1 { sin.neg() } else { cos };
                let cos = if turns & 2 == 2 { cos.neg() } else { cos };
                Some(Decimal::from_real(cos.to_quad()))
            }
            Decimal::Finite { .. } => Some(Decimal::from(1).padded()),
            Decimal::NaN(_) => Some(self),
            Decimal::Infinite { .. } => Some(Decimal::NAN),
        }
    }

    /// The tangent of a finite angle; `None` from 10^34 on.
    pub(crate) fn tan(self) -> Option<Self> {
        match self {
            Decimal::Finite { coefficient, exponent, .. }
                if coefficient != 0 && exponent >= TRIVIAL =>
            {
                let (angle, turns) = self.reduced()?;
                let (sin, cos) = angle.sin_cos();
                let tan = if turns & 1 == 1 { cos.div(sin).neg() } else { sin.div(cos) };
                Some(Decimal::from_real(tan.to_quad()))
            }
            _ => Some(self.with_forty_more_digits()),
        }
    }

    /// The angle from the nearest multiple of a right angle, and which that is, modulo 4.
    fn reduced(self) -> Option<(Real, u8)> {
        let Decimal::Finite { coefficient, exponent, .. } = self else { return None };
        let n = self.to_real();
        if exponent < -35 {
            return Some((n.to_quad(), 0));
        }
        if normalize(coefficient, exponent).1 > 0 {
            return None;
        }
        let right = PI.scaled(-1);
        let quotient = n.div(right);
        let (whole, _) = quotient.to_integer()?;
        let multiple = Real::from(whole);
        let multiple = if n.is_negative() { multiple.neg() } else { multiple };
        let part = quotient.sub(multiple).cut();
        let turns = (whole & 3) as u8;
        let turns = if n.is_negative() { turns.wrapping_neg() & 3 } else { turns };
        Some((part.mul(right.to_quad()).to_quad(), turns))
    }

    /// What the server makes of tiny numbers: all digits, and of zeros the lesser exponent.
    fn with_forty_more_digits(self) -> Self {
        match self {
            Decimal::Finite { negative, coefficient: 0, exponent } => {
                let exponent = (exponent - 40).max(super::MIN_EXPONENT);
                Decimal::Finite { negative, coefficient: 0, exponent }
            }
            other => other.padded(),
        }
    }

    /// The angle of a sine, from -1 to 1.
    pub(crate) fn asin(self) -> Self {
        if self.is_nan() || self.is_zero() || self.is_tiny() {
            return self.with_forty_more_digits();
        }
        Decimal::from_real(asin(self.to_real()).to_quad())
    }

    /// The angle of a cosine, from -1 to 1.
    pub(crate) fn acos(self) -> Self {
        if self.compare(Decimal::from(1)).is_eq() {
            return ZERO_AT_LAST;
        }
        if self.is_nan() {
            return self;
        }
        Decimal::from_real(PI.scaled(-1).sub(asin(self.to_real())).to_quad())
    }

    /// The angle of a tangent.
    pub(crate) fn atan(self) -> Self {
        match self {
            Decimal::Infinite { negative } => {
                let right = PI.scaled(-1);
                Decimal::from_real(if negative { right.neg() } else { right })
            }
            Decimal::Finite { coefficient: 0, .. } | Decimal::NaN(_) => self,
            _ if self.is_tiny() => self.padded(),
            _ => self.in_quads(Real::atan),
        }
    }

    /// The angle to a point with this ordinate.
    pub(crate) fn atan2(self, abscissa: Decimal) -> Self {
        if let Some(nan) = self.nan_among(abscissa) {
            return nan;
        }
        let is_signed = |decimal: Decimal| match decimal {
            Decimal::Infinite { negative } | Decimal::Finite { negative, .. } => negative,
            Decimal::NaN(_) => false,
        };
        let is_infinite = |decimal: Decimal| matches!(decimal, Decimal::Infinite { .. });
        let behind = is_signed(abscissa);
        let right = PI.scaled(-1);
        let angle = match (is_infinite(self), is_infinite(abscissa)) {
            (true, true) => {
                Some(if behind { right.mul(Real::from(3)).scaled(-1) } else { right.scaled(-1) })
            }
            (true, false) => Some(right),
            (false, true) => behind.then(|| *PI),
            (false, false) if self.is_zero() => behind.then(|| *PI),
            (false, false) if abscissa.is_zero() => Some(right),
            (false, false) => {
                let quotient = self.abs().divide(abscissa.abs());
                if quotient.is_tiny() && !behind {
                    let Decimal::Finite { coefficient, exponent, .. } = quotient else {
                        return Decimal::NAN;
                    };
                    return Decimal::Finite { negative: is_signed(self), coefficient, exponent };
                }
                let angle = match quotient {
                    Decimal::Infinite { .. } => right,
                    quotient => quotient.to_real().to_quad().atan().to_quad(),
                };
                Some(if behind { PI.sub(angle) } else { angle })
            }
        };
        let negative = is_signed(self);
        match (angle.map(|angle| Decimal::from_real(angle.to_quad())), ZERO_AT_LAST) {
            (Some(Decimal::Finite { coefficient, exponent, .. }), _)
            | (_, Decimal::Finite { coefficient, exponent, .. }) => {
                Decimal::Finite { negative, coefficient, exponent }
            }
            _ => Decimal::NAN,
        }
    }

    /// The hyperbolic sine.
    pub(crate) fn sinh(self) -> Self {
        match self {
            Decimal::NaN(_) | Decimal::Infinite { .. } => self,
            _ if self.is_zero() || self.is_tiny() => self.with_forty_more_digits(),
            _ if self.to_f64().abs() > EXP_LIMIT => {
                Decimal::Infinite { negative: self.is_below_zero() }
            }
            _ => Decimal::from_real(self.to_real().sinh().to_quad()),
        }
    }

    /// The hyperbolic cosine.
    pub(crate) fn cosh(self) -> Self {
        match self {
            Decimal::NaN(_) => self,
            Decimal::Infinite { .. } => self.abs(),
            _ if self.is_zero() || self.is_tiny() => Decimal::from(1).padded(),
            _ if self.to_f64().abs() > EXP_LIMIT => Decimal::Infinite { negative: false },
            _ => Decimal::from_real(self.to_real().cosh().to_quad()),
        }
    }

    /// The hyperbolic tangent.
    pub(crate) fn tanh(self) -> Self {
        match self {
            Decimal::NaN(_) => self,
            _ if self.is_zero() => self,
            _ if self.is_tiny() => self.padded(),
            _ if self.to_f64().abs() > 1000.0 => {
                Decimal::from(if self.is_below_zero() { -1 } else { 1 })
            }
            _ => self.in_quads(|n| n.sinh().div(n.cosh())),
        }
    }

    /// The inverse of the hyperbolic sine.
    pub(crate) fn asinh(self) -> Self {
        match self {
            Decimal::NaN(_) | Decimal::Infinite { .. } => self,
            Decimal::Finite { negative, coefficient: 0, .. } => {
                Decimal::Finite { negative, coefficient: 0, exponent: super::MIN_EXPONENT }
            }
            _ => Decimal::from_real(self.to_real().asinh().to_quad()),
        }
    }

    /// The inverse of the hyperbolic cosine, of 1 and more.
    pub(crate) fn acosh(self) -> Self {
        match self {
            Decimal::NaN(_) | Decimal::Infinite { .. } => self,
            _ if self.compare(Decimal::from(1)).is_eq() => Decimal::from(0),
            _ => Decimal::from_real(self.to_real().acosh().to_quad()),
        }
    }

    /// The inverse of the hyperbolic tangent, from -1 to 1.
    pub(crate) fn atanh(self) -> Self {
        match self {
            Decimal::Finite { negative, coefficient: 0, .. } => {
                Decimal::Finite { negative, coefficient: 0, exponent: super::MIN_EXPONENT }
            }
            _ if self.abs().compare(Decimal::from(1)).is_eq() => {
                Decimal::Infinite { negative: self.is_below_zero() }
            }
            _ if self.is_tiny() || self.is_nan() => self,
            _ => Decimal::from_real(self.to_real().atanh().to_quad()),
        }
    }

    /// An angle in degrees, in radians.
    pub(crate) fn to_radians(self) -> Self {
        self.multiply(Decimal::from_real(PI.over(180)))
    }

    /// An angle in radians, in degrees.
    pub(crate) fn to_degrees(self) -> Self {
        self.multiply(Decimal::from_real(PI.recip().times(180)))
    }

    /// Whether it is so near zero that its square does not count.
    fn is_tiny(self) -> bool {
        match self {
            Decimal::Finite { coefficient, exponent, .. } => {
                normalize(coefficient.max(1), exponent).1 < -72
            }
            _ => false,
        }
    }
}

/// What is too small for any other exponent.
const ZERO_AT_LAST: Decimal =
    Decimal::Finite { negative: false, coefficient: 0, exponent: super::MIN_EXPONENT };

fn asin(n: Real) -> Real {
    let one = Real::one();
    let other = one.sub(n).mul(one.add(n)).sqrt();
    if other.is_zero() {
        let right = PI.scaled(-1);
        return if n.is_negative() { right.neg() } else { right };
    }
    n.div(other).atan()
}
