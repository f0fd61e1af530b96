//! The static site: `dist/`, or another folder, with its sizes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::run::{run, say};
use crate::{Outcome, page, places};

/// `dist [DIR]`
pub fn dist(words: &[String]) -> Outcome {
    page::build()?;
    compress(&places::dist())?;
    let mut folder = places::dist();
    if let Some(wanted) = words.first() {
        folder = PathBuf::from(wanted);
        copy(&places::dist(), &folder).map_err(|error| error.to_string())?;
    }
    sizes(&places::dist())?;
    println!(
        "{}: put it on any static host, under any path.",
        folder.display()
    );
    Ok(())
}

/// Writes a `.br` file beside every file that gets smaller by it.
pub fn compress(folder: &Path) -> Outcome {
    say("compressing");
    run(Command::new("node")
        .arg(places::root().join("crates/xtask/js/compress.mjs"))
        .arg(folder)
        .arg(places::target().join("compressed")))
}

/// Prints what a visitor downloads.
fn sizes(folder: &Path) -> Outcome {
    let mut rows = Vec::new();
    collect(folder, &mut rows).map_err(|error| error.to_string())?;
    rows.sort();
    let (mut plain_total, mut small_total) = (0, 0);
    println!("{:>10} {:>10}  file", "bytes", "brotli");
    for (name, plain, small) in rows {
        println!(
            "{plain:>10} {small:>10}  {}",
            name.strip_prefix(folder).unwrap_or(&name).display()
        );
        plain_total += plain;
        small_total += small;
    }
    println!("{plain_total:>10} {small_total:>10}  in all");
    Ok(())
}

fn collect(folder: &Path, rows: &mut Vec<(PathBuf, u64, u64)>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, rows)?;
        } else if path.extension().is_none_or(|end| end != "br") {
            let plain = fs::metadata(&path)?.len();
            let small =
                fs::metadata(format!("{}.br", path.display())).map_or(plain, |data| data.len());
            rows.push((path, plain, small));
        }
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
