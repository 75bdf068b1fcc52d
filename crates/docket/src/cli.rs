//! The words of the command line.

use crate::failure::Failure;
use crate::output::{Form, Output};
use crate::said::said;
use crate::{bench, commands, config, demo, export, import, usage};
use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};
use docket_domain::story::Language;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

/// Docket, an order center: it holds a merchant's orders in one place. Without a command it runs `demo`.
#[derive(Debug, clap::Parser)]
#[command(name = "docket", version, propagate_version = true)]
pub struct Cli {
    #[command(flatten)]
    options: Options,
    #[command(subcommand)]
    command: Option<Command>,
}

/// The environment variable that holds the key for --server.
const KEY: &str = "DOCKET_KEY";

/// What every command takes.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "For every command")]
pub struct Options {
    /// The data folder: database, keys, config [default: ./docket-data]
    #[arg(long, global = true, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// The config file [default: docket.toml in the data folder or here]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Print JSON
    #[arg(long, global = true)]
    pub json: bool,
    /// The language for what people read [default: that of the terminal]
    #[arg(long, global = true, value_name = "LANGUAGE")]
    pub lang: Option<Lang>,
    /// Speak to the center at this URL instead of the one of the data folder
    #[arg(long, global = true, value_name = "URL")]
    pub server: Option<String>,
    /// The key to speak with to --server
    #[arg(long, global = true, value_name = "KEY", env = KEY, hide_env_values = true)]
    pub key: Option<String>,
}

/// A language of the product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Lang {
    /// Chinese
    Zh,
    /// English
    En,
}

impl Options {
    /// How to show things.
    pub fn output(&self) -> Output {
        let form = if self.json { Form::Programs } else { Form::People };
        let language = match self.lang {
            Some(Lang::Zh) => Language::Zh,
            Some(Lang::En) => Language::En,
            None => terminal_language(),
        };
        Output { form, language }
    }

    /// Whether the key was typed; one of the environment is there for whenever it is needed.
    fn has_typed_key(&self) -> bool {
        self.key.is_some() && self.key != std::env::var(KEY).ok()
    }

    /// The data folder.
    pub fn data(&self) -> PathBuf {
        self.data.clone().unwrap_or_else(|| PathBuf::from(config::DATA))
    }
}

/// The language that the terminal says it speaks.
fn terminal_language() -> Language {
    let names = ["LC_ALL", "LC_MESSAGES", "LANG"];
    let set =
        names.iter().filter_map(|name| std::env::var(name).ok()).find(|text| !text.is_empty());
    if set.is_some_and(|text| text.starts_with("zh")) { Language::Zh } else { Language::En }
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Show a whole center at work: real flows over real HTTP, checked at the end
    Demo(demo::Args),
    /// Write a commented docket.toml, make the database and the first user
    Init(commands::init::Args),
    /// Run the center
    Serve(commands::serve::Args),
    /// Bring the database to the schema of this release
    Migrate,
    /// What this database is among others, and what a copy of it shall be
    #[command(subcommand)]
    Installation(commands::installation::Command),
    /// Show what is in force, where it came from, and whether everything can be reached; --deep looks for damage
    Check(commands::check::Args),
    /// Keys of programs
    #[command(subcommand)]
    Key(commands::key::Command),
    /// People who may log in
    #[command(subcommand)]
    User(commands::user::Command),
    /// Take orders of files into the center: JSON lines, or CSV files with a mapping
    Import(import::Args),
    /// Write the orders of the center to stdout
    Export(export::Args),
    /// Copy the whole database into a file, while the center runs
    Backup(commands::backup::Args),
    /// Make a backup the database of a center that has no orders; its users, keys and stock are replaced
    Restore(commands::backup::Args),
    /// The archive of what is old: move things there, list, bring back, verify
    #[command(subcommand)]
    Archive(commands::archive::Command),
    /// Lists of orders, and one order
    #[command(subcommand)]
    Orders(commands::orders::Command),
    /// Tell the whole story of an order
    Explain(commands::explain::Args),
    /// Take the people's data of a buyer, and what the buyer wrote, out of every order, for good
    Forget(commands::forget::Args),
    /// Stock of SKUs
    #[command(subcommand)]
    Stock(commands::stock::Command),
    /// Prices of SKUs
    #[command(subcommand)]
    Product(commands::product::Command),
    /// Durable tasks: what waits, what is halted, and what to do about it
    #[command(subcommand)]
    Tasks(commands::tasks::Command),
    /// Shops of marketplaces: connect them, pull their orders, see what is missing
    #[command(subcommand)]
    Shop(commands::shop::Command),
    /// Who is told of every change of an order, and what came of it
    #[command(subcommand)]
    Webhook(commands::webhook::Command),
    /// What is wrong, what was, and how well the center is
    #[command(subcommand)]
    Alerts(commands::alerts::Command),
    /// What runs by itself, and when
    Schedules,
    /// The old table that is kept alive beside this center
    #[command(subcommand)]
    Mirror(commands::mirror::Command),
    /// Find out whether the books agree, and repair what does not where that is safe
    Reconcile(commands::reconcile::Args),
    /// Keys that seal people's data
    #[command(subcommand)]
    Privacy(commands::privacy::Command),
    /// Stand-ins of the outside, each a server of its own to test against
    #[command(subcommand)]
    Sandbox(commands::sandbox::Command),
    /// Measure a server of its own under honest load, and check what it stored
    #[command(subcommand)]
    Bench(bench::Command),
    /// Print the completions of a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the OpenAPI document of the HTTP interface
    Openapi,
}

impl Command {
    /// Whether it works on this machine alone, and never through a server elsewhere.
    const fn is_of_this_machine(&self) -> bool {
        use Command::{
            Backup, Bench, Check, Completions, Demo, Init, Installation, Migrate, Openapi, Privacy,
            Restore, Sandbox, Serve,
        };
        matches!(
            self,
            Backup(_)
                | Restore(_)
                | Bench(_)
                | Demo(_)
                | Init(_)
                | Serve(_)
                | Migrate
                | Installation(_)
                | Check(_)
                | Privacy(_)
                | Sandbox(_)
                | Completions { .. }
                | Openapi
        )
    }
}

/// Reads the command line. What is wrong with it is told to English readers by the parser, to Chinese ones and to
/// programs as every failure is.
pub fn read() -> Result<Cli, ExitCode> {
    Cli::try_parse_from(asked_for_help(std::env::args_os())).map_err(|error| {
        let out = typed_output();
        if !error.use_stderr() || is_told_by_the_parser(&error, &out) {
            // Help and version too; nobody is left to tell where even this cannot be written.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
        usage::failure(&error).report(&out)
    })
}

/// Help where a command is missing is its own best message; it is English.
fn is_told_by_the_parser(error: &clap::Error, out: &Output) -> bool {
    let is_help = error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
    out.form == Form::People && (is_help || out.language == Language::En)
}

/// How to show what is wrong with a command line that cannot be read: as it asks for, as far as that is seen.
fn typed_output() -> Output {
    let words: Vec<OsString> = std::env::args_os().collect();
    let has = |asked: &str| words.iter().any(|word| word == asked);
    let says = |lang: &str| {
        let behind = words.windows(2).any(|pair| pair[0] == "--lang" && pair[1] == lang);
        behind || has(&format!("--lang={lang}"))
    };
    let form = if has("--json") { Form::Programs } else { Form::People };
    let language = if says("zh") {
        Language::Zh
    } else if says("en") {
        Language::En
    } else {
        terminal_language()
    };
    Output { form, language }
}

/// The words without the `--help` of `docket help --help`, which the parser would take for a command.
fn asked_for_help(words: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut words: Vec<OsString> = words.collect();
    let has_help = |word: &OsString| {
        let found = word.to_str().and_then(|word| Cli::command().find_subcommand(word).cloned());
        found.is_some_and(|command| command.has_subcommands())
    };
    let at = if words.get(1).is_some_and(has_help) { 2 } else { 1 };
    if words.get(at).is_some_and(|word| word == "help") {
        words.retain(|word| word != "--help" && word != "-h");
    }
    words
}

impl Cli {
    /// How it shows things.
    pub fn output(&self) -> Output {
        self.options.output()
    }

    /// Whether it is a server, which runs for long.
    pub const fn serves(&self) -> bool {
        matches!(self.command, Some(Command::Serve(_)))
    }

    /// Does what was asked.
    pub fn run(self) -> Result<(), Failure> {
        let Self { options, command } = self;
        let command = command.unwrap_or_else(|| {
            let out = options.output();
            out.note(out.say(
                "This is a demo, in a folder that is thrown away: `docket serve` runs a center, `docket --help` tells the rest.",
                "下面是演示，使用临时目录：docket serve 运行订单中心，其余命令见 docket --help。",
            ));
            Command::Demo(demo::Args::default())
        });
        refuse_what_has_no_use(&options, &command)?;
        if let Command::Completions { shell } = command {
            let mut text = Vec::new();
            clap_complete::generate(shell, &mut Self::command(), "docket", &mut text);
            options.output().raw(String::from_utf8_lossy(&text).trim_end());
            return Ok(());
        }
        if let Command::Openapi = command {
            options.output().raw(&docket_http::document());
            return Ok(());
        }
        // It brings a runtime of one thread, so that the client takes little of what it measures.
        if let Command::Bench(bench) = command {
            return bench.run(&options.output());
        }
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let done = runtime.block_on(run(&options, command));
        // What still runs on a blocking thread (a lookup of a name) is not waited for.
        runtime.shutdown_background();
        done
    }
}

/// Refuses where to speak and what to speak with, where nobody would be spoken to.
fn refuse_what_has_no_use(options: &Options, command: &Command) -> Result<(), Failure> {
    if options.server.is_some() && command.is_of_this_machine() {
        return Err(Failure::usage(said!(
            "--server is for commands that speak to a running center",
            "--server 只用于与运行中的订单中心通信的命令"
        ))
        .next(said!(
            "Leave --server out here; --data DIR names a folder of this machine.",
            "此处请去掉 --server；用 --data DIR 指定本机目录。"
        )));
    }
    if options.server.is_none() && options.has_typed_key() {
        return Err(Failure::usage(said!(
            "--key is of use only with --server",
            "--key 只能与 --server 一起使用"
        ))
        .next(said!(
            "Leave --key out: on the data folder of this machine a command needs none.",
            "请去掉 --key：在本机数据目录上执行命令不需要密钥。"
        )));
    }
    Ok(())
}

async fn run(options: &Options, command: Command) -> Result<(), Failure> {
    match command {
        Command::Demo(args) => demo::run(args, options).await,
        Command::Init(args) => commands::init::run(args, options).await,
        Command::Serve(args) => commands::serve::run(args, options).await,
        Command::Migrate => commands::migrate::run(options).await,
        Command::Installation(command) => commands::installation::run(command, options).await,
        Command::Check(args) => commands::check::run(args, options).await,
        Command::Key(command) => commands::key::run(command, options).await,
        Command::User(command) => commands::user::run(command, options).await,
        Command::Import(args) => Box::pin(import::run(args, options)).await,
        Command::Export(args) => export::run(args, options).await,
        Command::Orders(command) => commands::orders::run(command, options).await,
        Command::Explain(args) => commands::explain::run(args, options).await,
        Command::Backup(args) => commands::backup::backup(args, options).await,
        Command::Restore(args) => commands::backup::restore(args, options).await,
        Command::Archive(command) => commands::archive::run(command, options).await,
        Command::Forget(args) => commands::forget::run(args, options).await,
        Command::Tasks(command) => commands::tasks::run(command, options).await,
        Command::Mirror(command) => commands::mirror::run(command, options).await,
        Command::Reconcile(args) => commands::reconcile::run(args, options).await,
        Command::Shop(command) => commands::shop::run(command, options).await,
        Command::Webhook(command) => commands::webhook::run(command, options).await,
        Command::Alerts(command) => commands::alerts::run(command, options).await,
        Command::Schedules => commands::schedules::run(options).await,
        Command::Stock(command) => commands::stock::run(command, options).await,
        Command::Product(command) => commands::product::run(command, options).await,
        Command::Privacy(command) => commands::privacy::run(command, options).await,
        Command::Sandbox(command) => commands::sandbox::run(command, options).await,
        // Measured or printed before the runtime was made.
        Command::Bench(_) | Command::Completions { .. } | Command::Openapi => Ok(()),
    }
}
