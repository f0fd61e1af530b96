//! A bookshop's models, and a compact way to say which SQL an expression becomes. The expected
//! texts were recorded from Django 6.1.3 on SQLite 3.40.
#![allow(dead_code)]
use orm_sql::dialect::{Dialect, Sqlite};
use orm_sql::expressions::fields::class;
use orm_sql::{Compiler, Expr, Q, QChild, Query};
use orm_state::{
    Apps, Field, FieldKind, FieldOptions, Model, ModelOptions, ModelRef, Rel, RelKind, RelTarget,
    Value,
};
use std::cell::RefCell;
use std::rc::Rc;

pub struct Shop {
    pub apps: Rc<Apps>,
    pub author: ModelRef,
    pub book: ModelRef,
    pub tag: ModelRef,
}

fn add(model: &ModelRef, name: &str, kind: FieldKind, set: impl FnOnce(&mut FieldOptions)) {
    let mut options = FieldOptions::default();
    set(&mut options);
    let field = Field::new(class(kind), options, None);
    field.set_name(name);
    field
        .creation_counter
        .set(model.local_fields().len() as i64);
    field.null.set(!matches!(
        name,
        "id" | "title" | "name" | "pages" | "active" | "slug"
    ));
    if name == "id" {
        field.primary_key.set(true);
        field.creation_counter.set(-1);
    }
    model.add_field(&field, false);
}

fn relation(
    model: &ModelRef,
    name: &str,
    kind: FieldKind,
    to: &ModelRef,
    related: &str,
) -> Rc<Rel> {
    let rel_kind = match kind {
        FieldKind::ManyToMany => RelKind::ManyToMany,
        _ => RelKind::ManyToOne,
    };
    let rel = Rel::new(rel_kind, RelTarget::Model(Rc::downgrade(to)));
    *rel.related_name.borrow_mut() = Some(related.into());
    let field = Field::new(class(kind), FieldOptions::default(), Some(rel.clone()));
    field.set_name(name);
    field.creation_counter.set(50);
    model.add_field(&field, false);
    rel
}

fn model(apps: &Rc<Apps>, name: &str) -> ModelRef {
    let m = Model::new(
        apps,
        "playground",
        name,
        "playground.models",
        ModelOptions::default(),
    );
    add(&m, "id", FieldKind::BigAuto, |_| {});
    apps.register_model(&m);
    m
}

impl Shop {
    pub fn new() -> Shop {
        let apps = Apps::new();
        let (author, book, tag) = (
            model(&apps, "Author"),
            model(&apps, "Book"),
            model(&apps, "Tag"),
        );
        add(&author, "name", FieldKind::Char, |o| {
            o.max_length = Some(100)
        });
        add(&author, "age", FieldKind::Integer, |_| {});
        add(&book, "title", FieldKind::Char, |o| {
            o.max_length = Some(200)
        });
        add(&book, "pages", FieldKind::PositiveInteger, |_| {});
        add(&book, "price", FieldKind::Decimal, |o| {
            o.max_digits = Some(8);
            o.decimal_places = Some(2);
        });
        add(&book, "rating", FieldKind::Float, |_| {});
        add(&book, "pub_date", FieldKind::Date, |_| {});
        add(&book, "created", FieldKind::DateTime, |_| {});
        add(&book, "opens", FieldKind::Time, |_| {});
        add(&book, "length", FieldKind::Duration, |_| {});
        add(&book, "token", FieldKind::Uuid, |_| {});
        add(&book, "data", FieldKind::Json, |_| {});
        add(&book, "active", FieldKind::Boolean, |_| {});
        add(&tag, "slug", FieldKind::Slug, |o| o.max_length = Some(50));
        relation(&book, "author", FieldKind::ForeignKey, &author, "books");
        let tags = relation(&book, "tags", FieldKind::ManyToMany, &tag, "books");
        let through = model(&apps, "Book_tags");
        relation(&through, "book", FieldKind::ForeignKey, &book, "Book_tags+");
        relation(&through, "tag", FieldKind::ForeignKey, &tag, "Book_tags+");
        *tags.through.borrow_mut() = Some(RelTarget::Model(Rc::downgrade(&through)));
        Shop {
            apps,
            author,
            book,
            tag,
        }
    }
    pub fn books(&self) -> Query {
        Query::new(&self.book)
    }
    pub fn authors(&self) -> Query {
        Query::new(&self.author)
    }
}

/// A model whose primary key is two columns.
pub fn line(shop: &Shop) -> ModelRef {
    let m = Model::new(
        &shop.apps,
        "playground",
        "Line",
        "playground.models",
        ModelOptions::default(),
    );
    add(&m, "order_id", FieldKind::Integer, |_| {});
    add(&m, "number", FieldKind::Integer, |_| {});
    add(&m, "text", FieldKind::Char, |o| o.max_length = Some(9));
    let options = FieldOptions {
        composite_fields: vec!["order_id".into(), "number".into()],
        ..FieldOptions::default()
    };
    let pk = Field::new(class(FieldKind::CompositePrimaryKey), options, None);
    pk.set_name("pk");
    pk.primary_key.set(true);
    m.add_field(&pk, true);
    shop.apps.register_model(&m);
    m
}

fn shorten(sql: &str) -> String {
    sql.replace("\"playground_book\".", "b.")
        .replace("\"playground_author\".", "a.")
        .replace("\"playground_book_tags\".", "bt.")
        .replace("\"playground_tag\".", "t.")
        .replace("\"playground_line\".", "l.")
        .replace("`playground_book`.", "b.")
        .replace("`playground_author`.", "a.")
}

thread_local! {
    static DIALECT: RefCell<Rc<dyn Dialect>> = RefCell::new(Rc::new(Sqlite));
}

/// Compiles with another dialect while `f` runs.
pub fn on<T>(dialect: Rc<dyn Dialect>, f: impl FnOnce() -> T) -> T {
    let before = DIALECT.with(|d| d.replace(dialect));
    let result = f();
    DIALECT.with(|d| d.replace(before));
    result
}

/// The whole statement, or the error.
pub fn sql(query: &Query) -> String {
    let dialect = DIALECT.with(|d| d.borrow().clone());
    match Compiler::new(query.clone(), dialect, "default".into()).as_sql() {
        Ok(out) => {
            let params: Vec<String> = out.params.iter().map(Value::repr).collect();
            format!("{} -- {}", shorten(&out.sql), params.join(", "))
        }
        Err(e) => e.to_string(),
    }
}

fn after<'a>(text: &'a str, mark: &str) -> &'a str {
    text.split_once(mark).map_or(text, |(_, rest)| rest)
}

/// What `filter(**lookups)` becomes: the text after WHERE, with its parameters.
pub fn filtered(mut query: Query, lookups: &[(&str, Value)]) -> String {
    for (name, value) in lookups {
        let q = Q {
            children: vec![QChild::Lookup((*name).into(), value.clone())],
            ..Q::default()
        };
        if let Err(e) = query.add_q(&q) {
            return e.to_string();
        }
    }
    if let Err(e) = query.set_values(&["id".into()]) {
        return e.to_string();
    }
    let all = sql(&query);
    after(&all, " WHERE ").to_string()
}

/// What `annotate(x=expr)` becomes: the selected expression, with its parameters.
pub fn annotated(mut query: Query, expr: Expr) -> String {
    if let Err(e) = query.add_annotation(expr, "x", true) {
        return e.to_string();
    }
    if let Err(e) = query.set_values(&["x".into()]) {
        return e.to_string();
    }
    let all = sql(&query);
    match (
        all.split_once(" AS \"x\"")
            .or_else(|| all.split_once(" AS `x`")),
        all.rsplit_once(" -- "),
    ) {
        (Some((head, _)), Some((_, params))) => {
            format!("{} -- {params}", after(head, "SELECT "))
        }
        _ => all,
    }
}
