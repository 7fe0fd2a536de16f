//! `impl Document`.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;

use super::{fields, schema};
use crate::validate::{Model, Shape};

pub(crate) fn document(model: &Model) -> TokenStream {
    let Shape::Struct(shape) = &model.shape else {
        unreachable!("`validate` refuses documents of other shapes")
    };
    let id = shape.id.as_ref().expect("`validate` refuses documents without an id");
    let (krate, vis, ident, collection) =
        (&model.krate, &model.vis, &model.ident, &model.collection);
    let fields_ident = format_ident!("{}Fields", ident.unraw());
    let doc = format!("The typed paths of the fields of [`{}`].", ident.unraw());
    let codecs = fields::codecs(model, shape);
    let methods = fields::methods(model, shape, &quote!(#ident), None);
    let schema = schema::schema(model, shape, true);
    let (id_field, id_ty) = (&id.field, &id.ty);
    // So that a type that cannot be an id is reported where it is written.
    let id_alias = quote_spanned!(id_ty.span()=> type Id = #id_ty;);
    let (get, set) = if id.optional {
        (
            quote!(::core::option::Option::as_ref(&self.#id_field)),
            quote!(::core::option::Option::Some(id)),
        )
    } else {
        (quote!(::core::option::Option::Some(&self.#id_field)), quote!(id))
    };
    quote! {
        #codecs

        #[doc = #doc]
        #[derive(Clone, Copy, Debug)]
        #[allow(unreachable_pub)]
        #vis struct #fields_ident;

        #[automatically_derived]
        #[allow(private_interfaces, unreachable_pub, dead_code, clippy::should_implement_trait)]
        impl #fields_ident {
            #methods
        }

        #[automatically_derived]
        impl #krate::Document for #ident {
            #id_alias
            type Fields = #fields_ident;
            const COLLECTION: &'static str = #collection;

            fn schema() -> &'static #krate::Schema {
                #schema
            }

            fn fields() -> #fields_ident {
                #fields_ident
            }

            fn id(&self) -> ::core::option::Option<&Self::Id> {
                #get
            }

            fn set_id(&mut self, id: Self::Id) {
                self.#id_field = #set;
            }
        }
    }
}
