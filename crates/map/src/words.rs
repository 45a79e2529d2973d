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
    /// Somebody who has to do with it, as a service names them.
    Person,
    /// What the person is called that a record is about.
    PersonName,
    FirstName,
    LastName,
    Company,
    JobTitle,
    Phone,
    Created,
    Updated,
    Start,
    End,
    Due,
    Closing,
    Priority,
    Status,
    Tags,
    Place,
    Number,
    Amount,
    Currency,
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
            Self::PersonName => "person's name",
            Self::FirstName => "first name",
            Self::LastName => "last name",
            Self::Company => "company",
            Self::JobTitle => "job title",
            Self::Phone => "phone number",
            Self::Created => "time of creation",
            Self::Updated => "time of change",
            Self::Start => "beginning",
            Self::End => "end",
            Self::Due => "due date",
            Self::Closing => "closing date",
            Self::Priority => "priority",
            Self::Status => "state",
            Self::Tags => "labels",
            Self::Place => "place",
            Self::Number => "number",
            Self::Amount => "amount",
            Self::Currency => "currency",
        }
    }

    /// What a schema may say outright (`x-meaning`).
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "id" => Self::Id,
            "title" => Self::Title,
            "body" => Self::Body,
            "message" => Self::Message,
            "url" => Self::Url,
            "email" => Self::Email,
            "person" => Self::Person,
            "person_name" => Self::PersonName,
            "first_name" => Self::FirstName,
            "last_name" => Self::LastName,
            "company" => Self::Company,
            "job_title" => Self::JobTitle,
            "phone" => Self::Phone,
            "created" => Self::Created,
            "updated" => Self::Updated,
            "start" => Self::Start,
            "end" => Self::End,
            "due" => Self::Due,
            "closing" => Self::Closing,
            "priority" => Self::Priority,
            "status" => Self::Status,
            "tags" => Self::Tags,
            "place" => Self::Place,
            "number" => Self::Number,
            "amount" => Self::Amount,
            "currency" => Self::Currency,
            _ => return None,
        })
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
    let all: Vec<&str> = tokens.iter().map(String::as_str).collect();
    let has = |words: &[&str]| all.iter().any(|token| words.contains(token));
    let both = |one: &str, other: &str| all.contains(&one) && all.contains(&other);
    let alone = all.len() == 1;
    let time = has(&["at", "time", "date", "on", "timestamp"]);
    Some(match () {
        () if both("first", "name") || has(&["firstname", "forename"]) || both("given", "name") => {
            Meaning::FirstName
        }
        () if both("last", "name") || has(&["lastname", "surname"]) || both("family", "name") => {
            Meaning::LastName
        }
        () if both("full", "name") || both("real", "name") => Meaning::PersonName,
        () if both("job", "title") || has(&["jobtitle", "occupation"]) => Meaning::JobTitle,
        () if has(&["phone", "telephone", "mobile", "tel"]) => Meaning::Phone,
        () if has(&["email", "mail"]) => Meaning::Email,
        () if has(&["url", "link", "uri", "href", "permalink"]) => Meaning::Url,
        () if has(&["due", "deadline"]) => Meaning::Due,
        () if (both("close", "date") || all == ["closedate"]) => Meaning::Closing,
        () if has(&["start", "begins", "starts", "begin"]) && (time || alone) => Meaning::Start,
        () if has(&["end", "ends"]) && (time || alone) => Meaning::End,
        () if has(&["created", "opened", "published"]) && (time || alone) => Meaning::Created,
        () if has(&["updated", "modified", "edited", "changed"]) && (time || alone) => Meaning::Updated,
        () if has(&["currency"]) => Meaning::Currency,
        () if has(&["amount", "price"]) || all == ["total"] => Meaning::Amount,
        () if all == ["company"] || all == ["company", "name"] => Meaning::Company,
        () if has(&["number"]) => Meaning::Number,
        () if has(&["channel", "room", "folder", "board", "project", "repository", "team"]) => Meaning::Place,
        () if has(&["id", "key", "uuid", "guid", "gid"]) => Meaning::Id,
        () if has(&["title", "subject", "headline", "summary"]) => Meaning::Title,
        () if has(&["message", "text", "comment"]) => Meaning::Message,
        () if has(&["body", "description", "content", "details", "notes", "note"]) => Meaning::Body,
        () if has(&["priority", "urgency", "severity", "importance"]) => Meaning::Priority,
        () if has(&["status", "state"]) => Meaning::Status,
        () if has(&["tags", "labels", "categories", "tag", "label"]) => Meaning::Tags,
        () if has(&[
            "assignee",
            "author",
            "user",
            "owner",
            "login",
            "creator",
            "reporter",
            "member",
            "organizer",
        ]) =>
        {
            Meaning::Person
        }
        () if matches!(all[..], ["name"] | ["display" | "friendly" | "nice" | "short", "name"]) => {
            Meaning::Title
        }
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
        (M::Closing, M::Due) | (M::Due, M::Closing) => 80,
        (M::Number, M::Id) | (M::Id, M::Number) => 70,
        (M::Message, M::Title) | (M::Email, M::Person) | (M::PersonName, M::Message) => 60,
        (M::Title, M::Body) | (M::Body, M::Title) | (M::PersonName, M::LastName) => 55,
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
