//! `__init__` of every expression class: arguments in, the ORM's expression made.
use super::call::{Arguments, class_output_field, custom, expression, reference};
use super::object::{PyExpr, inner};
use crate::class::Class;
use crate::convert::to_value;
use crate::error::OrRaise;
use orm_sql::expression::value_expr;
use orm_sql::expressions::combined::CombinedKind;
use orm_sql::expressions::window::NoFrame;
use orm_sql::expressions::window_frame::{Exclusion, FrameType, WindowFrame};
use orm_sql::expressions::{
    Arith, Case, Col, Combined, Exists, ExpressionList, ExpressionWrapper, F, JsonNull,
    NegatedExpression, OrderBy, OuterRef, QExpr, RawSql, Ref, ResolvedOuterRef, Star, Subquery,
    Val, When,
};
use orm_sql::functions::make::make;
use orm_sql::q::{Q, QChild};
use orm_sql::query::subquery::query_of;
use orm_sql::{Expr, Expression};
use orm_state::{Error, Value};
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};
use std::rc::Rc;

pub fn fill(c: &mut Class) {
    c.method("__init__", init);
}

fn init(zelf: PyObjectRef, args: FuncArgs, vm: &VirtualMachine) -> PyResult<()> {
    let builtin = super::classes::builtin_name(zelf.class()).unwrap_or("Combinable");
    let class = zelf.class().name().to_string();
    let declared = class_output_field(vm, &zelf);
    let expr = build(vm, &zelf, builtin, &class, args)?;
    if let (Some(expr), Some(held)) = (expr, zelf.downcast_ref::<PyExpr>()) {
        let expr = match declared {
            Some(f)
                if expr
                    .output_field_or_none()
                    .ok()
                    .flatten()
                    .is_none_or(|o| !o.same(&f)) =>
            {
                expr.with_output_field(f).unwrap_or(expr)
            }
            _ => expr,
        };
        *held.expr.borrow_mut() = Some(expr);
    }
    Ok(())
}

fn build(
    vm: &VirtualMachine,
    zelf: &PyObject,
    builtin: &str,
    class: &str,
    given: FuncArgs,
) -> PyResult<Option<Expr>> {
    if let Some(signature) = super::signatures::of(builtin) {
        signature.check(vm, &given)?;
    }
    let mut a = Arguments::new(vm, given);
    Ok(Some(match builtin {
        // Bases that users build their own expressions on: what they hold is theirs.
        "Combinable" | "BaseExpression" | "Expression" => {
            let output = match a.next("output_field").filter(|v| !vm.is_none(v)) {
                Some(f) => Some(super::call::field(vm, &f)?),
                None => None,
            };
            a.finish(class)?;
            return Ok(Some(
                Rc::new(super::hollow::Hollow {
                    name: class.into(),
                    output,
                    shown: None,
                })
                .into_expr(),
            ));
        }
        "F" => {
            let name = a.required(class, "name")?;
            a.finish(class)?;
            F::new(&name.str(vm)?.to_string_lossy())
        }
        "OuterRef" => {
            let name = a.required(class, "name")?;
            a.finish(class)?;
            match inner(&name) {
                Some(e) if e.as_any().is::<OuterRef>() => OuterRef::nested(e),
                Some(e) => OuterRef::nested(e),
                None => OuterRef::new(&name.str(vm)?.to_string_lossy()),
            }
        }
        "ResolvedOuterRef" => {
            ResolvedOuterRef::new(&a.required(class, "name")?.str(vm)?.to_string_lossy())
        }
        "Value" => {
            let value = a.required(class, "value")?;
            let output = match a.next("output_field").filter(|v| !vm.is_none(v)) {
                Some(f) => Some(super::call::field(vm, &f)?),
                None => None,
            };
            a.finish(class)?;
            Val::typed(to_value(vm, &value)?, output)
        }
        "DatabaseDefault" => {
            let given = a.required(class, "expression")?;
            let expression = expression(vm, &given)?;
            let output = a.output_field()?;
            a.finish(class)?;
            orm_sql::expressions::DatabaseDefault::new(expression, output)
        }
        "JSONNull" => JsonNull::new(),
        "RawSQL" => {
            let sql = a
                .required(class, "sql")?
                .str(vm)?
                .to_string_lossy()
                .into_owned();
            let params = a.required(class, "params")?;
            let output = match a.some("output_field") {
                Some(f) => Some(super::call::field(vm, &f)?),
                None => None,
            };
            a.finish(class)?;
            let params = to_value(vm, &params)?
                .items()
                .map(|i| i.to_vec())
                .unwrap_or_default();
            RawSql::new(&sql, params, output)
        }
        "Star" => Rc::new(Star).into_expr(),
        "ExpressionList" | "OrderByList" => {
            let items = a
                .args
                .iter()
                .map(|i| reference(vm, i))
                .collect::<PyResult<Vec<_>>>()?;
            if items.is_empty() {
                return Err(
                    vm.new_value_error(format!("{class} requires at least one expression."))
                );
            }
            ExpressionList::new(items)
        }
        "ExpressionWrapper" => {
            let given = a.required(class, "expression")?;
            if value_expr(&to_value(vm, &given)?).is_none()
                && given.downcast_ref::<crate::queries::q::PyQ>().is_none()
            {
                return Err(vm.new_attribute_error(format!(
                    "'{}' object has no attribute 'resolve_expression'",
                    given.class().name()
                )));
            }
            let e = expression(vm, &given)?;
            let output = match a.some("output_field") {
                Some(f) => Some(super::call::field(vm, &f)?),
                None => None,
            };
            a.finish(class)?;
            ExpressionWrapper::new(e, output)
        }
        "CombinedExpression" | "DurationExpression" | "TemporalSubtraction" => {
            combined(vm, builtin, class, a)?
        }
        "Col" => {
            let alias = a.required(class, "alias")?;
            let target = a.required(class, "target")?;
            let output = match a.some("output_field") {
                Some(f) => Some(super::call::field(vm, &f)?),
                None => None,
            };
            a.finish(class)?;
            let alias = if vm.is_none(&alias) {
                String::new()
            } else {
                alias.str(vm)?.to_string_lossy().into_owned()
            };
            match crate::models::fields::object::field_of(&target) {
                Some(field) => Col::new(alias.as_str().into(), field, output).into_expr(),
                None => {
                    let shown = if alias.is_empty() {
                        format!("{class}({})", target.str(vm)?)
                    } else {
                        format!("{class}({alias}, {})", target.str(vm)?)
                    };
                    super::hollow::Hollow::shown(class, shown)
                }
            }
        }
        "ColPairs" => {
            let mut shown = vec![];
            for name in ["alias", "targets", "sources", "output_field"] {
                shown.push(a.required(class, name)?.repr(vm)?.to_string());
            }
            a.finish(class)?;
            super::hollow::Hollow::shown(class, format!("{class}({})", shown.join(", ")))
        }
        "Ref" => {
            let refs = a.required(class, "refs")?;
            let source = a.required(class, "source")?;
            a.finish(class)?;
            let source = expression(vm, &source)?;
            Ref::new((&*refs.str(vm)?.to_string_lossy()).into(), source).into_expr()
        }
        "NegatedExpression" => {
            let given = a.required(class, "expression")?;
            NegatedExpression::new(expression(vm, &given)?)
        }
        "When" => when(vm, class, a)?,
        "Case" => {
            let default = a.keyword("default");
            let output = a.output_field()?;
            let cases = a
                .args
                .iter()
                .map(|c| expression(vm, c))
                .collect::<PyResult<Vec<_>>>()?;
            a.args.clear();
            a.finish(class)?;
            let default = match default {
                Some(d) => Some(reference(vm, &d)?),
                None => None,
            };
            Case::new(cases, default, output).or_raise(vm)?
        }
        "Subquery" => {
            let query = subquery_argument(vm, &mut a, class)?;
            let output = a.output_field()?;
            let template = template_of(vm, zelf)?;
            let extra = a
                .kwargs
                .drain(..)
                .map(|(k, v)| Ok((k, to_value(vm, &v)?)))
                .collect::<PyResult<Vec<_>>>()?;
            Subquery::with_template((*query).clone(), output, template.as_deref(), extra)
        }
        "Exists" => {
            let query = subquery_argument(vm, &mut a, class)?;
            Exists::new(&query).or_raise(vm)?
        }
        "OrderBy" => {
            let e = a.required(class, "expression")?;
            let descending = a.flag("descending")?;
            let nulls_first = a.keyword("nulls_first");
            let nulls_last = a.keyword("nulls_last");
            order_by(vm, &e, descending, nulls_first, nulls_last)?
        }
        "Window" => {
            let given = a.required(class, "expression")?;
            if value_expr(&to_value(vm, &given)?).is_none() {
                return Err(vm.new_value_error(format!(
                    "Expression '{}' isn't compatible with OVER clauses.",
                    given.class().name()
                )));
            }
            let source = expression(vm, &given)?;
            let mut value = |name: &str| -> PyResult<Value> {
                match a.next(name) {
                    Some(v) => to_value(vm, &v),
                    None => Ok(Value::Null),
                }
            };
            let partition_by = value("partition_by")?;
            let order_by = value("order_by")?;
            let frame = match a.some("frame") {
                Some(f) => Some(match value_expr(&to_value(vm, &f)?) {
                    Some(frame) => frame,
                    None => Rc::new(NoFrame(to_value(vm, &f)?)).into_expr(),
                }),
                None => None,
            };
            let output = match a.some("output_field") {
                Some(f) => Some(super::call::field(vm, &f)?),
                None => None,
            };
            a.finish(class)?;
            orm_sql::expressions::window::Window::new(source, partition_by, order_by, frame, output)
                .or_raise(vm)?
        }
        "WindowFrame" | "RowRange" | "ValueRange" => {
            let mut bound = |name: &str| -> PyResult<Value> {
                match a.next(name) {
                    Some(v) => to_value(vm, &v),
                    None => Ok(Value::Null),
                }
            };
            let start = bound("start")?;
            let end = bound("end")?;
            let exclusion = match a.some("exclusion") {
                Some(e) => Some(exclusion(vm, class, &e)?),
                None => None,
            };
            let kind = if builtin == "ValueRange" {
                FrameType::Range
            } else {
                FrameType::Rows
            };
            Rc::new(WindowFrame::new(kind, start, end, exclusion)).into_expr()
        }
        "Transform" => function(vm, zelf, "Func", a)?,
        "KeyTransform" => super::lookups::json::build(vm, class, false, a)?,
        "KeyTextTransform" => super::lookups::json::build(vm, class, true, a)?,
        _ if super::lookups::is_lookup(zelf.class()) => {
            super::lookups::methods::build(vm, zelf, class, a)?
        }
        name => function(vm, zelf, name, a)?,
    }))
}

/// `CombinedExpression(lhs, connector, rhs)`; the two kinds over dates know their connector.
fn combined(
    vm: &VirtualMachine,
    builtin: &str,
    class: &str,
    mut a: Arguments<'_>,
) -> PyResult<Expr> {
    let temporal = builtin == "TemporalSubtraction";
    let lhs = a.required(class, "lhs")?;
    let lhs = expression(vm, &lhs)?;
    let connector = if temporal {
        Arith::Sub
    } else {
        let given = a.required(class, "connector")?.str(vm)?;
        let given = given.to_string_lossy();
        Arith::from_sql(&given)
            .ok_or_else(|| vm.new_value_error(format!("{given} is no operator.")))?
    };
    let rhs = a.required(class, "rhs")?;
    let rhs = expression(vm, &rhs)?;
    let output = match a.some("output_field") {
        Some(f) => Some(super::call::field(vm, &f)?),
        None => None,
    };
    a.finish(class)?;
    let kind = match builtin {
        "DurationExpression" => CombinedKind::Duration,
        "TemporalSubtraction" => CombinedKind::Temporal,
        _ => CombinedKind::Plain,
    };
    Ok(Rc::new(Combined {
        lhs,
        connector,
        rhs,
        output,
        kind,
    })
    .into_expr())
}

/// `Func` and everything that is a function, an aggregate or a transform.
fn function(vm: &VirtualMachine, zelf: &PyObject, name: &str, a: Arguments<'_>) -> PyResult<Expr> {
    let custom = custom(vm, zelf.class())?;
    let call = a.into_call(name, custom)?;
    make(name, call).or_raise(vm)
}

fn when(vm: &VirtualMachine, class: &str, mut a: Arguments<'_>) -> PyResult<Expr> {
    let condition = a
        .args
        .pop_front()
        .or_else(|| a.keyword("condition"))
        .filter(|c| !vm.is_none(c));
    let then = a.args.pop_front().or_else(|| a.keyword("then"));
    let then = match then {
        Some(t) => reference(vm, &t)?,
        None => Val::new(Value::Null),
    };
    let mut reserved: Vec<&str> = a
        .kwargs
        .iter()
        .map(|(k, _)| k.as_str())
        .filter(|k| matches!(*k, "_connector" | "_negated"))
        .collect();
    if !reserved.is_empty() {
        reserved.sort_unstable();
        return Err(vm.new_type_error(format!(
            "The following kwargs are invalid: '{}'",
            reserved.join("', '")
        )));
    }
    let lookups: Vec<(Rc<str>, Value)> = a
        .kwargs
        .iter()
        .map(|(k, v)| Ok((Rc::from(k.as_str()), to_value(vm, v)?)))
        .collect::<PyResult<_>>()?;
    let _ = class;
    let condition = match condition {
        None if lookups.is_empty() => {
            return Err(vm.new_type_error(
                "When() supports a Q object, a boolean expression, or lookups as a condition.",
            ));
        }
        None => QExpr::new(Q::new(vec![], lookups)),
        Some(c) => {
            let Some(e) = value_expr(&to_value(vm, &c)?).filter(|e| e.conditional()) else {
                return Err(vm.new_type_error(
                    "When() supports a Q object, a boolean expression, or lookups as a condition.",
                ));
            };
            let empty = |q: &QExpr| q.q.is_empty();
            if lookups.is_empty() && e.as_any().downcast_ref::<QExpr>().is_some_and(empty) {
                return Err(vm.new_value_error("An empty Q() can't be used as a When() condition."));
            }
            if lookups.is_empty() {
                e
            } else {
                let child = match e.as_any().downcast_ref::<QExpr>() {
                    Some(q) => QChild::Q(q.q.clone()),
                    None => QChild::Expr(e),
                };
                QExpr::new(Q::new(vec![child], lookups))
            }
        }
    };
    When::new(condition, then).or_raise(vm)
}

/// The query of `Subquery(queryset)`, also given as `queryset.query`.
fn subquery_argument(
    vm: &VirtualMachine,
    a: &mut Arguments<'_>,
    class: &str,
) -> PyResult<Rc<orm_sql::Query>> {
    let given = a.required(class, "queryset")?;
    let query = value_expr(&to_value(vm, &given)?).and_then(|e| query_of(&e));
    query.ok_or_else(|| {
        vm.new_attribute_error(format!(
            "'{}' object has no attribute 'clone'",
            given.class().name()
        ))
    })
}

fn template_of(vm: &VirtualMachine, zelf: &PyObject) -> PyResult<Option<String>> {
    if super::classes::is_builtin(zelf.class()) {
        return Ok(None);
    }
    match zelf.class().get_attr(vm.ctx.intern_str("template")) {
        Some(t) if !vm.is_none(&t) => Ok(Some(t.str(vm)?.to_string_lossy().into_owned())),
        _ => Ok(None),
    }
}

fn exclusion(vm: &VirtualMachine, class: &str, obj: &PyObject) -> PyResult<Exclusion> {
    let text = match obj.get_attr("value", vm) {
        Ok(v) => v.str(vm)?.to_string_lossy().into_owned(),
        Err(_) => String::new(),
    };
    for e in [
        Exclusion::CurrentRow,
        Exclusion::Group,
        Exclusion::Ties,
        Exclusion::NoOthers,
    ] {
        if e.sql() == text {
            return Ok(e);
        }
    }
    Err(vm.new_type_error(format!(
        "{class}.exclusion must be a WindowFrameExclusion instance."
    )))
}

/// `OrderBy(expression, descending, nulls_first, nulls_last)`
pub fn order_by(
    vm: &VirtualMachine,
    obj: &PyObject,
    descending: bool,
    nulls_first: Option<PyObjectRef>,
    nulls_last: Option<PyObjectRef>,
) -> PyResult<Expr> {
    let flag = |v: &Option<PyObjectRef>| -> PyResult<Option<bool>> {
        match v {
            Some(v) if !vm.is_none(v) => Ok(Some(v.clone().is_true(vm)?)),
            _ => Ok(None),
        }
    };
    let (first, last) = (flag(&nulls_first)?, flag(&nulls_last)?);
    if first == Some(true) && last == Some(true) {
        return Err(vm.new_value_error("nulls_first and nulls_last are mutually exclusive"));
    }
    if first == Some(false) || last == Some(false) {
        return Err(vm.new_value_error("nulls_first and nulls_last values must be True or None."));
    }
    let Some(e) = value_expr(&to_value(vm, obj)?) else {
        return Err(crate::error::to_py(
            vm,
            Error::value_error("expression must be an expression type"),
        ));
    };
    let made = OrderBy::new(e, descending);
    Ok(match made.as_any().downcast_ref::<OrderBy>() {
        Some(o) => Rc::new(OrderBy {
            nulls_first: first.unwrap_or(false),
            nulls_last: last.unwrap_or(false),
            ..o.clone()
        })
        .into_expr(),
        None => made,
    })
}
