//! JSON with the encoders and decoders of users: `json.dumps(value, cls=encoder)`.
use crate::convert::{PyObj, to_py, to_value};
use crate::error::OrForeign;
use crate::py;
use orm_sql::prep;
use orm_state::{Clause, Result, Value};
use rustpython_vm::vm::thread::with_current_vm;
use rustpython_vm::{PyObject, PyObjectRef, PyResult, VirtualMachine};
use std::rc::Rc;

/// Tells the ORM who writes and reads documents that Rust cannot.
pub fn install() {
    prep::set_json_encoder(Some(Rc::new(encode)));
    prep::set_json_decoder(Some(Rc::new(decode)));
}

fn class_of(clause: &Clause, vm: &VirtualMachine) -> PyObjectRef {
    match clause.as_any().downcast_ref::<PyObj>() {
        Some(class) => class.0.clone(),
        None => vm.ctx.none(),
    }
}

fn encode(value: &Value, encoder: Option<&Clause>) -> Result<String> {
    with_current_vm(|vm| {
        let value = to_py(vm, value).or_foreign()?;
        let encoder = encoder.map_or_else(|| vm.ctx.none(), |e| class_of(e, vm));
        dumps(&value, encoder, vm).or_foreign()
    })
}

/// `json.dumps(value, cls=encoder)`
pub fn dumps(value: &PyObject, encoder: PyObjectRef, vm: &VirtualMachine) -> PyResult<String> {
    let json = vm.import("json", 0)?;
    let text = py::call_kw(
        vm,
        &json,
        "dumps",
        vec![value.to_owned()],
        &[("cls", encoder)],
    )?;
    py::to_string(vm, &text)
}

fn decode(text: &str, decoder: &Clause) -> Result<Value> {
    with_current_vm(|vm| {
        let json = vm.import("json", 0).or_foreign()?;
        let (text, class) = (py::str(vm, text), class_of(decoder, vm));
        match py::call_kw(vm, &json, "loads", vec![text.clone()], &[("cls", class)]) {
            // What a decoder makes is the user's own, whatever it looks like.
            Ok(made) => Ok(Value::Object(Rc::new(PyObj(made)))),
            Err(e) if is_decode_error(&e, vm) => to_value(vm, &text).or_foreign(),
            Err(e) => Err(e).or_foreign(),
        }
    })
}

fn is_decode_error(
    error: &rustpython_vm::builtins::PyBaseExceptionRef,
    vm: &VirtualMachine,
) -> bool {
    use rustpython_vm::AsObject;
    let class = vm
        .import("json", 0)
        .and_then(|json| json.get_attr("JSONDecodeError", vm));
    class.is_ok_and(|class| error.as_object().is_instance(&class, vm).unwrap_or(false))
}
