//! What a run of tests begins with: the settings of Django's own SQLite runs, the apps, the tables.
use super::call::{attr, call, module, text};
use super::database;
use crate::{conf, db, modules};
use python::runtime;
use rustpython_vm::{AsObject, PyObjectRef, PyResult, VirtualMachine};

type Vm = VirtualMachine;

/// Apps that are installed beside the tested ones.
const BESIDE: [&str; 7] = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sites",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.admin.apps.SimpleAdminConfig",
    "django.contrib.staticfiles",
];

/// What is deprecated or prone to error fails, as in Django's own runs.
fn strict_warnings(vm: &Vm) -> PyResult<()> {
    let deprecation = module(vm, "django.utils.deprecation")?;
    let warnings = module(vm, "warnings")?;
    for category in [
        attr(vm, &deprecation, "RemovedInDjango2028Warning")?,
        attr(vm, vm.builtins.as_object(), "RuntimeWarning")?,
    ] {
        call(
            vm,
            &warnings,
            "simplefilter",
            vec![text(vm, "error"), category],
        )?;
    }
    Ok(())
}

/// Prepares an interpreter to run the tests of some labels below a folder.
pub fn set_up(vm: &Vm, folder: &str, labels: &[String]) -> PyResult<()> {
    runtime::set_path(vm, &[folder])?;
    settings(vm)?;
    harden_warnings(vm)?;
    let mut names: Vec<String> = BESIDE.map(String::from).to_vec();
    for label in labels {
        let app = label.split('.').next().unwrap_or(label);
        if !names.iter().any(|n| n == app) {
            names.push(app.to_owned());
        }
    }
    let installed: Vec<PyObjectRef> = names.iter().map(|n| text(vm, n)).collect();
    let installed: PyObjectRef = vm.ctx.new_list(installed).into();
    let settings = conf::settings(vm)?;
    conf::set(&settings, "INSTALLED_APPS", installed.clone(), vm)?;
    let apps = modules::find(vm, "django.apps", "apps")?;
    call(vm, &apps, "populate", vec![installed])?;
    Ok(())
}

/// Makes the tables. Test modules are imported before, and the models they bring are there.
pub fn make_tables(vm: &Vm) -> PyResult<()> {
    strict_warnings(vm)?;
    database::create_tables(vm)?;
    for alias in db::registry::aliases() {
        database::tell_migrated(vm, &alias)?;
        // The checks that come before tests ask this of every database.
        let connection = db::database(vm, &alias)?;
        let features = crate::py::attr(vm, connection.as_object(), "features")?;
        crate::py::attr(vm, &features, "supports_json_field")?;
    }
    Ok(())
}

/// What will go away, and what is likely a mistake, is an error in tests.
fn harden_warnings(vm: &Vm) -> PyResult<()> {
    super::call::module(vm, "django.utils.deprecation")?;
    let mut classes = vec![
        vm.ctx.exceptions.resource_warning.to_owned().into(),
        vm.ctx.exceptions.runtime_warning.to_owned().into(),
    ];
    for name in [
        "RemovedInNextVersionWarning",
        "RemovedAfterNextVersionWarning",
    ] {
        classes.push(modules::find(vm, "django.utils.deprecation", name)?);
    }
    let warnings = super::call::module(vm, "warnings")?;
    for class in classes {
        call(
            vm,
            &warnings,
            "simplefilter",
            vec![text(vm, "error"), class],
        )?;
    }
    Ok(())
}

fn settings(vm: &Vm) -> PyResult<()> {
    let settings = conf::settings(vm)?;
    let migrations = vm.ctx.new_dict();
    for app in ["auth", "contenttypes", "sessions"] {
        migrations.set_item(app, vm.ctx.none(), vm)?;
    }
    let databases = vm.ctx.new_dict();
    for alias in ["default", "other"] {
        let one = vm.ctx.new_dict();
        one.set_item("ENGINE", text(vm, "django.db.backends.sqlite3"), vm)?;
        let name = format!("file:memorydb_{alias}?mode=memory&cache=shared");
        one.set_item("NAME", text(vm, &name), vm)?;
        databases.set_item(alias, one.into(), vm)?;
    }
    let no = || PyObjectRef::from(vm.ctx.new_bool(false));
    for (name, value) in [
        ("DEBUG", no()),
        ("USE_TZ", no()),
        ("TIME_ZONE", text(vm, "America/Chicago")),
        ("LANGUAGE_CODE", text(vm, "en")),
        ("SITE_ID", vm.ctx.new_int(1).into()),
        ("SECRET_KEY", text(vm, "django_tests_secret_key")),
        ("MIGRATION_MODULES", migrations.into()),
        ("DATABASES", databases.clone().into()),
    ] {
        conf::set(&settings, name, value, vm)?;
    }
    db::configure(vm, &databases)
}
