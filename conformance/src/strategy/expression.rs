//! Expressions of aggregation, typed: every operator is given what it takes, so that most expressions are accepted.
//!
//! Documents have fields whose types are known ([`FIELDS`]), and stages keep to that: what is put in the field `i` is a
//! whole number wherever it comes from. Now and then an argument is null, missing, or of another type on purpose.

mod literal;
mod operator;
mod special;

use bson::{Bson, Document, bson, doc};
use proptest::test_runner::TestRng;

use super::generated::{Dice, Generated};
pub(super) use literal::documents;

pub use operator::operators;

/// What is known about a value. Any of them may turn out to be null or missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Int,
    /// A small whole number, not much below zero: a position, a length.
    Index,
    /// Any number but decimals.
    Double,
    Number,
    Bool,
    Text,
    Date,
    Stamp,
    Id,
    Bytes,
    /// With the fields `a` (a number), `b` (a text), `c` (whole numbers).
    Object,
    Ints,
    Numbers,
    Texts,
    Dates,
    Objects,
    /// Lists in a list.
    Lists,
    List,
    Any,
}

impl Type {
    /// Whether a value of this type is one of the other, too.
    fn fits(self, wanted: Type) -> bool {
        use Type::*;
        match wanted {
            Any => true,
            Int => matches!(self, Int | Index),
            Double => matches!(self, Double | Int | Index),
            Number => matches!(self, Number | Double | Int | Index),
            Numbers => matches!(self, Numbers | Ints),
            List => matches!(self, List | Ints | Numbers | Texts | Dates | Objects | Lists),
            wanted => self == wanted,
        }
    }

    /// What lists of this type have in them.
    pub(super) fn element(self) -> Type {
        match self {
            Type::Ints => Type::Int,
            Type::Numbers => Type::Number,
            Type::Texts => Type::Text,
            Type::Dates => Type::Date,
            Type::Objects => Type::Object,
            Type::Lists => Type::List,
            _ => Type::Any,
        }
    }

    /// Lists of values of this type, if there is such a type.
    fn list(self) -> Option<Type> {
        match self {
            Type::Int => Some(Type::Ints),
            Type::Number => Some(Type::Numbers),
            Type::Text => Some(Type::Texts),
            Type::Date => Some(Type::Dates),
            Type::Object => Some(Type::Objects),
            Type::List => Some(Type::Lists),
            Type::Any => Some(Type::List),
            _ => None,
        }
    }
}

/// The fields of documents, and paths into them. There is never an `m`.
pub(super) const FIELDS: [(&str, Type); 36] = [
    ("_id", Type::Int),
    ("i", Type::Int),
    ("j", Type::Int),
    ("k", Type::Index),
    ("f", Type::Double),
    ("g", Type::Double),
    ("n", Type::Number),
    ("p", Type::Number),
    ("s", Type::Text),
    ("t", Type::Text),
    ("b", Type::Bool),
    ("d", Type::Date),
    ("e", Type::Date),
    ("z", Type::Stamp),
    ("h", Type::Id),
    ("w", Type::Bytes),
    ("x", Type::Object),
    ("y", Type::Object),
    ("ai", Type::Ints),
    ("aj", Type::Ints),
    ("an", Type::Numbers),
    ("as", Type::Texts),
    ("ad", Type::Dates),
    ("ao", Type::Objects),
    ("ll", Type::Lists),
    ("l", Type::List),
    ("v", Type::Any),
    ("u", Type::Any),
    ("m", Type::Any),
    ("x.a", Type::Number),
    ("x.b", Type::Text),
    ("x.c", Type::Ints),
    ("ao.a", Type::Numbers),
    ("ao.b", Type::Texts),
    ("l.a", Type::Any),
    ("v.a", Type::Any),
];

/// The fields of documents as they are stored.
pub(super) fn fields() -> Vec<(String, Type)> {
    FIELDS.iter().map(|(name, of)| ((*name).to_owned(), *of)).collect()
}

/// Makes expressions.
pub(super) struct Maker<'d, 'r> {
    pub(super) dice: &'d mut Dice<'r>,
    /// The variables in scope.
    variables: Vec<(String, Type)>,
    /// The fields of documents.
    pub(super) fields: Vec<(String, Type)>,
    /// How many more arguments may be of a wrong type. One failing constant is enough: which of several is told first
    /// is nobody's promise.
    wrong: usize,
}

impl<'d, 'r> Maker<'d, 'r> {
    /// Makes expressions that are given the right types, but for at most `wrong` arguments.
    pub(super) fn new(dice: &'d mut Dice<'r>, wrong: usize) -> Self {
        Maker { dice, variables: Vec::new(), fields: fields(), wrong }
    }

    /// An expression of this type, with at most so many operators in one another.
    pub(super) fn expression(&mut self, wanted: Type, depth: usize) -> Bson {
        if depth == 0 || self.dice.chance(1, 6) {
            return self.leaf(wanted);
        }
        let fitting: Vec<_> = operator::rows(wanted).collect();
        if fitting.is_empty() {
            return self.leaf(wanted);
        }
        if self.dice.chance(1, 16) {
            return self.composed(wanted, depth - 1);
        }
        let row = *self.dice.pick(&fitting);
        row.make(self, wanted, depth - 1)
    }

    /// A list or an object of expressions, where one is wanted.
    fn composed(&mut self, wanted: Type, depth: usize) -> Bson {
        match wanted {
            // A field that is missing would be remembered by the server: `$setField` puts a value in its place.
            Type::Object => doc! {
                "a": { "$ifNull": [self.argument(Type::Number, depth), null] },
                "b": { "$ifNull": [self.argument(Type::Text, depth), null] },
            }
            .into(),
            Type::Ints
            | Type::Numbers
            | Type::Texts
            | Type::Dates
            | Type::Objects
            | Type::Lists
            | Type::List => {
                let count = self.dice.below(4);
                (0..count).map(|_| self.argument(wanted.element(), depth)).collect()
            }
            _ => self.leaf(wanted),
        }
    }

    /// An argument: now and then nothing, or something else than what is wanted.
    fn argument(&mut self, wanted: Type, depth: usize) -> Bson {
        if self.dice.chance(1, 8) {
            if self.wrong > 0 && self.dice.chance(1, 2) {
                self.wrong -= 1;
                return self.wrong_leaf(wanted);
            }
            return self.dice.pick(&[Bson::Null, "$m".into(), Bson::Null, "$v.q".into()]).clone();
        }
        self.expression(wanted, depth)
    }

    /// A field, a variable or a literal.
    fn leaf(&mut self, wanted: Type) -> Bson {
        let variables = self.variables.iter().filter(|(_, of)| of.fits(wanted));
        let variables: Vec<Bson> = variables.map(|(name, _)| format!("$${name}").into()).collect();
        if !variables.is_empty() && self.dice.chance(3, 5) {
            return self.dice.pick(&variables).clone();
        }
        if self.dice.chance(2, 3) { self.field(wanted) } else { self.literal(wanted) }
    }

    /// The path of a field of this type.
    fn field(&mut self, wanted: Type) -> Bson {
        let fields: Vec<_> = self.fields.iter().filter(|(_, of)| of.fits(wanted)).collect();
        if fields.is_empty() {
            return self.literal(wanted);
        }
        let (name, _) = *self.dice.pick(&fields);
        let root =
            if self.dice.chance(1, 16) { *self.dice.pick(&["$$ROOT.", "$$CURRENT."]) } else { "$" };
        format!("{root}{name}").into()
    }

    /// Something of another type than this. No decimals: the functions that only doubles are given to differ in the
    /// last digit of decimals (KNOWN-DIFFERENCES.md).
    fn wrong_leaf(&mut self, wanted: Type) -> Bson {
        let others = [
            (Type::Text, "$s".into()),
            (Type::Text, "abc".into()),
            (Type::Text, "".into()),
            (Type::Bool, "$b".into()),
            (Type::Bool, true.into()),
            (Type::Int, "$i".into()),
            (Type::Int, (-1).into()),
            (Type::Int, 2_i64.into()),
            (Type::Double, 1.5.into()),
            (Type::Double, f64::NAN.into()),
            (Type::Date, "$d".into()),
            (Type::Ints, "$ai".into()),
            (Type::Texts, bson!(["a", "b"])),
            (Type::List, bson!([])),
            (Type::Object, "$x".into()),
            (Type::Object, bson!({})),
            (Type::Id, "$h".into()),
            (Type::Stamp, "$z".into()),
            (Type::Bytes, "$w".into()),
        ];
        let others: Vec<_> = others.iter().filter(|(of, _)| !of.fits(wanted)).collect();
        if others.is_empty() { Bson::Undefined } else { self.dice.pick(&others).1.clone() }
    }

    /// A value of this type, as an expression.
    fn literal(&mut self, wanted: Type) -> Bson {
        let value = literal::value(self.dice, wanted);
        let needs_quotes = match &value {
            Bson::String(text) => text.starts_with('$'),
            Bson::Document(doc) => doc.keys().any(|name| name.contains(['$', '.'])),
            Bson::Array(_) => true,
            _ => false,
        };
        if needs_quotes || self.dice.chance(1, 20) {
            let quote = if self.dice.chance(1, 2) { "$literal" } else { "$const" };
            return bson!({ quote: value });
        }
        value
    }

    /// A value of this type.
    pub(super) fn value(&mut self, of: Type) -> Bson {
        literal::value(self.dice, of)
    }

    /// From here on there are these variables.
    pub(super) fn let_(&mut self, variables: &[(&str, Type)]) {
        let variables = variables.iter().map(|(name, of)| ((*name).to_owned(), *of));
        self.variables.extend(variables);
    }

    /// From here on the last so many variables are not there any more.
    pub(super) fn forget(&mut self, variables: usize) {
        self.variables.truncate(self.variables.len() - variables);
    }

    /// What `make` makes with a variable in scope.
    fn with<T>(&mut self, name: &str, of: Type, make: impl FnOnce(&mut Self) -> T) -> T {
        self.variables.push((name.to_owned(), of));
        let made = make(self);
        self.variables.pop();
        made
    }
}

/// Documents, and commands with an expression each.
pub fn expressions() -> Generated {
    Generated::new(expression_case)
}

/// How many commands share the documents.
const COMMANDS: usize = 52;

fn expression_case(rng: &mut TestRng) -> Document {
    let dice = &mut Dice(rng);
    let docs = documents(dice, 8, 16);
    let commands: Vec<Document> = (0..COMMANDS).map(|_| command(dice)).collect();
    doc! { "docs": docs, "commands": commands }
}

/// A command with an expression.
fn command(dice: &mut Dice<'_>) -> Document {
    const TYPES: [Type; 19] = [
        Type::Int,
        Type::Double,
        Type::Number,
        Type::Number,
        Type::Bool,
        Type::Bool,
        Type::Text,
        Type::Text,
        Type::Date,
        Type::Date,
        Type::Object,
        Type::Ints,
        Type::Numbers,
        Type::Texts,
        Type::Objects,
        Type::Lists,
        Type::List,
        Type::Any,
        Type::Any,
    ];
    let wanted = *dice.pick(&TYPES);
    let (wrong, depth) = (usize::from(dice.chance(1, 2)), 1 + dice.below(4));
    let mut maker = Maker::new(dice, wrong);
    let given = maker.dice.chance(1, 8).then(|| {
        let (int, text) = (maker.literal(Type::Int), maker.literal(Type::Text));
        maker.variables.push(("given".to_owned(), Type::Int));
        maker.variables.push(("text".to_owned(), Type::Text));
        doc! { "given": int, "text": text }
    });
    let expression = maker.expression(wanted, depth);
    // A bare number or string would include a field; a list or an object is one of expressions.
    let computed = match &expression {
        Bson::Int32(_)
        | Bson::Int64(_)
        | Bson::Double(_)
        | Bson::Decimal128(_)
        | Bson::Boolean(_) => bson!({ "$literal": expression.clone() }),
        _ => expression.clone(),
    };
    // As a filter the server may evaluate more operands of it than it needs (KNOWN-DIFFERENCES.md).
    let is_eager = expression.to_string().contains("$setEquals");
    let stage = match dice.below(8) {
        0..4 => doc! { "$project": { "r": computed } },
        4 => doc! { "$addFields": { "r": expression } },
        5 if !is_eager => doc! { "$match": { "$expr": expression } },
        5 | 6 => doc! { "$replaceWith": { "_id": "$_id", "r": expression } },
        _ => {
            // The same by `find`.
            let mut find = doc! { "find": "c", "batchSize": 1000 };
            if !is_eager && dice.chance(1, 2) {
                find.extend(doc! { "filter": { "$expr": expression } });
            } else {
                find.extend(doc! { "projection": { "r": computed } });
            }
            find.extend(given.map(|given| ("let".to_owned(), given.into())));
            return find;
        }
    };
    // Where one document is refused, the others are not seen.
    let mut pipeline = vec![stage];
    if wrong > 0 && dice.chance(1, 2) {
        pipeline.insert(0, doc! { "$match": { "_id": { "$lt": dice.between(1, 6) } } });
    }
    let mut command =
        doc! { "aggregate": "c", "pipeline": pipeline, "cursor": { "batchSize": 1000 } };
    command.extend(given.map(|given| ("let".to_owned(), given.into())));
    if dice.chance(1, 16) {
        command.insert("collation", doc! { "locale": "en", "strength": 2 });
    }
    command
}
