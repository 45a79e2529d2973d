//! Reading a stream: which request comes next, and what of an answer is stored. Pure.
//!
//! A stream that is read for each item of another is read depth first: the children of one page of
//! parents come before the next page of parents, so that one page of each level is in memory.

use std::collections::{BTreeSet, VecDeque};

use patchbay_map::{Origin, canonical_json};
use patchbay_model::descriptor::{Delta, ForEach, Stream};
use patchbay_model::problem::{Code, Problem};
use patchbay_model::{Signal, Timestamp};
use patchbay_net::Headers;
use patchbay_store::Quarantined;
use serde_json::{Map, Value, json};

use crate::compiled::{Built, CompiledStream, plain};
use crate::delta::{Reached, Span};
use crate::exchange::Outgoing;
use crate::paging::{Next, Pager};
use crate::sha256_hex;
use crate::target::Target;

/// The deepest that streams are read within streams.
const DEEPEST: usize = 4;
/// Parents whose places are kept. More start over, and what is known is recognised.
const MOST_PLACES: usize = 10_000;

/// Steps through the requests of one read.
pub(crate) struct Reader<'t> {
    target: &'t Target,
    now: Timestamp,
    /// The settings, as templates see them.
    config: Map<String, Value>,
    /// From the outermost parents to the stream itself.
    levels: Vec<Level<'t>>,
    places: Places,
    cut: bool,
    /// Items per page of the stream itself, where not as the connector says.
    page_size: Option<u32>,
}

struct Level<'t> {
    shape: &'t Stream,
    ready: &'t CompiledStream,
    waiting: VecDeque<Parent>,
    current: Option<Current<'t>>,
}

/// What a series of pages is read for.
#[derive(Clone, Debug, Default)]
struct Parent {
    key: String,
    bound: Map<String, Value>,
}

struct Current<'t> {
    parent: Parent,
    pager: Pager<'t>,
    request: Built,
    reached: Reached,
    span: Span,
    /// Before this time, items are those of an earlier read.
    edge: Option<Timestamp>,
    pages: u32,
}

/// Where the stream goes on: one place, or one for each parent.
enum Places {
    One(Option<Value>),
    PerParent(Map<String, Value>),
}

/// A request to make.
pub(crate) struct Ask<'r> {
    ready: &'r CompiledStream,
    built: &'r Built,
    continuing: bool,
    names_item: bool,
}

/// What came of an answer.
pub(crate) struct Taken<'b> {
    /// The items as the service sent them.
    pub(crate) items: Vec<&'b Value>,
    /// None for a page of parents.
    pub(crate) page: Option<MappedPage>,
    /// Its number within its series of pages, from 1.
    pub(crate) number: u32,
    /// To be stored together with the page.
    pub(crate) checkpoint: Option<Value>,
    /// Why there can be no next page. The page itself is in order.
    pub(crate) after: Result<(), Problem>,
}

/// One page, mapped.
pub(crate) struct MappedPage {
    pub(crate) signals: Vec<Signal>,
    pub(crate) quarantined: Vec<Quarantined>,
    pub(crate) filtered: u64,
    /// Items of an earlier read.
    pub(crate) old: u64,
}

impl<'t> Reader<'t> {
    /// Begins at a stored checkpoint.
    pub(crate) fn new(
        target: &'t Target,
        stream: &str,
        checkpoint: Option<Value>,
        now: Timestamp,
    ) -> Result<Self, Problem> {
        let mut levels = Vec::new();
        let mut id = Some(stream.to_owned());
        while let Some(name) = id {
            let (shape, ready) = find(target, &name)?;
            levels.insert(0, Level { shape, ready, waiting: VecDeque::new(), current: None });
            id = shape.for_each.as_ref().and_then(|each| each.stream.clone());
            if levels.len() > DEEPEST {
                return Err(odd(target, "streams are read within streams too deep"));
            }
        }
        let places = match (levels.last().and_then(|level| level.shape.for_each.as_ref()), checkpoint) {
            (None, place) => Places::One(place),
            (Some(_), Some(Value::Object(mut all))) => match all.remove("parents") {
                Some(Value::Object(parents)) => Places::PerParent(parents),
                _ => Places::PerParent(Map::new()),
            },
            (Some(_), _) => Places::PerParent(Map::new()),
        };
        let mut reader = Self {
            target,
            now,
            config: target.descriptor.filled(&target.connection.config),
            levels,
            places,
            cut: false,
            page_size: None,
        };
        if let Some(first) = reader.levels.first_mut() {
            match &first.shape.for_each {
                None => first.waiting.push_back(Parent::default()),
                Some(each) => {
                    let values = values(each, &target.connection.config);
                    first.waiting.extend(values.iter().filter_map(|value| {
                        Some(Parent { key: plain(value), bound: bound(first.ready, &Map::new(), value)? })
                    }));
                }
            }
        }
        Ok(reader)
    }

    /// The same with pages of so many items, where the connector can ask for that.
    pub(crate) fn with_pages_of(mut self, size: Option<u32>) -> Self {
        self.page_size = size;
        self
    }

    /// The request to make next; none where all is read.
    pub(crate) fn ask(&mut self) -> Result<Option<Ask<'_>>, Problem> {
        let Some(depth) = self.depth() else { return Ok(None) };
        if self.levels[depth].current.is_none() {
            let Some(parent) = self.levels[depth].waiting.pop_front() else { return Ok(None) };
            let place = match &self.places {
                _ if depth + 1 < self.levels.len() => None,
                Places::One(place) => place.as_ref(),
                Places::PerParent(places) => places.get(&parent.key),
            };
            let reached = Reached::from_checkpoint(&self.levels[depth].ready.delta, place);
            self.levels[depth].current = Some(self.begin(depth, parent, reached)?);
        }
        let level = &self.levels[depth];
        let own = depth + 1 == self.levels.len();
        Ok(level.current.as_ref().map(|current| Ask {
            ready: level.ready,
            built: &current.request,
            continuing: own && current.reached.is_continuing(),
            names_item: depth > 0,
        }))
    }

    /// Takes in the answer to what was asked.
    pub(crate) fn take<'b>(&mut self, headers: &Headers, body: &'b Value) -> Result<Taken<'b>, Problem> {
        let asked = self.depth().and_then(|depth| Some((depth, self.levels[depth].current.take()?)));
        let Some((depth, mut current)) = asked else {
            return Err(odd(self.target, "an answer came to nothing that was asked"));
        };
        let level = &self.levels[depth];
        let items = level.ready.mapper.items(body);
        let next = current.pager.next(&current.request, headers, body, &items);
        current.pages += 1;
        let number = current.pages;
        if let Some(child) = self.levels.get(depth + 1) {
            let children = children(level, child, &current.parent, &items);
            self.levels[depth + 1].waiting.extend(children);
            self.go_on(depth, current, next?);
            return Ok(Taken { items, page: None, number, checkpoint: None, after: Ok(()) });
        }
        let mut page = map_page(self.target, &self.config, level, &current.parent, &items);
        let delta = &level.ready.delta;
        let mut next = next;
        if let Some(edge) = current.edge {
            let all = page.signals.len();
            page.signals.retain(|signal| signal.timestamp >= edge);
            page.old = (all - page.signals.len()) as u64;
            if page.old > 0 && delta.is_newest_first() {
                next = Ok(Next::End);
            }
        }
        page.signals.iter().for_each(|signal| current.reached.take(signal));
        if let Some(token) = delta.token(body, &items) {
            current.reached = Reached::Token(Some(token));
        }
        let ended = matches!(next, Ok(Next::End));
        if ended && let Some(start) = current.span.next_window() {
            // Everything up to there is read, whether or not anything happened.
            current.reached = Reached::Time(Some(start));
        }
        // What is not read yet may be older than what is.
        let moves = ended || (next.is_ok() && delta.moves_with_each_page());
        let checkpoint = if moves { current.reached.checkpoint(self.now) } else { None };
        let checkpoint = checkpoint.and_then(|place| self.places.set(&current.parent.key, place));
        let after = match next {
            Ok(Next::End) if current.span.next_window().is_some() => {
                let Current { parent, reached, .. } = current;
                self.begin(depth, parent, reached).map(|next| self.levels[depth].current = Some(next))
            }
            Ok(next) => {
                self.go_on(depth, current, next);
                Ok(())
            }
            Err(problem) => Err(problem),
        };
        Ok(Taken { items, page: Some(page), number, checkpoint, after })
    }

    /// Leaves what is being read for one item of another stream: the item is gone. False where it is
    /// not read for such an item.
    pub(crate) fn skip(&mut self) -> bool {
        match self.depth() {
            Some(depth) if depth > 0 || self.levels[0].shape.for_each.is_some() => {
                self.levels[depth].current.take().is_some()
            }
            _ => false,
        }
    }

    /// Whether everything was read, once there is nothing more to ask.
    pub(crate) fn is_complete(&self) -> bool {
        !self.cut
    }

    fn depth(&self) -> Option<usize> {
        self.levels.iter().rposition(|level| level.current.is_some() || !level.waiting.is_empty())
    }

    fn go_on(&mut self, depth: usize, mut current: Current<'t>, next: Next) {
        match next {
            Next::Page(request) => {
                current.request = request;
                self.levels[depth].current = Some(current);
            }
            Next::Cut => self.cut = true,
            Next::End => {}
        }
    }

    fn begin(&self, depth: usize, parent: Parent, reached: Reached) -> Result<Current<'t>, Problem> {
        let (target, ready) = (self.target, self.levels[depth].ready);
        let config = &self.config;
        let mut scope = Map::new();
        scope.insert("parent".to_owned(), Value::Object(parent.bound.clone()));
        let own = depth + 1 == self.levels.len();
        let span =
            if own { ready.delta.span(&reached, config, self.now, target.tool())? } else { Span::default() };
        ready.delta.scope(&span, &mut scope);
        let mut built =
            target.stream_request(self.levels[depth].shape, ready, scope, own && reached.is_continuing())?;
        if own {
            ready.delta.ask(&span, &reached, &mut built, target.tool())?;
        }
        let mut pager = target.pager(ready.paging.as_ref()).with_pages_of(self.page_size.filter(|_| own));
        let request = pager.first(built);
        let edge = if own { ready.delta.edge(&reached) } else { None };
        Ok(Current { parent, pager, request, reached, span, edge, pages: 0 })
    }
}

impl<'r> Ask<'r> {
    /// The identifiers of the items in an answer to it.
    pub(crate) fn ids(&self, body: &Value) -> BTreeSet<String> {
        let mapper = &self.ready.mapper;
        mapper.items(body).into_iter().filter_map(|item| mapper.external_id(item)).collect()
    }

    /// As the engine sends it.
    pub(crate) fn outgoing(&self, target: &'r Target) -> Outgoing<'r> {
        Outgoing {
            declared: self.ready.request.as_ref(),
            continuing: self.continuing,
            names_item: self.names_item,
            ..Outgoing::read(target, self.built)
        }
    }
}

impl Places {
    /// Moves a place. Gives the whole checkpoint where that changes it.
    fn set(&mut self, key: &str, place: Value) -> Option<Value> {
        match self {
            Self::One(own) => {
                *own = Some(place);
                own.clone()
            }
            Self::PerParent(places) if places.get(key) == Some(&place) => None,
            Self::PerParent(places) => {
                // The last to be used is the last to go.
                places.shift_remove(key);
                if places.len() >= MOST_PLACES {
                    let oldest = places.keys().next().cloned().unwrap_or_default();
                    places.shift_remove(&oldest);
                }
                places.insert(key.to_owned(), place);
                Some(json!({ "parents": places }))
            }
        }
    }
}

/// A stream of the connector.
pub(crate) fn find<'t>(target: &'t Target, stream: &str) -> Result<(&'t Stream, &'t CompiledStream), Problem> {
    let shape = target.descriptor.descriptor().stream(stream);
    shape
        .zip(target.descriptor.streams.get(stream))
        .ok_or_else(|| Problem::new(Code::NotFound).with("item", format!("The stream \"{stream}\"")))
}

/// What a list partition goes over.
fn values(each: &ForEach, config: &Map<String, Value>) -> Vec<Value> {
    match each.setting.as_ref().and_then(|key| config.get(key)) {
        Some(Value::Array(values)) => values.clone(),
        Some(Value::Null) | None => each.values.clone(),
        Some(one) => vec![one.clone()],
    }
}

/// The items of a page as parents of the next level. What lacks a value that the child needs has no
/// children.
fn children(level: &Level<'_>, child: &Level<'_>, parent: &Parent, items: &[&Value]) -> Vec<Parent> {
    let mapper = &level.ready.mapper;
    let taken = items.iter().filter(|item| mapper.takes(item));
    let mut children = Vec::new();
    for item in taken {
        if let (Some(id), Some(bound)) = (mapper.external_id(item), bound(child.ready, &parent.bound, item)) {
            let key = if parent.key.is_empty() { id } else { format!("{}/{id}", parent.key) };
            children.push(Parent { key, bound });
        }
    }
    children
}

fn bound(child: &CompiledStream, above: &Map<String, Value>, item: &Value) -> Option<Map<String, Value>> {
    let mut all = above.clone();
    for (name, path) in &child.bind {
        all.insert(name.clone(), path.first(item).filter(|value| !value.is_null())?.clone());
    }
    Some(all)
}

/// Maps the items of a page. One bad item is put aside; the others go on.
fn map_page(
    target: &Target,
    config: &Map<String, Value>,
    level: &Level<'_>,
    parent: &Parent,
    items: &[&Value],
) -> MappedPage {
    let Level { shape, ready, .. } = level;
    let origin = Origin {
        connection: &target.connection.id,
        connector: &target.connection.connector,
        stream: &shape.id,
        config,
    };
    let mut page =
        MappedPage { signals: Vec::with_capacity(items.len()), quarantined: Vec::new(), filtered: 0, old: 0 };
    for item in items {
        let with_parent = shape.for_each.as_ref().map(|_| {
            let mut item = (*item).clone();
            if let Value::Object(members) = &mut item {
                members.insert("_parent".to_owned(), Value::Object(parent.bound.clone()));
            }
            item
        });
        let item = with_parent.as_ref().unwrap_or(item);
        match ready.mapper.signal(item, &origin) {
            Ok(Some(mut signal)) => {
                if shape.delta == Delta::None {
                    // Everything comes every time: only another content makes another version.
                    let content = sha256_hex(canonical_json(&signal.raw).as_bytes());
                    content[..16].clone_into(&mut signal.version);
                }
                if shape.for_each.as_ref().is_some_and(|each| each.ids_per_parent) {
                    signal.external_id = format!("{}/{}", parent.key, signal.external_id);
                }
                page.signals.push(signal);
            }
            Ok(None) => page.filtered += 1,
            Err(error) => page.quarantined.push(Quarantined {
                external_id: ready.mapper.external_id(item),
                problem: Problem::from(error).with("tool", target.tool()),
                raw: item.clone(),
            }),
        }
    }
    page
}

fn odd(target: &Target, detail: &str) -> Problem {
    Problem::new(Code::Internal).with("tool", target.tool()).detail(detail)
}

#[cfg(test)]
mod matrix;
#[cfg(test)]
mod tests;
