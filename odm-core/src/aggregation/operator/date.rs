//! Dates, in UTC unless a time zone is given: `"Europe/Rome"`, `"+02:00"`.

use bson::{Bson, DateTime, Document};

use super::super::expression::{ExprOf, IntoExpr};
use super::named;
use crate::error::Result;
use crate::field::{FieldType, Temporal};

/// The units of dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DateUnit {
    /// `"year"`.
    Year,
    /// `"quarter"`.
    Quarter,
    /// `"month"`.
    Month,
    /// `"week"`.
    Week,
    /// `"day"`.
    Day,
    /// `"hour"`.
    Hour,
    /// `"minute"`.
    Minute,
    /// `"second"`.
    Second,
    /// `"millisecond"`.
    Millisecond,
}

impl DateUnit {
    /// MongoDB's name of the unit.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            DateUnit::Year => "year",
            DateUnit::Quarter => "quarter",
            DateUnit::Month => "month",
            DateUnit::Week => "week",
            DateUnit::Day => "day",
            DateUnit::Hour => "hour",
            DateUnit::Minute => "minute",
            DateUnit::Second => "second",
            DateUnit::Millisecond => "millisecond",
        }
    }

    fn operand(self) -> Option<Result<Bson>> {
        Some(Ok(self.name().into()))
    }
}

fn zone(timezone: Option<&str>) -> Option<Result<Bson>> {
    timezone.map(|timezone| Ok(timezone.into()))
}

/// The parts of dates.
macro_rules! parts {
    ($($(#[$doc:meta])* $method:ident $name:literal;)*) => {$(
        impl<S, T> ExprOf<S, T> {
            $(#[$doc])*
            pub fn $method(self, timezone: Option<&str>) -> ExprOf<S, i32>
            where
                T: FieldType<Value: Temporal>,
            {
                named($name, [("date", Some(self.into_bson())), ("timezone", zone(timezone))])
            }
        }
    )*};
}

parts! {
    /// `$year`.
    year "$year";
    /// `$month`: 1 to 12.
    month "$month";
    /// `$dayOfMonth`: 1 to 31.
    day_of_month "$dayOfMonth";
    /// `$dayOfWeek`: 1, Sunday, to 7.
    day_of_week "$dayOfWeek";
    /// `$dayOfYear`: 1 to 366.
    day_of_year "$dayOfYear";
    /// `$hour`.
    hour "$hour";
    /// `$minute`.
    minute "$minute";
    /// `$second`.
    second "$second";
    /// `$millisecond`.
    millisecond "$millisecond";
    /// `$week`: 0 to 53; weeks begin on Sundays.
    week "$week";
    /// `$isoWeek`: 1 to 53; weeks begin on Mondays.
    iso_week "$isoWeek";
    /// `$isoWeekYear`: the year that the ISO week belongs to.
    iso_week_year "$isoWeekYear";
    /// `$isoDayOfWeek`: 1, Monday, to 7.
    iso_day_of_week "$isoDayOfWeek";
}

impl<S, T> ExprOf<S, T>
where
    T: FieldType<Value: Temporal>,
{
    /// `$dateAdd`: so many units later.
    pub fn date_add<E: IntoExpr<S>>(
        self,
        unit: DateUnit,
        amount: E,
        timezone: Option<&str>,
    ) -> ExprOf<S, DateTime> {
        self.moved("$dateAdd", unit, amount, timezone)
    }

    /// `$dateSubtract`: so many units earlier.
    pub fn date_subtract<E: IntoExpr<S>>(
        self,
        unit: DateUnit,
        amount: E,
        timezone: Option<&str>,
    ) -> ExprOf<S, DateTime> {
        self.moved("$dateSubtract", unit, amount, timezone)
    }

    fn moved<E: IntoExpr<S>>(
        self,
        name: &str,
        unit: DateUnit,
        amount: E,
        timezone: Option<&str>,
    ) -> ExprOf<S, DateTime> {
        named(
            name,
            [
                ("startDate", Some(self.into_bson())),
                ("unit", unit.operand()),
                ("amount", Some(amount.into_expr().into_bson())),
                ("timezone", zone(timezone)),
            ],
        )
    }

    /// `$dateDiff`: how many boundaries of the unit are between this date and a later one.
    pub fn date_diff<E: IntoExpr<S>>(
        self,
        end: E,
        unit: DateUnit,
        timezone: Option<&str>,
    ) -> ExprOf<S, i64> {
        named(
            "$dateDiff",
            [
                ("startDate", Some(self.into_bson())),
                ("endDate", Some(end.into_expr().into_bson())),
                ("unit", unit.operand()),
                ("timezone", zone(timezone)),
            ],
        )
    }

    /// `$dateTrunc`: the start of the unit, or of so many of them, that the date is in.
    pub fn date_trunc(
        self,
        unit: DateUnit,
        bin_size: u32,
        timezone: Option<&str>,
    ) -> ExprOf<S, DateTime> {
        named(
            "$dateTrunc",
            [
                ("date", Some(self.into_bson())),
                ("unit", unit.operand()),
                ("binSize", Some(Ok(Bson::Int64(bin_size.into())))),
                ("timezone", zone(timezone)),
            ],
        )
    }

    /// `$dateToString`: by a format such as `"%Y-%m-%d"`.
    pub fn date_to_string(self, format: &str, timezone: Option<&str>) -> ExprOf<S, String> {
        named(
            "$dateToString",
            [
                ("date", Some(self.into_bson())),
                ("format", Some(Ok(format.into()))),
                ("timezone", zone(timezone)),
            ],
        )
    }

    /// `$dateToParts`: a document of its parts.
    pub fn date_to_parts(self, timezone: Option<&str>) -> ExprOf<S, Document> {
        let date = self.into_bson();
        named("$dateToParts", [("date", Some(date)), ("timezone", zone(timezone))])
    }
}

impl<S, T> ExprOf<S, T> {
    /// `$dateFromString`: by a format such as `"%Y-%m-%d"`.
    pub fn date_from_string(self, format: &str, timezone: Option<&str>) -> ExprOf<S, DateTime> {
        named(
            "$dateFromString",
            [
                ("dateString", Some(self.into_bson())),
                ("format", Some(Ok(format.into()))),
                ("timezone", zone(timezone)),
            ],
        )
    }
}
