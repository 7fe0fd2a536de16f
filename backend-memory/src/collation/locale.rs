//! The locales of MongoDB 6.0, and which of them the engine compares alike.
//!
//! The server has the tables of ICU 57, the engine those of ICU4X. Which locales agree was measured: random strings of
//! their scripts, sorted by both.

/// What the engine knows of a locale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Support {
    /// It orders strings as the server does.
    Exact,
    /// The server has it, and newer tables order some strings otherwise.
    Inexact,
    /// The server has it by name only: it fails to load it.
    Broken,
    /// The server refuses it.
    Unknown,
}

pub(super) fn support(locale: &str) -> Support {
    let is_in = |list: &[&str]| list.binary_search(&locale).is_ok();
    let is_known = |locale: &str| EXACT.contains(&locale) || INEXACT.contains(&locale);
    // Every locale has these.
    let is_general = || {
        let (base, kind) = locale.split_once("@collation=").unwrap_or((locale, ""));
        matches!(kind, "emoji" | "eor" | "search") && is_known(base)
    };
    if is_in(EXACT) {
        Support::Exact
    } else if is_in(INEXACT) || is_general() {
        Support::Inexact
    } else if is_in(BROKEN) {
        Support::Broken
    } else {
        Support::Unknown
    }
}

/// Whether text is normalised unless it is said otherwise.
pub(super) fn normalizes(locale: &str) -> bool {
    NORMALIZING.binary_search(&locale).is_ok()
}

/// Whether it has the order of the root, without any rule of its own.
pub(super) fn is_root(locale: &str) -> bool {
    ROOT.binary_search(&locale).is_ok()
}

/// The name of a locale as ICU4X has it: `de@collation=phonebook` is `de-u-co-phonebk`.
pub(super) fn language_tag(locale: &str) -> String {
    let (base, kind) = locale.split_once("@collation=").unwrap_or((locale, ""));
    let base = base.replace('_', "-");
    match kind {
        "" => base,
        "dictionary" => format!("{base}-u-co-dict"),
        "phonebook" => format!("{base}-u-co-phonebk"),
        "traditional" => format!("{base}-u-co-trad"),
        kind => format!("{base}-u-co-{kind}"),
    }
}

#[rustfmt::skip]
const EXACT: &[&str] = &[
    "af", "am", "ar", "ar@collation=compat", "as", "az", "be", "bg", "bn",
    "bn@collation=traditional", "bo", "bs", "bs_Cyrl", "ca", "chr", "cs", "cy", "de",
    "de@collation=phonebook", "de_AT", "de_AT@collation=phonebook", "dsb", "dz", "ee", "el",
    "en", "en_US", "eo", "es", "es@collation=traditional", "et", "fa", "fa_AF", "fi",
    "fi@collation=traditional", "fil", "fo", "fr", "fr_CA", "ga", "gl", "gu", "ha", "he",
    "hi", "hr", "hsb", "hu", "id", "ig", "is", "it", "ja", "ja@collation=unihan", "ka",
    "kk", "km", "kn", "kn@collation=traditional", "ko", "ko@collation=unihan", "kok", "ky",
    "lb", "ln", "lo", "mk", "ml", "mn", "mr", "ms", "mt", "my", "nb", "ne", "nl", "nn",
    "om", "or", "pa", "pl", "ps", "pt", "ro", "ru", "si", "si@collation=dictionary", "sk",
    "sl", "sq", "sr", "sr_Latn", "sv", "sw", "ta", "te", "th", "to", "tr", "ug", "uk", "ur",
    "vi", "vi@collation=traditional", "wae", "yo", "zh@collation=unihan",
    "zh@collation=zhuyin", "zh_Hant", "zh_Hant@collation=unihan",
    "zh_Hant@collation=zhuyin", "zu",
];

#[rustfmt::skip]
const INEXACT: &[&str] = &[
    "da", "en_US_POSIX", "haw", "hy", "kl", "ko@collation=searchjl", "lkt",
    "ln@collation=phonetic", "lt", "lv", "se", "smn", "sv@collation=standard", "yi", "zh",
    "zh@collation=big5han", "zh@collation=gb2312han", "zh@collation=standard",
    "zh@collation=stroke", "zh_Hant@collation=big5han", "zh_Hant@collation=gb2312han",
    "zh_Hant@collation=pinyin", "zh_Hant@collation=standard",
];

const BROKEN: &[&str] = &[
    "ja@collation=private-kana",
    "zh@collation=private-pinyin",
    "zh_Hant@collation=private-pinyin",
];

#[rustfmt::skip]
const NORMALIZING: &[&str] = &[
    "as", "bn", "bn@collation=traditional", "el", "fa", "fa_AF", "gu", "he", "hi", "ig",
    "km", "kn", "kn@collation=traditional", "kok", "mr", "my", "or", "pa", "ps", "si",
    "si@collation=dictionary", "ta", "te", "th", "vi", "vi@collation=traditional", "yo",
];

#[rustfmt::skip]
const ROOT: &[&str] = &[
    "af", "bo", "ca", "de", "de_AT", "dz", "en", "en_US", "fr", "ga", "id", "it", "lb", "ln",
    "ms", "nl", "pt", "sw", "wae", "zu",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_in_order_and_apart() {
        for list in [EXACT, INEXACT, BROKEN, NORMALIZING, ROOT] {
            assert!(list.is_sorted_by(|a, b| a < b), "{list:?}");
        }
        assert!(INEXACT.iter().chain(BROKEN).all(|locale| !EXACT.contains(locale)));
        assert!(NORMALIZING.iter().chain(ROOT).all(|locale| EXACT.contains(locale)));
    }

    #[test]
    fn support_of_locales() {
        for (locale, expected) in [
            ("en", Support::Exact),
            ("de@collation=phonebook", Support::Exact),
            ("da", Support::Inexact),
            ("en@collation=search", Support::Inexact),
            ("da@collation=emoji", Support::Inexact),
            ("zh@collation=private-pinyin", Support::Broken),
            ("xx", Support::Unknown),
            ("en_GB", Support::Unknown),
            ("fr@collation=phonebook", Support::Unknown),
            ("de@collation=phonebook@collation=search", Support::Unknown),
        ] {
            assert_eq!(support(locale), expected, "{locale}");
        }
    }
}
