//! Stages that look at the documents around each: `$setWindowFields`, `$densify`, `$fill`.

use bson::{Bson, Document, doc};

use crate::aggregation::Aggregation;
use crate::aggregation::assign::{Assignments, Fills};
use crate::aggregation::operator::DateUnit;
use crate::aggregation::window::{Partition, Windows};
use crate::field::AsField;
use crate::pipeline::Stage;

/// `$densify`: where missing documents are added.
#[derive(Debug, Clone, PartialEq)]
pub enum DensifyBounds {
    /// Between the least and the greatest value of all documents.
    Full,
    /// Between the least and the greatest value of each part.
    Partition,
    /// From the first of these, up to, not with, the second: see [`range`](DensifyBounds::range).
    Range(Box<[Bson; 2]>),
}

/// `$densify`: how far apart documents are.
#[derive(Debug, Clone, PartialEq)]
pub struct DensifyStep {
    /// How far: a number above 0; of dates, a whole one.
    pub step: Bson,
    /// Of dates: the unit.
    pub unit: Option<DateUnit>,
    /// Where.
    pub bounds: DensifyBounds,
}

impl DensifyBounds {
    /// From the first of these, up to, not with, the second: two numbers, or two dates.
    #[must_use]
    pub fn range(from: impl Into<Bson>, to: impl Into<Bson>) -> Self {
        DensifyBounds::Range(Box::new([from.into(), to.into()]))
    }
}

impl DensifyStep {
    fn to_document(&self) -> Document {
        let bounds: Bson = match &self.bounds {
            DensifyBounds::Full => "full".into(),
            DensifyBounds::Partition => "partition".into(),
            DensifyBounds::Range(range) => range.to_vec().into(),
        };
        let mut range = doc! { "step": self.step.clone(), "bounds": bounds };
        if let Some(unit) = self.unit {
            range.insert("unit", unit.name());
        }
        range
    }
}

/// `$fill` takes an object for `partitionBy`; a field by its name elsewhere, but no path.
fn partition_of_fill((name, value): (String, Bson)) -> (String, Bson) {
    match (name.as_str(), value) {
        ("partitionBy", Bson::Document(expr)) => (name, expr.into()),
        ("partitionBy", expr) => {
            let field = expr.as_str().and_then(|expr| expr.strip_prefix('$'));
            match field.filter(|field| !field.contains(['$', '.'])) {
                Some(field) => ("partitionByFields".to_owned(), vec![field.to_owned()].into()),
                None => (name, doc! { "$let": { "vars": {}, "in": expr } }.into()),
            }
        }
        (_, value) => (name, value),
    }
}

impl<S, F, T> Aggregation<S, F, T> {
    /// `$setWindowFields`: sets fields by functions over the documents around each:
    /// `.set_window_fields(|o| Partition::by(o.shop()).sort(o.at().asc()), |o| o.place().is(rank()))`.
    ///
    /// To set a field that `S` does not have, [`reshape`](Aggregation::reshape) before.
    pub fn set_window_fields(
        self,
        partition: impl FnOnce(F) -> Partition<S>,
        output: impl FnOnce(F) -> Assignments<S, S, Windows>,
    ) -> Self {
        let partition = partition((self.fields)()).into_document();
        let output = output((self.fields)()).into_document();
        let stage = partition.and_then(|mut spec| {
            spec.insert("output", output?);
            Ok(Stage::new("$setWindowFields", spec))
        });
        self.try_stage(stage)
    }

    /// `$densify`: adds documents where values of a field are missing between others. They have the field and those of
    /// `partition_by`, and nothing else.
    pub fn densify<P: AsField<Document = S>>(
        self,
        field: impl FnOnce(F) -> P,
        partition_by: &[&str],
        step: &DensifyStep,
    ) -> Self {
        let path = field((self.fields)()).as_field().checked_path();
        self.try_stage(path.map(|path| {
            let mut spec = doc! { "field": path.to_string() };
            if !partition_by.is_empty() {
                spec.insert("partitionByFields", partition_by);
            }
            spec.insert("range", step.to_document());
            Stage::new("$densify", spec)
        }))
    }

    /// `$fill`: sets values that are null or missing:
    /// `.fill(|o| Partition::by(o.shop()).sort(o.at().asc()), |o| o.price().fill_linear() & o.note().fill_value("none"))`.
    pub fn fill(
        self,
        partition: impl FnOnce(F) -> Partition<S>,
        output: impl FnOnce(F) -> Assignments<S, S, Fills>,
    ) -> Self {
        let partition = partition((self.fields)()).into_document();
        let output = output((self.fields)()).into_document();
        let stage = partition.and_then(|partition| {
            let mut spec: Document = partition.into_iter().map(partition_of_fill).collect();
            spec.insert("output", output?);
            Ok(Stage::new("$fill", spec))
        });
        self.try_stage(stage)
    }
}
