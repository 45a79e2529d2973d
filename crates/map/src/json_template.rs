//! A JSON value with templates in its strings.
//!
//! Two objects stand for something else: `{"$each": list, "$give": value}` for a list with a value for each
//! element, which is `{{each}}` in it, and `{"$if": condition, "$give": value}` for the value or nothing. In a
//! list, the elements of the former take its place.

use serde_json::{Map, Value};

use crate::error::MapError;
use crate::template::Template;

/// The deepest document we build.
const DEEPEST: usize = 32;
/// The most elements of one `$each`.
const MOST_ELEMENTS: usize = 10_000;
const EACH: &str = "each";

/// A compiled JSON value with templates in its strings. Member names are literal.
#[derive(Clone, Debug)]
pub struct JsonTemplate(Node);

#[derive(Clone, Debug)]
enum Node {
    Fixed(Value),
    Text(Template),
    List(Vec<Node>),
    Members(Vec<(String, Node)>),
    Each(Box<Each>),
    If(Box<(Node, Node)>),
}

#[derive(Clone, Debug)]
struct Each {
    list: Node,
    give: Node,
    /// What the value uses besides the element.
    uses: Vec<String>,
}

impl JsonTemplate {
    /// Compiles every string of the value.
    pub fn compile(value: &Value) -> Result<Self, MapError> {
        compile(value, 0).map(Self)
    }

    /// Fills in. Members and elements whose value is absent are left out; none where the whole is.
    pub fn render(&self, scope: &Value) -> Result<Option<Value>, MapError> {
        render(&self.0, scope)
    }

    /// The dotted names that it uses.
    pub fn names(&self) -> Vec<String> {
        let mut names = Vec::new();
        collect(&self.0, &mut names);
        names
    }
}

fn compile(value: &Value, depth: usize) -> Result<Node, MapError> {
    if depth > DEEPEST {
        return Err(MapError::Template { template: "{…}".into(), reason: "it is nested too deep".into() });
    }
    let wrong = |reason: &str| MapError::Template { template: value.to_string(), reason: reason.to_owned() };
    if let Value::Object(members) = value
        && let Some((name, first)) = members.iter().find(|(name, _)| matches!(name.as_str(), "$each" | "$if"))
    {
        let Some(give) = members.get("$give").filter(|_| members.len() == 2) else {
            return Err(wrong(&format!("{name} stands beside $give alone")));
        };
        let (first, give) = (compile(first, depth + 1)?, compile(give, depth + 1)?);
        if name == "$if" {
            return Ok(Node::If(Box::new((first, give))));
        }
        let mut uses = Vec::new();
        collect(&give, &mut uses);
        uses.retain(|name| !is_element(name));
        return Ok(Node::Each(Box::new(Each { list: first, give, uses })));
    }
    Ok(match value {
        Value::String(text) if text.contains("{{") || text.contains("{%") || text.contains("{#") => {
            Node::Text(Template::compile(text)?)
        }
        Value::Array(items) => {
            Node::List(items.iter().map(|item| compile(item, depth + 1)).collect::<Result<_, _>>()?)
        }
        Value::Object(members) => Node::Members(
            members
                .iter()
                .map(|(name, member)| Ok((name.clone(), compile(member, depth + 1)?)))
                .collect::<Result<_, _>>()?,
        ),
        fixed => Node::Fixed(fixed.clone()),
    })
}

fn render(node: &Node, scope: &Value) -> Result<Option<Value>, MapError> {
    Ok(Some(match node {
        Node::Fixed(value) => value.clone(),
        Node::Text(template) => return template.value(scope),
        Node::List(items) => {
            let mut list = Vec::with_capacity(items.len());
            for item in items {
                match render(item, scope)? {
                    Some(Value::Array(several)) if matches!(item, Node::Each(_)) => list.extend(several),
                    one => list.extend(one),
                }
            }
            Value::Array(list)
        }
        Node::If(both) => {
            let (condition, give) = both.as_ref();
            return if render(condition, scope)?.is_some_and(|value| says_yes(&value)) {
                render(give, scope)
            } else {
                Ok(None)
            };
        }
        Node::Each(each) => {
            let wrong = |reason: String| MapError::Template { template: "$each".to_owned(), reason };
            let items = match render(&each.list, scope)? {
                None | Some(Value::Null) => return Ok(None),
                Some(Value::Array(items)) => items,
                Some(_) => return Err(wrong("it is not a list".to_owned())),
            };
            if items.len() > MOST_ELEMENTS {
                return Err(wrong(format!("the list has more than {MOST_ELEMENTS} elements")));
            }
            // Not the whole scope for each element: a long text of many lines is there once.
            let mut scope = only(scope, &each.uses);
            let mut list = Vec::with_capacity(items.len());
            for item in items {
                if let Value::Object(members) = &mut scope {
                    members.insert(EACH.to_owned(), item);
                }
                list.extend(render(&each.give, &scope)?);
            }
            Value::Array(list)
        }
        Node::Members(members) => {
            let mut object = Map::new();
            for (name, member) in members {
                if let Some(value) = render(member, scope)? {
                    object.insert(name.clone(), value);
                }
            }
            Value::Object(object)
        }
    }))
}

fn collect(node: &Node, names: &mut Vec<String>) {
    match node {
        Node::Fixed(_) => {}
        Node::Text(template) => names.extend(template.names()),
        Node::List(items) => items.iter().for_each(|item| collect(item, names)),
        Node::Members(members) => members.iter().for_each(|(_, member)| collect(member, names)),
        Node::If(both) => {
            collect(&both.0, names);
            collect(&both.1, names);
        }
        Node::Each(each) => {
            collect(&each.list, names);
            names.extend(each.uses.iter().cloned());
        }
    }
}

fn is_element(name: &str) -> bool {
    name.strip_prefix(EACH).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// Not null, not false, not zero and not empty.
fn says_yes(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(yes) => *yes,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
    }
}

/// Of a value, the members at these dotted names. What stands below something that has no members is left
/// out, as it is absent there too.
pub fn only(value: &Value, names: &[String]) -> Value {
    let mut kept = Value::Object(Map::new());
    for name in names {
        let (mut from, mut into) = (value, &mut kept);
        let mut steps = name.split('.').peekable();
        while let Some(step) = steps.next() {
            let (Some(next), Value::Object(members)) = (from.get(step), into) else { break };
            if steps.peek().is_none() || !next.is_object() {
                members.insert(step.to_owned(), next.clone());
                break;
            }
            from = next;
            into = members.entry(step).or_insert_with(|| Value::Object(Map::new()));
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::{JsonTemplate, only};
    use serde_json::{Value, json};

    #[test]
    fn absent_members_are_left_out_and_types_are_kept() {
        let template = JsonTemplate::compile(&json!({
            "title": "{{params.title}}", "labels": "{{params.labels}}", "n": 1,
            "nested": {"body": "By {{params.who}}", "gone": "{{params.gone}}"}, "list": ["{{params.gone}}", "x"]
        }))
        .unwrap();
        let scope = json!({"params": {"title": "T", "labels": ["a"], "who": "amira"}});
        assert_eq!(
            template.render(&scope).unwrap().unwrap(),
            json!({"title": "T", "labels": ["a"], "n": 1, "nested": {"body": "By amira"}, "list": ["x"]})
        );
        assert!(template.render(&json!({"params": {}})).is_err(), "text with an absent value is an error");
    }

    fn filled(template: &Value, scope: &Value) -> Option<Value> {
        JsonTemplate::compile(template).unwrap().render(scope).unwrap()
    }

    #[test]
    fn a_text_becomes_nodes_and_nothing_where_it_is_absent() {
        let paragraph = json!({"type": "paragraph", "by": "{{params.who}}",
            "content": [{"type": "text", "text": "{{each}}"}]});
        let document = json!({"$if": "{{params.text}}", "$give": {
            "type": "doc", "content": {"$each": "{{params.text|lines}}", "$give": paragraph}}});
        let whole = json!({"doc": document, "n": 1});
        let scope = json!({"params": {"text": "One {{params.who}}\r\n\n  \nTwo", "who": "amira"}});
        let node = |text: &str| json!({"type": "paragraph", "by": "amira", "content": [{"type": "text", "text": text}]});
        assert_eq!(
            filled(&whole, &scope).unwrap(),
            json!({"doc": {"type": "doc", "content": [node("One {{params.who}}"), node("Two")]}, "n": 1}),
            "what a person wrote is not looked through for holes"
        );
        assert_eq!(filled(&whole, &json!({"params": {"who": "x"}})).unwrap(), json!({"n": 1}));
        assert_eq!(filled(&whole, &json!({"params": {"text": ""}})).unwrap(), json!({"n": 1}));
        let names = JsonTemplate::compile(&whole).unwrap().names();
        assert!(names.iter().all(|name| name.starts_with("params.")), "{names:?}");
    }

    #[test]
    fn elements_take_their_place_in_a_list_and_may_hold_lists() {
        let inner = json!({"$each": "{{each.tags}}", "$give": "{{each}}!"});
        let list =
            json!(["first", {"$each": "{{params.rows}}", "$give": {"id": "{{each.id}}", "tags": inner}}]);
        let scope = json!({"params": {"rows": [{"id": 1, "tags": ["a", "b"]}, {"id": 2}]}});
        assert_eq!(
            filled(&list, &scope).unwrap(),
            json!(["first", {"id": 1, "tags": ["a!", "b!"]}, {"id": 2}])
        );
        let wrong = JsonTemplate::compile(&json!({"$each": "{{params.text}}", "$give": 1})).unwrap();
        assert!(wrong.render(&json!({"params": {"text": "no list"}})).is_err());
        let many = json!({"params": {"text": vec![0; 10_001]}});
        assert!(wrong.render(&many).is_err(), "there is a bound");
        for odd in [json!({"$each": "{{a}}"}), json!({"$if": "{{a}}", "$give": 1, "more": 2})] {
            assert!(JsonTemplate::compile(&odd).is_err(), "{odd}");
        }
    }

    #[test]
    fn only_what_is_named_is_kept() {
        let value = json!({"before": {"fields": {"a": null, "b": [1], "c": 3}, "key": "K"}, "x": 1});
        let names = ["before.fields.a", "before.fields.b.first", "before.gone", "y"].map(str::to_owned);
        assert_eq!(only(&value, &names), json!({"before": {"fields": {"a": null, "b": [1]}}}));
        assert_eq!(only(&value, &["before".to_owned()])["before"], value["before"]);
    }
}
