//! Reading and printing collations.

use bson::{Bson, Document, doc};

use super::Collation;
use crate::error::{Error, ErrorCode, Result};
use crate::number;

/// The version of the server's collation tables, the only one it takes.
const VERSION: &str = "57.1";

impl Collation {
    /// Reads a collation document. Whether its values go together, [`check`](Collation::check) tells; whether its
    /// locale exists, the backend.
    ///
    /// (In a command, `collation: {}` means that there is none; here it lacks its locale.)
    ///
    /// # Errors
    ///
    /// 40414 without a locale, 40415 for an unknown option, `TypeMismatch` (14), 51024 for a strength
    /// out of range, 161 for a version other than the server's, `BadValue` (2) for other values that
    /// are unknown.
    pub fn parse(doc: &Document) -> Result<Self> {
        let mut collation = Collation::default();
        let mut has_locale = false;
        for (name, value) in doc {
            let is_absent = matches!(value, Bson::Null | Bson::Undefined);
            match name.as_str() {
                "locale" | "strength" | "caseLevel" | "caseFirst" | "numericOrdering"
                | "alternate" | "maxVariable" | "normalization" | "version"
                    if is_absent => {}
                "locale" => {
                    collation.locale = text(name, value)?;
                    has_locale = true;
                }
                "strength" => collation.strength = Some(parse_strength(value)?),
                "caseLevel" => collation.case_level = Some(flag(name, value)?),
                "caseFirst" => {
                    collation.case_first = Some(one_of(name, value, &["upper", "lower", "off"])?);
                }
                "numericOrdering" => collation.numeric_ordering = Some(flag(name, value)?),
                "alternate" => {
                    collation.alternate = Some(one_of(name, value, &["non-ignorable", "shifted"])?);
                }
                "maxVariable" => {
                    collation.max_variable = Some(one_of(name, value, &["punct", "space"])?);
                }
                "normalization" => collation.normalization = Some(flag(name, value)?),
                "backwards" => collation.backwards = Some(flag(name, value)?),
                "version" if text(name, value)? == VERSION => {}
                "version" => {
                    return refuse(161, format!("the only collation version is {VERSION}"));
                }
                _ => return refuse(40_415, format!("collation.{name} is an unknown field")),
            }
        }
        if !has_locale {
            return refuse(40_414, "collation.locale is missing but a required field");
        }
        Ok(collation)
    }

    /// The collation as a document, with the options that are set, in the server's order.
    #[must_use]
    pub fn to_document(&self) -> Document {
        let mut doc = doc! { "locale": &self.locale };
        let mut add = |name: &str, value: Option<Bson>| {
            if let Some(value) = value {
                doc.insert(name, value);
            }
        };
        add("caseLevel", self.case_level.map(Bson::from));
        add("caseFirst", self.case_first.as_deref().map(Bson::from));
        add("strength", self.strength.map(Bson::from));
        add("numericOrdering", self.numeric_ordering.map(Bson::from));
        add("alternate", self.alternate.as_deref().map(Bson::from));
        add("maxVariable", self.max_variable.as_deref().map(Bson::from));
        add("normalization", self.normalization.map(Bson::from));
        add("backwards", self.backwards.map(Bson::from));
        doc
    }

    /// Refuses what is no locale, and options that do not go together. The server does so when it runs an operation
    /// or, of many, a statement.
    ///
    /// # Errors
    ///
    /// `BadValue` (2).
    pub fn check(&self) -> Result<()> {
        if self.is_simple() {
            return Ok(());
        }
        let bad = |why: &str| refuse(ErrorCode::BAD_VALUE.0, why);
        let strength = self.strength.unwrap_or(3);
        if !looks_like_locale(&self.locale) {
            return bad("'locale' is invalid");
        }
        if self.case_first.as_deref().is_some_and(|first| first != "off")
            && self.case_level != Some(true)
            && strength < 3
        {
            return bad(
                "'caseFirst' is invalid unless 'caseLevel' is on or 'strength' is greater than 2",
            );
        }
        if self.backwards == Some(true) && strength == 1 {
            return bad("'backwards' is invalid with 'strength' of 1");
        }
        Ok(())
    }
}

/// `ll`, `ll_Ssss`, `ll_RR`, `ll_RR_VARIANT`, each with or without `@collation=kind`.
fn looks_like_locale(locale: &str) -> bool {
    let (name, kind) = match locale.split_once('@') {
        Some((name, keywords)) => match keywords.strip_prefix("collation=") {
            Some(kind) => (name, Some(kind)),
            None => return false,
        },
        None => (locale, None),
    };
    let mut parts = name.split('_');
    let language = parts.next().unwrap_or_default();
    (2..=3).contains(&language.len())
        && language.bytes().all(|c| c.is_ascii_lowercase())
        && parts.all(|part| part.len() >= 2 && part.bytes().all(|c| c.is_ascii_alphanumeric()))
        && kind.is_none_or(|kind| {
            !kind.is_empty() && kind.bytes().all(|c| c.is_ascii_lowercase() || c == b'-')
        })
}

fn parse_strength(value: &Bson) -> Result<i32> {
    match number::clamped_i32(value) {
        Some(strength @ 1..=5) => Ok(strength),
        Some(0) => refuse(ErrorCode::BAD_VALUE.0, "0 is not a valid collation strength"),
        Some(other) => {
            refuse(51_024, format!("collation strength must be from 1 to 5, not {other}"))
        }
        None => wrong_type("strength", "a number"),
    }
}

fn text(name: &str, value: &Bson) -> Result<String> {
    match value {
        Bson::String(text) => Ok(text.clone()),
        _ => wrong_type(name, "a string"),
    }
}

fn flag(name: &str, value: &Bson) -> Result<bool> {
    match value {
        Bson::Boolean(flag) => Ok(*flag),
        _ => wrong_type(name, "a boolean"),
    }
}

fn one_of(name: &str, value: &Bson, known: &[&str]) -> Result<String> {
    let value = text(name, value)?;
    if !known.contains(&value.as_str()) {
        return refuse(
            ErrorCode::BAD_VALUE.0,
            format!("'{value}' is not a valid value of collation.{name}"),
        );
    }
    Ok(value)
}

fn wrong_type<T>(name: &str, expected: &str) -> Result<T> {
    refuse(ErrorCode::TYPE_MISMATCH.0, format!("collation.{name} must be {expected}"))
}

fn refuse<T>(code: i32, message: impl Into<String>) -> Result<T> {
    Err(Error::command(ErrorCode(code), message))
}
