//! What came with the person back from the browser (RFC 6749 section 4.1.2, RFC 9207). Pure.

use patchbay_vault::Secret;
use serde_json::{Map, Value};
use subtle::ConstantTimeEq;

use super::SignInError;

/// The longest query that is read, in bytes.
pub(super) const LONGEST_QUERY: usize = 16 << 10;

/// What a callback must answer to.
pub(super) struct Expected {
    pub(super) state: Secret,
    pub(super) issuer: Option<String>,
    /// Whether the server promises to name itself.
    pub(super) says_issuer: bool,
}

/// What a callback is.
pub(super) enum Callback {
    /// The answer: a code, with everything that came with it.
    Code(Secret, Map<String, Value>),
    /// The answer: a refusal. The sign-in ends.
    Ended(SignInError),
    /// Not the answer to this sign-in, which goes on waiting: else anybody could end it.
    Foreign(&'static str),
}

/// Judges the query of a request to the callback's address.
pub(super) fn judge(query: &str, expected: &Expected) -> Callback {
    if query.len() > LONGEST_QUERY {
        return Callback::Foreign("it is too long");
    }
    let pairs: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    // Parameters must not be there twice (RFC 6749 section 3.1): two readers would take different ones.
    let single = |name: &str| {
        let mut found = pairs.iter().filter(|(own, _)| own == name).map(|(_, value)| value.as_str());
        match (found.next(), found.next()) {
            (first, None) => Ok(first.filter(|value| !value.is_empty())),
            _ => Err(()),
        }
    };
    let (Ok(state), Ok(code), Ok(error), Ok(issuer)) =
        (single("state"), single("code"), single("error"), single("iss"))
    else {
        return Callback::Foreign("a parameter is there twice");
    };
    let Some(state) = state else { return Callback::Foreign("it does not say which sign-in it answers") };
    if !bool::from(state.as_bytes().ct_eq(expected.state.expose().as_bytes())) {
        return Callback::Foreign("it answers another sign-in");
    }
    // RFC 9207 section 2.4: compared letter by letter.
    match (issuer, &expected.issuer) {
        (Some(said), Some(known)) if said != known => {
            return Callback::Foreign("it comes from another sign-in service");
        }
        (None, Some(_)) if expected.says_issuer => {
            return Callback::Foreign("it does not say which sign-in service it comes from");
        }
        _ => {}
    }
    match (code, error) {
        (Some(_), Some(_)) => Callback::Foreign("it says yes and no"),
        (None, None) => Callback::Foreign("it holds no answer"),
        (None, Some(error)) => Callback::Ended(match SignInError::of_code(error) {
            // No code was given yet.
            SignInError::Ended(code) => SignInError::Refused(format!("the service says {code}")),
            other => other,
        }),
        (Some(code), None) => {
            let code = Secret::new(code.to_owned());
            let secret = ["code", "state"];
            let others = pairs.into_iter().filter(|(name, _)| !secret.contains(&name.as_str()));
            Callback::Code(code, others.map(|(name, value)| (name, Value::from(value))).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expected(says_issuer: bool) -> Expected {
        Expected {
            state: Secret::new("right".to_owned()),
            issuer: Some("https://as.example".to_owned()),
            says_issuer,
        }
    }

    #[test]
    fn only_the_answer_to_this_sign_in_ends_it() {
        let long = format!("code=c&state=right&x={}", "x".repeat(20_000));
        let foreign = [
            "",
            "code=c",
            "code=c&state=",
            "code=c&state=wrong",
            "code=c&state=righ",
            "code=c&state=right2",
            "code=c&state=right&state=right",
            "code=c&state=wrong&state=right",
            "state=right",
            "code=&state=right",
            "code=a&code=b&state=right",
            "error=access_denied",
            "error=access_denied&state=wrong",
            "code=c&error=access_denied&state=right",
            "code=c&state=right&iss=https%3A%2F%2Fevil.example",
            "code=c&state=right&iss=https%3A%2F%2Fas.example%2F",
            "code=c&state=right&iss=https%3A%2F%2FAS.example",
            "code=c&state=right&iss=https%3A%2F%2Fas.example&iss=https%3A%2F%2Fas.example",
            "%00=%00&state=%72ight%00&code=c",
            &long,
        ];
        for query in foreign {
            let case = query.chars().take(60).collect::<String>();
            assert!(matches!(judge(query, &expected(false)), Callback::Foreign(_)), "{case}");
        }
        assert!(
            matches!(judge("code=c&state=right", &expected(true)), Callback::Foreign(_)),
            "iss is promised"
        );
        let good = ["code=c&state=right", "state=right&code=c&iss=https%3A%2F%2Fas.example&team=T1"];
        for query in good {
            let Callback::Code(code, others) = judge(query, &expected(false)) else { panic!("{query}") };
            assert_eq!(code.expose(), "c");
            assert!(!others.contains_key("code") && !others.contains_key("state"));
        }
    }

    #[test]
    fn a_refusal_with_the_right_state_ends_it_and_its_text_is_not_passed_on() {
        let hostile = "error=access_denied&state=right&error_description=%3Cscript%3E%1b%5b31m";
        assert!(matches!(judge(hostile, &expected(false)), Callback::Ended(SignInError::Denied)));
        let odd = "error=%3Cb%3E&state=right";
        let Callback::Ended(SignInError::Refused(said)) = judge(odd, &expected(false)) else { panic!() };
        assert!(!said.contains('<'));
        assert!(matches!(
            judge("error=invalid_grant&state=right", &expected(false)),
            Callback::Ended(SignInError::Refused(_))
        ));
    }
}
