//! What a tool lists for a setting.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use patchbay_map::{MapError, Path, Template};
use patchbay_model::descriptor::{ChoicesFrom, ConfigField};
use patchbay_model::problem::{Code, Problem, Subject};
use patchbay_model::run::Outcome;
use patchbay_model::text::display_line;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::engine::Engine;
use crate::settings::invalid;
use crate::target::Target;

/// How many are offered at most: more than anybody looks through.
const MOST: usize = 1_000;
/// How many pages are read at most.
const MOST_PAGES: usize = 20;
/// How long somebody waits for all pages.
const LONGEST: Duration = Duration::from_secs(15);

/// One value that may be entered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Choice {
    /// What is entered.
    pub value: String,
    /// What people read: one line.
    pub label: String,
    /// What is entered in other settings with it, by their keys.
    pub fills: BTreeMap<String, String>,
}

/// What a tool lists for a setting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Choices {
    /// Each value once, in the tool's own order. 1,000 at most.
    pub choices: Vec<Choice>,
    /// The tool has more, which were not read.
    pub more: bool,
}

impl Engine {
    /// Reads what may be entered in a setting, with the settings as far as they are known. Fails where the
    /// setting has no list, where a setting is missing that the list needs, and as the tool fails.
    pub async fn choices(&self, target: &Target, setting: &str) -> Result<Choices, Problem> {
        let descriptor = target.descriptor.descriptor();
        let field = descriptor.config_fields.iter().find(|field| field.key == setting);
        let Some(from) = field.and_then(|field| field.choices.as_ref()) else {
            return Err(invalid(setting, &format!("{} lists nothing for it", descriptor.name)));
        };
        let offer = Offer::compile(from)?;
        if let Some(first) = lacking(target, from) {
            return Err(Problem::new(Code::InputInvalid)
                .with("field", format!("\"{}\"", first.label))
                .with("message", "The list depends on it: fill it in first.")
                .about(Subject::Field { name: first.key.clone() }));
        }
        let planned = self.plan(target, &from.operation, &json!({}))?;
        let end = Instant::now() + LONGEST;
        let (mut found, mut seen, mut page, mut pages) = (Vec::new(), BTreeSet::new(), None, 0);
        loop {
            let left = end.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
            let (result, next) = self.call_page(target, &planned, None, left, page.as_ref()).await;
            pages += 1;
            match result.outcome {
                Outcome::Done { output, output_missing: None } => {
                    let items = output.as_array().map_or(&[][..], Vec::as_slice);
                    found.extend(
                        items
                            .iter()
                            .filter_map(|item| offer.of(item))
                            .filter(|one| seen.insert((one.value.clone(), one.fills.clone()))),
                    );
                }
                Outcome::Done { output_missing: Some(problem), .. }
                | Outcome::NotDone { problem }
                | Outcome::Unknown { problem }
                | Outcome::Quarantined { problem } => {
                    // What came before is worth more than nothing.
                    return if found.is_empty() {
                        Err(problem)
                    } else {
                        Ok(Choices { choices: found, more: true })
                    };
                }
                _ => return Ok(Choices { choices: found, more: true }),
            }
            let more = next.is_some();
            if !more || found.len() >= MOST || pages == MOST_PAGES || Instant::now() >= end {
                let cut = found.len() > MOST;
                found.truncate(MOST);
                return Ok(Choices { choices: found, more: more || cut });
            }
            page = next;
        }
    }
}

/// A setting without a value that stands in the address of what lists the choices.
fn lacking<'t>(target: &'t Target, from: &ChoicesFrom) -> Option<&'t ConfigField> {
    let descriptor = target.descriptor.descriptor();
    let request = descriptor.operation(&from.operation)?.request.as_ref()?;
    let names = Template::compile(&request.path).ok()?.names();
    let config = &target.connection.config;
    let lacks = |field: &&ConfigField| {
        !config.contains_key(&field.key) && names.contains(&format!("config.{}", field.key))
    };
    descriptor.config_fields.iter().find(lacks)
}

/// What of an item is entered, and what is shown.
struct Offer {
    value: Path,
    label: Option<Path>,
    fills: Vec<(String, Path)>,
}

impl Offer {
    fn compile(from: &ChoicesFrom) -> Result<Self, Problem> {
        let label = from.label.as_deref().map(Path::compile).transpose()?;
        let fills = from.fills.iter().map(|(key, path)| Ok((key.clone(), Path::compile(path)?)));
        Ok(Self { value: Path::compile(&from.value)?, label, fills: fills.collect::<Result<_, MapError>>()? })
    }

    fn of(&self, item: &Value) -> Option<Choice> {
        let value = plain(self.value.first(item)?)?;
        let label = self.label.as_ref().and_then(|label| plain(label.first(item)?));
        let label = display_line(label.as_ref().unwrap_or(&value), 120);
        let fills = self.fills.iter().filter_map(|(key, path)| Some((key.clone(), plain(path.first(item)?)?)));
        let fills = fills.collect();
        Some(Choice { label: if label.is_empty() { value.clone() } else { label }, value, fills })
    }
}

/// A text that is not empty, or a number as text.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.trim().is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
