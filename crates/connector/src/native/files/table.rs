//! Tables: comma-separated values (RFC 4180), as bytes in and bytes out. Pure.

use csv::{ByteRecord, QuoteStyle, ReaderBuilder, Terminator, WriterBuilder};
use patchbay_model::problem::{Code, Problem};
use serde_json::{Map, Value, json};

use super::change::Changed;
use super::{fault, invalid};

const BOM: &[u8] = b"\xef\xbb\xbf";

/// What stands between two values.
pub(super) fn delimiter(params: &Value) -> u8 {
    match params["delimiter"].as_str() {
        Some("semicolon") => b';',
        Some("tab") => b'\t',
        _ => b',',
    }
}

/// The rows as objects, by the names in the first line.
pub(super) fn rows(content: &[u8], delimiter: u8, most: usize) -> Result<Value, Problem> {
    let content = content.strip_prefix(BOM).unwrap_or(content);
    let mut reader = ReaderBuilder::new().delimiter(delimiter).from_reader(content);
    let names = reader.headers().map_err(|error| odd(&error))?.clone();
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| odd(&error))?;
        if rows.len() == most {
            return Err(Problem::new(Code::InputInvalid)
                .with("field", "The table")
                .with("message", format!("It has more than {most} rows.")));
        }
        let members = names.iter().zip(&record).map(|(name, value)| (name.to_owned(), json!(value)));
        rows.push(Value::Object(members.collect()));
    }
    Ok(Value::Array(rows))
}

/// The table with one more row; with a line of names where there was none.
pub(super) fn append(now: Option<&[u8]>, params: &Value) -> Result<Changed, Problem> {
    let nothing = Map::new();
    let row = params["row"].as_object().unwrap_or(&nothing);
    let (delimiter, guard) = (delimiter(params), params["guardFormulas"] != false);
    let old = now.filter(|content| !content.strip_prefix(BOM).unwrap_or(content).is_empty());
    let names = match old {
        Some(content) => header(content, delimiter)?,
        None => match params["columns"].as_array().filter(|columns| !columns.is_empty()) {
            Some(columns) => columns.iter().map(text).collect(),
            None => row.keys().cloned().collect(),
        },
    };
    if let Some(stranger) = row.keys().find(|name| !names.contains(*name)) {
        return Err(Problem::new(Code::SchemaMismatch).with("field", format!("\"{stranger}\"")).with(
            "message",
            format!("The table has no such column; it has {}. Nothing was written.", names.join(", ")),
        ));
    }
    let same = match params["ifAbsent"].as_str() {
        None => None,
        // Nothing is the same as nothing: every later row without a value would be left out.
        Some(column) => match cell(row.get(column), guard) {
            value if value.is_empty() => {
                let message = format!("The row has no value in the column \"{column}\" to look for.");
                return Err(invalid("ifAbsent", &message));
            }
            // As it is written now, and as it is written where formulas are let be.
            value => Some((column, [value, cell(row.get(column), false)])),
        },
    };
    if let (Some((column, values)), Some(content)) = (same, old)
        && has(content, delimiter, &names, column, &values)?
    {
        let result = json!({ "appended": false, "created": false, "line": "" });
        return Ok(Changed { content: Some(content.to_vec()), result });
    }
    let end = old.map_or(Terminator::CRLF, ending);
    let cells: Vec<String> = names.iter().map(|name| cell(row.get(name), guard)).collect();
    let line = written(&cells, delimiter, end)?;
    let mut content = now.unwrap_or_default().to_vec();
    if old.is_none() {
        content.extend_from_slice(&written(&names, delimiter, end)?);
    } else if !content.ends_with(b"\n") {
        content.extend_from_slice(if matches!(end, Terminator::CRLF) { b"\r\n" } else { b"\n" });
    }
    content.extend_from_slice(&line);
    let result = json!({
        "appended": true, "created": now.is_none(), "line": String::from_utf8_lossy(&line),
    });
    Ok(Changed { content: Some(content), result })
}

/// Whether there is anything below its line of names.
pub(super) fn has_rows(now: Option<&[u8]>, params: &Value) -> bool {
    let content = now.unwrap_or_default();
    let content = content.strip_prefix(BOM).unwrap_or(content);
    let mut reader = ReaderBuilder::new().delimiter(delimiter(params)).flexible(true).from_reader(content);
    reader.byte_records().next().is_some()
}

/// The table without the last row that is written so; none where only its line of names is left and
/// adding a row had `made` it. Rows that read the same are the same.
pub(super) fn remove(now: Option<&[u8]>, params: &Value, made: bool) -> Result<Changed, Problem> {
    let line = params["line"].as_str().unwrap_or_default().as_bytes();
    let content = now.map(<[u8]>::to_vec);
    let (Some(old), false) = (now, line.is_empty()) else {
        return Ok(Changed { content, result: json!({ "removed": false }) });
    };
    let mut starts = Vec::new();
    let start = old.len() - old.strip_prefix(BOM).unwrap_or(old).len();
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter(params))
        .has_headers(false)
        .flexible(true)
        .from_reader(&old[start..]);
    let mut record = ByteRecord::new();
    loop {
        let from = start + reader.position().byte() as usize;
        if !reader.read_byte_record(&mut record).map_err(|error| odd(&error))? {
            break;
        }
        starts.push((from, start + reader.position().byte() as usize));
    }
    // A program that saved the table since may have taken the last line's end away.
    let same = |part: &[u8]| part.trim_ascii_end() == line.trim_ascii_end();
    let Some((from, to)) = starts.iter().skip(1).rev().find(|(from, to)| same(trimmed(&old[*from..*to])))
    else {
        return Ok(Changed { content, result: json!({ "removed": false }) });
    };
    let mut left = old[..*from].to_vec();
    left.extend_from_slice(&old[*to..]);
    let empty = starts.len() == 2 && made;
    Ok(Changed { content: (!empty).then_some(left), result: json!({ "removed": true }) })
}

/// A record as the reader has it may begin with the end of the line before.
fn trimmed(part: &[u8]) -> &[u8] {
    let start = part.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    &part[start..]
}

fn header(content: &[u8], delimiter: u8) -> Result<Vec<String>, Problem> {
    let content = content.strip_prefix(BOM).unwrap_or(content);
    let mut reader = ReaderBuilder::new().delimiter(delimiter).from_reader(content);
    Ok(reader.headers().map_err(|error| odd(&error))?.iter().map(str::to_owned).collect())
}

fn has(
    content: &[u8],
    delimiter: u8,
    names: &[String],
    column: &str,
    values: &[String],
) -> Result<bool, Problem> {
    let Some(index) = names.iter().position(|name| name == column) else {
        return Err(Problem::new(Code::SchemaMismatch)
            .with("field", format!("\"{column}\""))
            .with("message", "The table has no such column to look in. Nothing was written."));
    };
    let content = content.strip_prefix(BOM).unwrap_or(content);
    let mut reader = ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(content);
    for record in reader.byte_records() {
        let record = record.map_err(|error| odd(&error))?;
        if values.iter().any(|value| record.get(index) == Some(value.as_bytes())) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// How lines end, as the first one does.
fn ending(content: &[u8]) -> Terminator {
    match content.iter().position(|byte| *byte == b'\n') {
        Some(at) if at == 0 || content[at - 1] != b'\r' => Terminator::Any(b'\n'),
        _ => Terminator::CRLF,
    }
}

fn written(cells: &[String], delimiter: u8, end: Terminator) -> Result<Vec<u8>, Problem> {
    let mut writer = WriterBuilder::new()
        .delimiter(delimiter)
        .terminator(end)
        .quote_style(QuoteStyle::Necessary)
        .from_writer(Vec::new());
    let failed = |detail: String| Problem::new(Code::Internal).detail(detail);
    writer.write_record(cells).map_err(|error| failed(error.to_string()))?;
    writer.into_inner().map_err(|error| failed(error.to_string()))
}

/// A value as a cell. A text that a spreadsheet would take for a formula is made plain where asked.
fn cell(value: Option<&Value>, guard: bool) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) if guard && text.starts_with(['=', '+', '-', '@', '\t', '\r']) => {
            format!("'{text}")
        }
        Some(value) => text(value),
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Where it is, and nothing of what it says.
fn odd(error: &csv::Error) -> Problem {
    let line = error.position().map_or(0, csv::Position::line);
    fault::changed("The table", "It is not in order as comma-separated text.")
        .detail(format!("the table is not in order at line {line}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn appended(now: Option<&str>, params: &Value) -> Result<(String, Value), Code> {
        let changed = append(now.map(str::as_bytes), params).map_err(|problem| problem.code())?;
        Ok((String::from_utf8(changed.content.unwrap()).unwrap(), changed.result))
    }

    #[test]
    fn rows_are_written_as_the_standard_says_and_as_the_table_is() {
        let cases = [
            (
                None,
                json!({"row": {"a": "x,y", "b": "say \"hi\"", "c": "1\n2", "d": ""}}),
                "a,b,c,d\r\n\"x,y\",\"say \"\"hi\"\"\",\"1\n2\",\r\n",
            ),
            (None, json!({"row": {"b": 1}, "columns": ["a", "b"]}), "a,b\r\n,1\r\n"),
            (Some(""), json!({"row": {"a": 1}}), "a\r\n1\r\n"),
            (Some("\u{feff}"), json!({"row": {"a": 1}}), "\u{feff}a\r\n1\r\n"),
            (Some("b,a\n1,2\n"), json!({"row": {"a": true, "b": null}}), "b,a\n1,2\n,true\n"),
            (Some("a,b\r\n1,2"), json!({"row": {"a": 3}}), "a,b\r\n1,2\r\n3,\r\n"),
            (
                Some("\u{feff}a;b\n"),
                json!({"row": {"b": "x;y"}, "delimiter": "semicolon"}),
                "\u{feff}a;b\n;\"x;y\"\n",
            ),
            (Some("a\tb\n"), json!({"row": {"b": "x,y"}, "delimiter": "tab"}), "a\tb\n\tx,y\n"),
            (Some("a\n"), json!({"row": {"a": {"x": [1]}}}), "a\n\"{\"\"x\"\":[1]}\"\n"),
            (Some("a\n"), json!({"row": {"a": ""}}), "a\n\"\"\n"),
        ];
        for (now, params, want) in cases {
            let (text, result) = appended(now, &params).unwrap();
            assert_eq!(text, want, "{params}");
            assert!(text.ends_with(result["line"].as_str().unwrap()), "{params}");
            // What was written reads as what was meant.
            let read = rows(text.as_bytes(), delimiter(&params), 10).unwrap();
            let last = read.as_array().unwrap().last().unwrap().clone();
            for (name, value) in params["row"].as_object().unwrap() {
                assert_eq!(last[name], cell(Some(value), false), "{params}");
            }
        }
        assert_eq!(appended(Some("a,b\n"), &json!({"row": {"z": 1}})), Err(Code::SchemaMismatch));
        assert_eq!(
            appended(Some("a,b\n1\n"), &json!({"row": {"a": 1}, "ifAbsent": "z"})),
            Err(Code::InputInvalid)
        );
        assert_eq!(
            appended(Some("a\n1\n"), &json!({"row": {"a": 1, "z": 2}, "ifAbsent": "z"})),
            Err(Code::SchemaMismatch)
        );
    }

    #[test]
    fn a_row_that_is_there_is_not_added_again() {
        let table = "id,text\n7,old\n";
        let params = json!({"row": {"id": 7, "text": "new"}, "ifAbsent": "id"});
        let (text, result) = appended(Some(table), &params).unwrap();
        assert_eq!((text.as_str(), &result["appended"], &result["line"]), (table, &json!(false), &json!("")));
        let (text, _) = appended(Some(table), &json!({"row": {"id": 8}, "ifAbsent": "id"})).unwrap();
        assert_eq!(text, "id,text\n7,old\n8,\n");
        // Whether its formulas were let be or not.
        for (table, guard) in [("id\n-7\n", true), ("id\n'-7\n", true), ("id\n-7\n", false)] {
            let params = json!({"row": {"id": "-7"}, "ifAbsent": "id", "guardFormulas": guard});
            assert_eq!(appended(Some(table), &params).unwrap().1["appended"], false, "{table:?} {guard}");
        }
        // A row that has nothing there is the same as no other, in a new table too.
        for row in [json!({"text": "x"}), json!({"id": null, "text": "x"}), json!({"id": "", "text": "x"})] {
            for table in [None, Some(""), Some("id,text\n7,old\n"), Some("id,text\n,old\n")] {
                let params = json!({"row": row, "ifAbsent": "id"});
                assert_eq!(appended(table, &params), Err(Code::InputInvalid), "{table:?} {row}");
            }
        }
    }

    #[test]
    fn formulas_are_made_plain_unless_the_user_lets_them_be() {
        for text in ["=1+1", "+1", "-1", "@x", "\tx"] {
            let row = |guard: bool| json!({"row": {"a": text}, "guardFormulas": guard});
            let plain = rows(appended(None, &row(false)).unwrap().0.as_bytes(), b',', 9).unwrap();
            assert_eq!(plain[0]["a"], text);
            let guarded = rows(appended(None, &row(true)).unwrap().0.as_bytes(), b',', 9).unwrap();
            assert_eq!(guarded[0]["a"], format!("'{text}"));
            let unasked = rows(appended(None, &json!({"row": {"a": text}})).unwrap().0.as_bytes(), b',', 9);
            assert_eq!(unasked.unwrap()[0]["a"], format!("'{text}"));
        }
        // A number is no formula.
        let (text, _) = appended(None, &json!({"row": {"a": -5}, "guardFormulas": true})).unwrap();
        assert_eq!(text, "a\r\n-5\r\n");
    }
}
