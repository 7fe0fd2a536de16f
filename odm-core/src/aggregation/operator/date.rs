//! Dates, in UTC unless a time zone is given: `o.at().expr().hour(None)`, `o.at().expr().hour("Europe/Rome")`,
//! `o.at().expr().hour("+02:00")`. A zone that is not known is refused: 40485.

use std::marker::PhantomData;

use bson::{Bson, DateTime, Document, Timestamp, doc};

use super::super::expression::{ExprOf, IntoExpr};
use super::{methods, named};
use crate::error::Result;
use crate::field::{FieldType, Numeric, Temporal};

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

fn zone<'z>(timezone: impl Into<Option<&'z str>>) -> Option<Result<Bson>> {
    timezone.into().map(|timezone| Ok(timezone.into()))
}

/// The parts of dates.
macro_rules! parts {
    ($($(#[$doc:meta])* $method:ident $name:literal;)*) => {$(
        impl<S, T> ExprOf<S, T> {
            $(#[$doc])*
            pub fn $method<'z>(
                self,
                timezone: impl Into<Option<&'z str>>,
            ) -> ExprOf<S, i32>
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

impl<S, T> ExprOf<S, T> {
    /// `$dateAdd`: so many units later.
    pub fn date_add<'z, E: IntoExpr<S>>(
        self,
        unit: DateUnit,
        amount: E,
        timezone: impl Into<Option<&'z str>>,
    ) -> ExprOf<S, DateTime>
    where
        T: FieldType<Value: Temporal>,
    {
        self.moved("$dateAdd", unit, amount, timezone)
    }

    /// `$dateSubtract`: so many units earlier.
    pub fn date_subtract<'z, E: IntoExpr<S>>(
        self,
        unit: DateUnit,
        amount: E,
        timezone: impl Into<Option<&'z str>>,
    ) -> ExprOf<S, DateTime>
    where
        T: FieldType<Value: Temporal>,
    {
        self.moved("$dateSubtract", unit, amount, timezone)
    }

    fn moved<'z, E: IntoExpr<S>>(
        self,
        name: &str,
        unit: DateUnit,
        amount: E,
        timezone: impl Into<Option<&'z str>>,
    ) -> ExprOf<S, DateTime>
    where
        T: FieldType<Value: Temporal>,
    {
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
    pub fn date_diff<'z, E: IntoExpr<S>>(
        self,
        end: E,
        unit: DateUnit,
        timezone: impl Into<Option<&'z str>>,
    ) -> ExprOf<S, i64>
    where
        T: FieldType<Value: Temporal>,
    {
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
    pub fn date_trunc<'z>(
        self,
        unit: DateUnit,
        bin_size: u32,
        timezone: impl Into<Option<&'z str>>,
    ) -> ExprOf<S, DateTime>
    where
        T: FieldType<Value: Temporal>,
    {
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
    pub fn date_to_string<'z>(
        self,
        format: &str,
        timezone: impl Into<Option<&'z str>>,
    ) -> ExprOf<S, String>
    where
        T: FieldType<Value: Temporal>,
    {
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
    pub fn date_to_parts<'z>(self, timezone: impl Into<Option<&'z str>>) -> ExprOf<S, Document>
    where
        T: FieldType<Value: Temporal>,
    {
        let date = self.into_bson();
        named("$dateToParts", [("date", Some(date)), ("timezone", zone(timezone))])
    }
}

impl<S, T> ExprOf<S, T> {
    /// `$dateFromString`: by a format such as `"%Y-%m-%d"`; without one, in any of the shapes that MongoDB knows. Other
    /// texts are refused: `ConversionFailure` (241).
    pub fn date_from_string<'f, 'z>(
        self,
        format: impl Into<Option<&'f str>>,
        timezone: impl Into<Option<&'z str>>,
    ) -> ExprOf<S, DateTime> {
        named(
            "$dateFromString",
            [
                ("dateString", Some(self.into_bson())),
                ("format", format.into().map(|format| Ok(format.into()))),
                ("timezone", zone(timezone)),
            ],
        )
    }
}

methods! {
    [T: FieldType<Value = Timestamp>]
    /// `$tsSecond`: the seconds since 1970.
    ts_second "$tsSecond" -> i64;
    /// `$tsIncrement`: which operation of its second it is.
    ts_increment "$tsIncrement" -> i64;
}

/// `$dateFromParts`: a date of its year, month (1 to 12) and day (1 to 31). Beyond these, parts carry: the 30th of
/// February is the 1st or 2nd of March.
///
/// ```text
/// date_from_parts(o.year(), o.month(), 1).hour(8).timezone("Europe/Rome").date()
/// ```
pub fn date_from_parts<S, Y, M, D>(year: Y, month: M, day: D) -> DateParts<S>
where
    Y: IntoExpr<S, Type: FieldType<Value: Numeric>>,
    M: IntoExpr<S, Type: FieldType<Value: Numeric>>,
    D: IntoExpr<S, Type: FieldType<Value: Numeric>>,
{
    DateParts::new().part("year", year).part("month", month).part("day", day)
}

/// `$dateFromParts`: a date of its ISO year, ISO week (1 to 53) and day of the week (1, Monday, to 7).
pub fn date_from_iso_parts<S, Y, W, D>(year: Y, week: W, day_of_week: D) -> DateParts<S>
where
    Y: IntoExpr<S, Type: FieldType<Value: Numeric>>,
    W: IntoExpr<S, Type: FieldType<Value: Numeric>>,
    D: IntoExpr<S, Type: FieldType<Value: Numeric>>,
{
    DateParts::new()
        .part("isoWeekYear", year)
        .part("isoWeek", week)
        .part("isoDayOfWeek", day_of_week)
}

/// The parts of a date to be made. Ends in [`date`](DateParts::date).
#[must_use = "the parts end in `date`"]
#[derive(Debug)]
pub struct DateParts<S> {
    parts: Result<Document>,
    shape: PhantomData<fn() -> S>,
}

impl<S> DateParts<S> {
    fn new() -> Self {
        DateParts { parts: Ok(Document::new()), shape: PhantomData }
    }

    fn part<E: IntoExpr<S>>(mut self, name: &str, value: E) -> Self {
        self.parts = self.parts.and_then(|mut parts| {
            parts.insert(name, value.into_expr().into_bson()?);
            Ok(parts)
        });
        self
    }

    /// The time of the day: the hour; 0 unless told.
    pub fn hour<E: IntoExpr<S, Type: FieldType<Value: Numeric>>>(self, hour: E) -> Self {
        self.part("hour", hour)
    }

    /// The minute; 0 unless told.
    pub fn minute<E: IntoExpr<S, Type: FieldType<Value: Numeric>>>(self, minute: E) -> Self {
        self.part("minute", minute)
    }

    /// The second; 0 unless told.
    pub fn second<E: IntoExpr<S, Type: FieldType<Value: Numeric>>>(self, second: E) -> Self {
        self.part("second", second)
    }

    /// The millisecond; 0 unless told.
    pub fn millisecond<E: IntoExpr<S, Type: FieldType<Value: Numeric>>>(
        self,
        millisecond: E,
    ) -> Self {
        self.part("millisecond", millisecond)
    }

    /// Where the parts are read off a clock; in UTC unless told.
    pub fn timezone(self, timezone: &str) -> Self {
        self.part("timezone", timezone)
    }

    /// The date. Null if one of the parts is null or missing.
    pub fn date(self) -> ExprOf<S, DateTime> {
        ExprOf::from_result(self.parts.map(|parts| doc! { "$dateFromParts": parts }.into()))
    }
}
