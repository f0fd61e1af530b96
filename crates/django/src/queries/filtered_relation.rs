//! `FilteredRelation("books", condition=Q(…))`
use super::q::PyQ;
use crate::modules;
use crate::signature::Signature;
use orm_sql::Q;
use rustpython_vm::Context;
use rustpython_vm::builtins::PyType;
use rustpython_vm::class::PyClassImpl;
use rustpython_vm::function::FuncArgs;
use rustpython_vm::types::Constructor;
use rustpython_vm::{Py, PyObjectRef, PyPayload, PyResult, VirtualMachine, pyclass};

const MODULE: &str = "django.db.models.query_utils";

#[pyclass(module = false, name = "FilteredRelation")]
#[derive(Debug, PyPayload)]
pub struct FilteredRelation {
    relation_name: String,
    condition: PyObjectRef,
}

/// The relation and condition, if the object is one.
pub fn of(obj: &PyObjectRef) -> Option<(String, Q)> {
    let relation = obj.downcast_ref::<FilteredRelation>()?;
    let q = relation.condition.downcast_ref::<PyQ>()?;
    let q = q.q.borrow().clone();
    Some((relation.relation_name.clone(), q))
}

impl Constructor for FilteredRelation {
    type Args = FuncArgs;
    fn py_new(_cls: &Py<PyType>, mut args: FuncArgs, vm: &VirtualMachine) -> PyResult<Self> {
        Signature::of("FilteredRelation.__init__", &["relation_name"])
            .keyword_only(&["condition"])
            .check(vm, &args)?;
        let name = args.take_positional_keyword("relation_name");
        let name = match name {
            Some(n) if n.clone().is_true(vm)? => n.str(vm)?.to_string_lossy().into_owned(),
            _ => return Err(vm.new_value_error("relation_name cannot be empty.")),
        };
        let condition = match args.take_keyword("condition") {
            Some(c) => c,
            None => PyQ::object(vm, Q::default()),
        };
        if condition.downcast_ref::<PyQ>().is_none() {
            return Err(vm.new_value_error("condition argument must be a Q() instance."));
        }
        Ok(FilteredRelation {
            relation_name: name,
            condition,
        })
    }
}

#[pyclass(with(Constructor), flags(HEAPTYPE, BASETYPE, HAS_DICT))]
impl FilteredRelation {
    #[extend_class]
    fn named(ctx: &Context, class: &'static Py<PyType>) {
        crate::class::lives_in(ctx, class, "django.db.models.query_utils");
    }
    #[pygetset]
    fn relation_name(zelf: &Py<FilteredRelation>) -> String {
        zelf.relation_name.clone()
    }
    #[pygetset]
    fn condition(zelf: &Py<FilteredRelation>) -> PyObjectRef {
        zelf.condition.clone()
    }
    #[pymethod]
    fn __reduce__(zelf: &Py<FilteredRelation>, vm: &VirtualMachine) -> PyResult {
        let rebuild = modules::find(vm, MODULE, "_rebuild_filtered_relation")?;
        let args = vec![
            vm.ctx.new_str(zelf.relation_name.as_str()).into(),
            zelf.condition.clone(),
        ];
        Ok(vm
            .ctx
            .new_tuple(vec![rebuild, vm.ctx.new_tuple(args).into()])
            .into())
    }
    #[pymethod]
    fn resolve_expression(
        _zelf: &Py<FilteredRelation>,
        _args: FuncArgs,
        vm: &VirtualMachine,
    ) -> PyResult<()> {
        Err(vm.new_not_implemented_error("FilteredRelation.resolve_expression() is unused."))
    }
}

pub fn install(vm: &VirtualMachine) -> PyResult<()> {
    let class = FilteredRelation::make_static_type();
    let rebuild = crate::class::function(
        vm,
        "_rebuild_filtered_relation",
        |relation_name: String, condition: PyObjectRef, vm: &VirtualMachine| {
            FilteredRelation {
                relation_name,
                condition,
            }
            .into_pyobject(vm)
        },
    );
    modules::export(vm, MODULE, "_rebuild_filtered_relation", rebuild)?;
    modules::export_all(
        vm,
        &["django.db.models", "django.db.models.query_utils"],
        "FilteredRelation",
        class,
    )
}
