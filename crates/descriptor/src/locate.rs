//! Where in a JSON text each value stands.

use std::collections::HashMap;

/// Line and column of each value by its JSON pointer. Both count from 1; columns in characters.
pub(crate) struct Positions(HashMap<String, (usize, usize)>);

impl Positions {
    /// Scans a text that is known to be JSON.
    pub(crate) fn of(text: &str) -> Self {
        let mut scan = Scan { chars: text.chars().peekable(), line: 1, column: 1, found: HashMap::new() };
        scan.value(&mut String::new());
        Self(scan.found)
    }

    /// The place of a pointer, or of the nearest value around it.
    pub(crate) fn get(&self, pointer: &str) -> Option<(usize, usize)> {
        let mut pointer = pointer;
        loop {
            if let Some(place) = self.0.get(pointer) {
                return Some(*place);
            }
            pointer = &pointer[..pointer.rfind('/')?];
        }
    }
}

struct Scan<'t> {
    chars: std::iter::Peekable<std::str::Chars<'t>>,
    line: usize,
    column: usize,
    found: HashMap<String, (usize, usize)>,
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
        loop {
            self.space();
            match self.chars.peek() {
                Some('"') => {
                    let place = (self.line, self.column);
                    let name = self.string();
                    let length = pointer.len();
                    pointer.push('/');
                    pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
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

    /// The text of a string. Names with escapes are rare and only need to be the same each time.
    fn string(&mut self) -> String {
        self.next();
        let mut text = String::new();
        while let Some(c) = self.next() {
            match c {
                '"' => break,
                '\\' => text.extend(self.next()),
                c => text.push(c),
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::Positions;

    #[test]
    fn every_value_has_its_place() {
        let text = "{\n  \"a\": [1,\n    {\"b\": \"x\"}],\n  \"c/d\": null\n}";
        let positions = Positions::of(text);
        let cases = [
            ("", (1, 1)),
            ("/a", (2, 3)),
            ("/a/0", (2, 9)),
            ("/a/1/b", (3, 6)),
            ("/c~1d", (4, 3)),
            ("/a/1/gone", (3, 5)),
        ];
        for (pointer, want) in cases {
            assert_eq!(positions.get(pointer), Some(want), "{pointer}");
        }
    }
}
