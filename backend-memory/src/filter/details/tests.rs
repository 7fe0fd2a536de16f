/// What the server tells of documents that failed validation.
#[test]
fn recorded() {
    crate::replay::check(include_str!("testdata/recorded.txt"));
}
