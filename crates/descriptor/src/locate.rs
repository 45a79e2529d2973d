//! Where in a JSON text each value stands.

use std::collections::{HashMap, HashSet};

/// Line and column of each value by its JSON pointer. Both count from 1; columns in characters.
pub(crate) struct Positions {
    found: HashMap<String, (usize, usize)>,
    repeated: Vec<String>,
}

/// A member's name as a segment of a JSON pointer (RFC 6901 section 3).
pub(crate) fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

impl Positions {
    /// Scans a text that is known to be JSON.
    pub(crate) fn of(text: &str) -> Self {
        let mut scan = Scan {
            chars: text.chars().peekable(),
            line: 1,
            column: 1,
            found: HashMap::new(),
            repeated: Vec::new(),
        };
        scan.value(&mut String::new());
        Self { found: scan.found, repeated: scan.repeated }
    }

    /// The place of a pointer, or of the nearest value around it.
    pub(crate) fn get(&self, pointer: &str) -> Option<(usize, usize)> {
        let mut pointer = pointer;
        loop {
            if let Some(place) = self.found.get(pointer) {
                return Some(*place);
            }
            pointer = &pointer[..pointer.rfind('/')?];
        }
    }

    /// Members whose name their object has before; the place is that of the last.
    pub(crate) fn repeated(&self) -> &[String] {
        &self.repeated
    }
}

struct Scan<'t> {
    chars: std::iter::Peekable<std::str::Chars<'t>>,
    line: usize,
    column: usize,
    found: HashMap<String, (usize, usize)>,
    repeated: Vec<String>,
}

impl Scan<'_> {
    fn next(&mut self) -> Option<char> {
        let c = self.chars.next()?;
        if c == '\n' {
            (self.line, self.column) = (self.line + 1, 1);
        } else {
            self.column += 1;
        }
        Some(c)
    }

    fn space(&mut self) {
        while self.chars.peek().is_some_and(|c| c.is_whitespace() || matches!(c, ',' | ':')) {
            self.next();
        }
    }

    /// The parser has bounded the depth already.
    fn value(&mut self, pointer: &mut String) {
        self.space();
        self.found.entry(pointer.clone()).or_insert((self.line, self.column));
        match self.chars.peek() {
            Some('{') => self.members(pointer),
            Some('[') => self.items(pointer),
            Some('"') => {
                self.string();
            }
            _ => {
                while self.chars.peek().is_some_and(|c| !matches!(c, ',' | '}' | ']') && !c.is_whitespace()) {
                    self.next();
                }
            }
        }
    }

    fn members(&mut self, pointer: &mut String) {
        self.next();
        let mut names = HashSet::new();
        loop {
            self.space();
            match self.chars.peek() {
                Some('"') => {
                    let place = (self.line, self.column);
                    let name = self.string();
                    let length = pointer.len();
                    pointer.push('/');
                    pointer.push_str(&escape(&name));
                    if !names.insert(name) {
                        self.repeated.push(pointer.clone());
                    }
                    // A member's place is its name: that is what the author looks for.
                    self.found.insert(pointer.clone(), place);
                    self.value(pointer);
                    pointer.truncate(length);
                }
                Some('}') => {
                    self.next();
                    return;
                }
                _ => return,
            }
        }
    }

    fn items(&mut self, pointer: &mut String) {
        self.next();
        for index in 0.. {
            self.space();
            match self.chars.peek() {
                Some(']') => {
                    self.next();
                    return;
                }
                None => return,
                Some(_) => {
                    let length = pointer.len();
                    pointer.push_str(&format!("/{index}"));
                    self.value(pointer);
                    pointer.truncate(length);
                }
            }
        }
    }

    /// The text of a string.
    fn string(&mut self) -> String {
        self.next();
        let (mut raw, mut escaped) = (String::from('"'), false);
        while let Some(c) = self.next() {
            raw.push(c);
            match c {
                '"' => break,
                '\\' => {
                    escaped = true;
                    raw.extend(self.next());
                }
                _ => {}
            }
        }
        let plain = || raw.trim_matches('"').to_owned();
        if escaped { serde_json::from_str(&raw).unwrap_or_else(|_| plain()) } else { plain() }
    }
}

#[cfg(test)]
mod tests {
    use super::Positions;

    #[test]
    fn every_value_has_its_place() {
        let text = "{\n  \"a\": [1,\n    {\"b\": \"x\"}],\n  \"c/d\": null,\n \"\\u0065\": 1}";
        let positions = Positions::of(text);
        let cases = [
            ("", (1, 1)),
            ("/a", (2, 3)),
            ("/a/0", (2, 9)),
            ("/a/1/b", (3, 6)),
            ("/c~1d", (4, 3)),
            ("/e", (5, 2)),
            ("/a/1/gone", (3, 5)),
        ];
        for (pointer, want) in cases {
            assert_eq!(positions.get(pointer), Some(want), "{pointer}");
        }
    }

    #[test]
    fn names_given_twice_are_found_where_the_second_stands() {
        let positions = Positions::of("{\"a\": {\"b\": 1, \"c\": 2,\n\"b\": 3}, \"d\": {\"b\": 4}}");
        assert_eq!(positions.repeated(), ["/a/b"]);
        assert_eq!(positions.get("/a/b"), Some((2, 1)));
    }
}
