//! `$and`; `$or`, `$nor` and `$not` are nodes of their own.

use super::comparison::Operator;
use super::expression::Evaluation;
use super::{Matched, Node, Source, Test};

/// Several conditions, all of which must hold.
#[derive(Debug)]
pub(super) struct Conjunction {
    /// The cheapest first.
    parts: Vec<Node>,
    /// The positions of the parts in the orders in which the server evaluates them. Which part
    /// was the last decides what the positional `$` stands for.
    written: Vec<usize>,
    sorted: Vec<usize>,
}

/// The conjunction of `parts`: a single part is itself; nested ones are taken apart, and what is in
/// them comes after the others, as on the server.
pub(super) fn and(parts: impl IntoIterator<Item = Node>) -> Node {
    let mut flat = Vec::new();
    let mut nested = Vec::new();
    for part in parts {
        match part {
            Node::And(inner) => nested.extend(inner.into_written_order()),
            Node::Always(true) => {}
            Node::Always(false) => return Node::Always(false),
            part => flat.push(part),
        }
    }
    flat.append(&mut nested);
    if flat.len() < 2 {
        return flat.pop().unwrap_or(Node::Always(true));
    }
    let mut by_rank: Vec<usize> = (0..flat.len()).collect();
    by_rank.sort_by_key(|&part| server_rank(&flat[part]));
    let mut numbered: Vec<(usize, Node)> = flat.into_iter().enumerate().collect();
    numbered.sort_by_key(|(_, part)| part.cost());
    let mut written = vec![0; numbered.len()];
    for (position, (part, _)) in numbered.iter().enumerate() {
        written[*part] = position;
    }
    let sorted = by_rank.into_iter().map(|part| written[part]).collect();
    let parts = numbered.into_iter().map(|(_, part)| part).collect();
    Node::And(Conjunction { parts, written, sorted })
}

/// The disjunction of `parts`; a single part is itself.
pub(super) fn or(parts: impl IntoIterator<Item = Node>) -> Node {
    let mut flat = Vec::new();
    for part in parts {
        match part {
            Node::Or(inner) => flat.extend(inner),
            Node::Always(false) => {}
            Node::Always(true) => return Node::Always(true),
            part => flat.push(part),
        }
    }
    if flat.len() < 2 {
        return flat.pop().unwrap_or(Node::Always(false));
    }
    flat.sort_by_key(Node::cost);
    Node::Or(flat)
}

pub(super) fn not(part: Node) -> Node {
    match part {
        Node::Always(value) => Node::Always(!value),
        part => Node::Not(Box::new(part)),
    }
}

impl Conjunction {
    pub(super) fn parts(&self) -> &[Node] {
        &self.parts
    }

    #[inline]
    pub(super) fn matches(&self, source: Source<'_>, evaluation: Option<&Evaluation<'_>>) -> bool {
        self.parts.iter().all(|part| part.matches(source, evaluation))
    }

    pub(super) fn matched_index(&self, source: Source<'_>, matched: Matched) -> Option<usize> {
        let order = match matched {
            Matched::BySorted => &self.sorted,
            Matched::AsWritten => &self.written,
        };
        let parts = order.iter().rev().filter_map(|&position| self.parts.get(position));
        parts.filter_map(|part| part.matched_index(source, matched)).next()
    }

    pub(super) fn cost(&self) -> u32 {
        self.parts.iter().map(Node::cost).sum()
    }

    fn into_written_order(self) -> Vec<Node> {
        let mut parts: Vec<Option<Node>> = self.parts.into_iter().map(Some).collect();
        let take = |position: usize| parts.get_mut(position).and_then(Option::take);
        self.written.into_iter().filter_map(take).collect()
    }
}

/// What the server sorts the parts of a conjunction by: the kind of the condition, then the path.
fn server_rank(node: &Node) -> (u8, &str) {
    match node {
        Node::Or(_) => (1, ""),
        Node::Not(_) => (30, ""),
        Node::Always(_) | Node::And(_) | Node::Schema(_) | Node::Expression(_) => (40, ""),
        Node::Field(field) => {
            let rank = match &field.test {
                Test::ElemMatch(super::Elements::Fields(_)) => 2,
                Test::ElemMatch(super::Elements::Value(_)) => 3,
                Test::Size(_) => 4,
                Test::Compare(comparison) => match comparison.operator {
                    Operator::Eq => 5,
                    Operator::Lte => 6,
                    Operator::Lt => 7,
                    Operator::Gt => 8,
                    Operator::Gte => 9,
                },
                Test::Regex(_) => 10,
                Test::Mod(_) => 11,
                Test::Exists => 12,
                Test::In(_) => 13,
                Test::Bits(_) => 14,
                Test::Type(_) => 35,
            };
            (rank, field.path.as_str())
        }
    }
}
