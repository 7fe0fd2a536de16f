//! Serde's rules for `rename_all`.

use syn::{Error, LitStr, Result};

/// A rule, by serde's name for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Case {
    Lower,
    Upper,
    Pascal,
    Camel,
    Snake,
    ScreamingSnake,
    Kebab,
    ScreamingKebab,
}

const CASES: &[(&str, Case)] = &[
    ("lowercase", Case::Lower),
    ("UPPERCASE", Case::Upper),
    ("PascalCase", Case::Pascal),
    ("camelCase", Case::Camel),
    ("snake_case", Case::Snake),
    ("SCREAMING_SNAKE_CASE", Case::ScreamingSnake),
    ("kebab-case", Case::Kebab),
    ("SCREAMING-KEBAB-CASE", Case::ScreamingKebab),
];

impl Case {
    pub(crate) fn parse(name: &LitStr) -> Result<Self> {
        let text = name.value();
        CASES.iter().find(|(known, _)| *known == text).map(|(_, case)| *case).ok_or_else(|| {
            let known: Vec<_> = CASES.iter().map(|(known, _)| format!("`{known}`")).collect();
            Error::new(name.span(), format!("serde has no such case; it has {}", known.join(", ")))
        })
    }

    /// The stored name of a field, whose Rust name is taken to be in snake case.
    pub(crate) fn of_field(self, name: &str) -> String {
        match self {
            Case::Lower | Case::Snake => name.to_owned(),
            Case::Upper | Case::ScreamingSnake => name.to_ascii_uppercase(),
            Case::Pascal => pascal(name),
            Case::Camel => lower_first(&pascal(name)),
            Case::Kebab => name.replace('_', "-"),
            Case::ScreamingKebab => name.to_ascii_uppercase().replace('_', "-"),
        }
    }

    /// The stored name of a variant, whose Rust name is taken to be in Pascal case.
    pub(crate) fn of_variant(self, name: &str) -> String {
        match self {
            Case::Pascal => name.to_owned(),
            Case::Lower => name.to_ascii_lowercase(),
            Case::Upper => name.to_ascii_uppercase(),
            Case::Camel => lower_first(name),
            Case::Snake => snake(name),
            Case::ScreamingSnake => snake(name).to_ascii_uppercase(),
            Case::Kebab => snake(name).replace('_', "-"),
            Case::ScreamingKebab => snake(name).to_ascii_uppercase().replace('_', "-"),
        }
    }
}

fn pascal(name: &str) -> String {
    let mut out = String::new();
    let mut capitalize = true;
    for c in name.chars() {
        if c == '_' {
            capitalize = true;
        } else if capitalize {
            out.push(c.to_ascii_uppercase());
            capitalize = false;
        } else {
            out.push(c);
        }
    }
    out
}

fn lower_first(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(chars).collect()
}

/// `RestaurantGrade` as `restaurant_grade`.
pub(crate) fn snake(name: &str) -> String {
    let mut out = String::new();
    for (position, c) in name.char_indices() {
        if position > 0 && c.is_uppercase() {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::Case;

    /// What serde_derive's own tests expect.
    #[test]
    fn as_serde_has_it() {
        for (case, field, stored) in [
            (Case::Lower, "very_tasty", "very_tasty"),
            (Case::Upper, "very_tasty", "VERY_TASTY"),
            (Case::Pascal, "very_tasty", "VeryTasty"),
            (Case::Camel, "very_tasty", "veryTasty"),
            (Case::Camel, "z42", "z42"),
            (Case::Snake, "very_tasty", "very_tasty"),
            (Case::ScreamingSnake, "very_tasty", "VERY_TASTY"),
            (Case::Kebab, "very_tasty", "very-tasty"),
            (Case::ScreamingKebab, "very_tasty", "VERY-TASTY"),
        ] {
            assert_eq!(case.of_field(field), stored, "{case:?}");
        }
        for (case, variant, stored) in [
            (Case::Lower, "VeryTasty", "verytasty"),
            (Case::Upper, "VeryTasty", "VERYTASTY"),
            (Case::Pascal, "VeryTasty", "VeryTasty"),
            (Case::Camel, "VeryTasty", "veryTasty"),
            (Case::Snake, "VeryTasty", "very_tasty"),
            (Case::ScreamingSnake, "VeryTasty", "VERY_TASTY"),
            (Case::Kebab, "VeryTasty", "very-tasty"),
            (Case::ScreamingKebab, "VeryTasty", "VERY-TASTY"),
            (Case::Snake, "Z42", "z42"),
        ] {
            assert_eq!(case.of_variant(variant), stored, "{case:?}");
        }
    }
}
