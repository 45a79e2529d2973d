//! What a tool sends by itself: what is signed can be known, nothing becomes an oracle, and each event
//! leads to a mapping that exists.

use std::collections::BTreeMap;

use patchbay_model::descriptor::{
    DeliveryTime, DeliveryValue, EventRule, Handshake, KeyEncoding, MOST_DELIVERY_BYTES, SecretSource,
    SignatureAlgorithm, SignatureList, SignedPart, Stream, Subscription, TimeFormat, TokenVerification,
    Verification, Webhook, WebhookMethod, signed_parts,
};
use serde_json::Value;

use super::{Checker, below};
use crate::names::nearest;

const AT: &str = "/webhook";
/// The longest time that a delivery may be old, in seconds.
const MOST_TOLERANCE: u32 = 86_400;
const FORM: &str = "application/x-www-form-urlencoded";

impl Checker<'_> {
    pub(super) fn webhook(&mut self) {
        let Some(webhook) = &self.descriptor.webhook else { return };
        if self.descriptor.is_native() {
            self.say(AT, "a native connector takes no webhooks");
        }
        self.verification(&format!("{AT}/verify"), &webhook.verify, webhook);
        self.secret(webhook);
        for (index, step) in webhook.instructions.iter().enumerate() {
            self.filled(&format!("{AT}/instructions/{index}"), step);
        }
        if let Some(url) = &webhook.help_url {
            self.https(&format!("{AT}/helpUrl"), url);
        }
        self.arrival(webhook);
        for (index, handshake) in webhook.handshakes.iter().enumerate() {
            self.handshake(&format!("{AT}/handshakes/{index}"), handshake, webhook);
        }
        self.say_unless(
            !webhook.events.is_empty(),
            &format!("{AT}/events"),
            "say which signals come of which events",
        );
        for (index, rule) in webhook.events.iter().enumerate() {
            self.event_rule(&format!("{AT}/events/{index}"), rule, webhook);
        }
        if let Some(subscription) = &webhook.subscription {
            self.subscription(&format!("{AT}/subscription"), subscription, webhook);
        }
    }

    fn verification(&mut self, at: &str, verify: &Verification, webhook: &Webhook) {
        let tolerance = |seconds: u32| (1..=MOST_TOLERANCE).contains(&seconds);
        let (header, list) = match verify {
            Verification::Hmac(hmac) => (&hmac.header, hmac.list.as_ref()),
            Verification::Asymmetric(asymmetric) => {
                let raw = asymmetric.key_encoding == KeyEncoding::RawHex;
                self.say_unless(
                    !raw || asymmetric.algorithm == SignatureAlgorithm::Ed25519,
                    &format!("{at}/keyEncoding"),
                    "only an Ed25519 key is written so: say \"spki\"",
                );
                (&asymmetric.header, asymmetric.list.as_ref())
            }
            Verification::Token(token) => return self.token(at, token),
            Verification::StandardWebhooks(standard) => {
                self.header_name(&format!("{at}/headerPrefix"), &standard.header_prefix);
                let fits = tolerance(standard.tolerance_seconds);
                return self.say_unless(fits, &format!("{at}/toleranceSeconds"), "it is from 1 to 86,400");
            }
            Verification::AnyOf(alternatives) => {
                let ways = &alternatives.ways;
                self.say_unless((2..=4).contains(&ways.len()), &format!("{at}/ways"), "name two to four ways");
                for (index, way) in ways.iter().enumerate() {
                    let at = format!("{at}/ways/{index}");
                    match way {
                        Verification::AnyOf(_) => self.say(&at, "name the ways one after another"),
                        Verification::None(_) => self.say(&at, "the others would prove nothing beside it"),
                        way => self.verification(&at, way, webhook),
                    }
                }
                return;
            }
            Verification::None(open) => return self.filled(&format!("{at}/because"), &open.because),
        };
        self.header_name(&format!("{at}/header"), header);
        if let Some(list) = list {
            self.signature_list(&format!("{at}/list"), list);
        }
        let time = verify.timestamp();
        if let Some(time) = time {
            self.delivery_time(&format!("{at}/timestamp"), time, list.is_some());
            let fits = tolerance(time.tolerance_seconds);
            self.say_unless(fits, &format!("{at}/timestamp/toleranceSeconds"), "it is from 1 to 86,400");
        }
        let at = format!("{at}/signed");
        let signed = verify.signed().unwrap_or_default();
        let parts = match signed_parts(signed) {
            Ok(parts) => parts,
            Err(hole) => {
                let known = ["body", "timestamp", "id", "url", "method", "header:NAME", "sortedForm"];
                let hint = nearest(&hole, known).map_or_else(
                    || format!(": {}", known.join(", ")),
                    |meant| format!(". Did you mean \"{meant}\"?"),
                );
                return self.say(&at, format!("there is nothing called \"{hole}\" in what is signed{hint}"));
            }
        };
        let has = |part: &SignedPart| parts.contains(part);
        self.say_unless(
            has(&SignedPart::Body) || has(&SignedPart::SortedForm),
            &at,
            "a signature that does not cover the body proves nothing: use {{body}} or {{sortedForm}}",
        );
        // What is not signed can be made new by anybody, and would keep no old delivery out.
        let covered = time.is_none_or(|time| {
            time.path.is_some()
                || has(&SignedPart::Timestamp)
                || header_of(time).is_some_and(|h| signs(&parts, h))
        });
        self.say_unless(covered, &at, "the time is not signed: use {{timestamp}}, or leave \"timestamp\" out");
        self.say_unless(
            time.is_some() || !has(&SignedPart::Timestamp),
            &at,
            "{{timestamp}} is nothing without \"timestamp\", which says where it stands",
        );
        self.say_unless(
            webhook.delivery_id.is_some() || !has(&SignedPart::Id),
            &at,
            "{{id}} is nothing without \"deliveryId\", which says where it stands",
        );
        for part in &parts {
            if let SignedPart::Header(name) = part {
                self.header_name(&at, name);
            }
        }
        let form = webhook.content_types.iter().any(|own| own == FORM);
        self.say_unless(
            form || !has(&SignedPart::SortedForm),
            &at,
            "{{sortedForm}} is of forms: add \"application/x-www-form-urlencoded\" to \"contentTypes\"",
        );
    }

    fn token(&mut self, at: &str, token: &TokenVerification) {
        match (&token.header, &token.path) {
            (Some(header), None) => self.header_name(&format!("{at}/header"), header),
            (None, Some(path)) => {
                self.path(&format!("{at}/path"), path);
                let alone = token.prefix.is_none();
                self.say_unless(alone, &format!("{at}/prefix"), "it stands before what a header holds");
            }
            _ => self.say(at, "say where the secret stands: exactly one of header and path"),
        }
    }

    fn signature_list(&mut self, at: &str, list: &SignatureList) {
        for (name, text) in [("separator", &list.separator), ("assign", &list.assign)] {
            let fits = text.chars().count() == 1 && !text.contains(char::is_alphanumeric);
            self.say_unless(fits, &format!("{at}/{name}"), "it is one character such as \",\" or \"=\"");
        }
        self.say_unless(list.separator != list.assign, at, "the two characters differ");
        self.filled(&format!("{at}/field"), &list.field);
    }

    fn delivery_time(&mut self, at: &str, time: &DeliveryTime, has_list: bool) {
        let given = [time.header.is_some(), time.field.is_some(), time.path.is_some()];
        if given.iter().filter(|given| **given).count() != 1 {
            self.say(at, "say where the time stands: exactly one of header, field and path");
        }
        if let Some(header) = &time.header {
            self.header_name(&format!("{at}/header"), header);
        }
        if time.field.is_some() {
            let field = format!("{at}/field");
            self.say_unless(has_list, &field, "it is a value of the signature's \"list\", and there is none");
        }
        if let Some(path) = &time.path {
            self.path(&format!("{at}/path"), path);
        }
        self.time_format(&format!("{at}/format"), &time.format);
        let exact = !matches!(time.format, TimeFormat::Date);
        self.say_unless(exact, &format!("{at}/format"), "a day is too coarse to tell an old delivery");
    }

    fn secret(&mut self, webhook: &Webhook) {
        let at = format!("{AT}/secret/source");
        let captures = webhook.handshakes.iter().any(|handshake| handshake.capture);
        match webhook.secret.source {
            SecretSource::Captured => {
                self.say_unless(captures, &at, "no handshake has \"capture\", which would bring it");
            }
            SecretSource::Generated => {
                let asymmetric = matches!(webhook.verify.ways().first(), Some(Verification::Asymmetric(_)));
                self.say_unless(!asymmetric, &at, "a public key is the vendor's: say \"entered\"");
                self.say_unless(!captures, &at, "a handshake captures the secret: say \"captured\"");
            }
            SecretSource::Entered => {
                self.say_unless(!captures, &at, "a handshake captures the secret: say \"captured\"");
            }
            SecretSource::Answered => {
                let answered = webhook.subscription.as_ref().is_some_and(|s| s.subscribe.secret_path.is_some());
                self.say_unless(answered, &at, "no answer brings it: add \"secretPath\" to \"subscribe\"");
            }
        }
        if let Some(label) = &webhook.secret.label {
            self.filled(&format!("{AT}/secret/label"), label);
        }
    }

    /// How a delivery arrives, and what names it.
    fn arrival(&mut self, webhook: &Webhook) {
        for (index, method) in webhook.methods.iter().enumerate() {
            let fits = matches!(method, WebhookMethod::Post | WebhookMethod::Put);
            let at = format!("{AT}/methods/{index}");
            self.say_unless(fits, &at, "events arrive with POST or PUT; others belong to handshakes");
        }
        for (index, own) in webhook.content_types.iter().enumerate() {
            let at = format!("{AT}/contentTypes/{index}");
            let token = |text: &str| {
                let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "!#$&-^_.+".contains(c);
                !text.is_empty() && text.chars().all(fits)
            };
            let fits = own.split_once('/').is_some_and(|(kind, sub)| token(kind) && token(sub));
            self.say_unless(fits, &at, "it is a media type in lower case, without parameters");
            self.say_unless(!own.starts_with("multipart/"), &at, "deliveries in several parts are not taken");
        }
        if let Some(field) = &webhook.form_field {
            let at = format!("{AT}/formField");
            self.filled(&at, field);
            let form = webhook.content_types.iter().any(|own| own == FORM);
            self.say_unless(form, &at, "it is of forms, and \"contentTypes\" takes none");
        }
        if let Some(most) = webhook.max_bytes {
            let fits = (1..=MOST_DELIVERY_BYTES).contains(&most);
            self.say_unless(fits, &format!("{AT}/maxBytes"), "it is from 1 to 26,214,400 bytes");
        }
        if let Some(id) = &webhook.delivery_id {
            self.delivery_value(&format!("{AT}/deliveryId"), id);
        }
        if let Some(kind) = &webhook.event_type {
            let at = format!("{AT}/eventType");
            let some = kind.header.is_some() || kind.path.is_some();
            self.say_unless(some, &at, "say where it stands: header, path or both");
            if let Some(header) = &kind.header {
                self.header_name(&format!("{at}/header"), header);
            }
            if let Some(path) = &kind.path {
                self.path(&format!("{at}/path"), path);
            }
        }
    }

    fn delivery_value(&mut self, at: &str, value: &DeliveryValue) {
        self.say_unless(
            value.header.is_some() != value.path.is_some(),
            at,
            "say where it stands: exactly one of header and path",
        );
        if let Some(header) = &value.header {
            self.header_name(&format!("{at}/header"), header);
        }
        if let Some(path) = &value.path {
            self.path(&format!("{at}/path"), path);
        }
    }

    fn handshake(&mut self, at: &str, handshake: &Handshake, webhook: &Webhook) {
        let bodiless = matches!(handshake.method, WebhookMethod::Get | WebhookMethod::Head);
        if let Some(when) = &handshake.when {
            self.predicate(&format!("{at}/when"), when);
            self.say_unless(!bodiless, &format!("{at}/when"), "such a request has no body");
        }
        if let Some(value) = &handshake.value {
            let place = format!("{at}/value");
            let given = [value.header.is_some(), value.query.is_some(), value.path.is_some()];
            if given.iter().filter(|given| **given).count() != 1 {
                self.say(&place, "say where it stands: exactly one of header, query and path");
            }
            if let Some(header) = &value.header {
                self.header_name(&format!("{place}/header"), header);
            }
            if let Some(query) = &value.query {
                self.filled(&format!("{place}/query"), query);
            }
            if let Some(path) = &value.path {
                self.path(&format!("{place}/path"), path);
                self.say_unless(!bodiless, &format!("{place}/path"), "such a request has no body");
            }
        }
        // Else every delivery would be taken for it, and no event would ever be stored.
        self.say_unless(
            bodiless || handshake.when.is_some() || handshake.value.is_some(),
            at,
            "say what tells it from an event: \"when\" or \"value\"",
        );
        let answers = handshake.answer.as_ref().map(Value::to_string).unwrap_or_default();
        self.answer(&format!("{at}/answer"), handshake.answer.as_ref(), handshake);
        if let Some(header) = &handshake.answer_header {
            self.header_name(&format!("{at}/answerHeader"), header);
            let place = format!("{at}/answerHeader");
            self.say_unless(handshake.value.is_some(), &place, "there is no \"value\" that it could carry");
        }
        if handshake.capture {
            let place = format!("{at}/capture");
            self.say_unless(handshake.value.is_some(), &place, "there is no \"value\" that could be kept");
            self.say_unless(!handshake.signed, &place, "what brings the secret cannot be signed with it");
            let keyed = webhook.verify.ways().iter().any(|way| {
                matches!(
                    way,
                    Verification::Hmac(_) | Verification::Token(_) | Verification::StandardWebhooks(_)
                )
            });
            self.say_unless(keyed, &place, "deliveries are not checked with a secret");
        }
        let kept = handshake.capture || !handshake.shown;
        self.say_unless(kept, &format!("{at}/shown"), "only what is captured is shown: add \"capture\"");
        if handshake.signed {
            let keyed = webhook.verify.needs_secret();
            self.say_unless(keyed, &format!("{at}/signed"), "deliveries are not signed");
        }
        // Else anybody could have us sign what he likes, and send it back as an event.
        let signs = answers.contains("{{hmac}}");
        self.say_unless(
            !signs || (handshake.signed && matches!(webhook.verify, Verification::Hmac(_))),
            &format!("{at}/answer"),
            "{{hmac}} is only for handshakes that are \"signed\" themselves, with mode \"hmac\"",
        );
    }

    fn answer(&mut self, at: &str, answer: Option<&Value>, handshake: &Handshake) {
        let Some(answer) = answer else { return };
        let head = handshake.method == WebhookMethod::Head;
        self.say_unless(!head, at, "an answer to HEAD has no body");
        for text in texts(answer) {
            for hole in text.split("{{").skip(1) {
                let name = hole.split("}}").next().unwrap_or_default();
                let fits = hole.contains("}}") && matches!(name, "value" | "hmac");
                self.say_unless(fits, at, "it may hold {{value}} and {{hmac}}");
                let there = handshake.value.is_some();
                self.say_unless(there, at, "there is no \"value\" that it could tell");
            }
        }
    }

    fn event_rule(&mut self, at: &str, rule: &EventRule, webhook: &Webhook) {
        for (index, kind) in rule.types.iter().enumerate() {
            let place = format!("{at}/types/{index}");
            self.filled(&place, kind);
            let inner = kind.strip_suffix('*').unwrap_or(kind).contains('*');
            self.say_unless(!inner, &place, "a * stands at the end only");
        }
        if !rule.types.is_empty() && webhook.event_type.is_none() {
            self.say(&format!("{at}/types"), "nothing says what kind an event is: add \"eventType\"");
        }
        if let Some(when) = &rule.when {
            self.predicate(&format!("{at}/when"), when);
        }
        if let Some(path) = &rule.items_path {
            self.path(&format!("{at}/itemsPath"), path);
        }
        if rule.hint {
            let read = self.descriptor.stream(&rule.stream).is_some();
            self.say_unless(read, &format!("{at}/stream"), "a hint is of a stream that is read");
            let alone = rule.mapping.is_none() && rule.items_path.is_none();
            return self.say_unless(alone, &format!("{at}/hint"), "nothing of a hint is mapped");
        }
        let Some(mapping) = &rule.mapping else {
            let streams = &self.descriptor.streams;
            let Some(stream) = self.descriptor.stream(&rule.stream) else {
                let hint = nearest(&rule.stream, streams.iter().map(|s| s.id.as_str())).map_or_else(
                    || ": add a \"mapping\"".to_owned(),
                    |meant| format!(". Did you mean \"{meant}\"?"),
                );
                let message = format!("there is no stream \"{}\" to map by{hint}", rule.stream);
                return self.say(&format!("{at}/stream"), message);
            };
            return self.own_ids(at, stream);
        };
        self.id(&format!("{at}/stream"), &rule.stream);
        let alone = rule.items_path.is_none();
        self.say_unless(alone, &format!("{at}/itemsPath"), "the mapping has its own \"itemsPath\"");
        self.mapping(&format!("{at}/mapping"), mapping);
    }

    /// A stream that gives identifiers per parent needs the parent, which a delivery has not.
    fn own_ids(&mut self, at: &str, stream: &Stream) {
        let per_parent = stream.for_each.as_ref().is_some_and(|each| each.ids_per_parent);
        self.say_unless(
            !per_parent,
            &format!("{at}/stream"),
            "its identifiers are unique for one parent only: add a \"mapping\" of its own",
        );
    }

    fn subscription(&mut self, at: &str, subscription: &Subscription, webhook: &Webhook) {
        let mut known = vec!["webhook.address"];
        let subscribe = &subscription.subscribe;
        if subscribe.lifetime_seconds.is_some() {
            known.push("webhook.until");
        }
        let place = format!("{at}/subscribe");
        self.subscription_call(&place, &subscribe.operation, &subscribe.params, &known);
        self.path(&format!("{place}/idPath"), &subscribe.id_path);
        if let Some(path) = &subscribe.expires_path {
            self.path(&format!("{place}/expiresPath"), path);
            self.time_format(&format!("{place}/expiresFormat"), &subscribe.expires_format);
        }
        self.at_least_one(&format!("{place}/lifetimeSeconds"), subscribe.lifetime_seconds.map(u64::from));
        if let Some(pointer) = &subscribe.secret_at {
            let fits = pointer.starts_with('/') && pointer.len() > 1;
            let secret = format!("{place}/secretAt");
            self.say_unless(fits, &secret, "it is a JSON pointer such as /config/secret");
            let ours = webhook.secret.source == SecretSource::Generated;
            self.say_unless(ours, &secret, "only a secret that we made is told: say source \"generated\"");
        }
        if let Some(path) = &subscribe.secret_path {
            let secret = format!("{place}/secretPath");
            self.path(&secret, path);
            let theirs = webhook.secret.source == SecretSource::Answered;
            self.say_unless(theirs, &secret, "the tool makes the secret: say source \"answered\"");
        }
        known.push("subscription.id");
        if let Some(renew) = &subscription.renew {
            let place = format!("{at}/renew");
            self.subscription_call(&place, &renew.operation, &renew.params, &known);
            let ends = subscribe.expires_path.is_some();
            self.say_unless(ends, &place, "what never ends needs no renewal: add \"expiresPath\"");
            self.at_least_one(&format!("{place}/beforeSeconds"), Some(u64::from(renew.before_seconds)));
        }
        if let Some(end) = &subscription.unsubscribe {
            self.subscription_call(&format!("{at}/unsubscribe"), &end.operation, &end.params, &known);
        }
    }

    fn subscription_call(
        &mut self,
        at: &str,
        operation: &str,
        params: &BTreeMap<String, Value>,
        known: &[&str],
    ) {
        if let Some(named) = self.named(&format!("{at}/operation"), operation) {
            let acts = named.verb.has_effect();
            self.say_unless(acts, &format!("{at}/operation"), "name an operation that changes something");
            self.given(&format!("{at}/params"), params, &named);
        }
        for (name, value) in params {
            self.json_template(&below(&format!("{at}/params"), name), value, known);
        }
    }
}

fn header_of(time: &DeliveryTime) -> Option<&str> {
    time.header.as_deref()
}

fn signs(parts: &[SignedPart], header: &str) -> bool {
    parts.iter().any(|part| matches!(part, SignedPart::Header(own) if own.eq_ignore_ascii_case(header)))
}

/// Every text within a value.
fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::Object(members) => members.values().flat_map(texts).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
    }
}
