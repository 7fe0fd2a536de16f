//! `$setWindowFields`.

use bson::{Bson, Document, bson, doc};

use super::Flow;
use crate::strategy::expression::Type;

impl Flow<'_, '_> {
    pub(super) fn set_window_fields(&mut self) {
        let Some(key) = self.key.clone() else { return };
        // Windows by value, and functions of the place of a document, want one field to sort by.
        let single = key.len() == 1 && self.maker.dice.chance(1, 2);
        let mut by = Document::new();
        if !single && let Some(field) = self.any_field() {
            by.insert(field, self.direction());
        }
        for name in &key {
            let path = format!("{name}.");
            super::RetainFields::retain_fields(&mut by, |field| !field.starts_with(&path));
            if !by.contains_key(name) {
                let direction = if single { 1 } else { self.direction() };
                by.insert(name.as_str(), direction);
            }
        }
        let is_numeric = self
            .maker
            .fields
            .iter()
            .any(|(name, of)| *name == key[0] && matches!(of, Type::Int | Type::Index));
        let mut spec = Document::new();
        match self.maker.dice.below(5) {
            0 => drop(spec.insert("partitionBy", self.expression(Type::Text))),
            1 => drop(spec.insert("partitionBy", self.expression(Type::Bool))),
            2 => drop(spec.insert("partitionBy", bson!({ "b": "$b", "k": "$k" }))),
            _ => {}
        }
        // Lists are refused as values of a partition, and of equal values the first is shown nowhere.
        spec.insert("sortBy", by.clone());
        let mut output = Document::new();
        let mut sets = Vec::new();
        let mut fields = Vec::new();
        for _ in 0..=self.maker.dice.below(3) {
            let (name, of, function) = self.function(single && by.len() == 1, is_numeric);
            let is_key = key.iter().any(|part| part == name);
            if is_key || output.contains_key(name) || !self.settle(name) {
                continue;
            }
            if function.contains_key("$addToSet") {
                sets.push(name);
            }
            output.insert(name, function);
            fields.push((name, of));
        }
        if output.is_empty() {
            return;
        }
        let several = output.len() > 1;
        spec.insert("output", output);
        self.push(doc! { "$setWindowFields": spec });
        for (name, of) in fields {
            self.set_field(name, of);
        }
        for name in sets {
            let path = format!("${name}");
            let sorted = bson!({ "$sortArray": { "input": path, "sortBy": 1 } });
            self.push(doc! { "$set": { name: sorted } });
        }
        if several {
            // New fields come in no order that the server promises.
            let fields = bson!({ "$objectToArray": "$$ROOT" });
            let sorted = bson!({ "$sortArray": { "input": fields, "sortBy": { "k": 1 } } });
            self.push(doc! { "$replaceWith": { "$arrayToObject": sorted } });
        }
        // Equal values of a partition that are of two types may come in either order of these.
        self.ordered = false;
    }

    /// The name of a field, its type, and a window function.
    fn function(&mut self, single: bool, numeric: bool) -> (&'static str, Type, Document) {
        if single && self.maker.dice.chance(2, 5) {
            return self.function_of_order(numeric);
        }
        let (name, of, mut function) = match self.maker.dice.below(8) {
            0 => return ("j", Type::Int, doc! { "$documentNumber": {} }),
            1 => {
                let by = self.maker.dice.between(-2, 2);
                let mut shift = doc! { "output": self.expression(Type::Text), "by": by };
                if self.maker.dice.chance(1, 2) {
                    shift.insert("default", "none");
                }
                return ("t", Type::Text, doc! { "$shift": shift });
            }
            2 => return ("v", Type::Any, doc! { "$locf": self.expression(Type::Any) }),
            3 => {
                let name = *self.maker.dice.pick(&["$covariancePop", "$covarianceSamp"]);
                // Of small numbers: what is left of great ones that have gone is another rest.
                let (a, b) = (Self::path("k"), Self::path("_id"));
                ("g", Type::Number, doc! { name: [a, b] })
            }
            _ => {
                let mut spec = Document::new();
                let mut fields = Vec::new();
                self.accumulators(&mut spec, &mut fields, true);
                const NAMES: [&str; 19] = [
                    "n", "i", "f", "p", "g", "v", "u", "d", "s", "t", "e", "ai", "as", "ao", "l",
                    "an", "x", "k", "j",
                ];
                let first =
                    spec.iter().next().map(|(name, function)| (name.clone(), function.clone()));
                let name = first.as_ref().and_then(|(name, _)| NAMES.iter().find(|n| *n == name));
                match (name, first.and_then(|(_, function)| function.as_document().cloned())) {
                    (Some(name), Some(function)) if !function.contains_key("$mergeObjects") => {
                        let of = fields.first().map_or(Type::Any, |(_, of)| *of);
                        (*name, of, function)
                    }
                    _ => ("j", Type::Int, doc! { "$sum": 1 }),
                }
            }
        };
        if let Some(window) = self.window(single && numeric) {
            // What is missing has a place in the list on the server, until it is encoded (KNOWN-DIFFERENCES.md).
            for name in ["$push", "$addToSet"] {
                if let Some(input) = function.get_mut(name) {
                    *input = bson!({ "$ifNull": [input.clone(), null] });
                }
            }
            // Of small numbers: what is left of great ones that have gone is another rest (KNOWN-DIFFERENCES.md).
            for name in ["$sum", "$avg", "$stdDevPop", "$stdDevSamp"] {
                if let Some(input) = function.get_mut(name) {
                    *input = Self::path("k");
                }
            }
            function.insert("window", window);
        }
        (name, of, function)
    }

    /// Functions that need one field to sort by.
    fn function_of_order(&mut self, numeric: bool) -> (&'static str, Type, Document) {
        match self.maker.dice.below(if numeric { 8 } else { 3 }) {
            0 => ("k", Type::Index, doc! { "$rank": {} }),
            1 => ("k", Type::Index, doc! { "$denseRank": {} }),
            2 => {
                let input = self.expression(Type::Number);
                let decay = if self.maker.dice.chance(1, 2) {
                    ("N".to_owned(), Bson::Int32(3))
                } else {
                    ("alpha".to_owned(), Bson::Double(0.25))
                };
                let mut average = doc! { "input": input };
                average.extend([decay]);
                ("p", Type::Number, doc! { "$expMovingAvg": average })
            }
            3 | 4 => {
                let input = self.expression(Type::Number);
                let window = doc! { "documents": [self.maker.dice.between(-3, -1), 0] };
                ("p", Type::Number, doc! { "$derivative": { "input": input }, "window": window })
            }
            5 | 6 => {
                let mut function = doc! { "$integral": { "input": self.expression(Type::Number) } };
                if let Some(window) = self.window(true) {
                    function.insert("window", window);
                }
                ("p", Type::Number, function)
            }
            _ => ("n", Type::Number, doc! { "$linearFill": self.expression(Type::Number) }),
        }
    }

    fn window(&mut self, by_value: bool) -> Option<Document> {
        let bounds = [
            bson!(["unbounded", "current"]),
            bson!([-1, 1]),
            bson!(["current", "unbounded"]),
            bson!(["unbounded", "unbounded"]),
            bson!([-2, 0]),
            bson!([0, 0]),
            bson!([1, 3]),
            bson!([-3, -1]),
            bson!(["current", 2]),
        ];
        let bounds = self.maker.dice.pick(&bounds).clone();
        match self.maker.dice.below(4) {
            0 => None,
            1 if by_value => Some(doc! { "range": bounds }),
            _ => Some(doc! { "documents": bounds }),
        }
    }
}
