//! Where a stream goes on: what the checkpoint adds to a request, and how it moves. Pure.

use jiff::{SignedDuration, Timestamp};
use patchbay_map::{MapError, Path, Template, format_time, parse_any_time, time_unit};
use patchbay_model::Signal;
use patchbay_model::descriptor::{CursorSource, Delta, TimeFormat};
use patchbay_model::problem::{Code, Problem};
use serde_json::{Map, Value, json};

use crate::compiled::Built;
use crate::paging::{same_origin, token};

/// A delta with its paths and templates compiled.
#[derive(Debug)]
pub(crate) struct CompiledDelta {
    shape: Delta,
    token: Option<Path>,
    initial: Option<Template>,
}

/// The furthest point that a read has reached. It becomes the checkpoint only once the whole read is
/// stored: pages may come in any order, and a checkpoint never passes what is not stored.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Reached {
    /// The connector keeps no place.
    Nothing,
    /// The newest time.
    Time(Option<Timestamp>),
    /// The greatest id. Ids that are not numbers have no order we could rely on: such a stream is
    /// read from its start each time, and known items are recognised.
    Id(Option<u64>),
    /// What the service gave us to come back with.
    Token(Option<Value>),
}

/// The time that one series of pages covers.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Span {
    /// What is asked for, in the service's own units.
    since: Option<Timestamp>,
    until: Option<Timestamp>,
    /// Where the next window begins; none where this is the last.
    next: Option<Timestamp>,
}

impl CompiledDelta {
    pub(crate) fn new(shape: &Delta) -> Result<Self, MapError> {
        let (token, initial) = match shape {
            Delta::DeltaToken { token_path: path, .. } | Delta::Cursor { cursor_path: path, .. } => {
                (Some(Path::compile(path)?), None)
            }
            Delta::TimestampFilter { initial, .. } => {
                (None, initial.as_deref().map(Template::compile).transpose()?)
            }
            Delta::None | Delta::SinceId { .. } | Delta::ClientSide { .. } => (None, None),
        };
        Ok(Self { shape: shape.clone(), token, initial })
    }

    /// The time that is asked for next.
    pub(crate) fn span(
        &self,
        reached: &Reached,
        config: &Map<String, Value>,
        now: Timestamp,
        tool: &str,
    ) -> Result<Span, Problem> {
        let Delta::TimestampFilter { format, look_back_seconds, window_seconds, .. } = &self.shape else {
            return Ok(Span::default());
        };
        let unit = unit(format);
        let (start, since) = match reached {
            // At least one unit of the service's own way of writing times is read again: a filter
            // that means "after" would lose items of the very same time.
            Reached::Time(Some(time)) => {
                let back = SignedDuration::from_secs(i64::from(*look_back_seconds)).max(unit);
                (Some(*time), Some(time.checked_sub(back).unwrap_or(*time)))
            }
            _ => {
                let initial = self.initial(config, now, tool)?;
                (initial, initial)
            }
        };
        // One unit more, for a filter that means "before" and for a rest that the format drops.
        let asked = |end: Timestamp| Some(end.checked_add(unit).unwrap_or(end));
        let end = start.zip(*window_seconds).and_then(|(start, seconds)| {
            start.checked_add(SignedDuration::from_secs(i64::from(seconds))).ok().filter(|end| *end < now)
        });
        Ok(match end {
            Some(end) => Span { since, until: asked(end), next: Some(end) },
            None => Span { since, until: asked(start.map_or(now, |start| start.max(now))), next: None },
        })
    }

    fn initial(
        &self,
        config: &Map<String, Value>,
        now: Timestamp,
        tool: &str,
    ) -> Result<Option<Timestamp>, Problem> {
        let Some(template) = &self.initial else { return Ok(None) };
        let scope = json!({ "config": config, "now": format_time(now, &TimeFormat::Iso8601) });
        match template.value(&scope).map_err(Problem::from)? {
            None | Some(Value::Null) => Ok(None),
            Some(value) => parse_any_time(&value).map(Some).ok_or_else(|| {
                Problem::new(Code::InvalidConfig)
                    .with("tool", tool)
                    .with("field", "The time from which to read")
                    .with("message", format!("{value} is not a time or a day"))
            }),
        }
    }

    /// What the request's own templates may use of the span.
    pub(crate) fn scope(&self, span: &Span, scope: &mut Map<String, Value>) {
        if let Delta::TimestampFilter { format, .. } = &self.shape {
            for (name, time) in [("since", span.since), ("until", span.until)] {
                if let Some(time) = time {
                    scope.insert(name.to_owned(), format_time(time, format));
                }
            }
        }
    }

    /// Asks only for what changed.
    pub(crate) fn ask(
        &self,
        span: &Span,
        reached: &Reached,
        request: &mut Built,
        tool: &str,
    ) -> Result<(), Problem> {
        let fits = match (&self.shape, reached) {
            (Delta::TimestampFilter { param, end_param, place, format, .. }, _) => {
                [(param, span.since), (end_param, span.until)].into_iter().all(|(name, time)| {
                    let (Some(name), Some(time)) = (name, time) else { return true };
                    request.put(*place, name, &format_time(time, format))
                })
            }
            (Delta::SinceId { param, place }, Reached::Id(Some(id))) => request.put(*place, param, &json!(id)),
            (Delta::DeltaToken { param: None, .. }, Reached::Token(Some(link))) => {
                // What cannot be an address starts over, as a place that the service forgot does.
                let link =
                    link.as_str().ok_or_else(|| Problem::new(Code::CheckpointStale).with("tool", tool))?;
                request.url = same_origin(&request.url, link, tool)?;
                true
            }
            (
                Delta::DeltaToken { param: Some(param), place, .. } | Delta::Cursor { param, place, .. },
                Reached::Token(Some(token)),
            ) => request.put(*place, param, token),
            _ => true,
        };
        if fits {
            Ok(())
        } else {
            Err(Problem::new(Code::DescriptorInvalid)
                .with("tool", tool)
                .detail("the body of a request has no room for where it goes on"))
        }
    }

    /// What the service gave with a page to come back with.
    pub(crate) fn token(&self, body: &Value, items: &[&Value]) -> Option<Value> {
        let path = self.token.as_ref()?;
        let root = match &self.shape {
            Delta::Cursor { from: CursorSource::LastItem, .. } => items.last()?,
            _ => body,
        };
        token(path.first(root)?)
    }

    /// Whether the place moves with every page.
    pub(crate) fn moves_with_each_page(&self) -> bool {
        matches!(self.shape, Delta::Cursor { .. })
    }

    /// Before this time, items are those of an earlier read.
    pub(crate) fn edge(&self, reached: &Reached) -> Option<Timestamp> {
        let (Delta::ClientSide { look_back_seconds, .. }, Reached::Time(Some(time))) = (&self.shape, reached)
        else {
            return None;
        };
        let back = SignedDuration::from_secs(i64::from(*look_back_seconds));
        Some(time.checked_sub(back).unwrap_or(*time))
    }

    /// Whether the newest items come first.
    pub(crate) fn is_newest_first(&self) -> bool {
        matches!(self.shape, Delta::ClientSide { newest_first: true, .. })
    }
}

impl Span {
    /// Where the next window begins; none where this is the last.
    pub(crate) fn next_window(&self) -> Option<Timestamp> {
        self.next
    }
}

impl Reached {
    /// From the stored checkpoint. One that cannot be read starts over: known items are recognised.
    pub(crate) fn from_checkpoint(delta: &CompiledDelta, checkpoint: Option<&Value>) -> Self {
        match delta.shape {
            Delta::None => Self::Nothing,
            Delta::TimestampFilter { .. } | Delta::ClientSide { .. } => {
                Self::Time(checkpoint.and_then(|c| c["timestamp"].as_str()).and_then(|text| text.parse().ok()))
            }
            Delta::SinceId { .. } => Self::Id(checkpoint.and_then(|c| c["id"].as_u64())),
            Delta::DeltaToken { .. } | Delta::Cursor { .. } => {
                Self::Token(checkpoint.and_then(|c| token(&c["token"])))
            }
        }
    }

    /// Whether a request asks only for what changed.
    pub(crate) fn is_continuing(&self) -> bool {
        matches!(self, Self::Time(Some(_)) | Self::Id(Some(_)) | Self::Token(Some(_)))
    }

    /// Takes a signal in.
    pub(crate) fn take(&mut self, signal: &Signal) {
        match self {
            Self::Nothing | Self::Token(_) => {}
            Self::Time(time) => *time = (*time).max(Some(signal.timestamp)),
            Self::Id(id) => *id = (*id).max(signal.external_id.parse().ok()),
        }
    }

    /// As a checkpoint to store; none where nothing was seen. Never in the future: one item with an
    /// odd date must not hide everything that happens until then.
    pub(crate) fn checkpoint(&self, now: Timestamp) -> Option<Value> {
        match self {
            Self::Nothing => None,
            Self::Time(time) => time.map(|time| json!({ "timestamp": time.min(now).to_string() })),
            Self::Id(id) => id.map(|id| json!({ "id": id })),
            Self::Token(token) => token.as_ref().map(|token| json!({ "token": token })),
        }
    }
}

/// The smallest step between two times that a format can tell apart. Patterns without one are refused
/// when the connector is read.
fn unit(format: &TimeFormat) -> SignedDuration {
    time_unit(format).unwrap_or(SignedDuration::from_hours(24))
}
