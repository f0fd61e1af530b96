//! Random querysets on real Django and on ours.

use crate::run::{cargo, run};
use crate::{Outcome, django, ours};

/// `fuzz-oracle --seed S --n N`
pub fn fuzz(words: &[String]) -> Outcome {
    let ormscope = ours::build(ours::Profile::Dev)?;
    run(cargo()
        .args([
            "run",
            "--quiet",
            "--package",
            "ormscope-tests",
            "--bin",
            "fuzz-oracle",
            "--",
        ])
        .args(words)
        .env("ORMSCOPE_BIN", ormscope)
        .env("ORMSCOPE_DJANGO_PYTHON", django::python()?))
}
