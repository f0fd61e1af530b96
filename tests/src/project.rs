//! Project folders: the shared model sets, and a case's own files on top.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::case::{Case, Step};
use crate::root;

/// Makes the project that a case starts from: its model set, then the files
/// it writes before it does anything else.
pub fn make(case: &Case, folder: &Path) -> io::Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder)?;
    if let Some(set) = &case.models {
        copy(&set_folder(set), folder)?;
    }
    for (step, _) in &case.steps {
        match step {
            Step::Write(file, text) => write(folder, file, text)?,
            Step::Remove(file) => fs::remove_file(folder.join(file))?,
            Step::Python(_) | Step::Console(_) => break,
        }
    }
    Ok(())
}

/// Where a model set is.
#[must_use]
pub fn set_folder(set: &str) -> PathBuf {
    root().join("tests/models").join(set)
}

/// Writes a file of a project, and the folders it is in.
pub fn write(folder: &Path, file: &str, text: &str) -> io::Result<()> {
    let path = folder.join(file);
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::write(path, text)
}

/// A key that is the same for cases which start from the same project.
#[must_use]
pub fn key(case: &Case) -> String {
    let mut key = case.models.clone().unwrap_or_default();
    for (step, _) in &case.steps {
        match step {
            Step::Write(file, text) => {
                key.push_str(file);
                key.push('\0');
                key.push_str(text);
            }
            Step::Remove(file) => key.push_str(file),
            Step::Python(_) | Step::Console(_) => break,
        }
    }
    key
}

/// Copies a folder's files, without `queries.py`: the case brings its own.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            if entry.file_name() != "__pycache__" {
                fs::create_dir_all(&target)?;
                copy(&entry.path(), &target)?;
            }
        } else if entry.file_name() != "queries.py" {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
