//! Groups: keys, and pairs of key and values.

use std::fmt;
use std::marker::PhantomData;

use bson::{Bson, Document, doc};
use serde::de::value::SeqAccessDeserializer;
use serde::de::{DeserializeOwned, DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::accumulator::Accumulators;
use super::expression::{ExprOf, IntoExpr};
use crate::codec;
use crate::error::Result;
use crate::field::{AsField, Field};
use crate::raw_doc::RawDoc;

/// What documents are grouped by.
#[must_use = "a key does nothing until a group has it"]
pub struct Key<S, K> {
    key: Result<Bson>,
    types: PhantomData<fn() -> (S, K)>,
}

impl<S, K> Key<S, K> {
    /// As it is sent.
    ///
    /// # Errors
    ///
    /// What was wrong while it was built.
    pub fn into_bson(self) -> Result<Bson> {
        self.key
    }
}

impl<S, K> fmt::Debug for Key<S, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Key").field(&self.key).finish()
    }
}

/// Groups by a field or expression, or by a tuple of up to four.
pub fn by<S, K: Keys<S>>(keys: K) -> Key<S, K> {
    Key { key: keys.into_bson(), types: PhantomData }
}

/// One group of all documents.
pub fn everything<S>() -> Key<S, ()> {
    by(())
}

/// A field or expression to group by, or a tuple of up to four of these; `()` for one group of all.
#[diagnostic::on_unimplemented(
    message = "these documents cannot be grouped by `{Self}`",
    label = "neither a field nor an expression on the fields of `{S}`, nor a tuple of up to four"
)]
pub trait Keys<S> {
    /// The key, or the tuple of keys.
    type Key: DeserializeOwned;
    /// The form that it is decoded from.
    #[doc(hidden)]
    type Stored: DeserializeOwned;

    /// As it is sent.
    ///
    /// # Errors
    ///
    /// What was wrong while it was built.
    fn into_bson(self) -> Result<Bson>;

    #[doc(hidden)]
    fn key(stored: Self::Stored) -> Self::Key;
}

#[diagnostic::do_not_recommend]
impl<S, P: AsField<Document = S, Type: DeserializeOwned>> Keys<S> for P {
    type Key = P::Type;
    type Stored = P::Type;

    fn into_bson(self) -> Result<Bson> {
        self.into_expr().into_bson()
    }

    fn key(stored: P::Type) -> P::Type {
        stored
    }
}

impl<S, T: DeserializeOwned> Keys<S> for ExprOf<S, T> {
    type Key = T;
    type Stored = T;

    fn into_bson(self) -> Result<Bson> {
        ExprOf::into_bson(self)
    }

    fn key(stored: T) -> T {
        stored
    }
}

impl<S> Keys<S> for () {
    type Key = ();
    type Stored = IgnoredAny;

    fn into_bson(self) -> Result<Bson> {
        Ok(Bson::Null)
    }

    fn key(_: IgnoredAny) {}
}

macro_rules! tuples {
    ($(($($index:tt $name:ident),*);)*) => {$(
        impl<S, $($name: IntoExpr<S, Type: DeserializeOwned>),*> Keys<S> for ($($name,)*) {
            type Key = ($($name::Type,)*);
            type Stored = Positional<($($name::Type,)*)>;

            fn into_bson(self) -> Result<Bson> {
                // A key that is missing is null, so that the keys stay in their places.
                let or_null = |key: Bson| doc! { "$ifNull": [key, Bson::Null] };
                Ok(doc! { $(concat!("k", $index): or_null(self.$index.into_expr().into_bson()?)),* }.into())
            }

            fn key(stored: Self::Stored) -> Self::Key {
                stored.0
            }
        }
    )*};
}

tuples! {
    (0 A, 1 B);
    (0 A, 1 B, 2 C);
    (0 A, 1 B, 2 C, 3 D);
}

/// What flows out of a `$group`: pairs of a key `K` and values `V`.
pub struct Groups<K, V> {
    types: PhantomData<fn() -> (K, V)>,
}

impl<K, V> Groups<K, V> {
    pub(super) fn new() -> Self {
        Groups { types: PhantomData }
    }

    /// The key of the group.
    pub fn key(&self) -> Field<Self, K> {
        Field::<Self, Self>::root().join("_id")
    }

    /// The `N`th part of the key, from 0, where it is a tuple.
    pub fn key_part<const N: usize>(&self) -> Field<Self, <K as Nth<N>>::Type>
    where
        K: Nth<N>,
    {
        Field::<Self, Self>::root().join::<K>("_id").join(K::KEY)
    }

    /// The value of the `N`th accumulator, from 0.
    pub fn value<const N: usize>(&self) -> Field<Self, <V as Nth<N>>::Type>
    where
        V: Nth<N>,
    {
        Field::<Self, Self>::root().join(V::NAME)
    }
}

impl<K, V> fmt::Debug for Groups<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Groups")
    }
}

/// Tuples with an element at position `N`.
#[diagnostic::on_unimplemented(
    message = "a group has no such value: it has `{Self}`",
    label = "positions count from 0"
)]
pub trait Nth<const N: usize> {
    /// The type of the element.
    type Type;
    /// What it is called as an accumulated value.
    #[doc(hidden)]
    const NAME: &'static str;
    /// What it is called as a part of a key.
    #[doc(hidden)]
    const KEY: &'static str;
}

macro_rules! nth {
    ($($index:literal $name:ident of ($($all:ident),*);)*) => {$(
        impl<$($all),*> Nth<$index> for ($($all,)*) {
            type Type = $name;
            const NAME: &'static str = concat!("v", $index);
            const KEY: &'static str = concat!("k", $index);
        }
    )*};
}

nth! {
    0 A of (A);
    0 A of (A, B);
    1 B of (A, B);
    0 A of (A, B, C);
    1 B of (A, B, C);
    2 C of (A, B, C);
    0 A of (A, B, C, D);
    1 B of (A, B, C, D);
    2 C of (A, B, C, D);
    3 D of (A, B, C, D);
    0 A of (A, B, C, D, E);
    1 B of (A, B, C, D, E);
    2 C of (A, B, C, D, E);
    3 D of (A, B, C, D, E);
    4 E of (A, B, C, D, E);
    0 A of (A, B, C, D, E, F);
    1 B of (A, B, C, D, E, F);
    2 C of (A, B, C, D, E, F);
    3 D of (A, B, C, D, E, F);
    4 E of (A, B, C, D, E, F);
    5 F of (A, B, C, D, E, F);
    0 A of (A, B, C, D, E, F, G);
    1 B of (A, B, C, D, E, F, G);
    2 C of (A, B, C, D, E, F, G);
    3 D of (A, B, C, D, E, F, G);
    4 E of (A, B, C, D, E, F, G);
    5 F of (A, B, C, D, E, F, G);
    6 G of (A, B, C, D, E, F, G);
    0 A of (A, B, C, D, E, F, G, H);
    1 B of (A, B, C, D, E, F, G, H);
    2 C of (A, B, C, D, E, F, G, H);
    3 D of (A, B, C, D, E, F, G, H);
    4 E of (A, B, C, D, E, F, G, H);
    5 F of (A, B, C, D, E, F, G, H);
    6 G of (A, B, C, D, E, F, G, H);
    7 H of (A, B, C, D, E, F, G, H);
}

/// The specification of a `$group`.
pub(super) fn spec<S, K, A: Accumulators<S>>(key: Key<S, K>, values: A) -> Result<Document> {
    let mut spec = doc! { "_id": key.into_bson()? };
    spec.extend(values.into_document()?);
    Ok(spec)
}

/// Reads a group.
pub(super) fn decode<S, K: Keys<S>, A: Accumulators<S>>(
    doc: &RawDoc,
    model: &str,
) -> Result<(K::Key, A::Output)> {
    let group: Group<K::Stored, A::Row> = codec::decode(doc, model)?;
    Ok((K::key(group.key), A::output(group.values)))
}

/// Reads a bucket: a group whose key is stored as it is.
pub(super) fn decode_bucket<S, K: DeserializeOwned, A: Accumulators<S>>(
    doc: &RawDoc,
    model: &str,
) -> Result<(K, A::Output)> {
    let group: Group<K, A::Row> = codec::decode(doc, model)?;
    Ok((group.key, A::output(group.values)))
}

/// The key of a bucket of [`Aggregation::bucket_auto`](super::Aggregation::bucket_auto).
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub struct BucketRange<T> {
    /// The least value.
    pub min: T,
    /// The value at which the next one begins; of the last one, the greatest.
    pub max: T,
}

/// Reads values that stand in their order.
pub(super) fn decode_values<S, A: Accumulators<S>>(values: Document) -> Result<A::Output> {
    let row: Positional<A::Row> =
        codec::decode_value(values.into(), "what there is of no documents")?;
    Ok(A::output(row.0))
}

/// A document's values, whatever their names.
#[derive(Debug)]
pub struct Positional<T>(pub(super) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Positional<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Values<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Values<T> {
            type Value = Positional<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a document")
            }

            fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<Self::Value, M::Error> {
                T::deserialize(SeqAccessDeserializer::new(InOrder(map))).map(Positional)
            }
        }

        deserializer.deserialize_map(Values(PhantomData))
    }
}

/// The values of a map, in its order.
struct InOrder<M>(M);

impl<'de, M: MapAccess<'de>> SeqAccess<'de> for InOrder<M> {
    type Error = M::Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, M::Error> {
        match self.0.next_key::<IgnoredAny>()? {
            Some(_) => self.0.next_value_seed(seed).map(Some),
            None => Ok(None),
        }
    }
}

/// `{_id: key, v0: …, v1: …}`.
struct Group<K, V> {
    key: K,
    values: V,
}

impl<'de, K: Deserialize<'de>, V: Deserialize<'de>> Deserialize<'de> for Group<K, V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields<K, V>(PhantomData<(K, V)>);

        impl<'de, K: Deserialize<'de>, V: Deserialize<'de>> Visitor<'de> for Fields<K, V> {
            type Value = Group<K, V>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a group")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                let missing = || serde::de::Error::missing_field("_id");
                map.next_key::<IgnoredAny>()?.ok_or_else(missing)?;
                let key = map.next_value()?;
                let values = V::deserialize(SeqAccessDeserializer::new(InOrder(map)))?;
                Ok(Group { key, values })
            }
        }

        deserializer.deserialize_map(Fields(PhantomData))
    }
}
