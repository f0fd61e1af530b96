//! The page, built into `dist/`.
//!
//! ```text
//! crates/worker ── cargo ──▶ wasm-bindgen ──▶ wasm-opt ──▶ parts ──▶ www/dist/engine/
//! www/          ── build.mjs ────────────────────────────▶ www/dist/
//! crates/ui     ── trunk ─────────────────────────────────▶ dist/
//! ```

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use crate::run::{cargo, path_with, run, say};
use crate::{Outcome, parts, places, tools};

/// Builds everything the page needs.
pub fn build() -> Outcome {
    let begun = Instant::now();
    tools::wasm_target()?;
    let clang = tools::clang()?;
    let wasm_bindgen = tools::wasm_bindgen()?;
    let trunk = tools::trunk()?;
    tools::packages("www")?;
    let bin = places::root().join("www/node_modules/.bin");
    let path = path_with(&[wasm_bindgen.clone(), trunk.clone(), bin.clone()]);

    say("building the engine for the page (several minutes the first time)");
    run(cargo()
        .args(["rustc", "--package", "ormscope-worker", "--lib"])
        .args(["--crate-type", "cdylib", "--profile", "page"])
        .args(["--target", "wasm32-unknown-unknown"])
        // What refers to what: parts.rs reads it.
        .args(["--", "-C", "link-arg=--emit-relocs"])
        .env("CC_wasm32_unknown_unknown", &clang.compiler)
        .env("AR_wasm32_unknown_unknown", &clang.archiver))?;
    engine(
        &places::target().join("wasm32-unknown-unknown/page/ormscope_worker.wasm"),
        &wasm_bindgen,
        &bin,
    )?;

    say("bundling scripts, styles and examples");
    run(Command::new("node")
        .arg("build.mjs")
        .current_dir(places::root().join("www")))?;

    say("building the page");
    run(Command::new(trunk.join("trunk"))
        .args(["build", "--offline", "--dist"])
        .arg(places::dist())
        .current_dir(places::root())
        .env("PATH", path)
        .env_remove("NO_COLOR")
        .env("CC_wasm32_unknown_unknown", &clang.compiler)
        .env("AR_wasm32_unknown_unknown", &clang.archiver))?;
    say(&format!(
        "the page is in {}/ ({:.0} s)",
        places::shown(&places::dist()),
        begun.elapsed().as_secs_f64()
    ));
    Ok(())
}

/// Functions larger than this stay functions of their own although only one other
/// calls them. Browsers compile a function when it is first called, and once more
/// when it is often called: both take longest where all that happens once, or never,
/// was put into one function. And [`parts`] can tell apart what is used from what is not.
const ONE_CALLER: &str = "--one-caller-inline-max-function-size=40";

/// Makes `www/dist/engine/` from the worker's module, unless it is there for
/// this very module.
fn engine(linked: &Path, wasm_bindgen: &Path, bin: &Path) -> Outcome {
    let text = |error: std::io::Error| error.to_string();
    let out = places::root().join("www/dist/engine");
    let raw = fs::read(linked).map_err(text)?;
    let mark = format!("{:016x} {}", fnv(&raw), raw.len());
    let mark_file: PathBuf = places::target().join("engine-of-the-page");
    let first = out.join("ormscope_worker_bg.wasm");
    let rest = out.join("ormscope_worker_rest.wasm");
    if rest.exists() && fs::read_to_string(&mark_file).is_ok_and(|old| old == mark) {
        return Ok(());
    }
    let work = places::target().join("engine-parts");
    let module = work.join("ormscope_worker.wasm");
    parts::without_notes(linked, &module)?;
    run(Command::new(wasm_bindgen.join("wasm-bindgen"))
        .args([
            "--target",
            "web",
            "--no-typescript",
            "--no-demangle",
            "--out-dir",
        ])
        .arg(&out)
        .arg(module))?;
    say("making it small with wasm-opt (some minutes)");
    let small = work.join("small.wasm");
    run(Command::new(bin.join("wasm-opt"))
        .args([
            "-Oz",
            ONE_CALLER,
            "--enable-bulk-memory",
            "--enable-mutable-globals",
            "--enable-nontrapping-float-to-int",
            "--enable-reference-types",
            "--enable-sign-ext",
            "--enable-multivalue",
            "--debuginfo",
            "--strip-producers",
            "-o",
        ])
        .arg(&small)
        .arg(&first))?;
    parts::split(
        linked,
        &small,
        &out.join("ormscope_worker.js"),
        &first,
        &rest,
    )?;
    fs::write(mark_file, mark).map_err(text)
}

/// A number that tells modules apart.
fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
