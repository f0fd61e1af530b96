//! `django.db.models.fields.json`: `KT("data__owner")`, `KeyTransform("owner", "data")`.
use super::JSON;
use crate::class::{class, function};
use crate::error::OrRaise;
use crate::expressions::call::{Arguments, reference};
use crate::expressions::classes::{find, remember, wrap};
use crate::modules::export;
use orm_sql::Expr;
use orm_sql::lookups::json::key_transform::{KeyTransform, kt};
use rustpython_vm::{PyObjectRef, PyResult, VirtualMachine};

/// What users' classes build upon, in Python.
const KEYS: &str = "django.db.models.fields._json_keys";

/// What `JSONField.get_transform` gives for a name that is no transform.
pub fn key_factory(vm: &VirtualMachine, name: &str) -> PyResult {
    vm.import(KEYS, 0)?;
    let class = crate::modules::find(vm, KEYS, "KeyTransformFactory")?;
    class.call((vm.ctx.new_str(name),), vm)
}

/// The classes, and `KT`.
pub fn install(vm: &VirtualMachine) -> PyResult<()> {
    for (name, base) in [
        ("KeyTransform", "Transform"),
        ("KeyTextTransform", "KeyTransform"),
    ] {
        let base = find(base).ok_or_else(|| vm.new_runtime_error(format!("no class {base}")))?;
        let made = class(vm, JSON, name, &[base], |c| {
            c.getter("key_name", |o, vm| match held(&o) {
                Some(k) => Ok(vm.ctx.new_str(&*k.key).into()),
                None => Ok(vm.ctx.none()),
            });
        })?;
        remember(name, &made);
        export(vm, JSON, name, made)?;
    }
    let path = function(
        vm,
        "KT",
        |lookup: String, vm: &VirtualMachine| -> PyResult { wrap(vm, &kt(&lookup).or_raise(vm)?) },
    );
    export(vm, JSON, "KT", path)?;
    crate::library::promise(
        vm,
        JSON,
        KEYS,
        &["KeyTransformFactory", "KeyTransformTextLookupMixin"],
    )
}

fn held(obj: &PyObjectRef) -> Option<KeyTransform> {
    crate::expressions::object::inner(obj)
        .and_then(|e| e.as_any().downcast_ref::<KeyTransform>().cloned())
}

/// `KeyTransform(key_name, lhs)`
pub fn build(vm: &VirtualMachine, class: &str, text: bool, mut a: Arguments<'_>) -> PyResult<Expr> {
    let key = a.required(class, "key_name")?;
    let lhs = a.required(class, "lhs")?;
    a.finish(class)?;
    let key = key.str(vm)?.to_string_lossy().into_owned();
    Ok(KeyTransform::new(&key, reference(vm, &lhs)?, text))
}
