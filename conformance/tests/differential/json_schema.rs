//! `$jsonSchema`: schemas on documents.

use bson::doc;
use conformance::strategy::{documents, filter, json_schema};
use proptest::collection::vec;
use proptest::option::weighted;

use crate::property::{Bench, Property};
use crate::round::{Counts, Order};

pub(crate) const PROPERTIES: &[Property] = &[Property { name: "json_schema", test: schemas }];

fn schemas(bench: &Bench, counts: &Counts) -> Result<u32, String> {
    let query = (json_schema(), weighted(0.1, filter()));
    let strategy = (documents(1..20), vec(query, 1..30));
    bench.check("json_schema", counts, &strategy, |round, (docs, queries)| {
        round.fill(&docs)?;
        let find = |(schema, beside)| {
            let schema = doc! { "$jsonSchema": schema };
            let filter = match beside {
                None => schema,
                Some(beside) => doc! { "$or": [{ "$nor": [schema] }, beside] },
            };
            (doc! { "find": "c", "filter": filter }, Order::Matters)
        };
        let reads = queries.into_iter().map(find).collect();
        round.same_reads(reads)
    })
}
