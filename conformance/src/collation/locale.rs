//! The order of many languages.

use bson::doc;
use odm_core::Database;

use super::check;
use crate::case::{Outcome, cases};

cases! { "collation::locale":
    german needs(collation),
    swedish_and_finnish needs(collation),
    spanish needs(collation),
    czech_and_slovak needs(collation),
    hungarian needs(collation),
    turkish needs(collation),
    estonian_and_lithuanian_letters needs(collation),
    russian_and_ukrainian needs(collation),
    greek needs(collation),
    hebrew_and_arabic needs(collation),
    hindi_and_bengali needs(collation),
    thai_and_lao needs(collation),
    japanese_and_korean needs(collation),
    chinese needs(collation),
    vietnamese needs(collation),
}

async fn german(db: Database) -> Outcome {
    check(
        &db,
        &[
            (doc! { "insert": "c", "documents": [{ "_id": 0, "s": "Müller" }, { "_id": 1, "s": "Mueller" }, { "_id": 2, "s": "Muller" }, { "_id": 3, "s": "Mutter" }, { "_id": 4, "s": "Straße" }, { "_id": 5, "s": "Strasse" }, { "_id": 6, "s": "Ärger" }, { "_id": 7, "s": "Arger" }, { "_id": 8, "s": "Zar" }] }, doc! { "n": 9 }),
            (doc! { "find": "c", "filter": {}, "sort": { "s": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "de" } }, doc! { "ids": [7, 6, 1, 2, 0, 3, 5, 4, 8] }),
            (doc! { "find": "c", "filter": {}, "sort": { "s": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "de@collation=phonebook" } }, doc! { "ids": [6, 7, 1, 0, 2, 3, 5, 4, 8] }),
            (doc! { "find": "c", "filter": {}, "sort": { "s": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "de_AT" } }, doc! { "ids": [7, 6, 1, 2, 0, 3, 5, 4, 8] }),
            (doc! { "find": "c", "filter": { "s": { "$gt": "Straße" } }, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "de", "strength": 1 } }, doc! { "ids": [8] }),
        ],
    )
    .await
}

async fn swedish_and_finnish(db: Database) -> Outcome {
    check(
        &db,
        &[
            (doc! { "insert": "c", "documents": [{ "_id": 0, "s": "å" }, { "_id": 1, "s": "ä" }, { "_id": 2, "s": "ö" }, { "_id": 3, "s": "æ" }, { "_id": 4, "s": "ø" }, { "_id": 5, "s": "z" }, { "_id": 6, "s": "v" }, { "_id": 7, "s": "w" }, { "_id": 8, "s": "ü" }, { "_id": 9, "s": "y" }, { "_id": 10, "s": "aa" }] }, doc! { "n": 11 }),
            (doc! { "find": "c", "filter": {}, "sort": { "s": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "sv" } }, doc! { "ids": [10, 6, 7, 9, 8, 5, 0, 1, 3, 2, 4] }),
            (doc! { "find": "c", "filter": {}, "sort": { "s": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "fi" } }, doc! { "ids": [10, 6, 7, 9, 8, 5, 0, 1, 3, 2, 4] }),
            (doc! { "find": "c", "filter": {}, "sort": { "s": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "nb" } }, doc! { "ids": [6, 7, 9, 8, 5, 3, 1, 4, 2, 0, 10] }),
            (doc! { "find": "c", "filter": { "s": { "$gt": "z" } }, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "sv", "strength": 1 } }, doc! { "ids": [0, 1, 2, 3, 4] }),
        ],
    )
    .await
}

async fn spanish(db: Database) -> Outcome {
    check(
        &db,
        &[
            (doc! { "insert": "c", "documents": [{ "_id": 0, "s": "ch" }, { "_id": 1, "s": "cz" }, { "_id": 2, "s": "c" }, { "_id": 3, "s": "ll" }, { "_id": 4, "s": "lz" }, { "_id": 5, "s": "l" }, { "_id": 6, "s": "ñ" }, { "_id": 7, "s": "n" }, { "_id": 8, "s": "nz" }, { "_id": 9, "s": "o" }] }, doc! { "n": 10 }),
            (doc! { "find": "c", "filter": {}, "sort": { "s": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "es" } }, doc! { "ids": [2, 0, 1, 5, 3, 4, 7, 8, 6, 9] }),
            (doc! { "find": "c", "filter": {}, "sort": { "s": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "es@collation=traditional" } }, doc! { "ids": [2, 1, 0, 5, 4, 3, 7, 8, 6, 9] }),
            (doc! { "find": "c", "filter": { "s": { "$gt": "l" } }, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "es", "strength": 1 } }, doc! { "ids": [3, 4, 6, 7, 8, 9] }),
        ],
    )
    .await
}

async fn czech_and_slovak(db: Database) -> Outcome {
    check(
        &db,
        &[
            (doc! { "insert": "c", "documents": [{ "_id": 0, "s": "č" }, { "_id": 1, "s": "c" }, { "_id": 2, "s": "ch" }, { "_id": 3, "s": "h" }, { "_id": 4, "s": "i" }, { "_id": 5, "s": "ř" }, { "_id": 6, "s": "r" }, { "_id": 7, "s": "š" }, { "_id": 8, "s": "s" }, { "_id": 9, "s": "ž" }, { "_id": 10, "s": "z" }, { "_id": 11, "s": "ł" }, { "_id": 12, "s": "l" }, { "_id": 13, "s": "ó" }] }, doc! { "n": 14 }),
            (doc! { "find": "c", "filter": {}, "sort": { "s": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "cs" } }, doc! { "ids": [1, 0, 3, 2, 4, 12, 11, 13, 6, 5, 8, 7, 10, 9] }),
            (doc! { "find": "c", "filter": {}, "sort": { "s": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "sk" } }, doc! { "ids": [1, 0, 3, 2, 4, 12, 11, 13, 6, 5, 8, 7, 10, 9] }),
            (doc! { "find": "c", "filter": {}, "sort": { "s": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "pl" } }, doc! { "ids": [1, 0, 2, 3, 4, 12, 11, 13, 6, 5, 8, 7, 10, 9] }),
            (doc! { "find": "c", "filter": { "s": { "$gt": "š" } }, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "cs", "strength": 1 } }, doc! { "ids": [9, 10] }),
        ],
    )
    .await
}

async fn hungarian(db: Database) -> Outcome {
    check(
        &db,
        &[
            (doc! { "insert": "c", "documents": [{ "_id": 0, "s": "cs" }, { "_id": 1, "s": "c" }, { "_id": 2, "s": "cz" }, { "_id": 3, "s": "gy" }, { "_id": 4, "s": "g" }, { "_id": 5, "s": "gz" }, { "_id": 6, "s": "sz" }, { "_id": 7, "s": "s" }, { "_id": 8, "s": "ssz" }, { "_id": 9, "s": "zs" }, { "_id": 10, "s": "z" }, { "_id": 11, "s": "ö" }, { "_id": 12, "s": "ő" }, { "_id": 13, "s": "o" }] }, doc! { "n": 14 }),
            (doc! { "find": "c", "filter": {}, "sort": { "s": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "hu" } }, doc! { "ids": [1, 2, 0, 4, 5, 3, 13, 11, 12, 7, 6, 8, 10, 9] }),
            (doc! { "find": "c", "filter": { "s": { "$gt": "s" } }, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "hu", "strength": 1 } }, doc! { "ids": [6, 8, 9, 10] }),
        ],
    )
    .await
}

async fn turkish(db: Database) -> Outcome {
    check(
        &db,
        &[
            (doc! { "insert": "c", "documents": [{ "_id": 0, "s": "i" }, { "_id": 1, "s": "ı" }, { "_id": 2, "s": "I" }, { "_id": 3, "s": "İ" }, { "_id": 4, "s": "h" }, { "_id": 5, "s": "j" }, { "_id": 6, "s": "ç" }, { "_id": 7, "s": "c" }, { "_id": 8, "s": "ş" }, { "_id": 9, "s": "s" }, { "_id": 10, "s": "ğ" }, { "_id": 11, "s": "g" }, { "_id": 12, "s": "ö" }, { "_id": 13, "s": "o" }] }, doc! { "n": 14 }),
            (doc! { "find": "c", "filter": {}, "sort": { "s": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "tr" } }, doc! { "ids": [7, 6, 11, 10, 4, 1, 2, 0, 3, 5, 13, 12, 9, 8] }),
            (doc! { "find": "c", "filter": {}, "sort": { "s": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "az" } }, doc! { "ids": [7, 6, 11, 10, 4, 1, 2, 0, 3, 5, 13, 12, 9, 8] }),
            (doc! { "find": "c", "filter": { "s": { "$gt": "c" } }, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "tr", "strength": 1 } }, doc! { "ids": [0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13] }),
        ],
    )
    .await
}

async fn estonian_and_lithuanian_letters(db: Database) -> Outcome {
    check(
        &db,
        &[
            (doc! { "insert": "c", "documents": [{ "_id": 0, "s": "õ" }, { "_id": 1, "s": "o" }, { "_id": 2, "s": "š" }, { "_id": 3, "s": "s" }, { "_id": 4, "s": "ž" }, { "_id": 5, "s": "z" }, { "_id": 6, "s": "t" }, { "_id": 7, "s": "u" }, { "_id": 8, "s": "ü" }, { "_id": 9, "s": "č" }, { "_id": 10, "s": "ć" }, { "_id": 11, "s": "đ" }, { "_id": 12, "s": "dž" }] }, doc! { "n": 13 }),
            (doc! { "find": "c", "filter": {}, "sort": { "s": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "et" } }, doc! { "ids": [10, 9, 11, 12, 1, 3, 2, 5, 4, 6, 7, 0, 8] }),
            (doc! { "find": "c", "filter": {}, "sort": { "s": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "sl" } }, doc! { "ids": [9, 10, 12, 11, 1, 0, 3, 2, 6, 7, 8, 5, 4] }),
            (doc! { "find": "c", "filter": {}, "sort": { "s": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "hr" } }, doc! { "ids": [9, 10, 12, 11, 1, 0, 3, 2, 6, 7, 8, 5, 4] }),
            (doc! { "find": "c", "filter": { "s": { "$gt": "t" } }, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "et", "strength": 1 } }, doc! { "ids": [0, 7, 8] }),
        ],
    )
    .await
}

async fn russian_and_ukrainian(db: Database) -> Outcome {
    check(
        &db,
        &[
            (doc! { "insert": "c", "documents": [{ "_id": 0, "s": "е" }, { "_id": 1, "s": "ё" }, { "_id": 2, "s": "ж" }, { "_id": 3, "s": "и" }, { "_id": 4, "s": "й" }, { "_id": 5, "s": "і" }, { "_id": 6, "s": "ї" }, { "_id": 7, "s": "г" }, { "_id": 8, "s": "ґ" }, { "_id": 9, "s": "Я" }, { "_id": 10, "s": "я" }, { "_id": 11, "s": "a" }, { "_id": 12, "s": "z" }] }, doc! { "n": 13 }),
            (doc! { "find": "c", "filter": {}, "sort": { "s": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "ru" } }, doc! { "ids": [7, 8, 0, 1, 2, 3, 5, 6, 4, 10, 9, 11, 12] }),
            (doc! { "find": "c", "filter": {}, "sort": { "s": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "uk" } }, doc! { "ids": [7, 8, 0, 1, 2, 3, 5, 6, 4, 10, 9, 11, 12] }),
            (doc! { "find": "c", "filter": {}, "sort": { "s": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "bg" } }, doc! { "ids": [7, 8, 0, 1, 2, 3, 5, 6, 4, 10, 9, 11, 12] }),
            (doc! { "find": "c", "filter": {}, "sort": { "s": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "sr" } }, doc! { "ids": [7, 8, 0, 1, 2, 3, 4, 5, 6, 10, 9, 11, 12] }),
            (doc! { "find": "c", "filter": { "s": { "$gt": "ї" } }, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "ru", "strength": 1 } }, doc! { "ids": [4, 9, 10, 11, 12] }),
        ],
    )
    .await
}

async fn greek(db: Database) -> Outcome {
    check(
        &db,
        &[
            (doc! { "insert": "c", "documents": [{ "_id": 0, "s": "α" }, { "_id": 1, "s": "ά" }, { "_id": 2, "s": "Α" }, { "_id": 3, "s": "β" }, { "_id": 4, "s": "σ" }, { "_id": 5, "s": "ς" }, { "_id": 6, "s": "Σ" }, { "_id": 7, "s": "ω" }, { "_id": 8, "s": "a" }] }, doc! { "n": 9 }),
            (doc! { "find": "c", "filter": {}, "sort": { "s": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "el" } }, doc! { "ids": [0, 2, 1, 3, 4, 6, 5, 7, 8] }),
            (doc! { "find": "c", "filter": { "s": { "$gt": "σ" } }, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "el", "strength": 1 } }, doc! { "ids": [7, 8] }),
        ],
    )
    .await
}

async fn hebrew_and_arabic(db: Database) -> Outcome {
    check(
        &db,
        &[
            (doc! { "insert": "c", "documents": [{ "_id": 0, "s": "א" }, { "_id": 1, "s": "ב" }, { "_id": 2, "s": "ת" }, { "_id": 3, "s": "ا" }, { "_id": 4, "s": "أ" }, { "_id": 5, "s": "آ" }, { "_id": 6, "s": "ب" }, { "_id": 7, "s": "پ" }, { "_id": 8, "s": "ت" }, { "_id": 9, "s": "a" }, { "_id": 10, "s": "1" }] }, doc! { "n": 11 }),
            (doc! { "find": "c", "filter": {}, "sort": { "s": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "he" } }, doc! { "ids": [10, 0, 1, 2, 9, 5, 4, 3, 6, 7, 8] }),
            (doc! { "find": "c", "filter": {}, "sort": { "s": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "ar" } }, doc! { "ids": [10, 4, 3, 5, 6, 7, 8, 9, 0, 1, 2] }),
            (doc! { "find": "c", "filter": {}, "sort": { "s": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "fa" } }, doc! { "ids": [10, 5, 3, 4, 6, 7, 8, 9, 0, 1, 2] }),
            (doc! { "find": "c", "filter": { "s": { "$gt": "آ" } }, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "he", "strength": 1 } }, doc! { "ids": [3, 4, 6, 7, 8] }),
        ],
    )
    .await
}

async fn hindi_and_bengali(db: Database) -> Outcome {
    check(
        &db,
        &[
            (doc! { "insert": "c", "documents": [{ "_id": 0, "s": "अ" }, { "_id": 1, "s": "आ" }, { "_id": 2, "s": "क" }, { "_id": 3, "s": "ख" }, { "_id": 4, "s": "क्ष" }, { "_id": 5, "s": "হ" }, { "_id": 6, "s": "ক" }, { "_id": 7, "s": "খ" }, { "_id": 8, "s": "அ" }, { "_id": 9, "s": "க" }, { "_id": 10, "s": "a" }] }, doc! { "n": 11 }),
            (doc! { "find": "c", "filter": {}, "sort": { "s": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "hi" } }, doc! { "ids": [0, 1, 2, 4, 3, 6, 7, 5, 8, 9, 10] }),
            (doc! { "find": "c", "filter": {}, "sort": { "s": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "bn" } }, doc! { "ids": [6, 7, 5, 0, 1, 2, 4, 3, 8, 9, 10] }),
            (doc! { "find": "c", "filter": {}, "sort": { "s": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "ta" } }, doc! { "ids": [8, 9, 0, 1, 2, 4, 3, 6, 7, 5, 10] }),
            (doc! { "find": "c", "filter": { "s": { "$gt": "হ" } }, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "hi", "strength": 1 } }, doc! { "ids": [8, 9, 10] }),
        ],
    )
    .await
}

async fn thai_and_lao(db: Database) -> Outcome {
    check(
        &db,
        &[
            (doc! { "insert": "c", "documents": [{ "_id": 0, "s": "ก" }, { "_id": 1, "s": "ข" }, { "_id": 2, "s": "เก" }, { "_id": 3, "s": "แก" }, { "_id": 4, "s": "กา" }, { "_id": 5, "s": "ກ" }, { "_id": 6, "s": "ເກ" }, { "_id": 7, "s": "a" }, { "_id": 8, "s": "b" }] }, doc! { "n": 9 }),
            (doc! { "find": "c", "filter": {}, "sort": { "s": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "th" } }, doc! { "ids": [0, 4, 2, 3, 1, 7, 8, 5, 6] }),
            (doc! { "find": "c", "filter": {}, "sort": { "s": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "lo" } }, doc! { "ids": [5, 6, 7, 8, 0, 4, 2, 3, 1] }),
            (doc! { "find": "c", "filter": { "s": { "$gt": "กา" } }, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "th", "strength": 1 } }, doc! { "ids": [1, 2, 3, 5, 6, 7, 8] }),
        ],
    )
    .await
}

async fn japanese_and_korean(db: Database) -> Outcome {
    check(
        &db,
        &[
            (doc! { "insert": "c", "documents": [{ "_id": 0, "s": "あ" }, { "_id": 1, "s": "ア" }, { "_id": 2, "s": "ァ" }, { "_id": 3, "s": "か" }, { "_id": 4, "s": "が" }, { "_id": 5, "s": "カー" }, { "_id": 6, "s": "一" }, { "_id": 7, "s": "二" }, { "_id": 8, "s": "가" }, { "_id": 9, "s": "나" }, { "_id": 10, "s": "a" }] }, doc! { "n": 11 }),
            (doc! { "find": "c", "filter": {}, "sort": { "s": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "ja" } }, doc! { "ids": [10, 2, 0, 1, 3, 4, 5, 6, 7, 8, 9] }),
            (doc! { "find": "c", "filter": {}, "sort": { "s": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "ko" } }, doc! { "ids": [8, 9, 7, 6, 10, 0, 2, 1, 3, 4, 5] }),
            (doc! { "find": "c", "filter": { "s": { "$gt": "カー" } }, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "ja", "strength": 1 } }, doc! { "ids": [6, 7, 8, 9] }),
        ],
    )
    .await
}

async fn chinese(db: Database) -> Outcome {
    check(
        &db,
        &[
            (doc! { "insert": "c", "documents": [{ "_id": 0, "s": "一" }, { "_id": 1, "s": "丁" }, { "_id": 2, "s": "七" }, { "_id": 3, "s": "万" }, { "_id": 4, "s": "三" }, { "_id": 5, "s": "上" }, { "_id": 6, "s": "不" }, { "_id": 7, "s": "中" }, { "_id": 8, "s": "人" }, { "_id": 9, "s": "国" }, { "_id": 10, "s": "a" }] }, doc! { "n": 11 }),
            (doc! { "find": "c", "filter": {}, "sort": { "s": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "zh_Hant" } }, doc! { "ids": [0, 1, 2, 8, 3, 4, 5, 6, 7, 9, 10] }),
            (doc! { "find": "c", "filter": {}, "sort": { "s": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "zh@collation=unihan" } }, doc! { "ids": [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10] }),
            (doc! { "find": "c", "filter": {}, "sort": { "s": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "zh_Hant@collation=zhuyin" } }, doc! { "ids": [6, 1, 9, 2, 7, 5, 8, 4, 0, 3, 10] }),
            (doc! { "find": "c", "filter": { "s": { "$gt": "上" } }, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "zh_Hant", "strength": 1 } }, doc! { "ids": [6, 7, 9, 10] }),
        ],
    )
    .await
}

async fn vietnamese(db: Database) -> Outcome {
    check(
        &db,
        &[
            (doc! { "insert": "c", "documents": [{ "_id": 0, "s": "a" }, { "_id": 1, "s": "ă" }, { "_id": 2, "s": "â" }, { "_id": 3, "s": "á" }, { "_id": 4, "s": "à" }, { "_id": 5, "s": "ả" }, { "_id": 6, "s": "ạ" }, { "_id": 7, "s": "đ" }, { "_id": 8, "s": "d" }, { "_id": 9, "s": "ơ" }, { "_id": 10, "s": "ô" }, { "_id": 11, "s": "o" }] }, doc! { "n": 12 }),
            (doc! { "find": "c", "filter": {}, "sort": { "s": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "vi" } }, doc! { "ids": [0, 4, 5, 3, 6, 1, 2, 8, 7, 11, 10, 9] }),
            (doc! { "find": "c", "filter": {}, "sort": { "s": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "vi@collation=traditional" } }, doc! { "ids": [0, 4, 5, 3, 6, 1, 2, 8, 7, 11, 10, 9] }),
            (doc! { "find": "c", "filter": { "s": { "$gt": "ạ" } }, "sort": { "_id": 1 }, "projection": { "_id": 1 }, "collation": { "locale": "vi", "strength": 1 } }, doc! { "ids": [1, 2, 7, 8, 9, 10, 11] }),
        ],
    )
    .await
}
