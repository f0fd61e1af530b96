//! The arguments of a constructor, as the ORM takes them.
use crate::convert::to_value;
use crate::models::fields::object::field_of;
use orm_sql::Expr;
use orm_sql::expression::value_expr;
use orm_sql::expressions::func::Custom;
use orm_sql::expressions::{F, Val};
use orm_sql::functions::make::Call;
use orm_state::{Field, Value};
use rustpython_vm::builtins::PyType;
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{Py, PyObject, PyObjectRef, PyResult, VirtualMachine};
use std::rc::Rc;

/// Positional and keyword arguments being taken apart.
pub struct Arguments<'a> {
    pub vm: &'a VirtualMachine,
    pub args: std::collections::VecDeque<PyObjectRef>,
    pub kwargs: Vec<(String, PyObjectRef)>,
}

impl<'a> Arguments<'a> {
    pub fn new(vm: &'a VirtualMachine, given: FuncArgs) -> Self {
        Arguments {
            vm,
            args: given.args.into(),
            kwargs: given
                .kwargs
                .into_iter()
                .map(|(k, v)| (k.to_string_lossy().into_owned(), v))
                .collect(),
        }
    }
    /// A keyword argument, taken out.
    pub fn keyword(&mut self, name: &str) -> Option<PyObjectRef> {
        let at = self.kwargs.iter().position(|(k, _)| k == name)?;
        Some(self.kwargs.remove(at).1)
    }
    /// The next positional argument, or the keyword of that name.
    pub fn next(&mut self, name: &str) -> Option<PyObjectRef> {
        self.args.pop_front().or_else(|| self.keyword(name))
    }
    pub fn some(&mut self, name: &str) -> Option<PyObjectRef> {
        let vm = self.vm;
        self.next(name).filter(|v| !vm.is_none(v))
    }
    pub fn keyword_some(&mut self, name: &str) -> Option<PyObjectRef> {
        let vm = self.vm;
        self.keyword(name).filter(|v| !vm.is_none(v))
    }
    pub fn required(&mut self, class: &str, name: &str) -> PyResult {
        self.next(name).ok_or_else(|| {
            self.vm.new_type_error(format!(
                "{class}.__init__() missing 1 required positional argument: '{name}'"
            ))
        })
    }
    pub fn flag(&mut self, name: &str) -> PyResult<bool> {
        match self.keyword(name) {
            Some(v) => v.is_true(self.vm),
            None => Ok(false),
        }
    }
    /// `output_field=…`
    pub fn output_field(&mut self) -> PyResult<Option<Rc<Field>>> {
        match self.keyword_some("output_field") {
            Some(f) => field(self.vm, &f).map(Some),
            None => Ok(None),
        }
    }
    /// Everything must have been taken.
    pub fn finish(self, class: &str) -> PyResult<()> {
        if let Some((name, _)) = self.kwargs.first() {
            return Err(self.vm.new_type_error(format!(
                "{class}.__init__() got an unexpected keyword argument '{name}'"
            )));
        }
        if !self.args.is_empty() {
            return Err(self.vm.new_type_error(format!(
                "{class}.__init__() got {} unexpected positional arguments",
                self.args.len()
            )));
        }
        Ok(())
    }
    /// The call of a built-in function or aggregate.
    pub fn into_call(mut self, function: &str, custom: Option<Rc<Custom>>) -> PyResult<Call> {
        let vm = self.vm;
        let mut output = self.output_field()?;
        let tzinfo = match self.keyword_some("tzinfo") {
            Some(tz) => Some(Rc::from(zone_name(vm, &tz)?.as_str())),
            None => None,
        };
        let is_aggregate = orm_sql::expressions::aggregate_parts::ALL
            .iter()
            .any(|s| s.name == function);
        let filter = match self.keyword_some("filter") {
            Some(f) if is_aggregate => Some(expression(vm, &f)?),
            Some(f) => {
                self.kwargs.push(("filter".into(), f));
                None
            }
            None => None,
        };
        // `Cast(x, IntegerField())`, `TruncMonth("at", DateField())`: the second is the field.
        let mut args = vec![];
        for (i, a) in self.args.iter().enumerate() {
            match field_of(a) {
                Some(f) if i > 0 && output.is_none() => output = Some(f),
                _ => args.push(to_value(vm, a)?),
            }
        }
        let kwargs = self
            .kwargs
            .iter()
            .map(|(k, v)| Ok((k.clone(), to_value(vm, v)?)))
            .collect::<PyResult<Vec<_>>>()?;
        Ok(Call {
            custom,
            args,
            kwargs,
            output,
            tzinfo,
            filter,
        })
    }
}

/// The field inside a Python object: a field, or a field class called without arguments.
pub fn field(vm: &VirtualMachine, obj: &PyObject) -> PyResult<Rc<Field>> {
    if let Some(f) = field_of(obj) {
        return Ok(f);
    }
    if obj.downcast_ref::<PyType>().is_some() {
        let made = obj.call((), vm)?;
        if let Some(f) = field_of(&made) {
            return Ok(f);
        }
    }
    Err(vm.new_type_error(format!("{} is not a field.", obj.repr(vm)?)))
}

/// An expression as it is; any other value as `Value(…)`.
pub fn expression(vm: &VirtualMachine, obj: &PyObject) -> PyResult<Expr> {
    let value = to_value(vm, obj)?;
    Ok(value_expr(&value).unwrap_or_else(|| Val::new(value)))
}

/// An expression as it is; text names a field; any other value as `Value(…)`.
pub fn reference(vm: &VirtualMachine, obj: &PyObject) -> PyResult<Expr> {
    Ok(match to_value(vm, obj)? {
        Value::Str(name) => F::new(&name),
        v => value_expr(&v).unwrap_or_else(|| Val::new(v)),
    })
}

/// The name of a time zone: its key, or an offset.
pub fn zone_name(vm: &VirtualMachine, tz: &PyObject) -> PyResult<String> {
    if let Ok(key) = tz.get_attr("key", vm)
        && !vm.is_none(&key)
    {
        return Ok(key.str(vm)?.to_string_lossy().into_owned());
    }
    Ok(tz.str(vm)?.to_string_lossy().into_owned())
}

/// What a user's subclass of `Func` or `Aggregate` sets on its class; nothing for built-in classes.
pub fn custom(vm: &VirtualMachine, class: &Py<PyType>) -> PyResult<Option<Rc<Custom>>> {
    if super::classes::is_builtin(class) {
        return Ok(None);
    }
    // Only what user classes themselves say; the rest is the built-in entry's.
    let own = |name: &str| -> Option<PyObjectRef> {
        let key = vm.ctx.intern_str(name);
        class
            .mro_collect()
            .iter()
            .take_while(|c| !super::classes::is_builtin(c))
            .find_map(|c| c.get_direct_attr(key))
    };
    let text = |name: &str| -> PyResult<Option<String>> {
        match own(name) {
            Some(v) if !vm.is_none(&v) => Ok(Some(v.str(vm)?.to_string_lossy().into_owned())),
            _ => Ok(None),
        }
    };
    let flag =
        |name: &str| -> PyResult<Option<bool>> { own(name).map(|v| v.is_true(vm)).transpose() };
    let arity = match own("arity") {
        Some(v) if vm.is_none(&v) => Some(None),
        Some(v) => Some(Some(v.try_to_value::<usize>(vm)?)),
        None => None,
    };
    Ok(Some(Rc::new(Custom {
        name: class.name().to_string(),
        function: text("function")?,
        template: text("template")?,
        arg_joiner: text("arg_joiner")?,
        arity,
        window_compatible: flag("window_compatible")?,
        allowed_default: flag("allowed_default")?,
        aggregate_name: text("name")?,
        allow_distinct: flag("allow_distinct")?,
        allow_order_by: flag("allow_order_by")?,
        empty_result_set_value: match own("empty_result_set_value") {
            Some(v) => Some(to_value(vm, &v)?),
            None => None,
        },
    })))
}

/// The `output_field` a user's class declares as an attribute.
pub fn class_output_field(vm: &VirtualMachine, obj: &PyObject) -> Option<Rc<Field>> {
    declared_field(vm, obj.class())
}

/// As [`class_output_field`], of the class.
pub fn declared_field(vm: &VirtualMachine, class: &Py<PyType>) -> Option<Rc<Field>> {
    if super::classes::is_builtin(class) {
        return None;
    }
    let key = vm.ctx.intern_str("output_field");
    class
        .mro_collect()
        .iter()
        .take_while(|c| !super::classes::is_builtin(c))
        .find_map(|c| c.get_direct_attr(key))
        .and_then(|v| field_of(&v))
}
