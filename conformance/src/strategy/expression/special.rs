//! Operators whose operands depend on each other, or on what is wanted.

use bson::{Bson, Document, bson, doc};

use super::Maker;
use super::Type::{self, *};
use super::operator::Arg;

/// An operand made for the wanted type, unless there is none.
type Operand = Option<Bson>;

/// A type that lists can be of.
fn element_type(maker: &mut Maker<'_, '_>) -> Type {
    *maker.dice.pick(&[Int, Int, Number, Text, Date, Object, Any])
}

/// The lists that are wanted, or any.
fn list_type(maker: &mut Maker<'_, '_>, wanted: Type) -> Option<Type> {
    match wanted {
        Any => Some(*maker.dice.pick(&[Ints, Numbers, Texts, Dates, Objects, Lists, List])),
        Ints | Numbers | Texts | Dates | Objects | Lists | List => Some(wanted),
        _ => None,
    }
}

pub(super) fn add_to_date(maker: &mut Maker<'_, '_>, _: Type, depth: usize) -> Operand {
    let (date, n) = (maker.argument(Date, depth), maker.operand(Arg::Within(-9999, 9999), depth));
    Some(if maker.dice.chance(1, 2) { bson!([date, n]) } else { bson!([n, date, 1]) })
}

pub(super) fn element_at(maker: &mut Maker<'_, '_>, wanted: Type, depth: usize) -> Operand {
    let list = maker.argument(wanted.list()?, depth);
    Some(bson!([list, maker.operand(Arg::Within(-2, 4), depth)]))
}

/// `$first` and `$last`.
pub(super) fn end(maker: &mut Maker<'_, '_>, wanted: Type, depth: usize) -> Operand {
    let list = maker.argument(wanted.list()?, depth);
    Some(match list {
        Bson::Array(_) => bson!([list]),
        list => list,
    })
}

/// `$firstN` and its like.
pub(super) fn some_of(maker: &mut Maker<'_, '_>, wanted: Type, depth: usize) -> Operand {
    let list = list_type(maker, wanted)?;
    let n = maker.operand(Arg::Within(1, 4), depth);
    Some(bson!({ "n": n, "input": maker.operand(Arg::Sure(list), depth) }))
}

pub(super) fn array_to_object(maker: &mut Maker<'_, '_>, _: Type, depth: usize) -> Operand {
    let named = |maker: &mut Maker<'_, '_>, name: &str, of, pairs: bool| {
        let value = maker.argument(of, depth);
        if pairs { bson!([name, value]) } else { bson!({ "k": name, "v": value }) }
    };
    Some(match maker.dice.below(3) {
        0 => bson!([{ "$objectToArray": maker.argument(Object, depth) }]),
        form => {
            let pairs = form == 1;
            let mut list = vec![named(maker, "a", Number, pairs)];
            list.push(named(maker, "b", Text, pairs));
            if maker.dice.chance(1, 3) {
                list.push(named(maker, "a", Number, pairs));
            }
            bson!([list])
        }
    })
}

pub(super) fn concat_arrays(maker: &mut Maker<'_, '_>, wanted: Type, depth: usize) -> Operand {
    let list = list_type(maker, wanted)?;
    let count = maker.dice.below(4);
    Some((0..count).map(|_| maker.argument(list, depth)).collect())
}

pub(super) fn filter(maker: &mut Maker<'_, '_>, wanted: Type, depth: usize) -> Operand {
    let list = list_type(maker, wanted)?;
    let input = maker.argument(list, depth);
    let mut operand = doc! { "input": input };
    let name = if maker.dice.chance(1, 2) { "this" } else { "each" };
    if name == "each" {
        operand.insert("as", name);
    }
    let cond = maker.with(name, list.element(), |maker| maker.argument(Bool, depth));
    operand.insert("cond", cond);
    if maker.dice.chance(1, 4) {
        operand.insert("limit", maker.operand(Arg::Within(1, 3), 0));
    }
    Some(operand.into())
}

pub(super) fn map(maker: &mut Maker<'_, '_>, wanted: Type, depth: usize) -> Operand {
    let wanted = list_type(maker, wanted)?.element();
    let of = element_type(maker);
    let input = maker.argument(of.list()?, depth);
    let name = if maker.dice.chance(1, 2) { "this" } else { "item" };
    let made = maker.with(name, of, |maker| maker.argument(wanted, depth));
    let mut operand = doc! { "input": input };
    if name == "item" {
        operand.insert("as", name);
    }
    operand.insert("in", made);
    Some(operand.into())
}

pub(super) fn reduce(maker: &mut Maker<'_, '_>, wanted: Type, depth: usize) -> Operand {
    let of = element_type(maker);
    let input = maker.argument(of.list()?, depth);
    let first = maker.argument(wanted, depth);
    let made = maker.with("value", wanted, |maker| {
        maker.with("this", of, |maker| maker.argument(wanted, depth))
    });
    Some(bson!({ "input": input, "initialValue": first, "in": made }))
}

/// `$reverseArray`.
pub(super) fn same_list(maker: &mut Maker<'_, '_>, wanted: Type, depth: usize) -> Operand {
    let list = list_type(maker, wanted)?;
    Some(bson!([maker.argument(list, depth)]))
}

pub(super) fn slice(maker: &mut Maker<'_, '_>, wanted: Type, depth: usize) -> Operand {
    let list = list_type(maker, wanted)?;
    let list = maker.argument(list, depth);
    Some(if maker.dice.chance(1, 2) {
        bson!([list, maker.operand(Arg::Within(-3, 4), depth)])
    } else {
        let at = maker.operand(Arg::Within(-3, 3), depth);
        bson!([list, at, maker.operand(Arg::Within(1, 3), depth)])
    })
}

pub(super) fn sort_array(maker: &mut Maker<'_, '_>, wanted: Type, depth: usize) -> Operand {
    let list = list_type(maker, wanted)?;
    let by = match list {
        Objects => {
            let orders =
                [bson!({ "a": 1 }), bson!({ "b": -1, "a": 1 }), bson!({ "c": 1 }), bson!(1)];
            maker.dice.pick(&orders).clone()
        }
        _ if maker.dice.chance(1, 2) => bson!(1),
        _ => bson!(-1),
    };
    Some(bson!({ "input": maker.argument(list, depth), "sortBy": by }))
}

/// Not with defaults: a missing one is a known difference.
pub(super) fn zip(maker: &mut Maker<'_, '_>, _: Type, depth: usize) -> Operand {
    let mut inputs = Vec::new();
    for _ in 0..=maker.dice.below(3) {
        let list = list_type(maker, Any)?;
        inputs.push(maker.argument(list, depth));
    }
    let mut operand = doc! { "inputs": inputs };
    if maker.dice.chance(1, 2) {
        operand.insert("useLongestLength", true);
    }
    Some(operand.into())
}

/// Two operands, mostly of the same type.
pub(super) fn comparison(maker: &mut Maker<'_, '_>, _: Type, depth: usize) -> Operand {
    let types = [Int, Number, Number, Text, Date, Object, Ints, List, Bool, Any, Bytes, Id];
    let of = *maker.dice.pick(&types);
    let left = maker.argument(of, depth);
    Some(bson!([left, maker.argument(of, depth)]))
}

pub(super) fn cond(maker: &mut Maker<'_, '_>, wanted: Type, depth: usize) -> Operand {
    let (condition, then) = (maker.argument(Bool, depth), maker.argument(wanted, depth));
    let otherwise = maker.argument(wanted, depth);
    Some(if maker.dice.chance(1, 2) {
        bson!([condition, then, otherwise])
    } else {
        bson!({ "if": condition, "then": then, "else": otherwise })
    })
}

pub(super) fn if_null(maker: &mut Maker<'_, '_>, wanted: Type, depth: usize) -> Operand {
    let count = 2 + maker.dice.below(2);
    Some((0..count).map(|_| maker.argument(wanted, depth)).collect())
}

pub(super) fn switch(maker: &mut Maker<'_, '_>, wanted: Type, depth: usize) -> Operand {
    let mut branches = Vec::new();
    for _ in 0..=maker.dice.below(2) {
        let case = maker.argument(Bool, depth);
        branches.push(doc! { "case": case, "then": maker.argument(wanted, depth) });
    }
    let mut operand = doc! { "branches": branches };
    if maker.dice.chance(9, 10) {
        operand.insert("default", maker.argument(wanted, depth));
    }
    Some(operand.into())
}

pub(super) fn let_(maker: &mut Maker<'_, '_>, wanted: Type, depth: usize) -> Operand {
    let of = element_type(maker);
    let value = maker.argument(of, depth);
    let made = maker.with("v1", of, |maker| maker.argument(wanted, depth));
    Some(bson!({ "vars": { "v1": value }, "in": made }))
}

pub(super) fn literal(maker: &mut Maker<'_, '_>, wanted: Type, _: usize) -> Operand {
    Some(super::literal::value(maker.dice, wanted))
}

/// A date, a timestamp or an id, with a zone perhaps.
pub(super) fn date_part(maker: &mut Maker<'_, '_>, _: Type, depth: usize) -> Operand {
    let of = *maker.dice.pick(&[Date, Date, Date, Stamp, Id]);
    let date = maker.argument(of, depth);
    Some(match maker.dice.below(4) {
        // A document would be taken for the arguments by name.
        0 => bson!([date]),
        1 if !matches!(date, Bson::Document(_)) => date,
        2 => bson!({ "date": date }),
        _ => bson!({ "date": date, "timezone": maker.operand(super::operator::ZONE, depth) }),
    })
}

pub(super) fn date_from_string(maker: &mut Maker<'_, '_>, _: Type, depth: usize) -> Operand {
    const TEXTS: [&str; 9] = [
        "2020-02-29",
        "2017-02-08T12:10:40.787",
        "2017-02-08T12:10:40.787Z",
        "2019-07-04T10:00:00+0300",
        "July 4, 2019",
        "04/07/2019 11:30",
        "2019-W05-2",
        "abc",
        "",
    ];
    let text = match maker.dice.below(3) {
        0 => bson!({ "$dateToString": { "date": maker.argument(Date, depth) } }),
        1 => maker.argument(Text, depth),
        _ => (*maker.dice.pick(&TEXTS)).into(),
    };
    let mut operand = doc! { "dateString": text };
    if maker.dice.chance(1, 4) {
        let formats = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S.%LZ", "%G-W%V-%u", "%d/%m/%Y %H:%M"];
        operand.insert("format", *maker.dice.pick(&formats));
    }
    if maker.dice.chance(1, 4) {
        operand.insert("timezone", maker.operand(super::operator::ZONE, depth));
    }
    if maker.dice.chance(9, 10) {
        operand.insert("onError", maker.argument(Date, depth));
    }
    if maker.dice.chance(1, 2) {
        operand.insert("onNull", maker.argument(Date, depth));
    }
    Some(operand.into())
}

pub(super) fn get_field(maker: &mut Maker<'_, '_>, wanted: Type, depth: usize) -> Operand {
    let name = match wanted {
        Number => "a",
        Text => "b",
        Ints => "c",
        Any => *maker.dice.pick(&["a", "b", "c", "q"]),
        _ => return None,
    };
    let input = maker.argument(Object, depth);
    Some(if maker.dice.chance(1, 6) && wanted == Any {
        (*maker.dice.pick(&["i", "s", "v", "x.a", "m"])).into()
    } else {
        bson!({ "field": name, "input": input })
    })
}

/// The field is there already, or new, or becomes missing. None that is taken away is set elsewhere: the server
/// remembers its place (KNOWN-DIFFERENCES.md).
pub(super) fn set_field(maker: &mut Maker<'_, '_>, _: Type, depth: usize) -> Operand {
    let mut input = maker.argument(Object, depth);
    // Nor of an object that has it from a path that leads nowhere.
    let has_paths = |object: &Document| {
        object.iter().any(|(name, value)| {
            !name.starts_with('$') && value.as_str().is_some_and(|text| text.starts_with('$'))
        })
    };
    if input.as_document().is_some_and(has_paths) {
        input = bson!({ "$literal": input });
    }
    if maker.dice.chance(1, 8) {
        return Some(bson!({ "field": "c", "input": input, "value": "$$REMOVE" }));
    }
    let (name, of) = *maker.dice.pick(&[("a", Number), ("b", Text), ("q", Any)]);
    // Nor is one set to what is missing, which takes it away.
    let value = bson!({ "$ifNull": [maker.argument(of, depth), null] });
    Some(bson!({ "field": name, "input": input, "value": value }))
}

/// The one list that `$allElementsTrue` takes.
pub(super) fn one_list(maker: &mut Maker<'_, '_>, _: Type, depth: usize) -> Operand {
    let of = *maker.dice.pick(&[Ints, List, Texts]);
    Some(bson!([maker.operand(Arg::Sure(of), depth)]))
}

pub(super) fn convert(maker: &mut Maker<'_, '_>, wanted: Type, depth: usize) -> Operand {
    let to = match wanted {
        Int => *maker.dice.pick(&["int", "long"]),
        Double => "double",
        Number => *maker.dice.pick(&["int", "long", "double", "decimal"]),
        Bool => "bool",
        Text => "string",
        Date => "date",
        Id => "objectId",
        Any => *maker.dice.pick(&["int", "string", "date", "bool", "objectId", "decimal"]),
        _ => return None,
    };
    let of = *maker.dice.pick(&[Number, Text, Date, Bool, Any, Int, Id]);
    let to: Bson = if maker.dice.chance(1, 8) {
        let number = match to {
            "int" => 16,
            "long" => 18,
            "double" => 1,
            "decimal" => 19,
            "bool" => 8,
            "string" => 2,
            "date" => 9,
            _ => 7,
        };
        number.into()
    } else {
        to.into()
    };
    let mut operand = doc! { "input": maker.argument(of, depth), "to": to };
    if maker.dice.chance(9, 10) {
        operand.insert("onError", maker.argument(wanted, depth));
    }
    if maker.dice.chance(1, 2) {
        operand.insert("onNull", maker.argument(wanted, depth));
    }
    Some(operand.into())
}

pub(super) fn to_date(maker: &mut Maker<'_, '_>, _: Type, depth: usize) -> Operand {
    let of = *maker.dice.pick(&[Date, Stamp, Id]);
    Some(match maker.dice.below(3) {
        0 => bson!({ "$toLong": maker.operand(Arg::Within(-1_000_000, 1_000_000), depth) }),
        1 => "2020-02-29T10:00:00Z".into(),
        _ => bson!([maker.argument(of, depth)]),
    })
}

/// A text that is a number, or a boolean.
pub(super) fn numeric(maker: &mut Maker<'_, '_>, _: Type, depth: usize) -> Operand {
    Some(match maker.dice.below(3) {
        0 => (*maker.dice.pick(&["1", "-12", "007", "+5"])).into(),
        1 => bson!([maker.argument(Bool, depth)]),
        _ => bson!({ "$toString": maker.operand(Arg::Within(-99, 99), depth) }),
    })
}

/// `$max` and `$min`, of a list or of several.
pub(super) fn extreme(maker: &mut Maker<'_, '_>, wanted: Type, depth: usize) -> Operand {
    if let (Some(list), true) = (wanted.list(), maker.dice.chance(1, 2)) {
        return Some(bson!([maker.argument(list, depth)]));
    }
    let count = 2 + maker.dice.below(3);
    Some((0..count).map(|_| maker.argument(wanted, depth)).collect())
}

/// Always lists: the server has one code for what is none in a `$match`, and another elsewhere.
pub(super) fn subset(maker: &mut Maker<'_, '_>, _: Type, _: usize) -> Operand {
    let list = |maker: &mut Maker<'_, '_>| {
        let field = *maker.dice.pick(&["$ai", "$aj", "$l", "$an"]);
        bson!({ "$cond": [{ "$isArray": [field] }, field, { "$literal": maker.value(Ints) }] })
    };
    let left = list(maker);
    let right = if maker.dice.chance(1, 2) {
        list(maker)
    } else {
        bson!({ "$literal": maker.value(List) })
    };
    Some(bson!([left, right]))
}
