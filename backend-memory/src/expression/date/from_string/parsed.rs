//! What was read of a date's text, and the date that it makes.

use super::super::civil::{DAY, date_of, days_of_carried};
use super::super::zone::Zone;

/// What the server's library finds in a fraction of a second that nothing has set, in microseconds.
const UNSET_FRACTION: i64 = -99_999;

/// Larger numbers are refused before anything is calculated with them.
const MAX_NUMBER: u64 = 1 << 50;

/// What was read of a text.
#[derive(Debug, Default)]
pub(super) struct Parsed {
    pub(super) year: Option<i64>,
    pub(super) month: Option<i64>,
    pub(super) day: Option<i64>,
    pub(super) hour: Option<i64>,
    pub(super) minute: Option<i64>,
    pub(super) second: Option<i64>,
    pub(super) micros: Option<i64>,
    /// How many times of day were read.
    pub(super) times: u32,
    pub(super) has_date: bool,
    pub(super) has_zone: bool,
    pub(super) zone: Option<i64>,
    pub(super) relative: Relative,
}

/// What is added to a date.
#[derive(Debug, Default)]
pub(super) struct Relative {
    pub(super) years: i64,
    pub(super) months: i64,
    pub(super) days: i64,
    pub(super) seconds: i64,
    pub(super) micros: i64,
    pub(super) weekday: Option<i64>,
    pub(super) weekday_behavior: i64,
    pub(super) of_month: Option<OfMonth>,
    pub(super) edge: Option<Edge>,
}

/// `"first monday of"`, `"last monday of"`.
#[derive(Clone, Copy, Debug)]
pub(super) enum OfMonth {
    Counted,
    Last,
}

/// `"first day of"`, `"last day of"`.
#[derive(Clone, Copy, Debug)]
pub(super) enum Edge {
    First,
    Last,
}

/// Why a text makes no date.
#[derive(Debug)]
pub(super) enum Failure {
    /// What `onError` is for.
    Conversion(&'static str),
    /// It is too far away.
    Overflow,
    /// The server would take it.
    Unsupported,
}

impl Parsed {
    /// A time of day follows, midnight but for what is set then.
    pub(super) fn begin_time(&mut self) -> Result<(), Failure> {
        if self.times > 0 {
            return Err(Failure::Conversion("double time specification"));
        }
        self.clear_time();
        self.times = 1;
        Ok(())
    }

    /// Midnight, as if no time had been read.
    pub(super) fn clear_time(&mut self) {
        self.times = 0;
        (self.hour, self.minute, self.second) = (Some(0), Some(0), Some(0));
        self.micros = Some(0);
    }

    /// A date follows.
    pub(super) fn begin_date(&mut self) -> Result<(), Failure> {
        if std::mem::replace(&mut self.has_date, true) {
            return Err(Failure::Conversion("double date specification"));
        }
        Ok(())
    }

    /// A time zone follows.
    pub(super) fn begin_zone(&mut self) -> Result<(), Failure> {
        if std::mem::replace(&mut self.has_zone, true) {
            return Err(Failure::Conversion("double timezone specification"));
        }
        Ok(())
    }

    pub(super) fn set_date(&mut self, year: Option<i64>, month: Option<i64>, day: Option<i64>) {
        (self.year, self.month, self.day) = (year, month, day);
    }

    pub(super) fn set_time(&mut self, hour: Option<i64>, minute: Option<i64>, second: Option<i64>) {
        (self.hour, self.minute, self.second) = (hour, minute, second);
    }

    /// Refuses a time or a date that there is none of; of either, only if it is whole.
    pub(super) fn check(&self, time: bool, date: bool) -> Result<(), Failure> {
        if let (true, Some(hour), Some(minute), Some(second)) =
            (time, self.hour, self.minute, self.second)
            && !((0..24).contains(&hour) && (0..60).contains(&minute) && (0..60).contains(&second))
        {
            return Err(Failure::Conversion("the parsed time was invalid"));
        }
        if let (true, Some(year), Some(month), Some(day)) = (date, self.year, self.month, self.day)
        {
            // Leap years are the same after 400.
            let is_valid = (1..=12).contains(&month)
                && (1..=super::super::civil::days_in_month(year.rem_euclid(400), month))
                    .contains(&day);
            if !is_valid {
                return Err(Failure::Conversion("the parsed date was invalid"));
            }
        }
        Ok(())
    }

    /// Milliseconds since 1970, of a text without zone in this one.
    pub(super) fn to_millis(&self, zone: &Zone) -> Result<i64, Failure> {
        const INCOMPLETE: Failure =
            Failure::Conversion("an incomplete date/time string has been found");
        let (hour, minute, second, micros) = match (self.hour, self.minute, self.second) {
            (None, None, None) => (0, 0, 0, 0),
            (Some(hour), Some(minute), Some(second)) => {
                (hour, minute, second, self.micros.unwrap_or(UNSET_FRACTION))
            }
            _ => return Err(INCOMPLETE),
        };
        let (Some(year), Some(month), Some(day)) = (self.year, self.month, self.day) else {
            return Err(INCOMPLETE);
        };
        let own_zone = match self.zone {
            Some(_) if !zone.is_utc() => {
                return Err(Failure::Conversion(
                    "you cannot pass in a date/time string with time zone information together with a timezone argument",
                ));
            }
            Some(offset) => Some(Zone::Offset(offset)),
            None => None,
        };
        let relative = &self.relative;
        let numbers = [
            relative.years,
            relative.months,
            relative.days,
            relative.seconds,
            relative.micros / 1000,
            year,
        ];
        if numbers.iter().any(|number| number.unsigned_abs() > MAX_NUMBER) {
            return Err(Failure::Overflow);
        }
        let days = relative.apply(year, month, day);
        let micros = micros + relative.micros;
        let local =
            hour * 3600 + minute * 60 + second + relative.seconds + micros.div_euclid(1_000_000);
        let local = days
            .checked_mul(DAY)
            .and_then(|days| days.checked_add(local))
            .filter(|local| local.unsigned_abs() < 1 << 60)
            .ok_or(Failure::Overflow)?;
        own_zone
            .as_ref()
            .unwrap_or(zone)
            .to_utc(local, 0)
            .checked_mul(1_000_000)
            .and_then(|utc| utc.checked_add(micros.rem_euclid(1_000_000)))
            // Towards 1970, as the server does.
            .map(|micros| micros / 1000)
            .ok_or(Failure::Overflow)
    }
}

impl Relative {
    /// Adds everything but the time of day; gives days since 1970.
    fn apply(&self, mut year: i64, mut month: i64, mut day: i64) -> i64 {
        let normal = |year, month, day| date_of(days_of_carried(year, month, day));
        let mut months = self.months;
        match self.of_month {
            Some(OfMonth::Counted) => (month, day, months) = (month + months, 1, 0),
            Some(OfMonth::Last) => (month, day, months) = (month + months + 1, 1, 0),
            None => {}
        }
        match self.edge {
            Some(Edge::First) => day = 1,
            Some(Edge::Last) => (month, day) = (month + 1, 0),
            None => {}
        }
        (year, month, day) = normal(year, month, day);
        if let Some(weekday) = self.weekday {
            day += self.to_weekday(weekday, days_of_carried(year, month, day));
        }
        (year, month, day) = normal(year, month, day);
        (year, month, day) = (year + self.years, month + months, day + self.days);
        match self.edge {
            Some(Edge::First) => day = 1,
            Some(Edge::Last) => (month, day) = (month + 1, 0),
            None => {}
        }
        days_of_carried(year, month, day)
    }

    /// How many days away a weekday is, which is 0 to 6 from Sunday, or negative after `ago`.
    fn to_weekday(&self, weekday: i64, days: i64) -> i64 {
        let current = (days + 4).rem_euclid(7);
        if self.weekday_behavior == 2 {
            let weekday = match weekday {
                0 if current != 0 => 7,
                weekday if weekday != 0 && current == 0 => weekday - 7,
                weekday => weekday,
            };
            return weekday - current;
        }
        let mut difference = weekday - current;
        if self.days < 0 && difference < 0 || self.days >= 0 && difference <= -self.weekday_behavior
        {
            difference += 7;
        }
        if weekday >= 0 { difference } else { -(7 - (weekday.abs() - current)) }
    }
}
