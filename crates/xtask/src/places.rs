//! Where things are.

use std::env;
use std::path::PathBuf;

/// The workspace's folder.
pub fn root() -> PathBuf {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).map_or(here.clone(), PathBuf::from)
}

/// What cargo builds into.
pub fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// What every clone on this machine may share: tools, real Django.
pub fn shared() -> PathBuf {
    env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")))
        .map_or_else(|| root().join(".cache"), |cache| cache.join("ormscope"))
}

/// The static site.
pub fn dist() -> PathBuf {
    root().join("dist")
}

/// A path as it is shown: from the workspace's folder.
pub fn shown(path: &std::path::Path) -> String {
    path.strip_prefix(root())
        .unwrap_or(path)
        .display()
        .to_string()
}
