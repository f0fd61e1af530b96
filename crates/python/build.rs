//! Freezes the listed part of Python's own library: compiles it and writes the code objects for
//! `stdlib.rs` to hold. What an interpreter needs to start is laid into one file; every other
//! module has a file, and a function that gives its bytes.
//!
//! RustPython's own `py_freeze!` compresses each module with LZ4, which nothing can compress
//! further. In the page the whole binary travels compressed by something much better, so here the
//! modules are stored as they are. Those in the one file have to look like LZ4 all the same: a
//! block of it may consist of literals alone.
use rustpython_compiler::core::frozen::{FrozenCodeObject, FrozenLib, FrozenModule};
use rustpython_compiler::core::{Mode, marshal};
use rustpython_compiler::{CompileOpts, compile};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=stdlib.txt");
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?);
    let mut modules = BTreeMap::new();
    for name in fs::read_to_string("stdlib.txt")?
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        let name = name.trim_end_matches('/');
        collect(
            Path::new(rustpython_pylib::LIB_PATH),
            Path::new(name),
            &mut modules,
        )?;
    }
    let (boot, later): (Vec<_>, Vec<_>) = modules.iter().partition(|(name, _)| is_for_start(name));
    let library = FrozenLib::encode(boot.into_iter().map(|(name, module)| {
        // The bytes are leaked to be borrowed; this program ends soon.
        let bytes: &'static [u8] = stored(&module.bytes).leak();
        let code = FrozenCodeObject { bytes };
        let package = module.package;
        (name.as_str(), FrozenModule { code, package })
    }));
    fs::write(out.join("frozen.bin"), library.bytes)?;
    let mut list = String::from("&[\n");
    for (name, module) in later {
        let file = out.join(format!("{name}.bin"));
        fs::write(&file, &module.bytes)?;
        writeln!(
            list,
            "Code {{ name: {name:?}, is_package: {}, bytes: || include_bytes!({:?}) }},",
            module.package,
            file.display().to_string()
        )
        .map_err(io::Error::other)?;
    }
    list.push_str("]\n");
    fs::write(out.join("codes.rs"), list)
}

/// Whether a module is imported before there is a finder of ours.
fn is_for_start(name: &str) -> bool {
    let first = name.split('.').next().unwrap_or(name);
    matches!(
        first,
        "abc" | "_py_abc" | "_weakrefset" | "codecs" | "encodings" | "importlib" | "io" | "types"
    ) && !name.starts_with("importlib.metadata")
        && !name.starts_with("importlib.resources")
}

/// Compiles a file, or all files of a folder.
fn collect(root: &Path, path: &Path, modules: &mut BTreeMap<String, Module>) -> io::Result<()> {
    let whole = root.join(path);
    if whole.is_dir() {
        for entry in fs::read_dir(&whole)? {
            let name = entry?.file_name();
            if name != "__pycache__" && name != "test" {
                collect(root, &path.join(name), modules)?;
            }
        }
        return Ok(());
    }
    if path.extension().is_none_or(|end| end != "py") {
        return Ok(());
    }
    let mut parts: Vec<_> = path
        .with_extension("")
        .iter()
        .map(|part| part.to_string_lossy().into_owned())
        .collect();
    let package = parts.last().is_some_and(|part| part == "__init__");
    if package {
        parts.pop();
    }
    let name = parts.join(".");
    let source = fs::read_to_string(&whole)?;
    let source = source.trim_start_matches('\u{feff}');
    // As with -OO: the docstrings would be a fifth of it. Nor does anybody need the columns of the
    // library's own lines.
    let options = CompileOpts {
        optimize: 2,
        debug_ranges: false,
        ..CompileOpts::default()
    };
    let code = compile(source, Mode::Exec, &name, options)
        .map_err(|error| io::Error::other(format!("{name}: {error}")))?;
    let mut bytes = Vec::new();
    marshal::serialize_code(&mut bytes, &code);
    modules.insert(name, Module { bytes, package });
    Ok(())
}

/// A compiled module.
struct Module {
    bytes: Vec<u8>,
    package: bool,
}

/// An LZ4 block of literals, its size before it.
fn stored(bytes: &[u8]) -> Vec<u8> {
    let mut block = u32::try_from(bytes.len())
        .unwrap_or_default()
        .to_le_bytes()
        .to_vec();
    if bytes.len() < 15 {
        block.push((bytes.len() as u8) << 4);
    } else {
        block.push(0xf0);
        let mut rest = bytes.len() - 15;
        while rest >= 255 {
            block.push(255);
            rest -= 255;
        }
        block.push(rest as u8);
    }
    block.extend_from_slice(bytes);
    block
}
