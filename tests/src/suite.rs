//! All the cases.

use std::fs;
use std::path::{Path, PathBuf};

use crate::case::CaseFile;
use crate::root;

/// Reads every file of the suite whose name holds one of these words; all of
/// them if there is none.
pub fn read(filters: &[String]) -> Result<Vec<CaseFile>, String> {
    let folder = root().join("tests/suite");
    let mut paths = Vec::new();
    collect(&folder, &mut paths).map_err(|error| error.to_string())?;
    paths.sort();
    let mut files = Vec::new();
    for path in paths {
        let name = path
            .strip_prefix(&folder)
            .unwrap_or(&path)
            .with_extension("")
            .to_string_lossy()
            .replace('\\', "/");
        if !filters.is_empty() && !filters.iter().any(|word| name.contains(word.as_str())) {
            continue;
        }
        let text = fs::read_to_string(&path).map_err(|error| error.to_string())?;
        files.push(CaseFile::parse(&path, &name, &text)?);
    }
    Ok(files)
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, paths)?;
        } else if path.extension().is_some_and(|end| end == "md") {
            paths.push(path);
        }
    }
    Ok(())
}
