//! The text of templates: where expressions stand, and what an expression may contain.

use crate::filters::FILTERS;

/// The longest expression, in bytes. The engine parses by recursion, so length bounds its stack.
const LONGEST: usize = 1_000;
/// How often an expression may put texts together.
const MOST_JOINS: usize = 32;
/// The words that stand before a parenthesis without calling anything.
const WORDS: [&str; 6] = ["and", "or", "not", "if", "else", "in"];
/// The words that are values.
const CONSTANTS: [&str; 8] = ["true", "false", "none", "null", "True", "False", "None", "is"];

/// Splits into pairs of literal and following expression; none where braces do not match.
pub(crate) fn split(source: &str) -> Option<Vec<(&str, Option<&str>)>> {
    let mut parts = Vec::new();
    let mut rest = source;
    while let Some((literal, after)) = rest.split_once("{{") {
        let end = end(after)?;
        parts.push((literal, Some(after[..end].trim())));
        rest = &after[end + 2..];
    }
    if rest.contains("}}") {
        return None;
    }
    parts.push((rest, None));
    Some(parts)
}

/// Where `}}` closes the expression; braces inside quoted text do not count.
fn end(text: &str) -> Option<usize> {
    let bare = bare(text);
    bare.find("}}")
}

/// The text with the insides of quoted text blanked out, byte for byte.
fn bare(text: &str) -> String {
    let mut quote = None;
    let mut escaped = false;
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let inside = quote.is_some();
        match quote {
            Some(_) if escaped => escaped = false,
            Some(_) if c == '\\' => escaped = true,
            Some(open) if c == open => quote = None,
            None if matches!(c, '\'' | '"') => quote = Some(c),
            _ => {}
        }
        if inside && quote.is_some() {
            out.extend(std::iter::repeat_n('x', c.len_utf8()));
        } else {
            out.push(c);
        }
    }
    out
}

/// Says what an expression has that it may not. The engine would find most of it only when it runs.
pub(crate) fn check(expression: &str) -> Result<(), String> {
    if expression.len() > LONGEST {
        return Err(format!("an expression is longer than {LONGEST} characters"));
    }
    let bare = bare(expression);
    // Text and lists can be multiplied: a few characters would fill the memory.
    if bare.contains('*') {
        return Err("multiplying is not supported".to_owned());
    }
    if bare.matches(['~', '+']).count() > MOST_JOINS {
        return Err(format!("more than {MOST_JOINS} values are put together"));
    }
    for (at, c) in bare.char_indices() {
        let before = bare[..at].trim_end();
        match c {
            '|' => filter(bare[at + 1..].trim_start())?,
            '(' if calls(before) => {
                return Err(
                    "functions cannot be called; there are filters, such as {{ name|upper }}".to_owned()
                );
            }
            _ => {}
        }
    }
    if bare.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == "is") {
        return Err("there are no tests with \"is\"; compare with ==, or use |default".to_owned());
    }
    Ok(())
}

fn filter(text: &str) -> Result<(), String> {
    let name: String = text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    if FILTERS.iter().any(|(known, _)| *known == name) {
        return Ok(());
    }
    let known: Vec<_> = FILTERS.iter().map(|(known, _)| *known).collect();
    Err(format!("there is no filter \"{name}\"; there are {}", known.join(", ")))
}

/// Whether a parenthesis after this text calls something other than a filter.
fn calls(before: &str) -> bool {
    let rest = before.trim_end_matches(|c: char| c.is_alphanumeric() || c == '_');
    let word = &before[rest.len()..];
    if word.is_empty() {
        return rest.ends_with([')', ']', '}', '\'', '"']);
    }
    let filter = rest.trim_end().ends_with('|');
    !filter && !WORDS.contains(&word)
}

/// The names of an expression that is nothing but a dotted name.
pub(crate) fn dotted(expression: &str) -> Option<Vec<String>> {
    expression
        .split('.')
        .map(|name| {
            let mut chars = name.chars();
            let starts = chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
            let fits = starts && chars.all(|c| c.is_ascii_alphanumeric() || c == '_');
            (fits && !WORDS.contains(&name) && !CONSTANTS.contains(&name)).then(|| name.to_owned())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{check, split};

    #[test]
    fn braces_and_bars_inside_quoted_text_are_text() {
        let one = |source: &'static str| split(source).and_then(|parts| parts[0].1);
        assert_eq!(one(r"{{ '}}' }}"), Some("'}}'"));
        assert_eq!(one(r"{{ 'it\'s }}' }}"), Some(r"'it\'s }}'"));
        assert_eq!(one(r"{{ '\\' }}"), Some(r"'\\'"));
        for expression in [r"'a|b'", r"'it\'s|x'", "'f(x) is * ~'", "\"is\"|upper"] {
            assert_eq!(check(expression), Ok(()), "{expression}");
        }
    }

    #[test]
    fn only_values_operators_and_known_filters_are_allowed() {
        let allowed =
            ["a.b|join(', ')", "(a or b)", "x if (a and not (b)) else (c)", "a in (b)", "this", "a - 1"];
        for expression in allowed {
            assert_eq!(check(expression), Ok(()), "{expression}");
        }
        let refused = [
            "range(3)",
            "a.b()",
            "a['b']()",
            "(a)()",
            "''('x')",
            "a is defined",
            "'a' * 9",
            "2 ** 64",
            "a|native__",
            "a|hand_over__",
            r"'\''|evil",
            "a|",
            "a.upper ()",
        ];
        for expression in refused {
            assert!(check(expression).is_err(), "{expression} was accepted");
        }
    }
}
