//! The proleptic Gregorian calendar, of any year that 64-bit milliseconds reach.

/// The seconds of a day.
pub(super) const DAY: i64 = 86_400;

/// The days of 400 years, after which the calendar repeats.
pub(super) const CYCLE_DAYS: i64 = 146_097;

/// A date and time of day, in some time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Civil {
    pub(crate) year: i64,
    /// From 1.
    pub(crate) month: i64,
    /// From 1.
    pub(crate) day: i64,
    pub(crate) hour: i64,
    pub(crate) minute: i64,
    pub(crate) second: i64,
    pub(crate) millisecond: i64,
    /// Since 1970-01-01.
    days: i64,
}

impl Civil {
    /// What a clock shows that is `offset` seconds ahead of UTC.
    pub(crate) fn at(millis: i64, offset: i64) -> Self {
        let seconds = millis.div_euclid(1000) + offset;
        let (days, of_day) = (seconds.div_euclid(DAY), seconds.rem_euclid(DAY));
        let (year, month, day) = date_of(days);
        Civil {
            year,
            month,
            day,
            hour: of_day / 3600,
            minute: of_day / 60 % 60,
            second: of_day % 60,
            millisecond: millis.rem_euclid(1000),
            days,
        }
    }

    /// Days since 1970-01-01.
    pub(crate) const fn days(&self) -> i64 {
        self.days
    }

    /// Seconds since 1970-01-01 00:00 by the same clock.
    pub(crate) const fn seconds(&self) -> i64 {
        self.days * DAY + self.hour * 3600 + self.minute * 60 + self.second
    }

    /// 1 to 7, from Sunday.
    pub(crate) const fn day_of_week(&self) -> i64 {
        weekday(self.days) + 1
    }

    /// 1 to 7, from Monday.
    pub(crate) const fn iso_day_of_week(&self) -> i64 {
        iso_weekday(self.days)
    }

    /// From 1.
    pub(crate) const fn day_of_year(&self) -> i64 {
        self.days - days_of(self.year, 1, 1) + 1
    }

    /// 0 to 53: weeks begin on Sundays, and days before the first one are in week 0.
    pub(crate) const fn week(&self) -> i64 {
        (self.day_of_year() - 1 + 7 - weekday(self.days)) / 7
    }

    /// The year that most of its week is in, counted from Monday, and the number of the week there.
    pub(crate) const fn iso_week(&self) -> (i64, i64) {
        // The Thursday of a week decides.
        let thursday = self.days + 4 - self.iso_day_of_week();
        let (year, ..) = date_of(thursday);
        (year, (thursday - days_of(year, 1, 1)) / 7 + 1)
    }
}

/// 0 to 6, from Sunday.
const fn weekday(days: i64) -> i64 {
    // 1970-01-01 was a Thursday.
    (days + 4).rem_euclid(7)
}

/// 1 to 7, from Monday.
pub(super) const fn iso_weekday(days: i64) -> i64 {
    (days + 3).rem_euclid(7) + 1
}

/// The days from 1970-01-01 to a date. Days may be any; months from 1 to 12.
pub(super) const fn days_of(year: i64, month: i64, day: i64) -> i64 {
    // Years that begin in March have their leap day at the end.
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * CYCLE_DAYS + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Year, month and day so many days after 1970-01-01.
pub(super) const fn date_of(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(CYCLE_DAYS), days.rem_euclid(CYCLE_DAYS));
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + (month <= 2) as i64, month, day)
}

/// The days from 1970-01-01 to a date with any month, which may be carried over to other years.
pub(super) const fn days_of_carried(year: i64, month: i64, day: i64) -> i64 {
    let month = month - 1;
    days_of(year + month.div_euclid(12), month.rem_euclid(12) + 1, day)
}

/// The days from 1970-01-01 to a day of an ISO week; weeks and days may be any.
pub(super) const fn days_of_iso(year: i64, week: i64, day: i64) -> i64 {
    // January 4th is always in the first week.
    let fourth = days_of(year, 1, 4);
    fourth - iso_weekday(fourth) + (week - 1) * 7 + day
}

/// The days of a month from 1 to 12.
pub(super) const fn days_in_month(year: i64, month: i64) -> i64 {
    days_of_carried(year, month + 1, 1) - days_of(year, month, 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_days_agree() {
        for days in (-1_000_000..1_000_000).step_by(97).chain(-800..800) {
            let (year, month, day) = date_of(days);
            assert_eq!(days_of(year, month, day), days, "{year}-{month}-{day}");
            assert!((1..=days_in_month(year, month)).contains(&day), "{year}-{month}-{day}");
        }
        assert_eq!(date_of(0), (1970, 1, 1));
        assert_eq!(date_of(-719_528), (0, 1, 1));
    }
}
