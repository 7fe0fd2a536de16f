//! What a type must be for an operator to make sense.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};

use bson::{Bson, Decimal128, Timestamp, oid::ObjectId};

use crate::field::{FieldType, Stored};
use crate::update::CurrentDate;

/// Values that MongoDB orders as one would expect: numbers, strings, dates, ids, ….
#[diagnostic::on_unimplemented(
    message = "values of `{Self}` have no order to filter by",
    label = "not an ordered field",
    note = "numbers, strings, dates, booleans and ids are ordered"
)]
pub trait Ordered {}

/// Values that are strings.
#[diagnostic::on_unimplemented(
    message = "a field of type `{Self}` is not text",
    label = "not a text field",
    note = "text operators work on `String`, and on `Option`s, arrays and newtypes of it"
)]
pub trait Text {}

/// Values that are numbers.
#[diagnostic::on_unimplemented(
    message = "a field of type `{Self}` is not a number",
    label = "not a numeric field",
    note = "arithmetic works on integers, floats and `Decimal128`, and on `Option`s and newtypes of these"
)]
pub trait Numeric {
    /// What can be added: for unsigned numbers, a signed one.
    type Amount;
    /// What sums are: of integers, `i64`.
    type Sum;
    /// What means are: doubles, but of decimals.
    type Mean;
}

/// Values that are whole numbers.
#[diagnostic::on_unimplemented(
    message = "a field of type `{Self}` is not an integer",
    label = "not an integer field",
    note = "bitwise operators work on integers, and on `Option`s and newtypes of these"
)]
pub trait Integer: Numeric {}

/// Values whose bits can be asked for: whole numbers, and binary data.
#[diagnostic::on_unimplemented(
    message = "a field of type `{Self}` has no bits to ask for",
    label = "neither an integer nor binary",
    note = "`bits_…` operators work on integers and `bson::Binary`, and on `Option`s, arrays and newtypes of these"
)]
pub trait Bits {}

/// Values that are places: what `near`, `geo_within` and `geo_intersects` ask for.
///
/// Coordinate pairs, maps and `bson::Document` are; your own GeoJSON type becomes one by
/// `impl Geometry for Point {}`.
#[diagnostic::on_unimplemented(
    message = "a field of type `{Self}` is not a place",
    label = "neither GeoJSON nor a coordinate pair",
    note = "geospatial operators work on `[f64; 2]`, `Vec<f64>`, `bson::Document`, and `Option`s of these",
    note = "if `{Self}` is a GeoJSON geometry, add `impl odm_core::Geometry for {Self} {{}}`"
)]
pub trait Geometry {}

/// Values that `$currentDate` can set.
#[diagnostic::on_unimplemented(
    message = "a field of type `{Self}` is not a date",
    label = "not a date field",
    note = "`current_date` works on `bson::DateTime` and `bson::Timestamp`, and on `Option`s and newtypes of these"
)]
pub trait Temporal {
    /// The type to write.
    const KIND: CurrentDate;
}

/// Values that are arrays.
#[diagnostic::on_unimplemented(
    message = "a field of type `{Self}` is not an array",
    label = "not an array field",
    note = "array operators work on `Vec`, `VecDeque`, `BTreeSet`, `HashSet`, Rust arrays, and `Option`s and newtypes of these"
)]
pub trait ArrayOf {
    /// The type of the elements.
    type Element: FieldType;
}

macro_rules! mark {
    ($marker:ident: $($ty:ty),* $(,)?) => { $(#[diagnostic::do_not_recommend] impl $marker for $ty {})* };
}

mark!(Ordered: i8, i16, i32, i64, isize, u8, u16, u32, u64, usize, f32, f64, Decimal128, bool);
mark!(Ordered: char, String, str, Box<str>, Cow<'static, str>, bson::DateTime, Timestamp);
mark!(Ordered: ObjectId, bson::Uuid, bson::Binary, Bson);
mark!(Text: char, String, str, Cow<'static, str>, Bson);
mark!(Integer: i8, i16, i32, i64, isize, u8, u16, u32, u64, usize, Bson);

mark!(Bits: i8, i16, i32, i64, isize, u8, u16, u32, u64, usize, bson::Binary, Bson);
mark!(Geometry: Vec<f64>, VecDeque<f64>, bson::Document, bson::RawDocumentBuf, Bson);

#[diagnostic::do_not_recommend]
impl Geometry for [f64; 2] {}

#[diagnostic::do_not_recommend]
impl<V> Geometry for BTreeMap<String, V> {}

#[diagnostic::do_not_recommend]
impl<V, S> Geometry for HashMap<String, V, S> {}

/// Its writer knows what the stored form is.
#[diagnostic::do_not_recommend]
impl<T, C> Geometry for Stored<T, C> {}

/// Its writer knows how the stored form compares.
#[diagnostic::do_not_recommend]
impl<T, C> Ordered for Stored<T, C> {}

macro_rules! numeric {
    ($($ty:ty: $amount:ty, $sum:ty, $mean:ty;)*) => {$(
        #[diagnostic::do_not_recommend]
        impl Numeric for $ty {
            type Amount = $amount;
            type Sum = $sum;
            type Mean = $mean;
        }
    )*};
}

numeric! {
    i8: i8, i64, f64;
    i16: i16, i64, f64;
    i32: i32, i64, f64;
    i64: i64, i64, f64;
    isize: isize, i64, f64;
    u8: i16, i64, f64;
    u16: i32, i64, f64;
    u32: i64, i64, f64;
    u64: i64, i64, f64;
    usize: i64, i64, f64;
    f32: f32, f64, f64;
    f64: f64, f64, f64;
    Decimal128: Decimal128, Decimal128, Decimal128;
    Bson: Bson, Bson, Bson;
}

#[diagnostic::do_not_recommend]
impl Temporal for bson::DateTime {
    const KIND: CurrentDate = CurrentDate::Date;
}

#[diagnostic::do_not_recommend]
impl Temporal for Timestamp {
    const KIND: CurrentDate = CurrentDate::Timestamp;
}

#[diagnostic::do_not_recommend]
impl<T: FieldType> ArrayOf for Vec<T> {
    type Element = T;
}

#[diagnostic::do_not_recommend]
impl<T: FieldType> ArrayOf for VecDeque<T> {
    type Element = T;
}

#[diagnostic::do_not_recommend]
impl<T: FieldType, const N: usize> ArrayOf for [T; N] {
    type Element = T;
}

#[diagnostic::do_not_recommend]
impl<T: FieldType> ArrayOf for BTreeSet<T> {
    type Element = T;
}

#[diagnostic::do_not_recommend]
impl<T: FieldType, S: 'static> ArrayOf for HashSet<T, S> {
    type Element = T;
}

/// A value of any type may be an array of such.
#[diagnostic::do_not_recommend]
impl ArrayOf for Bson {
    type Element = Bson;
}
