//! A sign-in on any device with a code that the person types (RFC 8628).

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use oauth2::basic::BasicErrorResponse;
use oauth2::{
    AsyncHttpClient, DeviceAuthorizationUrl, DeviceCodeErrorResponse, EmptyExtraDeviceAuthorizationFields,
    HttpRequest, HttpResponse, Scope, StandardDeviceAuthorizationResponse,
};
use patchbay_model::text::display_line;
use serde_json::json;

use super::answer::Said;
use super::exchange::{Posting, Taken, refused, reply};
use super::server::missing;
use super::wait::{LOOK, Wait};
use super::{SignInError, TokenEndpoint};
use crate::sign_in::SignedIn;

/// The longest pause between two questions.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// What the person needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceCode {
    /// What they type.
    pub user_code: String,
    /// Where.
    pub verification_uri: String,
    /// The same with the code in it, where the service has one.
    pub verification_uri_complete: Option<String>,
}

/// A sign-in that waits for the person to type the code.
pub struct DeviceFlow {
    endpoint: TokenEndpoint,
    asked: Vec<String>,
    details: StandardDeviceAuthorizationResponse,
    shown: DeviceCode,
    handle: DeviceHandle,
}

/// The network as the library sees it while it asks for a code.
struct AskingForCode<'a>(&'a TokenEndpoint);

impl<'c> AsyncHttpClient<'c> for AskingForCode<'_> {
    type Error = SignInError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, SignInError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            match self.0.post(request, &self.0.oauth.authorization_parameters).await? {
                Said::Document(document) => reply(200, &document),
                Said::Refusal(code) => reply(400, &json!({ "error": code })),
            }
        })
    }
}

/// What a screen holds of a sign-in that waits for a code to be typed. Cheap to clone.
#[derive(Clone)]
pub struct DeviceHandle(Arc<Wait>);

impl DeviceHandle {
    /// How long the code is good for.
    pub fn left(&self) -> Duration {
        self.0.left()
    }

    /// Ends the wait.
    pub fn cancel(&self) {
        self.0.cancel();
    }
}

impl DeviceFlow {
    /// Asks for a code, after the application is registered where that is done by itself.
    pub(crate) async fn begin(mut endpoint: TokenEndpoint, scopes: Vec<String>) -> Result<Self, SignInError> {
        let url = endpoint.server.device_authorization.clone().ok_or_else(|| missing("device endpoint"))?;
        endpoint.register(None).await?;
        let client = endpoint
            .client(&endpoint.server.token()?)?
            .set_device_authorization_url(DeviceAuthorizationUrl::from_url(url));
        let mut request = client.exchange_device_code();
        if let Some(scopes) = endpoint.joined(&scopes) {
            request = request.add_scope(Scope::new(scopes));
        }
        let http = AskingForCode(&endpoint);
        let sent: Result<StandardDeviceAuthorizationResponse, _> =
            request.request_async::<_, EmptyExtraDeviceAuthorizationFields>(&http).await;
        let details =
            sent.map_err(|error| refused(error, |response: &BasicErrorResponse| response.error().to_string()))?;
        let page = |address: &str| {
            patchbay_model::address::for_browser(address)
                .map_err(|problem| SignInError::Call(Box::new(problem)))
        };
        let shown = DeviceCode {
            user_code: display_line(details.user_code().secret(), 40),
            verification_uri: page(details.verification_uri().as_str())?,
            verification_uri_complete: details
                .verification_uri_complete()
                .map(|uri| page(uri.secret()))
                .transpose()?,
        };
        // A code that lives for ever would be asked about for ever.
        let life = details.expires_in().min(Duration::from_secs(60 * 60));
        let handle = DeviceHandle(Arc::new(Wait::begin(endpoint.clock.clone(), life)));
        Ok(Self { endpoint, asked: scopes, details, shown, handle })
    }

    /// What the person needs.
    pub fn code(&self) -> &DeviceCode {
        &self.shown
    }

    /// For whoever shows it.
    pub fn handle(&self) -> DeviceHandle {
        self.handle.clone()
    }

    /// Asks again and again, as slowly as the service wants, until the person has typed the code.
    pub async fn finish(self) -> Result<SignedIn, SignInError> {
        let endpoint = &self.endpoint;
        let client = endpoint.client(&endpoint.server.token()?)?;
        let taken = Taken::default();
        let http = Posting { endpoint, more: &endpoint.oauth.token_parameters, taken: &taken };
        let started = endpoint.clock.now();
        let clock = endpoint.clock.clone();
        let wall = move || {
            let millis = clock.now().as_millisecond();
            chrono::DateTime::from_timestamp_millis(millis).unwrap_or_default()
        };
        // The library counts pauses and adds five seconds for `slow_down` (RFC 8628 section 3.5). It is
        // given our clock to wait on.
        let pause = |time: Duration| {
            let until = endpoint.clock.monotonic() + time.min(LONGEST_PAUSE);
            let clock = endpoint.clock.clone();
            async move {
                while clock.monotonic() < until {
                    tokio::time::sleep(LOOK).await;
                }
            }
        };
        let asking = client
            .exchange_device_access_token(&self.details)
            .set_time_fn(wall)
            .set_max_backoff_interval(LONGEST_PAUSE)
            .request_async(&http, pause, Some(self.handle.left()));
        tokio::select! {
            sent = asking => {
                let code = |said: &DeviceCodeErrorResponse| said.error().to_string();
                let refused = sent.err().map(|error| refused(error, code));
                let mut answer = match (taken.take(), refused) {
                    (Some(taken), _) => taken?,
                    (None, Some(error)) => return Err(error),
                    (None, None) => return Err(SignInError::refused("the answer holds no access token")),
                };
                let settings = std::mem::take(&mut answer.settings);
                let (credential, asked) = (endpoint.credential.clone(), self.asked.clone());
                Ok(SignedIn::of(credential, answer, &endpoint.oauth, asked, settings, started))
            }
            () = self.handle.0.cancelled() => Err(SignInError::Cancelled),
        }
    }
}
