//! `django.db` from Python: cursors, transactions, savepoints, hooks, the query log.
use python::host::{Host, Stream};
use python::{Runtime, runtime};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

#[derive(Default)]
struct World {
    printed: RefCell<String>,
}

impl Host for World {
    fn wall_clock(&self) -> Duration {
        Duration::from_secs(1_772_368_245)
    }
    fn monotonic(&self) -> Duration {
        Duration::from_secs(1)
    }
    fn random(&self, buffer: &mut [u8]) {
        buffer.fill(7);
    }
    fn write(&self, _: Stream, text: &str) {
        self.printed.borrow_mut().push_str(text);
    }
}

/// What a script prints, and its traceback if it fails.
fn run(script: &str) -> String {
    let world = Rc::new(World::default());
    let python = match Runtime::new(world.clone(), ormscope_django::install) {
        Ok(p) => p,
        Err(e) => return format!("{e:?}"),
    };
    python.enter(|vm| {
        let globals = runtime::namespace(vm, "__main__").unwrap();
        if let Err(e) = runtime::run(vm, &globals, "queries.py", script) {
            world.printed.borrow_mut().push_str(&format!("{e:?}"));
        }
    });
    ormscope_django::reset();
    world.printed.take()
}

#[test]
fn cursors_execute_fetch_and_describe() {
    let script = r#"
from django.db import connection
with connection.cursor() as c:
    c.execute("CREATE TABLE t (a integer, b bool, d date)")
    c.executemany("INSERT INTO t VALUES (%s, %s, %s)", [(1, True, "2024-01-02"), (2, False, None)])
    print(c.rowcount)
    c.execute("SELECT a, b, d FROM t WHERE a >= %(low)s ORDER BY a", {"low": 1})
    print([d[0] for d in c.description])
    print(c.fetchone())
    print(c.fetchall())
    c.execute("SELECT '%s'")
    print(c.fetchall())
print([q["sql"] for q in connection.queries][1:3])
"#;
    assert_eq!(
        run(script),
        "2\n['a', 'b', 'd']\n(1, True, datetime.date(2024, 1, 2))\n[(2, False, None)]\n[('%s',)]\n\
         ['2 times: INSERT INTO t VALUES (%s, %s, %s)', 'SELECT a, b, d FROM t WHERE a >= 1 ORDER BY a']\n"
    );
}

#[test]
fn atomic_blocks_nest_roll_back_and_call_hooks() {
    let script = r#"
from django.db import connection, transaction, IntegrityError
with connection.cursor() as c:
    c.execute("CREATE TABLE t (a integer UNIQUE)")
def add(n):
    with connection.cursor() as c:
        c.execute("INSERT INTO t VALUES (%s)", [n])
def count():
    with connection.cursor() as c:
        c.execute("SELECT count(*) FROM t")
        return c.fetchone()[0]
connection.queries_log.clear()
with transaction.atomic():
    add(1)
    transaction.on_commit(lambda: print("kept"))
    try:
        with transaction.atomic():
            transaction.on_commit(lambda: print("lost"))
            add(1)
    except IntegrityError as e:
        print(type(e).__module__, e, "|", type(e.__cause__).__module__)
    add(2)
print(count())
for q in connection.queries: print(q["sql"])
try:
    with transaction.atomic():
        try:
            with transaction.atomic(savepoint=False):
                add(1)
        except IntegrityError:
            pass
        add(3)
except transaction.TransactionManagementError as e:
    print(e)
@transaction.atomic
def both():
    "adds"
    add(4)
    raise ValueError("no")
try:
    both()
except ValueError as e:
    print(e, both.__name__, both.__doc__)
print(count(), connection.in_atomic_block)
with transaction.atomic():
    try:
        with transaction.atomic(durable=True):
            pass
    except RuntimeError as e:
        print(e)
"#;
    assert_eq!(
        run(script),
        "django.db.utils UNIQUE constraint failed: t.a | sqlite3\nkept\n2\nBEGIN\n\
         INSERT INTO t VALUES (1)\nSAVEPOINT \"s1_x1\"\nINSERT INTO t VALUES (1)\n\
         ROLLBACK TO SAVEPOINT \"s1_x1\"\nRELEASE SAVEPOINT \"s1_x1\"\nINSERT INTO t VALUES (2)\nCOMMIT\n\
         SELECT count(*) FROM t\n\
         An error occurred in the current transaction. You can't execute queries until the end of the 'atomic' block.\n\
         no both adds\n2 False\nA durable atomic block cannot be nested within another atomic block.\n"
    );
}

#[test]
fn wrappers_routers_and_introspection() {
    let script = r#"
from django.db import connection, connections, router
def shout(execute, sql, params, many, context):
    print(">", sql, params, many)
    return execute(sql, params, many, context)
with connection.execute_wrapper(shout):
    with connection.cursor() as c:
        c.execute("CREATE TABLE t (id integer PRIMARY KEY, n varchar(5) NOT NULL)")
print(connection.introspection.table_names())
print([(f.name, f.display_size, f.null_ok) for f in connection.introspection.get_table_description(None, "t")])
print(connection.vendor, connection.features.supports_over_clause, connection == connections["default"])
print(connection.ops.quote_name("a"), list(connections), router.db_for_read(object))
try:
    connections["nope"]
except Exception as e:
    print(type(e).__name__, e)
"#;
    assert_eq!(
        run(script),
        "> CREATE TABLE t (id integer PRIMARY KEY, n varchar(5) NOT NULL) None False\n['t']\n\
         [('id', None, True), ('n', 5, False)]\nsqlite True True\n\"a\" ['default'] default\n\
         ConnectionDoesNotExist The connection 'nope' doesn't exist.\n"
    );
}

#[test]
fn conditions_combine() {
    let script = r#"
from django.db.models import Q
print(Q(a=1) | ~Q(b=2) & Q(c=3))
print(Q(a=1) == Q(a=1), Q(b=1, a=2).children, bool(Q()))
print((Q(a=1) & Q()).deconstruct())
"#;
    assert_eq!(
        run(script),
        "(OR: ('a', 1), (AND: (NOT (AND: ('b', 2))), ('c', 3)))\nTrue [('a', 2), ('b', 1)] False\n\
         ('django.db.models.Q', (('a', 1),), {})\n"
    );
}
