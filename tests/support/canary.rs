//! Secrets that are easy to recognise, the forms they may take, and the places they must not be in.

use std::path::Path;

/// Where something was looked for.
#[derive(Clone, Debug)]
pub struct Place {
    /// What a person calls it.
    pub name: String,
    /// What is there.
    pub content: Vec<u8>,
}

impl Place {
    /// A place with this content.
    pub fn new(name: impl Into<String>, content: impl Into<Vec<u8>>) -> Self {
        Self { name: name.into(), content: content.into() }
    }

    /// Every file below a folder, its name included; `except` are left out by their names.
    pub fn folder(folder: &Path, except: &[&str]) -> Vec<Self> {
        let mut places = Vec::new();
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
            let kind = entry.file_type().unwrap();
            if except.contains(&name.as_str()) {
                continue;
            }
            if kind.is_dir() {
                places.extend(Self::folder(&path, except));
            } else if kind.is_file() {
                let mut content = std::fs::read(&path).unwrap();
                content.extend(format!("\n{name}").bytes());
                places.push(Self::new(path.display().to_string(), content));
            }
        }
        places
    }

    /// What the system tells every program of the user about a process: its arguments and its
    /// environment.
    pub fn process(pid: u32) -> Vec<Self> {
        ["cmdline", "environ"]
            .map(|file| {
                let path = format!("/proc/{pid}/{file}");
                // A process that has just begun has neither yet.
                let mut content = std::fs::read(&path).unwrap();
                for _ in 0..200 {
                    if !content.is_empty() {
                        break;
                    }
                    std::thread::sleep(std::time::Duration::from_millis(5));
                    content = std::fs::read(&path).unwrap();
                }
                Self::new(&path, content)
            })
            .to_vec()
    }
}

/// Every form in which a secret would be given away, by name.
pub fn forms(secret: &str) -> Vec<(&'static str, Vec<u8>)> {
    let json = json_text(secret);
    let mut forms = vec![
        ("raw", secret.as_bytes().to_vec()),
        ("JSON", json.clone().into_bytes()),
        ("JSON in JSON", json_text(&json).into_bytes()),
        ("percent-encoded", percent(secret, true).into_bytes()),
        ("percent-encoded, lower case", percent(secret, false).into_bytes()),
        ("a form's text", percent(secret, true).replace("%20", "+").into_bytes()),
        ("HTML", html(secret).into_bytes()),
        ("HTML's attribute", html(secret).replace('"', "&quot;").into_bytes()),
    ];
    for (name, offset) in [("Base64", 0), ("Base64 after one byte", 1), ("Base64 after two bytes", 2)] {
        let text = base64_inside(secret.as_bytes(), offset);
        forms.push((name, text.replace('+', "-").replace('/', "_").into_bytes()));
        forms.push((name, text.into_bytes()));
    }
    forms
}

/// Each secret that is in a place, in words. An empty answer means that nothing was found.
pub fn sweep(secrets: &[(&str, &str)], places: &[Place]) -> Vec<String> {
    let mut found = Vec::new();
    // Every form is ASCII, and bytes that are no text are none: the library's search is far quicker on text.
    let contents: Vec<_> = places.iter().map(|place| String::from_utf8_lossy(&place.content)).collect();
    for (whose, secret) in secrets {
        // Most forms leave plain letters as they are: each text is looked for once.
        let mut texts: Vec<(String, Vec<u8>)> = Vec::new();
        for (form, text) in forms(secret) {
            match texts.iter_mut().find(|(_, own)| *own == text) {
                Some((names, _)) => *names += &format!(" or {form}"),
                None => texts.push((form.to_owned(), text)),
            }
        }
        for (form, text) in texts {
            let text = std::str::from_utf8(&text).unwrap();
            assert!(text.is_ascii(), "{whose} has other letters");
            for (place, content) in places.iter().zip(&contents) {
                if content.contains(text) {
                    found.push(format!("{whose}, {form}: {}", place.name));
                }
            }
        }
    }
    found.sort();
    found.dedup();
    found
}

fn json_text(text: &str) -> String {
    let quoted = serde_json::to_string(text).unwrap();
    quoted[1..quoted.len() - 1].to_owned()
}

fn html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// As `encodeURIComponent` writes it (RFC 3986 section 2.3, the unreserved characters stay).
fn percent(text: &str, upper: bool) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
            _ if upper => format!("%{byte:02X}"),
            _ => format!("%{byte:02x}"),
        })
        .collect()
}

/// What is the same in the Base64 of every longer text in which the secret begins so many bytes after a
/// multiple of three.
fn base64_inside(secret: &[u8], offset: usize) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bytes = [vec![0; offset], secret.to_vec()].concat();
    let bit = |at: usize| (bytes[at / 8] >> (7 - at % 8)) & 1;
    let (first, last) = ((offset * 8).div_ceil(6), bytes.len() * 8 / 6);
    (first..last)
        .map(|letter| (0..6).fold(0, |value, at| (value << 1) | bit(letter * 6 + at)))
        .map(|value: u8| char::from(LETTERS[usize::from(value)]))
        .collect()
}
