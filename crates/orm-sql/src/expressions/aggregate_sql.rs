//! The SQL of an aggregate, and what databases spell otherwise.
use crate::compiler::Compiler;
use crate::expression::{Expr, Expression};
use crate::expressions::aggregate::Aggregate;
use crate::expressions::aggregate_parts::{AggregateFilter, StringAggDelimiter};
use crate::expressions::func::args_sql;
use crate::expressions::numeric::cast_decimal;
use crate::expressions::template::render;
use crate::expressions::{Case, FuncStyle, Val, When};
use crate::writer::SqlWriter;
use orm_state::{Error, ErrorKind, Result};
use std::rc::Rc;

impl Aggregate {
    /// `as_sql(compiler, connection, function=…, template=…, **extra)`.
    pub fn sql_with(
        &self,
        compiler: &Compiler,
        style: &FuncStyle<'_>,
        out: &mut SqlWriter,
    ) -> Result<()> {
        let dialect = compiler.dialect();
        if self.distinct
            && self.args.len() > 1
            && !dialect.supports_aggregate_distinct_multiple_argument()
        {
            return Err(Error::not_supported(format!(
                "{} does not support distinct with multiple expressions on this database backend.",
                self.display_name()
            )));
        }
        self.check_bit_aggregate(compiler)?;
        let mut order_by = SqlWriter::default();
        if let Some(o) = &self.order_by {
            compiler.compile(o, &mut order_by)?;
        }
        let mut filter = SqlWriter::default();
        if let Some(f) = &self.filter {
            match compiler.compile(f, &mut filter) {
                Err(e) if e.is(ErrorKind::NotSupportedError) => {
                    return self.as_case(f)?.sql_with(compiler, style, out);
                }
                done => done?,
            }
        }
        let own_function = self.function();
        let function = style.function.unwrap_or(&own_function);
        let own_template = self.template();
        let template = style.template.or(own_template.as_deref());
        let joiner = style
            .arg_joiner
            .or(self.custom.as_ref().and_then(|c| c.arg_joiner.as_deref()))
            .unwrap_or(", ");
        let distinct = if self.distinct { "DISTINCT " } else { "" };
        let Some(template) = template else {
            out.push(function);
            out.push("(");
            out.push(distinct);
            args_sql(&self.args, joiner, compiler, out)?;
            let place = out.sql.len();
            out.push(&order_by.sql);
            out.push(")");
            out.place_notes(order_by.notes, place);
            let place = out.sql.len();
            out.push(&filter.sql);
            out.place_notes(filter.notes, place);
            out.params.extend(order_by.params);
            out.params.extend(filter.params);
            return Ok(());
        };
        let mut inner = SqlWriter::default();
        args_sql(&self.args, joiner, compiler, &mut inner)?;
        let mut data: Vec<(&str, String)> = self
            .extra
            .iter()
            .map(|(k, v)| (k.as_str(), v.to_str()))
            .collect();
        data.extend(style.extra.iter().cloned());
        data.extend([
            ("distinct", distinct.to_string()),
            ("order_by", order_by.sql),
            ("filter", filter.sql.clone()),
            ("function", function.to_string()),
            ("field", inner.sql.clone()),
            ("expressions", inner.sql.clone()),
        ]);
        let mark = out.mark();
        render(template, &data, &mut out.sql)?;
        out.find_notes(mark, &inner.sql, inner.notes);
        out.find_notes(mark, &filter.sql, filter.notes);
        out.params.extend(inner.params);
        out.params.extend(order_by.params);
        out.params.extend(filter.params);
        Ok(())
    }
    /// For databases without `FILTER`: the first argument, where the condition holds.
    fn as_case(&self, filter: &Expr) -> Result<Aggregate> {
        let condition = filter
            .as_any()
            .downcast_ref::<AggregateFilter>()
            .map_or_else(|| filter.clone(), |f| f.condition.clone());
        let mut args = self.args.clone();
        if let Some(first) = args.first_mut() {
            *first = Case::new(
                vec![Rc::new(When {
                    condition,
                    result: first.clone(),
                })],
                None,
                None,
            )?;
        }
        Ok(Aggregate {
            args,
            filter: None,
            ..self.clone()
        })
    }
    fn check_bit_aggregate(&self, compiler: &Compiler) -> Result<()> {
        if !self.spec.name.starts_with("Bit") {
            return Ok(());
        }
        let dialect = compiler.dialect();
        if !dialect.supports_bit_aggregations() {
            return Err(Error::not_supported(format!(
                "{} is not supported on {}.",
                self.display_name(),
                dialect.vendor()
            )));
        }
        if self.had_default && !dialect.supports_default_in_bit_aggregations() {
            return Err(Error::not_supported(format!(
                "{} does not support the default parameter on {}.",
                self.display_name(),
                dialect.vendor()
            )));
        }
        Ok(())
    }
    /// SQLite keeps dates as text: it cannot add them up.
    fn check_sqlite(&self) -> Result<()> {
        if matches!(self.spec.name, "Sum" | "Avg" | "Variance" | "StdDev") {
            for s in self.sources() {
                let Ok(f) = s.output_field() else { continue };
                if f.class.is_a("DateField") || f.class.is_a("TimeField") {
                    return Err(Error::not_supported(format!(
                        "SQLite does not support {} on date or time fields, because they are stored as text.",
                        self.name()
                    )));
                }
            }
        }
        Ok(())
    }
    fn is_comma(&self) -> bool {
        self.args
            .get(1)
            .and_then(|a| a.as_any().downcast_ref::<StringAggDelimiter>())
            .and_then(|d| d.value.as_any().downcast_ref::<Val>())
            .is_some_and(|v| v.value.as_str() == Some(","))
    }
    pub(super) fn sqlite_sql(&self, compiler: &Compiler, out: &mut SqlWriter) -> Result<()> {
        let style = FuncStyle::default();
        if self.spec.name == "StringAgg" {
            if self.distinct && self.is_comma() {
                let only = Aggregate {
                    args: self.args.iter().take(1).cloned().collect(),
                    ..self.clone()
                };
                only.check_sqlite()?;
                return only.sql_with(compiler, &style.function("GROUP_CONCAT"), out);
            }
            self.check_sqlite()?;
            // STRING_AGG came to SQLite with ORDER BY in aggregates.
            if !compiler.dialect().supports_aggregate_order_by_clause() {
                return self.sql_with(compiler, &style.function("GROUP_CONCAT"), out);
            }
            return self.sql_with(compiler, &style, out);
        }
        self.check_sqlite()?;
        let mark = out.mark();
        self.sql_with(compiler, &style, out)?;
        cast_decimal(self, compiler, out, mark)
    }
    pub(super) fn mysql_sql(&self, compiler: &Compiler, out: &mut SqlWriter) -> Result<()> {
        let style = FuncStyle::default();
        if self.spec.name == "StringAgg" {
            let Some((delimiter, args)) = self.args.split_last() else {
                return self.sql_with(compiler, &style, out);
            };
            let delimiter = compiler.compiled(delimiter)?;
            let only = Aggregate {
                args: args.iter().cloned().collect(),
                ..self.clone()
            };
            let extra = [("delimiter", delimiter.sql)];
            let style = FuncStyle {
                function: Some("GROUP_CONCAT"),
                template: Some(
                    "%(function)s(%(distinct)s%(expressions)s%(order_by)s%(delimiter)s)",
                ),
                extra: &extra,
                ..style
            };
            only.sql_with(compiler, &style, out)?;
            out.params.extend(delimiter.params);
            return Ok(());
        }
        let mark = out.mark();
        self.sql_with(compiler, &style, out)?;
        if matches!(self.spec.name, "Sum" | "Avg")
            && let Some(f) = self.output_field_or_none()?
            && f.internal_type()? == "DurationField"
        {
            out.wrap(mark, "CAST(", " AS SIGNED)");
        }
        Ok(())
    }
}
