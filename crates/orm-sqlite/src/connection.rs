//! An open SQLite database.
use crate::interrupt::{self, Interrupt};
use crate::statement::{Cache, Statement};
use crate::{error, functions, placeholders};
use orm_sql::connection::{Connection, Outcome, Row, RowCursor};
use orm_sql::dialect::{Dialect, Sqlite};
use orm_state::{Error, ErrorKind, Result, Value};
use rusqlite::{MAIN_DB, OpenFlags, ffi};
use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// Parameters as a cursor's `execute` takes them.
#[derive(Clone, Copy, Debug)]
pub enum Params<'a> {
    /// None given: the SQL is run as it is, percent signs included.
    None,
    /// `%s` placeholders.
    Positional(&'a [Value]),
    /// `%(name)s` placeholders.
    Named(&'a [(String, Value)]),
}

/// One column of a result, as `cursor.description` shows it.
pub type ColumnInfo = String;

/// A connection; clones share it.
#[derive(Clone)]
pub struct SqliteConnection(Rc<Inner>);

struct Inner {
    /// Statements go before the connection does.
    cache: RefCell<Cache>,
    interrupt: RefCell<Option<Box<Interrupt>>>,
    /// Python's `isolation_level = ""`: statements that write open a transaction by themselves.
    implicit_begin: Cell<bool>,
    path: String,
    db: RefCell<rusqlite::Connection>,
    raw: *mut ffi::sqlite3,
}

impl std::fmt::Debug for SqliteConnection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SqliteConnection({:?})", self.0.path)
    }
}

impl SqliteConnection {
    /// Opens `:memory:`, a `file:` URI or a path, with Django's functions and pragmas.
    pub fn open(path: &str) -> Result<SqliteConnection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_URI
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = rusqlite::Connection::open_with_flags(path, flags).map_err(|e| match e {
            rusqlite::Error::SqliteFailure(code, _) => Error::new(
                error::kind(code.extended_code),
                "unable to open database file",
            ),
            e => error::from_rusqlite(e),
        })?;
        functions::register(&db).map_err(error::from_rusqlite)?;
        // SAFETY: the handle lives as long as `db`, which `Inner` owns and drops last.
        let raw = unsafe { db.handle() };
        let connection = SqliteConnection(Rc::new(Inner {
            cache: RefCell::default(),
            interrupt: RefCell::default(),
            implicit_begin: Cell::new(false),
            path: path.into(),
            db: RefCell::new(db),
            raw,
        }));
        connection.run("PRAGMA foreign_keys = ON", Params::None)?;
        connection.run("PRAGMA legacy_alter_table = OFF", Params::None)?;
        Ok(connection)
    }
    pub fn path(&self) -> &str {
        &self.0.path
    }
    /// SQLite's own version, as numbers.
    pub fn version() -> (u32, u32, u32) {
        let n = rusqlite::version_number() as u32;
        (n / 1_000_000, n / 1000 % 1000, n % 1000)
    }
    /// Runs one statement to its end.
    pub fn run(&self, sql: &str, params: Params) -> Result<Outcome> {
        let (key, mut statement) = self.start(sql, params)?;
        let mut rows = Vec::new();
        loop {
            match statement.step() {
                Ok(Some(row)) => rows.push(row),
                Ok(None) => break,
                Err(e) => {
                    self.finish(key, statement);
                    return Err(e);
                }
            }
        }
        let outcome = Outcome {
            columns: statement.columns().iter().map(|c| c.name.clone()).collect(),
            rows,
            rowcount: self.rowcount(&statement),
            last_insert_id: Some(self.last_insert_id()),
        };
        self.finish(key, statement);
        Ok(outcome)
    }
    /// Starts one statement; its rows are fetched from the cursor.
    pub fn open_cursor(&self, sql: &str, params: Params) -> Result<SqliteCursor> {
        let (key, mut statement) = self.start(sql, params)?;
        let first = match statement.step() {
            Ok(first) => first,
            Err(e) => {
                self.finish(key, statement);
                return Err(e);
            }
        };
        let columns = statement.columns().iter().map(|c| c.name.clone()).collect();
        let rowcount = self.rowcount(&statement);
        let mut cursor = SqliteCursor {
            connection: self.clone(),
            running: Some((key, statement)),
            rowcount,
            last_insert_id: self.last_insert_id(),
            columns,
            first,
        };
        if cursor.first.is_none() {
            cursor.close();
        }
        Ok(cursor)
    }
    fn start(&self, sql: &str, params: Params) -> Result<(Rc<str>, Statement)> {
        let native: Cow<str> = match params {
            Params::None => Cow::Borrowed(sql),
            Params::Positional(_) => placeholders::to_qmark(sql),
            Params::Named(_) => Cow::Owned(placeholders::to_named(sql)),
        };
        let cached = self.0.cache.borrow_mut().take(&native);
        let (key, statement) = match cached {
            Some(found) => found,
            None => (Rc::from(&*native), Statement::prepare(self.0.raw, &native)?),
        };
        let bound = match params {
            Params::None => statement.bind_positional(&[]),
            Params::Positional(p) => statement.bind_positional(p),
            Params::Named(p) => statement.bind_named(p),
        };
        if let Err(e) = bound {
            self.finish(key, statement);
            return Err(e);
        }
        if statement.is_dml && self.0.implicit_begin.get() && self.in_autocommit() {
            self.exec("BEGIN")?;
        }
        Ok((key, statement))
    }
    fn finish(&self, key: Rc<str>, statement: Statement) {
        self.0.cache.borrow_mut().put(key, statement);
    }
    fn rowcount(&self, statement: &Statement) -> i64 {
        if !statement.is_dml {
            return -1;
        }
        // SAFETY: the connection is open.
        unsafe { ffi::sqlite3_changes64(self.0.raw) }
    }
    fn last_insert_id(&self) -> i64 {
        // SAFETY: the connection is open.
        unsafe { ffi::sqlite3_last_insert_rowid(self.0.raw) }
    }
    fn exec(&self, sql: &str) -> Result<()> {
        self.0.db.borrow().execute_batch(sql).map_err(|e| match &e {
            rusqlite::Error::SqlInputError { msg, error, .. } => {
                Error::new(error::kind(error.extended_code), msg.clone())
            }
            _ => error::from_rusqlite(e),
        })
    }
    /// Statements that write open a transaction by themselves (`set_autocommit(False)`).
    pub fn set_implicit_begin(&self, on: bool) {
        self.0.implicit_begin.set(on);
    }
    pub fn commit(&self) -> Result<()> {
        if self.in_autocommit() {
            Ok(())
        } else {
            self.exec("COMMIT")
        }
    }
    pub fn rollback(&self) -> Result<()> {
        if self.in_autocommit() {
            Ok(())
        } else {
            self.exec("ROLLBACK")
        }
    }
    /// Asked while statements run; `true` stops them with `OperationalError: interrupted`.
    pub fn set_interrupt(&self, ask: Option<Interrupt>) {
        let kept = interrupt::install(self.0.raw, ask);
        *self.0.interrupt.borrow_mut() = kept;
    }
    /// The number of columns a result may have.
    pub fn column_limit(&self) -> i32 {
        let db = self.0.db.borrow();
        db.limit(rusqlite::limits::Limit::SQLITE_LIMIT_COLUMN)
            .unwrap_or(2000)
    }
    /// The number of parameters a statement may have.
    pub fn variable_limit(&self) -> i32 {
        let db = self.0.db.borrow();
        db.limit(rusqlite::limits::Limit::SQLITE_LIMIT_VARIABLE_NUMBER)
            .unwrap_or(32766)
    }
    /// A limit of SQLite's, by its number (`SQLITE_LIMIT_…`).
    pub fn limit(&self, category: i32) -> Result<i32> {
        let limit = known_limit(category)?;
        self.0
            .db
            .borrow()
            .limit(limit)
            .map_err(error::from_rusqlite)
    }
    /// Sets a limit, returns the one of before.
    pub fn set_limit(&self, category: i32, value: i32) -> Result<i32> {
        let limit = known_limit(category)?;
        let db = self.0.db.borrow();
        db.set_limit(limit, value).map_err(error::from_rusqlite)
    }
    /// `EXPLAIN QUERY PLAN` as Django's `explain()` prints it: `id parent notused detail` a line.
    pub fn explain(&self, sql: &str, params: &[Value]) -> Result<String> {
        let out = self.run(
            &format!("EXPLAIN QUERY PLAN {sql}"),
            Params::Positional(params),
        )?;
        let lines: Vec<String> = out
            .rows
            .iter()
            .map(|row| row.iter().map(Value::to_str).collect::<Vec<_>>().join(" "))
            .collect();
        Ok(lines.join("\n"))
    }
    /// SQLite's `quote()` of a value.
    pub(crate) fn quote_with_sqlite(&self, value: &Value) -> Result<String> {
        let out = self.run(
            "SELECT QUOTE(%s)",
            Params::Positional(std::slice::from_ref(value)),
        )?;
        Ok(out
            .rows
            .first()
            .and_then(|r| r.first())
            .map(Value::to_str)
            .unwrap_or_default())
    }
}

impl Connection for SqliteConnection {
    fn dialect(&self) -> Rc<dyn Dialect> {
        Rc::new(Sqlite)
    }
    fn execute(&self, sql: &str, params: &[Value]) -> Result<Outcome> {
        self.run(sql, Params::Positional(params))
    }
    fn execute_many(&self, sql: &str, params: &[Vec<Value>]) -> Result<Outcome> {
        let mut total = Outcome::default();
        for p in params {
            let (key, mut statement) = self.start(sql, Params::Positional(p))?;
            if !statement.is_dml {
                self.finish(key, statement);
                return Err(Error::new(
                    ErrorKind::ProgrammingError,
                    "executemany() can only execute DML statements.",
                ));
            }
            let stepped = statement.step();
            total.rowcount += self.rowcount(&statement);
            self.finish(key, statement);
            stepped?;
        }
        Ok(total)
    }
    fn cursor(&self, sql: &str, params: &[Value]) -> Result<Box<dyn RowCursor>> {
        Ok(Box::new(self.open_cursor(sql, Params::Positional(params))?))
    }
    fn execute_script(&self, sql: &str) -> Result<()> {
        self.commit()?;
        self.exec(sql)
    }
    fn in_autocommit(&self) -> bool {
        // SAFETY: the connection is open.
        unsafe { ffi::sqlite3_get_autocommit(self.0.raw) != 0 }
    }
    fn serialize(&self) -> Result<Vec<u8>> {
        let mut db = self.0.db.borrow_mut();
        let data = db.serialize(MAIN_DB).map_err(error::from_rusqlite)?;
        Ok(data.to_vec())
    }
    fn deserialize(&self, bytes: &[u8]) -> Result<()> {
        self.0.cache.borrow_mut().clear();
        self.rollback()?;
        let mut db = self.0.db.borrow_mut();
        db.deserialize_read_exact(MAIN_DB, bytes, bytes.len(), false)
            .map_err(error::from_rusqlite)
    }
}

/// A running query. It is reset when dropped.
pub struct SqliteCursor {
    connection: SqliteConnection,
    running: Option<(Rc<str>, Statement)>,
    pub rowcount: i64,
    pub last_insert_id: i64,
    columns: Vec<ColumnInfo>,
    first: Option<Row>,
}

impl SqliteCursor {
    /// The next row.
    pub fn next_row(&mut self) -> Result<Option<Row>> {
        if let Some(row) = self.first.take() {
            return Ok(Some(row));
        }
        let Some((_, statement)) = &mut self.running else {
            return Ok(None);
        };
        match statement.step() {
            Ok(Some(row)) => Ok(Some(row)),
            Ok(None) => {
                if statement.is_dml {
                    self.rowcount = self.connection.rowcount_now();
                }
                self.close();
                Ok(None)
            }
            Err(e) => {
                self.close();
                Err(e)
            }
        }
    }
    /// Ends the query; rows not fetched are gone.
    pub fn close(&mut self) {
        self.first = None;
        if let Some((key, statement)) = self.running.take() {
            self.connection.finish(key, statement);
        }
    }
}

impl SqliteConnection {
    fn rowcount_now(&self) -> i64 {
        // SAFETY: the connection is open.
        unsafe { ffi::sqlite3_changes64(self.0.raw) }
    }
}

impl Drop for SqliteCursor {
    fn drop(&mut self) {
        self.close();
    }
}

impl RowCursor for SqliteCursor {
    fn columns(&self) -> &[String] {
        &self.columns
    }
    fn fetch(&mut self, size: usize) -> Result<Vec<Row>> {
        let mut rows = Vec::with_capacity(size.min(100));
        while rows.len() < size {
            match self.next_row()? {
                Some(row) => rows.push(row),
                None => break,
            }
        }
        Ok(rows)
    }
}

fn known_limit(category: i32) -> Result<rusqlite::limits::Limit> {
    use rusqlite::limits::Limit;
    [
        Limit::SQLITE_LIMIT_LENGTH,
        Limit::SQLITE_LIMIT_SQL_LENGTH,
        Limit::SQLITE_LIMIT_COLUMN,
        Limit::SQLITE_LIMIT_EXPR_DEPTH,
        Limit::SQLITE_LIMIT_COMPOUND_SELECT,
        Limit::SQLITE_LIMIT_VDBE_OP,
        Limit::SQLITE_LIMIT_FUNCTION_ARG,
        Limit::SQLITE_LIMIT_ATTACHED,
        Limit::SQLITE_LIMIT_LIKE_PATTERN_LENGTH,
        Limit::SQLITE_LIMIT_VARIABLE_NUMBER,
        Limit::SQLITE_LIMIT_TRIGGER_DEPTH,
        Limit::SQLITE_LIMIT_WORKER_THREADS,
    ]
    .into_iter()
    .nth(usize::try_from(category).unwrap_or(usize::MAX))
    .ok_or_else(|| {
        Error::new(
            orm_state::ErrorKind::ProgrammingError,
            "'category' is out of bounds",
        )
    })
}
