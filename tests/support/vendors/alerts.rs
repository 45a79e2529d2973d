//! Incidents, errors and monitors.

use serde_json::Value;

use super::{Source, Vendor};

/// PagerDuty. Its description has the text of an incident as an object, and as a text in its own example.
pub(super) const PAGERDUTY: Vendor = Vendor {
    connector: "pagerduty",
    source: Source::Realworld("openapi/pagerduty.json"),
    uses: &[
        "POST /webhook_subscriptions",
        "GET /users/me",
        "GET /log_entries",
        "GET /incidents",
        "POST /incidents",
        "GET /incidents/{id}",
        "PUT /incidents/{id}",
        "POST /incidents/{id}/notes",
        "GET /services",
    ],
    outdated: None,
    absent: &["list_notes", "stop_webhook", "find_person"],
    next_page: Some("/more"),
    config: r#"{"region": "US", "email": "amira@example.com"}"#,
    params: &[
        ("start_webhook", r#"{"address": "https://hooks.example.com/webhooks/pagerduty/t"}"#),
        (
            "list_incidents",
            r#"{"since": "2026-03-01T00:00:00Z", "statuses": ["triggered", "acknowledged"], "service": "PIJ90N7"}"#,
        ),
        ("get_incident", r#"{"incident": "PT4KHLK"}"#),
        (
            "create_incident",
            r#"{"title": "A title", "service": "PIJ90N7", "urgency": "high", "key": "once", "details": "Text"}"#,
        ),
        ("acknowledge_incident", r#"{"incident": "PT4KHLK"}"#),
        ("resolve_incident", r#"{"incident": "PT4KHLK", "resolution": "Restarted."}"#),
        ("update_incident", r#"{"incident": "PT4KHLK", "title": "Another", "urgency": "low"}"#),
        ("assign_incident", r#"{"incident": "PT4KHLK", "user": "PXPGF42"}"#),
        ("add_note", r#"{"incident": "PT4KHLK", "content": "Seen."}"#),
        ("list_services", r#"{"name": "Shop"}"#),
    ],
    refused: ("POST /incidents", r#"{"incident": {"type": "incident", "title": "of no service"}}"#),
};

/// Datadog. Downtimes belong to the second version of its interface, which has a description of its own.
pub(super) const DATADOG: Vendor = Vendor {
    connector: "datadog",
    source: Source::Realworld("openapi/datadog.json"),
    uses: &[
        "GET /api/v1/monitor",
        "POST /api/v1/monitor",
        "GET /api/v1/monitor/search",
        "GET /api/v1/monitor/{monitor_id}",
        "PUT /api/v1/monitor/{monitor_id}",
        "DELETE /api/v1/monitor/{monitor_id}",
        "GET /api/v1/events",
        "POST /api/v1/events",
    ],
    outdated: None,
    absent: &["silence_monitor", "end_silence"],
    next_page: Some("/monitors"),
    config: r#"{"site": "datadoghq.com", "tags": "env:prod"}"#,
    params: &[
        ("list_monitors", r#"{"name": "load", "tags": ["env:prod"]}"#),
        ("search_monitors", r#"{"query": "status:alert"}"#),
        ("get_monitor", r#"{"monitor": 71}"#),
        (
            "create_monitor",
            r#"{"name": "Load", "type": "metric alert", "query": "avg(last_5m):avg:system.load.1{*} > 4",
                "message": "Text", "tags": ["env:prod"], "priority": 2}"#,
        ),
        ("update_monitor", r#"{"monitor": 71, "message": "Another", "priority": 3}"#),
        ("delete_monitor", r#"{"monitor": 71}"#),
        (
            "list_events",
            r#"{"since": "2026-03-01T00:00:00Z", "until": "2026-03-02T00:00:00Z", "tags": ["env:prod"]}"#,
        ),
        (
            "post_event",
            r#"{"title": "A title", "text": "Text", "kind": "success", "priority": "low", "tags": ["env:prod"]}"#,
        ),
    ],
    refused: ("POST /api/v1/monitor", r#"{"name": "without a query"}"#),
};

/// Sentry. Its description wants every member there is in a change of an issue; the service takes one.
pub(super) const SENTRY: Vendor = Vendor {
    connector: "sentry",
    source: Source::Realworld("openapi/sentry.json"),
    uses: &[
        "GET /api/0/organizations/{organization_id_or_slug}/",
        "GET /api/0/organizations/{organization_id_or_slug}/issues/",
        "GET /api/0/organizations/{organization_id_or_slug}/issues/{issue_id}/",
        "GET /api/0/organizations/{organization_id_or_slug}/issues/{issue_id}/events/",
        "GET /api/0/organizations/{organization_id_or_slug}/projects/",
    ],
    outdated: None,
    absent: &["resolve_issue", "reopen_issue", "archive_issue", "assign_issue", "set_priority"],
    next_page: None,
    config: r#"{"region": "us", "organization": "acme", "project": "shop"}"#,
    params: &[
        ("list_issues", r#"{"query": "level:fatal", "period": "24h", "sort": "new"}"#),
        ("get_issue", r#"{"issue": "1170820242"}"#),
        ("list_events", r#"{"issue": "1170820242", "full": true}"#),
        ("list_projects", r#"{"query": "shop"}"#),
    ],
    refused: ("GET /api/0/organizations/acme/issues/?sort=sideways", ""),
};

/// PagerDuty's description calls the details of an incident an object, and its own example of the same
/// request gives a text: that is what the service takes.
pub(super) fn as_exemplified(description: &mut Value) {
    if let Some(details) = description.pointer_mut("/components/schemas/IncidentBody/properties/details/type") {
        *details = "string".into();
    }
}
