//! What the command line takes. Described in `docs/cli.md`.

mod chain;
mod connection;
mod descriptor;
mod secrets;

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

pub(crate) use chain::ChainCommand;
pub(crate) use connection::ConnectionCommand;
pub(crate) use descriptor::DescriptorCommand;
pub(crate) use secrets::{MoveTo, SecretsCommand};

/// Connect your tools and let them work together, from this computer alone.
#[derive(Debug, Parser)]
#[command(name = "patchbay-cli", version, propagate_version = true)]
pub(crate) struct Args {
    /// Where everything is kept.
    #[arg(long, global = true, env = "PATCHBAY_DATA_DIR", hide_env_values = true, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// The workspace.
    #[arg(long, global = true, default_value = "default", value_name = "NAME")]
    pub(crate) workspace: String,
    /// Where the key that locks your secrets is kept.
    #[arg(long, global = true, value_enum, value_name = "STORE")]
    pub(crate) secrets: Option<Secrets>,
    /// Read the passphrase of the secret store from this file, or from standard input for -.
    #[arg(long, global = true, value_name = "FILE|-")]
    pub(crate) passphrase_file: Option<PathBuf>,
    /// Print JSON to standard output; logs go to standard error.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// How much to log: off, error, warn, info, debug, trace.
    #[arg(
        long,
        global = true,
        env = "PATCHBAY_LOG",
        hide_env_values = true,
        default_value = "warn",
        value_name = "LEVEL"
    )]
    pub(crate) log_level: String,
    /// Log to this file instead of standard error.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) log_file: Option<PathBuf>,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// A connection to make.
#[derive(Debug, Parser)]
pub(crate) struct NewConnection {
    /// The connector, such as github-issues.
    pub(crate) connector: String,
    /// What you will call the connection.
    #[arg(long)]
    pub(crate) name: String,
    /// The way to sign in; the recommended one where absent.
    #[arg(long)]
    pub(crate) auth: Option<String>,
    /// Sign in on the tool's own pages.
    #[arg(long)]
    pub(crate) oauth: bool,
    /// A stream or operation that it is for, so that only its permissions are asked for. May be given
    /// several times; everything where absent.
    #[arg(long = "use", value_name = "ID")]
    pub(crate) uses: Vec<String>,
    #[command(flatten)]
    pub(crate) browser: Browser,
    /// A setting, such as owner=rust-lang. May be given several times.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(crate) settings: Vec<String>,
    /// A secret: KEY=@FILE reads a file, KEY=- reads standard input.
    #[arg(id = "secret-values", long = "secret", value_name = "KEY=@FILE|-")]
    pub(crate) secrets: Vec<String>,
    /// An address that signing in may lead to, such as https://acme.example.com: it is not asked about then.
    /// May be given several times.
    #[arg(long = "origin", value_name = "ORIGIN")]
    pub(crate) origins: Vec<String>,
    /// Allow private and loopback addresses for this connection.
    #[arg(long)]
    pub(crate) allow_private: bool,
}

/// A sign-in for a connection that is there.
#[derive(Debug, Parser)]
pub(crate) struct Again {
    /// A secret, such as another clientSecret: KEY=@FILE reads a file, KEY=- reads standard input.
    #[arg(id = "secret-values", long = "secret", value_name = "KEY=@FILE|-")]
    pub(crate) secrets: Vec<String>,
    /// A stream or operation that it is for, so that only its permissions are asked for. May be given several
    /// times; where absent, what the connection was for before.
    #[arg(long = "use", value_name = "ID")]
    pub(crate) uses: Vec<String>,
    /// Let the connection belong to another account from now on.
    #[arg(long)]
    pub(crate) other_account: bool,
    /// An address that signing in may lead to: it is not asked about then. May be given several times.
    #[arg(long = "origin", value_name = "ORIGIN")]
    pub(crate) origins: Vec<String>,
    #[command(flatten)]
    pub(crate) browser: Browser,
}

/// How the page to sign in on is opened.
#[derive(Clone, Copy, Debug, Parser)]
pub(crate) struct Browser {
    /// Only print the page's address.
    #[arg(long)]
    pub(crate) no_browser: bool,
}

/// Where the key that locks your secrets is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Secrets {
    /// The system's keyring.
    Keyring,
    /// A file locked with a passphrase (PATCHBAY_PASSPHRASE, or asked for).
    Passphrase,
    /// Memory only: keys are gone when the program ends.
    Memory,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Create, list or delete workspaces.
    #[command(subcommand)]
    Workspace(WorkspaceCommand),
    /// List the tools that can be connected.
    Catalogue {
        /// Only this category.
        #[arg(long)]
        category: Option<String>,
        /// Only tools with this way to sign in: api_key, pat, basic, none.
        #[arg(long)]
        auth: Option<String>,
        /// Only tools that bring data in this way: polling.
        #[arg(long)]
        ingestion: Option<String>,
        /// Only tools whose name, description or category holds these words.
        #[arg(long)]
        search: Option<String>,
    },
    /// Begin a connector: a definition that is in order, and a fixture that passes.
    NewDescriptor {
        /// Its identifier, such as my-tool.
        id: String,
        /// Where to write it; here where absent.
        #[arg(long = "in", value_name = "FOLDER", default_value = ".")]
        folder: PathBuf,
    },
    /// Check connector definitions.
    Validate {
        /// The files.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Run a connector definition's fixtures.
    TestDescriptor {
        /// The definition.
        #[arg(required_unless_present = "all", value_name = "FILE")]
        file: Option<PathBuf>,
        /// Every definition in a folder; `descriptors` where no file is given.
        #[arg(long)]
        all: bool,
    },
    /// Keep connectors of your own.
    #[command(subcommand)]
    Descriptor(DescriptorCommand),
    /// Connect a tool.
    Connect(NewConnection),
    /// List connections.
    Connections {
        /// Only this connector.
        #[arg(long)]
        connector: Option<String>,
        /// Only this state.
        #[arg(long)]
        state: Option<String>,
        /// How many to pass over.
        #[arg(long, default_value_t = 0)]
        offset: u32,
        /// At most this many.
        #[arg(long, default_value_t = 100)]
        limit: u32,
    },
    /// Look after one connection.
    #[command(subcommand)]
    Connection(ConnectionCommand),
    /// Test a connection.
    Test {
        /// The connection.
        name: String,
    },
    /// Read what is new from a connection.
    Sync {
        /// The connection.
        name: String,
        /// Only this stream.
        #[arg(long)]
        stream: Option<String>,
        /// At most this many pages per stream.
        #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
        max_pages: Option<u32>,
        /// Read from the start, store nothing, and show each page: request, response, items, signals.
        /// At most 5 pages and 100 items; 2 pages where not said.
        #[arg(long)]
        explain: bool,
        /// Leave it to the engine that runs in the background, and return at once.
        #[arg(long, conflicts_with_all = ["explain", "max_pages"])]
        background: bool,
    },
    /// Look at background work: what was given up, how the queues are.
    #[command(subcommand)]
    Jobs(crate::jobs::JobsCommand),
    /// Decide how services are called and how background work is done, for everything or one connection.
    #[command(subcommand)]
    Settings(crate::settings::SettingsCommand),
    /// List signals.
    Signals {
        /// Only those of this connection.
        #[arg(long)]
        connection: Option<String>,
        /// Only those with these words in their summary, among people or labels.
        #[arg(long, conflicts_with = "connection")]
        search: Option<String>,
        /// At most this many.
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// Read one address of a connection's service.
    Get {
        /// The connection.
        name: String,
        /// The path, such as /user.
        path: String,
        /// A query parameter. May be given several times.
        #[arg(long, value_name = "KEY=VALUE")]
        query: Vec<String>,
    },
    /// Call one operation of a connection.
    Call {
        /// The connection.
        name: String,
        /// The operation.
        operation: String,
        /// Its parameters as JSON: a file, or - for standard input.
        #[arg(long, value_name = "FILE|-")]
        params: Option<PathBuf>,
        /// Show the request; send nothing.
        #[arg(long)]
        dry_run: bool,
    },
    /// Save, show, list or check chains.
    #[command(subcommand)]
    Chain(ChainCommand),
    /// Run a chain.
    Run {
        /// The chain, by identifier or name.
        chain: String,
        /// What it is started with, as JSON: a file, or - for standard input.
        #[arg(long, value_name = "FILE|-")]
        input: Option<PathBuf>,
        /// Show what would be sent; change nothing.
        #[arg(long)]
        dry_run: bool,
        /// Only the first items of each list, so many.
        #[arg(long, value_name = "N", conflicts_with = "detach")]
        items: Option<u32>,
        /// Leave a step out that no other one needs. May be given several times.
        #[arg(long, value_name = "STEP", conflicts_with = "detach")]
        without: Vec<String>,
        /// Return at once; the run goes on in the background.
        #[arg(long, conflicts_with = "dry_run")]
        detach: bool,
        /// What `chain check` gave as the plan: start nothing where the run would do anything else now.
        #[arg(long, conflicts_with = "detach")]
        plan: Option<String>,
    },
    /// Run runs again, each with its input or another one.
    Again {
        /// The runs.
        #[arg(required = true)]
        runs: Vec<String>,
        /// What they are started with now, as JSON: a file, or - for standard input.
        #[arg(long, value_name = "FILE|-")]
        input: Option<PathBuf>,
        /// With the chain's latest version.
        #[arg(long)]
        latest: bool,
    },
    /// Run what failed of a run; what was done stands.
    RunFailed {
        /// The run, or `last`.
        run: String,
    },
    /// Run a run again from a step on; results of the steps before stand.
    RunFrom {
        /// The run, or `last`.
        run: String,
        /// The step.
        step: String,
    },
    /// Show for which webhooks a run waits, and the addresses that are to be called.
    Waits {
        /// The run, by identifier or `last`.
        run: String,
    },
    /// Answer a step that asks.
    Answer {
        /// The run, or `last`.
        run: String,
        /// Whether it goes on.
        #[arg(value_enum)]
        answer: YesNo,
        /// The step; the first that asks where absent.
        #[arg(long)]
        step: Option<String>,
        /// The item, from 0; the first that asks where absent.
        #[arg(long)]
        item: Option<u32>,
    },
    /// Hold a run: calls in flight end, then nothing more is sent.
    Pause {
        /// The run, or `last`.
        run: String,
    },
    /// Let a run go on that is held, and wait for it.
    Resume {
        /// The run, or `last`.
        run: String,
    },
    /// Undo what a run did that has ended, the last thing first. With --again or --by-hand: say what becomes of
    /// a change that could not be undone.
    #[command(group(clap::ArgGroup::new("what").args(["again", "by_hand"])))]
    Undo {
        /// The run, or `last`.
        run: String,
        /// Try an undo that failed once more.
        #[arg(long)]
        again: bool,
        /// Every one that failed, of the step where one is named; not those that may have been undone all the
        /// same. With --again.
        #[arg(long, requires = "again", conflicts_with_all = ["item", "by_hand"])]
        all: bool,
        /// You have undone it by hand; nothing is sent.
        #[arg(long)]
        by_hand: bool,
        /// The step; the first with a change that stays where absent. With --again or --by-hand.
        #[arg(long, requires = "what")]
        step: Option<String>,
        /// The item, from 0; the first whose change stays where absent. With --again or --by-hand.
        #[arg(long, requires = "what")]
        item: Option<u32>,
    },
    /// Wait until a run ends or needs you; goes on with it where nobody does.
    Wait {
        /// The run, or `last`.
        run: String,
    },
    /// Say whether an unknown outcome happened.
    Resolve {
        /// The run, or `last`.
        run: String,
        /// What is true.
        #[arg(value_enum)]
        decision: Decision,
        /// The step; the first open question where absent.
        #[arg(long)]
        step: Option<String>,
        /// The item, from 0; the first open question where absent.
        #[arg(long)]
        item: Option<u32>,
    },
    /// Stop a run.
    Stop {
        /// The run, or `last`.
        run: String,
        /// Undo what was done.
        #[arg(long)]
        undo: bool,
    },
    /// List runs.
    Runs {
        /// How many to pass over.
        #[arg(long, default_value_t = 0)]
        offset: u32,
        /// At most this many.
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// Show a run's report.
    Report {
        /// The run, or `last`.
        run: String,
        /// The form.
        #[arg(long, value_enum)]
        format: Option<Format>,
    },
    /// Keep the engine running: it goes on with open runs and answers other commands.
    Engine,
    /// Show the window's interface in a browser on this computer.
    Serve {
        /// The port on 127.0.0.1; any free one where absent.
        #[arg(long, default_value_t = 0)]
        port: u16,
    },
    /// What a tool sends by itself: the address, the secret, a test event.
    #[command(subcommand)]
    Webhook(crate::webhooks::WebhookCommand),
    /// Where webhooks are taken.
    #[command(subcommand)]
    Gateway(crate::webhooks::GatewayCommand),
    /// How services are reached: the proxy, and certificates to trust besides the system's.
    #[command(subcommand)]
    Network(crate::network::NetworkCommand),
    /// Look after the keys: how they are, lock, unlock, another key, another store.
    #[command(subcommand)]
    Secrets(SecretsCommand),
    /// Write connections and chains into a file, without any secret.
    Export {
        /// The file; must not be there yet.
        file: PathBuf,
        /// With every secret, sealed with the passphrase in this file, or from standard input for -.
        #[arg(long, value_name = "FILE|-")]
        with_secrets: Option<PathBuf>,
    },
    /// Say what a file of `export` would add; take it in with --apply. Runs nothing.
    Import {
        /// The file.
        file: PathBuf,
        /// The passphrase of a sealed file: in this file, or from standard input for -.
        #[arg(long, value_name = "FILE|-")]
        passphrase: Option<PathBuf>,
        /// Take it in.
        #[arg(long)]
        apply: bool,
    },
    /// Say how connections, storage and secrets are.
    Health {
        /// How far back the figures go: 1h, 24h or 7d.
        #[arg(long, default_value = "24h", value_name = "RANGE")]
        range: String,
        /// Check every connection first.
        #[arg(long)]
        check: bool,
    },
    /// Show what was done here, the latest first; or write it to a file.
    Audit {
        /// Not before this time, such as 2026-11-20T12:00:00Z; or so long ago, such as 30m, 24h, 7d.
        #[arg(long, value_name = "TIME")]
        since: Option<String>,
        /// Only what was done to this connection.
        #[arg(long, value_name = "NAME")]
        connection: Option<String>,
        /// Only this action, such as call_failed.
        #[arg(long)]
        action: Option<String>,
        /// Only what holds this text.
        #[arg(long)]
        search: Option<String>,
        /// At most this many.
        #[arg(long)]
        limit: Option<u32>,
        /// Write all of it to this file, one JSON object a line.
        #[arg(long, value_name = "FILE", conflicts_with = "limit")]
        export: Option<PathBuf>,
    },
    /// Write a copy of the workspace's database.
    Backup {
        /// The file; must not be there yet.
        file: PathBuf,
    },
    /// Put a copy in the place of the workspace's database.
    Restore {
        /// The copy.
        file: PathBuf,
    },
    /// Run the pretend tools as a process of their own.
    Sandbox {
        /// The port; any free one where 0.
        #[arg(long, default_value_t = 0)]
        port: u16,
        /// Keep its state in this folder.
        #[arg(long, value_name = "DIR")]
        state: Option<PathBuf>,
    },
    /// See it work: connects the sandbox, runs a chain, prints the report. Needs no account.
    Demo {
        /// Use the sandbox at this address instead of an own one.
        #[arg(long, value_name = "URL")]
        sandbox: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum WorkspaceCommand {
    /// Make a workspace.
    Create {
        /// Its name.
        name: String,
    },
    /// List workspaces.
    List,
    /// Delete a workspace with everything in it.
    Delete {
        /// Its name.
        name: String,
    },
}

/// Looking after the keys.
/// What became of an unknown outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Decision {
    /// It happened: go on.
    Happened,
    /// It did not: run it again.
    NotHappened,
    /// Stop, and undo what is known to be done.
    Undo,
}

/// An answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum YesNo {
    /// It goes on.
    Yes,
    /// It does not.
    No,
}

/// The form of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// JSON.
    Json,
    /// Markdown.
    Md,
    /// A self-contained page.
    Html,
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    fn walk(command: &mut clap::Command, page: &mut String) {
        let help = command.render_help();
        page.push_str(&format!("$ {}\n{help}\n", command.get_name()));
        for sub in command.get_subcommands_mut().filter(|s| s.get_name() != "help") {
            walk(sub, page);
        }
    }

    #[test]
    fn the_command_line_is_consistent_and_pinned() {
        super::Args::command().debug_assert();
        let mut page = String::new();
        let mut command = super::Args::command().term_width(100);
        command.build();
        walk(&mut command, &mut page);
        insta::assert_snapshot!(page);
    }

    /// Which change it is about would be dropped, and the whole run undone.
    #[test]
    fn undo_takes_a_step_or_an_item_only_where_it_is_said_what_becomes_of_it() {
        let parse =
            |more: &[&str]| super::Args::try_parse_from([&["patchbay-cli", "undo", "last"], more].concat());
        for named in [&["--step", "message"][..], &["--item", "0"], &["--step", "message", "--item", "0"]] {
            let refused = parse(named).map(|_| ()).expect_err("it says which change, and not what to do");
            let text = refused.to_string();
            assert!(refused.use_stderr() && text.contains("<--again|--by-hand>"), "{text}");
            for way in ["--again", "--by-hand"] {
                parse(&[named, &[way]].concat()).unwrap();
            }
        }
        parse(&[]).unwrap();
        parse(&["--again"]).unwrap();
        parse(&["--again", "--by-hand"]).map(|_| ()).expect_err("it is one of them");
    }
}
