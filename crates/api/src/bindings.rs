//! TypeScript declarations of everything that crosses the wire, for `ui/src/bindings`.

use std::any::TypeId;
use std::collections::{BTreeMap, BTreeSet};

use ts_rs::{Config, TS, TypeVisitor};

use crate::events::Update;

/// Is shown every command.
pub(crate) trait Visitor {
    /// One command with what it takes and gives.
    fn command<Request: TS + 'static, Response: TS + 'static>(&mut self, name: &str, about: &str);
}

/// The module that declares every type and the command list.
pub fn module() -> String {
    let mut types = Types {
        config: Config::new().with_large_int("number"),
        seen: BTreeSet::new(),
        declared: BTreeMap::new(),
    };
    let mut commands = Commands { types: &mut types, text: String::new() };
    crate::commands::visit(&mut commands);
    let list = commands.text;
    types.add::<Update>();
    let declared: String = types.declared.into_values().collect();
    format!(
        "// Written by `cargo xtask gen` from the engine's own types. Do not edit.\n\n{declared}\
         /** Every command: what it takes and what it gives. */\nexport interface Commands {{\n{list}}}\n"
    )
}

/// Collects declarations by name.
struct Types {
    config: Config,
    /// A type that holds itself is met again while it is declared.
    seen: BTreeSet<TypeId>,
    declared: BTreeMap<String, String>,
}

impl Types {
    fn add<T: TS + 'static + ?Sized>(&mut self) {
        if !self.seen.insert(TypeId::of::<T>()) {
            return;
        }
        // What has no file of its own is a primitive, a list or a map, and may have no name either.
        if T::output_path().is_some() {
            let name = T::ident(&self.config);
            let docs = T::docs().unwrap_or_default();
            let text = format!("{docs}export {}\n\n", T::decl(&self.config));
            self.declared.insert(name, text);
        }
        T::visit_dependencies(self);
        T::visit_generics(self);
    }
}

impl TypeVisitor for Types {
    fn visit<T: TS + 'static + ?Sized>(&mut self) {
        self.add::<T>();
    }
}

struct Commands<'t> {
    types: &'t mut Types,
    text: String,
}

impl Visitor for Commands<'_> {
    fn command<Request: TS + 'static, Response: TS + 'static>(&mut self, name: &str, about: &str) {
        self.types.add::<Request>();
        self.types.add::<Response>();
        let request = Request::name(&self.types.config);
        let response = Response::name(&self.types.config);
        self.text.push_str(&format!(
            "  /** {} */\n  {name}: {{ request: {request}; response: {response} }};\n",
            about.trim()
        ));
    }
}
