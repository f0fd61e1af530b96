//! Tests of a project: a folder with models of its own, as `ormscope run` takes it.
//!
//! Other folders hold packages with tests, each an app, as Django's own suite does.
use std::path::Path;

/// Files that only a project has.
const MARKS: [&str; 3] = ["models.py", "settings.py", "queries.py"];

/// Whether a folder is a project.
pub fn is_project(folder: &Path) -> bool {
    MARKS.iter().any(|mark| folder.join(mark).is_file())
}

/// The modules `test*.py` among a project's files, the nearest first.
pub fn modules<'a>(files: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut found: Vec<(usize, String)> = files
        .filter_map(|path| {
            let stem = path.strip_suffix(".py")?;
            let name = stem.rsplit('/').next()?;
            let depth = stem.matches('/').count();
            name.starts_with("test")
                .then(|| (depth, stem.replace('/', ".")))
        })
        .collect();
    found.sort();
    found.into_iter().map(|(_, module)| module).collect()
}

#[cfg(test)]
mod tests {
    use super::modules;

    #[test]
    fn tests_are_found_beside_the_models_and_in_apps() {
        let files = [
            "shop/tests/test_orders.py",
            "models.py",
            "tests.py",
            "shop/latest.py",
        ];
        assert_eq!(
            modules(files.into_iter()),
            ["tests", "shop.tests.test_orders"]
        );
    }
}
