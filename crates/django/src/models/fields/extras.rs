//! Arguments of fields that the ORM itself has no use for, but migrations have to say again.
use super::object::PyField;
use crate::convert::{to_py, to_value};
use crate::py;
use orm_state::{FieldKind, Value};
use rustpython_vm::{Py, PyObjectRef, PyResult, VirtualMachine};

type Vm = VirtualMachine;

/// Their names, and what each is when it says nothing.
const NAMES: &[(&str, Unsaid)] = &[
    ("validators", Unsaid::Empty),
    ("error_messages", Unsaid::None),
    ("upload_to", Unsaid::Never),
    ("storage", Unsaid::None),
    ("width_field", Unsaid::None),
    ("height_field", Unsaid::None),
    ("path", Unsaid::Text),
    ("match", Unsaid::None),
    ("recursive", Unsaid::Flag(false)),
    ("allow_files", Unsaid::Flag(true)),
    ("allow_folders", Unsaid::Flag(false)),
];

#[derive(Clone, Copy)]
enum Unsaid {
    /// Always said.
    Never,
    None,
    Empty,
    Text,
    Flag(bool),
}

/// What `deconstruct()` says of them.
pub fn given(
    vm: &Vm,
    field: &Py<PyField>,
    kind: FieldKind,
) -> PyResult<Vec<(&'static str, PyObjectRef)>> {
    let mut out = vec![];
    for (name, unsaid) in NAMES {
        let Some(value) = field.part(name) else {
            if matches!(unsaid, Unsaid::Never) && matches!(kind, FieldKind::File | FieldKind::Image)
            {
                out.push((*name, py::str(vm, "")));
            }
            continue;
        };
        let nothing = match unsaid {
            Unsaid::Never => false,
            Unsaid::None => vm.is_none(&value),
            Unsaid::Empty => !value.clone().is_true(vm)?,
            Unsaid::Text => py::as_string(&value).is_some_and(|s| s.is_empty()),
            Unsaid::Flag(usual) => value.clone().is_true(vm)? == *usual,
        };
        if !nothing {
            out.push((*name, value));
        }
    }
    Ok(out)
}

/// The same for Rust, which keeps them with the field's options.
pub fn kept(vm: &Vm, field: &Py<PyField>, kind: FieldKind) -> PyResult<Vec<(String, Value)>> {
    given(vm, field, kind)?
        .into_iter()
        .map(|(name, value)| Ok((name.to_string(), to_value(vm, &value)?)))
        .collect()
}

/// Gives a field that Rust made what Rust kept of them.
pub fn restore(vm: &Vm, field: &Py<PyField>, kept: &[(String, Value)]) -> PyResult<()> {
    for (name, value) in kept {
        if let Some((name, _)) = NAMES.iter().find(|(n, _)| n == name) {
            field.set_part(name, to_py(vm, value)?);
        }
    }
    Ok(())
}
