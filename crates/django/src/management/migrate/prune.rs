//! `migrate --prune`: forgets applied migrations that no longer exist.
use super::{Job, dict};
use crate::management::command_error;
use crate::migrations::graph;
use crate::py;
use rustpython_vm::{PyResult, VirtualMachine};

type Vm = VirtualMachine;

pub fn prune(vm: &Vm, job: &Job<'_>) -> PyResult<()> {
    let Some(app) = job.app() else {
        return Err(command_error(
            vm,
            "Migrations can be pruned only when an app is specified.",
        ));
    };
    let (out, loud) = (job.out, job.loud());
    if loud {
        out.heading(vm, "Pruning migrations:")?;
    }
    let keys = |name: &str| graph::keys(vm, &*py::attr(vm, &job.loader, name)?);
    let there = keys("disk_migrations")?;
    let mut gone = keys("applied_migrations")?;
    gone.retain(|k| k.0 == app && !there.contains(k));
    gone.sort();
    let mut squashed = vec![];
    for (key, m) in &dict(vm, py::attr(vm, &job.loader, "replacements")?)? {
        let parts = graph::keys(vm, &*py::attr(vm, &m, "replaces")?)?;
        if parts.iter().any(|p| gone.contains(p)) {
            squashed.push(graph::key(vm, &key)?);
        }
    }
    if !squashed.is_empty() {
        let notice = |text: &str| out.line(vm, &out.paint(vm, "NOTICE", text)?);
        notice(
            "  Cannot use --prune because the following squashed migrations have their 'replaces' \
             attributes and may not be recorded as applied:",
        )?;
        for (app, name) in squashed {
            out.line(vm, &format!("    {app}.{name}"))?;
        }
        return notice(
            "  Re-run 'manage.py migrate' if they are not marked as applied, and remove \
             'replaces' attributes in their Migration classes.",
        );
    }
    if gone.is_empty() && loud {
        out.line(vm, "  No migrations to prune.")?;
    }
    let recorder = py::attr(vm, &job.executor, "recorder")?;
    for (app, name) in gone {
        if loud {
            let text = format!("  Pruning {app}.{name}");
            out.write(vm, &out.paint(vm, "MIGRATE_LABEL", &text)?)?;
        }
        let key = vec![py::str(vm, app), py::str(vm, name)];
        py::call(vm, &recorder, "record_unapplied", key)?;
        if loud {
            out.line(vm, &out.paint(vm, "SUCCESS", " OK")?)?;
        }
    }
    Ok(())
}
