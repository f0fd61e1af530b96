//! Dates, decimals and UUIDs, made and read by their slots.
//!
//! The interpreter's `datetime`, `decimal` and `uuid` are written in Python: a
//! call to `Decimal("9.99")` runs a regular expression and some dozens of
//! instructions. A queryset makes one for each row, out of values that are known
//! to be right, so their objects are filled directly. A class that isn't made of
//! such slots is called instead.
use rustpython_vm::builtins::{PyStrInterned, PyTypeRef};
use rustpython_vm::function::PySetterValue;
use rustpython_vm::types::PyTypeFlags;
use rustpython_vm::{AsObject, PyObjectRef, PyResult, VirtualMachine};

/// A class whose objects hold all they are in slots.
pub struct Slots {
    class: PyTypeRef,
    names: Vec<&'static PyStrInterned>,
}

impl Slots {
    /// Nothing if the class, or one of its bases, isn't written in Python or lacks
    /// one of the slots.
    pub fn of(vm: &VirtualMachine, class: &PyTypeRef, names: &[&str]) -> Option<Slots> {
        let object = vm.ctx.types.object_type;
        let plain = class
            .mro_collect()
            .iter()
            .all(|base| base.is(object) || base.heaptype_ext.is_some());
        if !plain || class.slots.flags.has_feature(PyTypeFlags::HAS_DICT) {
            return None;
        }
        let names: Vec<_> = names.iter().map(|name| vm.ctx.intern_str(*name)).collect();
        let slotted = names.iter().all(|name| {
            class
                .get_attr(name)
                .is_some_and(|found| found.class().name().to_string() == "member_descriptor")
        });
        slotted.then(|| Slots {
            class: class.clone(),
            names,
        })
    }

    /// An object with these values, in the order of the names.
    pub fn make(
        &self,
        vm: &VirtualMachine,
        values: impl IntoIterator<Item = PyObjectRef>,
    ) -> PyResult<PyObjectRef> {
        let made = vm.ctx.new_base_object(self.class.clone(), None);
        for (name, value) in self.names.iter().zip(values) {
            made.generic_setattr(name, PySetterValue::Assign(value), vm)?;
        }
        Ok(made)
    }
}
