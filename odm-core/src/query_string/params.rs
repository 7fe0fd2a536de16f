//! Taking query strings apart.

use percent_encoding::percent_decode_str;

use crate::lookup::LookupError;

/// A parameter, decoded.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Param {
    pub(super) name: String,
    pub(super) value: String,
}

impl Param {
    pub(super) fn refused(&self, expected: &str) -> LookupError {
        LookupError::of_text(&self.name, &format!("{:?}", self.value), expected)
    }
}

pub(super) fn read(
    text: &str,
    max_length: usize,
    max_parameters: usize,
) -> Result<Vec<Param>, LookupError> {
    if text.len() > max_length {
        return Err(LookupError::new(text, format!("at most {max_length} bytes")));
    }
    let text = text.strip_prefix('?').unwrap_or(text);
    let mut params = Vec::new();
    for part in text.split('&').filter(|part| !part.is_empty()) {
        if params.len() == max_parameters {
            return Err(LookupError::new(part, format!("at most {max_parameters} parameters")));
        }
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        match (decode(name), decode(value)) {
            (Some(name), Some(value)) => params.push(Param { name, value }),
            _ => return Err(LookupError::of_text(name, value, "percent-encoded UTF-8")),
        }
    }
    Ok(params)
}

/// As HTML forms encode: a plus is a space, and bytes are `%41`.
fn decode(text: &str) -> Option<String> {
    let text = text.replace('+', " ");
    percent_decode_str(&text).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}

/// Values between commas. A backslash keeps the comma or backslash that follows it.
pub(super) fn list(text: &str) -> Vec<String> {
    let mut values = vec![String::new()];
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let escaped = match (c, chars.peek()) {
            ('\\', Some(&next)) if next == ',' || next == '\\' => chars.next(),
            _ => None,
        };
        match (escaped, values.last_mut()) {
            (None, _) if c == ',' => values.push(String::new()),
            (escaped, Some(last)) => last.push(escaped.unwrap_or(c)),
            (_, None) => {}
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[(&str, &str)]) {
        let params = read(text, 1000, 10).unwrap();
        let found: Vec<_> =
            params.iter().map(|param| (param.name.as_str(), param.value.as_str())).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn parameters() {
        check("", &[]);
        check("?", &[]);
        check("&&", &[]);
        check("?a=1&b=2&", &[("a", "1"), ("b", "2")]);
        check("a&b=&=c", &[("a", ""), ("b", ""), ("", "c")]);
        check("a=1=2", &[("a", "1=2")]);
        check("a+b=c+d%2Be", &[("a b", "c d+e")]);
        check("%61%3d=%C3%A9", &[("a=", "é")]);
        // As browsers do.
        check("a=%zz%4", &[("a", "%zz%4")]);
        assert!(read("a=%FF", 1000, 10).unwrap_err().to_string().contains("UTF-8"));
        assert!(read("a&b&c", 1000, 2).unwrap_err().to_string().contains("2 parameters"));
        assert!(read("aaaa", 3, 2).unwrap_err().to_string().contains("3 bytes"));
    }

    #[test]
    fn lists() {
        assert_eq!(list(""), [""]);
        assert_eq!(list("a"), ["a"]);
        assert_eq!(list("a,b,"), ["a", "b", ""]);
        assert_eq!(list(r"a\,b,c\\,d\e\"), ["a,b", r"c\", r"d\e\"]);
    }
}
