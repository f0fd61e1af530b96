//! Expressions whose class is a user's: the hooks it overrides are called, the rest stays here.
use super::compiler_object;
use super::lookups::factory::Asked;
use super::object::PyExpr;
use crate::convert::to_value;
use crate::error::OrForeign;
use orm_sql::expression::Resolve;
use orm_sql::expression::{EmptyValue, value_expr};
use orm_sql::{AliasMap, Compiler, Expr, Expression, Query, Sources, SqlWriter};
use orm_state::{Error, Field, Result};
use rustpython_vm::builtins::PyType;
use rustpython_vm::vm::thread::with_current_vm;
use rustpython_vm::{AsObject, Py, PyObjectRef, PyResult, VirtualMachine};
use std::any::Any;
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

/// Which hooks a class overrides.
#[derive(Clone, Copy, Debug, Default)]
pub struct Hooks {
    pub as_sql: bool,
    pub as_sqlite: bool,
    pub as_postgresql: bool,
    pub as_mysql: bool,
    pub sources: bool,
    pub group_by: bool,
    /// A transform that the other side of a lookup needs too.
    pub bilateral: bool,
    /// A lookup of the user's: its class is asked, and keeps the user's attributes.
    pub lookup: bool,
    pub resolve: bool,
    /// A property of the class, asked before anything else.
    pub output_field: bool,
    pub get_lookup: bool,
    pub get_transform: bool,
}

impl Hooks {
    pub fn any(&self) -> bool {
        self.as_sql
            || self.as_sqlite
            || self.as_postgresql
            || self.as_mysql
            || self.sources
            || self.group_by
            || self.bilateral
            || self.lookup
            || self.resolve
            || self.output_field
            || self.get_lookup
            || self.get_transform
    }
}

thread_local! {
    /// By the version of the class: a class that changes is asked again.
    static HOOKS: RefCell<HashMap<u32, Hooks>> = RefCell::default();
}

pub fn reset() {
    HOOKS.with(|h| h.borrow_mut().clear());
}

/// Does a class, or a user's base of it, define one of these names?
pub fn overrides(vm: &VirtualMachine, class: &Py<PyType>, names: &[&str]) -> bool {
    let mro = class.mro_collect();
    let users = mro
        .iter()
        .take_while(|c| !super::classes::is_builtin(c))
        .collect::<Vec<_>>();
    names.iter().any(|name| {
        let key = vm.ctx.intern_str(*name);
        users.iter().any(|c| c.get_direct_attr(key).is_some())
    })
}

/// What a class overrides, found once.
pub fn hooks_of(class: &Py<PyType>) -> Hooks {
    if super::classes::is_builtin(class) {
        return Hooks::default();
    }
    let version = class
        .tp_version_tag()
        .load(std::sync::atomic::Ordering::Acquire);
    if version != 0
        && let Some(h) = HOOKS.with(|h| h.borrow().get(&version).copied())
    {
        return h;
    }
    let hooks = with_current_vm(|vm| {
        let own = |name: &str| overrides(vm, class, &[name]);
        let lookup = super::lookups::is_lookup(class);
        Hooks {
            as_sql: lookup || own("as_sql"),
            as_sqlite: own("as_sqlite"),
            as_postgresql: own("as_postgresql"),
            as_mysql: own("as_mysql"),
            sources: own("get_source_expressions"),
            group_by: own("get_group_by_cols"),
            bilateral: super::lookups::is_transform(class)
                && super::lookups::factory::is_bilateral(vm, class),
            lookup,
            resolve: own("resolve_expression"),
            // A plain field is the Rust expression's own type since it was made.
            output_field: own("output_field") && super::call::declared_field(vm, class).is_none(),
            get_lookup: own("get_lookup"),
            get_transform: own("get_transform"),
        }
    });
    if version != 0 {
        HOOKS.with(|h| h.borrow_mut().insert(version, hooks));
    }
    hooks
}

/// The expression of an object as its class would be without the methods that user code calls
/// `super()` in.
pub fn plain(obj: &PyObjectRef) -> Option<Expr> {
    let inner = super::object::inner(obj);
    let hooks = Hooks {
        resolve: false,
        get_lookup: false,
        get_transform: false,
        ..hooks_of(obj.class())
    };
    if !hooks.any() {
        return inner;
    }
    Some(Rc::new(Called::new(obj.clone(), inner, hooks)).into_expr())
}

/// An expression of a user's class.
#[derive(Clone)]
pub struct Called {
    pub object: PyObjectRef,
    inner: Option<Expr>,
    hooks: Hooks,
}

impl std::fmt::Debug for Called {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Called({})", self.object.class().name())
    }
}

impl Called {
    pub fn new(object: PyObjectRef, inner: Option<Expr>, hooks: Hooks) -> Called {
        Called {
            object,
            inner,
            hooks,
        }
    }
    fn inner(&self) -> Result<&Expr> {
        self.inner.as_ref().ok_or_else(|| {
            Error::type_error(format!(
                "{}.__init__() did not call super().__init__()",
                self.object.class().name()
            ))
        })
    }
    fn python_sources(&self, vm: &VirtualMachine) -> PyResult<Vec<PyObjectRef>> {
        let all: Vec<PyObjectRef> = vm
            .call_method(&self.object, "get_source_expressions", ())?
            .try_to_value(vm)?;
        Ok(all)
    }
    fn copied(&self, vm: &VirtualMachine, inner: Option<Expr>) -> PyResult {
        let copy = vm
            .import("copy", 0)?
            .get_attr("copy", vm)?
            .call((self.object.clone(),), vm)?;
        if let Some(held) = copy.downcast_ref::<PyExpr>() {
            *held.expr.borrow_mut() = inner;
        }
        Ok(copy)
    }
}

impl Expression for Called {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn into_expr(self: Rc<Self>) -> Expr {
        self
    }
    fn name(&self) -> String {
        self.object.class().name().to_string()
    }
    fn resolve(self: Rc<Self>, query: &mut Query, how: &Resolve) -> Result<Expr> {
        if self.hooks.resolve {
            return super::resolving::ask(&self.object, query, how);
        }
        if let (false, false, Some(inner)) = (self.hooks.sources, self.hooks.lookup, &self.inner) {
            // Django's class resolves itself; the user's object stands where it stood.
            let resolved = inner.clone().resolve(query, how)?;
            return Ok(self.standing_in(&resolved).unwrap_or(resolved));
        }
        let resolved = self.resolve_sources(query, how)?;
        if resolved.is_empty() {
            return Ok(self);
        }
        Ok(self.with_sources(resolved))
    }
    fn sources(&self) -> Sources {
        if self.hooks.sources {
            return with_current_vm(|vm| match self.python_sources(vm) {
                Ok(all) => all
                    .iter()
                    .filter_map(|o| to_value(vm, o).ok().and_then(|v| value_expr(&v)))
                    .collect(),
                Err(_) => Sources::new(),
            });
        }
        self.inner.as_ref().map(|e| e.sources()).unwrap_or_default()
    }
    fn with_sources(&self, sources: Sources) -> Expr {
        let made = with_current_vm(|vm| -> PyResult<Expr> {
            if self.hooks.sources {
                let copy = self.copied(vm, self.inner.clone())?;
                // `None` operands keep their places.
                let mut given = sources.iter();
                let mut items = vec![];
                for old in self.python_sources(vm)? {
                    items.push(if vm.is_none(&old) {
                        old
                    } else {
                        match given.next() {
                            Some(e) => super::classes::wrap(vm, e)?,
                            None => old,
                        }
                    });
                }
                vm.call_method(&copy, "set_source_expressions", (vm.ctx.new_list(items),))?;
                return Ok(Rc::new(Called {
                    object: copy,
                    ..self.clone()
                })
                .into_expr());
            }
            let inner = self.inner.as_ref().map(|e| e.with_sources(sources.clone()));
            let copy = self.copied(vm, inner.clone())?;
            Ok(Rc::new(Called {
                object: copy,
                inner,
                hooks: self.hooks,
            })
            .into_expr())
        });
        made.unwrap_or_else(|_| Rc::new(self.clone()).into_expr())
    }
    fn as_sql(&self, compiler: &Compiler, out: &mut SqlWriter) -> Result<()> {
        let vendor = compiler.dialect().vendor();
        let method = match vendor {
            "sqlite" if self.hooks.as_sqlite => "as_sqlite",
            "postgresql" if self.hooks.as_postgresql => "as_postgresql",
            "mysql" if self.hooks.as_mysql => "as_mysql",
            _ if self.hooks.as_sql => "as_sql",
            _ => return self.inner()?.as_sql(compiler, out),
        };
        let part = with_current_vm(|vm| -> PyResult<SqlWriter> {
            let seen = compiler_object::object(vm, compiler)?;
            let connection = compiler_object::connection(vm, &compiler.using)?;
            let result = vm.call_method(&self.object, method, (seen, connection))?;
            compiler_object::read_pair(vm, &result)
        })
        .or_foreign()
        .map_err(empty_set)?;
        out.append(part);
        Ok(())
    }
    fn output_field_or_none(&self) -> Result<Option<Rc<Field>>> {
        if self.hooks.output_field {
            let property = with_current_vm(|vm| {
                super::call::class_output_field(vm, &self.object).or_else(|| {
                    self.object
                        .get_attr("output_field", vm)
                        .ok()
                        .and_then(|f| crate::models::fields::object::field_of(&f))
                })
            });
            if property.is_some() {
                return Ok(property);
            }
        }
        let own = self
            .inner
            .as_ref()
            .map(|e| e.output_field_or_none())
            .transpose()?
            .flatten();
        if own.is_some() {
            return Ok(own);
        }
        orm_sql::expression::resolve_output_field(&self.name(), &self.sources())
    }
    fn with_output_field(&self, field: Rc<Field>) -> Option<Expr> {
        let inner = self.inner.as_ref()?.with_output_field(field)?;
        let copy = with_current_vm(|vm| self.copied(vm, Some(inner.clone()))).ok()?;
        Some(Rc::new(Called {
            object: copy,
            inner: Some(inner),
            hooks: self.hooks,
        }))
    }
    fn contains_aggregate(&self) -> bool {
        self.flag("contains_aggregate", |e| e.contains_aggregate())
    }
    fn contains_over_clause(&self) -> bool {
        self.flag("contains_over_clause", |e| e.contains_over_clause())
    }
    fn conditional(&self) -> bool {
        self.flag("conditional", |e| e.conditional())
            || matches!(self.output_field_or_none(), Ok(Some(f)) if f.class.is_a("BooleanField"))
    }
    fn filterable(&self) -> bool {
        match self.class_flag("filterable") {
            Some(b) => b,
            None => self.inner.as_ref().is_none_or(|e| e.filterable()),
        }
    }
    fn window_compatible(&self) -> bool {
        match self.class_flag("window_compatible") {
            Some(b) => b,
            None => self.inner.as_ref().is_some_and(|e| e.window_compatible()),
        }
    }
    fn is_summary(&self) -> bool {
        self.inner.as_ref().is_some_and(|e| e.is_summary())
    }
    fn default_alias(&self) -> Result<String> {
        self.inner()?.default_alias()
    }
    fn as_lookup(&self) -> Option<&orm_sql::lookup::Lookup> {
        self.inner.as_ref().and_then(|e| e.as_lookup())
    }
    fn takes_none(&self) -> bool {
        match self.class_flag("can_use_none_as_rhs") {
            Some(takes) => takes,
            None => self.inner.as_ref().is_some_and(|e| e.takes_none()),
        }
    }
    fn allows_composite_expressions(&self) -> bool {
        self.inner
            .as_ref()
            .is_some_and(|e| e.allows_composite_expressions())
    }
    fn allowed_default(&self) -> bool {
        self.inner.as_ref().is_some_and(|e| e.allowed_default())
    }
    fn get_lookup(&self, name: &str) -> Result<Option<orm_sql::Registered>> {
        if self.hooks.get_lookup {
            return self.asked("get_lookup", name, Asked::Lookup);
        }
        lookup_of(self, name)
    }
    fn get_transform(&self, name: &str) -> Result<Option<orm_sql::Registered>> {
        if self.hooks.get_transform {
            return self.asked("get_transform", name, Asked::Transform);
        }
        match self.registered(name) {
            Some(found @ orm_sql::Registered::Transform(_)) => Ok(Some(found)),
            Some(_) => Ok(None),
            None => orm_sql::lookup::field_transform(&*self.output_field()?, name),
        }
    }
    fn bilateral_transforms(&self) -> Vec<Rc<dyn orm_sql::lookup::TransformFactory>> {
        let mut found = self
            .sources()
            .first()
            .map(|e| e.bilateral_transforms())
            .unwrap_or_default();
        if self.hooks.bilateral {
            found.push(Rc::new(super::lookups::factory::PyFactory {
                class: self.object.class().to_owned(),
            }));
        }
        found
    }
    fn empty_result_set_value(&self) -> EmptyValue {
        self.inner
            .as_ref()
            .map_or(EmptyValue::Propagate, |e| e.empty_result_set_value())
    }
    fn group_by_cols(self: Rc<Self>) -> Result<Vec<Expr>> {
        if self.hooks.group_by {
            return with_current_vm(|vm| -> PyResult<Vec<Expr>> {
                let all: Vec<PyObjectRef> = vm
                    .call_method(&self.object, "get_group_by_cols", ())?
                    .try_to_value(vm)?;
                Ok(all
                    .iter()
                    .filter_map(|o| to_value(vm, o).ok().and_then(|v| value_expr(&v)))
                    .collect())
            })
            .or_foreign();
        }
        if !self.contains_aggregate() {
            return Ok(vec![self.into_expr()]);
        }
        if !self.hooks.sources
            && let Some(inner) = &self.inner
        {
            return inner.clone().group_by_cols();
        }
        let mut cols = vec![];
        for s in self.sources() {
            cols.extend(s.group_by_cols()?);
        }
        Ok(cols)
    }
    fn relabeled(self: Rc<Self>, map: &AliasMap) -> Expr {
        let sources = self.sources();
        if sources.is_empty() {
            return self;
        }
        self.with_sources(sources.into_iter().map(|s| s.relabeled(map)).collect())
    }
    fn same_args(&self, other: &dyn Expression) -> bool {
        let Some(o) = other.as_any().downcast_ref::<Called>() else {
            return false;
        };
        if !self.object.class().is(o.object.class()) {
            return false;
        }
        match (&self.inner, &o.inner) {
            (Some(a), Some(b)) => a.same(&**b),
            _ => self.object.is(&o.object),
        }
    }
    fn repr(&self) -> String {
        with_current_vm(|vm| {
            self.object
                .repr(vm)
                .map(|s| s.to_string_lossy().into_owned())
        })
        .unwrap_or_else(|_| format!("<{}>", self.name()))
    }
}

/// What is registered on the class, then what its operand's kind or its field offers.
fn lookup_of(called: &Called, name: &str) -> Result<Option<orm_sql::Registered>> {
    match called.registered(name) {
        Some(found @ orm_sql::Registered::Lookup(_)) => return Ok(Some(found)),
        Some(_) => return Ok(None),
        None => {}
    }
    if !called.hooks.output_field
        && let Some(inner) = &called.inner
        && inner.output_field_or_none()?.is_some()
    {
        return inner.get_lookup(name);
    }
    orm_sql::lookup::field_lookup(&*called.output_field()?, name)
}

impl Called {
    /// What is registered on its class or a base of it.
    fn registered(&self, name: &str) -> Option<orm_sql::Registered> {
        use orm_sql::lookups::class_registry;
        super::lookups::register::keys_of(self.object.class())
            .iter()
            .find_map(|key| class_registry::registered(key, name))
    }
    /// The expression with a copy of this object in place of what its inner one became.
    fn standing_in(&self, resolved: &Expr) -> Option<Expr> {
        let inner = self.inner.as_ref()?;
        if inner.as_any().type_id() == resolved.as_any().type_id() {
            let copy = with_current_vm(|vm| self.copied(vm, Some(resolved.clone()))).ok()?;
            return Some(Rc::new(Called {
                object: copy,
                inner: Some(resolved.clone()),
                hooks: self.hooks,
            }));
        }
        // `Sum("x", default=0)` becomes `Coalesce(Sum("x"), 0)`.
        let mut sources = resolved.sources();
        let first = sources.first_mut()?;
        *first = self.standing_in(first)?;
        Some(resolved.with_sources(sources))
    }
    /// Asks the user's own `get_lookup` or `get_transform`.
    fn asked(
        &self,
        method: &'static str,
        name: &str,
        asked: Asked,
    ) -> Result<Option<orm_sql::Registered>> {
        with_current_vm(|vm| -> PyResult<_> {
            let found = vm.call_method(&self.object, method, (vm.ctx.new_str(name),))?;
            if vm.is_none(&found) {
                return Ok(None);
            }
            super::lookups::factory::registered(vm, &found, asked).map(Some)
        })
        .or_foreign()
    }
    fn class_flag(&self, name: &str) -> Option<bool> {
        if let Some(flag) = super::attributes::flag(&self.object, name) {
            return Some(flag);
        }
        with_current_vm(|vm| {
            let key = vm.ctx.intern_str(name);
            self.object
                .class()
                .mro_collect()
                .iter()
                .take_while(|c| !super::classes::is_builtin(c))
                .find_map(|c| c.get_direct_attr(key))
                .and_then(|v| {
                    v.downcast_ref::<rustpython_vm::builtins::PyInt>()
                        .map(|_| v.clone())
                })
                .and_then(|v| v.is_true(vm).ok())
        })
    }
    fn flag(&self, name: &str, of_inner: fn(&Expr) -> bool) -> bool {
        self.class_flag(name).unwrap_or_else(|| {
            self.inner.as_ref().is_some_and(of_inner)
                || (self.hooks.sources && self.sources().iter().any(of_inner))
        })
    }
}

/// `EmptyResultSet` and `FullResultSet` raised by user code mean what they mean in Django.
fn empty_set(e: Error) -> Error {
    let message = e.message().to_string();
    if message.starts_with("EmptyResultSet(") {
        return Error::empty_result_set();
    }
    if message.starts_with("FullResultSet(") {
        return Error::full_result_set();
    }
    e
}
