//! Index specifications, hints and collations: the server's codes, names, and printing.

use odm_core::bson::{Bson, doc};
use odm_core::{Collation, Hint, Index, IndexKind};

use crate::recorded;

#[test]
fn codes() {
    recorded::check(include_str!("data/indexes.txt"), |spec| {
        let index = Index::parse(spec)?;
        let printed = index.to_document();
        let again = Index::parse(&printed)
            .unwrap_or_else(|error| panic!("{spec}\nprints as {printed}\n{error}"));
        assert_eq!(format!("{index:?}"), format!("{again:?}"), "{spec}");
        Ok(())
    });
}

#[test]
fn collation_codes() {
    recorded::check(include_str!("data/collations.txt"), |doc| {
        let collation = Collation::parse(doc)?;
        collation.check()?;
        assert_eq!(Collation::parse(&collation.to_document()).expect("it parses"), collation);
        Ok(())
    });
}

/// The names that drivers give.
#[test]
fn names() {
    assert_eq!(Index::asc("a").name(), "a_1");
    assert_eq!(
        Index::asc("a.b").then("c", IndexKind::Descending).then("d", IndexKind::Text).name(),
        "a.b_1_c_-1_d_text"
    );
    assert_eq!(Index::asc("$**").name(), "$**_1");
    assert_eq!(Index::asc("a").named("mine").name(), "mine");
}

#[test]
fn hints() {
    let check = |hint: Bson, code: Option<i32>| {
        let error = Hint::parse(&hint).err().and_then(|error| error.code());
        assert_eq!(error, code, "{hint}");
    };
    check("a_1".into(), None);
    check(doc! { "a": 1 }.into(), None);
    check(doc! { "$natural": "any" }.into(), None);
    check(doc! { "$natural": 1, "a": 1 }.into(), Some(2));
    check(Bson::Null, Some(9));
    check(1.into(), Some(9));
    check(Bson::Array(Vec::new()), Some(9));
}
