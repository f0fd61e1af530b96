//! What the interpreter's cycle collector sees of our data.
//!
//! An instance holds its `ModelState`, that the cached related objects, and those hold the
//! instance again; a prefetched queryset holds its rows and the object they were fetched for.
//! Where our own data is a link of such a ring, it shows the collector what it holds. Data that
//! does not is safe: what it holds counts as held from outside.
use rustpython_vm::VirtualMachine;
use rustpython_vm::object::{Traverse, TraverseFn};
use std::cell::RefCell;
use std::ops::Deref;
use std::rc::Rc;

/// A `RefCell` that the collector sees through. While it is written to it shows nothing.
#[derive(Debug, Default)]
pub struct Held<T>(RefCell<T>);

impl<T> Held<T> {
    pub const fn new(value: T) -> Held<T> {
        Held(RefCell::new(value))
    }
}

impl<T> Deref for Held<T> {
    type Target = RefCell<T>;
    fn deref(&self) -> &RefCell<T> {
        &self.0
    }
}

// SAFETY: shows what the cell owns, each object once, and clones nothing.
unsafe impl<T: Traverse> Traverse for Held<T> {
    fn traverse(&self, see: &mut TraverseFn<'_>) {
        if let Ok(value) = self.0.try_borrow() {
            value.traverse(see);
        }
    }
}

/// Shows what is behind a shared pointer that nobody else shares: the collector may see every
/// owned object only once.
pub fn see_unshared<T>(shared: &Rc<T>, see: impl FnOnce(&T)) {
    if Rc::strong_count(shared) == 1 {
        see(shared);
    }
}

/// Fewer survivors than this are not worth a look at all objects. CPython, whose thresholds are
/// 2,000, 10 and 10, looks at all only after these many were made, too.
const FEWEST: usize = 200_000;

/// Looks for rings among the older objects when many were added to them.
///
/// The interpreter collects its youngest objects by itself, and never those that outlived one
/// collection: a ring of instances that lived while their query was read would stay for good.
/// The rule is CPython's: when what came since is a quarter of what was there.
pub fn collect_old(vm: &VirtualMachine) {
    let (_, came, were) = rustpython_vm::gc_state::gc_state().get_count();
    if came > FEWEST && came > were / 4 && vm.state.gc.is_enabled() {
        vm.state.gc.collect(2);
    }
}
