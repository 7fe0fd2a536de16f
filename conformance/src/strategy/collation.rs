//! Collations.

use bson::{Bson, Document, doc};
use proptest::prelude::*;
use proptest::sample::select;

/// A collation of a common locale, with none to three options; some that the server refuses.
pub fn collation() -> impl Strategy<Value = Document> {
    let locale = select(["en", "en", "fr", "de", "sv", "en_US", "simple"].as_slice());
    let option = prop_oneof![
        4 => (1_i32..6).prop_map(|strength| doc! { "strength": strength }),
        1 => any::<bool>().prop_map(|on| doc! { "caseLevel": on }),
        1 => select(["off", "upper", "lower"].as_slice()).prop_map(|first| doc! { "caseFirst": first }),
        1 => any::<bool>().prop_map(|on| doc! { "numericOrdering": on }),
        1 => select(["shifted", "non-ignorable"].as_slice()).prop_map(|how| doc! { "alternate": how }),
        1 => any::<bool>().prop_map(|on| doc! { "backwards": on }),
    ];
    (locale, proptest::collection::vec(option, 0..3)).prop_map(|(locale, options)| {
        let mut collation = doc! { "locale": locale };
        for (name, value) in options.into_iter().flatten() {
            collation.insert(name, value);
        }
        collation
    })
}

/// The command, sometimes with a collation.
pub fn collated(command: Document, collation: Option<Document>) -> Document {
    let field = collation.map(|collation| ("collation".to_owned(), Bson::Document(collation)));
    command.into_iter().chain(field).collect()
}
