//! `ormscope`: the Django ORM, looked into, on the command line.
//!
//! ```text
//! ormscope run PROJECT        seed.py, queries.py; or a report with --json
//! ormscope test DIR LABEL…    django.test cases
//! ormscope manage PROJECT …   makemigrations, migrate, …
//! ormscope share PROJECT      a link that holds the project
//! ormscope unshare URL DIR    and back
//! ```
mod commands;
mod folder;
mod machine;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// An interpreter makes and frees millions of small objects; the system's
/// allocator takes up to half of the time for that.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The Django ORM, looked into: SQL, joins and rows of every queryset.
#[derive(Debug, Parser)]
#[command(name = "ormscope", version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Migrate and seed a project in memory, then run its live script.
    Run(commands::run::Run),
    /// Run django.test and unittest cases.
    Test(commands::test::Test),
    /// The process that runs them.
    #[command(hide = true)]
    TestChild(commands::test::Child),
    /// Django's management commands.
    Manage(commands::manage::Manage),
    /// Print a link that holds a project.
    Share(commands::share::Share),
    /// Write a link's project into a folder.
    Unshare(commands::share::Unshare),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    machine::with_a_deep_stack(move || match arguments.command {
        Command::Run(run) => commands::run::run(&run),
        Command::Test(test) => commands::test::test(&test),
        Command::TestChild(child) => commands::test::child(&child),
        Command::Manage(manage) => commands::manage::manage(&manage),
        Command::Share(share) => commands::share::share(&share),
        Command::Unshare(unshare) => commands::share::unshare(&unshare),
    })
}
