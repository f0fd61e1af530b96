//! One file a command.
pub mod manage;
pub mod run;
pub mod share;
pub mod test;

use std::process::ExitCode;

/// Says on stderr why nothing was done.
pub fn refuse(why: impl std::fmt::Display) -> ExitCode {
    eprintln!("ormscope: {why}");
    ExitCode::from(2)
}
