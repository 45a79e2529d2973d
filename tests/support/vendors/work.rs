//! Boards, pages and code.

use super::{Source, Vendor};

/// Trello. Its description says nothing about the answer to what lists actions, and does not know `me` in
/// the place of a member's identifier.
pub(super) const TRELLO: Vendor = Vendor {
    connector: "trello",
    source: Source::Realworld("openapi/trello.json"),
    uses: &[
        "GET /boards/{boardId}/actions",
        "GET /boards/{id}/lists",
        "GET /cards/{id}",
        "POST /cards",
        "PUT /cards/{id}",
        "DELETE /cards/{id}",
        "POST /cards/{id}/actions/comments",
    ],
    outdated: None,
    absent: &[
        "health",
        "stream cards",
        "list_cards",
        "list_members",
        "list_created_cards",
        "list_comments",
        "delete_comment",
        "create_webhook",
        "delete_webhook",
    ],
    next_page: None,
    config: r#"{"board": "5abbe4b7ddc1b351ef961401"}"#,
    params: &[
        ("list_lists", r#"{"filter": "all"}"#),
        ("get_card", r#"{"card": "5abbe4b7ddc1b351ef961421"}"#),
        (
            "create_card",
            r#"{"list": "5abbe4b7ddc1b351ef961411", "name": "A title", "desc": "Text", "due": "2026-06-30",
                "members": ["5abbe4b7ddc1b351ef961431"], "labels": ["5abbe4b7ddc1b351ef961451"]}"#,
        ),
        ("update_card", r#"{"card": "5abbe4b7ddc1b351ef961421", "name": "Another", "dueComplete": true}"#),
        ("move_card", r#"{"card": "5abbe4b7ddc1b351ef961421", "list": "5abbe4b7ddc1b351ef961412"}"#),
        ("archive_card", r#"{"card": "5abbe4b7ddc1b351ef961421"}"#),
        ("restore_card", r#"{"card": "5abbe4b7ddc1b351ef961421"}"#),
        ("delete_card", r#"{"card": "5abbe4b7ddc1b351ef961421"}"#),
        ("add_comment", r#"{"card": "5abbe4b7ddc1b351ef961421", "text": "Seen."}"#),
    ],
    refused: ("POST /cards?name=without-a-list&key=k&token=t", ""),
};

/// Confluence Cloud.
pub(super) const CONFLUENCE: Vendor = Vendor {
    connector: "confluence",
    source: Source::Realworld("openapi/confluence-v2.json"),
    uses: &[
        "GET /spaces",
        "GET /pages",
        "POST /pages",
        "GET /pages/{id}",
        "PUT /pages/{id}",
        "DELETE /pages/{id}",
        "GET /pages/{id}/footer-comments",
        "GET /footer-comments",
        "POST /footer-comments",
    ],
    outdated: None,
    absent: &["delete_comment"],
    next_page: Some("/_links/next"),
    config: r#"{"site": "acme", "space": "98304"}"#,
    params: &[
        ("list_spaces", r#"{"key": "OFFICE"}"#),
        ("list_pages", r#"{"space": "98304", "title": "Minutes"}"#),
        ("get_page", r#"{"page": "98305"}"#),
        ("create_page", r#"{"space": "98304", "title": "A title", "text": "Text", "parent": "98300"}"#),
        ("update_page", r#"{"page": "98305", "title": "Another", "html": "<p>Text</p>", "version": 2}"#),
        ("trash_page", r#"{"page": "98305"}"#),
        ("list_comments", r#"{"page": "98305"}"#),
        ("add_comment", r#"{"page": "98305", "text": "Seen."}"#),
    ],
    refused: ("POST /pages", r#"{"title": "in no space"}"#),
};

/// Jira Cloud.
pub(super) const JIRA: Vendor = Vendor {
    connector: "jira",
    source: Source::Realworld("openapi/jira.json"),
    uses: &[
        "GET /rest/api/3/myself",
        "POST /rest/api/3/search/jql",
        "POST /rest/api/3/issue",
        "GET /rest/api/3/issue/{issueIdOrKey}",
        "PUT /rest/api/3/issue/{issueIdOrKey}",
        "DELETE /rest/api/3/issue/{issueIdOrKey}",
        "GET /rest/api/3/issue/{issueIdOrKey}/transitions",
        "POST /rest/api/3/issue/{issueIdOrKey}/transitions",
        "POST /rest/api/3/issue/{issueIdOrKey}/comment",
    ],
    outdated: None,
    absent: &["list_projects", "list_comments", "delete_comment", "find_person"],
    next_page: Some("/nextPageToken"),
    config: r#"{"site": "acme", "project": "OPS"}"#,
    params: &[
        ("set_fields", r#"{"issue": "ENG-12", "fields": {"summary": "Paper jam", "duedate": null}}"#),
        ("search_issues", r#"{"jql": "project = OPS"}"#),
        ("get_issue", r#"{"issue": "OPS-1"}"#),
        (
            "create_issue",
            r#"{"project": "OPS", "summary": "A title", "description": "Text", "labels": ["office"],
                "priority": "High", "assignee": "5b10ac8d82e05b22cc7d4ef5", "due": "2026-06-30"}"#,
        ),
        ("update_issue", r#"{"issue": "OPS-1", "summary": "Another", "description": "Text"}"#),
        ("assign_issue", r#"{"issue": "OPS-1", "assignee": "5b10ac8d82e05b22cc7d4ef5"}"#),
        ("add_label", r#"{"issue": "OPS-1", "label": "urgent"}"#),
        ("remove_label", r#"{"issue": "OPS-1", "label": "urgent"}"#),
        ("list_transitions", r#"{"issue": "OPS-1"}"#),
        ("transition_issue", r#"{"issue": "OPS-1", "transition": "31"}"#),
        ("add_comment", r#"{"issue": "OPS-1", "text": "Seen."}"#),
        ("delete_issue", r#"{"issue": "OPS-1"}"#),
    ],
    refused: ("POST /rest/api/3/search/jql", r#"{"jql": 5}"#),
};
