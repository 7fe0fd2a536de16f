//! The tables of operators, and the answers recorded from a server.

use std::collections::HashSet;

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

#[test]
fn recorded() {
    crate::replay::check(include_str!("testdata/regex.txt"));
    crate::replay::check(include_str!("testdata/string.txt"));
    crate::replay::check(include_str!("testdata/trigonometry.txt"));
    crate::replay::check(include_str!("testdata/arithmetic.txt"));
    crate::replay::check(include_str!("testdata/comparison.txt"));
    crate::replay::check(include_str!("testdata/conditional.txt"));
    crate::replay::check(include_str!("testdata/core.txt"));
}

#[test]
fn conversions() {
    crate::replay::check(include_str!("testdata/convert.txt"));
}

#[test]
fn dates() {
    crate::replay::check(include_str!("testdata/date_arithmetic.txt"));
    crate::replay::check(include_str!("testdata/date_from_string.txt"));
    crate::replay::check(include_str!("testdata/date_parts.txt"));
    crate::replay::check(include_str!("testdata/date_to_string.txt"));
    crate::replay::check(include_str!("testdata/date_zones.txt"));
}

#[test]
fn booleans() {
    crate::replay::check(include_str!("testdata/boolean.txt"));
}

/// Operators within operators, at random.
#[test]
fn nested() {
    crate::replay::check(include_str!("testdata/nested.txt"));
}

#[test]
fn arrays() {
    crate::replay::check(include_str!("testdata/array.txt"));
}

#[test]
fn objects() {
    crate::replay::check(include_str!("testdata/object.txt"));
}

#[test]
fn sets() {
    crate::replay::check(include_str!("testdata/set.txt"));
}

#[test]
fn variables() {
    crate::replay::check(include_str!("testdata/variable.txt"));
}

#[test]
fn accumulators() {
    crate::replay::check(include_str!("testdata/accumulator.txt"));
}
