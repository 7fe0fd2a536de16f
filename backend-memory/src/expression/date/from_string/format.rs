//! Texts of dates in a format.

use super::super::civil::{date_of, days_of_iso};
use super::parsed::{Failure, Parsed};
use super::token::Token;

/// What may follow a `%` in a format.
pub(super) const SPECIFIERS: &str = "dGHLmMSuVYzZ%\0";

/// Reads a text in a format.
///
/// # Errors
///
/// Of whatever differs from the format, or makes no date.
pub(super) fn parse(text: &[u8], format: &[u8]) -> Result<Parsed, Failure> {
    let mut parsed = Parsed::default();
    let (mut iso_year, mut iso_week, mut iso_day) = (None, None, None);
    // Both are C strings to the server's library.
    let (mut format, mut token) = (Token::new(format), Token::new(text));
    while !format.is_at_end() && !token.is_at_end() {
        let literal = format.peek();
        format.skip();
        let specifier = if literal == b'%' { format.peek() } else { b'%' };
        if literal == b'%' {
            format.skip();
        }
        match specifier {
            b'Y' => parsed.year = Some(number(&mut token, 1, 4)?),
            b'm' => parsed.month = Some(number(&mut token, 1, 2)?),
            b'd' => parsed.day = Some(number(&mut token, 1, 2)?),
            b'H' => parsed.hour = Some(number(&mut token, 1, 2)?),
            b'M' => parsed.minute = Some(number(&mut token, 2, 2)?),
            b'S' => parsed.second = Some(number(&mut token, 2, 2)?),
            b'L' => {
                let (millis, len) = digits(&mut token, 1, 3)?;
                parsed.micros = Some(millis * [0, 100_000, 10_000, 1000][len.min(3)]);
            }
            b'G' => iso_year = Some(skipped_to(&mut token, 4, i64::MIN..=i64::MAX)?),
            b'V' => iso_week = Some(skipped_to(&mut token, 2, 1..=53)?),
            b'u' => iso_day = Some(skipped_to(&mut token, 1, 1..=7)?),
            b'z' => parsed.zone = Some(token.zone()?),
            b'Z' => parsed.zone = Some(minutes(&mut token)? * 60),
            0 => break,
            _ if token.peek() == literal => token.skip(),
            _ => return Err(Failure::Conversion("format literal not found")),
        }
    }
    if !token.is_at_end() {
        return Err(Failure::Conversion("trailing data"));
    }
    if !format.is_at_end() {
        return Err(Failure::Conversion("data missing"));
    }
    if parsed.hour.is_some()
        || parsed.minute.is_some()
        || parsed.second.is_some()
        || parsed.micros.is_some()
    {
        for part in [&mut parsed.hour, &mut parsed.minute, &mut parsed.second, &mut parsed.micros] {
            part.get_or_insert(0);
        }
    }
    let is_natural = parsed.month.is_some() || parsed.day.is_some();
    let is_iso = iso_year.is_some() || iso_week.is_some() || iso_day.is_some();
    if parsed.year.is_some() && is_iso || iso_year.is_some() && is_natural {
        return Err(Failure::Conversion("mixing of ISO dates with natural dates is not allowed"));
    }
    if let Some(year) = iso_year {
        let days = days_of_iso(year, iso_week.unwrap_or(1), iso_day.unwrap_or(1));
        let (year, month, day) = date_of(days);
        parsed.set_date(Some(year), Some(month), Some(day));
    }
    parsed.check(true, true)?;
    Ok(parsed)
}

/// Digits that stand right here.
fn digits(token: &mut Token<'_>, least: usize, most: usize) -> Result<(i64, usize), Failure> {
    token
        .peek()
        .is_ascii_digit()
        .then(|| token.digits(most))
        .flatten()
        .filter(|(_, len)| *len >= least)
        .ok_or(Failure::Conversion("a number could not be found"))
}

fn number(token: &mut Token<'_>, least: usize, most: usize) -> Result<i64, Failure> {
    digits(token, least, most).map(|(number, _)| number)
}

/// A number of an ISO week, which the server's library looks for further on as well.
fn skipped_to(
    token: &mut Token<'_>,
    most: usize,
    range: std::ops::RangeInclusive<i64>,
) -> Result<i64, Failure> {
    token
        .number(most)
        .filter(|number| range.contains(number))
        .ok_or(Failure::Conversion("a number of an ISO week could not be found"))
}

/// `±mmm`, with any number of digits, or none.
fn minutes(token: &mut Token<'_>) -> Result<i64, Failure> {
    let sign = match token.peek() {
        b'+' => 1,
        b'-' => -1,
        _ => return Err(Failure::Conversion("invalid timezone offset in minutes")),
    };
    token.skip();
    let minutes = if token.peek().is_ascii_digit() { token.number(usize::MAX) } else { None };
    let minutes = minutes.unwrap_or(0);
    if minutes > 1 << 40 { Err(Failure::Overflow) } else { Ok(sign * minutes) }
}
