//! Attributes, read into plain structs.

pub(crate) mod case;
pub(crate) mod odm;
pub(crate) mod serde;

use syn::punctuated::Punctuated;
use syn::{Attribute, Data, DeriveInput, Error, Fields, Ident, Result, Token, Type, Visibility};

use self::odm::{OdmContainer, OdmField};
use self::serde::{SerdeContainer, SerdeField, SerdeVariant};

/// Which derive it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Document,
    Embedded,
}

/// A type with its attributes.
pub(crate) struct Input {
    pub(crate) role: Role,
    pub(crate) ident: Ident,
    pub(crate) vis: Visibility,
    pub(crate) serde: SerdeContainer,
    pub(crate) odm: OdmContainer,
    pub(crate) body: Body,
}

/// What the type consists of.
pub(crate) enum Body {
    Named(Vec<Field>),
    Tuple(Vec<Field>),
    Unit,
    Enum(Vec<Variant>),
}

/// A field with its attributes.
pub(crate) struct Field {
    /// `None` in tuple structs.
    pub(crate) ident: Option<Ident>,
    pub(crate) ty: Type,
    pub(crate) docs: Vec<Attribute>,
    pub(crate) serde: SerdeField,
    pub(crate) odm: OdmField,
}

/// A variant of an enum with its attributes.
pub(crate) struct Variant {
    pub(crate) ident: Ident,
    pub(crate) serde: SerdeVariant,
    pub(crate) is_unit: bool,
}

/// Several errors, reported together.
#[derive(Default)]
pub(crate) struct Errors(Option<Error>);

impl Errors {
    pub(crate) fn push(&mut self, error: Error) {
        match &mut self.0 {
            Some(errors) => errors.combine(error),
            None => self.0 = Some(error),
        }
    }

    /// The value, or a stand-in beside the error.
    pub(crate) fn take<T: Default>(&mut self, result: Result<T>) -> T {
        result.unwrap_or_else(|error| {
            self.push(error);
            T::default()
        })
    }

    pub(crate) fn finish(self) -> Result<()> {
        self.0.map_or(Ok(()), Err)
    }
}

pub(crate) fn parse(input: DeriveInput, role: Role) -> Result<Input> {
    let mut errors = Errors::default();
    let serde = errors.take(SerdeContainer::parse(&input.attrs));
    let odm = errors.take(OdmContainer::parse(&input.attrs, role));
    if !input.generics.params.is_empty() {
        errors.push(Error::new_spanned(
            &input.generics,
            "a stored type cannot be generic: derive on a type of its own for each use",
        ));
    }
    let body = match input.data {
        Data::Struct(data) => match data.fields {
            Fields::Named(named) => Body::Named(fields(named.named, role, &mut errors)),
            Fields::Unnamed(unnamed) => Body::Tuple(fields(unnamed.unnamed, role, &mut errors)),
            Fields::Unit => Body::Unit,
        },
        Data::Enum(data) => {
            let variants = data.variants.into_iter();
            Body::Enum(variants.map(|variant| parse_variant(variant, &mut errors)).collect())
        }
        Data::Union(data) => {
            errors.push(Error::new_spanned(data.union_token, "a union cannot be stored"));
            Body::Unit
        }
    };
    errors.finish()?;
    Ok(Input { role, ident: input.ident, vis: input.vis, serde, odm, body })
}

fn fields(
    fields: Punctuated<syn::Field, Token![,]>,
    role: Role,
    errors: &mut Errors,
) -> Vec<Field> {
    let parse = |field: syn::Field| Field {
        serde: errors.take(SerdeField::parse(&field.attrs)),
        odm: errors.take(OdmField::parse(&field.attrs, role)),
        docs: field.attrs.into_iter().filter(|attr| attr.path().is_ident("doc")).collect(),
        ident: field.ident,
        ty: field.ty,
    };
    fields.into_iter().map(parse).collect()
}

fn parse_variant(variant: syn::Variant, errors: &mut Errors) -> Variant {
    // The fields of variants have no typed paths; what they say to serde must be understood anyway.
    for field in &variant.fields {
        errors.take(SerdeField::parse(&field.attrs));
        errors.take(OdmField::refuse(&field.attrs));
    }
    errors.take(OdmField::refuse(&variant.attrs));
    Variant {
        serde: errors.take(SerdeVariant::parse(&variant.attrs)),
        is_unit: matches!(variant.fields, Fields::Unit),
        ident: variant.ident,
    }
}
