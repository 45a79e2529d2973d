//! Why a connector cannot be used at all. What services answer is a `Problem` already.

use patchbay_map::MapError;
use patchbay_model::ConnectorId;
use patchbay_model::problem::{Code, Problem};

/// Why a connector cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConnectorError {
    /// One of its templates, paths or schemas does not compile.
    #[error(transparent)]
    Map(#[from] MapError),
    /// Its base address is not one.
    #[error("\"{0}\" is not an address")]
    BaseUrl(String),
    /// It is native, and nothing is registered for it.
    #[error("no adapter is registered for \"{0}\"")]
    NoAdapter(ConnectorId),
    /// Events of its webhook lead to a stream that has no mapping.
    #[error("there is no mapping for the stream \"{0}\"")]
    NoStream(String),
}

impl From<ConnectorError> for Problem {
    fn from(error: ConnectorError) -> Self {
        match error {
            ConnectorError::Map(error) => error.into(),
            ConnectorError::BaseUrl(text) => Self::new(Code::InvalidConfig)
                .with("field", "The address")
                .with("message", format!("\"{text}\" is not an http or https address")),
            ConnectorError::NoAdapter(id) => Self::new(Code::DescriptorInvalid)
                .with("message", format!("This program has no adapter for \"{id}\".")),
            ConnectorError::NoStream(id) => Self::new(Code::DescriptorInvalid)
                .with("message", format!("There is no mapping for the stream \"{id}\".")),
        }
    }
}
