//! Collations: how strings compare.

mod parse;

use serde::{Deserialize, Serialize};

/// How strings compare: a locale of ICU and its options, as MongoDB names them.
///
/// Options left `None` have the locale's own default.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Collation {
    /// For example `en`, `de@collation=phonebook`, or `simple` for comparison by bytes.
    pub locale: String,
    /// 1 (base letters) to 5 (identical); the server's default is 3.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strength: Option<i32>,
    /// Whether case counts at strengths 1 and 2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub case_level: Option<bool>,
    /// `upper`, `lower` or `off`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub case_first: Option<String>,
    /// Whether digits compare as numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub numeric_ordering: Option<bool>,
    /// `non-ignorable` or `shifted`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alternate: Option<String>,
    /// `punct` or `space`: what `shifted` ignores.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_variable: Option<String>,
    /// Whether text is normalised first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub normalization: Option<bool>,
    /// Whether accents compare from the end, as in Canadian French.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backwards: Option<bool>,
}

impl Collation {
    /// A locale with its default options.
    pub fn locale(locale: impl Into<String>) -> Self {
        Collation { locale: locale.into(), ..Collation::default() }
    }

    /// Whether strings compare by their bytes: the locale `simple`.
    #[must_use]
    pub fn is_simple(&self) -> bool {
        self.locale == "simple"
    }
}
