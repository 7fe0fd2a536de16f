//! The typed layer, end to end: a model, its queries, updates and indexes.

mod aggregate;

use std::collections::BTreeMap;

use bson::oid::ObjectId;
use bson::{Bson, DateTime, doc};
use odm_core::{
    Bulk, Database, Document, Embedded, Error, QueryStringRules, ReturnDocument, Upserted,
};
use serde::{Deserialize, Serialize};

use crate::case::{Case, Failure, Outcome, cases};
use crate::check::{expect_code, expect_docs, expect_eq, trees};

pub(crate) const FAMILIES: &[&[Case]] = &[
    CASES,
    aggregate::expression::CASES,
    aggregate::fields::CASES,
    aggregate::group::CASES,
    aggregate::join::CASES,
    aggregate::options::CASES,
    aggregate::query::CASES,
    aggregate::source::CASES,
    aggregate::window::CASES,
];

cases! { "typed":
    models_are_stored_by_their_serde_names,
    models_come_back_as_they_were,
    comparisons,
    text_filters,
    array_filters,
    filters_through_embedded_structs_maps_and_options,
    filters_combine,
    sorts_skips_and_limits,
    first_one_count_exists,
    distinct_values,
    updates_of_fields,
    updates_of_arrays,
    replace_and_delete,
    upsert_and_find_and_update,
    declared_indexes_are_created,
    streams_go_batch_by_batch,
    misfits_are_told_with_their_path,
    updates_of_filtered_elements needs(positional_updates),
    lookups,
    query_strings,
    a_bulk_mixes_models_and_operations,
    a_bulk_tells_the_positions_of_failures,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Document)]
#[odm(collection = "books", index(keys("shelf", "-year")))]
struct Book {
    #[serde(rename = "_id")]
    #[odm(id)]
    id: ObjectId,
    #[odm(unique)]
    isbn: String,
    title: String,
    year: i32,
    price: Option<f64>,
    shelf: Shelf,
    tags: Vec<String>,
    loans: Vec<Loan>,
    #[serde(rename = "by")]
    author: Author,
    copies: BTreeMap<String, i64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, Embedded)]
#[serde(rename_all = "kebab-case")]
enum Shelf {
    OpenAccess,
    Closed,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Embedded)]
struct Author {
    name: String,
    born: Option<i32>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Embedded)]
struct Loan {
    days: i32,
    at: DateTime,
}

fn book(number: u8, title: &str, year: i32) -> Book {
    Book {
        id: ObjectId::from_bytes([number; 12]),
        isbn: format!("isbn-{number}"),
        title: title.to_owned(),
        year,
        price: number.is_multiple_of(2).then_some(f64::from(number) + 0.5),
        shelf: if year < 1900 { Shelf::Closed } else { Shelf::OpenAccess },
        tags: vec![format!("tag{number}"), "all".to_owned()],
        loans: (1..=i32::from(number))
            .map(|days| Loan { days, at: DateTime::from_millis(1_000 * i64::from(days)) })
            .collect(),
        author: Author {
            name: format!("Author {number}"),
            born: (number > 1).then_some(year - 30),
        },
        copies: BTreeMap::from([("oslo".to_owned(), i64::from(number))]),
    }
}

async fn library(db: &Database) -> Result<Vec<Book>, Failure> {
    let mut books = vec![
        book(1, "Emma", 1815),
        book(2, "Ulysses", 1922),
        book(3, "Momo", 1973),
        book(4, "Dune (1965)", 1965),
    ];
    Book::insert_many(&mut books, db).await?;
    Ok(books)
}

/// The titles that a query finds, in natural order.
macro_rules! check_titles {
    ($db:expr, [$($titles:expr),*], $($query:tt)+) => {{
        let found = Book::find().$($query)+.all($db).await?;
        let titles: Vec<_> = found.iter().map(|book| book.title.as_str()).collect();
        let expected: Vec<&str> = vec![$($titles),*];
        expect_eq(stringify!($($query)+), &titles, &expected)?;
    }};
}

async fn models_are_stored_by_their_serde_names(db: Database) -> Outcome {
    book(1, "Emma", 1815).insert(&db).await?;
    let stored = trees(&db.collection("books").find(doc! {}).await?.collect().await?)?;
    let expected = doc! {
        "_id": ObjectId::from_bytes([1; 12]), "isbn": "isbn-1", "title": "Emma", "year": 1815,
        "price": null, "shelf": "closed", "tags": ["tag1", "all"],
        "loans": [{ "days": 1, "at": DateTime::from_millis(1_000) }],
        "by": { "name": "Author 1", "born": null }, "copies": { "oslo": 1_i64 },
    };
    expect_docs("the document", &stored, &[expected])
}

async fn models_come_back_as_they_were(db: Database) -> Outcome {
    let books = library(&db).await?;
    expect_eq("all", &Book::find().all(&db).await?, &books)?;
    expect_eq("by id", &Book::get(books[2].id, &db).await?, &books[2])?;
    let missing = Book::get(ObjectId::from_bytes([9; 12]), &db).await;
    match missing {
        Err(error) if error.is_not_found() => Ok(()),
        other => Err(Failure::new(format!("a missing book: {other:?}"))),
    }
}

async fn comparisons(db: Database) -> Outcome {
    library(&db).await?;
    check_titles!(&db, ["Emma"], filter(|b| b.year().eq(1815)));
    check_titles!(&db, ["Emma", "Ulysses", "Dune (1965)"], filter(|b| b.year().ne(1973)));
    check_titles!(&db, ["Momo"], filter(|b| b.year().gt(1965)));
    check_titles!(&db, ["Momo", "Dune (1965)"], filter(|b| b.year().gte(1965)));
    check_titles!(&db, ["Emma"], filter(|b| b.year().lt(1922)));
    check_titles!(&db, ["Emma", "Ulysses"], filter(|b| b.year().lte(1922)));
    check_titles!(&db, ["Emma", "Momo"], filter(|b| b.year().in_([1815, 1973, 2000])));
    check_titles!(&db, ["Ulysses", "Dune (1965)"], filter(|b| b.year().nin([1815, 1973])));
    check_titles!(&db, ["Emma"], filter(|b| b.shelf().eq(Shelf::Closed)));
    check_titles!(&db, ["Ulysses"], filter(|b| b.id().eq(ObjectId::from_bytes([2; 12]))));
    Ok(())
}

async fn text_filters(db: Database) -> Outcome {
    library(&db).await?;
    check_titles!(&db, ["Ulysses", "Dune (1965)"], filter(|b| b.title().regex("^[UD]")));
    check_titles!(&db, ["Emma", "Momo"], filter(|b| b.title().contains("m")));
    check_titles!(&db, ["Emma", "Momo"], filter(|b| b.title().icontains("M")));
    check_titles!(&db, ["Ulysses"], filter(|b| b.title().starts_with("Uly")));
    // What is searched for is text, not a pattern.
    check_titles!(&db, ["Dune (1965)"], filter(|b| b.title().ends_with("(1965)")));
    check_titles!(&db, [], filter(|b| b.title().contains(".")));
    Ok(())
}

async fn array_filters(db: Database) -> Outcome {
    library(&db).await?;
    check_titles!(&db, ["Ulysses"], filter(|b| b.tags().contains("tag2")));
    check_titles!(&db, ["Emma", "Ulysses"], filter(|b| b.loans().size(1) | b.loans().size(2)));
    check_titles!(&db, ["Momo", "Dune (1965)"], filter(|b| b.loans().any(|l| l.days().gte(3))));
    check_titles!(&db, ["Ulysses", "Momo", "Dune (1965)"], filter(|b| b.loans().days().eq(2)));
    check_titles!(&db, ["Momo"], filter(|b| b.tags().all(["all", "tag3"])));
    Ok(())
}

async fn filters_through_embedded_structs_maps_and_options(db: Database) -> Outcome {
    library(&db).await?;
    check_titles!(&db, ["Momo"], filter(|b| b.author().name().eq("Author 3")));
    check_titles!(&db, ["Emma"], filter(|b| b.author().born().is_null()));
    check_titles!(&db, ["Dune (1965)"], filter(|b| b.copies().key("oslo").gt(3)));
    check_titles!(&db, [], filter(|b| b.copies().key("bergen").exists(true)));
    check_titles!(&db, ["Ulysses"], filter(|b| b.price().lt(3.0)));
    check_titles!(&db, ["Emma", "Momo"], filter(|b| b.price().is_null()));
    Ok(())
}

async fn filters_combine(db: Database) -> Outcome {
    library(&db).await?;
    check_titles!(&db, ["Momo"], filter(|b| b.year().gt(1900) & b.title().contains("m")));
    check_titles!(&db, ["Emma", "Momo"], filter(|b| b.year().lt(1900) | b.year().gt(1970)));
    check_titles!(&db, ["Ulysses", "Dune (1965)"], filter(|b| !b.title().contains("m")));
    check_titles!(
        &db,
        ["Ulysses"],
        filter(|b| b.year().gt(1900)).raw(doc! { "price": { "$lt": 3 } })
    );
    check_titles!(&db, ["Momo"], raw(doc! { "by.name": "Author 3" }));
    Ok(())
}

async fn sorts_skips_and_limits(db: Database) -> Outcome {
    library(&db).await?;
    check_titles!(&db, ["Momo", "Dune (1965)", "Ulysses", "Emma"], sort(|b| b.year().desc()));
    check_titles!(&db, ["Dune (1965)", "Ulysses"], sort(|b| b.year().desc()).skip(1).limit(2));
    check_titles!(
        &db,
        ["Emma", "Ulysses", "Dune (1965)", "Momo"],
        sort(|b| b.shelf().asc().then(b.year().asc()))
    );
    Ok(())
}

async fn first_one_count_exists(db: Database) -> Outcome {
    let books = library(&db).await?;
    let modern = || Book::find().filter(|b| b.year().gt(1900));
    expect_eq(
        "first",
        &modern().sort(|b| b.year().asc()).first(&db).await?,
        &Some(books[1].clone()),
    )?;
    expect_eq(
        "last",
        &modern().sort(|b| b.year().asc()).last(&db).await?,
        &Some(books[2].clone()),
    )?;
    expect_eq("count", &modern().count(&db).await?, &3)?;
    expect_eq("exists", &modern().exists(&db).await?, &true)?;
    expect_eq(
        "none exists",
        &Book::find().filter(|b| b.year().gt(2000)).exists(&db).await?,
        &false,
    )?;
    expect_eq("one", &Book::find().filter(|b| b.year().eq(1973)).one(&db).await?, &books[2])?;
    match modern().one(&db).await {
        Err(Error::MultipleFound { .. }) => Ok(()),
        other => Err(Failure::new(format!("one of three: {other:?}"))),
    }
}

async fn distinct_values(db: Database) -> Outcome {
    library(&db).await?;
    let shelves: Vec<Shelf> = Book::find().distinct(|b| b.shelf(), &db).await?;
    expect_eq("shelves", &shelves, &vec![Shelf::Closed, Shelf::OpenAccess])?;
    let days: Vec<i32> =
        Book::find().filter(|b| b.year().lt(1950)).distinct(|b| b.loans().days(), &db).await?;
    expect_eq("days", &days, &vec![1, 2])
}

async fn updates_of_fields(db: Database) -> Outcome {
    let books = library(&db).await?;
    let outcome = Book::find()
        .filter(|b| b.year().gt(1900))
        .update(|b| b.year().inc(1) & b.title().set("New") & b.author().born().unset())
        .run(&db)
        .await?;
    expect_eq("counts", &(outcome.matched, outcome.modified), &(3, 3))?;
    let momo = Book::get(books[2].id, &db).await?;
    expect_eq("momo", &(momo.year, momo.title.as_str(), momo.author.born), &(1974, "New", None))?;
    books[0].update(|b| b.price().set(9.5) & b.copies().key("bergen").set(7_i64)).run(&db).await?;
    let emma = Book::get(books[0].id, &db).await?;
    expect_eq("emma", &(emma.price, emma.copies.get("bergen")), &(Some(9.5), Some(&7)))?;
    let unchanged = books[0].update(|b| b.price().max(9.0)).run(&db).await?;
    expect_eq("no change", &(unchanged.matched, unchanged.modified), &(1, 0))
}

async fn updates_of_arrays(db: Database) -> Outcome {
    let books = library(&db).await?;
    let id = books[2].id;
    let loan = Loan { days: 9, at: DateTime::from_millis(0) };
    books[2].update(|b| b.tags().add_to_set("new") & b.loans().push(loan.clone())).run(&db).await?;
    let momo = Book::get(id, &db).await?;
    expect_eq("tags", &momo.tags, &["tag3", "all", "new"].map(str::to_owned).to_vec())?;
    expect_eq("the last loan", &momo.loans.last(), &Some(&loan))?;
    books[2]
        .update(|b| b.tags().pull("all") & b.loans().pull_where(|l| l.days().lt(9)))
        .run(&db)
        .await?;
    let momo = Book::get(id, &db).await?;
    expect_eq("tags", &momo.tags, &["tag3", "new"].map(str::to_owned).to_vec())?;
    expect_eq("loans", &momo.loans, &vec![loan])?;
    books[2].update(|b| b.tags().pop_first()).run(&db).await?;
    expect_eq("tags", &Book::get(id, &db).await?.tags, &vec!["new".to_owned()])
}

async fn replace_and_delete(db: Database) -> Outcome {
    let mut books = library(&db).await?;
    books[0].title = "Emma II".to_owned();
    books[0].replace(&db).await?;
    expect_eq("replaced", &Book::get(books[0].id, &db).await?, &books[0])?;
    expect_eq("deleted", &books[0].delete(&db).await?, &true)?;
    expect_eq("again", &books[0].delete(&db).await?, &false)?;
    let outcome = Book::find().filter(|b| b.year().gt(1950)).delete(&db).await?;
    expect_eq("deleted", &outcome.deleted, &2)?;
    check_titles!(&db, ["Ulysses"], raw(doc! {}));
    match books[0].replace(&db).await {
        Err(error) if error.is_not_found() => Ok(()),
        other => Err(Failure::new(format!("a replaced ghost: {other:?}"))),
    }
}

async fn upsert_and_find_and_update(db: Database) -> Outcome {
    let books = library(&db).await?;
    let after = Book::find()
        .filter(|b| b.year().eq(1973))
        .find_and_update(|b| b.year().inc(10))
        .returning(ReturnDocument::After)
        .run(&db)
        .await?;
    expect_eq("after", &after.map(|book| book.year), &Some(1983))?;
    let before = Book::find_by_id(&books[2].id).find_and_delete(&db).await?;
    expect_eq("deleted", &before.map(|book| book.year), &Some(1983))?;
    let outcome = Book::find_by_id(&books[2].id).replace(&books[2]).upsert().run(&db).await?;
    expect_eq("upserted", &outcome.upserted.len(), &1)?;
    expect_eq("there again", &Book::get(books[2].id, &db).await?, &books[2])
}

async fn declared_indexes_are_created(db: Database) -> Outcome {
    Book::ensure_indexes(&db).await?;
    Book::ensure_indexes(&db).await?;
    let mut listed = db.collection("books").list_indexes().await?;
    listed.sort_by_key(|index| index.get_str("name").unwrap_or_default().to_owned());
    expect_docs(
        "the indexes",
        &listed,
        &[
            doc! { "v": 2, "key": { "_id": 1 }, "name": "_id_" },
            doc! { "v": 2, "key": { "isbn": 1 }, "name": "isbn_1", "unique": true },
            doc! { "v": 2, "key": { "shelf": 1, "year": -1 }, "name": "shelf_1_year_-1" },
        ],
    )?;
    let books = library(&db).await?;
    let mut twin = Book { id: ObjectId::from_bytes([8; 12]), ..books[0].clone() };
    let error = expect_code("the same isbn", twin.insert(&db).await, 11000)?;
    let index = error.duplicate_key().map(|duplicate| duplicate.index);
    expect_eq("the index", &index.as_deref(), &Some("isbn_1"))
}

async fn streams_go_batch_by_batch(db: Database) -> Outcome {
    library(&db).await?;
    let mut stream = Book::find().batch_size(1).sort(|b| b.year().asc()).stream(&db).await?;
    let mut years = Vec::new();
    while let Some(book) = stream.next().await? {
        years.push(book.year);
    }
    expect_eq("years", &years, &vec![1815, 1922, 1965, 1973])
}

async fn misfits_are_told_with_their_path(db: Database) -> Outcome {
    let books = library(&db).await?;
    let broken = doc! { "$set": { "loans.1.days": "three" } };
    db.collection("books").update_one(doc! { "_id": books[2].id }, broken).await?;
    match Book::get(books[2].id, &db).await {
        Err(Error::Decode(error)) => {
            expect_eq("path", &error.path.as_str(), &"loans.1.days")?;
            expect_eq("model", &error.model.as_str(), &"Book")?;
            expect_eq("id", &error.id, &Some(books[2].id.into()))
        }
        other => Err(Failure::new(format!("a text for a number: {other:?}"))),
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Document)]
#[odm(collection = "readers")]
struct Reader {
    #[serde(rename = "_id")]
    id: i32,
    name: String,
    books: i64,
}

async fn updates_of_filtered_elements(db: Database) -> Outcome {
    library(&db).await?;
    let update = Book::find().filter(|b| b.title().eq("Dune (1965)")).update(|b| {
        b.loans().elem(|loan| loan.days().gte(3)).days().inc(10)
            & b.tags().elem(|tag| tag.eq("all")).set("some")
    });
    let done = update.run(&db).await?;
    expect_eq("modified", &done.modified, &1)?;
    let dune = Book::find().filter(|b| b.year().eq(1965)).one(&db).await?;
    let days: Vec<i32> = dune.loans.iter().map(|loan| loan.days).collect();
    expect_eq("days", &days, &vec![1, 2, 13, 14])?;
    expect_eq("tags", &dune.tags, &vec!["tag4".to_owned(), "some".to_owned()])
}

async fn lookups(db: Database) -> Outcome {
    library(&db).await?;
    check_titles!(&db, ["Momo"], lookup("year__gt", 1965));
    check_titles!(&db, ["Ulysses", "Momo"], lookup("title__iregex", "^(mo|ul)"));
    check_titles!(&db, ["Ulysses"], lookup("title__istartswith", "ULY"));
    check_titles!(&db, ["Dune (1965)"], lookup("title__icontains", "(19"));
    check_titles!(&db, ["Emma", "Dune (1965)"], lookup("year__in", vec![1815, 1965]));
    check_titles!(&db, ["Emma", "Momo"], lookup("price__isnull", true));
    check_titles!(&db, ["Emma"], lookup("by__born__exists", true).lookup("by__born", Bson::Null));
    check_titles!(&db, ["Dune (1965)"], lookup("loans__size", 4));
    check_titles!(&db, ["Momo", "Dune (1965)"], lookup("loans__days__gte", 3));
    check_titles!(&db, ["Emma"], lookup("year__not__gt", 1900));
    check_titles!(&db, ["Ulysses"], lookup("copies__oslo", 2_i64));
    let refused = Book::find().lookup("year__contains", 1).count(&db).await;
    expect_eq("no text operator on a number", &matches!(refused, Err(Error::Lookup(_))), &true)
}

/// What strangers send: converted by the model, limited, and never an operator or a pattern.
async fn query_strings(db: Database) -> Outcome {
    library(&db).await?;
    let rules = QueryStringRules::for_::<Book>()
        .filterable(["title", "year", "price", "shelf", "by.name"])
        .sortable(["year", "title"])
        .max_page_size(3);
    for (text, titles) in [
        ("year__gte=1900&sort=-year", vec!["Momo", "Dune (1965)", "Ulysses"]),
        ("title__icontains=%281965&year=1965", vec!["Dune (1965)"]),
        ("title__icontains=.*", vec![]),
        ("shelf=closed", vec!["Emma"]),
        ("sort=year&page=2&page_size=3", vec!["Momo"]),
        ("year__in=1815,1973&sort=title", vec!["Emma", "Momo"]),
        ("title=%7B%22%24ne%22%3A1%7D", vec![]),
    ] {
        let found = Book::find().query_string(&rules, text)?.all(&db).await?;
        let found: Vec<_> = found.iter().map(|book| book.title.as_str()).collect();
        expect_eq(text, &found, &titles)?;
    }
    for text in
        ["isbn=1", "year__gte=old", "sort=price", "page_size=4", "title__regex=a", "year%00=1"]
    {
        let refused = Book::find().query_string(&rules, text);
        expect_eq(text, &refused.is_err(), &true)?;
    }
    Ok(())
}

async fn a_bulk_mixes_models_and_operations(db: Database) -> Outcome {
    let books = library(&db).await?;
    let mut ada = Reader { id: 1, name: "Ada".to_owned(), books: 1 };
    let mut bob = Reader { id: 2, name: "Bob".to_owned(), books: 0 };

    let mut bulk = Bulk::new();
    bulk.insert_many([&mut ada, &mut bob])
        .update(Reader::find_by_id(&1).update(|r| r.books().inc(1)))
        .update(Reader::find_by_id(&3).update(|r| r.name().set("Eve")).upsert())
        .replace(&Reader { books: 9, ..bob.clone() })
        .delete_doc(&books[0]);
    let mut more = Bulk::new();
    more += Reader::find().filter(|r| r.books().gte(2)).update(|r| r.name().set("reads"));
    more.delete_one(Book::find().filter(|b| b.title().eq("no such book")));
    bulk.take(&mut more);
    expect_eq("moved", &(bulk.len(), more.len()), &(8, 0))?;

    let done = bulk.run(&db).await?;
    expect_eq("inserted, deleted", &(done.inserted, done.deleted), &(2, 1))?;
    expect_eq("matched, modified", &(done.matched, done.modified), &(4, 4))?;
    expect_eq("upserted", &done.upserted, &vec![Upserted { index: 3, id: 3.into() }])?;
    expect_eq("emptied", &bulk.is_empty(), &true)?;
    expect_eq("books", &Book::find().count(&db).await?, &(books.len() as u64 - 1))?;
    let readers =
        Reader::find().sort(|r| r.id().asc()).project::<bson::Document>(doc! {}).all(&db).await?;
    expect_eq(
        "readers",
        &readers,
        &vec![
            doc! { "_id": 1, "name": "reads", "books": 2_i64 },
            doc! { "_id": 2, "name": "reads", "books": 9_i64 },
            doc! { "_id": 3, "name": "Eve" },
        ],
    )
}

async fn a_bulk_tells_the_positions_of_failures(db: Database) -> Outcome {
    let readers = [1, 1, 2].map(|id| Reader { id, name: String::new(), books: 0 });
    let bulk = |unordered: bool| {
        let bulk = if unordered { Bulk::new().unordered() } else { Bulk::new() };
        readers.clone().iter_mut().fold(bulk, |mut bulk, reader| {
            bulk.insert(reader);
            bulk
        })
    };
    // The second round finds the document of the first.
    for (unordered, inserted, positions) in [(false, 1, vec![1]), (true, 1, vec![0, 1])] {
        let Err(Error::Write(failure)) = bulk(unordered).run(&db).await else {
            return Err(Failure::new("a duplicate key was not refused"));
        };
        let failed: Vec<usize> = failure.write_errors.iter().map(|error| error.index).collect();
        expect_eq("inserted", &failure.done.inserted, &inserted)?;
        expect_eq("positions", &failed, &positions)?;
    }
    // What was wrong while it was built refuses the whole, before anything is sent.
    let mut wrong = Bulk::new();
    wrong.insert(&mut readers[2].clone()).update(Reader::find().update(|r| r.books().inc(1)));
    let Err(Error::Config(message)) = wrong.run(&db).await else {
        return Err(Failure::new("an update of all documents was not refused"));
    };
    expect_eq("names the way out", &message.contains("all_documents"), &true)?;
    expect_eq("nothing was sent", &wrong.len(), &2)
}
