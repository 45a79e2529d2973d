//! What a vendor publishes of its service, and the mock that is made from it.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::mock::Mock;
use crate::vendors::{describes_answer, fits};
use crate::wire::Request;
use crate::{prism, root};

/// A vendor's own schema.
#[derive(Clone, Debug)]
pub enum Description {
    /// OpenAPI or Swagger.
    Rest(Value),
    /// The file of a GraphQL schema.
    GraphQl(PathBuf),
}

impl Description {
    /// Starts a mock that answers as the schema says, and refuses what it refuses.
    pub fn mock(&self) -> Mock {
        match self {
            Self::Rest(description) => prism::mock(description),
            Self::GraphQl(schema) => graphql(schema, None),
        }
    }

    /// Starts it before another server: what is asked and what is answered are both checked.
    pub fn before(&self, upstream: &str) -> Mock {
        match self {
            Self::Rest(description) => prism::before(description, upstream),
            Self::GraphQl(schema) => graphql(schema, Some(upstream)),
        }
    }

    /// The same for answers of which only a part is given. A GraphQL answer is whole or wrong: it
    /// holds what was asked for.
    #[must_use]
    pub fn for_partial_answers(&self) -> Self {
        let mut description = self.clone();
        if let Self::Rest(description) = &mut description {
            prism::partial_answers(description);
        }
        description
    }

    /// The headers, in lower case, in which keys are sent: without them nothing else is looked at.
    pub fn credentials(&self) -> impl Iterator<Item = String> {
        let schemes = match self {
            Self::Rest(description) => description["components"]["securitySchemes"].as_object(),
            Self::GraphQl(_) => None,
        };
        let named = schemes.into_iter().flatten().filter(|(_, scheme)| scheme["in"] == "header");
        let named = named.filter_map(|(_, scheme)| scheme["name"].as_str()).map(str::to_lowercase);
        named.chain(["authorization".to_owned()]).collect::<Vec<_>>().into_iter()
    }

    /// Whether it says anything about the answer to a request.
    pub fn describes_answer(&self, method: &str, path: &str) -> bool {
        match self {
            Self::Rest(description) => describes_answer(description, method, path),
            Self::GraphQl(_) => true,
        }
    }

    /// Which of these parts of it a request uses: `GET /user/{id}`, or `query issues` by the field
    /// that is asked for.
    pub fn used<'u>(&self, uses: &'u [&'u str], request: &Request) -> Option<&'u str> {
        match self {
            Self::Rest(_) => uses
                .iter()
                .filter(|used| {
                    used.split_once(' ').is_some_and(|(m, p)| m == request.method && fits(p, request.path()))
                })
                .min_by_key(|used| used.matches('{').count())
                .copied(),
            Self::GraphQl(_) => {
                let asked = request.json();
                let (head, rest) = asked["query"].as_str()?.split_once('{')?;
                let kind = head.trim_start().split(|c: char| !c.is_alphanumeric()).next()?;
                let field = rest.trim_start().split(|c: char| !c.is_alphanumeric()).next()?;
                uses.iter().copied().find(|used| used.split_once(' ') == Some((kind, field)))
            }
        }
    }
}

fn graphql(schema: &Path, upstream: Option<&str>) -> Mock {
    Mock::start(None, |port| {
        let mut mock = Command::new("node");
        mock.arg(root().join("tests/node/mocks/graphql.mjs")).arg(schema).arg(port.to_string()).args(upstream);
        mock
    })
}
