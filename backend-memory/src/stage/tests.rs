//! What a server made of many pipelines.

#[test]
fn group_and_count() {
    crate::replay::check(include_str!("testdata/group.txt"));
}

#[test]
fn unwind() {
    crate::replay::check(include_str!("testdata/unwind.txt"));
}

#[test]
fn sort() {
    crate::replay::check(include_str!("testdata/sort.txt"));
}

#[test]
fn bucket() {
    crate::replay::check(include_str!("testdata/bucket.txt"));
}

#[test]
fn set_window_fields() {
    crate::replay::check(include_str!("testdata/windows.txt"));
}

#[test]
fn fill() {
    crate::replay::check(include_str!("testdata/fill.txt"));
}

#[test]
fn densify() {
    crate::replay::check(include_str!("testdata/densify.txt"));
}
