//! Looking names up, and letting only allowed addresses through.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::Url;

use crate::guard::is_public;

/// Turns a name into addresses.
pub(crate) type Lookup = Arc<dyn Fn(String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> + Send + Sync>;

/// The operating system's lookup.
pub(crate) fn system_lookup() -> Lookup {
    Arc::new(|name| {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    })
}

/// A name resolved only to addresses that are not allowed.
#[derive(Debug, thiserror::Error)]
#[error("the name leads to a private address")]
pub(crate) struct Blocked;

/// A name does not resolve. Holds the system's reason, which names nothing but the kind of failure.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Unresolved(String);

/// Resolves names and lets only allowed addresses through: the address that is checked is the
/// address that is connected to, so a name that changes its mind in between gains nothing.
#[derive(Clone)]
pub(crate) struct GuardedResolver {
    pub(crate) allow_private: bool,
    /// Names of the system's proxies, which usually are private and which the user did not choose
    /// through a connector.
    pub(crate) proxies: Arc<[String]>,
    pub(crate) lookup: Lookup,
}

impl GuardedResolver {
    async fn addresses(self, name: String) -> Result<Vec<SocketAddr>, BoxError> {
        let allow_private = self.allow_private || self.proxies.contains(&name);
        let found = (self.lookup)(name).await.map_err(|error| Unresolved(error.to_string()))?;
        if found.is_empty() {
            return Err(Unresolved("the name has no address".to_owned()).into());
        }
        let allowed: Vec<SocketAddr> = found
            .into_iter()
            .filter(|address| allow_private || is_public(*address))
            .map(|address| SocketAddr::new(address, 0))
            .collect();
        if allowed.is_empty() {
            return Err(Blocked.into());
        }
        Ok(allowed)
    }
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let resolver = self.clone();
        Box::pin(async move {
            let addresses = resolver.addresses(name.as_str().to_owned()).await?;
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

/// The hosts of the proxies that the environment names, without user and password.
pub(crate) fn environment_proxies() -> Vec<String> {
    proxy_names(|name| std::env::var(name).ok())
}

/// The names of the proxies that the environment asks for, read as the HTTP library reads them.
fn proxy_names(variable: impl Fn(&str) -> Option<String>) -> Vec<String> {
    ["http_proxy", "https_proxy", "all_proxy"]
        .into_iter()
        .flat_map(|name| [name.to_owned(), name.to_ascii_uppercase()])
        .filter_map(|name| variable(&name))
        .filter_map(|text| {
            let full = if text.contains("://") { text } else { format!("http://{text}") };
            Some(Url::parse(&full).ok()?.host_str()?.to_owned())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// Gives the listed answers, one after the other.
    fn answers(list: &[&[&str]]) -> Lookup {
        let mut list: Vec<Vec<IpAddr>> =
            list.iter().map(|one| one.iter().map(|text| text.parse().unwrap()).collect()).collect();
        list.reverse();
        let list = Mutex::new(list);
        Arc::new(move |_| {
            let next = list.lock().unwrap().pop().expect("one lookup too many");
            Box::pin(async move { Ok(next) })
        })
    }

    fn resolver(allow_private: bool, lookup: Lookup) -> GuardedResolver {
        GuardedResolver { allow_private, proxies: Arc::new(["proxy.corp".to_owned()]), lookup }
    }

    async fn ask(resolver: &GuardedResolver, name: &str) -> Result<Vec<String>, BoxError> {
        let found = resolver.resolve(name.parse().unwrap()).await?;
        Ok(found.map(|address| address.ip().to_string()).collect())
    }

    #[tokio::test]
    async fn a_name_that_changes_its_mind_is_checked_each_time() {
        let lookup = answers(&[&["93.184.215.14"], &["127.0.0.1"], &["::ffff:169.254.169.254"]]);
        let guarded = resolver(false, lookup);
        assert_eq!(ask(&guarded, "rebind.example").await.unwrap(), ["93.184.215.14"]);
        for _ in 0..2 {
            let error = ask(&guarded, "rebind.example").await.unwrap_err();
            assert!(error.is::<Blocked>(), "{error}");
        }
    }

    #[tokio::test]
    async fn of_a_mixed_answer_only_the_public_addresses_are_left() {
        let lookup = answers(&[&["127.0.0.1", "93.184.215.14", "fd00::1"]]);
        assert_eq!(ask(&resolver(false, lookup), "mixed.example").await.unwrap(), ["93.184.215.14"]);
    }

    #[tokio::test]
    async fn private_addresses_pass_where_allowed_and_for_the_systems_proxy() {
        let lookup = answers(&[&["10.0.0.1"], &["10.0.0.2"]]);
        assert!(ask(&resolver(true, lookup.clone()), "nas.lan").await.is_ok());
        assert!(ask(&resolver(false, lookup), "proxy.corp").await.is_ok());
    }

    #[tokio::test]
    async fn a_name_without_addresses_does_not_resolve() {
        let error = ask(&resolver(true, answers(&[&[]])), "empty.example").await.unwrap_err();
        assert!(error.is::<Unresolved>(), "{error}");
    }

    #[test]
    fn proxies_are_read_in_each_spelling() {
        let set = |name: &str| match name {
            "https_proxy" => Some("http://user:word@proxy.corp:3128".to_owned()),
            "HTTP_PROXY" => Some("plain.corp:8080".to_owned()),
            "ALL_PROXY" => Some(String::new()),
            _ => None,
        };
        let names = proxy_names(set);
        assert!(names.contains(&"proxy.corp".to_owned()), "{names:?}");
        assert!(names.contains(&"plain.corp".to_owned()), "{names:?}");
        assert_eq!(names.len(), 2);
    }
}
