//! The rarer shapes that serde gives to types: schemas and paths follow.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};

use odm_core::bson::{self, Bson, Document as Doc, doc, oid::ObjectId};
use odm_core::schema::check_encoded;
use odm_core::{BsonType, Document, DocumentId, Embedded, FieldType, FilterOf};
use serde::{Deserialize, Serialize};

/// A document with one field of interest, whose schema must fit what serde writes.
macro_rules! holder {
    ($holder:ident { $(#[$attr:meta])* $field:ident: $ty:ty }) => {
        #[derive(Debug, Serialize, Deserialize, Document)]
        struct $holder {
            #[serde(rename = "_id")]
            id: i32,
            $(#[$attr])*
            $field: $ty,
        }

        impl $holder {
            /// Checks the schema against the encoded value, and gives that without the `_id`.
            fn encoded($field: $ty) -> Doc {
                encoded(&$holder { id: 1, $field })
            }
        }
    };
}

fn encoded<D: Document + std::fmt::Debug>(value: &D) -> Doc {
    let raw = bson::serialize_to_raw_document_buf(value).unwrap();
    check_encoded(D::schema(), &raw).unwrap();
    let mut doc = Doc::try_from(&raw).unwrap();
    let read: D = bson::deserialize_from_slice(raw.as_bytes()).unwrap();
    assert_eq!(format!("{read:?}"), format!("{value:?}"));
    doc.remove("_id");
    doc
}

fn types_of<D: Document>(path: &str) -> Option<Vec<BsonType>> {
    D::schema().resolve(path).map(|ty| ty.bson_types())
}

fn check<D: Document>(filter: FilterOf<D>, expected: Doc) {
    assert_eq!(filter.into_filter().unwrap().to_document(), expected);
}

#[derive(Debug, Clone, Serialize, Deserialize, Embedded)]
struct Audit {
    by: String,
}

#[test]
fn flattened() {
    holder!(Optional { #[serde(flatten)] audit: Option<Audit> });
    assert_eq!(Optional::encoded(None), doc! {});
    assert_eq!(Optional::encoded(Some(Audit { by: "x".into() })), doc! { "by": "x" });
    assert_eq!(types_of::<Optional>("by"), Some(vec![BsonType::String]));
    check(Optional::f().audit().by().eq("x"), doc! { "by": "x" });

    holder!(Map { #[serde(flatten)] counts: BTreeMap<String, i32> });
    assert_eq!(Map::encoded([("a".to_owned(), 1)].into()), doc! { "a": 1 });
    check(Map::f().counts().key("a").gt(1), doc! { "a": { "$gt": 1 } });

    #[derive(Debug, Serialize, Deserialize, Embedded)]
    struct Deeper {
        #[serde(flatten)]
        audit: Audit,
        #[serde(flatten)]
        rest: Doc,
    }
    holder!(Inside { deeper: Vec<Deeper> });
    let deeper = Deeper { audit: Audit { by: "x".into() }, rest: doc! { "more": 1 } };
    assert_eq!(Inside::encoded(vec![deeper]), doc! { "deeper": [{ "by": "x", "more": 1 }] });
    check(Inside::f().deeper().audit().by().eq("x"), doc! { "deeper.by": "x" });
    check(Inside::f().deeper().rest().key("more").eq(1), doc! { "deeper.more": 1 });
    check(Inside::f().deeper().at(0).audit().by().eq("x"), doc! { "deeper.0.by": "x" });
    check(
        Inside::f().deeper().any(|d| d.audit().by().eq("x")),
        doc! { "deeper": { "$elemMatch": { "by": "x" } } },
    );
    assert_eq!(types_of::<Inside>("deeper.by"), Some(vec![BsonType::String]));
    assert_eq!(types_of::<Inside>("deeper.more"), Some(vec![]));
}

#[test]
fn newtypes() {
    #[derive(Debug, Clone, Serialize, Deserialize, Embedded)]
    struct Tags(Vec<String>);
    holder!(Arrays { tags: Tags });
    assert_eq!(Arrays::encoded(Tags(vec!["x".into()])), doc! { "tags": ["x"] });
    check(Arrays::f().tags().size(1), doc! { "tags": { "$size": 1 } });
    check(Arrays::f().tags().all(["x"]), doc! { "tags": { "$all": ["x"] } });

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Embedded)]
    struct Cents(i64);
    holder!(Money { price: Option<Cents> });
    assert_eq!(Money::encoded(Some(Cents(5))), doc! { "price": 5_i64 });
    check(Money::f().price().gt(Cents(5)), doc! { "price": { "$gt": 5_i64 } });
    let update = Money::f().price().inc(5).into_update().unwrap();
    assert_eq!(update.to_bson().unwrap(), doc! { "$inc": { "price": 5_i64 } }.into());

    #[derive(Debug, Clone, Serialize, Deserialize, Embedded)]
    #[serde(transparent)]
    struct Wrapped {
        audit: Audit,
        #[serde(skip)]
        _cached: i32,
    }
    holder!(Transparent { wrapped: Wrapped });
    let wrapped = Wrapped { audit: Audit { by: "x".into() }, _cached: 0 };
    assert_eq!(Transparent::encoded(wrapped), doc! { "wrapped": { "by": "x" } });
    check(Transparent::f().wrapped().by().eq("x"), doc! { "wrapped.by": "x" });

    #[derive(Debug, Clone, Serialize, Deserialize, Embedded)]
    struct PostId(ObjectId);
    assert!(PostId::generate().is_some());
    assert!(Cents::generate().is_none());
}

#[test]
fn converted() {
    #[derive(Debug, Clone, Serialize, Deserialize, Embedded)]
    #[serde(into = "String", try_from = "String")]
    struct Version {
        major: u32,
    }
    impl From<Version> for String {
        fn from(version: Version) -> String {
            format!("v{}", version.major)
        }
    }
    impl TryFrom<String> for Version {
        type Error = String;
        fn try_from(text: String) -> Result<Self, String> {
            let major = text.strip_prefix('v').and_then(|text| text.parse().ok());
            major.map(|major| Version { major }).ok_or(text)
        }
    }
    holder!(Release { version: Version });
    assert_eq!(Release::encoded(Version { major: 2 }), doc! { "version": "v2" });
    check(Release::f().version().eq(Version { major: 2 }), doc! { "version": "v2" });
    check(Release::f().version().starts_with("v").clone(), {
        let pattern = bson::Regex {
            pattern: c"^v".to_str().unwrap().try_into().unwrap(),
            options: "".try_into().unwrap(),
        };
        doc! { "version": pattern }
    });
}

#[test]
fn tuples_and_units() {
    #[derive(Debug, Clone, Serialize, Deserialize, Embedded)]
    struct Pair(i32, String);
    holder!(Paired { pair: Pair });
    assert_eq!(Paired::encoded(Pair(1, "x".into())), doc! { "pair": [1, "x"] });
    check(Paired::f().pair().eq(Pair(1, "x".into())), doc! { "pair": [1, "x"] });

    #[derive(Debug, Clone, Serialize, Deserialize, Embedded)]
    struct Nothing;
    holder!(Void { nothing: Nothing });
    assert_eq!(Void::encoded(Nothing), doc! { "nothing": null });
}

#[test]
fn tagged() {
    #[derive(Debug, Clone, Serialize, Deserialize, Embedded)]
    #[serde(tag = "kind", rename = "addr")]
    struct Address {
        city: String,
    }
    holder!(Tagged { address: Address });
    assert_eq!(
        Tagged::encoded(Address { city: "x".into() }),
        doc! { "address": { "kind": "addr", "city": "x" } }
    );
    assert_eq!(types_of::<Tagged>("address.kind"), Some(vec![BsonType::String]));

    #[derive(Debug, Clone, Serialize, Deserialize, Embedded)]
    #[serde(tag = "t", content = "c", rename_all = "lowercase", rename_all_fields = "camelCase")]
    enum Adjacent {
        One,
        Two(i32),
        Three { long_name: i32 },
    }
    holder!(AdjacentlyTagged { all: Vec<Adjacent> });
    assert_eq!(
        AdjacentlyTagged::encoded(vec![
            Adjacent::One,
            Adjacent::Two(2),
            Adjacent::Three { long_name: 3 }
        ]),
        doc! { "all": [{ "t": "one" }, { "t": "two", "c": 2 }, { "t": "three", "c": { "longName": 3 } }] }
    );

    #[derive(Debug, Clone, Serialize, Deserialize, Embedded)]
    #[serde(untagged)]
    enum Untagged {
        Number(i32),
        Text(String),
    }
    holder!(Either { all: Vec<Untagged> });
    assert_eq!(
        Either::encoded(vec![Untagged::Number(1), Untagged::Text("x".into())]),
        doc! { "all": [1, "x"] }
    );
    check(Either::f().all().eq(Untagged::Number(1)), doc! { "all": 1 });

    #[derive(Debug, Clone, Serialize, Deserialize, Embedded)]
    enum Level {
        Low,
        High,
        #[serde(other)]
        Unknown,
    }
    holder!(Levels { by_name: BTreeMap<String, Level> });
    assert_eq!(
        Levels::encoded([("a".to_owned(), Level::High), ("b".to_owned(), Level::Low)].into()),
        doc! { "by_name": { "a": "High", "b": "Low" } }
    );
    check(
        Levels::f().by_name().key("a").ne(Level::Unknown),
        doc! { "by_name.a": { "$ne": "Unknown" } },
    );
}

#[test]
fn collections() {
    holder!(Sets { set: BTreeSet<i32> });
    assert_eq!(Sets::encoded([2, 1].into()), doc! { "set": [1, 2] });
    check(Sets::f().set().eq(1), doc! { "set": 1 });
    check(Sets::f().set().eq([1, 2]), doc! { "set": [1, 2] });

    holder!(Hashed { set: HashSet<String> });
    assert_eq!(Hashed::encoded(["x".to_owned()].into()), doc! { "set": ["x"] });
    check(Hashed::f().set().in_(["x"]), doc! { "set": { "$in": ["x"] } });

    holder!(Queue { queue: VecDeque<Audit> });
    assert_eq!(
        Queue::encoded([Audit { by: "x".into() }].into()),
        doc! { "queue": [{ "by": "x" }] }
    );
    check(Queue::f().queue().by().eq("x"), doc! { "queue.by": "x" });

    holder!(Fixed { point: [f64; 2] });
    assert_eq!(Fixed::encoded([1.0, 2.0]), doc! { "point": [1.0, 2.0] });
    check(Fixed::f().point().at(0).lt(1.0), doc! { "point.0": { "$lt": 1.0 } });

    holder!(Texts { text: Cow<'static, str> });
    assert_eq!(Texts::encoded("x".into()), doc! { "text": "x" });
    check(Texts::f().text().eq("x"), doc! { "text": "x" });

    holder!(Letters { letter: char });
    assert_eq!(Letters::encoded('x'), doc! { "letter": "x" });

    holder!(Deep { deep: Vec<Option<Vec<Audit>>> });
    assert_eq!(
        Deep::encoded(vec![None, Some(vec![Audit { by: "x".into() }])]),
        doc! { "deep": [null, [{ "by": "x" }]] }
    );
    // Not `deep().by()`: paths do not lead through an array in an array.
    check(Deep::f().deep().at(1).by().eq("x"), doc! { "deep.1.by": "x" });
    assert_eq!(types_of::<Deep>("deep.by"), None);
    assert_eq!(types_of::<Deep>("deep.1.by"), Some(vec![BsonType::String]));
}

#[test]
fn values_that_somebody_else_writes() {
    mod shout {
        use serde::{Deserialize, Deserializer, Serializer};

        pub(super) fn serialize<S: Serializer>(text: &str, to: S) -> Result<S::Ok, S::Error> {
            to.serialize_str(&text.to_uppercase())
        }

        pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
            String::deserialize(from)
        }
    }

    #[derive(Debug, Serialize, Deserialize, Embedded)]
    struct Loud(#[serde(with = "shout")] String);
    #[derive(Debug, Serialize, Deserialize, Embedded)]
    struct Said {
        #[serde(serialize_with = "shout::serialize")]
        what: String,
        loud: Loud,
        #[odm(opaque)]
        when: std::time::Duration,
    }
    holder!(Speech { said: Vec<Said> });
    let when = std::time::Duration::from_secs(1);
    assert_eq!(
        Speech::encoded(vec![Said { what: "X".into(), loud: Loud("Y".into()), when }]),
        doc! { "said": [{ "what": "X", "loud": "Y", "when": { "secs": 1_i64, "nanos": 0_i64 } }] }
    );
    check(Speech::f().said().what().eq("x".to_owned()), doc! { "said.what": "X" });
    check(
        Speech::f().said().any(|s| s.what().gt("x".to_owned()) & s.loud().eq(Loud("y".into()))),
        doc! { "said": { "$elemMatch": { "what": { "$gt": "X" }, "loud": "Y" } } },
    );
    check(
        Speech::f().said().when().eq(when),
        doc! { "said.when": { "secs": 1_i64, "nanos": 0_i64 } },
    );
}

/// Type names of one's own, also those that the derive's code could be thought to use.
#[test]
fn hygiene() {
    #[derive(Debug, Clone, Serialize, Deserialize, Embedded)]
    struct D {
        f: i32,
    }
    #[derive(Debug, Clone, Serialize, Deserialize, Embedded)]
    struct F {
        d: D,
        r#match: Option<D>,
    }
    holder!(Document { f: F });
    assert_eq!(
        Document::encoded(F { d: D { f: 1 }, r#match: None }),
        doc! { "f": { "d": { "f": 1 }, "match": null } }
    );
    check(Document::f().f().d().f().eq(1), doc! { "f.d.f": 1 });
    check(Document::f().f().r#match().f().eq(1), doc! { "f.match.f": 1 });
}

mod private {
    pub(crate) mod reexport {
        pub(crate) use odm_core as odm;
    }

    use odm_core::{Document, Embedded};
    use serde::{Deserialize, Serialize};

    #[derive(Serialize, Deserialize, Embedded)]
    #[odm(crate = "self::reexport::odm")]
    struct Hidden {
        inner: i32,
    }

    #[derive(Serialize, Deserialize, Document)]
    #[odm(crate = "self::reexport::odm", index(keys("hidden.inner")))]
    pub(crate) struct Shown {
        #[serde(rename = "_id")]
        id: String,
        hidden: Hidden,
    }

    /// Where the embedded type can be seen, so can its fields.
    pub(crate) fn inner() -> odm_core::FilterOf<Shown> {
        Shown::f().hidden().inner().eq(1)
    }
}

#[test]
fn private_types() {
    check(private::inner(), doc! { "hidden.inner": 1 });
    assert_eq!(private::Shown::COLLECTION, "shown");
}

#[test]
fn schemas_of_plain_types() {
    assert!(Bson::type_schema().bson_types().is_empty());
    assert_eq!(Option::<Bson>::type_schema().bson_types(), []);
    assert_eq!(<()>::type_schema().bson_types(), [BsonType::Null]);
}
