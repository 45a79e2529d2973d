//! A JSON value with templates in its strings.

use serde_json::{Map, Value};

use crate::error::MapError;
use crate::template::Template;

/// The deepest document we build.
const DEEPEST: usize = 32;

/// A compiled JSON value with templates in its strings. Member names are literal.
#[derive(Clone, Debug)]
pub struct JsonTemplate(Node);

#[derive(Clone, Debug)]
enum Node {
    Fixed(Value),
    Text(Template),
    List(Vec<Node>),
    Members(Vec<(String, Node)>),
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
                list.extend(render(item, scope)?);
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
    }
}

#[cfg(test)]
mod tests {
    use super::JsonTemplate;
    use serde_json::json;

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
}
