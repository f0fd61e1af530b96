//! `Trunc("start", "month")`, `TruncMonth("start")`, `start__date`.
//!
//! ```text
//! TruncMonth("start")   →  django_datetime_trunc(%s, "t"."start", %s, %s)
//! TruncDate("start")    →  django_datetime_cast_date("t"."start", %s, %s)
//! ```
use crate::compiler::Compiler;
use crate::dialect::tz_name;
use crate::expression::{Converter, Expr, Expression, Resolve, Sources};
use crate::expressions::fields::unbound;
use crate::expressions::value::same_output;
use crate::lookup::{Registered, TransformFactory};
use crate::lookups::class_registry;
use crate::query::Query;
use crate::writer::SqlWriter;
use orm_state::field::prep::make_aware;
use orm_state::settings::{current_time_zone, settings};
use orm_state::{DateTime, Error, Field, FieldKind, Result, Value};
use std::any::Any;
use std::rc::Rc;

/// The classes of fixed kind: class name and kind.
pub const CLASSES: [(&str, &str); 10] = [
    ("TruncYear", "year"),
    ("TruncQuarter", "quarter"),
    ("TruncMonth", "month"),
    ("TruncWeek", "week"),
    ("TruncDay", "day"),
    ("TruncDate", "date"),
    ("TruncTime", "time"),
    ("TruncHour", "hour"),
    ("TruncMinute", "minute"),
    ("TruncSecond", "second"),
];

#[derive(Clone, Debug)]
pub struct Trunc {
    /// `Trunc`, or the class of a fixed kind.
    pub class: Rc<str>,
    pub kind: Rc<str>,
    pub lhs: Expr,
    pub output: Option<Rc<Field>>,
    /// The zone's name.
    pub tzinfo: Option<Rc<str>>,
}

impl Trunc {
    /// `Trunc(lhs, kind, output_field, tzinfo)`
    pub fn new(lhs: Expr, kind: &str, output: Option<Rc<Field>>, tzinfo: Option<Rc<str>>) -> Expr {
        Rc::new(Trunc {
            class: "Trunc".into(),
            kind: kind.into(),
            lhs,
            output,
            tzinfo,
        })
    }
    /// `TruncMonth(lhs, …)` and its kin.
    pub fn of(lhs: Expr, kind: &str, output: Option<Rc<Field>>, tzinfo: Option<Rc<str>>) -> Expr {
        let class = CLASSES
            .iter()
            .find(|(_, k)| *k == kind)
            .map_or("Trunc", |(class, _)| class);
        Rc::new(Trunc {
            class: class.into(),
            kind: kind.into(),
            lhs,
            output,
            tzinfo,
        })
    }
    fn class_output(&self) -> Option<Rc<Field>> {
        match &*self.class {
            "TruncDate" => Some(unbound(FieldKind::Date)),
            "TruncTime" => Some(unbound(FieldKind::Time)),
            _ => None,
        }
    }
    fn check(&self) -> Result<()> {
        let field = self.lhs.output_field()?;
        let is = |f: &Field, name: &str| f.class.is_a(name);
        if !is(&field, "DateField") && !is(&field, "TimeField") {
            return Err(Error::type_error(format!(
                "{} isn't a DateField, TimeField, or DateTimeField.",
                match &*field.name() {
                    "" => "None".to_owned(),
                    name => Value::from(name).repr(),
                }
            )));
        }
        let own = self.output_field()?;
        if !is(&own, "DateField") && !is(&own, "TimeField") {
            return Err(Error::value_error(
                "output_field must be either DateField, TimeField, or DateTimeField",
            ));
        }
        let class_output = self.class_output();
        let explicit = class_output.is_some() || field.class.name != own.class.name;
        let output = class_output.unwrap_or_else(|| own.clone());
        let to = if explicit {
            output.class.name.as_str()
        } else {
            "DateTimeField"
        };
        let to_datetime = is(&output, "DateTimeField");
        let kind = &*self.kind;
        let from = if field.class.name == "DateField"
            && (to_datetime || matches!(kind, "hour" | "minute" | "second" | "time"))
        {
            "DateField"
        } else if is(&field, "TimeField")
            && (to_datetime
                || matches!(kind, "year" | "quarter" | "month" | "week" | "day" | "date"))
        {
            "TimeField"
        } else {
            return Ok(());
        };
        Err(Error::value_error(format!(
            "Cannot truncate {from} '{}' to {to}.",
            shown_name(&field)
        )))
    }
}

/// A field's name as it stands in a message: one of no model has none.
pub(super) fn shown_name(field: &Field) -> String {
    match &*field.name() {
        "" => "None".to_owned(),
        name => name.to_owned(),
    }
}

#[derive(Clone, Debug)]
pub struct TruncFactory {
    pub kind: Rc<str>,
}

/// The transform of a kind, for `field__date` and `field__time`.
pub fn factory(name: &str) -> Option<Rc<dyn TransformFactory>> {
    Some(Rc::new(TruncFactory { kind: name.into() }))
}

impl TransformFactory for TruncFactory {
    fn lookup_name(&self) -> String {
        self.kind.to_string()
    }
    fn class_name(&self) -> String {
        CLASSES
            .iter()
            .find(|(_, kind)| *kind == &*self.kind)
            .map_or_else(String::new, |(class, _)| (*class).into())
    }
    fn make(&self, lhs: Expr) -> Result<Expr> {
        Ok(Trunc::of(lhs, &self.kind, None, None))
    }
}

impl Expression for Trunc {
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
        Rc::new(Trunc {
            lhs: sources
                .into_iter()
                .next()
                .unwrap_or_else(|| self.lhs.clone()),
            ..self.clone()
        })
    }
    fn resolve(self: Rc<Self>, query: &mut Query, how: &Resolve) -> Result<Expr> {
        let sources = self.resolve_sources(query, how)?;
        let resolved = Trunc {
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
        match &*self.class {
            "TruncDate" => {
                let tz = tz_name(self.tzinfo.as_deref());
                return dialect.datetime_cast_date(inner, tz.as_deref(), out);
            }
            "TruncTime" => {
                let tz = tz_name(self.tzinfo.as_deref());
                return dialect.datetime_cast_time(inner, tz.as_deref(), out);
            }
            _ => {}
        }
        let mut tz = None;
        if self.lhs.output_field()?.class.is_a("DateTimeField") {
            tz = tz_name(self.tzinfo.as_deref());
        } else if self.tzinfo.is_some() {
            return Err(Error::value_error(
                "tzinfo can only be used with DateTimeField.",
            ));
        }
        let output = self.output_field()?;
        if output.class.is_a("DateTimeField") {
            dialect.datetime_trunc(&self.kind, inner, tz.as_deref(), out)
        } else if output.class.is_a("DateField") {
            dialect.date_trunc(&self.kind, inner, tz.as_deref(), out)
        } else if output.class.is_a("TimeField") {
            dialect.time_trunc(&self.kind, inner, tz.as_deref(), out)
        } else {
            Err(Error::value_error(
                "Trunc only valid on DateField, TimeField, or DateTimeField.",
            ))
        }
    }
    fn output_field_or_none(&self) -> Result<Option<Rc<Field>>> {
        match (&self.output, self.class_output()) {
            (Some(f), _) => Ok(Some(f.clone())),
            (None, Some(f)) => Ok(Some(f)),
            (None, None) => self.lhs.output_field_or_none(),
        }
    }
    fn with_output_field(&self, field: Rc<Field>) -> Option<Expr> {
        Some(Rc::new(Trunc {
            output: Some(field),
            ..self.clone()
        }))
    }
    fn bilateral_transforms(&self) -> Vec<Rc<dyn TransformFactory>> {
        class_registry::bilateral_of(&self.class, &self.lhs)
    }
    fn get_lookup(&self, name: &str) -> Result<Option<Registered>> {
        class_registry::lookup_of(&self.class, &self.output_field()?, name)
    }
    fn get_transform(&self, name: &str) -> Result<Option<Registered>> {
        class_registry::transform_of(&self.class, &self.output_field()?, name)
    }
    /// What was truncated in a zone is a moment of that zone; dates and times lose the rest.
    fn convert_value(&self) -> Option<Converter> {
        let output = self.output_field().ok()?;
        let zone = self.tzinfo.clone();
        let datetime = output.class.is_a("DateTimeField");
        let date = output.class.is_a("DateField");
        Some(Rc::new(move |value| {
            let Value::DateTime(d) = value else {
                return Ok(value);
            };
            if datetime {
                if !settings().use_tz {
                    return Ok(d.into());
                }
                let zone = zone.clone().unwrap_or_else(current_time_zone);
                return Ok(make_aware(&DateTime::naive(d.civil), &zone).into());
            }
            Ok(if date {
                d.civil.date().into()
            } else {
                Value::Time(orm_state::Time {
                    civil: d.civil.time(),
                    tz: None,
                })
            })
        }))
    }
    fn same_args(&self, other: &dyn Expression) -> bool {
        other.as_any().downcast_ref::<Trunc>().is_some_and(|o| {
            self.class == o.class
                && self.kind == o.kind
                && self.tzinfo == o.tzinfo
                && same_output(&self.output, &o.output)
        })
    }
}
