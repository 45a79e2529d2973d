//! What a source holds: its leaves, from its schema or from the values it had.

use serde_json::Value;

/// The deepest member that is considered.
pub(crate) const DEEPEST: usize = 4;
/// Fewer items say nothing about what a service always gives.
pub const ENOUGH: usize = 3;
/// At most this many samples are tried.
const SAMPLES: usize = 20;

/// What can be drawn from: a value in the scope, with what is known of it.
#[derive(Clone, Debug)]
pub struct SourceShape {
    /// Where it is, such as `$.item` or `$.steps.create`.
    pub root: String,
    /// Its JSON Schema, where known.
    pub schema: Option<Value>,
    /// Values it had.
    pub samples: Vec<Value>,
    /// What a person calls it.
    pub label: String,
    /// The connection that it is from. Identifiers mean something only there.
    pub origin: Option<String>,
}

/// One leaf of a source.
#[derive(Debug)]
pub(crate) struct Leaf {
    pub(crate) path: Vec<String>,
    pub(crate) name: String,
    pub(crate) kind: Kind,
    /// What its schema says of it; null where nobody knows.
    pub(crate) schema: Value,
    pub(crate) samples: Vec<Value>,
    /// How many of the samples have nothing there.
    pub(crate) missing: usize,
    pub(crate) rank: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Number,
    Integer,
    Boolean,
    List,
    Object,
    Unknown,
}

impl Kind {
    /// What a person calls it.
    fn word(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number => "number",
            Self::Integer => "whole number",
            Self::Boolean => "yes or no",
            Self::List => "list",
            Self::Object => "group",
            Self::Unknown => "any",
        }
    }
}

impl Leaf {
    /// Whether it was there in every one of enough samples.
    pub(crate) fn always(&self) -> bool {
        self.missing == 0 && self.samples.len() >= ENOUGH
    }

    /// Whether it was there in every sample, of at least one.
    pub(crate) fn seen(&self) -> bool {
        self.missing == 0 && !self.samples.is_empty()
    }

    /// The path to it, with names that are not plain in brackets (RFC 9535 section 2.3.1).
    pub(crate) fn path_from(&self, root: &str) -> String {
        let mut path = root.to_owned();
        for part in &self.path {
            if tokens_are_plain(part) {
                path.push('.');
                path.push_str(part);
            } else {
                path.push_str(&format!("['{}']", part.replace('\\', "\\\\").replace('\'', "\\'")));
            }
        }
        path
    }
}

/// A value that can be chosen as a source.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceField {
    /// The JSONPath to it (RFC 9535).
    pub path: String,
    /// Its name below the source, such as `user.login`.
    pub name: String,
    /// What a person calls its type.
    pub kind: &'static str,
    /// A value it had.
    pub sample: Option<Value>,
}

/// Every value of a source that can be chosen.
pub fn source_fields(source: &SourceShape) -> Vec<SourceField> {
    let mut leaves = Vec::new();
    collect(source, 0, &mut leaves);
    leaves
        .into_iter()
        .map(|leaf| SourceField {
            path: leaf.path_from(&source.root),
            name: leaf.path.join("."),
            kind: leaf.kind.word(),
            sample: leaf.samples.into_iter().next(),
        })
        .collect()
}

/// What a person calls the type of a JSON Schema.
pub fn type_word(schema: &Value) -> &'static str {
    match (kind_of(schema), schema["format"].as_str()) {
        (Kind::Text, Some("date-time")) => "time",
        (Kind::Text, Some("date")) => "date",
        (Kind::Text, Some("uri")) => "link",
        (Kind::Text, Some("email")) => "e-mail address",
        (kind, _) => kind.word(),
    }
}

fn tokens_are_plain(part: &str) -> bool {
    !part.is_empty()
        && !part.starts_with(|c: char| c.is_ascii_digit())
        && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Every leaf of a source. `rank` is the source's place: nearer ones win.
pub(crate) fn collect(source: &SourceShape, rank: usize, leaves: &mut Vec<Leaf>) {
    let samples: Vec<&Value> = source.samples.iter().take(SAMPLES).collect();
    let first = leaves.len();
    match &source.schema {
        Some(schema) => from_schema(schema, &mut Vec::new(), rank, &samples, leaves),
        None => from_samples(&samples, &mut Vec::new(), rank, leaves),
    }
    for leaf in leaves.iter_mut().skip(first) {
        leaf.samples.retain(|value| !value.is_null() && value != "");
        leaf.missing = samples.len().saturating_sub(leaf.samples.len());
    }
}

fn from_schema(
    schema: &Value,
    path: &mut Vec<String>,
    rank: usize,
    samples: &[&Value],
    leaves: &mut Vec<Leaf>,
) {
    let members = schema["properties"].as_object();
    if let Some(members) = members
        && path.len() < DEEPEST
    {
        for (name, member) in members {
            path.push(name.clone());
            let inner: Vec<&Value> = samples.iter().filter_map(|s| s.get(name)).collect();
            from_schema(member, path, rank, &inner, leaves);
            path.pop();
        }
    } else if let Some(name) = path.last() {
        leaves.push(Leaf {
            name: name.clone(),
            path: path.clone(),
            kind: kind_of(schema),
            schema: schema.clone(),
            samples: samples.iter().map(|v| (*v).clone()).collect(),
            missing: 0,
            rank,
        });
    }
}

fn from_samples(samples: &[&Value], path: &mut Vec<String>, rank: usize, leaves: &mut Vec<Leaf>) {
    let mut names: Vec<&String> = Vec::new();
    for name in samples.iter().filter_map(|s| s.as_object()).flat_map(|members| members.keys()) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    for name in names {
        path.push(name.clone());
        let inner: Vec<&Value> = samples.iter().filter_map(|s| s.get(name)).filter(|v| !v.is_null()).collect();
        if inner.iter().any(|v| v.is_object()) && path.len() < DEEPEST {
            from_samples(&inner, path, rank, leaves);
        } else if let Some(first) = inner.first() {
            leaves.push(Leaf {
                name: name.clone(),
                path: path.clone(),
                kind: kind_of_value(first),
                schema: Value::Null,
                samples: inner.iter().map(|v| (*v).clone()).collect(),
                missing: 0,
                rank,
            });
        }
        path.pop();
    }
}

pub(crate) fn kind_of(schema: &Value) -> Kind {
    let name = match &schema["type"] {
        Value::String(name) => name.as_str(),
        // Nullable: the other one.
        Value::Array(names) => {
            names.iter().filter_map(Value::as_str).find(|n| *n != "null").unwrap_or_default()
        }
        _ => "",
    };
    match name {
        "string" => Kind::Text,
        "number" => Kind::Number,
        "integer" => Kind::Integer,
        "boolean" => Kind::Boolean,
        "array" => Kind::List,
        "object" => Kind::Object,
        _ => Kind::Unknown,
    }
}

fn kind_of_value(value: &Value) -> Kind {
    match value {
        Value::String(_) => Kind::Text,
        Value::Number(n) if n.is_f64() => Kind::Number,
        Value::Number(_) => Kind::Integer,
        Value::Bool(_) => Kind::Boolean,
        Value::Array(_) => Kind::List,
        Value::Object(_) => Kind::Object,
        Value::Null => Kind::Unknown,
    }
}
