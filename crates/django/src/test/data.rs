//! What `setUpTestData` leaves on a class: every test gets a copy of its own.
use super::call::{attr, call, maybe, module, set, text};
use crate::class::class;
use crate::modules;
use rustpython_vm::{PyObjectRef, PyResult, VirtualMachine};

type Vm = VirtualMachine;

/// Where an instance keeps the memo of its copies, so that shared objects stay shared.
const MEMO: &str = "_testdata_memo";

pub fn install(vm: &Vm) -> PyResult<()> {
    let made = class(vm, "django.test.testcases", "TestData", &[], |c| {
        c.attr("memo_attr", text(vm, MEMO));
        c.method(
            "__init__",
            |this: PyObjectRef, name: PyObjectRef, data: PyObjectRef, vm: &Vm| {
                set(vm, &this, "name", name)?;
                set(vm, &this, "data", data)
            },
        );
        c.method("__get__", get);
        c.method(
            "__repr__",
            |this: PyObjectRef, vm: &Vm| -> PyResult<String> {
                let (name, data) = (attr(vm, &this, "name")?, attr(vm, &this, "data")?);
                let (name, data) = (name.repr(vm)?, data.repr(vm)?);
                Ok(format!(
                    "<TestData: name={}, data={}>",
                    name.to_string_lossy(),
                    data.to_string_lossy()
                ))
            },
        );
    })?;
    modules::export(vm, "django.test.testcases", "TestData", made)
}

fn get(this: PyObjectRef, instance: PyObjectRef, _owner: PyObjectRef, vm: &Vm) -> PyResult {
    let data = attr(vm, &this, "data")?;
    if vm.is_none(&instance) {
        return Ok(data);
    }
    let memo = match maybe(vm, &instance, MEMO)? {
        Some(memo) => memo,
        None => {
            let memo: PyObjectRef = vm.ctx.new_dict().into();
            set(vm, &instance, MEMO, memo.clone())?;
            memo
        }
    };
    let copy = call(vm, &*module(vm, "copy")?, "deepcopy", vec![data, memo])?;
    let name = attr(vm, &this, "name")?.str(vm)?;
    set(vm, &instance, &name.to_string_lossy(), copy.clone())?;
    Ok(copy)
}
