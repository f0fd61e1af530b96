//! Both sides of a many-to-many relation: `book.tags`, `tag.books`.
use super::foreign::{flag, later, other_manager};
use super::relation::{
    self, Relation, attr_of, filter_prefetched, filtered, prefetch_source, queryset,
};
use crate::class::{Class, class};
use crate::convert::{to_py, to_value};
use crate::db::atomic::atomic;
use crate::error::OrRaise;
use crate::models::fields::field_object;
use crate::models::state;
use crate::modules;
use crate::queries::deletion::signal;
use crate::queries::hints::class_of_model;
use crate::queries::manager::{PyManager, manager_class};
use crate::queries::origins;
use crate::queries::queryset::PyQuerySet;
use orm_sql::ExprObject;
use orm_sql::q::{Connector, Q, QChild};
use orm_state::{Field, ModelRef, Value};
use rustpython_vm::builtins::{PyType, PyTypeRef};
use rustpython_vm::class::StaticType;
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyRef, PyResult, VirtualMachine};
use std::rc::Rc;

type Vm = VirtualMachine;
const MODULE: &str = "django.db.models.fields.related_descriptors";

pub fn mixin(vm: &Vm) -> PyResult<PyTypeRef> {
    modules::find(vm, MODULE, "_ManyRelatedMixin")?
        .downcast::<PyType>()
        .map_err(|_| vm.new_type_error("not a class"))
}

pub fn install(vm: &Vm) -> PyResult<()> {
    let base = PyManager::static_type().to_owned();
    let made = class(vm, MODULE, "_ManyRelatedMixin", &[base], fill)?;
    modules::export(vm, MODULE, "_ManyRelatedMixin", made)
}

fn fill(c: &mut Class) {
    c.method("get_queryset", |o: PyObjectRef, vm: &Vm| {
        get_queryset(vm, &o)
    });
    c.method(
        "_apply_rel_filters",
        |o: PyObjectRef, qs: PyObjectRef, vm: &Vm| -> PyResult {
            let side = Side::of(vm, &o)?;
            Ok(apply_filters(vm, &side, &o, &queryset(vm, qs)?)?.into())
        },
    );
    c.method(
        "get_prefetch_querysets",
        |o: PyObjectRef, args: FuncArgs, vm: &Vm| prefetch(vm, &o, args),
    );
    c.method("__call__", |o: PyObjectRef, args: FuncArgs, vm: &Vm| {
        other_manager(vm, &o, args)
    });
    c.getter("through", |o, vm| {
        Ok(class_of_model(vm, &Side::of(vm, &o)?.through)?.into())
    });
    c.getter("source_field", |o, vm| {
        field_object(vm, &Side::of(vm, &o)?.source)
    });
    c.getter("target_field", |o, vm| {
        field_object(vm, &Side::of(vm, &o)?.target)
    });
    c.getter("related_val", |o, vm| {
        let side = Side::of(vm, &o)?;
        let mut values = vec![];
        for (_, remote) in side.source.related_fields().or_raise(vm)? {
            values.push(attr_of(vm, &side.relation.instance, &remote)?);
        }
        Ok(vm.ctx.new_tuple(values).into())
    });
    c.getter("query_field_name", |o, vm| {
        Ok(vm.ctx.new_str(Side::of(vm, &o)?.query_name).into())
    });
    c.getter("prefetch_cache_name", |o, vm| {
        Ok(vm.ctx.new_str(Side::of(vm, &o)?.cache_name).into())
    });
    c.getter("symmetrical", |o, vm| {
        Ok(vm.ctx.new_bool(Side::of(vm, &o)?.symmetrical).into())
    });
    c.getter("reverse", |o, vm| {
        Ok(vm.ctx.new_bool(Side::of(vm, &o)?.relation.reverse).into())
    });
    c.getter("source_field_name", |o, vm| {
        Ok(vm.ctx.new_str(&*Side::of(vm, &o)?.source.name()).into())
    });
    c.getter("related_val", |o, vm| {
        let key = Side::of(vm, &o)?.key(vm)?;
        Ok(vm.new_tuple((crate::convert::to_py(vm, &key)?,)).into())
    });
    c.getter("target_field_name", |o, vm| {
        Ok(vm.ctx.new_str(&*Side::of(vm, &o)?.target.name()).into())
    });
    c.attr("do_not_call_in_templates", c.vm.ctx.new_bool(true));
    super::add::fill(c);
    c.method("count", |o: PyObjectRef, vm: &Vm| counted(vm, &o, "count"));
    c.method("exists", |o: PyObjectRef, vm: &Vm| {
        counted(vm, &o, "exists")
    });
    c.method(
        "add",
        |o: PyObjectRef, mut args: FuncArgs, vm: &Vm| -> PyResult<()> {
            let defaults = args.take_keyword("through_defaults");
            let side = Side::of(vm, &o)?;
            side.forget_prefetched(vm)?;
            side.add(vm, &o, args.args, defaults)
        },
    );
    c.method(
        "remove",
        |o: PyObjectRef, args: FuncArgs, vm: &Vm| -> PyResult<()> {
            let side = Side::of(vm, &o)?;
            side.forget_prefetched(vm)?;
            side.remove(vm, &o, args.args)
        },
    );
    c.method("clear", |o: PyObjectRef, vm: &Vm| -> PyResult<()> {
        let side = Side::of(vm, &o)?;
        side.forget_prefetched(vm)?;
        side.clear(vm, &o)
    });
    for name in ["set", "set_base"] {
        c.method(name, |o: PyObjectRef, args: FuncArgs, vm: &Vm| {
            set(vm, &o, args)
        });
    }
    for name in ["create", "get_or_create", "update_or_create"] {
        c.method(name, move |o: PyObjectRef, args: FuncArgs, vm: &Vm| {
            make(vm, &o, name, args)
        });
    }
    for (name, twin) in [
        ("aadd", "add"),
        ("aremove", "remove"),
        ("aclear", "clear"),
        ("aset", "set"),
        ("acount", "count"),
        ("aexists", "exists"),
        ("acreate", "create"),
        ("aget_or_create", "get_or_create"),
        ("aupdate_or_create", "update_or_create"),
    ] {
        later(c, name, twin);
    }
}

/// A many-to-many relation from the side of one instance.
pub(super) struct Side {
    pub relation: PyRef<Relation>,
    pub through: ModelRef,
    /// The through model's key to this side, and to the other.
    pub source: Rc<Field>,
    pub target: Rc<Field>,
    pub query_name: String,
    pub cache_name: String,
    pub symmetrical: bool,
    /// Rows come from a fixture: signals say so.
    pub raw: bool,
}

fn keys(vm: &Vm, relation: &Relation) -> PyResult<(Rc<Field>, Rc<Field>)> {
    let (source, target) = relation.field.m2m_fields().or_raise(vm)?;
    Ok(if relation.reverse {
        (target, source)
    } else {
        (source, target)
    })
}

/// A relation can only be used from an instance that has its key.
pub fn check_instance(vm: &Vm, relation: &Relation) -> PyResult<()> {
    let (source, _) = keys(vm, relation)?;
    for (_, remote) in source.related_fields().or_raise(vm)? {
        let value = attr_of(vm, &relation.instance, &remote)?;
        if vm.is_none(&value) {
            return Err(vm.new_value_error(format!(
                "\"{}\" needs to have a value for field \"{}\" before this many-to-many relationship can be used.",
                relation.instance.repr(vm)?.to_string_lossy(),
                remote.name()
            )));
        }
    }
    let key = relation.instance.get_attr("pk", vm)?;
    if vm.is_none(&key) {
        return Err(vm.new_value_error(format!(
            "'{}' instance needs to have a primary key value before a many-to-many relationship can be used.",
            relation.instance.class().name()
        )));
    }
    Ok(())
}

impl Side {
    pub fn of(vm: &Vm, o: &PyObject) -> PyResult<Side> {
        let relation = relation::of(vm, o)?;
        let (source, target) = keys(vm, &relation)?;
        let through = relation
            .rel
            .through_model()
            .ok_or_else(|| vm.new_value_error("The through model is not there yet."))?;
        let (field_name, query) = (relation.field.name().to_string(), relation.rel.query_name());
        let (query_name, cache_name) = if relation.reverse {
            (field_name, query)
        } else {
            (query, field_name)
        };
        let symmetrical = !relation.reverse && relation.rel.symmetrical.get();
        Ok(Side {
            relation,
            through,
            source,
            target,
            query_name,
            cache_name,
            symmetrical,
            raw: false,
        })
    }
    /// The instance, and the parents it was reached through: any may hold what was prefetched.
    fn holders(&self, vm: &Vm) -> PyResult<Vec<PyObjectRef>> {
        match self.relation.field.model() {
            Some(owner) => state::with_ancestors(vm, &self.relation.instance, &owner),
            None => Ok(vec![self.relation.instance.clone()]),
        }
    }
    fn prefetched(&self, vm: &Vm) -> PyResult<Option<PyObjectRef>> {
        let mut holders = self.holders(vm)?.into_iter();
        Ok(holders.find_map(|h| relation::prefetched(vm, &h, &self.cache_name)))
    }
    fn forget_prefetched(&self, vm: &Vm) -> PyResult<()> {
        for holder in self.holders(vm)? {
            relation::forget_prefetched(vm, &holder, &self.cache_name);
        }
        Ok(())
    }
    /// This side's key.
    pub fn key(&self, vm: &Vm) -> PyResult<Value> {
        let remote = self.source.target_field().or_raise(vm)?;
        let value = attr_of(vm, &self.relation.instance, &remote)?;
        to_value(vm, &value)
    }
    pub fn through_class(&self, vm: &Vm) -> PyResult<PyTypeRef> {
        class_of_model(vm, &self.through)
    }
    pub fn write_db(&self, vm: &Vm) -> PyResult<Rc<str>> {
        self.relation.write_db(vm, &self.through_class(vm)?)
    }
    pub fn through_rows(&self, vm: &Vm, using: &str) -> PyResult<PyRef<PyQuerySet>> {
        let manager = self
            .through_class(vm)?
            .as_object()
            .get_attr("_default_manager", vm)?;
        queryset(
            vm,
            vm.call_method(&manager, "using", (vm.ctx.new_str(using),))?,
        )
    }
    pub fn listeners(&self, vm: &Vm) -> PyResult<Option<PyObjectRef>> {
        let Some(signal) = signal(vm, "m2m_changed") else {
            return Ok(None);
        };
        let class = self.through_class(vm)?;
        let heard = vm
            .call_method(&signal, "has_listeners", (class,))?
            .is_true(vm)?;
        Ok(heard.then_some(signal))
    }
    pub fn send(
        &self,
        vm: &Vm,
        o: &PyObject,
        action: &str,
        keys: Option<&[Value]>,
        using: &str,
    ) -> PyResult<()> {
        let Some(signal) = self.listeners(vm)? else {
            return Ok(());
        };
        let keys = match keys {
            None => vm.ctx.none(),
            Some(keys) => super::add::set_of(vm, keys)?,
        };
        let mut args = FuncArgs::default();
        let mut put = |name: &str, value: PyObjectRef| args.kwargs.insert(name.into(), value);
        put("sender", self.through_class(vm)?.into());
        put("action", vm.ctx.new_str(action).into());
        put("instance", self.relation.instance.clone());
        put("reverse", vm.ctx.new_bool(self.relation.reverse).into());
        put("model", o.get_attr("model", vm)?);
        put("pk_set", keys);
        put("using", vm.ctx.new_str(using).into());
        put("raw", vm.ctx.new_bool(self.raw).into());
        signal.get_attr("send", vm)?.call(args, vm).map(drop)
    }
    fn delete_rows(&self, vm: &Vm, removed: Option<Value>, using: &str) -> PyResult<()> {
        let key = self.key(vm)?;
        let side = |here: &Rc<Field>, there: &Rc<Field>| {
            let mut children = vec![QChild::Lookup(here.name(), key.clone())];
            if let Some(r) = &removed {
                let name = format!("{}__in", there.name());
                children.push(QChild::Lookup(name.as_str().into(), r.clone()));
            }
            Q {
                children,
                ..Q::default()
            }
        };
        let mut q = side(&self.source, &self.target);
        if self.symmetrical {
            q = q.combine(&side(&self.target, &self.source), Connector::Or);
        }
        let rows = PyQuerySet::chain(&*self.through_rows(vm, using)?, vm)?;
        rows.with_query(|query| query.add_q(&q)).or_raise(vm)?;
        PyQuerySet::delete_rows(&rows, vm).map(drop)
    }
    pub fn remove(&self, vm: &Vm, o: &PyObject, objs: Vec<PyObjectRef>) -> PyResult<()> {
        if objs.is_empty() {
            return Ok(());
        }
        let model: PyTypeRef = o
            .get_attr("model", vm)?
            .downcast()
            .map_err(|_| vm.new_type_error("the manager has no model"))?;
        let remote = self.target.target_field().or_raise(vm)?;
        let mut keys: Vec<Value> = vec![];
        for obj in &objs {
            let value = if obj.fast_isinstance(&model) {
                attr_of(vm, obj, &remote)?
            } else {
                obj.clone()
            };
            let value = to_value(vm, &value)?;
            if !keys.contains(&value) {
                keys.push(value);
            }
        }
        let using = self.write_db(vm)?;
        atomic(vm, &using, false, || {
            self.send(vm, o, "pre_remove", Some(&keys), &using)?;
            let all = self.relation.all_objects(vm, o)?;
            let removed = if all.query.borrow().has_filters() {
                let name = format!("{}__in", remote.attname());
                let some = filtered(vm, &all, vec![(name, Value::Set(keys.clone().into()))])?;
                ExprObject::value(some.as_subquery())
            } else {
                Value::Set(keys.clone().into())
            };
            self.delete_rows(vm, Some(removed), &using)?;
            self.send(vm, o, "post_remove", Some(&keys), &using)
        })
    }
    fn clear(&self, vm: &Vm, o: &PyObject) -> PyResult<()> {
        let using = self.write_db(vm)?;
        atomic(vm, &using, false, || {
            self.send(vm, o, "pre_clear", None, &using)?;
            let all = self.relation.all_objects(vm, o)?;
            let removed = all
                .query
                .borrow()
                .has_filters()
                .then(|| ExprObject::value(all.as_subquery()));
            self.delete_rows(vm, removed, &using)?;
            self.send(vm, o, "post_clear", None, &using)
        })
    }
}

fn get_queryset(vm: &Vm, o: &PyObject) -> PyResult {
    let _scope = origins::receiving(vm);
    let side = Side::of(vm, o)?;
    if let Some(qs) = side.prefetched(vm)? {
        return Ok(qs);
    }
    let all = side.relation.all_objects(vm, o)?;
    Ok(apply_filters(vm, &side, o, &all)?.into())
}

fn apply_filters(
    vm: &Vm,
    side: &Side,
    o: &PyObject,
    qs: &PyRef<PyQuerySet>,
) -> PyResult<PyRef<PyQuerySet>> {
    side.relation.hinted(vm, o, qs, &side.relation.instance)?;
    let mut lookups = vec![];
    for (_, remote) in side.source.related_fields().or_raise(vm)? {
        let value = attr_of(vm, &side.relation.instance, &remote)?;
        lookups.push((
            format!("{}__{}", side.query_name, remote.name()),
            to_value(vm, &value)?,
        ));
    }
    // The next filter is about the same related rows.
    qs.sticky.set(true);
    let found = filtered(vm, qs, lookups)?;
    qs.sticky.set(false);
    side.relation.pass_fetch_mode(vm, &found)?;
    Ok(found)
}

fn prefetch(vm: &Vm, o: &PyObject, mut args: FuncArgs) -> PyResult {
    let side = Side::of(vm, o)?;
    let (instances, qs) = prefetch_source(vm, &side.relation, o, &mut args)?;
    let found = filter_prefetched(vm, &qs, &side.query_name, &instances)?;
    // The key may be inherited: its column is in its own model's table.
    let owner = side.source.model().unwrap_or_else(|| side.through.clone());
    let table = owner.db_table();
    let pairs = side.source.related_fields().or_raise(vm)?;
    let (local, remote): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
    let quote = crate::db::ops::quote_name;
    let select = local
        .iter()
        .map(|f| {
            let column = f.column().map(|c| c.to_string()).unwrap_or_default();
            (
                format!("_prefetch_related_val_{}", f.attname()),
                format!("{}.{}", quote(&table), quote(&column)),
            )
        })
        .collect();
    found
        .with_query(|q| q.add_extra(select, vec![], vec![], vec![], vec![], vec![]))
        .or_raise(vm)?;
    Ok(vm
        .ctx
        .new_tuple(vec![
            found.into(),
            keys_of(vm, &local, "_prefetch_related_val_", false),
            keys_of(vm, &remote, "", true),
            vm.ctx.new_bool(false).into(),
            vm.ctx.new_str(side.cache_name.as_str()).into(),
            vm.ctx.new_bool(false).into(),
        ])
        .into())
}

/// What rows and instances are matched by: what the database holds, so the instances' values are
/// prepared for it.
fn keys_of(vm: &Vm, fields: &[Rc<Field>], prefix: &'static str, prepared: bool) -> PyObjectRef {
    let fields = fields.to_vec();
    let key = move |obj: PyObjectRef, vm: &Vm| -> PyResult {
        let mut key = vec![];
        for field in &fields {
            let name = format!("{prefix}{}", field.attname());
            let value = obj.get_attr(vm.ctx.intern_str(name), vm)?;
            key.push(match prepared {
                true => {
                    let value = field.get_db_prep_value(to_value(vm, &value)?, false);
                    to_py(vm, &value.or_raise(vm)?)?
                }
                false => value,
            });
        }
        Ok(vm.ctx.new_tuple(key).into())
    };
    vm.new_function("key", key).into()
}

/// `count()` and `exists()` need no join to the other table when its rows surely exist.
fn counted(vm: &Vm, o: &PyObject, method: &'static str) -> PyResult {
    let side = Side::of(vm, o)?;
    let plain = side.relation.superclass.is(&manager_class(vm)?);
    let constrained = side
        .target
        .remote
        .as_ref()
        .is_some_and(|r| r.db_constraint.get());
    let hints = vm.ctx.new_dict();
    hints.set_item("instance", side.relation.instance.clone(), vm)?;
    let class = side.through_class(vm)?;
    let using = crate::queries::hints::route(vm, false, class.clone().into(), Some(hints))?;
    let db: PyObjectRef = vm.ctx.new_str(&*using).into();
    let constrained = constrained && super::add::feature(vm, &db, "supports_foreign_keys")?;
    if !plain || !constrained || side.prefetched(vm)?.is_some() {
        let qs = get_queryset(vm, o)?;
        return vm.call_method(&qs, method, ());
    }
    let manager = class.as_object().get_attr("_base_manager", vm)?;
    let rows = queryset(
        vm,
        vm.call_method(&manager, "using", (vm.ctx.new_str(&*using),))?,
    )?;
    let mut lookups = vec![(side.source.name().to_string(), side.key(vm)?)];
    if side.target.null.get() {
        lookups.push((
            format!("{}__isnull", side.target.name()),
            Value::Bool(false),
        ));
    }
    let rows: PyObjectRef = filtered(vm, &rows, lookups)?.into();
    vm.call_method(&rows, method, ())
}

fn set(vm: &Vm, o: &PyObject, mut args: FuncArgs) -> PyResult<()> {
    let mut side = Side::of(vm, o)?;
    side.raw = flag(vm, &mut args, "raw", false)?;
    let clear_first = flag(vm, &mut args, "clear", false)?;
    let defaults = args.take_keyword("through_defaults");
    let objs = args
        .take_positional_keyword("objs")
        .ok_or_else(|| vm.new_type_error("set() missing 1 required positional argument: 'objs'"))?;
    let objs: Vec<PyObjectRef> = objs.try_into_value(vm)?;
    let using = side.write_db(vm)?;
    atomic(vm, &using, false, || {
        side.forget_prefetched(vm)?;
        if clear_first {
            side.clear(vm, o)?;
            return side.add(vm, o, objs.clone(), defaults.clone());
        }
        let remote = side.target.target_field().or_raise(vm)?;
        let all = queryset(vm, get_queryset(vm, o)?)?;
        let all = PyQuerySet::chain(&all, vm)?;
        *all.using.borrow_mut() = Some(using.clone());
        let mut values = FuncArgs::from(vec![vm.ctx.new_str(&*remote.attname()).into()]);
        values
            .kwargs
            .insert("flat".into(), vm.ctx.new_bool(true).into());
        let rows = PyQuerySet::as_tuples(&all, vm, values)?;
        let mut old: Vec<Value> = vec![];
        for key in PyQuerySet::fetch_all(&rows, vm)?.borrow_vec().iter() {
            old.push(to_value(vm, key)?);
        }
        let mut new = vec![];
        for obj in &objs {
            let key = side.target_keys(vm, o, &side.target, std::slice::from_ref(obj))?;
            match old.iter().position(|k| key.first() == Some(k)) {
                Some(i) => drop(old.remove(i)),
                None => new.push(obj.clone()),
            }
        }
        let gone = old
            .iter()
            .map(|k| to_py(vm, k))
            .collect::<PyResult<Vec<_>>>()?;
        side.remove(vm, o, gone)?;
        side.add(vm, o, new, defaults.clone())
    })
}

fn make(vm: &Vm, o: &PyObject, method: &'static str, mut args: FuncArgs) -> PyResult {
    let side = Side::of(vm, o)?;
    let defaults = args.take_keyword("through_defaults");
    let owner = side.relation.instance.class().to_owned();
    let using = side.relation.write_db(vm, &owner)?;
    let bound = vm.call_method(o, "db_manager", (vm.ctx.new_str(&*using),))?;
    let answer = side.relation.inherited(vm, bound, method, args)?;
    let (obj, created) = if method == "create" {
        (answer.clone(), true)
    } else {
        let created = answer.get_item(&1usize, vm)?.is_true(vm)?;
        (answer.get_item(&0usize, vm)?, created)
    };
    if created {
        side.forget_prefetched(vm)?;
        side.add(vm, o, vec![obj], defaults)?;
    }
    Ok(answer)
}
