//! A small service and its unit tests: copy from here.
//!
//! The service is written against `&impl Executor`, so it runs on any database, in a transaction
//! or in a test. `cargo test -p examples` runs the tests, without a server.
#![allow(clippy::print_stdout)]

use examples::{Address, Borough, Grade, Restaurant};
use odm_core::bson::DateTime;
use odm_core::bson::oid::ObjectId;
use odm_core::{Document, Executor, Result, ReturnDocument};

/// From this score on, an inspection is failed.
const FAILED: i32 = 28;

/// Opens a restaurant.
///
/// # Errors
///
/// A duplicate key (11000) if the city's number is taken.
async fn open(
    restaurant_id: &str,
    name: &str,
    cuisine: &str,
    borough: Borough,
    on: &impl Executor,
) -> Result<Restaurant> {
    let address = Address {
        building: String::new(),
        coord: Vec::new(),
        street: String::new(),
        zipcode: String::new(),
    };
    let mut restaurant = Restaurant {
        id: ObjectId::new(),
        restaurant_id: restaurant_id.to_owned(),
        name: name.to_owned(),
        cuisine: cuisine.to_owned(),
        borough,
        address,
        grades: Vec::new(),
    };
    restaurant.insert(on).await?;
    Ok(restaurant)
}

/// Notes an inspection; gives the restaurant as it is afterwards, or `None` if there is none.
///
/// # Errors
///
/// What the database refused.
async fn inspect(
    restaurant_id: &str,
    score: i32,
    date: DateTime,
    on: &impl Executor,
) -> Result<Option<Restaurant>> {
    let letter = if score < 14 {
        "A"
    } else if score < FAILED {
        "B"
    } else {
        "C"
    };
    let grade = Grade { date, grade: letter.to_owned(), score };
    Restaurant::find()
        .filter(|r| r.restaurant_id().eq(restaurant_id))
        .find_and_update(|r| r.grades().push(grade))
        .returning(ReturnDocument::After)
        .run(on)
        .await
}

/// The names of the restaurants of a borough that ever failed an inspection.
///
/// # Errors
///
/// What the database refused.
async fn ever_failed(borough: Borough, on: &impl Executor) -> Result<Vec<String>> {
    let failed = Restaurant::find()
        .filter(|r| r.borough().eq(borough) & r.grades().any(|g| g.score().gte(FAILED)))
        .sort(|r| r.name().asc())
        .all(on)
        .await?;
    Ok(failed.into_iter().map(|restaurant| restaurant.name).collect())
}

/// Closes every restaurant of a cuisine; gives how many there were.
///
/// # Errors
///
/// What the database refused.
async fn close_all(cuisine: &str, on: &impl Executor) -> Result<u64> {
    Ok(Restaurant::find().filter(|r| r.cuisine().eq(cuisine)).delete(on).await?.deleted)
}

#[tokio::main]
async fn main() -> Result<()> {
    let db = backend_memory::MemoryBackend::new().database("app");
    Restaurant::ensure_indexes(&db).await?;
    open("1", "Wilma's", "Irish", Borough::Queens, &db).await?;
    inspect("1", 33, DateTime::from_millis(0), &db).await?;
    println!("ever failed in Queens: {:?}", ever_failed(Borough::Queens, &db).await?);
    println!("closed: {}", close_all("Irish", &db).await?);
    println!("now run `cargo test -p examples`: the tests of this file need no server");
    Ok(())
}

#[cfg(test)]
mod tests {
    use backend_memory::MemoryBackend;
    use odm_core::Database;

    use super::*;

    /// Every test has a database of its own: it costs microseconds.
    async fn fresh() -> Database {
        let db = MemoryBackend::new().database("test");
        Restaurant::ensure_indexes(&db).await.unwrap();
        db
    }

    #[tokio::test]
    async fn a_number_is_given_once() {
        let db = fresh().await;
        open("1", "Wilma's", "Irish", Borough::Queens, &db).await.unwrap();
        let refused = open("1", "Fred's", "Pizza", Borough::Bronx, &db).await.unwrap_err();
        assert!(refused.is_duplicate_key());
        assert_eq!(refused.code(), Some(11000));
        assert_eq!(refused.duplicate_key().unwrap().index, "restaurant_id_1");
        assert_eq!(Restaurant::find().count(&db).await.unwrap(), 1);
    }

    #[tokio::test]
    async fn an_inspection_is_graded_and_kept() {
        let db = fresh().await;
        open("1", "Wilma's", "Irish", Borough::Queens, &db).await.unwrap();
        for (score, letter) in [(0, "A"), (13, "A"), (14, "B"), (27, "B"), (28, "C")] {
            let now = DateTime::from_millis(i64::from(score));
            let inspected = inspect("1", score, now, &db).await.unwrap().unwrap();
            let last = inspected.grades.last().unwrap();
            assert_eq!((last.grade.as_str(), last.score), (letter, score));
        }
        assert_eq!(inspect("2", 0, DateTime::from_millis(0), &db).await.unwrap(), None);
    }

    #[tokio::test]
    async fn failures_are_listed_by_borough_and_name() {
        let db = fresh().await;
        for (id, name, borough, score) in [
            ("1", "Wilma's", Borough::Queens, 40),
            ("2", "Fred's", Borough::Queens, 28),
            ("3", "Barney's", Borough::Queens, 27),
            ("4", "Betty's", Borough::Bronx, 90),
        ] {
            open(id, name, "Irish", borough, &db).await.unwrap();
            inspect(id, score, DateTime::from_millis(0), &db).await.unwrap();
        }
        assert_eq!(ever_failed(Borough::Queens, &db).await.unwrap(), ["Fred's", "Wilma's"]);
        assert_eq!(ever_failed(Borough::Brooklyn, &db).await.unwrap(), [""; 0]);
    }

    #[tokio::test]
    async fn a_loaded_fixture_is_forked_not_loaded_again() {
        let loaded = MemoryBackend::new();
        let fixture = loaded.database("test");
        Restaurant::ensure_indexes(&fixture).await.unwrap();
        for id in ["1", "2", "3"] {
            open(id, "Wilma's", "Irish", Borough::Queens, &fixture).await.unwrap();
        }

        let db = loaded.fork().database("test");
        assert_eq!(close_all("Irish", &db).await.unwrap(), 3);
        assert_eq!(Restaurant::find().count(&db).await.unwrap(), 0);
        assert_eq!(Restaurant::find().count(&fixture).await.unwrap(), 3);
    }
}
