//! Our own attributes.

use syn::meta::ParseNestedMeta;
use syn::parse::ParseStream;
use syn::punctuated::Punctuated;
use syn::{Attribute, Error, Ident, LitInt, LitStr, Path, Result, Token, parenthesized};

use super::Role;

/// `#[odm(…)]` of a type.
#[derive(Default)]
pub(crate) struct OdmContainer {
    pub(crate) collection: Option<LitStr>,
    pub(crate) indexes: Vec<IndexAttr>,
    pub(crate) krate: Option<Path>,
}

/// `#[odm(…)]` of a field.
#[derive(Default)]
pub(crate) struct OdmField {
    pub(crate) id: Option<Path>,
    pub(crate) unique: bool,
    pub(crate) index: bool,
    pub(crate) opaque: bool,
}

/// `index(keys(…), …)`.
#[derive(Default)]
pub(crate) struct IndexAttr {
    pub(crate) keys: Vec<KeyAttr>,
    pub(crate) unique: bool,
    pub(crate) sparse: bool,
    pub(crate) hidden: bool,
    pub(crate) name: Option<LitStr>,
    pub(crate) expire_after_seconds: Option<LitInt>,
}

/// One key of an index.
pub(crate) struct KeyAttr {
    /// The name of an `IndexKind`.
    pub(crate) kind: Ident,
    /// Rust fields, each a method of the path before it.
    pub(crate) path: Vec<Ident>,
}

const ON_DOCUMENTS: &str = "`collection`, `index` and `crate`";
const ON_EMBEDDED: &str = "`crate`";
const ON_FIELDS: &str = "`id`, `unique`, `index` and `opaque`";

impl OdmContainer {
    pub(crate) fn parse(attrs: &[Attribute], role: Role) -> Result<Self> {
        let mut out = OdmContainer::default();
        each(attrs, |name, meta| match (name, role) {
            ("collection", Role::Document) => {
                let collection: LitStr = meta.value()?.parse()?;
                check_collection(&collection)?;
                out.collection = Some(collection);
                Ok(())
            }
            ("index", Role::Document) => {
                out.indexes.push(IndexAttr::parse(meta)?);
                Ok(())
            }
            ("collection" | "index", Role::Embedded) => Err(meta
                .error(format!("`{name}` belongs on the document that this type is embedded in"))),
            ("crate", _) => {
                out.krate = Some(meta.value()?.parse::<LitStr>()?.parse()?);
                Ok(())
            }
            (_, Role::Document) => Err(unknown(meta, "a document", ON_DOCUMENTS)),
            (_, Role::Embedded) => Err(unknown(meta, "an embedded type", ON_EMBEDDED)),
        })?;
        Ok(out)
    }
}

impl OdmField {
    pub(crate) fn parse(attrs: &[Attribute], role: Role) -> Result<Self> {
        let mut out = OdmField::default();
        each(attrs, |name, meta| {
            match (name, role) {
                ("opaque", _) => out.opaque = true,
                ("id", Role::Document) => out.id = Some(meta.path.clone()),
                ("unique", Role::Document) => out.unique = true,
                ("index", Role::Document) => out.index = true,
                ("id", Role::Embedded) => {
                    return Err(meta.error("only documents have an id"));
                }
                ("unique" | "index", Role::Embedded) => {
                    return Err(meta.error(
                        "an index belongs on the document: `#[odm(index(keys(\"field.field\")))]`",
                    ));
                }
                _ => return Err(unknown(meta, "a field", ON_FIELDS)),
            }
            Ok(())
        })?;
        Ok(out)
    }

    /// Refuses any attribute of ours.
    pub(crate) fn refuse(attrs: &[Attribute]) -> Result<()> {
        each(attrs, |_, meta| Err(meta.error("`#[odm(…)]` has no meaning inside an enum")))
    }
}

impl IndexAttr {
    fn parse(meta: &ParseNestedMeta<'_>) -> Result<Self> {
        let mut out = IndexAttr::default();
        meta.parse_nested_meta(|meta| {
            match meta.path.get_ident().map(ToString::to_string).unwrap_or_default().as_str() {
                "keys" => {
                    let content;
                    parenthesized!(content in meta.input);
                    let keys = Punctuated::<_, Token![,]>::parse_terminated_with(
                        &content,
                        KeyAttr::parse,
                    )?;
                    out.keys.extend(keys);
                }
                "unique" => out.unique = true,
                "sparse" => out.sparse = true,
                "hidden" => out.hidden = true,
                "name" => out.name = Some(meta.value()?.parse()?),
                "expire_after_seconds" => out.expire_after_seconds = Some(meta.value()?.parse()?),
                _ => {
                    return Err(unknown(
                        &meta,
                        "an index",
                        "`keys(…)`, `unique`, `sparse`, `hidden`, `name` and `expire_after_seconds`",
                    ));
                }
            }
            Ok(())
        })?;
        if out.keys.is_empty() {
            return Err(meta.error("an index needs keys: `index(keys(\"borough\", \"-cuisine\"))`"));
        }
        Ok(out)
    }
}

impl KeyAttr {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        if input.peek(LitStr) {
            let key: LitStr = input.parse()?;
            return match key.value().strip_prefix('-') {
                Some(path) => KeyAttr::new("Descending", path, &key),
                None => KeyAttr::new("Ascending", &key.value(), &key),
            };
        }
        let kind: Ident = input.parse()?;
        let variant = match kind.to_string().as_str() {
            "hashed" => "Hashed",
            "text" => "Text",
            "geo_2dsphere" => "Geo2dSphere",
            "geo_2d" => "Geo2d",
            _ => {
                return Err(Error::new(
                    kind.span(),
                    "expected `\"field\"`, `\"-field\"`, or `hashed`, `text`, `geo_2dsphere`, `geo_2d` of a field",
                ));
            }
        };
        let content;
        parenthesized!(content in input);
        let key: LitStr = content.parse()?;
        KeyAttr::new(variant, &key.value(), &key)
    }

    fn new(kind: &str, path: &str, literal: &LitStr) -> Result<Self> {
        let component = |name: &str| {
            let mut ident = syn::parse_str::<Ident>(name)
                .or_else(|_| syn::parse_str::<Ident>(&format!("r#{name}")))
                .map_err(|_| {
                    Error::new(
                        literal.span(),
                        format!("`{name}` is not the name of a Rust field, such as \"address.zipcode\" is made of"),
                    )
                })?;
            // An unknown field is reported at the literal.
            ident.set_span(literal.span());
            Ok(ident)
        };
        Ok(KeyAttr {
            kind: Ident::new(kind, literal.span()),
            path: path.split('.').map(component).collect::<Result<_>>()?,
        })
    }
}

/// Refuses what the server would.
fn check_collection(name: &LitStr) -> Result<()> {
    let text = name.value();
    let refused = if text.is_empty() {
        "is empty"
    } else if text.contains(['$', '\0']) {
        "has a `$` or a NUL in it"
    } else if text.starts_with('.') || text.ends_with('.') {
        "starts or ends with a dot"
    } else {
        return Ok(());
    };
    Err(Error::new(name.span(), format!("the server refuses a collection whose name {refused}")))
}

/// Calls `read` with each item of each `#[odm(…)]`.
fn each(
    attrs: &[Attribute],
    mut read: impl FnMut(&str, &ParseNestedMeta<'_>) -> Result<()>,
) -> Result<()> {
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("odm")) {
        attr.parse_nested_meta(|meta| {
            let name = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
            read(&name, &meta)
        })?;
    }
    Ok(())
}

fn unknown(meta: &ParseNestedMeta<'_>, on: &str, known: &str) -> Error {
    meta.error(format!("unknown attribute; `#[odm(…)]` on {on} takes {known}"))
}
