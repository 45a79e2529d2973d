//! Text that came from outside, made safe to show.

/// Removes what could mislead a reader or a terminal (control characters, escape sequences, and
/// the bidirectional controls of Unicode UAX #9) and cuts to `max` characters with an ellipsis.
/// Line breaks and tabs become spaces: the result is one line.
pub fn display_line(text: &str, max: usize) -> String {
    let mut out = String::with_capacity(text.len().min(max * 4));
    let mut count = 0;
    for c in text.trim().chars() {
        let c = match c {
            '\n' | '\r' | '\t' => ' ',
            c if c.is_control() || is_invisible_control(c) => continue,
            c => c,
        };
        if count == max {
            out.push('…');
            break;
        }
        out.push(c);
        count += 1;
    }
    out.truncate(out.trim_end().len());
    out
}

fn is_invisible_control(c: char) -> bool {
    matches!(c,
        '\u{061C}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}'
        | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
}

#[cfg(test)]
mod tests {
    use super::display_line;

    #[test]
    fn hostile_text_becomes_one_plain_line() {
        let cases = [
            ("plain", "plain"),
            ("a\nb\tc", "a b c"),
            ("\u{1b}[31mred\u{7}", "[31mred"),
            ("user\u{202E}gpj.exe", "usergpj.exe"),
            ("zero\u{200B}width\u{FEFF}", "zerowidth"),
            ("<b>not markup</b>", "<b>not markup</b>"),
        ];
        for (input, want) in cases {
            assert_eq!(display_line(input, 100), want, "{input:?}");
        }
        assert_eq!(display_line(&"x".repeat(10_000), 5), "xxxxx…");
    }
}
