//! What a collector has gathered.
use super::super::queryset::PyQuerySet;
use super::collect::How;
use crate::queries::hints;
use orm_state::{Field, ModelRef};
use rustpython_vm::builtins::{PyDictRef, PyType, PyTypeRef};
use rustpython_vm::function::FuncArgs;
use rustpython_vm::types::Constructor;
use rustpython_vm::{
    AsObject, Py, PyObjectRef, PyPayload, PyRef, PyResult, VirtualMachine, pyclass,
};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// Instances of one class, without duplicates.
#[derive(Clone)]
pub struct Doomed {
    pub class: PyTypeRef,
    pub model: ModelRef,
    pub instances: PyDictRef,
    /// In the order they are deleted, once sorted.
    pub sorted: Vec<PyObjectRef>,
}

/// A column to be set before anything is deleted.
#[derive(Clone)]
pub struct FieldUpdate {
    pub field: Rc<Field>,
    pub value: PyObjectRef,
    pub objects: Vec<PyObjectRef>,
}

/// Objects that must not be deleted unless something else deletes them too.
#[derive(Clone)]
pub struct Restricted {
    pub class: PyTypeRef,
    pub field: Rc<Field>,
    pub objects: Vec<PyObjectRef>,
}

#[pyclass(module = "django.db.models.deletion", name = "Collector")]
#[derive(PyPayload)]
pub struct PyCollector {
    pub using: Rc<str>,
    pub origin: Option<PyObjectRef>,
    pub force_collection: Cell<bool>,
    pub data: RefCell<Vec<Doomed>>,
    pub field_updates: RefCell<Vec<FieldUpdate>>,
    pub restricted: RefCell<Vec<Restricted>>,
    pub fast_deletes: RefCell<Vec<PyRef<PyQuerySet>>>,
    /// A table and the tables that must be emptied first.
    pub dependencies: RefCell<Vec<(ModelRef, ModelRef)>>,
}

impl std::fmt::Debug for PyCollector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Collector")
    }
}

impl PyCollector {
    pub fn new(using: Rc<str>, origin: Option<PyObjectRef>) -> PyCollector {
        PyCollector {
            using,
            origin,
            force_collection: Cell::new(false),
            data: RefCell::default(),
            field_updates: RefCell::default(),
            restricted: RefCell::default(),
            fast_deletes: RefCell::default(),
            dependencies: RefCell::default(),
        }
    }
    /// The entry of a class, made if there is none.
    pub fn entry(&self, vm: &VirtualMachine, class: &PyTypeRef) -> PyResult<Doomed> {
        if let Some(d) = self.data.borrow().iter().find(|d| d.class.is(class)) {
            return Ok(d.clone());
        }
        let made = Doomed {
            class: class.clone(),
            model: hints::model_of_class(vm, class.as_object())?,
            instances: vm.ctx.new_dict(),
            sorted: vec![],
        };
        self.data.borrow_mut().push(made.clone());
        Ok(made)
    }
    pub fn add_dependency(
        &self,
        vm: &VirtualMachine,
        model: &ModelRef,
        on: &ModelRef,
        reversed: bool,
    ) -> PyResult<()> {
        let (model, on) = if reversed { (on, model) } else { (model, on) };
        self.dependencies
            .borrow_mut()
            .push((model.concrete_model(), on.concrete_model()));
        let class = hints::class_of_model(vm, on)?;
        self.entry(vm, &class).map(drop)
    }
    pub fn add_update(
        &self,
        field: Rc<Field>,
        value: PyObjectRef,
        objects: PyObjectRef,
        vm: &VirtualMachine,
    ) -> PyResult<()> {
        let mut updates = self.field_updates.borrow_mut();
        for u in updates.iter_mut() {
            if u.field.same(&field) && vm.bool_eq(&u.value, &value)? {
                u.objects.push(objects);
                return Ok(());
            }
        }
        updates.push(FieldUpdate {
            field,
            value,
            objects: vec![objects],
        });
        Ok(())
    }
}

impl Constructor for PyCollector {
    type Args = FuncArgs;
    fn py_new(_cls: &Py<PyType>, mut args: FuncArgs, vm: &VirtualMachine) -> PyResult<Self> {
        let using = args
            .take_positional_keyword("using")
            .ok_or_else(|| vm.new_type_error("Collector() takes the database's alias"))?;
        let using = using.str(vm)?;
        let origin = args.take_positional_keyword("origin");
        let made = PyCollector::new(
            (&*using.to_string_lossy()).into(),
            origin.filter(|o| !vm.is_none(o)),
        );
        if let Some(f) = args.take_positional_keyword("force_collection") {
            made.force_collection.set(f.is_true(vm)?);
        }
        Ok(made)
    }
}

#[pyclass(with(Constructor), flags(BASETYPE, HAS_DICT))]
impl PyCollector {
    #[pygetset]
    fn using(zelf: &Py<PyCollector>) -> String {
        zelf.using.to_string()
    }
    #[pygetset]
    fn origin(zelf: &Py<PyCollector>, vm: &VirtualMachine) -> PyObjectRef {
        vm.unwrap_or_none(zelf.origin.clone())
    }
    #[pygetset]
    fn data(zelf: &Py<PyCollector>, vm: &VirtualMachine) -> PyResult {
        let dict = vm.ctx.new_dict();
        for d in zelf.data.borrow().iter() {
            let items = vm.ctx.new_list(d.instances.keys_vec());
            dict.set_item(d.class.as_object(), items.into(), vm)?;
        }
        Ok(dict.into())
    }
    #[pygetset]
    fn fast_deletes(zelf: &Py<PyCollector>, vm: &VirtualMachine) -> PyObjectRef {
        let items = zelf
            .fast_deletes
            .borrow()
            .iter()
            .map(|q| q.clone().into())
            .collect();
        vm.ctx.new_list(items).into()
    }
    #[pymethod]
    fn collect(zelf: &Py<PyCollector>, mut args: FuncArgs, vm: &VirtualMachine) -> PyResult<()> {
        let objs = args
            .take_positional_keyword("objs")
            .ok_or_else(|| vm.new_type_error("collect() takes objects"))?;
        let source = args.take_positional_keyword("source");
        let source = match source.filter(|s| !vm.is_none(s)) {
            Some(s) => Some(hints::model_of_class(vm, &s)?),
            None => None,
        };
        let mut flag = |name: &str, default: bool| match args.take_positional_keyword(name) {
            Some(v) => v.is_true(vm),
            None => Ok(default),
        };
        let nullable = flag("nullable", false)?;
        let collect_related = flag("collect_related", true)?;
        let _ = args.take_positional_keyword("source_attr");
        let mut flag = |name: &str, default: bool| match args.take_positional_keyword(name) {
            Some(v) => v.is_true(vm),
            None => Ok(default),
        };
        let how = How {
            source,
            nullable,
            collect_related,
            reverse_dependency: flag("reverse_dependency", false)?,
            keep_parents: flag("keep_parents", false)?,
            fail_on_restricted: flag("fail_on_restricted", true)?,
        };
        PyCollector::collect_objects(zelf, vm, objs, &how)
    }
    #[pymethod]
    fn add_field_update(
        zelf: &Py<PyCollector>,
        field: PyObjectRef,
        value: PyObjectRef,
        objs: PyObjectRef,
        vm: &VirtualMachine,
    ) -> PyResult<()> {
        let field = field_argument(vm, &field)?;
        zelf.add_update(field, value, objs, vm)
    }
    #[pymethod]
    fn add_restricted_objects(
        zelf: &Py<PyCollector>,
        field: PyObjectRef,
        objs: PyObjectRef,
        vm: &VirtualMachine,
    ) -> PyResult<()> {
        let field = field_argument(vm, &field)?;
        let objects: Vec<PyObjectRef> = objs.try_into_value(vm)?;
        if let Some(first) = objects.first() {
            let class = first.class().to_owned();
            zelf.restricted.borrow_mut().push(Restricted {
                class,
                field,
                objects,
            });
        }
        Ok(())
    }
    #[pymethod]
    fn delete(zelf: &Py<PyCollector>, vm: &VirtualMachine) -> PyResult {
        PyCollector::delete_all(zelf, vm)
    }
    #[pymethod]
    fn can_fast_delete(
        zelf: &Py<PyCollector>,
        args: FuncArgs,
        vm: &VirtualMachine,
    ) -> PyResult<bool> {
        match args.args.first() {
            Some(objs) => PyCollector::is_fast(zelf, vm, objs),
            None => Ok(false),
        }
    }
}

/// Rust's field behind a Python one: found by its model and name.
fn field_argument(vm: &VirtualMachine, obj: &PyObjectRef) -> PyResult<Rc<Field>> {
    use crate::error::OrRaise;
    let owner = obj.get_attr("model", vm)?;
    let model = hints::model_of_class(vm, &owner)?;
    let name = obj.get_attr("name", vm)?.str(vm)?;
    match model.get_field(&name.to_string_lossy()).or_raise(vm)? {
        orm_state::AnyField::Field(f) => Ok(f),
        orm_state::AnyField::Rel(_) => Err(vm.new_type_error("a field is expected")),
    }
}
