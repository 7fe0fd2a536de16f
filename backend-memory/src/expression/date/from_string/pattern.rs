//! A small matcher of patterns that finds the longest match, as a generated scanner does.
//!
//! `[a-z]` is a set of bytes, `'ab'` a word in any case, `<name>` another pattern; `( | ) ? * + {m,n}`
//! have their usual meaning, and anything else is itself. The text is followed by one NUL.

use smallvec::SmallVec;

/// Positions in a text, in order.
type Positions = SmallVec<[usize; 8]>;

/// A compiled pattern.
#[derive(Clone, Debug)]
pub(super) enum Pattern {
    /// One of these bytes.
    Set([u64; 4]),
    Sequence(Vec<Pattern>),
    Either(Vec<Pattern>),
    Repeat {
        pattern: Box<Pattern>,
        least: usize,
        most: usize,
    },
}

impl Pattern {
    /// Compiles one of our own patterns, which are well-formed. `named` finds what `<name>` stands for.
    pub(super) fn compile(source: &str, named: &dyn Fn(&str) -> Pattern) -> Pattern {
        let mut parser = Parser { source: source.as_bytes(), at: 0, named };
        parser.either()
    }

    /// Where the longest match that begins at `from` ends.
    pub(super) fn longest(&self, text: &[u8], from: usize) -> Option<usize> {
        self.step(text, &Positions::from_slice(&[from])).last().copied()
    }

    /// Where matches end that begin at these positions.
    fn step(&self, text: &[u8], starts: &[usize]) -> Positions {
        match self {
            Pattern::Set(set) => starts
                .iter()
                .filter(|start| byte_at(text, **start).is_some_and(|byte| contains(set, byte)))
                .map(|start| start + 1)
                .collect(),
            Pattern::Sequence(parts) => {
                let mut at = Positions::from_slice(starts);
                for part in parts {
                    if at.is_empty() {
                        break;
                    }
                    at = part.step(text, &at);
                }
                at
            }
            Pattern::Either(parts) => {
                let mut ends = Positions::new();
                for part in parts {
                    ends.extend(part.step(text, starts));
                }
                in_order(&mut ends);
                ends
            }
            Pattern::Repeat { pattern, least, most } => {
                let mut ends = Positions::new();
                let mut at = Positions::from_slice(starts);
                for count in 0..=*most {
                    if count >= *least {
                        ends.extend_from_slice(&at);
                    }
                    if count == *most {
                        break;
                    }
                    at = pattern.step(text, &at);
                    if at.is_empty() {
                        break;
                    }
                }
                in_order(&mut ends);
                ends
            }
        }
    }
}

fn in_order(positions: &mut Positions) {
    positions.sort_unstable();
    positions.dedup();
}

/// The byte at a position; the text ends with a NUL.
fn byte_at(text: &[u8], at: usize) -> Option<u8> {
    if at == text.len() { Some(0) } else { text.get(at).copied() }
}

fn contains(set: &[u64; 4], byte: u8) -> bool {
    set[usize::from(byte >> 6)] >> (byte & 63) & 1 == 1
}

fn insert(set: &mut [u64; 4], byte: u8) {
    set[usize::from(byte >> 6)] |= 1 << (byte & 63);
}

fn single(byte: u8) -> Pattern {
    let mut set = [0; 4];
    insert(&mut set, byte);
    Pattern::Set(set)
}

struct Parser<'p> {
    source: &'p [u8],
    at: usize,
    named: &'p dyn Fn(&str) -> Pattern,
}

impl Parser<'_> {
    fn peek(&self) -> Option<u8> {
        self.source.get(self.at).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek();
        self.at += 1;
        byte
    }

    fn either(&mut self) -> Pattern {
        let mut parts = vec![self.sequence()];
        while self.peek() == Some(b'|') {
            self.at += 1;
            parts.push(self.sequence());
        }
        if parts.len() > 1 { Pattern::Either(parts) } else { parts.remove(0) }
    }

    fn sequence(&mut self) -> Pattern {
        let mut parts = Vec::new();
        while let Some(byte) = self.peek() {
            if byte == b'|' || byte == b')' {
                break;
            }
            let part = self.part();
            parts.push(self.repeated(part));
        }
        Pattern::Sequence(parts)
    }

    fn part(&mut self) -> Pattern {
        match self.next().unwrap_or_default() {
            b'(' => {
                let inner = self.either();
                self.at += 1;
                inner
            }
            b'[' => self.set(),
            b'<' => {
                let name = self.until(b'>');
                (self.named)(&name)
            }
            b'\'' => {
                let word = self.until(b'\'');
                let letter = |byte: u8| {
                    let mut set = [0; 4];
                    insert(&mut set, byte.to_ascii_lowercase());
                    insert(&mut set, byte.to_ascii_uppercase());
                    Pattern::Set(set)
                };
                Pattern::Sequence(word.bytes().map(letter).collect())
            }
            byte => single(byte),
        }
    }

    fn set(&mut self) -> Pattern {
        let mut set = [0; 4];
        while let Some(first) = self.next().filter(|byte| *byte != b']') {
            let is_range = self.peek() == Some(b'-')
                && self.source.get(self.at + 1).is_some_and(|byte| *byte != b']');
            let last = if is_range {
                self.at += 1;
                self.next().unwrap_or(first)
            } else {
                first
            };
            (first..=last).for_each(|byte| insert(&mut set, byte));
        }
        Pattern::Set(set)
    }

    fn until(&mut self, end: u8) -> String {
        let mut text = Vec::new();
        while let Some(byte) = self.next().filter(|byte| *byte != end) {
            text.push(byte);
        }
        String::from_utf8_lossy(&text).into_owned()
    }

    fn repeated(&mut self, pattern: Pattern) -> Pattern {
        let (least, most) = match self.peek() {
            Some(b'?') => (0, 1),
            Some(b'*') => (0, usize::MAX),
            Some(b'+') => (1, usize::MAX),
            Some(b'{') => {
                self.at += 1;
                let bounds = self.until(b'}');
                let (least, most) = bounds.split_once(',').unwrap_or((&bounds, &bounds));
                let number = |text: &str| text.parse().unwrap_or(1);
                return Pattern::Repeat {
                    pattern: Box::new(pattern),
                    least: number(least),
                    most: number(most),
                };
            }
            _ => return pattern,
        };
        self.at += 1;
        Pattern::Repeat { pattern: Box::new(pattern), least, most }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longest_matches() {
        let check = |source: &str, text: &str, longest: Option<usize>| {
            let pattern = Pattern::compile(source, &|_| {
                Pattern::compile("[0-9]{1,2}", &|name| panic!("{name}"))
            });
            assert_eq!(pattern.longest(text.as_bytes(), 0), longest, "{source} {text}");
        };
        check("a|ab|abc", "abx", Some(2));
        check("'Ab'c?", "aBC", Some(2));
        check("[0-9]{1,3}", "12345", Some(3));
        check("<d>-<d>", "1-234", Some(4));
        check("([_/-][a-z]+)+", "/ab/c-", Some(5));
        check("x*y", "xxxy", Some(4));
        check("x+[\0 ]", "xx", Some(3));
        check("x+[\0 ]", "", None);
    }
}
