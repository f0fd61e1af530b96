//! `Field.check()`: what every field is checked for, then what its kind is.
use super::databases::{self, has};
use super::report::Report;
use super::{field_kinds, fixed_dates, many_to_many, relation};
use crate::class::Class;
use crate::models::fields::properties::{inner, this};
use crate::{modules, py};
use orm_state::FieldKind;
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};

type Vm = VirtualMachine;

pub fn fill(c: &mut Class) {
    c.attr("system_check_deprecated_details", c.vm.ctx.none());
    c.attr("system_check_removed_details", c.vm.ctx.none());
    c.method("check", check);
    c.method("_check_field_name", |o: PyObjectRef, vm: &Vm| -> PyResult {
        let mut r = Report::new(vm, &o);
        field_name(&mut r, &o)?;
        Ok(r.into_list())
    });
}

fn check(o: PyObjectRef, args: FuncArgs, vm: &Vm) -> PyResult {
    use FieldKind::*;
    let field = inner(&o, vm)?;
    let aliases = databases::given(vm, &args)?;
    let mut r = Report::new(vm, &o);
    field_name(&mut r, &o)?;
    choices(&mut r, &o)?;
    db_default(&mut r, &o, aliases.as_deref())?;
    if let Some(given) = this(&o, vm)?.part("db_index_given")
        && !vm.is_none(&given)
        && !py::eq(vm, &given, &py::bool(vm, true))?
        && !py::eq(vm, &given, &py::bool(vm, false))?
    {
        r.error("fields.E006", "'db_index' must be None, True or False.")?;
    }
    let aliases_or_none = aliases.clone().unwrap_or_default();
    db_comment(&mut r, &o, &aliases_or_none)?;
    null_key(&mut r, &o)?;
    if let Some(aliases) = &aliases
        && let Some(model) = py::attr_opt(vm, &o, "model")?
    {
        for place in databases::of_model(vm, aliases, &model)? {
            let validation = py::attr(vm, &place.connection, "validation")?;
            let mut call = FuncArgs::from(vec![o.clone()]);
            call.kwargs = args.kwargs.clone();
            call.take_keyword("databases");
            r.ask(&validation, "check_field", call)?;
        }
    }
    validators(&mut r, &o)?;
    deprecation(&mut r, &o)?;
    match field.kind {
        Char | Email | Url | Slug => field_kinds::text(&mut r, &o, &aliases_or_none)?,
        Text => field_kinds::collation(&mut r, &o, &aliases_or_none, "TextField")?,
        Date | DateTime | Time => fixed_dates::check(&mut r, &o, field.kind)?,
        Decimal => field_kinds::decimal(&mut r, &o, &aliases_or_none)?,
        FilePath => field_kinds::file_path(&mut r, &o)?,
        GenericIpAddress => field_kinds::ip_address(&mut r, &o)?,
        Binary => field_kinds::binary(&mut r, &o)?,
        File | Image => field_kinds::file(&mut r, &o, field.kind)?,
        Json => field_kinds::json(&mut r, &o, &aliases_or_none)?,
        Generated => field_kinds::generated(&mut r, &o, &aliases_or_none)?,
        ForeignObject | ForeignKey | OneToOne => {
            relation::check(&mut r, &o)?;
            relation::foreign_object(&mut r, &o)?;
            if field.kind != ForeignObject {
                relation::foreign_key(&mut r, &o, &aliases_or_none)?;
            }
        }
        ManyToMany => {
            relation::check(&mut r, &o)?;
            many_to_many::check(&mut r, &o, &args)?;
        }
        GenericRelation => relation::check(&mut r, &o)?,
        kind if kind.is_integer() || kind.is_auto() => {
            field_kinds::integer(&mut r, &o)?;
            if kind.is_auto() && !field.primary_key.get() {
                r.error("fields.E100", "AutoFields must set primary_key=True.")?;
            }
        }
        _ => {}
    }
    Ok(r.into_list())
}

fn field_name(r: &mut Report, o: &PyObject) -> PyResult<()> {
    let field = inner(o, r.vm)?;
    let name = field.name();
    if field.kind == FieldKind::CompositePrimaryKey {
        if &*name != "pk" {
            r.error("fields.E013", "'CompositePrimaryKey' must be named 'pk'.")?;
        }
        return Ok(());
    }
    if name.ends_with('_') {
        r.error(
            "fields.E001",
            "Field names must not end with an underscore.",
        )
    } else if name.contains("__") {
        r.error("fields.E002", "Field names must not contain \"__\".")
    } else if &*name == "pk" {
        r.error(
            "fields.E003",
            "'pk' is a reserved word that cannot be used as a field name.",
        )
    } else {
        Ok(())
    }
}

/// The number of characters, where the object is text.
fn text_length(o: &PyObject) -> Option<usize> {
    py::as_string(o).map(|s| s.chars().count())
}

/// A choice's value or label: text, or nothing that could be looped over.
fn is_value(vm: &Vm, o: &PyObject) -> PyResult<bool> {
    if py::as_string(o).is_some() || o.to_owned().get_iter(vm).is_err() {
        return Ok(true);
    }
    // There is no late text before the module of late texts is there.
    const LATE: &str = "django.utils.functional";
    match vm.sys_module.get_attr("modules", vm)?.get_item(LATE, vm) {
        Ok(late) => o.is_instance(&*py::attr(vm, &late, "Promise")?, vm),
        Err(_) => Ok(false),
    }
}

/// The two parts of a pair.
fn pair(vm: &Vm, o: &PyObject) -> Option<(PyObjectRef, PyObjectRef)> {
    match py::list(vm, o).ok()?.as_slice() {
        [a, b] => Some((a.clone(), b.clone())),
        _ => None,
    }
}

/// What a group of choices turned out to be.
enum Group {
    /// Pairs of good values; the longest text among them.
    Pairs(usize),
    /// No pairs inside: it is a pair itself.
    Flat,
    Bad,
}

fn group(vm: &Vm, choices: &PyObject) -> PyResult<Group> {
    let Ok(items) = py::list(vm, choices) else {
        return Ok(Group::Flat);
    };
    let mut longest = 0;
    for item in items {
        let Some((value, label)) = pair(vm, &item) else {
            return Ok(Group::Flat);
        };
        if !is_value(vm, &value)? || !is_value(vm, &label)? {
            return Ok(Group::Bad);
        }
        longest = longest.max(text_length(&value).unwrap_or(0));
    }
    Ok(Group::Pairs(longest))
}

fn choices(r: &mut Report, o: &PyObject) -> PyResult<()> {
    let vm = r.vm;
    let choices = py::attr(vm, o, "choices")?;
    if !choices.clone().is_true(vm)? {
        return Ok(());
    }
    let types = &vm.ctx.types;
    let unordered = [types.str_type, types.set_type, types.frozenset_type]
        .iter()
        .any(|t| choices.fast_isinstance(t));
    if unordered || choices.clone().get_iter(vm).is_err() {
        return r.error(
            "fields.E004",
            "'choices' must be a mapping (e.g. a dictionary) or an ordered iterable (e.g. a list \
             or tuple, but not a set).",
        );
    }
    let max_length = py::attr(vm, o, "max_length")?;
    let mut longest = 0;
    for item in py::list(vm, &choices)? {
        let good = match pair(vm, &item) {
            None => false,
            Some((name, inside)) => match group(vm, &inside)? {
                Group::Pairs(n) => {
                    longest = longest.max(n);
                    true
                }
                Group::Bad => false,
                Group::Flat => {
                    let good = is_value(vm, &name)? && is_value(vm, &inside)?;
                    if good {
                        longest = longest.max(text_length(&name).unwrap_or(0));
                    }
                    good
                }
            },
        };
        if !good || py::as_string(&item).is_some() {
            return r.error(
                "fields.E005",
                "'choices' must be a mapping of actual values to human readable names or an \
                 iterable containing (actual value, human readable name) tuples.",
            );
        }
    }
    let limit = max_length.try_into_value::<i64>(vm).ok();
    if limit.is_some_and(|limit| longest as i64 > limit) {
        return r.error(
            "fields.E009",
            format!(
                "'max_length' is too small to fit the longest value in 'choices' ({longest} \
                 characters)."
            ),
        );
    }
    Ok(())
}

fn db_default(r: &mut Report, o: &PyObject, aliases: Option<&[PyObjectRef]>) -> PyResult<()> {
    let vm = r.vm;
    let field = inner(o, vm)?;
    let Some(aliases) = aliases else {
        return Ok(());
    };
    let Some(default) = this(o, vm)?.part("db_default") else {
        return Ok(());
    };
    let value = modules::find(vm, "django.db.models", "Value")?;
    if default.is_instance(&value, vm)?
        || py::attr_opt(vm, &default, "resolve_expression")?.is_none()
    {
        return Ok(());
    }
    let model = field.model();
    let class = py::attr(vm, o, "model")?;
    for place in databases::of_model(vm, aliases, &class)? {
        let expression = py::attr(vm, o, "_db_default_expression")?;
        let allowed = match py::attr_opt(vm, &expression, "allowed_default")? {
            Some(v) => v.is_true(vm)?,
            None => false,
        };
        let here = has(vm, &place.connection, "supports_expression_defaults")?;
        if !allowed && here {
            let shown = py::to_string(vm, &default)?;
            r.error(
                "fields.E012",
                format!("{shown} cannot be used in db_default."),
            )?;
        }
        if !here && !databases::required(model.as_ref(), "supports_expression_defaults") {
            let name = place.name(vm)?;
            r.error(
                "fields.E011",
                format!(
                    "{name} does not support default database values with expressions \
                     (db_default)."
                ),
            )?;
        }
    }
    Ok(())
}

fn db_comment(r: &mut Report, o: &PyObject, aliases: &[PyObjectRef]) -> PyResult<()> {
    let vm = r.vm;
    let field = inner(o, vm)?;
    let empty = field
        .options
        .borrow()
        .db_comment
        .as_deref()
        .unwrap_or("")
        .is_empty();
    if empty || aliases.is_empty() {
        return Ok(());
    }
    let class = py::attr(vm, o, "model")?;
    for place in databases::of_model(vm, aliases, &class)? {
        if !place.supports(vm, "supports_comments", field.model().as_ref())? {
            let name = place.name(vm)?;
            r.warning(
                "fields.W163",
                format!("{name} does not support comments on columns (db_comment)."),
            )?;
        }
    }
    Ok(())
}

fn null_key(r: &mut Report, o: &PyObject) -> PyResult<()> {
    let field = inner(o, r.vm)?;
    if !field.primary_key.get() || !field.null.get() {
        return Ok(());
    }
    r.error_hint(
        "fields.E007",
        "Primary keys must not have null=True.",
        "Set null=False on the field, or remove primary_key=True argument.",
    )
}

fn validators(r: &mut Report, o: &PyObject) -> PyResult<()> {
    let vm = r.vm;
    let all = py::attr(vm, o, "validators")?;
    for (i, validator) in py::list(vm, &all)?.into_iter().enumerate() {
        if !py::callable(&validator) {
            let shown = py::repr(vm, &validator)?;
            r.error_hint(
                "fields.E008",
                "All 'validators' must be callable.",
                format!(
                    "validators[{i}] ({shown}) isn't a function or instance of a validator class."
                ),
            )?;
        }
    }
    Ok(())
}

/// A class of fields that is going, or gone.
fn deprecation(r: &mut Report, o: &PyObject) -> PyResult<()> {
    use super::report::Level;
    let vm = r.vm;
    for (attribute, level, says, id) in [
        (
            "system_check_removed_details",
            Level::Error,
            "is removed except for support in historical migrations.",
            "fields.EXXX",
        ),
        (
            "system_check_deprecated_details",
            Level::Warning,
            "has been deprecated.",
            "fields.WXXX",
        ),
    ] {
        let details = py::attr(vm, o, attribute)?;
        if vm.is_none(&details) {
            continue;
        }
        let part = |name: &str| -> PyResult<Option<String>> {
            let found = py::call(vm, &details, "get", vec![py::str(vm, name)])?;
            Ok(py::as_string(&found))
        };
        let message = part("msg")?.unwrap_or_else(|| format!("{} {says}", o.class().name()));
        let id = part("id")?.unwrap_or_else(|| id.into());
        return r.add(
            level,
            &id,
            message,
            part("hint")?.as_deref(),
            Some(o.to_owned()),
        );
    }
    Ok(())
}
