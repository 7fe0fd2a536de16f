//! The schema, as code that builds it.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;

use super::field_type;
use super::fields::codec_name;
use crate::parse::odm::{IndexAttr, KeyAttr};
use crate::validate::{Model, StoredField, StructShape};

/// The body of `fn schema()`.
pub(super) fn schema(model: &Model, shape: &StructShape, is_document: bool) -> TokenStream {
    let krate = &model.krate;
    let name = model.ident.unraw().to_string();
    let collection = is_document.then(|| {
        let collection = &model.collection;
        quote!(.collection(#collection))
    });
    let tag = shape.tag.as_ref().map(|tag| {
        quote! {
            .field(#krate::FieldSchema::new(
                "",
                #tag,
                #krate::TypeSchema::Scalar(#krate::BsonType::String),
            ))
        }
    });
    let fields = shape.fields.iter().map(|it| field(model, it));
    let single = shape.fields.iter().filter(|field| field.index).map(|field| {
        let stored = &field.stored;
        quote!(.index(#krate::Index::asc(#stored)))
    });
    let indexes = model.indexes.iter().map(|it| index(model, it));
    quote! {
        static SCHEMA: ::std::sync::LazyLock<#krate::Schema> = ::std::sync::LazyLock::new(|| {
            #krate::Schema::new(#name) #collection #tag #(#fields)* #(#single)* #(#indexes)*
        });
        &SCHEMA
    }
}

fn field(model: &Model, field: &StoredField) -> TokenStream {
    let krate = &model.krate;
    let ty = field_type(model, &field.ty, &codec_name(model, field));
    // So that a type that cannot be a field is reported where it is written.
    let ty = quote_spanned!(field.ty.ty.span()=> <#ty as #krate::FieldType>::type_schema());
    if field.flatten {
        return quote!(.flatten(&#ty));
    }
    let (name, stored) = (field.ident.unraw().to_string(), &field.stored);
    let options = [
        (field.skippable, quote!(.skippable())),
        (field.default, quote!(.default())),
        (field.id, quote!(.id())),
        (field.unique, quote!(.unique())),
    ];
    let options = options.into_iter().filter(|(on, _)| *on).map(|(_, option)| option);
    quote!(.field(#krate::FieldSchema::new(#name, #stored, #ty) #(#options)*))
}

fn index(model: &Model, index: &IndexAttr) -> TokenStream {
    let krate = &model.krate;
    let keys = index.keys.iter().map(|it| key(model, it));
    let flags = [
        (index.unique, quote!(index.unique = true;)),
        (index.sparse, quote!(index.sparse = true;)),
        (index.hidden, quote!(index.hidden = true;)),
    ];
    let flags = flags.into_iter().filter(|(on, _)| *on).map(|(_, flag)| flag);
    let name = index.name.as_ref().map(|name| {
        quote!(index.name = ::core::option::Option::Some(::std::string::String::from(#name));)
    });
    let expire = index.expire_after_seconds.as_ref().map(|seconds| {
        quote! {
            index.expire_after =
                ::core::option::Option::Some(::core::time::Duration::from_secs(#seconds));
        }
    });
    quote! {
        .index({
            let mut index = #krate::Index::default() #(#keys)*;
            #(#flags)*
            #name
            #expire
            index
        })
    }
}

/// A key as a call of the typed path's methods: a wrong name does not compile.
fn key(model: &Model, key: &KeyAttr) -> TokenStream {
    let (krate, ident, kind, path) = (&model.krate, &model.ident, &key.kind, &key.path);
    quote! {
        .then(
            #krate::__private::path_of(&<#ident as #krate::Document>::fields() #(.#path())*),
            #krate::IndexKind::#kind,
        )
    }
}
