//! What was chosen by hand in one chain is proposed where another joins the same two operations.

use patchbay_model::chain::{Chain, ChosenBy, FieldMap, Source, Step};
use patchbay_model::descriptor::Descriptor;

use crate::mapping::{drawn_from, operation_of};

/// What the reason of such a choice begins with; the other chain's name follows.
const CHOSEN_IN: &str = "as you chose it in \"";

/// Whether a mapping's reason names another chain.
pub fn names_a_chain(reason: &str) -> bool {
    reason.starts_with(CHOSEN_IN)
}

/// How sure a choice is that was made for the same two operations elsewhere.
const SURE: u8 = 92;
/// What items are called in paths.
const ITEM: &str = "$.item";

/// One choice made by hand.
#[derive(Clone, Debug, PartialEq)]
pub struct Learned {
    from: Place,
    to: Place,
    /// What the source was called in paths there.
    root: String,
    map: FieldMap,
    chain: String,
}

/// An operation of a connector.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    connector: String,
    operation: String,
}

impl Place {
    fn of<'d>(step: &Step, descriptor_of: &impl Fn(&str) -> Option<&'d Descriptor>) -> Option<Self> {
        operation_of(step, descriptor_of)?;
        let connector = descriptor_of(&step.connection)?.id.to_string();
        Some(Self { connector, operation: step.operation.clone() })
    }
}

/// Every choice that was made by hand in a chain and that could serve another.
pub fn learned<'d>(chain: &Chain, descriptor_of: impl Fn(&str) -> Option<&'d Descriptor>) -> Vec<Learned> {
    let mut found = Vec::new();
    for (index, step) in chain.all_steps().enumerate() {
        let Some(to) = Place::of(step, &descriptor_of) else { continue };
        for (earlier, root) in drawn_from(chain, index, &descriptor_of) {
            let Some(from) = Place::of(earlier, &descriptor_of) else { continue };
            let own = step.mapping.iter().filter(|map| map.by == ChosenBy::Hand && speaks_of(map, &root));
            // What identifies something means nothing in another account.
            let own = own.filter(|map| !identifies(step, map, &descriptor_of));
            found.extend(own.map(|map| Learned {
                from: from.clone(),
                to: to.clone(),
                root: root.clone(),
                map: map.clone(),
                chain: chain.name.clone(),
            }));
        }
    }
    found
}

/// What was learned for a step; at most one for each parameter.
pub(crate) fn taught<'d>(
    chain: &Chain,
    index: usize,
    descriptor_of: &impl Fn(&str) -> Option<&'d Descriptor>,
    learned: &[Learned],
) -> Vec<FieldMap> {
    let mut maps: Vec<FieldMap> = Vec::new();
    let Some(to) = chain.all_steps().nth(index).and_then(|step| Place::of(step, descriptor_of)) else {
        return maps;
    };
    for (earlier, root) in drawn_from(chain, index, descriptor_of) {
        let Some(from) = Place::of(earlier, descriptor_of) else { continue };
        let same = |one: &&Learned| one.chain != chain.name && one.from == from && one.to == to;
        for one in learned.iter().filter(same) {
            if !maps.iter().any(|map| map.target == one.map.target) {
                maps.extend(one.under(&root));
            }
        }
    }
    maps
}

impl Learned {
    /// The same choice where the source is called something else.
    fn under(&self, root: &str) -> Option<FieldMap> {
        let source = match &self.map.source {
            Source::Path { path } => Source::Path { path: format!("{root}{}", path.strip_prefix(&self.root)?) },
            other if root == self.root => other.clone(),
            _ => return None,
        };
        Some(FieldMap {
            source,
            by: ChosenBy::Matcher,
            confidence: Some(SURE),
            reason: Some(format!("{CHOSEN_IN}{}\"", self.chain)),
            // What stands in for nothing, and what is always there, is a matter of each chain.
            default: None,
            always: false,
            seen: false,
            ..self.map.clone()
        })
    }
}

/// Whether the parameter of a mapping identifies a thing of the service.
fn identifies<'d>(
    step: &Step,
    map: &FieldMap,
    descriptor_of: &impl Fn(&str) -> Option<&'d Descriptor>,
) -> bool {
    let Some(operation) = operation_of(step, descriptor_of) else { return false };
    let mut parts = map.target.split('/').skip(1);
    let member = parts.try_fold(&operation.params, |schema, part| schema["properties"].get(part));
    member.is_some_and(|member| member.get("x-ref").is_some() || member["items"].get("x-ref").is_some())
}

/// Whether a choice is about this source alone.
fn speaks_of(map: &FieldMap, root: &str) -> bool {
    match &map.source {
        Source::Path { path } => {
            path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        }
        Source::Template { template } => {
            root == ITEM
                && template.contains("item")
                && !["steps", "input"].iter().any(|w| template.contains(w))
        }
        // A channel or a project is a matter of its chain.
        Source::Fixed { .. } => false,
    }
}

#[cfg(test)]
mod tests {
    use patchbay_descriptor::Catalogue;
    use serde_json::{Value, json};

    use super::*;
    use crate::mapping::{Samples, complete};

    fn chain(name: &str, mapping: &Value) -> Chain {
        serde_json::from_value(json!({"schema": 1, "name": name, "steps": [
            {"id": "list", "connection": "tracker", "operation": "list_issues"},
            {"id": "tell", "connection": "chat", "operation": "send_message", "forEach": "list", "mapping": mapping}
        ]}))
        .unwrap()
    }

    #[test]
    fn a_choice_by_hand_is_proposed_in_the_next_chain_and_only_for_the_same_operations() {
        let catalogue = Catalogue::built_in();
        let named = |id: &str| catalogue.all().find(|d| d.id.as_str() == id).unwrap().as_ref();
        let descriptor_of = |name: &str| match name {
            "tracker" => Some(named("sandbox-tracker")),
            "chat" => Some(named("sandbox-chat")),
            _ => None,
        };
        let chosen = json!([
            {"target": "/text", "source": {"type": "path", "path": "$.item.url"}},
            {"target": "/channel", "source": {"type": "fixed", "value": "general"}}
        ]);
        let first = chain("First", &chosen);
        let learned = learned(&first, descriptor_of);
        assert_eq!(learned.len(), 1, "what is fixed is a matter of its chain");

        let completed = complete(&chain("Second", &json!([])), descriptor_of, &Samples::new(), &learned);
        let text = completed.steps[1].mapping.iter().find(|map| map.target == "/text").unwrap();
        assert_eq!(text.source, Source::Path { path: "$.item.url".into() });
        assert_eq!(text.reason.as_deref(), Some("as you chose it in \"First\""));
        assert_eq!((text.by, text.confidence), (ChosenBy::Matcher, Some(SURE)));

        let own = json!([{"target": "/text", "source": {"type": "path", "path": "$.item.body"}}]);
        let kept = complete(&chain("Third", &own), descriptor_of, &Samples::new(), &learned);
        assert_eq!(kept.steps[1].mapping[0].source, Source::Path { path: "$.item.body".into() });
        let again = complete(&first, descriptor_of, &Samples::new(), &learned);
        assert_eq!(again.steps[1].mapping[0].by, ChosenBy::Hand);
    }
}
