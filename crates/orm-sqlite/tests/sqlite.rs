//! The driver, seen from outside: values in and out, errors, functions, introspection.
use orm_sql::connection::Connection;
use orm_sqlite::{Params, SqliteConnection};
use orm_state::{ErrorKind, Value};

fn db() -> SqliteConnection {
    SqliteConnection::open(":memory:").unwrap()
}

fn one(db: &SqliteConnection, sql: &str) -> String {
    let out = db.run(sql, Params::None).unwrap();
    out.rows[0][0].repr()
}

fn error(db: &SqliteConnection, sql: &str, params: &[Value]) -> (ErrorKind, String) {
    let e = db.execute(sql, params).unwrap_err();
    (e.kind(), e.message().to_string())
}

#[test]
fn declared_types_choose_the_python_value() {
    let db = db();
    db.execute_script(
        "CREATE TABLE t (a bool, b date, c datetime, d time, e decimal, f varchar(3), g text)",
    )
    .unwrap();
    db.execute(
        "INSERT INTO t VALUES (%s, %s, %s, %s, %s, %s, %s)",
        &[
            true.into(),
            "2024-01-02".into(),
            "2024-01-02 03:04:05.000006".into(),
            "03:04:05".into(),
            "1.50".into(),
            "abc".into(),
            Value::Null,
        ],
    )
    .unwrap();
    let row = db.execute("SELECT * FROM t", &[]).unwrap().rows.remove(0);
    let shown: Vec<String> = row.iter().map(Value::repr).collect();
    assert_eq!(
        shown,
        [
            "True",
            "datetime.date(2024, 1, 2)",
            "datetime.datetime(2024, 1, 2, 3, 4, 5, 6)",
            "datetime.time(3, 4, 5)",
            "1.5",
            "'abc'",
            "None"
        ]
    );
    assert_eq!(one(&db, "SELECT a AS \"x [date]\" FROM t"), "None");
}

#[test]
fn errors_carry_sqlites_words() {
    let db = db();
    db.execute_script(
        "CREATE TABLE a (id integer PRIMARY KEY, n integer UNIQUE NOT NULL, CHECK (n > 0));
         CREATE TABLE b (a_id integer REFERENCES a (id))",
    )
    .unwrap();
    db.execute("INSERT INTO a (n) VALUES (1)", &[]).unwrap();
    use ErrorKind::*;
    assert_eq!(
        error(&db, "INSERT INTO a (n) VALUES (1)", &[]),
        (IntegrityError, "UNIQUE constraint failed: a.n".into())
    );
    assert_eq!(
        error(&db, "INSERT INTO a (n) VALUES (NULL)", &[]),
        (IntegrityError, "NOT NULL constraint failed: a.n".into())
    );
    assert_eq!(
        error(&db, "INSERT INTO b VALUES (7)", &[]),
        (IntegrityError, "FOREIGN KEY constraint failed".into())
    );
    assert_eq!(
        error(&db, "SELECT * FROM x", &[]),
        (OperationalError, "no such table: x".into())
    );
    assert_eq!(
        error(&db, "SELECT %s", &[Value::List([].into())]),
        (
            ProgrammingError,
            "Error binding parameter 1: type 'list' is not supported".into()
        )
    );
    assert_eq!(
        error(&db, "SELECT %s", &[]).1,
        "Incorrect number of bindings supplied. The current statement uses 1, and there are 0 supplied."
    );
    assert_eq!(
        error(&db, "SELECT 1; SELECT 2", &[]),
        (
            ProgrammingError,
            "You can only execute one statement at a time.".into()
        )
    );
    assert_eq!(
        error(&db, "SELECT LPAD(1, 2, 'x')", &[]),
        (
            OperationalError,
            "user-defined function raised exception".into()
        )
    );
    assert_eq!(
        error(&db, "SELECT VAR_SAMP(n) FROM a", &[]),
        (
            OperationalError,
            "user-defined aggregate's 'finalize' method raised error".into()
        )
    );
}

#[test]
fn functions_answer_as_djangos() {
    let db = db();
    for (sql, expected) in [
        ("django_date_extract('week_day', '2024-05-19')", "1"),
        ("django_date_extract('week', '2024-12-30')", "1"),
        ("django_date_extract('iso_year', '2024-12-30')", "2025"),
        ("django_date_extract('quarter', '2024-08-30')", "3"),
        (
            "django_date_trunc('week', '2024-05-19', NULL, NULL)",
            "'2024-05-13'",
        ),
        (
            "django_date_trunc('quarter', '2024-05-19', NULL, NULL)",
            "'2024-04-01'",
        ),
        (
            "django_datetime_trunc('hour', '2024-05-19 23:59:01', 'Europe/Paris', 'UTC')",
            "'2024-05-20 01:00:00'",
        ),
        (
            "django_datetime_extract('hour', '2024-01-01 22:00:00', 'Asia/Kolkata', 'UTC')",
            "3",
        ),
        (
            "django_datetime_extract('hour', '2024-01-01 22:00:00', 'UTC+02:00', 'UTC')",
            "0",
        ),
        (
            "django_datetime_cast_date('2024-05-19 23:59:01', 'Asia/Tokyo', 'UTC')",
            "'2024-05-20'",
        ),
        (
            "django_datetime_cast_time('2024-05-19 23:59:01.5', 'UTC', 'UTC')",
            "'23:59:01.500000'",
        ),
        ("django_time_extract('minute', '03:04:05')", "4"),
        (
            "django_time_trunc('minute', '03:04:05', NULL, NULL)",
            "'03:04:00'",
        ),
        ("django_time_diff('03:00:00', '02:59:59.5')", "500000"),
        (
            "django_timestamp_diff('2024-01-02 00:00:00', '2024-01-01 00:00:00')",
            "86400000000",
        ),
        (
            "django_format_dtdelta('+', '2024-01-31 23:00:00', 3600000000)",
            "'2024-02-01 00:00:00'",
        ),
        (
            "django_format_dtdelta('-', '2024-01-01', 86400000000)",
            "'2023-12-31'",
        ),
        (
            "django_format_dtdelta('-', '2024-01-03', '2024-01-01')",
            "'2 days, 0:00:00'",
        ),
        ("django_format_dtdelta('*', 3, 2)", "6"),
        ("'abc' REGEXP '^a.c$'", "1"),
        ("BITXOR(5, 3)", "6"),
        ("LPAD('ab', 5, 'xy')", "'xyxab'"),
        ("RPAD('ab', 5, 'xy')", "'abxyx'"),
        ("REPEAT('ab', 2)", "'abab'"),
        ("REVERSE('héllo')", "'olléh'"),
        ("MD5('a')", "'0cc175b9c0f1b6a831c399e269772661'"),
        ("SHA1('a')", "'86f7e437faa5a7fce15d1ddcb9eaeaea377667b8'"),
        ("SIGN(-2.5)", "-1"),
        ("POWER(2, 3)", "8.0"),
        ("CEILING(1.2)", "2.0"),
        ("LOG(2, 8)", "3.0"),
        ("ACOS(2)", "None"),
        ("django_date_trunc('year', 'soon', NULL, NULL)", "None"),
    ] {
        assert_eq!(one(&db, &format!("SELECT {sql}")), expected, "{sql}");
    }
}

#[test]
fn aggregates_are_exact() {
    let db = db();
    let from = "FROM (SELECT 1 v UNION SELECT 2 UNION SELECT 4)";
    for (sql, expected) in [
        ("VAR_POP(v)", "1.5555555555555556"),
        ("VAR_SAMP(v)", "2.3333333333333335"),
        ("STDDEV_POP(v)", "1.247219128924647"),
        ("STDDEV_SAMP(v)", "1.5275252316519468"),
        ("BIT_OR(v)", "7"),
        ("BIT_AND(v)", "0"),
        ("ANY_VALUE(v)", "1"),
    ] {
        assert_eq!(one(&db, &format!("SELECT {sql} {from}")), expected, "{sql}");
    }
    assert_eq!(one(&db, "SELECT STDDEV_POP(1) WHERE 0"), "None");
    assert_eq!(
        one(
            &db,
            "SELECT VAR_POP(v) FROM (SELECT 0.1 v UNION SELECT 0.3)"
        ),
        "0.009999999999999998"
    );
}

#[test]
fn a_snapshot_brings_everything_back() {
    let db = db();
    db.execute_script("CREATE TABLE t (a integer); INSERT INTO t VALUES (1)")
        .unwrap();
    let snapshot = db.serialize().unwrap();
    db.execute("DELETE FROM t", &[]).unwrap();
    db.execute_script("CREATE TABLE u (b)").unwrap();
    db.deserialize(&snapshot).unwrap();
    assert_eq!(one(&db, "SELECT a FROM t"), "1");
    assert!(!db.has_table("u").unwrap());
    db.execute("INSERT INTO t VALUES (2)", &[]).unwrap();
    assert_eq!(one(&db, "SELECT count(*) FROM t"), "2");
    assert_eq!(one(&db, "PRAGMA foreign_keys"), "1");
}

#[test]
fn rows_come_in_chunks() {
    let db = db();
    let sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %s) SELECT i FROM n";
    let mut cursor = db.cursor(sql, &[5.into()]).unwrap();
    assert_eq!(cursor.columns(), ["i"]);
    assert_eq!(cursor.fetch(2).unwrap().len(), 2);
    assert_eq!(cursor.fetch(10).unwrap().len(), 3);
    assert!(cursor.fetch(1).unwrap().is_empty());
}

#[test]
fn a_long_statement_can_be_stopped() {
    let db = db();
    db.set_interrupt(Some(Box::new(|| true)));
    let sql =
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
    assert_eq!(
        error(&db, sql, &[]),
        (ErrorKind::OperationalError, "interrupted".into())
    );
    db.set_interrupt(None);
    assert_eq!(one(&db, "SELECT 1"), "1");
}

#[test]
fn constraints_are_found_with_their_names() {
    let db = db();
    db.execute_script(
        "CREATE TABLE a (\"id\" integer NOT NULL PRIMARY KEY AUTOINCREMENT, \"n\" varchar(9) NOT NULL UNIQUE,
            \"m\" integer CHECK (\"m\" >= 0), \"j\" text NULL CHECK ((JSON_VALID(\"j\") OR \"j\" IS NULL)),
            \"b_id\" bigint REFERENCES \"b\" (\"id\"), CONSTRAINT \"both\" UNIQUE (\"n\", \"m\"));
         CREATE TABLE b (id integer PRIMARY KEY);
         CREATE INDEX a_n ON a (n DESC, m)",
    )
    .unwrap();
    let found = db.constraints("a").unwrap();
    let names: Vec<&str> = found.iter().map(|(n, _)| n.as_str()).collect();
    assert_eq!(
        names,
        [
            "__unnamed_constraint_1__",
            "__unnamed_constraint_2__",
            "__unnamed_constraint_3__",
            "both",
            "a_n",
            "__primary__",
            "fk_0"
        ]
    );
    let columns = db.columns("a").unwrap();
    assert_eq!(columns[1].size, Some(9));
    assert!(columns[3].has_json_constraint && columns[0].pk);
}

#[test]
fn named_parameters_and_implicit_transactions() {
    let db = db();
    db.run("CREATE TABLE t (a)", Params::None).unwrap();
    db.set_implicit_begin(true);
    db.run(
        "INSERT INTO t VALUES (%(x)s)",
        Params::Named(&[("x".into(), 4.into())]),
    )
    .unwrap();
    assert!(!db.in_autocommit());
    db.rollback().unwrap();
    assert_eq!(one(&db, "SELECT count(*) FROM t"), "0");
}
