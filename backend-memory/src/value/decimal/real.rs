//! [`Real`]: numbers of 384 bits, for functions that decimals need to more digits than they have.

use std::cmp::Ordering;
use std::sync::LazyLock;

const LIMBS: usize = 6;
const BITS: i64 = 64 * LIMBS as i64;

/// A binary floating-point number: `±limbs × 2^exponent`, least significant limb first, with the highest
/// bit set unless it is zero. Results are cut off, not rounded: the last few bits are not to be relied on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Real {
    negative: bool,
    exponent: i64,
    limbs: [u64; LIMBS],
}

pub(super) static PI: LazyLock<Real> = LazyLock::new(|| {
    let inverse = |n: u64| Real::series_of_inverse(n, true);
    inverse(5).times(16).sub(inverse(239).times(4))
});
pub(super) static LN_2: LazyLock<Real> =
    LazyLock::new(|| Real::series_of_inverse(3, false).times(2));
pub(super) static LN_10: LazyLock<Real> =
    LazyLock::new(|| LN_2.times(3).add(Real::series_of_inverse(9, false).times(2)));

impl From<u128> for Real {
    fn from(n: u128) -> Self {
        Real::normalized(false, 0, &[n as u64, (n >> 64) as u64])
    }
}

impl Real {
    pub(super) const ZERO: Real = Real { negative: false, exponent: 0, limbs: [0; LIMBS] };

    pub(super) fn one() -> Self {
        Real::from(1)
    }

    /// The number `±words × 2^exponent`.
    fn normalized(negative: bool, exponent: i64, words: &[u64]) -> Self {
        let Some(top) = words.iter().rposition(|word| *word != 0) else { return Real::ZERO };
        let zeros = words.get(top).map_or(0, |word| word.leading_zeros());
        let start = top as i64 * 64 + 64 - i64::from(zeros) - BITS;
        let mut limbs = [0; LIMBS];
        for (index, limb) in limbs.iter_mut().enumerate() {
            *limb = word_at(words, start + 64 * index as i64);
        }
        Real { negative, exponent: exponent + start, limbs }
    }

    /// A finite double.
    fn from_f64(n: f64) -> Self {
        let bits = n.to_bits();
        let (biased, fraction) = ((bits >> 52 & 0x7ff) as i64, bits & ((1 << 52) - 1));
        let (mantissa, exponent) =
            if biased == 0 { (fraction, -1074) } else { (fraction | 1 << 52, biased - 1075) };
        Real::normalized(n < 0.0, exponent, &[mantissa])
    }

    /// A double near it; zero or infinity if there is none.
    fn to_f64(self) -> f64 {
        let power = i32::try_from((self.exponent + BITS).clamp(-2000, 2000)).unwrap_or(0);
        let half = power / 2;
        let n = self.unit() * 2_f64.powi(half) * 2_f64.powi(power - half);
        if self.negative { -n } else { n }
    }

    /// Its highest bits, as a double from 0.5 to 1.
    fn unit(self) -> f64 {
        self.limbs[LIMBS - 1] as f64 / 18_446_744_073_709_551_616.0
    }

    pub(super) const fn is_zero(self) -> bool {
        self.limbs[LIMBS - 1] == 0
    }

    pub(super) const fn is_negative(self) -> bool {
        self.negative
    }

    pub(super) const fn neg(self) -> Self {
        Real { negative: !self.negative, ..self }
    }

    pub(super) const fn abs(self) -> Self {
        Real { negative: false, ..self }
    }

    /// Multiplied by a power of 2.
    pub(super) const fn scaled(self, power: i64) -> Self {
        Real { exponent: self.exponent + power, ..self }
    }

    pub(super) fn compare_abs(self, other: Self) -> Ordering {
        match (self.is_zero(), other.is_zero()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            (false, false) => (self.exponent.cmp(&other.exponent))
                .then_with(|| self.limbs.iter().rev().cmp(other.limbs.iter().rev())),
        }
    }

    /// Whether its magnitude is below `2^power`.
    pub(super) const fn is_below(self, power: i64) -> bool {
        self.is_zero() || self.exponent + BITS <= power
    }

    pub(super) fn add(self, other: Self) -> Self {
        let (large, small) =
            if self.compare_abs(other).is_lt() { (other, self) } else { (self, other) };
        let shift = large.exponent - small.exponent;
        if small.is_zero() || shift > BITS + 64 {
            return large;
        }
        // A word below and one above, for what is shifted out and what is carried.
        let mut words = [0_u64; LIMBS + 2];
        let mut carry = 0_i128;
        for (index, word) in words.iter_mut().enumerate() {
            let at = 64 * index as i64 - 64;
            let left = i128::from(word_at(&large.limbs, at));
            let right = i128::from(word_at(&small.limbs, at + shift));
            let sum =
                carry + if large.negative == small.negative { left + right } else { left - right };
            *word = sum as u64;
            carry = sum >> 64;
        }
        Real::normalized(large.negative, large.exponent - 64, &words)
    }

    pub(super) fn sub(self, other: Self) -> Self {
        self.add(other.neg())
    }

    pub(super) fn mul(self, other: Self) -> Self {
        let mut words = [0_u64; 2 * LIMBS];
        for (i, a) in self.limbs.iter().enumerate() {
            let mut carry = 0_u128;
            for (word, b) in words.iter_mut().skip(i).zip(other.limbs.iter().chain([&0])) {
                let sum = u128::from(*word) + u128::from(*a) * u128::from(*b) + carry;
                *word = sum as u64;
                carry = sum >> 64;
            }
        }
        let exponent = self.exponent + other.exponent;
        Real::normalized(self.negative != other.negative, exponent, &words)
    }

    pub(super) fn times(self, factor: u64) -> Self {
        self.mul(Real::from(u128::from(factor)))
    }

    pub(super) fn over(self, divisor: u64) -> Self {
        let mut words = [0_u64; LIMBS + 1];
        let mut rest = 0_u128;
        for index in (0..=LIMBS).rev() {
            let next = index.checked_sub(1).and_then(|at| self.limbs.get(at)).copied().unwrap_or(0);
            let dividend = rest << 64 | u128::from(next);
            words[index] = (dividend / u128::from(divisor.max(1))) as u64;
            rest = dividend % u128::from(divisor.max(1));
        }
        Real::normalized(self.negative, self.exponent - 64, &words)
    }

    /// Its inverse; of zero, zero.
    pub(super) fn recip(self) -> Self {
        if self.is_zero() {
            return Real::ZERO;
        }
        let unit = Real { negative: false, exponent: -BITS, limbs: self.limbs };
        let mut inverse = Real::from_f64(1.0 / self.unit());
        // Each time twice as many bits are right.
        for _ in 0..4 {
            let error = Real::one().sub(unit.mul(inverse));
            inverse = inverse.add(inverse.mul(error));
        }
        Real { negative: self.negative, ..inverse.scaled(-self.exponent - BITS) }
    }

    pub(super) fn div(self, other: Self) -> Self {
        self.mul(other.recip())
    }

    /// The square root of a magnitude.
    pub(super) fn sqrt(self) -> Self {
        if self.is_zero() {
            return Real::ZERO;
        }
        let power = self.exponent + BITS;
        let odd = power.rem_euclid(2);
        let unit = Real { negative: false, exponent: -BITS - odd, limbs: self.limbs };
        let start = if odd == 1 { self.unit() / 2.0 } else { self.unit() };
        let mut inverse = Real::from_f64(1.0 / start.sqrt());
        for _ in 0..4 {
            let error = Real::one().sub(unit.mul(inverse).mul(inverse));
            inverse = inverse.add(inverse.mul(error).scaled(-1));
        }
        unit.mul(inverse).scaled((power + odd) / 2)
    }

    /// The whole number nearest its magnitude, and whether it is exactly that; `None` above 2^127.
    pub(super) fn to_integer(self) -> Option<(u128, bool)> {
        if self.is_below(-1) {
            return Some((0, self.is_zero()));
        }
        let shift = -self.exponent;
        if shift <= BITS - 127 {
            return None;
        }
        let whole = u128::from(word_at(&self.limbs, shift + 64)) << 64
            | u128::from(word_at(&self.limbs, shift));
        let half = word_at(&self.limbs, shift - 1) & 1 == 1;
        let is_exact = (0..LIMBS as i64 + 1).all(|index| {
            let at = shift - 64 * (index + 1);
            word_at(&self.limbs, at) == 0
        });
        Some((whole + u128::from(half), is_exact))
    }

    /// The nearest number with the 113 bits of a quadruple.
    pub(super) fn to_quad(self) -> Self {
        const DROPPED: i64 = BITS - 113;
        let kept = self.cut();
        if word_at(&self.limbs, DROPPED - 1) & 1 == 0 {
            return kept;
        }
        let last_bit = Real::one().scaled(self.exponent + DROPPED);
        kept.add(Real { negative: self.negative, ..last_bit })
    }

    /// The same with only its highest 113 bits.
    pub(super) fn cut(self) -> Self {
        const DROPPED: u32 = BITS as u32 - 113;
        let mut limbs = self.limbs;
        for (index, limb) in limbs.iter_mut().enumerate() {
            let below = DROPPED.saturating_sub(64 * index as u32);
            *limb = if below >= 64 { 0 } else { *limb >> below << below };
        }
        Real { limbs, ..self }
    }

    pub(super) fn power_of_10(mut exponent: u32) -> Self {
        let (mut base, mut power) = (Real::from(10), Real::one());
        while exponent > 0 {
            if exponent & 1 == 1 {
                power = power.mul(base);
            }
            base = base.mul(base);
            exponent >>= 1;
        }
        power
    }

    /// Its decimal exponent: of the first of its digits. One too little or too much at times.
    pub(super) fn digits_before_point(self) -> i32 {
        let power = (self.exponent + BITS) as f64 * std::f64::consts::LOG10_2;
        (power + self.unit().log10()).floor() as i32
    }

    /// The sum of `1 / (n^k k)` for odd `k`, with changing signs or not: arctangents of inverses.
    fn series_of_inverse(n: u64, alternates: bool) -> Self {
        let mut power = Real::one().over(n);
        let mut sum = power;
        for k in (3..).step_by(2) {
            power = power.over(n * n);
            if power.is_below(-BITS) {
                break;
            }
            let term = power.over(k);
            sum = if alternates && k % 4 == 3 { sum.sub(term) } else { sum.add(term) };
        }
        sum
    }

    /// e to its power.
    pub(super) fn exp(self) -> Self {
        /// How often what is left is halved first, and the result then squared.
        const HALVINGS: i64 = 20;
        let power = (self.to_f64() / std::f64::consts::LN_2).round().clamp(-1e6, 1e6) as i64;
        let whole = LN_2.times(power.unsigned_abs());
        let rest = if power < 0 { self.add(whole) } else { self.sub(whole) };
        let rest = rest.scaled(-HALVINGS);
        let (mut term, mut sum) = (Real::one(), Real::one());
        for n in 1..=22 {
            term = term.mul(rest).over(n);
            sum = sum.add(term);
        }
        for _ in 0..HALVINGS {
            sum = sum.mul(sum);
        }
        sum.scaled(power)
    }

    /// The natural logarithm of a magnitude.
    pub(super) fn ln(self) -> Self {
        let mut power = self.exponent + BITS;
        let mut unit = Real { negative: false, exponent: -BITS, limbs: self.limbs };
        if self.unit() < std::f64::consts::FRAC_1_SQRT_2 {
            (unit, power) = (unit.scaled(1), power - 1);
        }
        let mut log = Real::from_f64(unit.to_f64().ln());
        // Each time three times as many bits are right.
        for _ in 0..2 {
            let exp = log.exp();
            log = log.add(unit.sub(exp).div(unit.add(exp)).scaled(1));
        }
        let whole = LN_2.times(power.unsigned_abs());
        if power < 0 { log.sub(whole) } else { log.add(whole) }
    }

    /// Sine and cosine, of an angle of less than 2.
    pub(super) fn sin_cos(self) -> (Self, Self) {
        let (mut term, mut sin, mut cos) = (Real::one(), Real::ZERO, Real::one());
        for n in 1..200 {
            term = term.mul(self).over(n);
            if term.is_below(-2 * BITS) {
                break;
            }
            match n % 4 {
                0 => cos = cos.add(term),
                1 => sin = sin.add(term),
                2 => cos = cos.sub(term),
                _ => sin = sin.sub(term),
            }
        }
        (if self.is_below(-BITS) { self } else { sin }, cos)
    }

    /// The angle of a tangent.
    pub(super) fn atan(self) -> Self {
        if self.compare_abs(Real::one()).is_gt() {
            let quarter = PI.scaled(-1);
            let rest = self.abs().recip().atan();
            let angle = quarter.sub(rest);
            return if self.negative { angle.neg() } else { angle };
        }
        let near = Real::from_f64(self.to_f64().atan());
        let (sin, cos) = near.sin_cos();
        let rest = self.mul(cos).sub(sin).div(cos.add(self.mul(sin)));
        let square = rest.mul(rest);
        let (mut term, mut sum) = (rest, rest);
        for n in [3, 5, 7] {
            term = term.mul(square).neg();
            sum = sum.add(term.over(n));
        }
        near.add(sum)
    }

    /// The hyperbolic sine.
    pub(super) fn sinh(self) -> Self {
        if !self.is_below(0) {
            let exp = self.exp();
            return exp.sub(exp.recip()).scaled(-1);
        }
        let square = self.mul(self);
        let (mut term, mut sum) = (self, self);
        for n in (2..80).step_by(2) {
            term = term.mul(square).over(n * (n + 1));
            sum = sum.add(term);
        }
        sum
    }

    pub(super) fn cosh(self) -> Self {
        let exp = self.exp();
        exp.add(exp.recip()).scaled(-1)
    }

    /// The inverse of [`sinh`](Real::sinh).
    pub(super) fn asinh(self) -> Self {
        let square = self.mul(self);
        if self.is_below(-70) {
            return self.sub(self.mul(square).over(6));
        }
        let n = self.abs().add(square.add(Real::one()).sqrt()).ln();
        if self.negative { n.neg() } else { n }
    }

    /// The inverse of [`cosh`](Real::cosh), of 1 and more.
    pub(super) fn acosh(self) -> Self {
        let one = Real::one();
        self.add(self.sub(one).mul(self.add(one)).sqrt()).ln()
    }

    /// The inverse of the hyperbolic tangent, of a magnitude below 1.
    pub(super) fn atanh(self) -> Self {
        if self.is_below(-70) {
            return self.add(self.mul(self).mul(self).over(3));
        }
        let one = Real::one();
        one.add(self).div(one.sub(self)).ln().scaled(-1)
    }
}

/// 64 bits of a number, from a bit on that may lie outside of it.
fn word_at(words: &[u64], bit: i64) -> u64 {
    let (index, shift) = (bit.div_euclid(64), bit.rem_euclid(64));
    let word =
        |index| usize::try_from(index).ok().and_then(|index: usize| words.get(index)).copied();
    let (low, high) = (word(index).unwrap_or(0), word(index + 1).unwrap_or(0));
    if shift == 0 { low } else { low >> shift | high << (64 - shift) }
}
