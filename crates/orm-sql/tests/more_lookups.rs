//! Lookups at their edges: odd right sides, keys of documents, parts of dates, messages.
mod common;

use common::{Shop, filtered};
use orm_sql::expression::ExprObject;
use orm_sql::expressions::fields::unbound;
use orm_sql::expressions::{Arith, Combined, F, JsonNull, OuterRef, Subquery, Val};
use orm_sql::lookups::json::KeyTransform;
use orm_sql::{Expr, Query};
use orm_state::{Duration, FieldKind, Value};

fn e(expr: Expr) -> Value {
    ExprObject::value(expr)
}
fn f(name: &str) -> Value {
    e(F::new(name))
}
fn list(items: &[Value]) -> Value {
    Value::from(items.to_vec())
}
fn date(y: i16, m: i8, d: i8) -> jiff::civil::Date {
    jiff::civil::date(y, m, d)
}
fn check(cases: Vec<(&str, Value, &str)>) {
    for (lookup, value, expected) in cases {
        assert_eq!(
            filtered(Shop::new().books(), &[(lookup, value)]),
            expected,
            "{lookup}"
        );
    }
}

#[test]
fn odd_right_sides() {
    check(vec![
        (
            "pages__in",
            Value::Set([1.into()].into()),
            r#"b."pages" IN (%s) -- 1"#,
        ),
        ("pages__in", "12".into(), r#"b."pages" IN (%s, %s) -- 1, 2"#),
        (
            "pages__in",
            5.into(),
            "TypeError: 'int' object is not iterable",
        ),
        (
            "title__contains",
            5.into(),
            r#"b."title" LIKE %s ESCAPE '\' -- '%5%'"#,
        ),
        ("title__iexact", Value::Null, r#"b."title" IS NULL -- "#),
        ("title__exact", Value::Null, r#"b."title" IS NULL -- "#),
        (
            "active",
            "x".into(),
            "ValidationError: “x” value must be either True or False.",
        ),
        (
            "active__in",
            list(&[true.into(), false.into()]),
            r#"b."active" IN (%s, %s) -- True, False"#,
        ),
        ("rating", 1.into(), r#"b."rating" = %s -- 1.0"#),
        (
            "rating",
            "x".into(),
            "ValueError: Field 'rating' expected a number but got 'x'.",
        ),
        (
            "price",
            "x".into(),
            "ValidationError: “x” value must be a decimal number.",
        ),
        (
            "price",
            1.1.into(),
            r#"b."price" = %s -- Decimal('1.1000000')"#,
        ),
        ("price", 1.5.into(), r#"b."price" = %s -- Decimal('1.5')"#),
        ("price", 100.0.into(), r#"b."price" = %s -- Decimal('100')"#),
        (
            "token",
            "zz".into(),
            "ValidationError: “zz” is not a valid UUID.",
        ),
        (
            "token__iexact",
            "AB-cd".into(),
            r#"b."token" LIKE (REPLACE(%s, %s, %s)) ESCAPE '\' -- 'AB-cd', '-', ''"#,
        ),
        (
            "token__startswith",
            f("title"),
            r#"b."token" LIKE REPLACE(REPLACE(REPLACE((REPLACE(b."title", %s, %s)), '\', '\\'), '%%', '\%%'), '_', '\_') || '%%' ESCAPE '\' -- '-', ''"#,
        ),
        (
            "length",
            Duration::from_parts(1, 0, 0).into(),
            r#"b."length" = %s -- 86400000000"#,
        ),
        (
            "length__gt",
            e(Combined::new(
                F::new("created"),
                Arith::Sub,
                F::new("created"),
            )),
            r#"b."length" > (django_timestamp_diff(b."created", b."created")) -- "#,
        ),
    ]);
}

const KEY: &str = r#"(CASE WHEN JSON_TYPE(b."data", %s) IN ('null','false','true') THEN JSON_TYPE(b."data", %s) ELSE JSON_EXTRACT(b."data", %s) END)"#;
const A: &str = r#"'$."a"', '$."a"', '$."a"'"#;

#[test]
fn documents() {
    let key = |rest: &str| format!("{KEY} {rest}");
    let nested = KeyTransform::new("b", KeyTransform::new("a", F::new("data"), false), false);
    let object = Value::Dict([("a".into(), 1.into())].into());
    let cases: Vec<(&str, Value, String)> = vec![
        ("data", Value::Null, r#"b."data" = %s -- 'null'"#.into()),
        (
            "data__a__iexact",
            Value::Null,
            key(&format!("= %s -- {A}, 'null'")),
        ),
        (
            "data__a__iexact",
            "x".into(),
            key(&format!("LIKE %s ESCAPE '\\' -- {A}, 'x'")),
        ),
        (
            "data__a__regex",
            "x".into(),
            key(&format!("REGEXP %s -- {A}, 'x'")),
        ),
        (
            "data__a__startswith",
            "x".into(),
            key(&format!("LIKE %s ESCAPE '\\' -- {A}, 'x%'")),
        ),
        (
            "data__a__contains",
            "x".into(),
            "NotSupportedError: contains lookup is not supported on this database backend.".into(),
        ),
        (
            "data__a__range",
            list(&[1.into(), 2.into()]),
            key(&format!("BETWEEN %s AND %s -- {A}, '1', '2'")),
        ),
        (
            "data__a__isnull",
            false.into(),
            r#"JSON_TYPE(b."data", %s) IS NOT NULL -- '$."a"'"#.into(),
        ),
        (
            "data__isnull",
            false.into(),
            r#"b."data" IS NOT NULL -- "#.into(),
        ),
        (
            "data__icontains",
            "x".into(),
            r#"b."data" LIKE %s ESCAPE '\' -- '%x%'"#.into(),
        ),
        (
            "data__in",
            list(&[object, "b".into()]),
            key(
                "IN (JSON_EXTRACT(%s, '$'), JSON_EXTRACT(%s, '$')) -- '$', '$', '$', '{\"a\": 1}', '\"b\"'",
            ),
        ),
        ("data__a__lt", "z".into(), key(&format!("< %s -- {A}, 'z'"))),
        (
            "data",
            e(Val::typed(Value::Null, Some(unbound(FieldKind::Json)))),
            r#"b."data" = %s -- 'null'"#.into(),
        ),
        (
            "data__a",
            e(JsonNull::new()),
            key(&format!("= %s -- {A}, 'null'")),
        ),
        (
            "data__has_key",
            e(nested),
            r#"JSON_TYPE(b."data", %s) IS NOT NULL -- '$."a"."b"'"#.into(),
        ),
        (
            "data__-1",
            "x".into(),
            key("= JSON_EXTRACT(%s, '$') -- '$[#-1]', '$[#-1]', '$[#-1]', '\"x\"'"),
        ),
    ];
    for (lookup, value, expected) in cases {
        assert_eq!(
            filtered(Shop::new().books(), &[(lookup, value)]),
            expected,
            "{lookup}"
        );
    }
}

#[test]
fn parts_of_dates() {
    check(vec![
        (
            "created__year__lte",
            2020.into(),
            r#"b."created" <= %s -- '2020-12-31 23:59:59.999999'"#,
        ),
        (
            "created__year",
            f("pages"),
            r#"django_datetime_extract(%s, b."created", %s, %s) = (b."pages") -- 'year', 'UTC', 'UTC'"#,
        ),
        (
            "created__year",
            10000.into(),
            "ValueError: year 10000 is out of range",
        ),
        (
            "created__year",
            "2020".into(),
            r#"b."created" BETWEEN %s AND %s -- '2020-01-01 00:00:00', '2020-12-31 23:59:59.999999'"#,
        ),
        (
            "pub_date__year__range",
            list(&[1.into(), 2.into()]),
            r#"django_date_extract(%s, b."pub_date") BETWEEN %s AND %s -- 'year', 1, 2"#,
        ),
        (
            "opens__second__gt",
            5.into(),
            r#"django_time_extract(%s, b."opens") > %s -- 'second', 5"#,
        ),
        (
            "created__time",
            "10:00".into(),
            r#"django_datetime_cast_time(b."created", %s, %s) = %s -- 'UTC', 'UTC', '10:00:00'"#,
        ),
        (
            "pub_date",
            orm_state::DateTime::naive(date(2020, 1, 2).at(3, 0, 0, 0)).into(),
            r#"b."pub_date" = %s -- '2020-01-02'"#,
        ),
        (
            "created",
            "2020-01-02".into(),
            r#"b."created" = %s -- '2020-01-02 00:00:00'"#,
        ),
        (
            "created",
            date(2020, 1, 2).into(),
            r#"b."created" = %s -- '2020-01-02 00:00:00'"#,
        ),
        (
            "created",
            "x".into(),
            "ValidationError: “x” value has an invalid format. It must be in YYYY-MM-DD HH:MM[:ss[.uuuuuu]][TZ] format.",
        ),
    ]);
}

fn only(mut query: Query, fields: &[&str], limit: Option<u64>) -> Value {
    let names: Vec<std::rc::Rc<str>> = fields.iter().map(|f| (*f).into()).collect();
    query.set_values(&names).unwrap();
    if limit.is_some() {
        query.set_limits(None, limit).unwrap();
    }
    e(query.into_expr())
}

#[test]
fn queries_on_the_right() {
    let shop = Shop::new();
    let mut same_author = shop.books();
    same_author
        .add_filter("author", e(OuterRef::new("author")))
        .unwrap();
    same_author.set_values(&["pages".into()]).unwrap();
    same_author.set_limits(None, Some(1)).unwrap();
    for (lookup, value, expected) in [
        (
            "author",
            "x".into(),
            "ValueError: Field 'id' expected a number but got 'x'.",
        ),
        (
            "author__isnull",
            true.into(),
            r#"b."author_id" IS NULL -- "#,
        ),
        (
            "author__contains",
            1.into(),
            "FieldError: Unsupported lookup 'contains' for ForeignKey or join on the field not permitted.",
        ),
        ("author__gt", 1.into(), r#"b."author_id" > %s -- 1"#),
        (
            "author__in",
            only(shop.authors(), &["name"], None),
            r#"b."author_id" IN (SELECT "U0"."name" AS "name" FROM "playground_author" "U0") -- "#,
        ),
        (
            "author__in",
            only(shop.authors(), &["name", "id"], None),
            "ValueError: The QuerySet value for the 'in' lookup must have 1 selected fields (received 2)",
        ),
        (
            "pages__gt",
            only(shop.books(), &["pages"], Some(1)),
            r#"b."pages" > (SELECT "U0"."pages" AS "pages" FROM "playground_book" "U0" LIMIT 1) -- "#,
        ),
        (
            "pages__gt",
            e(Subquery::new(same_author, None)),
            r#"b."pages" > (SELECT "U0"."pages" AS "pages" FROM "playground_book" "U0" WHERE "U0"."author_id" = (b."author_id") LIMIT 1) -- "#,
        ),
    ] {
        assert_eq!(
            filtered(shop.books(), &[(lookup, value)]),
            expected,
            "{lookup}"
        );
    }
}

/// `UPPER` on both sides, registered as a user would.
#[test]
fn transforms_on_both_sides() {
    use orm_sql::expressions::fields::class;
    use orm_sql::functions::{FuncTransform, text};
    use orm_sql::lookup::{Registered, RegisteredObject};
    use orm_sql::lookups::class_registry;
    use std::rc::Rc;
    let upper = Rc::new(FuncTransform(&text::UPPER));
    let char_field = class(FieldKind::Char);
    let object = RegisteredObject(Registered::Transform(upper.clone()));
    char_field
        .lookups
        .borrow_mut()
        .insert("upper".into(), Rc::new(object));
    check(vec![(
        "title__upper",
        "a".into(),
        r#"UPPER(b."title") = %s -- 'a'"#,
    )]);
    class_registry::set_bilateral("Upper", upper);
    check(vec![
        (
            "title__upper",
            "a".into(),
            r#"UPPER(b."title") = (UPPER(%s)) -- 'a'"#,
        ),
        (
            "title__upper__in",
            list(&["a".into(), "b".into()]),
            r#"UPPER(b."title") IN (UPPER(%s), UPPER(%s)) -- 'a', 'b'"#,
        ),
        (
            "title__upper__contains",
            "a%".into(),
            r#"UPPER(b."title") LIKE '%%' || REPLACE(REPLACE(REPLACE((UPPER(%s)), '\', '\\'), '%%', '\%%'), '_', '\_') || '%%' ESCAPE '\' -- 'a%'"#,
        ),
        (
            "title__upper",
            f("author__name"),
            r#"UPPER(b."title") = (UPPER(a."name")) -- "#,
        ),
    ]);
    class_registry::clear();
    char_field.lookups.borrow_mut().clear();
}
