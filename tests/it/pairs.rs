//! Every stream and every reading operation with every operation that changes something: what the
//! matcher proposes is applied to examples, and the request that comes out is held against the
//! vendor's own schema.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use patchbay_connector::Compiled;
use patchbay_connector::fixtures::unsent;
use patchbay_descriptor::Catalogue;
use patchbay_descriptor::fixture::{self, Case, Fixture, Response};
use patchbay_map::{Matcher, Path, Schema, SourceShape, StepMapping, Target};
use patchbay_model::descriptor::{AuthMethod, Descriptor, InjectAt, Operation};
use patchbay_tests::vendors::{VENDORS, Vendor};
use patchbay_tests::wire::Request;
use patchbay_tests::{Mock, root};
use serde_json::{Value, json};

/// Examples of a source that each mapping is tried on.
const EXAMPLES: usize = 3;
/// Of the pairs whose requests take anything from the source, those that are valid at the first attempt.
const VALID: f64 = 0.95;

fn fixtures(connector: &str) -> Vec<Fixture> {
    fixture::load(&root().join("descriptors/fixtures").join(connector)).unwrap()
}

/// What can be read, with examples of it.
struct Readable {
    name: String,
    shape: SourceShape,
}

fn items(answers: &[&Response], path: Option<&str>) -> Vec<Value> {
    let path = path.map(|path| Path::compile(path).unwrap());
    let bodies = answers.iter().filter_map(|answer| answer.body.as_ref());
    let found = bodies.flat_map(|body| path.as_ref().map_or_else(|| vec![body], |path| path.all(body)));
    let found = found.flat_map(|item| item.as_array().cloned().unwrap_or_else(|| vec![item.clone()]));
    found.filter(Value::is_object).collect()
}

fn readables(descriptor: &Descriptor) -> Vec<Readable> {
    let (connector, fixtures) = (descriptor.id.as_str(), fixtures(descriptor.id.as_str()));
    let readable = |id: &str, schema: &Option<Value>, samples: Vec<Value>| {
        let schema = schema.clone().filter(|schema| schema["properties"].is_object())?;
        let origin = Some(connector.to_owned());
        let (name, label) = (format!("{connector}/{id}"), id.to_owned());
        let shape = SourceShape { root: "$.item".into(), schema: Some(schema), samples, label, origin };
        (!shape.samples.is_empty()).then_some(Readable { name, shape })
    };
    let streams = descriptor.streams.iter().filter_map(|stream| {
        let pages = fixtures.iter().filter_map(|fixture| match fixture.case.as_ref() {
            Case::Stream { stream: id, pages, .. } if *id == stream.id => Some(pages),
            _ => None,
        });
        let pages: Vec<&Response> = pages.flatten().collect();
        readable(&stream.id, &stream.item_schema, items(&pages, Some(&stream.mapping.items_path)))
    });
    let operations = descriptor.operations.iter().filter(|operation| !operation.verb.has_effect());
    let operations = operations.filter_map(|operation| {
        let answers = fixtures.iter().filter_map(|fixture| match fixture.case.as_ref() {
            Case::Operation { operation: id, response, problem: None, .. } if *id == operation.id => {
                Some(response)
            }
            _ => None,
        });
        let answers: Vec<&Response> = answers.collect();
        readable(&operation.id, &operation.result, items(&answers, operation.result_path.as_deref()))
    });
    streams.chain(operations).collect()
}

/// Operations that chains use. What the gateway subscribes with is not among them.
fn is_writable(operation: &Operation) -> bool {
    operation.verb.has_effect() && !matches!(operation.entity.as_str(), "webhook" | "hook")
}

/// What a person would choose where nothing can be proposed: the parameters of the good example.
fn choices(descriptor: &Descriptor, operation: &str) -> Value {
    let fixtures = fixtures(descriptor.id.as_str());
    let good = fixtures.into_iter().find_map(|fixture| match *fixture.case {
        Case::Operation { operation: id, params, problem: None, .. } if id == operation => Some(params),
        _ => None,
    });
    good.unwrap_or_else(|| panic!("{}/{operation} has no example", descriptor.id))
}

/// A vendor, the mock made of its schema, and headers with keys.
type Judge = (&'static Vendor, Mock, Vec<(String, String)>);

/// The operations of one connector, and who says whether a request is valid.
struct Writer<'c> {
    descriptor: &'c Descriptor,
    /// None of what is answered on this computer: nobody else has a say in it.
    compiled: Option<Arc<Compiled>>,
    config: BTreeMap<String, String>,
    vendor: Option<Judge>,
    /// What was said of a request, by operation and parameters.
    said: BTreeMap<String, Result<(), String>>,
}

impl<'c> Writer<'c> {
    fn new(descriptor: &'c Descriptor) -> Self {
        let compiled =
            (!descriptor.is_native()).then(|| Arc::new(Compiled::new(Arc::new(descriptor.clone())).unwrap()));
        let vendor = VENDORS.iter().find(|vendor| vendor.connector == descriptor.id.as_str());
        let mut config = vendor.map(Vendor::config).unwrap_or_default();
        if vendor.is_none() {
            let good = fixtures(descriptor.id.as_str()).into_iter().find(|fixture| !fixture.config.is_empty());
            config = good.map(|fixture| fixture.config).unwrap_or_default();
        }
        let vendor = vendor.and_then(|vendor| {
            let description = vendor.description()?;
            let basic = matches!(descriptor.auth.first(), Some(AuthMethod::Basic(_)));
            let key = if basic { "Basic eDp4" } else { "Bearer x" };
            let keys: Vec<_> = description.credentials().map(|name| (name, key.to_owned())).collect();
            Some((vendor, description.mock(), keys))
        });
        if let Some((_, mock, _)) = &vendor {
            config.insert("baseUrl".into(), mock.url());
        }
        Self { descriptor, compiled, config, vendor, said: BTreeMap::new() }
    }

    /// Whether these parameters make a request that the vendor takes.
    fn takes(&mut self, operation: &str, params: &Value) -> Result<(), String> {
        let key = format!("{operation} {params}");
        if let Some(said) = self.said.get(&key) {
            return said.clone();
        }
        let said = self.ask(operation, params);
        self.said.insert(key, said.clone());
        said
    }

    fn ask(&self, operation: &str, params: &Value) -> Result<(), String> {
        let Some(compiled) = &self.compiled else {
            let shape = self.descriptor.operation(operation).unwrap();
            let schema = Schema::compile(&shape.params).unwrap();
            return schema.check(params).map_err(|misfits| format!("our own schema: {misfits:?}"));
        };
        let built = unsent(compiled, &self.config, operation, params)
            .map_err(|problem| format!("our own schema: {} {}", problem.title(), problem.hint()))?;
        let Some((vendor, mock, keys)) = &self.vendor else { return Ok(()) };
        let Some(built) = built.filter(|_| !vendor.is_absent(&format!("operation {operation}"))) else {
            return Ok(());
        };
        let mut headers: BTreeMap<String, String> = keys.iter().cloned().collect();
        headers.extend(built.headers.into_iter().map(|(name, value)| (name.to_lowercase(), value)));
        let target = self.with_keys(built.target);
        let request = Request { method: built.method, target, headers, body: built.body };
        let answer = request.send(mock.port);
        let refusals = answer.refusals();
        if refusals.is_empty() && answer.status != 422 {
            return Ok(());
        }
        Err(format!("its vendor: {} {}", answer.status, Value::from(refusals)))
    }

    /// Keys that stand in the query.
    fn with_keys(&self, target: String) -> String {
        let injected = match self.descriptor.auth.first() {
            Some(AuthMethod::ApiKey(key) | AuthMethod::Pat(key)) => key.inject.as_slice(),
            _ => &[],
        };
        let keys = injected.iter().filter(|i| i.at == InjectAt::Query);
        keys.fold(target, |target, key| {
            format!("{target}{}{}=x", if target.contains('?') { '&' } else { '?' }, key.name)
        })
    }
}

/// What became of the pairs.
#[derive(Default)]
struct Tally {
    valid: usize,
    /// Pairs that take nothing from the source.
    apart: usize,
    wrong: Vec<String>,
}

/// Tries one pair: proposals, applied to examples; what is missing is chosen by hand.
fn pair(
    writer: &mut Writer<'_>,
    readable: &Readable,
    matcher: &Matcher<'_>,
    operation: &Operation,
    tally: &mut Tally,
) {
    let target = Target { schema: &operation.params, origin: Some(writer.descriptor.id.as_str()) };
    let maps = matcher.propose(&target);
    if maps.is_empty() {
        tally.apart += 1;
        return;
    }
    let mapping = StepMapping::compile(&maps).unwrap();
    let chosen = choices(writer.descriptor, &operation.id);
    for sample in readable.shape.samples.iter().take(EXAMPLES) {
        let said = mapping.apply(&json!({ "item": sample })).map_err(|error| error.to_string()).and_then(
            |mut params| {
                for name in
                    operation.params["required"].as_array().into_iter().flatten().filter_map(Value::as_str)
                {
                    let mapped = maps.iter().any(|map| map.target == format!("/{name}"));
                    if !mapped {
                        params[name] = chosen[name].clone();
                    }
                }
                writer.takes(&operation.id, &params)
            },
        );
        if let Err(why) = said {
            let maps: Vec<String> = maps.iter().map(|m| format!("{}={:?}", m.target, m.source)).collect();
            let place = format!("{} > {}/{}", readable.name, writer.descriptor.id, operation.id);
            tally.wrong.push(format!("{place}: {why} {}", maps.join(" ")));
            return;
        }
    }
    tally.valid += 1;
}

#[test]
fn what_the_matcher_proposes_is_valid_at_the_first_attempt() {
    assert!(
        Mock::installed(),
        "the mock is not installed: `cargo xtask test` does it, or `npm ci --prefix tests/node`"
    );
    let catalogue = Catalogue::built_in();
    let descriptors: Vec<&Descriptor> = catalogue.all().map(|descriptor| &**descriptor).collect();
    let readables: Vec<Readable> = descriptors.iter().flat_map(|d| readables(d)).collect();
    let matchers: Vec<Matcher<'_>> =
        readables.iter().map(|readable| Matcher::new(std::slice::from_ref(&readable.shape))).collect();
    // A sample of the pairs, the same ones every time.
    let every = if std::env::var_os("PATCHBAY_FULL").is_some() { 1 } else { 9 };
    let only = std::env::var("PATCHBAY_CONNECTORS").ok();
    let wanted = descriptors.iter().filter(|d| {
        only.as_deref().is_none_or(|only| only.split(',').any(|id| id == d.id.as_str()))
            && d.operations.iter().any(is_writable)
    });
    let (wanted, all) = (Mutex::new(wanted), Mutex::new(Tally::default()));
    let next = || wanted.lock().unwrap().next();
    let work = || {
        while let Some(descriptor) = next() {
            let (mut writer, mut tally) = (Writer::new(descriptor), Tally::default());
            for (row, operation) in descriptor.operations.iter().filter(|o| is_writable(o)).enumerate() {
                let sources = readables.iter().zip(&matchers).enumerate();
                for (_, (readable, matcher)) in sources.filter(|(column, _)| (row + column) % every == 0) {
                    pair(&mut writer, readable, matcher, operation, &mut tally);
                }
            }
            let mut all = all.lock().unwrap();
            all.valid += tally.valid;
            all.apart += tally.apart;
            all.wrong.extend(tally.wrong);
        }
    };
    std::thread::scope(|scope| (0..3).for_each(|_| drop(scope.spawn(work))));
    let tally = all.into_inner().unwrap();
    let joined = tally.valid + tally.wrong.len();
    let share = tally.valid as f64 / joined as f64;
    let mut page = String::new();
    for wrong in &tally.wrong {
        let _ = writeln!(page, "  {wrong}");
    }
    println!(
        "{page}{joined} pairs take something over, {} of them are valid: {:.2} %",
        tally.valid,
        share * 100.0
    );
    println!("{} more have nothing in common", tally.apart);
    assert!(joined > 100 || only.is_some(), "{joined} pairs");
    assert!(share >= VALID, "{:.2} % of {joined} pairs are valid", share * 100.0);
}
