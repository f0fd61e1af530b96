//! `db_type`, `db_parameters` and their kin: what a field's column is in the database.
//!
//! ```python
//! models.CharField(max_length=9).db_parameters(connection)
//! # {'type': 'varchar(9)', 'check': None}
//! ```
use super::properties::{self, inner};
use crate::class::Class;
use crate::error::OrRaise;
use crate::py;
use crate::queries::execute::dialect;
use orm_sql::dialect::column_type;
use orm_state::{FieldKind, Result};
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{PyObjectRef, PyResult, VirtualMachine};

type Vm = VirtualMachine;

pub fn fill(c: &mut Class) {
    c.method("db_type", |o: PyObjectRef, _: FuncArgs, vm: &Vm| {
        let field = inner(&o, vm)?;
        // `super().db_type()` of a user's class ends here: its own hook must not be asked again.
        let found = column_type::builtin_db_type(dialect().types(), &field);
        text(vm, found)
    });
    c.method("rel_db_type", |o: PyObjectRef, _: FuncArgs, vm: &Vm| {
        let field = inner(&o, vm)?;
        text(vm, dialect().rel_db_type(&field))
    });
    c.method("db_check", |o: PyObjectRef, _: FuncArgs, vm: &Vm| {
        let field = inner(&o, vm)?;
        text(vm, dialect().db_check(&field))
    });
    c.method("db_type_suffix", |o: PyObjectRef, _: FuncArgs, vm: &Vm| {
        let field = inner(&o, vm)?;
        text(vm, dialect().db_type_suffix(&field))
    });
    c.method(
        "db_parameters",
        |o: PyObjectRef, connection: PyObjectRef, vm: &Vm| -> PyResult {
            let field = inner(&o, vm)?;
            let out = vm.ctx.new_dict();
            if field.kind == FieldKind::Generated {
                let output = properties::this(&o, vm)?.part_or_none(vm, "output_field");
                return py::call(vm, &output, "db_parameters", vec![connection]);
            }
            if field.kind == FieldKind::ManyToMany {
                out.set_item("type", vm.ctx.none(), vm)?;
                out.set_item("check", vm.ctx.none(), vm)?;
                return Ok(out.into());
            }
            let kind = py::call(vm, &o, "db_type", vec![connection.clone()])?;
            out.set_item("type", kind, vm)?;
            let check = py::call(vm, &o, "db_check", vec![connection])?;
            out.set_item("check", check, vm)?;
            let options = field.options.borrow();
            if matches!(field.kind, FieldKind::Char | FieldKind::Text)
                && let Some(collation) = &options.db_collation
            {
                out.set_item("collation", py::str(vm, collation), vm)?;
            }
            Ok(out.into())
        },
    );
}

fn text(vm: &Vm, found: Result<Option<String>>) -> PyResult {
    Ok(match found.or_raise(vm)? {
        Some(text) => py::str(vm, text),
        None => vm.ctx.none(),
    })
}
