//! The next page as a `Link` header names it (RFC 8288). Pure.

use patchbay_net::Headers;

/// The target of the first link whose relation is `next` (RFC 8288 section 3), over all `Link`
/// headers. `flag` names a parameter of the link that must be `true`.
pub(super) fn next_link(headers: &Headers, flag: Option<&str>) -> Option<String> {
    let mut links = headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("link"));
    links.find_map(|(_, value)| next_in(value, flag))
}

fn next_in(header: &str, flag: Option<&str>) -> Option<String> {
    let mut rest = header;
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        let (target, after) = rest.strip_prefix('<')?.split_once('>')?;
        rest = after;
        let (mut relation, mut flagged): (Option<String>, _) = (None, flag.is_none());
        while let Some(after) = rest.trim_start().strip_prefix(';') {
            let (name, value, after) = parameter(after);
            flagged |= flag.is_some_and(|flag| name.eq_ignore_ascii_case(flag)) && value == "true";
            // Only the first `rel` of a link counts (section 3.3).
            if name.eq_ignore_ascii_case("rel") && relation.is_none() {
                relation = Some(value);
            }
            rest = after;
        }
        let is_next = relation.is_some_and(|relation| {
            relation.split_ascii_whitespace().any(|one| one.eq_ignore_ascii_case("next"))
        });
        if is_next && flagged {
            return Some(target.trim().to_owned());
        }
        rest = rest.trim_start().strip_prefix(',')?;
    }
}

/// One `name=value` or `name="quoted value"`, and what follows it.
fn parameter(text: &str) -> (&str, String, &str) {
    let end = text.find(['=', ';', ',']).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let Some(rest) = rest.strip_prefix('=').map(str::trim_start) else {
        return (name.trim(), String::new(), rest);
    };
    let Some(quoted) = rest.strip_prefix('"') else {
        let end = rest.find([';', ',']).unwrap_or(rest.len());
        return (name.trim(), rest[..end].trim().to_owned(), &rest[end..]);
    };
    let (mut value, mut escaped) = (String::new(), false);
    for (at, c) in quoted.char_indices() {
        match c {
            _ if escaped => {
                value.push(c);
                escaped = false;
            }
            '\\' => escaped = true,
            '"' => return (name.trim(), value, &quoted[at + 1..]),
            c => value.push(c),
        }
    }
    (name.trim(), value, "")
}
