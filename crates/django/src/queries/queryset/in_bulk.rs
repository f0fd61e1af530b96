//! `in_bulk()`
use super::{PyQuerySet, Shape};
use crate::error::OrRaise;
use orm_state::{AnyField, Constraint};
use rustpython_vm::builtins::PyDict;
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{AsObject, Py, PyObjectRef, PyResult, VirtualMachine};

impl PyQuerySet {
    pub fn by_key(zelf: &Py<Self>, vm: &VirtualMachine, mut args: FuncArgs) -> PyResult {
        if zelf.is_sliced() {
            return Err(vm.new_type_error("Cannot use 'limit' or 'offset' with in_bulk()."));
        }
        let name = match args.take_keyword("field_name") {
            Some(n) => n.str(vm)?.to_string_lossy().into_owned(),
            None => "pk".into(),
        };
        let ids = args
            .take_positional_keyword("id_list")
            .filter(|i| !vm.is_none(i));
        if let Some(name) = args.kwargs.keys().next() {
            let name = name.to_string_lossy();
            return Err(vm.new_type_error(format!(
                "QuerySet.in_bulk() got an unexpected keyword argument '{name}'"
            )));
        }
        let ids: Option<Vec<PyObjectRef>> = match ids {
            Some(ids) => Some(ids.try_into_value(vm)?),
            None => None,
        };
        let found = vm.ctx.new_dict();
        if ids.as_ref().is_some_and(Vec::is_empty) {
            return Ok(found.into());
        }
        if name != "pk" && !zelf.is_unique_name(vm, &name)? {
            return Err(vm.new_value_error(format!(
                "in_bulk()'s field_name must be a unique field but '{name}' isn't."
            )));
        }
        // Rows as they are wanted, with the key in front where it is not selected.
        let shape = zelf.shape.get();
        let selected = zelf.selected_names();
        let (qs, added) = match shape {
            Shape::Models => (Self::chain(zelf, vm)?, false),
            _ if selected.contains(&name) && shape != Shape::Flat => {
                (Self::chain(zelf, vm)?, false)
            }
            Shape::Flat if selected.len() == 1 && selected[0] == name => {
                (Self::chain(zelf, vm)?, false)
            }
            _ => {
                let mut names: Vec<PyObjectRef> = vec![vm.ctx.new_str(name.as_str()).into()];
                names.extend(
                    selected
                        .iter()
                        .map(|n| -> PyObjectRef { vm.ctx.new_str(n.as_str()).into() }),
                );
                let mut call = FuncArgs::from(names);
                if shape == Shape::Dicts {
                    (Self::as_dicts(zelf, vm, call)?, true)
                } else {
                    if shape == Shape::Named {
                        call.kwargs
                            .insert("named".into(), vm.ctx.new_bool(true).into());
                    }
                    (Self::as_tuples(zelf, vm, call)?, true)
                }
            }
        };
        let at = selected.iter().position(|n| *n == name).unwrap_or(0);
        let batches: Vec<Option<Vec<PyObjectRef>>> = match ids {
            None => vec![None],
            Some(ids) => {
                let limit = zelf.batch_limit(vm, &ids)?.unwrap_or(ids.len());
                ids.chunks(limit.max(1)).map(|c| Some(c.to_vec())).collect()
            }
        };
        for batch in batches {
            let part = match batch {
                None => Self::chain(&qs, vm)?,
                Some(ids) => {
                    let mut filter = FuncArgs::default();
                    let list = vm.ctx.new_tuple(ids);
                    filter
                        .kwargs
                        .insert(format!("{name}__in").into(), list.into());
                    Self::filtered(&qs, vm, false, filter)?
                }
            };
            for row in Self::fetch_all(&part, vm)?.borrow_vec().to_vec() {
                let (key, value) = match shape {
                    Shape::Models => (row.get_attr(&*vm.ctx.new_str(name.as_str()), vm)?, row),
                    Shape::Dicts => {
                        let key = row.get_item(&*name, vm)?;
                        if added && let Some(d) = row.downcast_ref::<PyDict>() {
                            d.del_item(&*name, vm)?;
                        }
                        (key, row)
                    }
                    Shape::Flat if added => {
                        (row.get_item(&0usize, vm)?, row.get_item(&1usize, vm)?)
                    }
                    Shape::Flat => (row.clone(), row),
                    Shape::Tuples if added => {
                        let items: Vec<PyObjectRef> = row.try_to_value(vm)?;
                        let rest = items.iter().skip(1).cloned().collect();
                        (row.get_item(&0usize, vm)?, vm.ctx.new_tuple(rest).into())
                    }
                    Shape::Tuples | Shape::Named => {
                        let at = if added { 0 } else { at };
                        (row.get_item(&at, vm)?, row)
                    }
                };
                found.as_object().set_item(&*key, value, vm)?;
            }
        }
        Ok(found.into())
    }
    /// How many keys fit into one query, as the connection says.
    fn batch_limit(&self, vm: &VirtualMachine, ids: &[PyObjectRef]) -> PyResult<Option<usize>> {
        use crate::py;
        let database: PyObjectRef = crate::db::database(vm, &self.db(vm)?)?.into();
        let ops = py::attr(vm, &database, "ops")?;
        let pk = py::attr(vm, &py::attr(vm, &self.model_class(vm)?, "_meta")?, "pk")?;
        let args = vec![
            vm.ctx.new_list(vec![pk]).into(),
            vm.ctx.new_list(ids.to_vec()).into(),
        ];
        let size = py::call(vm, &ops, "bulk_batch_size", args)?;
        if vm.is_none(&size) {
            return Ok(None);
        }
        size.try_into_value(vm).map(Some)
    }
    fn selected_names(&self) -> Vec<String> {
        let query = self.query.borrow();
        match &query.selected {
            Some(s) => s.keys().cloned().collect(),
            None => query
                .extra_select()
                .map(|(k, _)| k.clone())
                .chain(query.values_select.iter().map(|n| n.to_string()))
                .chain(query.annotation_select().map(|(k, _)| k.to_string()))
                .collect(),
        }
    }
    fn is_unique_name(&self, vm: &VirtualMachine, name: &str) -> PyResult<bool> {
        let model = self.model(vm)?;
        if let AnyField::Field(f) = model.get_field(name).or_raise(vm)?
            && f.is_unique()
        {
            return Ok(true);
        }
        let options = model.options.borrow();
        let constrained = options.constraints.iter().any(|c| match c {
            Constraint::Unique {
                fields,
                condition,
                expressions,
                ..
            } => {
                condition.is_none()
                    && expressions.is_empty()
                    && fields.len() == 1
                    && fields[0] == name
            }
            _ => false,
        });
        Ok(constrained || self.query.borrow().distinct_fields == [name.to_string()])
    }
}
