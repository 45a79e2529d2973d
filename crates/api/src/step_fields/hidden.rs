//! What of the mapping panel's samples is private: it is masked there as it is in reports.

use patchbay_chain::fields::StepFields;
use patchbay_map::Template;
use patchbay_model::chain::Source;
use patchbay_model::privacy::{PrivateField, masked};
use patchbay_model::{Step, StepId};
use serde_json::Value;

use crate::privacy::Privacy;

/// The paths of sources that are private or hold something private.
pub(super) fn sources(fields: &StepFields, step: &Step, privacy: &Privacy) -> Vec<String> {
    let values = fields.sources.iter().flat_map(|group| &group.fields);
    let hidden = values.filter(|value| {
        is_private(&keys(&value.path), step, privacy) || holds(value.sample.as_ref(), &privacy.fields)
    });
    hidden.map(|value| value.path.clone()).collect()
}

/// The targets whose values are private or made of something private.
pub(super) fn targets(fields: &StepFields, step: &Step, privacy: &Privacy) -> Vec<String> {
    // What of the sources is private, by the keys that lead there: who takes what holds it takes it, too.
    let within: Vec<Vec<String>> = sources(fields, step, privacy).iter().map(|path| keys(path)).collect();
    let hidden = fields.targets.iter().filter(|field| {
        let own: Vec<String> =
            field.target.split('/').skip(1).map(|key| key.replace("~1", "/").replace("~0", "~")).collect();
        let mapped = field.map.as_ref().map(|map| used(&map.source)).unwrap_or_default();
        touches(&own, &privacy.fields)
            || mapped.iter().any(|names| {
                is_private(names, step, privacy) || within.iter().any(|hidden| hidden.starts_with(names))
            })
            || field.map.as_ref().is_some_and(|map| may_reach(&map.source, &privacy.fields))
            || [&field.from_sample, &field.result].into_iter().any(|own| holds(own.as_ref(), &privacy.fields))
    });
    hidden.map(|field| field.target.clone()).collect()
}

/// Whether something in the value is private.
fn holds(value: Option<&Value>, fields: &[PrivateField]) -> bool {
    value.is_some_and(|value| masked(value, fields) != *value)
}

/// The values that a source is made of, each by the keys that lead to it.
fn used(source: &Source) -> Vec<Vec<String>> {
    match source {
        Source::Path { path } => vec![keys(path)],
        Source::Template { template } => {
            let names = Template::compile(template).map(|template| template.names()).unwrap_or_default();
            names.iter().map(|name| name.split('.').map(str::to_owned).collect()).collect()
        }
        Source::Fixed { .. } => Vec::new(),
    }
}

/// Whether what these keys lead to is private, or nobody knows any more whether it is.
fn is_private(keys: &[String], step: &Step, privacy: &Privacy) -> bool {
    let unknown = match keys {
        [root, of, ..] if root == "steps" => privacy.step(&StepId::new(of)).unknown,
        [root, ..] if root == "item" => privacy.given_unknown(step.for_each.as_ref()),
        [root, ..] if root == "input" => privacy.given_unknown(None),
        _ => false,
    };
    unknown || touches(keys, &privacy.fields)
}

/// Whether a path that names no single place (`*` of members, `..`) may end at a private field.
fn may_reach(source: &Source, fields: &[PrivateField]) -> bool {
    let Source::Path { path } = source else { return false };
    // A wildcard goes through the members of an object as well as through a list (RFC 9535, section 2.3.2).
    let (all, own) = (["..", ".*", "[*]"].iter().any(|many| path.contains(many)), keys(path));
    all && own.last().is_some_and(|last| fields.iter().any(|field| field.last() == Some(last)))
}

/// Whether the way goes to a private field, on below one, or to what holds one.
fn touches(keys: &[String], fields: &[PrivateField]) -> bool {
    let below = |field: &PrivateField| (1..=keys.len()).any(|end| keys[..end].ends_with(field));
    let above = |field: &PrivateField| (1..field.len()).any(|end| keys.ends_with(&field[..end]));
    fields.iter().filter(|field| !field.is_empty()).any(|field| below(field) || above(field))
}

/// The names in a JSONPath (RFC 9535), without the places in lists.
fn keys(path: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut letters = path.strip_prefix('$').unwrap_or(path).chars().peekable();
    while let Some(first) = letters.next() {
        let quote = letters.next_if(|mark| first == '[' && matches!(mark, '\'' | '"'));
        let mut name = String::new();
        while let Some(letter) = letters.next_if(|own| match quote {
            Some(mark) => *own != mark,
            None => !matches!(own, '.' | '['),
        }) {
            // A quote in a name stands behind a backslash.
            let next = if quote.is_some() && letter == '\\' { letters.next() } else { None };
            name.push(next.unwrap_or(letter));
        }
        if quote.is_some() {
            letters.by_ref().find(|own| *own == ']');
        }
        if quote.is_some() || (first == '.' && !name.is_empty() && name != "*") {
            found.push(name);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_names_of_a_path_are_those_that_lead_to_its_value() {
        let of = |path: &str| keys(path).join(" ");
        assert_eq!(of("$.steps.find[0].user.email"), "steps find user email");
        assert_eq!(of("$.item['e-mail']['a.b'].x[*].y"), "item e-mail a.b x y");
        assert_eq!(of("$"), "");
        assert_eq!(of(r"$.item['it\'s'].b"), "item it's b");
    }

    #[test]
    fn a_path_to_many_places_may_reach_a_private_one() {
        let fields = vec![vec!["user".to_owned(), "email".to_owned()]];
        let reaches = |path: &str| may_reach(&Source::Path { path: path.to_owned() }, &fields);
        assert!(reaches("$.item.*.email") && reaches("$..email") && reaches("$.item[*].email"));
        assert!(!reaches("$.item.*.name") && !reaches("$..name") && !reaches("$.item.email"));
    }

    #[test]
    fn what_lies_at_above_or_below_a_private_field_is_private() {
        let fields = vec![vec!["user".to_owned(), "email".to_owned()]];
        let private = |path: &str| touches(&keys(path), &fields);
        assert!(private("$.item.user.email") && private("$.item.user.email.work") && private("$.item.user"));
        assert!(!private("$.item.email") && !private("$.item.user.name"));
        assert!(
            holds(Some(&json!([{"user": {"email": "a@example.test"}}])), &fields),
            "within what is handed on whole"
        );
        assert!(!holds(Some(&json!([{"user": {"name": "A"}}])), &fields) && !holds(None, &fields));
    }
}
