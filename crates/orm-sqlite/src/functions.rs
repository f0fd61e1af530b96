//! The SQL functions Django adds to SQLite.
//!
//! A function that meets a value it cannot work with fails the statement with
//! `user-defined function raised exception`, as a Python function would.
mod aggregates;
mod dates;
mod duration;
mod hash;
mod math;
pub(crate) mod random;
mod regexp;
mod text;
mod zone;

use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::{Value as Sql, ValueRef};
use rusqlite::{Connection, Result};

/// Registers all of them.
pub fn register(db: &Connection) -> Result<()> {
    dates::register(db)?;
    duration::register(db)?;
    regexp::register(db)?;
    text::register(db)?;
    hash::register(db)?;
    math::register(db)?;
    random::register(db)?;
    aggregates::register(db)
}

/// A Python exception inside a function; SQLite only tells that there was one.
#[derive(Debug)]
struct Raised;

impl std::fmt::Display for Raised {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("user-defined function raised exception")
    }
}
impl std::error::Error for Raised {}

/// What a function gives: a value, or an exception.
type Answer = std::result::Result<Sql, Raised>;

fn add(
    db: &Connection,
    name: &str,
    arguments: i32,
    deterministic: bool,
    function: fn(&Arguments) -> Answer,
) -> Result<()> {
    let mut flags = FunctionFlags::SQLITE_UTF8;
    if deterministic {
        flags |= FunctionFlags::SQLITE_DETERMINISTIC;
    }
    db.create_scalar_function(name, arguments, flags, move |context| {
        function(&Arguments(context)).map_err(|e| rusqlite::Error::UserFunctionError(Box::new(e)))
    })
}

fn deterministic(
    db: &Connection,
    name: &str,
    arguments: i32,
    function: fn(&Arguments) -> Answer,
) -> Result<()> {
    add(db, name, arguments, true, function)
}

/// The arguments of a call.
struct Arguments<'a>(&'a Context<'a>);

impl<'a> Arguments<'a> {
    fn get(&self, i: usize) -> ValueRef<'a> {
        self.0.get_raw(i)
    }
    fn len(&self) -> usize {
        self.0.len()
    }
    fn is_null(&self, i: usize) -> bool {
        matches!(self.get(i), ValueRef::Null)
    }
    fn any_null(&self) -> bool {
        (0..self.len()).any(|i| self.is_null(i))
    }
    /// A text argument; anything else raises.
    fn text(&self, i: usize) -> std::result::Result<&'a str, Raised> {
        self.get(i).as_str().map_err(|_| Raised)
    }
    fn int(&self, i: usize) -> std::result::Result<i64, Raised> {
        self.get(i).as_i64().map_err(|_| Raised)
    }
}
