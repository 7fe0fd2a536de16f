//! The derive macros of `odm-core`. Use them from there: `odm_core::{Document, Embedded}`.
//!
//! A derive goes through three steps: `parse` reads attributes into plain structs, `validate` works
//! out what is stored under which name and refuses what makes no sense, `expand` writes the impls.

mod expand;
mod parse;
mod validate;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Makes a struct a document of a collection.
///
/// On the struct, `#[odm(…)]` takes:
///
/// - `collection = "…"`: the name of the collection; by default the type's name in snake case.
/// - `index(keys("borough", "-cuisine", "address.zipcode"), …)`: an index. Keys are Rust field
///   paths, `-` means descending, and `hashed("f")`, `text("f")`, `geo_2dsphere("f")` and
///   `geo_2d("f")` are the other kinds. Options are `unique`, `sparse`, `hidden`, `name = "…"` and
///   `expire_after_seconds = …`.
/// - `crate = "…"`: the path of `odm-core`, if it is not `::odm_core`.
///
/// On fields:
///
/// - `id`: the `_id`. It must be stored under that name: `#[serde(rename = "_id")]`.
/// - `unique`, `index`: an index on the field alone.
/// - `opaque`: the type is not a field type; it is stored as serde writes it.
///
/// Serde's own attributes are read too, and decide the stored names.
#[proc_macro_derive(Document, attributes(odm))]
pub fn derive_document(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    parse::parse(input, parse::Role::Document)
        .and_then(validate::validate)
        .map(|model| expand::document(&model))
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}

/// Makes a struct, an enum or a newtype a field type.
///
/// A struct also becomes a sub-document with typed paths of its own. `#[odm(…)]` takes `crate` on
/// the type and `opaque` on fields, as for `Document`.
#[proc_macro_derive(Embedded, attributes(odm))]
pub fn derive_embedded(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    parse::parse(input, parse::Role::Embedded)
        .and_then(validate::validate)
        .map(|model| expand::embedded(&model))
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}
