//! The operators, with what they take and give.

use bson::{Bson, Document, bson};

use super::Maker;
use super::Type::{self, *};
use super::special;

/// An operator, or one of its forms.
pub(super) struct Row {
    name: &'static str,
    /// What it gives; nothing if it gives whatever is wanted.
    gives: Option<Type>,
    form: Form,
}

/// How operands are written.
enum Form {
    /// A list of them.
    Args(&'static [Arg]),
    /// A list of so many of a type.
    Many(Type, usize, usize),
    /// By name. Those that need not be there are there in half of the cases.
    Named(&'static [(&'static str, Arg, Presence)]),
    /// As a function says, which is told what is wanted.
    By(fn(&mut Maker<'_, '_>, Type, usize) -> Option<Bson>),
}

/// An operand.
#[derive(Clone, Copy)]
pub(super) enum Arg {
    Of(Type),
    /// Never null where nothing goes wrong: for operators that refuse null.
    Sure(Type),
    /// A number between these, for operators that refuse others.
    Within(i64, i64),
    /// One of these constants.
    Choice(&'static [&'static str]),
}

#[derive(Clone, Copy, PartialEq)]
enum Presence {
    Must,
    May,
}

use Arg::{Choice, Of, Sure, Within};
use Form::{Args, By, Many, Named};
use Presence::{May, Must};

const fn row(name: &'static str, gives: Type, form: Form) -> Row {
    Row { name, gives: Some(gives), form }
}

const fn any(name: &'static str, form: Form) -> Row {
    Row { name, gives: None, form }
}

/// The names of the operators that expressions are made of.
pub fn operators() -> impl Iterator<Item = &'static str> {
    OPERATORS.iter().map(|row| row.name)
}

/// The operators that give this type.
pub(super) fn rows(wanted: Type) -> impl Iterator<Item = &'static Row> {
    OPERATORS.iter().filter(move |row| row.gives.is_none_or(|gives| gives.fits(wanted)))
}

/// Zones whose clocks the server and we agree about (KNOWN-DIFFERENCES.md).
pub(super) const ZONE: Arg = Choice(&[
    "UTC",
    "GMT",
    "+03:00",
    "-0330",
    "+05",
    "America/New_York",
    "Europe/London",
    "Asia/Kolkata",
    "Australia/Sydney",
]);
const UNIT: Arg =
    Choice(&["year", "quarter", "month", "week", "day", "hour", "minute", "second", "millisecond"]);
const WEEKDAY: Arg = Choice(&["monday", "sun", "Friday", "wed", "saturday"]);
const FORMAT: Arg = Choice(&[
    "%Y-%m-%d",
    "%Y-%m-%dT%H:%M:%S.%LZ",
    "%G-W%V-%u",
    "%d/%m/%Y %H:%M",
    "%j %w %U %z %Z",
    "%%",
    "x",
    "%b",
    "%H:%M:%S",
]);
const PATTERN: Arg =
    Choice(&["a", "^a", "b+", "(a)(b)?", "[0-9]+", ".", "o\\b", "", "\\d|(é)", "A"]);
const OPTIONS: Arg = Choice(&["", "i", "m", "s", "x", "is"]);
/// Between what the functions of doubles give numbers for.
const FINITE: Arg = Within(-1000, 1000);
const POSITIVE: Arg = Within(1, 1000);
const DIVISOR: Arg = Within(1, 7);

/// The date of an operator that tells its parts.
const PART: Form = By(special::date_part);

#[rustfmt::skip]
const OPERATORS: &[Row] = &[
    // Arithmetic. Functions that differ in the last digit of decimals (KNOWN-DIFFERENCES.md) are not given any.
    row("$abs", Number, Args(&[Of(Number)])),
    row("$abs", Int, Args(&[Within(-10, 10)])),
    row("$add", Number, Many(Number, 0, 4)),
    row("$add", Double, Many(Double, 1, 3)),
    row("$add", Date, By(special::add_to_date)),
    row("$ceil", Number, Args(&[Of(Number)])),
    row("$divide", Number, Args(&[Of(Number), DIVISOR])),
    row("$divide", Number, Args(&[Of(Number), Of(Number)])),
    row("$exp", Double, Args(&[Within(-20, 20)])),
    row("$floor", Number, Args(&[Of(Number)])),
    row("$ln", Double, Args(&[POSITIVE])),
    row("$log", Double, Args(&[POSITIVE, Within(2, 10)])),
    row("$log10", Double, Args(&[POSITIVE])),
    row("$mod", Number, Args(&[Of(Number), DIVISOR])),
    row("$mod", Int, Args(&[Of(Int), DIVISOR])),
    row("$multiply", Number, Many(Number, 0, 4)),
    row("$multiply", Double, Many(Double, 1, 3)),
    row("$pow", Double, Args(&[Of(Double), Within(0, 5)])),
    row("$pow", Double, Args(&[POSITIVE, Of(Double)])),
    row("$round", Number, Args(&[Of(Number)])),
    row("$round", Number, Args(&[Of(Number), Within(-3, 4)])),
    row("$sqrt", Double, Args(&[Within(0, 1000)])),
    row("$sqrt", Double, Args(&[Of(Double)])),
    row("$subtract", Number, Args(&[Of(Number), Of(Number)])),
    row("$subtract", Double, Args(&[Of(Double), Of(Double)])),
    row("$subtract", Int, Args(&[Of(Date), Of(Date)])),
    row("$subtract", Date, Args(&[Of(Date), Within(-100_000, 100_000)])),
    row("$trunc", Number, Args(&[Of(Number), Within(-3, 4)])),
    row("$trunc", Number, Args(&[Of(Number)])),
    // Trigonometry.
    row("$acos", Double, Args(&[Within(-1, 1)])),
    row("$acosh", Double, Args(&[POSITIVE])),
    row("$asin", Double, Args(&[Within(-1, 1)])),
    row("$asinh", Double, Args(&[FINITE])),
    row("$atan", Double, Args(&[Of(Double)])),
    row("$atan2", Double, Args(&[Of(Double), Of(Double)])),
    row("$atanh", Double, Args(&[Within(-1, 1)])),
    row("$cos", Double, Args(&[FINITE])),
    row("$cosh", Double, Args(&[Within(-20, 20)])),
    row("$degreesToRadians", Double, Args(&[Of(Double)])),
    row("$radiansToDegrees", Double, Args(&[Of(Double)])),
    row("$sin", Double, Args(&[FINITE])),
    row("$sinh", Double, Args(&[Within(-20, 20)])),
    row("$tan", Double, Args(&[FINITE])),
    row("$tanh", Double, Args(&[FINITE])),
    // Arrays.
    any("$arrayElemAt", By(special::element_at)),
    any("$first", By(special::end)),
    any("$last", By(special::end)),
    row("$arrayToObject", Object, By(special::array_to_object)),
    any("$concatArrays", By(special::concat_arrays)),
    any("$filter", By(special::filter)),
    any("$firstN", By(special::some_of)),
    any("$lastN", By(special::some_of)),
    any("$maxN", By(special::some_of)),
    any("$minN", By(special::some_of)),
    row("$in", Bool, Args(&[Of(Any), Sure(List)])),
    row("$in", Bool, Args(&[Of(Int), Sure(Ints)])),
    row("$in", Bool, Args(&[Of(Text), Sure(Texts)])),
    row("$indexOfArray", Int, Args(&[Of(Ints), Of(Int)])),
    row("$indexOfArray", Int, Args(&[Of(List), Of(Any), Within(0, 3)])),
    row("$indexOfArray", Int, Args(&[Of(Texts), Of(Text), Within(0, 3), Within(0, 4)])),
    row("$isArray", Bool, Args(&[Of(Any)])),
    any("$map", By(special::map)),
    row("$objectToArray", List, Args(&[Of(Object)])),
    row("$range", Ints, Args(&[Within(-3, 6), Within(-3, 6)])),
    row("$range", Ints, Args(&[Within(-3, 6), Within(-3, 6), Within(1, 3)])),
    any("$reduce", By(special::reduce)),
    any("$reverseArray", By(special::same_list)),
    row("$size", Index, Args(&[Sure(List)])),
    any("$slice", By(special::slice)),
    any("$sortArray", By(special::sort_array)),
    row("$zip", Lists, By(special::zip)),
    // Booleans and comparison.
    row("$and", Bool, Many(Bool, 0, 4)),
    row("$not", Bool, Args(&[Of(Bool)])),
    row("$not", Bool, Args(&[Of(Any)])),
    row("$or", Bool, Many(Bool, 0, 4)),
    row("$and", Bool, Many(Any, 0, 3)),
    row("$cmp", Int, By(special::comparison)),
    row("$eq", Bool, By(special::comparison)),
    row("$gt", Bool, By(special::comparison)),
    row("$gte", Bool, By(special::comparison)),
    row("$lt", Bool, By(special::comparison)),
    row("$lte", Bool, By(special::comparison)),
    row("$ne", Bool, By(special::comparison)),
    // Conditions.
    any("$cond", By(special::cond)),
    any("$ifNull", By(special::if_null)),
    any("$switch", By(special::switch)),
    any("$let", By(special::let_)),
    any("$literal", By(special::literal)),
    any("$const", By(special::literal)),
    // Dates.
    row("$dateAdd", Date, Named(&[("startDate", Of(Date), Must), ("unit", UNIT, Must), ("amount", Within(-50, 50), Must), ("timezone", ZONE, May)])),
    row("$dateSubtract", Date, Named(&[("startDate", Of(Date), Must), ("unit", UNIT, Must), ("amount", Within(-50, 50), Must), ("timezone", ZONE, May)])),
    row("$dateDiff", Int, Named(&[("startDate", Of(Date), Must), ("endDate", Of(Date), Must), ("unit", UNIT, Must), ("timezone", ZONE, May), ("startOfWeek", WEEKDAY, May)])),
    row("$dateFromParts", Date, Named(&[("year", Within(1971, 2021), Must), ("month", Within(-3, 20), May), ("day", Within(-10, 40), May), ("hour", Within(-10, 40), May), ("minute", Within(0, 100), May), ("second", Within(0, 59), May), ("millisecond", Within(-1500, 1500), May), ("timezone", ZONE, May)])),
    row("$dateFromParts", Date, Named(&[("isoWeekYear", Within(1971, 2021), Must), ("isoWeek", Within(-3, 60), May), ("isoDayOfWeek", Within(-3, 10), May), ("hour", Within(0, 23), May), ("timezone", ZONE, May)])),
    row("$dateFromString", Date, By(special::date_from_string)),
    row("$dateToParts", Any, Named(&[("date", Of(Date), Must), ("timezone", ZONE, May), ("iso8601", Of(Bool), May)])),
    row("$dateToString", Text, Named(&[("date", Of(Date), Must), ("format", FORMAT, May), ("timezone", ZONE, May), ("onNull", Of(Text), May)])),
    row("$dateTrunc", Date, Named(&[("date", Of(Date), Must), ("unit", UNIT, Must), ("binSize", Within(1, 5), May), ("timezone", ZONE, May), ("startOfWeek", WEEKDAY, May)])),
    row("$dayOfMonth", Index, PART),
    row("$dayOfWeek", Index, PART),
    row("$dayOfYear", Int, PART),
    row("$hour", Index, PART),
    row("$isoDayOfWeek", Index, PART),
    row("$isoWeek", Index, PART),
    row("$isoWeekYear", Int, PART),
    row("$millisecond", Int, PART),
    row("$minute", Int, PART),
    row("$month", Index, PART),
    row("$second", Int, PART),
    row("$week", Index, PART),
    row("$year", Int, PART),
    row("$tsIncrement", Int, Args(&[Of(Stamp)])),
    row("$tsSecond", Int, Args(&[Of(Stamp)])),
    // Objects.
    any("$getField", By(special::get_field)),
    row("$mergeObjects", Object, Many(Object, 1, 3)),
    row("$setField", Object, By(special::set_field)),
    row("$unsetField", Object, Named(&[("field", Choice(&["c", "a.b"]), Must), ("input", Of(Object), Must)])),
    // Sets.
    row("$allElementsTrue", Bool, By(special::one_list)),
    row("$anyElementTrue", Bool, By(special::one_list)),
    row("$setDifference", Ints, Args(&[Of(Ints), Of(Ints)])),
    row("$setDifference", Texts, Args(&[Of(Texts), Of(Texts)])),
    row("$setDifference", List, Args(&[Of(List), Of(List)])),
    row("$setEquals", Bool, Args(&[Sure(Ints), Sure(Ints)])),
    row("$setEquals", Bool, Args(&[Sure(List), Sure(List), Sure(List)])),
    row("$setIntersection", Ints, Many(Ints, 0, 3)),
    row("$setIntersection", List, Many(List, 1, 3)),
    row("$setIsSubset", Bool, By(special::subset)),
    row("$setUnion", Ints, Many(Ints, 0, 3)),
    row("$setUnion", Texts, Many(Texts, 0, 3)),
    row("$setUnion", List, Many(List, 1, 3)),
    // Strings.
    row("$concat", Text, Many(Text, 0, 4)),
    row("$indexOfBytes", Int, Args(&[Of(Text), Sure(Text)])),
    row("$indexOfBytes", Int, Args(&[Of(Text), Sure(Text), Within(0, 3), Within(0, 6)])),
    row("$indexOfCP", Int, Args(&[Of(Text), Sure(Text)])),
    row("$indexOfCP", Int, Args(&[Of(Text), Sure(Text), Within(0, 3), Within(0, 6)])),
    row("$ltrim", Text, Named(&[("input", Of(Text), Must), ("chars", Of(Text), May)])),
    row("$regexFind", Any, Named(&[("input", Of(Text), Must), ("regex", PATTERN, Must), ("options", OPTIONS, May)])),
    row("$regexFindAll", List, Named(&[("input", Of(Text), Must), ("regex", PATTERN, Must), ("options", OPTIONS, May)])),
    row("$regexMatch", Bool, Named(&[("input", Of(Text), Must), ("regex", PATTERN, Must), ("options", OPTIONS, May)])),
    row("$replaceAll", Text, Named(&[("input", Of(Text), Must), ("find", Of(Text), Must), ("replacement", Of(Text), Must)])),
    row("$replaceOne", Text, Named(&[("input", Of(Text), Must), ("find", Of(Text), Must), ("replacement", Of(Text), Must)])),
    row("$rtrim", Text, Named(&[("input", Of(Text), Must), ("chars", Of(Text), May)])),
    row("$split", Texts, Args(&[Of(Text), Choice(&["a", ",", " ", "b", "é", "oo"])])),
    row("$strLenBytes", Int, Args(&[Sure(Text)])),
    row("$strLenCP", Int, Args(&[Sure(Text)])),
    row("$strcasecmp", Int, Args(&[Of(Text), Of(Text)])),
    row("$strcasecmp", Int, Args(&[Of(Number), Of(Date)])),
    row("$substr", Text, Args(&[Of(Text), Within(0, 2), Within(-1, 4)])),
    row("$substrBytes", Text, Args(&[Of(Text), Within(0, 2), Within(-1, 4)])),
    row("$substrCP", Text, Args(&[Of(Text), Within(0, 3), Within(0, 4)])),
    row("$toLower", Text, Args(&[Of(Text)])),
    row("$toLower", Text, Args(&[Of(Date)])),
    row("$toUpper", Text, Args(&[Of(Text)])),
    row("$toUpper", Text, Args(&[Of(Number)])),
    row("$trim", Text, Named(&[("input", Of(Text), Must), ("chars", Of(Text), May)])),
    // Types and conversions.
    any("$convert", By(special::convert)),
    row("$isNumber", Bool, Args(&[Of(Any)])),
    row("$toBool", Bool, Args(&[Of(Any)])),
    row("$toBool", Bool, Args(&[Of(Number)])),
    row("$toDate", Date, By(special::to_date)),
    row("$toDecimal", Number, Args(&[Of(Number)])),
    row("$toDecimal", Number, By(special::numeric)),
    row("$toDouble", Double, Args(&[Of(Double)])),
    row("$toDouble", Double, By(special::numeric)),
    row("$toInt", Int, Args(&[FINITE])),
    row("$toInt", Int, By(special::numeric)),
    row("$toLong", Int, Args(&[FINITE])),
    row("$toLong", Int, Args(&[Of(Date)])),
    row("$toObjectId", Id, Args(&[Of(Id)])),
    row("$toObjectId", Id, Args(&[Choice(&["0123456789abcdef01234567", "5F5f5f5f5f5f5f5f5f5f5f5f"])])),
    row("$toString", Text, Args(&[Of(Number)])),
    row("$toString", Text, Args(&[Of(Date)])),
    row("$toString", Text, Args(&[Of(Id)])),
    row("$type", Text, Args(&[Of(Any)])),
    // Sizes.
    row("$binarySize", Int, Args(&[Of(Text)])),
    row("$binarySize", Int, Args(&[Of(Bytes)])),
    row("$toHashedIndexKey", Int, Args(&[Of(Any)])),
    row("$toHashedIndexKey", Int, Args(&[Of(Number)])),
    row("$bsonSize", Int, Args(&[Of(Object)])),
    // Accumulators as operators.
    row("$avg", Number, Args(&[Of(Numbers)])),
    row("$avg", Number, Many(Number, 2, 4)),
    row("$avg", Double, Many(Double, 2, 4)),
    any("$max", By(special::extreme)),
    any("$min", By(special::extreme)),
    row("$stdDevPop", Double, Args(&[Of(Numbers)])),
    row("$stdDevPop", Double, Many(Double, 2, 4)),
    row("$stdDevSamp", Double, Args(&[Of(Numbers)])),
    row("$stdDevSamp", Double, Many(Number, 2, 4)),
    row("$sum", Number, Args(&[Of(Numbers)])),
    row("$sum", Number, Many(Number, 2, 4)),
    row("$sum", Double, Many(Double, 2, 4)),
];

impl Row {
    /// The operator with operands.
    pub(super) fn make(&self, maker: &mut Maker<'_, '_>, wanted: Type, depth: usize) -> Bson {
        let operand = match &self.form {
            Args(args) => {
                let operands: Vec<Bson> =
                    args.iter().map(|arg| maker.operand(*arg, depth)).collect();
                match operands.as_slice() {
                    // The list may be left out, unless it would be taken for one.
                    [only] if !matches!(only, Bson::Array(_)) && maker.dice.chance(2, 3) => {
                        only.clone()
                    }
                    _ => Bson::Array(operands),
                }
            }
            Many(of, least, most) => {
                let count = least + maker.dice.below(most - least + 1);
                (0..count).map(|_| maker.argument(*of, depth)).collect()
            }
            Named(fields) => {
                let mut operands = Document::new();
                for (name, arg, presence) in *fields {
                    if *presence == Must || maker.dice.chance(1, 2) {
                        operands.insert(*name, maker.operand(*arg, depth));
                    }
                }
                operands.into()
            }
            By(make) => match make(maker, wanted, depth) {
                Some(operand) => operand,
                None => return maker.leaf(wanted),
            },
        };
        bson!({ self.name: operand })
    }
}

impl Maker<'_, '_> {
    /// An operand of an operator.
    pub(super) fn operand(&mut self, arg: Arg, depth: usize) -> Bson {
        match arg {
            Of(of) => self.argument(of, depth),
            Sure(of) => {
                let argument = self.argument(of, depth);
                if self.dice.chance(1, 20) {
                    return argument;
                }
                bson!({ "$ifNull": [argument, self.literal(of)] })
            }
            Within(least, most) => self.within(least, most, depth),
            Choice(of) if self.dice.chance(1, 24) => {
                let _ = of;
                self.argument(Text, depth)
            }
            Choice(of) => (*self.dice.pick(of)).into(),
        }
    }

    /// A number in a range; now and then, any.
    fn within(&mut self, least: i64, most: i64, depth: usize) -> Bson {
        if self.dice.chance(1, 24) {
            return self.argument(Double, depth);
        }
        if depth == 0 || self.dice.chance(1, 2) {
            let n = self.dice.between(least, most);
            return match i32::try_from(n) {
                Ok(n) if !self.dice.chance(1, 6) => n.into(),
                _ => n.into(),
            };
        }
        let (least, most) = (small(least), small(most));
        // Most operators that have a range want whole numbers.
        let n = self.argument(Int, depth);
        bson!({ "$max": [least, { "$min": [most, n] }] })
    }
}

fn small(n: i64) -> Bson {
    i32::try_from(n).map_or(Bson::Int64(n), Bson::Int32)
}
