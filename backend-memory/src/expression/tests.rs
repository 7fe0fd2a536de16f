//! The tables of operators, known differences, and hostile operands.

use std::collections::HashSet;

use bson::{DateTime, Document, doc};

use super::FAMILIES;

#[test]
fn tables_are_sorted_and_no_name_comes_twice() {
    let mut names = HashSet::new();
    for family in FAMILIES {
        assert!(family.is_sorted_by_key(|operator| operator.name), "{family:?}");
        for operator in *family {
            assert!(operator.name.starts_with('$'), "{operator:?}");
            assert!(names.insert(operator.name), "{operator:?} is in two tables");
        }
    }
}

/// Functions of decimals whose last digit is another one than the server's. All other recorded expressions are
/// `conformance`'s.
#[test]
fn decimals_that_differ_in_the_last_digit() {
    crate::replay::check(include_str!("testdata/decimal_last_digit.txt"));
}

/// Dates of any milliseconds, in any zone and unit, are answered or refused.
#[test]
fn dates_at_the_extremes() {
    let millis = [i64::MIN, i64::MIN + 1, -1, 0, i64::MAX - 1, i64::MAX];
    let amounts = [i64::MIN, i64::MIN + 1, -1 << 40, 1 << 33, i64::MAX];
    let zones = ["UTC", "+99:99", "-99:99", "America/New_York", "Pacific/Apia"];
    let units = ["year", "quarter", "month", "week", "day", "hour", "minute", "second"];
    let environment = crate::replay::environment();
    let (mut answered, mut refused) = (0, 0);
    let mut check = |expression: Document| {
        let mut compiler = environment.compiler();
        let result = compiler.object(&expression).and_then(|_| compiler.check());
        match result {
            Ok(()) => answered += 1,
            Err(_) => refused += 1,
        }
    };
    for (date, zone) in millis.iter().flat_map(|date| zones.map(|zone| (*date, zone))) {
        let date = DateTime::from_millis(date);
        for iso8601 in [false, true] {
            check(doc! { "$dateToParts": { "date": date, "timezone": zone, "iso8601": iso8601 } });
        }
        for format in ["%H:%M:%S.%L %z %Z %j %U %V %u", "%Y-%m-%d", "%G"] {
            check(doc! { "$dateToString": { "date": date, "format": format, "timezone": zone } });
        }
        for (unit, amount) in units.iter().flat_map(|unit| amounts.map(|amount| (*unit, amount))) {
            check(
                doc! { "$dateAdd": { "startDate": date, "unit": unit, "amount": amount, "timezone": zone } },
            );
            check(
                doc! { "$dateSubtract": { "startDate": date, "unit": unit, "amount": amount, "timezone": zone } },
            );
            check(
                doc! { "$dateTrunc": { "date": date, "unit": unit, "binSize": amount, "timezone": zone } },
            );
        }
        for (unit, other) in units.iter().flat_map(|unit| millis.map(|other| (*unit, other))) {
            let other = DateTime::from_millis(other);
            check(
                doc! { "$dateDiff": { "startDate": date, "endDate": other, "unit": unit, "timezone": zone } },
            );
        }
    }
    for (amount, zone) in amounts.iter().flat_map(|amount| zones.map(|zone| (*amount, zone))) {
        for part in ["hour", "minute", "second", "millisecond", "month", "day"] {
            check(doc! { "$dateFromParts": { "year": 9999, part: amount, "timezone": zone } });
        }
        for text in [
            format!("+{}-01-01", amount.unsigned_abs()),
            format!("-{}-01-01", amount.unsigned_abs()),
            format!("@{amount}"),
            format!("2017-02-08 {amount} years"),
            format!("2017-02-08 {amount} days {amount} days {amount} months ago"),
            format!("2017-02-08 {amount} ms {amount} hours"),
            format!("2017-02-08 12:00 {amount} mondays last day of"),
        ] {
            check(doc! { "$dateFromString": { "dateString": &text } });
            check(doc! { "$dateFromString": { "dateString": text, "timezone": zone } });
        }
    }
    assert!(answered > 1000 && refused > 1000, "{answered} answered, {refused} refused");
}
