//! Queries and documents, on the memory engine: what the mapper itself adds to the backend.

use backend_memory::MemoryBackend;
use odm_core::bson::{doc, oid::ObjectId};
use odm_core::{Database, Document, Error, Projection, Result, ReturnDocument};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Document)]
#[odm(collection = "people")]
struct Person {
    #[serde(rename = "_id", skip_serializing_if = "Option::is_none")]
    #[odm(id)]
    id: Option<ObjectId>,
    #[odm(unique)]
    name: String,
    age: i32,
    tags: Vec<String>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize, Document)]
struct Numbered {
    #[serde(rename = "_id")]
    #[odm(id)]
    id: i64,
    note: String,
}

fn person(name: &str, age: i32) -> Person {
    Person { id: None, name: name.to_owned(), age, tags: vec![format!("{name}-tag")] }
}

async fn people() -> Database {
    let db = MemoryBackend::new().database("app");
    Person::ensure_indexes(&db).await.unwrap();
    let mut people = [person("ada", 36), person("bob", 17), person("cy", 60)];
    Person::insert_many(&mut people, &db).await.unwrap();
    assert!(people.iter().all(|person| person.id.is_some()));
    db
}

fn names(people: &[Person]) -> Vec<&str> {
    people.iter().map(|person| person.name.as_str()).collect()
}

#[tokio::test]
async fn an_id_is_made_on_insert_and_kept() {
    let db = people().await;
    let mut dan = person("dan", 5);
    let id = dan.insert(&db).await.unwrap();
    assert_eq!(dan.id, Some(id));
    assert_eq!(Person::get(id, &db).await.unwrap(), dan);
    assert!(dan.delete(&db).await.unwrap());
    assert!(!dan.delete(&db).await.unwrap());
    assert!(Person::get(id, &db).await.unwrap_err().is_not_found());
    let unsaved = person("eve", 1).delete(&db).await.unwrap_err();
    assert!(matches!(unsaved, Error::Config(_)), "{unsaved}");
}

#[tokio::test]
async fn queries_read_in_many_ways() {
    let db = people().await;
    let by_name = Person::find().sort(|p| p.name().asc());
    assert_eq!(names(&by_name.clone().all(&db).await.unwrap()), ["ada", "bob", "cy"]);
    assert_eq!(names(&by_name.clone().range(1..2).all(&db).await.unwrap()), ["bob"]);
    assert_eq!(by_name.clone().first(&db).await.unwrap().unwrap().name, "ada");
    assert_eq!(by_name.clone().last(&db).await.unwrap().unwrap().name, "cy");
    assert_eq!(by_name.clone().skip(1).count(&db).await.unwrap(), 2);
    let adults = Person::find().filter(|p| p.age().gte(18)).filter(|p| !p.name().eq("cy"));
    assert_eq!(adults.clone().one(&db).await.unwrap().name, "ada");
    assert!(adults.clone().exists(&db).await.unwrap());
    assert!(!adults.raw(doc! { "age": 0 }).exists(&db).await.unwrap());
    let ages: Vec<i32> = Person::find().distinct(|p| p.age(), &db).await.unwrap();
    assert_eq!(ages, [17, 36, 60]);
    let mut stream = by_name.batch_size(1).stream(&db).await.unwrap();
    let mut streamed = Vec::new();
    while let Some(person) = stream.next().await.unwrap() {
        streamed.push(person);
    }
    assert_eq!(names(&streamed), ["ada", "bob", "cy"]);
    assert_eq!(Person::estimated_count(&db).await.unwrap(), 3);
}

#[tokio::test]
async fn a_projection_gives_another_type() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Card {
        name: String,
    }
    let db = people().await;
    let cards: Vec<Card> = Person::find()
        .filter(|p| p.age().lt(18))
        .project(Projection::include(["name"]))
        .all(&db)
        .await
        .unwrap();
    assert_eq!(cards, [Card { name: "bob".to_owned() }]);
}

#[tokio::test]
async fn what_must_be_there_is_reported_when_it_is_not() {
    let db = people().await;
    let none = Person::find().filter(|p| p.name().eq("zoe")).one(&db).await.unwrap_err();
    assert_eq!(none.to_string(), r#"no `Person` found for { "name": "zoe" }"#);
    let several = Person::find().filter(|p| p.age().gte(18)).one(&db).await.unwrap_err();
    assert!(matches!(&several, Error::MultipleFound { model, .. } if model == "Person"));
    let none = Person::find().raw(doc! { "age": 1 }).first_or_err(&db).await.unwrap_err();
    assert!(none.is_not_found());
}

#[tokio::test]
async fn updates_change_what_was_meant() {
    let db = people().await;
    let done = Person::find()
        .filter(|p| p.age().gte(18))
        .update(|p| p.age().inc(1))
        .run(&db)
        .await
        .unwrap();
    assert_eq!((done.matched, done.modified), (2, 2));
    let bob = Person::find().filter(|p| p.name().eq("bob")).one(&db).await.unwrap();
    bob.update(|p| p.tags().push("new") & p.age().set(18)).run(&db).await.unwrap();
    let bob = Person::get(bob.id.unwrap(), &db).await.unwrap();
    assert_eq!((bob.age, bob.tags.len()), (18, 2));

    let replaced = Person { age: 99, tags: Vec::new(), ..bob.clone() };
    replaced.replace(&db).await.unwrap();
    assert_eq!(Person::get(bob.id.unwrap(), &db).await.unwrap(), replaced);
    let ghost = Person { id: Some(ObjectId::new()), ..person("ghost", 1) };
    assert!(ghost.replace(&db).await.unwrap_err().is_not_found());

    let upserted = Person::find()
        .filter(|p| p.name().eq("new"))
        .update(|p| p.age().set(1) & p.tags().set(Vec::new()))
        .one()
        .upsert()
        .run(&db)
        .await
        .unwrap();
    assert_eq!(upserted.upserted.len(), 1);
    assert_eq!(Person::find().filter(|p| p.name().eq("new")).one(&db).await.unwrap().age, 1);
}

#[tokio::test]
async fn find_and_modify_hands_out_before_or_after() {
    let db = people().await;
    let oldest = Person::find().sort(|p| p.age().desc());
    let before = oldest.clone().find_and_update(|p| p.age().inc(1)).run(&db).await.unwrap();
    assert_eq!(before.unwrap().age, 60);
    let after = oldest
        .clone()
        .find_and_update(|p| p.age().inc(1))
        .returning(ReturnDocument::After)
        .run(&db)
        .await
        .unwrap();
    assert_eq!(after.unwrap().age, 62);
    let removed = oldest.find_and_delete(&db).await.unwrap().unwrap();
    assert_eq!(removed.name, "cy");
    assert_eq!(Person::find().count(&db).await.unwrap(), 2);
}

/// A write that would touch everything, or forget an option, is refused before it is sent.
#[tokio::test]
async fn careless_writes_are_refused() {
    let db = people().await;
    let all = Person::find();
    let bounded = || Person::find().hint("age_1").min(doc! { "age": 30 }).all_documents();
    let refusals: [Result<()>; 12] = [
        all.clone().delete(&db).await.map(drop),
        all.clone().update(|p| p.age().set(1)).run(&db).await.map(drop),
        all.clone().filter(|p| p.age().gt(1)).limit(1).delete(&db).await.map(drop),
        all.clone()
            .sort(|p| p.age().asc())
            .update(|p| p.age().set(1))
            .one()
            .run(&db)
            .await
            .map(drop),
        all.clone().limit(1).find_and_delete(&db).await.map(drop),
        all.clone().skip(1).last(&db).await.map(drop),
        all.clone().range(3..3).all(&db).await.map(drop),
        // Without its bound, each of these would reach for more than was meant.
        bounded().delete(&db).await.map(drop),
        bounded().update(|p| p.age().set(1)).run(&db).await.map(drop),
        bounded().find_and_delete(&db).await.map(drop),
        bounded().count(&db).await.map(drop),
        bounded().distinct::<i32, _>(|p| p.age(), &db).await.map(drop),
    ];
    for refused in refusals {
        let refused = refused.unwrap_err();
        assert!(matches!(refused, Error::Config(_)), "{refused}");
    }
    assert_eq!(all.clone().count(&db).await.unwrap(), 3);
    assert_eq!(all.all_documents().delete(&db).await.unwrap().deleted, 3);
}

#[tokio::test]
async fn what_was_wrong_while_building_is_reported_when_it_runs() {
    let db = people().await;
    let unsorted = Person::find().sort_raw(&doc! { "age": 2 }).all(&db).await.unwrap_err();
    assert_eq!(unsorted.code(), Some(15975));
    let unknown = Person::find().raw(doc! { "age": { "$nope": 1 } }).count(&db).await.unwrap_err();
    assert_eq!(unknown.code(), Some(2));
}

#[tokio::test]
async fn failures_of_a_batch_say_what_succeeded() {
    let db = MemoryBackend::new().database("app");
    let numbered = |id| Numbered { id, note: String::new() };
    let mut batch = [numbered(1), numbered(2), numbered(1), numbered(3)];
    let failed = Numbered::insert_many(&mut batch, &db).await.unwrap_err();
    assert!(failed.is_duplicate_key());
    assert_eq!(failed.write_errors()[0].index, 2);
    assert_eq!(failed.done().unwrap().inserted, 2);
    let duplicate = failed.duplicate_key().unwrap();
    assert_eq!(duplicate.index, "_id_");
    assert_eq!(duplicate.key_value, doc! { "_id": 1_i64 });
    assert_eq!(Numbered::find().count(&db).await.unwrap(), 2);
}

#[tokio::test]
async fn a_document_that_does_not_fit_names_the_field() {
    let db = people().await;
    let id = ObjectId::new();
    let odd = doc! { "_id": id, "name": "odd", "age": "old", "tags": [] };
    db.collection("people").insert_one(&odd).await.unwrap();
    let Error::Decode(error) = Person::get(id, &db).await.unwrap_err() else {
        panic!("decoded all the same");
    };
    assert_eq!((error.model.as_str(), error.path.as_str()), ("Person", "age"));
    assert_eq!(error.id, Some(id.into()));
    assert_eq!(error.found, "string \"old\"");
}
