//! What a stranger's regular expression may cost.

/// Refuses patterns that can take long to match: long ones, and those with back references, groups
/// that repeat, look-arounds, more than two repetitions, or more than five optional parts.
pub(super) fn check(pattern: &str, max_length: usize) -> Result<(), String> {
    const MAX_REPETITIONS: usize = 2;
    const MAX_OPTIONAL: usize = 5;
    if pattern.chars().count() > max_length {
        return Err(format!("a regular expression of at most {max_length} characters"));
    }
    let (mut repetitions, mut optional) = (0_usize, 0_usize);
    let mut before = ' ';
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                // `\Q…\E` would hide what follows from this check.
                Some(c)
                    if c.is_ascii_digit()
                        || matches!(c, 'g' | 'k' | 'Q' | 'E' | 'C' | 'X' | 'R') =>
                {
                    return Err(format!("a regular expression without `\\{c}`"));
                }
                _ => before = ' ',
            },
            '(' if matches!(chars.peek(), Some('?' | '*')) => {
                return Err("a regular expression without `(?` and `(*`".to_owned());
            }
            '*' | '+' | '{' => {
                if before == ')' {
                    return Err("a regular expression without groups that repeat".to_owned());
                }
                repetitions += 1;
                before = c;
            }
            // `(a)?+` repeats nothing, but `(a)?{9}` would.
            '?' => optional += 1,
            c => before = c,
        }
    }
    if repetitions > MAX_REPETITIONS {
        return Err(format!("a regular expression with at most {MAX_REPETITIONS} repetitions"));
    }
    if optional > MAX_OPTIONAL {
        return Err(format!("a regular expression with at most {MAX_OPTIONAL} optional parts"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn cheap_patterns() {
        for pattern in
            ["", "^abc", "a|b", "(a|b)c?", "[a-z]+x*", r"\d+\.\w", "^a.*b$", "(a)?b", "a+?b"]
        {
            assert_eq!(check(pattern, 50), Ok(()), "{pattern}");
        }
    }

    #[test]
    fn dear_patterns() {
        for pattern in [
            "(a+)+",
            "(a|a)*b",
            "(a){2,}",
            "(a)?+",
            r"(a)\1",
            r"\k<a>",
            "(?=a)",
            "(*LIMIT_MATCH=1)",
            r"\Q*",
            "a?a?a?a?a?a?aaaaaa",
            ".*.*.*x",
            "a{1,9}b{1,9}c{1,9}",
        ] {
            assert!(check(pattern, 50).is_err(), "{pattern}");
        }
        assert!(check("aaaa", 3).is_err());
    }
}
