//! Mapping, pure and synchronous: JSONPath, templates, schemas, items to signals, steps to steps.
//!
//! Everything is compiled once, when a connector or a chain is loaded, and applied per record
//! without parsing again.

mod canonical;
mod change;
mod choice;
mod convert;
mod error;
mod example;
mod expression;
mod filters;
mod json_template;
mod leaf;
mod matcher;
mod path;
mod predicate;
mod rich;
mod schema;
mod signal;
mod step;
mod strict;
mod template;
mod time;
mod words;

pub use canonical::canonical_json;
pub use convert::convert;
pub use error::MapError;
pub use example::example;
pub use filters::FILTERS;
pub use json_template::{JsonTemplate, only};
pub use leaf::{ENOUGH, SourceField, SourceShape, source_fields, type_word};
pub use matcher::{Matcher, Target, propose};
pub use path::Path;
pub use predicate::Test;
pub use rich::rewrite;
pub use schema::{Misfit, Schema};
pub use signal::{Origin, SignalMapper};
pub use step::StepMapping;
pub use template::Template;
pub use time::{format_time, parse_any_time, parse_time, time_unit};
