//! Templates: text with `{{ expressions }}`. Pure and total: no statements, no loops, no loader, no
//! host objects; strict about absent values; fuel-bounded; a value is never scanned again.

use minijinja::value::Value as Jinja;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, State, UndefinedBehavior};
use serde_json::Value;

use crate::error::MapError;

/// The filters that templates may use. Everything else is unknown and refused when compiled.
pub const FILTERS: &[(&str, &str)] = &[
    ("default", "another value where this one is absent or empty"),
    ("lower", "lower case"),
    ("upper", "upper case"),
    ("title", "the first letter of each word in upper case"),
    ("trim", "without spaces around"),
    ("replace", "one text for another"),
    ("split", "a list of the parts between separators"),
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
    ("date_format", "a time in another form (strftime)"),
    ("date_add", "a time so many seconds later"),
];

/// Work allowed per rendering; a template of ours needs a few dozen.
const FUEL: u64 = 20_000;
/// The longest text that comes out, in bytes.
const LONGEST_OUTPUT: usize = 1 << 20;
/// The longest template, in bytes.
const LONGEST_SOURCE: usize = 20_000;
/// The longest expression, in bytes. The engine parses by recursion, so length bounds its stack.
const LONGEST_EXPRESSION: usize = 1_000;
/// Stands for an absent value between the engine and us; it cannot be JSON.
const ABSENT: &str = "\u{0}absent";

/// A compiled template.
#[derive(Clone)]
pub struct Template {
    source: String,
    form: Form,
}

#[derive(Clone)]
enum Form {
    /// Literals and plain dotted names only: filled in without the engine.
    Plain(Vec<Part>),
    /// Anything else.
    Engine {
        env: Box<Environment<'static>>,
        native: bool,
    },
}

#[derive(Clone)]
enum Part {
    Literal(String),
    Name(Vec<String>),
}

impl std::fmt::Debug for Template {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Template").field(&self.source).finish()
    }
}

impl Template {
    /// Compiles a template.
    pub fn compile(source: &str) -> Result<Self, MapError> {
        let invalid = |reason: String| MapError::Template {
            template: cut(source),
            reason,
        };
        if source.len() > LONGEST_SOURCE {
            return Err(invalid(format!(
                "it is longer than {LONGEST_SOURCE} characters"
            )));
        }
        if source.contains("{%") || source.contains("{#") {
            return Err(invalid("only {{ expressions }} are allowed".to_owned()));
        }
        let parts =
            split(source).ok_or_else(|| invalid("\"{{\" and \"}}\" do not match".to_owned()))?;
        if parts
            .iter()
            .any(|(_, e)| e.is_some_and(|e| e.len() > LONGEST_EXPRESSION))
        {
            return Err(invalid(format!(
                "an expression is longer than {LONGEST_EXPRESSION} characters"
            )));
        }
        let plain: Option<Vec<Part>> = parts
            .iter()
            .map(|(literal, expression)| match expression {
                None => Some(vec![Part::Literal((*literal).to_owned())]),
                Some(expression) => Some(vec![
                    Part::Literal((*literal).to_owned()),
                    Part::Name(names(expression)?),
                ]),
            })
            .collect::<Option<Vec<_>>>()
            .map(|parts| {
                parts
                    .into_iter()
                    .flatten()
                    .filter(|p| !matches!(p, Part::Literal(l) if l.is_empty()))
                    .collect()
            });
        if let Some(parts) = plain {
            return Ok(Self {
                source: source.to_owned(),
                form: Form::Plain(parts),
            });
        }
        let mut env = environment();
        let unknown = |error: &Error| invalid(explain(error));
        env.add_template_owned("text", source.to_owned())
            .map_err(|e| unknown(&e))?;
        env.add_template_owned("path", source.to_owned())
            .map_err(|e| unknown(&e))?;
        let native = match parts.as_slice() {
            [("", Some(expression))] | [("", Some(expression)), ("", None)] => {
                let wrapped = format!("{{{{ ({expression})|native__ }}}}");
                env.add_template_owned("native", wrapped)
                    .map_err(|e| unknown(&e))?;
                true
            }
            _ => false,
        };
        check_filters(&parts).map_err(invalid)?;
        Ok(Self {
            source: source.to_owned(),
            form: Form::Engine {
                env: Box::new(env),
                native,
            },
        })
    }

    /// The template as written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The text, with every value filled in. An absent or null value is an error.
    pub fn text(&self, scope: &Value) -> Result<String, MapError> {
        self.render(scope, "text", &|value| Ok(value))
    }

    /// The value of a template that is exactly one `{{ expression }}`, with its JSON type; none
    /// where it is absent. Any other template gives text.
    pub fn value(&self, scope: &Value) -> Result<Option<Value>, MapError> {
        match &self.form {
            Form::Plain(parts) => match parts.as_slice() {
                [Part::Name(names)] => Ok(lookup(scope, names).cloned()),
                _ => self.text(scope).map(|text| Some(Value::String(text))),
            },
            Form::Engine { env, native: true } => {
                let text = self.run(env, "native", scope)?;
                if text == ABSENT {
                    return Ok(None);
                }
                serde_json::from_str(&text)
                    .map(Some)
                    .map_err(|error| self.failed(error.to_string()))
            }
            Form::Engine { .. } => self.text(scope).map(|text| Some(Value::String(text))),
        }
    }

    /// A request path: literal text as written, inserted values percent-encoded (RFC 3986 section
    /// 2.1) so that none can add a segment. A value that makes a segment `.` or `..` is refused.
    pub fn path_segment(&self, scope: &Value) -> Result<String, MapError> {
        let path = self.render(scope, "path", &|value| Ok(encode(&value)))?;
        let path_only = path.split(['?', '#']).next().unwrap_or_default();
        if path_only
            .split('/')
            .any(|segment| matches!(segment, "." | ".."))
        {
            return Err(self.failed("a value would lead to another folder".to_owned()));
        }
        Ok(path)
    }

    fn render(
        &self,
        scope: &Value,
        name: &str,
        each: &dyn Fn(String) -> Result<String, MapError>,
    ) -> Result<String, MapError> {
        match &self.form {
            Form::Plain(parts) => {
                let mut out = String::new();
                for part in parts {
                    match part {
                        Part::Literal(text) => out.push_str(text),
                        Part::Name(names) => {
                            let value =
                                lookup(scope, names)
                                    .filter(|v| !v.is_null())
                                    .ok_or_else(|| {
                                        self.failed(format!("{} is absent", names.join(".")))
                                    })?;
                            out.push_str(&each(as_text(value))?);
                        }
                    }
                }
                if out.len() > LONGEST_OUTPUT {
                    return Err(self.failed("the text is too long".to_owned()));
                }
                Ok(out)
            }
            Form::Engine { env, .. } => self.run(env, name, scope),
        }
    }

    fn run(&self, env: &Environment<'_>, name: &str, scope: &Value) -> Result<String, MapError> {
        let text = env
            .get_template(name)
            .and_then(|template| template.render(minijinja::value::Serde(scope)))
            .map_err(|error| self.failed(explain(&error)))?;
        if text.len() > LONGEST_OUTPUT {
            return Err(self.failed("the text is too long".to_owned()));
        }
        Ok(text)
    }

    fn failed(&self, reason: String) -> MapError {
        MapError::Render {
            template: cut(&self.source),
            reason,
        }
    }

    /// The dotted names that the template uses, such as `config.owner`.
    pub fn names(&self) -> Vec<String> {
        match &self.form {
            Form::Plain(parts) => parts
                .iter()
                .filter_map(|part| match part {
                    Part::Name(names) => Some(names.join(".")),
                    Part::Literal(_) => None,
                })
                .collect(),
            Form::Engine { env, .. } => {
                let mut names: Vec<_> = env
                    .get_template("text")
                    .map(|template| template.undeclared_variables(true).into_iter().collect())
                    .unwrap_or_default();
                names.sort();
                names
            }
        }
    }
}

fn environment() -> Environment<'static> {
    let mut env = Environment::empty();
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_fuel(Some(FUEL));
    env.set_recursion_limit(50);
    env.set_auto_escape_callback(|name| {
        if name == "path" {
            AutoEscape::Custom("path".into())
        } else {
            AutoEscape::None
        }
    });
    env.set_formatter(|out, state, value| {
        if value.is_undefined() || value.is_none() {
            return Err(Error::new(ErrorKind::UndefinedError, "a value is absent"));
        }
        let text = jinja_text(value);
        let text = if matches!(state.auto_escape(), AutoEscape::Custom(_)) {
            encode(&text)
        } else {
            text
        };
        out.write_str(&text).map_err(Error::from)
    });
    env.add_filter("native__", |value: &Jinja| {
        if value.is_undefined() {
            Ok(ABSENT.to_owned())
        } else {
            serde_json::to_string(value)
                .map_err(|e| Error::new(ErrorKind::BadSerialization, e.to_string()))
        }
    });
    env.add_filter("default", minijinja::filters::default);
    env.add_filter("lower", minijinja::filters::lower);
    env.add_filter("upper", minijinja::filters::upper);
    env.add_filter("title", minijinja::filters::title);
    env.add_filter("trim", minijinja::filters::trim);
    env.add_filter(
        "replace",
        |_: &State<'_, '_>, text: String, from: String, to: String| {
            if from.is_empty() {
                text
            } else {
                text.replace(&from, &to)
            }
        },
    );
    env.add_filter("split", minijinja::filters::split);
    env.add_filter("join", |value: &Jinja, separator: Option<String>| {
        join(value, separator.as_deref())
    });
    env.add_filter("first", minijinja::filters::first);
    env.add_filter("last", minijinja::filters::last);
    env.add_filter("length", minijinja::filters::length);
    env.add_filter("truncate", |text: String, max: usize| {
        patchbay_model::text::display_line(&text, max)
    });
    env.add_filter("int", minijinja::filters::int);
    env.add_filter("float", minijinja::filters::float);
    env.add_filter("string", |value: &Jinja| jinja_text(value));
    env.add_filter("json", |value: &Jinja| {
        serde_json::to_string(value)
            .map_err(|e| Error::new(ErrorKind::BadSerialization, e.to_string()))
    });
    env.add_filter("base64", |text: String| {
        use base64::Engine as _;
        base64::engine::general_purpose::STANDARD.encode(text)
    });
    env.add_filter("date_format", |value: &Jinja, format: String| {
        let time = time_of(value)?;
        jiff::fmt::strtime::format(&format, &time.to_zoned(jiff::tz::TimeZone::UTC))
            .map_err(|e| Error::new(ErrorKind::InvalidOperation, e.to_string()))
    });
    env.add_filter("date_add", |value: &Jinja, seconds: i64| {
        time_of(value)?
            .checked_add(jiff::SignedDuration::from_secs(seconds))
            .map(|time| time.to_string())
            .map_err(|e| Error::new(ErrorKind::InvalidOperation, e.to_string()))
    });
    env
}

fn time_of(value: &Jinja) -> Result<jiff::Timestamp, Error> {
    serde_json::to_value(value)
        .ok()
        .and_then(|value| crate::time::parse_any_time(&value))
        .ok_or_else(|| Error::new(ErrorKind::InvalidOperation, "the value is not a time"))
}

fn join(value: &Jinja, separator: Option<&str>) -> Result<String, Error> {
    let parts: Vec<String> = value.try_iter()?.map(|item| jinja_text(&item)).collect();
    Ok(parts.join(separator.unwrap_or("")))
}

fn jinja_text(value: &Jinja) -> String {
    serde_json::to_value(value).map_or_else(|_| value.to_string(), |value| as_text(&value))
}

/// A value as text for people and addresses: text as it is, lists joined, objects as JSON.
pub(crate) fn as_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        Value::Array(items) if items.iter().all(|i| !i.is_object() && !i.is_array()) => {
            items.iter().map(as_text).collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}

/// Percent-encodes all but the unreserved characters of RFC 3986 section 2.3.
fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(char::from(b"0123456789ABCDEF"[usize::from(byte >> 4)]));
            out.push(char::from(b"0123456789ABCDEF"[usize::from(byte & 15)]));
        }
    }
    out
}

/// Splits into pairs of literal and following expression; none where braces do not match.
fn split(source: &str) -> Option<Vec<(&str, Option<&str>)>> {
    let mut parts = Vec::new();
    let mut rest = source;
    while let Some((literal, after)) = rest.split_once("{{") {
        let end = expression_end(after)?;
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
fn expression_end(text: &str) -> Option<usize> {
    let mut quote = None;
    let bytes = text.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        match (quote, byte) {
            (None, b'\'' | b'"') => quote = Some(*byte),
            (Some(open), byte) if *byte == open && bytes[at - 1] != b'\\' => quote = None,
            (None, b'}') if bytes.get(at + 1) == Some(&b'}') => return Some(at),
            _ => {}
        }
    }
    None
}

/// The engine finds out about an unknown filter only when it runs; we say so when it is compiled.
fn check_filters(parts: &[(&str, Option<&str>)]) -> Result<(), String> {
    for expression in parts.iter().filter_map(|(_, expression)| *expression) {
        let mut quote = None;
        for (at, c) in expression.char_indices() {
            match (quote, c) {
                (None, '\'' | '"') => quote = Some(c),
                (Some(open), c) if c == open => quote = None,
                (None, '|') => {
                    let name: String = expression[at + 1..]
                        .trim_start()
                        .chars()
                        .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
                        .collect();
                    if !FILTERS.iter().any(|(known, _)| *known == name) {
                        let known: Vec<_> = FILTERS.iter().map(|(known, _)| *known).collect();
                        return Err(format!(
                            "there is no filter \"{name}\"; there are {}",
                            known.join(", ")
                        ));
                    }
                }
                _ => {}
            }
        }
    }
    Ok(())
}

fn names(expression: &str) -> Option<Vec<String>> {
    const WORDS: [&str; 12] = [
        "true", "false", "none", "null", "True", "False", "None", "not", "and", "or", "if", "in",
    ];
    expression
        .split('.')
        .map(|name| {
            let mut chars = name.chars();
            let starts = chars
                .next()
                .is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
            let fits = starts && chars.all(|c| c.is_ascii_alphanumeric() || c == '_');
            (fits && !WORDS.contains(&name)).then(|| name.to_owned())
        })
        .collect()
}

fn lookup<'a>(scope: &'a Value, names: &[String]) -> Option<&'a Value> {
    names
        .iter()
        .try_fold(scope, |value, name| value.as_object()?.get(name))
}

fn explain(error: &Error) -> String {
    match error.detail() {
        Some(detail) => detail.to_owned(),
        None => error.kind().to_string(),
    }
}

fn cut(text: &str) -> String {
    patchbay_model::text::display_line(text, 80)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn scope() -> Value {
        json!({
            "title": "A & b", "n": 3, "list": ["x", "y"], "user": {"login": "amira"}, "nothing": null,
            "when": "2026-01-31T12:00:00Z", "hostile": "{{ user.login }} ../x?a#b"
        })
    }

    #[test]
    fn fills_in_text() {
        let cases = [
            ("plain", "plain"),
            ("{{title}} by {{ user.login }}", "A & b by amira"),
            ("{{ list|join('+') }}", "x+y"),
            ("{{ missing|default('none') }}", "none"),
            ("{{ title|upper }}: {{ n + 1 }}", "A & B: 4"),
            ("{{ 'yes' if n > 2 else 'no' }}", "yes"),
            ("{{ when|date_format('%d.%m.%Y') }}", "31.01.2026"),
            ("{{ when|date_add(60) }}", "2026-01-31T12:01:00Z"),
            ("{{ title|base64 }}", "QSAmIGI="),
            ("{{ list }}", "x, y"),
            ("{{ hostile }}", "{{ user.login }} ../x?a#b"),
            ("{{ '}}' }}", "}}"),
        ];
        for (template, want) in cases {
            assert_eq!(
                Template::compile(template).unwrap().text(&scope()).unwrap(),
                want,
                "{template}"
            );
        }
    }

    #[test]
    fn one_expression_keeps_its_type_and_may_be_absent() {
        let cases = [
            ("{{n}}", Some(json!(3))),
            ("{{ list }}", Some(json!(["x", "y"]))),
            ("{{ nothing }}", Some(Value::Null)),
            ("{{ missing }}", None),
            ("{{ user.missing }}", None),
            ("{{ n + 1 }}", Some(json!(4))),
            ("{{ list|first }}", Some(json!("x"))),
            ("{{ missing|default(none) }}", Some(Value::Null)),
            ("n={{n}}", Some(json!("n=3"))),
        ];
        for (template, want) in cases {
            assert_eq!(
                Template::compile(template)
                    .unwrap()
                    .value(&scope())
                    .unwrap(),
                want,
                "{template}"
            );
        }
    }

    #[test]
    fn an_absent_value_inside_text_is_an_error_and_never_empty_text() {
        for template in [
            "a {{missing}}",
            "a {{ nothing }}",
            "a {{ user.missing|upper }}",
            "{{ missing.deep }} b",
        ] {
            assert!(
                Template::compile(template).unwrap().text(&scope()).is_err(),
                "{template}"
            );
        }
    }

    #[test]
    fn values_cannot_add_path_segments() {
        let path = |t: &str| Template::compile(t).unwrap().path_segment(&scope());
        assert_eq!(path("/users/{{user.login}}/x").unwrap(), "/users/amira/x");
        assert_eq!(
            path("/q/{{ hostile }}").unwrap(),
            "/q/%7B%7B%20user.login%20%7D%7D%20..%2Fx%3Fa%23b"
        );
        assert_eq!(path("/q/{{ title|lower }}").unwrap(), "/q/a%20%26%20b");
        let dots = json!({"id": ".."});
        assert!(
            Template::compile("/q/{{id}}/z")
                .unwrap()
                .path_segment(&dots)
                .is_err()
        );
    }

    #[test]
    fn statements_unknown_filters_and_host_objects_are_refused() {
        let refused = [
            "{% for x in y %}a{% endfor %}",
            "{# note #}",
            "{{ a",
            "a }}",
            "{{ a|attr('x') }}",
            "{{ a|pprint }}",
            "{{ }}",
            "{{ 1 + }}",
        ];
        for template in refused {
            assert!(
                Template::compile(template).is_err(),
                "{template} was accepted"
            );
        }
    }

    #[test]
    fn escapes_known_from_other_products_reach_nothing() {
        let payloads = [
            "{{ range(1000000000) }}",
            "{{ self }}",
            "{{ this.constructor.constructor('return process')() }}",
            "{{ ''.__class__.__mro__ }}",
            "{{ cycler.__init__.__globals__ }}",
            "{{ namespace() }}",
            "{{ debug() }}",
            "{{ lipsum }}",
            "{{ dict(a=1) }}",
        ];
        for payload in payloads {
            if let Ok(template) = Template::compile(payload) {
                assert!(template.text(&json!({})).is_err(), "{payload} gave text");
            }
            let literal = Template::compile("{{ v|trim }}").unwrap();
            assert_eq!(
                literal.text(&json!({ "v": payload })).unwrap(),
                payload,
                "a value stays literal text"
            );
        }
    }

    #[test]
    fn work_and_output_are_bounded() {
        let long = "x".repeat(600_000);
        let template = Template::compile("{{a}}{{a}}").unwrap();
        assert!(
            template.text(&json!({ "a": long })).is_err(),
            "the output passes the cap"
        );
        for heavy in [
            ("1+", 498),
            ("(", 498),
            ("not ", 240),
            ("[", 498),
            ("a.", 498),
            ("-", 900),
        ] {
            let expression = format!("{{{{ {}1 }}}}", heavy.0.repeat(heavy.1));
            if let Ok(template) = Template::compile(&expression) {
                let _ = template.text(&json!({}));
            }
        }
        let longer = format!("{{{{ {} 1 }}}}", "1 + ".repeat(3_000));
        assert!(
            Template::compile(&longer).is_err(),
            "an expression that would exhaust the stack is refused"
        );
    }

    #[test]
    fn names_are_listed() {
        assert_eq!(
            Template::compile("/{{config.owner}}/{{ params.n }}")
                .unwrap()
                .names(),
            ["config.owner", "params.n"]
        );
        assert_eq!(
            Template::compile("{{ params.n|int + config.a }}")
                .unwrap()
                .names(),
            ["config.a", "params.n"]
        );
    }

    proptest! {
        #[test]
        fn compiling_and_filling_in_never_panics(text in "[ -~{}|'\"]{0,60}", value in "\\PC{0,30}") {
            if let Ok(template) = Template::compile(&text) {
                let scope = json!({"a": value, "b": [1, 2]});
                let _ = template.text(&scope);
                let _ = template.value(&scope);
                let _ = template.path_segment(&scope);
            }
        }

        #[test]
        fn a_value_is_never_scanned_again(value in "[ -~]{0,40}") {
            let template = Template::compile("[{{ v }}]").unwrap();
            prop_assert_eq!(template.text(&json!({"v": value.clone()})).unwrap(), format!("[{value}]"));
        }
    }
}
