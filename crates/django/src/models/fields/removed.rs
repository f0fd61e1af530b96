//! Fields that only historical migrations may still name.
use super::classes::builtin;
use crate::class::fill_class;
use crate::py;
use rustpython_vm::{PyResult, VirtualMachine};

/// Name, what to use instead, the number of the check.
const REMOVED: &[(&str, &str, &str)] = &[
    (
        "CommaSeparatedIntegerField",
        "Use CharField(validators=[validate_comma_separated_integer_list]) instead.",
        "fields.E901",
    ),
    (
        "IPAddressField",
        "Use GenericIPAddressField instead.",
        "fields.E900",
    ),
    (
        "NullBooleanField",
        "Use BooleanField(null=True, blank=True) instead.",
        "fields.E903",
    ),
];

/// Tells the checks about them.
pub fn install(vm: &VirtualMachine) -> PyResult<()> {
    for (name, hint, id) in REMOVED {
        let details = vm.ctx.new_dict();
        let says = match *name {
            "IPAddressField" => "has been removed",
            _ => "is removed",
        };
        let says = format!("{name} {says} except for support in historical migrations.");
        details.set_item("msg", py::str(vm, says), vm)?;
        details.set_item("hint", py::str(vm, hint), vm)?;
        details.set_item("id", py::str(vm, id), vm)?;
        fill_class(vm, &builtin(vm, name)?, |c| {
            c.attr("system_check_removed_details", details);
        })?;
    }
    Ok(())
}
