//! Texts of dates without a format: the shapes that the server takes, which are those of PHP's manual
//! ("Supported Date and Time Formats"), since it uses the same library.
//!
//! At each place the shape is taken that matches most; of several, the first.

use std::sync::LazyLock;

use super::super::civil::{days_of, iso_weekday};
use super::parsed::{Edge, Failure, OfMonth, Parsed};
use super::pattern::Pattern;
use super::scanner::Scanner;
use super::token::Token;

/// What a shape sets.
type Read = fn(&mut Parsed, &mut Token<'_>) -> Result<(), Failure>;

/// What patterns refer to by name.
const NAMED: &[(&str, &str)] = &[
    // Times of day: `HH` and its like need both digits.
    ("space", "[ \t]+"),
    ("frac", "[.][0-9]+"),
    ("h", "0?[1-9]|1[0-2]"),
    ("H", "[01]?[0-9]|2[0-4]"),
    ("HH", "[01][0-9]|2[0-4]"),
    ("M", "[0-5]?[0-9]"),
    ("MM", "[0-5][0-9]"),
    ("S", "<M>|60"),
    ("SS", "<MM>|60"),
    ("meridian", "[AaPp][.]?[Mm][.]?[\0\t ]"),
    ("tz", "[(]?[A-Za-z]{1,6}[)]?|[A-Z][a-z]+([_/-][A-Za-z]+)+"),
    ("offset", "(GMT)?[+-](<H>(:?<M>)?|<HH><MM><SS>|<HH>:<MM>:<SS>)"),
    // Dates.
    ("m", "0?[0-9]|1[0-2]"),
    ("mm", "0[0-9]|1[0-2]"),
    ("d", "([0-2]?[0-9]|3[01])(st|nd|rd|th)?"),
    ("dd", "0[0-9]|[1-2][0-9]|3[01]"),
    ("y", "[0-9]{1,4}"),
    ("yy", "[0-9]{2}"),
    ("YY", "[0-9]{4}"),
    ("doy", "00[1-9]|0[1-9][0-9]|[12][0-9][0-9]|3[0-5][0-9]|36[0-6]"),
    ("W", "0[1-9]|[1-4][0-9]|5[0-3]"),
    ("dayfull", "'sunday'|'monday'|'tuesday'|'wednesday'|'thursday'|'friday'|'saturday'"),
    ("dayname", "<dayfull>|'sun'|'mon'|'tue'|'wed'|'thu'|'fri'|'sat'"),
    ("daytext", "<dayname>|'weekday'|'weekdays'"),
    (
        "monthfull",
        "'january'|'february'|'march'|'april'|'may'|'june'|'july'|'august'|'september'|'october'|'november'|'december'",
    ),
    ("mon", "'jan'|'feb'|'mar'|'apr'|'may'|'jun'|'jul'|'aug'|'sep'|'sept'|'oct'|'nov'|'dec'"),
    ("month", "<monthfull>|<mon>|I|II|III|IV|V|VI|VII|VIII|IX|X|XI|XII"),
    ("sep", "[ .\t-]*"),
    ("noyear", "<month><sep><d>([,.stndrh\t ]+|[\0])"),
    // Relative.
    (
        "count",
        "'first'|'second'|'third'|'fourth'|'fifth'|'sixth'|'seventh'|'eight'|'eighth'|'ninth'|'tenth'|'eleventh'|'twelfth'",
    ),
    ("which", "'next'|'last'|'previous'|'this'"),
    (
        "unit",
        "'ms'|µs|('msec'|'millisecond'|µ'sec'|'microsecond'|'usec'|'sec'|'second'|'min'|'minute'|'hour'|'day'|'fortnight'|'forthnight'|'month'|'year')[sS]?|'weeks'|<daytext>",
    ),
];

/// The shapes, in the order that decides between matches of one length.
const SHAPES: &[(&str, Read)] = &[
    ("'yesterday'", yesterday),
    ("'now'", now),
    ("'noon'", noon),
    ("'midnight'|'today'", midnight),
    ("'tomorrow'", tomorrow),
    ("@-?[0-9]+", timestamp),
    ("@-?[0-9]+[.][0-9]{0,6}", timestamp),
    ("'first day of'|'last day of'", edge_of_month),
    ("('back of '|'front of ')<H>(<space>?<meridian>)?", quarter),
    ("(<count>|<which>)<space><dayname><space>'of'", weekday_of),
    ("<h><space>?<meridian>", time_12),
    ("<h>[:.]<MM><space>?<meridian>", time_12),
    ("<h>[:.]<M>[:.]<SS><space>?<meridian>", time_12),
    ("<h>:<MM>:<SS>[:.][0-9]+<meridian>", time_12),
    ("'t'<H>", time_24),
    ("'t'?<H>[:.]<M>", time_24),
    ("'t'?<H>[:.]<M>[:.]<S>", time_24),
    ("'t'?<H>[:.]<M>[:.]<S><frac>", time_24),
    ("'t'?<HH><MM>", time_without_colon),
    ("'t'?<HH><MM><SS>", time_24),
    ("<m>/<d>", american),
    ("<m>/<d>/<y>", american),
    ("[+-]?<YY>-<mm>-<dd>", year_first),
    ("<YY>/<mm>/<dd>/?", year_first),
    ("<YY>/<m>/<d>", year_first),
    ("<yy>-<mm>-<dd>", short_year_first),
    ("[+-][0-9]{5,19}-<mm>-<dd>", year_first),
    ("<YY>-<m>", year_and_month),
    ("<y>-<m>-<d>", short_year_first),
    ("<d>[ \t.-]*<month>[ \t.-]*<y>", day_month_year),
    ("<d>[.\t-]<m>[.-]<YY>", pointed),
    ("<d>[.\t]<m>[.]<yy>", pointed),
    ("<month><sep><YY>", month_and_year),
    ("<YY><sep><month>", year_and_month_name),
    ("<month><sep><d>[,.stndrh\t ]+<y>", month_day_year),
    ("<noyear>", month_day_year),
    ("<d><sep><month>", day_and_month),
    ("<YY><mm><dd>", year_first_without_separator),
    ("<YY><mm><dd>T<H>:<MM>:<SS>", date_and_time),
    ("<YY><mm><dd>'t'<H><MM><SS>", date_and_time),
    ("<YY>-<mm>-<dd>T<HH>:<MM>:<SS><frac><offset>?", date_and_time),
    ("<YY>-<m>-<d>T<H>:<M>:<S>", date_and_time),
    ("<YY>:<mm>:<dd> <HH>:<MM>:<SS>", date_and_time),
    ("<YY>[.-]?<doy>", day_of_year),
    ("<YY>-?W<W>-?[0-7]", iso_week),
    ("<YY>-?W<W>", iso_week),
    ("<mon>-<dd>-<y>", month_day_year),
    ("<y>-<mon>-<dd>", year_month_name_day),
    ("<d>/<mon>/<YY>:<HH>:<MM>:<SS><space><offset>", common_log),
    ("<YY>", year),
    ("'ago'", ago),
    ("<daytext>", weekday),
    ("<which><space>'week'", relative_week),
    ("(<count>|<which>)<space><unit>", relative_text),
    ("<monthfull>|<mon>", month),
    ("<offset>|<tz>", zone),
    ("<noyear><h>[:.]<MM><space>?<meridian>", day_and_time_12),
    ("<noyear><h>[:.]<M>[:.]<SS><space>?<meridian>", day_and_time_12),
    ("<noyear>'t'?<H>[:.]<M>", day_and_time_24),
    ("<noyear>'t'?<H>[:.]<M>[:.]<S>", day_and_time_24),
    ("<noyear>'t'?<H>[:.]<M>[:.]<SS><space>?(<offset>|<tz>)", day_and_time_24),
    ("[+-]*[ \t]*[0-9]{1,13}<space>?(<unit>|'week')", relative),
];

/// The shapes, as one scanner.
static SCANNER: LazyLock<Scanner> = LazyLock::new(|| {
    let patterns: Vec<Pattern> = SHAPES.iter().map(|(source, _)| pattern(source)).collect();
    Scanner::new(&patterns)
});

fn pattern(source: &str) -> Pattern {
    Pattern::parse(source, &|name| {
        let source = NAMED.iter().find(|(known, _)| *known == name).map(|(_, source)| *source);
        pattern(source.expect("the names in our own patterns are known"))
    })
}

/// Reads a text.
///
/// # Errors
///
/// Of whatever fits no shape, and of two dates, times or zones.
pub(super) fn parse(text: &[u8]) -> Result<Parsed, Failure> {
    if text.is_empty() {
        return Err(Failure::Conversion("empty string"));
    }
    let text = trim(text);
    let mut parsed = Parsed::default();
    let mut at = 0;
    while at < text.len() {
        match SCANNER.longest(text, at) {
            Some((end, shape)) => {
                let end = end.min(text.len());
                let (_, read) = SHAPES[shape];
                read(&mut parsed, &mut Token::new(&text[at..end]))?;
                at = end;
            }
            None => at += separator(&text[at..])?,
        }
    }
    parsed.check(parsed.times > 0, parsed.has_date)?;
    Ok(parsed)
}

/// The length of what may stand between shapes.
fn separator(text: &[u8]) -> Result<usize, Failure> {
    let blanks = text.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    match text.first() {
        // What could begin with these blanks was looked for where the first of them is.
        _ if blanks > 0 => Ok(blanks),
        Some(b'.' | b',' | b'\n' | 0) => Ok(1),
        _ => Err(Failure::Conversion("unexpected character")),
    }
}

/// Without space at both ends, but never empty.
fn trim(text: &[u8]) -> &[u8] {
    let is_space = |byte: &u8| byte.is_ascii_whitespace() || *byte == 0x0b;
    let start = text.iter().position(|byte| !is_space(byte)).unwrap_or(text.len() - 1);
    let end = text.iter().rposition(|byte| !is_space(byte)).unwrap_or(start) + 1;
    &text[start..end.max(start + 1)]
}

fn yesterday(parsed: &mut Parsed, _: &mut Token<'_>) -> Result<(), Failure> {
    parsed.clear_time();
    parsed.relative.days = -1;
    Ok(())
}

fn now(_: &mut Parsed, _: &mut Token<'_>) -> Result<(), Failure> {
    Ok(())
}

fn noon(parsed: &mut Parsed, _: &mut Token<'_>) -> Result<(), Failure> {
    parsed.clear_time();
    parsed.begin_time()?;
    parsed.hour = Some(12);
    Ok(())
}

fn midnight(parsed: &mut Parsed, _: &mut Token<'_>) -> Result<(), Failure> {
    parsed.clear_time();
    Ok(())
}

fn tomorrow(parsed: &mut Parsed, _: &mut Token<'_>) -> Result<(), Failure> {
    parsed.clear_time();
    parsed.relative.days = 1;
    Ok(())
}

fn timestamp(parsed: &mut Parsed, token: &mut Token<'_>) -> Result<(), Failure> {
    parsed.has_date = false;
    parsed.clear_time();
    parsed.begin_zone()?;
    parsed.set_date(Some(1970), Some(1), Some(1));
    token.skip();
    let sign = if token.peek() == b'-' { -1 } else { 1 };
    let seconds = token.number(24).unwrap_or(0);
    parsed.relative.seconds = parsed.relative.seconds.saturating_add(sign * seconds);
    if token.peek() == b'.' {
        if token.rest().len() == 1 {
            return Err(Failure::Conversion("found unexpected data"));
        }
        parsed.relative.micros = sign * token.fraction();
    }
    parsed.zone = Some(0);
    Ok(())
}

fn edge_of_month(parsed: &mut Parsed, token: &mut Token<'_>) -> Result<(), Failure> {
    parsed.clear_time();
    let is_last = token.peek().eq_ignore_ascii_case(&b'l');
    parsed.relative.edge = Some(if is_last { Edge::Last } else { Edge::First });
    Ok(())
}

/// `"back of 7pm"` is a quarter past, `"front of 7pm"` a quarter to.
fn quarter(parsed: &mut Parsed, token: &mut Token<'_>) -> Result<(), Failure> {
    parsed.clear_time();
    parsed.begin_time()?;
    let is_back = token.peek() == b'b';
    let hour = token.number(2).unwrap_or(0) - i64::from(!is_back);
    let meridian = if token.is_at_end() { 0 } else { token.meridian(hour) };
    parsed.set_time(Some(hour + meridian), Some(if is_back { 15 } else { 45 }), Some(0));
    Ok(())
}

fn weekday_of(parsed: &mut Parsed, token: &mut Token<'_>) -> Result<(), Failure> {
    let (amount, behavior) = which(token);
    token.skip_while(is_blank);
    if amount > 0 {
        parsed.relative.of_month = Some(OfMonth::Counted);
        add(parsed, token, amount, 1)
    } else {
        parsed.relative.of_month = Some(OfMonth::Last);
        add(parsed, token, amount, behavior)
    }
}

fn time_12(parsed: &mut Parsed, token: &mut Token<'_>) -> Result<(), Failure> {
    parsed.begin_time()?;
    read_time_12(parsed, token);
    Ok(())
}

fn read_time_12(parsed: &mut Parsed, token: &mut Token<'_>) {
    let hour = token.number(2).unwrap_or(0);
    for part in [&mut parsed.minute, &mut parsed.second] {
        if matches!(token.peek(), b':' | b'.') {
            *part = token.number(2);
        }
    }
    if matches!(token.peek(), b':' | b'.') {
        parsed.micros = Some(token.fraction());
    }
    parsed.hour = Some(hour + token.meridian(hour));
}

fn time_24(parsed: &mut Parsed, token: &mut Token<'_>) -> Result<(), Failure> {
    parsed.begin_time()?;
    read_time_24(parsed, token)
}

fn read_time_24(parsed: &mut Parsed, token: &mut Token<'_>) -> Result<(), Failure> {
    parsed.hour = token.number(2);
    for part in [&mut parsed.minute, &mut parsed.second] {
        if !token.is_at_end() {
            *part = token.number(2);
        }
    }
    if token.peek() == b'.' {
        parsed.micros = Some(token.fraction());
    }
    if !token.is_at_end() {
        parsed.zone = Some(token.zone()?);
    }
    Ok(())
}

/// Four digits: the time, or after one the year.
fn time_without_colon(parsed: &mut Parsed, token: &mut Token<'_>) -> Result<(), Failure> {
    match parsed.times {
        0 => parsed.set_time(token.number(2), token.number(2), Some(0)),
        1 => parsed.year = token.number(4),
        _ => return Err(Failure::Conversion("double time specification")),
    }
    parsed.times += 1;
    Ok(())
}

fn american(parsed: &mut Parsed, token: &mut Token<'_>) -> Result<(), Failure> {
    parsed.begin_date()?;
    (parsed.month, parsed.day) = (token.number(2), token.number(2));
    if !token.is_at_end() {
        token.skip_day_suffix();
        parsed.year = token.year(4).or(parsed.year);
    }
    Ok(())
}

fn year_first(parsed: &mut Parsed, token: &mut Token<'_>) -> Result<(), Failure> {
    parsed.begin_date()?;
    let sign = if token.peek() == b'-' { -1 } else { 1 };
    let year = token.number(19).map(|year| sign * year);
    parsed.set_date(year, token.number(2), token.number(2));
    Ok(())
}

fn short_year_first(parsed: &mut Parsed, token: &mut Token<'_>) -> Result<(), Failure> {
    parsed.begin_date()?;
    parsed.set_date(token.year(4), token.number(2), token.number(2));
    Ok(())
}

fn year_first_without_separator(parsed: &mut Parsed, token: &mut Token<'_>) -> Result<(), Failure> {
    parsed.begin_date()?;
    parsed.set_date(token.number(4), token.number(2), token.number(2));
    Ok(())
}

fn year_and_month(parsed: &mut Parsed, token: &mut Token<'_>) -> Result<(), Failure> {
    parsed.begin_date()?;
    parsed.set_date(token.year(4), token.number(2), Some(1));
    Ok(())
}

fn day_month_year(parsed: &mut Parsed, token: &mut Token<'_>) -> Result<(), Failure> {
    parsed.begin_date()?;
    parsed.day = token.number(2);
    token.skip_day_suffix();
    parsed.month = token.month();
    parsed.year = token.year(4);
    Ok(())
}

fn pointed(parsed: &mut Parsed, token: &mut Token<'_>) -> Result<(), Failure> {
    parsed.begin_date()?;
    let (day, month) = (token.number(2), token.number(2));
    parsed.set_date(token.year(4), month, day);
    Ok(())
}

fn month_and_year(parsed: &mut Parsed, token: &mut Token<'_>) -> Result<(), Failure> {
    parsed.begin_date()?;
    let month = token.month();
    parsed.set_date(token.year(4), month, Some(1));
    Ok(())
}

fn year_and_month_name(parsed: &mut Parsed, token: &mut Token<'_>) -> Result<(), Failure> {
    parsed.begin_date()?;
    parsed.set_date(token.year(4), token.month(), Some(1));
    Ok(())
}

/// Its year may be missing.
fn month_day_year(parsed: &mut Parsed, token: &mut Token<'_>) -> Result<(), Failure> {
    parsed.begin_date()?;
    let (month, day) = (token.month(), token.number(2));
    parsed.set_date(token.year(4), month, day);
    Ok(())
}

fn day_and_month(parsed: &mut Parsed, token: &mut Token<'_>) -> Result<(), Failure> {
    parsed.begin_date()?;
    parsed.day = token.number(2);
    token.skip_day_suffix();
    parsed.month = token.month();
    Ok(())
}

fn date_and_time(parsed: &mut Parsed, token: &mut Token<'_>) -> Result<(), Failure> {
    parsed.begin_time()?;
    parsed.begin_date()?;
    parsed.set_date(token.number(4), token.number(2), token.number(2));
    parsed.set_time(token.number(2), token.number(2), token.number(2));
    if token.peek() == b'.' {
        parsed.micros = Some(token.fraction());
        if !token.is_at_end() {
            parsed.zone = Some(token.zone()?);
        }
    }
    Ok(())
}

fn day_of_year(parsed: &mut Parsed, token: &mut Token<'_>) -> Result<(), Failure> {
    parsed.begin_date()?;
    // Which makes a valid date only in January.
    parsed.set_date(token.year(4), Some(1), token.number(3));
    Ok(())
}

fn iso_week(parsed: &mut Parsed, token: &mut Token<'_>) -> Result<(), Failure> {
    parsed.begin_date()?;
    let year = token.number(4).unwrap_or(0);
    let (week, day) = (token.number(2).unwrap_or(1), token.number(1).unwrap_or(1));
    parsed.set_date(Some(year), Some(1), Some(1));
    let first = iso_weekday(days_of(year, 1, 1)) % 7;
    let monday = if first > 4 { 7 - first } else { -first };
    parsed.relative.days = monday + (week - 1) * 7 + day;
    Ok(())
}

fn year_month_name_day(parsed: &mut Parsed, token: &mut Token<'_>) -> Result<(), Failure> {
    parsed.begin_date()?;
    parsed.set_date(token.year(4), token.month(), token.number(2));
    Ok(())
}

fn common_log(parsed: &mut Parsed, token: &mut Token<'_>) -> Result<(), Failure> {
    parsed.begin_time()?;
    parsed.begin_date()?;
    let day = token.number(2);
    let month = token.month();
    parsed.set_date(token.number(4), month, day);
    parsed.set_time(token.number(2), token.number(2), token.number(2));
    parsed.zone = Some(token.zone()?);
    Ok(())
}

fn year(parsed: &mut Parsed, token: &mut Token<'_>) -> Result<(), Failure> {
    parsed.year = token.number(4);
    Ok(())
}

fn ago(parsed: &mut Parsed, _: &mut Token<'_>) -> Result<(), Failure> {
    let relative = &mut parsed.relative;
    for amount in
        [&mut relative.years, &mut relative.months, &mut relative.days, &mut relative.seconds]
    {
        *amount = amount.saturating_neg();
    }
    relative.weekday = relative.weekday.map(|weekday| if weekday == 0 { -7 } else { -weekday });
    Ok(())
}

fn weekday(parsed: &mut Parsed, token: &mut Token<'_>) -> Result<(), Failure> {
    parsed.clear_time();
    parsed.relative.weekday = Some(match unit(token) {
        Some((Unit::Weekday, weekday)) => weekday,
        // "weekday" by itself is taken for Monday.
        _ => 1,
    });
    if parsed.relative.weekday_behavior != 2 {
        parsed.relative.weekday_behavior = 1;
    }
    Ok(())
}

fn relative_week(parsed: &mut Parsed, token: &mut Token<'_>) -> Result<(), Failure> {
    relative_text(parsed, token)?;
    parsed.relative.weekday_behavior = 2;
    parsed.relative.weekday.get_or_insert(1);
    Ok(())
}

fn relative_text(parsed: &mut Parsed, token: &mut Token<'_>) -> Result<(), Failure> {
    let (amount, behavior) = which(token);
    token.skip_while(is_blank);
    add(parsed, token, amount, behavior)
}

fn month(parsed: &mut Parsed, token: &mut Token<'_>) -> Result<(), Failure> {
    parsed.begin_date()?;
    parsed.month = token.month();
    Ok(())
}

fn zone(parsed: &mut Parsed, token: &mut Token<'_>) -> Result<(), Failure> {
    parsed.begin_zone()?;
    parsed.zone = Some(token.zone()?);
    Ok(())
}

fn day_and_time_12(parsed: &mut Parsed, token: &mut Token<'_>) -> Result<(), Failure> {
    parsed.begin_date()?;
    (parsed.month, parsed.day) = (token.month(), token.number(2));
    parsed.begin_time()?;
    read_time_12(parsed, token);
    Ok(())
}

fn day_and_time_24(parsed: &mut Parsed, token: &mut Token<'_>) -> Result<(), Failure> {
    parsed.begin_date()?;
    (parsed.month, parsed.day) = (token.month(), token.number(2));
    parsed.begin_time()?;
    parsed.hour = token.number(2);
    parsed.minute = token.number(2);
    if token.peek() == b':' {
        parsed.second = token.number(2);
        if token.peek() == b'.' {
            parsed.micros = Some(token.fraction());
        }
    }
    if !token.is_at_end() {
        parsed.zone = Some(token.zone()?);
    }
    Ok(())
}

fn relative(parsed: &mut Parsed, token: &mut Token<'_>) -> Result<(), Failure> {
    let amount = token.signed_number().unwrap_or(0);
    token.skip_while(is_blank);
    let time = (parsed.times, parsed.hour, parsed.minute, parsed.second, parsed.micros);
    add(parsed, token, amount, 1)?;
    // Weekdays that are counted keep the time.
    (parsed.times, parsed.hour, parsed.minute, parsed.second, parsed.micros) = time;
    Ok(())
}

const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// `"next"`, `"third"`: how many, and how a weekday is looked for.
fn which(token: &mut Token<'_>) -> (i64, i64) {
    let word = token.take_while(|byte| byte.is_ascii_alphabetic()).to_ascii_lowercase();
    let counted: &[&[u8]] = &[
        b"second",
        b"third",
        b"fourth",
        b"fifth",
        b"sixth",
        b"seventh",
        b"eighth",
        b"ninth",
        b"tenth",
        b"eleventh",
        b"twelfth",
    ];
    match word.as_slice() {
        b"first" | b"next" => (1, 0),
        b"eight" => (8, 0),
        b"last" | b"previous" => (-1, 0),
        b"this" => (0, 1),
        word => {
            let index = counted.iter().position(|known| *known == word);
            (index.map_or(0, |index| index as i64 + 2), 0)
        }
    }
}

#[derive(Clone, Copy)]
enum Unit {
    Micros,
    Seconds,
    Days,
    Months,
    Years,
    Weekday,
    Workdays,
}

/// A unit of time by its name, and how many of it the name means; of a weekday, which.
fn unit(token: &mut Token<'_>) -> Option<(Unit, i64)> {
    let word = token.take_while(|byte| !b" ,\t;:/.-()\0".contains(&byte));
    let word = String::from_utf8_lossy(word).to_ascii_lowercase();
    Some(match word.as_str() {
        "ms" | "msec" | "msecs" | "millisecond" | "milliseconds" => (Unit::Micros, 1000),
        "µs" | "usec" | "usecs" | "µsec" | "µsecs" | "microsecond" | "microseconds" => {
            (Unit::Micros, 1)
        }
        "sec" | "secs" | "second" | "seconds" => (Unit::Seconds, 1),
        "min" | "mins" | "minute" | "minutes" => (Unit::Seconds, 60),
        "hour" | "hours" => (Unit::Seconds, 3600),
        "day" | "days" => (Unit::Days, 1),
        "week" | "weeks" => (Unit::Days, 7),
        "fortnight" | "fortnights" | "forthnight" | "forthnights" => (Unit::Days, 14),
        "month" | "months" => (Unit::Months, 1),
        "year" | "years" => (Unit::Years, 1),
        "weekday" | "weekdays" => (Unit::Workdays, 1),
        day => {
            let days: [&str; 7] =
                ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];
            let index = days
                .iter()
                .position(|name| *name == day || name.get(..3).is_some_and(|short| short == day))?;
            (Unit::Weekday, index as i64)
        }
    })
}

/// Adds so many of the unit that follows.
fn add(
    parsed: &mut Parsed,
    token: &mut Token<'_>,
    amount: i64,
    behavior: i64,
) -> Result<(), Failure> {
    let Some((unit, factor)) = unit(token) else { return Ok(()) };
    let relative = &mut parsed.relative;
    let total = match unit {
        Unit::Micros => &mut relative.micros,
        Unit::Seconds => &mut relative.seconds,
        Unit::Days => &mut relative.days,
        Unit::Months => &mut relative.months,
        Unit::Years => &mut relative.years,
        Unit::Weekday => {
            let weeks = if amount > 0 { amount - 1 } else { amount };
            relative.days = relative.days.saturating_add(weeks.saturating_mul(7));
            relative.weekday = Some(factor);
            relative.weekday_behavior = behavior;
            parsed.clear_time();
            return Ok(());
        }
        Unit::Workdays => return Err(Failure::Unsupported),
    };
    *total = total.saturating_add(amount.saturating_mul(factor));
    Ok(())
}
