//! Real restaurants: load, index, query, update, and a refusal handled.
//!
//! `cargo run -p examples --example quickstart` runs on the memory engine;
//! `cargo run -p examples --features mongo --example quickstart -- --uri mongodb://localhost:27017/app`
//! on a server, with the same output. `--data FILE` loads another file than the one shipped.
#![allow(clippy::print_stdout)]

use std::error::Error;

use examples::{Borough, Grade, Restaurant, cli, data, table};
use odm_core::Document;
use odm_core::bson::oid::ObjectId;
use odm_core::bson::{DateTime, doc};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let args = cli::args()?;
    // The only line that knows which backend it is.
    let db = cli::database(args.uri, "quickstart").await?;
    Restaurant::drop_collection(&db).await?;

    // Indexes first: the unique one guards the load.
    Restaurant::ensure_indexes(&db).await?;
    let mut restaurants = data::restaurants(args.data.as_deref())?;
    data::insert(&mut restaurants, &db).await?;
    println!("{} restaurants loaded\n", Restaurant::find().count(&db).await?);

    println!("Worst inspections in Queens, of 30 points and more:");
    let failing = Restaurant::find()
        .filter(|r| r.borough().eq(Borough::Queens) & r.grades().any(|g| g.score().gte(30)))
        .sort(|r| r.name().asc().then(r.restaurant_id().asc()))
        .limit(8)
        .all(&db)
        .await?;
    print_table(&failing);

    println!("\nPizza and bakeries on numbered avenues, by zip code:");
    let numbered = Restaurant::find()
        .filter(|r| {
            r.cuisine().in_(["Pizza", "Bakery"])
                & r.address().street().regex_with(r"^\d+(st|nd|rd|th)? *ave", "i")
        })
        .sort(|r| r.address().zipcode().asc().then(r.restaurant_id().asc()))
        .limit(8)
        .all(&db)
        .await?;
    print_table(&numbered);

    // Documents work wherever you prefer them.
    let eleven = Restaurant::find().raw(doc! { "address.zipcode": { "$regex": "^11" } });
    println!("\n{} restaurants have a zip code that begins with 11", eleven.count(&db).await?);

    let mut cuisines: Vec<String> = Restaurant::find()
        .filter(|r| r.borough().eq(Borough::StatenIsland))
        .distinct(|r| r.cuisine(), &db)
        .await?;
    cuisines.sort();
    println!("Staten Island serves {}", cuisines.join(", "));

    // One update of all that match.
    let grade =
        Grade { date: DateTime::from_millis(1_700_000_000_000), grade: "A".into(), score: 5 };
    let renamed = Restaurant::find()
        .filter(|r| r.cuisine().eq("Hamburgers"))
        .update(|r| r.cuisine().set("Burgers") & r.grades().push(grade))
        .run(&db)
        .await?;
    println!("\n{} of {} hamburger places renamed and regraded", renamed.modified, renamed.matched);

    // A second restaurant with the same number is refused, and the refusal says why.
    if let Some(first) = Restaurant::find().sort(|r| r.restaurant_id().asc()).first(&db).await? {
        let mut twin = Restaurant { id: ObjectId::new(), name: "The Twin".into(), ..first };
        match twin.insert(&db).await {
            Err(error) if error.is_duplicate_key() => {
                let refused = error.duplicate_key().ok_or("a duplicate key has details")?;
                println!(
                    "{} refused: index {}, key {}",
                    twin.name, refused.index, refused.key_value
                );
            }
            Err(other) => return Err(other.into()),
            Ok(_) => return Err("the unique index did not hold".into()),
        }
    }

    let plan = Restaurant::find()
        .filter(|r| r.borough().eq(Borough::Bronx) & r.cuisine().eq("Bakery"))
        .explain(&db)
        .await?;
    println!("Bakeries of the Bronx come by index: {}", index_of(&plan).unwrap_or("none"));
    db.drop().await?;
    Ok(())
}

/// The name of the index in the winning plan, wherever in the tree it is.
fn index_of(plan: &odm_core::bson::Document) -> Option<&str> {
    if let Ok(name) = plan.get_str("indexName") {
        return Some(name);
    }
    ["queryPlanner", "winningPlan", "queryPlan", "inputStage"]
        .into_iter()
        .filter_map(|key| plan.get_document(key).ok())
        .find_map(index_of)
}

fn print_table(restaurants: &[Restaurant]) {
    let rows: Vec<[String; 5]> = restaurants
        .iter()
        .map(|restaurant| {
            let worst = restaurant.grades.iter().map(|grade| grade.score).max();
            [
                restaurant.name.clone(),
                restaurant.cuisine.clone(),
                format!("{} {}", restaurant.address.building, restaurant.address.street),
                restaurant.address.zipcode.clone(),
                worst.map_or_else(|| "-".to_owned(), |score| score.to_string()),
            ]
        })
        .collect();
    table::print(["name", "cuisine", "address", "zip", "worst"], &rows);
}
