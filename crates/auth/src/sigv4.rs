//! AWS Signature Version 4: a request is signed with a key that is never sent.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>

use jiff::tz::TimeZone;
use patchbay_model::Timestamp;
use patchbay_net::Request;
use ring::{digest, hmac};
use url::Url;
use zeroize::Zeroizing;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// What signs: a key, and what it signs for.
pub(crate) struct Signer<'s> {
    pub(crate) access_key_id: &'s str,
    pub(crate) secret_access_key: &'s str,
    /// Given along with keys that last for a while only.
    pub(crate) session_token: Option<&'s str>,
    pub(crate) region: &'s str,
    pub(crate) service: &'s str,
    /// The service refuses what is signed more than a few minutes before or after its own time.
    pub(crate) at: Timestamp,
}

impl Signer<'_> {
    /// Signs a request as it is now: nothing that is signed may change afterwards. Its query is written
    /// in the one way in which it is signed.
    pub(crate) fn sign(&self, request: &mut Request) {
        let time = self.at.to_zoned(TimeZone::UTC).strftime("%Y%m%dT%H%M%SZ").to_string();
        let query = canonical_query(&request.url);
        request.url.set_query(Some(query.as_str()).filter(|query| !query.is_empty()));
        request.headers.push(("x-amz-date".to_owned(), time.clone()));
        if let Some(token) = self.session_token {
            let token = Zeroizing::new(token.to_owned());
            request.secret_headers.push(("x-amz-security-token".to_owned(), token));
        }
        let mut signed = vec![("host", host(&request.url)), ("x-amz-date", time.clone())];
        signed.extend(media(request).map(|media| ("content-type", media)));
        signed.extend(self.session_token.map(|token| ("x-amz-security-token", token.to_owned())));
        signed.sort_unstable();
        let names = signed.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");
        let lines = signed.iter().map(|(name, value)| [name, ":", &plain(value), "\n"].concat());
        let lines = Zeroizing::new(lines.collect::<String>());
        let payload = hash(request.body.as_deref().unwrap_or_default());
        let path = canonical_path(request.url.path());
        let method = request.method.as_str();
        let canonical = Zeroizing::new([method, &path, &query, &lines, &names, &payload].join("\n"));
        let scope = format!("{}/{}/{}/aws4_request", &time[..8], self.region, self.service);
        let text = [ALGORITHM, &time, &scope, &hash(canonical.as_bytes())].join("\n");
        let signature = hex(mac(&self.key(&time[..8]), text.as_bytes()).as_ref());
        let id = self.access_key_id;
        let value =
            format!("{ALGORITHM} Credential={id}/{scope}, SignedHeaders={names}, Signature={signature}");
        request.secret_headers.push(("Authorization".to_owned(), Zeroizing::new(value)));
    }

    /// The key of one day, region and service.
    fn key(&self, day: &str) -> Zeroizing<Vec<u8>> {
        let first = Zeroizing::new(["AWS4", self.secret_access_key].concat().into_bytes());
        [day, self.region, self.service, "aws4_request"]
            .iter()
            .fold(first, |key, part| Zeroizing::new(mac(&key, part.as_bytes()).as_ref().to_vec()))
    }
}

/// As the client sends it: with the port, unless it is the scheme's own.
fn host(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

fn media(request: &Request) -> Option<String> {
    let own = request.headers.iter().rev().find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    own.map(|(_, value)| value.clone()).or_else(|| request.content_type.clone())
}

/// Without spaces at the ends, and with single ones between.
fn plain(value: &str) -> String {
    value.split(' ').filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Encoded once more than it is sent: so do all services but S3.
fn canonical_path(path: &str) -> String {
    let mut out = String::with_capacity(path.len() + 1);
    for segment in path.split('/').filter(|segment| !segment.is_empty()) {
        out.push('/');
        out.push_str(&encoded(segment));
    }
    if out.is_empty() || path.ends_with('/') {
        out.push('/');
    }
    out
}

fn canonical_query(url: &Url) -> String {
    let pairs = url.query_pairs().map(|(name, value)| (encoded(&name), encoded(&value)));
    let mut pairs: Vec<_> = pairs.collect();
    pairs.sort_unstable();
    pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

/// Every byte but those that RFC 3986 section 2.3 calls unreserved.
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

fn mac(key: &[u8], text: &[u8]) -> hmac::Tag {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text)
}

fn hash(bytes: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, bytes).as_ref())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use patchbay_model::descriptor::Method;

    use super::*;

    /// The key of the vendor's own examples.
    const ID: &str = "AKIDEXAMPLE";
    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

    fn signed(service: &str, token: Option<&str>, mut request: Request) -> Request {
        let signer = Signer {
            access_key_id: ID,
            secret_access_key: SECRET,
            session_token: token,
            region: "us-east-1",
            service,
            at: "2015-08-30T12:36:00Z".parse().unwrap(),
        };
        signer.sign(&mut request);
        request
    }

    fn authorization(request: &Request) -> &str {
        let found = request.secret_headers.iter().find(|(name, _)| name == "Authorization");
        found.map(|(_, value)| value.as_str()).unwrap()
    }

    fn request(method: Method, url: &str, body: Option<(&str, &str)>) -> Request {
        let mut request = Request::new(method, url.parse().unwrap());
        if let Some((media, text)) = body {
            request.content_type = Some(media.to_owned());
            request.body = Some(text.as_bytes().to_vec());
        }
        request
    }

    /// The vendor's test suite for Signature Version 4 and, last, the example of the vendor's guide.
    #[test]
    fn requests_are_signed_as_the_vendors_own_vectors_are() {
        const HOST: &str = "https://example.amazonaws.com";
        let form = Some(("application/x-www-form-urlencoded", "Param1=value1"));
        let guide = Some(("application/x-www-form-urlencoded; charset=utf-8", ""));
        let suite = [
            (
                Method::Get,
                "/",
                None,
                "host;x-amz-date",
                "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
            ),
            (
                Method::Get,
                "/?Param2=value2&Param1=value1",
                None,
                "host;x-amz-date",
                "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
            ),
            (
                Method::Post,
                "/",
                None,
                "host;x-amz-date",
                "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
            ),
            (
                Method::Post,
                "/",
                form,
                "content-type;host;x-amz-date",
                "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
            ),
        ];
        for (method, path, body, names, signature) in suite {
            let done = signed("service", None, request(method, &format!("{HOST}{path}"), body));
            let expected = format!(
                "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
                 SignedHeaders={names}, Signature={signature}"
            );
            assert_eq!(authorization(&done), expected, "{method:?} {path}");
            assert_eq!(done.headers, [("x-amz-date".to_owned(), "20150830T123600Z".to_owned())]);
        }
        let url = "https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08";
        let done = signed("iam", None, request(Method::Get, url, guide));
        let ends = "Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7";
        assert!(authorization(&done).ends_with(ends), "{}", authorization(&done));
    }

    /// The suite's `post-sts-header-before`.
    #[test]
    fn a_token_that_comes_with_a_key_is_signed_and_kept_apart() {
        const TOKEN: &str = "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==";
        let done =
            signed("service", Some(TOKEN), request(Method::Post, "https://example.amazonaws.com/", None));
        let expected = "SignedHeaders=host;x-amz-date;x-amz-security-token, \
                        Signature=85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead";
        assert!(authorization(&done).ends_with(expected), "{}", authorization(&done));
        assert!(
            done.secret_headers.iter().any(|(name, value)| name == "x-amz-security-token" && **value == TOKEN)
        );
        assert!(!done.headers.iter().any(|(name, _)| name == "x-amz-security-token"));
    }

    #[test]
    fn paths_and_queries_are_written_in_one_way() {
        // The guide's own example of a path that is encoded twice.
        let url: Url = "https://a.example/documents and settings/".parse().unwrap();
        assert_eq!(canonical_path(url.path()), "/documents%2520and%2520settings/");
        for (path, expected) in [("/", "/"), ("/a//b", "/a/b"), ("/~x/$1", "/~x/%241")] {
            assert_eq!(canonical_path(path), expected);
        }
        // What is sent is what is signed: a service need not take a plus sign for a space.
        let asked = request(Method::Get, "https://a.example/?b=x+y&a=%C3%A9&a=*", None);
        assert_eq!(signed("s", None, asked).url.query(), Some("a=%2A&a=%C3%A9&b=x%20y"));
        assert_eq!(signed("s", None, request(Method::Get, "https://a.example/x", None)).url.query(), None);
    }

    #[test]
    fn a_port_of_its_own_is_part_of_the_host() {
        assert_eq!(host(&"http://127.0.0.1:4010/x".parse().unwrap()), "127.0.0.1:4010");
        assert_eq!(host(&"https://a.example:443/x".parse().unwrap()), "a.example");
    }
}
