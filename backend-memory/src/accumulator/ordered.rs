//! What some documents have that are first or last in an order.

use std::cmp::Ordering;
use std::sync::Arc;

use bson::{Bson, Document};
use odm_core::{Result, SortOrder};

use super::best::Best;
use super::{Accumulate, Argument, Operator, Setup};
use crate::collation::Collator;
use crate::expression::{Compiler, Node, Path, Value, refused};
use crate::sort;
use crate::value::write::{append_at, begin, begin_nested, finish};
use crate::value::{ElementType, KeyBytes, KeyPattern, RawVal, ValueBuf};

pub(super) const OPERATORS: &[Operator] = &[
    Operator::new("$bottom", one, |setup| Box::new(Single::new(Ordering::Greater, setup))),
    Operator::new("$bottomN", several, |setup| {
        Box::new(Several::new("$bottomN", Ordering::Greater, setup))
    }),
    Operator::new("$top", one, |setup| Box::new(Single::new(Ordering::Less, setup))),
    Operator::new("$topN", several, |setup| Box::new(Several::new("$topN", Ordering::Less, setup))),
];

/// `{output: …, sortBy: {…}}`.
fn one(compiler: &mut Compiler<'_>, name: &'static str, spec: &Bson) -> Result<Argument> {
    read(compiler, name, spec, false)
}

/// `{n: …, output: …, sortBy: {…}}`.
fn several(compiler: &mut Compiler<'_>, name: &'static str, spec: &Bson) -> Result<Argument> {
    read(compiler, name, spec, true)
}

/// Reads what to give and by what order.
///
/// # Errors
///
/// 5788001 if it is no document, 5788002 for another field, 5788003 to 5788005 for what is not there,
/// 10065 if `sortBy` is no document; of its fields, as `$sort`.
fn read(
    compiler: &mut Compiler<'_>,
    name: &'static str,
    spec: &Bson,
    takes_n: bool,
) -> Result<Argument> {
    let Bson::Document(spec) = spec else {
        return refused(
            5_788_001,
            format!("specification must be an object; found {name}: {spec}"),
        );
    };
    let (mut n, mut output, mut sort_by) = (None, None, None);
    for (field, value) in spec {
        match field.as_str() {
            "n" if takes_n => n = Some(compiler.operand(value)?),
            "output" => output = Some(value),
            "sortBy" => match value {
                Bson::Document(order) => sort_by = Some(order.clone()),
                Bson::Array(values) => {
                    let fields = values.iter().enumerate();
                    sort_by =
                        Some(fields.map(|(i, order)| (i.to_string(), order.clone())).collect());
                }
                _ => return refused(10_065, "invalid parameter: expected an object (sortBy)"),
            },
            _ => return refused(5_788_002, format!("Unknown argument to {name} '{field}'")),
        }
    }
    if takes_n && n.is_none() {
        return refused(5_788_003, "Missing value for 'n'");
    }
    let Some(output) = output else { return refused(5_788_004, "Missing value for 'output'") };
    let Some(sort_by) = sort_by else { return refused(5_788_005, "Missing value for 'sortBy'") };
    let (order, paths) = Order::compile(&sort_by, compiler.globals().collator.as_ref())?;
    let mut operands = vec![compiler.operand(output)?];
    operands.extend(paths);
    Ok(Argument { operands, n, order: Some(Arc::new(order)) })
}

/// `sortBy`: an order of values that paths lead to, arrays among them as whole values.
#[derive(Debug)]
pub(crate) struct Order {
    pattern: KeyPattern,
}

impl Order {
    fn compile(sort_by: &Document, collator: Option<&Arc<Collator>>) -> Result<(Self, Vec<Node>)> {
        let sort = sort::parse(sort_by)?;
        let (mut paths, mut fields) = (Vec::new(), Vec::new());
        for (position, (path, order)) in sort.keys.iter().enumerate() {
            if let SortOrder::Meta(keyword) = order {
                return sort::refuse_meta(keyword);
            }
            paths.push(Node::Field(Path::parse(path.as_str())?));
            // The server puts the values into one array and sorts by the positions of that, which is
            // how it comes to take arrays for what they are.
            fields.push((format!("v.{position}"), *order == SortOrder::Descending));
        }
        let fields = fields.iter().map(|(path, down)| (path.as_str(), *down));
        let pattern = KeyPattern::new(fields).collated(collator.cloned());
        Ok((Order { pattern }, paths))
    }

    /// What a document sorts by, given the values of the fields.
    ///
    /// # Errors
    ///
    /// 2 if two of them are arrays.
    pub(crate) fn key(&self, values: &[Value<'_>]) -> Result<KeyBytes> {
        let is_plain = self.pattern.collator().is_none()
            && !values.iter().any(|value| value.kind() == Some(ElementType::Array));
        if is_plain {
            return Ok(self.pattern.encode(values.iter().map(Value::or_null)));
        }
        let mut out = Vec::new();
        let document = begin(&mut out);
        let array = begin_nested(&mut out, b"v", ElementType::Array);
        for (position, value) in values.iter().enumerate() {
            append_at(&mut out, position, value.or_null());
        }
        finish(&mut out, array);
        finish(&mut out, document);
        let document = RawVal::document(&out);
        self.pattern.sort_key_in(|name| document.get(name.as_bytes()))
    }
}

fn split<'v, 'a>(values: &'v [Value<'a>]) -> (&'v Value<'a>, &'v [Value<'a>]) {
    values.split_first().unwrap_or((&Value::Missing, &[]))
}

/// `$top`, `$bottom`: what the first or the last document gives; of equal ones, the one that came
/// first. Null for missing.
#[derive(Debug)]
struct Single {
    better: Ordering,
    order: Option<Arc<Order>>,
    best: Option<(KeyBytes, ValueBuf)>,
}

impl Single {
    fn new(better: Ordering, setup: &Setup) -> Self {
        Single { better, order: setup.order.clone(), best: None }
    }
}

impl Accumulate for Single {
    fn add(&mut self, values: &[Value<'_>]) -> Result<()> {
        let (output, by) = split(values);
        let Some(order) = &self.order else { return Ok(()) };
        let key = order.key(by)?;
        if self.best.as_ref().is_none_or(|(best, _)| key.cmp(best) == self.better) {
            self.best = Some((key, output.or_null().into()));
        }
        Ok(())
    }

    fn size(&self) -> usize {
        self.best.as_ref().map_or(0, |(key, output)| key.len() + output.as_raw().bytes().len())
    }

    fn result(&self) -> Value<'static> {
        self.best.as_ref().map_or(Value::NULL, |(_, output)| output.clone().into())
    }
}

/// `$topN`, `$bottomN`: what the first or the last `n` documents give, in order. Null for missing.
#[derive(Debug)]
struct Several {
    order: Option<Arc<Order>>,
    best: Best,
}

impl Several {
    fn new(name: &'static str, better: Ordering, setup: &Setup) -> Self {
        Several { order: setup.order.clone(), best: Best::new(name, better, setup.n) }
    }
}

impl Accumulate for Several {
    fn add(&mut self, values: &[Value<'_>]) -> Result<()> {
        let (output, by) = split(values);
        let Some(order) = &self.order else { return Ok(()) };
        self.best.add(order.key(by)?, output.or_null())
    }

    fn result(&self) -> Value<'static> {
        Value::array(self.best.values())
    }

    fn size(&self) -> usize {
        self.best.size()
    }
}
