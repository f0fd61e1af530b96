//! Gathers the listed part of Python's own library, for `stdlib.rs` to freeze.
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=stdlib.txt");
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?);
    let chosen = out.join("Lib");
    if chosen.exists() {
        fs::remove_dir_all(&chosen)?;
    }
    let list = fs::read_to_string("stdlib.txt")?;
    let mut sum = 0u64;
    for name in list
        .lines()
        .filter(|l| !l.is_empty() && !l.starts_with('#'))
    {
        let from = Path::new(rustpython_pylib::LIB_PATH).join(name.trim_end_matches('/'));
        copy(&from, &chosen.join(name.trim_end_matches('/')))?;
        sum = name
            .bytes()
            .fold(sum, |s, b| s.wrapping_mul(31).wrapping_add(u64::from(b)));
    }
    // The list's sum stands in the file so that a changed list freezes anew.
    fs::write(
        out.join("frozen.rs"),
        format!(
            "// {sum}\nrustpython_vm::py_freeze!(dir = {:?}, crate_name = \"rustpython_vm\")\n",
            chosen.display().to_string()
        ),
    )
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    if from.is_dir() {
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            if entry.file_name() != "__pycache__" && entry.file_name() != "test" {
                copy(&entry.path(), &to.join(entry.file_name()))?;
            }
        }
        return Ok(());
    }
    if from.extension().is_none_or(|e| e != "py") {
        return Ok(());
    }
    if let Some(parent) = to.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::copy(from, to).map(drop)
}
