//! Patterns, as trees: what a [`Scanner`](super::scanner::Scanner) looks for.
//!
//! `[a-z]` is a set of bytes, `'ab'` a word in any case, `<name>` another pattern; `( | ) ? * + {m,n}`
//! have their usual meaning, and anything else is itself.

/// A set of bytes.
pub(super) type Bytes = [u64; 4];

/// A pattern.
#[derive(Clone, Debug)]
pub(super) enum Pattern {
    /// One of these bytes.
    Set(Bytes),
    Sequence(Vec<Pattern>),
    Either(Vec<Pattern>),
    Repeat {
        pattern: Box<Pattern>,
        least: usize,
        /// Without bound, if there is none.
        most: Option<usize>,
    },
}

impl Pattern {
    /// Reads one of our own patterns, which are well-formed. `named` finds what `<name>` stands for.
    pub(super) fn parse(source: &str, named: &dyn Fn(&str) -> Pattern) -> Pattern {
        let mut parser = Parser { source: source.as_bytes(), at: 0, named };
        parser.either()
    }
}

/// Whether a byte is in a set.
pub(super) const fn contains(set: &Bytes, byte: u8) -> bool {
    set[(byte >> 6) as usize] >> (byte & 63) & 1 == 1
}

fn insert(set: &mut Bytes, byte: u8) {
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
            Some(b'?') => (0, Some(1)),
            Some(b'*') => (0, None),
            Some(b'+') => (1, None),
            Some(b'{') => {
                self.at += 1;
                let bounds = self.until(b'}');
                let (least, most) = bounds.split_once(',').unwrap_or((&bounds, &bounds));
                let number = |text: &str| text.parse().unwrap_or(1);
                return Pattern::Repeat {
                    pattern: Box::new(pattern),
                    least: number(least),
                    most: Some(number(most)),
                };
            }
            _ => return pattern,
        };
        self.at += 1;
        Pattern::Repeat { pattern: Box::new(pattern), least, most }
    }
}
