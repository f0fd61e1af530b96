//! `book.tags.add(…)`: rows of the through model for the objects that have none yet.
use super::foreign::{expect_instance, flag};
use super::many::Side;
use super::relation::{attr_of, filtered};
use crate::class::Class;
use crate::convert::{to_py, to_value};
use crate::db::atomic::atomic;
use crate::error::OrRaise;
use crate::py;
use crate::queries::hints::is_instance;
use crate::queries::queryset::{PyQuerySet, Shape};
use orm_state::{Field, Value};
use rustpython_vm::builtins::{PyDict, PySet, PyTypeRef};
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyPayload, PyResult, VirtualMachine};
use std::rc::Rc;

type Vm = VirtualMachine;

pub fn fill(c: &mut Class) {
    c.method(
        "_get_add_plan",
        |o: PyObjectRef, db: PyObjectRef, source: String, vm: &Vm| -> PyResult {
            let side = Side::of(vm, &o)?;
            let plan = side.add_plan(vm, &db, &source)?;
            Ok(vm
                .ctx
                .new_tuple(plan.map(|p| py::bool(vm, p)).to_vec())
                .into())
        },
    );
    c.method(
        "_get_missing_target_ids",
        |o: PyObjectRef,
         source: String,
         target: String,
         db: PyObjectRef,
         keys: PyObjectRef,
         vm: &Vm|
         -> PyResult {
            let side = Side::of(vm, &o)?;
            let mut values = vec![];
            for key in py::list(vm, &keys)? {
                values.push(to_value(vm, &key)?);
            }
            let missing = side.missing(vm, &source, &target, &py::to_string(vm, &db)?, values)?;
            set_of(vm, &missing)
        },
    );
    c.method("_add_items", |o: PyObjectRef, args: FuncArgs, vm: &Vm| {
        let (side, defaults, objs) = Side::named(vm, &o, args)?;
        side.add_rows(vm, &o, &side.source, &side.target, &objs, &defaults)
    });
    c.method(
        "_remove_items",
        |o: PyObjectRef, args: FuncArgs, vm: &Vm| {
            let (side, _, objs) = Side::named(vm, &o, args)?;
            side.remove(vm, &o, objs)
        },
    );
}

/// Values as a Python set.
pub fn set_of(vm: &Vm, values: &[Value]) -> PyResult {
    let set = PySet::default();
    for value in values {
        set.add(to_py(vm, value)?, vm)?;
    }
    Ok(set.into_ref(&vm.ctx).into())
}

impl Side {
    /// The relation with its keys named, as the internal methods take them: the source's, the
    /// target's, then the objects.
    fn named(
        vm: &Vm,
        o: &PyObject,
        mut args: FuncArgs,
    ) -> PyResult<(Side, Option<PyObjectRef>, Vec<PyObjectRef>)> {
        let mut side = Side::of(vm, o)?;
        let defaults = args.take_keyword("through_defaults");
        side.raw = flag(vm, &mut args, "raw", false)?;
        let mut key = |name: &str| -> PyResult<Rc<Field>> {
            let given = args
                .take_positional_keyword(name)
                .ok_or_else(|| vm.new_type_error(format!("missing argument: '{name}'")))?;
            let given = py::to_string(vm, &given)?;
            side.through.field(&given).or_raise(vm)
        };
        let (source, target) = (key("source_field_name")?, key("target_field_name")?);
        (side.source, side.target) = (source, target);
        Ok((side, defaults, args.args))
    }
    pub fn add(
        &self,
        vm: &Vm,
        o: &PyObject,
        objs: Vec<PyObjectRef>,
        defaults: Option<PyObjectRef>,
    ) -> PyResult<()> {
        let using = self.write_db(vm)?;
        atomic(vm, &using, false, || {
            self.add_rows(vm, o, &self.source, &self.target, &objs, &defaults)?;
            if self.symmetrical {
                self.add_rows(vm, o, &self.target, &self.source, &objs, &defaults)?;
            }
            Ok(())
        })
    }
    /// May conflicts be ignored? Must signals be sent? May rows be inserted without looking first?
    fn add_plan(&self, vm: &Vm, db: &PyObject, source: &str) -> PyResult<[bool; 3]> {
        // A model made for the relation has nothing but the pair that could be there already.
        let ignore = self.through.options.borrow().auto_created
            && feature(vm, db, "supports_ignore_conflicts")?;
        let mirrored = source != &*self.source.name();
        let signals = (self.relation.reverse || !mirrored) && self.listeners(vm)?.is_some();
        Ok([ignore, signals, ignore && !signals])
    }
    /// The keys of those that have no row yet.
    fn missing(
        &self,
        vm: &Vm,
        source: &str,
        target: &str,
        using: &str,
        mut keys: Vec<Value>,
    ) -> PyResult<Vec<Value>> {
        let rows = self.through_rows(vm, using)?;
        let lookups = vec![
            (source.to_string(), self.key(vm)?),
            (format!("{target}__in"), Value::Set(keys.clone().into())),
        ];
        let rows = PyQuerySet::chain(&rows, vm)?;
        rows.with_query(|q| q.set_values(&[target.into()]))
            .or_raise(vm)?;
        rows.shape.set(Shape::Flat);
        let rows = filtered(vm, &rows, lookups)?;
        for there in PyQuerySet::fetch_all(&rows, vm)?.borrow_vec().iter() {
            let there = to_value(vm, there)?;
            keys.retain(|k| *k != there);
        }
        Ok(keys)
    }
    fn add_rows(
        &self,
        vm: &Vm,
        o: &PyObject,
        source: &Rc<Field>,
        target: &Rc<Field>,
        objs: &[PyObjectRef],
        defaults: &Option<PyObjectRef>,
    ) -> PyResult<()> {
        if objs.is_empty() {
            return Ok(());
        }
        let using = self.write_db(vm)?;
        // Defaults that are called are called once for all rows.
        let mut given = FuncArgs::default();
        if let Some(d) = defaults.as_ref().and_then(|d| d.downcast_ref::<PyDict>()) {
            for (name, value) in d.items_vec() {
                let value = match value.is_callable() {
                    true => value.call((), vm)?,
                    false => value,
                };
                given
                    .kwargs
                    .insert(name.str(vm)?.as_wtf8().to_owned(), value);
            }
        }
        let mut keys = self.target_keys(vm, o, target, objs)?;
        let db = py::str(vm, &*using);
        let (from, to) = (py::str(vm, &*source.name()), py::str(vm, &*target.name()));
        let plan = py::call(vm, o, "_get_add_plan", vec![db.clone(), from.clone()])?;
        let mut plan = py::list(vm, &plan)?.into_iter();
        let mut step = || match plan.next() {
            Some(flag) => py::is_true(vm, &flag),
            None => Err(vm.new_value_error("not enough values to unpack (expected 3)")),
        };
        let (ignore, signals, fast) = (step()?, step()?, step()?);
        if fast {
            given = FuncArgs::default();
        } else {
            let wanted = set_of(vm, &keys)?;
            let args = vec![from, to, db, wanted];
            let missing = py::call(vm, o, "_get_missing_target_ids", args)?;
            let mut kept = vec![];
            for key in py::list(vm, &missing)? {
                kept.push(to_value(vm, &key)?);
            }
            keys.retain(|k| kept.contains(k));
        }
        if signals {
            self.send(vm, o, "pre_add", Some(&keys), &using)?;
        }
        let class = self.through_class(vm)?;
        let own = self.key(vm)?;
        let mut made = vec![];
        for k in &keys {
            let mut args = given.clone();
            for (field, key) in [(source, &own), (target, k)] {
                args.kwargs
                    .insert((&*field.attname()).into(), to_py(vm, key)?);
            }
            made.push(class.as_object().call(args, vm)?);
        }
        let rows = self.through_rows(vm, &using)?;
        let mut args = FuncArgs::from(vec![vm.ctx.new_list(made).into()]);
        args.kwargs
            .insert("ignore_conflicts".into(), vm.ctx.new_bool(ignore).into());
        PyQuerySet::create_many(&rows, vm, args)?;
        if signals {
            self.send(vm, o, "post_add", Some(&keys), &using)?;
        }
        Ok(())
    }
    /// The keys of objects that are instances or keys themselves, each once.
    pub fn target_keys(
        &self,
        vm: &Vm,
        o: &PyObject,
        target: &Rc<Field>,
        objs: &[PyObjectRef],
    ) -> PyResult<Vec<Value>> {
        let model: PyTypeRef = o
            .get_attr("model", vm)?
            .downcast()
            .map_err(|_| vm.new_type_error("the manager has no model"))?;
        let remote = target.target_field().or_raise(vm)?;
        let mut keys: Vec<Value> = vec![];
        for obj in objs {
            let key = if obj.fast_isinstance(&model) {
                if !crate::db::router::allow_relation(vm, obj, &self.relation.instance)? {
                    let db = |o: &PyObjectRef| -> PyResult<String> {
                        Ok(crate::db::router::state_db(vm, o)?.unwrap_or_else(|| "None".into()))
                    };
                    return Err(vm.new_value_error(format!(
                        "Cannot add \"{}\": instance is on database \"{}\", value is on database \"{}\"",
                        obj.repr(vm)?.to_string_lossy(),
                        db(&self.relation.instance)?,
                        db(obj)?
                    )));
                }
                let value = attr_of(vm, obj, &remote)?;
                if vm.is_none(&value) {
                    return Err(vm.new_value_error(format!(
                        "Cannot add \"{}\": the value for field \"{}\" is None",
                        obj.repr(vm)?.to_string_lossy(),
                        target.name()
                    )));
                }
                to_value(vm, &value)?
            } else if is_instance(vm, obj) {
                return expect_instance(vm, &model, obj).map(|()| vec![]);
            } else {
                remote.get_prep_value(to_value(vm, obj)?).or_raise(vm)?
            };
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        // Python's sets give small integers in order.
        if keys.iter().all(|k| matches!(k, Value::Int(_))) {
            keys.sort_by_key(|k| k.as_int());
        }
        Ok(keys)
    }
}

/// `connections[db].features.name`
pub fn feature(vm: &Vm, db: &PyObject, name: &str) -> PyResult<bool> {
    let connections = crate::modules::find(vm, "django.db", "connections")?;
    let features = py::attr(vm, &connections.get_item(db, vm)?, "features")?;
    py::is_true(vm, &py::attr(vm, &features, name)?)
}
