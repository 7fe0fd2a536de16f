//! [`Scanner`]: finds which of many patterns matches most, in one pass over the text.
//!
//! An automaton of all patterns is made when it is made; which of its states can be at once, and what
//! follows them, is found out as texts need it, and kept.

use std::collections::HashMap;

use parking_lot::RwLock;

use super::pattern::{Bytes, Pattern, contains};

/// A matcher of patterns.
#[derive(Debug)]
pub(super) struct Scanner {
    nodes: Vec<Node>,
    /// The class of each byte: those of one class are in the same sets of all patterns.
    classes: [u8; 256],
    /// A byte of each class.
    samples: Vec<u8>,
    known: RwLock<Known>,
}

/// A state of the automaton.
#[derive(Debug)]
enum Node {
    /// One of these bytes leads to another state.
    Byte(Bytes, usize),
    /// All of these at once.
    Fork(Vec<usize>),
    /// The pattern of this number has matched.
    Match(usize),
}

/// The sets of states that texts have led to so far; the first one is where all begin.
#[derive(Debug, Default)]
struct Known {
    states: Vec<State>,
    index: HashMap<Vec<usize>, usize>,
}

#[derive(Debug)]
struct State {
    nodes: Vec<usize>,
    /// The first of the patterns that have matched here.
    matched: Option<usize>,
    /// What each class of bytes leads to.
    next: Vec<Next>,
}

#[derive(Clone, Copy, Debug)]
enum Next {
    Unknown,
    Nothing,
    State(u32),
}

/// The end of the longest match and the number of its pattern, if there is one.
type Found = Option<(usize, usize)>;

impl Scanner {
    pub(super) fn new(patterns: &[Pattern]) -> Self {
        let mut nodes = Vec::new();
        let begins = patterns.iter().enumerate().map(|(number, pattern)| {
            nodes.push(Node::Match(number));
            let end = nodes.len() - 1;
            add(&mut nodes, pattern, end)
        });
        let begins = begins.collect();
        nodes.push(Node::Fork(begins));
        let (classes, samples) = classes(&nodes);
        let scanner = Scanner { classes, samples, known: RwLock::default(), nodes };
        scanner.state(&mut scanner.known.write(), vec![scanner.nodes.len() - 1]);
        scanner
    }

    /// The longest match that begins at `from`; of several, the first pattern's. The text is followed by
    /// one NUL.
    pub(super) fn longest(&self, text: &[u8], from: usize) -> Found {
        let known = self.known.read();
        let found = self.scan(text, from, |state, class| match known.states[state].next[class] {
            Next::Unknown => None,
            next => Some((next, known.matched(next))),
        });
        drop(known);
        if let Some(found) = found {
            return found;
        }
        let mut known = self.known.write();
        let found = self.scan(text, from, |state, class| {
            let next = match known.states[state].next[class] {
                Next::Unknown => {
                    let next = self.follow(&mut known, state, class);
                    known.states[state].next[class] = next;
                    next
                }
                next => next,
            };
            Some((next, known.matched(next)))
        });
        found.flatten()
    }

    /// Follows a text; `None` if `next` does not know what comes next.
    fn scan(
        &self,
        text: &[u8],
        from: usize,
        mut next: impl FnMut(usize, usize) -> Option<(Next, Option<usize>)>,
    ) -> Option<Found> {
        let (mut state, mut found) = (0, None);
        let rest = text.iter().skip(from).chain(std::iter::once(&0));
        for (at, byte) in rest.enumerate() {
            let class = usize::from(self.classes[usize::from(*byte)]);
            let (Next::State(following), matched) = next(state, class)? else { break };
            state = following as usize;
            if let Some(matched) = matched {
                found = Some((from + at + 1, matched));
            }
        }
        Some(found)
    }

    fn follow(&self, known: &mut Known, state: usize, class: usize) -> Next {
        let byte = self.samples[class];
        let mut to: Vec<usize> = known.states[state]
            .nodes
            .iter()
            .filter_map(|node| match &self.nodes[*node] {
                Node::Byte(set, to) if contains(set, byte) => Some(*to),
                _ => None,
            })
            .collect();
        if to.is_empty() {
            return Next::Nothing;
        }
        to.sort_unstable();
        to.dedup();
        // There are thousands of states at most, however many texts are read.
        Next::State(self.state(known, to) as u32)
    }

    /// The state of these nodes and all that they fork to.
    fn state(&self, known: &mut Known, mut from: Vec<usize>) -> usize {
        let mut seen = vec![false; self.nodes.len()];
        let (mut nodes, mut matched) = (Vec::new(), None::<usize>);
        while let Some(node) = from.pop() {
            if std::mem::replace(&mut seen[node], true) {
                continue;
            }
            match &self.nodes[node] {
                Node::Fork(to) => from.extend(to),
                Node::Match(number) => {
                    matched = Some(matched.map_or(*number, |first| first.min(*number)));
                }
                Node::Byte(..) => nodes.push(node),
            }
        }
        nodes.sort_unstable();
        // States that differ only in what has matched differ.
        let mut key = nodes.clone();
        key.push(matched.unwrap_or(usize::MAX));
        if let Some(index) = known.index.get(&key) {
            return *index;
        }
        let next = vec![Next::Unknown; self.samples.len()];
        known.states.push(State { nodes, matched, next });
        known.index.insert(key, known.states.len() - 1);
        known.states.len() - 1
    }
}

impl Known {
    fn matched(&self, next: Next) -> Option<usize> {
        match next {
            Next::State(state) => self.states[state as usize].matched,
            _ => None,
        }
    }
}

/// Adds a pattern that leads to `end`; gives where it begins.
fn add(nodes: &mut Vec<Node>, pattern: &Pattern, end: usize) -> usize {
    match pattern {
        Pattern::Set(set) => {
            nodes.push(Node::Byte(*set, end));
            nodes.len() - 1
        }
        Pattern::Sequence(parts) => parts.iter().rev().fold(end, |end, part| add(nodes, part, end)),
        Pattern::Either(parts) => {
            let begins = parts.iter().map(|part| add(nodes, part, end)).collect();
            nodes.push(Node::Fork(begins));
            nodes.len() - 1
        }
        Pattern::Repeat { pattern, least, most } => {
            let mut begin = end;
            match most {
                None => {
                    nodes.push(Node::Fork(vec![end]));
                    begin = nodes.len() - 1;
                    let again = add(nodes, pattern, begin);
                    nodes[begin] = Node::Fork(vec![again, end]);
                }
                Some(most) => {
                    for _ in *least..*most {
                        let once = add(nodes, pattern, begin);
                        nodes.push(Node::Fork(vec![once, end]));
                        begin = nodes.len() - 1;
                    }
                }
            }
            (0..*least).fold(begin, |begin, _| add(nodes, pattern, begin))
        }
    }
}

/// Classes of bytes that no set of a node tells apart, and a byte of each.
fn classes(nodes: &[Node]) -> ([u8; 256], Vec<u8>) {
    let mut sets: Vec<Bytes> = nodes
        .iter()
        .filter_map(|node| match node {
            Node::Byte(set, _) => Some(*set),
            _ => None,
        })
        .collect();
    sets.sort_unstable();
    sets.dedup();
    let (mut classes, mut samples) = ([0; 256], Vec::new());
    let mut known: HashMap<Vec<bool>, u8> = HashMap::new();
    for byte in 0..=u8::MAX {
        let signature = sets.iter().map(|set| contains(set, byte)).collect();
        classes[usize::from(byte)] = *known.entry(signature).or_insert_with(|| {
            samples.push(byte);
            // There are 256 bytes, and no more classes.
            (samples.len() - 1) as u8
        });
    }
    (classes, samples)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longest_matches() {
        let check = |sources: &[&str], text: &str, found: Found| {
            let digits = |_: &str| Pattern::parse("[0-9]{1,2}", &|name| panic!("{name}"));
            let patterns: Vec<Pattern> =
                sources.iter().map(|source| Pattern::parse(source, &digits)).collect();
            let scanner = Scanner::new(&patterns);
            // Once to find the states, once from what is known.
            assert_eq!(scanner.longest(text.as_bytes(), 0), found, "{sources:?} {text}");
            assert_eq!(scanner.longest(text.as_bytes(), 0), found, "{sources:?} {text}");
        };
        check(&["a|ab|abc"], "abx", Some((2, 0)));
        check(&["'Ab'c?"], "aBC", Some((2, 0)));
        check(&["[0-9]{1,3}"], "12345", Some((3, 0)));
        check(&["<d>-<d>"], "1-234", Some((4, 0)));
        check(&["([_/-][a-z]+)+"], "/ab/c-", Some((5, 0)));
        check(&["x*y"], "xxxy", Some((4, 0)));
        check(&["x+[\0 ]"], "xx", Some((3, 0)));
        check(&["x+[\0 ]"], "", None);
        check(&["ab", "a.?b", "[a-c]+"], "ab", Some((2, 0)));
        check(&["ab", "a.?b", "[a-c]+"], "abc", Some((3, 2)));
        check(&["ab", "a[.]?b"], "a.b", Some((3, 1)));
        check(&["b", "c"], "ab", None);
    }
}
