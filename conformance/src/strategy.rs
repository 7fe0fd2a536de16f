//! Strategies for [`proptest`]: documents, and what can be asked of them.
//!
//! All are biased to collide: few field names, few values, each number in all four types, nulls and what is missing,
//! arrays of arrays. What comes out is documents in MongoDB's language, as a user would write them; some are malformed.

mod collation;
mod expression;
mod filter;
mod generated;
mod index;
mod json_schema;
mod pattern;
mod pick;
mod pipeline;
mod projection;
mod text;
mod update;
mod value;
mod version;

pub use collation::{collated, collation};
pub use expression::{expressions, operators};
pub use filter::{filter, filter_template, operand_filter};
pub use generated::{Generated, Shrinking};
pub use index::{index, index_misleads};
pub use json_schema::json_schema;
pub use pick::Template;
pub use pipeline::{pipeline_updates, pipelines};
pub use projection::{keys, projection, sort};
pub use text::{
    collation_of_text, text, text_documents, text_filter, text_path, text_update, text_value,
};
pub use update::{replacement, update};
pub use value::{document, documents, one_of_each_type, path, value};
pub use version::versions;

use bson::{Bson, Document};

/// A document of these fields; of fields with the same name, the first.
fn distinct(fields: impl IntoIterator<Item = (String, Bson)>) -> Document {
    let mut doc = Document::new();
    for (name, value) in fields {
        if !doc.contains_key(&name) {
            doc.insert(name, value);
        }
    }
    doc
}
