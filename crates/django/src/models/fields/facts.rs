//! What follows from a field's kind and options.
use orm_state::{Field, FieldKind};
use std::rc::Rc;

/// The fields that a generated field's expression reads.
pub fn referenced_fields(field: &Field) -> Vec<Rc<Field>> {
    let expression = field.options.borrow().generated_expression.clone();
    let Some(expression) = expression.and_then(|e| orm_sql::expression::expr_of(&*e)) else {
        return vec![];
    };
    let Some(model) = field.model() else {
        return vec![];
    };
    let mut names = vec![];
    orm_sql::q::expression_names(&expression, &mut names);
    names
        .iter()
        .filter_map(|name| {
            let name = name.split("__").next().unwrap_or(name);
            let name = match name {
                "pk" => model.pk_field().ok()?.name().to_string(),
                name => name.to_string(),
            };
            model.field(&name).ok()
        })
        .collect()
}

/// May an empty text stand for nothing?
pub fn empty_strings_allowed(kind: FieldKind) -> bool {
    use FieldKind::*;
    !(kind.is_integer()
        || matches!(
            kind,
            Boolean
                | Date
                | DateTime
                | Time
                | Decimal
                | Duration
                | Float
                | GenericIpAddress
                | Json
                | Uuid
                | Binary
                | ForeignKey
                | OneToOne
        ))
}
