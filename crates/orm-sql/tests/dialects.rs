//! The same expressions on PostgreSQL and MySQL. Recorded from Django 6.1.3's backends for
//! PostgreSQL 17 and MySQL 8.0, unconnected.
mod common;

use common::{Shop, annotated, filtered, on};
use orm_sql::Expr;
use orm_sql::dialect::{Dialect, Mysql, Postgresql};
use orm_sql::expression::ExprObject;
use orm_sql::expressions::fields::unbound;
use orm_sql::expressions::{Arith, Combined, F, Val};
use orm_sql::functions::{Call, comparison, make};
use orm_sql::lookups::json::kt;
use orm_state::{Duration, FieldKind, Value};
use std::rc::Rc;

fn e(expr: Expr) -> Value {
    ExprObject::value(expr)
}
fn v(value: impl Into<Value>) -> Value {
    e(Val::new(value.into()))
}
fn list(items: Vec<Value>) -> Value {
    Value::from(items)
}
fn call(class: &str, args: Vec<Value>) -> Expr {
    make(
        class,
        Call {
            args,
            ..Call::default()
        },
    )
    .unwrap()
}
fn f(name: &str) -> Expr {
    F::new(name)
}
fn combined(a: &str, op: Arith, b: Value) -> Expr {
    Combined::new(f(a), op, Val::new(b))
}

fn filters(dialect: Rc<dyn Dialect>, cases: Vec<(&str, Value, &str)>) {
    on(dialect, || {
        for (lookup, value, expected) in cases {
            assert_eq!(
                filtered(Shop::new().books(), &[(lookup, value)]),
                expected,
                "{lookup}"
            );
        }
    });
}
fn annotations(dialect: Rc<dyn Dialect>, cases: Vec<(Expr, &str)>) {
    on(dialect, || {
        for (expr, expected) in cases {
            assert_eq!(annotated(Shop::new().books(), expr), expected);
        }
    });
}

#[test]
fn postgresql_lookups() {
    filters(
        Rc::new(Postgresql),
        vec![
            (
                "title__contains",
                "50%".into(),
                r#"b."title"::text LIKE %s -- '%50\\%%'"#,
            ),
            (
                "title__iexact",
                "a_b".into(),
                r#"UPPER(b."title"::text) = UPPER(%s) -- 'a_b'"#,
            ),
            (
                "title__istartswith",
                e(f("author__name")),
                r#"UPPER(b."title"::text) LIKE UPPER(REPLACE(REPLACE(REPLACE((a."name"), E'\\', E'\\\\'), E'%%', E'\\%%'), E'_', E'\\_')) || '%%' -- "#,
            ),
            (
                "title__iregex",
                "x".into(),
                r#"b."title"::text ~* %s -- 'x'"#,
            ),
            ("active", true.into(), r#"b."active" -- "#),
            (
                "pub_date__year",
                2024.into(),
                r#"b."pub_date" BETWEEN %s AND %s -- datetime.date(2024, 1, 1), datetime.date(2024, 12, 31)"#,
            ),
            (
                "created__date",
                "2024-01-02".into(),
                r#"(b."created" AT TIME ZONE %s)::date = %s -- 'UTC', datetime.date(2024, 1, 2)"#,
            ),
            (
                "token__contains",
                "ab-cd".into(),
                r#"b."token"::text LIKE %s -- '%ab-cd%'"#,
            ),
            (
                "token",
                "12345678123456781234567812345678".into(),
                r#"b."token" = %s -- UUID('12345678-1234-5678-1234-567812345678')"#,
            ),
            (
                "data__a__0__b",
                "x".into(),
                r#"(b."data" #> %s) = %s -- ['a', '0', 'b'], '"x"'"#,
            ),
            (
                "data__a__isnull",
                true.into(),
                r#"(b."data" -> %s) IS NULL -- 'a'"#,
            ),
            (
                "data__a__icontains",
                "x".into(),
                r#"UPPER((b."data" ->> %s)::text) LIKE UPPER(%s) -- 'a', '%x%'"#,
            ),
            ("data__has_key", "k".into(), r#"b."data" ? %s -- 'k'"#),
            (
                "data__a__has_keys",
                list(vec!["k".into(), 1.into()]),
                r#"(b."data" -> %s) ?& %s -- 'a', ['k', '1']"#,
            ),
            (
                "data__contains",
                Value::Dict([("a".into(), 1.into())].into()),
                r#"b."data" @> %s -- '{"a": 1}'"#,
            ),
        ],
    );
}

#[test]
fn postgresql_expressions() {
    let day = Duration::from_parts(1, 0, 0);
    annotations(
        Rc::new(Postgresql),
        vec![
            (
                combined("price", Arith::Mul, 2.into()),
                r#"(b."price" * %s) -- 2"#,
            ),
            (
                combined("pages", Arith::Pow, 2.into()),
                r#"(b."pages" ^ %s) -- 2"#,
            ),
            (
                combined("created", Arith::Add, day.into()),
                r#"(b."created" + %s) -- datetime.timedelta(days=1)"#,
            ),
            (
                Combined::new(f("created"), Arith::Sub, f("created")),
                r#"(b."created" - b."created") -- "#,
            ),
            (
                comparison::cast(f("pages"), unbound(FieldKind::Char)),
                r#"(b."pages")::varchar -- "#,
            ),
            (
                comparison::cast(f("created"), unbound(FieldKind::DateTime)),
                r#"(b."created")::timestamp with time zone -- "#,
            ),
            (
                call("Left", vec!["title".into(), 3.into()]),
                r#"LEFT(b."title", %s) -- 3"#,
            ),
            (
                call("TruncMonth", vec!["created".into()]),
                r#"DATE_TRUNC(%s, b."created" AT TIME ZONE %s) -- 'month', 'UTC'"#,
            ),
            (
                call("Trunc", vec!["opens".into(), "hour".into()]),
                r#"DATE_TRUNC(%s, b."opens")::time -- 'hour'"#,
            ),
            (
                call("StrIndex", vec!["title".into(), v("x")]),
                r#"STRPOS(b."title", %s) -- 'x'"#,
            ),
            (
                call("SHA256", vec!["title".into()]),
                r#"ENCODE(DIGEST(b."title", 'sha256'), 'hex') -- "#,
            ),
            (call("Random", vec![]), "RANDOM() -- "),
            (call("Now", vec![]), "STATEMENT_TIMESTAMP() -- "),
            (
                kt("data__a__b").unwrap(),
                r#"(b."data" #>> %s) -- ['a', 'b']"#,
            ),
        ],
    );
}

#[test]
fn mysql_lookups() {
    filters(
        Rc::new(Mysql),
        vec![
            (
                "title__contains",
                "50%".into(),
                r#"b.`title` LIKE BINARY %s -- '%50\\%%'"#,
            ),
            (
                "title__istartswith",
                e(f("author__name")),
                r#"b.`title` LIKE CONCAT(REPLACE(REPLACE(REPLACE((a.`name`), '\\', '\\\\'), '%%', '\%%'), '_', '\_'), '%%') -- "#,
            ),
            (
                "created__date",
                "2024-01-02".into(),
                "DATE(b.`created`) = %s -- '2024-01-02'",
            ),
            (
                "data__has_key",
                "k".into(),
                "JSON_CONTAINS_PATH(b.`data`, 'one', %s) -- '$.\"k\"'",
            ),
            (
                "data__contains",
                Value::Dict([("a".into(), 1.into())].into()),
                "JSON_CONTAINS(b.`data`, %s) -- '{\"a\": 1}'",
            ),
        ],
    );
}

#[test]
fn mysql_expressions() {
    let day = Duration::from_parts(1, 0, 0);
    annotations(
        Rc::new(Mysql),
        vec![
            (
                combined("pages", Arith::Pow, 2.into()),
                "(POW(b.`pages`,%s)) -- 2",
            ),
            (
                combined("pages", Arith::BitXor, 3.into()),
                "(CONVERT(b.`pages`^%s, SIGNED)) -- 3",
            ),
            (
                combined("created", Arith::Add, day.into()),
                "(b.`created` + INTERVAL %s MICROSECOND) -- 86400000000",
            ),
            (
                Combined::new(f("created"), Arith::Sub, f("created")),
                "TIMESTAMPDIFF(MICROSECOND, b.`created`, b.`created`) -- ",
            ),
            (
                call(
                    "Concat",
                    vec!["title".into(), v("-"), "author__name".into()],
                ),
                "CONCAT_WS('', b.`title`, CONCAT_WS('', %s, a.`name`)) -- '-'",
            ),
            (
                comparison::cast(f("pages"), unbound(FieldKind::Char)),
                "CAST(b.`pages` AS char) -- ",
            ),
            (
                call("TruncMonth", vec!["created".into()]),
                "CAST(DATE_FORMAT(b.`created`, %s) AS DATETIME) -- '%Y-%m-01 00:00:00'",
            ),
            (
                call("Extract", vec!["created".into(), "week".into()]),
                "WEEK(b.`created`, 3) -- ",
            ),
            (
                call("Chr", vec!["pages".into()]),
                "CHAR(b.`pages` USING utf16) -- ",
            ),
            (
                call("SHA256", vec!["title".into()]),
                "SHA2(b.`title`, 256) -- ",
            ),
            (call("Now", vec![]), "CURRENT_TIMESTAMP(6) -- "),
        ],
    );
}
