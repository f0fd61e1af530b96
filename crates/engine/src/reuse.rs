//! What of the last run the next one may start from.
use protocol::Project;
use std::hash::{DefaultHasher, Hash, Hasher};

/// A sum of everything that the script starts from.
pub fn key(project: &Project) -> u64 {
    let mut hasher = DefaultHasher::new();
    let script = project.script();
    for file in project.files.iter().filter(|f| f.path != script) {
        file.path.hash(&mut hasher);
        file.text.hash(&mut hasher);
    }
    project.migrate_to.hash(&mut hasher);
    hasher.finish()
}

/// Whether a script may leave something behind in the models' own modules: then they are loaded
/// again before the next run. Better once too often.
pub fn changes_more_than_rows(project: &Project, source: &str) -> bool {
    let words = [
        "class ",
        "import_",
        "register",
        "connect",
        "receiver",
        "settings",
        "setattr",
        "delattr",
        "globals",
        "_meta",
        "add_to_class",
        "execute_wrapper",
        "timezone",
    ];
    let assigns = source.lines().any(|line| {
        let target = line.split('=').next().unwrap_or_default().trim();
        let is_name = target
            .chars()
            .all(|c| c.is_alphanumeric() || c == '_' || c == '.');
        line.contains('=') && is_name && target.contains('.')
    });
    assigns || imports_own(project, source) || words.iter().any(|w| source.contains(w))
}

/// Whether a script imports a file of the project that the models have not: what is in it runs.
fn imports_own(project: &Project, source: &str) -> bool {
    source.lines().any(|line| {
        let mut words = line.split_whitespace();
        let module = match words.next() {
            Some("import" | "from") => words.next().unwrap_or_default(),
            _ => return line.contains("import "),
        };
        let top = module.split(['.', ',']).next().unwrap_or_default();
        let is_own = |path: &str| path.split(['/', '.']).next() == Some(top);
        line.contains(',') && line.trim_start().starts_with("import")
            || (module != "models" && project.files.iter().any(|f| is_own(&f.path)))
    })
}
