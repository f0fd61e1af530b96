//! Every statement that reached a database, for result cards and `connection.queries`.
use super::wrapper::DatabaseWrapper;
use crate::py;
use orm_sql::origin;
use orm_state::Value;
use rustpython_vm::frame::frame_at_offset;
use rustpython_vm::{PyObjectRef, PyResult, VirtualMachine};
use std::any::Any;
use std::cell::RefCell;
use std::rc::Rc;

/// One statement.
#[derive(Clone)]
pub struct QueryRecord {
    /// The connection's alias.
    pub using: Rc<str>,
    /// With `%s` placeholders.
    pub sql: Rc<str>,
    /// `None`: run without parameters, percent signs as they are.
    pub params: Option<Rc<[Value]>>,
    /// For `executemany`: how often it ran.
    pub times: Option<usize>,
    /// Seconds.
    pub duration: f64,
    /// Rows fetched, or changed; `-1` where unknown.
    pub rows: i64,
    pub error: Option<String>,
    /// Where in Python it was caused, innermost frame first: file and line. Known while the engine
    /// traces.
    pub stack: Vec<(String, u32)>,
    /// What the compiler said about the query (its join graph), if it was compiled.
    pub plan: Option<Rc<dyn Any>>,
}

thread_local! {
    static LOG: RefCell<Vec<QueryRecord>> = RefCell::default();
    static PLAN: RefCell<Option<Rc<dyn Any>>> = const { RefCell::new(None) };
}

/// More than this is not kept.
const LIMIT: usize = 20_000;

/// The statements so far; the log starts again.
pub fn take() -> Vec<QueryRecord> {
    LOG.take()
}

/// How many there are.
pub fn len() -> usize {
    LOG.with_borrow(Vec::len)
}

/// Reads the statements from `start` on, without taking them.
pub fn with<R>(start: usize, f: impl FnOnce(&[QueryRecord]) -> R) -> R {
    LOG.with_borrow(|log| f(log.get(start..).unwrap_or_default()))
}

/// What the next statement was compiled from.
pub fn set_plan(plan: Rc<dyn Any>) {
    PLAN.set(Some(plan));
}

pub(crate) fn take_plan() -> Option<Rc<dyn Any>> {
    PLAN.take()
}

pub(crate) fn push(record: QueryRecord) {
    LOG.with_borrow_mut(|log| {
        if log.len() < LIMIT {
            log.push(record);
        }
    });
}

/// The `django.db.backends` logger hears of a statement, if anybody listens.
pub(crate) fn tell_logger(database: &DatabaseWrapper, vm: &VirtualMachine, record: &QueryRecord) {
    // What a logger raises is its own affair, as `logging` has it.
    let _ = said_to_logger(database, vm, record);
}

fn said_to_logger(
    database: &DatabaseWrapper,
    vm: &VirtualMachine,
    record: &QueryRecord,
) -> PyResult<()> {
    let loaded = vm.sys_module.get_attr("modules", vm)?;
    let Ok(logging) = loaded.get_item("logging", vm) else {
        return Ok(());
    };
    let logger = py::call(
        vm,
        &logging,
        "getLogger",
        vec![py::str(vm, "django.db.backends")],
    )?;
    let debug = py::attr(vm, &logging, "DEBUG")?;
    if !py::call(vm, &logger, "isEnabledFor", vec![debug])?.is_true(vm)? {
        return Ok(());
    }
    let sql = py::str(vm, database.interpolated(vm, record)?);
    let params = match &record.params {
        Some(params) => {
            let values = params.iter().map(|p| crate::convert::to_py(vm, p));
            vm.ctx.new_tuple(values.collect::<PyResult<_>>()?).into()
        }
        None => vm.ctx.none(),
    };
    let duration: PyObjectRef = vm.ctx.new_float(record.duration).into();
    let alias = py::str(vm, &*record.using);
    let extra = vm.ctx.new_dict();
    for (name, value) in [
        ("duration", &duration),
        ("sql", &sql),
        ("params", &params),
        ("alias", &alias),
    ] {
        extra.set_item(name, value.clone(), vm)?;
    }
    let format = py::str(vm, "(%.3f) %s; args=%s; alias=%s");
    let args = vec![format, duration, sql, params, alias];
    py::call_kw(vm, &logger, "debug", args, &[("extra", extra.into())]).map(drop)
}

/// The Python frames of the project, innermost first.
pub(crate) fn stack(vm: &VirtualMachine) -> Vec<(String, u32)> {
    let mut found = vec![];
    if !origin::tracing() {
        return found;
    }
    for offset in 0..64 {
        let Some(frame) = frame_at_offset(offset, vm) else {
            break;
        };
        let code = frame.iframe().code();
        let file = code.source_path().as_str();
        if !file.starts_with('<') {
            // The frame's own copy of its place is not kept up to date while it runs.
            let line = u32::try_from(frame.lineno()).unwrap_or(0);
            found.push((file.to_string(), line));
        }
        if found.len() == 16 {
            break;
        }
    }
    found
}
