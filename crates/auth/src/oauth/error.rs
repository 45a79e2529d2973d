//! Why a sign-in did not come about.

use patchbay_map::MapError;
use patchbay_model::problem::{Code, Problem};
use patchbay_model::text::display_line;
use patchbay_net::{Failure, NetError};

/// Why a sign-in did not come about. None holds text that a service wrote freely: only its error codes.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SignInError {
    /// The person did not approve.
    #[error("the person did not approve")]
    Denied,
    /// Nobody came back in time.
    #[error("nobody came back in time")]
    TimedOut,
    /// The person stopped it.
    #[error("the sign-in was stopped")]
    Cancelled,
    /// What came back cannot be trusted or used.
    #[error("{0}")]
    Refused(String),
    /// The tool does not accept the application: `invalid_client`, `unauthorized_client`.
    #[error("the application is not accepted ({0})")]
    Client(String),
    /// The grant has ended: `invalid_grant`.
    #[error("the sign-in has ended ({0})")]
    Ended(String),
    /// The service says that it is not ready, and so has not acted (503).
    #[error("the service is not ready")]
    NotReady,
    /// The call did not come about, or the service has a problem of its own.
    #[error("{}", .0.title())]
    Call(Box<Problem>),
    /// The definition lacks something, or a template of it cannot be filled in.
    #[error("{0}")]
    Definition(String),
}

impl SignInError {
    pub(crate) fn refused(message: impl Into<String>) -> Self {
        Self::Refused(message.into())
    }

    /// What an error code of the standards means (RFC 6749 sections 4.1.2.1 and 5.2, RFC 8628 section
    /// 3.5). Codes that no standard names are shown where they look like one.
    pub(crate) fn of_code(code: &str) -> Self {
        let fits = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
        let shown = match code {
            code if (1..=60).contains(&code.len()) && code.chars().all(fits) => code.to_owned(),
            _ => "an error without a readable code".to_owned(),
        };
        match code {
            "access_denied" => Self::Denied,
            "expired_token" => Self::TimedOut,
            "invalid_grant" => Self::Ended(shown),
            "invalid_client" | "unauthorized_client" | "invalid_client_id" | "bad_client_secret" => {
                Self::Client(shown)
            }
            "temporarily_unavailable" => Self::NotReady,
            "server_error" => Self::Call(Box::new(Problem::new(Code::ServiceDown).detail(shown))),
            "slow_down" => Self::Call(Box::new(Problem::new(Code::RateLimited).detail(shown))),
            _ => Self::Refused(format!("the service says {shown}")),
        }
    }

    /// Whether the same request may fare better later.
    pub(crate) fn may_pass(&self) -> bool {
        matches!(self, Self::NotReady)
            || matches!(self, Self::Call(problem) if !matches!(problem.code(), Code::TargetBlocked | Code::RedirectRefused))
    }
}

impl From<Failure> for SignInError {
    fn from(failure: Failure) -> Self {
        Self::Call(Box::new(failure.into()))
    }
}

impl From<NetError> for SignInError {
    fn from(error: NetError) -> Self {
        Self::Call(Box::new(error.into()))
    }
}

impl From<MapError> for SignInError {
    fn from(error: MapError) -> Self {
        Self::Definition(display_line(&error.to_string(), 200))
    }
}

impl From<SignInError> for Problem {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::Denied => Self::new(Code::SignInDenied),
            SignInError::TimedOut => Self::new(Code::SignInTimedOut),
            SignInError::Cancelled => Self::new(Code::Cancelled),
            SignInError::Refused(message) => Self::new(Code::SignInRefused).with("message", message),
            SignInError::Client(code) => Self::new(Code::InvalidConfig)
                .with("field", "The application's id or secret")
                .with("message", code),
            SignInError::Ended(code) => Self::new(Code::AuthRevoked).detail(code),
            SignInError::NotReady => Self::new(Code::ServiceDown),
            SignInError::Call(problem) => *problem,
            SignInError::Definition(message) => Self::new(Code::DescriptorInvalid).detail(message),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_mean_what_the_standards_say_and_free_text_is_not_passed_on() {
        let cases = [
            ("access_denied", Code::SignInDenied),
            ("invalid_grant", Code::AuthRevoked),
            ("invalid_client", Code::InvalidConfig),
            ("unauthorized_client", Code::InvalidConfig),
            ("invalid_scope", Code::SignInRefused),
            ("server_error", Code::ServiceDown),
            ("temporarily_unavailable", Code::ServiceDown),
            ("expired_token", Code::SignInTimedOut),
            ("<script>alert(1)</script>", Code::SignInRefused),
            ("", Code::SignInRefused),
        ];
        for (code, want) in cases {
            let problem = Problem::from(SignInError::of_code(code));
            assert_eq!(problem.code(), want, "{code}");
            assert!(!problem.hint().contains('<'), "{code}");
        }
    }
}
