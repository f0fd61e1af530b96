//! `django.db.models.lookups` and its kin: every lookup as a Python class.
//!
//! ```text
//! LessThan(F("a"), 3)      Python object ──▶ orm_sql::Lookup { LessThan, F(a), 3 }
//! class Div3(Lookup): …    user's class  ──▶ Called { object, Lookup { UserKind, … } }
//! Author.filter(age__div3=1)             ◀── PyLookupFactory makes the object
//! ```
pub mod factory;
pub mod json;
pub mod kind;
pub mod methods;
pub mod register;

use super::classes::{find, remember};
use crate::class::class;
use crate::modules::{export, export_all};
use orm_sql::lookups::kind::{Builtin, Family, Op};
use rustpython_vm::builtins::{PyType, PyTypeRef};
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{Py, PyObjectRef, PyResult, VirtualMachine};

const LOOKUPS: &str = "django.db.models.lookups";
const RELATED: &str = "django.db.models.fields.related_lookups";
const TUPLES: &str = "django.db.models.fields.tuple_lookups";
const JSON: &str = "django.db.models.fields.json";

/// Classes that users derive theirs from, beside the lookups themselves: name, module, base.
const BASES: &[(&str, &str, &str)] = &[
    ("BuiltinLookup", LOOKUPS, "Lookup"),
    ("PostgresOperatorLookup", LOOKUPS, "Lookup"),
    ("PatternLookup", LOOKUPS, "BuiltinLookup"),
    ("YearLookup", LOOKUPS, "Lookup"),
];

/// Classes without a base of their own.
const MIXINS: &[(&str, &str)] = &[
    ("FieldGetDbPrepValueMixin", LOOKUPS),
    ("IntegerFieldOverflow", LOOKUPS),
    ("UUIDTextMixin", LOOKUPS),
    ("RelatedLookupMixin", RELATED),
    ("TupleLookupMixin", TUPLES),
    ("HasKeyLookup", JSON),
    ("KeyTransformNumericLookupMixin", JSON),
];

pub fn install(vm: &VirtualMachine) -> PyResult<()> {
    let expression = named(vm, "Expression")?;
    let base = class(vm, LOOKUPS, "Lookup", &[expression], |c| {
        methods::fill(c);
        c.attr("lookup_name", vm.ctx.none());
        c.attr("prepare_rhs", vm.ctx.new_bool(true));
        c.attr("can_use_none_as_rhs", vm.ctx.new_bool(false));
    })?;
    remember("Lookup", &base);
    export_all(vm, &[LOOKUPS, "django.db.models"], "Lookup", base)?;
    for (name, module) in MIXINS {
        let made = class(vm, module, name, &[], |_| {})?;
        export(vm, module, name, made)?;
    }
    let mixin = crate::modules::find(vm, LOOKUPS, "FieldGetDbPrepValueMixin")?;
    mixin.set_attr(
        "get_db_prep_lookup_value_is_iterable",
        vm.ctx.new_bool(false),
        vm,
    )?;
    let iterable = class(
        vm,
        LOOKUPS,
        "FieldGetDbPrepValueIterableMixin",
        &[mixin_class(vm, LOOKUPS, "FieldGetDbPrepValueMixin")?],
        |c| {
            c.attr(
                "get_db_prep_lookup_value_is_iterable",
                vm.ctx.new_bool(true),
            );
        },
    )?;
    export(vm, LOOKUPS, "FieldGetDbPrepValueIterableMixin", iterable)?;
    for (name, module, parent) in BASES {
        let made = class(vm, module, name, &[named(vm, parent)?], |_| {})?;
        remember(name, &made);
        export(vm, module, name, made)?;
    }
    crate::class::fill_class(vm, &named(vm, "YearLookup")?, |c| {
        c.method(
            "get_bound_params",
            |_: PyObjectRef, _: FuncArgs, vm: &VirtualMachine| {
                PyResult::<()>::Err(vm.new_not_implemented_error(
                    "subclasses of YearLookup must provide a get_bound_params() method",
                ))
            },
        );
    })?;
    for builtin in Builtin::all() {
        lookup_class(vm, builtin)?;
    }
    json::install(vm)?;
    register::install(vm)
}

fn named(vm: &VirtualMachine, name: &str) -> PyResult<PyTypeRef> {
    find(name).ok_or_else(|| vm.new_runtime_error(format!("no class {name}")))
}

fn mixin_class(vm: &VirtualMachine, module: &str, name: &str) -> PyResult<PyTypeRef> {
    crate::modules::find(vm, module, name)?
        .downcast()
        .map_err(|_| vm.new_type_error(format!("{name} is not a class")))
}

/// Makes the class of one built-in lookup.
fn lookup_class(vm: &VirtualMachine, builtin: Builtin) -> PyResult<()> {
    use orm_sql::lookup::LookupKind;
    let name = builtin.class_name();
    let plain = Builtin::plain(builtin.op).class_name();
    let module = match builtin.family {
        Family::Related => RELATED,
        Family::Tuple => TUPLES,
        Family::Json | Family::Key => JSON,
        _ if builtin.op.is_document() => JSON,
        _ => LOOKUPS,
    };
    let mixin = |module, name| mixin_class(vm, module, name);
    let bases = match builtin.family {
        Family::Plain if builtin.op.is_pattern() => vec![named(vm, "PatternLookup")?],
        Family::Plain if builtin.op.takes_list() => vec![
            mixin(LOOKUPS, "FieldGetDbPrepValueIterableMixin")?,
            named(vm, "BuiltinLookup")?,
        ],
        Family::Plain if builtin.op.preps_for_db() && !builtin.op.is_document() => vec![
            mixin(LOOKUPS, "FieldGetDbPrepValueMixin")?,
            named(vm, "BuiltinLookup")?,
        ],
        Family::Plain if matches!(builtin.op, Op::HasKeys | Op::HasAnyKeys) => {
            vec![named(vm, "PostgresOperatorLookup")?]
        }
        Family::Plain if builtin.op.is_document() => vec![named(vm, "PostgresOperatorLookup")?],
        Family::Plain => vec![named(vm, "BuiltinLookup")?],
        Family::Integer => vec![mixin(LOOKUPS, "IntegerFieldOverflow")?, named(vm, plain)?],
        Family::Uuid => vec![mixin(LOOKUPS, "UUIDTextMixin")?, named(vm, plain)?],
        Family::Year => vec![named(vm, "YearLookup")?, named(vm, plain)?],
        Family::Related => vec![mixin(RELATED, "RelatedLookupMixin")?, named(vm, plain)?],
        Family::Tuple => vec![mixin(TUPLES, "TupleLookupMixin")?, named(vm, plain)?],
        Family::Json | Family::Key => vec![named(vm, plain)?],
    };
    let made = class(vm, module, name, &bases, |c| {
        c.attr("lookup_name", vm.ctx.new_str(builtin.lookup_name()));
        c.attr("prepare_rhs", vm.ctx.new_bool(builtin.op.prepares_rhs()));
        c.attr(
            "can_use_none_as_rhs",
            vm.ctx.new_bool(builtin.can_use_none_as_rhs()),
        );
    })?;
    remember(name, &made);
    export(vm, module, name, made)
}

/// Is it `Lookup` or one of its subclasses?
pub fn is_lookup(class: &Py<PyType>) -> bool {
    find("Lookup").is_some_and(|base| class.fast_issubclass(&base))
}

/// Is it `Transform` or one of its subclasses?
pub fn is_transform(class: &Py<PyType>) -> bool {
    find("Transform").is_some_and(|base| class.fast_issubclass(&base))
}

/// The Python class of a lookup or transform that a field knows.
pub fn class_of(vm: &VirtualMachine, found: &orm_sql::Registered) -> PyResult {
    use crate::convert::PyObj;
    let (face, name) = match found {
        orm_sql::Registered::Lookup(l) => (l.face(), l.class_name()),
        orm_sql::Registered::Transform(t) => (t.face(), t.class_name()),
    };
    if let Some(class) = face
        && let Some(held) = class.as_any().downcast_ref::<PyObj>()
    {
        return Ok(held.0.clone());
    }
    Ok(find(&name).map_or_else(|| vm.ctx.none(), Into::into))
}
