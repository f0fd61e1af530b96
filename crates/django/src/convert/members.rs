//! Members of an enumeration that are texts: `Post.Status.LIVE`.
//!
//! Django passes them on as they are, and that is what a parameter shows. Here they become text
//! like any other; the very text that was made of a member leads back to it.
use rustpython_vm::builtins::PyStr;
use rustpython_vm::{AsObject, Py, PyObject, PyObjectRef, VirtualMachine};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

#[derive(Default)]
struct Members {
    /// By the member's identity. The members are kept, so no identity comes again.
    texts: HashMap<usize, Rc<str>>,
    /// By where the text is. The texts are kept too.
    members: HashMap<*const u8, PyObjectRef>,
}

thread_local! {
    static MEMBERS: RefCell<Members> = RefCell::default();
}

/// The text of a member; nothing for other texts.
pub fn text(vm: &VirtualMachine, obj: &PyObject, text: &Py<PyStr>) -> Option<Rc<str>> {
    if let Some(known) = MEMBERS.with_borrow(|m| m.texts.get(&obj.get_id()).cloned()) {
        return Some(known);
    }
    obj.class().get_attr(vm.ctx.intern_str("_member_map_"))?;
    let made: Rc<str> = text.to_string_lossy().into();
    MEMBERS.with_borrow_mut(|m| {
        m.texts.insert(obj.get_id(), made.clone());
        m.members.insert(made.as_ptr(), obj.to_owned());
    });
    Some(made)
}

/// The member that this very text was made of.
pub fn member(text: &Rc<str>) -> Option<PyObjectRef> {
    MEMBERS.with_borrow(|m| match m.members.is_empty() {
        true => None,
        false => m.members.get(&text.as_ptr()).cloned(),
    })
}

/// Forgets them with their interpreter.
pub fn reset() {
    MEMBERS.take();
}
