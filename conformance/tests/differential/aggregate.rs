//! Aggregation: expressions, wherever they may stand.

use bson::{Bson, Document, doc};
use conformance::strategy::{expressions, pipeline_updates, pipelines};

use crate::property::{Bench, Property};
use crate::round::{Counts, Order};

pub(crate) const PROPERTIES: &[Property] = &[
    Property { name: "expression", test: all_expressions },
    Property { name: "pipeline", test: all_pipelines },
    Property { name: "pipeline_update", test: all_updates },
];

/// The names of the properties whose comparisons are counted together.
pub(crate) const NAMES: [&str; 3] = ["expression", "pipeline", "pipeline_update"];

fn all_expressions(bench: &Bench, counts: &Counts) -> Result<u32, String> {
    bench.check_many("expression", 1, counts, expressions, |round, case| {
        round.ignore_signs_of_nan();
        round.fill(&documents(&case, "docs"))?;
        let commands = documents(&case, "commands").into_iter();
        round.same_reads(commands.map(|command| (command, Order::Matters)).collect())
    })
}

fn all_pipelines(bench: &Bench, counts: &Counts) -> Result<u32, String> {
    bench.check_many("pipeline", 1, counts, pipelines, |round, case| {
        round.ignore_signs_of_nan();
        round.drop_indexes()?;
        round.fill(&documents(&case, "docs"))?;
        round.fill_other("other", &documents(&case, "other"))?;
        for index in documents(&case, "indexes") {
            round.same(doc! { "createIndexes": "c", "indexes": [index] })?;
        }
        let read = |command: Document| {
            let is_ordered = command.get_bool("order").unwrap_or_default();
            let order = if is_ordered { Order::Matters } else { Order::IsFree };
            let refusals = command.get_bool("refusals").unwrap_or_default();
            (command.get_document("run").cloned().unwrap_or_default(), order, refusals)
        };
        round.same_pipelines(documents(&case, "commands").into_iter().map(read).collect())
    })
}

fn all_updates(bench: &Bench, counts: &Counts) -> Result<u32, String> {
    bench.check_many("pipeline_update", 1, counts, pipeline_updates, |round, case| {
        round.ignore_signs_of_nan();
        round.fill(&documents(&case, "docs"))?;
        for command in documents(&case, "commands") {
            round.same(command)?;
        }
        round.same_state()
    })
}

/// The documents of a list of a case.
fn documents(case: &Document, name: &str) -> Vec<Document> {
    let list = case.get_array(name).map(Vec::as_slice).unwrap_or_default();
    list.iter().filter_map(Bson::as_document).cloned().collect()
}
