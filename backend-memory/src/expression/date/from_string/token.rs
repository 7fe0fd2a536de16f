//! A part of a text that a pattern matched, and what is read from it.

use super::super::abbreviation;
use super::parsed::Failure;

/// Reads the parts of what was matched.
pub(super) struct Token<'t> {
    text: &'t [u8],
    at: usize,
}

/// The months by their names; some of which are short, Roman, or both.
const MONTHS: [(&str, i64); 36] = [
    ("jan", 1),
    ("feb", 2),
    ("mar", 3),
    ("apr", 4),
    ("may", 5),
    ("jun", 6),
    ("jul", 7),
    ("aug", 8),
    ("sep", 9),
    ("sept", 9),
    ("oct", 10),
    ("nov", 11),
    ("dec", 12),
    ("i", 1),
    ("ii", 2),
    ("iii", 3),
    ("iv", 4),
    ("v", 5),
    ("vi", 6),
    ("vii", 7),
    ("viii", 8),
    ("ix", 9),
    ("x", 10),
    ("xi", 11),
    ("xii", 12),
    ("january", 1),
    ("february", 2),
    ("march", 3),
    ("april", 4),
    ("june", 6),
    ("july", 7),
    ("august", 8),
    ("september", 9),
    ("october", 10),
    ("november", 11),
    ("december", 12),
];

impl<'t> Token<'t> {
    pub(super) fn new(text: &'t [u8]) -> Self {
        Token { text, at: 0 }
    }

    /// The next byte; NUL at the end.
    pub(super) fn peek(&self) -> u8 {
        self.text.get(self.at).copied().unwrap_or_default()
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.peek() == 0
    }

    pub(super) fn skip(&mut self) {
        self.at += 1;
    }

    pub(super) fn skip_while(&mut self, is_skipped: impl Fn(u8) -> bool) {
        while self.at < self.text.len() && is_skipped(self.peek()) {
            self.at += 1;
        }
    }

    /// The rest of the text.
    pub(super) fn rest(&self) -> &'t [u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub(super) fn take_while(&mut self, is_taken: impl Fn(u8) -> bool) -> &'t [u8] {
        let start = self.at;
        self.skip_while(is_taken);
        self.text.get(start..self.at).unwrap_or_default()
    }

    /// The next number, of so many digits at most, and how many it has; what is before it is skipped.
    pub(super) fn digits(&mut self, most: usize) -> Option<(i64, usize)> {
        let rest = self.rest();
        let skipped = rest.iter().position(|byte| byte.is_ascii_digit() || *byte == 0);
        self.at += skipped.unwrap_or(rest.len());
        let rest = self.rest();
        let len = rest.iter().take(most).take_while(|byte| byte.is_ascii_digit()).count();
        self.at += len;
        (len > 0).then(|| (number(&rest[..len]), len))
    }

    pub(super) fn number(&mut self, most: usize) -> Option<i64> {
        self.digits(most).map(|(number, _)| number)
    }

    /// A number with signs before it, of which the first counts.
    pub(super) fn signed_number(&mut self) -> Option<i64> {
        self.skip_while(|byte| !byte.is_ascii_digit() && !matches!(byte, b'+' | b'-' | 0));
        let signs = self.take_while(|byte| matches!(byte, b'+' | b'-'));
        let number = self.number(24)?;
        Some(if signs.first() == Some(&b'-') { -number } else { number })
    }

    /// A year; those of one to three digits are of this century and the last, from 1970 to 2069.
    pub(super) fn year(&mut self, most: usize) -> Option<i64> {
        let (year, len) = self.digits(most)?;
        Some(match year {
            _ if len >= 4 || year >= 100 => year,
            0..70 => year + 2000,
            _ => year + 1900,
        })
    }

    /// A month by its name.
    pub(super) fn month(&mut self) -> Option<i64> {
        self.skip_while(|byte| matches!(byte, b' ' | b'\t' | b'-' | b'.' | b'/'));
        let word = self.take_while(|byte| byte.is_ascii_alphabetic());
        MONTHS.iter().find(|(name, _)| name.as_bytes().eq_ignore_ascii_case(word)).map(|row| row.1)
    }

    /// `st`, `nd`, `rd` or `th`.
    pub(super) fn skip_day_suffix(&mut self) {
        let suffix = self.rest().first_chunk::<2>().map(|suffix| suffix.to_ascii_lowercase());
        if matches!(suffix.as_deref(), Some(b"st" | b"nd" | b"rd" | b"th")) {
            self.at += 2;
        }
    }

    /// A fraction of a second after `.` or `:`, in microseconds.
    pub(super) fn fraction(&mut self) -> i64 {
        self.skip();
        let digits = self.take_while(|byte| byte.is_ascii_digit());
        let digits = digits.iter().chain(std::iter::repeat(&b'0')).take(6);
        digits.fold(0, |micros, digit| micros * 10 + i64::from(digit - b'0'))
    }

    /// What `am` or `pm` adds to an hour.
    pub(super) fn meridian(&mut self, hour: i64) -> i64 {
        self.skip_while(|byte| !matches!(byte, b'a' | b'A' | b'p' | b'P'));
        match self.peek().to_ascii_lowercase() {
            b'a' if hour == 12 => -12,
            b'p' if hour != 12 => 12,
            _ => 0,
        }
    }

    /// Seconds ahead of UTC, of an offset or an abbreviation.
    pub(super) fn zone(&mut self) -> Result<i64, Failure> {
        self.skip_while(|byte| matches!(byte, b' ' | b'\t' | b'('));
        if matches!(self.rest(), [b'G', b'M', b'T', b'+' | b'-', ..]) {
            self.at += 3;
        }
        let offset = match self.peek() {
            sign @ (b'+' | b'-') => {
                self.skip();
                let offset =
                    clock_offset(self.take_while(|byte| byte.is_ascii_digit() || byte == b':'));
                if sign == b'-' { -offset } else { offset }
            }
            _ => {
                let name = self.take_while(|byte| !matches!(byte, 0 | b')' | b' '));
                let found = std::str::from_utf8(name).ok().and_then(abbreviation::offset);
                found.ok_or(Failure::Conversion(
                    "passing a time zone identifier as part of the string is not allowed",
                ))?
            }
        };
        self.skip_while(|byte| byte == b')');
        Ok(offset)
    }
}

/// The value of digits; too many give the largest number.
fn number(digits: &[u8]) -> i64 {
    digits.iter().fold(0_i64, |number, digit| {
        number.saturating_mul(10).saturating_add(i64::from(digit - b'0'))
    })
}

/// Seconds of `h`, `hh`, `h:m`, `hmm`, `h:mm`, `hh:m`, `hhmm`, `hh:mm`, `hhmmss` or `hh:mm:ss`.
fn clock_offset(text: &[u8]) -> i64 {
    let leading =
        |text: &[u8]| number(&text[..text.iter().take_while(|b| b.is_ascii_digit()).count()]);
    let colon = text.iter().position(|byte| *byte == b':');
    let (hours, minutes, seconds) = match (text.len(), colon) {
        (1 | 2, _) => (leading(text), 0, 0),
        (3..=5, Some(colon @ (1 | 2))) => (leading(text), leading(&text[colon + 1..]), 0),
        (3 | 4, _) => (number(text) / 100, number(text) % 100, 0),
        (6, None) => (number(&text[..2]), number(&text[2..4]), number(&text[4..])),
        (8, Some(2)) => (number(&text[..2]), leading(&text[3..5]), leading(&text[6..])),
        _ => (0, 0, 0),
    };
    hours * 3600 + minutes * 60 + seconds
}
