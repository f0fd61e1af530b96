//! Lookups become the SQL that Django writes.
mod common;

use common::{Shop, filtered};
use orm_sql::expression::ExprObject;
use orm_sql::expressions::F;
use orm_state::{Value, value::decimal_str};

fn f(name: &str) -> Value {
    ExprObject::value(F::new(name))
}

fn list(items: Vec<Value>) -> Value {
    Value::from(items)
}

fn check(lookup: &str, value: impl Into<Value>, expected: &str) {
    let shop = Shop::new();
    assert_eq!(
        filtered(shop.books(), &[(lookup, value.into())]),
        expected,
        "{lookup}"
    );
}

#[test]
fn patterns_escape_wildcards() {
    check(
        "title__contains",
        "50%_\\",
        r"b.title LIKE %s ESCAPE '\' -- '%50\\%\\_\\\\%'"
            .replace("b.title", "b.\"title\"")
            .as_str(),
    );
    check(
        "title__iexact",
        "a_b",
        "b.\"title\" LIKE %s ESCAPE '\\' -- 'a\\\\_b'",
    );
    check(
        "title__istartswith",
        f("author__name"),
        r#"b."title" LIKE UPPER(REPLACE(REPLACE(REPLACE((a."name"), '\', '\\'), '%%', '\%%'), '_', '\_')) || '%%' ESCAPE '\' -- "#,
    );
    check("title__regex", "a.b", "b.\"title\" REGEXP %s -- 'a.b'");
    check(
        "title__iregex",
        "x",
        "b.\"title\" REGEXP '(?i)' || %s -- 'x'",
    );
}

#[test]
fn integers_round_and_overflow() {
    check("pages__gt", 3.5, "b.\"pages\" > %s -- 3");
    check("pages__gte", 3.5, "b.\"pages\" >= %s -- 4");
    let huge: num_bigint::BigInt = num_bigint::BigInt::from(10).pow(20);
    check(
        "pages__lt",
        huge.clone(),
        "SELECT b.\"id\" AS \"id\" FROM \"playground_book\" -- ",
    );
    check("pages", huge, "EmptyResultSet: ");
    check(
        "pages",
        "abc",
        "ValueError: Field 'pages' expected a number but got 'abc'.",
    );
}

#[test]
fn lists_leave_none_and_repetitions_out() {
    check(
        "id__in",
        list(vec![1.into(), Value::Null, 1.into(), 2.into()]),
        "b.\"id\" IN (%s, %s) -- 1, 2",
    );
    check("id__in", list(vec![]), "EmptyResultSet: ");
    check(
        "id__in",
        list(vec![1.into(), f("pages")]),
        "b.\"id\" IN (%s, b.\"pages\") -- 1",
    );
    check(
        "pages__range",
        list(vec![1.into(), 5.into()]),
        "b.\"pages\" BETWEEN %s AND %s -- 1, 5",
    );
    check(
        "pages__range",
        list(vec![f("id"), 5.into()]),
        "b.\"pages\" BETWEEN b.\"id\" AND %s -- 5",
    );
}

#[test]
fn dates_by_part() {
    check(
        "pub_date__year",
        2024,
        "b.\"pub_date\" BETWEEN %s AND %s -- '2024-01-01', '2024-12-31'",
    );
    check(
        "created__year__gt",
        2024,
        "b.\"created\" > %s -- '2024-12-31 23:59:59.999999'",
    );
    check(
        "created__year__in",
        list(vec![2024.into()]),
        "django_datetime_extract(%s, b.\"created\", %s, %s) IN (%s) -- 'year', 'UTC', 'UTC', 2024",
    );
    check(
        "pub_date__iso_year",
        2024,
        "b.\"pub_date\" BETWEEN %s AND %s -- '2024-01-01', '2024-12-29'",
    );
    check(
        "pub_date__month",
        7,
        "django_date_extract(%s, b.\"pub_date\") = %s -- 'month', 7",
    );
    check(
        "created__hour",
        7,
        "django_datetime_extract(%s, b.\"created\", %s, %s) = %s -- 'hour', 'UTC', 'UTC', 7",
    );
    check(
        "created__date",
        "2024-01-02",
        "django_datetime_cast_date(b.\"created\", %s, %s) = %s -- 'UTC', 'UTC', '2024-01-02'",
    );
}

#[test]
fn other_types() {
    let price: bigdecimal::BigDecimal = "1.50".parse().unwrap();
    assert_eq!(decimal_str(&price), "1.50");
    check("price__gt", price, "b.\"price\" > %s -- Decimal('1.50')");
    check("price__lt", f("rating"), "b.\"price\" < (b.\"rating\") -- ");
    check("active", true, "b.\"active\" = %s -- True");
    check(
        "token__contains",
        "ab-cd",
        r#"b."token" LIKE '%%' || REPLACE(REPLACE(REPLACE((REPLACE(%s, %s, %s)), '\', '\\'), '%%', '\%%'), '_', '\_') || '%%' ESCAPE '\' -- 'ab-cd', '-', ''"#,
    );
    check(
        "token",
        "12345678123456781234567812345678",
        "b.\"token\" = %s -- '12345678123456781234567812345678'",
    );
    check(
        "price__isnull",
        5,
        "ValueError: The QuerySet value for an isnull lookup must be True or False.",
    );
    check(
        "title__gt",
        Value::Null,
        "ValueError: Cannot use None as a query value",
    );
    check(
        "title__foo",
        5,
        "FieldError: Unsupported lookup 'foo' for CharField or join on the field not permitted.",
    );
    check(
        "title__contans",
        5,
        "FieldError: Unsupported lookup 'contans' for CharField or join on the field not permitted, perhaps you meant contains or icontains?",
    );
}

#[test]
fn relations() {
    check(
        "author__in",
        list(vec![1.into(), 2.into()]),
        "b.\"author_id\" IN (%s, %s) -- 1, 2",
    );
    check("author", 3, "b.\"author_id\" = %s -- 3");
    check(
        "tags__in",
        list(vec![1.into()]),
        "bt.\"tag_id\" IN (%s) -- 1",
    );
    let shop = Shop::new();
    let books = filtered(
        shop.authors(),
        &[("books__in", list(vec![1.into(), 2.into()]))],
    );
    assert_eq!(books, "b.\"id\" IN (%s, %s) -- 1, 2");
    let mut named = shop.authors();
    named.add_filter("name", "x".into()).unwrap();
    let inner = ExprObject::value(named.clone().into_expr());
    assert_eq!(
        filtered(shop.books(), &[("author__in", inner.clone())]),
        "b.\"author_id\" IN (SELECT \"U0\".\"id\" FROM \"playground_author\" \"U0\" WHERE \"U0\".\"name\" = %s) -- 'x'"
    );
    assert_eq!(
        filtered(shop.books(), &[("author", inner)]),
        "ValueError: The QuerySet value for an exact lookup must be limited to one result using slicing."
    );
    named.set_limits(None, Some(1)).unwrap();
    assert_eq!(
        filtered(
            shop.books(),
            &[("author", ExprObject::value(named.into_expr()))]
        ),
        "b.\"author_id\" = (SELECT \"U0\".\"id\" FROM \"playground_author\" \"U0\" WHERE \"U0\".\"name\" = %s LIMIT 1) -- 'x'"
    );
}

const KEY: &str = r#"(CASE WHEN JSON_TYPE(b."data", %s) IN ('null','false','true') THEN JSON_TYPE(b."data", %s) ELSE JSON_EXTRACT(b."data", %s) END)"#;
const A: &str = r#"'$."a"', '$."a"', '$."a"'"#;

#[test]
fn json_keys() {
    let path = r#"'$."a"[0]."b"'"#;
    check(
        "data__a__0__b",
        "x",
        &format!("{KEY} = JSON_EXTRACT(%s, '$') -- {path}, {path}, {path}, '\"x\"'"),
    );
    check(
        "data__a",
        Value::Null,
        &format!("{KEY} = %s -- {A}, 'null'"),
    );
    check("data__a", true, &format!("{KEY} = %s -- {A}, 'true'"));
    check(
        "data__a__isnull",
        true,
        "JSON_TYPE(b.\"data\", %s) IS NULL -- '$.\"a\"'",
    );
    check(
        "data__a__in",
        list(vec!["x".into(), Value::Null, true.into(), 1.into()]),
        &format!("{KEY} IN (JSON_EXTRACT(%s, '$'), %s) -- {A}, '\"x\"', 'true'"),
    );
    check(
        "data__a__icontains",
        "x",
        &format!("{KEY} LIKE %s ESCAPE '\\' -- {A}, '%x%'"),
    );
    check("data__a__gt", 5, &format!("{KEY} > %s -- {A}, 5"));
    check(
        "data__a",
        f("data__b"),
        &format!("{KEY} = {KEY} -- {A}, '$.\"b\"', '$.\"b\"', '$.\"b\"'"),
    );
}

#[test]
fn json_documents() {
    check(
        "data__has_key",
        "k",
        "JSON_TYPE(b.\"data\", %s) IS NOT NULL -- '$.\"k\"'",
    );
    check(
        "data__a__has_keys",
        list(vec!["k".into(), 1.into()]),
        "(JSON_TYPE(b.\"data\", %s) IS NOT NULL AND JSON_TYPE(b.\"data\", %s) IS NOT NULL) -- '$.\"a\".\"k\"', '$.\"a\".\"1\"'",
    );
    check(
        "data__has_any_keys",
        list(vec!["k".into(), "l".into()]),
        "(JSON_TYPE(b.\"data\", %s) IS NOT NULL OR JSON_TYPE(b.\"data\", %s) IS NOT NULL) -- '$.\"k\"', '$.\"l\"'",
    );
    let document = Value::Dict([("a".into(), 1.into())].into());
    check(
        "data__contains",
        document.clone(),
        "NotSupportedError: contains lookup is not supported on this database backend.",
    );
    check("data", document, "b.\"data\" = %s -- '{\"a\": 1}'");
}

#[test]
fn exclusive_or() {
    let shop = Shop::new();
    let part = |name: &str, value: Value| orm_sql::Q {
        children: vec![orm_sql::QChild::Lookup(name.into(), value)],
        ..orm_sql::Q::default()
    };
    let xor = orm_sql::Connector::Xor;
    let q = part("pages", 1.into())
        .combine(&part("id", 2.into()), xor)
        .combine(&part("active", true.into()), xor);
    let mut query = shop.books();
    query.add_q(&q).unwrap();
    assert_eq!(
        filtered(query, &[]),
        "((b.\"pages\" = %s OR b.\"id\" = %s OR b.\"active\" = %s) AND %s = (MOD(((CASE WHEN b.\"pages\" = %s THEN %s ELSE %s END + CASE WHEN b.\"id\" = %s THEN %s ELSE %s END) + CASE WHEN b.\"active\" = %s THEN %s ELSE %s END), %s))) -- 1, 2, True, 1, 1, 1, 0, 2, 1, 0, True, 1, 0, 2"
    );
}
