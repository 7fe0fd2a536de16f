//! The tables of accumulators, and what a server made of many groups.

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
    crate::replay::check(include_str!("testdata/accumulators.txt"));
}
