//! Functions, aggregates and windows made by name become the SQL that Django writes.
mod common;

use common::{Shop, annotated};
use orm_sql::Expr;
use orm_sql::expression::ExprObject;
use orm_sql::expressions::fields::unbound;
use orm_sql::expressions::window_frame::{Exclusion, FrameType};
use orm_sql::expressions::{Arith, Combined, F, OrderBy, QExpr, Val, Window, WindowFrame};
use orm_sql::functions::{Call, make};
use orm_sql::{Q, QChild};
use orm_state::{FieldKind, Value};
use std::rc::Rc;

fn e(expr: Expr) -> Value {
    ExprObject::value(expr)
}
fn v(value: impl Into<Value>) -> Value {
    e(Val::new(value.into()))
}
fn call(args: Vec<Value>) -> Call {
    Call {
        args,
        ..Call::default()
    }
}
fn with(mut call: Call, kwargs: &[(&str, Value)]) -> Call {
    call.kwargs = kwargs
        .iter()
        .map(|(k, v)| (k.to_string(), v.clone()))
        .collect();
    call
}

fn of_book(class: &str, call: Call) -> String {
    match make(class, call) {
        Ok(expr) => annotated(Shop::new().books(), expr),
        Err(e) => e.to_string(),
    }
}
fn of_author(class: &str, call: Call) -> String {
    match make(class, call) {
        Ok(expr) => annotated(Shop::new().authors(), expr),
        Err(e) => e.to_string(),
    }
}

/// A table of class, positional arguments and the SQL on books.
#[test]
fn functions_by_name() {
    let cases: Vec<(&str, Vec<Value>, &str)> = vec![
        (
            "Now",
            vec![],
            "STRFTIME('%%Y-%%m-%%d %%H:%%M:%%f', 'NOW') -- ",
        ),
        (
            "JSONArray",
            vec!["title".into(), 1.into()],
            r#"JSON_ARRAY(b."title", %s) -- 1"#,
        ),
        ("UUID4", vec![], "UUIDV4() -- "),
        (
            "Lower",
            vec!["title".into(), "pages".into()],
            "TypeError: 'Lower' takes exactly 1 argument (2 given)",
        ),
        (
            "Substr",
            vec!["title".into(), 0.into()],
            "ValueError: 'pos' must be greater than 0",
        ),
        (
            "Coalesce",
            vec!["title".into()],
            "ValueError: Coalesce must take at least two expressions",
        ),
        (
            "Replace",
            vec!["title".into(), v("a"), v("b")],
            r#"REPLACE(b."title", %s, %s) -- 'a', 'b'"#,
        ),
        (
            "LPad",
            vec!["title".into(), 20.into()],
            r#"LPAD(b."title", %s, %s) -- 20, ' '"#,
        ),
        (
            "Collate",
            vec!["title".into(), "nocase".into()],
            r#"b."title" COLLATE "nocase" -- "#,
        ),
        (
            "Collate",
            vec!["title".into(), "no case".into()],
            "ValueError: Invalid collation name: 'no case'.",
        ),
        (
            "StrIndex",
            vec!["title".into(), v("x")],
            r#"INSTR(b."title", %s) -- 'x'"#,
        ),
        ("Chr", vec!["pages".into()], r#"CHAR(b."pages") -- "#),
        ("Ord", vec!["title".into()], r#"UNICODE(b."title") -- "#),
        ("Random", vec![], "RAND() -- "),
        ("Pi", vec![], "PI() -- "),
        (
            "ATan2",
            vec!["rating".into(), "pages".into()],
            r#"ATAN2(b."rating", b."pages") -- "#,
        ),
        (
            "Log",
            vec!["price".into(), "price".into()],
            r#"LOG(b."price", b."price") -- "#,
        ),
        (
            "NullIf",
            vec!["title".into(), v("x")],
            r#"NULLIF(b."title", %s) -- 'x'"#,
        ),
        (
            "Extract",
            vec!["created".into(), "week".into()],
            r#"django_datetime_extract(%s, b."created", %s, %s) -- 'week', 'UTC', 'UTC'"#,
        ),
        (
            "Extract",
            vec!["length".into(), "week".into()],
            "ValueError: Cannot extract component 'week' from DurationField 'length'.",
        ),
        (
            "Extract",
            vec!["title".into(), "week".into()],
            "ValueError: Extract input expression must be DateField, DateTimeField, TimeField, or DurationField.",
        ),
        (
            "ExtractHour",
            vec!["pub_date".into()],
            "ValueError: Cannot extract time component 'hour' from DateField 'pub_date'.",
        ),
        (
            "Trunc",
            vec!["opens".into(), "hour".into()],
            r#"django_time_trunc(%s, b."opens", %s, %s) -- 'hour', None, None"#,
        ),
        (
            "TruncDate",
            vec!["created".into()],
            r#"django_datetime_cast_date(b."created", %s, %s) -- 'UTC', 'UTC'"#,
        ),
        (
            "TruncTime",
            vec!["created".into()],
            r#"django_datetime_cast_time(b."created", %s, %s) -- 'UTC', 'UTC'"#,
        ),
        ("SHA256", vec!["title".into()], r#"SHA256(b."title") -- "#),
        (
            "Repeat",
            vec!["title".into(), 3.into()],
            r#"REPEAT(b."title", %s) -- 3"#,
        ),
        (
            "Ntile",
            vec![0.into()],
            "ValueError: num_buckets must be greater than 0.",
        ),
    ];
    for (class, args, expected) in cases {
        assert_eq!(of_book(class, call(args)), expected, "{class}");
    }
}

#[test]
fn keyword_arguments() {
    let pages = Combined::new(F::new("pages"), Arith::Add, Val::new(1.into()));
    assert_eq!(
        of_book(
            "JSONObject",
            with(call(vec![]), &[("a", "title".into()), ("b", e(pages))])
        ),
        r#"JSON_OBJECT(%s, b."title", %s, (b."pages" + %s)) -- 'a', 'b', 1"#
    );
    let lower = with(call(vec!["title".into()]), &[("function", "foo".into())]);
    assert_eq!(of_book("Lower", lower), r#"foo(b."title") -- "#);
    let func = Call {
        output: Some(unbound(FieldKind::Integer)),
        ..with(
            call(vec!["title".into(), "pages".into()]),
            &[
                ("function", "F".into()),
                ("template", "%(function)s<%(expressions)s>%(z)s".into()),
                ("z", 5.into()),
                ("arg_joiner", " AND ".into()),
            ],
        )
    };
    assert_eq!(of_book("Func", func), r#"F<b."title" AND b."pages">5 -- "#);
    let day = Call {
        output: Some(unbound(FieldKind::Date)),
        ..call(vec!["created".into(), "day".into()])
    };
    assert_eq!(
        of_book("Trunc", day),
        r#"django_date_trunc(%s, b."created", %s, %s) -- 'day', 'UTC', 'UTC'"#
    );
}

#[test]
fn aggregates_by_name() {
    let active = QExpr::new(Q {
        children: vec![QChild::Lookup("books__active".into(), true.into())],
        ..Q::default()
    });
    let filtered = |call: Call| Call {
        filter: Some(active.clone()),
        ..call
    };
    let distinct = ("distinct", Value::from(true));
    let twice = Combined::new(F::new("books__pages"), Arith::Mul, Val::new(2.into()));
    let count = make("Count", call(vec!["books".into()])).unwrap();
    let titles = |d: &str| call(vec!["books__title".into(), v(d)]);
    let decimal: Value = "1".parse::<bigdecimal::BigDecimal>().unwrap().into();
    let cases: Vec<(&str, Call, &str)> = vec![
        (
            "BitAnd",
            call(vec!["books__pages".into()]),
            r#"BIT_AND(b."pages") -- "#,
        ),
        ("Count", call(vec!["*".into()]), "COUNT(*) -- "),
        (
            "Count",
            filtered(call(vec!["*".into()])),
            "ValueError: Star cannot be used with filter. Please specify a field.",
        ),
        (
            "Max",
            with(call(vec!["id".into()]), std::slice::from_ref(&distinct)),
            "TypeError: Max does not allow distinct.",
        ),
        (
            "Count",
            with(call(vec!["id".into()]), &[("default", 1.into())]),
            "TypeError: Count does not allow default.",
        ),
        (
            "Sum",
            call(vec![e(count)]),
            "FieldError: Cannot compute Sum('Count'): 'Count' is an aggregate",
        ),
        (
            "Sum",
            with(call(vec![e(twice)]), std::slice::from_ref(&distinct)),
            r#"SUM(DISTINCT (b."pages" * %s)) -- 2"#,
        ),
        (
            "StringAgg",
            with(titles(";"), std::slice::from_ref(&distinct)),
            "NotSupportedError: StringAgg does not support distinct with multiple expressions on this database backend.",
        ),
        (
            "StringAgg",
            with(titles(","), std::slice::from_ref(&distinct)),
            r#"GROUP_CONCAT(DISTINCT b."title") -- "#,
        ),
        (
            "StringAgg",
            with(titles(","), &[("order_by", "id".into())]),
            "NotSupportedError: This database backend does not support specifying an order on aggregates.",
        ),
        (
            "AnyValue",
            call(vec!["books__title".into()]),
            r#"ANY_VALUE(b."title") -- "#,
        ),
        (
            "Avg",
            filtered(with(
                call(vec!["books__price".into()]),
                &[("default", v(decimal))],
            )),
            r#"(CAST(COALESCE((CAST(AVG(b."price") FILTER (WHERE b."active" = %s) AS NUMERIC)), (CAST(%s AS REAL))) AS NUMERIC)) -- True, Decimal('1')"#,
        ),
        (
            "Avg",
            call(vec!["books__length".into()]),
            r#"AVG(b."length") -- "#,
        ),
    ];
    for (class, call, expected) in cases {
        assert_eq!(of_author(class, call), expected, "{class}");
    }
}

fn window(source: Expr, partition: Value, order: Value, frame: Option<WindowFrame>) -> String {
    let frame = frame.map(|f| Rc::new(f) as Expr);
    match Window::new(source, partition, order, frame, None) {
        Ok(w) => annotated(Shop::new().books(), w),
        Err(e) => e.to_string(),
    }
}

#[test]
fn windows() {
    let sum = |name: &str| make("Sum", call(vec![name.into()])).unwrap();
    let rows = |start: i64, end: Value, exclusion| {
        WindowFrame::new(FrameType::Rows, start.into(), end, exclusion)
    };
    let none = Value::Null;
    assert_eq!(
        window(
            sum("pages"),
            "author".into(),
            "-id".into(),
            Some(rows(-1, none.clone(), None))
        ),
        r#"SUM(b."pages") OVER (PARTITION BY b."author_id" ORDER BY b."id" DESC ROWS BETWEEN 1 PRECEDING AND UNBOUNDED FOLLOWING) -- "#
    );
    let descending = e(OrderBy::new(F::new("id"), true));
    assert_eq!(
        window(
            sum("price"),
            vec![e(F::new("author")), "active".into()].into(),
            descending,
            None
        ),
        r#"(CAST(SUM(b."price") OVER (PARTITION BY b."author_id", b."active" ORDER BY b."id" DESC) AS NUMERIC)) -- "#
    );
    let row_number = make("RowNumber", call(vec![])).unwrap();
    assert_eq!(
        window(
            row_number,
            none.clone(),
            vec!["author".into(), "-id".into()].into(),
            None
        ),
        r#"ROW_NUMBER() OVER (ORDER BY b."author_id", b."id" DESC) -- "#
    );
    let lag = make(
        "Lag",
        with(
            call(vec!["pages".into(), 2.into()]),
            &[("default", 0.into())],
        ),
    )
    .unwrap();
    assert_eq!(
        window(lag, none.clone(), "id".into(), None),
        r#"LAG(b."pages", %s, %s) OVER (ORDER BY b."id") -- 2, 0"#
    );
    let current = WindowFrame::new(FrameType::Range, 0.into(), 0.into(), None);
    assert_eq!(
        window(sum("pages"), none.clone(), none.clone(), Some(current)),
        r#"SUM(b."pages") OVER (RANGE BETWEEN CURRENT ROW AND CURRENT ROW) -- "#
    );
    assert_eq!(
        window(
            sum("pages"),
            none.clone(),
            none.clone(),
            Some(rows(1, 0.into(), None))
        ),
        "ValueError: start cannot be greater than end."
    );
    assert_eq!(
        window(
            sum("pages"),
            none.clone(),
            none.clone(),
            Some(rows(-1, 0.into(), Some(Exclusion::Ties)))
        ),
        r#"SUM(b."pages") OVER (ROWS BETWEEN 1 PRECEDING AND CURRENT ROW EXCLUDE TIES) -- "#
    );
    let lower = make("Lower", call(vec!["title".into()])).unwrap();
    assert_eq!(
        window(lower, none.clone(), none.clone(), None),
        "ValueError: Expression 'Lower' isn't compatible with OVER clauses."
    );
    let tile = make("Ntile", call(vec![4.into()])).unwrap();
    assert_eq!(
        window(tile, none, "id".into(), None),
        r#"NTILE(%s) OVER (ORDER BY b."id") -- 4"#
    );
}
