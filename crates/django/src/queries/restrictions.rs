//! Conditions that relations add to their joins: the content type of a generic relation, and what
//! `get_extra_restriction` of a user's own relation class says.
//!
//! ```text
//! … INNER JOIN "tag" ON ("post"."id" = "tag"."object_id" AND ("tag"."content_type_id" = 7))
//! ```
use crate::convert::{PyObj, to_value};
use crate::error::{self, OrForeign};
use crate::expressions::compiler_object;
use orm_sql::Compiler;
use orm_sql::expression::{Expr, Expression, Sources, value_expr};
use orm_sql::expressions::Col;
use orm_sql::lookup::{Registered, Rhs, field_lookup};
use orm_sql::query::Alias;
use orm_sql::query::restriction::set_extra_restriction;
use orm_sql::writer::SqlWriter;
use orm_state::{AnyField, Error, Field, FieldKind, Result};
use rustpython_vm::vm::thread::{try_with_current_vm, with_current_vm};
use rustpython_vm::{AsObject, PyObjectRef, PyResult, VirtualMachine};
use std::any::Any;
use std::rc::Rc;

/// Lets the compiler ask.
pub fn install() {
    set_extra_restriction(Rc::new(restriction));
}

fn restriction(
    field: &Rc<Field>,
    alias: Option<&Alias>,
    related_alias: Option<&Alias>,
) -> Result<Option<Expr>> {
    let Some(face) = field.face.get::<PyObj>() else {
        return Ok(None);
    };
    let asked = try_with_current_vm(|vm| {
        if field.kind == FieldKind::GenericRelation {
            content_type(vm, &face.0).map(Asked::ContentType)
        } else {
            own(vm, &face.0, alias, related_alias).map(Asked::Own)
        }
    });
    match asked {
        Some(Ok(Asked::ContentType(pk))) => match related_alias {
            Some(alias) => of_type(field, alias, pk).map(Some),
            None => Ok(None),
        },
        Some(Ok(Asked::Own(condition))) => Ok(condition),
        Some(Err(e)) => Err(error::from_py(e)),
        None => Ok(None),
    }
}

enum Asked {
    ContentType(orm_state::Value),
    Own(Option<Expr>),
}

/// The key of the content type of the model that has the relation.
fn content_type(vm: &VirtualMachine, face: &PyObjectRef) -> PyResult<orm_state::Value> {
    let found = vm.call_method(face, "get_content_type", ())?;
    to_value(vm, &*found.get_attr("pk", vm)?)
}

fn of_type(field: &Rc<Field>, alias: &Alias, pk: orm_state::Value) -> Result<Expr> {
    let name = field.options.borrow().ct_field.clone().unwrap_or_default();
    let target = field
        .related_model()
        .ok_or_else(|| Error::field_error("The related model is not there yet."))?;
    let AnyField::Field(key) = target.get_field(&name)? else {
        return Err(Error::field_error(format!("'{name}' is not a ForeignKey.")));
    };
    match field_lookup(&key, "exact")? {
        Some(Registered::Lookup(exact)) => {
            exact.make(Col::new(alias.clone(), key, None), Rhs::new(pk), vec![])
        }
        _ => Err(Error::field_error(format!("'{name}' cannot be compared."))),
    }
}

/// What the user's class adds.
fn own(
    vm: &VirtualMachine,
    face: &PyObjectRef,
    alias: Option<&Alias>,
    related_alias: Option<&Alias>,
) -> PyResult<Option<Expr>> {
    let Some(method) = vm.get_attribute_opt(face, "get_extra_restriction")? else {
        return Ok(None);
    };
    let name = |alias: Option<&Alias>| -> PyObjectRef {
        match alias {
            Some(alias) => vm.ctx.new_str(&**alias).into(),
            None => vm.ctx.none(),
        }
    };
    let answer = method.call((name(alias), name(related_alias)), vm)?;
    if vm.is_none(&answer) {
        return Ok(None);
    }
    Ok(Some(match value_expr(&to_value(vm, &answer)?) {
        Some(condition) => condition,
        None => Rc::new(Written(answer)),
    }))
}

/// Anything that writes SQL itself, with `as_sql(compiler, connection)` and nothing more.
#[derive(Clone, Debug)]
struct Written(PyObjectRef);

impl Expression for Written {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn into_expr(self: Rc<Self>) -> Expr {
        self
    }
    fn name(&self) -> String {
        self.0.class().name().to_string()
    }
    fn with_sources(&self, _: Sources) -> Expr {
        Rc::new(self.clone())
    }
    fn as_sql(&self, compiler: &Compiler, out: &mut SqlWriter) -> Result<()> {
        let written = with_current_vm(|vm| -> PyResult<SqlWriter> {
            let seen = compiler_object::object(vm, compiler)?;
            let connection = compiler_object::connection(vm, &compiler.using)?;
            let pair = vm.call_method(&self.0, "as_sql", (seen, connection))?;
            compiler_object::read_pair(vm, &pair)
        });
        out.append(written.or_foreign()?);
        Ok(())
    }
}
