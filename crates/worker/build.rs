//! How much memory the engine may have in the page.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_ARCH").as_deref() != Ok("wasm32") {
        return;
    }
    // A script that eats memory is stopped at 1 GB, not when the machine has
    // none left. The stack holds Python's own recursion limit.
    println!("cargo::rustc-link-arg-cdylib=--max-memory=1073741824");
    println!("cargo::rustc-link-arg-cdylib=-zstack-size=8388608");
}
