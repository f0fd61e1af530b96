//! Freezes the listed part of Python's own library: compiles it and lays the code objects into
//! one file, for `stdlib.rs` to hold.
//!
//! RustPython's own `py_freeze!` compresses each module with LZ4, which nothing can compress
//! further. In the page the whole binary travels compressed by something much better, so here the
//! modules are stored as they are: an LZ4 block may consist of literals alone.
use rustpython_compiler::core::frozen::{FrozenCodeObject, FrozenLib, FrozenModule};
use rustpython_compiler::core::{Mode, marshal};
use rustpython_compiler::{CompileOpts, compile};
use std::collections::BTreeMap;
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
    let entries: Vec<_> = modules
        .iter()
        .map(|(name, module)| (name.as_str(), *module))
        .collect();
    // The modules' bytes are leaked to be borrowed; this program ends soon.
    let library = FrozenLib::encode(entries);
    fs::write(out.join("frozen.bin"), library.bytes)
}

/// Compiles a file, or all files of a folder.
fn collect(
    root: &Path,
    path: &Path,
    modules: &mut BTreeMap<String, FrozenModule<&'static [u8]>>,
) -> io::Result<()> {
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
    let bytes: &'static [u8] = stored(&bytes).leak();
    modules.insert(
        name,
        FrozenModule {
            code: FrozenCodeObject { bytes },
            package,
        },
    );
    Ok(())
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
