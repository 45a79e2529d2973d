use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderName, HeaderValue};
use patchbay_model::descriptor::Verification;
use serde_json::json;

use super::*;

fn scheme(verify: Value) -> Scheme {
    let verification: Verification = serde_json::from_value(verify).unwrap();
    Scheme::compile(&verification).unwrap()
}

fn secret(text: &str) -> Secret {
    Secret::new(text.to_owned())
}

fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in pairs {
        let name: HeaderName = name.parse().unwrap();
        map.append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    map
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

struct Sent {
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Sent {
    fn arrived(&self) -> Arrived<'_> {
        Arrived {
            method: "POST",
            headers: &self.headers,
            body: &self.body,
            url: "https://hooks.example/webhooks/tool/token",
            id: None,
        }
    }
}

/// GitHub's own example (docs.github.com, "Validating webhook deliveries").
#[test]
fn the_vendors_published_vectors_verify() {
    let github = scheme(json!({"mode": "hmac", "header": "X-Hub-Signature-256", "prefix": "sha256="}));
    let sent = Sent {
        headers: headers(&[(
            "x-hub-signature-256",
            "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
        )]),
        body: b"Hello, World!".to_vec(),
    };
    let known = [secret("It's a Secret to Everybody")];
    assert_eq!(github.verify(&known, &sent.arrived(), at(0)), Ok(()));

    // The example of Standard Webhooks' libraries.
    let standard = scheme(json!({"mode": "standard_webhooks"}));
    let sent = Sent {
        headers: headers(&[
            ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
            ("webhook-timestamp", "1614265330"),
            ("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
        ]),
        body: br#"{"test": 2432232314}"#.to_vec(),
    };
    let known = [secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")];
    assert_eq!(standard.verify(&known, &sent.arrived(), at(1_614_265_330)), Ok(()));
    let bare = [secret("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")];
    assert_eq!(standard.verify(&bare, &sent.arrived(), at(1_614_265_330)), Ok(()));
    for off in [-301, 301] {
        let then = at(1_614_265_330 + off);
        assert_eq!(standard.verify(&known, &sent.arrived(), then), Err(Refusal::Stale), "{off}");
    }

    // Slack's own example (api.slack.com, "Verifying requests from Slack").
    let slack = scheme(json!({"mode": "hmac", "header": "X-Slack-Signature", "prefix": "v0=",
        "signed": "v0:{{timestamp}}:{{body}}", "timestamp": {"header": "X-Slack-Request-Timestamp"}}));
    let sent = Sent {
        headers: headers(&[
            ("x-slack-signature", "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"),
            ("x-slack-request-timestamp", "1531420618"),
        ]),
        body: b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c".to_vec(),
    };
    let known = [secret("8f742231b10e8888abcd99yyyzzz85a5")];
    assert_eq!(slack.verify(&known, &sent.arrived(), at(1_531_420_618)), Ok(()));
}

/// A scheme, a secret for it, and what it signs at that moment.
fn signed(verify: Value, key: &str, body: &str, now: Timestamp) -> (Scheme, Sent) {
    let scheme = scheme(verify);
    let empty = HeaderMap::new();
    let bare = Sent { headers: headers(&[("x-delivery", "d1"), ("webhook-id", "d1")]), body: body.into() };
    let made = scheme.sign(&secret(key), &bare.arrived(), now).unwrap();
    let mut sent = bare;
    for (name, value) in made {
        sent.headers.append(name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
    }
    assert_ne!(sent.headers, empty);
    (scheme, sent)
}

#[test]
fn every_way_of_signing_takes_its_own_and_no_forgery() {
    let body = r#"{"a": 1, "b": "é"}"#;
    let now = at(1_700_000_000);
    let time = json!({"header": "X-Time"});
    let kinds = [
        json!({"mode": "hmac", "header": "X-Sig"}),
        json!({"mode": "hmac", "header": "X-Sig", "algorithm": "sha1", "encoding": "base64", "signed": "{{body}}{{url}}"}),
        json!({"mode": "hmac", "header": "X-Sig", "algorithm": "sha512", "prefix": "sha512="}),
        json!({"mode": "hmac", "header": "X-Sig", "signed": "v0:{{timestamp}}:{{body}}", "timestamp": time, "prefix": "v0="}),
        json!({"mode": "hmac", "header": "X-Sig", "signed": "{{method}}{{url}}{{body}}{{timestamp}}", "encoding": "base64",
            "timestamp": {"header": "X-Time", "format": "unix_ms"}}),
        json!({"mode": "hmac", "header": "X-Sig", "signed": "{{timestamp}}{{body}}", "timestamp": {"header": "X-Time", "format": "iso8601"}}),
        json!({"mode": "hmac", "header": "X-Sig", "list": {"separator": ",", "assign": "=", "field": "v1"},
            "signed": "{{timestamp}}.{{body}}", "timestamp": {"field": "t"}}),
        json!({"mode": "hmac", "header": "X-Sig", "signed": "{{header:X-Delivery}}.{{body}}"}),
        json!({"mode": "standard_webhooks"}),
    ];
    for verify in kinds {
        let (scheme, sent) = signed(verify.clone(), "c2VjcmV0IHNlY3JldCBzZWNyZXQ=", body, now);
        let known = [secret("c2VjcmV0IHNlY3JldCBzZWNyZXQ=")];
        let check = |sent: &Sent, now| scheme.verify(&known, &sent.arrived(), now);
        assert_eq!(check(&sent, now), Ok(()), "{verify}");
        let header = if verify["mode"] == "standard_webhooks" { "webhook-signature" } else { "x-sig" };
        let good = sent.headers[header].to_str().unwrap().to_owned();
        let with = |value: &str| {
            let mut forged = sent.headers.clone();
            forged.insert(header, value.parse().unwrap());
            Sent { headers: forged, body: sent.body.clone() }
        };
        let start =
            good.len() - good.rsplit(['=', ',']).map(str::len).find(|len| *len > 8).unwrap_or(good.len());
        let flipped: String = {
            let mut text = good.clone().into_bytes();
            let place = text.len() - 4;
            text[place] = if text[place] == b'a' { b'b' } else { b'a' };
            String::from_utf8(text).unwrap()
        };
        let forgeries = [
            String::new(),
            " ".to_owned(),
            good[..good.len() - 1].to_owned(),
            good[..good.len() - 2].to_owned(),
            format!("{good}0"),
            format!("{good}00"),
            good.to_uppercase(),
            flipped,
            format!("x{good}"),
            good[start.min(good.len())..].to_owned() + "!",
            "0".repeat(64),
            "sha256=".to_owned(),
            "v1,".to_owned(),
            "t=1700000000,v1=".to_owned(),
            "null".to_owned(),
            "true".to_owned(),
        ];
        for forged in forgeries {
            assert!(check(&with(&forged), now).is_err(), "{verify}: {forged:?} for {good:?}");
        }
        // Two headers: two readers would take different ones.
        let mut twice = with(&good);
        twice.headers.append(header, HeaderValue::from_static("0"));
        assert_eq!(check(&twice, now), Err(Refusal::Unsigned), "{verify}");
        let mut none = with(&good);
        none.headers.remove(header);
        assert_eq!(check(&none, now), Err(Refusal::Unsigned), "{verify}");
        // Another body, and the same one written otherwise.
        for other in [r#"{"a": 2, "b": "é"}"#, r#"{"a":1,"b":"é"}"#, r#"{"a": 1, "b": "\u00e9"}"#, ""] {
            let other = Sent { headers: sent.headers.clone(), body: other.into() };
            assert_eq!(check(&other, now), Err(Refusal::Signature), "{verify}");
        }
        let timed = verify.get("timestamp").is_some() || verify["mode"] == "standard_webhooks";
        for off in [-301, 301] {
            let then = at(now.as_second() + off);
            assert_eq!(check(&sent, then), if timed { Err(Refusal::Stale) } else { Ok(()) }, "{verify}");
        }
        if timed && !good.contains("t=") {
            // Made young without a signature that covers it.
            let name = if verify["mode"] == "standard_webhooks" { "webhook-timestamp" } else { "x-time" };
            let mut young = with(&good);
            young.headers.insert(name, "1700000300".parse().unwrap());
            assert_eq!(check(&young, at(1_700_000_300)), Err(Refusal::Signature), "{verify}");
        }
        // Keys that are none.
        for empty in [vec![], vec![secret("")], vec![secret("  ")]] {
            assert_eq!(scheme.verify(&empty, &sent.arrived(), now), Err(Refusal::NoSecret), "{verify}");
        }
        let wrong = [secret("b3RoZXIgb3RoZXIgb3RoZXIgbw==")];
        assert_eq!(scheme.verify(&wrong, &sent.arrived(), now), Err(Refusal::Signature), "{verify}");
        // Either of two secrets will do while one takes the other's place.
        let both = [wrong[0].clone(), known[0].clone()];
        assert_eq!(scheme.verify(&both, &sent.arrived(), now), Ok(()), "{verify}");
    }
}

#[test]
fn base64_with_stray_bits_or_without_padding_is_no_signature() {
    let (scheme, sent) =
        signed(json!({"mode": "hmac", "header": "X-Sig", "encoding": "base64"}), "key", "{}", at(0));
    let good = sent.headers["x-sig"].to_str().unwrap().to_owned();
    let stem = good.trim_end_matches('=');
    let last = stem.chars().last().unwrap();
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let next = alphabet.chars().nth(alphabet.find(last).unwrap() + 1).unwrap();
    let stray = format!("{}{next}=", &stem[..stem.len() - 1]);
    for forged in [stray, stem.to_owned(), good.replace('+', "-").replace('/', "_") + "=", format!("{good}=")] {
        let mut other = Sent { headers: sent.headers.clone(), body: sent.body.clone() };
        other.headers.insert("x-sig", forged.parse().unwrap());
        let known = [secret("key")];
        assert!(scheme.verify(&known, &other.arrived(), at(0)).is_err(), "{forged} for {good}");
    }
}

#[test]
fn one_of_several_signatures_is_enough() {
    let verify =
        json!({"mode": "hmac", "header": "X-Sig", "list": {"separator": ",", "assign": "=", "field": "v1"}});
    let (scheme, sent) = signed(verify, "key", "{}", at(0));
    let good = sent.headers["x-sig"].to_str().unwrap().to_owned();
    let zeros = "0".repeat(64);
    let known = [secret("key")];
    for (value, fits) in [
        (format!("v1={zeros},{good}"), true),
        (format!("{good}, v1={zeros}"), true),
        (format!("v2={zeros},{good}"), true),
        (good.replace("v1=", "v2="), false),
        (format!("v1={zeros},v1={zeros}"), false),
    ] {
        let mut other = Sent { headers: sent.headers.clone(), body: sent.body.clone() };
        other.headers.insert("x-sig", value.parse().unwrap());
        assert_eq!(scheme.verify(&known, &other.arrived(), at(0)).is_ok(), fits, "{value}");
    }
}

#[test]
fn the_fields_of_a_form_are_signed_in_the_order_of_their_names() {
    // Twilio: the address, then each name and value (twilio.com, "Validating Signatures").
    let form = b"To=%2B18005551212&From=%2B14158675310&CallSid=CA1&Digits=1234&Caller=%2B14158675310";
    assert_eq!(
        signature::sorted_form(form),
        b"CallSidCA1Caller+14158675310Digits1234From+14158675310To+18005551212"
    );
    assert_eq!(signature::sorted_form(b"b=2&a=2&a=1&a=1"), b"a1a2b2");
}

#[test]
fn a_token_is_compared_whole() {
    let scheme = scheme(json!({"mode": "token", "header": "X-Gitlab-Token"}));
    let known = [secret("opensesame")];
    for (value, want) in [
        ("opensesame", Ok(())),
        ("opensesam", Err(Refusal::Signature)),
        ("opensesame ", Err(Refusal::Signature)),
        ("Opensesame", Err(Refusal::Signature)),
        ("", Err(Refusal::Signature)),
    ] {
        let sent = Sent { headers: headers(&[("x-gitlab-token", value)]), body: Vec::new() };
        assert_eq!(scheme.verify(&known, &sent.arrived(), at(0)), want, "{value:?}");
        let closed = if value.is_empty() { vec![secret("")] } else { Vec::new() };
        assert_eq!(scheme.verify(&closed, &sent.arrived(), at(0)), Err(Refusal::NoSecret));
    }
}

/// As Microsoft Graph sends its `clientState`: with each notification of a delivery.
#[test]
fn a_token_in_the_body_is_compared_wherever_it_stands() {
    let scheme = scheme(json!({"mode": "token", "path": "$.value[*].clientState"}));
    let known = [secret("opensesame")];
    let sent = |body: &str| Sent { headers: headers(&[]), body: body.as_bytes().to_vec() };
    for (body, want) in [
        (r#"{"value": [{"clientState": "opensesame"}, {"clientState": "opensesame"}]}"#, Ok(())),
        (r#"{"value": [{"clientState": "opensesame"}, {"clientState": "other"}]}"#, Err(Refusal::Signature)),
        (r#"{"value": [{"clientState": "opensesame "}]}"#, Err(Refusal::Signature)),
        (r#"{"value": [{"clientState": null}]}"#, Err(Refusal::Signature)),
        (r#"{"value": [{"id": 1}]}"#, Err(Refusal::Unsigned)),
        ("", Err(Refusal::Unsigned)),
    ] {
        assert_eq!(scheme.verify(&known, &sent(body).arrived(), at(0)), want, "{body}");
    }
    let genuine = sent(r#"{"value": [{"clientState": "opensesame"}]}"#);
    assert_eq!(scheme.verify(&[], &genuine.arrived(), at(0)), Err(Refusal::NoSecret));
}

#[test]
fn a_time_in_the_body_counts_as_it_was_signed() {
    let verify = json!({"mode": "hmac", "header": "Linear-Signature",
        "timestamp": {"path": "$.webhookTimestamp", "format": "unix_ms", "toleranceSeconds": 60}});
    let scheme_ = scheme(verify.clone());
    let mut body = json!({"action": "create"});
    scheme_.stamp(&mut body, at(1_700_000_000));
    assert_eq!(body["webhookTimestamp"], 1_700_000_000_000_i64);
    let (scheme, sent) = signed(verify, "key", &body.to_string(), at(1_700_000_000));
    let known = [secret("key")];
    assert_eq!(scheme.verify(&known, &sent.arrived(), at(1_700_000_060)), Ok(()));
    for off in [-61, 61] {
        let then = at(1_700_000_000 + off);
        assert_eq!(scheme.verify(&known, &sent.arrived(), then), Err(Refusal::Stale));
    }
}

#[test]
fn public_keys_of_each_algorithm_check_what_their_private_keys_signed() {
    use ring::rand::SystemRandom;
    use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _};
    let rng = SystemRandom::new();
    let message = b"1700000000{\"a\":1}";
    let edwards = Ed25519KeyPair::from_pkcs8(Ed25519KeyPair::generate_pkcs8(&rng).unwrap().as_ref()).unwrap();
    let p256 = &ECDSA_P256_SHA256_ASN1_SIGNING;
    let document = EcdsaKeyPair::generate_pkcs8(p256, &rng).unwrap();
    let curve = EcdsaKeyPair::from_pkcs8(p256, document.as_ref(), &rng).unwrap();
    let prefix = [
        0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86,
        0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
    ];
    let spki = [&prefix[..], curve.public_key().as_ref()].concat();
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", STANDARD.encode(&spki));
    let time = json!({"header": "X-Time"});
    let cases = [
        (
            "ed25519",
            "raw_hex",
            "hex",
            signature::hex(edwards.public_key().as_ref()),
            signature::hex(edwards.sign(message).as_ref()),
        ),
        (
            "ecdsa_p256",
            "spki",
            "base64",
            STANDARD.encode(&spki),
            STANDARD.encode(curve.sign(&rng, message).unwrap()),
        ),
        ("ecdsa_p256", "spki", "base64", pem, STANDARD.encode(curve.sign(&rng, message).unwrap())),
    ];
    for (algorithm, key_encoding, encoding, key, value) in cases {
        let scheme = scheme(json!({"mode": "asymmetric", "header": "X-Sig", "algorithm": algorithm,
            "keyEncoding": key_encoding, "encoding": encoding, "signed": "{{timestamp}}{{body}}", "timestamp": time}));
        let key = secret(&key);
        assert_eq!(scheme.takes(&key), Ok(()));
        assert!(scheme.takes(&secret("AAAA")).is_err(), "no key");
        let sent = Sent {
            headers: headers(&[("x-sig", &value), ("x-time", "1700000000")]),
            body: b"{\"a\":1}".to_vec(),
        };
        let now = at(1_700_000_000);
        assert_eq!(scheme.verify(std::slice::from_ref(&key), &sent.arrived(), now), Ok(()), "{algorithm}");
        let other = Sent { headers: sent.headers.clone(), body: b"{\"a\":2}".to_vec() };
        assert_eq!(scheme.verify(std::slice::from_ref(&key), &other.arrived(), now), Err(Refusal::Signature));
        assert!(!scheme.can_sign() && scheme.generate().is_err());
        assert!(scheme.sign(&key, &sent.arrived(), now).is_none());
    }
}

#[test]
fn a_secret_of_ours_is_long_differs_and_can_be_used() {
    for encoding in ["raw", "base64", "whsec", "hex"] {
        let scheme = scheme(json!({"mode": "hmac", "header": "X", "secretEncoding": encoding}));
        let (one, two) = (scheme.generate().unwrap(), scheme.generate().unwrap());
        assert!(one.expose().len() >= 43 && one != two, "{encoding}");
        assert_eq!(scheme.takes(&one), Ok(()), "{encoding}");
        assert!(scheme.takes(&secret(" ")).is_err());
    }
}

/// GitLab signs as Standard Webhooks where a signing token is set, and sends a secret token where one is
/// (docs.gitlab.com, "Webhooks").
#[test]
fn any_of_several_ways_is_enough_and_none_is_still_none() {
    let either = scheme(json!({"mode": "any_of", "ways": [
        {"mode": "standard_webhooks"}, {"mode": "token", "header": "X-Gitlab-Token"}]}));
    let key = format!("whsec_{}", STANDARD.encode([7_u8; 32]));
    let (known, body) = ([secret(&key)], br#"{"a":1}"#.to_vec());
    let by_token = Sent { headers: headers(&[("x-gitlab-token", &key)]), body: body.clone() };
    assert_eq!(either.verify(&known, &by_token.arrived(), at(1_000)), Ok(()));

    let named = Sent { headers: headers(&[("webhook-id", "1")]), body: body.clone() };
    let signed = either.sign(&known[0], &named.arrived(), at(1_000)).unwrap();
    let with = |body: &[u8], more: &[(&str, &str)]| {
        let pairs: Vec<(&str, &str)> =
            signed.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        Sent { headers: headers(&[&pairs[..], &[("webhook-id", "1")], more].concat()), body: body.to_vec() }
    };
    let by_signature = with(&body, &[]);
    assert_eq!(either.verify(&known, &by_signature.arrived(), at(1_000)), Ok(()));
    let changed = with(b"{}", &[]);
    assert_eq!(either.verify(&known, &changed.arrived(), at(1_000)), Err(Refusal::Signature));
    let both = with(&body, &[("x-gitlab-token", &key)]);
    assert_eq!(either.verify(&known, &both.arrived(), at(9_000)), Err(Refusal::Stale), "signed, and old");
    let neither = Sent { headers: headers(&[]), body: body.clone() };
    assert_eq!(either.verify(&known, &neither.arrived(), at(1_000)), Err(Refusal::Unsigned));
    assert_eq!(either.verify(&[], &by_token.arrived(), at(1_000)), Err(Refusal::NoSecret));
    assert_eq!(either.verify(&[secret(" ")], &by_token.arrived(), at(1_000)), Err(Refusal::NoSecret));
    let wrong = Sent { headers: headers(&[("x-gitlab-token", "another")]), body };
    assert_eq!(either.verify(&known, &wrong.arrived(), at(1_000)), Err(Refusal::Signature));

    // A plain token is no signing token, and holds where it is asked for.
    let plain = [secret("a-plain-token")];
    let told = Sent { headers: headers(&[("x-gitlab-token", "a-plain-token")]), body: b"{}".to_vec() };
    assert_eq!(either.takes(&plain[0]), Ok(()));
    assert_eq!(either.verify(&plain, &told.arrived(), at(1_000)), Ok(()));
    let ours = either.generate().unwrap();
    assert!(ours.expose().starts_with("whsec_") && either.takes(&ours).is_ok(), "as the strongest wants it");
}
