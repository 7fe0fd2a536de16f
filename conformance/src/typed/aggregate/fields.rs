//! Stages that make other documents of each.

use bson::{Document as Doc, doc};
use odm_core::aggregation::{UnwindOptions, descend, if_, keep, prune, remove};
use odm_core::{Database, Document, Embedded, Sort};
use serde::{Deserialize, Serialize};

use super::{Line, Order, Status, line, orders, shop};
use crate::case::{Outcome, cases};
use crate::check::{expect_code, expect_docs, expect_eq};

cases! { "typed::aggregate::fields":
    fields_are_set_and_unset needs(aggregation),
    projections_become_structs needs(aggregation),
    arrays_are_unwound needs(aggregation),
    a_part_takes_the_place_of_the_whole needs(aggregation),
    documents_are_redacted needs(aggregation),
    new_fields_need_a_shape_that_has_them needs(aggregation),
}

async fn fields_are_set_and_unset(db: Database) -> Outcome {
    shop(&db).await?;
    let set: Vec<Order> = Order::aggregate()
        .match_(|o| o.id().lte(2))
        .sort(|o| o.id().asc())
        .set(|o| {
            o.total().is(o.total().expr() - o.discount().expr().if_null(0.0))
                & o.discount().is(o.discount().expr().if_null(0.5))
                & o.city().is("$city")
                & o.customer().is(7_i64)
        })
        .all(&db)
        .await?;
    let mut expected = orders()[..2].to_vec();
    for order in &mut expected {
        order.total -= order.discount.unwrap_or_default();
        order.discount = order.discount.or(Some(0.5));
        order.customer = 7;
        // A constant is no path.
        "$city".clone_into(&mut order.city);
    }
    expect_eq("set", &set, &expected)?;
    let unset: Vec<Doc> = Order::aggregate()
        .match_(|o| o.id().eq(5))
        .unset(|o| o.lines().price())
        .unset(|o| o.at())
        .set(|o| o.total().is(remove::<_, f64>()))
        .hands_out()
        .all(&db)
        .await?;
    let expected = doc! {
        "_id": 5_i64, "customer": 3_i64, "city": "Oslo", "status": "paid", "discount": 0.0,
        "lines": [{ "article": "paper", "quantity": 4 }],
    };
    expect_docs("unset", &unset, &[expected])
}

#[derive(Debug, PartialEq, Serialize, Deserialize, Embedded)]
struct Card {
    #[serde(rename = "number")]
    id: i64,
    open: bool,
    net: f64,
    place: Place,
}

#[derive(Debug, PartialEq, Serialize, Deserialize, Embedded)]
struct Place {
    city: String,
}

async fn projections_become_structs(db: Database) -> Outcome {
    shop(&db).await?;
    let cards = || {
        Order::aggregate().project::<Card>(|o, card| {
            card.id().is(o.id())
                & card.open().is(o.status().expr().eq("new"))
                & card.net().is(o.total().expr() - o.discount().expr().if_null(0.0))
                & card.place().city().is(o.city())
        })
    };
    let found = cards()
        .match_(|card| card.place().city().eq("Rome") | card.open().eq(true))
        .sort(|card| card.net().desc())
        .limit(2)
        .all(&db)
        .await?;
    let card =
        |id, open, net, city: &str| Card { id, open, net, place: Place { city: city.into() } };
    expect_eq("cards", &found, &vec![card(3, false, 20.0, "Rome"), card(2, true, 3.0, "Oslo")])?;
    let raw: Vec<Doc> = cards().match_(|card| card.id().eq(6)).hands_out().all(&db).await?;
    let expected = doc! { "number": 6_i64, "open": false, "net": 8.0, "place": { "city": "Lima" } };
    expect_docs("only what is named", &raw, &[expected])
}

/// An order of one line.
#[derive(Debug, PartialEq, Serialize, Deserialize, Embedded)]
struct Single {
    #[serde(rename = "_id")]
    id: i64,
    lines: Option<Line>,
    position: Option<i64>,
}

async fn arrays_are_unwound(db: Database) -> Outcome {
    shop(&db).await?;
    let singles: Vec<Single> = Order::aggregate()
        .match_(|o| o.id().in_([3, 4]))
        .sort(|o| o.id().asc())
        .unwind(|o| o.lines())
        .match_(|o| o.lines().quantity().gt(3))
        .reshape::<Single>()
        .all(&db)
        .await?;
    let single = |id, lines, position| Single { id, lines, position };
    let paper = || line("paper", 2.0, 5);
    expect_eq("each line", &singles, &vec![single(3, Some(paper()), None)])?;
    let options = UnwindOptions {
        include_array_index: Some("position".to_owned()),
        preserve_null_and_empty_arrays: true,
    };
    let singles: Vec<Single> = Order::aggregate()
        .match_(|o| o.id().in_([3, 4]))
        .sort(|o| o.id().asc())
        .unwind_with(|o| o.lines(), options)
        .reshape::<Single>()
        .sort(|single| single.id().asc().then(single.position().asc()))
        .all(&db)
        .await?;
    let ink = line("ink", 4.0, 3);
    let expected = vec![
        single(3, Some(ink), Some(0)),
        single(3, Some(paper()), Some(1)),
        single(4, None, None),
    ];
    expect_eq("and those without", &singles, &expected)
}

async fn a_part_takes_the_place_of_the_whole(db: Database) -> Outcome {
    shop(&db).await?;
    let lines: Vec<Line> = Order::aggregate()
        .match_(|o| o.status().eq(Status::Paid))
        .unwind(|o| o.lines())
        .reshape::<Single>()
        .replace_root(|single| single.lines())
        .match_(|line| line.article().eq("ink"))
        .sort(|line| line.quantity().desc())
        .all(&db)
        .await?;
    let ink = [3, 2, 1].map(|quantity| line("ink", 4.0, quantity));
    expect_eq("lines", &lines, &ink.to_vec())?;
    let dearest: Vec<Line> = Order::aggregate()
        .match_(|o| o.id().eq(1))
        .replace_root(|o| o.lines().expr().sort_array_by(Sort::desc("price")).first_element())
        .all(&db)
        .await?;
    expect_eq("by an expression", &dearest, &vec![line("ink", 4.0, 1)])?;
    let missing = Order::aggregate().replace_root(|o| o.lines().expr().at(5)).all(&db).await;
    expect_code("no document there", missing, 40_228)?;
    Ok(())
}

async fn documents_are_redacted(db: Database) -> Outcome {
    shop(&db).await?;
    let rows: Vec<Order> = Order::aggregate()
        .redact(|o| if_(o.total().expr().gte(10), keep(), prune()))
        .sort(|o| o.id().asc())
        .all(&db)
        .await?;
    let expected = [orders()[0].clone(), orders()[2].clone()];
    expect_eq("whole documents", &rows, &expected.to_vec())?;
    // At every level, the path begins anew: there is a price in lines only.
    let rows: Vec<Order> = Order::aggregate()
        .match_(|o| o.id().eq(3))
        .reshape::<Line>()
        .redact(|level| if_(level.price().expr().gt(3), prune(), descend()))
        .reshape_to_model::<Order>()
        .all(&db)
        .await?;
    let expected = Order { lines: vec![line("paper", 2.0, 5)], ..orders()[2].clone() };
    expect_eq("levels below", &rows, &vec![expected])
}

#[derive(Debug, PartialEq, Serialize, Deserialize, Embedded)]
struct Margin {
    #[serde(rename = "_id")]
    id: i64,
    total: f64,
    margin: f64,
}

async fn new_fields_need_a_shape_that_has_them(db: Database) -> Outcome {
    shop(&db).await?;
    let margins: Vec<Margin> = Order::aggregate()
        .match_(|o| o.city().eq("Rome"))
        .reshape::<Margin>()
        .set(|m| m.margin().is(m.total().expr() / 10))
        .sort(|m| m.margin().desc())
        .all(&db)
        .await?;
    let margin = |id, total, margin| Margin { id, total, margin };
    expect_eq("margins", &margins, &vec![margin(3, 22.0, 2.2), margin(4, 0.0, 0.0)])?;
    let whole: Vec<Doc> = Order::aggregate()
        .reshape::<Doc>()
        .set(|d| d.key("margin").is(1) & d.key("lines").is(2))
        .match_(|d| d.key("_id").eq(4_i64))
        .all(&db)
        .await?;
    let found = whole.first().and_then(|doc| Some((doc.get("margin")?, doc.get("lines")?)));
    expect_eq("of any shape", &found, &Some((&1.into(), &2.into())))
}
