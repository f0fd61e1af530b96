//! Which call of the user's asks for what, while the engine traces: see [`orm_sql::origin`].
//!
//! A call is known by its place: the file, and where the instruction that runs in the innermost of
//! the project's frames begins and ends. The engine finds the call's text there.
use orm_sql::origin::{self, Origin, Part, Scope};
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{AsObject, VirtualMachine, frame::frame_at_offset};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

/// A call and what was given to it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Call {
    pub file: Rc<str>,
    /// Line from 1, column from 0 in bytes.
    pub start: (u32, u32),
    /// One column after its end.
    pub end: (u32, u32),
    pub positional: usize,
    pub keywords: Vec<Rc<str>>,
    /// It is this very call, not one that a library's code made on its behalf.
    pub direct: bool,
}

#[derive(Default)]
struct Calls {
    all: Vec<Call>,
    numbers: HashMap<Call, u32>,
}

thread_local! {
    static CALLS: RefCell<Calls> = RefCell::default();
}

/// Forgets all calls but the first ones.
pub fn keep_first(count: usize) {
    CALLS.with_borrow_mut(|calls| {
        for call in calls.all.split_off(count.min(calls.all.len())) {
            calls.numbers.remove(&call);
        }
    });
}

/// How many calls are known.
pub fn count() -> usize {
    CALLS.with_borrow(|calls| calls.all.len())
}

/// The call of an origin.
pub fn call_of(origin: Origin) -> Option<Call> {
    CALLS.with_borrow(|calls| calls.all.get(origin.call as usize).cloned())
}

/// A method was called: what it makes is made for that call.
pub fn calling(vm: &VirtualMachine, args: &FuncArgs) -> Option<Scope> {
    if !origin::tracing() {
        return None;
    }
    Some(origin::narrow(here(vm, args)))
}

/// The same for a method without arguments.
pub fn calling_plain(vm: &VirtualMachine) -> Option<Scope> {
    if !origin::tracing() {
        return None;
    }
    calling(vm, &FuncArgs::default())
}

/// What the running method was called on.
pub fn receiver(vm: &VirtualMachine) -> Option<Origin> {
    if !origin::tracing() {
        return None;
    }
    let call = origin::current().or_else(|| here(vm, &FuncArgs::default()))?;
    Some(match call.part {
        Part::Whole => call.part(Part::Receiver),
        _ => call,
    })
}

/// What is made is what the running method was called on.
pub fn receiving(vm: &VirtualMachine) -> Option<Scope> {
    receiver(vm).map(|origin| origin::scope(Some(origin)))
}

/// The keyword argument of that name of the call that is worked for.
pub fn keyword(name: &str) -> Option<Origin> {
    let current = origin::current()?;
    let call = call_of(current)?;
    let at = call.keywords.iter().position(|k| **k == *name)?;
    Some(current.argument(call.positional + at))
}

/// Where the conditions of `filter(*args, **kwargs)` came from, in the order of their names.
pub fn of_conditions(q: &mut orm_sql::Q, positional: usize) {
    use orm_sql::QChild;
    if origin::current().is_none() {
        return;
    }
    q.origins = q
        .children
        .iter()
        .enumerate()
        .map(|(i, child)| match child {
            _ if i < positional => origin::argument(i),
            QChild::Lookup(name, _) => keyword(name),
            _ => None,
        })
        .collect();
}

fn here(vm: &VirtualMachine, args: &FuncArgs) -> Option<Origin> {
    for offset in 0..64 {
        let frame = frame_at_offset(offset, vm)?;
        let code = frame.iframe().code();
        let file = code.source_path().as_str();
        if file.starts_with('<') {
            continue;
        }
        // Bytes, two for an instruction; the frame's own field is a copy that lags behind.
        let at: usize = frame
            .as_object()
            .get_attr("f_lasti", vm)
            .ok()?
            .try_into_value(vm)
            .ok()?;
        let (start, end) = code.locations.get(at / 2)?;
        let place = |l: &rustpython_vm::compiler::core::SourceLocation| {
            let column = l.character_offset.to_zero_indexed() as u32;
            (l.line.get() as u32, column)
        };
        let direct = offset == 0;
        let keywords = args.kwargs.keys().map(|k| (&*k.to_string_lossy()).into());
        let call = Call {
            file: file.into(),
            start: place(start),
            end: place(end),
            positional: if direct { args.args.len() } else { 0 },
            keywords: keywords.collect(),
            direct,
        };
        return Some(Origin {
            call: number(call),
            part: Part::Whole,
        });
    }
    None
}

fn number(call: Call) -> u32 {
    CALLS.with_borrow_mut(|calls| {
        if let Some(known) = calls.numbers.get(&call) {
            return *known;
        }
        let number = u32::try_from(calls.all.len()).unwrap_or(u32::MAX);
        calls.all.push(call.clone());
        calls.numbers.insert(call, number);
        number
    })
}
