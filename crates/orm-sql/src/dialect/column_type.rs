//! Types of columns: `CharField(max_length=10)` → `varchar(10)`.
use orm_state::{Field, FieldKind, Result};
use std::rc::Rc;

/// What one database calls Django's column types, by internal type. `%(max_length)s` and its kin
/// stand for the field's options.
#[derive(Debug)]
pub struct Types {
    pub vendor: &'static str,
    pub data_types: &'static [(&'static str, &'static str)],
    /// For a `CharField` without `max_length`.
    pub unlimited_char: &'static str,
    /// For a `DecimalField` without digits.
    pub unlimited_decimal: &'static str,
    pub checks: &'static [(&'static str, &'static str)],
    pub suffixes: &'static [(&'static str, &'static str)],
    pub casts: &'static [(&'static str, &'static str)],
    pub cast_char_without_max_length: &'static str,
    /// Keys of these types point to plain integers (`related_fields_match_type` databases aside).
    pub positive_rel_same: bool,
}

fn find(table: &'static [(&'static str, &'static str)], key: &str) -> Option<&'static str> {
    table.iter().find(|(k, _)| *k == key).map(|(_, v)| *v)
}

/// The field a column's type is taken from: a key's target, a generated field's output.
fn base(field: &Rc<Field>) -> Result<Option<Rc<Field>>> {
    use FieldKind::*;
    Ok(match field.kind {
        ForeignKey | OneToOne => Some(field.target_field()?),
        Generated => field.options.borrow().generated_output_field.clone(),
        _ => None,
    })
}

fn fill(template: &str, field: &Field) -> String {
    if !template.contains('%') {
        return template.into();
    }
    let o = field.options.borrow();
    let number = |n: Option<i64>| n.map_or_else(|| "None".to_string(), |n| n.to_string());
    template
        .replace("%(max_length)s", &number(o.max_length))
        .replace("%(max_digits)s", &number(o.max_digits))
        .replace("%(decimal_places)s", &number(o.decimal_places))
        .replace("%(column)s", &field.column().unwrap_or_default())
}

/// `Field.db_type(connection)`
pub fn db_type(types: &'static Types, field: &Rc<Field>) -> Result<Option<String>> {
    if let Some(h) = &field.class.hooks
        && h.overrides().db_type
    {
        return h.db_type(field, types.vendor);
    }
    builtin_db_type(types, field)
}

/// What `super().db_type(connection)` gives.
pub fn builtin_db_type(types: &'static Types, field: &Rc<Field>) -> Result<Option<String>> {
    match field.kind {
        FieldKind::ForeignKey | FieldKind::OneToOne => {
            return rel_db_type(types, &field.target_field()?);
        }
        FieldKind::Generated => {
            return match base(field)? {
                Some(output) => db_type(types, &output),
                None => Ok(None),
            };
        }
        _ => {}
    }
    let internal = field.internal_type()?;
    let o = field.options.borrow();
    if internal == "CharField" && o.max_length.is_none() {
        return Ok(Some(types.unlimited_char.into()));
    }
    if internal == "DecimalField" && o.max_digits.is_none() && !types.unlimited_decimal.is_empty() {
        return Ok(Some(types.unlimited_decimal.into()));
    }
    drop(o);
    Ok(find(types.data_types, &internal).map(|t| fill(t, field)))
}

/// `Field.rel_db_type(connection)`: an automatic key is pointed to by a plain integer.
pub fn rel_db_type(types: &'static Types, field: &Rc<Field>) -> Result<Option<String>> {
    use FieldKind::*;
    let plain = match field.kind {
        Auto => Some("IntegerField"),
        BigAuto => Some("BigIntegerField"),
        SmallAuto => Some("SmallIntegerField"),
        PositiveInteger if !types.positive_rel_same => Some("IntegerField"),
        PositiveBigInteger if !types.positive_rel_same => Some("BigIntegerField"),
        PositiveSmallInteger if !types.positive_rel_same => Some("SmallIntegerField"),
        _ => None,
    };
    match plain {
        Some(name) => Ok(find(types.data_types, name).map(|t| fill(t, field))),
        None => db_type(types, field),
    }
}

/// `Field.cast_db_type(connection)`
pub fn cast_db_type(types: &'static Types, field: &Rc<Field>) -> Result<Option<String>> {
    if matches!(field.kind, FieldKind::ForeignKey | FieldKind::OneToOne)
        && let Some(target) = base(field)?
    {
        return cast_db_type(types, &target);
    }
    let internal = field.internal_type()?;
    if field.class.is_a("CharField") && field.options.borrow().max_length.is_none() {
        return Ok(Some(types.cast_char_without_max_length.into()));
    }
    match find(types.casts, &internal) {
        Some(t) => Ok(Some(fill(t, field))),
        None => db_type(types, field),
    }
}

/// `Field.db_check(connection)`; keys have none.
pub fn db_check(types: &'static Types, field: &Rc<Field>) -> Result<Option<String>> {
    if matches!(field.kind, FieldKind::ForeignKey | FieldKind::OneToOne) {
        return Ok(None);
    }
    let internal = match base(field)? {
        Some(f) => f.internal_type()?,
        None => field.internal_type()?,
    };
    Ok(find(types.checks, &internal).map(|t| fill(t, field)))
}

/// `Field.db_type_suffix(connection)`
pub fn db_type_suffix(types: &'static Types, field: &Rc<Field>) -> Result<Option<String>> {
    Ok(find(types.suffixes, &field.internal_type()?).map(Into::into))
}
