//! The connectors that are checked against their vendors' own schemas: where the schema is, what of
//! it the connector uses, and what to call it with.

mod alerts;
mod office;
mod work;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::description::Description;
use crate::prism::{cut_down_to, forms_as_json, without_parameter};
use crate::{realworld, root};

/// One connector and its vendor's schema.
#[derive(Debug)]
pub struct Vendor {
    /// The connector.
    pub connector: &'static str,
    /// Where the schema is.
    pub source: Source,
    /// What of it the connector uses: `GET /user`, or `query viewer`.
    pub uses: &'static [&'static str],
    /// Parameters that the schema asks for and the service does not: an older way to sign in.
    pub outdated: Option<&'static str>,
    /// Operations of the connector that the schema at hand does not have; streams and the health check
    /// as `stream cards` and `health`.
    pub absent: &'static [&'static str],
    /// JSON pointer to the token of the next page in the vendor's examples, where they have one.
    pub next_page: Option<&'static str>,
    /// Settings of the connection, as JSON.
    pub config: &'static str,
    /// Parameters of every other operation, as JSON.
    pub params: &'static [(&'static str, &'static str)],
    /// A call that the schema refuses: method and path, body.
    pub refused: (&'static str, &'static str),
}

/// Where a schema is.
#[derive(Clone, Copy, Debug)]
pub enum Source {
    /// A file of a package of `tests/node`.
    Package(&'static str),
    /// The same whose parts refer to each other in circles: only what operations refer to themselves
    /// is kept of it.
    Circular(&'static str),
    /// A file of the folder with vendors' files, where that is at hand.
    Realworld(&'static str),
    /// A GraphQL schema of the same folder.
    GraphQl(&'static str),
    /// What a GraphQL service says of itself (introspection), packed with gzip, in a package of
    /// `tests/node`.
    Introspected(&'static str),
}

/// All of them.
pub const VENDORS: &[Vendor] = &[
    GITHUB_ISSUES,
    GITHUB_PULL_REQUESTS,
    SLACK,
    NOTION,
    LINEAR,
    work::TRELLO,
    alerts::PAGERDUTY,
    alerts::DATADOG,
    office::ASANA,
    office::OUTLOOK,
    office::AMAZON_SES,
    office::SHOPIFY,
    office::STRIPE,
    work::CONFLUENCE,
    work::JIRA,
    alerts::SENTRY,
];

/// GitHub Issues.
pub const GITHUB_ISSUES: Vendor = Vendor {
    connector: "github-issues",
    source: Source::Package("@octokit/openapi/generated/api.github.com.json"),
    uses: &[
        "GET /user",
        "GET /user/repos",
        "GET /repos/{owner}/{repo}/issues",
        "POST /repos/{owner}/{repo}/issues",
        "GET /repos/{owner}/{repo}/issues/comments",
        "DELETE /repos/{owner}/{repo}/issues/comments/{comment_id}",
        "GET /repos/{owner}/{repo}/issues/{issue_number}",
        "PATCH /repos/{owner}/{repo}/issues/{issue_number}",
        "GET /repos/{owner}/{repo}/issues/{issue_number}/comments",
        "POST /repos/{owner}/{repo}/issues/{issue_number}/comments",
        "POST /repos/{owner}/{repo}/issues/{issue_number}/labels",
    ],
    outdated: None,
    absent: &[],
    next_page: None,
    config: r#"{"owner": "octocat", "repo": "hello-world"}"#,
    params: &[
        ("list_issues", r#"{"state": "all", "since": "2026-01-31T12:00:00Z"}"#),
        ("get_issue", r#"{"number": 1}"#),
        ("create_issue", r#"{"title": "A title", "body": "Text", "labels": ["bug"]}"#),
        ("update_issue", r#"{"number": 1, "title": "Another", "state": "open"}"#),
        ("close_issue", r#"{"number": 1}"#),
        ("list_comments", r#"{"number": 1}"#),
        ("list_repositories", "{}"),
        ("create_comment", r#"{"number": 1, "body": "Seen."}"#),
        ("add_labels", r#"{"number": 1, "labels": ["bug"]}"#),
        ("delete_comment", r#"{"id": 1}"#),
    ],
    refused: ("POST /repos/o/r/issues", r#"{"body": "no title"}"#),
};

/// GitHub Pull Requests.
pub const GITHUB_PULL_REQUESTS: Vendor = Vendor {
    connector: "github-pull-requests",
    source: Source::Package("@octokit/openapi/generated/api.github.com.json"),
    uses: &[
        "GET /user",
        "GET /user/repos",
        "GET /repos/{owner}/{repo}/issues",
        "GET /repos/{owner}/{repo}/issues/comments",
        "DELETE /repos/{owner}/{repo}/issues/comments/{comment_id}",
        "GET /repos/{owner}/{repo}/issues/{issue_number}/comments",
        "POST /repos/{owner}/{repo}/issues/{issue_number}/comments",
        "POST /repos/{owner}/{repo}/issues/{issue_number}/labels",
        "GET /repos/{owner}/{repo}/pulls",
        "GET /repos/{owner}/{repo}/pulls/comments",
        "GET /repos/{owner}/{repo}/pulls/{pull_number}",
        "PATCH /repos/{owner}/{repo}/pulls/{pull_number}",
        "GET /repos/{owner}/{repo}/pulls/{pull_number}/files",
        "PUT /repos/{owner}/{repo}/pulls/{pull_number}/merge",
        "POST /repos/{owner}/{repo}/pulls/{pull_number}/requested_reviewers",
        "DELETE /repos/{owner}/{repo}/pulls/{pull_number}/requested_reviewers",
        "GET /repos/{owner}/{repo}/pulls/{pull_number}/reviews",
    ],
    outdated: None,
    absent: &[],
    next_page: None,
    config: r#"{"owner": "octocat", "repo": "hello-world"}"#,
    params: &[
        ("list_pull_requests", r#"{"state": "all", "base": "main"}"#),
        ("get_pull_request", r#"{"number": 1}"#),
        ("list_files", r#"{"number": 1}"#),
        ("list_reviews", r#"{"number": 1}"#),
        ("request_reviewers", r#"{"number": 1, "reviewers": ["octocat"]}"#),
        ("remove_reviewers", r#"{"number": 1, "reviewers": ["octocat"]}"#),
        ("list_comments", r#"{"number": 1}"#),
        ("list_repositories", "{}"),
        ("create_comment", r#"{"number": 1, "body": "Looks good."}"#),
        ("delete_comment", r#"{"id": 1}"#),
        ("add_labels", r#"{"number": 1, "labels": ["ready"]}"#),
        ("merge_pull_request", r#"{"number": 1, "method": "squash", "title": "All of it"}"#),
        ("close_pull_request", r#"{"number": 1}"#),
        ("reopen_pull_request", r#"{"number": 1}"#),
    ],
    refused: ("PUT /repos/o/r/pulls/1/merge", r#"{"merge_method": "by hand"}"#),
};

/// Slack. Its last published description is of 2021 and still lists the token as a parameter; the
/// header that is sent in its place is the one that Slack documents today.
pub const SLACK: Vendor = Vendor {
    connector: "slack",
    source: Source::Realworld("openapi/slack.json"),
    uses: &[
        "GET /auth.test",
        "POST /chat.delete",
        "POST /chat.postMessage",
        "POST /chat.update",
        "GET /conversations.history",
        "GET /conversations.list",
        "POST /reactions.add",
        "GET /users.list",
    ],
    outdated: Some("token"),
    absent: &["remove_reaction"],
    next_page: Some("/response_metadata/next_cursor"),
    config: r#"{"channel": "C0123456789"}"#,
    params: &[
        ("list_channels", "{}"),
        ("list_messages", r#"{"channel": "C0123456789", "oldest": "1772440000.000000"}"#),
        ("list_users", "{}"),
        ("post_message", r#"{"channel": "C0123456789", "text": "Done.", "thread": "1772445500.000200"}"#),
        (
            "update_message",
            r#"{"channel": "C0123456789", "message": "1772445600.000100", "text": "All done."}"#,
        ),
        ("delete_message", r#"{"channel": "C0123456789", "message": "1772445600.000100"}"#),
        ("add_reaction", r#"{"channel": "C0123456789", "message": "1772445600.000100", "name": "wave"}"#),
    ],
    refused: ("POST /chat.postMessage", r#"{"text": "to nobody"}"#),
};

/// Notion. Its description says little about answers; requests are described in full.
pub const NOTION: Vendor = Vendor {
    connector: "notion",
    source: Source::Package("@notionhq/notion-mcp-server/scripts/notion-openapi.json"),
    uses: &[
        "GET /v1/users/me",
        "POST /v1/search",
        "POST /v1/data_sources/{data_source_id}/query",
        "GET /v1/pages/{page_id}",
        "PATCH /v1/pages/{page_id}",
        "POST /v1/pages",
        "PATCH /v1/blocks/{block_id}/children",
        "DELETE /v1/blocks/{block_id}",
        "GET /v1/comments",
        "POST /v1/comments",
    ],
    outdated: None,
    absent: &[],
    next_page: Some("/next_cursor"),
    config: "{}",
    params: &[
        ("search_pages", r#"{"query": "Minutes"}"#),
        (
            "query_data_source",
            r#"{"dataSource": "59833787-2cf9-4fdf-8782-e53db20768a5",
                "filter": {"property": "Done", "checkbox": {"equals": false}}}"#,
        ),
        ("get_page", r#"{"page": "59833787-2cf9-4fdf-8782-e53db20768a5"}"#),
        ("create_page", r#"{"parent": "59833787-2cf9-4fdf-8782-e53db20768a5", "title": "Minutes"}"#),
        ("append_text", r#"{"page": "59833787-2cf9-4fdf-8782-e53db20768a5", "text": "Agreed."}"#),
        ("delete_block", r#"{"block": "59833787-2cf9-4fdf-8782-e53db20768a5"}"#),
        ("trash_page", r#"{"page": "59833787-2cf9-4fdf-8782-e53db20768a5"}"#),
        ("restore_page", r#"{"page": "59833787-2cf9-4fdf-8782-e53db20768a5"}"#),
        ("list_comments", r#"{"page": "59833787-2cf9-4fdf-8782-e53db20768a5"}"#),
        ("create_comment", r#"{"page": "59833787-2cf9-4fdf-8782-e53db20768a5", "text": "Seen."}"#),
    ],
    refused: ("POST /v1/comments", r#"{"rich_text": []}"#),
};

/// Linear. Its whole interface is one GraphQL schema.
pub const LINEAR: Vendor = Vendor {
    connector: "linear",
    source: Source::GraphQl("graphql/linear-schema.graphql"),
    uses: &[
        "query viewer",
        "query issues",
        "query comments",
        "query projects",
        "query cycles",
        "query searchIssues",
        "query issue",
        "mutation issueCreate",
        "mutation issueUpdate",
        "mutation issueArchive",
        "mutation issueUnarchive",
        "mutation issueDelete",
        "mutation issueAddLabel",
        "mutation issueRemoveLabel",
        "mutation commentCreate",
        "mutation commentDelete",
        "query teams",
        "query workflowStates",
        "query users",
        "query issueLabels",
    ],
    outdated: None,
    absent: &[],
    next_page: None,
    config: r#"{"team": "ENG"}"#,
    params: &[
        ("list_issues", r#"{"since": "2026-03-01T00:00:00Z", "title": "A title"}"#),
        ("search_issues", r#"{"text": "printer"}"#),
        ("get_issue", r#"{"issue": "ENG-12"}"#),
        (
            "create_issue",
            r#"{"team": "6a1c3f5e-0000-4000-8000-00000000000a", "title": "A title", "description": "Text",
                "priority": 2, "labels": ["6a1c3f5e-0000-4000-8000-00000000000c"], "dueDate": "2026-06-30"}"#,
        ),
        ("update_issue", r#"{"issue": "ENG-12", "title": "Another", "priority": 1}"#),
        ("archive_issue", r#"{"issue": "ENG-12"}"#),
        ("unarchive_issue", r#"{"issue": "ENG-12"}"#),
        ("delete_issue", r#"{"issue": "ENG-12"}"#),
        ("add_label", r#"{"issue": "ENG-12", "label": "6a1c3f5e-0000-4000-8000-00000000000c"}"#),
        ("remove_label", r#"{"issue": "ENG-12", "label": "6a1c3f5e-0000-4000-8000-00000000000c"}"#),
        ("list_comments", r#"{"issue": "6a1c3f5e-0000-4000-8000-000000000001"}"#),
        ("create_comment", r#"{"issue": "6a1c3f5e-0000-4000-8000-000000000001", "body": "Seen."}"#),
        ("delete_comment", r#"{"comment": "6a1c3f5e-0000-4000-8000-0000000000c1"}"#),
        ("list_teams", "{}"),
        ("list_states", r#"{"team": "ENG"}"#),
        ("list_people", "{}"),
        ("find_person", r#"{"email": "amira@example.com"}"#),
        ("list_labels", "{}"),
    ],
    refused: ("POST /graphql", r#"{"query": "mutation { issueCreate(input: {title: \"x\"}) { success } }"}"#),
};

impl Vendor {
    /// The schema, cut down to what the connector uses; none where it is not at hand.
    pub fn description(&self) -> Option<Description> {
        let file = match self.source {
            Source::Package(file) | Source::Circular(file) => root().join("tests/node/node_modules").join(file),
            Source::Realworld(file) => realworld()?.join(file),
            Source::GraphQl(file) => {
                let schema = realworld()?.join(file);
                return schema.is_file().then_some(Description::GraphQl(schema));
            }
            Source::Introspected(file) => {
                let schema = root().join("tests/node/node_modules").join(file);
                return schema.is_file().then_some(Description::GraphQl(schema));
            }
        };
        let mut document: Value = serde_json::from_str(&std::fs::read_to_string(file).ok()?).unwrap();
        office::as_documented(&mut document);
        alerts::as_exemplified(&mut document);
        let depth = if matches!(self.source, Source::Circular(_)) { 1 } else { usize::MAX };
        let mut description = cut_down_to(&document, self.uses, depth);
        if let Some(name) = self.outdated {
            without_parameter(&mut description, name);
        }
        forms_as_json(&mut description);
        Some(Description::Rest(description))
    }

    /// Whether the schema at hand lacks a step: `operation create_card`, `stream cards` or `health`.
    pub fn is_absent(&self, step: &str) -> bool {
        self.absent.contains(&step.strip_prefix("operation ").unwrap_or(step))
    }

    /// The settings of a connection.
    pub fn config(&self) -> BTreeMap<String, String> {
        serde_json::from_str(self.config).unwrap()
    }
}

/// Whether a description says anything about the answer to a request, beyond that it is JSON.
pub fn describes_answer(description: &Value, method: &str, path: &str) -> bool {
    let Some(operation) = operation(description, method, path) else {
        return false;
    };
    let responses = operation["responses"].as_object();
    let good = responses.into_iter().flatten().filter(|(status, _)| status.starts_with('2'));
    good.map(|(_, response)| resolve(description, response)).any(|response| {
        let content = response["content"].as_object();
        let schemas = content.into_iter().flat_map(|content| content.values()).map(|media| &media["schema"]);
        let mut schemas = schemas.chain([&response["schema"]]).map(|schema| resolve(description, schema));
        let says = |schema: &Value| {
            ["properties", "items", "oneOf", "anyOf", "allOf"].iter().any(|name| !schema[*name].is_null())
        };
        // What changes something may have nothing to say; what reads is silent about it.
        schemas.any(says) || (method != "GET" && content.is_none() && response["schema"].is_null())
    })
}

fn resolve<'d>(description: &'d Value, value: &'d Value) -> &'d Value {
    match value["$ref"].as_str().and_then(|pointer| description.pointer(pointer.strip_prefix('#')?)) {
        Some(target) => resolve(description, target),
        None => value,
    }
}

/// The operation of a description that answers a request; a path without holes goes first.
fn operation<'d>(description: &'d Value, method: &str, path: &str) -> Option<&'d Value> {
    let (_, item) = description["paths"]
        .as_object()?
        .iter()
        .filter(|(template, item)| item[method.to_lowercase()].is_object() && fits(template, path))
        .min_by_key(|(template, _)| template.matches('{').count())?;
    Some(&item[method.to_lowercase()])
}

/// Whether a path is of a template such as `/users/{id}`.
pub fn fits(template: &str, path: &str) -> bool {
    let (template, path): (Vec<_>, Vec<_>) = (template.split('/').collect(), path.split('/').collect());
    template.len() == path.len()
        && template.iter().zip(&path).all(|(part, segment)| part.starts_with('{') || part == segment)
}
