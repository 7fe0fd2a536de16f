//! Reading the key pattern of an index.

use bson::{Bson, Document};

use crate::error::{Error, ErrorCode, Result};
use crate::index::IndexKind;
use crate::namespace::FieldPath;
use crate::number;

/// As many keys as the server's key format holds.
const MAX_KEYS: usize = 32;

pub(super) fn parse(pattern: &Document) -> Result<Vec<(FieldPath, IndexKind)>> {
    if pattern.is_empty() {
        return refuse("index keys cannot be empty");
    }
    let mut keys = Vec::with_capacity(pattern.len());
    for (path, value) in pattern {
        let kind = parse_kind(value)?;
        check_path(path, &kind, pattern.len())?;
        keys.push((FieldPath::from(path.as_str()), kind));
    }
    check_kinds(&keys)?;
    if keys.len() > MAX_KEYS {
        return Err(Error::command(ErrorCode(13_103), "too many compound keys"));
    }
    Ok(keys)
}

fn parse_kind(value: &Bson) -> Result<IndexKind> {
    match value {
        Bson::String(plugin) => match plugin.as_str() {
            "hashed" => Ok(IndexKind::Hashed),
            "text" => Ok(IndexKind::Text),
            "2d" => Ok(IndexKind::Geo2d),
            "2dsphere" => Ok(IndexKind::Geo2dSphere),
            _ => refuse(format!("unknown index plugin '{plugin}'")),
        },
        number if number::is_zero(number) => refuse("values in an index key cannot be 0"),
        number => match number::as_f64(number) {
            Some(n) if !n.is_nan() => Ok(match number {
                Bson::Int32(1) => IndexKind::Ascending,
                Bson::Int32(-1) => IndexKind::Descending,
                other => IndexKind::Number(other.clone()),
            }),
            _ => refuse("values in an index key must be numbers or strings"),
        },
    }
}

/// Whether the path ends in `$**`, all fields below it.
pub(super) fn is_wildcard_path(path: &str) -> bool {
    path == "$**" || path.ends_with(".$**")
}

/// Whether names are given, none empty and none an operator's; those of a `DBRef` are not.
pub(super) fn is_path(path: &str) -> bool {
    path.split('.').enumerate().all(|(depth, name)| {
        !name.is_empty()
            && (!name.starts_with('$') || (depth > 0 && matches!(name, "$ref" | "$id" | "$db")))
    })
}

fn check_path(path: &str, kind: &IndexKind, keys: usize) -> Result<()> {
    if let Some(parent) = path.strip_suffix("$**").filter(|_| is_wildcard_path(path)) {
        return match kind {
            IndexKind::Text if parent.is_empty() => Ok(()),
            kind if kind.is_descending() != Some(false) => {
                refuse(format!("invalid wildcard key '{path}'"))
            }
            _ if keys > 1 => refuse("wildcard indexes do not allow compounding"),
            _ if parent.is_empty() => Ok(()),
            _ if parent.strip_suffix('.').is_some_and(is_path) => Ok(()),
            _ => refuse(format!("invalid wildcard key '{path}'")),
        };
    }
    if !is_path(path) {
        return refuse(format!(
            "index key contains an illegal field name: '{path}': no name may be empty or begin with '$'"
        ));
    }
    if path == "_fts" && *kind != IndexKind::Text {
        return refuse("index key contains an illegal field name: '_fts'");
    }
    Ok(())
}

/// Which kinds go together, and in which order.
fn check_kinds(keys: &[(FieldPath, IndexKind)]) -> Result<()> {
    let special: Vec<usize> = (0..keys.len())
        .filter(|&at| keys.get(at).is_some_and(|(_, kind)| kind.is_descending().is_none()))
        .collect();
    let (Some(&first), Some(&last)) = (special.first(), special.last()) else { return Ok(()) };
    let kind = keys.get(first).map(|(_, kind)| kind);
    if special.iter().any(|&at| keys.get(at).map(|(_, kind)| kind) != kind) {
        return refuse("an index cannot be of two special kinds");
    }
    let coded = |code: i32, why: &str| Err(Error::command(ErrorCode(code), why));
    match kind {
        Some(IndexKind::Hashed) if special.len() > 1 => {
            coded(31_303, "a maximum of one index field is allowed to be hashed")
        }
        Some(IndexKind::Geo2d) if special.len() > 1 => coded(16_800, "can't have 2 geo fields"),
        Some(IndexKind::Geo2d) if first > 0 => coded(16_801, "2d has to be first in index"),
        Some(IndexKind::Text) if last - first >= special.len() => {
            refuse("text fields of an index must be adjacent")
        }
        _ => Ok(()),
    }
}

fn refuse<T>(message: impl Into<String>) -> Result<T> {
    Err(Error::command(ErrorCode::CANNOT_CREATE_INDEX, message))
}
