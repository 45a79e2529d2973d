//! The overview of the connectors that ship: what each can do, and what backs it. Kept as
//! `descriptors/README.md`.

use patchbay_descriptor::Catalogue;
use patchbay_descriptor::fixture::{Case, Fixture, Proof, load};

use crate::root;
use crate::vendors::VENDORS;

const HEAD: &str = "\
# The connectors

<!-- Written by `cargo xtask gen` from the definitions and their fixtures. -->

One file is one connector; [docs/descriptor.md](../docs/descriptor.md) says how to write one. What \
backs each part is the strongest claim among its fixtures, and a test holds every claim:

- **vendor's schema**: what is sent and what is answered were both held against the schema that \
the vendor publishes. Answers in fixtures are shortened; what they hold must be as the schema says.
- **recording**: the exchange is like one that was recorded with the real service.
- **fixture**: written by hand after the vendor's documentation; nothing else speaks for the \
answer. Where it says so, what is sent was still held against the vendor's schema.
- **adapter's tests**: native, so there is no vendor whose word could be taken. The adapter's own \
tests (in `crates/connector/src/native` and `crates/connector/tests`) hold what it does and answers. \
Its fixtures try only paths, parameters and how an answer is read; the answers in them are written by \
hand.
";

/// The overview as Markdown.
pub fn overview() -> String {
    let mut text = HEAD.to_owned();
    let catalogue = Catalogue::built_in();
    for descriptor in catalogue.all() {
        let fixtures = load(&root().join("descriptors/fixtures").join(descriptor.id.as_str())).unwrap();
        let sign_in = match descriptor.auth.as_slice() {
            [] => "none".to_owned(),
            methods => {
                methods.iter().map(|method| method.label().to_lowercase()).collect::<Vec<_>>().join(" or ")
            }
        };
        text += &format!(
            "\n## {}\n\n`{}` {}. {} Sign-in: {sign_in}.\n\n| part | what | backed by | fixtures |\n|---|---|---|---|\n",
            descriptor.name, descriptor.id, descriptor.version, descriptor.description
        );
        let vendor = VENDORS.iter().find(|vendor| vendor.connector == descriptor.id.as_str());
        let native = descriptor.is_native();
        let sent = |id: &str| (native, vendor.is_some_and(|vendor| !vendor.absent.contains(&id)));
        let asked = descriptor.health_check.request.as_ref().map_or_else(
            || "asks the adapter".to_owned(),
            |request| format!("`{} {}`", request.method.as_str(), request.path),
        );
        text += &row("health check", &asked, sent(""), &fixtures, |case| matches!(case, Case::Health { .. }));
        for stream in &descriptor.streams {
            let of = |case: &Case| matches!(case, Case::Stream { stream: id, .. } if *id == stream.id);
            let what = format!("`{}`: {}", stream.id, stream.title);
            text += &row("stream", &what, sent(""), &fixtures, of);
        }
        if let Some(webhook) = &descriptor.webhook {
            let of = |case: &Case| matches!(case, Case::Webhook { .. });
            let ways: Vec<_> = webhook.verify.ways().iter().map(|way| format!("`{}`", way.mode())).collect();
            let what = format!("{}: what it sends by itself", ways.join(" or "));
            text += &row("webhook", &what, (native, false), &fixtures, of);
        }
        for operation in &descriptor.operations {
            let of = |case: &Case| matches!(case, Case::Operation { operation: id, .. } if *id == operation.id);
            let title = match (&operation.undo, operation.verb.has_effect()) {
                (Some(undo), _) if undo.before.is_some() => {
                    format!("{}; what was there is brought back by `{}`", operation.title, undo.operation)
                }
                (Some(undo), _) => format!("{}; undone by `{}`", operation.title, undo.operation),
                (None, true) => format!("{}; cannot be undone", operation.title),
                (None, false) => operation.title.clone(),
            };
            let what = format!("`{}`: {title}", operation.id);
            text += &row("operation", &what, sent(&operation.id), &fixtures, of);
        }
    }
    text
}

fn row(
    part: &str,
    what: &str,
    (native, sent): (bool, bool),
    fixtures: &[Fixture],
    of: impl Fn(&Case) -> bool,
) -> String {
    let own: Vec<_> = fixtures.iter().filter(|fixture| of(&fixture.case)).collect();
    let has = |proof: Proof| own.iter().any(|fixture| fixture.proof == proof);
    let backed = match () {
        () if has(Proof::VendorSchema) => "vendor's schema",
        () if has(Proof::Recorded) => "recording",
        () if own.is_empty() => "**nothing**",
        () if native => "adapter's tests",
        () if sent => "fixture; what is sent by the vendor's schema",
        () => "fixture",
    };
    format!("| {part} | {what} | {backed} | {} |\n", own.len())
}
