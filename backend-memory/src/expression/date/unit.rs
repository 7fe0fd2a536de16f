//! Units of time, and counting in them by the clocks and calendar of a zone.

use odm_core::{Error, ErrorCode, Result};

use super::civil::{Civil, DAY, days_in_month, days_of, iso_weekday};
use super::overflow;
use super::zone::Zone;
use crate::expression::refused;

/// A unit of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Year,
    Quarter,
    Month,
    Week,
    Day,
    Hour,
    Minute,
    Second,
    Millisecond,
}

/// Bins that hold more days, or longer units, are refused.
const MAX_BIN: i64 = 100_000_000_000;

/// How many days the dates of 64-bit milliseconds span, and a little more.
const MAX_DAYS: i64 = 213_503_982_335;

/// How many years of 365 days they span.
const MAX_YEARS: i64 = 584_942_418;

impl Unit {
    /// The unit of a name.
    pub(crate) fn parse(name: &str) -> Option<Unit> {
        Some(match name {
            "year" => Unit::Year,
            "quarter" => Unit::Quarter,
            "month" => Unit::Month,
            "week" => Unit::Week,
            "day" => Unit::Day,
            "hour" => Unit::Hour,
            "minute" => Unit::Minute,
            "second" => Unit::Second,
            "millisecond" => Unit::Millisecond,
            _ => return None,
        })
    }

    /// The amounts that may be added are below.
    const fn limit(self) -> i64 {
        match self {
            Unit::Year => MAX_YEARS,
            Unit::Quarter => MAX_YEARS * 4,
            Unit::Month => MAX_YEARS * 12,
            Unit::Week => MAX_DAYS / 7 + 1,
            Unit::Day => MAX_DAYS,
            Unit::Hour => MAX_DAYS * 24,
            Unit::Minute => MAX_DAYS * 24 * 60,
            Unit::Second => MAX_DAYS * DAY,
            Unit::Millisecond => i64::MAX,
        }
    }

    /// Its milliseconds, if it has always as many: of hours and less.
    const fn millis(self) -> Option<i64> {
        match self {
            Unit::Hour => Some(3_600_000),
            Unit::Minute => Some(60_000),
            Unit::Second => Some(1000),
            Unit::Millisecond => Some(1),
            Unit::Year | Unit::Quarter | Unit::Month | Unit::Week | Unit::Day => None,
        }
    }
}

/// The day of the week of a name, in any case and whole or of three letters: 1 to 7 from Monday.
pub(super) fn weekday_of(name: &str) -> Option<i64> {
    const NAMES: [&str; 7] =
        ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    let is = |known: &&str| {
        known.eq_ignore_ascii_case(name)
            || known.get(..3).is_some_and(|short| short.eq_ignore_ascii_case(name))
    };
    NAMES.iter().position(is).map(|index| index as i64 + 1)
}

/// A date so many units later.
///
/// # Errors
///
/// 5976500 if there are never so many, 159 and 5166406 if the date does not fit.
pub(crate) fn add(millis: i64, unit: Unit, amount: i64, zone: &Zone) -> Result<i64> {
    if unit == Unit::Millisecond {
        return millis.checked_add(amount).ok_or_else(overflow);
    }
    if amount.unsigned_abs() >= unit.limit().unsigned_abs() {
        let message = format!("invalid dateAdd 'amount' parameter value: {amount} {unit:?}");
        return refused(5_976_500, message);
    }
    let seconds = millis.div_euclid(1000);
    let utc = match unit.millis() {
        Some(length) => seconds + amount * (length / 1000),
        None => {
            let start = Civil::at(millis, zone.offset_at(seconds));
            let days = match unit {
                Unit::Week => start.days() + amount * 7,
                Unit::Day => start.days() + amount,
                Unit::Year => add_months(&start, amount * 12),
                Unit::Quarter => add_months(&start, amount * 3),
                _ => add_months(&start, amount),
            };
            zone.to_utc(days * DAY + start.seconds().rem_euclid(DAY), seconds)
        }
    };
    // Before 1970 the server takes the fraction of a second for a negative one, a second too early.
    let fraction = millis % 1000;
    (utc + fraction.div_euclid(1000))
        .checked_mul(1000)
        .and_then(|utc| utc.checked_add(fraction.rem_euclid(1000)))
        .ok_or_else(|| Error::command(ErrorCode(5_166_406), "dateAdd overflowed"))
}

/// The same day of another month, or the last one there is.
fn add_months(start: &Civil, months: i64) -> i64 {
    let months = start.year * 12 + start.month - 1 + months;
    let (year, month) = (months.div_euclid(12), months.rem_euclid(12) + 1);
    days_of(year, month, start.day.min(days_in_month(year, month)))
}

/// How many beginnings of units are between two dates. Weeks begin on `week`, 1 to 7 from Monday.
///
/// # Errors
///
/// 5166308 if there are too many milliseconds.
pub(crate) fn difference(start: i64, end: i64, unit: Unit, zone: &Zone, week: i64) -> Result<i64> {
    if unit == Unit::Millisecond {
        return end
            .checked_sub(start)
            .ok_or_else(|| Error::command(ErrorCode(5_166_308), "dateDiff overflowed"));
    }
    let (start_offset, end_offset) =
        (zone.offset_at(start.div_euclid(1000)), zone.offset_at(end.div_euclid(1000)));
    let (start, end) = (Civil::at(start, start_offset), Civil::at(end, end_offset));
    let between = |count: &dyn Fn(&Civil) -> i64| count(&end) - count(&start);
    // Hours and less are those of UTC, though they begin where the zone's clocks say.
    let clocks = end_offset - start_offset;
    Ok(match unit {
        Unit::Year => between(&|date| date.year),
        Unit::Quarter => between(&|date| date.year * 4 + (date.month - 1) / 3),
        Unit::Month => between(&|date| date.year * 12 + date.month),
        Unit::Week => between(&|date| weeks(date.days(), week)),
        Unit::Day => between(&Civil::days),
        Unit::Hour => between(&|date| date.seconds().div_euclid(3600)) - clocks / 3600,
        Unit::Minute => between(&|date| date.seconds().div_euclid(60)) - clocks / 60,
        Unit::Second | Unit::Millisecond => between(&Civil::seconds) - clocks,
    })
}

/// Which week a day is in.
fn weeks(days: i64, week: i64) -> i64 {
    // 1970-01-05 was a Monday.
    (days - 4 - (week - 1)).div_euclid(7)
}

/// The beginning of the bin of so many units that a date is in; bins are counted from 2000-01-01, those
/// of weeks from the first beginning of a week after it.
///
/// # Errors
///
/// 5439006 and 5439002 for too large a bin, 5439000 and 5439001 if its beginning does not fit, and as [`add`].
pub(crate) fn truncate(millis: i64, unit: Unit, bin: i64, zone: &Zone, week: i64) -> Result<i64> {
    let overflowed = |code| Error::command(ErrorCode(code), "dateTrunc overflowed");
    let mut first = days_of(2000, 1, 1);
    if unit == Unit::Week {
        first += (week - iso_weekday(first)).rem_euclid(7);
    }
    let reference = zone.to_utc(first * DAY, 0) * 1000;
    if let Some(length) = unit.millis() {
        let bin = bin.checked_mul(length).ok_or_else(|| overflowed(5_439_002))?;
        let distance = millis.checked_sub(reference).ok_or_else(|| overflowed(5_439_000))?;
        return distance
            .checked_sub(distance.rem_euclid(bin))
            .and_then(|begin| begin.checked_add(reference))
            .ok_or_else(|| overflowed(5_439_001));
    }
    if bin > MAX_BIN {
        return refused(5_439_006, "dateTrunc unsupported binSize value");
    }
    let distance = difference(reference, millis, unit, zone, week)?;
    add(reference, unit, distance - distance.rem_euclid(bin), zone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_end_where_they_end() {
        let date = |year, month, day| Civil::at(days_of(year, month, day) * DAY * 1000, 0);
        assert_eq!(add_months(&date(2020, 1, 31), 1), days_of(2020, 2, 29));
        assert_eq!(add_months(&date(2020, 2, 29), 12), days_of(2021, 2, 28));
        assert_eq!(add_months(&date(2020, 3, 31), -13), days_of(2019, 2, 28));
    }
}
