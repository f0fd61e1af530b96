//! Error messages and descriptions of fields. Source: what Django prints.
use super::properties::this;
use crate::py;
use orm_state::{Field, FieldKind};
use rustpython_vm::builtins::{PyDict, PyDictRef};
use rustpython_vm::{AsObject, PyObject, PyResult, VirtualMachine};

const COMMON: &[(&str, &str)] = &[
    ("invalid_choice", "Value %(value)r is not a valid choice."),
    ("null", "This field cannot be null."),
    ("blank", "This field cannot be blank."),
    (
        "unique",
        "%(model_name)s with this %(field_label)s already exists.",
    ),
    (
        "unique_for_date",
        "%(field_label)s must be unique for %(date_field_label)s %(lookup_type)s.",
    ),
];

/// What a kind adds to the messages every field has.
fn own(kind: FieldKind) -> &'static [(&'static str, &'static str)] {
    use FieldKind::*;
    match kind {
        k if k.is_integer() => &[("invalid", "“%(value)s” value must be an integer.")],
        Boolean => &[
            ("invalid", "“%(value)s” value must be either True or False."),
            (
                "invalid_nullable",
                "“%(value)s” value must be either True, False, or None.",
            ),
        ],
        Date => &[
            (
                "invalid",
                "“%(value)s” value has an invalid date format. It must be in YYYY-MM-DD format.",
            ),
            (
                "invalid_date",
                "“%(value)s” value has the correct format (YYYY-MM-DD) but it is an invalid date.",
            ),
        ],
        DateTime => &[
            (
                "invalid",
                "“%(value)s” value has an invalid format. It must be in YYYY-MM-DD \
                 HH:MM[:ss[.uuuuuu]][TZ] format.",
            ),
            (
                "invalid_date",
                "“%(value)s” value has the correct format (YYYY-MM-DD) but it is an invalid date.",
            ),
            (
                "invalid_datetime",
                "“%(value)s” value has the correct format (YYYY-MM-DD HH:MM[:ss[.uuuuuu]][TZ]) \
                 but it is an invalid date/time.",
            ),
        ],
        Time => &[
            (
                "invalid",
                "“%(value)s” value has an invalid format. It must be in HH:MM[:ss[.uuuuuu]] format.",
            ),
            (
                "invalid_time",
                "“%(value)s” value has the correct format (HH:MM[:ss[.uuuuuu]]) but it is an \
                 invalid time.",
            ),
        ],
        Decimal => &[("invalid", "“%(value)s” value must be a decimal number.")],
        Duration => &[(
            "invalid",
            "“%(value)s” value has an invalid format. It must be in [DD] [[HH:]MM:]ss[.uuuuuu] \
             format.",
        )],
        Float => &[("invalid", "“%(value)s” value must be a float.")],
        Uuid => &[("invalid", "“%(value)s” is not a valid UUID.")],
        Binary => &[("invalid", "“%(value)s” is not a valid binary value.")],
        Json => &[("invalid", "Value must be valid JSON.")],
        GenericIpAddress => &[("invalid", "Enter a valid %(protocol)s address.")],
        ForeignKey | OneToOne => &[(
            "invalid",
            "%(model)s instance with %(field)s %(value)r is not a valid choice.",
        )],
        _ => &[],
    }
}

/// `Field.error_messages`: built-in ones, then those of its classes, then the user's.
pub fn all(obj: &PyObject, vm: &VirtualMachine) -> PyResult<PyDictRef> {
    let field = super::properties::inner(obj, vm)?;
    let out = vm.ctx.new_dict();
    for (code, text) in COMMON.iter().chain(own(field.kind)) {
        out.set_item(*code, py::str(vm, text), vm)?;
    }
    let name = vm.ctx.intern_str("default_error_messages");
    for class in obj.class().mro_collect().iter().rev() {
        if let Some(more) = class.get_direct_attr(name)
            && let Ok(more) = more.downcast::<PyDict>()
        {
            for (k, v) in &more {
                out.set_item(&*k, v, vm)?;
            }
        }
    }
    if let Some(given) = this(obj, vm)?.part("error_messages") {
        vm.call_method(out.as_object(), "update", (given,))?;
    }
    Ok(out)
}

/// `Field.description`, as Django's admin docs show it.
pub fn description(field: &Field) -> &'static str {
    use FieldKind::*;
    match field.kind {
        Auto | BigAuto | SmallAuto | Integer => "Integer",
        BigInteger => "Big (8 byte) integer",
        Binary => "Raw binary data",
        Boolean => "Boolean (Either True or False)",
        Char => "String (up to %(max_length)s)",
        Date => "Date (without time)",
        DateTime => "Date (with time)",
        Decimal => "Decimal number",
        Duration => "Duration",
        Email => "Email address",
        File => "File",
        FilePath => "File path",
        Float => "Floating point number",
        GenericIpAddress => "IP address",
        Image => "Image",
        Json => "A JSON object",
        PositiveBigInteger => "Positive big integer",
        PositiveInteger => "Positive integer",
        PositiveSmallInteger => "Positive small integer",
        Slug => "Slug (up to %(max_length)s)",
        SmallInteger => "Small integer",
        Text => "Text",
        Time => "Time",
        Url => "URL",
        Uuid => "Universally unique identifier",
        ForeignKey => "Foreign Key (type determined by related field)",
        OneToOne => "One-to-one relationship",
        ManyToMany => "Many-to-many relationship",
        _ => "Field of type: %(field_type)s",
    }
}

/// The code of a conversion that failed, told by what was said.
pub fn code_of(message: &str) -> &'static str {
    if message.ends_with("invalid date.") {
        "invalid_date"
    } else if message.ends_with("invalid date/time.") {
        "invalid_datetime"
    } else if message.ends_with("invalid time.") {
        "invalid_time"
    } else if message.ends_with("True, False, or None.") {
        "invalid_nullable"
    } else {
        "invalid"
    }
}
