//! Updates by pipeline.

use bson::{Bson, Document, bson, doc};
use proptest::test_runner::TestRng;

use crate::strategy::expression::{Maker, Type, documents, fields};
use crate::strategy::generated::{Dice, Generated};

/// Documents, and commands that change them by pipelines.
pub fn pipeline_updates() -> Generated {
    Generated::new(case)
}

/// How many commands there are.
const COMMANDS: usize = 12;

fn case(rng: &mut TestRng) -> Document {
    let dice = &mut Dice(rng);
    let docs = documents(dice, 4, 8);
    let commands: Vec<Document> = (0..COMMANDS).map(|_| command(dice)).collect();
    doc! { "docs": docs, "commands": commands }
}

fn command(dice: &mut Dice<'_>) -> Document {
    let wrong = usize::from(dice.chance(1, 4));
    let mut maker = Maker::new(dice, wrong);
    let mut given = None;
    if maker.dice.chance(1, 5) {
        given = Some(doc! { "given": maker.value(Type::Int) });
        maker.let_(&[("given", Type::Int)]);
    }
    let pipeline: Vec<Document> = {
        let mut free: Vec<_> =
            fields().into_iter().filter(|(name, _)| name != "_id" && name != "m").collect();
        (0..=maker.dice.below(3)).map(|_| stage(&mut maker, &mut free)).collect()
    };
    // Few, so that they meet what others have changed.
    let id = maker.dice.between(0, 9);
    let query = match maker.dice.below(4) {
        0 => {
            let condition = maker.expression(Type::Bool, 2);
            // The server may evaluate more operands of it than it needs (KNOWN-DIFFERENCES.md).
            let is_eager = condition.to_string().contains("$setEquals");
            if is_eager {
                doc! { "_id": id }
            } else {
                doc! { "_id": id, "$expr": condition }
            }
        }
        1 => doc! { "_id": { "$in": [id, id + 1] } },
        _ => doc! { "_id": id },
    };
    let upsert =
        maker.dice.chance(1, 8) && query.get("_id").is_some_and(|id| id.as_i64().is_some());
    let mut command = if maker.dice.chance(1, 3) {
        let new = maker.dice.chance(2, 3);
        let mut command = doc! {
            "findAndModify": "c", "query": query, "sort": { "_id": 1 }, "update": pipeline, "new": new,
            "upsert": upsert,
        };
        if maker.dice.chance(1, 4) {
            let computed = match maker.expression(Type::Text, 2) {
                Bson::Document(computed) => Bson::Document(computed),
                _ => "$s".into(),
            };
            command.insert("fields", doc! { "r": computed, "i": 1 });
        }
        command
    } else {
        let multi = maker.dice.chance(1, 2);
        let statement = doc! { "q": query, "u": pipeline, "multi": multi, "upsert": upsert };
        doc! { "update": "c", "updates": [statement] }
    };
    command.extend(given.map(|given| ("let".to_owned(), Bson::Document(given))));
    command
}

/// A field that no stage before has changed: the server remembers where something that is missing was
/// (KNOWN-DIFFERENCES.md).
fn take(maker: &mut Maker<'_, '_>, free: &mut Vec<(String, Type)>) -> Option<(String, Type)> {
    if free.is_empty() {
        return None;
    }
    let (name, of) = maker.dice.pick(free).clone();
    let top = name.split('.').next().unwrap_or_default().to_owned();
    free.retain(|(other, _)| other.split('.').next() != Some(&top));
    Some((name, of))
}

fn stage(maker: &mut Maker<'_, '_>, free: &mut Vec<(String, Type)>) -> Document {
    let any = |maker: &mut Maker<'_, '_>, free: &mut _| {
        take(maker, free).map_or_else(|| "q".to_owned(), |(name, _)| name)
    };
    match maker.dice.below(8) {
        0 => doc! { "$unset": any(maker, free) },
        1 => doc! { "$project": { any(maker, free): 0 } },
        2 => {
            let object = bson!({ "$mergeObjects": ["$$ROOT", maker.expression(Type::Object, 2)] });
            free.retain(|(name, _)| !["a", "b", "c"].contains(&name.as_str()));
            if maker.dice.chance(1, 2) {
                doc! { "$replaceWith": object }
            } else {
                doc! { "$replaceRoot": { "newRoot": object } }
            }
        }
        _ => {
            let mut spec = Document::new();
            for _ in 0..=maker.dice.below(3) {
                let Some((name, of)) = take(maker, free) else { continue };
                let depth = maker.dice.below(3);
                spec.insert(name, maker.expression(of, depth));
            }
            if spec.is_empty() {
                spec.insert("q", 1);
            }
            let name = *maker.dice.pick(&["$set", "$addFields"]);
            doc! { name: spec }
        }
    }
}
