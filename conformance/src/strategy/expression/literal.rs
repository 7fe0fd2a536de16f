//! Values of the types, and documents of them.

use bson::{Bson, Document, bson, doc};

use super::Type;
use crate::strategy::generated::Dice;
use crate::value::{bin, date, dec, js, oid, re, ts};

const TEXTS: [&str; 24] = [
    "",
    "a",
    "b",
    "ab",
    "abc",
    "A",
    "aBc",
    "1",
    "12",
    "-3.5",
    "1e3",
    "é",
    "É",
    "日本",
    "a,b,c",
    " a ",
    "a b",
    "\u{1F600}x",
    "foo bar foo",
    "10",
    "true",
    "$a",
    "a.b",
    "ß",
];

/// A value of a type, never null.
pub(super) fn value(dice: &mut Dice<'_>, of: Type) -> Bson {
    match of {
        Type::Int => int(dice),
        Type::Index => {
            let n = i32::try_from(dice.between(-2, 5)).unwrap_or_default();
            match dice.below(8) {
                0 => Bson::Int64(n.into()),
                1 => Bson::Double(n.into()),
                _ => Bson::Int32(n),
            }
        }
        Type::Double => double(dice),
        Type::Number => match dice.below(4) {
            0 | 1 => int(dice),
            2 => double(dice),
            _ => decimal(dice),
        },
        Type::Bool => dice.chance(1, 2).into(),
        Type::Text => (*dice.pick(&TEXTS)).into(),
        Type::Date => a_date(dice),
        Type::Stamp => {
            // `Timestamp(0, 0)` is the clock, on insertion.
            dice.pick(&[ts(1, 0), ts(0, 1), ts(1_600_000_000, 7), ts(u32::MAX, u32::MAX)]).clone()
        }
        Type::Id => dice.pick(&[oid(0), oid(1), oid(95), oid(255)]).clone(),
        Type::Bytes => {
            dice.pick(&[bin(0, &[]), bin(0, &[1, 2]), bin(5, &[1; 16]), bin(4, &[7; 16])]).clone()
        }
        Type::Object => object(dice).into(),
        Type::Ints => list(dice, Type::Int),
        Type::Numbers => list(dice, Type::Number),
        Type::Texts => list(dice, Type::Text),
        Type::Dates => list(dice, Type::Date),
        Type::Objects => list(dice, Type::Object),
        Type::Lists => {
            let of = *dice.pick(&[Type::Ints, Type::Texts, Type::List]);
            let count = dice.below(4);
            (0..count).map(|_| value(dice, of)).collect()
        }
        Type::List => list(dice, Type::Any),
        Type::Any => any(dice, 2),
    }
}

fn int(dice: &mut Dice<'_>) -> Bson {
    if dice.chance(1, 12) {
        let edges = [
            Bson::Int32(i32::MAX),
            Bson::Int32(i32::MIN),
            Bson::Int64(i64::MAX),
            Bson::Int64(i64::MIN),
            Bson::Int64(1 << 53),
            Bson::Int64(4_000_000_000),
        ];
        return dice.pick(&edges).clone();
    }
    let n = i32::try_from(dice.between(-4, 12)).unwrap_or_default();
    if dice.chance(1, 3) { Bson::Int64(n.into()) } else { Bson::Int32(n) }
}

fn double(dice: &mut Dice<'_>) -> Bson {
    const EDGES: [f64; 9] =
        [-0.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e30, f64::MAX, 5e-324, 9.3e18, -2.5];
    const PLAIN: [f64; 14] =
        [0.0, 1.0, 2.0, 3.0, -1.0, 0.5, 0.1, 0.2, 1.5, 2.5, -0.75, 100.0, 3.7, 12.25];
    if dice.chance(1, 10) { (*dice.pick(&EDGES)).into() } else { (*dice.pick(&PLAIN)).into() }
}

fn decimal(dice: &mut Dice<'_>) -> Bson {
    const EDGES: [&str; 8] =
        ["NaN", "Infinity", "-Infinity", "-0", "1E+30", "1E-6176", "9223372036854775808", "0E+3"];
    const PLAIN: [&str; 10] =
        ["0", "1", "2", "-1", "0.1", "1.50", "2.5", "3", "100", "12345.678901234567890123"];
    let texts: &[&str] = if dice.chance(1, 10) { &EDGES } else { &PLAIN };
    let text = *dice.pick(texts);
    dec(text)
}

/// Mostly of years for which the data about time zones do not change any more (KNOWN-DIFFERENCES.md).
fn a_date(dice: &mut Dice<'_>) -> Bson {
    const DAY: i64 = 86_400_000;
    const PLAIN: [i64; 8] = [
        0,
        1_583_020_799_999, // 2020-02-29T23:59:59.999Z
        1_604_206_800_000, // 2020-11-01T05:00:00Z, where New York's clocks go back
        1_616_893_200_000, // 2021-03-28T01:00:00Z, where London's go forward
        1_609_459_200_000, // 2021-01-01
        1_325_289_600_000, // 2011-12-31
        951_782_400_000,   // 2000-02-29
        1_640_995_199_000, // 2021-12-31T23:59:59Z
    ];
    match dice.below(3) {
        0 => date(*dice.pick(&PLAIN)),
        1 => date(DAY * dice.between(5_000, 18_900)),
        _ => date(dice.between(400_000_000_000, 1_630_000_000_000)),
    }
}

fn list(dice: &mut Dice<'_>, of: Type) -> Bson {
    let count = dice.below(5);
    let item = |dice: &mut Dice<'_>| {
        if dice.chance(1, 25) { Bson::Null } else { value(dice, of) }
    };
    (0..count).map(|_| item(dice)).collect()
}

/// An object as objects are here, sometimes without one of its fields.
fn object(dice: &mut Dice<'_>) -> Document {
    let mut doc = Document::new();
    for (name, of) in [("a", Type::Number), ("b", Type::Text), ("c", Type::Ints)] {
        match dice.below(10) {
            0 => {}
            1 => drop(doc.insert(name, Bson::Null)),
            _ => drop(doc.insert(name, value(dice, of))),
        }
    }
    doc
}

fn any(dice: &mut Dice<'_>, depth: usize) -> Bson {
    const SCALARS: [Type; 12] = [
        Type::Int,
        Type::Int,
        Type::Double,
        Type::Number,
        Type::Bool,
        Type::Text,
        Type::Text,
        Type::Date,
        Type::Stamp,
        Type::Id,
        Type::Bytes,
        Type::Object,
    ];
    if depth > 0 && dice.chance(1, 5) {
        let count = dice.below(4);
        return (0..count).map(|_| any(dice, depth - 1)).collect();
    }
    if dice.chance(1, 8) {
        let odd = [
            Bson::Null,
            Bson::MinKey,
            Bson::MaxKey,
            re("a", "i"),
            js("x"),
            Bson::Undefined,
            bson!({}),
            bson!({ "a": [{ "b": 1 }, { "b": [2] }] }),
            Bson::Symbol("a".to_owned()),
        ];
        return dice.pick(&odd).clone();
    }
    let of = *dice.pick(&SCALARS);
    value(dice, of)
}

/// Documents with `_id`s from 0, whose fields have the types that [`FIELDS`](super::FIELDS) say; in some, one does not.
pub(in crate::strategy) fn documents(dice: &mut Dice<'_>, least: i64, most: i64) -> Vec<Document> {
    let count = i32::try_from(dice.between(least, most)).unwrap_or_default();
    // Where one has a wrong type, most expressions with that field are refused.
    let wrong = dice.chance(1, 4).then(|| dice.between(0, i64::from(count)));
    (0..count).map(|id| document(dice, id, wrong == Some(id.into()))).collect()
}

fn document(dice: &mut Dice<'_>, id: i32, is_wrong: bool) -> Document {
    let fields = super::FIELDS
        .iter()
        .filter(|(name, _)| *name != "_id" && *name != "m" && !name.contains('.'));
    let fields: Vec<_> = fields.collect();
    let wrong = dice.below(fields.len());
    let mut doc = doc! { "_id": id };
    for (at, (name, of)) in fields.into_iter().enumerate() {
        let value = match dice.below(16) {
            _ if is_wrong && at == wrong => wrong_value(dice),
            0 => continue,
            1 => Bson::Null,
            _ => value(dice, *of),
        };
        doc.insert(*name, value);
    }
    doc
}

/// No decimals, for the same reason as in expressions.
fn wrong_value(dice: &mut Dice<'_>) -> Bson {
    let of = *dice.pick(&[Type::Int, Type::Text, Type::Bool, Type::Date, Type::Ints, Type::Object]);
    value(dice, of)
}
