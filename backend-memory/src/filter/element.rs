//! `$exists` is no more than whether there is a value; this is `$type`.

use odm_core::{BsonType, TypeSpec};

use crate::value::RawVal;

/// A set of BSON types.
#[derive(Clone, Copy, Debug)]
pub(super) struct Types(u32);

impl Types {
    pub(super) fn new(types: &[TypeSpec]) -> Self {
        const NUMBER: [BsonType; 4] =
            [BsonType::Double, BsonType::Int, BsonType::Long, BsonType::Decimal];
        let bits = |types: &[BsonType]| {
            types.iter().fold(0, |bits, ty| bits | Types::bit(ty.number() as u8))
        };
        Types(types.iter().fold(0, |all, ty| {
            all | match ty {
                TypeSpec::Type(ty) => bits(&[*ty]),
                _ => bits(&NUMBER),
            }
        }))
    }

    #[inline]
    pub(super) fn contains(self, value: RawVal<'_>) -> bool {
        self.0 & Types::bit(value.kind() as u8) != 0
    }

    /// One bit for each of the type bytes of BSON.
    const fn bit(kind: u8) -> u32 {
        match kind {
            0x7f => 1 << 30,
            0xff => 1 << 31,
            kind => 1 << (kind & 0x1f),
        }
    }
}
