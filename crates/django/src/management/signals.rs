//! `pre_migrate` and `post_migrate`.
use super::output::Output;
use crate::migrations::{historical, live};
use crate::modules;
use orm_migrations::ProjectState;
use orm_migrations::executor::Step;
use rustpython_vm::builtins::PyDict;
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{PyResult, VirtualMachine};

type Vm = VirtualMachine;

/// Sends a signal for every app, with the models of a state.
pub fn send(
    vm: &Vm,
    name: &str,
    state: &ProjectState,
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
    let apps = historical::render(vm, state)?;
    let steps: Vec<_> = plan
        .iter()
        .map(|s| {
            let label = format!("{}.{}", s.migration.app_label, s.migration.name);
            vm.ctx
                .new_tuple(vec![
                    vm.ctx.new_str(label).into(),
                    vm.ctx.new_bool(s.backwards).into(),
                ])
                .into()
        })
        .collect();
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
