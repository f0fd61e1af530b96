//! `django.db.router`: which database a model is read from and written to.
use super::registry::DEFAULT_DB_ALIAS;
use orm_state::ModelRef;
use rustpython_vm::builtins::{PyDictRef, PyStr, PyTypeRef};
use rustpython_vm::function::{FuncArgs, KwArgs};
use rustpython_vm::types::Constructor;
use rustpython_vm::{
    AsObject, Py, PyObjectRef, PyPayload, PyRef, PyResult, VirtualMachine, pyclass,
};
use std::cell::RefCell;

thread_local! {
    static ROUTERS: RefCell<Vec<PyObjectRef>> = RefCell::default();
    /// `django.db.router`
    static STOCK: RefCell<Option<PyRef<ConnectionRouter>>> = const { RefCell::new(None) };
}

/// `DATABASE_ROUTERS`: instances, or classes to make them of, or dotted paths.
pub fn configure(vm: &VirtualMachine, routers: Vec<PyObjectRef>) -> PyResult<()> {
    ROUTERS.set(instances(vm, routers)?);
    Ok(())
}

fn instances(vm: &VirtualMachine, routers: Vec<PyObjectRef>) -> PyResult<Vec<PyObjectRef>> {
    let mut made = vec![];
    for r in routers {
        if let Some(path) = r.downcast_ref::<PyStr>() {
            let path = path.to_string_lossy();
            let (module, name) = path.rsplit_once('.').unwrap_or(("", &path));
            let list = vm.ctx.new_tuple(vec![vm.ctx.new_str(name).into()]);
            let list = list.try_into_typed::<PyStr>(vm)?;
            let module = vm.import_from(&*vm.ctx.new_utf8_str(module), list.into_untyped(), 0)?;
            let class = module.get_attr(&*vm.ctx.new_utf8_str(name), vm)?;
            made.push(class.call((), vm)?);
        } else {
            made.push(r);
        }
    }
    Ok(made)
}

pub fn clear() {
    ROUTERS.take();
}

/// Forgets the router of an interpreter that ends.
pub fn reset() {
    STOCK.take();
}

pub fn is_empty() -> bool {
    ROUTERS.with_borrow(Vec::is_empty)
}

/// Whether nobody has a say in which database is used: no routers, and `django.db.router` as it
/// came.
pub fn is_silent() -> bool {
    is_empty()
        && STOCK.with_borrow(|stock| {
            let changed = stock.as_ref().and_then(|router| router.as_object().dict());
            changed.is_none_or(|dict| dict.__len__() == 0)
        })
}

/// Asks the routers that have the method; the first that answers decides.
fn ask(
    vm: &VirtualMachine,
    method: &'static str,
    args: &FuncArgs,
) -> PyResult<Option<PyObjectRef>> {
    ask_these(vm, &ROUTERS.with_borrow(Clone::clone), method, args)
}

fn ask_these(
    vm: &VirtualMachine,
    routers: &[PyObjectRef],
    method: &'static str,
    args: &FuncArgs,
) -> PyResult<Option<PyObjectRef>> {
    for router in routers {
        let Some(f) = vm.get_attribute_opt(router, method)? else {
            continue;
        };
        let answer = f.call(args.clone(), vm)?;
        if !vm.is_none(&answer) {
            return Ok(Some(answer));
        }
    }
    Ok(None)
}

/// `db_for_read` / `db_for_write` for Rust: the class of a model and what is known of its rows.
pub fn db_for(
    vm: &VirtualMachine,
    write: bool,
    class: PyObjectRef,
    hints: Option<PyDictRef>,
) -> PyResult<String> {
    if is_empty() {
        if let Some(h) = &hints
            && let Some(instance) = h.get_item_opt("instance", vm)?
            && let Some(db) = state_db(vm, &instance)?
        {
            return Ok(db);
        }
        return Ok(DEFAULT_DB_ALIAS.into());
    }
    let mut args = FuncArgs::from(vec![class]);
    if let Some(h) = &hints {
        args.kwargs = kwargs(vm, h)?;
    }
    let method = if write { "db_for_write" } else { "db_for_read" };
    if let Some(answer) = ask(vm, method, &args)? {
        return Ok(answer.str(vm)?.to_string_lossy().into_owned());
    }
    if let Some(h) = &hints
        && let Some(instance) = h.get_item_opt("instance", vm)?
        && let Some(db) = state_db(vm, &instance)?
    {
        return Ok(db);
    }
    Ok(DEFAULT_DB_ALIAS.into())
}

fn kwargs(vm: &VirtualMachine, dict: &PyDictRef) -> PyResult<KwArgs> {
    let mut found = KwArgs::default();
    for (k, v) in dict.items_vec() {
        found.insert(k.str(vm)?.as_wtf8().to_owned(), v);
    }
    Ok(found)
}

/// `instance._state.db`
pub fn state_db(vm: &VirtualMachine, instance: &PyObjectRef) -> PyResult<Option<String>> {
    if vm.is_none(instance) {
        return Ok(None);
    }
    let Some(state) = vm.get_attribute_opt(instance, "_state")? else {
        return Ok(None);
    };
    let db = state.get_attr("db", vm)?;
    if vm.is_none(&db) {
        return Ok(None);
    }
    Ok(Some(db.str(vm)?.to_string_lossy().into_owned()))
}

/// May instances of the two be related? Routers first, then: same database.
pub fn allow_relation(vm: &VirtualMachine, a: &PyObjectRef, b: &PyObjectRef) -> PyResult<bool> {
    let args = FuncArgs::from(vec![a.clone(), b.clone()]);
    match ask(vm, "allow_relation", &args)? {
        Some(answer) => answer.is_true(vm),
        None => Ok(state_db(vm, a)? == state_db(vm, b)?),
    }
}

/// May `app_label` (and a model of it) be migrated on `db`?
pub fn allow_migrate(
    vm: &VirtualMachine,
    db: &str,
    app_label: &str,
    model: Option<&ModelRef>,
) -> PyResult<bool> {
    if is_empty() {
        return Ok(true);
    }
    let mut args = FuncArgs::from(vec![
        vm.ctx.new_str(db).into(),
        vm.ctx.new_str(app_label).into(),
    ]);
    if let Some(model) = model {
        let name: PyObjectRef = vm.ctx.new_str(&**model.model_name()).into();
        args.kwargs.insert("model_name".into(), name);
    }
    match ask(vm, "allow_migrate", &args)? {
        Some(answer) => answer.is_true(vm),
        None => Ok(true),
    }
}

/// The `router` object.
#[pyclass(module = "django.db.utils", name = "ConnectionRouter")]
#[derive(Debug, PyPayload)]
pub struct ConnectionRouter {
    /// None: the project's routers.
    own: RefCell<Option<Vec<PyObjectRef>>>,
}

impl ConnectionRouter {
    /// Runs something with the routers of this object.
    fn asking<T>(&self, f: impl FnOnce() -> T) -> T {
        let own = self.own.borrow().clone();
        match own {
            None => f(),
            Some(own) => {
                let before = ROUTERS.replace(own);
                let out = f();
                ROUTERS.set(before);
                out
            }
        }
    }
}

impl Constructor for ConnectionRouter {
    type Args = FuncArgs;
    fn slot_new(class: PyTypeRef, mut args: FuncArgs, vm: &VirtualMachine) -> PyResult {
        let given = args
            .take_positional_keyword("routers")
            .filter(|r| !vm.is_none(r));
        let given = match given {
            Some(given) => given,
            None => crate::conf::get(vm, "DATABASE_ROUTERS")?,
        };
        let routers = instances(vm, given.try_into_value(vm)?)?;
        let own = RefCell::new(Some(routers));
        Ok(ConnectionRouter { own }
            .into_ref_with_type(vm, class)?
            .into())
    }
    fn py_new(
        _: &Py<rustpython_vm::builtins::PyType>,
        _: FuncArgs,
        vm: &VirtualMachine,
    ) -> PyResult<Self> {
        Err(vm.new_type_error("slot_new() makes routers"))
    }
}

fn hints_of(vm: &VirtualMachine, args: &FuncArgs) -> PyResult<Option<PyDictRef>> {
    let dict = vm.ctx.new_dict();
    for (k, v) in args.kwargs.iter() {
        dict.set_item(&*vm.ctx.new_str(k.clone()), v.clone(), vm)?;
    }
    Ok(Some(dict))
}

#[pyclass(with(Constructor), flags(BASETYPE, HAS_DICT))]
impl ConnectionRouter {
    #[pygetset]
    fn routers(zelf: &Py<ConnectionRouter>, vm: &VirtualMachine) -> PyObjectRef {
        let routers = zelf.asking(|| ROUTERS.with_borrow(Clone::clone));
        vm.ctx.new_list(routers).into()
    }
    #[pygetset(setter)]
    fn set_routers(
        zelf: &Py<ConnectionRouter>,
        routers: PyObjectRef,
        vm: &VirtualMachine,
    ) -> PyResult<()> {
        let routers = routers.try_into_value(vm)?;
        let mut own = zelf.own.borrow_mut();
        match own.as_mut() {
            Some(own) => *own = routers,
            None => ROUTERS.set(routers),
        }
        Ok(())
    }
    #[pymethod]
    fn db_for_read(
        zelf: &Py<ConnectionRouter>,
        args: FuncArgs,
        vm: &VirtualMachine,
    ) -> PyResult<String> {
        let hints = hints_of(vm, &args)?;
        let model = vm.unwrap_or_none(args.args.first().cloned());
        zelf.asking(|| db_for(vm, false, model, hints))
    }
    #[pymethod]
    fn db_for_write(
        zelf: &Py<ConnectionRouter>,
        args: FuncArgs,
        vm: &VirtualMachine,
    ) -> PyResult<String> {
        let hints = hints_of(vm, &args)?;
        let model = vm.unwrap_or_none(args.args.first().cloned());
        zelf.asking(|| db_for(vm, true, model, hints))
    }
    #[pymethod(name = "allow_relation")]
    fn py_allow_relation(
        zelf: &Py<ConnectionRouter>,
        args: FuncArgs,
        vm: &VirtualMachine,
    ) -> PyResult<bool> {
        match &args.args[..] {
            [a, b, ..] => match zelf.asking(|| ask(vm, "allow_relation", &args))? {
                Some(answer) => answer.is_true(vm),
                None => Ok(state_db(vm, a)? == state_db(vm, b)?),
            },
            _ => Err(vm.new_type_error("allow_relation() takes two objects")),
        }
    }
    #[pymethod(name = "allow_migrate")]
    fn py_allow_migrate(
        zelf: &Py<ConnectionRouter>,
        args: FuncArgs,
        vm: &VirtualMachine,
    ) -> PyResult<bool> {
        match zelf.asking(|| ask(vm, "allow_migrate", &args))? {
            Some(answer) => answer.is_true(vm),
            None => Ok(true),
        }
    }
    #[pymethod]
    fn allow_migrate_model(
        zelf: &Py<ConnectionRouter>,
        db: PyObjectRef,
        model: PyObjectRef,
        vm: &VirtualMachine,
    ) -> PyResult<bool> {
        let meta = model.get_attr("_meta", vm)?;
        let mut args = FuncArgs::from(vec![db, meta.get_attr("app_label", vm)?]);
        args.kwargs
            .insert("model_name".into(), meta.get_attr("model_name", vm)?);
        args.kwargs.insert("model".into(), model);
        let ask = zelf.as_object().get_attr("allow_migrate", vm)?;
        ask.call(args, vm)?.is_true(vm)
    }
    #[pymethod]
    fn get_migratable_models(
        zelf: &Py<ConnectionRouter>,
        args: FuncArgs,
        vm: &VirtualMachine,
    ) -> PyResult {
        let config = vm.unwrap_or_none(args.args.first().cloned());
        let db = vm.unwrap_or_none(args.args.get(1).cloned());
        let models = vm.call_method(&config, "get_models", ())?;
        let models: Vec<PyObjectRef> = models.try_into_value(vm)?;
        let mut kept = vec![];
        for m in models {
            if ConnectionRouter::allow_migrate_model(zelf, db.clone(), m.clone(), vm)? {
                kept.push(m);
            }
        }
        Ok(vm.ctx.new_list(kept).into())
    }
}

/// The object itself.
pub fn object(vm: &VirtualMachine) -> PyRef<ConnectionRouter> {
    let own = RefCell::new(None);
    let router = ConnectionRouter { own }.into_ref(&vm.ctx);
    STOCK.set(Some(router.clone()));
    router
}
