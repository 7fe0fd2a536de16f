//! Operators of expressions, on typed fields and in the types of Rust.

use bson::{DateTime, Document as Doc, doc};
use odm_core::aggregation::{
    DateUnit, ExprOf, array, date_from_iso_parts, date_from_parts, documents, if_, literal,
    merge_objects, meta, now, object, rand, switch, variable,
};
use odm_core::{BsonType, Database, Document, Embedded, Error};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{Order, day, shop, texts};
use crate::case::{Failure, Outcome, cases};
use crate::check::{expect_code, expect_eq};

cases! { "typed::aggregate::expression":
    arithmetic needs(aggregation),
    comparisons_and_conditions needs(aggregation),
    texts_and_conversions needs(aggregation),
    dates needs(aggregation),
    arrays needs(aggregation),
    variables_of_closures_do_not_hide_each_other needs(aggregation),
    objects needs(aggregation),
    metadata_and_chance needs(aggregation),
}

#[derive(Debug, Serialize, Deserialize, Embedded)]
struct Answer {
    value: bson::Bson,
}

/// What an expression gives of the order with this id.
async fn value<T: DeserializeOwned>(
    db: &Database,
    id: i64,
    expr: impl FnOnce(<Order as Document>::Fields) -> ExprOf<Order, T>,
) -> Result<T, Failure> {
    #[derive(Deserialize)]
    struct Value<T> {
        value: T,
    }
    let found = Order::aggregate()
        .match_(|o| o.id().eq(id))
        .project::<Answer>(|o, answer| answer.value().is(expr(o).cast::<bson::Bson>()))
        .hands_out::<Value<T>>()
        .first(db)
        .await?;
    found.map(|found| found.value).ok_or_else(|| Failure::new("the order is not there"))
}

async fn arithmetic(db: Database) -> Outcome {
    shop(&db).await?;
    expect_eq("+", &value(&db, 1, |o| o.total().expr() + o.id()).await?, &20.0)?;
    expect_eq("-", &value(&db, 1, |o| o.total().expr() - o.discount()).await?, &18.0)?;
    expect_eq("*", &value(&db, 3, |o| o.total().expr() * 2).await?, &44.0)?;
    expect_eq("/ of integers", &value(&db, 3, |o| o.id().expr() / 2).await?, &1.5)?;
    expect_eq("%", &value(&db, 5, |o| o.id().expr() % 3).await?, &2_i64)?;
    let rounded = value(&db, 3, |o| (o.total().expr() / 9).round(2)).await?;
    expect_eq("$round", &rounded, &2.44)?;
    let power = value(&db, 3, |o| o.id().expr().pow(2).cast::<i64>()).await?;
    expect_eq("$pow", &power, &9)?;
    let root = value(&db, 3, |o| (o.total().expr() + 3).sqrt().floor()).await?;
    expect_eq("$sqrt, $floor", &root, &5.0)?;
    let angle = value(&db, 3, |o| o.id().expr().sin().atan2(0).radians_to_degrees()).await?;
    expect_eq("trigonometry", &angle, &90.0)?;
    // What is null makes the result null: the type tells by `cast`.
    let none = value(&db, 2, |o| (o.total().expr() - o.discount()).cast::<Option<f64>>()).await?;
    expect_eq("of null", &none, &None)?;
    let refused = value(&db, 1, |o| o.total().expr() / (o.id().expr() - 1)).await;
    expect_eq("by zero", &refused.is_err(), &true)
}

async fn comparisons_and_conditions(db: Database) -> Outcome {
    shop(&db).await?;
    let both = |id| value(&db, id, |o| o.total().expr().gt(5) & !o.city().expr().eq("Oslo"));
    expect_eq("& and !", &(both(1).await?, both(3).await?), &(false, true))?;
    let either = value(&db, 4, |o| o.total().expr().gt(5) | o.city().expr().ne("Oslo")).await?;
    expect_eq("|", &either, &true)?;
    expect_eq("$cmp", &value(&db, 1, |o| o.id().expr().cmp(o.total())).await?, &-1)?;
    let size = |id| {
        value(&db, id, |o| {
            switch()
                .case(o.total().expr().gt(20), "large")
                .case(o.total().expr().gt(5), "middle")
                .or("small")
        })
    };
    let sizes = (size(3).await?, size(1).await?, size(4).await?);
    expect_eq("$switch", &sizes, &("large".to_owned(), "middle".to_owned(), "small".to_owned()))?;
    let city = value(&db, 6, |o| if_(o.id().expr().eq(6), o.city(), "elsewhere")).await?;
    expect_eq("$cond", &city, &"Lima".to_owned())?;
    let discount = |id| value(&db, id, |o| o.discount().expr().if_null(-1.0));
    expect_eq("$ifNull", &(discount(2).await?, discount(3).await?), &(-1.0, 2.0))
}

async fn texts_and_conversions(db: Database) -> Outcome {
    shop(&db).await?;
    let label =
        value(&db, 1, |o| o.city().expr().to_upper().concat("-").concat(o.id().expr().to_string()));
    expect_eq("$concat", &label.await?, &"OSLO-1".to_owned())?;
    let city = || Order::f().city().expr();
    expect_eq("$substrCP", &value(&db, 1, |_| city().substr(1, 2)).await?, &"sl".to_owned())?;
    expect_eq("$strLenCP", &value(&db, 1, |_| city().len_chars()).await?, &4)?;
    expect_eq("$indexOfCP", &value(&db, 1, |_| city().index_of_chars("lo")).await?, &2)?;
    expect_eq("$split", &value(&db, 1, |_| city().split("s")).await?, &texts(["O", "lo"]))?;
    let replaced = value(&db, 1, |_| city().replace_all("o", "0").trim_chars("O")).await?;
    expect_eq("$replaceAll, $trim", &replaced, &"sl0".to_owned())?;
    expect_eq("$regexMatch", &value(&db, 1, |_| city().regex_match("^os", "i")).await?, &true)?;
    expect_eq("$toInt", &value(&db, 1, |o| o.total().expr().to_int()).await?, &19)?;
    expect_eq("$type", &value(&db, 1, |o| o.id().expr().type_of()).await?, &"long".to_owned())?;
    let number = |id| value(&db, id, |_| city().convert(BsonType::Int, -1, 0));
    expect_eq("$convert", &number(1).await?, &-1)?;
    let refused = Order::aggregate().match_expr(|_| city().to_int()).all(&db).await;
    expect_code("a city is no number", refused, 241)?;
    expect_eq(
        "a dollar in a constant",
        &value(&db, 1, |_| literal::<_, String>("$city").concat("!")).await?,
        &"$city!".to_owned(),
    )
}

async fn dates(db: Database) -> Outcome {
    shop(&db).await?;
    let at = || Order::f().at().expr();
    expect_eq("$month", &value(&db, 3, |_| at().month(None)).await?, &2)?;
    expect_eq("in a zone", &value(&db, 3, |_| at().hour("Asia/Tokyo")).await?, &9)?;
    let later = value(&db, 6, |_| at().date_add(DateUnit::Month, 1, None)).await?;
    expect_eq("$dateAdd to a shorter month", &later, &day(120))?;
    let days = value(&db, 3, |_| at().date_diff(day(69), DateUnit::Day, None)).await?;
    expect_eq("$dateDiff", &days, &36)?;
    let text = value(&db, 3, |_| at().date_to_string("%Y-%m-%d", None)).await?;
    expect_eq("$dateToString", &text, &"2024-02-03".to_owned())?;
    let date = |format: Option<&'static str>, text: &'static str| {
        value(&db, 1, move |_| literal::<_, String>(text).date_from_string(format, None))
    };
    expect_eq("$dateFromString", &date(Some("%d.%m.%Y"), "03.02.2024").await?, &day(33))?;
    expect_eq("of any shape", &date(None, "2024-02-03").await?, &day(33))?;
    let carried = value(&db, 1, |o| date_from_parts(2024, o.id().expr() + 1, 34).date()).await?;
    expect_eq("the 34th of February", &carried, &day(64))?;
    let iso = value(&db, 1, |_| date_from_iso_parts(2024, 5, 6).hour(2).timezone("+02:00").date());
    expect_eq("of an ISO week", &iso.await?, &day(33))?;
    let past: bool = value(&db, 1, |_| now().gt(literal::<_, DateTime>(day(0)))).await?;
    expect_eq("$$NOW", &past, &true)
}

async fn arrays(db: Database) -> Outcome {
    shop(&db).await?;
    let lines = || Order::f().lines().expr();
    let articles = value(&db, 3, |_| lines().map(|line| line.get(|l| l.article()))).await?;
    expect_eq("$map", &articles, &texts(["ink", "paper"]))?;
    let many = value(&db, 3, |_| lines().filter(|line| line.get(|l| l.quantity()).gt(3)).size());
    expect_eq("$filter, $size", &many.await?, &1)?;
    let worth = |id| {
        value(&db, id, |_| {
            lines().reduce(0.0, |sum, line| {
                sum + line.clone().get(|l| l.price()) * line.get(|l| l.quantity())
            })
        })
    };
    expect_eq("$reduce", &(worth(1).await?, worth(4).await?), &(19.0, 0.0))?;
    let prices = || lines().map(|line| line.get(|l| l.price()));
    expect_eq("$max", &value(&db, 3, |_| prices().max()).await?, &Some(4.0))?;
    expect_eq("$avg of nothing", &value(&db, 4, |_| prices().avg()).await?, &None)?;
    let sorted =
        value(&db, 1, |_| prices().concat_arrays(literal::<_, Vec<f64>>([2.0])).sort_array(true));
    expect_eq("$concatArrays, $sortArray", &sorted.await?, &vec![4.0, 2.0, 1.5])?;
    let united = value(&db, 1, |_| prices().set_intersection(literal::<_, Vec<f64>>([4.0, 9.0])));
    expect_eq("$setIntersection", &united.await?, &vec![4.0])?;
    let range = value(&db, 3, |o| ExprOf::range(0, o.id().expr().to_int(), 1)).await?;
    expect_eq("$range", &range, &vec![0, 1, 2])?;
    let larger = value(&db, 5, |o| array([o.total(), o.discount().cast()]).max()).await?;
    expect_eq("an array of fields", &larger, &Some(8.0))?;
    let pairs = value(&db, 3, |_| prices().zip_longest(literal::<_, Vec<i32>>([1]))).await?;
    let expected = vec![vec![4.0.into(), 1.into()], vec![2.0.into(), bson::Bson::Null]];
    expect_eq("$zip", &pairs, &expected)
}

async fn variables_of_closures_do_not_hide_each_other(db: Database) -> Outcome {
    shop(&db).await?;
    let numbers = || literal::<Order, Vec<i64>>([1_i64, 2]);
    let table = value(&db, 1, |_| numbers().map(|a| numbers().map(|b| a.clone() * 10 + b))).await?;
    expect_eq("a map in a map", &table, &vec![vec![11_i64, 12], vec![21, 22]])?;
    let rows = || literal::<Order, Vec<Vec<i64>>>([vec![1_i64, 2], vec![3]]);
    let sum = value(&db, 1, |_| {
        rows().reduce(0_i64, |sum, row| {
            let all = sum.clone();
            // The inner one reads the outer one's variables, and has the same of its own.
            sum + row.reduce(0_i64, |part, n| part + n + all.clone() * 100)
        })
    });
    expect_eq("a reduction in a reduction", &sum.await?, &(3_i64 + 3 + 300))?;
    let doubled = value(&db, 3, |o| {
        (o.total().expr() - 1).let_(|net| net.clone() + numbers().map(|n| net * n).sum())
    });
    expect_eq("$let", &doubled.await?, &(21.0 + 63.0))?;
    let rate = Order::aggregate()
        .let_vars(doc! { "least": 20 })
        .match_expr(|o| o.total().expr().gte(variable::<_, i32>("least")))
        .count_documents();
    expect_eq("of the command", &rate.all(&db).await?, &vec![1])
}

async fn objects(db: Database) -> Outcome {
    shop(&db).await?;
    let made = value(&db, 2, |o| {
        let first = object([("city", o.city().expr())]);
        merge_objects([first, o.lines().expr().first_element().cast(), literal(doc! { "a": "$b" })])
    });
    let expected =
        doc! { "city": "Oslo", "article": "pen", "price": 1.5, "quantity": 2, "a": "$b" };
    expect_eq("$mergeObjects", &made.await?, &expected)?;
    let line = || Order::f().lines().expr().first_element();
    let changed = value(&db, 2, |_| line().set_field("a.b", 1).unset_field("price").cast::<Doc>());
    let expected = doc! { "article": "pen", "quantity": 2, "a.b": 1 };
    expect_eq("$setField, $unsetField", &changed.await?, &expected)?;
    let price: f64 = value(&db, 2, |_| line().get_field("price")).await?;
    expect_eq("$getField", &price, &1.5)?;
    let names = value(&db, 2, |_| line().object_to_array().map(|field| field.field::<String>("k")));
    expect_eq("$objectToArray", &names.await?, &texts(["article", "price", "quantity"]))
}

async fn metadata_and_chance(db: Database) -> Outcome {
    shop(&db).await?;
    let keys = Order::aggregate()
        .match_(|o| o.city().eq("Rome"))
        .sort(|o| o.total().desc().then(o.id().asc()))
        .project::<Answer>(|_, a| a.value().is(meta::sort_key().cast::<bson::Bson>()))
        .all(&db)
        .await;
    match keys {
        Err(Error::Unsupported { .. }) => {}
        keys => {
            let keys: Vec<_> = keys?.into_iter().map(|answer| answer.value).collect();
            let expected = [(22.0, 3_i64), (0.0, 4)].map(|(total, id)| bson::bson!([total, id]));
            expect_eq("sort keys", &keys, &expected.to_vec())?;
        }
    }
    let text = Order::aggregate()
        .project::<Answer>(|_, a| a.value().is(meta::text_score().cast::<bson::Bson>()));
    expect_code("no text was searched for", text.all(&db).await, 40_218)?;
    let chance = value(&db, 1, |_| rand().lt(1) & rand().gte(0)).await?;
    expect_eq("$rand", &chance, &true)?;
    let hashes = documents([doc! { "n": 1 }])
        .project::<Answer>(|d, a| {
            a.value().is(d.key("n").expr().to_hashed_index_key().cast::<bson::Bson>())
        })
        .all(&db)
        .await;
    match hashes {
        Err(Error::Unsupported { .. }) => {}
        hashes => {
            let hashes: Vec<_> = hashes?.into_iter().map(|answer| answer.value).collect();
            expect_eq("a hash", &hashes, &vec![bson::Bson::Int64(5_902_408_780_260_971_510)])?;
        }
    }
    let seconds = documents([doc! { "at": bson::Timestamp { time: 7, increment: 9 } }])
        .match_expr(|d| {
            let at = || d.key("at").expr().cast::<bson::Timestamp>();
            at().ts_second().eq(7) & at().ts_increment().eq(9)
        })
        .count_documents();
    expect_eq("a timestamp's parts", &seconds.all(&db).await?, &vec![1])?;
    Ok(())
}
