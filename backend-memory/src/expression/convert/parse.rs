//! Numbers from texts, as the server's libraries read them.

use crate::value::decimal::{DIGITS, Decimal};

/// The exponents that a Decimal128 may have.
const MIN_EXPONENT: i64 = -6176;
const MAX_EXPONENT: i64 = 6111;

/// A double, which may not be so small that it loses digits.
pub(super) fn double(text: &str) -> Option<f64> {
    // The server refuses this prefix, and lets its library read all other hexadecimal numbers.
    if text.starts_with("0x") {
        return None;
    }
    let (is_negative, magnitude) = sign(text);
    let lower = magnitude.to_ascii_lowercase();
    let value = if let Some(digits) = lower.strip_prefix("0x") {
        hexadecimal(digits)?
    } else if let Some(rest) = lower.strip_prefix("nan") {
        return is_payload(rest).then_some(f64::NAN);
    } else if lower == "inf" || lower == "infinity" {
        f64::INFINITY
    } else {
        if !lower.starts_with(|first: char| first.is_ascii_digit() || first == '.') {
            return None;
        }
        let value: f64 = lower.parse().ok()?;
        let mantissa = lower.split('e').next().unwrap_or(&lower);
        let is_zero = mantissa.bytes().all(|byte| matches!(byte, b'0' | b'.'));
        check_range(value, is_zero)?
    };
    Some(if is_negative { -value } else { value })
}

fn sign(text: &str) -> (bool, &str) {
    match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    }
}

/// What may follow `nan`: nothing, or characters in parentheses.
fn is_payload(text: &str) -> bool {
    let inner = text.strip_prefix('(').and_then(|text| text.strip_suffix(')'));
    let is_word = |inner: &str| inner.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    text.is_empty() || inner.is_some_and(is_word)
}

/// Refuses what is too large, or so small that digits are lost.
fn check_range(value: f64, is_zero: bool) -> Option<f64> {
    let is_lost = value.is_infinite() || value < f64::MIN_POSITIVE && !is_zero;
    (!is_lost).then_some(value)
}

/// Hexadecimal digits with a point and a power of two, perhaps.
fn hexadecimal(text: &str) -> Option<f64> {
    let (digits, power) = match text.split_once('p') {
        Some((digits, power)) => (digits, exponent(power)?),
        None => (text, 0),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let (mut mantissa, mut power) = (0_u128, power);
    for (index, digit) in whole.chars().chain(fraction.chars()).enumerate() {
        let digit = u128::from(digit.to_digit(16)?);
        if index >= whole.len() {
            power -= 4;
        }
        if mantissa >> 120 == 0 {
            mantissa = mantissa << 4 | digit;
        } else {
            // What is cut off only matters by being there.
            (mantissa, power) = (mantissa | u128::from(digit != 0), power + 4);
        }
    }
    let power = power.clamp(-4000, 4000) as i32;
    let scale = |power: i32| 2_f64.powi(power.clamp(-1000, 1000));
    let scaled = (0..4).fold((mantissa as f64, power), |(value, left), _| {
        let step = left.clamp(-1000, 1000);
        (value * scale(step), left - step)
    });
    check_range(scaled.0, mantissa == 0)
}

/// A signed number, which is cut to what any exponent may be.
fn exponent(text: &str) -> Option<i64> {
    let (is_negative, digits) = sign(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let value = digits
        .bytes()
        .fold(0_i64, |value, digit| (value * 10 + i64::from(digit - b'0')).min(1 << 40));
    Some(if is_negative { -value } else { value })
}

/// A Decimal128. Digits beyond the 34th are cut off; what is too large, or too small to keep all of its
/// other digits, is refused.
pub(super) fn decimal(text: &str) -> Option<Decimal> {
    let (negative, magnitude) = sign(text);
    if magnitude.eq_ignore_ascii_case("nan") {
        return Some(Decimal::NAN);
    }
    if magnitude.eq_ignore_ascii_case("inf") || magnitude.eq_ignore_ascii_case("infinity") {
        return Some(Decimal::Infinite { negative });
    }
    let (digits, mut exponent) = match magnitude.split_once(['e', 'E']) {
        Some((digits, power)) => (digits, exponent(power)?),
        None => (magnitude, 0),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let (mut coefficient, mut len) = (0_u128, 0);
    for (index, digit) in whole.bytes().chain(fraction.bytes()).enumerate() {
        if !digit.is_ascii_digit() {
            return None;
        }
        if index >= whole.len() {
            exponent -= 1;
        }
        if len < DIGITS {
            coefficient = coefficient * 10 + u128::from(digit - b'0');
            len += u32::from(coefficient != 0);
        } else {
            exponent += 1;
        }
    }
    let exponent = fit(&mut coefficient, exponent)?;
    Some(Decimal::Finite { negative, coefficient, exponent })
}

/// Moves digits between coefficient and exponent until the exponent is in range.
fn fit(coefficient: &mut u128, mut exponent: i64) -> Option<i32> {
    if *coefficient == 0 {
        return i32::try_from(exponent.clamp(MIN_EXPONENT, MAX_EXPONENT)).ok();
    }
    while exponent < MIN_EXPONENT {
        if !coefficient.is_multiple_of(10) {
            return None;
        }
        (*coefficient, exponent) = (*coefficient / 10, exponent + 1);
    }
    while exponent > MAX_EXPONENT {
        if *coefficient >= 10_u128.pow(DIGITS - 1) {
            return None;
        }
        (*coefficient, exponent) = (*coefficient * 10, exponent - 1);
    }
    i32::try_from(exponent).ok()
}
