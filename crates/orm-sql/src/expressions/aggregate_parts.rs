//! The parts of an aggregate that are expressions of their own, and the aggregates' table.
use crate::compiler::Compiler;
use crate::expression::{Expr, Expression, Sources};
use crate::expressions::func::{Output, arg_sql};
use crate::writer::SqlWriter;
use orm_state::{Error, Field, FieldKind, Result};
use std::any::Any;
use std::rc::Rc;

/// What a built-in aggregate class declares.
#[derive(Clone, Copy, Debug)]
pub struct AggregateSpec {
    pub name: &'static str,
    pub function: Option<&'static str>,
    pub arity: Option<usize>,
    pub output: Output,
    pub allow_distinct: bool,
    pub allow_order_by: bool,
    pub window_compatible: bool,
    /// What it is worth over no rows: `Count` is 0.
    pub zero_when_empty: bool,
}

const fn aggregate(name: &'static str, function: Option<&'static str>) -> AggregateSpec {
    AggregateSpec {
        name,
        function,
        arity: Some(1),
        output: Output::Sources,
        allow_distinct: false,
        allow_order_by: false,
        window_compatible: true,
        zero_when_empty: false,
    }
}

/// `Aggregate` itself.
pub static AGGREGATE: AggregateSpec = AggregateSpec {
    arity: None,
    ..aggregate("Aggregate", None)
};
pub static ANY_VALUE: AggregateSpec = AggregateSpec {
    window_compatible: false,
    ..aggregate("AnyValue", Some("ANY_VALUE"))
};
pub static AVG: AggregateSpec = AggregateSpec {
    output: Output::Numeric,
    allow_distinct: true,
    ..aggregate("Avg", Some("AVG"))
};
pub static BIT_AND: AggregateSpec = aggregate("BitAnd", Some("BIT_AND"));
pub static BIT_OR: AggregateSpec = aggregate("BitOr", Some("BIT_OR"));
pub static BIT_XOR: AggregateSpec = aggregate("BitXor", Some("BIT_XOR"));
pub static COUNT: AggregateSpec = AggregateSpec {
    output: Output::Kind(FieldKind::Integer),
    allow_distinct: true,
    zero_when_empty: true,
    ..aggregate("Count", Some("COUNT"))
};
pub static MAX: AggregateSpec = aggregate("Max", Some("MAX"));
pub static MIN: AggregateSpec = aggregate("Min", Some("MIN"));
/// Its function depends on `sample`: `STDDEV_POP` or `STDDEV_SAMP`.
pub static STD_DEV: AggregateSpec = AggregateSpec {
    output: Output::Numeric,
    ..aggregate("StdDev", None)
};
pub static STRING_AGG: AggregateSpec = AggregateSpec {
    arity: None,
    output: Output::Kind(FieldKind::Text),
    allow_distinct: true,
    allow_order_by: true,
    ..aggregate("StringAgg", Some("STRING_AGG"))
};
pub static SUM: AggregateSpec = AggregateSpec {
    allow_distinct: true,
    ..aggregate("Sum", Some("SUM"))
};
/// `VAR_POP` or `VAR_SAMP`.
pub static VARIANCE: AggregateSpec = AggregateSpec {
    output: Output::Numeric,
    ..aggregate("Variance", None)
};

/// All aggregates a binding offers.
pub static ALL: [&AggregateSpec; 13] = [
    &AGGREGATE,
    &ANY_VALUE,
    &AVG,
    &BIT_AND,
    &BIT_OR,
    &BIT_XOR,
    &COUNT,
    &MAX,
    &MIN,
    &STD_DEV,
    &STRING_AGG,
    &SUM,
    &VARIANCE,
];

/// `filter=…` of an aggregate: ` FILTER (WHERE …)`.
#[derive(Clone, Debug)]
pub struct AggregateFilter {
    pub condition: Expr,
}

impl Expression for AggregateFilter {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn into_expr(self: Rc<Self>) -> Expr {
        self
    }
    fn name(&self) -> String {
        "AggregateFilter".into()
    }
    fn sources(&self) -> Sources {
        std::iter::once(self.condition.clone()).collect()
    }
    fn with_sources(&self, sources: Sources) -> Expr {
        Rc::new(AggregateFilter {
            condition: sources
                .into_iter()
                .next()
                .unwrap_or_else(|| self.condition.clone()),
        })
    }
    fn as_sql(&self, compiler: &Compiler, out: &mut SqlWriter) -> Result<()> {
        if !compiler.dialect().supports_aggregate_filter_clause() {
            return Err(Error::not_supported(
                "Aggregate filter clauses are not supported on this database backend.",
            ));
        }
        let mark = out.mark();
        out.push(" FILTER (WHERE ");
        arg_sql(&self.condition, compiler, out)?;
        out.push(")");
        // A number is no condition: what Django makes of one, SQLite refuses.
        super::numeric::cast_decimal(&*self.condition, compiler, out, mark)
    }
    fn output_field_or_none(&self) -> Result<Option<Rc<Field>>> {
        Ok(Some(crate::expressions::fields::boolean()))
    }
    fn repr(&self) -> String {
        self.condition.repr()
    }
}

/// The delimiter of `StringAgg`: an argument, except on MySQL.
#[derive(Clone, Debug)]
pub struct StringAggDelimiter {
    pub value: Expr,
}

impl Expression for StringAggDelimiter {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn into_expr(self: Rc<Self>) -> Expr {
        self
    }
    fn name(&self) -> String {
        "StringAggDelimiter".into()
    }
    fn sources(&self) -> Sources {
        std::iter::once(self.value.clone()).collect()
    }
    fn with_sources(&self, sources: Sources) -> Expr {
        Rc::new(StringAggDelimiter {
            value: sources
                .into_iter()
                .next()
                .unwrap_or_else(|| self.value.clone()),
        })
    }
    fn as_sql(&self, compiler: &Compiler, out: &mut SqlWriter) -> Result<()> {
        if compiler.dialect().kind() == crate::dialect::Vendor::Mysql {
            out.push(" SEPARATOR ");
        }
        arg_sql(&self.value, compiler, out)
    }
}
