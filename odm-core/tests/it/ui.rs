//! The likeliest mistakes, and what the compiler says to them.
//!
//! After a change of a message, `TRYBUILD=overwrite cargo test -p odm-core --test it ui` writes the
//! expected output anew.

#[test]
fn messages() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
