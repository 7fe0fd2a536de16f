/// Keywords by kinds of operands, and by kinds of stored values, with the server's answers.
#[test]
fn recorded() {
    crate::replay::check(include_str!("testdata/recorded.txt"));
}
