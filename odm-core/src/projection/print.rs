//! Printing projections.

use bson::{Bson, Document, doc};

use super::{Projection, ProjectionItem};
use crate::pipeline::Expr;

impl Projection {
    /// The projection as a document.
    #[must_use]
    pub fn to_document(&self) -> Document {
        match self {
            Projection::Fields(fields) => fields
                .iter()
                .map(|(path, item)| match item {
                    ProjectionItem::Positional => (format!("{path}.$"), Bson::Int32(1)),
                    other => (path.to_string(), other.to_bson()),
                })
                .collect(),
            Projection::Raw(doc) => doc.clone(),
        }
    }
}

impl ProjectionItem {
    fn to_bson(&self) -> Bson {
        match self {
            ProjectionItem::Include | ProjectionItem::Positional => Bson::Int32(1),
            ProjectionItem::Exclude => Bson::Int32(0),
            ProjectionItem::Slice { skip: None, limit } => doc! { "$slice": limit }.into(),
            ProjectionItem::Slice { skip: Some(skip), limit } => {
                doc! { "$slice": [skip, limit] }.into()
            }
            ProjectionItem::ElemMatch(element) => {
                doc! { "$elemMatch": element.to_document() }.into()
            }
            ProjectionItem::Meta(keyword) => doc! { "$meta": keyword }.into(),
            ProjectionItem::Expr(expr) => print_expr(expr),
        }
    }
}

/// An expression, so that it is not read as an inclusion, an exclusion or nested fields.
fn print_expr(Expr(value): &Expr) -> Bson {
    match value {
        Bson::Boolean(_)
        | Bson::Int32(_)
        | Bson::Int64(_)
        | Bson::Double(_)
        | Bson::Decimal128(_) => doc! { "$literal": value.clone() }.into(),
        Bson::Document(fields) if fields.is_empty() => doc! { "$literal": {} }.into(),
        Bson::Document(fields) if !super::parse::is_expression(fields) => {
            doc! { "$mergeObjects": [fields.clone()] }.into()
        }
        other => other.clone(),
    }
}
