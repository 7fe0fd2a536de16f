//! Collations: how strings compare in a locale.
//!
//! A [`Collator`] is made once for each collation, from the tables of ICU4X, and shared. What those order otherwise than
//! the server's, which are of ICU 57, is refused, except where no collation can tell: characters that are newer than
//! Unicode 8, a few rare or historic ones, and text whose combining marks are not in canonical order (the server then
//! compares it as it is unless `normalization` is on).

mod locale;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::sync::{Arc, LazyLock};

use icu_collator::options::{AlternateHandling, CaseLevel, CollatorOptions, MaxVariable, Strength};
use icu_collator::preferences::{CollationCaseFirst, CollationNumericOrdering};
use icu_collator::{CollatorBorrowed, CollatorPreferences};
use icu_locale_core::Locale;
use odm_core::bson::Document;
use odm_core::{Collation, Error, ErrorCode};
use parking_lot::RwLock;
use rustc_hash::FxHashMap;

use crate::value::{ElementType, RawVal};
use locale::Support;

/// The version of the server's tables, as listings show it.
const VERSION: &str = "57.1";

/// The most collators that are kept for the next operation that asks for them.
const MAX_CACHED: usize = 256;

/// Compares strings in one locale.
pub(crate) struct Collator {
    /// Every option as it is in effect.
    resolved: Collation,
    collator: CollatorBorrowed<'static>,
    /// Whether curly quotes count as other characters than straight ones.
    tells_quotes: bool,
}

/// Collators do not change, so that everybody may share them.
static CACHE: LazyLock<RwLock<FxHashMap<Collation, Arc<Collator>>>> =
    LazyLock::new(RwLock::default);

impl Collator {
    /// The collator of what an operation or an index asks for: `None` if strings are to compare by their bytes.
    ///
    /// # Errors
    ///
    /// 2 for a locale that the server does not have, and for options that do not go with it; [`Error::Unsupported`] for
    /// what the engine's tables order otherwise than the server's.
    pub(crate) fn new(collation: &Collation) -> Result<Option<Arc<Self>>, Error> {
        if collation.is_simple() {
            return Ok(None);
        }
        if let Some(known) = CACHE.read().get(collation) {
            return Ok(Some(known.clone()));
        }
        let collator = Arc::new(Collator::build(collation)?);
        let mut cache = CACHE.write();
        if cache.len() >= MAX_CACHED {
            cache.clear();
        }
        cache.insert(collation.clone(), collator.clone());
        Ok(Some(collator))
    }

    /// The collator of an operation: its own or, if it names none, that of the collection.
    ///
    /// # Errors
    ///
    /// As [`new`](Collator::new).
    pub(crate) fn or_default(
        collation: Option<&Collation>,
        default: Option<&Arc<Self>>,
    ) -> Result<Option<Arc<Self>>, Error> {
        match collation {
            Some(collation) => Collator::new(collation),
            None => Ok(default.cloned()),
        }
    }

    /// The default collator of a collection. Of the options that `create` leaves out, all but one are those of most
    /// locales, whatever this locale has.
    ///
    /// # Errors
    ///
    /// As [`new`](Collator::new).
    pub(crate) fn of_collection(collation: &Collation) -> Result<Option<Arc<Self>>, Error> {
        let plain = resolve(&Collation { locale: "en".to_owned(), ..collation.clone() });
        let backwards = collation.backwards;
        Collator::new(&Collation { locale: collation.locale.clone(), backwards, ..plain })
    }

    fn build(collation: &Collation) -> Result<Self, Error> {
        // What comes from typed code was not parsed.
        Collation::parse(&collation.to_document())?.check()?;
        let name = &collation.locale;
        match locale::support(name) {
            Support::Exact => {}
            Support::Inexact => return Err(unsupported(format!("the locale `{name}`"))),
            Support::Broken => {
                let message = format!("failed to create a collator of the locale '{name}'");
                return Err(Error::command(ErrorCode::OPERATION_FAILED, message));
            }
            Support::Unknown => {
                let message = format!("Field 'locale' is invalid in: {{ locale: \"{name}\" }}");
                return Err(Error::command(ErrorCode::BAD_VALUE, message));
            }
        }
        let resolved = resolve(collation);
        resolved.check()?;
        let ignores_punctuation = resolved.alternate.as_deref() == Some("shifted")
            && resolved.max_variable.as_deref() == Some("punct");
        if ignores_punctuation && resolved.strength > Some(3) {
            return Err(unsupported(
                "strengths above 3 with `alternate: \"shifted\"` and `maxVariable: \"punct\"`"
                    .to_owned(),
            ));
        }
        let collator = collator(&resolved)?;
        Ok(Collator { resolved, collator, tells_quotes: !ignores_punctuation })
    }

    /// Every option as it is in effect.
    pub(crate) const fn resolved(&self) -> &Collation {
        &self.resolved
    }

    /// The collation as listings and plans show it, with every option.
    pub(crate) fn to_document(&self) -> Document {
        let mut shown = self.resolved.to_document();
        shown.insert("version", VERSION);
        shown
    }

    /// Compares two strings.
    pub(crate) fn compare(&self, a: &[u8], b: &[u8]) -> Ordering {
        if a == b {
            return Ordering::Equal;
        }
        self.collator.compare_utf8(&self.prepared(a), &self.prepared(b))
    }

    /// The bytes by which a string sorts. They are the same for strings that compare equal.
    pub(crate) fn sort_key(&self, text: &[u8]) -> Vec<u8> {
        let mut key = Vec::with_capacity(2 * text.len() + 8);
        match self.collator.write_sort_key_utf8_to(&self.prepared(text), &mut key) {
            Ok(()) => key,
            Err(never) => match never {},
        }
    }

    /// A string as the tables take it. Those make curly quotes variants of the straight ones, while for the server they
    /// are characters of their own right after these: which a straight one with the greatest character after it is.
    fn prepared<'t>(&self, text: &'t [u8]) -> Cow<'t, [u8]> {
        const GREATEST: &[u8] = "\u{ffff}".as_bytes();
        if !self.tells_quotes || !text.windows(3).any(|c| quote(c).is_some()) {
            return Cow::Borrowed(text);
        }
        let mut prepared = Vec::with_capacity(text.len() + 16);
        let mut rest = text;
        while let Some((first, after)) = rest.split_first() {
            match rest.get(..3).and_then(quote) {
                Some((straight, place)) => {
                    prepared.push(straight);
                    (0..place).for_each(|_| prepared.extend_from_slice(GREATEST));
                    rest = &rest[3..];
                }
                None => {
                    prepared.push(*first);
                    rest = after;
                }
            }
        }
        Cow::Owned(prepared)
    }
}

impl fmt::Debug for Collator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Collator").field(&self.resolved).finish()
    }
}

impl PartialEq for Collator {
    fn eq(&self, other: &Self) -> bool {
        self.resolved == other.resolved
    }
}

impl Eq for Collator {}

/// Whether two collators, or none, compare all strings alike.
pub(crate) fn same(a: Option<&Collator>, b: Option<&Collator>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => std::ptr::eq(a, b) || a == b,
        (None, None) => true,
        _ => false,
    }
}

/// Whether a collation matters to a value: it is a string, or may hold some.
pub(crate) const fn matters_to(kind: ElementType) -> bool {
    use ElementType::{Array, EmbeddedDocument, String, Symbol};
    matches!(kind, String | Symbol | EmbeddedDocument | Array)
}

/// Refuses a value that no index with a collation can hold.
///
/// # Errors
///
/// 201 for symbols, at any depth.
pub(crate) fn check_indexable(value: RawVal<'_>) -> Result<(), Error> {
    if has_symbol(value) {
        return Err(Error::command(
            ErrorCode(201),
            "KeyString format error: Cannot index type Symbol with a collation",
        ));
    }
    Ok(())
}

/// Stored values are nested to a bounded depth only.
fn has_symbol(value: RawVal<'_>) -> bool {
    match value.kind() {
        ElementType::Symbol => true,
        ElementType::EmbeddedDocument | ElementType::Array => {
            value.elements().any(|(_, inner)| has_symbol(inner))
        }
        _ => false,
    }
}

/// The collation with every option as it is in effect.
fn resolve(collation: &Collation) -> Collation {
    let Collation { locale, .. } = collation;
    let text =
        |given: &Option<String>, default: &str| given.clone().or_else(|| Some(default.to_owned()));
    let is = |name: &str| locale == name;
    Collation {
        locale: locale.clone(),
        strength: collation.strength.or(Some(3)),
        case_level: collation.case_level.or(Some(false)),
        case_first: text(&collation.case_first, if is("mt") { "upper" } else { "off" }),
        numeric_ordering: collation.numeric_ordering.or(Some(false)),
        alternate: text(&collation.alternate, if is("th") { "shifted" } else { "non-ignorable" }),
        max_variable: text(&collation.max_variable, "punct"),
        normalization: collation.normalization.or(Some(locale::normalizes(locale))),
        backwards: collation.backwards.or(Some(is("fr_CA"))),
    }
}

/// The collator of a collation that has every option.
fn collator(resolved: &Collation) -> Result<CollatorBorrowed<'static>, Error> {
    let name = resolved.locale.as_str();
    let is_on = |option: Option<bool>| option == Some(true);
    // There is no option for accents that compare from the end, but one locale, without other rules, has them.
    let tag = match (is_on(resolved.backwards), name) {
        (false, "fr_CA") => "fr".to_owned(),
        (true, name) if name == "fr_CA" || locale::is_root(name) => "fr-CA".to_owned(),
        (true, name) => return Err(unsupported(format!("`backwards` with the locale `{name}`"))),
        (false, name) => locale::language_tag(name),
    };
    let tag: Locale = tag.parse().map_err(|_| unsupported(format!("the locale `{name}`")))?;
    let mut preferences = CollatorPreferences::from(&tag);
    preferences.case_first = Some(match resolved.case_first.as_deref() {
        Some("upper") => CollationCaseFirst::Upper,
        Some("lower") => CollationCaseFirst::Lower,
        _ => CollationCaseFirst::False,
    });
    preferences.numeric_ordering = Some(match is_on(resolved.numeric_ordering) {
        true => CollationNumericOrdering::True,
        false => CollationNumericOrdering::False,
    });
    let mut options = CollatorOptions::default();
    options.strength = Some(match resolved.strength {
        Some(1) => Strength::Primary,
        Some(2) => Strength::Secondary,
        Some(4) => Strength::Quaternary,
        Some(5) => Strength::Identical,
        _ => Strength::Tertiary,
    });
    let case_level = if is_on(resolved.case_level) { CaseLevel::On } else { CaseLevel::Off };
    options.case_level = Some(case_level);
    options.alternate_handling = Some(match resolved.alternate.as_deref() {
        Some("shifted") => AlternateHandling::Shifted,
        _ => AlternateHandling::NonIgnorable,
    });
    options.max_variable = Some(match resolved.max_variable.as_deref() {
        Some("space") => MaxVariable::Space,
        _ => MaxVariable::Punctuation,
    });
    CollatorBorrowed::try_new(preferences, options)
        .map_err(|error| unsupported(format!("the locale `{name}` ({error})")))
}

/// The straight quote that a curly one comes after, and its place among those: the server's order.
fn quote(character: &[u8]) -> Option<(u8, usize)> {
    const SINGLE: [&str; 4] = ["\u{2018}", "\u{2019}", "\u{201a}", "\u{201b}"];
    const DOUBLE: [&str; 8] = [
        "\u{201c}", "\u{201d}", "\u{201e}", "\u{201f}", "\u{2e42}", "\u{301d}", "\u{301e}",
        "\u{301f}",
    ];
    if !matches!(character.first(), Some(0xe2 | 0xe3)) {
        return None;
    }
    let place = |quotes: &[&str]| quotes.iter().position(|quote| quote.as_bytes() == character);
    let single = place(&SINGLE).map(|place| (b'\'', place + 1));
    single.or_else(|| place(&DOUBLE).map(|place| (b'"', place + 1)))
}

fn unsupported(feature: String) -> Error {
    Error::Unsupported { backend: "memory", feature: format!("collation: {feature}") }
}
