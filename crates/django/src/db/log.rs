//! Every statement that reached a database, for result cards and `connection.queries`.
use orm_state::Value;
use rustpython_vm::VirtualMachine;
use rustpython_vm::frame::frame_at_offset;
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
    /// Where in Python it was caused, innermost frame first: file and line.
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

/// The Python frames of the project, innermost first.
pub(crate) fn stack(vm: &VirtualMachine) -> Vec<(String, u32)> {
    let mut found = vec![];
    for offset in 0..64 {
        let Some(frame) = frame_at_offset(offset, vm) else {
            break;
        };
        let code = frame.iframe().code();
        let file = code.source_path().as_str();
        if !file.starts_with('<') {
            let line = frame.current_location().line.get() as u32;
            found.push((file.to_string(), line));
        }
        if found.len() == 16 {
            break;
        }
    }
    found
}
