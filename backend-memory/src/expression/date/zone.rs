//! Time zones: by their names in the tz database, or by an offset.

use std::borrow::Cow;
use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::tz::{Dst, TimeZone, TimeZoneDatabase};
use odm_core::Result;

use super::civil::{CYCLE_DAYS, DAY};
use super::text;
use crate::expression::{Node, Scope, refused};

/// The tz database that is built in, so that answers do not depend on the machine.
static DATABASE: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// The seconds of 400 years, after which calendar and rules repeat.
const CYCLE: i64 = CYCLE_DAYS * DAY;

/// Seconds that the database is asked about: about the years -9600 to 9600.
const KNOWN: i64 = 240_000_000_000;

/// A time zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Zone {
    /// Seconds ahead of UTC.
    Offset(i64),
    /// One with a history.
    Named(TimeZone),
}

impl Zone {
    pub(crate) const UTC: Zone = Zone::Offset(0);

    /// Reads a name or an offset: `"Europe/Rome"`, `"+02"`, `"+0200"`, `"+02:00"`.
    ///
    /// # Errors
    ///
    /// 40485 if it is neither. Names are case-sensitive.
    pub(crate) fn parse(text: &str) -> Result<Zone> {
        let found = Zone::named(text).or_else(|| offset(text).map(Zone::Offset));
        found.map_or_else(
            || refused(40_485, format!("unrecognized time zone identifier: \"{text}\"")),
            Ok,
        )
    }

    /// The zone of a name that is spelled as in the database.
    pub(crate) fn named(name: &str) -> Option<Zone> {
        let zone = DATABASE.get(name).ok()?;
        (zone.iana_name() == Some(name)).then_some(Zone::Named(zone))
    }

    /// Whether it is UTC, and not by a name.
    pub(crate) fn is_utc(&self) -> bool {
        *self == Zone::UTC
    }

    /// How many seconds its clocks are ahead of UTC so many seconds after 1970.
    pub(crate) fn offset_at(&self, seconds: i64) -> i64 {
        match self {
            Zone::Offset(offset) => *offset,
            Zone::Named(zone) => rule(zone, seconds).offset,
        }
    }

    /// When its clocks show so many seconds since 1970-01-01 00:00.
    ///
    /// A time that is shown twice is the first one, and one that is skipped is what the clocks
    /// would have shown without the change, both as the server's library finds them, which takes account
    /// of whether it was summer at another time.
    pub(crate) fn to_utc(&self, local: i64, another: i64) -> i64 {
        let zone = match self {
            Zone::Offset(offset) => return local - offset,
            Zone::Named(zone) => zone,
        };
        let shift = cycles_away(local) * CYCLE;
        let local = local - shift;
        let current = rule(zone, local);
        let after = rule(zone, local - current.offset);
        let (mut actual, mut since) = (after.offset, since(zone, local - current.offset));
        if current.offset == after.offset {
            // A change nearby may be missed, since the offset is not known yet.
            let was_dst = rule(zone, another).is_dst;
            if current.offset >= 0 && was_dst && !current.is_dst {
                let at = local - current.offset - 7200;
                let (earlier, earlier_since) = (rule(zone, at), self::since(zone, at));
                if earlier.offset != after.offset
                    && since.is_some_and(|since| local - earlier.offset < since)
                {
                    (actual, since) = (earlier.offset, earlier_since);
                }
            } else if current.offset <= 0 && current.is_dst && !was_dst {
                let at = local - current.offset + 7200;
                let (later, later_since) = (rule(zone, at), self::since(zone, at));
                if later.offset != after.offset
                    && later_since.is_some_and(|since| local - later.offset >= since)
                {
                    actual = later.offset;
                }
            }
        }
        let in_transition = since.is_some_and(|since| {
            local - actual >= since + (current.offset - actual) && local - actual < since
        });
        let offset =
            if current.offset != actual && !in_transition { actual } else { current.offset };
        local - offset + shift
    }
}

/// What holds in a zone at some time.
struct Rule {
    offset: i64,
    is_dst: bool,
}

/// How many cycles have to be taken off to be in the range that the database knows.
fn cycles_away(seconds: i64) -> i64 {
    if seconds > KNOWN {
        (seconds - KNOWN).div_euclid(CYCLE) + 1
    } else if seconds < -KNOWN {
        -((-KNOWN - seconds).div_euclid(CYCLE) + 1)
    } else {
        0
    }
}

fn timestamp(seconds: i64) -> Timestamp {
    let seconds = seconds - cycles_away(seconds) * CYCLE;
    Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn rule(zone: &TimeZone, seconds: i64) -> Rule {
    let info = zone.to_offset_info(timestamp(seconds));
    Rule { offset: info.offset().seconds().into(), is_dst: info.dst() == Dst::Yes }
}

/// When what holds at a time began, if it did not always.
fn since(zone: &TimeZone, seconds: i64) -> Option<i64> {
    // The database tells what changed strictly before.
    let at = timestamp(seconds.saturating_add(1));
    zone.preceding(at).next().map(|transition| transition.timestamp().as_second())
}

/// Seconds of `±hh`, `±hhmm` or `±hh:mm`.
fn offset(text: &str) -> Option<i64> {
    let (sign, digits) = match text.as_bytes() {
        [b'+', digits @ ..] => (1, digits),
        [b'-', digits @ ..] => (-1, digits),
        _ => return None,
    };
    let (hours, minutes) = match digits {
        [a, b] => ([a, b], [&b'0', &b'0']),
        [a, b, c, d] | [a, b, b':', c, d] => ([a, b], [c, d]),
        _ => return None,
    };
    let number = |[tens, ones]: [&u8; 2]| {
        let digit = |byte: &u8| byte.is_ascii_digit().then(|| i64::from(byte - b'0'));
        Some(digit(tens)? * 10 + digit(ones)?)
    };
    Some(sign * (number(hours)? * 3600 + number(minutes)? * 60))
}

/// The operand that names a time zone.
#[derive(Debug)]
pub(super) enum ZoneOperand {
    /// None was given: UTC.
    Absent,
    /// A constant one that exists.
    Constant(Zone),
    /// It differs between documents, or is refused when it is asked for.
    Computed(Node),
}

impl ZoneOperand {
    pub(super) fn new(node: Option<Node>) -> Self {
        let Some(node) = node else { return ZoneOperand::Absent };
        let name = node.as_constant().and_then(text);
        match name.map(Zone::parse) {
            Some(Ok(zone)) => ZoneOperand::Constant(zone),
            _ => ZoneOperand::Computed(node),
        }
    }

    /// The zone; `None` if the operand is null or missing.
    ///
    /// # Errors
    ///
    /// `code` if it is no string, 40485 if it names no zone.
    pub(super) fn zone(&self, scope: &Scope<'_>, code: i32) -> Result<Option<Cow<'_, Zone>>> {
        let node = match self {
            ZoneOperand::Absent => return Ok(Some(Cow::Owned(Zone::UTC))),
            ZoneOperand::Constant(zone) => return Ok(Some(Cow::Borrowed(zone))),
            ZoneOperand::Computed(node) => node,
        };
        let value = node.eval(scope)?;
        if value.is_nullish() {
            return Ok(None);
        }
        match text(&value) {
            Some(name) => Ok(Some(Cow::Owned(Zone::parse(name)?))),
            None => refused(
                code,
                format!("timezone must evaluate to a string, found {}", value.type_name()),
            ),
        }
    }

    pub(super) fn visit<'n>(&'n self, visit: &mut dyn FnMut(&'n Node)) {
        if let ZoneOperand::Computed(node) = self {
            visit(node);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where the built-in database knows more than that of a MongoDB 6.0.5, which is of 2022, or less: it
    /// has merged zones that differ only before 1970.
    #[test]
    fn known_differences_of_the_data() {
        // Zone, seconds, the server's offset in minutes, and ours.
        let rows: [(&str, i64, i64, i64); 7] = [
            ("America/Mexico_City", 1_688_169_600, -300, -360), // Its law of October 2022.
            ("Africa/Cairo", 1_688_169_600, 120, 180),          // Its law of 2023.
            ("America/Scoresbysund", 2_500_000_000, -60, -120), // Its law of 2024.
            ("Africa/Casablanca", 2_500_000_000, 60, 0),        // Announced in 2026.
            ("CET", -2_500_000_000, 60, 17), // An alias of Europe/Brussels since 2024.
            ("Africa/Kinshasa", -2_500_000_000, 61, 13), // An alias of Africa/Lagos.
            ("Africa/Dakar", -700_000_000, -60, 0), // An alias of Africa/Abidjan.
        ];
        for (name, seconds, server, ours) in rows {
            let found = Zone::named(name).unwrap().offset_at(seconds) / 60;
            assert_eq!(found, ours, "{name}: the server has {server}");
            assert_ne!(found, server, "{name} differs no longer");
        }
        // The server refuses these with 40485; they are of 2022 and 2025.
        for name in ["America/Ciudad_Juarez", "America/Coyhaique"] {
            assert!(Zone::named(name).is_some(), "{name}");
        }
    }
}
