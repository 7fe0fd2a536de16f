//! Regular expressions.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// A pattern that compiles: literals, classes, anchors, groups, quantifiers, looking around.
pub(super) fn pattern() -> BoxedStrategy<String> {
    const SIMPLE: [&str; 12] =
        ["a", "^a", "b$", "", ".", "^.$", "A", "^ab", "a|b", "[ab]+", "^$", "1"];
    let simple = select(SIMPLE.as_slice()).prop_map(str::to_owned);
    prop_oneof![3 => simple, 2 => sequence(2)].boxed()
}

/// Options that the server takes, in order.
pub(super) fn options() -> impl Strategy<Value = &'static str> {
    select(["", "", "", "i", "i", "m", "s", "x", "im", "is", "imsx"].as_slice())
}

fn sequence(depth: u32) -> BoxedStrategy<String> {
    vec(piece(depth), 1..4).prop_map(|pieces| pieces.concat()).boxed()
}

fn piece(depth: u32) -> BoxedStrategy<String> {
    let literal = select(["a", "b", "ab", "A", "é", "1", "\\.", "b ", "\\x61"].as_slice());
    let class = select(
        [
            ".",
            "[ab]",
            "[^a]",
            "[a-c]",
            "[[:alpha:]]",
            "\\w",
            "\\W",
            "\\d",
            "\\s",
            "\\S",
            "\\p{L}",
            "[\\dA]",
        ]
        .as_slice(),
    );
    let anchor = select(["^", "$", "\\b", "\\B", "\\A", "\\z", "\\Z"].as_slice());
    let atom = prop_oneof![4 => literal, 3 => class].prop_map(str::to_owned);
    let quantifier = select(
        ["", "", "", "*", "+", "?", "*?", "+?", "{0,2}", "{1}", "{1,}", "++", "?+"].as_slice(),
    );
    let repeated = (atom, quantifier)
        .prop_map(|(atom, quantifier)| {
            // With `x` the space is no atom, and there may be nothing to repeat.
            let quantifier = if atom.ends_with(' ') { "" } else { quantifier };
            format!("{atom}{quantifier}")
        })
        .boxed();
    let anchor = anchor.prop_map(str::to_owned).boxed();
    if depth == 0 {
        return prop_oneof![5 => repeated, 1 => anchor].boxed();
    }
    let open =
        select(["(", "(?:", "(?=", "(?!", "(?U:", "(?>", "(?i)(", "(?i:", "(?s:"].as_slice());
    let inner = (sequence(depth - 1), proptest::option::weighted(0.4, sequence(depth - 1)));
    let group = (open, inner, select(["", "", "?", "{1,2}"].as_slice())).prop_map(
        |(open, (first, second), quantifier)| {
            let second = second.map(|second| format!("|{second}")).unwrap_or_default();
            // What is repeated must have something to repeat.
            let quantifier = if open.ends_with(['=', '!']) { "" } else { quantifier };
            format!("{open}{first}{second}){quantifier}")
        },
    );
    let behind =
        (select(["(?<=", "(?<!"].as_slice()), select(["a", "b", "ab", "[ab]", "a|b"].as_slice()))
            .prop_map(|(open, text)| format!("{open}{text})"));
    prop_oneof![8 => repeated, 2 => anchor, 3 => group, 1 => behind].boxed()
}
