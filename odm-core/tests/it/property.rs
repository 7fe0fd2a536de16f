//! What holds for every query tree: printed and read again, it is the same.

use std::fmt::Debug;

use odm_core::bson::{Bson, Document};
use odm_core::{Collation, ElemMatch, Error, Filter, Hint, Index, Predicate, Projection, Sort};
use proptest::prelude::*;

use crate::arbitrary;

/// `read` of what was printed is `tree`: to the letter, since equality of documents ignores the order of their fields.
fn check_same<T: Debug>(
    tree: &T,
    printed: &Document,
    read: impl Fn(&Document) -> Result<T, Error>,
) -> Result<(), TestCaseError> {
    let again = read(printed)
        .map_err(|error| TestCaseError::fail(format!("{printed}\nis refused: {error}")))?;
    prop_assert_eq!(format!("{:?}", tree), format!("{:?}", again), "printed as {}", printed);
    Ok(())
}

proptest! {
    #[test]
    fn filters(filter in arbitrary::filter()) {
        check_same(&filter, &filter.to_document(), Filter::parse)?;
    }

    #[test]
    fn sorts(sort in arbitrary::sort()) {
        check_same(&sort, &sort.to_document(), Sort::parse)?;
    }

    #[test]
    fn projections(projection in arbitrary::projection()) {
        check_same(&projection, &projection.to_document(), Projection::parse)?;
    }

    #[test]
    fn collations(collation in arbitrary::collation()) {
        check_same(&collation, &collation.to_document(), Collation::parse)?;
    }

    #[test]
    fn indexes(index in arbitrary::index()) {
        let named = Index { name: Some(index.name()), ..index.clone() };
        check_same(&named, &index.to_document(), Index::parse)?;
    }

    /// A raw filter means what its document says, wherever it stands.
    #[test]
    fn raw_filters(one in arbitrary::filter(), other in arbitrary::filter(), how in 0..4_u8) {
        let raw = Filter::Raw(one.to_document());
        let tree = match how {
            0 => raw,
            1 => Filter::And(vec![raw, other]),
            2 => Filter::Or(vec![other, raw]),
            _ => Filter::Nor(vec![raw]),
        };
        match tree.normalized() {
            Ok(normal) => check_same(&*normal, &tree.to_document(), Filter::parse)?,
            // Two of `$near` or `$text`, or one where it may not be.
            Err(error) => {
                let parsed = Filter::parse(&tree.to_document());
                prop_assert_eq!(Some(error.code()), parsed.err().map(|error| error.code()));
            }
        }
    }

    /// No document makes a parser panic, and what it takes it also prints.
    #[test]
    fn soup(doc in arbitrary::soup()) {
        if let Ok(filter) = Filter::parse(&doc) {
            check_same(&filter, &filter.to_document(), Filter::parse)?;
        }
        if let Ok(predicates) = Predicate::parse(&doc) && !predicates.is_empty() {
            check_same(&predicates, &Predicate::to_document(&predicates), Predicate::parse)?;
        }
        if let Ok(element) = ElemMatch::parse(&doc) {
            check_same(&element, &element.to_document(), ElemMatch::parse)?;
        }
        if let Ok(sort) = Sort::parse(&doc) {
            check_same(&sort, &sort.to_document(), Sort::parse)?;
        }
        if let Ok(projection) = Projection::parse(&doc) {
            check_same(&projection, &projection.to_document(), Projection::parse)?;
        }
        if let Ok(index) = Index::parse(&doc) {
            check_same(&index, &index.to_document(), Index::parse)?;
        }
        if let Ok(collation) = Collation::parse(&doc) {
            check_same(&collation, &collation.to_document(), Collation::parse)?;
        }
        let _ = Hint::parse(&Bson::Document(doc));
    }
}
