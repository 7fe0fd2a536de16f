//! Projections: the server's codes, and printing.

use odm_core::Projection;

use crate::recorded;

#[test]
fn codes() {
    recorded::check(include_str!("data/projections.txt"), |doc| {
        let projection = Projection::parse(doc)?;
        let printed = projection.to_document();
        let again = Projection::parse(&printed)
            .unwrap_or_else(|error| panic!("{doc}\nprints as {printed}\n{error}"));
        assert_eq!(format!("{projection:?}"), format!("{again:?}"), "{doc}");
        Ok(())
    });
}
