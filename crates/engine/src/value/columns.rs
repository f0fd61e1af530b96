//! What the columns of `values()` and of annotations hold.
//!
//! ```text
//! values("title", "publisher__city", n=Count("reviews"))
//!         CharField  CharField?       IntegerField
//! ```
use crate::scratch::attr_opt;
use django::queries::queryset::PyQuerySet;
use protocol::report::RowsColumn;
use rustpython_vm::{AsObject, Py, PyObjectRef, VirtualMachine};

/// Says of each column that has no type yet which field it is of. Where there
/// is none to be found, it stays without.
pub fn describe(vm: &VirtualMachine, object: &PyObjectRef, columns: &mut [RowsColumn]) {
    let Some(qs) = object.downcast_ref::<PyQuerySet>() else {
        return;
    };
    let model = attr_opt(vm, object, "model");
    for column in columns {
        if !column.type_name.is_empty() {
            continue;
        }
        match annotated(qs, &column.name) {
            Some(type_name) => {
                column.annotation = true;
                column.type_name = type_name;
            }
            None => {
                if let Some(model) = &model {
                    follow(vm, model.clone(), column);
                }
            }
        }
    }
}

/// The type of an annotation; empty if it does not know.
fn annotated(qs: &Py<PyQuerySet>, name: &str) -> Option<String> {
    let query = qs.query.borrow();
    let (_, expression) = query
        .annotation_select()
        .find(|(annotation, _)| ***annotation == *name)?;
    let field = expression.output_field_or_none().ok().flatten();
    Some(field.map_or_else(String::new, |field| {
        field.internal_type().unwrap_or_default()
    }))
}

/// Goes along `publisher__city` from model to model.
fn follow(vm: &VirtualMachine, mut model: PyObjectRef, column: &mut RowsColumn) {
    let path = column.name.clone();
    let mut steps = path.split("__").peekable();
    let mut nullable = false;
    while let Some(step) = steps.next() {
        let Some(field) = field_of(vm, &model, step) else {
            return;
        };
        let is = |name| attr_opt(vm, &field, name).is_some_and(|v| v.is_true(vm).unwrap_or(false));
        // Where nothing may point here, or there is nothing at the other end.
        let is_forward = is("concrete") && !is("many_to_many");
        nullable |= !is_forward || is("null");
        if steps.peek().is_none() {
            column.nullable = nullable;
            column.primary_key = is("primary_key") && path == step;
            column.type_name = field.class().name().to_string();
            return;
        }
        match attr_opt(vm, &field, "related_model") {
            Some(next) if !vm.is_none(&next) => model = next,
            _ => return,
        }
    }
}

fn field_of(vm: &VirtualMachine, model: &PyObjectRef, name: &str) -> Option<PyObjectRef> {
    let meta = attr_opt(vm, model, "_meta")?;
    if name == "pk" {
        return attr_opt(vm, &meta, "pk");
    }
    vm.call_method(&meta, "get_field", (name.to_owned(),)).ok()
}
