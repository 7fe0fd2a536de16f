//! The typed paths: one method for each field.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::Ident;
use syn::ext::IdentExt;
use syn::spanned::Spanned;

use super::{codec, field_type};
use crate::validate::{Model, StoredField, StructShape};

/// The name of the type that stands for the serializer of a field.
pub(super) fn codec_name(model: &Model, field: &StoredField) -> Ident {
    format_ident!("__{}_{}_Codec", model.ident.unraw(), field.ident.unraw())
}

/// The codecs of the fields that have a serializer of their own.
pub(super) fn codecs(model: &Model, shape: &StructShape) -> TokenStream {
    shape
        .fields
        .iter()
        .filter_map(|field| codec(model, &field.ty, &codec_name(model, field)))
        .collect()
}

/// The methods that give the paths of the fields. `documents` is the type of the documents, and
/// `parent` an expression for the path of the struct in these; without one, it is the document.
pub(super) fn methods(
    model: &Model,
    shape: &StructShape,
    documents: &TokenStream,
    parent: Option<&TokenStream>,
) -> TokenStream {
    let (krate, vis) = (&model.krate, &model.vis);
    let method = |field: &StoredField| {
        let (name, stored) = (&field.ident, &field.stored);
        let ty = field_type(model, &field.ty, &codec_name(model, field));
        // So that a type that cannot be a field is reported where it is written.
        let field_type = quote_spanned!(field.ty.ty.span()=> <#ty as #krate::FieldType>);
        let (declared, path) = match (field.flatten, parent) {
            (false, None) => {
                (quote!(#ty), quote!(#krate::Field::new(#krate::FieldPath::from_static(#stored))))
            }
            (false, Some(parent)) => (quote!(#ty), quote!(#parent.join(#stored))),
            (true, None) => (
                quote!(#krate::Flattened),
                quote!(#krate::Field::new(#krate::FieldPath::from_static(""))),
            ),
            (true, Some(parent)) => {
                (quote!(#krate::Flattened), quote!(::core::clone::Clone::clone(&#parent).cast()))
            }
        };
        let docs = &field.docs;
        let docs = if docs.is_empty() {
            let doc = format!("The path of `{}`.", name.unraw());
            quote!(#[doc = #doc])
        } else {
            quote!(#(#docs)*)
        };
        quote! {
            #docs
            #[must_use]
            #vis fn #name(&self) -> #field_type::Path<#documents, #declared> {
                #field_type::path(#path)
            }
        }
    };
    shape.fields.iter().map(method).collect()
}
