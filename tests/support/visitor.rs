//! A person at a browser, as far as plain HTTP goes: keeps cookies, follows redirects as long as they
//! stay at one server, reads a page's forms and posts them.

use std::collections::BTreeMap;

use url::Url;
use url::form_urlencoded::Serializer;

use crate::wire::{Answer, Request};

/// Somebody who visits one server on loopback.
#[derive(Debug)]
pub struct Visitor {
    base: Url,
    cookies: BTreeMap<String, String>,
}

/// Where a click led.
#[derive(Clone, Debug)]
pub enum Visit {
    /// To a page of the server.
    Page(Page),
    /// Away from it: the address is not visited.
    Away(Url),
}

/// A page with its forms.
#[derive(Clone, Debug)]
pub struct Page {
    /// Its address.
    pub url: Url,
    /// What the server answered.
    pub answer: Answer,
}

/// A form of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form {
    /// `get` or `post`.
    pub method: String,
    /// Where it leads, as it is written.
    pub action: String,
    /// Its fields with their values: hidden and text ones, checked radio buttons, no buttons.
    pub fields: Vec<(String, String)>,
}

impl Visit {
    /// The page; panics where the visit led away.
    pub fn page(self) -> Page {
        match self {
            Self::Page(page) => page,
            Self::Away(url) => panic!("led away to {url}"),
        }
    }

    /// The address elsewhere; panics where the server showed a page.
    pub fn away(self) -> Url {
        match self {
            Self::Away(url) => url,
            Self::Page(page) => panic!("{} stays: {}", page.url, page.text()),
        }
    }
}

impl Visitor {
    /// Visits the server of this address, such as `http://127.0.0.1:4319`.
    pub fn of(url: &str) -> Self {
        Self { base: Url::parse(url).unwrap(), cookies: BTreeMap::new() }
    }

    /// Opens an address of the server.
    pub fn open(&mut self, url: &str) -> Visit {
        let url = self.base.join(url).unwrap();
        self.go(url, None)
    }

    /// Sends a form with some fields replaced or added, as if its button were pressed.
    pub fn send(&mut self, page: &Page, form: &Form, fields: &[(&str, &str)]) -> Visit {
        let mut all = form.fields.clone();
        for (name, value) in fields {
            all.retain(|(own, _)| own != name);
            all.push(((*name).to_owned(), (*value).to_owned()));
        }
        let mut url = page.url.join(&form.action).unwrap();
        let encoded = Serializer::new(String::new()).extend_pairs(all).finish();
        if form.method == "get" {
            url.set_query(Some(&encoded));
            return self.go(url, None);
        }
        self.go(url, Some(encoded))
    }

    fn go(&mut self, mut url: Url, mut body: Option<String>) -> Visit {
        for _ in 0..10 {
            if url.origin() != self.base.origin() {
                return Visit::Away(url);
            }
            let answer = self.exchange(&url, body.take());
            let Some(location) = answer.headers.get("location").filter(|_| (301..400).contains(&answer.status))
            else {
                return Visit::Page(Page { url, answer });
            };
            url = url.join(location).unwrap();
        }
        panic!("{url}: round and round")
    }

    fn exchange(&mut self, url: &Url, body: Option<String>) -> Answer {
        let mut headers = BTreeMap::new();
        if !self.cookies.is_empty() {
            let cookies: Vec<String> =
                self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            headers.insert("cookie".to_owned(), cookies.join("; "));
        }
        if body.is_some() {
            headers.insert("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned());
            // As a browser does: a server must let its own pages post.
            headers.insert("origin".to_owned(), self.base.origin().ascii_serialization());
        }
        let method = if body.is_some() { "POST" } else { "GET" }.to_owned();
        let target = url[url::Position::BeforePath..url::Position::AfterQuery].to_owned();
        let request = Request { method, target, headers, body: body.unwrap_or_default().into_bytes() };
        let answer = request.send(self.base.port().unwrap());
        for cookie in answer.headers.get("set-cookie").into_iter().flat_map(|cookies| cookies.lines()) {
            let (name, rest) = cookie.split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            // An empty value takes a cookie back.
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }
}

impl Page {
    /// Its text, with markup.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.answer.body).into_owned()
    }

    /// Its forms, in order.
    pub fn forms(&self) -> Vec<Form> {
        let text = self.text();
        text.split("<form").skip(1).map(|rest| form(rest.split("</form>").next().unwrap())).collect()
    }

    /// The first form; panics where there is none.
    pub fn form(&self) -> Form {
        self.forms().into_iter().next().unwrap_or_else(|| panic!("no form: {}", self.text()))
    }
}

fn form(text: &str) -> Form {
    let (head, rest) = text.split_once('>').unwrap();
    let fields = rest.split("<input").skip(1).filter_map(|input| {
        let input = input.split('>').next().unwrap();
        let choice = matches!(attribute(input, "type").as_deref(), Some("radio" | "checkbox"));
        let chosen = !choice || input.split_whitespace().any(|word| word.trim_end_matches('/') == "checked");
        chosen.then(|| Some((attribute(input, "name")?, attribute(input, "value").unwrap_or_default())))?
    });
    Form {
        method: attribute(head, "method").map_or("get".to_owned(), |method| method.to_lowercase()),
        action: attribute(head, "action").unwrap_or_default(),
        fields: fields.collect(),
    }
}

/// An attribute of a tag, as both pretend servers write them: in double quotes.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    let value = rest.split('"').next()?;
    Some(value.replace("&quot;", "\"").replace("&#39;", "'").replace("&lt;", "<").replace("&amp;", "&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_with_what_is_chosen() {
        let text = " method=\"POST\" action=\"consent?a=1&amp;b=2\"><input type=\"hidden\" name=\"t\" value=\"x\">\
                    <input type=\"radio\" name=\"who\" value=\"one\"><input type=\"radio\" name=\"who\" value=\"two\" checked>\
                    <button name=\"answer\" value=\"allow\">";
        let pairs = [("t", "x"), ("who", "two")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        let expected =
            Form { method: "post".to_owned(), action: "consent?a=1&b=2".to_owned(), fields: pairs.to_vec() };
        assert_eq!(form(text), expected);
    }
}
