//! `impl FieldType`, and for structs `impl Embedded`.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::ext::IdentExt;

use super::{codec, field_type, fields, schema};
use crate::validate::{Model, Shape, StoredType, StructShape, Writer};

pub(crate) fn embedded(model: &Model) -> TokenStream {
    let krate = &model.krate;
    let scalar = |name: &str| {
        let name = format_ident!("{name}");
        quote!(#krate::TypeSchema::Scalar(#krate::BsonType::#name))
    };
    match &model.shape {
        Shape::Struct(shape) => sub_document(model, shape),
        Shape::As { inner, is_newtype } => forward(model, inner, *is_newtype),
        Shape::Tuple => plain(
            model,
            &quote!(#krate::TypeSchema::Array(::std::boxed::Box::new(#krate::TypeSchema::Any))),
        ),
        Shape::Unit => plain(model, &scalar("Null")),
        Shape::Choice(names) => plain(model, &quote!(#krate::TypeSchema::Choice(&[#(#names),*]))),
        Shape::OneOf(types) => {
            let types = types.iter().map(|name| format_ident!("{name}"));
            plain(model, &quote!(#krate::TypeSchema::OneOf(&[#(#krate::BsonType::#types),*])))
        }
        Shape::Any => plain(model, &quote!(#krate::TypeSchema::Any)),
    }
}

/// A field type whose path is a plain `Field`.
fn plain(model: &Model, schema: &TokenStream) -> TokenStream {
    let (krate, ident) = (&model.krate, &model.ident);
    quote! {
        #[automatically_derived]
        impl #krate::FieldType for #ident {
            type Path<__D, __F> = #krate::Field<__D, __F>;
            type InArray<__D, __F> = #krate::Field<__D, __F>;
            type Value = Self;
            type Leaf = Self;

            fn path<__D, __F>(field: #krate::Field<__D, __F>) -> #krate::Field<__D, __F> {
                field
            }

            fn in_array<__D, __F>(field: #krate::Field<__D, __F>) -> #krate::Field<__D, __F> {
                field
            }

            fn type_schema() -> #krate::TypeSchema {
                #schema
            }
        }
    }
}

/// A field type that is stored as another.
fn forward(model: &Model, stored: &StoredType, is_newtype: bool) -> TokenStream {
    let (krate, ident) = (&model.krate, &model.ident);
    let codec_name = format_ident!("__{}_Codec", ident.unraw());
    let codec = codec(model, stored, &codec_name);
    let inner = field_type(model, stored, &codec_name);
    let inner = quote!(<#inner as #krate::FieldType>);
    let generate_id = (is_newtype && matches!(stored.writer, Writer::FieldType)).then(|| {
        quote! {
            fn generate_id() -> ::core::option::Option<Self> {
                #inner::generate_id().map(#ident)
            }
        }
    });
    quote! {
        #codec

        #[automatically_derived]
        impl #krate::FieldType for #ident {
            type Path<__D, __F> = #inner::Path<__D, __F>;
            type InArray<__D, __F> = #inner::InArray<__D, __F>;
            type Value = #inner::Value;
            type Leaf = #inner::Leaf;

            fn path<__D, __F>(field: #krate::Field<__D, __F>) -> Self::Path<__D, __F> {
                #inner::path(field)
            }

            fn in_array<__D, __F>(field: #krate::Field<__D, __F>) -> Self::InArray<__D, __F> {
                #inner::in_array(field)
            }

            fn type_schema() -> #krate::TypeSchema {
                #inner::type_schema()
            }

            #generate_id
        }
    }
}

fn sub_document(model: &Model, shape: &StructShape) -> TokenStream {
    let (krate, vis, ident) = (&model.krate, &model.vis, &model.ident);
    let path_ident = format_ident!("{}Path", ident.unraw());
    let doc = format!("The path of a [`{}`], and the typed paths of its fields.", ident.unraw());
    let codecs = fields::codecs(model, shape);
    let methods = fields::methods(model, shape, &quote!(__D), Some(&quote!(self.field)));
    let schema = schema::schema(model, shape, false);
    quote! {
        #codecs

        #[doc = #doc]
        #[allow(unreachable_pub)]
        #vis struct #path_ident<__D, __F> {
            field: #krate::Field<__D, __F>,
        }

        #[automatically_derived]
        #[allow(private_interfaces, unreachable_pub, dead_code, clippy::should_implement_trait)]
        impl<__D, __F> #path_ident<__D, __F> {
            #methods
        }

        #[automatically_derived]
        impl<__D, __F> ::core::ops::Deref for #path_ident<__D, __F> {
            type Target = #krate::Field<__D, __F>;

            fn deref(&self) -> &#krate::Field<__D, __F> {
                &self.field
            }
        }

        #[automatically_derived]
        impl<__D, __F> #krate::AsField for #path_ident<__D, __F> {
            type Document = __D;
            type Type = __F;

            fn as_field(&self) -> &#krate::Field<__D, __F> {
                &self.field
            }
        }

        #[automatically_derived]
        impl<__D, __F> ::core::clone::Clone for #path_ident<__D, __F> {
            fn clone(&self) -> Self {
                #path_ident { field: ::core::clone::Clone::clone(&self.field) }
            }
        }

        #[automatically_derived]
        impl<__D, __F> ::core::fmt::Debug for #path_ident<__D, __F> {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                ::core::fmt::Debug::fmt(&self.field, f)
            }
        }

        #[automatically_derived]
        impl #krate::FieldType for #ident {
            type Path<__D, __F> = #path_ident<__D, __F>;
            type InArray<__D, __F> = #path_ident<__D, __F>;
            type Value = Self;
            type Leaf = Self;

            fn path<__D, __F>(field: #krate::Field<__D, __F>) -> #path_ident<__D, __F> {
                #path_ident { field }
            }

            fn in_array<__D, __F>(field: #krate::Field<__D, __F>) -> #path_ident<__D, __F> {
                #path_ident { field }
            }

            fn type_schema() -> #krate::TypeSchema {
                #krate::TypeSchema::Embedded(<Self as #krate::Embedded>::schema)
            }
        }

        #[automatically_derived]
        impl #krate::Embedded for #ident {
            type Fields<__D, __F> = #path_ident<__D, __F>;

            fn schema() -> &'static #krate::Schema {
                #schema
            }
        }
    }
}
