//! `AppConfig`.
use crate::class::class;
use crate::models::class_of_model;
use crate::{error, modules, py};
use rustpython_vm::builtins::PyTypeRef;
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{AsObject, PyObjectRef, PyResult, VirtualMachine};

type Vm = VirtualMachine;

pub fn install(vm: &Vm) -> PyResult<()> {
    let made = class(vm, "django.apps.config", "AppConfig", &[], |c| {
        c.method(
            "__init__",
            |o: PyObjectRef, name: String, module: PyObjectRef, vm: &Vm| -> PyResult<()> {
                py::set_attr(vm, &o, "name", py::str(vm, &name))?;
                py::set_attr(vm, &o, "module", module)?;
                py::set_attr(vm, &o, "apps", vm.ctx.none())?;
                let last = name.rsplit('.').next().unwrap_or(&name).to_string();
                let own = |n: &str| py::attr_opt(vm, o.class().as_object(), n);
                if own("label")?.is_none() {
                    py::set_attr(vm, &o, "label", py::str(vm, &last))?;
                }
                if own("verbose_name")?.is_none() {
                    let label = py::to_string(vm, &py::attr(vm, &o, "label")?)?;
                    let mut title = String::new();
                    let mut start = true;
                    for c in label.chars() {
                        if start {
                            title.extend(c.to_uppercase())
                        } else {
                            title.push(c)
                        }
                        start = !c.is_alphanumeric();
                    }
                    py::set_attr(vm, &o, "verbose_name", py::str(vm, title))?;
                }
                if own("path")?.is_none() {
                    py::set_attr(vm, &o, "path", py::str(vm, name.replace('.', "/")))?;
                }
                py::set_attr(vm, &o, "models_module", vm.ctx.none())
            },
        );
        c.method("__repr__", |o: PyObjectRef, vm: &Vm| -> PyResult<String> {
            let label = py::to_string(vm, &py::attr(vm, &o, "label")?)?;
            Ok(format!("<{}: {label}>", o.class().name()))
        });
        c.method("ready", |_: PyObjectRef| {});
        c.classmethod("create", |_: PyObjectRef, entry: PyObjectRef, vm: &Vm| {
            create(vm, entry)
        });
        c.method("get_models", |o: PyObjectRef, args: FuncArgs, vm: &Vm| {
            let label = py::to_string(vm, &py::attr(vm, &o, "label")?)?;
            let all = modules::find(vm, "django.apps", "apps")?;
            let all = py::attr(vm, &all, "get_models")?.call(args, vm)?;
            let mut out = vec![];
            for m in py::list(vm, &all)? {
                if crate::models::model_of_class(vm, &m).is_some_and(|m| **m.app_label() == *label)
                {
                    out.push(m);
                }
            }
            vm.ctx
                .new_list(out)
                .as_object()
                .get_iter(vm)
                .map(PyObjectRef::from)
        });
        c.method(
            "get_model",
            |o: PyObjectRef, name: String, _: FuncArgs, vm: &Vm| {
                let label = py::attr(vm, &o, "label")?;
                let apps = modules::find(vm, "django.apps", "apps")?;
                py::call(vm, &apps, "get_model", vec![label, py::str(vm, name)])
            },
        );
        c.getter("models", |o, vm| {
            let label = py::to_string(vm, &py::attr(vm, &o, "label")?)?;
            let apps = modules::find(vm, "django.apps", "apps")?;
            let out = vm.ctx.new_dict();
            if let Some(apps) = super::rust_apps(&apps) {
                for m in apps.app_models(&label) {
                    out.set_item(&**m.model_name(), class_of_model(vm, &m)?, vm)?;
                }
            }
            Ok(out.into())
        });
        c.method("import_models", |o: PyObjectRef, vm: &Vm| -> PyResult<()> {
            let name = py::to_string(vm, &py::attr(vm, &o, "name")?)?;
            let path = if name.is_empty() {
                "models".into()
            } else {
                format!("{name}.models")
            };
            let path = vm.ctx.new_str(path);
            if vm.import(&path, 0).is_ok() {
                let all = vm.sys_module.get_attr("modules", vm)?;
                let module = all.get_item(&*path, vm)?;
                py::set_attr(vm, &o, "models_module", module)?;
            }
            Ok(())
        });
        c.getter("_is_default_auto_field_overridden", |_, vm| {
            Ok(py::bool(vm, false))
        });
    })?;
    modules::export_all(
        vm,
        &["django.apps", "django.apps.config"],
        "AppConfig",
        made,
    )
}

/// An `AppConfig` out of an entry of `INSTALLED_APPS`: itself, a class's path, or a package.
pub fn create(vm: &Vm, entry: PyObjectRef) -> PyResult {
    let base: PyTypeRef = modules::find(vm, "django.apps", "AppConfig")?
        .downcast()
        .map_err(|_| vm.new_type_error("not a class"))?;
    if entry.fast_isinstance(&base) {
        return Ok(entry);
    }
    let path = py::to_string(vm, &entry)?;
    let import = |name: &str| -> PyResult<Option<PyObjectRef>> {
        let name = vm.ctx.new_str(name);
        match vm.import(&name, 0) {
            Ok(_) => {
                let all = vm.sys_module.get_attr("modules", vm)?;
                all.get_item(&*name, vm).map(Some)
            }
            Err(e) if e.fast_isinstance(vm.ctx.exceptions.import_error) => Ok(None),
            Err(e) => Err(e),
        }
    };
    // A package may configure itself in `apps.py`.
    if let Some(module) = import(&path)? {
        let mut found = None;
        if let Some(apps) = import(&format!("{path}.apps"))? {
            let dict = py::attr(vm, &apps, "__dict__")?;
            let values = py::call(vm, &dict, "values", vec![])?;
            let mut candidates = vec![];
            for v in py::list(vm, &values)? {
                if let Some(class) = py::as_class(&v)
                    && class.fast_issubclass(&base)
                    && !class.is(&base)
                {
                    candidates.push(class);
                }
            }
            let is_default = |c: &PyTypeRef| -> PyResult<bool> {
                Ok(match py::attr_opt(vm, c.as_object(), "default")? {
                    Some(d) => d.is_true(vm)?,
                    None => false,
                })
            };
            for c in &candidates {
                if is_default(c)? {
                    found = Some(c.clone());
                }
            }
            if found.is_none() && candidates.len() == 1 {
                found = candidates.pop();
            }
        }
        let class = found.unwrap_or_else(|| base.clone());
        let name = match py::attr_opt(vm, class.as_object(), "name")? {
            Some(n) => n,
            None => py::str(vm, &path),
        };
        return class.as_object().call((name, module), vm);
    }
    if let Some((module, class)) = path.rsplit_once('.')
        && let Some(module) = import(module)?
        && let Some(class) = py::attr_opt(vm, &module, class)?
        && py::as_class(&class).is_some_and(|c| c.fast_issubclass(&base))
    {
        let name = match py::attr_opt(vm, &class, "name")? {
            Some(n) => n,
            None => {
                return Err(error::raise(
                    vm,
                    "ImproperlyConfigured",
                    format!("'{path}' must supply a name attribute."),
                ));
            }
        };
        let name_text = vm.ctx.new_str(py::to_string(vm, &name)?);
        vm.import(&name_text, 0)?;
        let all = vm.sys_module.get_attr("modules", vm)?;
        let module = all.get_item(&*name_text, vm)?;
        return class.call((name, module), vm);
    }
    let name = vm.ctx.new_str(path.as_str());
    vm.import(&name, 0)?;
    Err(vm.new_import_error(format!("No module named '{path}'"), name))
}
