//! `dates()` and `datetimes()`
use super::PyQuerySet;
use crate::modules;
use crate::queries::exprs;
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{Py, PyObjectRef, PyResult, VirtualMachine};

impl PyQuerySet {
    pub fn date_list(
        zelf: &Py<Self>,
        vm: &VirtualMachine,
        mut args: FuncArgs,
        times: bool,
    ) -> PyResult {
        let mut take = |name: &str| args.take_positional_keyword(name);
        let text = |o: Option<PyObjectRef>, default: &str| -> PyResult<String> {
            match o {
                Some(o) => Ok(o.str(vm)?.to_string_lossy().into_owned()),
                None => Ok(default.into()),
            }
        };
        let (field, kind) = (take("field_name"), take("kind"));
        let (field, kind) = (text(field, "")?, text(kind, "")?);
        let order = text(take("order"), "ASC")?;
        let tzinfo = take("tzinfo");
        let kinds: &[&str] = if times {
            &["year", "month", "week", "day", "hour", "minute", "second"]
        } else {
            &["year", "month", "week", "day"]
        };
        if !kinds.contains(&kind.as_str()) {
            return Err(vm.new_value_error(if times {
                "'kind' must be one of 'year', 'month', 'week', 'day', 'hour', 'minute', or 'second'."
            } else {
                "'kind' must be one of 'year', 'month', 'week', or 'day'."
            }));
        }
        if order != "ASC" && order != "DESC" {
            return Err(vm.new_value_error("'order' must be either 'ASC' or 'DESC'."));
        }
        let alias = if times { "datetimefield" } else { "datefield" };
        let class = if times { "DateTimeField" } else { "DateField" };
        let output = modules::find(vm, "django.db.models", class)?.call((), vm)?;
        let mut call = FuncArgs::from(vec![
            vm.ctx.new_str(field.as_str()).into(),
            vm.ctx.new_str(kind).into(),
        ]);
        call.kwargs.insert("output_field".into(), output);
        if times && let Some(tz) = tzinfo {
            call.kwargs.insert("tzinfo".into(), tz);
        }
        let trunc = modules::find(vm, "django.db.models.functions", "Trunc")?.call(call, vm)?;
        let mut annotations = FuncArgs::default();
        annotations.kwargs.insert(alias.into(), trunc);
        annotations
            .kwargs
            .insert("plain_field".into(), exprs::f_object(vm, &field)?);
        let qs = Self::annotated(zelf, vm, annotations, true)?;
        let mut values = FuncArgs::from(vec![vm.ctx.new_str(alias).into()]);
        values
            .kwargs
            .insert("flat".into(), vm.ctx.new_bool(true).into());
        let qs = Self::as_tuples(&qs, vm, values)?;
        let qs = Self::distinct_rows(&qs, vm, vec![])?;
        let mut filter = FuncArgs::default();
        filter
            .kwargs
            .insert("plain_field__isnull".into(), vm.ctx.new_bool(false).into());
        let qs = Self::filtered(&qs, vm, false, filter)?;
        let sign = if order == "DESC" { "-" } else { "" };
        let name = vm.ctx.new_str(format!("{sign}{alias}"));
        Ok(Self::ordered_by(&qs, vm, vec![name.into()])?.into())
    }
}
