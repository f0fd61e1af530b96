//! Which piece of Python asked for which piece of SQL.
//!
//! ```text
//! filter(author__name="A")      the binding says where it is: scope(origin)
//!   │ joins, conditions, terms  keep what is said while they are made
//!   ▼
//! INNER JOIN "author" ON (…)    the writer notes what it wrote for whom
//! ```
//!
//! The ORM knows origins as numbers only. Nothing is kept unless somebody is tracing, and what is
//! kept changes no SQL.
use crate::query::{Alias, Query};
use orm_state::maps::IndexMap;
use std::cell::Cell;
use std::rc::Rc;

/// A call of the user's, or a part of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Origin {
    /// The binding's number for the call.
    pub call: u32,
    /// The part of it.
    pub part: Part,
}

/// A part of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// The call itself.
    Whole,
    /// What its method was called on: `Book.objects`.
    Receiver,
    /// One of its arguments: positional ones first, then keywords, as they were given.
    Argument(u16),
}

impl Origin {
    /// Another part of the same call.
    pub fn part(self, part: Part) -> Origin {
        Origin { part, ..self }
    }
    /// An argument of the call, counted from 0; a part of a call has no arguments of its own.
    pub fn argument(self, index: usize) -> Origin {
        match self.part {
            Part::Whole => self.part(Part::Argument(u16::try_from(index).unwrap_or(u16::MAX))),
            _ => self,
        }
    }
}

thread_local! {
    static TRACING: Cell<bool> = const { Cell::new(false) };
    static CURRENT: Cell<Option<Origin>> = const { Cell::new(None) };
}

/// Whether origins are kept.
pub fn tracing() -> bool {
    TRACING.get()
}

/// Begins or ends keeping them.
pub fn trace(on: bool) {
    TRACING.set(on);
    CURRENT.set(None);
}

/// What is worked for.
pub fn current() -> Option<Origin> {
    CURRENT.get()
}

/// An argument of the call that is worked for.
pub fn argument(index: usize) -> Option<Origin> {
    current().map(|o| o.argument(index))
}

/// Ends a scope when it is dropped.
#[derive(Debug)]
pub struct Scope(Option<Origin>);

impl Drop for Scope {
    fn drop(&mut self) {
        CURRENT.set(self.0);
    }
}

/// What is made from here on is made for that origin.
#[must_use]
pub fn scope(origin: Option<Origin>) -> Scope {
    Scope(CURRENT.replace(origin))
}

/// The same, unless there is none: then whoever is worked for stays.
#[must_use]
pub fn narrow(origin: Option<Origin>) -> Scope {
    scope(origin.or_else(current))
}

/// A piece of SQL and where it came from; bytes of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    pub start: usize,
    pub end: usize,
    pub origin: Origin,
    /// The alias that the piece adds, if it is a join.
    pub alias: Option<Alias>,
}

/// Where the parts of a query came from that have a name or a place in it.
#[derive(Clone, Debug, Default)]
pub struct QueryOrigins {
    /// The table it is about.
    base: Option<Origin>,
    /// Joins, by alias: whoever asked for them or used them again.
    joins: IndexMap<Alias, Vec<Origin>>,
    /// Annotations and what `values()` chose, by name.
    columns: IndexMap<Rc<str>, Origin>,
    /// The terms of `order_by()`.
    order_by: Vec<Option<Origin>>,
    /// Slices.
    limits: Vec<Origin>,
    distinct: Option<Origin>,
    group_by: Vec<Origin>,
    combinator: Option<Origin>,
}

/// None while nobody traces.
pub type Kept = Option<Rc<QueryOrigins>>;

impl Query {
    fn keep(&mut self, put: impl FnOnce(&mut QueryOrigins, Origin)) {
        if let Some(origin) = current() {
            put(Rc::make_mut(self.origins.get_or_insert_default()), origin);
        }
    }
    fn kept<'a, T: Default>(&'a self, get: impl FnOnce(&'a QueryOrigins) -> T) -> T {
        self.origins.as_deref().map(get).unwrap_or_default()
    }
    /// The table it is about was named here.
    pub fn begun_by(&mut self, origin: Option<Origin>) {
        let _scope = scope(origin);
        self.keep(|o, origin| o.base = Some(origin));
    }
    /// A join was asked for.
    pub(crate) fn join_wanted(&mut self, alias: &Alias) {
        self.keep(|o, origin| {
            let all = o.joins.entry(alias.clone()).or_default();
            if !all.contains(&origin) {
                all.push(origin);
            }
        });
    }
    /// It turned out not to be needed.
    pub(crate) fn join_dropped(&mut self, alias: &Alias) {
        self.keep(|o, origin| {
            if let Some(all) = o.joins.get_mut(alias) {
                all.retain(|other| *other != origin);
            }
        });
    }
    /// A column of the result was asked for.
    pub fn column_wanted(&mut self, name: &str) {
        self.keep(|o, origin| {
            o.columns.insert(name.into(), origin);
        });
    }
    /// Terms are added to the order, one for each argument of the call.
    pub(crate) fn order_wanted(&mut self, terms: usize) {
        let before = self.order_by.len();
        self.keep(|o, origin| {
            o.order_by.resize(before, None);
            o.order_by
                .extend((0..terms).map(|i| Some(origin.argument(i))));
        });
    }
    /// The same order as another query has.
    pub(crate) fn order_taken(&mut self, other: &Query) {
        let theirs = other.kept(|o| o.order_by.clone());
        if !theirs.is_empty() {
            Rc::make_mut(self.origins.get_or_insert_default()).order_by = theirs;
        }
    }
    /// The order was dropped.
    pub(crate) fn order_dropped(&mut self) {
        if let Some(origins) = &mut self.origins {
            Rc::make_mut(origins).order_by.clear();
        }
    }
    /// A slice was taken.
    pub(crate) fn limits_wanted(&mut self) {
        self.keep(|o, origin| o.limits.push(origin));
    }
    /// The slice was dropped.
    pub(crate) fn limits_dropped(&mut self) {
        if let Some(origins) = &mut self.origins {
            Rc::make_mut(origins).limits.clear();
        }
    }
    /// `distinct()`
    pub fn distinct_wanted(&mut self) {
        self.keep(|o, origin| o.distinct = Some(origin));
    }
    /// An annotation made it group its rows.
    pub fn group_by_wanted(&mut self, annotation: &str) {
        let _scope = scope(self.column_origin(annotation));
        self.keep(|o, origin| {
            if !o.group_by.contains(&origin) {
                o.group_by.push(origin);
            }
        });
    }
    /// `union()` and such.
    pub fn combinator_wanted(&mut self) {
        self.keep(|o, origin| o.combinator = Some(origin));
    }
    /// Who asked for a join.
    pub(crate) fn join_origins(&self, alias: &str) -> &[Origin] {
        match &self.origins {
            Some(o) => o.joins.get(alias).map_or(&[], Vec::as_slice),
            None => &[],
        }
    }
    pub(crate) fn base_origin(&self) -> Option<Origin> {
        self.kept(|o| o.base)
    }
    pub(crate) fn column_origin(&self, name: &str) -> Option<Origin> {
        self.kept(|o| o.columns.get(name).copied())
    }
    pub(crate) fn order_origin(&self, index: usize) -> Option<Origin> {
        self.kept(|o| o.order_by.get(index).copied().flatten())
    }
    pub(crate) fn limit_origins(&self) -> &[Origin] {
        self.origins.as_deref().map_or(&[], |o| &o.limits)
    }
    pub(crate) fn distinct_origin(&self) -> Option<Origin> {
        self.kept(|o| o.distinct)
    }
    pub(crate) fn group_by_origins(&self) -> &[Origin] {
        self.origins.as_deref().map_or(&[], |o| &o.group_by)
    }
    pub(crate) fn combinator_origin(&self) -> Option<Origin> {
        self.kept(|o| o.combinator)
    }
    /// Aliases have other names.
    pub(crate) fn origins_renamed(&mut self, renamed: impl Fn(&Alias) -> Alias) {
        if let Some(origins) = &mut self.origins {
            let origins = Rc::make_mut(origins);
            origins.joins = std::mem::take(&mut origins.joins)
                .into_iter()
                .map(|(alias, all)| (renamed(&alias), all))
                .collect();
        }
    }
    /// The joins of a query that becomes part of this one.
    pub(crate) fn joins_taken(&mut self, other: &Query, from: &Alias, to: &Alias) {
        for origin in other.join_origins(from).to_vec() {
            let _scope = scope(Some(origin));
            self.join_wanted(to);
        }
    }
}
