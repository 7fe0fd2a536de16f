//! Sort orders: the server's codes, and printing.

use odm_core::Sort;

use crate::recorded;

#[test]
fn codes() {
    recorded::check(include_str!("data/sorts.txt"), |doc| {
        let sort = Sort::parse(doc)?;
        let again = Sort::parse(&sort.to_document()).expect("what was printed parses");
        assert_eq!(format!("{sort:?}"), format!("{again:?}"), "{doc}");
        Ok(())
    });
}
