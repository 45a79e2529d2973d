//! What field names mean: the vocabulary of the matcher.

/// What a field is about. Fields of one meaning match whatever they are called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    Id,
    Title,
    Body,
    Message,
    Url,
    Email,
    Person,
    Created,
    Updated,
    Due,
    Priority,
    Status,
    Tags,
    Place,
    Number,
}

impl Meaning {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Id => "identifier",
            Self::Title => "title",
            Self::Body => "description",
            Self::Message => "message",
            Self::Url => "link",
            Self::Email => "e-mail address",
            Self::Person => "person",
            Self::Created => "time of creation",
            Self::Updated => "time of change",
            Self::Due => "due date",
            Self::Priority => "priority",
            Self::Status => "state",
            Self::Tags => "labels",
            Self::Place => "place",
            Self::Number => "number",
        }
    }
}

/// The name split into lower-case words: `createdAt`, `created_at` and `Created at` are the same.
/// Abbreviations are written out.
pub(crate) fn tokens(name: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut previous_lower = false;
    for c in name.chars() {
        let boundary = !c.is_alphanumeric() || (c.is_uppercase() && previous_lower);
        if boundary && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        }
        previous_lower = c.is_lowercase() || c.is_numeric();
    }
    if !word.is_empty() {
        words.push(word);
    }
    words.into_iter().map(|word| spelled_out(&word).to_owned()).collect()
}

fn spelled_out(word: &str) -> &str {
    match word {
        "desc" | "descr" => "description",
        "num" | "no" | "nr" => "number",
        "msg" => "message",
        "addr" => "address",
        "prio" => "priority",
        "repo" => "repository",
        "org" => "organisation",
        "qty" => "quantity",
        "usr" => "user",
        "cat" => "category",
        "ts" => "time",
        "ids" => "id",
        other => other,
    }
}

/// The meaning of a name, where it has one that we know.
pub(crate) fn meaning(name: &str, format: Option<&str>) -> Option<Meaning> {
    match format {
        Some("email") => return Some(Meaning::Email),
        Some("uri" | "url" | "iri") => return Some(Meaning::Url),
        _ => {}
    }
    let tokens = tokens(name);
    let has = |words: &[&str]| tokens.iter().any(|token| words.contains(&token.as_str()));
    let time = has(&["at", "time", "date", "on", "timestamp"]);
    Some(match () {
        () if has(&["email", "mail"]) => Meaning::Email,
        () if has(&["url", "link", "uri", "href", "permalink"]) => Meaning::Url,
        () if has(&["due", "deadline"]) => Meaning::Due,
        () if has(&["created", "opened", "published"]) && (time || tokens.len() == 1) => Meaning::Created,
        () if has(&["updated", "modified", "edited", "changed"]) && (time || tokens.len() == 1) => {
            Meaning::Updated
        }
        () if has(&["number"]) => Meaning::Number,
        () if has(&["channel", "room", "folder", "board", "project", "repository", "team"]) => Meaning::Place,
        () if has(&["id", "key", "uuid", "guid", "gid"]) => Meaning::Id,
        () if has(&["title", "subject", "headline", "summary"]) => Meaning::Title,
        () if has(&["message", "text"]) => Meaning::Message,
        () if has(&["body", "description", "content", "details", "notes", "note"]) => Meaning::Body,
        () if has(&["priority", "urgency", "severity", "importance"]) => Meaning::Priority,
        () if has(&["status", "state"]) => Meaning::Status,
        () if has(&["tags", "labels", "categories", "tag", "label"]) => Meaning::Tags,
        () if has(&["assignee", "author", "user", "owner", "login", "creator", "reporter", "member"]) => {
            Meaning::Person
        }
        () if tokens.last().is_some_and(|t| t == "name") => Meaning::Title,
        () => return None,
    })
}

/// How well two meanings go together, 0 to 100.
pub(crate) fn affinity(from: Meaning, to: Meaning) -> u8 {
    use Meaning as M;
    if from == to {
        return 100;
    }
    match (from, to) {
        // What is told to people begins with what it is about.
        (M::Title, M::Message) => 88,
        (M::Body, M::Message) | (M::Message, M::Body) => 84,
        (M::Title, M::Body) => 55,
        (M::Message, M::Title) => 60,
        (M::Number, M::Id) | (M::Id, M::Number) => 70,
        (M::Email, M::Person) => 60,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_split_into_words_whatever_their_style() {
        for name in ["createdAt", "created_at", "Created at", "created-at"] {
            assert_eq!(tokens(name), ["created", "at"], "{name}");
        }
        assert_eq!(tokens("issueNo"), ["issue", "number"]);
        assert_eq!(tokens("htmlURL"), ["html", "url"]);
    }

    #[test]
    fn meanings() {
        let cases = [
            ("title", Some(Meaning::Title)),
            ("html_url", Some(Meaning::Url)),
            ("assigneeEmail", Some(Meaning::Email)),
            ("updated_at", Some(Meaning::Updated)),
            ("issue_number", Some(Meaning::Number)),
            ("text", Some(Meaning::Message)),
            ("channel", Some(Meaning::Place)),
            ("colour", None),
        ];
        for (name, want) in cases {
            assert_eq!(meaning(name, None), want, "{name}");
        }
    }
}
