//! What stands in a written report for what is private: it leaves this computer with whoever passes it on.

use patchbay_model::StepId;
use patchbay_model::privacy::StepPrivacy;
use patchbay_model::report::RunReport;

/// What of a step's data is private.
pub(super) fn privacy_of(report: &RunReport, step: &StepId) -> StepPrivacy {
    report.steps.iter().find(|own| own.step == *step).map(|own| own.privacy.clone()).unwrap_or_default()
}

/// The requests of a dry run: the method with the address, and the body, empty where there is none.
pub(super) fn shown_requests(report: &RunReport) -> impl Iterator<Item = (String, String)> {
    let requests = report.steps.iter().flat_map(|step| step.shown.iter().map(move |request| (step, request)));
    requests.map(|(step, request)| {
        let line = format!("{} {}", request.method, step.privacy.address(&request.url));
        let body = request.body.as_ref().map(|body| step.privacy.request_body(body, &report.private));
        (line, body.map_or_else(String::new, |body| body.to_string()))
    })
}

#[cfg(test)]
mod tests {
    use patchbay_model::run::Run;
    use serde_json::json;

    use crate::report::{build, html, markdown};

    #[test]
    fn a_written_report_has_masks_in_the_place_of_what_is_private() {
        let run: Run = serde_json::from_value(json!({
            "id": "run", "chainId": "chain", "chainVersion": 1, "chainHash": "", "input": null, "dryRun": true,
            "state": "needs_you", "boot": null, "createdAt": "2026-01-31T12:00:00Z", "finishedAt": null,
            "snapshot": {"schema": 1, "name": "c", "steps": [
                {"id": "show", "connection": "Mail", "operation": "find"},
                {"id": "send", "connection": "Mail", "operation": "send"}
            ]},
        }))
        .unwrap();
        let request = json!({"method": "POST", "url": "https://mail.test/people/amira%40test", "hash": "h",
            "body": {"to": ["amira@test"], "subject": "Open"}});
        let facts = [
            json!({"fact": "result", "step": "show", "item": 0, "attempt": 0, "tookMs": 0, "bytes": 0,
                "outcome": {"outcome": "shown", "request": request}}),
            json!({"fact": "intent", "step": "send", "item": 0, "attempt": 1, "effect": true, "key": null,
                "request": request}),
        ];
        let entry = |(seq, mut fact): (usize, serde_json::Value)| {
            (fact["run"], fact["seq"], fact["at"]) =
                (json!("run"), json!(seq + 1), json!("2026-01-31T12:00:01Z"));
            serde_json::from_value(fact).unwrap()
        };
        let journal: Vec<_> = facts.into_iter().enumerate().map(entry).collect();
        let mut report = build(&run, &journal);
        report.private = vec![vec!["to".to_owned()]];
        for step in &mut report.steps {
            step.privacy.addresses = vec!["people/{private}".to_owned()];
        }
        for text in [markdown(&report), html(&report)] {
            assert!(text.contains("mail.test/people/") && text.contains("Open"), "the rest is there: {text}");
            assert!(!text.contains("amira"), "{text}");
        }
        for step in &mut report.steps {
            (step.privacy.addresses, step.privacy.unknown) = (Vec::new(), true);
        }
        for text in [markdown(&report), html(&report)] {
            assert!(!text.contains("amira") && !text.contains("Open"), "{text}");
        }
    }
}
