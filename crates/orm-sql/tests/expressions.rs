//! Expressions become the SQL that Django writes.
mod common;

use common::{Shop, annotated};
use orm_sql::Expr;
use orm_sql::expressions::aggregate::AggregateOptions;
use orm_sql::expressions::aggregate_parts as aggregates;
use orm_sql::expressions::fields::unbound;
use orm_sql::expressions::{
    Aggregate, Arith, Case, Combined, Exists, ExpressionWrapper, F, Func, OuterRef, QExpr, RawSql,
    Sliced, Subquery, Val, When,
};
use orm_sql::functions::{comparison, extract::Extract, math, text, trunc::Trunc};
use orm_sql::lookups::json::kt;
use orm_sql::{Q, QChild};
use orm_state::{Duration, FieldKind, Value};
use std::rc::Rc;

fn f(name: &str) -> Expr {
    F::new(name)
}
fn v(value: impl Into<Value>) -> Expr {
    Val::new(value.into())
}
fn dec(text: &str) -> Value {
    text.parse::<bigdecimal::BigDecimal>().unwrap().into()
}
fn q(lookup: &str, value: impl Into<Value>) -> Q {
    Q {
        children: vec![QChild::Lookup(lookup.into(), value.into())],
        ..Q::default()
    }
}
fn call(spec: &'static orm_sql::expressions::FuncSpec, args: Vec<Expr>) -> Expr {
    Func::of(spec, args.into())
}

fn check(expr: Expr, expected: &str) {
    let shop = Shop::new();
    assert_eq!(annotated(shop.books(), expr), expected);
}

#[test]
fn arithmetic() {
    let c = |a, op, b| Combined::new(a, op, b);
    check(c(f("pages"), Arith::Add, v(1)), r#"(b."pages" + %s) -- 1"#);
    check(
        c(f("price"), Arith::Mul, v(2)),
        r#"(CAST((b."price" * %s) AS NUMERIC)) -- 2"#,
    );
    check(
        c(f("price"), Arith::Add, v(dec("1.1"))),
        r#"(CAST((b."price" + (CAST(%s AS REAL))) AS NUMERIC)) -- Decimal('1.1')"#,
    );
    check(
        c(f("pages"), Arith::Pow, v(2)),
        r#"(POWER(b."pages",%s)) -- 2"#,
    );
    check(
        c(f("pages"), Arith::BitXor, v(3)),
        r#"(BITXOR(b."pages",%s)) -- 3"#,
    );
    check(c(f("pages"), Arith::Mod, v(3)), r#"(b."pages" %% %s) -- 3"#);
    let day = Duration::from_parts(1, 0, 0);
    check(
        c(f("created"), Arith::Add, v(day)),
        r#"(django_format_dtdelta('+', b."created", %s)) -- 86400000000"#,
    );
    check(
        c(f("created"), Arith::Sub, f("created")),
        r#"django_timestamp_diff(b."created", b."created") -- "#,
    );
    check(
        c(f("opens"), Arith::Sub, f("opens")),
        r#"django_time_diff(b."opens", b."opens") -- "#,
    );
    check(
        c(f("length"), Arith::Mul, v(2)),
        "FieldError: Cannot infer type of '*' expression involving these types: DurationField, IntegerField. You must set output_field.",
    );
    check(
        c(f("title"), Arith::Add, v(1)),
        "FieldError: Cannot infer type of '+' expression involving these types: CharField, IntegerField. You must set output_field.",
    );
    check(
        ExpressionWrapper::new(
            c(f("pages"), Arith::Mul, v(1.5)),
            Some(unbound(FieldKind::Decimal)),
        ),
        r#"(CAST((b."pages" * %s) AS NUMERIC)) -- 1.5"#,
    );
}

#[test]
fn values() {
    check(
        v(Value::Null),
        "OutputFieldIsNoneError: Cannot resolve expression type, unknown output_field",
    );
    check(v("a"), "%s -- 'a'");
    check(v(dec("1.5")), "(CAST(%s AS REAL)) -- Decimal('1.5')");
    check(
        RawSql::new("select %s", vec![1.into()], None),
        "(select %s) -- 1",
    );
    check(
        Sliced::slice(f("title"), Some(1), Some(3), false).unwrap(),
        r#"SUBSTR(b."title", %s, %s) -- 2, 2"#,
    );
}

#[test]
fn cases() {
    let case = |condition, then, default| {
        Case::new(vec![When::q(condition, then).unwrap()], default, None).unwrap()
    };
    check(
        case(q("pages__gt", 5), v("long"), Some(v("short"))),
        r#"CASE WHEN b."pages" > %s THEN %s ELSE %s END -- 5, 'long', 'short'"#,
    );
    check(
        case(q("id__in", vec![]), v("long"), Some(v("short"))),
        "CAST(%s AS text) -- 'short'",
    );
    check(
        case(q("price__gt", 5), f("price"), None),
        r#"(CAST(CASE WHEN b."price" > %s THEN b."price" ELSE NULL END AS NUMERIC)) -- Decimal('5')"#,
    );
    check(
        QExpr::new(q("pages", 1).invert()),
        r#"NOT (b."pages" = %s) -- 1"#,
    );
}

#[test]
fn text_functions() {
    check(
        Rc::new(
            text::concat(
                [f("title"), v("-"), f("author__name")]
                    .into_iter()
                    .collect(),
                None,
            )
            .unwrap(),
        ),
        r#"(COALESCE(b."title", %s) || COALESCE((COALESCE(%s, %s) || COALESCE(a."name", %s)), %s)) -- '', '-', '', '', ''"#,
    );
    check(
        call(&text::SUBSTR, vec![f("title"), v(1), v(3)]),
        r#"SUBSTR(b."title", %s, %s) -- 1, 3"#,
    );
    check(
        call(&text::LEFT, vec![f("title"), v(3)]),
        r#"SUBSTR(b."title", %s, %s) -- 1, 3"#,
    );
    check(
        call(&text::RIGHT, vec![f("title"), v(3)]),
        r#"SUBSTR(b."title", (%s * %s), %s) -- 3, -1, 3"#,
    );
}

#[test]
fn comparisons_and_casts() {
    let cast = |name: &str, kind| comparison::cast(f(name), unbound(kind));
    check(
        comparison::coalesce(f("price"), v(dec("0"))),
        r#"(CAST(COALESCE(b."price", (CAST(%s AS REAL))) AS NUMERIC)) -- Decimal('0')"#,
    );
    check(
        call(&comparison::GREATEST, vec![f("pages"), f("id")]),
        "FieldError: Expression contains mixed types: PositiveIntegerField, BigAutoField. You must set output_field.",
    );
    check(
        cast("pages", FieldKind::Char),
        r#"CAST(b."pages" AS text) -- "#,
    );
    check(
        cast("created", FieldKind::DateTime),
        r#"strftime(%s, b."created") -- '%Y-%m-%d %H:%M:%f'"#,
    );
    check(cast("created", FieldKind::Date), r#"date(b."created") -- "#);
    check(
        cast("price", FieldKind::Float),
        r#"CAST(b."price" AS real) -- "#,
    );
}

#[test]
fn dates() {
    check(
        Trunc::of(f("created"), "month", None, None),
        r#"django_datetime_trunc(%s, b."created", %s, %s) -- 'month', 'UTC', 'UTC'"#,
    );
    check(
        Trunc::of(f("pub_date"), "month", None, None),
        r#"django_date_trunc(%s, b."pub_date", %s, %s) -- 'month', None, None"#,
    );
    check(
        Trunc::of(f("pub_date"), "hour", None, None),
        "ValueError: Cannot truncate DateField 'pub_date' to DateTimeField.",
    );
    check(
        Extract::part(f("created"), "year", None),
        r#"django_datetime_extract(%s, b."created", %s, %s) -- 'year', 'UTC', 'UTC'"#,
    );
}

#[test]
fn math_functions() {
    check(
        math::round(f("price"), Some(v(1))),
        r#"(CAST(ROUND(b."price", %s) AS NUMERIC)) -- 1"#,
    );
    check(
        math::round(f("price"), Some(v(-1))),
        "ValueError: SQLite does not support negative precision.",
    );
    check(
        call(&math::MOD, vec![f("pages"), v(2)]),
        r#"MOD(b."pages", %s) -- 2"#,
    );
    check(
        call(&math::POWER, vec![f("price"), v(2)]),
        r#"(CAST(POWER(b."price", %s) AS NUMERIC)) -- 2"#,
    );
    check(
        call(&math::ABS, vec![f("price")]),
        r#"(CAST(ABS(b."price") AS NUMERIC)) -- "#,
    );
}

#[test]
fn json_text_of_a_key() {
    check(
        kt("data__a__b").unwrap(),
        r#"(CASE WHEN JSON_TYPE(b."data", %s) IN ('null','false','true') THEN JSON_TYPE(b."data", %s) ELSE JSON_EXTRACT(b."data", %s) END) -- '$."a"."b"', '$."a"."b"', '$."a"."b"'"#,
    );
}

fn aggregate(
    spec: &'static aggregates::AggregateSpec,
    args: Vec<Value>,
    options: AggregateOptions,
) -> String {
    let shop = Shop::new();
    match Aggregate::new(spec, None, args, options) {
        Ok(a) => annotated(shop.authors(), Rc::new(a)),
        Err(e) => e.to_string(),
    }
}

#[test]
fn aggregates_of_a_relation() {
    let plain = AggregateOptions::default;
    let filter = |q| AggregateOptions {
        filter: Some(QExpr::new(q)),
        ..plain()
    };
    let books = || vec![Value::from("books")];
    assert_eq!(
        aggregate(&aggregates::COUNT, books(), plain()),
        r#"COUNT(b."id") -- "#
    );
    assert_eq!(
        aggregate(
            &aggregates::COUNT,
            books(),
            AggregateOptions {
                distinct: true,
                ..filter(q("books__pages__gt", 9))
            }
        ),
        r#"COUNT(DISTINCT b."id") FILTER (WHERE b."pages" > %s) -- 9"#
    );
    assert_eq!(
        aggregate(
            &aggregates::SUM,
            vec!["books__price".into()],
            AggregateOptions {
                default: 0.into(),
                ..plain()
            }
        ),
        r#"(CAST(COALESCE((CAST(SUM(b."price") AS NUMERIC)), (CAST(%s AS NUMERIC))) AS NUMERIC)) -- Decimal('0')"#
    );
    assert_eq!(
        aggregate(&aggregates::AVG, vec!["books__pages".into()], plain()),
        r#"AVG(b."pages") -- "#
    );
    assert_eq!(
        aggregate(&aggregates::MAX, vec!["books__price".into()], plain()),
        r#"(CAST(MAX(b."price") AS NUMERIC)) -- "#
    );
    assert_eq!(
        aggregate(
            &aggregates::STD_DEV,
            vec!["books__pages".into()],
            AggregateOptions {
                sample: true,
                ..plain()
            }
        ),
        r#"STDDEV_SAMP(b."pages") -- "#
    );
    let comma = orm_sql::expression::ExprObject::value(v(","));
    assert_eq!(
        aggregate(
            &aggregates::STRING_AGG,
            vec!["books__title".into(), comma],
            plain()
        ),
        r#"GROUP_CONCAT(b."title", %s) -- ','"#
    );
    assert_eq!(
        aggregate(&aggregates::SUM, vec!["books__pub_date".into()], plain()),
        "NotSupportedError: SQLite does not support Sum on date or time fields, because they are stored as text."
    );
    assert_eq!(
        aggregate(&aggregates::COUNT, books(), filter(q("pk__in", vec![]))),
        "%s -- 0"
    );
    assert_eq!(
        aggregate(
            &aggregates::COUNT,
            books(),
            filter(q("pk__in", vec![]).invert())
        ),
        r#"COUNT(b."id") FILTER (WHERE %s) -- True"#
    );
}

#[test]
fn subqueries() {
    let shop = Shop::new();
    let mut inner = shop.books();
    inner
        .add_filter(
            "author",
            orm_sql::expression::ExprObject::value(OuterRef::new("pk")),
        )
        .unwrap();
    let exists = Exists::new(&inner).unwrap();
    assert_eq!(
        annotated(shop.authors(), exists),
        r#"EXISTS(SELECT %s AS "a" FROM "playground_book" "U0" WHERE "U0"."author_id" = (a."id") LIMIT 1) -- 1"#
    );
    inner.set_values(&["title".into()]).unwrap();
    inner.set_limits(None, Some(1)).unwrap();
    assert_eq!(
        annotated(shop.authors(), Subquery::new(inner, None)),
        r#"(SELECT "U0"."title" AS "title" FROM "playground_book" "U0" WHERE "U0"."author_id" = (a."id") LIMIT 1) -- "#
    );
    let mut none = shop.books();
    none.set_empty();
    assert_eq!(
        annotated(shop.authors(), Exists::new(&none).unwrap()),
        "%s -- False"
    );
}

#[test]
fn arithmetic_at_its_edges() {
    let c = |a, op, b| Combined::new(a, op, b);
    let wrap = |e, kind| ExpressionWrapper::new(e, Some(unbound(kind)));
    check(
        c(f("pages"), Arith::Mul, v(-1)),
        r#"(b."pages" * %s) -- -1"#,
    );
    check(
        c(f("length"), Arith::Add, f("length")),
        r#"(b."length" + b."length") -- "#,
    );
    check(
        wrap(c(f("length"), Arith::Div, v(2)), FieldKind::Duration),
        r#"(django_format_dtdelta('/', b."length", %s)) -- 2"#,
    );
    check(
        wrap(c(f("length"), Arith::Mul, f("pages")), FieldKind::Duration),
        "DatabaseError: Invalid arguments for operator *.",
    );
    check(
        c(f("price"), Arith::Pow, v(2)),
        "FieldError: Cannot infer type of '^' expression involving these types: DecimalField, IntegerField. You must set output_field.",
    );
    check(
        c(f("price"), Arith::Div, f("rating")),
        "FieldError: Cannot infer type of '/' expression involving these types: DecimalField, FloatField. You must set output_field.",
    );
    check(
        f("foo"),
        "FieldError: Cannot resolve keyword 'foo' into field. Choices are: active, author, author_id, created, data, id, length, opens, pages, price, pub_date, rating, tags, title, token",
    );
    check(
        f("pub_date__year"),
        r#"django_date_extract(%s, b."pub_date") -- 'year'"#,
    );
    check(c(v(1.5), Arith::Add, v(2)), "(%s + %s) -- 1.5, 2");
}

#[test]
fn values_by_type() {
    let typed = |value: Value, kind| Val::typed(value, Some(unbound(kind)));
    check(v(true), "%s -- True");
    check(v(jiff::civil::date(2020, 1, 1)), "%s -- '2020-01-01'");
    check(
        typed(vec![Value::from(1)].into(), FieldKind::Json),
        "%s -- '[1]'",
    );
    check(typed(Value::Null, FieldKind::Integer), "NULL -- ");
}

#[test]
fn cases_at_their_edges() {
    let when = |condition, then| When::q(condition, then).unwrap();
    let case = |whens, default| Case::new(whens, default, None).unwrap();
    check(
        case(
            vec![when(q("pages", 1), v(1)), when(q("pages", 2), v(2))],
            None,
        ),
        r#"CASE WHEN b."pages" = %s THEN %s WHEN b."pages" = %s THEN %s ELSE NULL END -- 1, 1, 2, 2"#,
    );
    check(case(vec![], Some(v(3))), "%s -- 3");
    check(
        case(vec![when(q("pk__in", vec![]).invert(), v(3))], Some(v(4))),
        "CAST(%s AS integer) -- 3",
    );
    check(
        case(vec![when(q("pages", 1), v("a"))], Some(v(1))),
        "FieldError: Expression contains mixed types: CharField, IntegerField. You must set output_field.",
    );
    let mut none = Shop::new().authors();
    none.set_empty();
    none.set_values(&["name".into()]).unwrap();
    check(
        comparison::coalesce(Subquery::new(none, None), v("z")),
        "COALESCE(NULL, %s) -- 'z'",
    );
}
