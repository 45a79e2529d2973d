//! Templates: text with `{{ expressions }}`. Pure and total: no statements, no loops, no loader, no
//! host objects; strict about absent values; fuel-bounded; a value is never scanned again.

use std::sync::Arc;

use minijinja::value::Serde;
use minijinja::{Environment, Error, ErrorKind};
use serde_json::{Map, Value};

use crate::error::MapError;
use crate::expression;
use crate::filters::{ABSENT, HAND_OVER, LONGEST_TEXT, environment};

/// The longest template, in bytes.
const LONGEST_SOURCE: usize = 20_000;
/// The longest dotted name, in members.
const DEEPEST_NAME: usize = 32;

/// A compiled template.
#[derive(Clone)]
pub struct Template {
    source: String,
    parts: Vec<Part>,
    /// The engine with this template's expressions; none where there are only dotted names.
    engine: Option<Arc<Environment<'static>>>,
}

#[derive(Clone)]
enum Part {
    Literal(String),
    /// A dotted name: looked up directly, without the engine.
    Name(Vec<String>),
    /// Anything else.
    Expression {
        /// Its name in the engine.
        key: String,
        /// The dotted names that it uses, shorter ones first.
        names: Vec<Vec<String>>,
    },
}

impl std::fmt::Debug for Template {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Template").field(&self.source).finish()
    }
}

impl Template {
    /// Compiles a template.
    pub fn compile(source: &str) -> Result<Self, MapError> {
        let invalid = |reason: String| MapError::Template { template: cut(source), reason };
        if source.len() > LONGEST_SOURCE {
            return Err(invalid(format!("it is longer than {LONGEST_SOURCE} characters")));
        }
        if source.contains("{%") || source.contains("{#") {
            return Err(invalid("only {{ expressions }} are allowed".to_owned()));
        }
        let pieces =
            expression::split(source).ok_or_else(|| invalid("\"{{\" and \"}}\" do not match".to_owned()))?;
        let mut parts = Vec::new();
        let mut engine = None;
        for (literal, expression) in pieces {
            if !literal.is_empty() {
                parts.push(Part::Literal(literal.to_owned()));
            }
            let Some(expression) = expression else {
                continue;
            };
            expression::check(expression).map_err(invalid)?;
            parts.push(match expression::dotted(expression) {
                Some(names) => Part::Name(names),
                None => {
                    let key = parts.len().to_string();
                    let env = engine.get_or_insert_with(environment);
                    let names = add(env, &key, expression).map_err(|error| invalid(explain(&error)))?;
                    Part::Expression { key, names }
                }
            });
            if let Some(Part::Name(names)) = parts.last()
                && names.len() > DEEPEST_NAME
            {
                return Err(invalid(format!("a name is deeper than {DEEPEST_NAME} members")));
            }
        }
        Ok(Self { source: source.to_owned(), parts, engine: engine.map(Arc::new) })
    }

    /// The template as written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The text, with every value filled in. An absent or null value is an error.
    pub fn text(&self, scope: &Value) -> Result<String, MapError> {
        self.fill(scope, |value| Ok(as_text(value)))
    }

    /// The value of a template that is exactly one `{{ expression }}`, with its JSON type; none
    /// where it is absent. Any other template gives text.
    pub fn value(&self, scope: &Value) -> Result<Option<Value>, MapError> {
        match self.parts.as_slice() {
            [part @ (Part::Name(_) | Part::Expression { .. })] => self.evaluate(part, scope),
            _ => self.text(scope).map(|text| Some(Value::String(text))),
        }
    }

    /// A request path: literal text as written, inserted values percent-encoded (RFC 3986 section
    /// 2.1) so that none can add a segment. An empty value is refused, as it would address another
    /// thing (`/items/` for `/items/7`); so is one that makes a segment `.` or `..`.
    pub fn path_segment(&self, scope: &Value) -> Result<String, MapError> {
        let path = self.fill(scope, |value| match as_text(value) {
            text if text.is_empty() => Err(self.failed("a value in the address is empty".to_owned())),
            text => Ok(encode(&text)),
        })?;
        let path_only = path.split(['?', '#']).next().unwrap_or_default();
        if path_only.split('/').any(|segment| matches!(segment, "." | "..")) {
            return Err(self.failed("a value would lead to another folder".to_owned()));
        }
        Ok(path)
    }

    /// The dotted names that the template uses, such as `config.owner`.
    pub fn names(&self) -> Vec<String> {
        let mut names = Vec::new();
        for part in &self.parts {
            match part {
                Part::Literal(_) => {}
                Part::Name(name) => names.push(name.join(".")),
                Part::Expression { names: several, .. } => {
                    let mut several: Vec<_> = several.iter().map(|name| name.join(".")).collect();
                    several.sort();
                    names.extend(several);
                }
            }
        }
        names
    }

    fn fill(
        &self,
        scope: &Value,
        as_piece: impl Fn(&Value) -> Result<String, MapError>,
    ) -> Result<String, MapError> {
        let mut out = String::new();
        for part in &self.parts {
            match part {
                Part::Literal(text) => out.push_str(text),
                Part::Name(names) => {
                    let value = lookup(scope, names)
                        .filter(|value| !value.is_null())
                        .ok_or_else(|| self.failed(format!("{} is absent", names.join("."))))?;
                    out.push_str(&as_piece(value)?);
                }
                Part::Expression { .. } => {
                    let value = self
                        .evaluate(part, scope)?
                        .filter(|value| !value.is_null())
                        .ok_or_else(|| self.failed("a value is absent".to_owned()))?;
                    out.push_str(&as_piece(&value)?);
                }
            }
            if out.len() > LONGEST_TEXT {
                return Err(self.failed("the text is too long".to_owned()));
            }
        }
        Ok(out)
    }

    /// The value of one part; none where it is absent or made of something absent.
    fn evaluate(&self, part: &Part, scope: &Value) -> Result<Option<Value>, MapError> {
        let (key, names) = match part {
            Part::Literal(text) => return Ok(Some(Value::String(text.clone()))),
            Part::Name(names) => return Ok(lookup(scope, names).cloned()),
            Part::Expression { key, names } => (key, names),
        };
        let seen = seen(scope, names);
        let result = self
            .engine
            .as_ref()
            .ok_or_else(|| self.failed("it has no engine".to_owned()))?
            .get_template(key)
            .and_then(|expression| expression.render(Serde(&seen)));
        match result {
            Ok(text) if text == ABSENT => Ok(None),
            Ok(text) => serde_json::from_str(&text).map(Some).map_err(|error| self.failed(error.to_string())),
            Err(error) if error.kind() == ErrorKind::UndefinedError => Ok(None),
            Err(error) => Err(self.failed(explain(&error))),
        }
    }

    fn failed(&self, reason: String) -> MapError {
        MapError::Render { template: cut(&self.source), reason }
    }
}

/// Adds an expression to the engine and gives the dotted names that it uses.
fn add(env: &mut Environment<'static>, key: &str, expression: &str) -> Result<Vec<Vec<String>>, Error> {
    // Alone first: what is wrapped in parentheses might otherwise close them.
    let mut names: Vec<Vec<String>> = env
        .compile_expression(expression)?
        .undeclared_variables(true)
        .iter()
        .map(|name| name.split('.').map(str::to_owned).collect())
        .collect();
    if names.iter().any(|name| name.len() > DEEPEST_NAME) {
        return Err(Error::new(
            ErrorKind::SyntaxError,
            format!("a name is deeper than {DEEPEST_NAME} members"),
        ));
    }
    names.sort_by_key(Vec::len);
    let wrapped = format!("{{{{ ({expression})|{HAND_OVER} }}}}");
    env.add_template_owned(key.to_owned(), wrapped)?;
    Ok(names)
}

/// The part of the scope that an expression names: the scope may hold the results of a whole run.
/// What lies on the way to an absent member is there, so that `a.b|default('x')` holds without `a`.
fn seen(scope: &Value, names: &[Vec<String>]) -> Value {
    let mut seen = Value::Object(Map::new());
    for (at, name) in names.iter().enumerate() {
        let within_another = names[..at].iter().any(|shorter| name.starts_with(shorter));
        if !within_another {
            show(&mut seen, name, Some(scope));
        }
    }
    seen
}

fn show(into: &mut Value, name: &[String], from: Option<&Value>) {
    let (Some((first, rest)), Value::Object(members)) = (name.split_first(), into) else {
        return;
    };
    let found = from.and_then(|value| value.as_object()?.get(first));
    if rest.is_empty() {
        if let Some(found) = found {
            members.insert(first.clone(), found.clone());
        }
    } else {
        show(members.entry(first.clone()).or_insert_with(|| Value::Object(Map::new())), rest, found);
    }
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

fn lookup<'a>(scope: &'a Value, names: &[String]) -> Option<&'a Value> {
    names.iter().try_fold(scope, |value, name| value.as_object()?.get(name))
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
    use crate::filters::FILTERS;
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
            ("{{ gone.deep|default('x') }}", "x"),
            ("{{ nothing|default('x') }}", "x"),
            ("{{ nothing.deep|default('x') }}", "x"),
            ("{{ user['login']|title }}", "Amira"),
            ("{{ title|lower }}\n", "a & b\n"),
            ("{{ 'a-b'|split('-')|last }}{{ list|length }}", "b2"),
            ("{{ '3.7'|int }} {{ '3.7'|float }} {{ n|string }}", "3 3.7 3"),
            ("{{ list|json }}", r#"["x","y"]"#),
            ("{{ 'one\\ntwo three'|truncate(6) }}", "one\nt…"),
            ("{{ 'abc'|truncate(3) }}{{ 'abc'|truncate(0) }}", "abc"),
            ("{{ 'a' if nothing == none else 'b' }}", "a"),
        ];
        for (template, want) in cases {
            assert_eq!(Template::compile(template).unwrap().text(&scope()).unwrap(), want, "{template}");
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
            ("{{ gone.list|join(', ') }}", None),
            ("{{ nothing|upper }}", None),
            ("{{ missing|json }}", None),
        ];
        for (template, want) in cases {
            assert_eq!(Template::compile(template).unwrap().value(&scope()).unwrap(), want, "{template}");
        }
    }

    #[test]
    fn an_absent_value_inside_text_is_an_error_and_never_empty_text() {
        for template in
            ["a {{missing}}", "a {{ nothing }}", "a {{ user.missing|upper }}", "{{ missing.deep }} b"]
        {
            assert!(Template::compile(template).unwrap().text(&scope()).is_err(), "{template}");
        }
    }

    #[test]
    fn values_cannot_add_path_segments() {
        let path = |t: &str| Template::compile(t).unwrap().path_segment(&scope());
        assert_eq!(path("/users/{{user.login}}/x").unwrap(), "/users/amira/x");
        assert_eq!(path("/q/{{ hostile }}").unwrap(), "/q/%7B%7B%20user.login%20%7D%7D%20..%2Fx%3Fa%23b");
        assert_eq!(path("/q/{{ title|lower }}").unwrap(), "/q/a%20%26%20b");
        let empty = Template::compile("/q/{{id}}").unwrap();
        assert!(empty.path_segment(&json!({"id": ""})).is_err(), "an empty id addresses the whole list");
        let dots = json!({"id": ".."});
        assert!(Template::compile("/q/{{id}}/z").unwrap().path_segment(&dots).is_err());
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
            "{{ a) ~ (b }}",
            "{{- a -}}",
            "{{ a is defined }}",
            "{{ a.upper() }}",
        ];
        for template in refused {
            assert!(Template::compile(template).is_err(), "{template} was accepted");
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
            assert_eq!(literal.text(&json!({ "v": payload })).unwrap(), payload, "a value stays literal text");
        }
    }

    #[test]
    fn work_and_output_are_bounded() {
        let long = "x".repeat(600_000);
        let template = Template::compile("{{a}}{{a}}").unwrap();
        assert!(template.text(&json!({ "a": long })).is_err(), "the output passes the cap");
        for heavy in [("1+", 498), ("(", 498), ("not ", 240), ("[", 498), ("a.", 498), ("-", 900)] {
            let expression = format!("{{{{ {}1 }}}}", heavy.0.repeat(heavy.1));
            if let Ok(template) = Template::compile(&expression) {
                let _ = template.text(&json!({}));
            }
        }
        let longer = format!("{{{{ {} 1 }}}}", "1 + ".repeat(3_000));
        assert!(Template::compile(&longer).is_err(), "an expression that would exhaust the stack is refused");
    }

    #[test]
    fn short_templates_cannot_make_much_of_little() {
        let grow = |filter: &str, times: usize| format!("{{{{ v{} }}}}", filter.repeat(times));
        let templates = [
            "{{ 'a' * 100000000 }}".to_owned(),
            "{{ ([1] * 3000000)|join(',') }}".to_owned(),
            grow("|replace('a','aaaaaaaaaa')", 30),
            grow("|base64", 100),
            grow("|json", 100),
            format!("{{{{ v{} }}}}", " ~ v".repeat(100)),
            format!("{{{{ v{} }}}}", "**2".repeat(100)),
        ];
        for template in templates {
            let made = Template::compile(&template).and_then(|t| t.value(&json!({"v": "a\"\\a"})));
            assert!(made.is_err(), "{template}");
        }
    }

    #[test]
    fn the_engines_stack_holds_for_the_longest_expressions() {
        let chains = [
            ("1", "+1", 32),
            ("v", "[0]", 320),
            ("v", ".a", 490),
            ("v", "|trim", 195),
            ("1", " if 1 else 2", 80),
            ("1", " and 1", 160),
            ("1", "==1", 320),
        ];
        for (start, link, times) in chains {
            let template = format!("{{{{ {start}{} }}}}", link.repeat(times));
            let _ = Template::compile(&template).and_then(|t| t.value(&json!({"v": "a"})));
        }
        for opening in ["not ", "-", "(", "["] {
            let template = format!("{{{{ {}v }}}}", opening.repeat(990 / opening.len()));
            let _ = Template::compile(&template).and_then(|t| t.value(&json!({"v": "a"})));
        }
    }

    #[test]
    fn every_documented_filter_exists() {
        for (name, what) in FILTERS {
            let arguments = match *name {
                "replace" => "('a', 'b')",
                "split" => "('-')",
                "truncate" | "date_add" | "pieces" => "(9)",
                "date_format" => "('%Y')",
                "lookup" => "({'a-b': 'c'})",
                _ => "",
            };
            let value = match *name {
                "int" | "float" | "date_format" | "date_add" => json!(7),
                "join" => json!(["a"]),
                _ => json!("a-b"),
            };
            let template = Template::compile(&format!("{{{{ v|{name}{arguments} }}}}")).unwrap();
            let made = template.value(&json!({ "v": value }));
            assert!(matches!(made, Ok(Some(_))), "{name} ({what}): {made:?}");
        }
    }

    #[test]
    fn names_are_listed() {
        assert_eq!(
            Template::compile("/{{config.owner}}/{{ params.n }}").unwrap().names(),
            ["config.owner", "params.n"]
        );
        assert_eq!(
            Template::compile("{{ params.n|int + config.a }}").unwrap().names(),
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
