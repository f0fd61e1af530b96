//! Lookups on a primary key of two columns.
mod common;

use common::{Shop, annotated, line};
use orm_sql::Query;
use orm_sql::expression::ExprObject;
use orm_sql::functions::{Call, make};
use orm_state::Value;

fn pair(a: impl Into<Value>, b: impl Into<Value>) -> Value {
    Value::Tuple([a.into(), b.into()].into())
}
fn list(items: Vec<Value>) -> Value {
    Value::from(items)
}

#[test]
fn both_columns_are_compared() {
    let shop = Shop::new();
    let model = line(&shop);
    let all = || Query::new(&model);
    let mut a = all();
    a.add_filter("text", "a".into()).unwrap();
    let mut texts = all();
    texts.set_values(&["text".into()]).unwrap();
    for (lookup, value, expected) in [
        (
            "pk",
            pair(1, 2),
            r#"(l."order_id", l."number") = (%s, %s) -- 1, 2"#,
        ),
        (
            "pk",
            1.into(),
            "ValueError: 'exact' lookup of 'pk' must be a tuple or a list",
        ),
        (
            "pk",
            Value::Tuple([1.into()].into()),
            "ValueError: 'exact' lookup of 'pk' must have 2 elements",
        ),
        (
            "pk",
            Value::Null,
            "ValueError: 'exact' lookup of 'pk' must be a tuple or a list",
        ),
        (
            "pk",
            pair("x", 2),
            "ValueError: Field 'order_id' expected a number but got 'x'.",
        ),
        (
            "pk__in",
            list(vec![pair(1, 2), pair(3, 4), pair(Value::Null, 1)]),
            r#"(l."order_id", l."number") IN ((%s, %s), (%s, %s)) -- 1, 2, 3, 4"#,
        ),
        ("pk__in", list(vec![]), "EmptyResultSet: "),
        (
            "pk__in",
            list(vec![1.into()]),
            "ValueError: 'in' lookup of 'pk' must be a collection of tuples or lists",
        ),
        (
            "pk__in",
            list(vec![Value::Tuple([1.into()].into())]),
            "ValueError: 'in' lookup of 'pk' must have 2 elements each",
        ),
        (
            "pk__gt",
            pair(1, 2),
            r#"(l."order_id", l."number") > (%s, %s) -- 1, 2"#,
        ),
        (
            "pk__isnull",
            true.into(),
            r#"(l."order_id" IS NULL OR l."number" IS NULL) -- "#,
        ),
        (
            "pk__isnull",
            false.into(),
            r#"(l."order_id" IS NOT NULL AND l."number" IS NOT NULL) -- "#,
        ),
        (
            "pk__in",
            ExprObject::value(a.into_expr()),
            r#"(l."order_id", l."number") IN (SELECT "U0"."order_id", "U0"."number" FROM "playground_line" "U0" WHERE "U0"."text" = %s) -- 'a'"#,
        ),
        (
            "pk__in",
            ExprObject::value(texts.into_expr()),
            "ValueError: The QuerySet value for the 'in' lookup must have 2 selected fields (received 1)",
        ),
    ] {
        let mut query = all();
        query.set_values(&["text".into()]).unwrap();
        assert_eq!(selected(query, lookup, value), expected, "{lookup}");
    }
}

/// `filtered` selects `id`; here a column that is no part of the key.
fn selected(mut query: Query, lookup: &str, value: Value) -> String {
    match query.add_filter(lookup, value) {
        Ok(()) => {
            let all = common::sql(&query);
            all.split_once(" WHERE ")
                .map_or(all.clone(), |(_, rest)| rest.to_string())
        }
        Err(e) => e.to_string(),
    }
}

#[test]
fn aggregates_count_the_first_column() {
    let shop = Shop::new();
    let model = line(&shop);
    let of = |class: &str| {
        let call = Call {
            args: vec!["pk".into()],
            ..Call::default()
        };
        annotated(Query::new(&model), make(class, call).unwrap())
    };
    assert_eq!(of("Count"), r#"COUNT(l."order_id") -- "#);
    assert_eq!(
        of("Max"),
        "ValueError: Max expression does not support composite primary keys."
    );
}
