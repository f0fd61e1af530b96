//! Methods that a user's field class overrides, called back from Rust.
use super::classes::is_builtin;
use super::object::field_object;
use crate::convert::{PyObj, to_py, to_value};
use crate::error::OrForeign;
use crate::models::related::paths;
use crate::py;
use orm_state::field::deconstruct::Deconstructed;
use orm_state::field_class::Overrides;
use orm_state::rel::FieldPairs;
use orm_state::{Field, FieldHooks, Object, PathInfo, Result, Source, Value};
use rustpython_vm::builtins::PyTypeRef;
use rustpython_vm::vm::thread::with_current_vm;
use rustpython_vm::{PyObjectRef, PyResult, VirtualMachine};
use std::rc::Rc;

struct PyHooks(Overrides);

/// What a class overrides, found once. Only classes before Django's own in its method resolution
/// order count.
pub fn of_class(vm: &VirtualMachine, class: &PyTypeRef) -> Option<Rc<dyn FieldHooks>> {
    let mro = class.mro_collect();
    let users: Vec<&PyTypeRef> = mro.iter().take_while(|c| !is_builtin(vm, c)).collect();
    let has = |name: &str| {
        let name = vm.ctx.intern_str(name);
        users.iter().any(|c| c.get_direct_attr(name).is_some())
    };
    let overrides = Overrides {
        get_prep_value: has("get_prep_value"),
        get_db_prep_value: has("get_db_prep_value"),
        get_db_prep_save: has("get_db_prep_save"),
        from_db_value: has("from_db_value"),
        to_python: has("to_python"),
        db_type: has("db_type") || has("db_parameters"),
        rel_db_type: has("rel_db_type"),
        get_internal_type: has("get_internal_type"),
        get_placeholder: has("get_placeholder") || has("get_placeholder_sql"),
        select_format: has("select_format"),
        get_lookup: has("get_lookup"),
        get_transform: has("get_transform"),
        pre_save: has("pre_save"),
        get_default: has("get_default"),
        get_joining_fields: has("get_joining_fields") || has("get_reverse_joining_fields"),
        get_path_info: has("get_path_info") || has("path_infos"),
        get_reverse_path_info: has("get_reverse_path_info") || has("reverse_path_infos"),
        deconstruct: has("deconstruct"),
    };
    Some(Rc::new(PyHooks(overrides)))
}

/// The hooks of one of Django's own classes that is written in Python.
pub fn of_library_class(vm: &VirtualMachine, class: &PyTypeRef) -> Option<Rc<dyn FieldHooks>> {
    let deconstruct = class
        .get_direct_attr(vm.ctx.intern_str("deconstruct"))
        .is_some();
    let overrides = Overrides {
        deconstruct,
        ..Overrides::default()
    };
    deconstruct.then(|| Rc::new(PyHooks(overrides)) as Rc<dyn FieldHooks>)
}

fn call(field: &Field, name: &str, args: Vec<PyObjectRef>, vm: &VirtualMachine) -> PyResult {
    let object = match field.face.get::<PyObj>() {
        Some(face) => face.0.clone(),
        None => {
            // The field is owned by an `Rc` that we do not hold here: ask the model, else copy.
            let owner = field
                .model()
                .and_then(|m| m.field(&field.name()).ok())
                .filter(|f| std::ptr::eq(&**f, field));
            match owner {
                Some(f) => field_object(vm, &f)?,
                None => field_object(vm, &field.duplicate())?,
            }
        }
    };
    py::call(vm, &object, name, args)
}

fn value_hook(field: &Field, name: &str, value: Value) -> Result<Value> {
    with_current_vm(|vm| {
        let arg = to_py(vm, &value).or_foreign()?;
        let result = call(field, name, vec![arg], vm).or_foreign()?;
        to_value(vm, &result).or_foreign()
    })
}

fn connection(vm: &VirtualMachine) -> PyObjectRef {
    crate::modules::find(vm, "django.db", "connection").unwrap_or_else(|_| vm.ctx.none())
}

impl FieldHooks for PyHooks {
    fn overrides(&self) -> Overrides {
        self.0
    }
    fn deconstruct(&self, field: &Field) -> Result<Option<Deconstructed>> {
        if !self.0.deconstruct {
            return Ok(None);
        }
        with_current_vm(|vm| {
            let parts = call(field, "deconstruct", vec![], vm).or_foreign()?;
            let parts = py::list(vm, &parts).or_foreign()?;
            match crate::migrations::source::deconstructed(vm, &parts)? {
                Source::Call(own) => Ok(Some(own)),
                _ => Ok(None),
            }
        })
    }
    fn get_prep_value(&self, field: &Field, value: Value) -> Result<Value> {
        value_hook(field, "get_prep_value", value)
    }
    fn get_db_prep_value(&self, field: &Field, value: Value, prepared: bool) -> Result<Value> {
        with_current_vm(|vm| {
            let arg = to_py(vm, &value).or_foreign()?;
            let args = vec![arg, connection(vm), py::bool(vm, prepared)];
            let result = call(field, "get_db_prep_value", args, vm).or_foreign()?;
            to_value(vm, &result).or_foreign()
        })
    }
    fn get_db_prep_save(&self, field: &Field, value: Value) -> Result<Value> {
        with_current_vm(|vm| {
            let arg = to_py(vm, &value).or_foreign()?;
            let result =
                call(field, "get_db_prep_save", vec![arg, connection(vm)], vm).or_foreign()?;
            to_value(vm, &result).or_foreign()
        })
    }
    fn from_db_value(&self, field: &Field, value: Value) -> Result<Value> {
        with_current_vm(|vm| {
            let arg = to_py(vm, &value).or_foreign()?;
            let args = vec![arg, vm.ctx.none(), connection(vm)];
            let result = call(field, "from_db_value", args, vm).or_foreign()?;
            Ok(Value::Object(Rc::new(PyObj(result))))
        })
    }
    fn to_python(&self, field: &Field, value: Value) -> Result<Value> {
        value_hook(field, "to_python", value)
    }
    fn db_type(&self, field: &Field, _vendor: &str) -> Result<Option<String>> {
        with_current_vm(|vm| {
            let result = call(field, "db_type", vec![connection(vm)], vm).or_foreign()?;
            Ok(py::as_string(&result))
        })
    }
    fn get_internal_type(&self, field: &Field) -> Result<String> {
        with_current_vm(|vm| {
            let result = call(field, "get_internal_type", vec![], vm).or_foreign()?;
            py::to_string(vm, &result).or_foreign()
        })
    }
    fn get_placeholder(&self, field: &Field, value: &Value) -> Result<Option<String>> {
        with_current_vm(|vm| {
            let arg = to_py(vm, value).or_foreign()?;
            let args = vec![arg.clone(), vm.ctx.none(), connection(vm)];
            let result = call(field, "get_placeholder_sql", args, vm).or_foreign()?;
            let parts = py::list(vm, &result).or_foreign()?;
            let [sql, params] = parts.as_slice() else {
                return Err(orm_state::Error::value_error(
                    "get_placeholder_sql() must return SQL and params",
                ));
            };
            let params = py::list(vm, params).or_foreign()?;
            if let [only] = params.as_slice()
                && py::eq(vm, only, &arg).or_foreign()?
            {
                return Ok(py::as_string(sql));
            }
            Err(orm_state::Error::new(
                orm_state::ErrorKind::NotImplementedError,
                "get_placeholder_sql() with other parameters than its value",
            ))
        })
    }
    fn select_format(
        &self,
        field: &Field,
        sql: String,
        params: Vec<Value>,
    ) -> Result<(String, Vec<Value>)> {
        with_current_vm(|vm| {
            let given = Value::List(params.into());
            let args = vec![
                vm.ctx.none(),
                py::str(vm, sql),
                to_py(vm, &given).or_foreign()?,
            ];
            let result = call(field, "select_format", args, vm).or_foreign()?;
            let parts = py::list(vm, &result).or_foreign()?;
            let [sql, params] = parts.as_slice() else {
                return Err(orm_state::Error::value_error(
                    "select_format() must return SQL and params",
                ));
            };
            let params = to_value(vm, params).or_foreign()?;
            Ok((
                py::to_string(vm, sql).or_foreign()?,
                params.items().map(|i| i.to_vec()).unwrap_or_default(),
            ))
        })
    }
    fn get_lookup(&self, field: &Field, name: &str) -> Result<Option<Rc<dyn Object>>> {
        class_hook(field, "get_lookup", name)
    }
    fn get_transform(&self, field: &Field, name: &str) -> Result<Option<Rc<dyn Object>>> {
        class_hook(field, "get_transform", name)
    }
    fn joining_fields(&self, field: &Field, reverse: bool) -> Result<FieldPairs> {
        let name = match reverse {
            true => "get_reverse_joining_fields",
            false => "get_joining_fields",
        };
        with_current_vm(|vm| {
            let pairs = call(field, name, vec![], vm).or_foreign()?;
            paths::pairs_from_python(vm, &pairs).or_foreign()
        })
    }
    fn path_infos(&self, field: &Field, reverse: bool) -> Result<Vec<PathInfo>> {
        let name = match reverse {
            true => "get_reverse_path_info",
            false => "get_path_info",
        };
        with_current_vm(|vm| {
            let path = call(field, name, vec![], vm).or_foreign()?;
            paths::from_python(vm, &path).or_foreign()
        })
    }
}

fn class_hook(field: &Field, hook: &str, name: &str) -> Result<Option<Rc<dyn Object>>> {
    with_current_vm(|vm| {
        let found = call(field, hook, vec![py::str(vm, name)], vm).or_foreign()?;
        Ok(if vm.is_none(&found) {
            None
        } else {
            use crate::expressions::lookups::factory::{Asked, registered};
            let asked = match hook {
                "get_lookup" => Asked::Lookup,
                _ => Asked::Transform,
            };
            let what = registered(vm, &found, asked).or_foreign()?;
            Some(Rc::new(orm_sql::lookup::RegisteredObject(what)) as Rc<dyn Object>)
        })
    })
}
