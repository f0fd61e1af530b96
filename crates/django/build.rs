//! Compiles the Python texts of `lib/` and lists them, for `library.rs` to hold.
use rustpython_compiler::core::{Mode, marshal};
use rustpython_compiler::{CompileOpts, compile};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=lib");
    let root = env::current_dir()?.join("lib");
    let mut files = Vec::new();
    collect(&root, &mut files)?;
    files.sort();
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?);
    let mut list = String::from("&[\n");
    for file in files {
        let inside = file.strip_prefix(&root).map_err(io::Error::other)?;
        let shown = inside.to_string_lossy().replace('\\', "/");
        let name = shown
            .trim_end_matches(".py")
            .trim_end_matches("/__init__")
            .replace('/', ".");
        let compiled = out.join(format!("{name}.bin"));
        fs::write(&compiled, code(&fs::read_to_string(&file)?, &shown)?)?;
        writeln!(
            list,
            "Text {{ name: {name:?}, file: {shown:?}, code: || include_bytes!({:?}), source: || include_str!({:?}) }},",
            compiled.display().to_string(),
            file.display().to_string()
        )
        .map_err(io::Error::other)?;
    }
    list.push_str("]\n");
    fs::write(out.join("texts.rs"), list)
}

/// A text's code object. Nobody needs the columns of the library's own lines.
fn code(source: &str, file: &str) -> io::Result<Vec<u8>> {
    let options = CompileOpts {
        debug_ranges: false,
        ..CompileOpts::default()
    };
    let code = compile(source, Mode::Exec, file, options)
        .map_err(|error| io::Error::other(format!("{file}: {error}")))?;
    let mut bytes = Vec::new();
    marshal::serialize_code(&mut bytes, &code);
    Ok(bytes)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    println!("cargo:rerun-if-changed={}", folder.display());
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            if path.file_name().is_some_and(|name| name != "__pycache__") {
                collect(&path, files)?;
            }
        } else if path.extension().is_some_and(|end| end == "py") {
            println!("cargo:rerun-if-changed={}", path.display());
            files.push(path);
        }
    }
    Ok(())
}
