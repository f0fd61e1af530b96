//! Python operations as Rust's.
use super::bridge;
use super::custom::PyOperation;
use crate::convert::{PyObj, to_value};
use crate::py;
use indexmap::IndexMap;
use orm_migrations::operation::{RunSql, Together};
use orm_migrations::state::{model_base, together};
use orm_migrations::{Base, Operation};
use orm_state::{Clause, Field, Value};
use rustpython_vm::builtins::PyDict;
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};
use std::rc::Rc;

type Vm = VirtualMachine;

/// The name of Django's operation that an object is, or descends from.
pub fn base_name(vm: &Vm, o: &PyObject) -> PyResult<Option<String>> {
    match py::attr_opt(vm, o.class().as_object(), "_builtin")? {
        Some(n) => py::to_string(vm, &n).map(Some),
        None => Ok(None),
    }
}

/// Is it exactly one of Django's classes?
fn is_plain(vm: &Vm, o: &PyObject) -> bool {
    o.class()
        .attributes()
        .get(vm.ctx.intern_str("_builtin"))
        .is_some()
}

/// A Python operation; users' own classes and `RunPython` are called back.
pub fn operation(vm: &Vm, o: &PyObject) -> PyResult<Operation> {
    match base_name(vm, o)? {
        Some(name) if is_plain(vm, o) && name != "RunPython" => of_base(vm, o, &name),
        _ => Ok(Operation::Custom(Rc::new(PyOperation(o.to_owned())))),
    }
}

pub fn operations(vm: &Vm, list: &PyObject) -> PyResult<Vec<Operation>> {
    py::list(vm, list)?
        .iter()
        .map(|o| operation(vm, o))
        .collect()
}

fn text(vm: &Vm, o: &PyObject, name: &str) -> PyResult<String> {
    py::to_string(vm, &py::attr(vm, o, name)?)
}

fn opt_text(vm: &Vm, o: &PyObject, name: &str) -> PyResult<Option<String>> {
    let v = py::attr(vm, o, name)?;
    if vm.is_none(&v) {
        Ok(None)
    } else {
        py::to_string(vm, &v).map(Some)
    }
}

fn field(vm: &Vm, o: &PyObject) -> PyResult<Rc<Field>> {
    let field = bridge::field_of(o).ok_or_else(|| vm.new_type_error("not a field"))?;
    let kept = orm_migrations::state::unbound(&field);
    // What a class of the user's own keeps is in the object: it has to last as long as the state.
    // It holds its field, so that a field that held it in turn would never go.
    if bridge::is_users(&kept) && kept.face.get::<PyObj>().is_none() {
        let copy = kept.duplicate();
        copy.origin.set(Rc::new(PyObj(o.to_owned())));
        return Ok(copy);
    }
    Ok(kept)
}

fn managers(vm: &Vm, o: &PyObject) -> PyResult<Vec<(String, Clause)>> {
    let mut out = vec![];
    for pair in py::list(vm, &py::attr(vm, o, "managers")?)? {
        if let [name, manager] = py::list(vm, &pair)?.as_slice() {
            out.push((
                py::to_string(vm, name)?,
                Rc::new(PyObj(manager.clone())) as Clause,
            ));
        }
    }
    Ok(out)
}

fn options(vm: &Vm, o: &PyObject) -> PyResult<Vec<(String, PyObjectRef)>> {
    let options = py::attr(vm, o, "options")?;
    match options.downcast::<PyDict>() {
        Ok(d) => py::dict_items(vm, &d),
        Err(_) => Ok(vec![]),
    }
}

/// A base of a model: a label, or a class.
pub fn base(vm: &Vm, o: &PyObject) -> PyResult<Base> {
    if let Some(label) = py::as_string(o) {
        // The app's name is what it is; models are known by their names in lower case.
        return Ok(Base::Model(match label.split_once('.') {
            Some((app, model)) => format!("{app}.{}", model.to_lowercase()),
            None => label.to_lowercase(),
        }));
    }
    let model_class = crate::modules::find(vm, "django.db.models", "Model")?;
    if o.is(&model_class) {
        return Ok(model_base());
    }
    if let Some(m) = bridge::model_of_class(vm, o)
        && !m.is_abstract()
    {
        return Ok(Base::Model(m.label_lower()));
    }
    Ok(Base::Class(Value::Object(Rc::new(PyObj(o.to_owned())))))
}

/// Reads an operation's attributes as those of the class called `name`.
pub fn of_base(vm: &Vm, o: &PyObject, name: &str) -> PyResult<Operation> {
    Ok(match name {
        "CreateModel" => {
            let mut fields = vec![];
            for pair in py::list(vm, &py::attr(vm, o, "fields")?)? {
                if let [name, f] = py::list(vm, &pair)?.as_slice() {
                    fields.push((py::to_string(vm, name)?, field(vm, f)?));
                }
            }
            let mut plain: IndexMap<String, Value> = IndexMap::new();
            let (mut indexes, mut constraints) = (vec![], vec![]);
            for (key, value) in options(vm, o)? {
                match key.as_str() {
                    "indexes" => {
                        for i in py::list(vm, &value)? {
                            indexes.push(bridge::index(vm, &i)?);
                        }
                    }
                    "constraints" => {
                        for c in py::list(vm, &value)? {
                            constraints.push(bridge::constraint(vm, &c)?);
                        }
                    }
                    _ => {
                        plain.insert(key, to_value(vm, &value)?);
                    }
                }
            }
            let bases = py::list(vm, &py::attr(vm, o, "bases")?)?
                .iter()
                .map(|b| base(vm, b))
                .collect::<PyResult<_>>()?;
            Operation::CreateModel {
                name: text(vm, o, "name")?,
                fields,
                options: plain,
                indexes,
                constraints,
                bases,
                managers: managers(vm, o)?,
            }
        }
        "DeleteModel" => Operation::DeleteModel {
            name: text(vm, o, "name")?,
        },
        "RenameModel" => Operation::RenameModel {
            old_name: text(vm, o, "old_name")?,
            new_name: text(vm, o, "new_name")?,
        },
        "AlterModelTable" => Operation::AlterModelTable {
            name: text(vm, o, "name")?,
            table: opt_text(vm, o, "table")?,
        },
        "AlterModelTableComment" => Operation::AlterModelTableComment {
            name: text(vm, o, "name")?,
            table_comment: opt_text(vm, o, "table_comment")?,
        },
        "AlterUniqueTogether" | "AlterIndexTogether" => {
            let option = match name {
                "AlterUniqueTogether" => Together::Unique,
                _ => Together::Index,
            };
            let value = to_value(vm, &*py::attr(vm, o, option.option_name())?)?;
            Operation::AlterTogether {
                name: text(vm, o, "name")?,
                option,
                sets: together(&value),
            }
        }
        "AlterOrderWithRespectTo" => Operation::AlterOrderWithRespectTo {
            name: text(vm, o, "name")?,
            order_with_respect_to: opt_text(vm, o, "order_with_respect_to")?,
        },
        "AlterModelOptions" => {
            let mut plain = IndexMap::new();
            for (k, v) in options(vm, o)? {
                plain.insert(k, to_value(vm, &v)?);
            }
            Operation::AlterModelOptions {
                name: text(vm, o, "name")?,
                options: plain,
            }
        }
        "AlterModelManagers" => Operation::AlterModelManagers {
            name: text(vm, o, "name")?,
            managers: managers(vm, o)?,
        },
        "AddField" => Operation::AddField {
            model_name: text(vm, o, "model_name")?,
            name: text(vm, o, "name")?,
            field: field(vm, &*py::attr(vm, o, "field")?)?,
            preserve_default: py::attr(vm, o, "preserve_default")?.is_true(vm)?,
        },
        "AlterField" => Operation::AlterField {
            model_name: text(vm, o, "model_name")?,
            name: text(vm, o, "name")?,
            field: field(vm, &*py::attr(vm, o, "field")?)?,
            preserve_default: py::attr(vm, o, "preserve_default")?.is_true(vm)?,
        },
        "RemoveField" => Operation::RemoveField {
            model_name: text(vm, o, "model_name")?,
            name: text(vm, o, "name")?,
        },
        "RenameField" => Operation::RenameField {
            model_name: text(vm, o, "model_name")?,
            old_name: text(vm, o, "old_name")?,
            new_name: text(vm, o, "new_name")?,
        },
        "AddIndex" => {
            let index = bridge::index(vm, &*py::attr(vm, o, "index")?)?;
            if index.name.is_empty() {
                return Err(vm.new_value_error(
                    "Indexes passed to AddIndex operations require a name argument.",
                ));
            }
            Operation::AddIndex {
                model_name: text(vm, o, "model_name")?,
                index,
            }
        }
        "RemoveIndex" => Operation::RemoveIndex {
            model_name: text(vm, o, "model_name")?,
            name: text(vm, o, "name")?,
        },
        "RenameIndex" => {
            let old_fields = py::attr(vm, o, "old_fields")?;
            let old_fields = if vm.is_none(&old_fields) {
                vec![]
            } else {
                py::list(vm, &old_fields)?
                    .iter()
                    .map(|f| py::to_string(vm, f))
                    .collect::<PyResult<_>>()?
            };
            Operation::RenameIndex {
                model_name: text(vm, o, "model_name")?,
                new_name: text(vm, o, "new_name")?,
                old_name: opt_text(vm, o, "old_name")?,
                old_fields,
            }
        }
        "AddConstraint" => Operation::AddConstraint {
            model_name: text(vm, o, "model_name")?,
            constraint: bridge::constraint(vm, &*py::attr(vm, o, "constraint")?)?,
        },
        "RemoveConstraint" => Operation::RemoveConstraint {
            model_name: text(vm, o, "model_name")?,
            name: text(vm, o, "name")?,
        },
        "AlterConstraint" => Operation::AlterConstraint {
            model_name: text(vm, o, "model_name")?,
            name: text(vm, o, "name")?,
            constraint: bridge::constraint(vm, &*py::attr(vm, o, "constraint")?)?,
        },
        "RunSQL" => {
            let reverse = py::attr(vm, o, "reverse_sql")?;
            Operation::RunSql(Box::new(RunSql {
                sql: to_value(vm, &*py::attr(vm, o, "sql")?)?,
                reverse_sql: if vm.is_none(&reverse) {
                    None
                } else {
                    Some(to_value(vm, &reverse)?)
                },
                state_operations: operations(vm, &*py::attr(vm, o, "state_operations")?)?,
                hints: to_value(vm, &*py::attr(vm, o, "hints")?)?,
                elidable: py::attr(vm, o, "elidable")?.is_true(vm)?,
            }))
        }
        "SeparateDatabaseAndState" => Operation::SeparateDatabaseAndState {
            database_operations: operations(vm, &*py::attr(vm, o, "database_operations")?)?,
            state_operations: operations(vm, &*py::attr(vm, o, "state_operations")?)?,
        },
        _ => Operation::Custom(Rc::new(PyOperation(o.to_owned()))),
    })
}
