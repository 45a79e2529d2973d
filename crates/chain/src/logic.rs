//! Steps that work by themselves, compiled: scope in, result out. Pure.

use patchbay_map::{Path, Template, Test, parse_any_time};
use patchbay_model::Timestamp;
use patchbay_model::descriptor::Predicate;
use patchbay_model::logic::{Aggregation, Logic};
use patchbay_model::problem::{Code, Problem};
use serde_json::{Number, Value, json};

/// What a step does by itself, ready to be done.
#[derive(Clone, Debug)]
pub enum Ready {
    /// Lets items through.
    Filter(Vec<Test>),
    /// Makes a value of the mapping.
    Map,
    /// Makes items out of a value.
    Split(Path),
    /// Makes one value out of several.
    Aggregate {
        /// The step.
        of: String,
        /// Within each result.
        path: Option<Path>,
        /// How.
        how: Aggregation,
        /// Between texts.
        between: String,
    },
    /// Takes one of several ways.
    Branch {
        /// The ways with their conditions.
        ways: Vec<(String, Vec<Test>)>,
        /// Where none fits.
        otherwise: Option<String>,
    },
    /// The first result that there is.
    Join(Vec<String>),
    /// Waits.
    Wait {
        /// So many seconds.
        seconds: u64,
        /// Until then.
        until: Option<Template>,
    },
    /// Waits for a delivery.
    Delivery {
        /// What holds for it.
        when: Vec<Test>,
        /// What it has in common with the run: where it stands, and what it is.
        ties: Vec<(Path, Template)>,
        /// Seconds after which it has failed.
        within: u64,
    },
    /// Asks the user.
    Approval {
        /// What is asked.
        question: Template,
        /// Seconds after which it counts as refused.
        within: Option<u64>,
    },
    /// Runs another chain.
    Chain(String),
    /// Remembers, or forgets.
    Remember {
        /// The key.
        key: Template,
        /// The value.
        value: Option<Template>,
        /// For all chains.
        shared: bool,
    },
    /// Gives what is remembered.
    Recall {
        /// The key.
        key: Template,
        /// Where nothing is.
        otherwise: Value,
        /// Of all chains.
        shared: bool,
    },
    /// Gives a row of a table.
    Lookup {
        /// The table.
        table: String,
        /// The key.
        key: Template,
        /// Where there is none.
        otherwise: Value,
    },
    /// Links a source with its target.
    Link {
        /// What kind.
        name: String,
        /// The source.
        source: Template,
        /// The target.
        target: Template,
    },
    /// Finds what a source made.
    Linked {
        /// What kind.
        name: String,
        /// The source.
        source: Template,
    },
}

/// What a condition says.
#[derive(Clone, Debug, PartialEq)]
pub enum Worked {
    /// A result.
    Gives(Value),
    /// The item is not let through.
    LeavesOut,
}

fn tests(when: &[Predicate]) -> Result<Vec<Test>, String> {
    when.iter().map(|predicate| Test::compile(predicate).map_err(|error| error.to_string())).collect()
}

fn template(text: &str) -> Result<Template, String> {
    Template::compile(text).map_err(|error| error.to_string())
}

impl Ready {
    /// Compiles paths, conditions and templates. What does not compile is said in words.
    pub fn compile(logic: &Logic) -> Result<Self, String> {
        let path = |text: &str| Path::compile(text).map_err(|error| error.to_string());
        Ok(match logic {
            Logic::Filter { when } if when.is_empty() => return Err("A filter needs a condition".to_owned()),
            Logic::Filter { when } => Self::Filter(tests(when)?),
            Logic::Map => Self::Map,
            Logic::Split { path: text } => Self::Split(path(text)?),
            Logic::Aggregate { of, path: text, how, between } => Self::Aggregate {
                of: of.to_string(),
                path: text.as_deref().map(path).transpose()?,
                how: *how,
                between: between.clone().unwrap_or_else(|| "\n".to_owned()),
            },
            Logic::Branch { ways, otherwise } => {
                let mut names: Vec<&str> = ways.iter().map(|way| way.name.as_str()).collect();
                names.extend(otherwise.as_deref());
                names.sort_unstable();
                if ways.is_empty() || names.windows(2).any(|pair| pair[0] == pair[1]) || names.contains(&"") {
                    return Err("A branch needs ways, each with a name of its own".to_owned());
                }
                let ways = ways.iter().map(|way| Ok((way.name.clone(), tests(&way.when)?)));
                Self::Branch { ways: ways.collect::<Result<_, String>>()?, otherwise: otherwise.clone() }
            }
            Logic::Join { of } if of.is_empty() => {
                return Err("A join needs steps to bring together".to_owned());
            }
            Logic::Join { of } => Self::Join(of.iter().map(ToString::to_string).collect()),
            Logic::Wait { seconds: None, until: None } => {
                return Err("A wait needs a length or a time".to_owned());
            }
            Logic::Wait { seconds, until } => {
                Self::Wait { seconds: seconds.unwrap_or(0), until: until.as_deref().map(template).transpose()? }
            }
            Logic::Delivery { within: 0, .. } => return Err("A wait has at least one second".to_owned()),
            Logic::Delivery { within: 31_622_401.., .. } => {
                return Err("A webhook is waited for no longer than 366 days".to_owned());
            }
            Logic::Delivery { when, ties, within } => {
                let ties = ties.iter().map(|tie| Ok((path(&tie.path)?, template(&tie.equals)?)));
                Self::Delivery {
                    when: tests(when)?,
                    ties: ties.collect::<Result<_, String>>()?,
                    within: *within,
                }
            }
            Logic::Approval { question, within } => {
                Self::Approval { question: template(question)?, within: *within }
            }
            Logic::Chain { chain } if chain.is_empty() => return Err("Choose the chain to run".to_owned()),
            Logic::Chain { chain } => Self::Chain(chain.clone()),
            Logic::Remember { key, value, shared } => Self::Remember {
                key: template(key)?,
                value: value.as_deref().map(template).transpose()?,
                shared: *shared,
            },
            Logic::Recall { key, otherwise, shared } => Self::Recall {
                key: template(key)?,
                otherwise: otherwise.clone().unwrap_or(Value::Null),
                shared: *shared,
            },
            Logic::Lookup { table, key, otherwise } => Self::Lookup {
                table: table.clone(),
                key: template(key)?,
                otherwise: otherwise.clone().unwrap_or(Value::Null),
            },
            Logic::Link { name, source, target } => {
                Self::Link { name: name.clone(), source: template(source)?, target: template(target)? }
            }
            Logic::Linked { name, source } => Self::Linked { name: name.clone(), source: template(source)? },
        })
    }

    /// What the step gives, where neither time, nor the user, nor what is stored has a part in it.
    pub fn work(
        &self,
        scope: &Value,
        mapped: impl FnOnce() -> Result<Value, Problem>,
    ) -> Result<Worked, Problem> {
        let holds = |tests: &[Test]| tests.iter().all(|test| test.holds(scope));
        Ok(Worked::Gives(match self {
            Self::Filter(tests) if !holds(tests) => return Ok(Worked::LeavesOut),
            Self::Filter(_) => Value::Bool(true),
            Self::Map => mapped()?,
            Self::Split(path) => match path.all(scope).as_slice() {
                [Value::Array(items)] => Value::Array(items.clone()),
                [Value::Null] | [] => json!([]),
                several => several.iter().map(|value| (*value).clone()).collect(),
            },
            Self::Aggregate { of, path, how, between } => {
                let results = scope["steps"].get(of).cloned().unwrap_or(Value::Null);
                aggregate(results, path.as_ref(), *how, between)?
            }
            Self::Branch { ways, otherwise } => {
                let taken = ways.iter().find(|(_, tests)| holds(tests)).map(|(name, _)| name);
                json!({ "way": taken.or(otherwise.as_ref()) })
            }
            Self::Join(of) => {
                let found =
                    of.iter().find_map(|step| scope["steps"].get(step).filter(|value| !value.is_null()));
                found.cloned().unwrap_or(Value::Null)
            }
            Self::Wait { .. }
            | Self::Delivery { .. }
            | Self::Approval { .. }
            | Self::Chain(_)
            | Self::Remember { .. }
            | Self::Recall { .. }
            | Self::Lookup { .. }
            | Self::Link { .. }
            | Self::Linked { .. } => Value::Null,
        }))
    }
}

/// When a wait is over.
pub(crate) fn wait_until(
    seconds: u64,
    until: Option<&Template>,
    scope: &Value,
    now: Timestamp,
) -> Result<Timestamp, Problem> {
    let from = match until {
        None => now,
        Some(template) => {
            let value = template.value(scope).map_err(Problem::from)?.unwrap_or(Value::Null);
            parse_any_time(&value).ok_or_else(|| misfit("The time that is waited for", &value))?
        }
    };
    Ok(from + std::time::Duration::from_secs(seconds))
}

fn aggregate(results: Value, path: Option<&Path>, how: Aggregation, between: &str) -> Result<Value, Problem> {
    let several = match results {
        Value::Array(several) => several,
        Value::Null => Vec::new(),
        one => vec![one],
    };
    let several = several.into_iter().filter(|value| !value.is_null());
    let values: Vec<Value> = match path {
        None => several.collect(),
        Some(path) => {
            several.filter_map(|value| path.first(&value).cloned()).filter(|v| !v.is_null()).collect()
        }
    };
    let texts = || values.iter().map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    let numbers = || {
        values.iter().map(|value| match value {
            Value::Number(number) => number.as_f64().ok_or_else(|| misfit("A value", value)),
            Value::String(text) => text.trim().parse().map_err(|_| misfit("A value", value)),
            other => Err(misfit("A value", other)),
        })
    };
    let number = |found: Option<f64>| found.map_or(Value::Null, whole);
    Ok(match how {
        Aggregation::Count => json!(values.len()),
        Aggregation::Join => json!(texts().collect::<Vec<_>>().join(between)),
        Aggregation::Sum => whole(numbers().sum::<Result<f64, Problem>>()?),
        Aggregation::Least => number(numbers().collect::<Result<Vec<_>, _>>()?.into_iter().reduce(f64::min)),
        Aggregation::Greatest => number(numbers().collect::<Result<Vec<_>, _>>()?.into_iter().reduce(f64::max)),
        Aggregation::First => values.into_iter().next().unwrap_or(Value::Null),
        Aggregation::Last => values.into_iter().next_back().unwrap_or(Value::Null),
        Aggregation::List => Value::Array(values),
        Aggregation::Distinct => {
            let mut kept: Vec<Value> = Vec::new();
            for value in values {
                if !kept.contains(&value) {
                    kept.push(value);
                }
            }
            Value::Array(kept)
        }
    })
}

/// A number as people write it: without a fraction where it has none.
fn whole(number: f64) -> Value {
    if number.fract() == 0.0 && number.abs() < 9e15 {
        return json!(number as i64);
    }
    Number::from_f64(number).map_or(Value::Null, Value::Number)
}

fn misfit(what: &str, value: &Value) -> Problem {
    let shown: String = value.to_string().chars().take(60).collect();
    Problem::new(Code::SchemaMismatch)
        .with("field", what)
        .with("tool", "Patchbay")
        .with("message", format!("{what} cannot be used: {shown}."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::needless_pass_by_value, reason = "literals read better by value")]
    fn work(logic: Value, scope: Value) -> Result<Worked, Problem> {
        let logic: Logic = serde_json::from_value(logic).unwrap();
        Ready::compile(&logic).unwrap().work(&scope, || Ok(json!("mapped")))
    }

    #[test]
    fn each_step_gives_what_it_says() {
        let is = |path: &str, value: Value| json!([{"path": path, "operator": "equals", "value": value}]);
        let ways = json!([{"name": "bug", "when": is("$.item.kind", json!("bug"))},
            {"name": "big", "when": [{"path": "$.item.size", "operator": "exists"}]}]);
        let of =
            |how: &str| json!({"type": "aggregate", "of": "list", "path": "$.n", "how": how, "between": "+"});
        let list = json!({"steps": {"list": [{"n": 2}, null, {"n": 1}, {"x": 0}, {"n": 2}]}});
        let cases = [
            (
                json!({"type": "filter", "when": is("$.item.open", json!(true))}),
                json!({"item": {"open": true}}),
                json!(true),
            ),
            (json!({"type": "map"}), json!({}), json!("mapped")),
            (json!({"type": "split", "path": "$.item.tags"}), json!({"item": {"tags": [1, 2]}}), json!([1, 2])),
            (
                json!({"type": "split", "path": "$.item.rows[*].n"}),
                json!({"item": {"rows": [{"n": 1}, {"n": 2}]}}),
                json!([1, 2]),
            ),
            (json!({"type": "split", "path": "$.item.none"}), json!({"item": {}}), json!([])),
            (
                json!({"type": "branch", "ways": ways}),
                json!({"item": {"kind": "bug", "size": 1}}),
                json!({"way": "bug"}),
            ),
            (json!({"type": "branch", "ways": ways}), json!({"item": {"size": 1}}), json!({"way": "big"})),
            (json!({"type": "branch", "ways": ways}), json!({"item": {}}), json!({"way": null})),
            (
                json!({"type": "branch", "ways": ways, "otherwise": "rest"}),
                json!({"item": {}}),
                json!({"way": "rest"}),
            ),
            (json!({"type": "join", "of": ["a", "b"]}), json!({"steps": {"b": {"id": 1}}}), json!({"id": 1})),
            (of("count"), list.clone(), json!(3)),
            (of("sum"), list.clone(), json!(5)),
            (of("least"), list.clone(), json!(1)),
            (of("greatest"), list.clone(), json!(2)),
            (of("join"), list.clone(), json!("2+1+2")),
            (of("list"), list.clone(), json!([2, 1, 2])),
            (of("distinct"), list.clone(), json!([2, 1])),
            (of("first"), list.clone(), json!(2)),
            (of("last"), json!({"steps": {"list": [{"n": 2}, {"n": 9}]}}), json!(9)),
            (of("sum"), json!({"steps": {}}), json!(0)),
            (of("greatest"), json!({"steps": {}}), Value::Null),
        ];
        for (logic, scope, want) in cases {
            assert_eq!(work(logic.clone(), scope).unwrap(), Worked::Gives(want), "{logic}");
        }
        let closed =
            work(json!({"type": "filter", "when": is("$.item.open", json!(true))}), json!({"item": {}}));
        assert_eq!(closed.unwrap(), Worked::LeavesOut);
        assert!(
            work(of("sum"), json!({"steps": {"list": [{"n": "many"}]}})).is_err(),
            "what is no number is said"
        );
    }

    #[test]
    fn what_cannot_be_done_is_refused_in_words() {
        for bad in [
            json!({"type": "filter", "when": []}),
            json!({"type": "filter", "when": [{"path": "$.["}]}),
            json!({"type": "split", "path": "items"}),
            json!({"type": "branch", "ways": []}),
            json!({"type": "branch", "ways": [{"name": "a", "when": []}], "otherwise": "a"}),
            json!({"type": "join", "of": []}),
            json!({"type": "wait"}),
            json!({"type": "approval", "question": "{{ item."}),
            json!({"type": "chain", "chain": ""}),
        ] {
            let logic: Logic = serde_json::from_value(bad.clone()).unwrap();
            assert!(Ready::compile(&logic).is_err_and(|why| why.len() > 10), "{bad}");
        }
    }

    #[test]
    fn a_wait_ends_at_a_time_that_the_data_names() {
        let now: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
        assert_eq!(wait_until(60, None, &json!({}), now).unwrap(), now + std::time::Duration::from_secs(60));
        let due = Template::compile("{{item.due}}").unwrap();
        let at = wait_until(0, Some(&due), &json!({"item": {"due": "2026-11-21T09:00:00Z"}}), now).unwrap();
        assert_eq!(at.to_string(), "2026-11-21T09:00:00Z");
        assert!(wait_until(0, Some(&due), &json!({"item": {"due": "soon"}}), now).is_err());
    }
}
