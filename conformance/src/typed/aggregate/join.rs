//! Other collections, and several pipelines on the same documents.

use bson::{Document as Doc, doc};
use odm_core::aggregation::{GraphLookupOptions, by, count, documents, from, sum};
use odm_core::{Database, Document, Embedded};
use serde::{Deserialize, Serialize};

use super::{Customer, Order, Status, customers, shop, texts};
use crate::case::{Outcome, cases};
use crate::check::{expect_docs, expect_eq};

cases! { "typed::aggregate::join":
    documents_of_equal_fields_are_looked_up needs(aggregation),
    what_is_looked_up_goes_through_a_pipeline needs(aggregation),
    pipelines_are_told_typed_variables needs(aggregation),
    pipelines_have_documents_of_their_own needs(aggregation),
    graphs_are_walked needs(aggregation),
    pipelines_are_united needs(aggregation),
    facets needs(aggregation),
}

#[derive(Debug, PartialEq, Serialize, Deserialize, Embedded)]
struct WithCustomer {
    #[serde(rename = "_id")]
    id: i64,
    customer: i64,
    city: String,
    total: f64,
    names: Vec<Name>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Embedded)]
struct Name {
    name: String,
}

/// A customer, with whole customers in a field.
#[derive(Debug, PartialEq, Serialize, Deserialize, Embedded)]
struct Known {
    #[serde(rename = "_id")]
    id: i64,
    name: String,
    friend: Option<i64>,
    #[odm(opaque)]
    known: Vec<Customer>,
}

async fn documents_of_equal_fields_are_looked_up(db: Database) -> Outcome {
    shop(&db).await?;
    let found: Vec<Known> = Customer::aggregate()
        .reshape::<Known>()
        .lookup(from::<Customer>(), |c| c.friend(), |c| c.id(), |c| c.known())
        .sort(|c| c.id().asc())
        .all(&db)
        .await?;
    let known = |customer: &Known| -> Vec<String> {
        customer.known.iter().map(|known| known.name.clone()).collect()
    };
    let names: Vec<_> = found.iter().map(known).collect();
    expect_eq("friends", &names, &vec![texts([]), texts(["Ada"]), texts(["Bob"])])?;
    expect_eq("whole documents", &found[1].known, &vec![customers()[0].clone()])
}

async fn what_is_looked_up_goes_through_a_pipeline(db: Database) -> Outcome {
    shop(&db).await?;
    let found: Vec<WithCustomer> = Order::aggregate()
        .match_(|o| o.id().gte(5))
        .reshape::<WithCustomer>()
        .lookup(
            from::<Customer>().pipeline(|c| c.reshape::<Name>()),
            |o| o.customer(),
            |c| c.id(),
            |o| o.names(),
        )
        .sort(|o| o.id().asc())
        .all(&db)
        .await?;
    let names: Vec<_> = found.into_iter().map(|order| order.names).collect();
    let name = |name: &str| Name { name: name.to_owned() };
    expect_eq("of some fields", &names, &vec![vec![name("Cid")], vec![]])?;
    let found: Vec<Neighbours> = Customer::aggregate()
        .reshape::<Neighbours>()
        .lookup(
            from::<Customer>().pipeline(|c| {
                c.sort(|c| c.name().desc())
                    .limit(1)
                    .project::<Name>(|c, n| n.name().is(c.name().expr().to_upper()))
            }),
            |c| c.city(),
            |c| c.city(),
            |c| c.names(),
        )
        .sort(|c| c.id().asc())
        .all(&db)
        .await?;
    let names: Vec<_> = found.into_iter().map(|customer| customer.names).collect();
    expect_eq("changed", &names, &vec![vec![name("CID")], vec![name("BOB")], vec![name("CID")]])
}

#[derive(Debug, PartialEq, Serialize, Deserialize, Embedded)]
struct Neighbours {
    #[serde(rename = "_id")]
    id: i64,
    city: String,
    #[serde(default)]
    names: Vec<Name>,
    totals: Option<Vec<CityTotal>>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Embedded)]
struct CityTotal {
    #[serde(rename = "_id")]
    city: String,
    orders: i64,
    total: f64,
}

async fn pipelines_are_told_typed_variables(db: Database) -> Outcome {
    shop(&db).await?;
    let found: Vec<WithCustomer> = Order::aggregate()
        .match_(|o| o.status().eq(Status::Paid))
        .reshape::<WithCustomer>()
        .lookup_pipeline(
            |o| (o.city(), o.total().expr() / 10),
            |(city, tenth)| {
                Customer::aggregate()
                    .match_expr(|c| c.city().expr().eq(city) & c.id().expr().lt(tenth))
                    .sort(|c| c.id().asc())
                    .reshape::<Name>()
            },
            |o| o.names(),
        )
        .sort(|o| o.id().asc())
        .all(&db)
        .await?;
    let names: Vec<Vec<String>> = found
        .into_iter()
        .map(|order| order.names.into_iter().map(|name| name.name).collect())
        .collect();
    expect_eq("by two", &names, &vec![texts(["Ada"]), texts(["Bob"]), texts([]), texts([])])?;
    // The inner pipeline sees its own variable and the outer one's.
    let found: Vec<Neighbours> = Customer::aggregate()
        .reshape::<Neighbours>()
        .lookup_pipeline(
            |c| c.city(),
            |city| {
                Order::aggregate()
                    .match_expr(|o| o.city().expr().eq(&city))
                    .group_into::<CityTotal, _>(
                        |o| by(o.city()),
                        |o, t| t.orders().is(count()) & t.total().is(sum(o.total())),
                    )
                    .reshape::<Inner>()
                    .lookup_pipeline(
                        |t| t.orders(),
                        |orders| {
                            Customer::aggregate()
                                .match_expr(|c| {
                                    c.city().expr().eq(&city) & c.id().expr().lte(orders)
                                })
                                .count_documents()
                                .reshape::<N>()
                        },
                        |t| t.found(),
                    )
                    .set(|t| {
                        t.total().is(t.found().expr().first_element().get(|n| n.n()).cast::<f64>())
                    })
                    .reshape::<CityTotal>()
            },
            |c| c.totals(),
        )
        .sort(|c| c.id().asc())
        .limit(2)
        .all(&db)
        .await?;
    let total = |city: &str, orders, total| CityTotal { city: city.to_owned(), orders, total };
    let totals: Vec<_> = found.into_iter().filter_map(|customer| customer.totals).collect();
    expect_eq(
        "one within the other",
        &totals,
        &vec![vec![total("Oslo", 3, 2.0)], vec![total("Rome", 2, 1.0)]],
    )?;
    let uncorrelated: Vec<Neighbours> = Customer::aggregate()
        .match_(|c| c.id().eq(1))
        .reshape::<Neighbours>()
        .lookup_pipeline(
            |_| (),
            |()| {
                Order::aggregate()
                    .group_into::<CityTotal, _>(
                        |o| by(o.city()),
                        |o, t| t.orders().is(count()) & t.total().is(sum(o.total())),
                    )
                    .sort(|t| t.city().asc())
                    .limit(1)
            },
            |c| c.totals(),
        )
        .all(&db)
        .await?;
    let totals: Vec<_> = uncorrelated.into_iter().filter_map(|customer| customer.totals).collect();
    expect_eq("told nothing", &totals, &vec![vec![total("Lima", 1, 8.0)]])
}

#[derive(Debug, PartialEq, Serialize, Deserialize, Embedded)]
struct Inner {
    #[serde(rename = "_id")]
    city: String,
    orders: i64,
    total: f64,
    found: Vec<N>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize, Embedded)]
struct N {
    n: i64,
}

async fn pipelines_have_documents_of_their_own(db: Database) -> Outcome {
    shop(&db).await?;
    let own = || documents([doc! { "name": "$x" }, doc! { "name": "Eve" }]);
    let all: Vec<Doc> = own().match_(|d| d.key("name").ne("Eve")).all(&db).await?;
    expect_docs("what looks like a path is none", &all, &[doc! { "name": "$x" }])?;
    let names = documents([Name { name: "Zoe".to_owned() }])
        .union_with(own().reshape::<Name>())
        .union_with(Customer::aggregate().reshape::<Name>())
        .sort(|n| n.name().asc())
        .all(&db)
        .await?;
    let names: Vec<String> = names.into_iter().map(|name| name.name).collect();
    expect_eq("united", &names, &texts(["$x", "Ada", "Bob", "Cid", "Eve", "Zoe"]))?;
    let found: Vec<WithCustomer> = Order::aggregate()
        .match_(|o| o.id().eq(1))
        .reshape::<WithCustomer>()
        .lookup_pipeline(
            |o| o.city(),
            |city| own().limit(1).reshape::<Name>().set(|n| n.name().is(city)),
            |o| o.names(),
        )
        .all(&db)
        .await?;
    let names: Vec<String> =
        found.into_iter().flat_map(|order| order.names).map(|name| name.name).collect();
    expect_eq("looked up", &names, &texts(["Oslo"]))?;
    expect_eq("none", &documents::<Doc>([]).all(&db).await?, &vec![])
}

#[derive(Debug, PartialEq, Serialize, Deserialize, Embedded)]
struct Chain {
    #[serde(rename = "_id")]
    id: i64,
    friend: Option<i64>,
    chain: Vec<Link>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Embedded)]
struct Link {
    name: String,
    depth: i64,
}

async fn graphs_are_walked(db: Database) -> Outcome {
    shop(&db).await?;
    let chains = |options: GraphLookupOptions<Customer>| {
        Customer::aggregate().reshape::<Chain>().graph_lookup(
            from::<Customer>().pipeline(|c| c.reshape::<Link>()),
            |c| c.friend(),
            |c| (c.friend(), c.id()),
            |c| c.chain(),
            options,
        )
    };
    let depth = || GraphLookupOptions {
        depth_field: Some("depth".to_owned()),
        ..GraphLookupOptions::default()
    };
    let link = |name: &str, depth| Link { name: name.to_owned(), depth };
    let of_cid = |mut chains: Vec<Chain>| {
        let mut chain = chains.pop().map(|chain| chain.chain).unwrap_or_default();
        chain.sort_by_key(|link| link.depth);
        chain
    };
    let whole = chains(depth()).match_(|c| c.id().eq(3)).all(&db).await?;
    expect_eq("the whole chain", &of_cid(whole), &vec![link("Bob", 0), link("Ada", 1)])?;
    let near = GraphLookupOptions { max_depth: Some(0), ..depth() };
    let near = chains(near).match_(|c| c.id().eq(3)).all(&db).await?;
    expect_eq("one step", &of_cid(near), &vec![link("Bob", 0)])?;
    let restrict = Some(Customer::f().city().eq("Oslo"));
    let oslo = GraphLookupOptions { restrict, ..depth() };
    let oslo = chains(oslo).match_(|c| c.id().eq(3)).all(&db).await?;
    expect_eq("by no way through Rome", &of_cid(oslo), &vec![])
}

async fn pipelines_are_united(db: Database) -> Outcome {
    shop(&db).await?;
    let cities: Vec<(String, i64)> = Order::aggregate()
        .match_(|o| o.total().gt(10.0))
        .union_with(Order::aggregate().match_(|o| o.status().eq(Status::New)))
        .group(|o| by(o.city()), |_| count())
        .sort(|g| g.key().asc())
        .all(&db)
        .await?;
    let expected = [("Oslo", 2), ("Rome", 1)].map(|(city, n)| (city.to_owned(), n));
    expect_eq("of one model", &cities, &expected.to_vec())?;
    let names = Order::aggregate()
        .project::<Name>(|o, n| n.name().is(o.city()))
        .union_with(Customer::aggregate().reshape::<Name>())
        .group(|n| by(n.name()), |_| count())
        .match_(|g| g.value::<0>().eq(1))
        .sort(|g| g.key().asc())
        .all(&db)
        .await?;
    let names: Vec<String> = names.into_iter().map(|(name, _)| name).collect();
    expect_eq("of one shape", &names, &texts(["Ada", "Bob", "Cid", "Lima"]))
}

#[derive(Debug, PartialEq, Serialize, Deserialize, Embedded)]
struct Report {
    cities: Vec<CityTotal>,
    cheapest: Vec<Number>,
    void: Vec<Number>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize, Embedded)]
struct Number {
    #[serde(rename = "_id")]
    id: i64,
}

async fn facets(db: Database) -> Outcome {
    shop(&db).await?;
    let report = Order::aggregate()
        .match_(|o| o.status().ne(Status::Void))
        .facet::<Report>(|all, report| {
            report.cities().of(all
                .clone()
                .group_into::<CityTotal, _>(
                    |o| by(o.city()),
                    |o, t| t.orders().is(count()) & t.total().is(sum(o.total())),
                )
                .sort(|t| t.city().desc())
                .limit(2))
                & report.cheapest().of(all
                    .clone()
                    .sort(|o| o.total().asc().then(o.id().asc()))
                    .limit(2)
                    .reshape::<Number>())
                & report.void().of(all.match_(|o| o.status().eq(Status::Void)).reshape::<Number>())
        })
        .first(&db)
        .await?;
    let total = |city: &str, orders, total| CityTotal { city: city.to_owned(), orders, total };
    let expected = Report {
        cities: vec![total("Rome", 1, 22.0), total("Oslo", 3, 30.0)],
        cheapest: vec![Number { id: 2 }, Number { id: 5 }],
        void: vec![],
    };
    expect_eq("the report", &report, &Some(expected))
}
