//! `Extract("pub_date", "year")`, `ExtractYear("pub_date")`, `pub_date__year`.
//!
//! ```text
//! pub_date__month=7   →  django_date_extract(%s, "t"."pub_date") = %s                ['month', 7]
//! start__hour=9       →  django_datetime_extract(%s, "t"."start", %s, %s) = %s       (SQLite)
//! ```
use crate::compiler::Compiler;
use crate::dialect::tz_name;
use crate::expression::{Expr, Expression, Resolve, Sources};
use crate::expressions::fields::unbound;
use crate::lookup::{Registered, TransformFactory};
use crate::lookups::class_registry;
use crate::lookups::kind::{Builtin, Family, Op};
use crate::query::Query;
use crate::writer::SqlWriter;
use orm_state::{Error, ErrorKind, Field, FieldKind, Result};
use std::any::Any;
use std::rc::Rc;

/// The classes of fixed part: class name and part.
pub const CLASSES: [(&str, &str); 11] = [
    ("ExtractYear", "year"),
    ("ExtractIsoYear", "iso_year"),
    ("ExtractMonth", "month"),
    ("ExtractDay", "day"),
    ("ExtractWeek", "week"),
    ("ExtractWeekDay", "week_day"),
    ("ExtractIsoWeekDay", "iso_week_day"),
    ("ExtractQuarter", "quarter"),
    ("ExtractHour", "hour"),
    ("ExtractMinute", "minute"),
    ("ExtractSecond", "second"),
];

#[derive(Clone, Debug)]
pub struct Extract {
    /// `Extract`, or the class of a fixed part.
    pub class: Rc<str>,
    pub lookup_name: Rc<str>,
    pub lhs: Expr,
    /// The zone's name.
    pub tzinfo: Option<Rc<str>>,
    pub output: Option<Rc<Field>>,
}

impl Extract {
    /// `Extract(lhs, lookup_name, tzinfo)`
    pub fn new(lhs: Expr, lookup_name: Option<&str>, tzinfo: Option<Rc<str>>) -> Result<Expr> {
        let Some(lookup_name) = lookup_name else {
            return Err(Error::value_error("lookup_name must be provided"));
        };
        Ok(Rc::new(Extract {
            class: "Extract".into(),
            lookup_name: lookup_name.into(),
            lhs,
            tzinfo,
            output: None,
        }))
    }
    /// `ExtractYear(lhs, tzinfo)` and its kin.
    pub fn part(lhs: Expr, lookup_name: &str, tzinfo: Option<Rc<str>>) -> Expr {
        let class = CLASSES
            .iter()
            .find(|(_, part)| *part == lookup_name)
            .map_or("Extract", |(class, _)| class);
        Rc::new(Extract {
            class: class.into(),
            lookup_name: lookup_name.into(),
            lhs,
            tzinfo,
            output: None,
        })
    }
    fn check(&self) -> Result<()> {
        let field = match self.lhs.output_field_or_none() {
            Ok(Some(field)) => field,
            Ok(None) => return Ok(()),
            // A reference to an outer query has no type yet.
            Err(e) if e.is(ErrorKind::AttributeError) => return Ok(()),
            Err(e) => return Err(e),
        };
        let is = |name: &str| field.class.is_a(name);
        if !is("DateField") && !is("TimeField") && !is("DurationField") {
            return Err(Error::value_error(
                "Extract input expression must be DateField, DateTimeField, TimeField, or DurationField.",
            ));
        }
        let part = &*self.lookup_name;
        if field.class.name == "DateField" && matches!(part, "hour" | "minute" | "second") {
            return Err(Error::value_error(format!(
                "Cannot extract time component '{part}' from DateField '{}'.",
                super::trunc::shown_name(&field)
            )));
        }
        let of_date = matches!(
            part,
            "year" | "iso_year" | "month" | "week" | "week_day" | "iso_week_day" | "quarter"
        );
        if is("DurationField") && of_date {
            return Err(Error::value_error(format!(
                "Cannot extract component '{part}' from DurationField '{}'.",
                super::trunc::shown_name(&field)
            )));
        }
        Ok(())
    }
}

/// The transform of a part, for `field__year`.
#[derive(Clone, Debug)]
pub struct ExtractFactory {
    pub lookup_name: Rc<str>,
}

pub fn factory(name: &str) -> Option<Rc<dyn TransformFactory>> {
    Some(Rc::new(ExtractFactory {
        lookup_name: name.into(),
    }))
}

impl TransformFactory for ExtractFactory {
    fn lookup_name(&self) -> String {
        self.lookup_name.to_string()
    }
    fn class_name(&self) -> String {
        CLASSES
            .iter()
            .find(|(_, part)| *part == &*self.lookup_name)
            .map_or_else(String::new, |(class, _)| (*class).into())
    }
    fn make(&self, lhs: Expr) -> Result<Expr> {
        Ok(Extract::part(lhs, &self.lookup_name, None))
    }
}

impl Expression for Extract {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn into_expr(self: Rc<Self>) -> Expr {
        self
    }
    fn name(&self) -> String {
        self.class.to_string()
    }
    fn sources(&self) -> Sources {
        std::iter::once(self.lhs.clone()).collect()
    }
    fn with_sources(&self, sources: Sources) -> Expr {
        Rc::new(Extract {
            lhs: sources
                .into_iter()
                .next()
                .unwrap_or_else(|| self.lhs.clone()),
            ..self.clone()
        })
    }
    fn resolve(self: Rc<Self>, query: &mut Query, how: &Resolve) -> Result<Expr> {
        let sources = self.resolve_sources(query, how)?;
        let resolved = Extract {
            lhs: sources
                .into_iter()
                .next()
                .unwrap_or_else(|| self.lhs.clone()),
            ..(*self).clone()
        };
        resolved.check()?;
        Ok(Rc::new(resolved))
    }
    fn as_sql(&self, compiler: &Compiler, out: &mut SqlWriter) -> Result<()> {
        let dialect = compiler.dialect();
        let inner = compiler.compiled(&self.lhs)?;
        let field = self.lhs.output_field()?;
        if field.class.is_a("DateTimeField") {
            let tz = tz_name(self.tzinfo.as_deref());
            return dialect.datetime_extract(&self.lookup_name, inner, tz.as_deref(), out);
        }
        if self.tzinfo.is_some() {
            return Err(Error::value_error(
                "tzinfo can only be used with DateTimeField.",
            ));
        }
        if field.class.is_a("DateField") {
            return dialect.date_extract(&self.lookup_name, inner, out);
        }
        if field.class.is_a("DurationField") && !dialect.has_native_duration_field() {
            return Err(Error::value_error(
                "Extract requires native DurationField database support.",
            ));
        }
        if !field.class.is_a("TimeField") && !field.class.is_a("DurationField") {
            return Err(Error::new(
                orm_state::ErrorKind::AssertionError,
                "Tried to Extract from an invalid type.",
            ));
        }
        dialect.time_extract(&self.lookup_name, inner, out)
    }
    fn output_field_or_none(&self) -> Result<Option<Rc<Field>>> {
        Ok(Some(
            self.output
                .clone()
                .unwrap_or_else(|| unbound(FieldKind::Integer)),
        ))
    }
    fn with_output_field(&self, field: Rc<Field>) -> Option<Expr> {
        Some(Rc::new(Extract {
            output: Some(field),
            ..self.clone()
        }))
    }
    fn bilateral_transforms(&self) -> Vec<Rc<dyn TransformFactory>> {
        class_registry::bilateral_of(&self.class, &self.lhs)
    }
    fn get_lookup(&self, name: &str) -> Result<Option<Registered>> {
        let year = matches!(&*self.class, "ExtractYear" | "ExtractIsoYear");
        let op = Op::of_field(name)
            .filter(|op| matches!(op, Op::Exact | Op::Gt | Op::Gte | Op::Lt | Op::Lte));
        if let (true, Some(op), None) = (year, op, class_registry::registered(&self.class, name)) {
            return Ok(Some(Registered::Lookup(Rc::new(Builtin {
                op,
                family: Family::Year,
            }))));
        }
        class_registry::lookup_of(&self.class, &self.output_field()?, name)
    }
    fn get_transform(&self, name: &str) -> Result<Option<Registered>> {
        class_registry::transform_of(&self.class, &self.output_field()?, name)
    }
    fn same_args(&self, other: &dyn Expression) -> bool {
        other.as_any().downcast_ref::<Extract>().is_some_and(|o| {
            self.class == o.class && self.lookup_name == o.lookup_name && self.tzinfo == o.tzinfo
        })
    }
}
