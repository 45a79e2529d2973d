//! What happens to a value between its source and its parameter.

use patchbay_model::chain::{Conversion, FieldMap, TextChange};
use serde_json::Value;

use crate::choice::choose;
use crate::convert::convert;
use crate::error::MapError;
use crate::rich::rewrite;

/// Every change of one mapping, in their order: way of writing, type, length.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Change {
    pub(crate) text: Option<TextChange>,
    pub(crate) convert: Option<Conversion>,
    pub(crate) among: Vec<Value>,
    /// In characters.
    pub(crate) longest: Option<u32>,
}

impl Change {
    pub(crate) fn of(map: &FieldMap) -> Self {
        Self { text: map.text, convert: map.convert, among: map.among.clone(), longest: map.longest }
    }

    /// The changed value; none where nothing of the choices means the same.
    pub(crate) fn apply(&self, value: Value) -> Result<Option<Value>, MapError> {
        let value = match self.text {
            Some(change) => rewrite(&value, change)?,
            None => value,
        };
        let value = match self.convert {
            Some(Conversion::Choice) => match choose(&value, &self.among) {
                Some(chosen) => chosen,
                None => return Ok(None),
            },
            Some(how) => convert(value, how)?,
            None => value,
        };
        Ok(Some(match (self.longest, value) {
            (Some(longest), Value::String(text)) => Value::String(cut(text, longest as usize)),
            (_, value) => value,
        }))
    }
}

/// At most so many characters, the last of which is then "…".
fn cut(text: String, longest: usize) -> String {
    if text.len() <= longest || text.chars().count() <= longest {
        return text;
    }
    let mut short: String = text.chars().take(longest.saturating_sub(1)).collect();
    if longest > 0 {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;
    use patchbay_model::chain::TextForm;
    use serde_json::json;

    #[test]
    fn changes_follow_each_other() {
        let change = Change {
            text: Some(TextChange { from: TextForm::Markdown, to: TextForm::Plain }),
            convert: Some(Conversion::Line),
            among: Vec::new(),
            longest: Some(8),
        };
        assert_eq!(change.apply(json!("**Bring** the toner\n\nand more")).unwrap(), Some(json!("Bring t…")));
        let choice =
            Change { convert: Some(Conversion::Choice), among: vec![json!("high")], ..Change::default() };
        assert_eq!(choice.apply(json!("HIGH")).unwrap(), Some(json!("high")));
        assert_eq!(choice.apply(json!("blue")).unwrap(), None);
    }

    #[test]
    fn a_text_is_cut_between_characters() {
        for (text, longest, want) in [("äöü", 3, "äöü"), ("äöüß", 3, "äö…"), ("ab", 1, "…"), ("ab", 0, "")]
        {
            assert_eq!(cut(text.into(), longest), want, "{text} at {longest}");
        }
    }
}
