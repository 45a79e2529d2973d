//! What can be wrong with a path, a template, a schema or a value.

use patchbay_model::problem::{Code, Problem};

/// A mapping that cannot be compiled, or a value that does not fit it.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum MapError {
    /// Not a JSONPath of RFC 9535.
    #[error("\"{path}\" is not a path: {reason}")]
    Path {
        /// The text.
        path: String,
        /// Why.
        reason: String,
    },
    /// Not a template of ours.
    #[error("\"{template}\" is not a template: {reason}")]
    Template {
        /// The text, cut.
        template: String,
        /// Why.
        reason: String,
    },
    /// A template needs a value that is not there, or asks for something impossible.
    #[error("\"{template}\" could not be filled in: {reason}")]
    Render {
        /// The text, cut.
        template: String,
        /// Why.
        reason: String,
    },
    /// Not a linear-time regular expression.
    #[error("\"{pattern}\" is not a regular expression we can use: {reason}")]
    Pattern {
        /// The text.
        pattern: String,
        /// Why.
        reason: String,
    },
    /// Not a JSON Schema, or one that refers to another document.
    #[error("the schema cannot be used: {reason}")]
    Schema {
        /// Why.
        reason: String,
    },
    /// A field that must be there is missing or of another kind.
    #[error("{field}: {reason}")]
    Value {
        /// The field or path.
        field: String,
        /// Why.
        reason: String,
    },
}

impl From<MapError> for Problem {
    fn from(error: MapError) -> Self {
        let message = format!("{error}.");
        match error {
            MapError::Path { .. }
            | MapError::Template { .. }
            | MapError::Pattern { .. }
            | MapError::Schema { .. } => Self::new(Code::DescriptorInvalid).with("message", message),
            MapError::Render { template, .. } => {
                Self::new(Code::SchemaMismatch).with("field", template).with("message", message)
            }
            MapError::Value { field, .. } => {
                Self::new(Code::SchemaMismatch).with("field", field).with("message", message)
            }
        }
    }
}
