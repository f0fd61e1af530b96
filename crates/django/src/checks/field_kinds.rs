//! What fields of one kind are checked for.
use super::databases::{self, has};
use super::report::{Level, Report, message_class};
use crate::models::fields::properties::{inner, this};
use crate::{modules, py};
use orm_state::FieldKind;
use rustpython_vm::builtins::PyInt;
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};

type Vm = VirtualMachine;

fn class_name(o: &PyObject) -> String {
    o.class().name().to_string()
}

/// `CharField` and its kin.
pub fn text(r: &mut Report, o: &PyObject, aliases: &[PyObjectRef]) -> PyResult<()> {
    collation(r, o, aliases, "CharField")?;
    let vm = r.vm;
    let length = py::attr(vm, o, "max_length")?;
    if vm.is_none(&length) {
        let connection = modules::find(vm, "django.db", "connection")?;
        let model = inner(o, vm)?.model();
        let unlimited = "supports_unlimited_charfield";
        if !has(vm, &connection, unlimited)? && !databases::required(model.as_ref(), unlimited) {
            r.error(
                "fields.E120",
                "CharFields must define a 'max_length' attribute.",
            )?;
        }
        return Ok(());
    }
    let positive = length.downcast_ref::<PyInt>().is_some()
        && !length.fast_isinstance(vm.ctx.types.bool_type)
        && !length.rich_compare_bool(
            vm.ctx.new_int(0).as_object(),
            rustpython_vm::types::PyComparisonOp::Le,
            vm,
        )?;
    if !positive {
        r.error("fields.E121", "'max_length' must be a positive integer.")?;
    }
    Ok(())
}

/// A database that knows no collations for such columns.
pub fn collation(
    r: &mut Report,
    o: &PyObject,
    aliases: &[PyObjectRef],
    kind: &str,
) -> PyResult<()> {
    let vm = r.vm;
    let field = inner(o, vm)?;
    if field.options.borrow().db_collation.is_none() || aliases.is_empty() {
        return Ok(());
    }
    let feature = format!("supports_collation_on_{}", kind.to_lowercase());
    let class = py::attr(vm, o, "model")?;
    for place in databases::of_model(vm, aliases, &class)? {
        if !place.supports(vm, &feature, field.model().as_ref())? {
            let name = place.name(vm)?;
            r.error(
                "fields.E190",
                format!("{name} does not support a database collation on {kind}s."),
            )?;
        }
    }
    Ok(())
}

pub fn integer(r: &mut Report, o: &PyObject) -> PyResult<()> {
    if r.vm.is_none(&*py::attr(r.vm, o, "max_length")?) {
        return Ok(());
    }
    r.warning_hint(
        "fields.W122",
        format!("'max_length' is ignored when used with {}.", class_name(o)),
        "Remove 'max_length' from field",
    )
}

/// `int(value)`; nothing for what is no number.
fn number(vm: &Vm, v: &PyObject) -> PyResult<Option<i64>> {
    let int = vm.ctx.types.int_type.as_object();
    match int.call((v.to_owned(),), vm) {
        Ok(n) => Ok(Some(n.try_into_value(vm)?)),
        Err(e) if e.fast_isinstance(vm.ctx.exceptions.value_error) => Ok(None),
        Err(e) => Err(e),
    }
}

pub fn decimal(r: &mut Report, o: &PyObject, aliases: &[PyObjectRef]) -> PyResult<()> {
    let vm = r.vm;
    let places = py::attr(vm, o, "decimal_places")?;
    let digits = py::attr(vm, o, "max_digits")?;
    let before = r.len();
    half(r, o, aliases, &places, &digits, "decimal_places")?;
    half(r, o, aliases, &digits, &places, "max_digits")?;
    if r.len() == before
        && let Some(places) = some_number(vm, &places)?
        && let Some(digits) = some_number(vm, &digits)?
        && places > digits
    {
        r.error(
            "fields.E134",
            "'max_digits' must be greater or equal to 'decimal_places'.",
        )?;
    }
    Ok(())
}

fn some_number(vm: &Vm, v: &PyObject) -> PyResult<Option<i64>> {
    if vm.is_none(v) {
        return Ok(None);
    }
    number(vm, v)
}

/// One of the two sizes of a decimal.
fn half(
    r: &mut Report,
    o: &PyObject,
    aliases: &[PyObjectRef],
    own: &PyObject,
    other: &PyObject,
    name: &str,
) -> PyResult<()> {
    let vm = r.vm;
    let is_places = name == "decimal_places";
    if !vm.is_none(own) {
        let least = if is_places { 0 } else { 1 };
        if number(vm, own)?.is_some_and(|n| n >= least) {
            return Ok(());
        }
        return if is_places {
            r.error(
                "fields.E131",
                "'decimal_places' must be a non-negative integer.",
            )
        } else {
            r.error("fields.E133", "'max_digits' must be a positive integer.")
        };
    }
    if aliases.is_empty() {
        return Ok(());
    }
    let model = inner(o, vm)?.model();
    let class = py::attr(vm, o, "model")?;
    for place in databases::of_model(vm, aliases, &class)? {
        if !place.supports(vm, "supports_no_precision_decimalfield", model.as_ref())? {
            let id = if is_places {
                "fields.E130"
            } else {
                "fields.E132"
            };
            return r.error(
                id,
                format!("DecimalFields must define a '{name}' attribute."),
            );
        }
        if !vm.is_none(other) {
            return r.error(
                "fields.E135",
                "DecimalField’s max_digits and decimal_places must both be defined or both \
                 omitted.",
            );
        }
    }
    Ok(())
}

pub fn file_path(r: &mut Report, o: &PyObject) -> PyResult<()> {
    let vm = r.vm;
    let this = this(o, vm)?;
    let on = |name: &str, default: bool| match this.part(name) {
        Some(v) => v.is_true(vm),
        None => Ok(default),
    };
    if on("allow_files", true)? || on("allow_folders", false)? {
        return Ok(());
    }
    r.error(
        "fields.E140",
        "FilePathFields must have either 'allow_files' or 'allow_folders' set to True.",
    )
}

pub fn ip_address(r: &mut Report, o: &PyObject) -> PyResult<()> {
    let field = inner(o, r.vm)?;
    if field.null.get() || !field.blank.get() {
        return Ok(());
    }
    r.error(
        "fields.E150",
        "GenericIPAddressFields cannot have blank=True if null=False, as blank values are stored \
         as nulls.",
    )
}

pub fn binary(r: &mut Report, o: &PyObject) -> PyResult<()> {
    match this(o, r.vm)?.part("default") {
        Some(v) if py::as_string(&v).is_some() => r.error(
            "fields.E170",
            "BinaryField's default cannot be a string. Use bytes content instead.",
        ),
        _ => Ok(()),
    }
}

pub fn file(r: &mut Report, o: &PyObject, kind: FieldKind) -> PyResult<()> {
    let vm = r.vm;
    let name = class_name(o);
    if this(o, vm)?.part("primary_key_given").is_some() {
        r.error(
            "fields.E201",
            format!("'primary_key' is not a valid argument for a {name}."),
        )?;
    }
    let folder = py::attr(vm, o, "upload_to")?;
    if py::as_string(&folder).is_some_and(|f| f.starts_with('/')) {
        r.error_hint(
            "fields.E202",
            format!("{name}'s 'upload_to' argument must be a relative path, not an absolute path."),
            "Remove the leading slash.",
        )?;
    }
    if kind == FieldKind::Image && vm.import("PIL", 0).is_err() {
        r.error_hint(
            "fields.E210",
            "Cannot use ImageField because Pillow is not installed.",
            "Get Pillow at https://pypi.org/project/Pillow/ or run command \"python -m pip \
             install Pillow\".",
        )?;
    }
    Ok(())
}

pub fn json(r: &mut Report, o: &PyObject, aliases: &[PyObjectRef]) -> PyResult<()> {
    let vm = r.vm;
    shared_default(r, o)?;
    if aliases.is_empty() {
        return Ok(());
    }
    let model = inner(o, vm)?.model();
    let class = py::attr(vm, o, "model")?;
    for place in databases::of_model(vm, aliases, &class)? {
        if place.foreign_to(vm, model.as_ref())?
            || place.supports(vm, "supports_json_field", model.as_ref())?
        {
            continue;
        }
        let message = format!("{} does not support JSONFields.", place.name(vm)?);
        r.add(
            Level::Error,
            "fields.E180",
            message,
            None,
            Some(class.clone()),
        )?;
    }
    Ok(())
}

/// One mutable default for all instances.
fn shared_default(r: &mut Report, o: &PyObject) -> PyResult<()> {
    let vm = r.vm;
    let Some(default) = this(o, vm)?.part("default") else {
        return Ok(());
    };
    if vm.is_none(&default) || py::callable(&default) {
        return Ok(());
    }
    let (better, worse) = match py::attr_opt(vm, o, "_default_hint")? {
        Some(hint) => match py::list(vm, &hint)?.as_slice() {
            [a, b] => (py::to_string(vm, a)?, py::to_string(vm, b)?),
            _ => ("dict".into(), "{}".into()),
        },
        None => ("dict".into(), "{}".into()),
    };
    r.warning_hint(
        "fields.E010",
        format!(
            "{} default should be a callable instead of an instance so that it's not shared \
             between all field instances.",
            class_name(o)
        ),
        format!("Use a callable instead, e.g., use `{better}` instead of `{worse}`."),
    )
}

pub fn generated(r: &mut Report, o: &PyObject, aliases: &[PyObjectRef]) -> PyResult<()> {
    let vm = r.vm;
    let field = inner(o, vm)?;
    let model = field.model();
    let class = py::attr(vm, o, "model")?;
    let persist = field.options.borrow().db_persist == Some(true);
    let places = databases::of_model(vm, aliases, &class)?;
    for place in &places {
        if place.foreign_to(vm, model.as_ref())? {
            continue;
        }
        let stored = place.supports(vm, "supports_stored_generated_columns", model.as_ref())?;
        let virtual_ = place.supports(vm, "supports_virtual_generated_columns", model.as_ref())?;
        if !stored && !virtual_ {
            let name = place.name(vm)?;
            r.error(
                "fields.E220",
                format!("{name} does not support GeneratedFields."),
            )?;
        }
    }
    for place in &places {
        if place.foreign_to(vm, model.as_ref())? {
            continue;
        }
        let (feature, word, id) = if persist {
            (
                "supports_stored_generated_columns",
                "persisted",
                "fields.E222",
            )
        } else {
            (
                "supports_virtual_generated_columns",
                "non-persisted",
                "fields.E221",
            )
        };
        if !place.supports(vm, feature, model.as_ref())? {
            let other = if persist { "False" } else { "True" };
            let name = place.name(vm)?;
            r.error_hint(
                id,
                format!("{name} does not support {word} GeneratedFields."),
                format!("Set db_persist={other} on the field."),
            )?;
        }
    }
    output_field(r, o, &class, aliases)
}

/// What is wrong with the field that a generated one computes.
fn output_field(
    r: &mut Report,
    o: &PyObject,
    class: &PyObject,
    aliases: &[PyObjectRef],
) -> PyResult<()> {
    let vm = r.vm;
    let output = py::attr(vm, o, "output_field")?;
    let copy = py::call(vm, &output, "clone", vec![])?;
    py::set_attr(vm, &copy, "model", class.to_owned())?;
    let databases = vm.ctx.new_list(aliases.to_vec()).into();
    let found = py::call_kw(vm, &copy, "check", vec![], &[("databases", databases)])?;
    let found = py::list(vm, &found)?;
    for (level, id, word) in [
        (Level::Error, "fields.E223", "errors"),
        (Level::Warning, "fields.W224", "warnings"),
    ] {
        let kind = message_class(vm, level)?;
        let mut said = String::new();
        for message in &found {
            if message.is_instance(&kind, vm)? {
                let text = py::to_string(vm, &py::attr(vm, message, "msg")?)?;
                let number = py::to_string(vm, &py::attr(vm, message, "id")?)?;
                said.push_str(&format!("\n    {text} ({number})"));
            }
        }
        if !said.is_empty() {
            r.add(
                level,
                id,
                format!("GeneratedField.output_field has {word}:{said}"),
                None,
                Some(o.to_owned()),
            )?;
        }
    }
    Ok(())
}
