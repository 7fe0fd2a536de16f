//! Serde's attributes: the one place that knows them.
//!
//! What serde writes decides what filters must ask for, so an attribute that is not understood
//! here is an error, never ignored.

use syn::meta::ParseNestedMeta;
use syn::{Attribute, Error, ExprPath, LitStr, Path, Result, Token, Type};

use super::case::Case;

/// Serde's attributes of a type.
#[derive(Default)]
pub(crate) struct SerdeContainer {
    pub(crate) rename_all: Option<Case>,
    pub(crate) tag: Option<LitStr>,
    pub(crate) untagged: bool,
    pub(crate) transparent: bool,
    pub(crate) default: bool,
    /// `into`, with its type: that is what is stored.
    pub(crate) into: Option<(Path, Type)>,
}

/// Serde's attributes of a field.
#[derive(Default)]
pub(crate) struct SerdeField {
    pub(crate) rename: Option<LitStr>,
    pub(crate) flatten: bool,
    /// Never written.
    pub(crate) skipped: bool,
    /// Not always written.
    pub(crate) skippable: bool,
    pub(crate) default: bool,
    /// The function that writes it.
    pub(crate) serialize_with: Option<ExprPath>,
}

/// Serde's attributes of a variant.
#[derive(Default)]
pub(crate) struct SerdeVariant {
    pub(crate) rename: Option<LitStr>,
    /// Never written.
    pub(crate) skipped: bool,
    /// Written as the user's function does, or without a tag.
    pub(crate) unpredictable: bool,
}

impl SerdeContainer {
    pub(crate) fn parse(attrs: &[Attribute]) -> Result<Self> {
        let mut out = SerdeContainer::default();
        each(attrs, |name, meta| {
            match name {
                "rename" => {
                    per_direction(meta)?;
                }
                "rename_all" => out.rename_all = case(meta)?,
                "rename_all_fields" => {
                    case(meta)?;
                }
                "tag" => out.tag = Some(meta.value()?.parse()?),
                "untagged" => out.untagged = true,
                "transparent" => out.transparent = true,
                "default" => {
                    optional_value(meta)?;
                    out.default = true;
                }
                "into" => {
                    out.into = Some((meta.path.clone(), meta.value()?.parse::<LitStr>()?.parse()?));
                }
                "content" | "from" | "try_from" | "crate" | "expecting" => {
                    meta.value()?.parse::<LitStr>()?;
                }
                "deny_unknown_fields" => {}
                "bound" => {
                    per_direction(meta)?;
                }
                _ => return Err(not_understood(meta)),
            }
            Ok(())
        })?;
        Ok(out)
    }
}

impl SerdeField {
    pub(crate) fn parse(attrs: &[Attribute]) -> Result<Self> {
        let mut out = SerdeField::default();
        each(attrs, |name, meta| {
            match name {
                "rename" => out.rename = both(meta)?,
                "flatten" => out.flatten = true,
                "skip" | "skip_serializing" => out.skipped = true,
                "skip_serializing_if" => {
                    meta.value()?.parse::<LitStr>()?;
                    out.skippable = true;
                }
                "skip_deserializing" => out.default = true,
                "default" => {
                    optional_value(meta)?;
                    out.default = true;
                }
                "serialize_with" => {
                    out.serialize_with = Some(meta.value()?.parse::<LitStr>()?.parse()?);
                }
                "with" => {
                    let module: ExprPath = meta.value()?.parse::<LitStr>()?.parse()?;
                    out.serialize_with = Some(syn::parse_quote!(#module::serialize));
                }
                "alias" | "deserialize_with" => {
                    meta.value()?.parse::<LitStr>()?;
                }
                "borrow" => optional_value(meta)?,
                "bound" => {
                    per_direction(meta)?;
                }
                _ => return Err(not_understood(meta)),
            }
            Ok(())
        })?;
        Ok(out)
    }
}

impl SerdeVariant {
    pub(crate) fn parse(attrs: &[Attribute]) -> Result<Self> {
        let mut out = SerdeVariant::default();
        each(attrs, |name, meta| {
            match name {
                "rename" => out.rename = both(meta)?,
                "rename_all" => {
                    case(meta)?;
                }
                "skip" | "skip_serializing" => out.skipped = true,
                "skip_deserializing" | "other" => {}
                "untagged" => out.unpredictable = true,
                "with" | "serialize_with" => {
                    meta.value()?.parse::<LitStr>()?;
                    out.unpredictable = true;
                }
                "alias" | "deserialize_with" => {
                    meta.value()?.parse::<LitStr>()?;
                }
                "borrow" => optional_value(meta)?,
                "bound" => {
                    per_direction(meta)?;
                }
                _ => return Err(not_understood(meta)),
            }
            Ok(())
        })?;
        Ok(out)
    }
}

/// Calls `read` with each item of each `#[serde(…)]`.
fn each(
    attrs: &[Attribute],
    mut read: impl FnMut(&str, &ParseNestedMeta<'_>) -> Result<()>,
) -> Result<()> {
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("serde")) {
        attr.parse_nested_meta(|meta| {
            let name = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
            read(&name, &meta)
        })?;
    }
    Ok(())
}

fn not_understood(meta: &ParseNestedMeta<'_>) -> Error {
    let path = &meta.path;
    let name = path.get_ident().map(ToString::to_string).unwrap_or_default();
    meta.error(match name.as_str() {
        "remote" => "a `remote` definition cannot be stored: derive on a newtype".to_owned(),
        _ => format!(
            "serde's attribute `{name}` is not understood here, so it is not known how this is stored"
        ),
    })
}

/// `= "value"`, or nothing.
fn optional_value(meta: &ParseNestedMeta<'_>) -> Result<()> {
    if meta.input.peek(Token![=]) {
        meta.value()?.parse::<LitStr>()?;
    }
    Ok(())
}

/// `= "value"` or `(serialize = "value", deserialize = "value")`.
fn per_direction(meta: &ParseNestedMeta<'_>) -> Result<(Option<LitStr>, Option<LitStr>)> {
    if meta.input.peek(Token![=]) {
        let value: LitStr = meta.value()?.parse()?;
        return Ok((Some(value.clone()), Some(value)));
    }
    let (mut serialize, mut deserialize) = (None, None);
    meta.parse_nested_meta(|inner| {
        if inner.path.is_ident("serialize") {
            serialize = Some(inner.value()?.parse()?);
        } else if inner.path.is_ident("deserialize") {
            let value = inner.value()?.parse()?;
            // Several may be given: any of them is read.
            deserialize.get_or_insert(value);
        } else {
            return Err(inner.error("expected `serialize` or `deserialize`"));
        }
        Ok(())
    })?;
    Ok((serialize, deserialize))
}

/// A name that must be the same in both directions: what was written must be found again.
fn both(meta: &ParseNestedMeta<'_>) -> Result<Option<LitStr>> {
    match per_direction(meta)? {
        (Some(write), Some(read)) if write.value() == read.value() => Ok(Some(write)),
        (None, None) => Ok(None),
        _ => Err(meta.error(
            "a stored name must be the same for reading and writing; to read older names too, use `alias`",
        )),
    }
}

fn case(meta: &ParseNestedMeta<'_>) -> Result<Option<Case>> {
    both(meta)?.map(|name| Case::parse(&name)).transpose()
}
