//! Transactions: `atomic` blocks, savepoints, commit hooks.
//!
//! An outermost block is `BEGIN … COMMIT`; a nested one a savepoint; a block left by an exception
//! rolls back to where it began, or marks the enclosing block for rollback.
use super::registry;
use super::wrapper::{CommitHook, DatabaseWrapper};
use crate::error;
use rustpython_vm::builtins::{PyBaseExceptionRef, PyStr};
use rustpython_vm::function::FuncArgs;
use rustpython_vm::types::Callable;
use rustpython_vm::{
    AsObject, Py, PyObject, PyObjectRef, PyPayload, PyRef, PyResult, VirtualMachine, pyclass,
};
use std::cell::Cell;

/// `django.db.transaction.Atomic`
#[pyclass(module = "django.db.transaction", name = "Atomic")]
#[derive(Debug, PyPayload)]
pub struct AtomicBlock {
    pub using: PyObjectRef,
    pub savepoint: bool,
    pub durable: bool,
    from_testcase: Cell<bool>,
}

impl AtomicBlock {
    pub fn new(using: PyObjectRef, savepoint: bool, durable: bool) -> AtomicBlock {
        AtomicBlock {
            using,
            savepoint,
            durable,
            from_testcase: Cell::new(false),
        }
    }
    pub fn enter(zelf: &PyRef<Self>, vm: &VirtualMachine) -> PyResult<()> {
        let db = registry::using(vm, Some(zelf.using.clone()))?;
        let innermost = db.atomic_blocks.borrow().last().cloned();
        if zelf.durable && innermost.is_some_and(|b| !b.from_testcase.get()) {
            return Err(vm.new_runtime_error(
                "A durable atomic block cannot be nested within another atomic block.",
            ));
        }
        if !db.in_atomic_block.get() {
            db.commit_on_exit.set(true);
            db.needs_rollback.set(false);
            db.sqlite(vm)?;
            if !db.autocommit.get() {
                db.in_atomic_block.set(true);
                db.commit_on_exit.set(false);
            }
        }
        if db.in_atomic_block.get() {
            let sid = if zelf.savepoint && !db.needs_rollback.get() {
                DatabaseWrapper::savepoint(&db, vm)?
            } else {
                None
            };
            let sid = sid.map_or_else(|| vm.ctx.none(), |sid| vm.ctx.new_str(sid).into());
            db.savepoint_ids.borrow_vec_mut().push(sid);
        } else {
            DatabaseWrapper::set_autocommit(&db, vm, false, true)?;
            db.in_atomic_block.set(true);
        }
        db.atomic_blocks.borrow_mut().push(zelf.clone());
        Ok(())
    }
    pub fn exit(zelf: &Py<Self>, vm: &VirtualMachine, failed: bool) -> PyResult<()> {
        let db = registry::using(vm, Some(zelf.using.clone()))?;
        if db.in_atomic_block.get() {
            db.atomic_blocks.borrow_mut().pop();
        }
        let open = db.savepoint_ids.borrow_vec_mut().pop();
        let sid = match open {
            Some(sid) => crate::py::as_string(&sid),
            None => {
                db.in_atomic_block.set(false);
                None
            }
        };
        let result = leave(&db, vm, sid, failed);
        let ended = finish(&db, vm);
        result.and(ended)
    }
}

fn leave(
    db: &Py<DatabaseWrapper>,
    vm: &VirtualMachine,
    sid: Option<String>,
    failed: bool,
) -> PyResult<()> {
    if db.closed_in_transaction.get() {
        return Ok(());
    }
    let database_error = |e: &PyBaseExceptionRef| error::is_a(vm, e, "DatabaseError");
    let any_error = |e: &PyBaseExceptionRef| error::is_a(vm, e, "Error");
    let undo = |sid: &str| {
        DatabaseWrapper::savepoint_rollback(db, vm, sid)?;
        DatabaseWrapper::savepoint_commit(db, vm, sid)
    };
    if !failed && !db.needs_rollback.get() {
        if db.in_atomic_block.get() {
            if let Some(sid) = sid
                && let Err(e) = DatabaseWrapper::savepoint_commit(db, vm, &sid)
            {
                if database_error(&e)
                    && let Err(again) = undo(&sid)
                    && any_error(&again)
                {
                    db.needs_rollback.set(true);
                }
                return Err(e);
            }
        } else if let Err(e) = DatabaseWrapper::commit(db, vm) {
            if database_error(&e)
                && let Err(again) = DatabaseWrapper::rollback(db, vm)
                && any_error(&again)
            {
                db.drop_sqlite();
            }
            return Err(e);
        }
        return Ok(());
    }
    db.needs_rollback.set(false);
    if db.in_atomic_block.get() {
        match sid {
            None => db.needs_rollback.set(true),
            Some(sid) => match undo(&sid) {
                Err(e) if any_error(&e) => db.needs_rollback.set(true),
                other => other?,
            },
        }
    } else {
        match DatabaseWrapper::rollback(db, vm) {
            Err(e) if any_error(&e) => db.drop_sqlite(),
            other => other?,
        }
    }
    Ok(())
}

fn finish(db: &Py<DatabaseWrapper>, vm: &VirtualMachine) -> PyResult<()> {
    if !db.in_atomic_block.get() {
        if db.closed_in_transaction.get() {
            db.drop_sqlite();
        } else {
            DatabaseWrapper::set_autocommit(db, vm, true, false)?;
        }
    } else if db.savepoint_ids.borrow_vec().is_empty() && !db.commit_on_exit.get() {
        if db.closed_in_transaction.get() {
            db.drop_sqlite();
        } else {
            db.in_atomic_block.set(false);
        }
    }
    Ok(())
}

/// Runs Rust code inside `atomic(using, savepoint)`.
pub fn atomic<T>(
    vm: &VirtualMachine,
    using: &str,
    savepoint: bool,
    f: impl FnOnce() -> PyResult<T>,
) -> PyResult<T> {
    let using = vm.ctx.new_str(using).into();
    let block = AtomicBlock::new(using, savepoint, false).into_ref(&vm.ctx);
    AtomicBlock::enter(&block, vm)?;
    let result = f();
    AtomicBlock::exit(&block, vm, result.is_err())?;
    result
}

/// Runs Rust code; an exception inside an atomic block marks it for rollback.
pub fn mark_for_rollback_on_error<T>(
    vm: &VirtualMachine,
    using: &str,
    f: impl FnOnce() -> PyResult<T>,
) -> PyResult<T> {
    f().inspect_err(|e| {
        if let Ok(db) = registry::database(vm, using)
            && db.in_atomic_block.get()
            && e.fast_isinstance(vm.ctx.exceptions.exception_type)
        {
            db.needs_rollback.set(true);
            *db.rollback_exc.borrow_mut() = Some(e.clone());
        }
    })
}

#[pyclass(with(Callable), flags(BASETYPE, HAS_DICT))]
impl AtomicBlock {
    #[pygetset]
    fn using(zelf: &Py<AtomicBlock>) -> PyObjectRef {
        zelf.using.clone()
    }
    #[pygetset]
    fn savepoint(zelf: &Py<AtomicBlock>) -> bool {
        zelf.savepoint
    }
    #[pygetset]
    fn durable(zelf: &Py<AtomicBlock>) -> bool {
        zelf.durable
    }
    #[pygetset]
    fn _from_testcase(zelf: &Py<AtomicBlock>) -> bool {
        zelf.from_testcase.get()
    }
    #[pygetset(setter)]
    fn set__from_testcase(zelf: &Py<AtomicBlock>, value: bool) {
        zelf.from_testcase.set(value);
    }
    #[pymethod]
    fn __enter__(zelf: PyRef<AtomicBlock>, vm: &VirtualMachine) -> PyResult<()> {
        AtomicBlock::enter(&zelf, vm)
    }
    #[pymethod]
    fn __exit__(zelf: &Py<AtomicBlock>, args: FuncArgs, vm: &VirtualMachine) -> PyResult<()> {
        let failed = args.args.first().is_some_and(|t| !vm.is_none(t));
        AtomicBlock::exit(zelf, vm, failed)
    }
}

impl Callable for AtomicBlock {
    type Args = FuncArgs;
    /// As a decorator.
    fn call(zelf: &Py<Self>, args: FuncArgs, vm: &VirtualMachine) -> PyResult {
        let mut args = args;
        let Some(func) = args.take_positional() else {
            return Err(vm.new_type_error("atomic() takes the function to decorate"));
        };
        decorate(vm, zelf.to_owned(), func)
    }
}

/// The function with the block around each call.
pub fn decorate(vm: &VirtualMachine, block: PyRef<AtomicBlock>, func: PyObjectRef) -> PyResult {
    let inner = func.clone();
    let wrapper = vm.new_function(
        "inner",
        move |args: FuncArgs, vm: &VirtualMachine| -> PyResult {
            let block = AtomicBlock::new(block.using.clone(), block.savepoint, block.durable)
                .into_ref(&vm.ctx);
            AtomicBlock::enter(&block, vm)?;
            let result = inner.call(args, vm);
            AtomicBlock::exit(&block, vm, result.is_err())?;
            result
        },
    );
    Ok(Decorated {
        wrapper: wrapper.into(),
        wrapped: func,
    }
    .into_pyobject(vm))
}

/// A decorated function: binds as a method does, and looks like what it wraps.
#[pyclass(module = "builtins", name = "function")]
#[derive(Debug, PyPayload)]
pub struct Decorated {
    wrapper: PyObjectRef,
    wrapped: PyObjectRef,
}

use rustpython_vm::builtins::PyBoundMethod;
use rustpython_vm::types::{GetAttr, GetDescriptor, Representable};

#[pyclass(with(Callable, GetDescriptor, GetAttr, Representable), flags(HAS_DICT))]
impl Decorated {}

impl Decorated {
    /// `wrapper`, looking like `wrapped`.
    pub fn around(wrapper: PyObjectRef, wrapped: PyObjectRef, vm: &VirtualMachine) -> PyObjectRef {
        Decorated { wrapper, wrapped }.into_pyobject(vm)
    }
}

impl Representable for Decorated {
    fn repr_str(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<String> {
        Ok(zelf.wrapped.repr(vm)?.to_string_lossy().into_owned())
    }
}

impl Callable for Decorated {
    type Args = FuncArgs;
    fn call(zelf: &Py<Self>, args: FuncArgs, vm: &VirtualMachine) -> PyResult {
        zelf.wrapper.call(args, vm)
    }
}

impl GetDescriptor for Decorated {
    fn descr_get(
        zelf: &PyObject,
        obj: Option<&PyObject>,
        _cls: Option<&PyObject>,
        vm: &VirtualMachine,
    ) -> PyResult {
        Ok(match obj {
            Some(obj) if !vm.is_none(obj) => {
                PyBoundMethod::new(obj.to_owned(), zelf.to_owned()).into_pyobject(vm)
            }
            _ => zelf.to_owned(),
        })
    }
}

impl GetAttr for Decorated {
    fn getattro(zelf: &Py<Self>, name: &Py<PyStr>, vm: &VirtualMachine) -> PyResult {
        if name.to_str() == Some("__wrapped__") {
            return Ok(zelf.wrapped.clone());
        }
        let own = zelf.as_object().dict();
        if let Some(found) = own.and_then(|d| d.get_item_opt(name, vm).ok().flatten()) {
            return Ok(found);
        }
        match name.to_str() {
            Some("__class__" | "__call__" | "__get__" | "__dict__") => {
                zelf.as_object().generic_getattr(name, vm)
            }
            _ => zelf.wrapped.get_attr(name, vm),
        }
    }
}

/// The transaction part of a connection.
impl DatabaseWrapper {
    pub fn validate_no_atomic_block(&self, vm: &VirtualMachine) -> PyResult<()> {
        if self.in_atomic_block.get() {
            return Err(error::raise(
                vm,
                "TransactionManagementError",
                "This is forbidden when an 'atomic' block is active.",
            ));
        }
        Ok(())
    }
    pub fn commit(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<()> {
        zelf.validate_no_atomic_block(vm)?;
        zelf.transaction_statement(vm, "COMMIT")?;
        zelf.errors_occurred.set(false);
        zelf.run_commit_hooks_on_set_autocommit_on.set(true);
        Ok(())
    }
    pub fn rollback(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<()> {
        zelf.validate_no_atomic_block(vm)?;
        zelf.transaction_statement(vm, "ROLLBACK")?;
        zelf.errors_occurred.set(false);
        zelf.needs_rollback.set(false);
        zelf.run_on_commit.borrow_mut().clear();
        Ok(())
    }
    pub fn set_autocommit(
        zelf: &Py<Self>,
        vm: &VirtualMachine,
        autocommit: bool,
        force_begin: bool,
    ) -> PyResult<()> {
        zelf.validate_no_atomic_block(vm)?;
        let connection = zelf.sqlite(vm)?;
        if force_begin && !autocommit {
            match zelf.transaction_mode(vm)? {
                Some(mode) => Self::plain(zelf, vm, &format!("BEGIN {mode}"))?,
                None => Self::plain(zelf, vm, "BEGIN")?,
            }
        } else {
            connection.set_implicit_begin(!autocommit);
        }
        zelf.autocommit.set(autocommit);
        if autocommit && zelf.run_commit_hooks_on_set_autocommit_on.get() {
            Self::run_and_clear_commit_hooks(zelf, vm)?;
            zelf.run_commit_hooks_on_set_autocommit_on.set(false);
        }
        Ok(())
    }
    /// Makes a savepoint inside an atomic block; elsewhere does nothing.
    pub fn savepoint(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<Option<String>> {
        if !zelf.in_atomic_block.get() {
            return Ok(None);
        }
        let n = zelf.savepoint_state.get() + 1;
        zelf.savepoint_state.set(n);
        let sid = format!("s1_x{n}");
        Self::plain(zelf, vm, &format!("SAVEPOINT \"{sid}\""))?;
        Ok(Some(sid))
    }
    pub fn savepoint_rollback(zelf: &Py<Self>, vm: &VirtualMachine, sid: &str) -> PyResult<()> {
        if !zelf.in_atomic_block.get() {
            return Ok(());
        }
        Self::plain(zelf, vm, &format!("ROLLBACK TO SAVEPOINT \"{sid}\""))?;
        zelf.run_on_commit
            .borrow_mut()
            .retain(|hook| !hook.sids.iter().any(|s| s == sid));
        Ok(())
    }
    pub fn savepoint_commit(zelf: &Py<Self>, vm: &VirtualMachine, sid: &str) -> PyResult<()> {
        if !zelf.in_atomic_block.get() {
            return Ok(());
        }
        Self::plain(zelf, vm, &format!("RELEASE SAVEPOINT \"{sid}\""))
    }
    pub fn on_commit(
        zelf: &Py<Self>,
        vm: &VirtualMachine,
        func: PyObjectRef,
        robust: bool,
    ) -> PyResult<()> {
        if !func.is_callable() {
            return Err(vm.new_type_error("on_commit()'s callback must be a callable."));
        }
        if zelf.in_atomic_block.get() {
            let sids = zelf
                .savepoint_ids
                .borrow_vec()
                .iter()
                .filter_map(crate::py::as_string)
                .collect();
            zelf.run_on_commit
                .borrow_mut()
                .push(CommitHook { sids, func, robust });
            return Ok(());
        }
        zelf.sqlite(vm)?;
        if !zelf.autocommit.get() {
            return Err(error::raise(
                vm,
                "TransactionManagementError",
                "on_commit() cannot be used in manual transaction management",
            ));
        }
        run_hook(
            vm,
            &CommitHook {
                sids: vec![],
                func,
                robust,
            },
            "in on_commit()",
        )
    }
    pub fn run_and_clear_commit_hooks(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<()> {
        zelf.validate_no_atomic_block(vm)?;
        let hooks = std::mem::take(&mut *zelf.run_on_commit.borrow_mut());
        for hook in hooks {
            run_hook(vm, &hook, "in on_commit() during transaction")?;
        }
        Ok(())
    }
}

/// A robust hook's exception is logged, not raised.
fn run_hook(vm: &VirtualMachine, hook: &CommitHook, place: &str) -> PyResult<()> {
    let Err(raised) = hook.func.call((), vm) else {
        return Ok(());
    };
    if !hook.robust || !raised.fast_isinstance(vm.ctx.exceptions.exception_type) {
        return Err(raised);
    }
    let name = match hook.func.get_attr("__qualname__", vm) {
        Ok(n) => n,
        Err(_) => hook.func.clone(),
    };
    let text = format!(
        "Error calling {} {place} ({}).",
        name.str(vm)?.to_string_lossy(),
        raised.as_object().str(vm)?.to_string_lossy()
    );
    if let Ok(logging) = vm.import("logging", 0) {
        let logger = logging
            .get_attr("getLogger", vm)?
            .call((vm.ctx.new_str("django.db.backends.base"),), vm)?;
        let mut args = FuncArgs::from(vec![vm.ctx.new_str(text).into()]);
        args.kwargs.insert("exc_info".into(), raised.into());
        logger.get_attr("error", vm)?.call(args, vm)?;
    }
    Ok(())
}
