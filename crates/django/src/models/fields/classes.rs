//! The field classes: Django's own, made from one table, and users' subclasses of them.
use super::hooks;
use super::object::PyField;
use crate::convert::PyObj;
use crate::modules;
use orm_state::{FieldClass, FieldKind};
use rustpython_vm::builtins::PyTypeRef;
use rustpython_vm::class::PyClassImpl;
use rustpython_vm::{AsObject, PyPayload, PyResult, VirtualMachine, pyclass};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

const FIELDS: &str = "django.db.models.fields";
const RELATED: &str = "django.db.models.fields.related";
const FILES: &str = "django.db.models.fields.files";
/// Where `django.contrib.contenttypes.fields` finds what it adds to.
const GENERIC: &str = "django.contrib._contenttypes";

/// Name, module, bases, kind; bases first.
type Row = (
    &'static str,
    &'static str,
    &'static [&'static str],
    FieldKind,
);

const TABLE: &[Row] = {
    use FieldKind::*;
    &[
        ("AutoFieldMixin", FIELDS, &[], Custom),
        ("PositiveIntegerRelDbTypeMixin", FIELDS, &[], Custom),
        ("IntegerField", FIELDS, &["Field"], Integer),
        ("BigIntegerField", FIELDS, &["IntegerField"], BigInteger),
        ("SmallIntegerField", FIELDS, &["IntegerField"], SmallInteger),
        (
            "AutoField",
            FIELDS,
            &["AutoFieldMixin", "IntegerField"],
            Auto,
        ),
        (
            "BigAutoField",
            FIELDS,
            &["AutoFieldMixin", "BigIntegerField"],
            BigAuto,
        ),
        (
            "SmallAutoField",
            FIELDS,
            &["AutoFieldMixin", "SmallIntegerField"],
            SmallAuto,
        ),
        ("BooleanField", FIELDS, &["Field"], Boolean),
        ("CharField", FIELDS, &["Field"], Char),
        ("CommaSeparatedIntegerField", FIELDS, &["CharField"], Char),
        ("NullBooleanField", FIELDS, &["BooleanField"], Boolean),
        ("DateField", FIELDS, &["Field"], Date),
        ("DateTimeField", FIELDS, &["DateField"], DateTime),
        ("DecimalField", FIELDS, &["Field"], Decimal),
        ("DurationField", FIELDS, &["Field"], Duration),
        ("EmailField", FIELDS, &["CharField"], Email),
        ("FilePathField", FIELDS, &["Field"], FilePath),
        ("FloatField", FIELDS, &["Field"], Float),
        ("IPAddressField", FIELDS, &["Field"], GenericIpAddress),
        (
            "GenericIPAddressField",
            FIELDS,
            &["Field"],
            GenericIpAddress,
        ),
        (
            "PositiveBigIntegerField",
            FIELDS,
            &["PositiveIntegerRelDbTypeMixin", "BigIntegerField"],
            PositiveBigInteger,
        ),
        (
            "PositiveIntegerField",
            FIELDS,
            &["PositiveIntegerRelDbTypeMixin", "IntegerField"],
            PositiveInteger,
        ),
        (
            "PositiveSmallIntegerField",
            FIELDS,
            &["PositiveIntegerRelDbTypeMixin", "SmallIntegerField"],
            PositiveSmallInteger,
        ),
        ("SlugField", FIELDS, &["CharField"], Slug),
        ("TextField", FIELDS, &["Field"], Text),
        ("TimeField", FIELDS, &["Field"], Time),
        ("URLField", FIELDS, &["CharField"], Url),
        ("BinaryField", FIELDS, &["Field"], Binary),
        ("UUIDField", FIELDS, &["Field"], Uuid),
        (
            "JSONField",
            "django.db.models.fields.json",
            &["Field"],
            Json,
        ),
        (
            "GeneratedField",
            "django.db.models.fields.generated",
            &["Field"],
            Generated,
        ),
        (
            "CompositePrimaryKey",
            "django.db.models.fields.composite",
            &["Field"],
            CompositePrimaryKey,
        ),
        ("FileField", FILES, &["Field"], File),
        ("ImageField", FILES, &["FileField"], Image),
        ("RelatedField", RELATED, &["Field"], ForeignObject),
        ("ForeignObject", RELATED, &["RelatedField"], ForeignObject),
        ("ForeignKey", RELATED, &["ForeignObject"], ForeignKey),
        ("OneToOneField", RELATED, &["ForeignKey"], OneToOne),
        ("ManyToManyField", RELATED, &["RelatedField"], ManyToMany),
        ("GenericForeignKey", GENERIC, &["Field"], GenericForeignKey),
        (
            "GenericRelation",
            GENERIC,
            &["ForeignObject"],
            GenericRelation,
        ),
        (
            "OrderWrt",
            "django.db.models.fields.proxy",
            &["IntegerField"],
            Integer,
        ),
    ]
};

/// Classes that are not names of `django.db.models`.
const HIDDEN: &[&str] = &[
    "AutoFieldMixin",
    "PositiveIntegerRelDbTypeMixin",
    "RelatedField",
    "GenericForeignKey",
    "GenericRelation",
];

/// What hangs on a Python field class.
#[pyclass(module = false, name = "field_class")]
#[derive(PyPayload)]
struct PyFieldClass {
    class: Rc<FieldClass>,
    builtin: bool,
}

impl std::fmt::Debug for PyFieldClass {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.class)
    }
}

#[pyclass]
impl PyFieldClass {}

const SLOT: &str = "_ormscope_field_class";

thread_local! {
    static BUILTIN: RefCell<HashMap<String, PyTypeRef>> = RefCell::default();
}

/// Makes Django's field classes and exports them.
pub fn install(vm: &VirtualMachine) -> PyResult<()> {
    let _ = PyFieldClass::make_static_type();
    let field = PyField::make_static_type();
    register(vm, &field, "Field", FIELDS, FieldKind::Custom)?;
    for path in [FIELDS, "django.db.models"] {
        modules::export(vm, path, "Field", field.clone())?;
    }
    for (name, module, bases, kind) in TABLE {
        let bases = bases
            .iter()
            .map(|b| builtin(vm, b))
            .collect::<PyResult<Vec<_>>>()?;
        let class = if *kind == FieldKind::Auto {
            let meta = super::columns::auto_field_meta(vm)?;
            modules::export(vm, module, "AutoFieldMeta", meta.clone())?;
            crate::class::class_of(vm, &meta, module, name, &bases, |_| {})?
        } else {
            crate::class::class(vm, module, name, &bases, |_| {})?
        };
        if class.fast_issubclass(&field) {
            register(vm, &class, name, module, *kind)?;
        } else {
            BUILTIN.with_borrow_mut(|b| b.insert((*name).into(), class.clone()));
        }
        if matches!(kind, FieldKind::File | FieldKind::Image) {
            modules::export(vm, super::files::COLUMNS, name, class.clone())?;
            continue;
        }
        modules::export(vm, module, name, class.clone())?;
        if module.starts_with("django.db.models.fields") {
            modules::export(vm, FIELDS, name, class.clone())?;
        }
        if !HIDDEN.contains(name) {
            modules::export(vm, "django.db.models", name, class.clone())?;
        }
    }
    Ok(())
}

/// Forgets the classes of an interpreter that ends.
pub fn reset() {
    BUILTIN.with_borrow_mut(HashMap::clear);
    orm_sql::expressions::fields::reset();
}

/// Registers a class that Rust defines; used for generic keys too.
pub fn register(
    vm: &VirtualMachine,
    class: &PyTypeRef,
    name: &str,
    module: &str,
    kind: FieldKind,
) -> PyResult<()> {
    let mut mro = vec![];
    for base in class.mro_collect().iter().skip(1) {
        if let Some(c) = direct(vm, base) {
            mro.push(c);
        }
    }
    let made = Rc::new(FieldClass {
        name: name.into(),
        module: module.into(),
        mro,
        kind,
        hooks: hooks::of_library_class(vm, class),
        lookups: RefCell::default(),
        face: orm_state::Face::default(),
    });
    made.face.set(Rc::new(PyObj(class.clone().into())));
    orm_sql::expressions::fields::adopt(&made);
    attach(vm, class, made, true);
    BUILTIN.with_borrow_mut(|b| b.insert(name.into(), class.clone()));
    Ok(())
}

fn attach(vm: &VirtualMachine, class: &PyTypeRef, made: Rc<FieldClass>, builtin: bool) {
    let payload = PyFieldClass {
        class: made,
        builtin,
    };
    class.set_attr(vm.ctx.intern_str(SLOT), payload.into_ref(&vm.ctx).into());
}

fn direct(vm: &VirtualMachine, class: &PyTypeRef) -> Option<Rc<FieldClass>> {
    let found = class.get_direct_attr(vm.ctx.intern_str(SLOT))?;
    found
        .downcast_ref::<PyFieldClass>()
        .map(|p| p.class.clone())
}

/// Is it one of Django's own classes?
pub fn is_builtin(vm: &VirtualMachine, class: &PyTypeRef) -> bool {
    class
        .get_direct_attr(vm.ctx.intern_str(SLOT))
        .and_then(|p| p.downcast_ref::<PyFieldClass>().map(|p| p.builtin))
        .unwrap_or(false)
}

/// One of Django's field classes by name.
pub fn builtin(vm: &VirtualMachine, name: &str) -> PyResult<PyTypeRef> {
    BUILTIN
        .with_borrow(|b| b.get(name).cloned())
        .ok_or_else(|| vm.new_lookup_error(format!("no field class {name}")))
}

/// The Rust side of a Python field class, made when first asked for.
pub fn field_class(vm: &VirtualMachine, class: &PyTypeRef) -> PyResult<Rc<FieldClass>> {
    if let Some(found) = direct(vm, class) {
        return Ok(found);
    }
    let field = PyField::class(&vm.ctx);
    let mut mro = vec![];
    for base in class.mro_collect().iter().skip(1) {
        if base.fast_issubclass(field) {
            mro.push(field_class(vm, base)?);
        }
    }
    let kind = mro.first().map_or(FieldKind::Custom, |b| b.kind);
    let module = class.as_object().get_attr("__module__", vm)?;
    let made = Rc::new(FieldClass {
        name: class.name().to_string(),
        module: crate::py::to_string(vm, &module)?,
        mro,
        kind,
        hooks: hooks::of_class(vm, class),
        lookups: RefCell::default(),
        face: orm_state::Face::default(),
    });
    made.face.set(Rc::new(PyObj(class.clone().into())));
    attach(vm, class, made.clone(), false);
    Ok(made)
}
