//! `ormscope share` and `unshare`: a project as a link, and back.
use super::refuse;
use crate::folder;
use clap::Args;
use protocol::permalink;
use std::path::PathBuf;
use std::process::ExitCode;

/// Arguments of `share`.
#[derive(Args, Debug)]
pub struct Share {
    /// The project's folder.
    project: PathBuf,
    /// The playground's address.
    #[arg(long, default_value = "http://127.0.0.1:8080/")]
    base: String,
}

/// Arguments of `unshare`.
#[derive(Args, Debug)]
pub struct Unshare {
    /// The link, or its part from `#` on.
    url: String,
    /// The folder to write to.
    folder: PathBuf,
}

/// Prints the link.
pub fn share(arguments: &Share) -> ExitCode {
    let project = match folder::read(&arguments.project) {
        Ok(project) => project,
        Err(why) => return refuse(why),
    };
    match permalink::encode(&project) {
        Ok(fragment) => {
            let base = arguments.base.split('#').next().unwrap_or_default();
            let mark = if fragment.starts_with('#') { "" } else { "#" };
            crate::machine::print(&format!("{base}{mark}{fragment}\n"));
            ExitCode::SUCCESS
        }
        Err(why) => refuse(why),
    }
}

/// Writes a link's files.
pub fn unshare(arguments: &Unshare) -> ExitCode {
    match permalink::decode(&arguments.url) {
        Ok(project) => match folder::write(&project, &arguments.folder) {
            Ok(()) => ExitCode::SUCCESS,
            Err(why) => refuse(why),
        },
        Err(why) => refuse(why),
    }
}
