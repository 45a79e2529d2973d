//! What expressions can do to a value: a fixed list of pure filters, each with bounded output. The
//! engine's own filters, tests and functions are not there at all.

use base64::Engine as _;
use jiff::tz::TimeZone;
use minijinja::value::{Rest, Value as Jinja, ValueKind};
use minijinja::{Environment, Error, ErrorKind, UndefinedBehavior};
use serde_json::Value;

use crate::template::as_text;
use crate::time::parse_any_time;

/// The filters that templates may use, with what each gives. Everything else is refused when a
/// template is compiled.
pub const FILTERS: &[(&str, &str)] = &[
    ("default", "another value where this one is absent or null"),
    ("lower", "lower case"),
    ("upper", "upper case"),
    ("title", "the first letter of each word in upper case"),
    ("trim", "without spaces around"),
    ("replace", "one text for another"),
    ("split", "a list of the parts between separators"),
    ("lines", "a list of the lines that are not empty, the longer ones in pieces of so many characters"),
    ("pieces", "a list of pieces of at most so many characters, nothing left out"),
    ("join", "the elements of a list with a separator between"),
    ("first", "the first element"),
    ("last", "the last element"),
    ("length", "how many"),
    ("truncate", "cut to so many characters, with an ellipsis"),
    ("int", "a whole number"),
    ("float", "a number"),
    ("string", "text"),
    ("json", "JSON text"),
    ("base64", "Base64 (RFC 4648 section 4)"),
    ("lookup", "what a table says of it, such as {'open': 'To do'}; else a second value, or nothing"),
    ("date_format", "a time in another form (strftime), in UTC or in a zone that is named"),
    ("date_add", "a time so many seconds later"),
];

/// Hands the result of an expression over as JSON text. Not in [`FILTERS`]: templates cannot use it.
pub(crate) const HAND_OVER: &str = "hand_over__";
/// Stands for an absent value in what [`HAND_OVER`] gives; it cannot be JSON.
pub(crate) const ABSENT: &str = "\u{0}absent";
/// The longest text that a filter gives, in bytes: chains of filters cannot grow without bound.
pub(crate) const LONGEST_TEXT: usize = 1 << 20;
/// Work allowed per expression; one of ours needs a few dozen.
const FUEL: u64 = 20_000;

/// An engine that knows [`FILTERS`] and nothing else.
pub(crate) fn environment() -> Environment<'static> {
    let mut env = Environment::empty();
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_fuel(Some(FUEL));
    env.set_recursion_limit(50);
    env.add_filter(
        HAND_OVER,
        |value: &Jinja| {
            if value.is_undefined() { Ok(ABSENT.to_owned()) } else { as_json(value) }
        },
    );
    env.add_filter("default", |value: &Jinja, other: Rest<Jinja>| {
        if value.is_undefined() || value.is_none() {
            other.first().cloned().unwrap_or_else(|| Jinja::from(""))
        } else {
            value.clone()
        }
    });
    env.add_filter("lower", |value: &Jinja| bounded(text(value)?.to_lowercase()));
    env.add_filter("upper", |value: &Jinja| bounded(text(value)?.to_uppercase()));
    env.add_filter("title", |value: &Jinja| bounded(title(&text(value)?)));
    env.add_filter("trim", |value: &Jinja| bounded(text(value)?.trim().to_owned()));
    env.add_filter("replace", |value: &Jinja, from: String, to: String| replace(&text(value)?, &from, &to));
    env.add_filter("split", |value: &Jinja, separator: String| {
        if separator.is_empty() {
            return Err(wrong("split needs a separator"));
        }
        let text = bounded(text(value)?)?;
        Ok(text.split(&separator).map(str::to_owned).collect::<Vec<_>>())
    });
    env.add_filter("lines", |value: &Jinja, most: Option<usize>| {
        let most = most.unwrap_or(usize::MAX);
        if most == 0 {
            return Err(wrong("a line has room for one character at least"));
        }
        let text = bounded(text(value)?)?;
        Ok(text.lines().flat_map(|line| cut_line(line.trim(), most)).map(str::to_owned).collect::<Vec<_>>())
    });
    env.add_filter("pieces", |value: &Jinja, most: usize| {
        if most == 0 {
            return Err(wrong("a piece has room for one character at least"));
        }
        let text = bounded(text(value)?)?;
        let mut rest = text.as_str();
        let mut pieces = Vec::new();
        while !rest.is_empty() {
            let end = rest.char_indices().nth(most).map_or(rest.len(), |(index, _)| index);
            pieces.push(rest[..end].to_owned());
            rest = &rest[end..];
        }
        Ok(pieces)
    });
    env.add_filter("join", |value: &Jinja, separator: Option<String>| {
        join(present(value)?, separator.as_deref().unwrap_or(""))
    });
    env.add_filter("first", |value: &Jinja| minijinja::filters::first(present(value)?));
    env.add_filter("last", |value: &Jinja| minijinja::filters::last(present(value)?.clone()));
    env.add_filter("length", |value: &Jinja| minijinja::filters::length(present(value)?));
    env.add_filter("truncate", |value: &Jinja, most: usize| Ok::<_, Error>(truncate(&text(value)?, most)));
    env.add_filter("int", |value: &Jinja| {
        let number = number(value)?.trunc();
        if number.abs() < 9.0e15 { Ok(number as i64) } else { Err(wrong("the number is too large")) }
    });
    env.add_filter("float", number);
    env.add_filter("string", |value: &Jinja| bounded(text(value)?));
    env.add_filter("json", |value: &Jinja| bounded(as_json(present(value)?)?));
    env.add_filter("base64", |value: &Jinja| {
        bounded(base64::engine::general_purpose::STANDARD.encode(text(value)?))
    });
    env.add_filter("lookup", |value: &Jinja, table: Jinja, otherwise: Option<Jinja>| {
        lookup(value, &table, otherwise)
    });
    env.add_filter("date_format", |value: &Jinja, format: String, zone: Option<String>| {
        let zone = match zone {
            Some(name) => TimeZone::get(&name).map_err(|_| wrong(&format!("there is no time zone {name}")))?,
            None => TimeZone::UTC,
        };
        // A day without a time of day is that day everywhere.
        let zone = if is_day(value) { TimeZone::UTC } else { zone };
        let time = time(value)?.to_zoned(zone);
        let text = jiff::fmt::strtime::format(&format, &time).map_err(|e| wrong(&e.to_string()))?;
        bounded(text)
    });
    env.add_filter("date_add", |value: &Jinja, seconds: i64| {
        time(value)?
            .checked_add(jiff::SignedDuration::from_secs(seconds))
            .map(|time| time.to_string())
            .map_err(|e| wrong(&e.to_string()))
    });
    env
}

/// A line in pieces of at most `most` characters, parted between words where that is possible. None of an
/// empty one.
fn cut_line(line: &str, most: usize) -> Vec<&str> {
    let (mut pieces, mut rest) = (Vec::new(), line);
    while !rest.is_empty() {
        let end = rest.char_indices().nth(most).map_or(rest.len(), |(index, _)| index);
        let (piece, after) = rest.split_at(end);
        // A word that goes on behind the cut stays whole, where it is not all there is.
        let goes_on = after.chars().next().is_some_and(|next| !next.is_whitespace());
        let end = piece.rfind(char::is_whitespace).filter(|_| goes_on).unwrap_or(end);
        pieces.push(rest[..end].trim_end());
        rest = rest[end..].trim_start();
    }
    pieces
}

fn wrong(reason: &str) -> Error {
    Error::new(ErrorKind::InvalidOperation, reason.to_owned())
}

/// A filter is never given an absent value in silence: what is absent stays absent.
fn present(value: &Jinja) -> Result<&Jinja, Error> {
    if value.is_undefined() || value.is_none() {
        return Err(Error::new(ErrorKind::UndefinedError, "a value is absent"));
    }
    Ok(value)
}

fn bounded(text: String) -> Result<String, Error> {
    if text.len() > LONGEST_TEXT { Err(wrong("the text is too long")) } else { Ok(text) }
}

fn as_json(value: &Jinja) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|e| Error::new(ErrorKind::BadSerialization, e.to_string()))
}

fn text(value: &Jinja) -> Result<String, Error> {
    let value = present(value)?;
    match value.as_str() {
        Some(text) => Ok(text.to_owned()),
        None => serde_json::to_value(value)
            .map(|value| as_text(&value))
            .map_err(|e| Error::new(ErrorKind::BadSerialization, e.to_string())),
    }
}

fn number(value: &Jinja) -> Result<f64, Error> {
    match serde_json::to_value(present(value)?) {
        Ok(Value::Number(number)) => number.as_f64(),
        Ok(Value::String(text)) => text.trim().parse().ok(),
        Ok(Value::Bool(yes)) => Some(if yes { 1.0 } else { 0.0 }),
        _ => None,
    }
    .filter(|number: &f64| number.is_finite())
    .ok_or_else(|| wrong("the value is not a number"))
}

fn time(value: &Jinja) -> Result<jiff::Timestamp, Error> {
    serde_json::to_value(present(value)?)
        .ok()
        .and_then(|value| parse_any_time(&value))
        .ok_or_else(|| wrong("the value is not a time"))
}

fn is_day(value: &Jinja) -> bool {
    value.as_str().is_some_and(|text| text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok())
}

/// What a table has for a value, compared as text: numbers and booleans are found as they are written. Where it has
/// nothing, what stands for everything else, or nothing.
fn lookup(value: &Jinja, table: &Jinja, otherwise: Option<Jinja>) -> Result<Jinja, Error> {
    if table.kind() != ValueKind::Map {
        return Err(wrong("lookup needs a table, such as {'open': 'To do'}"));
    }
    let value = text(value)?;
    for key in table.try_iter()? {
        if text(&key).is_ok_and(|key| key == value) {
            return table.get_item(&key);
        }
    }
    Ok(otherwise.unwrap_or(Jinja::UNDEFINED))
}

/// The size is known before anything is built: `replace` in a chain grows by powers.
fn replace(text: &str, from: &str, to: &str) -> Result<String, Error> {
    if from.is_empty() {
        return Ok(text.to_owned());
    }
    let grows = to.len().saturating_sub(from.len());
    if text.matches(from).count().saturating_mul(grows).saturating_add(text.len()) > LONGEST_TEXT {
        return Err(wrong("the text is too long"));
    }
    Ok(text.replace(from, to))
}

fn join(list: &Jinja, separator: &str) -> Result<String, Error> {
    let mut out = String::new();
    for (at, item) in list.try_iter()?.enumerate() {
        if at > 0 {
            out.push_str(separator);
        }
        // An empty place in a list stays an empty place.
        if !item.is_none() {
            out.push_str(&text(&item)?);
        }
        if out.len() > LONGEST_TEXT {
            return Err(wrong("the text is too long"));
        }
    }
    Ok(out)
}

fn title(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut within = false;
    for c in text.chars() {
        if within {
            out.extend(c.to_lowercase());
        } else {
            out.extend(c.to_uppercase());
        }
        within = c.is_alphanumeric() || (within && c == '\'');
    }
    out
}

/// At most `most` characters, the ellipsis included.
fn truncate(text: &str, most: usize) -> String {
    if text.chars().nth(most).is_none() {
        return text.to_owned();
    }
    let mut out: String = text.chars().take(most.saturating_sub(1)).collect();
    out.truncate(out.trim_end().len());
    if most > 0 {
        out.push('…');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::cut_line;
    use crate::Template;
    use serde_json::json;

    #[test]
    fn a_time_is_written_in_the_zone_that_is_named() {
        let cases = [
            ("2026-11-20T20:00-05:00", "'%Y-%m-%d %H:%M'", Some("2026-11-21 01:00")),
            ("2026-11-20T20:00-05:00", "'%Y-%m-%d %H:%M', 'America/New_York'", Some("2026-11-20 20:00")),
            ("2026-07-20T20:00:00", "'%Y-%m-%d %H:%M %z', 'Europe/Berlin'", Some("2026-07-20 22:00 +0200")),
            ("2026-11-20T20:00:00", "'%H:%M', 'Europe/Berlin'", Some("21:00")),
            ("2026-11-20T20:00:00", "'%H:%M', 'UTC'", Some("20:00")),
            ("2026-11-20T20:00:00", "'%H:%M', 'Mars/Olympus'", None),
            ("2026-11-20T20:00:00", "'%H:%M', '../../etc/passwd'", None),
            ("2026-11-20T20:00:00", "'%H:%M', ''", None),
            ("2026-11-20", "'%d.%m.%Y', 'America/New_York'", Some("20.11.2026")),
            ("2026-11-20", "'%d.%m.%Y', 'Mars/Olympus'", None),
            ("tomorrow", "'%H:%M'", None),
            ("2026-11-20T20:00:00", "'%'", None),
            ("2026-11-20T20:00:00", "'%E'", None),
        ];
        for (time, arguments, want) in cases {
            let template = Template::compile(&format!("{{{{ v|date_format({arguments}) }}}}")).unwrap();
            let made = template.value(&json!({ "v": time })).ok().flatten();
            assert_eq!(made, want.map(|text| json!(text)), "{time} {arguments}");
        }
    }

    #[test]
    fn a_table_says_what_a_value_becomes() {
        let cases = [
            ("{'open': 'To do', 'closed': 'Done'}, 'Other'", json!("open"), Some(json!("To do"))),
            ("{'open': 'To do', 'closed': 'Done'}, 'Other'", json!("Open"), Some(json!("Other"))),
            (r#"{"say \"}}\"": "a|b*c"}"#, json!("say \"}}\""), Some(json!("a|b*c"))),
            ("{'1': 2, 'true': false}", json!(1), Some(json!(2))),
            ("{'1': 2, 'true': false}", json!(true), Some(json!(false))),
            ("{1: 'one'}", json!(1), Some(json!("one"))),
            ("{'open': 'To do'}", json!("closed"), None),
            ("{}, 'Other'", json!("open"), Some(json!("Other"))),
            ("{'open': 'To do'}, 'Other'", json!(null), None),
        ];
        for (arguments, from, want) in cases {
            let template = Template::compile(&format!("{{{{ v|lookup({arguments}) }}}}")).unwrap();
            assert_eq!(template.value(&json!({ "v": from })).unwrap(), want, "{from} {arguments}");
        }
        for wrong in ["'open'", "['open']", "7", "v.gone"] {
            let template = Template::compile(&format!("{{{{ v|lookup({wrong}) }}}}")).unwrap();
            assert!(!matches!(template.value(&json!({ "v": "open" })), Ok(Some(_))), "{wrong}");
        }
    }

    #[test]
    fn lines_are_cut_between_words_and_pieces_leave_nothing_out() {
        let told = |filter: &str, text: &str| {
            let template = Template::compile(&format!("{{{{ v|{filter} }}}}")).unwrap();
            template.value(&json!({ "v": text })).unwrap().unwrap()
        };
        assert_eq!(told("lines", " One\r\n\n\t\nTwo "), json!(["One", "Two"]));
        assert_eq!(told("lines(9)", "a longer line\nshort"), json!(["a longer", "line", "short"]));
        assert_eq!(told("lines(4)", "äöüßÄÖ x"), json!(["äöüß", "ÄÖ x"]), "a word that is too long is cut");
        assert_eq!(told("pieces(4)", "äöüß\n x"), json!(["äöüß", "\n x"]));
        assert_eq!(told("pieces(4)", ""), json!([]));
        assert_eq!(cut_line("", 4), Vec::<&str>::new());
        for zero in ["lines(0)", "pieces(0)"] {
            let template = Template::compile(&format!("{{{{ v|{zero} }}}}")).unwrap();
            assert!(template.value(&json!({ "v": "x" })).is_err(), "{zero}");
        }
    }
}
