//! What stages look at, and what they change: what it takes to put them in another order, and to
//! leave out on the way what nobody asks for.

use odm_core::Filter;

use crate::expression::Node;
use crate::value::RawVal;
use crate::value::write::{append, begin, finish};

/// The top-level fields of documents that somebody looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fields {
    All,
    These(Vec<Box<[u8]>>),
}

/// From so many fields on, it does not pay to leave out the others.
const MANY: usize = 32;

impl Fields {
    /// None yet.
    pub(crate) const fn none() -> Self {
        Fields::These(Vec::new())
    }

    /// Adds the field that a path begins with.
    pub(crate) fn add(&mut self, path: &str) {
        self.add_name(path.split('.').next().unwrap_or(path).as_bytes());
    }

    /// Adds what an expression looks at.
    pub(crate) fn add_node(&mut self, node: &Node) {
        match each_path(node, &mut |path| self.add(path)) {
            Some(()) => {}
            None => *self = Fields::All,
        }
    }

    /// Adds what a filter looks at, except by its expressions.
    pub(crate) fn add_filter(&mut self, filter: &Filter) {
        match each_path_of_filter(filter, &mut |path| self.add(path)) {
            Some(()) => {}
            None => *self = Fields::All,
        }
    }

    /// Adds those that somebody else looks at.
    pub(crate) fn join(&mut self, other: Fields) {
        let Fields::These(names) = other else {
            *self = Fields::All;
            return;
        };
        for name in &names {
            self.add_name(name);
        }
    }

    pub(crate) fn add_name(&mut self, name: &[u8]) {
        let Fields::These(names) = self else { return };
        if names.iter().any(|known| **known == *name) {
            return;
        }
        if names.len() == MANY {
            *self = Fields::All;
        } else {
            names.push(name.into());
        }
    }

    /// A document with these fields only, unless they are all.
    pub(crate) fn of(&self, document: RawVal<'_>) -> Option<Vec<u8>> {
        let Fields::These(names) = self else { return None };
        let mut missing = u64::MAX.checked_shr(64 - names.len() as u32).unwrap_or(0);
        let mut out = Vec::with_capacity(128);
        let start = begin(&mut out);
        let mut elements = document.elements();
        while missing != 0
            && let Some((name, value)) = elements.next()
        {
            let Some(place) = names.iter().position(|known| **known == *name) else { continue };
            // Of several with that name, the first is the one that is read.
            if missing >> place & 1 == 1 {
                missing &= !(1 << place);
                append(&mut out, name, value);
            }
        }
        finish(&mut out, start);
        Some(out)
    }

    pub(crate) fn contains(&self, name: &[u8]) -> bool {
        match self {
            Fields::All => true,
            Fields::These(names) => names.iter().any(|known| **known == *name),
        }
    }
}

/// Calls back with the paths that an expression looks at, dotted; nothing if it may look at any.
pub(crate) fn each_path(node: &Node, visit: &mut dyn FnMut(&str)) -> Option<()> {
    match node {
        Node::Field(path) | Node::Root(Some(path)) => visit(&path.to_text()),
        Node::Root(None) | Node::Current => return None,
        _ => {}
    }
    let mut all = Some(());
    node.visit(&mut |operand| {
        if all.is_some() {
            all = each_path(operand, visit);
        }
    });
    all
}

/// Calls back with the paths that a filter looks at, but not its expressions; nothing if it may look at any.
pub(crate) fn each_path_of_filter(filter: &Filter, visit: &mut dyn FnMut(&str)) -> Option<()> {
    match filter {
        Filter::And(parts) | Filter::Or(parts) | Filter::Nor(parts) => {
            parts.iter().try_for_each(|part| each_path_of_filter(part, visit))
        }
        Filter::Field(path, _) => {
            visit(path.as_str());
            Some(())
        }
        Filter::Expr(_)
        | Filter::SampleRate(_)
        | Filter::Comment(_)
        | Filter::AlwaysTrue
        | Filter::AlwaysFalse => Some(()),
        _ => None,
    }
}

/// Which paths a stage changes, of documents that it hands on one by one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Changes {
    /// Any, or the documents are others.
    Any,
    /// These, each perhaps to what is at another path.
    At(Vec<(String, Option<String>)>),
    /// All but these, each with the path where its value was before.
    AllBut(Vec<(String, String)>),
}

impl Changes {
    /// The documents stay as they are.
    pub(crate) const fn nothing() -> Self {
        Changes::At(Vec::new())
    }

    /// Only what is at these paths.
    pub(crate) fn at<'p>(paths: impl IntoIterator<Item = &'p [Box<str>]>) -> Self {
        Changes::At(paths.into_iter().map(|path| (path.join("."), None)).collect())
    }

    /// How many paths it has.
    pub(crate) fn len(&self) -> usize {
        match self {
            Changes::Any => 1,
            Changes::At(paths) => paths.len() + 1,
            Changes::AllBut(paths) => paths.len() + 1,
        }
    }

    /// The path that led to the same before the stage, if one did.
    pub(crate) fn before(&self, path: &str) -> Option<String> {
        match self {
            Changes::Any => None,
            Changes::At(changed) => {
                for (changed, was) in changed {
                    match was {
                        // As on the server, the document around it does not count as changed.
                        Some(was) => {
                            if let Some(rest) = rest(path, changed) {
                                return Some(format!("{was}{rest}"));
                            }
                        }
                        None if overlap(path, changed) => return None,
                        None => {}
                    }
                }
                Some(path.to_owned())
            }
            Changes::AllBut(kept) => kept.iter().find_map(|(kept, was)| {
                let rest = rest(path, kept)?;
                Some(format!("{was}{rest}"))
            }),
        }
    }
}

/// What of a path comes behind another one, if it leads through that.
fn rest<'p>(path: &'p str, through: &str) -> Option<&'p str> {
    path.strip_prefix(through).filter(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// Whether one of two paths may lead through the other. Behind a number, which may be a position in an
/// array, that is not known.
pub(super) fn overlap(a: &str, b: &str) -> bool {
    let names = |path| str::split(path, '.').take_while(|name| !is_number(name));
    names(a).zip(names(b)).all(|(a, b)| a == b)
}

pub(crate) fn is_number(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_before_a_stage() {
        let at = Changes::At(vec![
            ("a".to_owned(), None),
            ("b.c".to_owned(), None),
            ("z".to_owned(), Some("d".to_owned())),
            ("e.f".to_owned(), Some("d".to_owned())),
        ]);
        let all_but = Changes::AllBut(vec![
            ("a".to_owned(), "a".to_owned()),
            ("b.c".to_owned(), "b.c".to_owned()),
            ("z".to_owned(), "d".to_owned()),
        ]);
        let rows: [(&str, Option<&str>, Option<&str>); 15] = [
            ("a", None, Some("a")),
            ("a.x", None, Some("a.x")),
            ("ab", Some("ab"), None),
            ("b", None, None),
            ("b.c", None, Some("b.c")),
            ("b.0.c", None, None),
            ("b.0", None, None),
            ("b.d", Some("b.d"), None),
            ("b.0.d", None, None),
            ("e", Some("e"), None),
            ("e.f.x", Some("d.x"), None),
            ("e.g", Some("e.g"), None),
            ("z", Some("d"), Some("d")),
            ("z.x", Some("d.x"), Some("d.x")),
            ("d", Some("d"), None),
        ];
        for (path, first, second) in rows {
            assert_eq!(at.before(path).as_deref(), first, "{path}");
            assert_eq!(all_but.before(path).as_deref(), second, "{path}");
            assert_eq!(Changes::Any.before(path), None);
            assert_eq!(Changes::nothing().before(path).as_deref(), Some(path));
        }
    }
}
