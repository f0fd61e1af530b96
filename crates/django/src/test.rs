//! `django.test`: test cases, their tools, and the runner.
//!
//! ```text
//! unittest.TestCase            Python's own
//!  └ SimpleTestCase            asserts, settings()          cases, asserts
//!     └ TransactionTestCase    databases, flush             cases, database
//!        └ TestCase            atomics, setUpTestData       cases, data
//! override_settings, isolate_apps, register_lookup …        context, overrides, tools
//! CaptureQueriesContext, assertNumQueries                   queries
//! skipUnlessDBFeature …                                     features
//! run(labels) → outcomes                                    runner
//! ```
//!
//! The modules are made when they are first imported: `unittest` takes a moment to load.
mod asserts;
mod call;
mod cases;
mod context;
mod data;
mod database;
mod features;
mod overrides;
mod queries;
pub mod runner;
pub mod setting_up;
mod tools;

use crate::modules;
use python::importer;
use rustpython_vm::{PyResult, VirtualMachine};

/// Every module that is made on the first import of one of them.
const MODULES: [&str; 5] = [
    "django.test",
    "django.test.utils",
    "django.test.testcases",
    "django.test.signals",
    "django.test.runner",
];

/// Promises the modules.
pub fn install() {
    for name in MODULES {
        importer::provide(name, make);
    }
}

fn make(vm: &VirtualMachine) -> PyResult<()> {
    if modules::module(vm, "django.test")?
        .dict()
        .contains_key("TestCase", vm)
    {
        return Ok(());
    }
    for name in MODULES {
        modules::module(vm, name)?;
    }
    context::install(vm)?;
    overrides::install(vm)?;
    queries::install(vm)?;
    features::install(vm)?;
    tools::install(vm)?;
    data::install(vm)?;
    cases::install(vm)?;
    modules::reexport(vm, "django.test.testcases", "django.test")?;
    for path in ["django.test", "django.test.client"] {
        crate::library::promise(
            vm,
            path,
            "django.test._requests",
            &["Client", "RequestFactory"],
        )?;
    }
    crate::library::promise(
        vm,
        "django.test.runner",
        "django.test._results",
        &["DebugSQLTextTestResult"],
    )?;
    crate::library::promise(
        vm,
        "django.test.testcases",
        "django.test._serialize",
        &["SerializeMixin"],
    )
}
