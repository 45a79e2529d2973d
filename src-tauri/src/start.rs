//! What a start of the program asks for: nothing, to stay hidden, or a place in the interface.

use tauri::Url;

/// The argument of a start at which nobody looks.
pub(crate) const HIDDEN: &str = "--hidden";
/// An identifier or a connector's name is no longer.
const LONGEST: usize = 128;

/// What a start asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wish {
    /// The window is not shown.
    pub(crate) hidden: bool,
    /// Where to go, such as `/runs/ID`.
    pub(crate) place: Option<String>,
}

impl Wish {
    /// Reads the arguments of a start, the program's name left away. Others mean nothing.
    pub(crate) fn of(arguments: impl IntoIterator<Item = String>) -> Self {
        let mut wish = Self::default();
        for argument in arguments {
            wish.hidden |= argument == HIDDEN;
            wish.place = wish.place.or_else(|| place(&argument));
        }
        wish.hidden &= wish.place.is_none();
        wish
    }
}

/// The place that an address such as `patchbay://open/run/ID` names. Anybody can write one, on any page: it
/// opens and fills in, and nothing more, so that only these three are known and nothing may stand beside them.
fn place(address: &str) -> Option<String> {
    let url = Url::parse(address).ok().filter(|url| url.scheme() == "patchbay")?;
    let bare = url.username().is_empty() && url.password().is_none() && url.port().is_none();
    if !bare || url.query().is_some() || url.fragment().is_some() || url.host_str() != Some("open") {
        return None;
    }
    let mut parts = url.path().strip_prefix('/')?.split('/');
    let (kind, name, rest) = (parts.next()?, parts.next()?, parts.next());
    let plain = |name: &str| {
        let known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        !name.is_empty() && name.len() <= LONGEST && name.bytes().all(known)
    };
    if rest.is_some() || !plain(name) {
        return None;
    }
    match kind {
        "chain" => Some(format!("/chains/{name}")),
        "run" => Some(format!("/runs/{name}")),
        "connect" => Some(format!("/catalogue/{name}/connect")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_opens_and_does_nothing_else() {
        for (address, wanted) in [
            ("patchbay://open/chain/01a2-b", Some("/chains/01a2-b")),
            ("patchbay://open/run/01a2", Some("/runs/01a2")),
            ("patchbay://open/connect/github-issues", Some("/catalogue/github-issues/connect")),
            ("PATCHBAY://open/run/a", Some("/runs/a")),
            ("patchbay://open/chain/01a2/run", None),
            ("patchbay://open/chain/01a2/", None),
            ("patchbay://open/chain/new%2Frun", None),
            ("patchbay://open/chain/..", None),
            ("patchbay://open/chain/", None),
            ("patchbay://open/run/a?x=1", None),
            ("patchbay://open/run/a#/settings", None),
            ("patchbay://me@open/run/a", None),
            ("patchbay://open:80/run/a", None),
            ("patchbay://run/a", None),
            ("patchbay:open/run/a", None),
            ("patchbay://open/import/a", None),
            ("patchbay://open/run/a'+alert(1)+'", None),
            ("https://open/run/a", None),
            ("javascript:alert(1)", None),
            ("--hidden", None),
        ] {
            assert_eq!(place(address).as_deref(), wanted, "{address}");
        }
        assert_eq!(place(&format!("patchbay://open/run/{}", "a".repeat(129))), None);
    }

    #[test]
    fn a_start_is_hidden_unless_something_is_to_be_seen() {
        let wish = |all: &[&str]| Wish::of(all.iter().map(|&one| one.to_owned()));
        assert_eq!(wish(&[]), Wish::default());
        assert_eq!(wish(&["--hidden"]), Wish { hidden: true, place: None });
        let run = Wish { hidden: false, place: Some("/runs/a".into()) };
        assert_eq!(wish(&["--hidden", "patchbay://open/run/a"]), run);
        assert_eq!(wish(&["x", "patchbay://open/run/a", "patchbay://open/run/b"]), run);
    }
}
