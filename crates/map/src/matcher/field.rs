//! What is known of a field, on either side.

use patchbay_model::chain::TextForm;
use serde_json::Value;

use crate::leaf::{Kind, Leaf, kind_of};
use crate::rich::form_of;
use crate::words::{Meaning, meaning, tokens};

/// Groups that only hold things together: what is in them belongs to the item itself.
const WRAPPERS: &[&str] = &[
    "attributes",
    "data",
    "details",
    "fields",
    "info",
    "item",
    "money",
    "node",
    "object",
    "payload",
    "profile",
    "properties",
    "record",
    "resource",
    "snippet",
    "storage",
];

/// Names that say nothing but "what it is called": the group around them says whose.
const CALLED: &[&str] = &[
    "content", "date", "display", "key", "label", "login", "name", "slug", "summary", "text", "time", "title",
    "username", "value",
];

/// A source's leaf or a parameter.
#[derive(Debug)]
pub(super) struct Field {
    /// Its name in words.
    pub(super) name: Vec<String>,
    /// What people call it, in words; empty where its schema does not say.
    pub(super) label: Vec<String>,
    /// Every part of its path, in words.
    pub(super) path: Vec<String>,
    /// The thing that it belongs to, where that is not the item itself: `assignee` of `assignee.email`.
    pub(super) owner: Vec<String>,
    pub(super) meaning: Option<Meaning>,
    pub(super) kind: Kind,
    pub(super) form: TextForm,
    /// Whether its values are a fixed set.
    pub(super) closed: bool,
    /// What it identifies (`x-ref`), itself or each of a list.
    pub(super) refers: Option<String>,
    /// The unit of a number, where it is not the usual one (`x-unit`).
    pub(super) unit: Option<String>,
    /// `x-meaning`.
    pub(super) hint: Option<Meaning>,
}

impl Field {
    pub(super) fn of_leaf(leaf: &Leaf) -> Self {
        let parents = leaf.path.split_last().map_or(&[][..], |(_, parents)| parents);
        let own = |part: &&String| tokens(part).last().is_some_and(|w| !WRAPPERS.contains(&w.as_str()));
        let owner = parents.iter().rev().find(own).map_or_else(Vec::new, |part| tokens(part));
        let mut field = Self::new(&leaf.name, &leaf.schema, leaf.kind);
        field.path = leaf.path.iter().flat_map(|part| tokens(part)).collect();
        if !owner.is_empty() {
            field.meaning = field.hint.or_else(|| belonging(&field, &owner));
            field.owner = owner;
        }
        field
    }

    pub(super) fn of_parameter(name: &str, schema: &Value) -> Self {
        Self::new(name, schema, kind_of(schema))
    }

    fn new(name: &str, schema: &Value, kind: Kind) -> Self {
        let text = |member: &Value| member.as_str().map(str::to_owned);
        let label = schema["title"].as_str().unwrap_or_default();
        let format = schema["format"].as_str().or_else(|| schema["items"]["format"].as_str());
        let hint = schema["x-meaning"].as_str().and_then(Meaning::named);
        let form = form_of(schema);
        Self {
            name: tokens(name),
            label: tokens(label),
            path: tokens(name),
            owner: Vec::new(),
            meaning: hint.or_else(|| meaning(label, format)).or_else(|| meaning(name, format)),
            // A tree of nodes is read as the text that it holds.
            kind: if form == TextForm::Adf { Kind::Text } else { kind },
            form,
            closed: schema["enum"].is_array(),
            refers: text(&schema["x-ref"]).or_else(|| text(&schema["items"]["x-ref"])),
            unit: text(&schema["x-unit"]),
            hint,
        }
    }

    /// Whether it is of the item itself and not of something that the item has to do with.
    pub(super) fn is_own(&self) -> bool {
        self.owner.is_empty()
    }

    /// Words that say whose it is: `customer` of `customer_email`, `from` of `from.address`.
    pub(super) fn role(&self) -> impl Iterator<Item = &String> {
        const PLAIN: &[&str] = &["address", "default", "e", "email", "mail", "of", "primary", "the", "work"];
        let words = self.owner.iter().chain(&self.name);
        words.filter(|word| !PLAIN.contains(&word.as_str()))
    }
}

/// The meaning of a field of something that the item has to do with. Its title is not the item's title.
fn belonging(field: &Field, owner: &[String]) -> Option<Meaning> {
    let of_owner = meaning(&owner.join(" "), None);
    let called = field.name.iter().all(|word| CALLED.contains(&word.as_str()));
    match (field.meaning, of_owner) {
        (Some(own @ (Meaning::Email | Meaning::Phone)), _) => Some(own),
        // `start.dateTime`, `body.value`, `status.name`.
        (_, Some(of_owner)) if called && !matches!(of_owner, Meaning::Title | Meaning::Id) => Some(of_owner),
        _ => None,
    }
}

/// Whether fields are those of a person: then a name is a person's name.
pub(super) fn describe_a_person<'f>(mut fields: impl Iterator<Item = &'f Field>) -> bool {
    use Meaning::{Email, FirstName, LastName, Phone};
    fields.any(|f| f.is_own() && matches!(f.meaning, Some(Email | FirstName | LastName | Phone)))
}

/// Takes names for persons' names.
pub(super) fn name_a_person(field: &mut Field) {
    let named = field.name.last().is_some_and(|word| word == "name");
    let open = matches!(field.meaning, None | Some(Meaning::Title));
    if field.hint.is_none() && open && named && field.is_own() {
        field.meaning = Some(Meaning::PersonName);
    }
}

/// Beside a title, a message is what follows it.
pub(super) fn follow_a_title(fields: &mut [&mut Field]) {
    if fields.iter().any(|field| field.is_own() && field.meaning == Some(Meaning::Title)) {
        let messages = fields.iter_mut().filter(|field| field.meaning == Some(Meaning::Message));
        messages.for_each(|field| field.meaning = Some(Meaning::Body));
    }
}
