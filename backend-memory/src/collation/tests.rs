//! Collators against what mongod 6.0.5 does.

use odm_core::bson::doc;

use super::*;

/// A collation with strings in its order, of which those of one class compare equal.
type Recorded = (Collation, Vec<Vec<String>>);

fn collator(collation: &Collation) -> Arc<Collator> {
    Collator::new(collation).unwrap().expect("not the simple one")
}

/// Random strings as the server sorts them, in each locale and under random options.
#[test]
fn recorded() {
    for line in include_str!("testdata/recorded.txt").lines() {
        let (collation, classes): Recorded = serde_json::from_str(line).unwrap();
        let collator = collator(&collation);
        let strings: Vec<(usize, &str)> = classes
            .iter()
            .enumerate()
            .flat_map(|(class, strings)| strings.iter().map(move |text| (class, text.as_str())))
            .collect();
        for (class, text) in &strings {
            for (other_class, other) in &strings {
                let expected = class.cmp(other_class);
                let (a, b) = (text.as_bytes(), other.as_bytes());
                assert_eq!(collator.compare(a, b), expected, "{collation:?} {text:?} {other:?}");
                let by_key = collator.sort_key(a).cmp(&collator.sort_key(b));
                assert_eq!(by_key, expected, "keys: {collation:?} {text:?} {other:?}");
            }
        }
    }
}

/// What the server answers to a find with such a collation; 0 is no error, -1 our own refusal.
#[test]
fn refusals() {
    let check = |collation: Document, expected: i32| {
        let parsed = Collation::parse(&collation).and_then(|collation| Collator::new(&collation));
        let code = match parsed {
            Ok(_) => 0,
            Err(Error::Unsupported { .. }) => -1,
            Err(error) => error.code().unwrap(),
        };
        assert_eq!(code, expected, "{collation}");
    };
    check(doc! { "locale": "simple" }, 0);
    check(doc! { "locale": "en_US" }, 0);
    check(doc! { "locale": "en_GB" }, 2);
    check(doc! { "locale": "EN" }, 2);
    check(doc! { "locale": "zh_Hans" }, 2);
    check(doc! { "locale": "de_DE@collation=phonebook" }, 2);
    check(doc! { "locale": "ja@collation=private-kana" }, 96);
    check(doc! { "locale": "fr_CA", "strength": 1 }, 2);
    check(doc! { "locale": "fr_CA", "strength": 1, "backwards": false }, 0);
    check(doc! { "locale": "mt", "strength": 1 }, 2);
    check(doc! { "locale": "mt", "strength": 1, "caseFirst": "off" }, 0);
    check(doc! { "locale": "da" }, -1);
    check(doc! { "locale": "zh" }, -1);
    check(doc! { "locale": "en@collation=search" }, -1);
    check(doc! { "locale": "sv", "backwards": true }, -1);
    check(doc! { "locale": "it", "backwards": true }, 0);
    check(doc! { "locale": "en", "strength": 4, "alternate": "shifted" }, -1);
    check(
        doc! { "locale": "en", "strength": 4, "alternate": "shifted", "maxVariable": "space" },
        0,
    );
}

/// As `listIndexes` shows an index with only a locale.
#[test]
fn every_option_is_shown() {
    let check = |locale: &str, case_first: &str, alternate: &str, normalization, backwards| {
        let shown = doc! {
            "locale": locale, "caseLevel": false, "caseFirst": case_first, "strength": 3,
            "numericOrdering": false, "alternate": alternate, "maxVariable": "punct",
            "normalization": normalization, "backwards": backwards, "version": "57.1",
        };
        assert_eq!(collator(&Collation::locale(locale)).to_document(), shown);
    };
    check("en", "off", "non-ignorable", false, false);
    check("de@collation=phonebook", "off", "non-ignorable", false, false);
    check("vi@collation=traditional", "off", "non-ignorable", true, false);
    check("fr_CA", "off", "non-ignorable", false, true);
    check("mt", "upper", "non-ignorable", false, false);
    check("th", "off", "shifted", true, false);
}

/// `create` fills in most options before it asks the locale.
#[test]
fn a_collection_has_plain_defaults() {
    let shown = |locale: &str| {
        let collator = Collator::of_collection(&Collation::locale(locale)).unwrap().unwrap();
        collator.to_document()
    };
    for locale in ["mt", "th", "vi"] {
        let mut expected = shown("en");
        expected.insert("locale", locale);
        assert_eq!(shown(locale), expected);
    }
    assert_eq!(shown("fr_CA").get_bool("backwards").ok(), Some(true));
}

#[test]
fn text_that_is_no_utf8_compares() {
    let collator = collator(&Collation::locale("en"));
    for bytes in [&b"\xff"[..], b"\xe2\x80", b"a\xe2", b"\xe2\x80\x98\xe2", b"\0"] {
        assert!(collator.compare(bytes, bytes).is_eq());
        let by_key = collator.sort_key(bytes).cmp(&collator.sort_key(b"a"));
        assert_eq!(collator.compare(bytes, b"a"), by_key, "{bytes:?}");
    }
}
