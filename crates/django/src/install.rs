//! Putting `django` into an interpreter.
use crate::{
    apps, checks, conf, convert, core, db, dispatch, error, expressions, library, management,
    migrations, models, modules, queries, test,
};
use rustpython_vm::{PyResult, VirtualMachine};

/// Packages that hold nothing of their own until something is exported from them.
const PACKAGES: &[&str] = &[
    "django",
    "django.apps",
    "django.conf",
    "django.contrib",
    "django.core",
    "django.core.exceptions",
    "django.core.validators",
    "django.core.management",
    "django.core.management.base",
    "django.db",
    "django.db.utils",
    "django.db.transaction",
    "django.db.models",
    "django.db.models.deletion",
    "django.db.models.fields",
    "django.db.models.fields.related",
    "django.db.migrations",
    "django.db.migrations.exceptions",
    "django.dispatch",
    "django.utils",
    "django.utils.connection",
];

/// Modules that people import everything from, and that have modules below them; with the names
/// among these that are made when they are asked for.
const STARRED: &[(&str, &[&str])] = &[
    ("django.db", &[]),
    ("django.db.migrations.operations", &[]),
    (
        "django.db.models",
        &[
            "Choices",
            "Deferrable",
            "IntegerChoices",
            "TextChoices",
            "WindowFrameExclusion",
        ],
    ),
    ("django.db.models.aggregates", &[]),
    ("django.db.models.fields", &[]),
    ("django.db.models.functions", &[]),
];

/// Makes every `django` module. Called once, when an interpreter starts.
pub fn install(vm: &VirtualMachine) -> PyResult<()> {
    crate::class::install();
    crate::warnings::install();
    for path in PACKAGES {
        modules::module(vm, path)?;
    }
    let version = [6, 1, 3].map(|n| vm.ctx.new_int(n).into()).to_vec();
    let version = [
        version,
        vec![vm.ctx.new_str("final").into(), vm.ctx.new_int(0).into()],
    ]
    .concat();
    modules::export(vm, "django", "VERSION", vm.ctx.new_tuple(version))?;
    modules::export(vm, "django", "__version__", vm.ctx.new_str("6.1.3"))?;
    let version = vm.new_function("get_version", || "6.1.3".to_string());
    modules::export(vm, "django", "get_version", version)?;
    for path in error::MODULES {
        for (name, class) in error::of_module(vm, path) {
            modules::export(vm, path, name, class)?;
        }
    }
    modules::reexport(vm, "django.db.utils", "django.db")?;
    for name in ["ProtectedError", "RestrictedError"] {
        modules::export(vm, "django.db.models", name, error::class(vm, name))?;
    }
    core::install(vm)?;
    dispatch::install(vm)?;
    db::install(vm)?;
    conf::install(vm)?;
    models::install(vm)?;
    apps::install(vm)?;
    crate::utils::install(vm)?;
    db::wrapper::class(vm)?;
    queries::install(vm)?;
    models::base::rows::install(vm)?;
    expressions::install(vm)?;
    migrations::install(vm)?;
    checks::install(vm)?;
    management::install(vm)?;
    for (path, late) in STARRED {
        modules::list_public(vm, path, late)?;
    }
    test::install();
    library::install();
    Ok(())
}

/// Forgets everything that belonged to an interpreter that ends.
pub fn reset() {
    convert::reset();
    error::reset();
    db::reset();
    db::router::reset();
    apps::reset();
    dispatch::reset();
    models::reset();
    expressions::reset();
    crate::utils::timezone::reset();
    crate::warnings::reset();
    crate::utils::translation::reset();
}

/// Forgets the project that an interpreter ran; the next one may come.
pub fn forget_project(vm: &VirtualMachine) -> PyResult<()> {
    db::reset();
    convert::forget_project();
    dispatch::clear();
    library::forget(vm)?;
    apps::clear(vm)
}
