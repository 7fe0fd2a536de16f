//! The impls: thin calls into `odm-core`, by absolute paths.

mod document;
mod embedded;
mod fields;
mod schema;

pub(crate) use self::document::document;
pub(crate) use self::embedded::embedded;

use proc_macro2::TokenStream;
use quote::quote;

use crate::validate::{Model, StoredType, Writer};

/// The field type that stands for `ty`: itself, unless somebody else writes its values.
///
/// `codec` names the type that stands for the function that does.
fn field_type(model: &Model, stored: &StoredType, codec: &syn::Ident) -> TokenStream {
    let krate = &model.krate;
    let ty = &stored.ty;
    match stored.writer {
        Writer::FieldType => quote!(#ty),
        Writer::Opaque => quote!(#krate::Stored<#ty, #krate::AsIs>),
        Writer::Function(_) => quote!(#krate::Stored<#ty, #codec>),
    }
}

/// The definition of `codec`, where the type has a function that writes its values.
fn codec(model: &Model, stored: &StoredType, codec: &syn::Ident) -> Option<TokenStream> {
    let Writer::Function(function) = &stored.writer else { return None };
    let (krate, vis, ty) = (&model.krate, &model.vis, &stored.ty);
    Some(quote! {
        #[doc(hidden)]
        #[derive(Debug)]
        #[allow(unreachable_pub, non_camel_case_types)]
        #vis enum #codec {}

        #[automatically_derived]
        impl #krate::Codec<#ty> for #codec {
            fn serialize<__S: #krate::__private::serde::Serializer>(
                value: &#ty,
                serializer: __S,
            ) -> ::core::result::Result<__S::Ok, __S::Error> {
                #function(value, serializer)
            }
        }
    })
}
