//! Real Django: a Python for it, a virtual environment, its source
//! distribution. All of it stays in the cache; none of it in the repository.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::run::{cargo, read, run, say, which};
use crate::{Outcome, places, tools};

/// The version whose behaviour is ours.
pub const VERSION: &str = "6.1.3";
/// Of its source distribution.
const SHA256: &str = "b5d2d9e35295065d13b1927b3f19a59bd119f737aa6299def14ccca1ae3c8c0d";

/// `oracle [--check] [WORD…]`
pub fn oracle(words: &[String]) -> Outcome {
    let python = python()?;
    run(cargo()
        .args([
            "run",
            "--quiet",
            "--package",
            "ormscope-tests",
            "--bin",
            "oracle",
            "--",
        ])
        .args(words)
        .env("ORMSCOPE_DJANGO_PYTHON", python))
}

/// A Python that has real Django: `ORMSCOPE_DJANGO_PYTHON`, or one made here.
pub fn python() -> Outcome<PathBuf> {
    if let Some(given) = env::var_os("ORMSCOPE_DJANGO_PYTHON") {
        return Ok(PathBuf::from(given));
    }
    let venv = places::shared().join(format!("django-{VERSION}-venv"));
    let python = venv.join("bin/python");
    if version_of_django(&python).as_deref() == Some(VERSION) {
        return Ok(python);
    }
    let base = base_python()?;
    say(&format!(
        "making a virtual environment with Django {VERSION}"
    ));
    if run(Command::new(&base)
        .args(["-m", "venv", "--clear"])
        .arg(&venv))
    .is_err()
    {
        tools::install("Python's venv", &["python3-venv"])?;
        run(Command::new(&base)
            .args(["-m", "venv", "--clear"])
            .arg(&venv))?;
    }
    run(Command::new(&python).args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        &format!("Django=={VERSION}"),
    ]))?;
    Ok(python)
}

fn version_of_django(python: &Path) -> Option<String> {
    read(Command::new(python).args(["-c", "import django; print(django.__version__)"]))
}

/// A Python of at least 3.12: from the PATH, or one of pyenv's.
fn base_python() -> Outcome<PathBuf> {
    let mut candidates: Vec<PathBuf> = [
        "python3.13",
        "python3.12",
        "python3.14",
        "python3",
        "python",
    ]
    .into_iter()
    .filter_map(which)
    .collect();
    let pyenv = env::var_os("PYENV_ROOT")
        .map(PathBuf::from)
        .or_else(|| env::var_os("HOME").map(|home| PathBuf::from(home).join(".pyenv")));
    if let Some(versions) = pyenv.and_then(|root| fs::read_dir(root.join("versions")).ok()) {
        let mut found: Vec<PathBuf> = versions
            .flatten()
            .map(|entry| entry.path().join("bin/python3"))
            .collect();
        found.sort();
        candidates.extend(found.into_iter().rev());
    }
    candidates
        .into_iter()
        .find(|python| {
            read(Command::new(python).args(["-c", "import sys, venv, sqlite3; print(sys.version_info >= (3, 12))"]))
                .as_deref()
                == Some("True")
        })
        .ok_or_else(|| {
            "a Python of at least 3.12 is missing. Run `sudo apt-get install -y python3 python3-venv` \
             (Debian 13) or `pyenv install 3.13`, and then this again."
                .to_owned()
        })
}

/// Django's source distribution, unpacked: the folder with `tests/`.
pub fn source() -> Outcome<PathBuf> {
    if let Some(given) = env::var_os("ORMSCOPE_DJANGO_SOURCE") {
        return Ok(PathBuf::from(given));
    }
    let text = |error: std::io::Error| error.to_string();
    let folder = places::shared().join("source");
    let unpacked = folder.join(format!("django-{VERSION}"));
    if unpacked.join("tests/runtests.py").exists() {
        return Ok(unpacked);
    }
    let python = python()?;
    fs::create_dir_all(&folder).map_err(text)?;
    say(&format!(
        "fetching Django {VERSION}'s source distribution, which has its tests"
    ));
    let requirement = folder.join("requirement.txt");
    fs::write(
        &requirement,
        format!("Django=={VERSION} --hash=sha256:{SHA256}\n"),
    )
    .map_err(text)?;
    run(Command::new(python)
        .args([
            "-m",
            "pip",
            "download",
            "--quiet",
            "--disable-pip-version-check",
            "--no-deps",
            "--no-binary=:all:",
            "--require-hashes",
            "--dest",
        ])
        .arg(&folder)
        .arg("--requirement")
        .arg(&requirement))?;
    let archive = fs::read_dir(&folder)
        .map_err(text)?
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.to_string_lossy().ends_with(".tar.gz"))
        .ok_or("pip brought no source distribution")?;
    run(Command::new("tar")
        .arg("-xzf")
        .arg(archive)
        .arg("-C")
        .arg(&folder))?;
    if unpacked.join("tests/runtests.py").exists() {
        Ok(unpacked)
    } else {
        Err(format!("{} has no tests", unpacked.display()))
    }
}
