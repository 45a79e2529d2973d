//! What the parsing library says, in words for people who have never seen its language.

use crate::names::nearest;

/// Names of a list that fit into one message.
const NAMES: usize = 12;

/// What does not fit, and whether taking the member away would mend it.
pub(crate) struct Misshape {
    /// In plain words, without a full stop.
    pub(crate) message: String,
    /// The member that does not belong there.
    pub(crate) stranger: Option<String>,
}

/// Explains a message of the library.
pub(crate) fn plain(message: &str) -> Misshape {
    let message = message.split(" at line ").next().unwrap_or_default();
    let mut quoted = message.split('`').skip(1).step_by(2);
    let first = quoted.next().unwrap_or_default();
    let known: Vec<&str> = quoted.collect();
    let says = |message: String| Misshape { message, stranger: None };
    if message.starts_with("unknown field") {
        let message = format!("unknown field \"{first}\"{}", instead(first, &known));
        return Misshape { message, stranger: Some(first.to_owned()) };
    }
    if message.starts_with("unknown variant `password`") && known.contains(&"date") {
        return says("a setting is not secret: it is kept in the open and shown. Ask for what is secret in a sign-in's \"credentialFields\"".into());
    }
    if message.starts_with("unknown variant") {
        return says(format!("\"{first}\" is not known here{}", instead(first, &known)));
    }
    if message.starts_with("missing field") {
        return says(format!("\"{first}\" is missing"));
    }
    if message.contains("untagged enum StatusMatch") {
        return says("expected a status code such as 404, or a range such as [500, 599]".into());
    }
    if message.contains("untagged enum TimeFormat") {
        return says("expected a way to write times, such as iso8601".into());
    }
    for start in ["invalid type: ", "invalid value: ", "invalid length "] {
        if let Some((found, expected)) = message.strip_prefix(start).and_then(|m| m.rsplit_once(", expected "))
        {
            return says(format!("expected {}, found {}", expectation(expected), finding(found)));
        }
    }
    says(message.replace('`', "\""))
}

/// What could be meant: the nearest name, or all of them where they are few.
pub(crate) fn instead(name: &str, known: &[&str]) -> String {
    match (nearest(name, known.iter().copied()), known) {
        (Some(meant), _) => format!(". Did you mean \"{meant}\"?"),
        (None, []) => "; there is nothing to say here".into(),
        (None, [only]) => format!(", expected \"{only}\""),
        (None, known) => {
            let listed: Vec<String> = known.iter().take(NAMES).map(|name| format!("\"{name}\"")).collect();
            let more = if known.len() > NAMES { ", …" } else { "" };
            format!(", expected one of {}{more}", listed.join(", "))
        }
    }
}

fn expectation(words: &str) -> String {
    let kind = words.split(' ').next().unwrap_or_default();
    match (kind, words) {
        ("u8" | "u16" | "u32" | "u64" | "usize", _) => "a whole number, 0 or more".into(),
        ("struct" | "map" | "adjacently" | "internally", _) | (_, "a map") => "an object".into(),
        ("sequence", _) | (_, "a sequence") => "a list".into(),
        ("enum" | "variant", _) | (_, "a string" | "string or map" | "a borrowed string") => "text".into(),
        (_, "a boolean") => "true or false".into(),
        _ => words.replace('`', "\""),
    }
}

fn finding(words: &str) -> String {
    match words.split(' ').next().unwrap_or_default() {
        "map" => "an object".into(),
        "sequence" => "a list".into(),
        "null" | "unit" => "null".into(),
        "string" => format!("the text {}", words.trim_start_matches("string ")),
        "integer" | "floating" => {
            format!("the number {}", words.rsplit(' ').next().unwrap_or_default().replace('`', ""))
        }
        "boolean" => words.trim_start_matches("boolean ").replace('`', ""),
        _ => words.replace('`', "\""),
    }
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn no_word_of_the_library_reaches_people() {
        let cases = [
            (
                "invalid type: string \"soon\", expected u32",
                "expected a whole number, 0 or more, found the text \"soon\"",
            ),
            ("invalid type: integer `7`, expected a string", "expected text, found the number 7"),
            ("invalid type: map, expected a sequence", "expected a list, found an object"),
            ("invalid type: null, expected struct Stream", "expected an object, found null"),
            ("invalid type: boolean `true`, expected a map", "expected an object, found true"),
            ("missing field `id`", "\"id\" is missing"),
            ("unknown field `nmae`, expected `name` or `id`", "unknown field \"nmae\". Did you mean \"name\"?"),
            (
                "unknown field `x`, expected `name` or `id`",
                "unknown field \"x\", expected one of \"name\", \"id\"",
            ),
            ("unknown field `x`, there are no fields", "unknown field \"x\"; there is nothing to say here"),
            (
                "unknown variant `FETCH`, expected `GET` or `HEAD`",
                "\"FETCH\" is not known here, expected one of \"GET\", \"HEAD\"",
            ),
        ];
        for (said, want) in cases {
            assert_eq!(plain(said).message, want);
        }
    }
}
