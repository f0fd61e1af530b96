//! Two states of one thing.

/// What something was, and what it becomes.
#[derive(Clone, Copy, Debug)]
pub struct Pair<T> {
    pub previous: T,
    pub next: T,
}

impl<T> Pair<T> {
    pub fn new(previous: T, next: T) -> Pair<T> {
        Pair { previous, next }
    }
    pub fn map<U>(&self, f: impl Fn(&T) -> U) -> Pair<U> {
        Pair {
            previous: f(&self.previous),
            next: f(&self.next),
        }
    }
}
