//! What is stored, and under which names.

use std::collections::HashMap;

use syn::ext::IdentExt;
use syn::{
    Attribute, Error, ExprPath, GenericArgument, Ident, LitStr, Path, PathArguments, Result, Type,
    Visibility,
};

use crate::parse::case::{Case, snake};
use crate::parse::odm::IndexAttr;
use crate::parse::{Body, Errors, Field, Input, Role, Variant};

/// A type, ready to be expanded.
pub(crate) struct Model {
    pub(crate) ident: Ident,
    pub(crate) vis: Visibility,
    pub(crate) krate: Path,
    pub(crate) collection: String,
    pub(crate) indexes: Vec<IndexAttr>,
    pub(crate) shape: Shape,
}

/// How values are stored.
pub(crate) enum Shape {
    /// As a sub-document (or document).
    Struct(StructShape),
    /// As another type.
    As {
        inner: StoredType,
        /// Whether it is a tuple struct of that type alone.
        is_newtype: bool,
    },
    /// As an array of unlike elements.
    Tuple,
    /// As null.
    Unit,
    /// As one of these strings.
    Choice(Vec<String>),
    /// As one of these BSON types, by the names of our `BsonType`.
    OneOf(Vec<&'static str>),
    /// As anything.
    Any,
}

/// The fields of a struct.
pub(crate) struct StructShape {
    pub(crate) fields: Vec<StoredField>,
    /// A field that serde adds: its name.
    pub(crate) tag: Option<String>,
    /// The `_id`, of documents.
    pub(crate) id: Option<Id>,
}

/// The id of a document.
pub(crate) struct Id {
    pub(crate) field: Ident,
    /// Without `Option`.
    pub(crate) ty: Type,
    pub(crate) optional: bool,
}

/// A field that is stored.
pub(crate) struct StoredField {
    pub(crate) ident: Ident,
    pub(crate) docs: Vec<Attribute>,
    pub(crate) stored: String,
    pub(crate) ty: StoredType,
    pub(crate) flatten: bool,
    pub(crate) skippable: bool,
    pub(crate) default: bool,
    pub(crate) id: bool,
    pub(crate) unique: bool,
    pub(crate) index: bool,
}

/// A type, and who writes its values.
pub(crate) struct StoredType {
    pub(crate) ty: Type,
    pub(crate) writer: Writer,
}

/// Who writes the values of a field.
pub(crate) enum Writer {
    /// A field type.
    FieldType,
    /// The `Serialize` of a type about which nothing else is known.
    Opaque,
    /// This function.
    Function(ExprPath),
}

pub(crate) fn validate(input: Input) -> Result<Model> {
    let shape = match (&input.serde.into, input.role) {
        (Some((at, _)), Role::Document) => {
            return Err(Error::new_spanned(
                at,
                "a document is stored as its own fields: derive `Document` on the type that it is converted into",
            ));
        }
        (Some((_, ty)), Role::Embedded) => {
            let inner = StoredType { ty: ty.clone(), writer: Writer::FieldType };
            Shape::As { inner, is_newtype: false }
        }
        (None, _) => shape(&input)?,
    };
    Ok(Model {
        krate: input.odm.krate.unwrap_or_else(|| syn::parse_quote!(::odm_core)),
        collection: input
            .odm
            .collection
            .map_or_else(|| snake(&input.ident.unraw().to_string()), |name| name.value()),
        indexes: input.odm.indexes,
        ident: input.ident,
        vis: input.vis,
        shape,
    })
}

fn shape(input: &Input) -> Result<Shape> {
    match (&input.body, input.role) {
        (Body::Named(fields), Role::Embedded) if input.serde.transparent => only(input, fields),
        (Body::Named(fields), _) => struct_shape(input, fields).map(Shape::Struct),
        (_, Role::Document) => Err(Error::new_spanned(
            &input.ident,
            "a document is a struct with named fields; derive `Embedded` on field types",
        )),
        (Body::Tuple(fields), Role::Embedded) if fields.len() == 1 || input.serde.transparent => {
            only(input, fields)
        }
        (Body::Tuple(_), Role::Embedded) => Ok(Shape::Tuple),
        (Body::Unit, Role::Embedded) => Ok(Shape::Unit),
        (Body::Enum(variants), Role::Embedded) => Ok(enum_shape(input, variants)),
    }
}

/// The type of the only stored field of a newtype.
fn only(input: &Input, fields: &[Field]) -> Result<Shape> {
    let mut stored = fields.iter().filter(|field| !field.serde.skipped);
    match (stored.next(), stored.next()) {
        (Some(field), None) => Ok(Shape::As {
            inner: stored_type(field),
            is_newtype: field.ident.is_none() && fields.len() == 1,
        }),
        _ => Err(Error::new_spanned(&input.ident, "a newtype has exactly one stored field")),
    }
}

fn stored_type(field: &Field) -> StoredType {
    let writer = match (&field.serde.serialize_with, field.odm.opaque) {
        (Some(function), _) => Writer::Function(function.clone()),
        (None, true) => Writer::Opaque,
        (None, false) => Writer::FieldType,
    };
    StoredType { ty: field.ty.clone(), writer }
}

fn struct_shape(input: &Input, fields: &[Field]) -> Result<StructShape> {
    let mut errors = Errors::default();
    let mut seen = HashMap::new();
    let tag = input.serde.tag.as_ref().map(LitStr::value);
    seen.extend(tag.clone().map(|tag| (tag, "serde's tag".to_owned())));
    let mut stored = Vec::new();
    for field in fields {
        let Some(ident) = &field.ident else { continue };
        if field.serde.skipped {
            if field.odm.id.is_some() || field.odm.unique || field.odm.index {
                errors.push(Error::new_spanned(ident, "the field is not stored: serde skips it"));
            }
            continue;
        }
        let name = stored_name(ident, field.serde.rename.as_ref(), input.serde.rename_all);
        if field.serde.flatten {
            if field.odm.id.is_some() || field.odm.unique || field.odm.index || field.odm.opaque {
                errors.push(Error::new_spanned(
                    ident,
                    "a flattened field is not stored as such: only its own fields are",
                ));
            }
            if field.serde.serialize_with.is_some() {
                errors.push(Error::new_spanned(
                    ident,
                    "which fields a flattened field with a serializer of its own has is not known: flatten a newtype",
                ));
            }
        } else {
            check_name(ident, &name, &mut errors);
            if let Some(other) = seen.insert(name.clone(), ident.unraw().to_string()) {
                errors.push(Error::new_spanned(
                    ident,
                    format!("`{name}` is also the stored name of `{other}`"),
                ));
            }
        }
        stored.push(StoredField {
            ident: ident.clone(),
            docs: field.docs.clone(),
            ty: stored_type(field),
            flatten: field.serde.flatten,
            skippable: field.serde.skippable,
            default: field.serde.default || input.serde.default,
            id: false,
            unique: field.odm.unique,
            index: field.odm.index,
            stored: name,
        });
    }
    let id = match input.role {
        Role::Document => errors.take(find_id(input, fields, &mut stored).map(Some)),
        Role::Embedded => None,
    };
    errors.finish()?;
    Ok(StructShape { fields: stored, tag, id })
}

fn stored_name(ident: &Ident, rename: Option<&LitStr>, all: Option<Case>) -> String {
    let name = ident.unraw().to_string();
    match (rename, all) {
        (Some(rename), _) => rename.value(),
        (None, Some(case)) => case.of_field(&name),
        (None, None) => name,
    }
}

/// Refuses names that paths cannot hold.
fn check_name(ident: &Ident, name: &str, errors: &mut Errors) {
    if name.is_empty() || name.starts_with('$') || name.contains(['.', '\0']) {
        errors.push(Error::new_spanned(
            ident,
            format!("{name:?} cannot be a stored name: it is empty, starts with `$`, or has a dot or a NUL in it"),
        ));
    }
}

/// Finds the id, and marks it.
fn find_id(input: &Input, fields: &[Field], stored: &mut [StoredField]) -> Result<Id> {
    for field in fields {
        let (Some(at), Some(ident)) = (&field.odm.id, &field.ident) else { continue };
        let name = stored_name(ident, field.serde.rename.as_ref(), input.serde.rename_all);
        if name != "_id" {
            return Err(Error::new_spanned(
                at,
                format!(
                    "the id must be stored as `_id`, and this field is stored as `{name}`: add `#[serde(rename = \"_id\")]` to it"
                ),
            ));
        }
    }
    let Some(found) = stored.iter_mut().find(|field| field.stored == "_id" && !field.flatten)
    else {
        return Err(Error::new_spanned(
            &input.ident,
            "a document needs an id: add a field `#[serde(rename = \"_id\")] #[odm(id)] id: ObjectId`",
        ));
    };
    if let Writer::Function(function) = &found.ty.writer {
        return Err(Error::new_spanned(
            function,
            "an id is written as its type's own `Serialize` does: use a newtype with this serializer",
        ));
    }
    if found.unique || found.index {
        return Err(Error::new_spanned(&found.ident, "`_id` always has a unique index"));
    }
    found.id = true;
    let inner = option_of(&found.ty.ty);
    Ok(Id {
        field: found.ident.clone(),
        optional: inner.is_some(),
        ty: inner.unwrap_or(&found.ty.ty).clone(),
    })
}

/// The `T` of an `Option<T>`.
fn option_of(ty: &Type) -> Option<&Type> {
    let path = match ty {
        Type::Path(path) => &path.path,
        Type::Group(group) => return option_of(&group.elem),
        _ => return None,
    };
    let last = path.segments.last().filter(|last| last.ident == "Option")?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    match arguments.args.first()? {
        GenericArgument::Type(inner) => Some(inner),
        _ => None,
    }
}

fn enum_shape(input: &Input, variants: &[Variant]) -> Shape {
    let written: Vec<_> = variants.iter().filter(|variant| !variant.serde.skipped).collect();
    let unpredictable = written.iter().any(|variant| variant.serde.unpredictable);
    if input.serde.untagged || unpredictable {
        return Shape::Any;
    }
    if input.serde.tag.is_some() {
        return Shape::OneOf(vec!["Object"]);
    }
    if written.iter().all(|variant| variant.is_unit) {
        let name = |variant: &&Variant| {
            let ident = variant.ident.unraw().to_string();
            match (&variant.serde.rename, input.serde.rename_all) {
                (Some(rename), _) => rename.value(),
                (None, Some(case)) => case.of_variant(&ident),
                (None, None) => ident,
            }
        };
        return Shape::Choice(written.iter().map(name).collect());
    }
    let has_unit = written.iter().any(|variant| variant.is_unit);
    Shape::OneOf(if has_unit { vec!["String", "Object"] } else { vec!["Object"] })
}
