//! The adapters at hand, by the connector that they are for.

use std::collections::BTreeMap;
use std::sync::Arc;

use patchbay_model::descriptor::Descriptor;
use patchbay_model::problem::{Code, Problem, Subject};
use semver::{Version, VersionReq};

use super::Adapter;

/// The adapters at hand. Cheap to clone.
#[derive(Clone, Default)]
pub struct Adapters {
    all: BTreeMap<&'static str, Registered>,
}

#[derive(Clone)]
struct Registered {
    adapter: Arc<dyn Adapter>,
    serves: VersionReq,
}

/// Why a native descriptor cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unserved {
    /// Where in the descriptor, as a JSON pointer.
    pub pointer: &'static str,
    /// What is wrong, without a full stop.
    pub message: String,
}

impl Adapters {
    /// The same with one more. `DESCRIPTOR_INVALID` where there is one for its connector already, or
    /// where its version or range is none.
    pub fn with(mut self, adapter: Arc<dyn Adapter>) -> Result<Self, Problem> {
        let id = adapter.id();
        let odd = |message: String| {
            Problem::new(Code::DescriptorInvalid)
                .with("message", message)
                .about(Subject::Connector { id: id.to_owned() })
        };
        if self.all.contains_key(id) {
            return Err(odd(format!("There are two adapters for \"{id}\".")));
        }
        Version::parse(adapter.version()).map_err(|error| {
            odd(format!("\"{}\" is no version of the adapter for \"{id}\": {error}.", adapter.version()))
        })?;
        let serves = VersionReq::parse(adapter.serves()).map_err(|error| {
            odd(format!("\"{}\" is no range of versions of \"{id}\": {error}.", adapter.serves()))
        })?;
        self.all.insert(id, Registered { adapter, serves });
        Ok(self)
    }

    /// The adapter of a native connector; none for one that is interpreted from its file alone.
    pub fn of(&self, descriptor: &Descriptor) -> Result<Option<Arc<dyn Adapter>>, Unserved> {
        if !descriptor.is_native() {
            return Ok(None);
        }
        let Some(Registered { adapter, serves }) = self.all.get(descriptor.id.as_str()) else {
            let message =
                format!("native connectors are part of the program, and it has none for \"{}\"", descriptor.id);
            return Err(Unserved { pointer: "/kind", message });
        };
        let version = Version::parse(&descriptor.version).ok();
        if version.is_none_or(|version| !serves.matches(&version)) {
            let message = format!(
                "the adapter for \"{}\" ({}) serves versions {serves}, not {}",
                descriptor.id,
                adapter.version(),
                descriptor.version
            );
            return Err(Unserved { pointer: "/version", message });
        }
        Ok(Some(adapter.clone()))
    }
}
