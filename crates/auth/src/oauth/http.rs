//! How the requests of a sign-in are made.

use std::time::Duration;

use patchbay_model::descriptor::Method;
use patchbay_net::{Answer, Client, Request};
use url::Url;
use zeroize::Zeroizing;

use super::SignInError;

/// Whole time of one request: a person waits for it.
const TIMEOUT: Duration = Duration::from_secs(30);
/// The largest answer that is read, in bytes. Those of real services have a few thousand.
const MAX_BODY: usize = 1 << 20;

/// Where the requests of a sign-in may go.
#[derive(Clone)]
pub(crate) struct Calls {
    pub(crate) net: Client,
    /// What the person approved.
    pub(crate) origins: Vec<String>,
    pub(crate) allow_private: bool,
}

impl Calls {
    /// Reads an address.
    pub(crate) async fn get(&self, url: Url) -> Result<Answer, SignInError> {
        let request = self.request(Method::Get, url);
        Ok(self.net.send(request).await?)
    }

    /// Posts a body. No redirect is followed: code and secrets must not go elsewhere.
    pub(crate) async fn post(
        &self,
        url: Url,
        headers: Vec<(String, String)>,
        secret_headers: Vec<(String, Zeroizing<String>)>,
        content_type: &str,
        body: Vec<u8>,
    ) -> Result<Answer, SignInError> {
        let mut request = self.request(Method::Post, url);
        request.headers.extend(headers);
        request.secret_headers = secret_headers;
        request.content_type = Some(content_type.to_owned());
        request.body = Some(body);
        Ok(self.net.send(request).await?)
    }

    fn request(&self, method: Method, url: Url) -> Request {
        let mut request = Request::new(method, url);
        request.headers.push(("Accept".to_owned(), "application/json".to_owned()));
        request.timeout = TIMEOUT;
        request.max_body = MAX_BODY;
        request.origins.clone_from(&self.origins);
        request.allow_private = self.allow_private;
        request
    }
}
