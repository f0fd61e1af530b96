//! Tables: by the project's migrations, or straight from its models.
use django::migrations::Loader;
use protocol::Project;
use rustpython_vm::{PyResult, VirtualMachine};

/// Does what `migrate --run-syncdb` does, for every database, as far as the project says.
pub fn migrate(vm: &VirtualMachine, project: &Project) -> PyResult<()> {
    for alias in django::db::registry::aliases() {
        if project.migrate_to.is_empty() {
            command(vm, &[], &alias, true)?;
        } else {
            migrate_to(vm, project, &alias)?;
        }
    }
    Ok(())
}

/// App by app: what comes after the place where an app is held may not even be possible.
fn migrate_to(vm: &VirtualMachine, project: &Project, alias: &str) -> PyResult<()> {
    let apps = Loader::load(vm)?.apps;
    for app in apps.iter().filter(|a| !a.migrated) {
        command(vm, &[&app.label], alias, true)?;
    }
    let held = |label: &str| project.migrate_to.get(label);
    for app in apps.iter().filter(|a| a.migrated) {
        if held(&app.label).is_none() {
            command(vm, &[&app.label], alias, false)?;
        }
    }
    for app in apps.iter().filter(|a| a.migrated) {
        if let Some(name) = held(&app.label) {
            command(vm, &[&app.label, name], alias, false)?;
        }
    }
    Ok(())
}

fn command(vm: &VirtualMachine, arguments: &[&str], alias: &str, syncdb: bool) -> PyResult<()> {
    let mut words: Vec<String> = arguments.iter().map(|a| (*a).to_string()).collect();
    words.extend(["--verbosity=0", "--noinput"].map(String::from));
    words.push(format!("--database={alias}"));
    if syncdb {
        words.push("--run-syncdb".into());
    }
    django::management::perform(vm, "migrate", &words)
}
