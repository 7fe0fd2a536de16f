//! The stages.

use bson::{Bson, Document, bson, doc};

use super::{Flow, OTHER};
use crate::strategy::expression::{Type, documents};

/// A stage, and how often there is one.
type Row = (usize, fn(&mut Flow<'_, '_>));

const STAGES: [Row; 26] = [
    (4, |flow| flow.match_()),
    (3, |flow| flow.project()),
    (1, |flow| flow.exclude()),
    (3, |flow| flow.add_fields()),
    (1, |flow| flow.unset()),
    (3, |flow| flow.unwind()),
    (5, |flow| flow.group()),
    (3, |flow| flow.sort()),
    (2, |flow| flow.limit()),
    (2, |flow| flow.skip()),
    (2, |flow| flow.sort_by_count()),
    (1, |flow| flow.count()),
    (2, |flow| flow.bucket()),
    (2, |flow| flow.bucket_auto()),
    (2, |flow| flow.replace_root()),
    (2, |flow| flow.facet()),
    (2, |flow| flow.lookup_equal()),
    (2, |flow| flow.lookup_pipeline()),
    (1, |flow| flow.graph_lookup()),
    (2, |flow| flow.union_with()),
    (6, |flow| flow.set_window_fields()),
    (2, |flow| flow.densify()),
    (3, |flow| flow.fill()),
    (1, |flow| flow.redact()),
    (1, |flow| flow.sample()),
    (1, |flow| flow.top_k()),
];

impl Flow<'_, '_> {
    /// Adds a stage of any kind, and what has to stand before it.
    pub(super) fn add_stage(&mut self) {
        let total: usize = STAGES.iter().map(|(weight, _)| weight).sum();
        let mut at = self.maker.dice.below(total);
        for (weight, add) in STAGES {
            if at < weight {
                return add(self);
            }
            at -= weight;
        }
    }

    /// An expression that is not deep.
    pub(super) fn expression(&mut self, of: Type) -> Bson {
        let depth = self.maker.dice.below(3);
        self.maker.expression(of, depth)
    }

    pub(super) fn path(name: &str) -> Bson {
        format!("${name}").into()
    }

    /// Documents of its own, in place of a collection's.
    pub(super) fn documents(&mut self) {
        let mut docs = documents(self.maker.dice, 2, 6);
        for doc in &mut docs {
            // They are expressions, in which nothing may be taken for one.
            let quoted = doc.iter().map(|(name, value)| {
                (name.clone(), Bson::Document(doc! { "$literal": value.clone() }))
            });
            *doc = quoted.collect();
        }
        self.ordered = true;
        self.push(doc! { "$documents": docs });
    }

    fn condition(&mut self) -> Document {
        if self.maker.dice.chance(1, 2) {
            let condition = self.expression(Type::Bool);
            // The server may evaluate more operands of it than it needs (KNOWN-DIFFERENCES.md).
            let is_eager = condition.to_string().contains("$setEquals");
            return if is_eager {
                Document::new()
            } else {
                doc! { "$expr": condition }
            };
        }
        let Some(field) = self.any_field() else { return Document::new() };
        let fields = self.maker.fields.iter();
        let of = fields.filter(|(name, _)| *name == field).map(|(_, of)| *of).next();
        let of = of.unwrap_or(Type::Any);
        let of = match of {
            Type::Ints | Type::Numbers => Type::Number,
            Type::Texts => Type::Text,
            Type::Dates => Type::Date,
            of => of,
        };
        let value = self.maker.value(of);
        let operator = *self.maker.dice.pick(&["$gt", "$lte", "$ne", "$eq", "$gte", "$lt"]);
        match self.maker.dice.below(5) {
            0 => doc! { field: { "$exists": true } },
            1 => doc! { field: { "$in": [value, self.maker.value(of)] } },
            // What a regular expression is compared with otherwise is refused.
            _ if matches!(value, Bson::RegularExpression(_) | Bson::Undefined) => {
                doc! { field: { "$ne": null } }
            }
            _ => doc! { field: { operator: value } },
        }
    }

    fn match_(&mut self) {
        let mut condition = self.condition();
        if self.maker.dice.chance(1, 5) {
            condition = doc! { "$or": [condition, self.condition()] };
        }
        let mut since = self.stages.iter().rev().take_while(|stage| !stage.contains_key("$limit"));
        if since.any(|stage| stage.contains_key("$group")) {
            // The server would ask it of the documents before they are grouped (KNOWN-DIFFERENCES.md).
            self.push(doc! { "$limit": 1000 });
        }
        self.push(doc! { "$match": condition });
    }

    fn project(&mut self) {
        let mut spec = Document::new();
        let mut fields = Vec::new();
        let keep_id = self.maker.dice.chance(9, 10);
        if !keep_id {
            spec.insert("_id", 0);
        }
        for (name, of) in self.maker.fields.clone() {
            let is_key = self.key.iter().flatten().any(|key| *key == name);
            if name.contains('.') || (name == "_id" && !is_key) {
                continue;
            }
            if name == "_id" {
                if keep_id {
                    fields.push((name, of));
                }
            } else if is_key || self.maker.dice.chance(1, 2) {
                spec.insert(name.as_str(), 1);
                fields.push((name, of));
            } else if self.maker.dice.chance(1, 3) && self.settle(&name) {
                // A bare number or boolean would include the field.
                let computed = match self.expression(of) {
                    Bson::Document(of) => Bson::Document(of),
                    Bson::String(text) => Bson::String(text),
                    other => bson!({ "$literal": other }),
                };
                // An empty document is no projection.
                if computed.as_document().is_none_or(|doc| !doc.is_empty()) {
                    spec.insert(name.as_str(), computed);
                    fields.push((name, of));
                }
            }
        }
        if !keep_id && self.key.iter().flatten().any(|key| key == "_id") {
            self.key = None;
        }
        if spec.keys().all(|name| name == "_id") {
            return;
        }
        self.set_fields(fields);
        self.push(doc! { "$project": spec });
    }

    fn exclude(&mut self) {
        let Some((name, _)) = self.some_field() else { return };
        self.remove_field(&name);
        self.push(doc! { "$project": { name: 0 } });
    }

    fn unset(&mut self) {
        let Some((name, _)) = self.some_field() else { return };
        self.remove_field(&name);
        if self.maker.dice.chance(1, 2) {
            self.push(doc! { "$unset": name });
        } else {
            self.push(doc! { "$unset": [name, "m"] });
        }
    }

    /// Any field but those of the key.
    fn some_field(&mut self) -> Option<(String, Type)> {
        let is_key = |name: &String| self.key.iter().flatten().any(|key| key == name);
        let fields = self.maker.fields.iter();
        let fields = fields.filter(|(name, _)| !name.contains('.') && !is_key(name) && name != "m");
        let fields: Vec<_> = fields.cloned().collect();
        if fields.is_empty() {
            return None;
        }
        let field = self.maker.dice.pick(&fields).clone();
        self.settle(&field.0).then_some(field)
    }

    fn add_fields(&mut self) {
        let mut spec = Document::new();
        for _ in 0..=self.maker.dice.below(3) {
            let Some((name, of)) = self.some_field() else { continue };
            spec.insert(name, self.expression(of));
        }
        if spec.is_empty() {
            return;
        }
        let name = *self.maker.dice.pick(&["$addFields", "$set"]);
        self.push(doc! { name: spec });
    }

    fn unwind(&mut self) {
        const LISTS: [Type; 7] = [
            Type::Ints,
            Type::Numbers,
            Type::Texts,
            Type::Dates,
            Type::Objects,
            Type::Lists,
            Type::List,
        ];
        let Some((name, of)) = self.plain_field(&LISTS) else { return };
        let mut spec = doc! { "path": Self::path(&name) };
        // Never a path below the list: that stops the server.
        if self.maker.dice.chance(1, 2) {
            let index = if self.maker.dice.chance(1, 2) && self.settle("k") { "k" } else { "at" };
            spec.insert("includeArrayIndex", index);
            let is_new = !self.key.iter().flatten().any(|key| key == index);
            match &mut self.key {
                Some(key) if is_new => key.push(index.to_owned()),
                key => *key = None,
            }
            self.set_field(index, Type::Int);
        } else {
            self.key = None;
        }
        if self.maker.dice.chance(1, 2) {
            spec.insert("preserveNullAndEmptyArrays", self.maker.dice.chance(3, 4));
        }
        self.settle(&name);
        self.set_field(&name, of.element());
        let has_index = spec.contains_key("includeArrayIndex");
        if spec.len() == 1 && self.maker.dice.chance(1, 2) {
            self.push(doc! { "$unwind": Self::path(&name) });
        } else {
            self.push(doc! { "$unwind": spec });
        }
        if has_index {
            // A sort by the index would be moved before the stage that makes it.
            self.push(doc! { "$set": { "behind": "$_id" } });
        }
    }

    /// Puts something before a stage that keeps it from the server's other engine, which differs from the one that runs
    /// those further behind (KNOWN-DIFFERENCES.md): which of equal values is kept, where a field is put, and codes of
    /// refusals.
    fn keep_behind(&mut self) {
        self.push(doc! { "$set": { "behind": "$_id" } });
    }

    fn group(&mut self) {
        self.keep_behind();
        let ordered = self.make_order();
        let (id, of) = match self.maker.dice.below(6) {
            0 => (Bson::Null, Type::Any),
            // Of equal numbers of two types the first is shown.
            1 if ordered => (self.expression(Type::Index), Type::Index),
            2 if ordered => (self.expression(Type::Any), Type::Any),
            3 => {
                let (a, b) = (self.expression(Type::Bool), self.expression(Type::Text));
                (bson!({ "a": a, "b": b }), Type::Any)
            }
            4 => (self.expression(Type::Bool), Type::Bool),
            _ => (self.expression(Type::Text), Type::Text),
        };
        let mut spec = doc! { "_id": id };
        let mut fields = vec![("_id".to_owned(), of)];
        let sets = self.accumulators(&mut spec, &mut fields, ordered);
        self.set_fields(fields);
        self.ordered = false;
        self.set_key("_id");
        if of == Type::Any {
            // Lists with the same least element sort alike.
            self.key = None;
        }
        self.settled.clear();
        self.push(doc! { "$group": spec });
        self.sort_sets(sets);
    }

    /// Fields with accumulators; gives those that are sets, which have no order.
    pub(super) fn accumulators(
        &mut self,
        spec: &mut Document,
        fields: &mut Vec<(String, Type)>,
        ordered: bool,
    ) -> Vec<&'static str> {
        let mut sets = Vec::new();
        for _ in 0..=self.maker.dice.below(4) {
            let (name, of, accumulator) = self.accumulator(ordered);
            if spec.contains_key(name) {
                continue;
            }
            if accumulator.contains_key("$addToSet") {
                sets.push(name);
            }
            spec.insert(name, accumulator);
            fields.push((name.to_owned(), of));
        }
        sets
    }

    fn sort_sets(&mut self, sets: Vec<&'static str>) {
        if sets.is_empty() {
            return;
        }
        let sorted =
            |name: &str| bson!({ "$sortArray": { "input": format!("${name}"), "sortBy": 1 } });
        let sorted: Document =
            sets.into_iter().map(|name| (name.to_owned(), sorted(name))).collect();
        self.push(doc! { "$set": sorted });
    }

    /// The name of a field, its type, and an accumulator for it: without an order, one that needs none.
    fn accumulator(&mut self, ordered: bool) -> (&'static str, Type, Document) {
        if !ordered {
            return match self.maker.dice.below(3) {
                0 => ("i", Type::Int, doc! { "$sum": 1 }),
                1 => ("j", Type::Int, doc! { "$count": {} }),
                _ => ("k", Type::Int, doc! { "$sum": { "$strLenCP": "abc" } }),
            };
        }
        let n = self.maker.dice.between(1, 3);
        let by = match self.any_field() {
            Some(field) => doc! { field: self.direction() },
            None => doc! { "_id": 1 },
        };
        match self.maker.dice.below(24) {
            0 => ("n", Type::Number, doc! { "$sum": self.expression(Type::Number) }),
            1 => ("i", Type::Number, doc! { "$sum": self.expression(Type::Int) }),
            2 => ("f", Type::Number, doc! { "$sum": self.expression(Type::Double) }),
            3 => ("p", Type::Number, doc! { "$avg": self.expression(Type::Number) }),
            4 => ("g", Type::Number, doc! { "$avg": self.expression(Type::Double) }),
            5 => ("g", Type::Double, doc! { "$stdDevPop": self.expression(Type::Number) }),
            6 => ("f", Type::Double, doc! { "$stdDevSamp": self.expression(Type::Double) }),
            7 => ("v", Type::Any, doc! { "$max": self.expression(Type::Any) }),
            8 => ("u", Type::Any, doc! { "$min": self.expression(Type::Any) }),
            9 => ("d", Type::Date, doc! { "$max": self.expression(Type::Date) }),
            10 => ("s", Type::Text, doc! { "$min": self.expression(Type::Text) }),
            11 => ("t", Type::Text, doc! { "$first": self.expression(Type::Text) }),
            12 => ("e", Type::Date, doc! { "$last": self.expression(Type::Date) }),
            13 => ("ai", Type::Ints, doc! { "$push": self.expression(Type::Int) }),
            14 => ("as", Type::Texts, doc! { "$push": self.expression(Type::Text) }),
            15 => ("ao", Type::Objects, doc! { "$push": self.expression(Type::Object) }),
            16 => ("l", Type::List, doc! { "$addToSet": self.expression(Type::Any) }),
            17 => ("an", Type::Numbers, doc! { "$addToSet": self.expression(Type::Number) }),
            18 => ("x", Type::Object, doc! { "$mergeObjects": self.expression(Type::Object) }),
            19 => ("k", Type::Index, doc! { "$count": {} }),
            20 => {
                let name = *self.maker.dice.pick(&["$firstN", "$lastN", "$maxN", "$minN"]);
                let input = self.expression(Type::Any);
                ("l", Type::List, doc! { name: { "n": n, "input": input } })
            }
            21 => {
                let name = *self.maker.dice.pick(&["$top", "$bottom"]);
                let output = self.expression(Type::Number);
                ("p", Type::Number, doc! { name: { "sortBy": by, "output": output } })
            }
            22 => {
                let name = *self.maker.dice.pick(&["$topN", "$bottomN"]);
                let output = self.expression(Type::Text);
                ("as", Type::Texts, doc! { name: { "n": n, "sortBy": by, "output": output } })
            }
            _ => ("j", Type::Int, doc! { "$sum": 1 }),
        }
    }

    fn limit(&mut self) {
        if self.make_order() {
            let n = self.maker.dice.between(1, 12);
            self.push(doc! { "$limit": n });
        }
    }

    fn skip(&mut self) {
        if self.make_order() {
            let n = self.maker.dice.between(0, 3);
            self.push(doc! { "$skip": n });
        }
    }

    /// A sort of which only the first are asked for.
    fn top_k(&mut self) {
        self.sort();
        if self.ordered {
            let n = self.maker.dice.between(1, 5);
            self.push(doc! { "$limit": n });
        }
    }

    fn sort_by_count(&mut self) {
        self.keep_behind();
        let of = if self.make_order() { Type::Any } else { Type::Text };
        // It takes a path or an operator.
        let by = match self.expression(of) {
            Bson::Document(by) if by.keys().next().is_some_and(|name| name.starts_with('$')) => {
                by.into()
            }
            Bson::String(path) if path.starts_with('$') => Bson::String(path),
            _ => bson!({ "$type": "$v" }),
        };
        self.push(doc! { "$sortByCount": by });
        self.ordered = false;
        self.key = (of != Type::Any).then(|| vec!["_id".to_owned()]);
        self.settled.clear();
        self.set_fields(vec![("_id".to_owned(), of), ("count".to_owned(), Type::Index)]);
    }

    fn count(&mut self) {
        self.push(doc! { "$count": "i" });
        self.set_fields(vec![("i".to_owned(), Type::Index)]);
        self.ordered = true;
        self.key = Some(vec!["i".to_owned()]);
    }

    fn bucket(&mut self) {
        self.keep_behind();
        let ordered = self.make_order();
        let (by, boundaries) = match self.maker.dice.below(3) {
            0 => (self.expression(Type::Text), bson!(["", "a", "b", "z"])),
            1 => (self.expression(Type::Int), bson!([-5, 0, 3_i64, 10.5])),
            _ => (self.expression(Type::Number), bson!([f64::NEG_INFINITY, 0, 2, 100])),
        };
        let by = match by {
            Bson::String(path) if path.starts_with('$') => Bson::String(path),
            Bson::Document(by) => Bson::Document(by),
            other => bson!({ "$literal": other }),
        };
        let mut spec = doc! { "groupBy": by, "boundaries": boundaries };
        if self.maker.dice.chance(14, 15) {
            spec.insert("default", self.maker.dice.pick(&[bson!("other"), bson!(1000)]).clone());
        }
        self.buckets("$bucket", spec, ordered);
        self.set_key("_id");
        self.sort();
    }

    fn bucket_auto(&mut self) {
        // Documents with the same value keep no order among themselves; of equal values the first is shown.
        if !self.make_order() {
            return;
        }
        let of = *self.maker.dice.pick(&[Type::Int, Type::Text, Type::Number, Type::Date]);
        let by = match self.expression(of) {
            Bson::Document(by) => Bson::Document(by),
            Bson::String(path) if path.starts_with('$') => Bson::String(path),
            _ => "$k".into(),
        };
        let mut spec = doc! { "groupBy": by, "buckets": self.maker.dice.between(1, 5) };
        if self.maker.dice.chance(1, 5) {
            spec.insert("groupBy", bson!({ "$abs": { "$ifNull": ["$k", 1] } }));
            let series = ["R5", "E6", "1-2-5", "POWERSOF2", "R20", "E192"];
            spec.insert("granularity", *self.maker.dice.pick(&series));
        }
        self.buckets("$bucketAuto", spec, false);
        self.ordered = true;
        self.key = None;
    }

    /// The output of `$bucket` and `$bucketAuto`.
    fn buckets(&mut self, name: &str, mut spec: Document, ordered: bool) {
        let mut fields = vec![("_id".to_owned(), Type::Any)];
        let mut sets = Vec::new();
        if self.maker.dice.chance(2, 3) {
            let mut output = Document::new();
            sets = self.accumulators(&mut output, &mut fields, ordered);
            spec.insert("output", output);
        } else {
            fields.push(("count".to_owned(), Type::Index));
        }
        self.set_fields(fields);
        self.push(doc! { name: spec });
        self.sort_sets(sets);
        self.ordered = false;
    }

    fn replace_root(&mut self) {
        let (root, fields) = match self.maker.dice.below(3) {
            0 => {
                let (i, s) = (self.expression(Type::Int), self.expression(Type::Text));
                let fields = [("_id", Type::Any), ("i", Type::Int), ("s", Type::Text)];
                (bson!({ "_id": "$_id", "i": i, "s": s }), fields.to_vec())
            }
            1 => {
                let object = self.expression(Type::Object);
                let fields =
                    [("a", Type::Number), ("b", Type::Text), ("c", Type::Ints), ("_id", Type::Any)];
                (bson!({ "$mergeObjects": [object, { "_id": "$_id" }] }), fields.to_vec())
            }
            _ => {
                let fields = [("a", Type::Number), ("b", Type::Text), ("c", Type::Ints)];
                let object = self.expression(Type::Object);
                (bson!({ "$ifNull": [object, { "a": 1 }] }), fields.to_vec())
            }
        };
        if self.key.as_ref().is_some_and(|key| key.len() != 1 || key[0] != "_id")
            || fields.iter().all(|(name, _)| *name != "_id")
        {
            self.key = None;
        }
        for (name, _) in &fields {
            self.settle(name);
        }
        self.set_fields(fields.into_iter().map(|(name, of)| (name.to_owned(), of)).collect());
        if self.maker.dice.chance(1, 2) {
            self.push(doc! { "$replaceRoot": { "newRoot": root } });
        } else {
            self.push(doc! { "$replaceWith": root });
        }
    }

    fn facet(&mut self) {
        if !self.make_order() {
            return;
        }
        let (before, fields) = (std::mem::take(&mut self.stages), self.maker.fields.clone());
        let key = self.key.clone();
        let mut spec = Document::new();
        for name in ["f1", "f2", "f3"] {
            (self.ordered, self.key, self.maker.fields) = (true, key.clone(), fields.clone());
            self.stages.clear();
            for _ in 0..=self.maker.dice.below(2) {
                match self.maker.dice.below(6) {
                    0 => self.match_(),
                    1 => self.group(),
                    2 => self.sort(),
                    3 => self.limit(),
                    4 => self.count(),
                    _ => self.project(),
                }
            }
            if !self.stages.is_empty() && self.make_order() {
                spec.insert(name, std::mem::take(&mut self.stages));
            }
        }
        self.stages = before;
        (self.ordered, self.key, self.maker.fields) = (true, key, fields);
        if spec.is_empty() {
            return;
        }
        self.set_fields(spec.keys().map(|name| (name.clone(), Type::List)).collect());
        // There is one document.
        self.key = spec.keys().next().map(|name| vec![name.clone()]);
        self.push(doc! { "$facet": spec });
    }

    fn lookup_equal(&mut self) {
        self.keep_behind();
        let pairs = [
            ("i", "i"),
            ("k", "k"),
            ("s", "s"),
            ("ai", "i"),
            ("k", "ai"),
            ("x.a", "n"),
            ("as", "s"),
            ("m", "i"),
            ("n", "an"),
            ("d", "d"),
            ("i", "m"),
            ("x", "x"),
            ("h", "h"),
        ];
        let (local, foreign) = *self.maker.dice.pick(&pairs);
        let mut spec = doc! { "from": OTHER, "localField": local, "foreignField": foreign };
        if self.maker.dice.chance(1, 3) {
            let pipeline = self.of_other(&[], 2);
            spec.insert("pipeline", pipeline);
        }
        self.looked_up(spec);
    }

    fn lookup_pipeline(&mut self) {
        self.keep_behind();
        let (number, text) = (self.expression(Type::Number), self.expression(Type::Text));
        let mut spec = doc! { "from": OTHER };
        let variables = if self.maker.dice.chance(3, 4) {
            spec.insert("let", doc! { "number": number, "text": text });
            vec![("number", Type::Number), ("text", Type::Text)]
        } else {
            Vec::new()
        };
        let pipeline = self.of_other(&variables, 3);
        spec.insert("pipeline", pipeline);
        self.looked_up(spec);
    }

    fn looked_up(&mut self, mut spec: Document) {
        let name = *self.maker.dice.pick(&["ao", "found", "x"]);
        let name = if self.settle(name) { name } else { "looked" };
        spec.insert("as", name);
        self.push(doc! { "$lookup": spec });
        self.set_field(name, Type::Objects);
        let is_key = self.key.iter().flatten().any(|key| key == name);
        if is_key {
            self.key = None;
        }
        if self.maker.dice.chance(1, 3) {
            self.push(doc! { "$unwind": format!("${name}") });
            self.set_field(name, Type::Object);
            self.key = None;
        }
    }

    /// A pipeline on the other collection, with these variables from outside; its results are ordered.
    fn of_other(&mut self, variables: &[(&str, Type)], most: usize) -> Vec<Document> {
        let before = std::mem::take(&mut self.stages);
        let fields =
            std::mem::replace(&mut self.maker.fields, crate::strategy::expression::fields());
        let (ordered, key) = (self.ordered, self.key.replace(vec!["_id".to_owned()]));
        self.ordered = true;
        self.maker.let_(variables);
        for _ in 0..=self.maker.dice.below(most) {
            match self.maker.dice.below(7) {
                0..3 => self.match_(),
                3 => self.project(),
                4 => self.add_fields(),
                5 => self.limit(),
                _ => self.sort(),
            }
        }
        self.make_order();
        self.maker.forget(variables.len());
        self.maker.fields = fields;
        (self.ordered, self.key) = (ordered, key);
        std::mem::replace(&mut self.stages, before)
    }

    fn graph_lookup(&mut self) {
        let links = [("i", "j"), ("k", "i"), ("s", "t"), ("ai", "i"), ("k", "aj")];
        let (from, to) = *self.maker.dice.pick(&links);
        let start = match from {
            "s" => self.expression(Type::Text),
            "ai" => self.expression(Type::Ints),
            _ => self.expression(Type::Int),
        };
        let mut spec = doc! {
            "from": OTHER,
            "startWith": start,
            "connectFromField": from,
            "connectToField": to,
            "as": "found",
        };
        if self.maker.dice.chance(1, 2) {
            spec.insert("maxDepth", self.maker.dice.between(0, 3));
        }
        if self.maker.dice.chance(1, 2) {
            spec.insert("depthField", "depth");
        }
        // Null leads to documents without the field here, but not on the server.
        let mut restriction = doc! { to: { "$exists": true } };
        if self.maker.dice.chance(1, 3) {
            restriction.insert("p", doc! { "$ne": 3 });
        }
        spec.insert("restrictSearchWithMatch", restriction);
        self.push(doc! { "$graphLookup": spec });
        // Its documents come in no order that is promised.
        let sorted = doc! { "$sortArray": { "input": "$found", "sortBy": { "_id": 1 } } };
        self.push(doc! { "$set": { "found": sorted } });
        self.set_field("found", Type::Objects);
    }

    fn union_with(&mut self) {
        let all = crate::strategy::expression::fields();
        if self.maker.fields.len() < all.len() / 2 || !self.make_order() {
            return;
        }
        let is_second = self.stages.iter().any(|stage| stage.contains_key("$unionWith"));
        if self.maker.dice.chance(1, 2) {
            self.push(doc! { "$unionWith": OTHER });
        } else {
            let pipeline = self.of_other(&[], 2);
            self.push(doc! { "$unionWith": { "coll": OTHER, "pipeline": pipeline } });
        }
        // Projections there may have left any field out.
        if self.key.as_ref().is_some_and(|key| key.len() > 1) {
            self.key = None;
        }
        let has_id =
            self.stages.last().is_some_and(|stage| !format!("{stage}").contains("\"_id\": 0"));
        // The same documents come twice then.
        if !has_id || is_second {
            self.key = None;
        }
    }

    fn densify(&mut self) {
        let of_numbers = self.maker.dice.chance(1, 2);
        let (field, bounds, step): (&str, Bson, Document) = if of_numbers {
            let bounds = [bson!([-2, 4]), bson!("full"), bson!([0, 3.5]), bson!("partition")];
            let step = *self.maker.dice.pick(&[1.0, 2.0, 0.5]);
            ("k", self.maker.dice.pick(&bounds).clone(), doc! { "step": step })
        } else {
            const DAY: i64 = 86_400_000;
            let first = bson::DateTime::from_millis(DAY * 18_000);
            let last = bson::DateTime::from_millis(DAY * 18_040);
            let unit = *self.maker.dice.pick(&["week", "month", "day"]);
            ("d", bson!([first, last]), doc! { "step": 7, "unit": unit })
        };
        let types = self.maker.fields.iter().filter(|(name, _)| name == field);
        let fits = types.map(|(_, of)| *of).any(|of| of == Type::Index || of == Type::Date);
        if !fits {
            return;
        }
        let mut range = doc! { "bounds": bounds.clone() };
        range.extend(step);
        let mut spec = doc! { "field": field };
        if bounds.as_str() == Some("partition") || self.maker.dice.chance(1, 2) {
            spec.insert("partitionByFields", ["b"]);
            // Where it is missing, the documents that are made have a place for it (KNOWN-DIFFERENCES.md).
            self.settle("b");
        }
        spec.insert("range", range);
        self.push(doc! { "$densify": spec });
        self.ordered = false;
        self.key = None;
    }

    fn fill(&mut self) {
        if !self.make_order() {
            return;
        }
        let Some(key) = self.key.clone() else { return };
        let mut output = Document::new();
        for _ in 0..=self.maker.dice.below(3) {
            let Some((name, of)) = self.some_field() else { continue };
            let is_number = matches!(of, Type::Int | Type::Index | Type::Double | Type::Number);
            // Of several that are filled by a method, nobody promises in which order new ones come.
            let is_first = output
                .values()
                .all(|how: &Bson| how.as_document().is_some_and(|how| how.contains_key("value")));
            let how = match self.maker.dice.below(3) {
                0 if is_first && is_number && key.len() == 1 => doc! { "method": "linear" },
                1 if is_first => doc! { "method": "locf" },
                _ => doc! { "value": self.expression(of) },
            };
            output.insert(name, how);
        }
        if output.is_empty() {
            return;
        }
        let mut by = Document::new();
        if key.len() == 1 {
            by.insert(key[0].as_str(), 1);
        } else {
            by.extend(key.iter().map(|name| (name.clone(), Bson::Int32(1))));
        }
        let mut spec = doc! { "sortBy": by, "output": output };
        if self.maker.dice.chance(1, 3) {
            spec.insert("partitionByFields", ["b"]);
        } else if self.maker.dice.chance(1, 4) {
            spec.insert("partitionBy", doc! { "b": "$b", "k": "$s" });
        }
        self.push(doc! { "$fill": spec });
        // It sorts if it has to, by what is left of the partition.
        self.ordered = false;
    }

    fn redact(&mut self) {
        let decisions = ["$$KEEP", "$$PRUNE", "$$DESCEND"];
        // What it descends into has other fields, of which `a` may be anything.
        let condition = match self.maker.dice.below(3) {
            0 => bson!({ "$gt": ["$a", 1] }),
            1 => bson!({ "$eq": [{ "$type": "$b" }, "string"] }),
            _ => bson!({ "$in": ["$b", ["a", "b", true]] }),
        };
        let then = *self.maker.dice.pick(&decisions);
        let otherwise = *self.maker.dice.pick(&["$$KEEP", "$$DESCEND"]);
        self.push(doc! { "$redact": { "$cond": [condition, then, otherwise] } });
    }

    /// All documents, in any order.
    fn sample(&mut self) {
        self.push(doc! { "$sample": { "size": 1000 } });
        self.ordered = false;
    }
}
