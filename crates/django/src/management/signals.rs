//! `pre_migrate` and `post_migrate`.
use super::output::Output;
use crate::convert::PyObj;
use crate::migrations::{convert_operation, historical, live};
use crate::{modules, py};
use orm_migrations::ProjectState;
use orm_migrations::executor::Step;
use rustpython_vm::builtins::PyDict;
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{PyObjectRef, PyResult, VirtualMachine};
use std::rc::Rc;

type Vm = VirtualMachine;

/// Sends a signal for every app, with the models of a state; without one, with those that there
/// are now.
pub fn send(
    vm: &Vm,
    name: &str,
    state: Option<&ProjectState>,
    plan: &[Step],
    verbosity: u8,
    using: &str,
    out: &Output,
) -> PyResult<()> {
    let signal = match modules::find(vm, "django.db.models.signals", name) {
        Ok(s) => s,
        Err(_) => return Ok(()),
    };
    let receivers = signal.get_attr("receivers", vm);
    let heard = match receivers {
        Ok(r) => r.is_true(vm).unwrap_or(true),
        Err(_) => true,
    };
    if !heard {
        return Ok(());
    }
    let main = modules::find(vm, "django.apps", "apps")?;
    let configs = main.get_attr("app_configs", vm)?;
    let Some(configs) = configs.downcast_ref::<PyDict>().map(|d| d.items_vec()) else {
        return Ok(());
    };
    let _ = live::apps(vm)?;
    let apps = match state {
        Some(state) => historical::render(vm, state)?,
        None => main.clone(),
    };
    let mut steps = vec![];
    for step in plan {
        let migration = planned(vm, step)?;
        let pair = vec![migration, vm.ctx.new_bool(step.backwards).into()];
        steps.push(vm.ctx.new_tuple(pair).into());
    }
    let steps = vm.ctx.new_list(steps);
    for (_, config) in configs {
        let mut call = FuncArgs::default();
        for (k, v) in [
            ("sender", config.clone()),
            ("app_config", config),
            ("verbosity", vm.ctx.new_int(i64::from(verbosity)).into()),
            ("interactive", vm.ctx.new_bool(false).into()),
            ("using", vm.ctx.new_str(using).into()),
            ("stdout", out.stdout.clone()),
            ("apps", apps.clone()),
            ("plan", steps.clone().into()),
        ] {
            call.kwargs.insert(k.into(), v);
        }
        signal.get_attr("send", vm)?.call(call, vm)?;
    }
    Ok(())
}

/// The migration of a step for those who hear of it.
fn planned(vm: &Vm, step: &Step) -> PyResult {
    if let Some(object) = face(step) {
        return Ok(object.clone());
    }
    let class = modules::find(vm, "django.db.migrations", "Migration")?;
    let (name, label) = (&*step.migration.name, &*step.migration.app_label);
    class.call((vm.ctx.new_str(name), vm.ctx.new_str(label)), vm)
}

fn face(step: &Step) -> Option<&PyObjectRef> {
    let face = step.migration.face.as_ref()?;
    face.as_any().downcast_ref::<PyObj>().map(|o| &o.0)
}

/// The plan with the operations that receivers of `pre_migrate` put in: content types follow
/// their models' names that way.
pub fn heeded(vm: &Vm, plan: Vec<Step>) -> PyResult<Vec<Step>> {
    plan.into_iter()
        .map(|step| {
            let Some(object) = face(&step) else {
                return Ok(step);
            };
            let operations = py::attr(vm, object, "operations")?;
            if py::list(vm, &operations)?.len() == step.migration.operations.len() {
                return Ok(step);
            }
            let mut migration = (*step.migration).clone();
            migration.operations = convert_operation::operations(vm, &operations)?;
            Ok(Step {
                migration: Rc::new(migration),
                backwards: step.backwards,
            })
        })
        .collect()
}
