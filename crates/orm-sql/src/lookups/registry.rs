//! Which lookups and transforms a field has, by name.
use super::json::KeyTransformFactory;
use super::kind::{Builtin, Family, Op};
use crate::functions::{extract, trunc};
use crate::lookup::{LookupFactory, LookupKind, TransformFactory};
use orm_state::{Field, FieldKind};
use std::rc::Rc;

const RELATED: [Op; 7] = [
    Op::In,
    Op::Exact,
    Op::Lt,
    Op::Gt,
    Op::Gte,
    Op::Lte,
    Op::IsNull,
];

/// The field whose lookups count: a generated field has those of its output.
fn effective(field: &Field) -> Option<Rc<Field>> {
    field.options.borrow().generated_output_field.clone()
}

fn find(field: &Field, name: &str) -> Option<Builtin> {
    if let Some(output) = effective(field) {
        return find(&output, name);
    }
    let class = &field.class;
    let make = |op, family| Some(Builtin { op, family });
    if class.is_a("ForeignObject") {
        // Only what makes sense across a relation.
        return RELATED
            .into_iter()
            .find(|op| op.lookup_name() == name)
            .and_then(|op| make(op, Family::Related));
    }
    if class.is_a("JSONField") {
        match name {
            "contains" => return Some(Builtin::plain(Op::DataContains)),
            "contained_by" => return Some(Builtin::plain(Op::ContainedBy)),
            "has_key" => return Some(Builtin::plain(Op::HasKey)),
            "has_keys" => return Some(Builtin::plain(Op::HasKeys)),
            "has_any_keys" => return Some(Builtin::plain(Op::HasAnyKeys)),
            "exact" => return make(Op::Exact, Family::Json),
            "icontains" => return make(Op::IContains, Family::Json),
            "in" => return make(Op::In, Family::Json),
            _ => {}
        }
    }
    let op = Op::of_field(name)?;
    if class.is_a("IntegerField") && matches!(op, Op::Exact | Op::Gt | Op::Gte | Op::Lt | Op::Lte) {
        return make(op, Family::Integer);
    }
    if class.is_a("UUIDField") && (op.is_pattern() || op == Op::IExact) {
        return make(op, Family::Uuid);
    }
    if class.is_a("CompositePrimaryKey") && RELATED.contains(&op) {
        return make(op, Family::Tuple);
    }
    Some(Builtin::plain(op))
}

/// The built-in lookup `name` on a field.
pub fn builtin(field: &Field, name: &str) -> Option<Rc<dyn LookupFactory>> {
    find(field, name).map(|b| Rc::new(b) as Rc<dyn LookupFactory>)
}

/// The built-in lookup class `GreaterThan`, `In` …
pub fn by_class_name(class: &str) -> Option<Rc<dyn LookupFactory>> {
    Builtin::all()
        .into_iter()
        .find(|b| LookupKind::class_name(b) == class)
        .map(|b| Rc::new(b) as Rc<dyn LookupFactory>)
}

const DATE: [&str; 8] = [
    "year",
    "month",
    "day",
    "week_day",
    "iso_week_day",
    "week",
    "iso_year",
    "quarter",
];
const TIME: [&str; 3] = ["hour", "minute", "second"];
const DATETIME: [&str; 2] = ["date", "time"];

/// The built-in transform `name` on a field.
pub fn builtin_transform(field: &Field, name: &str) -> Option<Rc<dyn TransformFactory>> {
    if let Some(output) = effective(field) {
        return builtin_transform(&output, name);
    }
    let class = &field.class;
    if class.is_a("JSONField") {
        return Some(Rc::new(KeyTransformFactory { key: name.into() }));
    }
    let datetime = class.is_a("DateTimeField");
    let date = class.is_a("DateField");
    let time = class.is_a("TimeField");
    if (date && DATE.contains(&name)) || ((datetime || time) && TIME.contains(&name)) {
        return extract::factory(name);
    }
    if datetime && DATETIME.contains(&name) {
        return trunc::factory(name);
    }
    None
}

/// Every lookup and transform name of a field (`get_lookups().keys()`).
pub fn names(field: &Field) -> Vec<String> {
    if let Some(output) = effective(field) {
        return names(&output);
    }
    let class = &field.class;
    let mut names: Vec<&str> = vec![];
    if class.is_a("ForeignObject") {
        names.extend(RELATED.iter().map(|op| op.lookup_name()));
    } else {
        names.extend(
            Builtin::all()
                .iter()
                .filter(|b| {
                    b.family == Family::Plain && Op::of_field(b.op.lookup_name()) == Some(b.op)
                })
                .map(|b| b.op.lookup_name()),
        );
    }
    if class.is_a("DateField") {
        names.extend(DATE);
    }
    if class.is_a("DateTimeField") {
        names.extend(DATETIME);
    }
    if class.is_a("DateTimeField") || class.is_a("TimeField") {
        names.extend(TIME);
    }
    if field.kind == FieldKind::Json {
        names.extend(["contained_by", "has_key", "has_keys", "has_any_keys"]);
    }
    let mut all: Vec<String> = names.into_iter().map(Into::into).collect();
    for c in std::iter::once(class).chain(class.lookup_bases()) {
        all.extend(c.lookups.borrow().keys().cloned());
    }
    all.extend(field.lookups.borrow().keys().cloned());
    all.sort();
    all.dedup();
    all
}
