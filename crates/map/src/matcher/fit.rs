//! What has to happen to a value so that it fits a parameter, and what is lost by it.

use patchbay_model::chain::{Conversion, TextChange, TextForm};
use serde_json::Value;

use super::field::Field;
use crate::change::Change;
use crate::leaf::{Kind, Leaf};
use crate::schema::Schema;
use crate::time::{Zone, zone_of};
use crate::words::Meaning;

/// A change with what it costs.
pub(super) struct Fit {
    pub(super) change: Change,
    pub(super) penalty: i32,
    /// What happens and what is lost, for people.
    pub(super) words: Vec<String>,
}

/// The changes that a value needs; none where there is no sensible way.
pub(super) fn fit(leaf: &Leaf, from: &Field, to: &Field, target: &Value) -> Option<Fit> {
    let mut fit = Fit { change: Change::default(), penalty: 0, words: Vec::new() };
    let choices = target["enum"].as_array();
    if to.kind == Kind::Text && from.kind == Kind::Text && from.form != to.form {
        fit.change.text = Some(TextChange { from: from.form, to: to.form });
        if from.form != TextForm::Plain {
            fit.penalty += 2;
            fit.words.push(match to.form {
                TextForm::Plain => "the formatting is lost".to_owned(),
                form => format!("rewritten as {}", form_word(form)),
            });
        }
    }
    if let Some(among) = choices.filter(|_| from.kind == Kind::Text) {
        fit.change.convert = Some(Conversion::Choice);
        fit.change.among.clone_from(among);
        fit.penalty += 4;
        fit.words.push("the value that means the same".to_owned());
        return Some(fit);
    }
    let long = matches!(from.meaning, Some(Meaning::Body | Meaning::Message));
    if to.meaning == Some(Meaning::Title) && long && from.kind == Kind::Text {
        fit.change.convert = Some(Conversion::Line);
        fit.words.push("its first line".to_owned());
    } else {
        let (convert, penalty, words) = conversion(leaf, from.kind, to.kind, target)?;
        fit.change.convert = convert;
        fit.penalty += penalty;
        if fit.words.is_empty() || penalty > 0 {
            fit.words.push(words.to_owned());
        }
    }
    // Cut markup is broken markup.
    let may_cut = to.kind == Kind::Text && !matches!(to.form, TextForm::Html | TextForm::Adf);
    let may_cut = may_cut && target.get("pattern").is_none() && target.get("format").is_none();
    if let Some(longest) = target["maxLength"].as_u64().filter(|_| may_cut) {
        fit.change.longest = u32::try_from(longest).ok();
        if longest < 5000 && (long || leaf.samples.iter().any(|s| longer(s, longest))) {
            fit.words.push(format!("cut after {longest} characters"));
        }
    }
    Some(fit)
}

fn longer(sample: &Value, longest: u64) -> bool {
    sample.as_str().is_some_and(|text| text.chars().count() as u64 > longest)
}

fn form_word(form: TextForm) -> &'static str {
    match form {
        TextForm::Plain => "plain text",
        TextForm::Markdown => "Markdown",
        TextForm::Html => "HTML",
        TextForm::Mrkdwn => "Slack's markup",
        TextForm::Adf => "Atlassian's document format",
    }
}

type Converted = (Option<Conversion>, i32, &'static str);

/// The change of type that is needed; none where there is no sensible one.
fn conversion(leaf: &Leaf, from: Kind, to: Kind, target: &Value) -> Option<Converted> {
    let same = "same type";
    match (to, target["format"].as_str()) {
        (Kind::Text, Some("date-time")) => {
            return match from {
                Kind::Text if leaf.schema["format"] == "date" => {
                    Some((Some(Conversion::DateTime), 6, "a day read as its first moment in UTC"))
                }
                Kind::Text => Some((Some(Conversion::DateTime), 0, zone_word(leaf).unwrap_or(same))),
                Kind::Number | Kind::Integer => Some((Some(Conversion::DateTime), 3, "read as a time")),
                _ => None,
            };
        }
        (Kind::Text, Some("date")) => {
            return match from {
                Kind::Text if leaf.schema["format"] == "date" => Some((None, 0, same)),
                Kind::Text if zone_word(leaf) == Some(ZONE_LOST) => {
                    Some((Some(Conversion::Date), 6, "the time of day is lost, the time zone is lost"))
                }
                Kind::Text => Some((Some(Conversion::Date), 6, "the time of day is lost")),
                Kind::Number | Kind::Integer => {
                    Some((Some(Conversion::Date), 6, "the time of day is lost, its day read as UTC"))
                }
                _ => None,
            };
        }
        _ => {}
    }
    Some(match (from, to) {
        (Kind::List, Kind::List) if of_things(leaf) && target["items"]["type"] == "string" => {
            (Some(Conversion::Names), 4, "the names of its entries")
        }
        (Kind::List, Kind::Text) if of_things(leaf) => return None,
        (from, to) if from == to => (None, 0, same),
        (Kind::Integer, Kind::Number) | (_, Kind::Unknown) => (None, 0, same),
        (Kind::Unknown, _) => (None, 6, "type not known"),
        (Kind::Number | Kind::Integer | Kind::Boolean, Kind::Text) => (Some(Conversion::Text), 4, "as text"),
        (Kind::List, Kind::Text) => (Some(Conversion::Text), 12, "the list is joined into one text"),
        (Kind::Text, Kind::Number) => (Some(Conversion::Number), 8, "text read as a number"),
        (Kind::Text | Kind::Number, Kind::Integer) => (Some(Conversion::Integer), 8, "read as a whole number"),
        (Kind::Text | Kind::Integer, Kind::Boolean) => (Some(Conversion::Boolean), 10, "read as yes or no"),
        (Kind::Text | Kind::Number | Kind::Integer, Kind::List) => {
            (Some(Conversion::List), 6, "as a list of one")
        }
        (Kind::List, Kind::Number | Kind::Integer | Kind::Boolean) => {
            (Some(Conversion::First), 25, "only the first of the list is used")
        }
        _ => return None,
    })
}

const ZONE_LOST: &str = "the time zone is lost";

/// What becomes of the zone of times that are texts; none where nothing is to be said of it.
fn zone_word(leaf: &Leaf) -> Option<&'static str> {
    let zones = || leaf.samples.iter().filter_map(zone_of);
    match () {
        () if zones().any(|zone| zone == Zone::Other) => Some(ZONE_LOST),
        () if zones().any(|zone| zone == Zone::Unsaid) => Some("read as UTC"),
        () => None,
    }
}

/// Whether a list holds things with members and not plain values.
fn of_things(leaf: &Leaf) -> bool {
    let mut entries = leaf.samples.iter().filter_map(Value::as_array).flatten();
    leaf.schema["items"]["type"] == "object" || entries.any(Value::is_object)
}

/// How many samples convert and fit the parameter's schema, of how many; none where there are none.
pub(super) fn samples_that_fit(leaf: &Leaf, change: &Change, schema: &Schema) -> Option<(usize, usize)> {
    let fits = |sample: &&Value| match change.apply((**sample).clone()) {
        Ok(Some(value)) => schema.check(&value).is_ok(),
        // Nothing of the choices means the same: it is left out.
        Ok(None) | Err(_) => false,
    };
    let of = leaf.samples.len();
    (of > 0).then(|| (leaf.samples.iter().filter(fits).count(), of))
}
